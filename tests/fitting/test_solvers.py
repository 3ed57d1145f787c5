"""Solutions against their optimality conditions, scikit-learn, exact limits and each other."""

import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import caching
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit

from normwise import solvers
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers import compiled, elementary
from normwise.fitting.solvers import problem as problem_module
from normwise.fitting.solvers.active_set import active_set_path
from normwise.fitting.solvers.certificate import newton_decrement, relative_gap
from normwise.fitting.solvers.cholesky import (
    append,
    append_all,
    cholesky,
    products,
    remove,
    solve,
)
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.ridge import RidgePath
from normwise.fitting.solvers.separation import is_separable
from normwise.fitting.solvers.views import Dense, View, sparse_spread
from normwise.solvers import NoSolutionError, Problem, fit_path, prediction_loss

RESPONSES = ["gaussian", "binary"]
SQUARED_ERROR, LOG_LOSS = map(loss_of, RESPONSES)


def standardised(X: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Columns of mean 0 and variance 1; constant ones become zero."""
    mean = np.average(X, axis=0, weights=weight)
    scale = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight))
    return (X - mean) / np.where(scale <= 1e-12 * np.maximum(np.abs(mean), 1.0), np.inf, scale)


def problem(rng, n: int, p: int, response: str) -> tuple[np.ndarray, np.ndarray]:
    """Standardised, correlated features and a response that depends on them."""
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    X = standardised(X)
    predictor = X[:, : max(1, p // 3)].sum(axis=1)
    if response == "binary":
        return X, (rng.random(n) < expit(predictor)).astype(float)
    return X, 3 + predictor + rng.standard_normal(n)


def null_loss(y: np.ndarray, response: str) -> float:
    rate = y.mean()
    return float(
        -xlogy(rate, rate) - xlogy(1 - rate, 1 - rate) if response == "binary" else y.var() / 2
    )


def objective(X, y, coef, intercept, alpha, l1_ratio, response) -> float:
    predictor = intercept + X @ coef
    if response == "binary":
        loss = (np.logaddexp(0, predictor) - y * predictor).mean()
    else:
        loss = ((y - predictor) ** 2).mean() / 2
    return float(loss + alpha * (l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * coef @ coef))


def largest_alpha(X, y, l1_ratio) -> float:
    return float(np.abs(X.T @ (y - y.mean())).max() / len(y) / l1_ratio)


def gradient(X, y, coef, intercept, response) -> np.ndarray:
    """Minus the gradient of the mean loss."""
    predictor = intercept + X @ coef
    fitted = expit(predictor) if response == "binary" else predictor
    return X.T @ (y - fitted) / len(y)


def sklearn_fit(X, y, alpha, l1_ratio, response, tol=1e-12, max_iter=200_000):
    """Coefficients and intercept of scikit-learn for the same problem."""
    n = len(y)
    if response == "binary":
        solver = "saga" if l1_ratio else "lbfgs"
        model = LogisticRegression(
            C=1 / (n * alpha),
            l1_ratio=l1_ratio,
            solver=solver,
            random_state=0,
            tol=tol,
            max_iter=max_iter,
        )
        model.fit(X, y)
        return model.coef_[0], model.intercept_[0]
    if l1_ratio == 0:
        model = Ridge(alpha=n * alpha)
    elif l1_ratio == 1:
        model = Lasso(alpha=alpha, tol=tol, max_iter=max_iter)
    else:
        model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=tol, max_iter=max_iter)
    model.fit(X, y)
    return model.coef_, model.intercept_


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
@pytest.mark.parametrize("shape", [(60, 10), (30, 60)])
def test_kkt_conditions(rng, shape, l1_ratio, response):
    X, y = problem(rng, *shape, response)
    alphas = largest_alpha(X, y, l1_ratio) * np.geomspace(0.9, 1e-2, 8)
    path = fit_path(X, y, alphas, l1_ratio, response)
    tolerance = 1e-8 if response == "gaussian" else 1e-4
    for alpha, coef, intercept in zip(alphas, path.coef, path.intercept, strict=True):
        found = gradient(X, y, coef, intercept, response) - alpha * (1 - l1_ratio) * coef
        active = coef != 0
        assert active.any()
        np.testing.assert_allclose(
            found[active], alpha * l1_ratio * np.sign(coef[active]), atol=tolerance
        )
        assert (np.abs(found[~active]) <= alpha * l1_ratio + tolerance).all()


@pytest.mark.parametrize("response", RESPONSES)
def test_intercept_leaves_no_mean_error(rng, response):
    X, y = problem(rng, 60, 10, response)
    for l1_ratio in (1.0, 0.5, 0.0):
        path = fit_path(X, y, np.array([0.1, 0.01]), l1_ratio, response)
        predictor = path.intercept[:, None] + path.coef @ X.T
        fitted = expit(predictor) if response == "binary" else predictor
        np.testing.assert_allclose(fitted.mean(axis=1), y.mean(), atol=1e-4)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(80, 8), (30, 40)])
def test_same_coefficients_as_scikit_learn(rng, shape, l1_ratio, response):
    X, y = problem(rng, *shape, response)
    top = largest_alpha(X, y, l1_ratio or 1.0)
    alphas = top * np.array([0.5, 0.2, 0.05])
    path = fit_path(X, y, alphas, l1_ratio, response)
    for alpha, coef, intercept in zip(alphas, path.coef, path.intercept, strict=True):
        expected, offset = sklearn_fit(X, y, alpha, l1_ratio, response)
        assert np.abs(expected).max() > 0.01
        tolerance = 1e-6 if response == "gaussian" else 2e-3
        np.testing.assert_allclose(coef, expected, atol=tolerance)
        assert intercept == pytest.approx(offset, abs=tolerance)
        if response == "gaussian":
            np.testing.assert_array_equal(coef != 0, np.abs(expected) > 1e-9)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_logistic_agrees_with_a_general_minimiser(rng, l1_ratio):
    # split b = b+ - b-, so that the L1 norm is smooth on the positive orthant
    X, y = problem(rng, 50, 4, "binary")
    alpha = 0.02

    def smooth(v):
        b = v[:4] - v[4:8]
        predictor = v[8] + X @ b
        loss = (np.logaddexp(0, predictor) - y * predictor).mean()
        slope = X.T @ (expit(predictor) - y) / 50 + alpha * (1 - l1_ratio) * b
        value = loss + alpha * (l1_ratio * v[:8].sum() + (1 - l1_ratio) / 2 * b @ b)
        ridge = np.concatenate([slope, -slope]) + alpha * l1_ratio
        return value, np.append(ridge, (expit(predictor) - y).mean())

    bounds = [(0, None)] * 8 + [(None, None)]
    best = minimize(
        smooth, np.zeros(9), jac=True, bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    path = fit_path(X, y, np.array([alpha]), l1_ratio, "binary")
    coef, intercept = path.coef[0], path.intercept[0]
    assert np.abs(coef).max() > 0.1
    np.testing.assert_allclose(coef, best.x[:4] - best.x[4:8], atol=1e-4)
    assert objective(X, y, coef, intercept, alpha, l1_ratio, "binary") <= best.fun + 1e-9


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_path_starts_at_the_first_nonzero_coefficient(rng, l1_ratio, response):
    X, y = problem(rng, 40, 12, response)
    top = largest_alpha(X, y, l1_ratio)
    path = fit_path(X, y, top * np.array([1 + 1e-6, 0.99]), l1_ratio, response)
    assert [np.count_nonzero(coef) for coef in path.coef] == [0, 1]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_a_strength_has_one_solution_whatever_precedes_it_on_the_path(rng, l1_ratio, response):
    X, y = problem(rng, 60, 20, response)
    alphas = largest_alpha(X, y, l1_ratio or 1.0) * np.geomspace(1, 0.02, 12)
    whole = fit_path(X, y, alphas, l1_ratio, response)
    alone = fit_path(X, y, alphas[-1:], l1_ratio, response)
    tolerance = 1e-8 if response == "gaussian" else 2e-3
    assert np.abs(alone.coef).max() > 0.1
    np.testing.assert_allclose(alone.coef[0], whole.coef[-1], atol=tolerance)


@st.composite
def awkward_problems(draw):
    """Standardised problems of the kinds that trip solvers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    response = draw(st.sampled_from(RESPONSES))
    n, p = draw(st.integers(4, 25)), draw(st.integers(1, 30))
    X = rng.standard_normal((n, p))
    kind = draw(st.sampled_from(["gaussian", "sparse_binary", "near_duplicates", "offset"]))
    if kind == "sparse_binary":
        X = (rng.random((n, p)) < 0.15).astype(float)
    elif kind == "near_duplicates":
        X = X[:, :1] + 10.0 ** draw(st.integers(-9, -1)) * X
    elif kind == "offset":
        X = 1e6 + X * 10.0 ** rng.integers(-3, 4, p)
    if draw(st.booleans()):
        X[:, rng.integers(p)] = draw(st.sampled_from([0.0, 0.1, 1e6]))
    if draw(st.booleans()):
        X[:, rng.integers(p)] = X[:, rng.integers(p)]
    X = standardised(X)
    predictor = X @ rng.standard_normal(p)
    if response == "binary":
        y = (predictor + rng.logistic(size=n) * draw(st.sampled_from([0.0, 1.0])) > 0).astype(float)
        y[:2] = 0.0, 1.0
    else:
        y = predictor + rng.standard_normal(n) * draw(st.sampled_from([0.0, 1.0, 10.0]))
        y = (y + draw(st.sampled_from([0.0, 100.0]))) * 10.0 ** draw(st.integers(-8, 8))
    return X, y, response


@settings(max_examples=150)
@given(awkward_problems(), st.sampled_from([1.0, 0.5, 0.01]))
def test_awkward_problems_reach_their_certificate_and_no_one_does_better(awkward, l1_ratio):
    X, y, response = awkward
    top = largest_alpha(X, y, l1_ratio)
    if top == 0:
        return
    alphas = top * np.geomspace(1, 1e-3, 12)
    path = fit_path(X, y, alphas, l1_ratio, response)
    assert path.gap.max() <= 1e-6
    unit = null_loss(y, response)
    for i in (4, 8, 11):
        with warnings.catch_warnings():
            # a point that is not quite optimal is a valid competitor
            warnings.simplefilter("ignore", ConvergenceWarning)
            coef, intercept = sklearn_fit(X, y, alphas[i], l1_ratio, response, 1e-9, 500)
        args = (alphas[i], l1_ratio, response)
        ours = objective(X, y, path.coef[i], path.intercept[i], *args)
        assert ours <= objective(X, y, coef, intercept, *args) + 1e-7 * unit


@settings(max_examples=60)
@given(awkward_problems())
def test_awkward_ridge_problems_reach_their_certificate_and_no_one_does_better(awkward):
    X, y, response = awkward
    alphas = np.append(np.inf, np.geomspace(100.0 * X.shape[1], 1e-4, 8))
    path = fit_path(X, y, alphas, 0.0, response)
    assert path.gap.max() <= 1e-6
    unit = null_loss(y, response) or 1.0
    for i in (3, 8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            coef, intercept = sklearn_fit(X, y, alphas[i], 0.0, response, 1e-9, 500)
        args = (alphas[i], 0.0, response)
        ours = objective(X, y, path.coef[i], path.intercept[i], *args)
        assert ours <= objective(X, y, coef, intercept, *args) + 1e-7 * unit


@settings(max_examples=80)
@given(awkward_problems(), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2**32 - 1))
def test_gap_bounds_the_distance_to_the_optimum_for_any_point(awkward, l1_ratio, seed):
    X, y, response = awkward
    rng = np.random.default_rng(seed)
    alpha = largest_alpha(X, y, l1_ratio or 1.0) * 10.0 ** rng.uniform(-2, 1) or 1.0
    path = fit_path(X, y, np.array([alpha]), l1_ratio, response)
    unit = null_loss(y, response) or 1.0
    args = (np.array([alpha]), l1_ratio)
    best = objective(X, y, path.coef[0], path.intercept[0], alpha, l1_ratio, response)
    for spread in (0.0, 1e-4, 0.1, 1.0):
        coef = path.coef[0] + spread * (y.std() if response == "gaussian" else 1) * (
            rng.standard_normal(X.shape[1])
        )
        if response == "binary":
            intercept = path.intercept[0] + spread * rng.standard_normal()
            gap = relative_gap(LOG_LOSS, X, y, coef[None], np.array([intercept]), *args)[0]
        else:
            intercept = y.mean()
            gap = relative_gap(SQUARED_ERROR, X, y - y.mean(), coef[None], None, *args)[0]
        excess = objective(X, y, coef, intercept, alpha, l1_ratio, response) - best
        # up to rounding in a difference of sums of squares
        assert gap * unit >= excess - 1e-9 * (unit + abs(excess))
        if spread == 0:
            assert gap <= 1e-6


def test_gap_sees_a_poor_solution(rng):
    X, y = problem(rng, 60, 10, "gaussian")
    alpha = np.array([0.1 * largest_alpha(X, y, 1.0)])
    best = fit_path(X, y, alpha, 1.0, "gaussian").coef
    assert relative_gap(SQUARED_ERROR, X, y - y.mean(), best, None, alpha, 1.0)[0] < 1e-12
    assert relative_gap(SQUARED_ERROR, X, y - y.mean(), 0.9 * best, None, alpha, 1.0)[0] > 1e-4
    assert (
        relative_gap(SQUARED_ERROR, X, y - y.mean(), np.zeros((1, 10)), None, alpha, 1.0)[0] > 0.1
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_gap_of_the_null_model_has_its_closed_form(rng, share):
    # the best multiple of the residual, y itself, gives (1 - alpha / alpha_max)^2
    X, y = problem(rng, 40, 8, "gaussian")
    alpha = np.array([share * largest_alpha(X, y, 1.0)])
    gap = relative_gap(SQUARED_ERROR, X, y - y.mean(), np.zeros((1, 8)), None, alpha, 1.0)[0]
    assert gap == pytest.approx((1 - share) ** 2)


@pytest.mark.parametrize("response", RESPONSES)
def test_infinite_ridge_strength_is_the_null_model(rng, response):
    X, y = problem(rng, 30, 6, response)
    path = fit_path(X, y, np.array([np.inf, 1.0]), 0.0, response)
    assert not path.coef[0].any()
    assert path.coef[1].any()
    rate = y.mean()
    expected = np.log(rate / (1 - rate)) if response == "binary" else rate
    assert path.intercept[0] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(40, 6), (15, 40)])
