"""Draws: the promised distribution, from the promised random numbers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from normwise.data.population import draw, draw_test_features, population
from normwise.data.responses.gaussian import noise_var_of_sample
from normwise.data.scenario import COVARIANCES, NOISES, SIGNALS, SIGNS, Scenario
from normwise.data.seeds import STREAMS, generator
from normwise.study.scenario_checks import problems

SEED = 3
BASE = Scenario(n_samples=40, n_features=12, n_nonzero=4, snr=2.0, group_size=4)
LARGE = 40_000


def noise_of(s: Scenario, replicate: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise of a draw, and the linear predictor."""
    truth = population(s, SEED)
    X, y = draw(s, SEED, replicate)
    predictor = truth.intercept + X @ truth.coef
    return y - predictor, predictor


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_population_has_the_stated_snr(covariance, signal, signs, response):
    correlation = 0.0 if covariance == "independent" else 0.8
    s = replace(
        BASE,
        covariance=covariance,
        correlation=correlation,
        signal=signal,
        signs=signs,
        response=response,
        snr=0.7,
    )
    truth = population(s, SEED)
    assert truth.signal_var / s.noise_var == pytest.approx(0.7)
    assert len(truth.support) == 4


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_sparse_binary_population_has_the_stated_snr(response):
    s = replace(BASE, features="sparse_binary", density=0.1, response=response)
    truth = population(s, SEED)
    share = truth.mean
    assert (truth.coef**2 * share * (1 - share)).sum() / s.noise_var == pytest.approx(2.0)


@pytest.mark.parametrize("covariance", ["independent", "ar1", "blocks"])
def test_draws_have_the_stated_snr(covariance):
    correlation = 0.0 if covariance == "independent" else 0.8
    s = replace(BASE, n_samples=LARGE, covariance=covariance, correlation=correlation)
    noise, predictor = noise_of(s)
    # the variance of a normal sample has a relative standard error of sqrt(2/n)
    assert predictor.var() / 2.0 == pytest.approx(1, abs=4 * np.sqrt(2 / LARGE))
    assert noise.var() == pytest.approx(1, abs=4 * np.sqrt(2 / LARGE))
    assert np.corrcoef(noise, predictor)[0, 1] == pytest.approx(0, abs=4 / np.sqrt(LARGE))


def test_no_signal_is_pure_noise():
    s = replace(BASE, n_nonzero=0)
    assert not population(s, SEED).coef.any()
    noise, predictor = noise_of(s)
    assert not predictor.any()
    assert noise.any()


def test_gaussian_noise_is_standard_normal():
    noise, _ = noise_of(replace(BASE, n_samples=LARGE))
    assert stats.kstest(noise, "norm").pvalue > 1e-3


def test_student_noise_has_three_degrees_of_freedom_and_variance_one():
    # the sample variance of t_3 does not settle, so the whole distribution is compared:
    # t_3 has variance 3
    noise, _ = noise_of(replace(BASE, n_samples=LARGE, noise="student_t"))
    assert stats.kstest(noise * np.sqrt(3), stats.t(3).cdf).pvalue > 1e-3
    assert stats.kstest(noise, "norm").pvalue < 1e-6


def test_heteroscedastic_noise_averages_to_variance_one():
    noise, _ = noise_of(replace(BASE, n_samples=LARGE, noise="heteroscedastic"))
    # E e^4 = 3 E[(1 + z^2)^2 / 4] = 4.5
    assert (noise**2).mean() == pytest.approx(1, abs=4 * np.sqrt(3.5 / LARGE))


