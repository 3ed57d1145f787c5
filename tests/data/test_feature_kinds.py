"""Scenarios with features of other kinds than Gaussian: what they promise, against draws."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from normwise.data.copula import covariance_within
from normwise.data.feature_kinds import KINDS, columns_of
from normwise.data.misfit import misfit_of
from normwise.data.population import (
    draw,
    draw_features,
    draw_test_features,
    nonzero_values,
    population,
)
from normwise.data.scenario import (
    COVARIANCES,
    FEATURES,
    GROUPED,
    PLACEMENTS,
    SIGNALS,
    ZERO_ONE,
    Scenario,
    expand_grid,
)
from normwise.fitting.risk import excess_risk
from normwise.study.scenario_checks import problems

SEED = 3
LARGE = 40_000
BASE = Scenario(LARGE, 24, 8, group_size=4, snr=2.0)
OTHERS = [kind for kind in FEATURES if kind != "gaussian"]
RELATED = [("independent", 0.0), ("ar1", -0.5), ("mixed_blocks", 0.9), ("latent_factors", 0.8)]


def dense(root) -> np.ndarray:
    sigma = root @ root.T
    return sigma.toarray() if sparse.issparse(sigma) else sigma


def worst(deviations: np.ndarray) -> float:
    """Largest distance of sample means from zero, in standard errors; rows are draws."""
    spread = deviations.std(axis=0) / np.sqrt(len(deviations))
    return float((np.abs(deviations.mean(axis=0)) / spread).max())


@pytest.mark.parametrize(("covariance", "correlation"), RELATED)
@pytest.mark.parametrize("features", OTHERS)
def test_means_and_covariances_are_those_of_draws(features, covariance, correlation):
    s = replace(BASE, features=features, covariance=covariance, correlation=correlation)
    truth = population(s, SEED)
    X = draw_features(s, truth, LARGE, np.random.default_rng(5)).astype(float)
    centred = X - truth.mean
    assert worst(centred) < 4.5
    i, j = np.triu_indices(24)
    products = centred[:, i] * centred[:, j] - dense(truth.root)[i, j]
    # 300 of them, and heavy tails
    assert worst(products) < 5.5
    assert truth.signal_var / truth.noise_var == pytest.approx(2.0)


@pytest.mark.parametrize("features", OTHERS)
def test_excess_risk_is_that_of_new_rows(features):
    s = replace(BASE, features=features, covariance="blocks", correlation=0.7)
    s = s if features in ZERO_ONE else replace(s, nonlinear_share=0.4)
    truth = population(s, SEED)
    X, y = draw(s, SEED, 0)
    rng = np.random.default_rng(0)
    coef = truth.coef + rng.standard_normal(24) * np.abs(truth.coef).max() / 4
    intercept = truth.intercept + 0.2
    best = (y - truth.intercept - X @ truth.coef) ** 2
    risen = (y - intercept - X @ coef) ** 2 - best
    expected = float(excess_risk(truth, coef[None], np.array([intercept]))[0])
    assert worst((risen - expected)[:, None]) < 4.5
    assert expected > 20 * risen.std() / np.sqrt(len(risen))
    assert worst((best - truth.residual_var)[:, None]) < 4.5


def test_sizes_hold_for_features_of_unit_variance():
    s = replace(BASE, features="mixed", n_nonzero=24)
    truth = population(s, SEED)
    size = truth.coef * np.sqrt(np.diag(dense(truth.root)))
    np.testing.assert_allclose(size, size[0])
    # of sparse 0/1 features a one has the same effect in each, correlated or not
    s = replace(BASE, features="sparse_binary", covariance="blocks", correlation=0.5)
    coef = population(s, SEED).coef
    np.testing.assert_allclose(coef[coef != 0], coef.max())


def test_a_mixed_table_has_every_kind_in_an_order_of_its_own():
    s = replace(BASE, n_features=80, features="mixed")
    columns = columns_of(s, np.random.default_rng(0))
    names = [shape.name or len(shape.cuts) for shape in columns.of_each()]
    # ten turns of six kinds, of which categories have three columns
    assert [names.count(n) for n in ("gaussian", "lognormal", "student_t", 100)] == [10] * 4
    assert len(names) - 40 == 10 * 3 + 10
    assert columns.variable[-1] + 1 == 60
    other = columns_of(s, np.random.default_rng(1))
    assert [s.name for s in other.of_each()] != [s.name for s in columns.of_each()]


@pytest.mark.parametrize("n_levels", [2, 3, 7])
@pytest.mark.parametrize("n_features", [13, 14, 24, 100])
def test_there_are_as_many_variables_as_a_scenario_counts_on(n_features, n_levels):
    for features in ("categorical", "mixed", "counts"):
        s = replace(BASE, n_features=n_features, features=features, n_levels=n_levels)
        columns = columns_of(s, np.random.default_rng(0))
        assert len(columns.shape) == n_features
        n_variables = columns.variable[-1] + 1
        assert n_variables >= s.n_variables
        if features != "mixed":
            assert n_variables == s.n_variables


def test_latent_correlation_is_the_scenario_s():
    s = replace(BASE, features="lognormal", covariance="equicorrelated", correlation=0.6)
    X, _ = draw(s, SEED, 0)
    correlation = np.corrcoef(np.log(X).T)
    np.testing.assert_allclose(correlation[~np.eye(24, dtype=bool)], 0.6, atol=0.01)
    # that of the features as they are is weaker
    sigma = dense(population(s, SEED).root)
    assert sigma[0, 1] / sigma[0, 0] == pytest.approx((np.exp(0.6) - 1) / (np.e - 1))


def test_correlated_sparse_features_keep_their_popularity():
    apart = replace(BASE, features="sparse_binary", density=0.1)
    related = replace(apart, covariance="ar1", correlation=0.8)
    np.testing.assert_allclose(population(apart, SEED).mean, population(related, SEED).mean)
    X, _ = draw(related, SEED, 0)
    assert X.dtype == np.uint8
    assert np.corrcoef(X[:, 1], X[:, 2])[0, 1] > 0.3


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_scenario_without_problems_can_be_drawn(data):
    p = data.draw(st.integers(8, 20))
    features = data.draw(st.sampled_from(FEATURES))
    covariance = data.draw(st.sampled_from([c for c in COVARIANCES if c != "irrepresentable"]))
    correlations = {"independent": [0.0], "ar1": [-0.9, 0.3, 0.99]}.get(covariance, [0.0, 0.99])
    placements = PLACEMENTS if covariance in GROUPED else ["first", "spread"]
    s = Scenario(
        n_samples=30,
        n_features=p,
        n_nonzero=data.draw(st.integers(1, p)),
        covariance=covariance,
        correlation=data.draw(st.sampled_from(correlations)),
        group_size=data.draw(st.integers(1, 6)),
        signal=data.draw(st.sampled_from(SIGNALS)),
        placement=data.draw(st.sampled_from(placements)),
        per_group=data.draw(st.integers(1, 4)),
        features=features,
        n_levels=data.draw(st.integers(2, 4)),
        nonlinear_share=0.0 if features in ZERO_ONE else data.draw(st.sampled_from([0.0, 0.5])),
        response=data.draw(st.sampled_from(["gaussian", "binary"])),
    )
    assume(not problems(s))
    truth = population(s, SEED)
    assert np.linalg.eigvalsh(dense(truth.root))[0] > 0
    assert len(truth.support) == s.n_nonzero
    assert truth.signal_var / s.noise_var == pytest.approx(s.snr)
    X, y = draw(s, SEED, 0)
    assert X.shape == (30, p)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("features", OTHERS)
def test_draws_follow_seed_scenario_and_replicate_only(features):
    s = replace(BASE, n_samples=50, features=features, covariance="blocks", correlation=0.5)
    X, y = draw(s, SEED, 2)
    rows = draw_test_features(replace(s, response="binary"), SEED)
    population.cache_clear()
    again = draw(s, SEED, 2)
    np.testing.assert_array_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])
    np.testing.assert_array_equal(rows, draw_test_features(replace(s, response="binary"), SEED))
    assert (draw(s, SEED, 1)[0] != X).any()


@pytest.mark.parametrize("prevalence", [0.02, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("features", FEATURES)
def test_classes_have_their_prevalence(features, prevalence):
    s = replace(BASE, features=features, response="binary", prevalence=prevalence)
    s = replace(s, covariance="blocks", correlation=0.6)
    shares = [draw(s, SEED, r)[1].mean() for r in range(4)]
    # that of the draws, and of the sample that the intercept is solved on
    error = np.sqrt(prevalence * (1 - prevalence) / LARGE * (1 / 4 + 1))
    assert np.mean(shares) == pytest.approx(prevalence, abs=4 * error)


def test_prevalence_of_gaussian_features_is_exact():
    s = replace(BASE, response="binary", prevalence=0.05, snr=8.0)
    truth = population(s, SEED)
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    one = 1 / (1 + np.exp(-truth.intercept - np.sqrt(truth.signal_var) * z))
    assert one @ weights / weights.sum() == pytest.approx(0.05, abs=1e-6)
    # with no signal the intercept is the log-odds
    s = replace(s, n_nonzero=0)
    assert population(s, SEED).intercept == pytest.approx(np.log(0.05 / 0.95))


@pytest.mark.parametrize("features", [f for f in FEATURES if f not in ZERO_ONE])
def test_a_share_of_the_signal_is_not_linear_in_any_feature(features):
    s = replace(BASE, features=features, covariance="mixed_blocks", correlation=0.8)
    s = replace(s, nonlinear_share=0.3)
    truth = population(s, SEED)
    X, _ = draw(s, SEED, 0)
    beyond, linear = truth.misfit(X), X @ truth.coef
    assert truth.misfit.variance / truth.predictor_var == pytest.approx(0.3)
    assert worst((beyond**2 - truth.misfit.variance)[:, None]) < 4.5
    assert worst(beyond[:, None]) < 4.5
    assert worst(beyond[:, None] * (X - truth.mean)) < 4.5
    assert linear.var() == pytest.approx(2.0, rel=0.1)
    # a tree of one split sees what no line does
    assert np.abs(np.corrcoef(beyond, beyond > 0)[0, 1]) > 0.5


def test_a_misfit_has_squares_thresholds_and_products():
    s = replace(BASE, nonlinear_share=0.5, covariance="ar1", correlation=0.5)
    misfit = population(s, SEED).misfit
    X, _ = draw(s, SEED, 0)
    first, second, third = misfit.carriers[:3]
    left = misfit(X)
    for feature in (X[:, first] ** 2, X[:, second] > 0.6745, X[:, second] * X[:, third]):
        assert np.corrcoef(left, feature)[0, 1] > 0.05


def test_a_misfit_is_carried_by_the_largest_features_that_have_more_than_two_values():
    s = replace(BASE, n_features=80, features="mixed", n_nonzero=80, signal="power")
    truth = population(s, SEED)
    table = truth.table
    found = misfit_of(table.columns, table.latent, truth.root, truth.coef, 1.0)
    each = table.columns.of_each()
    assert len(found.carriers) == 20
    assert all(each[j].n_values is None or each[j].n_values > 2 for j in found.carriers)
    size = np.abs(truth.coef) * np.sqrt([covariance_within(e, e) for e in each])
    numeric = np.array([e.n_values is None or e.n_values > 2 for e in each])
    assert size[found.carriers].min() >= np.sort(size[numeric])[-20]


def test_heteroscedastic_noise_averages_to_variance_one_beside_a_misfit():
    s = replace(BASE, noise="heteroscedastic", nonlinear_share=0.5)
    truth = population(s, SEED)
    X, y = draw(s, SEED, 0)
    assert worst(((y - truth.predictor(X)) ** 2 - 1)[:, None]) < 4.5


def test_kinds_are_the_features_that_a_table_can_mix():
    assert set(FEATURES) == {*KINDS, "mixed"}


def test_power_law_sizes_decay_in_random_order():
    s = replace(BASE, n_nonzero=20, signal="power", decay=1.5)
    values = nonzero_values(s, np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(values)[::-1], np.arange(1, 21) ** -1.5)
    assert (np.sort(values)[::-1] != values).any()


def test_heavy_tailed_sizes_have_fewer_effective_coefficients_than_gaussian_ones():
    def effective(signal: str) -> float:
        values = nonzero_values(
            replace(BASE, n_features=400, n_nonzero=400, signal=signal), np.random.default_rng(0)
        )
        return values.sum() ** 2 / (values**2).sum()

    # of |N(0, 1)| it is 2/pi of the number
    assert effective("gaussian") == pytest.approx(400 * 2 / np.pi, rel=0.02)
    assert effective("heavy_tailed") < 0.6 * effective("gaussian")
    values = nonzero_values(
        replace(BASE, n_features=400, n_nonzero=400, signal="heavy_tailed"),
        np.random.default_rng(0),
    )
    # upper quartile of t with two degrees of freedom is its median size
    assert np.median(values) == pytest.approx(0.8165, rel=0.01)


@pytest.mark.parametrize(
    ("k", "per_group", "support"),
    [
        (4, 2, [4, 5, 16, 17]),
        (5, 2, [4, 5, 12, 13, 20]),
        (12, 2, [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21]),
        (1, 3, [12]),
        (0, 3, []),
    ],
)
def test_some_per_group_leaves_features_of_a_group_and_groups_out(k, per_group, support):
    s = replace(BASE, covariance="blocks", correlation=0.5, n_nonzero=k, per_group=per_group)
    s = replace(s, placement="some_per_group")
    np.testing.assert_array_equal(population(s, SEED).support, support)


def test_some_per_group_finds_room_where_the_last_group_is_small():
    s = Scenario(30, 10, 7, covariance="blocks", group_size=3, placement="some_per_group")
    assert not problems(s)
    np.testing.assert_array_equal(population(s, SEED).support, [0, 1, 3, 4, 6, 7, 9])
    assert problems(replace(s, n_nonzero=8))


@pytest.mark.parametrize(
    ("k", "per_group", "offset", "spacing", "support"),
    [
        (4, 2, 1, 2, [13, 15, 37, 39]),
        (4, 2, 0, 7, [12, 19, 36, 43]),
        (2, 1, 11, 5, [23, 47]),
        (8, 2, 4, 7, [4, 11, 16, 23, 28, 35, 40, 47]),
    ],
)
def test_relevant_features_of_a_group_have_an_offset_and_a_spacing(
    k, per_group, offset, spacing, support
):
    s = Scenario(60, 48, k, covariance="ar1_blocks", correlation=0.95, group_size=12)
    s = replace(s, placement="some_per_group", per_group=per_group, offset=offset, spacing=spacing)
    assert not problems(s)
    truth = population(s, SEED)
    np.testing.assert_array_equal(truth.support, support)
    between = dense(truth.root)[np.ix_(support, support)]
    if per_group == 2:
        np.testing.assert_allclose(between[::2, 1::2].diagonal(), 0.95**spacing)


def test_which_groups_are_relevant_is_only_a_matter_of_the_order_of_the_columns():
    # a published design fills the first groups: the same truth, its columns in another order
    s = Scenario(60, 30, 6, covariance="blocks", correlation=0.7, group_size=5, per_group=2)
    truth = population(replace(s, placement="some_per_group"), SEED)
    order = np.arange(30).reshape(6, 5)[[1, 3, 5, 0, 2, 4]].ravel()
    sigma = dense(truth.root)
    np.testing.assert_allclose(sigma[np.ix_(order, order)], sigma, atol=1e-14)
    np.testing.assert_array_equal(np.flatnonzero(truth.coef[order]), [0, 1, 5, 6, 10, 11])


def test_groups_of_categories_are_groups_of_variables():
    s = replace(BASE, features="categorical", covariance="blocks", correlation=0.9, group_size=2)
    columns = np.arange(24) // 3
    sigma = dense(population(s, SEED).root)
    related = np.abs(sigma) > 1e-12
    np.testing.assert_array_equal(related, np.equal.outer(columns // 2, columns // 2))
    s = replace(s, placement="one_per_group", n_nonzero=4)
    np.testing.assert_array_equal(population(s, SEED).support, [0, 6, 12, 18])


def test_mixed_blocks_have_strengths_from_zero_to_the_correlation():
    s = replace(BASE, covariance="mixed_blocks", correlation=0.8)
    sigma = dense(population(s, SEED).root)
    strengths = [sigma[4 * g, 4 * g + 1] for g in range(6)]
    np.testing.assert_allclose(np.sort(strengths), np.linspace(0, 0.8, 6), atol=1e-12)
    assert (np.diff(strengths) < 0).any()
    assert (np.diff(strengths) > 0).any()


def test_scenarios_of_today_are_not_touched_by_the_new_keys():
    old = {"n_samples": 40, "n_features": 10, "n_nonzero": 3, "response": "binary"}
    new = {"n_levels": 4, "decay": 1.0, "per_group": 2, "prevalence": 0.5, "nonlinear_share": 0.0}
    assert expand_grid(old) == expand_grid(old | new)
    assert expand_grid(old)[0].key == expand_grid(old | new)[0].key