@pytest.mark.parametrize("degenerate", [False, True])
def test_ridge_strength_zero_is_the_minimum_norm_fit(rng, shape, degenerate):
    X, y = problem(rng, *shape, "gaussian")
    if degenerate:
        X[:, 0] = X[:, 1]
        X[:, 2] = 0.0
    path = fit_path(X, y, np.array([1.0, 0.0]), 0.0, "gaussian")
    expected = np.linalg.lstsq(X, y - y.mean(), rcond=1e-10)[0]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(path.coef[1], expected, atol=1e-10)
    assert path.gap[1] < 1e-12


def test_ridge_tends_to_its_limits(rng):
    X, y = problem(rng, 15, 40, "gaussian")
    coef = fit_path(X, y, np.array([np.inf, 1e8, 1e-10, 0.0]), 0.0, "gaussian").coef
    np.testing.assert_allclose(coef[1], coef[0], atol=1e-6)
    np.testing.assert_allclose(coef[2], coef[3], atol=1e-6)


def test_ridge_degrees_of_freedom(rng):
    X, y = problem(rng, 15, 40, "gaussian")
    alphas = np.array([np.inf, 0.3, 0.0])
    d2 = np.linalg.eigvalsh(X @ X.T)[1:]
    expected = [0, (d2 / (d2 + 15 * 0.3)).sum(), 14]
    kernel = RidgePath(X @ X.T / 15, y / np.sqrt(15), True, 1.0)
    gram = RidgePath(X.T @ X / 15, X.T @ y / 15, False, 1.0)
    for ridge in (kernel, gram):
        np.testing.assert_allclose(ridge.weights(alphas).sum(axis=1), expected, atol=1e-10)


def test_unpenalised_logistic_equals_scikit_learn(rng):
    X, y = problem(rng, 200, 5, "binary")
    path = fit_path(X, y, np.zeros(1), 0.0, "binary")
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    assert np.abs(path.coef).max() > 0.1
    np.testing.assert_allclose(path.coef[0], model.coef_[0], atol=1e-5)
    assert path.intercept[0] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert path.gap[0] <= 1e-8


