"""Counts and several classes against definitions, scikit-learn, glmnet and each other."""

import pickle
import shutil
import subprocess
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax, xlogy
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.metrics import accuracy_score, d2_tweedie_score, log_loss, mean_poisson_deviance
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from normwise import (
    ElasticNetClassifierCV,
    ElasticNetCountRegressorCV,
    L1ClassifierCV,
    L1CountRegressorCV,
    L2ClassifierCV,
    L2CountRegressorCV,
)
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers import views
from normwise.fitting.solvers.outputs import GeneralisedProblem, problem_of
from normwise.fitting.solvers.problem import Path, Problem

TOL, EXACT = 1e-6, 1e-12
RESPONSES = ["poisson", "multinomial"]
RATIOS = [1.0, 0.5, 0.0]
COUNTERS = [L1CountRegressorCV, L2CountRegressorCV, ElasticNetCountRegressorCV]
CLASSIFIERS = [L1ClassifierCV, L2ClassifierCV, ElasticNetClassifierCV]
RATIO = {"L1": 1.0, "L2": 0.0, "El": 0.5}
POISSON, MULTINOMIAL = map(loss_of, RESPONSES)

every_response = pytest.mark.parametrize("response", RESPONSES)
every_ratio = pytest.mark.parametrize("l1_ratio", RATIOS)
every_counter = pytest.mark.parametrize("estimator", COUNTERS)
every_classifier = pytest.mark.parametrize("estimator", CLASSIFIERS)

# most grids here are short
pytestmark = pytest.mark.filterwarnings("ignore:the choice lies at:UserWarning")


def features(rng, n: int, p: int, zeros: float = 0.0) -> np.ndarray:
    """Correlated features of unequal scale and location."""
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    return (2.0 + X * np.geomspace(0.1, 10, p)) * (rng.random((n, p)) >= zeros)


def responses(rng, X: np.ndarray, response: str, n_classes: int = 3) -> np.ndarray:
    """Counts or numbers of classes, which depend on the first features."""
    Z = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-300)
    if response == "poisson":
        return rng.poisson(np.exp(0.5 + 0.4 * Z[:, :3].sum(axis=1))).astype(float)
    reach = min(3, X.shape[1])
    score = Z[:, :reach] @ rng.standard_normal((reach, n_classes))
    y = (score + rng.gumbel(size=score.shape)).argmax(axis=1)
    y[:n_classes] = np.arange(n_classes)
    return y.astype(float)


def problem(rng, response: str, n: int = 60, p: int = 8, **options):
    X = features(rng, n, p, options.pop("zeros", 0.0))
    return X, responses(rng, X, response, **options)


def solved(X, y, response, alphas, l1_ratio, tol=EXACT, **options) -> Path:
    return problem_of(X, y, response, **options).path(np.atleast_1d(alphas), l1_ratio, tol)


