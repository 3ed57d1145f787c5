"""Metrics of estimates against simulation, scikit-learn and hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score

from normwise.analysis.columns import METRICS
from normwise.analysis.effective import effective_number
from normwise.analysis.measure.metrics import (
    bias_variance,
    coef_agreement,
    feature_variances,
    jackknife_se,
    partial_auc,
    replicate_metrics,
    scenario_metrics,
    selection_counts,
    selection_metrics,
    selection_stability,
)
from normwise.data.population import Population, population
from normwise.data.scenario import COVARIANCES, Scenario
from normwise.fitting.risk import PredictorLaw, excess_risk

TRUTH = Population(
    np.array([2.0, 0, 0, -1.0]), 0.5, 0.3 * np.ones((4, 4)) + np.eye(4), np.ones(4), 1.0
)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_feature_variances_are_the_diagonal(covariance):
    correlation = 0.0 if covariance == "independent" else 0.6
    s = Scenario(20, 6, 2, covariance=covariance, correlation=correlation)
    np.testing.assert_allclose(feature_variances(population(s, 1)), 1.0)
    sigma = TRUTH.root @ TRUTH.root.T
    for form in (np.asarray, sparse.csr_array):
        truth = replace(TRUTH, root=form(TRUTH.root))
        np.testing.assert_allclose(feature_variances(truth), np.diag(sigma))


def test_selection_of_hand_made_estimates():
    coef = np.array(
        [
            [1.0, 0, 0, -1],  # exact
            [1.0, 2, 0, 0],  # one true, one false
            [0.0, 0, 0, 0],  # nothing
            [1.0, 1, 1, 1],  # everything
            [0.0, 5, 0, 0],  # one false
        ]
    )
    found = selection_metrics(coef, np.array([0, 3]))
    np.testing.assert_allclose(found["tpr"], [1, 0.5, 0, 1, 0])
    np.testing.assert_allclose(found["fdr"], [0, 0.5, 0, 0.5, 1])
    np.testing.assert_allclose(found["f1"], [1, 0.5, 0, 2 / 3, 0])
    np.testing.assert_allclose(found["exact_recovery"], [1, 0, 0, 0, 0])
    total, true, false = selection_counts(coef, np.array([0, 3]))
    np.testing.assert_array_equal(
        [total, true, false], [[2, 2, 0, 4, 1], [2, 1, 0, 2, 0], [0, 1, 0, 2, 1]]
    )


def test_f1_is_the_harmonic_mean_of_precision_and_recall(rng):
    coef = (rng.random((50, 12)) < 0.4) * 1.0
    coef[:, 0] = 1.0
    found = selection_metrics(coef, np.array([0, 1, 2, 3]))
    precision, recall = 1 - found["fdr"], found["tpr"]
    np.testing.assert_allclose(found["f1"], 2 * precision * recall / (precision + recall))


def test_selection_without_a_true_feature():
    found = selection_metrics(np.array([[0.0, 0, 1], [0, 0, 0]]), np.array([], int))
    assert np.isnan(found["tpr"]).all()
    assert np.isnan(found["f1"]).all()
    np.testing.assert_array_equal(found["fdr"], [1, 0])
    np.testing.assert_array_equal(found["exact_recovery"], [0, 1])


# the limit falls between two points of the curve, or on one (40 and 90)
@pytest.mark.parametrize("noise_features", [35, 40, 47, 90, 7])
@pytest.mark.parametrize("limit", [0.1, 0.3])
@pytest.mark.parametrize("tied", [False, True])
def test_partial_auc_equals_scikit_learn(rng, tied, noise_features, limit):
    for _ in range(20):
        k = int(rng.integers(1, 9))
        p = noise_features + k
        support = rng.permutation(p)[:k]
        is_true = np.isin(np.arange(p), support)
        coef = rng.standard_normal(p) * np.where(is_true, 2.0, 1.0)
        coef = np.round(coef) if tied else coef
        standardised = roc_auc_score(is_true, np.abs(coef), max_fpr=limit)
        # undo McClish's correction
        chance = limit**2 / 2
        area = chance + (2 * standardised - 1) * (limit - chance)
        assert partial_auc(coef, support, limit) == pytest.approx(area / limit, abs=1e-12)


def test_partial_auc_of_perfect_inverse_and_tied_rankings():
    support = np.arange(10)
    perfect = np.where(np.arange(100) < 10, 1.0, 0.1 + 0.001 * np.arange(100))
    coef = np.stack([perfect, -perfect, 2 - perfect, np.zeros(100)])
    np.testing.assert_allclose(partial_auc(coef, support), [1, 1, 0, 0.05])


def test_partial_auc_needs_true_and_noise_features():
    assert np.isnan(partial_auc(np.ones((2, 5)), np.array([], int))).all()
    assert np.isnan(partial_auc(np.ones((2, 5)), np.arange(5))).all()


def test_effective_number_of_coefficients():
    coef = np.array([[0.0, 3, 0, 0], [1, -1, 1, 1], [0, 2, 2, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(effective_number(coef), [1, 4, 2, np.nan])
    np.testing.assert_allclose(effective_number(7 * coef), effective_number(coef))
    np.testing.assert_allclose(effective_number(1e-200 * coef), effective_number(coef))
    # a tenth and nine tenths of the squares
    uneven = effective_number(np.array([3.0, 1, 0]))
    assert uneven == pytest.approx(np.exp(-0.9 * np.log(0.9) - 0.1 * np.log(0.1)))


def test_replicate_metrics_of_a_gaussian_response(rng):
    coef, intercept = rng.standard_normal((5, 3, 4)), rng.standard_normal((5, 3))
    found = replicate_metrics(TRUTH, "gaussian", coef, intercept)
    sigma = TRUTH.root @ TRUTH.root.T
    error = coef - TRUTH.coef
    slope = np.einsum("rti,ij,rtj->rt", error, sigma, error)
    np.testing.assert_allclose(found["slope_risk"], slope)
    risk = excess_risk(TRUTH, coef, intercept)
    np.testing.assert_allclose(found["relative_risk"] * (TRUTH.coef @ sigma @ TRUTH.coef), risk)
    assert (risk > slope).all()
    np.testing.assert_allclose(found["coef_error"] * np.sqrt(5), np.sqrt((error**2).sum(axis=-1)))
    assert all(values.shape == (5, 3) for values in found.values())


def test_replicate_metrics_of_a_binary_response(rng):
    coef, intercept = rng.standard_normal((5, 3, 4)), rng.standard_normal((5, 3))
    found = replicate_metrics(TRUTH, "binary", coef, intercept)
    law = PredictorLaw(TRUTH, coef, intercept)
    names = ("log_loss", "error_rate", "brier_score", "calibration_slope", "calibration_error")
    for name in names:
        assert found[name].shape == (5, 3)
        np.testing.assert_array_equal(found[name], getattr(law, name)())
    assert (found["calibration_error"] > 0.01).all()
    assert set(names) <= set(METRICS)
    assert not set(names) & set(replicate_metrics(TRUTH, "gaussian", coef, intercept))


def test_agreement_is_that_of_standardised_coefficients(rng):
    # the second feature varies a hundred times as much as the first
    truth = Population(np.array([1.0, 1.0]), 0.0, np.diag([0.1, 10.0]), np.zeros(2), 1.0)
    coef = np.column_stack([rng.standard_normal(8), np.full(8, 0.5)])[:, None]
    found = replicate_metrics(truth, "gaussian", coef, np.zeros((8, 1)))["coef_agreement"]
    assert found.mean() > 0.99
    assert coef_agreement(coef).mean() < 0.9


def test_ranking_is_by_coefficients_of_standardised_features():
    # feature 0 has the larger coefficient only because its unit is small
    truth = Population(np.array([0.0, 1.0]), 0.0, np.diag([0.01, 1.0]), np.zeros(2), 1.0)
    found = replicate_metrics(truth, "gaussian", np.array([[[2.0, 1.0]]]), np.zeros((1, 1)))
    assert found["ranking_pauc"] == pytest.approx(1)


def test_replicate_metrics_survive_an_empty_set_of_replicates():
    for response in ("gaussian", "binary"):
        found = replicate_metrics(TRUTH, response, np.zeros((0, 3, 4)), np.zeros((0, 3)))
        assert all(values.shape == (0, 3) for values in found.values())


BIAS, SPREAD = np.array([0.5, -0.2, 0.0, 0.1]), np.array([0.3, 0.3, 0.1, 0.2])


def estimates(rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts of known bias and variance."""
    coef = TRUTH.coef + BIAS + SPREAD * rng.standard_normal((n, 4))
    return coef, TRUTH.intercept + 0.2 + 0.4 * rng.standard_normal(n)


