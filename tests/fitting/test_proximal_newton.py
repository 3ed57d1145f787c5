"""Proximal Newton steps on sparse paths of the log-loss, and where an active set takes over."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import xlogy
from sklearn.linear_model import LogisticRegression

from normwise.fitting.search import search
from normwise.fitting.solvers import views
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import splits_of

TOL = 1e-6
KINDS = ("plain", "duplicates", "constant columns", "units", "zero weights", "separable", "rare")


@pytest.fixture
def always(monkeypatch):
    """Newton steps for every sparse problem."""
    monkeypatch.setattr(views, "MANY_CURVED", 1)


def awkward(seed: int, n: int, p: int, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, classes and weights of a problem with a catch."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4)
    weight = np.ones(n)
    if kind == "duplicates":
        X[:, p // 2 :] = X[:, : p - p // 2]
    elif kind == "constant columns":
        X[:, ::2] = 3.0
    elif kind == "units":
        X *= 10.0 ** rng.integers(-8, 9, p)
    elif kind == "rare":
        X[:, 1:] *= rng.random((n, p - 1)) < 0.1
    elif kind == "zero weights":
        weight = rng.integers(0, 3, n).astype(float)
        weight[:2] = 1.0
    score = X[:, 0] / (np.abs(X[:, 0]).max() or 1.0)
    noise = 0.0 if kind == "separable" else 0.5
    y = (score + noise * rng.standard_normal(n) > np.median(score)).astype(float)
    y[:2] = 0.0, 1.0
    return X, y, weight


def gap(X, y, weight, path, l1_ratio, standardize, fit_intercept) -> np.ndarray:
    """Relative duality gaps, from the data and the coefficients alone."""
    w = weight / weight.sum()
    centre = w @ X if fit_intercept else np.zeros(X.shape[1])
    spread = np.sqrt(w @ (X - centre) ** 2)
    constant = spread <= 1e-7 * np.sqrt(w @ X**2)
    scale = np.where(constant, 1.0, spread if standardize else 1.0)
    Z = np.where(constant, 0.0, (X - centre) / scale)
    share = w @ y if fit_intercept else 0.5
    null = -(w @ xlogy(y, share) + w @ xlogy(1 - y, 1 - share))
    out = []
    for b, level, alpha in zip(path.coef, path.intercept, path.alphas, strict=True):
        b = np.where(constant, 0.0, b) * scale
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        eta = Z @ b + level + centre @ (b / scale)
        sign = 2 * y - 1
        theta = w / (1 + np.exp(sign * eta))
        if fit_intercept:
            held = theta @ y, theta @ (1 - y)
            theta *= min(held) / np.where(y > 0, *held)
        inner = np.abs((sign * theta) @ Z)
        primal = w @ np.logaddexp(0, -sign * eta) + l1 * np.abs(b).sum() + l2 / 2 * b @ b

        def entropy(factor, theta=theta):
            at = factor * np.divide(theta, w, out=np.zeros(len(w)), where=w > 0)
            return -(w @ (xlogy(at, at) + xlogy(1 - at, 1 - at)))

        dual = entropy(min(1.0, l1 / max(inner.max(), 1e-300)))
        if l2:
            dual = max(dual, entropy(1.0) - (np.maximum(inner - l1, 0.0) ** 2).sum() / (2 * l2))
        out.append((primal - dual) / null)
    return np.array(out)


def hand_over_after(n_done: int, patch: pytest.MonkeyPatch) -> None:
    """Solve so many strengths of every sparse problem by Newton steps."""
    whole = views.Sparse.descend

    def part(self, *problem):
        *found, done = whole(self, *problem)
        for values in found:
            values[n_done:] = 0
        return (*found, min(done, n_done))

    patch.setattr(views, "MANY_CURVED", 1)
    patch.setattr(views.Sparse, "descend", part)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 40),
    p=st.integers(1, 60),
    kind=st.sampled_from(KINDS),
    l1_ratio=st.sampled_from([1.0, 0.5]),
    standardize=st.booleans(),
    fit_intercept=st.booleans(),
    n_done=st.sampled_from([0, 1, 7, 20]),
)
@example(0, 40, 1, "plain", 1.0, True, True, 20)
@example(0, 2, 1, "plain", 1.0, True, True, 20)
@example(1, 40, 20, "duplicates", 1.0, True, True, 20)
@example(3, 30, 20, "units", 1.0, True, False, 20)
@example(4, 40, 60, "separable", 1.0, True, True, 20)
@example(4, 40, 60, "separable", 1.0, True, True, 7)
def test_every_strength_carries_its_certificate(
    seed, n, p, kind, l1_ratio, standardize, fit_intercept, n_done
):
    X, y, weight = awkward(seed, n, p, kind)
    if kind == "units" and not standardize:
        X /= np.abs(X).max(axis=0) + (X == 0).all(axis=0)
    with pytest.MonkeyPatch.context() as patch:
        hand_over_after(n_done, patch)
        problem = Problem(
            sparse.csr_array(X),
            y,
            "binary",
            sample_weight=weight,
            standardize=standardize,
            fit_intercept=fit_intercept,
        )
        path = problem.path(problem.alpha_grid(l1_ratio, 20), l1_ratio, TOL)
    assert path.gap.max() <= TOL
    found = gap(X, y, weight, path, l1_ratio, standardize, fit_intercept)
    np.testing.assert_allclose(found, path.gap, atol=1e-8)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("n_done", [30, 12])
def test_the_path_is_that_of_the_active_set(monkeypatch, l1_ratio, n_done):
    X, y, _ = awkward(5, 80, 30, "plain")
    given = sparse.csr_array(X)
    alphas = Problem(X, y, "binary").alpha_grid(l1_ratio, 30)
    exact = Problem(given, y, "binary").path(alphas, l1_ratio, 1e-12)
    hand_over_after(n_done, monkeypatch)
    path = Problem(given, y, "binary").path(alphas, l1_ratio, 1e-12)
    assert path.n_iter.tolist() != exact.n_iter.tolist()
    assert path.gap.max() <= 1e-12
    np.testing.assert_allclose(path.coef, exact.coef, atol=1e-4)
    np.testing.assert_allclose(path.intercept, exact.intercept, atol=1e-4)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_a_solution_is_that_of_scikit_learn(always, fit_intercept, weighted):
    X, y, _ = awkward(8, 200, 40, "plain")
    weight = np.random.default_rng(0).integers(0, 4, 200).astype(float) if weighted else None
    total = 200 if weight is None else weight.sum()
    problem = Problem(
        sparse.csr_array(X),
        y,
        "binary",
        sample_weight=weight,
        standardize=False,
        fit_intercept=fit_intercept,
    )
    alphas = problem.alpha_max(1.0) * np.geomspace(1, 0.02, 8)
    path = problem.path(alphas, 1.0, 1e-11)
    model = LogisticRegression(
        l1_ratio=1.0,
        C=1 / (alphas[-1] * total),
        solver="saga",
        fit_intercept=fit_intercept,
        tol=1e-9,
        max_iter=100_000,
    )
    rows = np.repeat(np.arange(200), 1 if weight is None else weight.astype(int))
    model.fit(X[rows], y[rows])
    np.testing.assert_allclose(path.coef[-1], model.coef_[0], atol=1e-4)
    np.testing.assert_allclose(path.intercept[-1], np.ravel(model.intercept_)[0], atol=1e-4)


def test_stored_zeros_change_nothing(always):
    X, y, _ = awkward(6, 60, 90, "plain")
    thin = sparse.csr_array(X)
    full = sparse.csr_array((X.ravel(), np.tile(np.arange(90), 60), np.arange(0, 5401, 90)))
    assert full.nnz > thin.nnz
    alphas = Problem(thin, y, "binary").alpha_grid(1.0, 20)
    one, other = (Problem(M, y, "binary").path(alphas, 1.0, TOL) for M in (thin, full))
    np.testing.assert_allclose(other.coef, one.coef, atol=1e-12)


def test_dense_features_go_on_from_coefficients_too():
    X, y, _ = awkward(7, 90, 40, "plain")
    problem = Problem(X + 1.0, y, "binary")
    alphas = problem.alpha_grid(1.0, 30)
    whole = problem.path(alphas, 1.0, 1e-12)
    rest = problem.path(alphas[12:], 1.0, 1e-12, start=whole.coef[11])
    np.testing.assert_allclose(rest.coef, whole.coef[12:], atol=1e-4)
    assert rest.n_iter[0] <= whole.n_iter[:13].sum() / 3


def test_a_path_goes_on_from_where_it_ended(always):
    X, y, _ = awkward(7, 90, 40, "plain")
    problem = Problem(sparse.csr_array(X), y, "binary")
    alphas = problem.alpha_grid(1.0, 30)
    whole = problem.path(alphas, 1.0, 1e-12)
    rest = problem.path(alphas[12:], 1.0, 1e-12, start=whole.coef[11])
    np.testing.assert_allclose(rest.coef, whole.coef[12:], atol=1e-4)
    folds = splits_of(np.arange(90) % 3)
    cv = problem.cross_validate(folds, alphas, 1.0, 1e-12)
    first = problem.cross_validate(folds, alphas[:12], 1.0, 1e-12)
    more = problem.cross_validate(folds, alphas[12:], 1.0, 1e-12, start=first.last)
    np.testing.assert_allclose(more.errors, cv.errors[:, 12:], atol=1e-5)
    np.testing.assert_allclose(more.last, cv.last, atol=1e-4)


@pytest.mark.parametrize("thin", [True, False])
def test_a_search_that_ends_early_chooses_as_the_whole_grid(monkeypatch, thin):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 150)) * (rng.random((100, 150)) < 0.5)
    y = (3 * X[:, :3].sum(axis=1) + rng.logistic(size=100) > 0).astype(float)
    problem = Problem(sparse.csr_array(X) if thin else X, y, "binary")
    folds = splits_of(np.arange(100) % 5)
    whole = search(problem, 1.0, 50, folds, TOL)
    assert len(whole.path.alphas) >= 50
    monkeypatch.setattr("normwise.fitting.search.LARGE", 50)
    early = search(problem, 1.0, 50, folds, TOL)
    n = len(early.path.alphas)
    assert n < 50
    np.testing.assert_array_equal(early.path.alphas, whole.path.alphas[:n])
    np.testing.assert_allclose(early.cv.errors, whole.cv.errors[:, :n], rtol=2e-3)
    best = [found.error(found.usable(TOL)).argmin() for found in (early, whole)]
    assert best[0] == best[1]


def test_no_array_is_as_large_as_the_full_table():
    rng = np.random.default_rng(0)
    n, p = 2000, 20_000
    X = sparse.csr_array(sparse.random_array((n, p), density=1e-3, rng=rng))
    y = (X[:, :50].sum(axis=1) + 0.05 * rng.standard_normal(n) > 0.02).astype(float)
    problem = Problem(X, y, "binary")
    alphas = problem.alpha_grid(1.0, 50)[:10]
    problem.path(alphas[:2], 1.0, TOL)
    tracemalloc.start()
    path = problem.path(alphas, 1.0, TOL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.gap.max() <= TOL and path.coef[-1].any()
    assert peak < 8 * n * p / 20