def each_output(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of shape (n_alphas, n_outputs, n_features), and intercepts."""
    if path.coef.ndim == 3:
        return path.coef, path.intercept
    return path.coef[:, None], path.intercept[:, None]


def predictors(X, path: Path) -> np.ndarray:
    """Predictors of shape (n_alphas, n_outputs, n_samples)."""
    coef, intercept = each_output(path)
    return coef @ X.T + intercept[:, :, None]


def log_probabilities(X, path: Path) -> np.ndarray:
    return log_softmax(predictors(X, path), axis=1)


def scaled(X, weight, standardize: bool, fit_intercept: bool) -> tuple[np.ndarray, np.ndarray]:
    """Features as they are penalised, and their scale; infinite for a constant one."""
    w = weight / weight.sum()
    mean = w @ X if fit_intercept else np.zeros(X.shape[1])
    spread = np.sqrt(w @ (X - mean) ** 2)
    constant = spread <= 1e-7 * np.sqrt(w @ X**2)
    scale = np.where(constant, np.inf, spread if standardize else 1.0)
    return (X - mean) / scale, scale


class Certified:
    """A problem by its definition: primal values and dual ones, of any coefficients."""

    def __init__(
        self,
        X,
        y,
        response,
        l1_ratio,
        *,
        sample_weight=None,
        offset=None,
        standardize=True,
        fit_intercept=True,
        n_classes=None,
    ):
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        self.w, self.l1_ratio, self.free = weight / weight.sum(), l1_ratio, fit_intercept
        self.o = np.zeros(len(y)) if offset is None else offset
        self.X, self.counts = X, response == "poisson"
        self.Z, self.scale = scaled(X, weight, standardize, fit_intercept)
        K = int(y.max()) + 1 if n_classes is None else n_classes
        self.Y = y[None] if self.counts else np.eye(K)[y.astype(int)].T

    @property
    def unit(self) -> float:
        """Half the deviance of the null model, or the entropy of the classes."""
        if not self.counts:
            share = self.Y @ self.w
            return float(-xlogy(share, share).sum()) if self.free else float(np.log(len(share)))
        y, mean = self.Y[0], np.exp(self.o)
        if self.free:
            mean = mean * (self.w @ y) / (self.w @ mean)
        return float(self.w @ (xlogy(y, y / mean) - y + mean))

    def loss(self, eta) -> float:
        if self.counts:
            return float(self.w @ (np.exp(eta[0]) - self.Y[0] * eta[0]))
        return float(self.w @ (logsumexp(eta, axis=0) - (self.Y * eta).sum(axis=0)))

    def penalised(self, coef) -> np.ndarray:
        """Coefficients in the units in which they are penalised."""
        constant = np.isinf(self.scale)
        return np.where(constant, 0.0, coef * np.where(constant, 1.0, self.scale))

    def primal(self, coef, intercept, alpha) -> float:
        b = self.penalised(coef)
        size = self.l1_ratio * np.abs(b).sum() + (1 - self.l1_ratio) / 2 * (b**2).sum()
        return self.loss(coef @ self.X.T + intercept[:, None] + self.o) + alpha * float(size)

    def slopes(self, coef, intercept) -> tuple[np.ndarray, np.ndarray]:
        """Means, and minus the slopes by the predictors."""
        eta = coef @ self.X.T + intercept[:, None] + self.o
        mean = np.exp(eta) if self.counts else softmax(eta, axis=0)
        return mean, self.w * (self.Y - mean)

    def dual_at(self, mean) -> float:
        """Minus the conjugates at the means that the rows would have."""
        own = xlogy(mean, mean).sum(axis=0)
        if self.counts:
            own = own - mean[0] - (mean[0] - self.Y[0]) * self.o
        return -float(self.w @ own)

    def dual(self, coef, intercept, alpha) -> float:
        """The better of the slopes shrunk into the L1 ball, and those that an L2 part allows."""
        mean, theta = self.slopes(coef, intercept)
        if self.free:
            # only then is it a dual point
            np.testing.assert_allclose(
                theta.sum(axis=1), 0, atol=1e-10 * np.abs(theta).sum() + 1e-15
            )
        inner = np.abs(theta @ self.Z)
        l1, l2 = alpha * self.l1_ratio, alpha * (1 - self.l1_ratio)
        shrink = min(1.0, l1 / max(float(inner.max()), 1e-300))
        best = self.dual_at((1 - shrink) * self.Y + shrink * mean)
        if l2:
            excess = np.maximum(inner - l1, 0.0)
            best = max(best, self.dual_at(mean) - float((excess**2).sum()) / (2 * l2))
        return best

    def gaps(self, path: Path) -> np.ndarray:
        coefs, intercepts = each_output(path)
        found = [
            self.primal(c, b, a) - self.dual(c, b, a)
            for c, b, a in zip(coefs, intercepts, path.alphas, strict=True)
        ]
        return np.array(found) / self.unit


# certificates


@every_response
@every_ratio
@pytest.mark.parametrize("shape", [(60, 8), (30, 50)])
@pytest.mark.parametrize("thin", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_strength_carries_its_certificate(
    rng, response, l1_ratio, shape, thin, fit_intercept
):
    X, y = problem(rng, response, *shape, zeros=0.3)
    options = {"sample_weight": rng.integers(0, 4, len(y)), "fit_intercept": fit_intercept}
    options["sample_weight"][:3] = 1
    if response == "poisson":
        options["offset"] = rng.standard_normal(len(y))
    for standardize in (True, False):
        options["standardize"] = standardize
        ours = problem_of(sparse.csr_array(X) if thin else X, y, response, **options)
        grid = ours.alpha_grid(l1_ratio, 12)
        path = ours.path(grid[np.isfinite(grid)], l1_ratio, TOL)
        assert path.gap.max() <= TOL
        by_definition = Certified(X, y, response, l1_ratio, **options)
        np.testing.assert_allclose(by_definition.gaps(path), path.gap, atol=1e-9)
        assert np.abs(path.coef[-1]).max() > 0.01


KINDS = [
    "plain",
    "duplicates",
    "near duplicates",
    "constant columns",
    "units",
    "zero weights",
    "heavy weights",
    "extreme",
]


def awkward(seed: int, n: int, p: int, kind: str, response: str, n_classes: int):
    """Features, response and weights of a problem with a catch."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.6)
    weight, half = np.ones(n), p - p // 2
    if kind == "duplicates":
        X[:, p // 2 :] = X[:, :half]
    elif kind == "near duplicates":
        size = 10.0 ** -rng.integers(1, 8)
        X[:, p // 2 :] = X[:, :half] + size * rng.standard_normal((n, half))
    elif kind == "constant columns":
        X[:, ::2] = 3.0
    elif kind == "zero weights":
        weight = rng.integers(0, 3, n).astype(float)
        weight[:n_classes] = 1.0
    elif kind == "heavy weights":
        weight = 10.0 ** rng.uniform(-4, 4, n)
    y = responses(rng, X, response, n_classes)
    if kind == "extreme":
        # separable classes, and counts of any size
        if response == "poisson":
            y = np.floor(np.exp(rng.uniform(-2, 14, n)))
        else:
            X[:, 0] += 50 * y
    elif kind == "units":
        X = X * 10.0 ** rng.integers(-8, 9, p)
    if response == "poisson":
        y[0] += 1
    return X, y, weight


@settings(max_examples=100)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(4, 40),
    p=st.integers(1, 60),
    kind=st.sampled_from(KINDS),
    response=st.sampled_from(RESPONSES),
    n_classes=st.integers(2, 4),
    l1_ratio=st.sampled_from(RATIOS),
    thin=st.booleans(),
    many=st.booleans(),
    standardize=st.booleans(),
    fit_intercept=st.booleans(),
)
@example(0, 4, 1, "plain", "multinomial", 4, 1.0, False, False, True, True)
@example(0, 4, 1, "plain", "poisson", 2, 1.0, False, False, True, True)
@example(1, 40, 20, "extreme", "poisson", 2, 1.0, True, False, True, False)
@example(2, 40, 20, "extreme", "multinomial", 3, 0.0, False, False, True, True)
@example(1, 40, 20, "duplicates", "multinomial", 3, 1.0, True, True, True, True)
@example(3, 30, 60, "near duplicates", "multinomial", 4, 1.0, True, True, True, True)
@example(3, 30, 60, "near duplicates", "poisson", 2, 1.0, True, True, True, True)
def test_awkward_problems_carry_their_certificates(
    seed, n, p, kind, response, n_classes, l1_ratio, thin, many, standardize, fit_intercept
):
    X, y, weight = awkward(seed, n, p, kind, response, n_classes)
    if kind == "units" and not standardize:
        X = X / (np.abs(X).max(axis=0) + (X == 0).all(axis=0))
    options = {"sample_weight": weight, "standardize": standardize, "fit_intercept": fit_intercept}
    ours = problem_of(sparse.csr_array(X) if thin else X, y, response, **options)
    grid = ours.alpha_grid(l1_ratio, 12)
    with pytest.MonkeyPatch.context() as patch:
        if many:
            # sparse features as if there were many of them
            patch.setattr(views, "MANY_CURVED", 1)
        path = ours.path(grid[np.isfinite(grid)], l1_ratio, TOL)
    assert path.gap.max() <= TOL
    assert np.isfinite(path.coef).all()
    by_definition = Certified(X, y, response, l1_ratio, **options)
    np.testing.assert_allclose(by_definition.gaps(path), path.gap, atol=1e-8)


@every_response
@pytest.mark.parametrize("difference", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_nearly_equal_features_keep_no_strength_from_its_certificate(response, difference):
    # coordinate descent takes thousands of sweeps here
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 60))
    X[:, 30:] = X[:, :30] + difference * rng.standard_normal((30, 30))
    y = responses(rng, X, response)
    ours = problem_of(X, y, response)
    path = ours.path(ours.alpha_grid(1.0, 20), 1.0, TOL)
    assert path.gap.max() <= TOL and path.n_iter.max() < 300
    np.testing.assert_allclose(Certified(X, y, response, 1.0).gaps(path), path.gap, atol=1e-9)


@every_response
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("n_done", [20, 9])
def test_the_path_of_many_sparse_features_is_that_of_the_active_set(
    monkeypatch, rng, response, l1_ratio, n_done
):
    X, y = problem(rng, response, 80, 30, zeros=0.7)
    thin = problem_of(sparse.csr_array(X), y, response)
    alphas = thin.alpha_max(l1_ratio) * np.geomspace(1, 1e-3, 20)
    by_active_set = thin.path(alphas, l1_ratio, 1e-10)
    whole, done = views.Sparse.descend, []

    def part(self, *problem):
        *found, so_far = whole(self, *problem)
        done.append(min(so_far, n_done))
        return (*found, done[-1])

    monkeypatch.setattr(views, "MANY_CURVED", 1)
    monkeypatch.setattr(views.Sparse, "descend", part)
    path = thin.path(alphas, l1_ratio, 1e-10)
    assert 5 < done[0] <= n_done and path.gap.max() <= 1e-10
    for one, other in zip(each_output(path), each_output(by_active_set), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())


@every_response
@pytest.mark.parametrize("thin", [False, True])
def test_without_a_penalty_the_fit_is_that_of_scikit_learn(rng, response, thin):
    X, y = problem(rng, response, 150, 5, zeros=0.2)
    path = solved(sparse.csr_array(X) if thin else X, y, response, 0.0, 0.0)
    if response == "poisson":
        theirs = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-12).fit(X, y)
        np.testing.assert_allclose(path.coef[0], theirs.coef_, rtol=1e-6)
        return
    theirs = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-10, max_iter=1000).fit(X, y)
    expected = theirs.coef_ - theirs.coef_.mean(axis=0)
    np.testing.assert_allclose(path.coef[0], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(path.coef[0].sum(axis=0), 0, atol=1e-12)


def test_without_a_penalty_a_fit_that_would_grow_for_ever_is_refused(rng):
    X = rng.standard_normal((90, 4))
    counts, classes = rng.poisson(1.0, 90).astype(float), rng.integers(0, 3, 90).astype(float)
    for y, response in ((counts, "poisson"), (classes, "multinomial")):
        assert np.isfinite(solved(X, y, response, 0.0, 0.0).coef).all()
    rare = (np.arange(90) < 6).astype(float)
    marked = np.column_stack([X, rare])
    # rows that are marked have no count, or all are of one class, which is no split of all rows
    alone = np.where(rare == 1, 0.0, counts + 1), np.where(rare == 1, 2.0, classes)
    said = {"poisson": "rows without a count", "multinomial": "the classes are linearly sep"}
    for y, response in zip(alone, said, strict=True):
        with pytest.raises(NoSolutionError, match=said[response]):
            solved(marked, y, response, 0.0, 0.0)
        # with a penalty there is one, which grows as the penalty goes
        reach = solved(marked, y, response, [1e-3, 1e-5], 0.0).coef
        assert np.abs(reach[1]).max() > 1.3 * np.abs(reach[0]).max()
    wide = rng.standard_normal((20, 40))
    for response in said:
        with pytest.raises(NoSolutionError, match=said[response]):
            solved(wide, responses(rng, wide, response), response, 0.0, 0.0)


@every_response
def test_a_tighter_tolerance_is_met(rng, response):
    X, y = problem(rng, response)
    for l1_ratio in RATIOS:
        ours = problem_of(X, y, response)
        alphas = ours.alpha_grid(l1_ratio, 12)
        for tol in (1e-4, 1e-8, EXACT):
            assert ours.path(alphas, l1_ratio, tol).gap.max() <= tol


@every_response
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("shape", [(60, 8), (30, 50)])
def test_conditions_of_the_optimum(rng, response, l1_ratio, shape):
    X, y = problem(rng, response, *shape)
    ours = problem_of(X, y, response)
    alphas = ours.alpha_max(l1_ratio) * np.geomspace(0.9, 1e-2, 8)
    path = ours.path(alphas, l1_ratio, EXACT)
    by_definition = Certified(X, y, response, l1_ratio)
    for alpha, coef, intercept in zip(alphas, *each_output(path), strict=True):
        slope = by_definition.slopes(coef, intercept)[1] @ by_definition.Z
        b = by_definition.penalised(coef)
        left, active = slope - alpha * (1 - l1_ratio) * b, coef != 0
        assert active.any() and not active.all()
        allowed = alpha * l1_ratio
        np.testing.assert_allclose(left[active], allowed * np.sign(b[active]), atol=1e-7)
        assert (np.abs(left[~active]) <= allowed * (1 + 1e-6)).all()


@every_response
@every_ratio
def test_the_largest_strength_is_the_null_model_and_the_next_is_not(rng, response, l1_ratio):
    X, y = problem(rng, response)
    offset = {"offset": rng.standard_normal(60)} if response == "poisson" else {}
    ours = problem_of(X, y, response, **offset)
    if l1_ratio:
        top = ours.alpha_max(l1_ratio)
        path = ours.path(top * np.array([1 + 1e-9, 0.99]), l1_ratio, EXACT)
    else:
        assert np.isinf(ours.alpha_grid(0.0, 5)[0])
        path = ours.path(np.array([np.inf, 1e6]), l1_ratio, EXACT)
    assert not path.coef[0].any() and path.coef[1].any()
    mean = y.mean() / np.exp(offset.get("offset", np.zeros(1))).mean()
    if response == "poisson":
        assert path.intercept[0] == pytest.approx(np.log(mean))
    else:
        share = np.bincount(y.astype(int)) / len(y)
        np.testing.assert_allclose(softmax(path.intercept[0]), share)
        assert path.intercept.sum(axis=1) == pytest.approx(0, abs=1e-12)


# agreement with scikit-learn


def by_scikit_learn(X, y, response, alpha, l1_ratio, weight, options):
    """Coefficients of shape (n_outputs, n_features) and centred intercepts of scikit-learn."""
    standardize, free = options["standardize"], options["fit_intercept"]
    Z, scale = scaled(X, weight, standardize, free)
    mean = weight @ X / weight.sum() if free else np.zeros(X.shape[1])
    if response == "poisson":
        model = PoissonRegressor(
            alpha=alpha, solver="newton-cholesky", tol=1e-12, fit_intercept=free, max_iter=1000
        )
    elif l1_ratio == 0:
        # its Newton steps know no problem without an intercept
        solver = "newton-cholesky" if free else "lbfgs"
        model = LogisticRegression(
            C=1 / (alpha * weight.sum()),
            solver=solver,
            tol=1e-12,
            fit_intercept=free,
            max_iter=10_000,
        )
    else:
        model = LogisticRegression(
            C=1 / (alpha * weight.sum()),
            l1_ratio=l1_ratio,
            solver="saga",
            tol=1e-12,
            max_iter=200_000,
            fit_intercept=free,
            random_state=0,
        )
    with warnings.catch_warnings():
        # of line searches that end at rounding errors
        warnings.simplefilter("ignore")
        model.fit(Z, y, sample_weight=weight)
    coef = np.atleast_2d(model.coef_) / scale
    intercept = np.atleast_1d(model.intercept_) - coef @ mean
    return coef, intercept - intercept.mean() if len(coef) > 1 else intercept


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@every_response
def test_l2_agrees_with_scikit_learn(rng, response, weighted, fit_intercept, standardize):
    X, y = problem(rng, response, 60, 5)
    if not standardize:
        X = X / X.std(axis=0)
    weight = rng.uniform(0.2, 3, 60) if weighted else np.ones(60)
    options = {"standardize": standardize, "fit_intercept": fit_intercept}
    alphas = np.array([0.5, 0.02])
    path = solved(X, y, response, alphas, 0.0, sample_weight=weight, **options)
    by_definition = Certified(X, y, response, 0.0, sample_weight=weight, **options)
    for j, alpha in enumerate(alphas):
        theirs = by_scikit_learn(X, y, response, alpha, 0.0, weight, options)
        ours = each_output(path)[0][j], each_output(path)[1][j]
        np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
        np.testing.assert_allclose(ours[1], theirs[1], atol=2e-6)
        allowed = path.gap[j] * by_definition.unit + 1e-13
        assert by_definition.primal(*ours, alpha) <= by_definition.primal(*theirs, alpha) + allowed


@pytest.mark.parametrize("n_classes", [3, 4])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_classes_with_an_l1_part_agree_with_saga(rng, l1_ratio, standardize, n_classes):
    X, y = problem(rng, "multinomial", 50, 4, n_classes=n_classes)
    if not standardize:
        X = (X - X.mean(axis=0)) / X.std(axis=0) * np.array([1, 2, 0.5, 1])
    options, weight = {"standardize": standardize, "fit_intercept": True}, np.ones(50)
    path = solved(X, y, "multinomial", 0.05, l1_ratio, **options)
    coef, intercept = by_scikit_learn(X, y, "multinomial", 0.05, l1_ratio, weight, options)
    assert (path.coef[0] == 0).any() and path.coef[0].any()
    if n_classes == 3 or l1_ratio < 1:
        np.testing.assert_allclose(path.coef[0], coef, atol=1e-6)
        np.testing.assert_allclose(path.intercept[0], intercept, atol=2e-6)
    theirs = log_softmax(X @ coef.T + intercept, axis=1)
    np.testing.assert_allclose(log_probabilities(X, path)[0].T, theirs, atol=2e-6)
    by_definition = Certified(X, y, "multinomial", l1_ratio, **options)
    ours = by_definition.primal(path.coef[0], path.intercept[0], 0.05)
    assert ours <= by_definition.primal(coef, intercept, 0.05) + 1e-13


# agreement with glmnet

GLMNET = """
suppressMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1)
read <- function(name) as.matrix(read.csv(paste0(name, ".csv"), header = FALSE))
X <- read("X")
rows <- read("rows")
lambda <- read("lambda")[, 1]
fit <- function(name, y, a, ...) {
  found <- coef(glmnet(X, y, alpha = a, lambda = lambda, weights = rows[, 1],
                       thresh = 1e-14, maxit = 1e7, ...))
  parts <- if (is.list(found)) found else list(found)
  for (k in seq_along(parts)) {
    file <- paste0(name, "-", a, "-", k - 1, ".txt")
    write.table(format(t(as.matrix(parts[[k]])), digits = 16), file, quote = FALSE,
                col.names = FALSE, row.names = FALSE)
  }
}
for (a in c(1, 0.5, 0)) {
  fit("counts", rows[, 3], a, family = "poisson", offset = rows[, 2])
  fit("three", factor(rows[, 4]), a, family = "multinomial")
  fit("four", factor(rows[, 5]), a, family = "multinomial")
}
"""


@pytest.fixture(scope="module")
def glmnet(tmp_path_factory):
    """Features, columns of the rows, strengths, and what glmnet makes of them."""
    if shutil.which("Rscript") is None:
        pytest.skip("no R")
    rng, folder = np.random.default_rng(7), tmp_path_factory.mktemp("glmnet")
    X, lambdas = features(rng, 80, 6), np.array([0.3, 0.1, 0.03, 0.01])
    offset = rng.standard_normal(80)
    counts = rng.poisson(np.exp(offset + 0.4 * (X[:, 0] - 2)))
    three, four = (responses(rng, X, "multinomial", k) for k in (3, 4))
    rows = np.column_stack([rng.uniform(0.5, 2, 80), offset, counts, three, four])
    for name, table in (("X", X), ("rows", rows), ("lambda", lambdas)):
        np.savetxt(folder / f"{name}.csv", table, delimiter=",", fmt="%.17g")
    code = ["Rscript", "-e", GLMNET]
    run = subprocess.run(code, cwd=folder, capture_output=True, text=True, check=False)
    if "there is no package called" in run.stderr:
        pytest.skip("no glmnet")
    assert run.returncode == 0, run.stderr

    def read(name: str, a: float, outputs: int) -> tuple[np.ndarray, np.ndarray]:
        parts = [np.loadtxt(folder / f"{name}-{a:g}-{k}.txt") for k in range(outputs)]
        table = np.stack(parts, axis=1)
        return table[:, :, 1:], table[:, :, 0]

    return X, rows, lambdas, read


@every_ratio
@pytest.mark.parametrize(("name", "outputs"), [("counts", 1), ("three", 3), ("four", 4)])
def test_same_coefficients_as_glmnet(glmnet, name, outputs, l1_ratio):
    X, rows, lambdas, read = glmnet
    coef, intercept = read(name, l1_ratio, outputs)
    response = "poisson" if outputs == 1 else "multinomial"
    y = rows[:, {"counts": 2, "three": 3, "four": 4}[name]]
    known = {"offset": rows[:, 1]} if outputs == 1 else {}
    path = solved(X, y, response, lambdas, l1_ratio, sample_weight=rows[:, 0], **known)
    ours = each_output(path)
    assert np.abs(coef).max() > 0.1
    if outputs > 1:
        intercept = intercept - intercept.mean(axis=1, keepdims=True)
        theirs = log_softmax(coef @ X.T + intercept[:, :, None], axis=1)
        np.testing.assert_allclose(log_probabilities(X, path), theirs, atol=1e-5)
    if outputs != 4 or l1_ratio < 1:
        np.testing.assert_allclose(ours[0], coef, atol=1e-5)
        np.testing.assert_allclose(ours[1], intercept, atol=2e-5)


# what does not change


@every_ratio
@pytest.mark.parametrize("shape", [(60, 8), (30, 50)])
def test_two_classes_are_the_binary_problem(rng, l1_ratio, shape):
    # each class has half of the log-odds: the same L1 norm, and half of the square
    X, y = problem(rng, "multinomial", *shape, n_classes=2)
    alphas = np.array([0.2, 0.05, 0.01])
    both = GeneralisedProblem(X, y, "multinomial").path(alphas, l1_ratio, EXACT)
    for j, alpha in enumerate(alphas):
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio) / 2
        one = Problem(X, y, "binary").path(np.array([l1 + l2]), l1 / (l1 + l2), EXACT)
        coef, intercept = both.coef[j], both.intercept[j]
        np.testing.assert_allclose(coef[1] - coef[0], one.coef[0], atol=1e-6)
        assert intercept[1] - intercept[0] == pytest.approx(one.intercept[0], abs=1e-5)
        if l1_ratio < 1:
            np.testing.assert_allclose(coef[0], -coef[1], atol=1e-6)
        else:
            # neither takes away what the other gives
            assert (coef[0] * coef[1] <= 0).all()