def known_parts() -> tuple[float, float]:
    sigma = TRUTH.root @ TRUTH.root.T
    second = sigma + np.outer(TRUTH.mean, TRUTH.mean)
    bias2 = BIAS @ sigma @ BIAS + (0.2 + TRUTH.mean @ BIAS) ** 2
    return float(bias2), float((SPREAD**2 * np.diag(second)).sum() + 0.4**2)


def test_bias_and_variance_are_unbiased_with_few_replicates(rng):
    bias2, variance = known_parts()
    found = [bias_variance(TRUTH, *estimates(rng, 6)) for _ in range(3000)]
    for name, truth in (("bias2", bias2), ("variance", variance)):
        values = np.array([f[name][0] for f in found])
        assert values.mean() == pytest.approx(truth, abs=4 * values.std() / np.sqrt(3000))


def test_bias_and_variance_sum_to_the_mean_excess_risk(rng):
    coef, intercept = estimates(rng, 12)
    found = bias_variance(TRUTH, coef, intercept)
    mean = excess_risk(TRUTH, coef, intercept).mean()
    assert found["bias2"][0] + found["variance"][0] == pytest.approx(mean)


def test_standard_errors_of_bias_and_variance_are_their_spread(rng):
    found = [bias_variance(TRUTH, *estimates(rng, 100)) for _ in range(400)]
    for name in ("bias2", "variance"):
        values, errors = np.array([f[name] for f in found]).T
        # the spread of 400 values is known to 3.5 %; jackknife within 10 % at 100 replicates
        assert errors.mean() == pytest.approx(values.std(), rel=0.2)


