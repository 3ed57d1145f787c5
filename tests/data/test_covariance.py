"""Correlation families against their definitions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from normwise.analysis.judge.collinearity import describe
from normwise.data.covariance import covariance_root, quadratic_form
from normwise.data.population import draw_features, population
from normwise.data.scenario import COVARIANCES, PLACEMENTS, SIGNS, Scenario
from normwise.study.scenario_checks import problems

CORRELATED = [c for c in COVARIANCES if c != "independent"]


def scenario(covariance: str, correlation: float = 0.7, **others) -> Scenario:
    if covariance == "independent":
        correlation = 0.0
    shape = {"n_samples": 50, "n_features": 12, "n_nonzero": 4, "group_size": 4, "n_factors": 2}
    return Scenario(covariance=covariance, correlation=correlation, **(shape | others))


def sigma_of(s: Scenario) -> np.ndarray:
    support = np.array([1, 4, 7, 10])
    root = covariance_root(s, support, np.random.default_rng(0))
    dense = root.toarray() if sparse.issparse(root) else root
    return dense @ dense.T


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.99])
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_unit_variances_and_positive_definite(covariance, correlation):
    sigma = sigma_of(scenario(covariance, correlation))
    np.testing.assert_allclose(np.diag(sigma), 1.0, rtol=1e-12)
    assert np.linalg.eigvalsh(sigma)[0] > 0


@pytest.mark.parametrize("covariance", CORRELATED)
def test_correlation_zero_is_the_independent_case(covariance):
    np.testing.assert_allclose(sigma_of(scenario(covariance, 0.0)), np.eye(12), atol=1e-15)


@settings(max_examples=80)
@given(st.data())
def test_any_scenario_without_problems_has_a_population(data):
    p = data.draw(st.integers(1, 15))
    s = Scenario(
        n_samples=10,
        n_features=p,
        n_nonzero=data.draw(st.integers(0, p)),
        covariance=data.draw(st.sampled_from(COVARIANCES)),
        correlation=data.draw(st.sampled_from([-0.9, -0.3, 0.0, 0.3, 0.9, 0.99])),
        group_size=data.draw(st.integers(1, 6)),
        n_factors=data.draw(st.integers(1, 4)),
        placement=data.draw(st.sampled_from(PLACEMENTS)),
        signs=data.draw(st.sampled_from(SIGNS)),
    )
    assume(not problems(s))
    truth = population(s, 1)
    sigma = truth.root @ truth.root.T
    sigma = sigma.toarray() if sparse.issparse(sigma) else sigma
    np.testing.assert_allclose(np.diag(sigma), 1.0, rtol=1e-12)
    assert np.linalg.eigvalsh(sigma)[0] > 0
    assert len(truth.support) == s.n_nonzero


@pytest.mark.parametrize("rho", [0.8, -0.8])
def test_ar1_decays_with_the_distance(rho):
    lag = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    np.testing.assert_allclose(sigma_of(scenario("ar1", rho)), rho**lag, atol=1e-14)


def test_equicorrelated_has_one_correlation():
    expected = np.where(np.eye(12), 1.0, 0.7)
    np.testing.assert_allclose(sigma_of(scenario("equicorrelated")), expected, atol=1e-14)


def test_blocks_correlate_within_groups_only():
    group = np.arange(10) // 4
    expected = np.where(np.equal.outer(group, group), 0.7, 0.0)
    np.fill_diagonal(expected, 1.0)
    sigma = sigma_of(scenario("blocks", n_features=10))
    np.testing.assert_allclose(sigma, expected, atol=1e-14)


@pytest.mark.parametrize("rho", [0.95, -0.6])
def test_ar1_blocks_decay_with_the_distance_within_groups_only(rho):
    place = np.arange(10)
    lag = np.abs(np.subtract.outer(place, place))
    together = np.equal.outer(place // 4, place // 4)
    sigma = sigma_of(scenario("ar1_blocks", rho, n_features=10))
    np.testing.assert_allclose(sigma, np.where(together, rho**lag, 0.0), atol=1e-14)


def test_rows_of_ar1_blocks_have_its_covariance(rng):
    s = scenario("ar1_blocks", 0.95)
    X = draw_features(s, population(s, 1), 40_000, rng)
    # a covariance of n pairs has a standard deviation of at most sqrt(2 / n)
    np.testing.assert_allclose(np.cov(X.T), sigma_of(s), atol=4.5 * np.sqrt(2 / 40_000))


def test_near_duplicates_correlate_with_the_original_and_more_weakly_with_each_other():
    sigma = sigma_of(scenario("near_duplicates", 0.9))
    expected = np.full((4, 4), 0.9**2)
    expected[0, :] = expected[:, 0] = 0.9
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(sigma, np.kron(np.eye(3), expected), atol=1e-14)


def test_latent_factors_explain_the_stated_share_of_every_variance():
    sigma = sigma_of(scenario("latent_factors", 0.7))
    # what is left when the own variance is taken away has the rank of the factors
    shared = sigma - 0.3 * np.eye(12)
    np.testing.assert_allclose(np.diag(shared), 0.7, atol=1e-14)
    eigenvalues = np.linalg.eigvalsh(shared)
    assert np.abs(eigenvalues[:-2]).max() < 1e-12
    assert eigenvalues[-2] > 0.1


@pytest.mark.parametrize("c", [0.3, 0.6, 0.95])
def test_irrepresentable_feature_has_the_stated_multiple_correlation(c):
    sigma = sigma_of(scenario("irrepresentable", c))
    support = np.array([1, 4, 7, 10])
    rest = np.setdiff1d(np.arange(12), support)
    multiple = np.sqrt(
        np.einsum(
            "ij,jk,ik->i",
            sigma[np.ix_(rest, support)],
            np.linalg.inv(sigma[np.ix_(support, support)]),
            sigma[np.ix_(rest, support)],
        )
    )
    np.testing.assert_allclose(np.sort(multiple), [0] * (len(rest) - 1) + [c], atol=1e-12)
    np.testing.assert_allclose(sigma[np.ix_(support, support)], np.eye(4), atol=1e-14)


@pytest.mark.parametrize(("k", "c"), [(4, 0.4), (4, 0.6), (9, 0.5)])
def test_irrepresentable_constant_is_c_root_k(k, c):
    truth = population(scenario("irrepresentable", c, n_features=20, n_nonzero=k), 1)
    eta = describe(truth.root, truth.support, truth.coef)["irrepresentable"]
    assert eta == pytest.approx(c * np.sqrt(k))


@pytest.mark.parametrize("covariance", ["ar1", "equicorrelated"])
@pytest.mark.parametrize("placement", ["first", "spread"])
def test_same_signs_under_ar1_and_equicorrelation_never_violate_the_condition(
    covariance, placement
):
    # Zhao & Yu 2006, corollaries 1 and 3; the constant is positive, so the test is not empty
    for correlation in (0.2, 0.5, 0.9, 0.99):
        truth = population(scenario(covariance, correlation, placement=placement), 1)
        eta = describe(truth.root, truth.support, truth.coef)["irrepresentable"]
        assert 0 < eta < 1


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_quadratic_form_is_b_sigma_b_for_any_leading_shape(covariance, rng):
    s = scenario(covariance)
    root = covariance_root(s, np.array([1, 4, 7, 10]), np.random.default_rng(0))
    b = rng.standard_normal((3, 2, 12))
    expected = np.einsum("rti,ij,rtj->rt", b, sigma_of(s), b)
    np.testing.assert_allclose(quadratic_form(root, b), expected, rtol=1e-12)
    np.testing.assert_allclose(quadratic_form(root, b[0, 0]), expected[0, 0], rtol=1e-12)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_draws_have_the_covariance(covariance, rng):
    truth = population(scenario(covariance), 1)
    n = 20_000
    X = draw_features(scenario(covariance), truth, n, rng)
    sigma = truth.root @ truth.root.T
    sigma = sigma.toarray() if sparse.issparse(sigma) else sigma
    # Var(x_i x_j) = 1 + rho^2 <= 2; five standard errors over the 78 entries
    assert np.abs(X.T @ X / n - sigma).max() < 5 * np.sqrt(2 / n)
    assert np.abs(X.mean(axis=0)).max() < 5 / np.sqrt(n)


def test_description_of_independent_features():
    truth = population(scenario("independent"), 1)
    found = describe(truth.root, truth.support, truth.coef)
    assert found == pytest.approx(
        {
            "condition_number": 1,
            "mean_vif": 1,
            "signal_alignment": 1,
            "irrepresentable": 0,
            "nearest_correlation": 0,
            "effective_nonzero": len(truth.support),
            "effective_features": len(truth.coef),
        }
    )


def test_description_of_equicorrelated_features():
    # eigenvalues 1 + (p-1) rho and 1 - rho; all coefficients equal lie along the first
    p, rho = 12, 0.7
    truth = population(scenario("equicorrelated", rho, n_nonzero=p), 1)
    found = describe(truth.root, truth.support, truth.coef)
    assert found["condition_number"] == pytest.approx((1 + (p - 1) * rho) / (1 - rho))
    assert found["signal_alignment"] == pytest.approx(1 + (p - 1) * rho)
    assert found["mean_vif"] == pytest.approx(
        (1 + (p - 2) * rho) / ((1 - rho) * (1 + (p - 1) * rho))
    )
    assert np.isnan(found["irrepresentable"])
    assert found["effective_nonzero"] == pytest.approx(p)


@pytest.mark.parametrize("p", [1, 5, 12])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.99])
def test_effective_features_of_equicorrelated_ones(p, rho):
    s = scenario("equicorrelated", rho, n_features=p, n_nonzero=1)
    truth = population(s, 1)
    found = describe(truth.root, truth.support, truth.coef)["effective_features"]
    # p^2 over the squared norm of the correlation matrix
    assert found == pytest.approx(p**2 / (p + p * (p - 1) * rho**2))
    assert 1 - 1e-12 <= found <= p + 1e-12


def test_effective_features_count_groups_of_near_copies():
    # three groups of four, nearly one direction each
    truth = population(scenario("blocks", 0.9999), 1)
    found = describe(truth.root, truth.support, truth.coef)["effective_features"]
    assert found == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize(
    ("covariance", "rho", "expected"),
    [
        ("ar1", 0.7, 0.7),
        ("ar1", -0.7, 0.7),
        ("equicorrelated", 0.4, 0.4),
        ("blocks", 0.6, 0.6),
        ("near_duplicates", 0.8, 0.8),
        ("independent", 0.0, 0.0),
    ],
)
def test_nearest_correlation_is_that_of_a_typical_feature(covariance, rho, expected):
    truth = population(scenario(covariance, rho), 1)
    found = describe(truth.root, truth.support, truth.coef)["nearest_correlation"]
    assert found == pytest.approx(expected)


def test_a_few_related_features_are_not_typical():
    root = np.eye(7)
    root[1] = [0.9, np.sqrt(1 - 0.81), 0, 0, 0, 0, 0]
    coef = np.ones(7)
    assert describe(root, np.arange(7), coef)["nearest_correlation"] == 0
    root[3] = [0, 0, -0.6, 0.8, 0, 0, 0]
    # four of seven now: 0.9, 0.9, 0.6, 0.6
    assert describe(root, np.arange(7), coef)["nearest_correlation"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("coef", "expected"),
    [
        ([2.0, 2, -2, 0], 3.0),
        ([5.0, 0, 0, 0], 1.0),
        ([3.0, 1, 0, 0], 0.9**-0.9 * 0.1**-0.1),
        ([0.0, 0, 0, 0], 0.0),
    ],
)
def test_effective_nonzero_counts_what_carries_the_signal(coef, expected):
    coef = np.array(coef)
    found = describe(np.eye(4), np.flatnonzero(coef), coef)["effective_nonzero"]
    assert found == pytest.approx(expected)
    assert found <= np.count_nonzero(coef) + 1e-12


def test_opposing_signs_lie_along_the_small_components():
    aligned = population(scenario("blocks", 0.9, placement="first"), 1)
    opposed = population(scenario("blocks", 0.9, placement="first", signs="alternating"), 1)
    high = describe(aligned.root, aligned.support, aligned.coef)["signal_alignment"]
    low = describe(opposed.root, opposed.support, opposed.coef)["signal_alignment"]
    # four of a group of four: eigenvalues 1 + 3 rho and 1 - rho
    assert (high, low) == pytest.approx((3.7, 0.1))


def test_description_does_not_depend_on_the_scale_of_the_features(rng):
    truth = population(scenario("ar1"), 1)
    scale = rng.uniform(0.5, 2.0, 12)
    scaled = describe(truth.root * scale[:, None], truth.support, truth.coef / scale)
    plain = describe(truth.root, truth.support, truth.coef)
    names = (
        "mean_vif",
        "irrepresentable",
        "nearest_correlation",
        "effective_nonzero",
        "effective_features",
    )
    for name in names:
        assert scaled[name] == pytest.approx(plain[name]), name
    assert scaled["condition_number"] != pytest.approx(plain["condition_number"])


def test_latent_factor_loadings_follow_the_seed():
    s = replace(scenario("latent_factors"), n_nonzero=3)
    first, again, other = (population(s, seed).root.toarray() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
