"""Penalties beyond the question's: what each is defined by, and that they join like the others."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from normwise.fitting.names import known_penalties, ordered, register, selects
from normwise.fitting.penalties.adaptive_lasso import pilot
from normwise.fitting.penalties.mcp import CONCAVITY
from normwise.fitting.penalty import Penalty, find
from normwise.fitting.tuning import fit, fold_labels
from normwise.solvers import NoSolutionError, Path, Problem

TOLERANCE = 1e-6
EXTRA = ("adaptive_lasso", "relaxed_lasso", "mcp")
COEF = np.array([3.0, -2.0, 1.0] + [0.0] * 17)


def drawn(rng, n=120, response="gaussian", scale=1.0):
    X = rng.standard_normal((n, len(COEF))) * scale + 1
    predictor = X @ (COEF / scale)
    if response == "binary":
        return X, (predictor - predictor.mean() + rng.logistic(size=n) > 0).astype(float)
    return X, predictor + rng.standard_normal(n)


def tuned(name, X, y, response="gaussian", n_alphas=20):
    folds = fold_labels(y, 4, response, np.random.default_rng(0))

    def risk(coef, intercept):
        return ((coef - COEF) ** 2).sum(axis=-1)

    return fit(X, y, find(name, 0.5), response, folds, n_alphas, TOLERANCE, risk)


def path_of(name, X, y, response="gaussian", n_alphas=20):
    penalty, problem = find(name, 0.5), Problem(X, y, response)
    return penalty.path(problem, penalty.grid(problem, n_alphas), TOLERANCE)


@pytest.mark.parametrize("name", EXTRA)
def test_a_path_begins_with_the_null_model_and_is_certified(name, rng):
    X, y = drawn(rng)
    path = path_of(name, X, y)
    assert len(path.coef) == 20 * find(name, 0.5).per_strength
    assert np.abs(path.coef[0]).max() < 1e-9
    assert path.intercept[0] == pytest.approx(y.mean())
    assert path.coef[-1].any()
    assert (path.gap <= TOLERANCE).all()
    assert (np.diff(path.alphas) <= 0).all()


@pytest.mark.parametrize("name", EXTRA)
def test_units_of_the_features_do_not_matter(name, rng):
    X, y = drawn(rng)
    scale = np.geomspace(0.01, 100, X.shape[1])
    path, scaled = path_of(name, X, y), path_of(name, X * scale, y)
    np.testing.assert_allclose(scaled.coef * scale, path.coef, atol=1e-5)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize("name", EXTRA)
def test_the_chosen_model_keeps_the_strong_features(name, response, rng):
    X, y = drawn(rng, 300, response)
    if response not in find(name, 0.5).responses:
        with pytest.raises(NoSolutionError):
            tuned(name, X, y, response)
        return
    found = tuned(name, X, y, response)
    coef = found.path.coef[found.chosen[0]]
    assert (np.sign(coef[:3]) == np.sign(COEF[:3])).all()
    assert (coef == 0).any()
    assert found.n_uncertified == 0


def test_each_beats_the_lasso_where_few_coefficients_are_large(rng):
    # what they were invented for
    errors = {name: [] for name in ("l1", *EXTRA)}
    for _ in range(8):
        X, y = drawn(rng)
        for name, values in errors.items():
            found = tuned(name, X, y)
            values.append(((found.path.coef[found.chosen[0]] - COEF) ** 2).sum())
    means = {name: np.mean(values) for name, values in errors.items()}
    assert max(means[name] for name in EXTRA) < means["l1"]


def test_adaptive_lasso_of_noise_is_no_worse_than_no_model(rng):
    # a ridge fit that is null would leave nothing to weigh with
    for scale in (1.0, 1000.0):
        X, y = rng.standard_normal((60, 20)), scale * rng.standard_normal(60)
        found = tuned("adaptive_lasso", X, y)
        assert found.path.coef[-1].any()
        folds = fold_labels(y, 4, "gaussian", np.random.default_rng(0))
        null = sum(((y[folds == k] - y[folds != k].mean()) ** 2).sum() for k in range(4)) / 60
        assert found.cv_error[0] == pytest.approx(null, rel=0.2)


def test_a_penalty_without_a_strength_is_fitted_as_it_is(rng):
    class LeastSquares(Penalty):
        name, tuned = "least_squares", False

        def path(self, problem, alphas, tol):
            return problem.path(alphas, 0.0, tol)

    X, y = drawn(rng)
    folds = fold_labels(y, 4, "gaussian", rng)
    args = ("gaussian", folds, 20, TOLERANCE, lambda c, i: np.zeros(len(c)))
    mine, none = fit(X, y, LeastSquares(), *args), fit(X, y, find("none", 0.5), *args)
    np.testing.assert_array_equal(mine.path.coef, none.path.coef)


def test_a_path_of_another_shape_is_refused(rng):
    class Short(Penalty):
        name = "short"

        def path(self, problem, alphas, tol):
            return problem.path(alphas[:3], 1.0, tol)

    X, y = drawn(rng)
    folds = fold_labels(y, 4, "gaussian", rng)
    with pytest.raises(ValueError, match=r"Short.path returned .* \(3, 20\), must be \(20, 20\)"):
        fit(X, y, Short(), "gaussian", folds, 20, TOLERANCE, lambda c, i: np.zeros(len(c)))


def test_adaptive_lasso_solves_its_weighted_problem(rng):
    X, y = drawn(rng)
    path = path_of("adaptive_lasso", X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    weight = 1 / np.abs(pilot(Problem(X, y), TOLERANCE) * X.std(axis=0))
    step = 8
    coef = path.coef[step] * X.std(axis=0)
    gradient = Z.T @ (y - y.mean() - Z @ coef) / len(y) / weight
    active = coef != 0
    assert 0 < active.sum() < len(COEF)
    # one common bound, reached by what is active
    bound = np.abs(gradient[active])
    np.testing.assert_allclose(bound, bound[0], rtol=1e-6)
    assert np.abs(gradient[~active]).max() <= bound[0]


def test_relaxed_lasso_lies_between_the_lasso_and_least_squares(rng):
    X, y = drawn(rng)
    path = path_of("relaxed_lasso", X, y)
    lasso = Problem(X, y).path(path.alphas[::3], 1.0)
    np.testing.assert_allclose(path.coef[::3], lasso.coef)
    step = 7
    kept = lasso.coef[step] != 0
    assert 0 < kept.sum() < len(COEF)
    design = np.column_stack([np.ones(len(y)), X[:, kept]])
    free = np.linalg.lstsq(design, y)[0]
    np.testing.assert_allclose(path.coef[3 * step + 2][kept], free[1:])
    assert path.intercept[3 * step + 2] == pytest.approx(free[0])
    half = (path.coef[3 * step] + path.coef[3 * step + 2]) / 2
    np.testing.assert_allclose(path.coef[3 * step + 1], half)


@pytest.mark.parametrize("kind", ["plain", "copies", "nearly copies", "wide", "weights"])
def test_free_fits_of_the_relaxed_lasso_are_least_squares_of_what_is_kept(kind, rng):
    n, p = (30, 60) if kind == "wide" else (80, 12)
    X = rng.standard_normal((n, p)) * np.geomspace(0.01, 100, p) + 3
    if kind == "copies":
        X[:, 1] = X[:, 0]
    elif kind == "nearly copies":
        X[:, 1] = X[:, 0] + 1e-6 * X[:, 1]
    y = (X / X.std(axis=0))[:, :4].sum(axis=1) + rng.standard_normal(n)
    weight = rng.random(n) + 0.5 if kind == "weights" else np.ones(n)
    problem, penalty = Problem(X, y, sample_weight=weight), find("relaxed_lasso", 0.5)
    path = penalty.path(problem, penalty.grid(problem, 20), TOLERANCE)
    mean, root = np.average(X, axis=0, weights=weight), np.sqrt(weight)
    scale = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight))
    Z, target = (X - mean) / scale * root[:, None], (y - np.average(y, weights=weight)) * root
    for lasso, free in zip(path.coef[::3], path.coef[2::3], strict=True):
        kept = lasso != 0
        expected = np.linalg.lstsq(Z[:, kept], target)[0] if kept.any() else np.zeros(0)
        # the fit itself; what near-copies share among them has fewer digits
        fitted = Z[:, kept] @ (free * scale)[kept]
        np.testing.assert_allclose(fitted, Z[:, kept] @ expected, atol=1e-8 * np.abs(target).max())
        assert not free[~kept].any()


def test_mcp_is_firm_thresholding_for_orthogonal_features():
    # closed form: Zhang 2010, section 2
    n, rng = 40, np.random.default_rng(1)
    Q = ortho_group.rvs(n, random_state=rng)[:, :8]
    Q -= Q.mean(axis=0)
    Q = np.linalg.qr(Q)[0]
    X = Q / Q.std(axis=0)
    y = X @ rng.normal(0, 1, 8) + 0.1 * rng.standard_normal(n)
    z = X.T @ (y - y.mean()) / n
    path = path_of("mcp", X, y)
    for alpha, coef in zip(path.alphas, path.coef, strict=True):
        soft = np.sign(z) * np.maximum(np.abs(z) - alpha, 0)
        firm = np.where(np.abs(z) <= CONCAVITY * alpha, soft / (1 - 1 / CONCAVITY), z)
        np.testing.assert_allclose(coef, firm, atol=1e-5)


def test_order_is_that_of_the_question_and_no_penalty_comes_last():
    assert ordered(["none", "mcp", "l2", "l1"]) == ["l1", "l2", "mcp", "none"]
    assert ordered(known_penalties())[-1] == "none"


def test_what_selects():
    assert [n for n in known_penalties() if not selects(n)] == ["l2", "none"]


@pytest.mark.parametrize("name", ["l1", "mcp", "Mine", "my penalty", "../up"])
def test_a_name_that_is_taken_or_no_name_is_refused(name):
    with pytest.raises(ValueError, match="is taken, or is not lower-case"):
        register(type("Other", (Penalty,), {"name": name}))


def test_a_penalty_without_a_fit_of_its_own_says_so(rng):
    X, y = drawn(rng)
    with pytest.raises(NotImplementedError):
        Penalty().path(Problem(X, y), np.ones(1), TOLERANCE)


def test_cross_validation_is_a_path_in_each_training_part(rng):
    X, y = drawn(rng, 60)
    penalty, problem = find("relaxed_lasso", 0.5), Problem(X, y)
    alphas = penalty.grid(problem, 10)
    rows = np.arange(60)
    splits = [(rows[20:], rows[:20]), (rows[:40], rows[40:])]
    found = penalty.cross_validate(problem, splits, alphas, TOLERANCE)
    path = penalty.path(Problem(X[20:], y[20:]), alphas, TOLERANCE)
    fitted = path.intercept[:, None] + path.coef @ X[:20].T
    np.testing.assert_allclose(found.errors[0], ((y[:20] - fitted) ** 2).mean(axis=1))
    assert found.errors.shape == found.gap.shape == (2, 30)
    assert isinstance(path, Path)