def test_the_halves_of_the_l2_problem_are_at_twice_the_strength(rng):
    X, y = problem(rng, "multinomial", n_classes=2)
    both = GeneralisedProblem(X, y, "multinomial").path(np.array([0.1]), 0.0, EXACT)
    one = Problem(X, y, "binary").path(np.array([0.05]), 0.0, EXACT)
    np.testing.assert_allclose(2 * both.coef[0, 1], one.coef[0], atol=2e-6)


@every_ratio
def test_classes_have_no_order(rng, l1_ratio):
    X, y = problem(rng, "multinomial")
    order = np.array([2, 0, 1])
    path = solved(X, y, "multinomial", [0.1, 0.01], l1_ratio)
    other = solved(X, order[y.astype(int)].astype(float), "multinomial", [0.1, 0.01], l1_ratio)
    np.testing.assert_allclose(other.coef[:, order], path.coef, atol=1e-7)
    np.testing.assert_allclose(other.intercept[:, order], path.intercept, atol=1e-6)


@every_response
@every_ratio
@pytest.mark.parametrize("standardize", [True, False])
def test_whole_weights_are_repeated_rows(rng, response, l1_ratio, standardize):
    X, y = problem(rng, response)
    weight = rng.integers(0, 4, 60)
    weight[:3] = 1
    known = {"offset": rng.standard_normal(60)} if response == "poisson" else {}
    again = {name: values.repeat(weight) for name, values in known.items()}
    alphas, options = [0.1, 0.01], {"standardize": standardize}
    one = solved(X, y, response, alphas, l1_ratio, sample_weight=weight, **known, **options)
    rows = X.repeat(weight, axis=0), y.repeat(weight)
    other = solved(*rows, response, alphas, l1_ratio, **again, **options)
    np.testing.assert_allclose(one.coef, other.coef, atol=1e-7)
    np.testing.assert_allclose(one.intercept, other.intercept, atol=1e-6)
    plain = solved(X, y, response, alphas, l1_ratio, **known, **options)
    assert not np.allclose(one.coef, plain.coef, atol=1e-3)


