"""Solutions against their optimality conditions, scikit-learn, exact limits and each other."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

from normwise.solvers import NoSolutionError, fit_path
from normwise.solvers.certificate import logistic_gap, squared_gap
from normwise.solvers.logistic import is_separable
from normwise.solvers.ridge import RidgePath
from normwise.tuning import Standardiser

RESPONSES = ["gaussian", "binary"]


def problem(rng, n: int, p: int, response: str) -> tuple[np.ndarray, np.ndarray]:
    """Standardised, correlated features and a response that depends on them."""
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
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
    X = Standardiser.learn(X).apply(X)
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
            gap = logistic_gap(X, y, coef[None], np.array([intercept]), *args)[0]
        else:
            intercept = y.mean()
            gap = squared_gap(X, y - y.mean(), coef[None], *args)[0]
        excess = objective(X, y, coef, intercept, alpha, l1_ratio, response) - best
        # up to rounding in a difference of sums of squares
        assert gap * unit >= excess - 1e-9 * (unit + abs(excess))
        if spread == 0:
            assert gap <= 1e-6


def test_gap_sees_a_poor_solution(rng):
    X, y = problem(rng, 60, 10, "gaussian")
    alpha = np.array([0.1 * largest_alpha(X, y, 1.0)])
    best = fit_path(X, y, alpha, 1.0, "gaussian").coef
    assert squared_gap(X, y - y.mean(), best, alpha, 1.0)[0] < 1e-12
    assert squared_gap(X, y - y.mean(), 0.9 * best, alpha, 1.0)[0] > 1e-4
    assert squared_gap(X, y - y.mean(), np.zeros((1, 10)), alpha, 1.0)[0] > 0.1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_gap_of_the_null_model_has_its_closed_form(rng, share):
    # the best multiple of the residual, y itself, gives (1 - alpha / alpha_max)^2
    X, y = problem(rng, 40, 8, "gaussian")
    alpha = np.array([share * largest_alpha(X, y, 1.0)])
    gap = squared_gap(X, y - y.mean(), np.zeros((1, 8)), alpha, 1.0)[0]
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
    found = RidgePath(X, y - y.mean()).effective_dof(alphas)
    np.testing.assert_allclose(found, [0, (d2 / (d2 + 15 * 0.3)).sum(), 14], atol=1e-10)


def test_unpenalised_logistic_equals_scikit_learn(rng):
    X, y = problem(rng, 200, 5, "binary")
    path = fit_path(X, y, np.zeros(1), 0.0, "binary")
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    assert np.abs(path.coef).max() > 0.1
    np.testing.assert_allclose(path.coef[0], model.coef_[0], atol=1e-5)
    assert path.intercept[0] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert path.gap[0] <= 1e-8


def test_unpenalised_logistic_with_dependent_features_is_the_fit_of_smallest_norm(rng):
    X, y = problem(rng, 200, 4, "binary")
    doubled = np.column_stack([X, X, np.zeros(200)])
    plain = fit_path(X, y, np.zeros(1), 0.0, "binary")
    path = fit_path(doubled, y, np.zeros(1), 0.0, "binary")
    assert np.abs(plain.coef).max() > 0.1
    np.testing.assert_allclose(path.coef @ doubled.T, plain.coef @ X.T, atol=1e-6)
    # halves on either copy have the smallest norm
    smallest = np.linalg.norm(plain.coef) / np.sqrt(2)
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