@pytest.mark.parametrize("constant", [0, 1])
@pytest.mark.parametrize("copies", [1, 2])
def test_unpenalised_logistic_with_dependent_features_is_the_fit_of_smallest_norm(
    rng, copies, constant
):
    X, y = problem(rng, 200, 4, "binary")
    doubled = np.column_stack([X] * copies + [np.zeros(200)] * constant)
    plain = fit_path(X, y, np.zeros(1), 0.0, "binary")
    path = fit_path(doubled, y, np.zeros(1), 0.0, "binary")
    assert np.abs(plain.coef).max() > 0.1
    np.testing.assert_allclose(path.coef @ doubled.T, plain.coef @ X.T, atol=1e-6)
    # equal shares on the copies have the smallest norm
    smallest = np.linalg.norm(plain.coef) / np.sqrt(copies)
    assert np.linalg.norm(path.coef) == pytest.approx(smallest, rel=1e-4)


def separated(rng, n: int, p: int, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Classes on the two sides of a hyperplane off the origin, a margin apart."""
    X = rng.standard_normal((n, p))
    side = X @ np.ones(p) - 0.3
    y = (side > 0).astype(float)
    X += (margin * np.sign(side))[:, None] * np.ones(p) / p
    return X - X.mean(axis=0), y


@pytest.mark.parametrize("p", [1, 3, 8])
def test_separable_classes_are_detected(rng, p):
    X, y = separated(rng, 40, p, 0.01)
    assert is_separable(X, y)
    assert is_separable(X * 1e-4, y)
    assert is_separable(X * 1e4, y)
    with pytest.raises(NoSolutionError):
        fit_path(X, y, np.zeros(1), 0.0, "binary")


def test_classes_that_touch_are_separable_too():
    # quasi-complete separation: ties on the hyperplane, and still no finite maximum
    x = np.array([-2.0, -1, 0, 0, 1, 2])
    assert is_separable(x[:, None], np.array([0.0, 0, 0, 1, 1, 1]))


def test_separation_along_one_feature_among_noise(rng):
    X = rng.standard_normal((200, 3))
    y = (rng.random(200) < 0.5).astype(float)
    rare = np.zeros(200)
    rare[np.flatnonzero(y == 1)[:3]] = 1.0  # a binary feature seen in one class only
    assert not is_separable(X, y)
    assert is_separable(np.column_stack([X, rare]), y)


def test_overlapping_classes_are_not_separable(rng):
    X, y = problem(rng, 200, 3, "binary")
    assert not is_separable(X, y)
    x = np.array([-2.0, -1, 1, 2])[:, None]
    assert not is_separable(x, np.array([0.0, 1, 0, 1]))


@pytest.mark.parametrize("seed", range(8))
def test_near_duplicates_do_not_make_classes_separable(seed):
    # separability is a matter of the column space, whatever the basis
    rng = np.random.default_rng(seed)
    X, noise = rng.standard_normal((2, 300, 15))
    y = (rng.random(300) < expit(X[:, 0])).astype(float)
    assert not is_separable(np.column_stack([X, noise]), y)
    assert not is_separable(np.column_stack([X, X + 1e-7 * noise]), y)


def test_one_row_on_the_wrong_side_ends_separability(rng):
    X, y = separated(rng, 200, 2, 0.01)
    deepest = np.argmax(X @ np.ones(2))
    y[deepest] = 0.0
    assert not is_separable(X, y)
    assert np.isfinite(fit_path(X, y, np.zeros(1), 0.0, "binary").coef).all()


@pytest.mark.parametrize("p", [20, 30])
def test_as_many_features_as_rows_separate_any_labels(rng, p):
    X, y = rng.standard_normal((20, p)), (rng.random(20) < 0.5).astype(float)
    assert is_separable(X - X.mean(axis=0), y)
    with pytest.raises(NoSolutionError):
        fit_path(X - X.mean(axis=0), y, np.array([1.0, 0.0]), 0.0, "binary")


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("shape", [(40, 8), (20, 30)])
def test_rotating_the_features_changes_the_lasso_but_not_ridge(rng, shape, response):
    # Ng 2004
    X, y = problem(rng, *shape, response)
    rotation = np.linalg.qr(rng.standard_normal((shape[1], shape[1])))[0]
    alphas = largest_alpha(X, y, 1.0) * np.array([0.5, 0.1])

    def predictions(features, l1_ratio):
        path = fit_path(features, y, alphas, l1_ratio, response)
        return path.intercept[:, None] + path.coef @ features.T

    ridge, lasso = predictions(X, 0.0), predictions(X, 1.0)
    assert np.ptp(ridge, axis=1).min() > 0.1
    tolerance = 1e-9 if response == "gaussian" else 1e-3
    np.testing.assert_allclose(predictions(X @ rotation, 0.0), ridge, atol=tolerance)
    assert np.abs(predictions(X @ rotation, 1.0) - lasso).max() > 0.05


@pytest.mark.parametrize(("l1_ratio", "exponent"), [(1.0, 1), (0.0, 0)])
def test_solutions_follow_the_scale_of_the_response(rng, l1_ratio, exponent):
    # the loss and the L2 penalty are quadratic, the L1 penalty is linear in the scale
    X, y = problem(rng, 40, 12, "gaussian")
    alphas = largest_alpha(X, y, 1.0) * np.geomspace(0.5, 0.01, 5)
    plain = fit_path(X, y, alphas, l1_ratio, "gaussian")
    assert plain.coef.any()
    for scale in (1e-6, 1e6):
        scaled = fit_path(X, y * scale, alphas * scale**exponent, l1_ratio, "gaussian")
        np.testing.assert_allclose(scaled.coef / scale, plain.coef, atol=1e-9)


# --- the gap that the solvers report


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(60, 10), (25, 40)])
@pytest.mark.parametrize("tol", [1e-2, 1e-6])
def test_reported_gap_is_the_independent_one(rng, shape, l1_ratio, response, tol):
    X, y = problem(rng, *shape, response)
    top = largest_alpha(X, y, l1_ratio or 0.01)
    alphas = top * np.geomspace(0.9, 1e-3, 12)
    for features, data in ((X, False), (7 + X * np.geomspace(1e-2, 1e2, shape[1]), True)):
        path = Problem(features, y, response, standardize=data).path(alphas, l1_ratio, tol)
        coef = path.coef * features.std(axis=0) if data else path.coef
        if response == "binary":
            intercept = path.intercept + path.coef @ features.mean(axis=0)
            expected = relative_gap(LOG_LOSS, X, y, coef, intercept, alphas, l1_ratio)
        else:
            expected = relative_gap(SQUARED_ERROR, X, y - y.mean(), coef, None, alphas, l1_ratio)
        np.testing.assert_allclose(path.gap, expected, atol=1e-9)
        assert path.gap.max() <= (tol if response == "binary" else 1e-10)
        # a coarse solution, whose gap is no rounding error
        assert tol < 1e-2 or response == "gaussian" or path.gap.max() > 1e-6


def test_decrement_of_logistic_fits(rng):
    X, y = problem(rng, 200, 5, "binary")
    unit = null_loss(y, "binary")
    best = fit_path(X, y, np.zeros(1), 0.0, "binary")
    assert newton_decrement(LOG_LOSS, X, y, best.coef, best.intercept)[0] < 1e-12
    spread = np.array([0.01, 0.03, 0.1, 1.0])[:, None]
    coef = best.coef + spread * rng.standard_normal(5)
    intercept = best.intercept + spread[:, 0]
    found = newton_decrement(LOG_LOSS, X, y, coef, intercept)
    least = objective(X, y, best.coef[0], best.intercept[0], 0.0, 0.0, "binary")
    excess = [
        (objective(X, y, b, b0, 0.0, 0.0, "binary") - least) / unit
        for b, b0 in zip(coef, intercept, strict=True)
    ]
    # the loss is quadratic near its minimum
    np.testing.assert_allclose(found[:2], excess[:2], rtol=0.05)
    assert (np.diff(found) > 0).all()
    # and neither a basis of the column space nor a dependent column matters
    turned = np.column_stack([3 + X @ rng.standard_normal((5, 5)), np.ones(200)])
    root = np.linalg.lstsq(np.column_stack([turned, np.ones(200)]), X)[0]
    same = newton_decrement(LOG_LOSS, turned, y, coef @ root[:6].T, intercept + coef @ root[6])
    np.testing.assert_allclose(same, found, rtol=1e-6)


# --- the forms that data can have

# gaps below 1e-16 still leave errors of 1e-8 where the log-loss is flat
EXACT = 0.0
FORMS = {"array": np.asarray, "csr": sparse.csr_array, "csc": sparse.csc_matrix}


class AsRows(Problem):
    """The same problems on dense rows, without moments or sparse columns."""

    def _view(self, rows: np.ndarray | None) -> View:
        X = self.X.toarray() if sparse.issparse(self.X) else self.X
        rows = np.arange(self.n_samples) if rows is None else rows
        parts = X[rows], self.y[rows], self.weight[rows]
        return Dense(*parts, self.loss, self.standardize, self.fit_intercept)


def sparse_problem(rng, n: int, p: int, response: str) -> tuple[np.ndarray, np.ndarray]:
    """Mostly zeros, on different scales, with a constant column."""
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4) * np.geomspace(0.1, 10, p)
    X[:, 2] = 0.0
    predictor = X[:, ::2] @ (1 / np.geomspace(0.1, 10, p))[::2]
    if response == "binary":
        return X, (rng.random(n) < expit(predictor - 0.5)).astype(float)
    return X, 5 + predictor + rng.standard_normal(n)


def brute_force_cv(X, y, response, splits, alphas, l1_ratio, weight, **options) -> np.ndarray:
    """Errors of problems made of the rows of each training part alone."""
    errors = []
    for train, test in splits:
        part = AsRows(X[train], y[train], response, sample_weight=weight[train], **options)
        path = part.path(alphas, l1_ratio, EXACT)
        predictor = path.intercept[:, None] + path.coef @ X[test].T
        errors.append(prediction_loss(y[test], predictor, response, weight[test]))
    return np.array(errors)


OPTIONS = [dict(standardize=s, fit_intercept=i) for s in (True, False) for i in (True, False)]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(k for k in o if o[k]) or "raw")
@pytest.mark.parametrize("shape", [(60, 8), (24, 32)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_form_of_the_data_does_not_matter(rng, shape, response, options, weighted):
    X, y = sparse_problem(rng, *shape, response)
    weight = rng.exponential(size=shape[0]) if weighted else None
    if weighted:
        weight[:2] = 0.0
    splits = list(KFold(4, shuffle=True, random_state=0).split(X))
    plain = AsRows(X, y, response, sample_weight=weight, **options)
    for form in FORMS.values():
        other = Problem(form(X), y, response, sample_weight=weight, **options)
        for l1_ratio in (1.0, 0.5, 0.0):
            if l1_ratio:
                assert other.alpha_max(l1_ratio) == pytest.approx(plain.alpha_max(l1_ratio))
            alphas = plain.alpha_grid(l1_ratio, 8)
            np.testing.assert_allclose(other.alpha_grid(l1_ratio, 8), alphas, rtol=1e-10)
            alphas = alphas[alphas > 0][:7]
            expected = plain.path(alphas, l1_ratio, EXACT)
            found = other.path(alphas, l1_ratio, EXACT)
            size = np.abs(expected.coef).max(axis=0) + 1e-300
            assert size.max() > 0.1
            np.testing.assert_allclose(found.coef / size, expected.coef / size, atol=1e-8)
            np.testing.assert_allclose(found.intercept, expected.intercept, atol=1e-8)
            assert not found.coef[:, 2].any()
            assert max(found.gap.max(), expected.gap.max()) < 1e-10
            cv = other.cross_validate(splits, alphas, l1_ratio, EXACT)
            reference = plain.cross_validate(splits, alphas, l1_ratio, EXACT)
            np.testing.assert_allclose(cv.errors, reference.errors, rtol=1e-8)
            np.testing.assert_allclose(cv.weight, reference.weight)
        if response == "gaussian":
            alphas = np.array([np.inf, 10.0, 0.3, 1e-3])
            for name in ("leave_one_out", "generalised_cv"):
                a, b = (getattr(which, name)(alphas) for which in (plain, other))
                np.testing.assert_allclose(a, b, rtol=1e-8, err_msg=name)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(50, 8), (15, 30)])
@pytest.mark.parametrize("offset", [1.0, 100.0])
@pytest.mark.parametrize("seed", range(3))
def test_sparse_columns_may_lie_far_from_zero(seed, offset, shape, l1_ratio, response):
    # they are not centred: their means must not reach the predictions as rounding errors
    X, y = problem(np.random.default_rng(seed), *shape, response)
    alphas = largest_alpha(X, y, 1.0) * np.array([0.5, 0.1, 1e-3])
    if response == "gaussian" and l1_ratio == 0:
        alphas = np.append(alphas, 0.0)
    predictor = []
    for form in (np.asarray, sparse.csr_array):
        path = Problem(form(X + offset), y, response).path(alphas, l1_ratio, EXACT)
        assert path.gap.max() < 1e-9
        predictor.append(path.intercept[:, None] + path.coef @ (X + offset).T)
    tolerance = 1e-8 if response == "gaussian" else 1e-7
    np.testing.assert_allclose(predictor[0], predictor[1], atol=tolerance)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_weights_are_repeated_rows(rng, form, l1_ratio, response, fit_intercept):
    for shape in ((40, 6), (20, 30)):
        X, y = sparse_problem(rng, *shape, response)
        weight = rng.integers(0, 4, len(y)).astype(float)
        rows = np.repeat(np.arange(len(y)), weight.astype(int))
        options = dict(fit_intercept=fit_intercept)
        weighted = Problem(FORMS[form](X), y, response, sample_weight=weight, **options)
        repeated = Problem(FORMS[form](X[rows]), y[rows], response, **options)
        top = repeated.alpha_max(l1_ratio or 1.0)
        assert weighted.alpha_max(l1_ratio or 1.0) == pytest.approx(top)
        alphas = top * np.array([0.5, 0.1, 0.02])
        a, b = (which.path(alphas, l1_ratio, EXACT) for which in (weighted, repeated))
        np.testing.assert_allclose(a.coef, b.coef, atol=1e-8 * np.abs(b.coef).max())
        np.testing.assert_allclose(a.intercept, b.intercept, atol=1e-8)
        # the same folds of either
        label = rng.permutation(np.arange(len(y)) % 3)
        found = weighted.cross_validate(parts(label), alphas, l1_ratio, EXACT)
        expected = repeated.cross_validate(parts(label[rows]), alphas, l1_ratio, EXACT)
        np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-8)
        np.testing.assert_allclose(found.weight, expected.weight)


def parts(label: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.flatnonzero(label != k), np.flatnonzero(label == k)) for k in np.unique(label)]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
@pytest.mark.parametrize("shape", [(50, 6), (20, 30)])
def test_only_the_ratios_of_weights_matter(rng, shape, l1_ratio, response):
    X, y = sparse_problem(rng, *shape, response)
    weight = rng.exponential(size=len(y))
    for form in FORMS.values():
        a, b = (
            Problem(form(X), y, response, sample_weight=w).path(np.array([0.1, 0.01]), l1_ratio)
            for w in (weight, 1e6 * weight)
        )
        np.testing.assert_allclose(a.coef, b.coef, rtol=1e-8, atol=1e-8 * np.abs(a.coef).max())


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("shape", [(50, 6), (20, 30)])
def test_coefficients_are_on_the_scale_of_the_data(rng, shape, response):
    X, y = problem(rng, *shape, response)
    unit, origin = np.geomspace(1e-3, 1e3, shape[1]), np.arange(shape[1])
    raw = X * unit + origin
    raw[:, 2] = 0.1  # its standard deviation is a rounding error, not zero
    X[:, 2] = 0.0
    for l1_ratio in (1.0, 0.5, 0.0):
        alphas = Problem(raw, y, response).alpha_grid(l1_ratio, 8)[1:-1]
        inside = Problem(raw, y, response).path(alphas, l1_ratio, EXACT)
        outside = fit_path(X, y, alphas, l1_ratio, response)
        assert inside.coef.any(axis=1).all()
        assert not inside.coef[:, 2].any()
        tolerance = 1e-8 if response == "gaussian" else 1e-3
        np.testing.assert_allclose(inside.coef * unit, outside.coef, atol=tolerance)
        predictor = inside.intercept[:, None] + inside.coef @ raw.T
        expected = outside.intercept[:, None] + outside.coef @ X.T
        np.testing.assert_allclose(predictor, expected, atol=10 * tolerance)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_without_an_intercept_the_gradient_vanishes_at_the_origin_of_the_data(
    rng, l1_ratio, form, response
):
    for shape in ((50, 6), (20, 30)):
        X, y = sparse_problem(rng, *shape, response)
        options = dict(standardize=False, fit_intercept=False)
        of = Problem(FORMS[form](X), y, response, **options)
        alphas = of.alpha_max(l1_ratio or 1.0) * np.array([1 + 1e-9, 0.3, 0.02])
        path = of.path(alphas, l1_ratio, EXACT)
        assert not path.intercept.any()
        assert path.coef[0].any() == (l1_ratio == 0)
        for alpha, coef in zip(alphas, path.coef, strict=True):
            found = gradient(X, y, coef, 0.0, response) - alpha * (1 - l1_ratio) * coef
            active = coef != 0
            edge = alpha * l1_ratio
            np.testing.assert_allclose(found[active], edge * np.sign(coef[active]), atol=1e-8)
            assert (np.abs(found[~active]) <= edge + 1e-8).all()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_unpenalised_fits_of_indicators_have_the_smallest_norm(rng, form, fit_intercept):
    # the indicators of all groups add up to the intercept
    group = rng.integers(0, 3, 300)
    X = np.column_stack([np.eye(3)[group], rng.standard_normal((300, 2))])
    logits = X[:, 3] + group - 1
    for y, response in (
        (logits + rng.standard_normal(300), "gaussian"),
        ((rng.random(300) < expit(logits)).astype(float), "binary"),
    ):
        options = dict(standardize=False, fit_intercept=fit_intercept)
        path = Problem(FORMS[form](X), y, response, **options).path(np.zeros(1), 0.0, EXACT)
        predictor = path.intercept + X @ path.coef[0]
        np.testing.assert_allclose(
            gradient(X, y, path.coef[0], path.intercept, response), 0, atol=1e-9
        )
        assert path.gap[0] < 1e-12
        if fit_intercept:
            X_centred, predictor = X - X.mean(axis=0), predictor - predictor.mean()
        else:
            X_centred = X
        smallest = np.linalg.lstsq(X_centred, predictor, rcond=1e-10)[0]
        np.testing.assert_allclose(path.coef[0], smallest, atol=1e-7)


# --- cross-validation

N_ROWS = 40
TURNS = np.random.default_rng(5)
SPLITS = {
    "folds": list(KFold(5, shuffle=True, random_state=0).split(np.zeros(N_ROWS))),
    "leave one out": list(KFold(N_ROWS).split(np.zeros(N_ROWS)))[::7],
    "halves": list(KFold(2).split(np.zeros(N_ROWS))),
    "not complements": list(
        ShuffleSplit(4, test_size=0.2, train_size=0.6, random_state=0).split(np.zeros(N_ROWS))
    ),
    "overlapping": [(np.arange(30), np.arange(20, N_ROWS))],
    "bootstrap": [(TURNS.integers(0, N_ROWS, N_ROWS), np.arange(N_ROWS)) for _ in range(3)],
    "as many rows as there are, some twice": [
        (np.append(np.arange(30), np.arange(5)), np.arange(30, 35)),
        (np.append(np.arange(36), np.arange(4)), np.arange(36, 40)),
    ],
}


def awkward_columns(X: np.ndarray) -> np.ndarray:
    """Columns that lose what varies in them with a few rows, or hardly keep any."""
    n = len(X)
    columns = np.zeros((n, 5))
    columns[-1, 0] = 1.0
    columns[0, 1] = 1e-3
    columns[-2, 2], columns[:, 3] = 1e8, 1e-4 * np.arange(n)
    columns[-2, 3] = 1e8
    columns[:, 4] = 1e6 + X[:, 0]
    return np.column_stack([X, columns])


@pytest.mark.parametrize("splits", SPLITS)
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("form", ["array", "csr"])
def test_folds_equal_problems_of_their_own(rng, splits, awkward, response, form):
    X, y = sparse_problem(rng, N_ROWS, 6, response)
    if awkward and form == "array":
        X = awkward_columns(X)
    elif awkward:
        # a sparse column is not centred: what it keeps must be seen beside its mean
        X = np.column_stack([X, awkward_columns(X)[:, 6:8]])
    weight = rng.exponential(size=N_ROWS)
    for w in (np.ones(N_ROWS), weight):
        of = Problem(FORMS[form](X), y, response, sample_weight=w)
        for l1_ratio in (1.0, 0.5, 0.0):
            alphas = AsRows(X, y, response, sample_weight=w).alpha_grid(l1_ratio, 6)
            alphas = alphas[alphas > 0]
            found = of.cross_validate(SPLITS[splits], alphas, l1_ratio, EXACT)
            expected = brute_force_cv(X, y, response, SPLITS[splits], alphas, l1_ratio, w)
            # the error of a single row may be small by chance
            size = 1e-9 if response == "binary" else 1e-8 * y.var()
            np.testing.assert_allclose(found.errors, expected, rtol=1e-8, atol=size)
            np.testing.assert_allclose(found.weight, [w[test].sum() for _, test in SPLITS[splits]])
            assert found.gap.max() < 1e-9


@pytest.mark.parametrize("response", RESPONSES)
def test_threads_do_not_change_the_folds(rng, response):
    X, y = problem(rng, N_ROWS, 10, response)
    of = Problem(X, y, response)
    alphas = of.alpha_grid(1.0, 10)
    one, two = (of.cross_validate(SPLITS["folds"], alphas, 1.0, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.errors, two.errors)
    np.testing.assert_array_equal(one.gap, two.gap)
    assert one.n_iter == two.n_iter > 0
    # splits are read once
    again = of.cross_validate(iter(SPLITS["folds"]), alphas, 1.0)
    np.testing.assert_array_equal(one.errors, again.errors)


def test_rows_without_weight_count_as_they_are_if_they_are_all_that_is_tested(rng):
    X, y = problem(rng, N_ROWS, 4, "gaussian")
    weight = np.ones(N_ROWS)
    weight[:8] = 0.0
    splits = [(np.arange(8, N_ROWS), np.arange(8))]
    found = Problem(X, y, sample_weight=weight).cross_validate(splits, np.array([0.1]), 1.0)
    expected = Problem(X, y).cross_validate(splits, np.array([0.1]), 1.0)
    np.testing.assert_allclose(found.errors, expected.errors)
    assert found.weight == [0.0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_a_training_part_of_one_class_has_no_solution(rng, form, l1_ratio):
    X, y = sparse_problem(rng, N_ROWS, 5, "binary")
    y[:] = 0.0
    y[:8] = 1.0
    of = Problem(FORMS[form](X), y, "binary")
    good, bad = (np.arange(4, N_ROWS), np.arange(4)), (np.arange(8, N_ROWS), np.arange(8))
    assert np.isfinite(of.cross_validate([good], np.array([0.1]), l1_ratio).errors).all()
    for splits in ([bad], [good, bad]):
        with pytest.raises(NoSolutionError, match="class"):
            of.cross_validate(splits, np.array([0.1]), l1_ratio)
    # rows without weight do not make a class
    weight = np.ones(N_ROWS)
    weight[:8] = 0.0
    with pytest.raises(NoSolutionError, match="class"):
        Problem(FORMS[form](X), y, "binary", sample_weight=weight).path(np.array([0.1]), l1_ratio)


def explicit_hat(Z, weight, alpha, fit_intercept) -> np.ndarray:
    """Matrix that takes y to the fitted values of ridge with total penalty alpha."""
    share = weight / weight.sum()
    centre = np.eye(len(Z)) - fit_intercept * np.outer(np.ones(len(Z)), share)
    C = centre @ Z
    ridge = C.T @ (weight[:, None] * C) + alpha * np.eye(Z.shape[1])
    return C @ np.linalg.solve(ridge, C.T * weight) @ centre + fit_intercept * share


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(25, 6), (14, 20)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_leave_one_out_and_gcv_equal_brute_force(
    rng, form, shape, weighted, fit_intercept, standardize
):
    X, y = sparse_problem(rng, *shape, "gaussian")
    weight = rng.exponential(size=len(y)) if weighted else np.ones(len(y))
    if weighted:
        weight[:2] = 0.0
    alphas = np.array([np.inf, 10.0, 0.3, 1e-3])
    of = Problem(
        FORMS[form](X), y, sample_weight=weight if weighted else None,
        standardize=standardize, fit_intercept=fit_intercept,
    )  # fmt: skip
    rows = weight > 0
    X, y, weight = X[rows], y[rows], weight[rows]
    n = len(y)
    Z = X
    if standardize:
        centred = X - fit_intercept * np.average(X, axis=0, weights=weight)
        scale = np.sqrt(np.average(centred**2, axis=0, weights=weight))
        Z = centred / np.where(scale > 0, scale, np.inf)
    loo, gcv = [], []
    for alpha in alphas:
        total = min(alpha, 1e12) * weight.sum()
        errors = []
        for i in range(n):
            keep = np.arange(n) != i
            # the row that is left out has no weight, and is predicted
            hat = explicit_hat(Z, np.where(keep, weight, 0.0), total, fit_intercept)
            errors.append((y[i] - hat[i] @ y) ** 2)
        loo.append(np.average(errors, weights=weight))
        hat = explicit_hat(Z, weight, total, fit_intercept)
        gcv.append(np.average((y - hat @ y) ** 2, weights=weight) / (1 - np.trace(hat) / n) ** 2)
    np.testing.assert_allclose(of.leave_one_out(alphas), loo, rtol=1e-8)
    np.testing.assert_allclose(of.generalised_cv(alphas), gcv, rtol=1e-8)
    assert np.ptp(loo) > 0.1 * min(loo)


def test_leave_one_out_of_a_fit_through_all_points_is_infinite(rng):
    X, y = problem(rng, 15, 40, "gaussian")
    alphas = np.array([np.inf, 1.0, 0.0])
    for form in FORMS.values():
        for found in (
            Problem(form(X), y).leave_one_out(alphas),
            Problem(form(X), y).generalised_cv(alphas),
        ):
            np.testing.assert_array_equal(np.isfinite(found), [True, True, False])
            assert found[2] == np.inf


def test_leave_one_out_is_for_squared_error(rng):
    X, y = problem(rng, 15, 4, "binary")
    for name in ("leave_one_out", "generalised_cv"):
        with pytest.raises(ValueError, match="squared error"):
            getattr(Problem(X, y, "binary"), name)(np.ones(1))


@pytest.mark.parametrize("response", RESPONSES)
def test_prediction_loss_of_known_predictions(response):
    y, predictor = np.array([0.0, 1.0]), np.array([[0.0, 0.0], [1.0, 3.0]])
    each = {
        "gaussian": [[0.0, 1.0], [1.0, 4.0]],
        "binary": [[np.log(2)] * 2, [-np.log(1 - expit(1)), -np.log(expit(3))]],
    }[response]
    np.testing.assert_allclose(prediction_loss(y, predictor, response), np.mean(each, axis=1))
    weight = np.array([1.0, 3.0])
    found = prediction_loss(y, predictor, response, weight)
    np.testing.assert_allclose(found, np.average(each, axis=1, weights=weight))


# --- grids


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("standardize", [True, False])
def test_grids_hold_the_null_model_and_the_limit(rng, standardize, response):
    X, y = problem(rng, 40, 12, response)
    X *= 3.0
    of = Problem(X, y, response, standardize=standardize)
    limit = response == "gaussian"
    for l1_ratio in (1.0, 0.5, 0.0):
        grid = of.alpha_grid(l1_ratio, 10)
        assert len(grid) == 10
        assert (np.diff(grid) < 0).all()
        path = of.path(grid[:2] * (1 + 1e-9), l1_ratio)
        assert not path.coef[0].any()
        assert path.coef[1].any()
        if l1_ratio:
            assert grid[0] == pytest.approx(of.alpha_max(l1_ratio))
            assert of.alpha_max(l1_ratio) == pytest.approx(of.alpha_max(1.0) / l1_ratio)
            assert grid[-2 if limit else -1] == pytest.approx(1e-3 * grid[0])
        else:
            assert grid[0] == np.inf
            assert (grid[-1] == 0) == limit
            # relative to the squares of the features
            assert grid[1] == pytest.approx(100 * 12 * (1 if standardize else 9))


# --- scikit-learn as the engine


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(60, 8), (25, 35)])
@pytest.mark.parametrize("form", ["array", "csr"])
def test_engines_reach_the_same_objective(rng, form, shape, l1_ratio, response):
    X, y = sparse_problem(rng, *shape, response)
    Z = standardised(X)
    native, other = (
        Problem(FORMS[form](X), y, response, engine=engine) for engine in ("native", "scikit-learn")
    )
    assert other.alpha_max(1.0) == pytest.approx(native.alpha_max(1.0))
    alphas = native.alpha_max(1.0) * np.geomspace(0.9, 0.02, 6)
    if l1_ratio == 0:
        alphas = np.append(np.inf, alphas)
        if response == "gaussian":
            alphas = np.append(alphas, 0.0)
    a, b = native.path(alphas, l1_ratio), other.path(alphas, l1_ratio)
    unit = null_loss(y, response)
    for path in (a, b):
        assert path.gap.max() <= 1e-6
        assert (path.n_iter[np.isfinite(alphas)] > 0).all()
    args = l1_ratio, response
    scale = X.std(axis=0)
    for i, alpha in enumerate(alphas):
        values = [
            objective(
                Z,
                y,
                path.coef[i] * scale,
                path.intercept[i] + path.coef[i] @ X.mean(axis=0),
                alpha if np.isfinite(alpha) else 0.0,
                *args,
            )
            for path in (a, b)
        ]
        assert values[0] == pytest.approx(values[1], abs=1e-6 * unit)
    splits = list(KFold(3, shuffle=True, random_state=1).split(X))
    inner = alphas[np.isfinite(alphas)][2:5]
    a, b = (which.cross_validate(splits, inner, l1_ratio) for which in (native, other))
    np.testing.assert_allclose(a.errors, b.errors, rtol=1e-2 if response == "binary" else 1e-3)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_engines_agree_without_an_intercept(rng, l1_ratio):
    X, y = sparse_problem(rng, 60, 8, "gaussian")
    alphas = np.array([0.1, 0.02])
    native, other = (
        Problem(X, y, fit_intercept=False, engine=engine).path(alphas, l1_ratio, 1e-9)
        for engine in ("native", "scikit-learn")
    )
    assert not other.intercept.any()
    np.testing.assert_allclose(native.coef, other.coef, atol=1e-3 * np.abs(native.coef).max())


def test_scikit_learn_as_the_engine_fits_an_intercept_to_classes(rng):
    X, y = problem(rng, 30, 5, "binary")
    with pytest.raises(ValueError, match="fits an intercept"):
        Problem(X, y, "binary", fit_intercept=False, engine="scikit-learn").path([0.1], 1.0)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_engines_agree_that_a_strong_penalty_leaves_the_null_model(rng, l1_ratio):
    # saga takes coefficients that stay zero for convergence, wherever the intercept is
    X, y = problem(rng, 40, 5, "binary")
    y[:10] = 1.0
    other = Problem(X, y, "binary", engine="scikit-learn")
    path = other.path(other.alpha_max(l1_ratio) * np.array([3.0, 1.2, 1.0001]), l1_ratio)
    assert not path.coef.any()
    assert path.gap.max() <= 1e-6


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_scikit_learn_as_the_engine_takes_no_weights(rng, l1_ratio, response):
    X, y = problem(rng, 30, 5, response)
    weight = np.ones(30)
    assert (
        Problem(X, y, response, sample_weight=2 * weight, engine="scikit-learn")
        .path(np.array([0.01]), l1_ratio)
        .coef.any()
    )
    weight[0] = 2.0
    of = Problem(X, y, response, sample_weight=weight, engine="scikit-learn")
    with pytest.raises(ValueError, match="weights"):
        of.path(np.array([0.01]), l1_ratio)


def test_engines_agree_on_the_unpenalised_logistic_fit(rng):
    X, y = problem(rng, 200, 5, "binary")
    a, b = (
        Problem(X, y, "binary", engine=engine).path(np.zeros(1), 0.0)
        for engine in ("native", "scikit-learn")
    )
    assert max(a.gap[0], b.gap[0]) <= 1e-8
    np.testing.assert_allclose(a.coef, b.coef, atol=1e-5)


# --- factors that follow a changing set of features


def gram_matrix(rng, k: int) -> np.ndarray:
    A = rng.standard_normal((k + 5, k)) * np.geomspace(0.1, 10, k)
    return A.T @ A


def factor_of(U: np.ndarray, k: int) -> np.ndarray:
    return np.triu(U[:k, :k])


SIZES = [1, 2, 3, 7, 31, 47, 48, 49, 95, 96, 97, 120]


@pytest.mark.parametrize("k", SIZES)
def test_cholesky_and_solve_equal_those_of_numpy(rng, k):
    A, b = gram_matrix(rng, k), rng.standard_normal(k)
    U = np.full((k + 3, k + 3), np.nan)
    cholesky(A.copy(), U)
    scale = np.sqrt(np.diag(A))
    np.testing.assert_allclose(factor_of(U, k) / scale, np.linalg.cholesky(A).T / scale, atol=1e-12)
    x = np.append(b, np.nan)
    solve(U, k, x)
    np.testing.assert_allclose(x[:k], np.linalg.solve(A, b), rtol=1e-8)
    out = np.full((k + 2, k + 2), np.nan)
    rows = rng.standard_normal((k, 30))
    products(rows, out)
    np.testing.assert_allclose(out[:k, :k], rows @ rows.T, atol=1e-12)
    assert np.isnan(out[k:]).all()


@pytest.mark.parametrize("k", SIZES)
def test_appending_builds_the_factor(rng, k):
    A = gram_matrix(rng, k)
    U = np.full((k, k), np.nan)
    for j in range(k):
        append(U, j, A[:j, j].copy(), A[j, j])
    scale = np.sqrt(np.diag(A))
    np.testing.assert_allclose(factor_of(U, k) / scale, np.linalg.cholesky(A).T / scale, atol=1e-12)


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("at_once", [2, 5, 130])
def test_appending_several_columns_builds_the_factor(rng, k, at_once):
    A = gram_matrix(rng, k)
    U = np.full((k, k), np.nan)
    for j in range(0, k, at_once):
        end = min(j + at_once, k)
        # what a column has below its diagonal entry is not read
        columns = np.where(np.arange(end) < np.arange(j, end)[:, None], A[j:end, :end], np.nan)
        assert append_all(U, j, columns, np.diag(A)[j:end].copy())
    scale = np.sqrt(np.diag(A))
    np.testing.assert_allclose(factor_of(U, k) / scale, np.linalg.cholesky(A).T / scale, atol=1e-12)


def test_a_column_that_depends_on_one_beside_it_is_noticed():
    U = np.full((3, 3), np.nan)
    U[0, 0] = 1e-4
    columns = np.array([[1e-8, np.nan, np.nan], [1e-3, 0.5, np.nan]])
    assert not append_all(U, 1, columns, np.ones(2))


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_coefficients_of_wrong_signs_leave_together(rng, l2):
    X = np.linalg.qr(rng.standard_normal((80, 40)))[0].T + 0.05 * rng.standard_normal((40, 80))
    b = rng.choice([-1.0, 1.0], 40)
    y = b @ X + 0.1 * rng.standard_normal(80)
    problem = X, y, np.full(1, 0.01), np.full(1, l2), np.ones(40)
    wrong, gap, n_iter = active_set_path(*problem, -b, -1, 1e-6, y @ y / 2)
    right, _, _ = active_set_path(*problem, b, -1, 1e-6, y @ y / 2)
    # one at a time they would take forty
    assert gap[0] < 1e-12 and n_iter[0] <= 15
    np.testing.assert_allclose(wrong, right, atol=1e-8)
    assert (wrong[0] * b > 0).all()


@pytest.mark.parametrize("k", SIZES)
def test_removing_leaves_the_factor_of_the_rest(rng, k):
    A = gram_matrix(rng, k)
    for q in {0, k // 2, k - 1}:
        U = np.full((k, k), np.nan)
        cholesky(A.copy(), U)
        remove(U, k, q)
        left = np.delete(np.arange(k), q)
        rest = A[np.ix_(left, left)]
        found, scale = factor_of(U, k - 1), np.sqrt(np.diag(rest))
        np.testing.assert_allclose(found / scale, np.linalg.cholesky(rest).T / scale, atol=1e-10)


def test_factor_survives_many_changes(rng):
    A = gram_matrix(rng, 60)
    scale = np.sqrt(np.diag(A))
    A = A / scale / scale[:, None]
    U, active = np.full((60, 60), np.nan), []
    for _ in range(600):
        out = [f for f in range(60) if f not in active]
        if out and (len(active) < 20 or rng.random() < 0.5):
            f = rng.choice(out)
            append(U, len(active), A[active, f].copy(), A[f, f])
            active.append(f)
        else:
            q = rng.integers(len(active))
            remove(U, len(active), q)
            del active[q]
    k = len(active)
    rest = A[np.ix_(active, active)]
    np.testing.assert_allclose(factor_of(U, k).T @ factor_of(U, k), rest, atol=1e-12)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_dependent_column_gets_a_small_pivot(rng, size):
    A = size * gram_matrix(rng, 4)
    A = np.block([[A, A[:, :1]], [A[:1], A[:1, :1]]])
    U, V = np.full((2, 5, 5), np.nan)
    cholesky(A.copy(), U)
    cholesky(A[:4, :4].copy(), V)
    append(V, 4, A[:4, 4].copy(), A[4, 4])
    for factor in (U, V):
        assert factor[4, 4] == pytest.approx(np.sqrt(1e-10 * A[4, 4]))
        np.testing.assert_allclose(factor_of(factor, 4).T @ factor_of(factor, 4), A[:4, :4])


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("unit", [1e-12, 1e-8, 1e-4, 1e4, 1e8])
def test_the_unit_of_unstandardised_features_changes_no_fit(rng, response, l1_ratio, unit):
    # next to an intercept, which has the unit one
    X = rng.standard_normal((30, 4))
    y = X[:, 0] + rng.standard_normal(30)
    y = (y > 0).astype(float) if response == "binary" else y
    top = np.abs(X.T @ (y - y.mean())).max() / len(y)
    alphas = top * np.array([0.9, 0.5, 0.1, 1e-2])
    power = 1 if l1_ratio else 2
    one = Problem(X, y, response, standardize=False).path(alphas, l1_ratio)
    other = Problem(unit * X, y, response, standardize=False).path(alphas * unit**power, l1_ratio)
    assert other.gap.max() <= 1e-6 and (one.coef[0] != 0).any()
    np.testing.assert_allclose(unit * other.coef, one.coef, rtol=1e-3, atol=1e-6)


def test_sparse_columns_far_from_zero_are_centred_with_their_zeros():
    rng = np.random.default_rng(0)
    X = np.column_stack([1e5 + rng.standard_normal(30), rng.random(30) < 0.3, np.full(30, 2e9)])
    X[4, 0] = 0.0  # hardly counts, or the mean would not be far from zero
    weight = rng.random(30)
    weight[4] = 1e-13
    weight /= weight.sum()
    thin, shift, spread = sparse_spread(sparse.csr_array(X), weight)
    assert shift.tolist() == pytest.approx([weight @ X[:, 0], 0, 2e9], rel=1e-15)
    np.testing.assert_allclose(thin.toarray(), X - shift, atol=1e-10)
    variance = weight @ (X[:, :2] - weight @ X[:, :2]) ** 2
    np.testing.assert_allclose(spread[:2] ** 2, variance, rtol=1e-9)
    assert spread[2] < 1e-12 * 2e9


def near_duplicates(seed: int) -> np.ndarray:
    """More features than rows, each beside its near copy."""
    rng = np.random.default_rng(seed)
    n, size = int(rng.integers(20, 70)), 10.0 ** -rng.integers(2, 8)
    X = rng.standard_normal((n, 2 * n + 2 * int(rng.integers(0, 20))))
    X[:, 1::2] = X[:, ::2] + size * X[:, 1::2]
    return X


@pytest.mark.parametrize("seed", range(20))
def test_a_factor_of_dependent_features_does_not_grow(seed):
    X = near_duplicates(seed)
    X = X[:, np.random.default_rng(seed).permutation(X.shape[1])[: len(X) + 15]]
    X = X - X.mean(axis=0)
    X /= np.linalg.norm(X, axis=0)
    gram = X.T @ X
    U = np.zeros_like(gram)
    cholesky(gram.copy(), U)
    assert np.abs(U).max() < 1 + 1e-6
    k, product = len(gram) - 1, U.T @ U
    for q in (0, k // 2):
        smaller, rest = U.copy(), np.delete(np.arange(k + 1), q)
        remove(smaller, k + 1, q)
        upper = np.triu(smaller[:k, :k])
        assert np.abs(upper).max() < 1 + 1e-6
        np.testing.assert_allclose(upper.T @ upper, product[np.ix_(rest, rest)], atol=1e-12)


def test_a_column_that_only_rounding_errors_explain_asks_for_a_new_factor():
    U = np.diag([1.0, 1e-5, 0.0])
    assert append(U, 2, np.array([0.5, 1e-6]), 1.0)
    assert not append(U, 2, np.array([0.5, 1e-4]), 1.0)
    assert not append(U, 2, np.array([0.5, np.inf]), 1.0)


@pytest.mark.parametrize("seed", [82, 225, 253, 641, 894, 914, 1008])
def test_near_duplicates_keep_their_certificates_down_to_the_limit(seed):
    X = near_duplicates(seed)
    rng = np.random.default_rng(seed)
    y = X[:, :10] @ rng.choice([-1.0, 1.0], 10) + 3 * rng.standard_normal(len(X))
    problem = Problem(X, y)
    assert problem.path(problem.alpha_grid(1.0, 100), 1.0).gap.max() <= 1e-6


@pytest.mark.parametrize("smallest", [1e-3, 1e-5])
@pytest.mark.parametrize("seed", [3, 371, 541, 808, 872, 1954, 2316, 2381])
def test_classes_of_near_duplicates_take_few_steps_to_their_certificates(seed, smallest):
    # a feature that entered could be driven out by the error left in its copy, again and again
    X = near_duplicates(seed)
    y = np.random.default_rng(seed).permutation(np.arange(len(X)) % 2)
    problem = Problem(X, y, "binary")
    path = problem.path(problem.alpha_grid(1.0, 60)[0] * np.geomspace(1, smallest, 60), 1.0)
    assert path.gap.max() <= 1e-6
    assert path.n_iter.max() < 100


@pytest.mark.parametrize("strengths", [[0.0], [0.1, 0.0]])
def test_classes_that_no_feature_tells_apart_have_a_certificate_without_a_penalty(strengths):
    X, y = np.array([[-1.0], [1.0], [-1.0], [1.0]]), np.array([0, 0, 1, 1])
    path = Problem(X, y, "binary").path(np.array(strengths), 1.0)
    np.testing.assert_allclose(path.gap, 0, atol=1e-12)
    np.testing.assert_allclose(path.coef, 0, atol=1e-12)


def test_a_change_of_one_solver_is_noticed_by_the_compiled_code_of_all(tmp_path):
    # the compiler's own cache notices a change of the file that a function is in, and of no other
    package = tmp_path / "normwise" / "fitting" / "solvers"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    shutil.copy(compiled.__file__, package / "compiled.py")
    head = "from normwise.fitting.solvers.compiled import njit\n"
    (package / "callee.py").write_text(head + "@njit()\ndef called():\n    return 1\n")
    caller = "from normwise.fitting.solvers.callee import called\n@njit()\ndef calls():\n"
    (package / "caller.py").write_text(head + caller + "    return called()\n")
    code = "from normwise.fitting.solvers.caller import calls as c\nprint(c(), c.stats.cache_hits)"

    def run():
        env = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": ""}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    assert run() == "1 Counter()\n"
    assert run().startswith("1 Counter({")
    (package / "callee.py").write_text(head + "@njit()\ndef called():\n    return 2\n")
    assert run() == "2 Counter()\n"


def test_all_compiled_code_is_kept_by_the_same_cache():
    package = Path(solvers.__file__).parents[1]
    texts = {f.stem: f.read_text() for f in package.rglob("*.py")}
    direct = {name for name, text in texts.items() if re.search(r"numba\.n?jit|import n?jit", text)}
    ours = {name for name, text in texts.items() if "solvers.compiled import njit" in text}
    assert direct - ours == {"compiled"}
    assert {"active_set", "cholesky", "columns", "likelihood", "parts", "sparsity"} < ours


def test_code_is_compiled_where_no_cache_can_be_kept(monkeypatch):
    def twice(x):
        return 2 * x

    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="no locator"):
        numba.njit(cache=True)(twice)
    assert njit(nogil=True)(twice)(2.0) == 4.0
    monkeypatch.undo()
    assert type(njit()(twice)._cache) is type(products._cache) is caching.FunctionCache


# --- the log-loss with an L2 part, of more rows and columns than Newton's method is kept for


@st.composite
def awkward_classes(draw, sizes):
    """Classes, and standardised features of the kinds that trip solvers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(sizes), draw(sizes)
    X = rng.standard_normal((n, p))
    kind = draw(st.sampled_from(["gaussian", "sparse_binary", "near_duplicates", "rank_two"]))
    if kind == "sparse_binary":
        X = (rng.random((n, p)) < 0.1).astype(float)
    elif kind == "near_duplicates":
        X = X[:, :1] + 10.0 ** draw(st.integers(-9, -1)) * X
    elif kind == "rank_two":
        X = X[:, :2] @ rng.standard_normal((2, p))
    X[:, 0] = draw(st.sampled_from([0.0, 0.1, 1e6]))
    X[:, 1] = X[:, 2]
    X = standardised(X)
    noise = rng.logistic(size=n) * draw(st.sampled_from([0.0, 1.0]))
    latent = X @ rng.standard_normal(p) + noise
    y = (latent > np.quantile(latent, draw(st.sampled_from([0.5, 0.95])))).astype(float)
    y[:2] = 0.0, 1.0
    return X, y


@settings(max_examples=60)
@given(awkward_classes(st.integers(problem_module.FEW - 1, 2 * problem_module.FEW)))
def test_both_ways_of_ridge_reach_a_certificate_that_is_computed_independently(awkward):
    X, y = awkward
    alphas = np.geomspace(100.0 * X.shape[1], 1e-4, 12)
    view = Problem(X, y, "binary", standardize=False)._all_rows
    null, start = null_loss(y, "binary"), np.array([float(LOG_LOSS.predictor_of(y.mean()))])

    def both(tol):
        first = np.zeros((1, X.shape[1]))
        quasi = problem_module._smooth(view, alphas, tol, null, start)
        newton = problem_module._curved(view, alphas, 0.0, tol, null, start, first)
        return [(coef.reshape(12, -1), level.ravel()) for coef, level, *_ in (quasi, newton)]

    chosen = fit_path(X, y, alphas, 0.0, "binary")
    for coef, intercept in (*both(1e-6), (chosen.coef, chosen.intercept)):
        gap = relative_gap(LOG_LOSS, X, y, coef, intercept - coef @ view.mean, alphas, 0.0)
        assert gap.max() <= 1e-6
    # a gap of 1e-6 leaves more room than that at a strength of 1e-4, by strong convexity
    (quasi, _), (newton, _) = both(1e-9)
    np.testing.assert_allclose(quasi @ X.T, newton @ X.T, atol=1e-2 * (1 + abs(X).max()))


@pytest.mark.parametrize("standardize", [True, False])
def test_wide_sparse_ridge_is_the_dense_one_and_never_rotated(rng, standardize):
    X = sparse.random_array((60, 450), density=0.02, rng=rng).tocsr()
    X.data[::7] = 0.0  # explicit zeros
    y = (rng.random(60) < 0.3).astype(float)
    weight = rng.integers(0, 3, 60).astype(float)
    alphas = np.geomspace(1e3, 1e-3, 20)
    options = {"sample_weight": weight, "standardize": standardize}
    dense, thin = (
        Problem(kind(X), y, "binary", **options).path(alphas, 0.0)
        for kind in (lambda X: X.toarray(), sparse.csr_array)
    )
    assert max(dense.gap.max(), thin.gap.max()) <= 1e-6
    predictors = [path.intercept[:, None] + (X @ path.coef.T).T for path in (dense, thin)]
    np.testing.assert_allclose(*predictors, rtol=1e-3, atol=1e-3)


def test_vectorised_functions_are_those_of_the_library(rng):
    @njit()
    def values(x, small, share):  # pragma: no cover
        out = np.empty((3, len(x)))
        for i in range(len(x)):
            out[0, i] = elementary.exp_minus(x[i])
            out[1, i] = elementary.log_of(small[i])
            out[2, i] = elementary.log1p_of(share[i])
        return out

    x = np.concatenate([[0.0, 700.0], rng.uniform(0, 1e-3, 500), rng.uniform(0, 690, 5000)])
    share = np.exp(-x) * rng.choice([-1.0, 1.0], len(x)) * (1 - 1e-9)
    found = values(x, np.exp(-x), share)
    np.testing.assert_allclose(found[0], np.exp(-x), rtol=1e-15)
    np.testing.assert_allclose(found[1], np.log(np.exp(-x)), rtol=1e-14)
    np.testing.assert_allclose(found[2], np.log1p(share), rtol=2e-15)