@every_ratio
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_counts_over_times_are_rates_that_weigh_their_time(rng, l1_ratio, fit_intercept):
    X = features(rng, 60, 6)
    time = 10.0 ** rng.uniform(-2, 2, 60)
    y = rng.poisson(time * np.exp(0.3 * (X[:, 0] + X[:, 1] - 4))).astype(float)
    options = {"standardize": False, "fit_intercept": fit_intercept}
    alphas = np.array([0.5, 0.05])
    counts = solved(X, y, "poisson", alphas, l1_ratio, offset=np.log(time), **options)
    share = 60 / time.sum()
    rates = solved(X, y / time, "poisson", alphas * share, l1_ratio, sample_weight=time, **options)
    np.testing.assert_allclose(counts.coef, rates.coef, atol=1e-7)
    np.testing.assert_allclose(counts.intercept, rates.intercept, atol=1e-6)
    assert np.abs(counts.coef).max() > 0.01


@every_ratio
@pytest.mark.parametrize("shift", [3.0, -700.0, 1000.0])
def test_a_constant_offset_moves_the_intercept_alone(rng, l1_ratio, shift):
    X, y = problem(rng, "poisson")
    known = rng.standard_normal(60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = problem_of(X, y, "poisson", offset=known + shift)
        grid = ours.alpha_grid(l1_ratio, 6)
        moved = ours.path(grid, l1_ratio, 1e-10)
    plain = problem_of(X, y, "poisson", offset=known)
    np.testing.assert_allclose(grid, plain.alpha_grid(l1_ratio, 6), rtol=1e-9)
    path = plain.path(grid, l1_ratio, 1e-10)
    np.testing.assert_allclose(moved.coef, path.coef, atol=1e-8)
    np.testing.assert_allclose(moved.intercept + shift, path.intercept, atol=1e-7)
    assert moved.gap.max() <= 1e-10


@every_response
@every_ratio
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sparse_equals_dense(rng, response, l1_ratio, fit_intercept):
    for shape in ((60, 8), (30, 50)):
        X, y = problem(rng, response, *shape, zeros=0.6)
        options = {"sample_weight": rng.uniform(0.5, 2, len(y)), "fit_intercept": fit_intercept}
        dense, thin = (problem_of(kind(X), y, response, **options) for kind in (
            np.array, sparse.csr_array))  # fmt: skip
        alphas = dense.alpha_grid(l1_ratio, 8)
        np.testing.assert_allclose(thin.alpha_grid(l1_ratio, 8), alphas)
        one, other = dense.path(alphas, l1_ratio, EXACT), thin.path(alphas, l1_ratio, EXACT)
        np.testing.assert_allclose(other.coef, one.coef, atol=1e-5)
        np.testing.assert_allclose(other.intercept, one.intercept, atol=1e-5)


@every_response
@every_ratio
@pytest.mark.parametrize("thin", [False, True])
def test_a_constant_added_to_a_feature_changes_nothing(rng, response, l1_ratio, thin):
    X, y = problem(rng, response, zeros=0.3)
    kind = sparse.csr_array if thin else np.array
    moved = X.copy()
    moved[:, 2] += 1e4
    one, other = (solved(kind(M), y, response, [0.1, 0.01], l1_ratio) for M in (X, moved))
    np.testing.assert_allclose(other.coef, one.coef, atol=1e-6)
    np.testing.assert_allclose(
        log_probabilities(moved, other) if response == "multinomial" else predictors(moved, other),
        log_probabilities(X, one) if response == "multinomial" else predictors(X, one),
        atol=1e-5,
    )


@every_response
@every_ratio
def test_units_of_the_features_are_taken_out(rng, response, l1_ratio):
    X, y = problem(rng, response)
    unit = 10.0 ** rng.integers(-6, 7, 8)
    one = solved(X, y, response, [0.1, 0.01], l1_ratio)
    other = solved(X * unit, y, response, [0.1, 0.01], l1_ratio)
    np.testing.assert_allclose(other.coef * unit, one.coef, atol=1e-7)


@every_response
@every_ratio
def test_a_path_goes_on_from_where_it_ended(rng, response, l1_ratio):
    X, y = problem(rng, response, 60, 30)
    ours = problem_of(X, y, response)
    alphas = ours.alpha_grid(l1_ratio, 12)
    whole = ours.path(alphas, l1_ratio, EXACT)
    rest = ours.path(alphas[6:], l1_ratio, EXACT, start=whole.coef[5])
    np.testing.assert_allclose(rest.coef, whole.coef[6:], atol=1e-6)
    assert rest.gap.max() <= EXACT
    alone = ours.path(alphas[-1:], l1_ratio, EXACT)
    np.testing.assert_allclose(alone.coef, whole.coef[-1:], atol=1e-6)


@every_response
def test_folds_are_fits_to_their_rows_and_their_errors(rng, response):
    X, y = problem(rng, response, 60, 5)
    weight = rng.uniform(0.5, 2, 60)
    offset = rng.standard_normal(60) if response == "poisson" else np.zeros(60)
    known = {"offset": offset} if response == "poisson" else {}
    ours = problem_of(X, y, response, sample_weight=weight, **known)
    folds = [(np.flatnonzero(np.arange(60) % 3 != k), np.arange(k, 60, 3)) for k in range(3)]
    alphas = np.array([0.1, 0.01])
    cv = ours.cross_validate(folds, alphas, 0.5, EXACT)
    for k, (train, test) in enumerate(folds):
        own = {"offset": offset[train]} if known else {}
        path = solved(X[train], y[train], response, alphas, 0.5, sample_weight=weight[train], **own)
        eta = predictors(X[test], path) + offset[test]
        for j in range(2):
            if known:
                mean = np.exp(eta[j, 0])
                expected = mean_poisson_deviance(y[test], mean, sample_weight=weight[test])
            else:
                share = softmax(eta[j], axis=0).T
                expected = log_loss(y[test], share, sample_weight=weight[test], labels=np.arange(3))
            assert cv.errors[k, j] == pytest.approx(expected, rel=1e-6)
    assert cv.gap.max() <= EXACT
    np.testing.assert_allclose(cv.weight, [weight[test].sum() for _, test in folds])


# hard problems


@every_ratio
@pytest.mark.parametrize("between", [3.0, 50.0])
@pytest.mark.parametrize("shape", [(30, 2), (12, 40)])
def test_separable_classes_have_finite_solutions(rng, l1_ratio, between, shape):
    n, p = shape
    y = np.arange(n) % 3.0
    X = rng.standard_normal((n, p))
    X[:, 0] += between * y
    path = solved(X, y, "multinomial", np.geomspace(1, 1e-8, 9), l1_ratio, TOL)
    assert np.isfinite(path.coef).all() and np.isfinite(path.intercept).all()
    assert path.gap.max() <= TOL
    size = np.abs(path.coef).sum(axis=(1, 2))
    assert (np.diff(size) >= -1e-6).all() and size[-1] > 1
    gaps = Certified(X, y, "multinomial", l1_ratio).gaps(path)
    np.testing.assert_allclose(gaps, path.gap, atol=1e-9)
    # a row or two may be out of reach where the classes are near
    right = predictors(X, path)[-1].argmax(axis=0) == y
    assert right.all() if between > 10 or p > n else right.mean() > 0.8


@every_ratio
@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_counts_of_any_size(rng, l1_ratio, size):
    # the problem is the same in other units, but for those of the strengths
    X, y = problem(rng, "poisson")
    alphas = np.array([0.1, 0.01])
    one = solved(X, y, "poisson", alphas, l1_ratio)
    other = solved(X, size * y, "poisson", size * alphas, l1_ratio, 1e-10)
    assert other.gap.max() <= 1e-10
    np.testing.assert_allclose(other.coef, one.coef, atol=1e-6)
    np.testing.assert_allclose(other.intercept, one.intercept + np.log(size), atol=1e-6)


@every_ratio
def test_one_row_with_nearly_all_counts(rng, l1_ratio):
    X, y = problem(rng, "poisson")
    y = np.where(np.arange(60) == 4, 1e6, 0.0)
    ours = problem_of(X, y, "poisson")
    path = ours.path(ours.alpha_grid(l1_ratio, 8), l1_ratio, TOL)
    assert path.gap.max() <= TOL and np.isfinite(path.coef).all()


@every_ratio
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_exposures_of_a_huge_spread(rng, l1_ratio, fit_intercept):
    X = features(rng, 60, 6)
    offset = rng.uniform(-30, 12, 60)
    y = rng.poisson(np.exp(offset + 0.4 * (X[:, 0] - 2))).astype(float)
    options = {"offset": offset, "fit_intercept": fit_intercept}
    ours = problem_of(X, y, "poisson", **options)
    grid = ours.alpha_grid(l1_ratio, 8)
    path = ours.path(grid[np.isfinite(grid)], l1_ratio, TOL)
    assert path.gap.max() <= TOL
    gaps = Certified(X, y, "poisson", l1_ratio, **options).gaps(path)
    np.testing.assert_allclose(gaps, path.gap, atol=1e-8)


@every_response
@every_ratio
@pytest.mark.parametrize("thin", [False, True])
def test_constant_and_duplicated_columns(rng, response, l1_ratio, thin):
    X, y = problem(rng, response, 60, 4)
    alphas = np.array([0.1, 0.01])
    one = solved(X, y, response, alphas, l1_ratio)
    kind = sparse.csr_array if thin else np.array
    padded = np.column_stack([X, np.full(60, 7.3), np.zeros(60)])
    path = solved(kind(padded), y, response, alphas, l1_ratio)
    assert not path.coef[..., 4:].any()
    np.testing.assert_allclose(path.coef[..., :4], one.coef, atol=1e-6)
    twice = np.hstack([X, X])
    path = solved(kind(twice), y, response, alphas, l1_ratio)
    assert path.gap.max() <= EXACT
    if l1_ratio == 1:
        # the sum of both is what one alone would be
        np.testing.assert_allclose(path.coef[..., :4] + path.coef[..., 4:], one.coef, atol=1e-5)
    else:
        np.testing.assert_allclose(path.coef[..., :4], path.coef[..., 4:], atol=1e-6)
    only = solved(np.full((60, 2), 3.3), y, response, alphas, l1_ratio)
    assert not only.coef.any() and np.abs(only.gap).max() <= EXACT


@every_response
@every_ratio
def test_one_feature(rng, response, l1_ratio):
    X, y = problem(rng, response, 60, 1)
    path = solved(X, y, response, [0.05], l1_ratio)
    by_definition = Certified(X, y, response, l1_ratio)
    assert path.coef.any() and path.gap[0] <= EXACT
    np.testing.assert_allclose(by_definition.gaps(path), path.gap, atol=1e-10)


def test_strengths_that_are_given_need_no_order_of_size(rng):
    X, y = problem(rng, "multinomial")
    given = [0.01, 0.3, 0.05]
    ours = L2ClassifierCV(alphas=given, cv=3, tol=EXACT).fit(X, y)
    assert ours.alphas_.tolist() == sorted(given, reverse=True)
    alone = solved(X, y, "multinomial", 0.05, 0.0)
    np.testing.assert_allclose(ours.coef_path_[1], alone.coef[0], atol=1e-5)


# data that cannot be


@every_counter
def test_counts_that_cannot_be(rng, estimator):
    X, y = problem(rng, "poisson")
    model = estimator(alphas=8, cv=3)
    with pytest.raises(ValueError, match="y holds zeros alone"):
        model.fit(X, 0 * y)
    with pytest.raises(ValueError, match=r"y holds -2\.5: counts must be zero or more"):
        model.fit(X, np.where(np.arange(60) == 7, -2.5, y))
    with pytest.raises(ValueError, match="training part of a fold holds counts of zero only"):
        model.fit(X, np.where(np.arange(60) < 20, 3.0, 0.0))
    with pytest.raises(ValueError, match="y holds zeros alone"):
        model.fit(X, y, sample_weight=y == 0)
    with pytest.raises(ValueError, match="y holds -1: counts must be zero or more"):
        model.fit(X, y).score(X, y - 1 - y)
    # numbers that are no whole ones are rates
    assert model.fit(X, y / 7).coef_.any()


@every_counter
def test_offsets_that_cannot_be(rng, estimator):
    X, y = problem(rng, "poisson")
    model = estimator(alphas=8, cv=3)
    fitted = estimator(alphas=8, cv=3).fit(X, y)
    takes = (
        lambda offset: model.fit(X, y, offset=offset),
        lambda offset: fitted.predict(X, offset=offset),
        lambda offset: fitted.score(X, y, offset=offset),
    )
    for take in takes:
        for broken, name in ((np.nan, "NaN"), (-np.inf, "infinity")):
            with pytest.raises(ValueError, match=f"Input offset contains {name}"):
                take(np.where(np.arange(60) == 3, broken, 0.0))
        for offset, shape in (
            (np.zeros(59), r"\(59,\)"),
            (np.zeros((60, 1)), r"\(60, 1\)"),
            (1.0, r"\(\)"),
        ):
            with pytest.raises(ValueError, match=rf"offset has shape {shape}: X has 60 rows"):
                take(offset)


@every_classifier
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_classes_that_a_fold_lacks(rng, estimator, fit_intercept):
    X, _ = problem(rng, "multinomial")
    y = np.repeat([0, 1, 2], 20)
    model = estimator(alphas=8, fit_intercept=fit_intercept)
    for cv in ([(np.arange(40), np.arange(40, 60))], [(np.arange(20, 60), np.arange(20))]):
        with pytest.raises(ValueError, match="training part of a fold lacks a class"):
            model.set_params(cv=cv).fit(X, y)
    with pytest.raises(ValueError, match="least populated class in y has only 1 member"):
        model.set_params(cv=None).fit(X, np.r_[np.zeros(30), np.ones(29), 2].astype(int))
    with pytest.raises(NoSolutionError, match="class 1 of 3 does not occur"):
        GeneralisedProblem(X, 2.0 * (y > 0), "multinomial").path(np.ones(1), 1.0)


@every_classifier
def test_two_rows_of_each_class_are_enough(rng, estimator):
    X = features(rng, 6, 4)
    model = estimator(alphas=8).fit(X, np.arange(6) % 3)
    assert model.cv_error_path_.shape[1] == 2
    assert (model.dual_gap_path_ <= TOL).all()


def test_a_count_without_rows_of_weight_is_refused(rng):
    X, _ = problem(rng, "poisson")
    with pytest.raises(NoSolutionError, match="all counts are zero"):
        problem_of(X, np.zeros(60), "poisson").path(np.ones(1), 1.0)


# the losses


def test_fenchel_and_young_of_counts_with_equality_at_the_slope(rng):
    predictor = rng.standard_normal(80)
    y = rng.poisson(np.exp(predictor[::-1])).astype(float)
    value = np.array(
        [POISSON.objective(y[i : i + 1], predictor[None, i : i + 1])[0] for i in range(80)]
    )
    np.testing.assert_allclose(value, POISSON.each(y, predictor) / 2)
    slope = POISSON.slope(y, predictor)
    np.testing.assert_allclose(slope, np.exp(predictor) - y)
    np.testing.assert_allclose(value + POISSON.conjugate(y, slope), slope * predictor, atol=1e-12)
    for _ in range(50):
        other = slope + rng.standard_normal(80) * rng.choice([0.1, 1, 10])
        conjugate = POISSON.conjugate(y, other)
        assert (value + conjugate >= other * predictor - 1e-12).all()
        np.testing.assert_array_equal(np.isinf(conjugate), other + y < 0)
        inside = POISSON.slope(y, 3 * rng.standard_normal(80))
        assert np.isfinite(POISSON.conjugate(y, inside)).all()
    theta = -slope * np.array([[1.0], [0.4]])
    expected = [-POISSON.conjugate(y, -s * t).mean() for s, t in zip([0.3, 1], theta, strict=True)]
    np.testing.assert_allclose(POISSON.dual(y, theta, np.array([0.3, 1.0])), expected)


def test_slope_and_curvature_of_counts_are_the_derivatives(rng):
    predictor, step = rng.standard_normal(80), 1e-5
    y = rng.poisson(np.exp(predictor[::-1])).astype(float)
    low, high = (POISSON.each(y, predictor + d) / 2 for d in (-step, step))
    np.testing.assert_allclose(POISSON.slope(y, predictor), (high - low) / (2 * step), atol=1e-7)
    rise = POISSON.slope(y, predictor + step) - POISSON.slope(y, predictor - step)
    np.testing.assert_allclose(POISSON.curvature(predictor), rise / (2 * step), atol=1e-7)
    mean = POISSON.mean_of(predictor)
    np.testing.assert_allclose(POISSON.variance(mean), mean)
    np.testing.assert_allclose(POISSON.predictor_of(mean), predictor)
    np.testing.assert_allclose(POISSON.cumulant(predictor), mean)


def test_a_balanced_point_of_counts_sums_to_zero_and_stays_in_the_domain(rng):
    predictor = rng.standard_normal(80)
    y = rng.poisson(np.exp(predictor[::-1])).astype(float)
    theta = -POISSON.slope(y, np.array([predictor, predictor + 1]))
    before = theta.copy()
    balanced = POISSON.balanced(y, theta)
    assert (np.abs(theta.sum(axis=1)) > 0.1).all()
    np.testing.assert_allclose(balanced.sum(axis=1), 0, atol=1e-10)
    assert np.isfinite(POISSON.conjugate(y, -balanced)).all()
    np.testing.assert_array_equal(theta, before)


def test_deviance_is_scikit_learns_and_no_constant_is_better_than_the_mean(rng):
    predictor = rng.standard_normal(80)
    y, weight = rng.poisson(np.exp(predictor[::-1])).astype(float), rng.random(80)
    for w in (None, weight):
        theirs = mean_poisson_deviance(y, np.exp(predictor), sample_weight=w)
        assert float(POISSON.value(y, predictor, w)) == pytest.approx(theirs)
        best = minimize_scalar(
            lambda b, w=w: float(POISSON.value(y, np.full(80, b), w)),
            bounds=(-5, 5),
            method="bounded",
        )
        assert float(POISSON.null_value(y, w)) == pytest.approx(best.fun)
    assert POISSON.null_objective(y, y.mean()) == pytest.approx(float(POISSON.null_value(y)) / 2)
    assert POISSON.null_objective(np.full(5, 3.0), 3.0) == 1.0
    stacked = POISSON.null_value(np.stack([y, y[::-1]])[:, None, :])
    np.testing.assert_allclose(stacked, np.full((2, 1), float(POISSON.null_value(y))))
    with pytest.raises(NoSolutionError, match="all counts are zero"):
        POISSON.refuse_null(0.0)
    with np.errstate(over="raise"):
        assert np.isinf(POISSON.each(np.ones(1), np.array([1e4]))).all()


def test_log_loss_of_classes_is_scikit_learns(rng):
    predictor, weight = 30 * rng.standard_normal((2, 4, 50)), rng.random(50)
    y = rng.integers(0, 4, 50).astype(float)
    mean = MULTINOMIAL.mean_of(predictor)
    np.testing.assert_allclose(mean, softmax(predictor, axis=1))
    each = MULTINOMIAL.each(y, predictor)
    assert each.shape == (2, 50)
    for j in range(2):
        own = -log_softmax(predictor[j], axis=0)[y.astype(int), np.arange(50)]
        np.testing.assert_allclose(each[j], own, atol=1e-13)
        np.testing.assert_allclose(MULTINOMIAL.each(y, predictor[j]), own, atol=1e-13)
    small = predictor / 30
    for w in (None, weight):
        found = MULTINOMIAL.value(y, small, w)
        for j in range(2):
            share = softmax(small[j], axis=0).T
            theirs = log_loss(y, share, sample_weight=w, labels=np.arange(4))
            assert found[j] == pytest.approx(theirs)
        held = np.bincount(y.astype(int), w)
        level = np.log(held / held.sum())[:, None] * np.ones(50)
        null = float(MULTINOMIAL.value(y, level, w))
        assert float(MULTINOMIAL.null_value(y, w)) == pytest.approx(null)
        for _ in range(10):
            worse = level + 0.1 * rng.standard_normal((4, 1))
            assert float(MULTINOMIAL.value(y, worse, w)) >= null


# the estimators


@every_classifier
def test_what_a_classifier_of_three_classes_gives(rng, estimator):
    X, y = problem(rng, "multinomial")
    labels = np.array(["red", "blue", "green"])[y.astype(int)]
    model = estimator(alphas=10, cv=3).fit(X, labels)
    assert model.classes_.tolist() == ["blue", "green", "red"]
    assert model.coef_.shape == (3, 8) and model.intercept_.shape == (3,)
    assert model.coef_path_.shape == (len(model.alphas_), 3, 8)
    assert model.intercept_path_.shape == (len(model.alphas_), 3)
    assert model.intercept_.sum() == pytest.approx(0, abs=1e-12)
    score = model.decision_function(X)
    np.testing.assert_allclose(score, X @ model.coef_.T + model.intercept_)
    share = model.predict_proba(X)
    np.testing.assert_allclose(share, softmax(score, axis=1))
    np.testing.assert_allclose(share.sum(axis=1), 1)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(share), atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[share.argmax(axis=1)])
    assert model.score(X, labels) == accuracy_score(labels, model.predict(X)) > 0.5
    far = X[:1] + 1e4 * model.coef_[:1]
    assert np.isfinite(model.predict_log_proba(far)).all()
    assert log_loss(labels, share, labels=model.classes_) < np.log(3)


