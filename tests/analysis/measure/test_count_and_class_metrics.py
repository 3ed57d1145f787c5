"""Metrics of counts and of several classes, against many rows, scikit-learn and hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax, xlogy
from sklearn.metrics import d2_tweedie_score, log_loss
from studies.joined import evaluated

from normwise.analysis.columns import check_table
from normwise.analysis.judge.collinearity import describe
from normwise.analysis.measure.metrics import (
    bias_variance,
    held_out_metrics,
    replicate_metrics,
    scenario_metrics,
    selection_metrics,
)
from normwise.data.population import draw_features, draw_response, population
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.simulated import simulated_test_rows, write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.loss import loss_of
from normwise.theory.counts import expected_deviance

SEED, N = 3, 400_000
COUNTS = Scenario(60, 6, 3, snr=0.8, response="poisson", mean_count=1.5, dispersion=0.4)
CLASSES = Scenario(60, 6, 3, snr=2.0, response="multinomial")
every = pytest.mark.parametrize("s", (COUNTS, replace(COUNTS, features="categorical"), CLASSES))


def estimates(s, rng, size=0.3, shape=(2, 3)):
    truth = population(s, SEED)
    intercept = np.asarray(truth.intercept)
    coef = truth.coef + size * rng.standard_normal((*shape, *truth.coef.shape))
    return coef, intercept + size * rng.standard_normal((*shape, *intercept.shape))


def measured(s, coef, intercept):
    truth = population(s, SEED)
    return replicate_metrics(truth, s.response, coef, intercept, simulated_test_rows(s, SEED))


@every
def test_expected_loss_and_what_is_explained_are_those_of_new_rows(s, rng):
    coef, intercept = estimates(s, rng)
    found = measured(s, coef, intercept)
    truth, loss = population(s, SEED), loss_of(s.response)
    X = draw_features(s, truth, N, rng).astype(float)
    y = draw_response(s, truth, X, rng)
    name = "log_loss" if s is CLASSES else "deviance"
    null = loss.null_value(y)
    for at in np.ndindex(2, 3):
        each = loss.each(y, intercept[at][..., None] + coef[at] @ X.T)
        # rows that stand for the population have an error, too
        n_rows = N if s is COUNTS else 10_000
        error = 4.5 * each.std() / np.sqrt(n_rows)
        assert found[name][at] == pytest.approx(each.mean(), abs=error)
        assert found["explained"][at] == pytest.approx(1 - each.mean() / null, abs=2 * error / null)


def test_errors_of_classes_are_those_of_new_rows(rng):
    coef, intercept = estimates(CLASSES, rng)
    found = measured(CLASSES, coef, intercept)
    truth = population(CLASSES, SEED)
    X = draw_features(CLASSES, truth, N, rng)
    y = draw_response(CLASSES, truth, X, rng).astype(int)
    chance = softmax(intercept[1, 2][:, None] + coef[1, 2] @ X.T, axis=0)
    error = 4.5 / np.sqrt(10_000)
    wrong = (chance.argmax(axis=0) != y).mean()
    assert found["error_rate"][1, 2] == pytest.approx(wrong, abs=error * 0.5)
    distance = ((chance - np.eye(3)[y].T) ** 2).sum(axis=0)
    assert found["brier_score"][1, 2] == pytest.approx(distance.mean(), abs=error * distance.std())


@every
def test_the_null_model_explains_nothing_and_the_truth_the_most(s):
    truth = population(s, SEED)
    null = np.zeros((1, 1, *truth.coef.shape))
    constant = np.zeros(3) if s is CLASSES else np.log(COUNTS.mean_count)
    found = measured(s, null, np.broadcast_to(constant, null.shape[:-1]))
    assert found["explained"][0, 0] == pytest.approx(0, abs=0.02)
    best = measured(s, truth.coef[None, None], np.asarray(truth.intercept)[None, None])
    assert 0.1 < best["explained"][0, 0] < 1
    assert best["coef_error"][0, 0] == pytest.approx(0, abs=1e-12)
    if s is CLASSES:
        assert found["error_rate"][0, 0] == pytest.approx(2 / 3, abs=0.02)
        assert found["brier_score"][0, 0] == pytest.approx(2 / 3)


def test_a_constant_in_all_classes_changes_no_metric(rng):
    coef, intercept = estimates(CLASSES, rng, shape=(6, 3))
    moved = coef + rng.standard_normal((6, 3, 1, 6)), intercept + rng.standard_normal((6, 3, 1))
    first, second = measured(CLASSES, coef, intercept), measured(CLASSES, *moved)
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_allclose(values, second[name], atol=1e-9, err_msg=name)
    truth = population(CLASSES, SEED)
    pairs = [
        scenario_metrics(truth, b[:, 0], a[:, 0], "multinomial")
        for b, a in ((coef, intercept), moved)
    ]
    for name, (value, se) in pairs[0].items():
        np.testing.assert_allclose((value, se), pairs[1][name], atol=1e-9, err_msg=name)


def test_a_feature_of_several_classes_is_selected_in_any():
    coef = np.zeros((3, 2, 5))
    coef[0, 1, 0], coef[1, 0, 3], coef[1, 1, 1] = 1.0, -1.0, 2.0
    sizes = kind_of("multinomial").sizes(coef)
    found = selection_metrics(sizes, np.array([0, 1]))
    np.testing.assert_allclose(found["tpr"], [0.5, 0.5, 0])
    np.testing.assert_allclose(found["fdr"], [0, 0.5, 0])


def test_bias_and_variance_of_classes_are_those_of_their_predictors(rng):
    truth = population(CLASSES, SEED)
    noise = rng.standard_normal((4000, 3, 6))
    off = np.array([1.0, -0.5, 0.0])[:, None] * np.ones(6)
    coef = truth.coef + 0.3 * off + 0.2 * noise
    intercept = np.broadcast_to(truth.intercept, (4000, 3))
    found = bias_variance(truth, coef, intercept, "multinomial")
    centred = 0.3 * (off - off.mean(axis=0))
    assert found["bias2"][0] == pytest.approx(truth.variance(centred).sum(), rel=0.02)
    # of three independent errors of a feature two are left beside their mean
    assert found["variance"][0] == pytest.approx(2 * 6 * 0.2**2, rel=0.02)


def test_signs_of_classes_are_counted_beside_their_mean():
    truth = population(CLASSES, SEED)
    coef = np.stack([truth.coef, truth.coef, truth.coef + 5.0, -truth.coef])
    found = scenario_metrics(truth, coef, np.zeros((4, 3)), "multinomial")
    assert found["sign_consistency"][0] == pytest.approx(0.75)


@pytest.mark.parametrize("weighted", (False, True))
def test_held_out_metrics_are_scikit_learns(weighted, rng):
    y = rng.integers(0, 3, 80).astype(float)
    weight = rng.random(80) + 0.1 if weighted else None
    predictor = rng.standard_normal((1, 1, 3, 80))
    chance = softmax(predictor[0, 0], axis=0).T
    loss = log_loss(y, chance, sample_weight=weight)
    given = None if weight is None else weight[None]
    found = held_out_metrics("multinomial", np.array([[loss]]), predictor, y[None], given)
    share = np.average(np.eye(3)[y.astype(int)], axis=0, weights=weight)
    null = -(share * np.log(share)).sum()
    assert found["explained"][0, 0] == pytest.approx(1 - loss / null)
    wrong = np.average(chance.argmax(axis=1) != y, weights=weight)
    assert found["error_rate"][0, 0] == pytest.approx(wrong)
    distance = ((chance - np.eye(3)[y.astype(int)]) ** 2).sum(axis=1)
    assert found["brier_score"][0, 0] == pytest.approx(np.average(distance, weights=weight))
    counts, eta = rng.poisson(2.0, 80).astype(float), 0.5 + rng.standard_normal(80) / 3
    value = loss_of("poisson").value(counts, eta, weight)
    found = held_out_metrics("poisson", np.array([[value]]), eta[None, None], counts[None], given)
    theirs = d2_tweedie_score(counts, np.exp(eta), power=1, sample_weight=weight)
    assert found == {"explained": pytest.approx(np.array([[theirs]]))}


@pytest.mark.parametrize("dispersion", (0.0, 0.5, 3.0))
@pytest.mark.parametrize("log_mean", (-3.0, 0.0, 2.0, 6.5))
def test_expected_deviance_is_that_of_many_counts(dispersion, log_mean, rng):
    mu = np.exp(log_mean)
    mean = mu * rng.gamma(1 / dispersion, dispersion, N) if dispersion else np.full(N, mu)
    y = rng.poisson(mean)
    deviance = 2 * (xlogy(y, y / mu) - y + mu)
    error = 4.5 * deviance.std() / np.sqrt(N)
    assert expected_deviance(log_mean, dispersion) == pytest.approx(deviance.mean(), abs=error)


def test_expected_deviance_is_smooth_where_its_parts_meet():
    log_mean = np.linspace(np.log(250.0), np.log(350.0), 200)
    for found in (expected_deviance(log_mean), expected_deviance(np.linspace(-15, -13, 200))):
        assert np.abs(np.diff(found, 2)).max() < 1e-6
    with pytest.raises(ValueError, match="dispersion must be at least 0"):
        expected_deviance(0.0, -1.0)


def test_the_signal_of_classes_is_described_by_its_features():
    s = replace(CLASSES, n_features=12, n_nonzero=4, covariance="blocks", correlation=0.6)
    truth = population(s, SEED)
    found = describe(truth.root, truth.support, truth.coef)
    assert np.isnan(found["irrepresentable"])
    # a coefficient for two of three classes each, and then for one
    assert found["effective_nonzero"] == pytest.approx(4)
    alone = population(replace(s, class_features="own"), SEED)
    assert describe(alone.root, alone.support, alone.coef)["effective_nonzero"] == pytest.approx(2)
    # two classes are described as a binary response is
    two = population(replace(s, n_classes=2), SEED)
    assert describe(two.root, two.support, two.coef)["effective_nonzero"] == pytest.approx(4)
    # the sum over the classes of what each predictor has
    parts = [(truth.variance(b), b @ b) for b in truth.coef]
    along, alone = map(sum, zip(*parts, strict=True))
    assert found["signal_alignment"] == pytest.approx(along / alone)


OPTIONS = FitOptions(seed=SEED, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-5)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts_and_classes")
    scenarios = [COUNTS, replace(COUNTS, features="categorical"), CLASSES]
    write_simulated(folder / "0.npz", scenarios, 0, 6, SEED)
    fits = {}
    for penalty in ("l1", "l2"):
        fits[penalty] = [folder / f"{penalty}.npz"]
        fit_file(folder / "0.npz", fits[penalty][0], "tiny", penalty, OPTIONS, 1)
    return evaluated(fits, "tiny")


@every
def test_a_block_has_all_tables_of_counts_and_classes(tables, s):
    for name, frame in tables.items():
        check_table(frame, name)
    metrics = tables["metrics"]
    own = metrics[metrics["scenario"] == s.id]
    wide = own.pivot(index=["replicate", "tuning", "penalty"], columns="metric", values="value")
    expected = wide["log_loss"] if s is CLASSES else wide["deviance"]
    np.testing.assert_allclose(wide["optimism"], expected - wide["train_error"])
    best = measured(s, *(np.asarray(part)[None, None] for part in truth_of(s)))
    least = best["log_loss" if s is CLASSES else "deviance"][0, 0]
    np.testing.assert_allclose(wide["excess_risk"], expected - least, atol=1e-9)
    assert ("dof" in wide) == (s is not CLASSES) and "calibration_error" not in wide
    assert wide["nonzeros"].between(0, 6).all()
    goals = tables["goal_effects"]
    assert set(goals.loc[goals["scenario"] == s.id, "goal"]) >= {
        "prediction", "explained", "selection", "stability",
    }  # fmt: skip
    pairs = tables["pairs"]
    sampled = pairs.loc[pairs["scenario"] == s.id, "sample_se"]
    assert (sampled == 0).all() if s is COUNTS else (sampled > 0).all()
    assert not len(tables["grid_effects"])


def truth_of(s):
    truth = population(s, SEED)
    return truth.coef, truth.intercept
