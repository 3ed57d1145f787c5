"""The population loss against Monte Carlo, numerical integration and known constants."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.integrate import quad
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from normwise.data.population import Population, draw_features, population
from normwise.data.scenario import Scenario
from normwise.fitting.loss import loss_of
from normwise.fitting.risk import PredictorLaw, SampledRisk, excess_risk, risk_function

SIGMA = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, -0.3], [0.2, -0.3, 1.5]])
TRUTH = Population(
    coef=np.array([1.0, -0.5, 0.3]),
    intercept=0.4,
    root=np.linalg.cholesky(SIGMA),
    mean=np.array([0.5, -1.0, 2.0]),
    noise_var=1.0,
)
COEF = np.array([[0.8, 0.1, 0.0], [2.0, -1.5, 1.0], [0.0, 0.0, 0.0], [-1.0, 0.9, -0.3]])
INTERCEPT = np.array([0.1, -1.0, 0.4, 0.0])
DRAWS = 400_000


@pytest.fixture
def rows(rng) -> np.ndarray:
    return TRUTH.mean + rng.standard_normal((DRAWS, 3)) @ TRUTH.root.T


def one_feature(kappa: float) -> Population:
    """Two independent features; the first carries a signal of standard deviation kappa."""
    return Population(np.array([kappa, 0.0]), 0.0, np.eye(2), np.zeros(2), np.pi**2 / 3)


def expectation(function, at: float = 0.0) -> float:
    """Mean of a function of a standard normal variable, by adaptive integration."""
    return quad(
        lambda z: stats.norm.pdf(z) * function(z), -12, 12, points=[at], limit=500, epsabs=1e-12
    )[0]


def test_excess_risk_is_the_squared_error_on_new_rows(rows):
    found = excess_risk(TRUTH, COEF, INTERCEPT)
    error = (INTERCEPT[:, None] + COEF @ rows.T) - (TRUTH.intercept + rows @ TRUTH.coef)
    mcse = (error**2).std(axis=1) / np.sqrt(DRAWS)
    assert found.min() > 0.1
    assert (np.abs((error**2).mean(axis=1) - found) < 4 * mcse).all()


def test_excess_risk_of_the_truth_is_zero():
    assert excess_risk(TRUTH, TRUTH.coef, np.array(TRUTH.intercept)) == 0


def test_excess_risk_counts_the_error_of_the_intercept():
    off = excess_risk(TRUTH, TRUTH.coef, np.array(TRUTH.intercept + 0.3))
    assert off == pytest.approx(0.09)
    # an error of a slope that the intercept makes up for at the mean is no error there
    coef = TRUTH.coef + np.array([0, 0, 1])
    made_up = excess_risk(TRUTH, coef, np.array(TRUTH.intercept - TRUTH.mean[2]))
    assert made_up == pytest.approx(SIGMA[2, 2])


def test_excess_risk_of_the_null_model_is_the_signal_variance():
    null = excess_risk(TRUTH, np.zeros(3), np.array(TRUTH.intercept + TRUTH.mean @ TRUTH.coef))
    assert null == pytest.approx(TRUTH.signal_var)


@pytest.mark.parametrize("measure", ["log_loss", "error_rate", "brier_score"])
def test_logistic_measures_equal_monte_carlo(rows, rng, measure):
    law = PredictorLaw(TRUTH, COEF, INTERCEPT)
    probability = expit(TRUTH.intercept + rows @ TRUTH.coef)
    y = rng.random(DRAWS) < probability
    fitted = INTERCEPT[:, None] + COEF @ rows.T
    each = {
        "log_loss": np.logaddexp(0, fitted) - y * fitted,
        "error_rate": (fitted > 0) != y,
        "brier_score": (expit(fitted) - y) ** 2,
    }[measure]
    mcse = each.std(axis=1) / np.sqrt(DRAWS)
    assert (np.abs(each.mean(axis=1) - getattr(law, measure)()) < 4 * mcse).all()


def test_calibration_slope_equals_logistic_regression_on_the_predictor(rows, rng):
    y = (rng.random(DRAWS) < expit(TRUTH.intercept + rows @ TRUTH.coef)).astype(float)
    found = PredictorLaw(TRUTH, COEF, INTERCEPT).calibration_slope()
    for i in (0, 1, 3):
        fitted = (INTERCEPT[i] + rows @ COEF[i])[:, None]
        slope = LogisticRegression(C=np.inf, tol=1e-8).fit(fitted, y).coef_[0, 0]
        # the standard error of a slope is about 2 / (sd of the predictor * sqrt(n))
        assert found[i] == pytest.approx(slope, abs=4 * 2.5 / (fitted.std() * np.sqrt(DRAWS)))
    assert found[3] < 0 < found[0]
    assert np.isnan(found[2])


@pytest.mark.parametrize(("kappa", "floor"), [(1, 0.59944), (2, 0.46201), (3, 0.36054)])
def test_bayes_floor_of_the_log_loss(kappa, floor):
    law = PredictorLaw(one_feature(kappa), np.array([kappa, 0.0]), np.array(0.0))
    assert law.log_loss() == pytest.approx(floor, abs=6e-6)


def test_the_truth_is_the_best_and_calibrated(rng):
    coef = np.vstack([TRUTH.coef, TRUTH.coef + 0.2 * rng.standard_normal((20, 3))])
    law = PredictorLaw(TRUTH, coef, np.full(21, TRUTH.intercept))
    assert law.log_loss()[1:].min() > law.log_loss()[0]
    assert law.error_rate()[1:].min() > law.error_rate()[0]
    assert law.brier_score()[1:].min() > law.brier_score()[0]
    assert law.calibration_slope()[0] == pytest.approx(1, abs=1e-6)


def binned_calibration_error(predicted: np.ndarray, one: np.ndarray, n_bins: int = 250) -> float:
    """Gap between prediction and frequency within bins of equal size."""
    bins = np.argsort(predicted).reshape(n_bins, -1)
    gaps = (predicted[bins] - one[bins]).mean(axis=1)
    return float(np.sqrt((gaps**2).mean()))


@pytest.mark.parametrize("i", [0, 1, 3])
def test_calibration_error_is_the_gap_to_the_frequency(rows, i):
    found = PredictorLaw(TRUTH, COEF, INTERCEPT).calibration_error()
    one = expit(TRUTH.intercept + rows @ TRUTH.coef)
    assert found[i] > 0.05
    # a bin of 1600 rows adds the error of its mean, at most 0.25 / 1600, to the square of the gap
    brute = binned_calibration_error(expit(INTERCEPT[i] + rows @ COEF[i]), one)
    assert found[i] == pytest.approx(brute, rel=0.01)


def test_calibration_error_of_a_constant_is_its_distance_from_the_mean(rows):
    mean = expit(TRUTH.intercept + rows @ TRUTH.coef).mean()
    found = PredictorLaw(TRUTH, COEF, INTERCEPT).calibration_error()[2]
    assert found == pytest.approx(abs(expit(0.4) - mean), abs=4 * 0.3 / np.sqrt(DRAWS))
    exact = np.log(mean / (1 - mean))
    least = PredictorLaw(TRUTH, np.zeros(3), np.array(exact)).calibration_error()
    assert least == pytest.approx(0, abs=4 * 0.3 / np.sqrt(DRAWS))


def test_calibration_error_without_a_signal():
    none = Population(np.zeros(3), 0.4, TRUTH.root, TRUTH.mean, 1.0)
    right = PredictorLaw(none, np.zeros(3), np.array(0.4)).calibration_error()
    assert right == pytest.approx(0, abs=1e-12)
    # a predictor that moves about where nothing does
    wrong = PredictorLaw(one_feature(0.0), np.array([0.7, 0.0]), np.array(0.0)).calibration_error()
    expected = np.sqrt(expectation(lambda z: (expit(0.7 * z) - 0.5) ** 2))
    assert wrong == pytest.approx(expected, rel=1e-6)


def test_calibration_error_grows_with_the_stretch_of_the_truth():
    stretch = np.array([1.0, 1.2, 2.0, 4.0, 8.0])
    law = PredictorLaw(TRUTH, stretch[:, None] * TRUTH.coef, stretch * TRUTH.intercept)
    found = law.calibration_error()
    assert found[0] == pytest.approx(0, abs=1e-8)
    assert (np.diff(found) > 0.005).all()


def test_a_sample_of_rows_does_not_tell_the_calibration_error(rows):
    law = PredictorLaw(TRUTH, COEF, INTERCEPT, rows[:100])
    assert law.calibration_error().shape == (4,)
    assert np.isnan(law.calibration_error()).all()


def test_stretched_truth_is_too_extreme_by_that_factor():
    stretch = np.array([0.25, 0.5, 2.0, 5.0])
    law = PredictorLaw(TRUTH, stretch[:, None] * TRUTH.coef, stretch * TRUTH.intercept)
    np.testing.assert_allclose(law.calibration_slope(), 1 / stretch, rtol=1e-4)


def test_null_model_of_balanced_classes_is_a_coin():
    law = PredictorLaw(one_feature(2.0), np.zeros((1, 2)), np.zeros(1))
    assert law.log_loss()[0] == pytest.approx(np.log(2))
    assert law.error_rate()[0] == pytest.approx(0.5)
    assert law.brier_score()[0] == pytest.approx(0.25)
    assert np.isnan(law.calibration_slope()[0])


# fits near separation have predictors with a standard deviation of tens
@pytest.mark.parametrize("size", [0.5, 1.0, 3.0, 10.0, 30.0])
@pytest.mark.parametrize("kappa", [1.0, 3.0, 5.0])
def test_log_loss_and_brier_score_are_accurate_for_predictors_of_any_size(kappa, size):
    law = PredictorLaw(one_feature(kappa), size * np.array([[0.8, 0.6]]), np.array([0.3]))
    log_loss = expectation(lambda z: np.logaddexp(0, 0.3 + size * z), -0.3 / size) - expectation(
        lambda z: expit(kappa * z) * (0.3 + 0.8 * size * z)
    )
    # a fine grid does for the double integral
    grid = np.linspace(-8, 8, 1601)
    weight = stats.norm.pdf(grid) / stats.norm.pdf(grid).sum()
    fitted = expit(0.3 + size * (0.8 * grid[:, None] + 0.6 * grid))
    truth = expit(kappa * grid)[:, None]
    brier = weight @ (fitted**2 - 2 * fitted * truth + truth) @ weight
    assert law.log_loss()[0] == pytest.approx(log_loss, rel=1e-3)
    assert law.brier_score()[0] == pytest.approx(brier, rel=1e-3)


# good fits are nearly aligned with the truth, and with one feature exactly so
@pytest.mark.parametrize("angle", [0.0, 0.01, 0.1, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("intercept", [0.0, 0.2, 1.0])
def test_error_rate_is_accurate_for_predictors_of_any_angle(angle, intercept):
    kappa, cos, sin = 2.0, np.cos(angle), np.sin(angle)
    law = PredictorLaw(one_feature(kappa), np.array([[cos, sin]]), np.array([intercept]))

    def wrong(z):
        one = stats.norm.cdf((intercept + cos * z) / sin) if sin else intercept + cos * z > 0
        return one * expit(-kappa * z) + (1 - one) * expit(kappa * z)

    assert law.error_rate()[0] == pytest.approx(expectation(wrong, -intercept / cos), rel=1e-3)


def test_sampled_law_tends_to_the_exact_one(rows):
    exact, sampled = (PredictorLaw(TRUTH, COEF, INTERCEPT, x) for x in (None, rows))
    for measure in ("log_loss", "error_rate", "brier_score", "calibration_slope"):
        # losses spread over rows about as widely as their mean
        np.testing.assert_allclose(
            getattr(sampled, measure)(), getattr(exact, measure)(), rtol=10 / np.sqrt(DRAWS)
        )


def test_sampled_law_of_sparse_binary_features_equals_fresh_rows(rng):
    s = Scenario(50, 30, 10, features="sparse_binary", density=0.1, response="binary", snr=4.0)
    truth = population(s, 1)
    sample, fresh = (draw_features(s, truth, n, rng) for n in (4000, DRAWS))
    coef, intercept = 0.5 * truth.coef, np.array(truth.intercept)
    first, second = (PredictorLaw(truth, coef, intercept, x).log_loss() for x in (sample, fresh))
    assert first == pytest.approx(second, abs=4 * 0.5 / np.sqrt(4000))


def batch(**content) -> SimpleNamespace:
    return SimpleNamespace(
        **({"truth": None, "X_test": None, "y_test": None, "weights_test": None} | content)
    )


def test_risk_is_the_excess_over_the_truth():
    found = risk_function(batch(truth=TRUTH, response="gaussian"))(COEF, INTERCEPT)
    np.testing.assert_array_equal(found, excess_risk(TRUTH, COEF, INTERCEPT))
    risk = risk_function(batch(truth=TRUTH, response="binary"))
    floor = PredictorLaw(TRUTH, TRUTH.coef, np.array(TRUTH.intercept)).log_loss()
    np.testing.assert_allclose(
        risk(COEF, INTERCEPT), PredictorLaw(TRUTH, COEF, INTERCEPT).log_loss() - floor
    )
    assert risk(TRUTH.coef[None], np.array([TRUTH.intercept]))[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_logistic_excess_risk_is_never_negative(rng, response):
    risk = risk_function(batch(truth=TRUTH, response=response))
    coef = np.vstack([TRUTH.coef + 10.0**-e * rng.standard_normal((5, 3)) for e in range(9)])
    assert (risk(coef, np.full(45, TRUTH.intercept)) >= 0).all()


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_without_a_truth_the_risk_is_the_held_out_loss(rng, response):
    X = rng.standard_normal((1, 50, 3))
    y = (X[..., 0] > 0).astype(float)
    risk = risk_function(batch(X_test=X, y_test=y, response=response))(COEF, INTERCEPT)
    predictor = INTERCEPT[:, None] + COEF @ X[0].T
    expected = {
        "gaussian": ((y - predictor) ** 2).mean(axis=1),
        "binary": -np.log(expit(np.where(y == 1, predictor, -predictor))).mean(axis=1),
    }[response]
    np.testing.assert_allclose(risk, expected)


MISFIT = Scenario(50, 12, 4, nonlinear_share=0.4, response="binary", snr=2.0)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"features": "lognormal"},
        {"features": "counts", "covariance": "ar1", "correlation": 0.6},
    ],
    ids=str,
)
def test_excess_log_loss_is_over_the_best_linear_predictor(rng, change):
    s = replace(MISFIT, **change)
    truth, loss = population(s, 1), loss_of("binary")
    rows = draw_features(s, truth, DRAWS, rng)
    one = expit(truth.predictor(rows))
    measured = SampledRisk(truth, loss, rows)

    def slope_and_value(weights):
        fitted = weights[0] + rows @ weights[1:]
        slope = expit(fitted) - one
        value = (loss.cumulant(fitted) - one * fitted).mean()
        return value, np.array([slope.mean(), *(slope @ rows / len(rows))])

    start = np.array([truth.intercept, *truth.coef])
    least = optimize.minimize(slope_and_value, start, jac=True, method="BFGS")
    coef = least.x[1:] + 0.3 * rng.standard_normal((5, 12)) / rows.std(axis=0)
    intercept = np.full(5, least.x[0])
    expected = [
        slope_and_value(np.array([a, *b]))[0] - least.fun
        for a, b in zip(intercept, coef, strict=True)
    ]
    # the rows know the best predictor but for the errors of as many coefficients
    np.testing.assert_allclose(measured(coef, intercept), expected, rtol=0.03)
    # the linear part of the log-odds is no longer the best predictor
    assert measured(truth.coef[None], np.array([truth.intercept]))[0] > 1e-3


def test_risk_of_a_misfit_is_nothing_at_its_best_and_never_negative(rng):
    s = replace(MISFIT, response="gaussian")
    truth = population(s, 1)
    risk = risk_function(batch(truth=truth, response="gaussian"))
    assert risk(truth.coef[None], np.array([truth.intercept]))[0] == pytest.approx(0, abs=1e-12)
    rows = draw_features(MISFIT, population(MISFIT, 1), 4000, rng)
    risk = risk_function(batch(truth=population(MISFIT, 1), X_test=rows, response="binary"))
    coef = rng.standard_normal((20, 12))
    assert (risk(coef, np.zeros(20)) > 0).all()
