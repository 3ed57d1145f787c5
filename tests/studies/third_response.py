"""A third kind of response with its loss: counts, whose logarithm of the mean is linear."""

import numpy as np
import pytest
from scipy.special import xlogy
from sklearn.linear_model import PoissonRegressor

from normwise.data import response_kind
from normwise.data.response_kind import ResponseKind
from normwise.fitting import loss as losses
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Loss, weighted_mean
from normwise.fitting.penalty import Mix, Penalty
from normwise.fitting.solvers import scikit_learn
from normwise.fitting.solvers.certificate import relative_gap


class Counts(ResponseKind):
    name = "counts"

    def draw(self, scenario, truth, predictor, rng):
        return rng.poisson(np.exp(predictor)).astype(float)


class PoissonLoss(Loss):
    name = "counts"
    label = "Poisson loss"
    unit = "nats"

    def cumulant(self, predictor):
        return np.exp(predictor)

    def mean_of(self, predictor):
        return np.exp(predictor)

    def predictor_of(self, mean):
        return np.log(mean)

    def variance(self, mean):
        return mean

    def null_value(self, y, weight=None):
        mean = weighted_mean(y, weight)
        return mean - xlogy(mean, mean)

    def null_objective(self, y, mean):
        # half the deviance: the loss itself may be negative
        return float((xlogy(y, y / mean) - y + mean).mean())

    def conjugate(self, y, slope):
        mean = slope + y
        return np.where(mean < 0, np.inf, xlogy(mean, np.maximum(mean, 0)) - mean)

    def balanced(self, y, theta):
        up = np.maximum(theta, 0).sum(axis=1)
        down = np.maximum(-theta, 0).sum(axis=1)
        common = np.minimum(up, down)
        factor = np.where(theta > 0, (common / up)[:, None], (common / down)[:, None])
        return theta * factor

    def refuse_null(self, mean):
        if mean <= 0:
            raise NoSolutionError("no count is above zero")


def solve_by_scikit_learn(view, alphas, l1_ratio, tol):
    assert l1_ratio == 0
    X, y = view.Z.T.copy(), view.y
    models = [
        PoissonRegressor(alpha=a, solver="newton-cholesky", tol=1e-9, max_iter=500).fit(X, y)
        for a in alphas
    ]
    coef = np.array([m.coef_ for m in models])
    intercept = np.array([m.intercept_ for m in models])
    gap = relative_gap(view.loss, X, y, coef, intercept, alphas, l1_ratio)
    return coef, intercept, gap, np.array([m.n_iter_ for m in models])


@pytest.fixture
def counts(monkeypatch):
    """Counts as a response, registered for the time of a test; their name."""
    monkeypatch.setitem(response_kind.KINDS, "counts", Counts())
    monkeypatch.setitem(losses.LOSSES, "counts", PoissonLoss())
    monkeypatch.setitem(scikit_learn.SOLVERS, "counts", solve_by_scikit_learn)
    for kind in (Penalty, Mix):
        monkeypatch.setattr(kind, "responses", (*kind.responses, "counts"))
    return "counts"