def test_heteroscedastic_variance_grows_with_the_distance_of_the_predictor():
    s = replace(BASE, n_samples=LARGE, noise="heteroscedastic")
    noise, predictor = noise_of(s)
    distance = np.abs(predictor) / np.sqrt(2.0)
    bins = np.digitize(distance, [0.5, 1.0, 1.5, 2.0])
    variance = np.array([(noise[bins == b] ** 2).mean() for b in range(5)])
    assert (np.diff(variance) > 0).all()
    expected = np.array([((1 + distance[bins == b] ** 2) / 2).mean() for b in range(5)])
    count = np.bincount(bins)
    # within a bin the noise is nearly normal; 5 % for the variance that varies in the last
    assert (np.abs(variance / expected - 1) < 4 * np.sqrt(2 / count) + 0.05).all()


@pytest.mark.parametrize("noise", NOISES)
def test_noise_has_mean_zero(noise):
    values, _ = noise_of(replace(BASE, n_samples=LARGE, noise=noise))
    assert values.mean() == pytest.approx(0, abs=4 / np.sqrt(LARGE))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("covariance", ["independent", "ar1_blocks"])
def test_moments_of_the_sample_hold_in_every_sample(covariance, noise):
    correlation = 0.0 if covariance == "independent" else 0.8
    s = replace(BASE, covariance=covariance, correlation=correlation, noise=noise)
    s = replace(s, moments="sample")
    assert not problems(s)
    truth, apart, ratios = population(s, SEED), population(replace(s, moments="population"), 0), []
    np.testing.assert_allclose(np.sort(truth.coef), np.sort(apart.coef))
    for replicate in range(400):
        X, y = draw(s, SEED, replicate)
        np.testing.assert_allclose(X.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(X.var(axis=0, ddof=1), 1.0)
        signal = X @ truth.coef
        variance = noise_var_of_sample(s, signal)
        assert variance == pytest.approx((signal**2).mean() / s.snr)
        ratios.append(((y - signal) ** 2).mean() / variance)
    mean, error = np.mean(ratios), np.std(ratios) / np.sqrt(len(ratios))
    assert mean == pytest.approx(1.0, abs=4 * error)


@pytest.mark.parametrize(
    ("placement", "k", "support"),
    [
        ("first", 4, [0, 1, 2, 3]),
        ("spread", 4, [1, 4, 7, 10]),
        ("spread", 12, list(range(12))),
        ("spread", 1, [6]),
        ("one_per_group", 3, [0, 4, 8]),
        ("many_per_group", 6, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_placement(placement, k, support):
    s = replace(BASE, covariance="blocks", correlation=0.5, placement=placement, n_nonzero=k)
    np.testing.assert_array_equal(population(s, SEED).support, support)


def test_equal_signal_has_one_magnitude():
    coef = population(BASE, SEED).coef
    assert np.ptp(np.abs(coef[coef != 0])) < 1e-12


def test_decaying_signal_falls_linearly_to_a_twentieth():
    truth = population(replace(BASE, signal="decaying"), SEED)
    values = truth.coef[truth.support]
    np.testing.assert_allclose(values / values[0], np.linspace(10, 0.5, 4) / 10)


def test_gaussian_signal_has_a_half_normal_histogram_in_random_order():
    truth = population(replace(BASE, n_features=600, n_nonzero=500, signal="gaussian"), SEED)
    values = truth.coef[truth.support]
    assert (values > 0).all()
    assert np.median(values) / np.sqrt((values**2).mean()) == pytest.approx(0.6745, rel=0.01)
    assert abs(stats.spearmanr(np.arange(500), values).statistic) < 4 / np.sqrt(500)


def test_signs():
    def signs(kind: str) -> np.ndarray:
        truth = population(replace(BASE, n_features=400, n_nonzero=300, signs=kind), SEED)
        return np.sign(truth.coef[truth.support])

    assert (signs("same") == 1).all()
    np.testing.assert_array_equal(signs("alternating"), np.tile([1, -1], 150))
    # binomial, four standard deviations
    assert abs(signs("random").sum()) < 4 * np.sqrt(300)
    assert abs((signs("random")[1:] * signs("random")[:-1]).sum()) < 4 * np.sqrt(300)


def test_a_draw_follows_seed_scenario_and_replicate_only():
    X, y = draw(BASE, SEED, 2)
    for other in (replace(BASE, n_nonzero=5), BASE):
        draw(other, SEED, 0)  # what was drawn before does not matter
    again = draw(replace(BASE), SEED, 2)
    np.testing.assert_array_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])


@pytest.mark.parametrize(
    ("scenario", "seed", "replicate"),
    [(BASE, SEED, 1), (BASE, SEED + 1, 0), (replace(BASE, snr=2.5), SEED, 0)],
)
def test_replicate_seed_and_scenario_each_give_other_numbers(scenario, seed, replicate):
    first, second = draw(BASE, SEED, 0)[0].ravel(), draw(scenario, seed, replicate)[0].ravel()
    # independent draws: the correlation of 480 pairs has standard deviation 1/sqrt(480)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(first))


def test_streams_and_replicates_are_independent():
    sources = [(stream, r) for stream in STREAMS for r in (None, 0, 1)]
    values = np.stack(
        [generator(SEED, BASE.key, stream, r).standard_normal(5000) for stream, r in sources]
    )
    off = np.corrcoef(values) - np.eye(len(sources))
    assert np.abs(off).max() < 4.5 / np.sqrt(5000)


def test_every_digit_of_the_key_counts():
    key = BASE.key
    first = generator(SEED, key, "data", 0).random()
    changed = [
        generator(
            SEED, key[:i] + ("0" if key[i] != "0" else "1") + key[i + 1 :], "data", 0
        ).random()
        for i in range(64)
    ]
    assert len({first, *changed}) == 65


def test_classes_are_balanced():
    # promised for a symmetric predictor only
    s = replace(BASE, n_samples=LARGE, response="binary", features="gaussian", snr=4.0)
    _, y = draw(s, SEED, 0)
    assert set(np.unique(y)) == {0.0, 1.0}
    assert y.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(LARGE))


def test_classes_follow_the_logistic_model():
    s = replace(BASE, n_samples=LARGE, response="binary")
    truth = population(s, SEED)
    X, y = draw(s, SEED, 0)
    predictor = truth.intercept + X @ truth.coef
    for low, high in [(-3, -1), (-1, 0), (0, 1), (1, 3)]:
        rows = (predictor > low) & (predictor < high)
        expected = (1 / (1 + np.exp(-predictor[rows]))).mean()
        assert y[rows].mean() == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(rows.sum()))