@every_classifier
def test_errors_of_the_folds_choose_among_three_classes(rng, estimator):
    X, y = problem(rng, "multinomial", 90, 5)
    weight = rng.uniform(0.5, 2, 90)
    folds = list(StratifiedKFold(4).split(X, y))
    options = {"alphas": 10, "cv": 4, "tol": 1e-8}
    least = estimator(**options).fit(X, y, sample_weight=weight)
    size = np.array([weight[test].sum() for _, test in folds])
    ratio = RATIO[estimator.__name__[:2]]
    inner = np.isfinite(least.alphas_)
    for k, (train, test) in enumerate(folds):
        path = solved(
            X[train],
            y[train],
            "multinomial",
            least.alphas_[inner],
            ratio,
            1e-10,
            sample_weight=weight[train],
        )
        share = softmax(predictors(X[test], path), axis=1)
        expected = [log_loss(y[test], own.T, sample_weight=weight[test]) for own in share]
        np.testing.assert_allclose(least.cv_error_path_[inner, k], expected, rtol=1e-4)
    mean = least.cv_error_path_ @ size / size.sum()
    assert least.alpha_ == least.alphas_[mean.argmin()]
    ours = estimator(rule="1se", **options).fit(X, y, sample_weight=weight)
    spread = (mean.min() - least.cv_error_path_[mean.argmin()]) ** 2 @ size / size.sum()
    assert ours.alpha_ == least.alphas_[mean <= mean.min() + np.sqrt(spread / 3)].max()
    assert ours.alpha_ > least.alpha_