def test_jackknife_error_of_a_mean_is_the_usual_one(rng):
    x = rng.standard_normal(30)
    left = (x.sum() - x) / 29
    assert jackknife_se(left) == pytest.approx(x.std(ddof=1) / np.sqrt(30))


def leave_one_out_error(statistic, values: np.ndarray) -> float:
    left = np.array([statistic(np.delete(values, i, axis=0)) for i in range(len(values))])
    n = len(values)
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def test_stability_of_a_constant_selection_is_one():
    selected = np.tile(np.arange(10) < 3, (20, 1))
    stability, se = selection_stability(selected)
    assert (stability, se) == pytest.approx((1.0, 0.0))


@pytest.mark.parametrize("fixed_size", [True, False])
def test_stability_of_random_selection_is_zero_on_average(rng, fixed_size):
    def select() -> np.ndarray:
        score = rng.random((12, 30))
        return score <= np.sort(score, axis=1)[:, 5:6] if fixed_size else score < 0.2

    values = np.array([selection_stability(select())[0] for _ in range(1500)])
    # selections of random size leave a ratio, whose bias is of order 1/M^2 here
    slack = 0.0 if fixed_size else 0.01
    assert values.mean() == pytest.approx(0, abs=4 * values.std() / np.sqrt(1500) + slack)


def test_stability_equals_its_definition(rng):
    # Nogueira, Sechidis & Brown 2018, definition 4
    selected = rng.random((15, 8)) < np.linspace(0.1, 0.9, 8)
    M, d = selected.shape
    variances = selected.var(axis=0, ddof=1)
    k = selected.sum(axis=1).mean()
    assert selection_stability(selected)[0] == pytest.approx(
        1 - variances.mean() / (k / d * (1 - k / d))
    )
    assert M == 15