def test_sparse_binary_features_are_ones_and_zeros_with_falling_popularity():
    s = replace(BASE, n_samples=LARGE, features="sparse_binary", density=0.05)
    truth = population(s, SEED)
    X, _ = draw(s, SEED, 0)
    assert X.dtype == np.uint8
    assert set(np.unique(X)) == {0, 1}
    assert (np.diff(truth.mean) <= 0).all()
    np.testing.assert_allclose(X.mean(axis=0), truth.mean, atol=4 * 0.5 / np.sqrt(LARGE))
    np.testing.assert_allclose(truth.mean / truth.mean[0], np.arange(1, 13) ** -0.5)


@pytest.mark.parametrize("density", [0.01, 0.05, 0.2, 0.5])
@pytest.mark.parametrize("p", [12, 1000])
def test_mean_share_of_ones_is_the_density(p, density):
    # the schema's whole range; a share is capped at one half, which must not lower the mean
    s = replace(BASE, n_features=p, features="sparse_binary", density=density)
    assert population(s, SEED).mean.mean() == pytest.approx(density, rel=0.01)


def test_population_test_rows_are_the_same_for_all_replicates_and_apart_from_the_data():
    s = replace(BASE, features="sparse_binary", response="binary", n_samples=4000)
    rows = draw_test_features(s, SEED)
    np.testing.assert_array_equal(rows, draw_test_features(s, SEED))
    assert (rows != draw(s, SEED, 0)[0]).any()