@every_classifier
def test_three_classes_with_weights_groups_and_sparse_features(rng, estimator):
    X, y = problem(rng, "multinomial", 90, 6, zeros=0.5)
    weight, groups = rng.integers(0, 3, 90), np.arange(90) // 3
    options = {"alphas": 8, "cv": 3, "tol": 1e-9}
    dense = estimator(**options).fit(X, y, sample_weight=weight, groups=groups)
    thin = estimator(**options).fit(sparse.csc_array(X), y, sample_weight=weight, groups=groups)
    kept = weight > 0
    absent = estimator(**options)
    absent.fit(X[kept], y[kept], sample_weight=weight[kept], groups=groups[kept])
    for other in (thin, absent):
        np.testing.assert_allclose(other.coef_path_, dense.coef_path_, atol=1e-5)
        np.testing.assert_allclose(other.cv_error_path_, dense.cv_error_path_, rtol=1e-5)
        assert other.alpha_ == pytest.approx(dense.alpha_)
    by_hand = list(StratifiedGroupKFold(3).split(X, y, groups))
    own = estimator(alphas=8, cv=3).fit(X, y, groups=groups)
    np.testing.assert_array_equal(
        own.cv_error_path_, estimator(alphas=8, cv=by_hand).fit(X, y).cv_error_path_
    )
    two = estimator(alphas=8, cv=3, n_jobs=2).fit(X, y, groups=groups)
    np.testing.assert_array_equal(own.coef_path_, two.coef_path_)


