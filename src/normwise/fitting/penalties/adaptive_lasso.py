r"""The adaptive lasso: an L1 penalty that is light on features with a large ridge coefficient.

The penalty is :math:`\lambda \sum_j |b_j| / |\tilde b_j|` with the coefficients
:math:`\tilde b` of a cross-validated ridge fit to standardised features (Zou 2006): a lasso on
features multiplied by :math:`|\tilde b_j|`.
"""

from __future__ import annotations

import numpy as np

from normwise.data.response_kind import kind_of
from normwise.fitting.names import register
from normwise.fitting.penalty import Penalty, mean_and_spread
from normwise.fitting.solvers.problem import Path, Problem
from normwise.fitting.tuning import choose

N_FOLDS, N_ALPHAS = 5, 25


def pilot(problem: Problem, tol: float) -> np.ndarray:
    """Ridge coefficients, their strength by leave-one-out or, with the log-loss, by folds."""
    # weights need coefficients: the null model, first in the grid, has none
    alphas = problem.alpha_grid(0.0, N_ALPHAS)[1:]
    path = problem.path(alphas, 0.0, tol)
    if problem.loss.quadratic:
        return np.asarray(path.coef[problem.leave_one_out(alphas).argmin()])
    # every fifth row of each class: the fit is a function of its data alone
    label = np.empty(problem.n_samples, int)
    for rows in map(np.flatnonzero, kind_of(problem.response).strata(problem.y)):
        label[rows] = np.arange(len(rows)) % N_FOLDS
    splits = [(np.flatnonzero(label != k), np.flatnonzero(label == k)) for k in np.unique(label)]
    _, best, _ = choose(problem.cross_validate(splits, alphas, 0.0, tol), path.gap <= tol)
    return np.asarray(path.coef[best])


def _weighted(problem: Problem, tol: float = 1e-6) -> tuple[Problem, np.ndarray]:
    """A plain lasso problem, and the factor that each feature has in it."""
    size = np.abs(pilot(problem, tol))
    # the overall size of the ridge coefficients is no statement about any feature
    factor = size / (mean_and_spread(problem.X * size, problem.unequal)[1].max() or 1.0)
    weighted = Problem(
        problem.X * factor,
        problem.y,
        problem.response,
        sample_weight=problem.weight,
        standardize=False,
        engine=problem.engine,
    )
    return weighted, factor


@register
class AdaptiveLasso(Penalty):
    """L1 with weights from a ridge fit, which every training part makes anew."""

    name = "adaptive_lasso"
    label = "adaptive lasso"
    takes_weights = True

    def grid(self, problem: Problem, n_alphas: int) -> np.ndarray:
        """From the null model of the weighted problem down."""
        return _weighted(problem)[0].alpha_grid(1.0, n_alphas)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength."""
        weighted, factor = _weighted(problem, tol)
        path = weighted.path(alphas, 1.0, tol)
        return Path(path.alphas, path.coef * factor, path.intercept, path.gap, path.n_iter)