# far from half of the features on average, where a part of the variance vanishes
@pytest.mark.parametrize("share", [np.linspace(0.01, 0.5, 30), np.repeat([0.9, 0.05], [5, 25])])
def test_stability_error_agrees_with_the_jackknife_and_the_bootstrap(rng, share):
    selected = rng.random((200, 30)) < share
    _, se = selection_stability(selected)
    jackknife = leave_one_out_error(lambda z: selection_stability(z)[0], selected)
    bootstrap = np.std(
        [selection_stability(selected[rng.integers(200, size=200)])[0] for _ in range(400)]
    )
    assert se == pytest.approx(jackknife, rel=0.05)
    # a bootstrap of 400 is known to 3.5 %
    assert se == pytest.approx(bootstrap, rel=0.15)


def test_stability_error_is_the_spread_over_studies(rng):
    share = np.linspace(0.01, 0.5, 20)
    found = np.array([selection_stability(rng.random((100, 20)) < share) for _ in range(300)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)


@pytest.mark.parametrize("chosen", [True, False])
def test_stability_has_no_meaning_if_all_or_nothing_is_selected(chosen):
    assert np.isnan(selection_stability(np.full((10, 5), chosen))).all()


def test_scenario_metrics_of_hand_made_estimates(rng):
    coef, intercept = estimates(rng, 30)
    coef[:, 2] = 0.0
    coef[:10, 0] *= -1
    found = scenario_metrics(TRUTH, coef, intercept)
    assert found["coef_variance"][0] * 5 == pytest.approx(coef.var(axis=0, ddof=1).sum())
    spread = leave_one_out_error(lambda b: b.var(axis=0, ddof=1).sum() / 5, coef)
    assert found["coef_variance"][1] == pytest.approx(spread)
    right = (np.sign(coef[:, [0, 3]]) == [1, -1]).mean(axis=1)
    assert right.mean() < 0.9
    assert found["sign_consistency"] == pytest.approx(
        (right.mean(), right.std(ddof=1) / np.sqrt(30))
    )
    assert found["stability"][0] == pytest.approx(1)


def test_scenario_metrics_without_a_true_feature(rng):
    truth = replace(TRUTH, coef=np.zeros(4))
    coef = rng.standard_normal((30, 4))
    found = scenario_metrics(truth, coef, np.zeros(30))
    assert "sign_consistency" not in found
    assert found["coef_variance"][0] == pytest.approx(coef.var(axis=0, ddof=1).sum())


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_the_truth_explains_what_a_linear_predictor_can_and_the_null_model_nothing(share):
    scenario = Scenario(50, 20, 5, snr=3.0, nonlinear_share=share)
    truth = population(scenario, 1)
    coef = np.array([truth.coef, np.zeros(20)])[:, None]
    intercept = np.array([truth.intercept, truth.intercept + truth.mean @ truth.coef])[:, None]
    found = replicate_metrics(truth, "gaussian", coef, intercept)["explained"][:, 0]
    # what is not linear comes on top of a signal-to-noise ratio of 3
    np.testing.assert_allclose(found, [3 / (1 + 3 / (1 - share)), 0], atol=1e-12)


@pytest.mark.parametrize("prevalence", [0.5, 0.1])
def test_a_constant_explains_nothing_of_two_classes(prevalence):
    scenario = Scenario(50, 20, 5, snr=3.0, response="binary", prevalence=prevalence)
    truth = population(scenario, 1)
    coef = np.array([truth.coef, np.zeros(20)])[:, None]
    intercept = np.array([truth.intercept, np.log(prevalence / (1 - prevalence))])[:, None]
    best, null = replicate_metrics(truth, "binary", coef, intercept)["explained"][:, 0]
    assert null == pytest.approx(0, abs=1e-6)
    assert 0.2 < best < 1
    # the same on rows that stand for the population
    rows = np.random.default_rng(0).standard_normal((40_000, 20))
    sampled = replicate_metrics(truth, "binary", coef, intercept, rows)["explained"][:, 0]
    np.testing.assert_allclose(sampled, [best, null], atol=0.01)