@every_classifier
def test_weights_of_three_classes(rng, estimator):
    X, y = problem(rng, "multinomial")
    held = np.bincount(y.astype(int))
    for asked, of_class in (
        ("balanced", 60 / (3 * held)),
        ({1.0: 4.0}, np.array([1.0, 4.0, 1.0])),
    ):
        ours = estimator(alphas=8, cv=3, class_weight=asked).fit(X, y)
        by_rows = estimator(alphas=8, cv=3).fit(X, y, sample_weight=of_class[y.astype(int)])
        np.testing.assert_allclose(ours.coef_path_, by_rows.coef_path_, atol=1e-8)
    with pytest.raises(ValueError, match=r"class_weight names 7: the classes of y are \[0.0, 1.0"):
        estimator(alphas=8, cv=3, class_weight={7: 1}).fit(X, y)


@every_classifier
def test_a_classifier_may_be_fitted_to_other_classes_again(rng, estimator):
    X, y = problem(rng, "multinomial")
    model = estimator(alphas=8, cv=3)
    three = model.fit(X, y).coef_
    two = model.fit(X, y > 0).coef_
    np.testing.assert_array_equal(two, clone(model).fit(X, y > 0).coef_)
    assert two.shape == (1, 8) and model.predict_proba(X).shape == (60, 2)
    np.testing.assert_array_equal(model.fit(X, y).coef_, three)


