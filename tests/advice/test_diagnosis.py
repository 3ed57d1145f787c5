"""The description of a table, against truth, formulas and regressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit
from scipy.stats import skew
from studies.user_table import as_table

from normwise.advice.diagnosis import (
    count_copies,
    diagnose,
    latent_snr,
    likeness,
    sample_rows,
    standardise,
    typical_correlation,
    variance_inflation,
)
from normwise.advice.findings import Diagnosis
from normwise.advice.signs import find_signs
from normwise.advice.sparsity import _ascend, estimate_sparsity
from normwise.advice.spectrum import (
    LEFT_OUT,
    MIXES,
    PRIOR,
    SNRS,
    STEP,
    align,
    effective_features,
    signal_to_noise,
    spectrum,
)
from normwise.analysis.judge.collinearity import describe
from normwise.data.population import draw, population
from normwise.data.scenario import Scenario
from normwise.tabular import as_table as from_memory

SEED = 5


def described(scenario: Scenario, replicate: int = 0) -> Diagnosis:
    X, y = draw(scenario, SEED, replicate)
    return diagnose(as_table(X, y, scenario.response), 0)[0]


def test_inflation_is_that_of_regressions():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 6)) @ rng.standard_normal((6, 6))
    found = variance_inflation(standardise(X))
    for j in range(6):
        rest = np.column_stack([np.ones(80), np.delete(X, j, axis=1)])
        residual = X[:, j] - rest @ np.linalg.lstsq(rest, X[:, j], rcond=None)[0]
        unexplained = residual @ residual / ((X[:, j] - X[:, j].mean()) ** 2).sum()
        assert found[j] == pytest.approx(1 / unexplained)
    assert found.max() > 2


def test_inflation_is_infinite_where_others_determine_a_feature():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4))
    X[:, 2] = X[:, 0] - 3 * X[:, 1]
    found = variance_inflation(standardise(X))
    assert np.isinf(found[:3]).all() and found[3] < 2
    assert np.isnan(variance_inflation(standardise(rng.standard_normal((5, 9))))).all()


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(400, 50, 5, snr=2),
        Scenario(150, 300, 300, snr=2, signal="gaussian", signs="random"),
        Scenario(400, 50, 50, snr=2, covariance="equicorrelated", correlation=0.5),
        Scenario(400, 60, 6, snr=2, covariance="ar1", correlation=0.8),
        Scenario(800, 30, 6, snr=2, response="binary"),
    ],
    ids=["sparse", "wide and dense", "along the correlations", "ar1", "binary"],
)
def test_snr_on_average_and_its_interval(scenario):
    found = [described(scenario, r) for r in range(8)]
    ratio = np.exp(np.mean([np.log(max(d.snr, 0.1)) for d in found]))
    assert 1.3 < ratio < 3
    assert sum(d.snr_low <= 2 <= d.snr_high for d in found) >= 6
    if scenario.n_samples > 2 * scenario.n_features:
        assert all(d.snr_high < 20 for d in found)


def test_snr_of_noise_is_not_told_from_zero():
    rng = np.random.default_rng(0)
    found = diagnose(as_table(rng.standard_normal((200, 20)), rng.standard_normal(200)), 0)[0]
    assert found.snr_low == 0 and found.snr_high < 0.6
    assert any("cannot be told from noise" in text for text in found.warnings)


def test_latent_snr_inverts_the_linear_projection():
    rng = np.random.default_rng(0)
    eta = 1.0 + np.sqrt(1.5 * np.pi**2 / 3) * rng.standard_normal(400_000)
    y = (rng.random(len(eta)) < expit(eta)).astype(float)
    share = np.corrcoef(eta, y)[0, 1] ** 2
    assert latent_snr(share / (1 - share), y.mean()) == pytest.approx(1.5, rel=0.03)


@pytest.mark.parametrize("covariance", ["independent", "blocks", "equicorrelated"])
def test_properties_of_the_population_are_found(covariance):
    rho = 0.0 if covariance == "independent" else 0.6
    scenario = Scenario(300, 100, 10, covariance=covariance, correlation=rho, snr=3)
    truth = population(scenario, SEED)
    real = describe(truth.root, truth.support, truth.coef)
    X, y = draw(scenario, SEED, 0)
    Z = standardise(X)
    found = effective_features(spectrum(Z, y), *Z.shape)
    assert found == pytest.approx(real["effective_features"], rel=0.12)
    near = typical_correlation(likeness(Z).nearest_correlation, *Z.shape)
    assert near == pytest.approx(real["nearest_correlation"], abs=0.1)


ALIGNED = {
    "unrelated": Scenario(300, 60, 12, snr=2),
    "together": Scenario(300, 60, 60, snr=2, covariance="equicorrelated", correlation=0.5),
    "blocks": Scenario(
        400, 40, 10, snr=2, covariance="blocks", correlation=0.8, group_size=10, placement="first"
    ),
    "either sign": Scenario(
        400, 60, 40, snr=2, covariance="blocks", correlation=0.6, group_size=10, signs="random"
    ),
    "cancel": Scenario(
        500, 30, 30, snr=3, covariance="equicorrelated", correlation=0.6, signs="alternating"
    ),
    "wide": Scenario(150, 300, 300, snr=2, covariance="ar1", correlation=0.7),
    "classes": Scenario(
        500, 40, 40, snr=4, covariance="equicorrelated", correlation=0.4, response="binary"
    ),
}


@pytest.mark.parametrize("case", ALIGNED)
def test_the_alignment_is_that_of_the_truth(case):
    scenario = ALIGNED[case]
    truth = population(scenario, SEED)
    real = describe(truth.root, truth.support, truth.coef)["signal_alignment"]
    high = case in ("together", "blocks", "wide", "classes")
    assert (real > 3) == high and (real < 0.7) == (case == "cancel")
    found = [described(scenario, r) for r in range(4)]
    logs = np.log([d.alignment for d in found])
    if high:
        # it is drawn towards 1, the more so the fewer the rows
        assert 0.4 < logs.mean() / np.log(real) < 1
        assert all(d.alignment_high > 0.7 * real for d in found)
    else:
        assert logs.mean() == pytest.approx(np.log(real), abs=0.2)
        assert all(d.alignment_low < real < d.alignment_high for d in found)
    # unrelated features can have no other alignment
    assert case != "unrelated" or np.abs(logs).max() < 0.1


def test_without_a_signal_the_alignment_is_left_open():
    rng = np.random.default_rng(0)
    common = rng.standard_normal((100, 1))
    X = common + rng.standard_normal((100, 20))
    found = [
        diagnose(as_table(X, y), 0)[0]
        for y in (rng.standard_normal(100), X.sum(axis=1) + 5 * rng.standard_normal(100))
    ]
    noise, clear = (np.log(d.alignment_high / d.alignment_low) for d in found)
    assert noise > 1.5 * clear
    assert found[0].alignment_low < 1 < found[0].alignment_high
    assert found[1].alignment == pytest.approx(1 + 19 / 2, rel=0.3)


@pytest.mark.parametrize(("n", "p"), [(60, 20), (40, 90)])
def test_the_alignment_is_the_posterior_mean_of_its_models(n, p):
    X, y = draw(Scenario(n, p, p, snr=2, covariance="ar1", correlation=0.6), SEED, 1)
    Z, y = standardise(X), y - y.mean()
    R = Z.T @ Z / n
    narrow = 0.4
    values, vectors = np.linalg.eigh(np.eye(n) - 1 / n)
    A = vectors[:, values > 0.5]
    fits, logs = [], []
    for w, weight in zip(MIXES, PRIOR, strict=True):
        for s in SNRS[::STEP]:
            law = s * ((1 - w) * np.eye(p) + w * narrow * R) / p
            V = A.T @ (np.eye(n) + Z @ law @ Z.T) @ A
            noise = (A.T @ y) @ np.linalg.solve(V, A.T @ y) / (n - 1)
            fits.append(np.log(weight) - 0.5 * (np.linalg.slogdet(V)[1] + (n - 1) * np.log(noise)))
            gain = law @ Z.T @ A @ np.linalg.inv(V)
            mean = gain @ (A.T @ y) / np.sqrt(noise)
            second = np.outer(mean, mean) + law - gain @ A.T @ Z @ law
            ratio = np.trace(R @ second) / np.trace(second)
            before = np.trace(R @ law) / np.trace(law)
            logs.append(np.log(ratio / before / ((1 - w) + w * narrow)))
    weight = np.exp(np.array(fits) - max(fits))
    weight /= weight.sum()
    middle = weight @ logs
    spread = np.sqrt(weight @ (np.array(logs) - middle) ** 2 + LEFT_OUT**2)
    found = align(spectrum(Z, y), n, p, narrow * p)
    assert np.log(found.middle) == pytest.approx(middle, abs=1e-6)
    assert found.spread == pytest.approx(spread, rel=1e-6)


def test_the_number_of_coefficients_follows_the_truth():
    few, some, all_ = (
        np.median(
            [
                diagnose(as_table(*draw(Scenario(300, 100, k, snr=3), SEED, r)), 0)[
                    0
                ].effective_nonzero
                for r in range(3)
            ]
        )
        for k in (3, 20, 100)
    )
    assert 1.5 < few < 6 and 12 < some < 35 and 55 < all_ <= 100


def test_the_range_of_the_number_holds_the_truth():
    inside = 0
    for k in (2, 8, 40):
        for r in range(4):
            found = described(Scenario(120, 80, k, snr=1.5, covariance="ar1", correlation=0.5), r)
            low, high = found.effective_nonzero_low, found.effective_nonzero_high
            assert 1 <= low <= found.effective_nonzero * 1.3 and high <= 80
            inside += low <= k <= high
    assert inside >= 10


def test_weights_of_the_numbers_sum_to_one_and_noise_keeps_them_wide():
    rng = np.random.default_rng(1)
    Z = standardise(rng.standard_normal((60, 100)))
    noise = estimate_sparsity(Z, rng.standard_normal(60), 0.5)
    clear = estimate_sparsity(Z, 3 * Z[:, 0] + rng.standard_normal(60), 5.0)
    assert noise.weight.sum() == pytest.approx(1)
    spread = [np.log(s.range(100)[1] / s.range(100)[0]) for s in (noise, clear)]
    assert spread[0] > spread[1] + 1


def test_one_feature_is_compiled_as_several_are():
    rng = np.random.default_rng(1)
    for p in (1, 3):
        Z = standardise(rng.standard_normal((60, p)))
        found = estimate_sparsity(Z, Z[:, 0] + rng.standard_normal(60), 1.0)
        assert 1 <= found.middle <= p
    # strided columns would be another kind of array, and slow
    assert {str(signature[0].layout) for signature in _ascend.signatures} == {"C"}


def _same(first: Diagnosis, second: Diagnosis, order: np.ndarray) -> None:
    names = ["rank", "condition_number", "effective_features", "snr", "snr_low", "snr_high"]
    for name in [*names, "alignment", "alignment_low", "alignment_high"]:
        assert getattr(second, name) == pytest.approx(getattr(first, name), rel=1e-6), name
    np.testing.assert_allclose(second.vif, first.vif[order], rtol=1e-6)
    np.testing.assert_allclose(
        second.nearest_correlation, first.nearest_correlation[order], rtol=1e-6
    )
    assert second.outliers == first.outliers
    assert second.effective_nonzero == pytest.approx(first.effective_nonzero, rel=0.15)


def test_scale_and_order_of_columns_do_not_matter():
    X, y = draw(Scenario(120, 15, 3, snr=2, covariance="blocks", correlation=0.8), SEED, 0)
    rng = np.random.default_rng(0)
    order, unit = rng.permutation(15), 10.0 ** rng.integers(-6, 7, 15)
    first = diagnose(as_table(X, y), 0)[0]
    second = diagnose(as_table((X * unit + unit)[:, order], 100 * y - 7), 0)[0]
    _same(first, second, order)
    there = {tuple(sorted(int(order[j]) for j in group)) for group in second.groups}
    assert there == set(first.groups) and there


def test_sparse_features_give_the_same():
    X, y = draw(Scenario(150, 30, 5, features="sparse_binary", density=0.2), SEED, 0)
    X = X.astype(float)
    first = diagnose(as_table(X, y), 0)[0]
    second = diagnose(as_table(sparse.csr_matrix(X), y), 0)[0]
    _same(first, second, np.arange(30))


def test_more_features_than_rows():
    X, y = draw(Scenario(40, 90, 5, snr=2), SEED, 0)
    found = diagnose(as_table(X, y), 0)[0]
    assert found.rank == 39 and np.isinf(found.condition_number) and np.isnan(found.vif).all()
    assert any("rows per feature" in text for text in found.warnings)
    assert any("unstable or does not exist" in text for text in found.warnings)


def test_groups_copies_outliers_and_leaks_are_named():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 8))
    X[:, 1] = X[:, 0] + 0.3 * rng.standard_normal(200)
    X[:, 5] = -2 * X[:, 4] + 1
    y = rng.standard_normal(200)
    y[17] = 60
    X[:, 7] = y + 1e-3 * rng.standard_normal(200)
    found = diagnose(as_table(X, y), 0)[0]
    assert found.groups == ((0, 1), (4, 5))
    assert found.duplicates == (("x4", "x5"),)
    assert 17 in found.outliers and len(found.outliers) < 5
    text = " ".join(found.warnings)
    for part in ("x4 and x5 are copies", "x7 has a correlation", "Row 18 lies"):
        assert part in text


def test_exact_sums_and_near_ones_are_told_apart(rng):
    X = rng.standard_normal((200, 8))
    y = rng.standard_normal(200)
    X[:, 3] = X[:, 1] + X[:, 2]
    said = " ".join(diagnose(as_table(X, y), 0)[0].warnings)
    assert "exact sums of others, among x1, x2, x3:" in said
    assert "nearly collinear" not in said
    X[:, 3] += 1e-3 * rng.standard_normal(200)
    said = " ".join(diagnose(as_table(X, y), 0)[0].warnings)
    assert "nearly collinear" in said
    assert "exact sums" not in said


def test_long_tails_and_rare_zeros_and_ones_are_no_rows_far_off(rng):
    X = np.exp(rng.standard_normal((300, 6)))
    X[:, 0] = rng.random(300) < 0.02
    y = np.exp(rng.standard_normal(300))
    assert not diagnose(as_table(X, y), 0)[0].outliers


def test_missing_values_and_rare_classes_are_named():
    rng = np.random.default_rng(3)
    y = np.zeros(200)
    y[:9] = 1
    table = as_table(rng.standard_normal((200, 3)), y, "binary")
    table = replace(table, missing={"x1": 90, "x2": 3})
    text = " ".join(diagnose(table, 0)[0].warnings)
    assert "9 of 200 rows" in text and "x1 lacks 45% of its values" in text and "x2" not in text


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_outlying_rows_are_counted_as_a_reader_does(response):
    X, y = draw(Scenario(200, 6, 2, snr=2, response=response), SEED, 0)
    X[[4, 9]] = 1e6 * np.array([[1.0], [-1.0]])
    said = next(t for t in diagnose(as_table(X, y, response), 0)[0].warnings if "far from" in t)
    assert said.startswith("2 rows lie far from the others, the first of them row 5 (")
    assert ("squared error" in said) == (response == "gaussian")


@pytest.mark.parametrize("store", [np.asarray, sparse.csr_matrix])
def test_copied_rows_are_named_and_discrete_tables_are_not_accused(store):
    def said(X, y, **options):
        return " ".join(sign.said for sign in find_signs(from_memory(store(X), y, **options), 0))

    X, y = draw(Scenario(100, 4, 2, snr=2), SEED, 0)
    twice = np.append(np.arange(100), np.arange(10))
    assert "10 rows are copies of others. Copies were held out together" in said(X[twice], y[twice])
    assert count_copies(store(X[twice]), np.append(y, y[:10] + 1)) == 0
    # a few copies happen
    assert "copies" not in said(X[twice[:104]], y[twice[:104]])
    rng = np.random.default_rng(0)
    coarse, labels = rng.integers(0, 2, (300, 3)).astype(float), rng.integers(0, 2, 300)
    assert count_copies(store(coarse), labels) > 200
    assert not said(coarse, labels.astype(float))


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_a_sample_has_the_size_that_is_said(response):
    rng = np.random.default_rng(0)
    y = (np.arange(430) % 43 == 0).astype(float) if response == "binary" else rng.random(430)
    rows = sample_rows(y, 10, response, 4000, rng)
    assert len(rows) == len(set(rows)) == 400 and (np.diff(rows) > 0).all()
    assert rows.tolist() != sample_rows(y, 10, response, 4000, rng).tolist()
    if response == "binary":
        assert 9 <= y[rows].sum() <= 10


def test_a_clean_table_has_no_warnings():
    X, y = draw(Scenario(300, 20, 5, snr=2), SEED, 0)
    found = diagnose(as_table(X, y), 0)[0]
    assert found.warnings == () and found.groups == () and found.duplicates == ()


def test_large_tables_are_sampled_and_say_so(monkeypatch):
    monkeypatch.setattr("normwise.advice.diagnosis.CELLS", 3000)
    monkeypatch.setattr("normwise.advice.diagnosis.CLUSTERED", 5)
    X, y = draw(Scenario(1000, 10, 3, snr=2, covariance="blocks", correlation=0.9), SEED, 0)
    found = diagnose(as_table(X, y), 0)[0]
    assert any("of its 1000 rows" in text for text in found.warnings)
    assert found.groups == (tuple(range(5)), tuple(range(5, 10)))


def test_restricted_likelihood_is_largest_at_its_estimate():
    X, y = draw(Scenario(60, 20, 20, snr=2, signal="gaussian", signs="random"), SEED, 1)
    Z = standardise(X)
    found = signal_to_noise(spectrum(Z, y), 20)
    centred = y - y.mean()
    K = Z @ Z.T / 20
    values, vectors = np.linalg.eigh(np.eye(60) - 1 / 60)
    A = vectors[:, values > 0.5]

    def fit(s: float) -> tuple[float, float]:
        V = A.T @ (np.eye(60) + s * K) @ A
        noise = (A.T @ y) @ np.linalg.solve(V, A.T @ y) / 59
        return -0.5 * (np.linalg.slogdet(V)[1] + 59 * np.log(noise)), noise

    best = max(np.geomspace(0.01, 100, 401), key=lambda s: fit(s)[0])
    assert found[0] == pytest.approx(centred @ centred / 59 / fit(best)[1] - 1, rel=0.05)


def test_features_with_long_tails_are_told_and_zeros_and_ones_are_not():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    X[:, 1], X[:, 3] = np.exp(X[:, 1]), np.exp(1.5 * X[:, 3])
    X[:, 4] = rng.random(300) < 0.02
    frame = pd.DataFrame(X, columns=list("abcde"))
    found = diagnose(from_memory(frame, X[:, 0] + rng.standard_normal(300)), 0)[0]
    # as SciPy measures it
    skewness = np.abs(skew(X))
    assert skewness[4] > 2 and list("abcde")[int(np.argmax(skewness[:4]))] == found.skewed[0]
    assert set(found.skewed) == {"b", "d"}
    assert diagnose(from_memory(np.log(frame[["b", "d"]]), X[:, 0]), 0)[0].skewed == ()


def test_no_signal_of_two_classes_is_none_on_the_latent_scale():
    rates = (0.03, 0.5, 0.9)
    assert [float(latent_snr(0.0, rate)) for rate in rates] == [0.0, 0.0, 0.0]
    values = latent_snr(np.array([0.0, 1e-9, 1e-6, 1e-3]), 0.5)
    assert (np.diff(values) > 0).all() and values[1] < 1e-7


def test_a_long_tail_of_the_response_is_told():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    y = X[:, 0] + rng.standard_normal(200)
    long = diagnose(from_memory(X, np.exp(2 * y)), 0)[0]
    assert long.skewness == pytest.approx(skew(np.exp(2 * y))) and long.skewness > 2
    assert abs(diagnose(from_memory(X, y), 0)[0].skewness) < 1
    assert np.isnan(diagnose(from_memory(X, y > 0), 0)[0].skewness)
