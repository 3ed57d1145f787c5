"""Every loss is what it says of itself, and a third one is carried by the same mechanism."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error

from normwise.analysis.measure.metrics import held_out_metrics, replicate_metrics
from normwise.data import responses as kinds
from normwise.data.batch import Batch
from normwise.data.population import draw, population
from normwise.data.response_kind import RESPONSES, kind_of
from normwise.data.scenario import Scenario
from normwise.fitting import losses
from normwise.fitting.fit_job import FitOptions, fit_replicate
from normwise.fitting.loss import LOSSES, loss_of, prediction_loss
from normwise.fitting.penalty import mixes
from normwise.fitting.risk import PredictorLaw, risk_function
from normwise.fitting.solvers.certificate import newton_decrement, relative_gap
from normwise.solvers import NoSolutionError, Problem

# those with one linear predictor
EVERY = ("gaussian", "binary", "poisson", "counts")
STEP = 1e-5
every_loss = pytest.mark.parametrize("response", EVERY)


@pytest.fixture(autouse=True)
def third(counts):
    """All tests here know three losses."""


def draws(rng, response, n=60):
    """Responses and linear predictors that do not fit them too well."""
    predictor = rng.standard_normal(n)
    scenario = Scenario(n, 5, 2)
    truth = population(scenario, 0)
    return kind_of(response).draw(scenario, truth, predictor, rng), predictor[::-1].copy()


def design(rng, response, n=60, p=4):
    """Standardised features, and responses that depend on them."""
    X = rng.standard_normal((n, p))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    scenario = Scenario(n, p, 2)
    truth = population(scenario, 0)
    return X, kind_of(response).draw(scenario, truth, X @ np.full(p, 0.4) + 0.3, rng)


def objectives(loss, y, predictor):
    """What is minimised, row by row."""
    return np.array(
        [loss.objective(y[i : i + 1], predictor[None, i : i + 1])[0] for i in range(len(y))]
    )


# what is there


def test_every_kind_of_response_has_a_loss_in_a_module_of_its_name():
    folders = [Path(package.__file__).parent for package in (kinds, losses)]
    stems = [{f.stem for f in folder.glob("[a-z]*.py")} for folder in folders]
    assert stems[0] == stems[1] == set(RESPONSES)
    for response in RESPONSES:
        assert loss_of(response).name == kind_of(response).name == response
        assert type(loss_of(response)).__module__ == f"{losses.__name__}.{response}"


def test_the_default_comes_first():
    assert RESPONSES == ("gaussian", "binary", "multinomial", "poisson")


@every_loss
def test_a_loss_says_what_it_is_called(response):
    loss = loss_of(response)
    assert loss.label and loss.unit and loss is LOSSES[response]


def test_an_unknown_response_is_refused_with_those_that_there_are():
    message = "response 'ordinal' is unknown: give gaussian or binary or multinomial or poisson"
    for look_up in (loss_of, kind_of):
        with pytest.raises(ValueError, match=message):
            look_up("ordinal")
    with pytest.raises(ValueError, match=message):
        prediction_loss(np.ones(2), np.ones(2), "ordinal")
    with pytest.raises(ValueError, match=message):
        Problem(np.ones((2, 1)), np.ones(2), "ordinal")


# value, slope, curvature


@every_loss
def test_slope_and_curvature_are_the_derivatives(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    low, middle, high = (objectives(loss, y, predictor + d) for d in (-STEP, 0, STEP))
    slope, curvature = loss.slope(y, predictor), loss.curvature(predictor)
    np.testing.assert_allclose(slope, (high - low) / (2 * STEP), atol=1e-8)
    rise = loss.slope(y, predictor + STEP) - loss.slope(y, predictor - STEP)
    np.testing.assert_allclose(curvature, rise / (2 * STEP), atol=1e-8)
    assert (curvature > 0).all() and np.isfinite(middle).all()
    assert loss.quadratic == bool(np.ptp(curvature) == 0)


@every_loss
def test_slope_is_mean_minus_response_and_curvature_the_variance(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    mean = loss.mean_of(predictor)
    np.testing.assert_allclose(loss.slope(y, predictor), mean - y, atol=1e-15)
    np.testing.assert_allclose(loss.curvature(predictor), loss.variance(mean), rtol=1e-12)
    np.testing.assert_allclose(loss.predictor_of(mean), predictor, atol=1e-12)
    high, low = loss.cumulant(predictor + STEP), loss.cumulant(predictor - STEP)
    np.testing.assert_allclose(mean, (high - low) / (2 * STEP), atol=1e-8)


@every_loss
def test_objective_is_a_multiple_of_the_reported_value(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    some = np.array([predictor, 0 * predictor, predictor - 1])
    reported, minimised = loss.value(y, some), loss.objective(y, some)
    np.testing.assert_allclose(loss.factor * minimised, reported)
    np.testing.assert_array_equal(reported, prediction_loss(y, some, response))


@every_loss
def test_value_is_scikit_learns(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    mean, weight = loss.mean_of(predictor), rng.random(len(y))
    theirs = {
        "gaussian": lambda w: mean_squared_error(y, mean, sample_weight=w),
        "binary": lambda w: log_loss(y, mean, sample_weight=w),
        "poisson": lambda w: mean_poisson_deviance(y, mean, sample_weight=w),
        # half the deviance is the loss beyond that of a mean for each row
        "counts": lambda w: (
            mean_poisson_deviance(y, mean, sample_weight=w) / 2
            + np.average(y - np.where(y > 0, y * np.log(np.maximum(y, 1)), 0), weights=w)
        ),
    }[response]
    for w in (None, weight):
        assert loss.value(y, predictor, w) == pytest.approx(theirs(w))


# the null model


@every_loss
def test_no_constant_is_better_than_the_mean(rng, response):
    loss = loss_of(response)
    y, _ = draws(rng, response)
    best = minimize_scalar(
        lambda b: float(loss.value(y, np.full(len(y), b))), bounds=(-5, 5), method="bounded"
    )
    assert float(loss.predictor_of(np.asarray(y.mean()))) == pytest.approx(best.x, abs=1e-4)
    assert float(loss.null_value(y)) == pytest.approx(best.fun)
    stacked = loss.null_value(np.stack([y, y[::-1]])[:, None, :])
    np.testing.assert_allclose(stacked, np.full((2, 1), best.fun))
    assert loss.null_objective(y, y.mean()) > 0


@every_loss
def test_null_model_of_a_problem_has_the_mean_of_the_response(rng, response):
    X, y = design(rng, response)
    problem = Problem(X, y, response, engine="scikit-learn")
    path = problem.path(np.array([np.inf]), 0.0)
    assert (path.coef == 0).all() and path.gap[0] == 0
    assert float(loss_of(response).mean_of(path.intercept[0])) == pytest.approx(y.mean())


def test_a_mean_at_the_edge_has_no_null_model():
    for response, y in (("binary", np.ones(20)), ("counts", np.zeros(20))):
        with pytest.raises(NoSolutionError):
            Problem(np.eye(20), y, response).path(np.ones(1), 1.0)


# the certificate


@every_loss
def test_fenchel_and_young_with_equality_at_the_slope(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    value, slope = objectives(loss, y, predictor), loss.slope(y, predictor)
    np.testing.assert_allclose(value + loss.conjugate(y, slope), slope * predictor, atol=1e-12)
    for _ in range(50):
        other = slope + rng.standard_normal(len(y)) * rng.choice([0.1, 1, 10])
        conjugate = loss.conjugate(y, other)
        assert (value + conjugate >= other * predictor - 1e-12).all()
        inside = loss.slope(y, 3 * rng.standard_normal(len(y)))
        assert np.isfinite(loss.conjugate(y, inside)).all()


@every_loss
def test_dual_is_the_conjugate_of_the_shrunken_point(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    theta, shrink = -loss.slope(y, np.array([predictor, 0 * predictor])), np.array([0.3, 1.0])
    expected = [-loss.conjugate(y, -s * t).mean() for s, t in zip(shrink, theta, strict=True)]
    np.testing.assert_allclose(loss.dual(y, theta, shrink), expected)


@every_loss
def test_a_balanced_point_sums_to_zero_and_stays_in_the_domain(rng, response):
    loss = loss_of(response)
    y, predictor = draws(rng, response)
    theta = -loss.slope(y, np.array([predictor, predictor + 1]))
    assert (np.abs(theta.sum(axis=1)) > 0.1).all()
    before = theta.copy()
    balanced = loss.balanced(y, theta)
    np.testing.assert_allclose(balanced.sum(axis=1), 0, atol=1e-12)
    assert np.isfinite(loss.conjugate(y, -balanced)).all()
    np.testing.assert_array_equal(theta, before)


def reference(response, X, y, alpha):
    n = len(y)
    model = {
        "gaussian": Ridge(alpha=n * alpha, solver="svd"),
        "binary": LogisticRegression(C=1 / (n * alpha), solver="newton-cholesky", tol=1e-12),
        "counts": PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12),
        "poisson": PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12),
    }[response].fit(X, y)
    return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)


@every_loss
def test_gap_is_zero_at_the_optimum_and_bounds_the_distance_to_it(rng, response):
    loss = loss_of(response)
    X, y = design(rng, response)
    alpha = np.array([0.2])
    coef, intercept = reference(response, X, y, alpha[0])
    unit = loss.null_objective(y, y.mean())

    def objective(b, b0):
        return loss.objective(y, b0 + b @ X.T)[0] + 0.1 * float((b**2).sum())

    assert 0 <= relative_gap(loss, X, y, coef, intercept, alpha, 0.0)[0] + 1e-15 < 1e-9
    for spread in (1e-3, 0.1, 1.0):
        near = coef + spread * rng.standard_normal(coef.shape), intercept + spread
        gap = relative_gap(loss, X, y, *near, alpha, 0.0)[0]
        excess = (objective(*near) - objective(coef, intercept)) / unit
        assert gap >= excess > 0


def test_gap_of_least_squares_needs_no_intercept_on_centred_data(rng):
    loss, (X, y) = loss_of("gaussian"), design(rng, "gaussian")
    coef, alpha = rng.standard_normal((3, 4)), np.array([1.0, 0.3, 0.1])
    for l1_ratio in (0.0, 0.5, 1.0):
        without = relative_gap(loss, X, y - y.mean(), coef, None, alpha, l1_ratio)
        free = relative_gap(loss, X, y, coef, np.full(3, y.mean()), alpha, l1_ratio)
        np.testing.assert_allclose(without, free)


@every_loss
def test_decrement_vanishes_at_the_unpenalised_fit_alone(rng, response):
    loss, (X, y) = loss_of(response), design(rng, response)
    coef, intercept = reference(response, X, y, 1e-12)
    assert newton_decrement(loss, X, y, coef, intercept)[0] < 1e-12
    assert newton_decrement(loss, X, y, coef + 0.1, intercept)[0] > 1e-4


# how far the mechanism carries a third loss


def test_a_third_loss_has_paths_with_certificates_by_another_engine(rng, counts):
    X, y = design(rng, counts)
    problem = Problem(3 + 5 * X, y, counts, engine="scikit-learn")
    alphas = problem.alpha_grid(0.0, 8)
    # no limit without a penalty, as there may be none
    assert np.isinf(alphas[0]) and alphas[-1] > 0
    path = problem.path(alphas, 0.0)
    assert path.gap.max() < 1e-8
    coef, intercept = reference(counts, X, y, alphas[-1])
    np.testing.assert_allclose(path.coef[-1] * 5, coef[0], rtol=1e-4)
    np.testing.assert_allclose(path.intercept[-1] + 3 * path.coef[-1].sum(), intercept, rtol=1e-4)
    splits = [(np.arange(60) % 4 != k, np.arange(60) % 4 == k) for k in range(4)]
    splits = [(np.flatnonzero(a), np.flatnonzero(b)) for a, b in splits]
    errors = problem.cross_validate(splits, alphas, 0.0).errors
    # features help, and the null model's error is that of the training mean
    assert errors.mean(axis=0).min() < errors[:, 0].mean()
    train, test = splits[0]
    constant = np.full(len(test), np.log(y[train].mean()))
    assert errors[0, 0] == pytest.approx(prediction_loss(y[test], constant, counts))


def test_the_native_engine_says_that_it_has_no_solver_for_a_third_loss(rng, counts):
    X, y = design(rng, counts)
    with pytest.raises(ValueError, match="the native engine has no solver for Poisson loss"):
        Problem(X, y, counts).path(np.array([0.1]), 1.0)


def test_scenarios_of_a_third_response_are_drawn_fitted_and_measured(counts):
    scenario = Scenario(60, 5, 2, snr=0.5, response=counts)
    truth = population(scenario, 1)
    X, y = draw(scenario, 1, 0)
    assert y.min() >= 0 and (y == y.round()).all() and np.ptp(y) > 1
    batch = Batch(scenario.id, scenario.key, 0, X[None], y[None], counts, truth)
    options = FitOptions(1, 4, 12, 0.5, 1e-5, engine="scikit-learn")
    fit = fit_replicate(batch, mixes(0.5)["l2"], options)
    assert fit["failed"] == 0 and (fit["dof"][:2] < 5).all()
    assert (fit["risk"] > 0).all()
    assert fit["risk"][2] == fit["path_risk"].min() < fit["path_risk"][0]
    # what only numbers or probabilities have is left out
    found = replicate_metrics(truth, counts, fit["coef"][None], fit["intercept"][None])
    assert set(found) == {"coef_error", "ranking_pauc", "effective_coefs", "coef_agreement"}


def test_population_loss_of_a_third_response_is_that_of_many_rows(rng, counts):
    scenario = Scenario(50, 4, 2, snr=0.5)
    truth = population(scenario, 1)
    coef, intercept = truth.coef + 0.2 * rng.standard_normal(4), np.array(0.1)
    X = (truth.root @ rng.standard_normal((4, 400_000))).T
    y = kind_of(counts).draw(scenario, truth, truth.intercept + X @ truth.coef, rng)
    loss = loss_of(counts)
    expected = PredictorLaw(truth, coef, intercept).expected(loss)
    assert float(expected) == pytest.approx(loss.value(y, intercept + X @ coef), abs=0.02)
    batch = Batch("a", "a", 0, X[None, :9], y[None, :9], counts, truth)
    risk = risk_function(batch)
    assert risk(truth.coef[None], np.array([truth.intercept]))[0] == pytest.approx(0, abs=1e-12)
    assert risk(coef[None], intercept[None])[0] > 0.01


def test_held_out_rows_explain_a_share_of_a_third_loss(rng, counts):
    y, _ = draws(rng, counts)
    loss = loss_of(counts)
    null = loss.value(y, np.full(len(y), np.log(y.mean())))
    found = held_out_metrics(counts, np.array([[null]]), np.zeros((1, 1, len(y))), y[None])
    assert set(found) == {"explained"}
    assert found["explained"][0, 0] == pytest.approx(0)
