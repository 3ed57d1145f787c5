"""Scenarios with counts and with several classes: what is drawn is what they say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from normwise.data.population import draw, population
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.simulated import simulated_test_rows
from normwise.study.scenario_checks import problems

COUNTS = Scenario(2000, 12, 5, snr=1.0, response="poisson", mean_count=2.0)
CLASSES = Scenario(2000, 12, 5, snr=2.0, response="multinomial", n_classes=4)
RELATED = {"covariance": "ar1", "correlation": 0.6}
LIGHT = ("gaussian", "categorical", "sparse_binary", "counts")
SEED, DRAWS = 5, 40


def responses(scenario: Scenario) -> np.ndarray:
    assert not problems(scenario)
    return np.concatenate([draw(scenario, SEED, r)[1] for r in range(DRAWS)])


@pytest.mark.parametrize("features", LIGHT)
@pytest.mark.parametrize("related", ({}, RELATED))
def test_counts_have_their_mean_and_the_predictor_its_variance(features, related):
    s = replace(COUNTS, features=features, dispersion=0.5, **related)
    truth = population(s, SEED)
    assert truth.signal_var == pytest.approx(s.snr * (1 / s.mean_count + s.dispersion))
    y = responses(s)
    # the sample on which the intercept is solved has an error of its own
    tolerance = 4 * y.std() / np.sqrt(len(y)) + 0.02 * (features != "gaussian")
    assert y.mean() == pytest.approx(s.mean_count, abs=tolerance)


def test_the_mean_of_counts_of_gaussian_features_is_exact():
    truth = population(COUNTS, SEED)
    mean = np.exp(truth.intercept + truth.signal_var / 2)
    assert mean == pytest.approx(COUNTS.mean_count, rel=1e-12)


@pytest.mark.parametrize("dispersion", (0.0, 0.3, 2.0))
def test_the_variance_of_a_count_is_that_of_its_mean(dispersion):
    s = replace(COUNTS, dispersion=dispersion)
    truth, rng = population(s, SEED), np.random.default_rng(1)
    for log_mean in (-1.0, 1.0, 3.0):
        y = kind_of("poisson").draw(s, truth, np.full(200_000, log_mean), rng)
        mu = np.exp(log_mean)
        expected = mu + dispersion * mu**2
        fourth = ((y - mu) ** 2).std() / np.sqrt(len(y))
        assert ((y - mu) ** 2).mean() == pytest.approx(expected, abs=5 * fourth)


@pytest.mark.parametrize("class_features", ("shared", "own"))
@pytest.mark.parametrize("features", ("gaussian", "mixed"))
def test_classes_are_of_equal_size(features, class_features):
    s = replace(CLASSES, features=features, class_features=class_features, **RELATED)
    share = np.bincount(responses(s).astype(int)) / (DRAWS * s.n_samples)
    # of mixed features the intercepts are solved for on a sample of rows
    tolerance = 4 * np.sqrt(0.25 * 0.75 / (DRAWS * s.n_samples))
    tolerance += 4 * np.sqrt(0.25 * 0.75 / 100_000) * (features != "gaussian")
    assert np.abs(share - 0.25).max() < tolerance


def test_classes_are_drawn_with_the_probabilities_of_the_predictors():
    rng = np.random.default_rng(0)
    predictor = np.array([0.3, -1.0, 2.0, 0.0])
    rows = np.repeat(predictor[:, None], 100_000, axis=1)
    y = kind_of("multinomial").draw(CLASSES, population(CLASSES, SEED), rows, rng)
    share = np.bincount(y.astype(int)) / len(y)
    np.testing.assert_allclose(share, softmax(predictor), atol=0.008)


@pytest.mark.parametrize("n_classes", (3, 5, 10))
@pytest.mark.parametrize("class_features", ("shared", "own"))
def test_coefficients_of_classes_are_centred_and_turn(n_classes, class_features):
    s = replace(CLASSES, n_classes=n_classes, class_features=class_features, n_nonzero=6)
    truth = population(s, SEED)
    assert truth.coef.shape == (n_classes, s.n_features) and truth.intercept.shape == (n_classes,)
    np.testing.assert_allclose(truth.coef.sum(axis=0), 0, atol=1e-12)
    assert truth.intercept.mean() == pytest.approx(0, abs=1e-12)
    assert len(truth.support) == 6
    unit = truth.variance(truth.coef).sum() / (n_classes - 1)
    assert unit == pytest.approx(s.snr * np.pi**2 / 6)
    own = truth.coef[:, truth.support]
    for before, after in zip(own.T, own.T[1:], strict=False):
        np.testing.assert_allclose(np.roll(before, 1), after)
    strong = (np.abs(own) > np.abs(own).max() * (1 - 1e-9)).sum(axis=0)
    assert (strong == (1 if class_features == "own" else 2)).all()


def test_two_classes_would_have_the_snr_of_a_binary_response():
    s = replace(CLASSES, n_classes=2)
    truth = population(s, SEED)
    log_odds = truth.variance(truth.coef[1] - truth.coef[0])
    assert log_odds == pytest.approx(s.snr * population(replace(s, response="binary"), 1).noise_var)


def test_coefficients_that_predict_alike_compare_alike():
    rng = np.random.default_rng(0)
    kind, coef = kind_of("multinomial"), rng.standard_normal((5, 2, 3, 7))
    moved = coef + rng.standard_normal((5, 2, 1, 7))
    np.testing.assert_allclose(kind.comparable(coef), kind.comparable(moved))
    np.testing.assert_allclose(kind.sizes(coef), kind.sizes(moved))
    assert kind.comparable(coef).shape == (5, 2, 21) and kind.sizes(coef).shape == (5, 2, 7)
    alone = kind.comparable(coef).reshape(5, 2, 3, 7)
    np.testing.assert_allclose(np.linalg.norm(alone, axis=-2), kind.sizes(coef))
    # a feature without a coefficient in any class stays without one
    coef[..., 4] = 0
    assert (kind.sizes(coef)[..., 4] == 0).all() and (kind.sizes(coef)[..., :4] > 0).all()


def test_new_keys_leave_old_scenarios_alone():
    old = {"n_samples": 60, "n_features": 20, "n_nonzero": 4, "response": "binary", "snr": 2.0}
    assert Scenario(**old).content == old
    # as it was before there were counts and classes
    assert Scenario(**old).id == "2cc2a87c4a"


REFUSED = {
    "a few rows have nearly all of the count": {"snr": 20.0},
    "tails so heavy": {"features": "lognormal"},
    "too few for folds": {"mean_count": 0.001, "snr": 0.001},
    "applies to response: gaussian or binary only": {"nonlinear_share": 0.2},
}


@pytest.mark.parametrize("words", REFUSED)
def test_counts_that_cannot_be_are_refused(words):
    (found,) = problems(replace(COUNTS, **REFUSED[words]))
    assert words in found


def test_a_refusal_says_what_would_do():
    (found,) = problems(replace(COUNTS, snr=20.0))
    least = float(found.rpartition("at most ")[2])
    assert not problems(replace(COUNTS, snr=least))
    (found,) = problems(replace(CLASSES, n_samples=40))
    assert not problems(replace(CLASSES, n_samples=int(found.rpartition("at least ")[2])))
    few = replace(COUNTS, n_samples=20, mean_count=0.2, snr=0.5)
    (found,) = problems(few)
    enough = int(found.rpartition("at least ")[2].partition(",")[0])
    assert not problems(replace(few, n_samples=enough))


def test_rows_stand_for_the_population_where_the_risk_has_no_closed_form():
    assert simulated_test_rows(COUNTS, SEED) is None
    assert simulated_test_rows(replace(COUNTS, features="counts"), SEED).shape == (10_000, 12)
    assert simulated_test_rows(CLASSES, SEED).shape == (10_000, 12)
