"""Coordinate descent on the paths of many features, and where an active set takes over."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import Lasso

from normwise.fitting.search import (
    SURE,
    SURE_ABOVE_NULL,
    Searched,
    has_risen,
    looks_of,
    search,
)
from normwise.fitting.solvers import bulk, views
from normwise.fitting.solvers.problem import CrossValidation, Path, Problem
from normwise.fitting.tuning import splits_of

TOL = 1e-6


def whatever_the_size(patch: pytest.MonkeyPatch) -> None:
    """Solve small problems as large ones are."""
    patch.setattr(views, "MANY", 1)
    patch.setattr(bulk, "MAX_ROWS", 0)


@pytest.fixture
def always(monkeypatch):
    """Coordinate descent for every problem."""
    whatever_the_size(monkeypatch)


def awkward(seed: int, n: int, p: int, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, response and weights of a problem with a catch."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4)
    weight = np.ones(n)
    if kind == "duplicates":
        X[:, p // 2 :] = X[:, : p - p // 2]
    elif kind == "near duplicates":
        X[:, p // 2 :] = X[:, : p - p // 2] + 1e-6 * rng.standard_normal((n, p - p // 2))
    elif kind == "constant columns":
        X[:, ::2] = 3.0
    elif kind == "units":
        X *= 10.0 ** rng.integers(-8, 9, p)
    elif kind == "zero weights":
        weight = rng.integers(0, 3, n).astype(float)
        weight[:2] = 1.0
    y = X[:, 0] / (np.abs(X[:, 0]).max() or 1.0) + 0.3 * rng.standard_normal(n)
    return X, y, weight


def gap(X, y, weight, path, l1_ratio, standardize, fit_intercept) -> np.ndarray:
    """Relative duality gaps, from the data and the coefficients alone."""
    w = weight / weight.sum()
    mean = w @ X if fit_intercept else np.zeros(X.shape[1])
    offset = w @ y if fit_intercept else 0.0
    spread = np.sqrt(w @ (X - mean) ** 2)
    constant = spread <= 1e-7 * np.sqrt(w @ X**2)
    scale = np.where(constant, np.inf, spread if standardize else 1.0)
    Z, t = (X - mean) / scale, y - offset
    out = []
    for b, alpha in zip(path.coef, path.alphas, strict=True):
        b = np.where(constant, 0.0, b * np.where(constant, 1.0, scale))
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        r = t - Z @ b
        inner = np.abs((w * r) @ Z)
        shrink = min(1.0, l1 / max(inner.max(), 1e-300))
        primal = w @ r**2 / 2 + l1 * np.abs(b).sum() + l2 / 2 * b @ b
        dual = shrink * (w @ (r * t)) - shrink**2 * (w @ r**2) / 2
        if l2:
            excess = np.maximum(inner - l1, 0.0)
            dual = max(dual, w @ (r * t) - w @ r**2 / 2 - excess @ excess / (2 * l2))
        out.append((primal - dual) / (w @ t**2 / 2))
    return np.array(out)


KINDS = ("plain", "duplicates", "near duplicates", "constant columns", "units", "zero weights")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 40),
    p=st.integers(1, 60),
    kind=st.sampled_from(KINDS),
    l1_ratio=st.sampled_from([1.0, 0.5]),
    thin=st.booleans(),
    standardize=st.booleans(),
    fit_intercept=st.booleans(),
)
@example(0, 40, 1, "plain", 1.0, True, True, True)
@example(0, 2, 1, "plain", 1.0, True, True, True)
@example(1, 40, 20, "duplicates", 1.0, False, True, True)
@example(2, 40, 60, "near duplicates", 1.0, True, True, True)
@example(3, 30, 20, "units", 1.0, False, True, False)
def test_every_strength_carries_its_certificate(
    seed, n, p, kind, l1_ratio, thin, standardize, fit_intercept
):
    X, y, weight = awkward(seed, n, p, kind)
    if kind == "units" and not standardize:
        X /= np.abs(X).max(axis=0) + (X == 0).all(axis=0)
    given = sparse.csr_array(X) if thin else X
    with pytest.MonkeyPatch.context() as patch:
        whatever_the_size(patch)
        problem = Problem(
            given,
            y,
            sample_weight=weight,
            standardize=standardize,
            fit_intercept=fit_intercept,
        )
        path = problem.path(problem.alpha_grid(l1_ratio, 20), l1_ratio, TOL)
    assert path.gap.max() <= TOL
    found = gap(X, y, weight, path, l1_ratio, standardize, fit_intercept)
    np.testing.assert_allclose(found, path.gap, atol=1e-8)


@pytest.mark.parametrize("thin", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_the_path_is_that_of_the_active_set(monkeypatch, thin, l1_ratio):
    X, y, _ = awkward(5, 80, 30, "plain")
    given = sparse.csr_array(X) if thin else X
    exact = Problem(given, y).path(Problem(X, y).alpha_grid(l1_ratio, 30), l1_ratio, TOL)
    whatever_the_size(monkeypatch)
    path = Problem(given, y).path(exact.alphas, l1_ratio, 1e-12)
    assert path.n_iter.sum() != exact.n_iter.sum()
    np.testing.assert_allclose(path.coef, exact.coef, atol=1e-5)
    np.testing.assert_allclose(path.intercept, exact.intercept, atol=1e-5)


def test_stored_zeros_change_nothing(always):
    X, y, _ = awkward(6, 60, 90, "plain")
    thin = sparse.csr_array(X)
    full = sparse.csr_array((X.ravel(), np.tile(np.arange(90), 60), np.arange(0, 5401, 90)))
    assert full.nnz > thin.nnz
    alphas = Problem(thin, y).alpha_grid(1.0, 20)
    one, other = (Problem(M, y).path(alphas, 1.0, TOL) for M in (thin, full))
    np.testing.assert_allclose(other.coef, one.coef, atol=1e-12)


def hard(kind: str):
    """A problem that coordinate descent leaves to the active set before its path ends."""
    rng = np.random.default_rng(0)
    if kind == "dense":
        Z = rng.standard_normal((400, 100))
        return np.hstack([Z, Z + 1e-3 * rng.standard_normal((400, 100))]), rng
    X = sparse.random_array((200, 400), density=0.05, rng=rng, data_sampler=rng.standard_normal)
    return sparse.csr_array(X), rng


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_an_active_set_takes_over_where_it_is_faster(kind):
    X, rng = hard(kind)
    y = X @ rng.standard_normal(X.shape[1]) + rng.standard_normal(X.shape[0])
    problem = Problem(X, y)
    alphas = problem.alpha_grid(1.0, 100)
    view = problem._all_rows
    *_, n_done = view.descend(alphas, 0 * alphas, TOL, view.null, np.zeros(X.shape[1]))
    assert 1 < n_done < len(alphas)
    path = problem.path(alphas, 1.0, TOL)
    dense = X.toarray() if sparse.issparse(X) else X
    assert path.gap.max() <= TOL
    found = gap(dense, y, np.ones(len(y)), path, 1.0, True, True)
    # to rounding errors from where the active set began
    assert found.max() <= TOL and np.abs(found[n_done:]).max() < 1e-10
    model = Lasso(alpha=alphas[n_done], tol=1e-12, max_iter=100_000)
    scale = dense.std(axis=0)
    model.fit((dense - dense.mean(axis=0)) / scale, y)
    np.testing.assert_allclose(path.coef[n_done] * scale, model.coef_, atol=1e-4)


@pytest.mark.parametrize("thin", [True, False])
def test_a_path_goes_on_from_where_it_ended(always, thin):
    X, y, _ = awkward(7, 90, 40, "plain")
    given = sparse.csr_array(X) if thin else X
    problem = Problem(given, y)
    alphas = problem.alpha_grid(1.0, 30)
    whole = problem.path(alphas, 1.0, 1e-12)
    rest = problem.path(alphas[12:], 1.0, 1e-12, start=whole.coef[11])
    np.testing.assert_allclose(rest.coef, whole.coef[12:], atol=1e-6)
    folds = splits_of(np.arange(90) % 3)
    cv = problem.cross_validate(folds, alphas, 1.0, 1e-12)
    first = problem.cross_validate(folds, alphas[:12], 1.0, 1e-12)
    more = problem.cross_validate(folds, alphas[12:], 1.0, 1e-12, start=first.last)
    np.testing.assert_allclose(more.errors, cv.errors[:, 12:], atol=1e-6)
    np.testing.assert_allclose(more.last, cv.last, atol=1e-6)


@pytest.mark.parametrize("thin", [True, False])
def test_a_search_that_ends_early_chooses_as_the_whole_grid(monkeypatch, thin):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 90)) * (rng.random((60, 90)) < 0.5)
    y = X[:, :3].sum(axis=1) + rng.standard_normal(60)
    problem = Problem(sparse.csr_array(X) if thin else X, y)
    folds = splits_of(np.arange(60) % 5)
    whole = search(problem, 1.0, 50, folds, TOL)
    assert len(whole.path.alphas) == 50
    monkeypatch.setattr("normwise.fitting.search.LARGE", 50)
    early = search(problem, 1.0, 50, folds, TOL)
    n = len(early.path.alphas)
    assert n < 50
    np.testing.assert_array_equal(early.path.alphas, whole.path.alphas[:n])
    # an error is a square of what has a gap of a millionth
    np.testing.assert_allclose(early.cv.errors, whole.cv.errors[:, :n], rtol=2e-3)
    best = [found.error(found.usable(TOL)).argmin() for found in (early, whole)]
    assert best[0] == best[1]


@pytest.mark.parametrize(
    ("n", "p", "thin", "engine", "n_looks"),
    [
        (199, 400, False, "native", 0),
        (300, 199, False, "native", 0),
        (300, 200, False, "native", 2),
        (2001, 200, False, "native", 0),
        (200, 200, False, "native", 6),
        (200, 1600, False, "native", 6),
        (200, 1601, False, "native", 2),
        (200, 4001, False, "native", 0),
        (200, 4001, True, "native", 6),
        (200, 400, False, "scikit-learn", 0),
    ],
)
def test_how_often_a_search_looks_at_the_error_depends_on_the_shape(n, p, thin, engine, n_looks):
    X = np.zeros((n, p))
    problem = Problem(sparse.csr_array(X) if thin else X, np.arange(float(n)), engine=engine)
    looks = looks_of(problem)
    assert len(looks) == n_looks and list(looks) == sorted(looks)


def found_with(errors: np.ndarray) -> Searched:
    n_folds, n = errors.shape
    flat = np.zeros((n_folds, n))
    path = Path(np.geomspace(1, 0.1, n), np.zeros((n, 1)), flat[0], flat[0], flat[0])
    return Searched(path, CrossValidation(errors, flat, 0, np.ones(n_folds)))


def test_a_rise_counts_beyond_chance_and_beyond_a_share_of_what_is_explained():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(5)
    noise = (noise - noise.mean()) / noise.std(ddof=1)

    def rises(mean, spread, null=2.0, n_folds=5):
        last = 1.0 + mean + spread * noise
        return has_risen(found_with(np.column_stack([np.ones(5), last])[:n_folds]), TOL, null)

    edge = SURE / np.sqrt(5)
    assert rises(0.9, 0.9 * 0.9 / edge) and not rises(0.9, 0.9 * 1.1 / edge)
    # above the null model's error
    edge = SURE_ABOVE_NULL / np.sqrt(5)
    assert rises(1.3, 1.3 * 0.9 / edge) and not rises(1.3, 1.3 * 1.1 / edge)
    assert rises(0.11, 0.0) and not rises(0.09, 0.0)
    assert not rises(1.0, 0.0, n_folds=3)
    # where nothing is explained, a share of the null model's error
    assert rises(0.03, 0.0, null=1.0) and not rises(0.005, 0.0, null=1.0)


def test_an_error_that_still_falls_or_lies_flat_is_followed_to_the_end(monkeypatch):
    monkeypatch.setattr("normwise.fitting.search.LARGE", 50)
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 70))
    y = X @ rng.standard_normal(70)
    found = search(Problem(X, y), 1.0, 30, splits_of(np.arange(60) % 5), TOL)
    assert len(found.path.alphas) == 30
    assert Problem(X, y).null_error > 0