def test_selection_keeps_features_that_any_of_three_classes_needs():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 20))
    y = (X[:, :3] * 2 + rng.gumbel(size=(120, 3))).argmax(axis=1)
    selector = SelectFromModel(L1ClassifierCV(cv=4, rule="1se")).fit(X, y)
    nonzero = (selector.estimator_.coef_ != 0).any(axis=0)
    assert nonzero[:3].all() and nonzero.sum() < 20
    np.testing.assert_array_equal(selector.get_support(), nonzero)


@pytest.mark.parametrize("estimator", COUNTERS + CLASSIFIERS)
def test_names_copies_and_pickles(rng, estimator):
    X, y = problem(rng, "poisson" if estimator in COUNTERS else "multinomial")
    frame = pd.DataFrame(X).add_prefix("x")
    model = estimator(alphas=8, cv=3).fit(frame, y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict(frame), model.predict(frame))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(frame)


@every_counter
def test_what_a_regressor_of_counts_gives(rng, estimator):
    X, y = problem(rng, "poisson")
    weight = rng.uniform(0.5, 2, 60)
    model = estimator(alphas=10, cv=3).fit(X, y, sample_weight=weight)
    assert model.coef_.shape == (8,) and isinstance(model.intercept_, float)
    mean = model.predict(X)
    np.testing.assert_allclose(mean, np.exp(X @ model.coef_ + model.intercept_))
    for w in (None, weight):
        theirs = d2_tweedie_score(y, mean, power=1, sample_weight=w)
        assert model.score(X, y, sample_weight=w) == pytest.approx(theirs)
        assert 0.1 < theirs < 1
    assert model.score(X, np.zeros(60)) == 0
    constant = estimator(alphas=[1e3], cv=3).fit(X, np.full(60, 3.0))
    assert constant.score(X, np.full(60, 3.0)) == 1
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.score(X, y[:-1])


@every_counter
def test_an_offset_is_known_to_fits_folds_predictions_and_scores(rng, estimator):
    X = features(rng, 80, 5)
    time = 10.0 ** rng.uniform(-1, 2, 80)
    y = rng.poisson(time * np.exp(0.4 * (X[:, 0] - 2))).astype(float)
    offset, kept = np.log(time), rng.random(80) < 0.8
    options = {"alphas": 8, "cv": 3, "tol": 1e-9}
    model = estimator(**options).fit(X, y, offset=offset)
    assert not [name for name in vars(model) if "offset" in name]
    np.testing.assert_allclose(
        model.predict(X, offset=offset), time * np.exp(X @ model.coef_ + model.intercept_)
    )
    np.testing.assert_allclose(model.predict(X) * time, model.predict(X, offset=offset))
    path = solved(
        X, y, "poisson", model.alpha_, RATIO[estimator.__name__[:2]], 1e-10, offset=offset
    )
    np.testing.assert_allclose(model.coef_, path.coef[0], atol=1e-5)
    null = time * y.sum() / time.sum()
    expected = 1 - mean_poisson_deviance(y, model.predict(X, offset)) / mean_poisson_deviance(
        y, null
    )
    assert model.score(X, y, offset=offset) == pytest.approx(expected)
    assert estimator(**options).fit(X, y).score(X, y) < expected
    # rows of no weight take theirs with them
    one = estimator(**options).fit(X, y, sample_weight=1.0 * kept, offset=offset)
    other = estimator(**options).fit(X[kept], y[kept], offset=offset[kept])
    np.testing.assert_allclose(one.coef_path_, other.coef_path_, atol=1e-6)
    np.testing.assert_allclose(one.cv_error_path_, other.cv_error_path_, rtol=1e-6)
    # and groups go along
    groups = np.arange(80) // 4
    routed = estimator(alphas=8, cv=GroupKFold(3)).fit(X, y, groups=groups, offset=offset)
    assert routed.coef_.any()
    plain = estimator(**options).fit(X, y, offset=np.zeros(80))
    np.testing.assert_array_equal(plain.coef_, estimator(**options).fit(X, y).coef_)
