"""Ridge by a few factors: the solutions of a direct solver, at a fraction of the cost."""

import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.linalg import hilbert

from normwise.fitting.solvers import krylov, ridge, views
from normwise.fitting.solvers.krylov import Factor, solve_shifted
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.solvers.ridge import LARGE, RidgePath


@st.composite
def awkward_tables(draw):
    """Data of the kinds that trip solvers, with weights and options."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(2, 30)), draw(st.integers(1, 30))
    X = rng.standard_normal((n, p))
    kind = draw(st.sampled_from(["gaussian", "low rank", "indicators", "near duplicates"]))
    if kind == "low rank":
        X = X[:, : max(p // 3, 1)] @ rng.standard_normal((max(p // 3, 1), p))
    elif kind == "indicators":
        X = (rng.integers(0, p, n)[:, None] == np.arange(p)).astype(float)
    elif kind == "near duplicates":
        X = X[:, :1] + 10.0 ** draw(st.integers(-6, -1)) * X
    if draw(st.booleans()):
        X[:, rng.integers(p)] = draw(st.sampled_from([0.0, 0.1]))
    if draw(st.booleans()):
        X = X * 10.0 ** rng.integers(-1, 2, p)
    y = X @ rng.standard_normal(p) + draw(st.sampled_from([0.0, 1.0])) * rng.standard_normal(n)
    weight = rng.exponential(size=n) if draw(st.booleans()) else np.ones(n)
    if draw(st.booleans()) and n > 3:
        weight[rng.integers(n, size=n // 3)] = 0.0
        weight[:2] = 1.0
    options = {"standardize": draw(st.booleans()), "fit_intercept": draw(st.booleans())}
    return X, y, weight, options


def direct(X, y, weight, alpha, standardize, fit_intercept) -> np.ndarray:
    """Predictions of ridge by a singular value decomposition; of smallest norm at strength 0."""
    w = weight / weight.sum()
    mean, offset = (w @ X, w @ y) if fit_intercept else (np.zeros(X.shape[1]), 0.0)
    Z = X - mean
    spread = np.sqrt(w @ Z**2)
    constant = spread <= 1e-12 * np.abs(mean)
    scale = np.where(constant, np.inf, spread if standardize else 1.0)
    Z = Z / scale
    u, d, vt = np.linalg.svd(Z * np.sqrt(w)[:, None], full_matrices=False)
    keep = d > 1e-7 * max(d[0], 1e-300)
    along = u.T[keep] @ ((y - offset) * np.sqrt(w))
    return offset + Z @ vt[keep].T @ (along * d[keep] / (d[keep] ** 2 + alpha))


@settings(max_examples=300)
@given(awkward_tables())
def test_factors_give_what_a_direct_solver_gives(table):
    X, y, weight, options = table
    unit = Problem(X, y, sample_weight=weight, **options).alpha_grid(0.0, 5)[1] or 1.0
    alphas = unit * np.array([1.0, 1e-2, 1e-4, 0.0])
    with patch.object(ridge, "LARGE", 1):
        path = Problem(X, y, sample_weight=weight, **options).path(alphas, 0.0)
    assert path.gap.max() <= 1e-6
    predictor = path.intercept[:, None] + path.coef @ X.T
    size = np.abs(y).max() + 1e-12
    for alpha, found in zip(alphas, predictor, strict=True):
        expected = direct(X, y, weight, alpha, **options)
        kept = weight > 0
        np.testing.assert_allclose(found[kept], expected[kept], atol=1e-5 * size)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize(
    "shape",
    [(3 * LARGE, LARGE - 1), (3 * LARGE, LARGE), (LARGE - 1, 2 * LARGE), (LARGE, 2 * LARGE)],
)
def test_both_sides_of_the_switch_agree_with_eigenvectors(
    rng, monkeypatch, shape, copies, fit_intercept, form
):
    # the other way of sparse features has tests of its own
    monkeypatch.setattr(views, "WIDE", np.inf)
    n, p = shape
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    if copies == 2:
        # of half the rank
        X[:, p // 2 :] = X[:, : p - p // 2]
    y = X[:, :10].sum(axis=1) + 3 * rng.standard_normal(n)
    found, expected = (Problem(form(X), y, fit_intercept=fit_intercept) for _ in range(2))
    alphas = found.alpha_grid(0.0, 30)
    a = found.path(alphas, 0.0)
    assert ("_eigen" in vars(found._all_rows.ridge)) == (min(shape) < LARGE)
    with patch.object(ridge, "LARGE", np.inf):
        b = expected.path(alphas, 0.0)
    assert max(a.gap.max(), b.gap.max()) <= 1e-12
    np.testing.assert_allclose(a.coef, b.coef, atol=1e-6 * np.abs(b.coef).max())
    rows = np.arange(n)
    splits = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]
    errors = found.cross_validate(splits, alphas, 0.0).errors
    with patch.object(ridge, "LARGE", np.inf):
        np.testing.assert_allclose(
            errors, expected.cross_validate(splits, alphas, 0.0).errors, rtol=1e-6
        )


@pytest.mark.parametrize("shape", [(2 * LARGE, LARGE), (LARGE + 50, LARGE + 50)])
def test_a_hundred_strengths_take_a_few_factors(rng, shape, monkeypatch):
    made = []

    class Counted(Factor):
        def __init__(self, *args):
            made.append(1)
            super().__init__(*args)

    monkeypatch.setattr(krylov, "Factor", Counted)
    monkeypatch.setattr(ridge, "Factor", Counted)
    X = rng.standard_normal(shape)
    of = Problem(X, X[:, 0] + rng.standard_normal(shape[0]))
    path = of.path(of.alpha_grid(0.0, 100), 0.0)
    assert path.gap.max() <= 1e-15
    assert 1 < len(made) <= 6


def test_where_the_rank_is_uncertain_eigenvectors_decide():
    # of a Hilbert matrix no pivot is clearly a rounding error
    G = hilbert(40)
    target = G @ np.ones(40)
    with patch.object(ridge, "LARGE", 1):
        path = RidgePath(G, target, False, float(np.ones(40) @ target) / 2)
        solution, gap = path.solve(np.array([1.0, 0.0]))
    assert "_eigen" in vars(path)
    assert gap.max() <= 1e-12
    np.testing.assert_allclose(solution[1] @ G, target, atol=1e-12)


def test_a_matrix_that_is_not_definite_has_no_factor(rng):
    A = rng.standard_normal((5, 5))
    S = A @ A.T
    np.testing.assert_allclose(S @ Factor(S).solve(A[0]), A[0], atol=1e-10)
    shifted = Factor(S, 2.0)
    np.testing.assert_allclose((S + 2 * np.eye(5)) @ shifted.solve(A[0]), A[0], atol=1e-12)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        Factor(S - 1.1 * np.linalg.eigvalsh(S)[-1] * np.eye(5))


@pytest.mark.parametrize("factored", [False, True])
def test_one_basis_serves_all_strengths(rng, factored):
    A = rng.standard_normal((60, 300)) * np.geomspace(1, 0.1, 60)[:, None]
    S, target = A @ A.T / 300, rng.standard_normal(60)
    alphas = np.geomspace(100, 1e-3, 25)
    found, residual = solve_shifted(
        S.__matmul__,
        target,
        alphas,
        lambda square, top: square,
        1e-20,
        60,
        S if factored else None,
    )
    expected = [np.linalg.solve(S + alpha * np.eye(60), target) for alpha in alphas]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        residual, found @ S + alphas[:, None] * found - target, atol=1e-12 * np.abs(found).max()
    )
    none = solve_shifted(S.__matmul__, 0 * target, alphas, lambda square, top: square, 0.0, 60, S)
    assert not np.any(none)


def test_leave_one_out_decomposes_once(rng, monkeypatch):
    X = rng.standard_normal((LARGE + 80, LARGE))
    of = Problem(X, X[:, 0] + rng.standard_normal(len(X)))
    monkeypatch.setattr(RidgePath, "_by_factors", None)
    assert np.isfinite(of.leave_one_out(np.array([1.0, 0.1]))).all()


def sparse_table(rng, shape: tuple[int, int]) -> tuple[sparse.csr_array, np.ndarray]:
    X = sparse.random_array(shape, density=0.1, rng=rng, data_sampler=rng.standard_normal)
    return sparse.csr_array(X), X @ np.ones(shape[1]) + 5 + rng.standard_normal(shape[0])


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (200, 30)])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("twice", [False, True])
def test_products_alone_give_the_same_path(rng, shape, fit_intercept, twice):
    X, y = sparse_table(rng, shape)
    if twice:
        # a kernel whose null space the response reaches into
        X = sparse.vstack([X, X[: shape[0] // 2]]).tocsr()
        y = np.append(y, y[: shape[0] // 2] + 1)
    weight = rng.exponential(size=len(y))
    weight[:3] = 0.0
    held, implicit = (
        Problem(X, y, sample_weight=weight, fit_intercept=fit_intercept) for _ in range(2)
    )
    alphas = held.alpha_grid(0.0, 30)
    a = held.path(alphas, 0.0)
    with patch.object(views, "MOST_DENSE", 1):
        b = implicit.path(alphas, 0.0)
        assert "matrix" not in vars(implicit._all_rows.ridge)
        loo = implicit.leave_one_out(alphas)
    assert b.gap.max() <= 1e-9
    # the gap that is reported bounds the one of a direct residual
    ridge_path = implicit._all_rows.ridge
    inner = alphas[(alphas > 0) & np.isfinite(alphas)]
    if ridge_path.kernel:
        a_rows = ridge_path.solve(inner)[0] + 1e-3 * rng.standard_normal(ridge_path.target.shape)
        rows = ridge_path.apply(a_rows) + inner[:, None] * a_rows - ridge_path.target
        exact = np.einsum("ij,ij->i", rows, ridge_path.apply(rows))
        assert (ridge_path._squares(rows) >= exact * (1 - 1e-9)).all()
    np.testing.assert_allclose(b.coef, a.coef, atol=1e-4 * np.abs(a.coef).max())
    np.testing.assert_allclose(b.intercept, a.intercept, atol=1e-4)
    np.testing.assert_allclose(loo, held.leave_one_out(alphas), rtol=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_products_do_for_a_wide_sparse_table_also_without_a_penalty(rng, fit_intercept):
    X, y = sparse_table(rng, (60, 400))
    problem = Problem(X, y, fit_intercept=fit_intercept)
    alphas = problem.alpha_grid(0.0, 30)
    assert alphas[-1] == 0
    path = problem.path(alphas, 0.0)
    assert "matrix" not in vars(problem._all_rows.ridge)
    with patch.object(views, "WIDE", np.inf):
        held = Problem(X, y, fit_intercept=fit_intercept)
        expected = held.path(alphas, 0.0)
        assert "matrix" in vars(held._all_rows.ridge)
    assert path.gap.max() <= 1e-9
    # without a penalty the rows are met exactly, which is what its gap says
    fitted = path.coef[-1] @ X.T + path.intercept[-1]
    assert np.mean((y - fitted) ** 2) <= 2e-9 * y.var()
    np.testing.assert_allclose(path.coef, expected.coef, atol=1e-5 * np.abs(expected.coef).max())


def test_where_products_lead_to_no_certificate_the_matrix_is_made(rng):
    # of few directions, and copies of rows with other responses: the kernel is singular
    few = sparse.random_array((40, 20), density=0.3, rng=rng)
    X = (few @ sparse.random_array((20, 300), density=0.2, rng=rng)).tocsr()
    y = rng.standard_normal(40)
    problem = Problem(X, y)
    alphas = problem.alpha_grid(0.0, 30)
    path = problem.path(alphas, 0.0)
    assert "matrix" in vars(problem._all_rows.ridge)
    assert path.gap.max() <= 1e-9
    dense = Problem(X.toarray(), y).path(alphas, 0.0)
    np.testing.assert_allclose(path.coef, dense.coef, atol=1e-6 * np.abs(dense.coef).max())


def test_a_large_sparse_table_is_never_filled(rng):
    shape = 4000, 6000
    X = sparse.random_array(shape, density=0.002, rng=rng)
    y = X @ rng.standard_normal(shape[1]) + 0.1 * rng.standard_normal(shape[0])
    of = Problem(X, y)
    tracemalloc.start()
    path = of.path(of.alpha_grid(0.0, 30), 0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.gap.max() <= 1e-6
    # a kernel alone would take more
    assert peak < 8 * shape[0] ** 2
