"""The head-to-head: fair folds, no leakage, the corrected interval by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from scipy.special import expit
from sklearn.linear_model import LinearRegression
from studies.user_table import as_table

from normwise.advice import advise, contest
from normwise.advice.contest import _explained, compare, summarise, zone_probabilities
from normwise.advice.findings import TRIED
from normwise.analysis.inference import standard_error
from normwise.data.errors import InputError
from normwise.data.population import draw
from normwise.data.rows import time_splits
from normwise.data.scenario import Scenario
from normwise.fitting import search
from normwise.fitting.tuning import fold_labels, make_folds, splits_of
from normwise.tabular import as_table as as_tabular

SEED = 6


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch):
    monkeypatch.setattr(contest, "REPEATS", (2, 3))


def errors_of(null, l1) -> pd.DataFrame:
    """Errors of ten splits, those of the other penalties being the null model's."""
    errors = pd.DataFrame({"null": null, "l1": l1})
    for name in TRIED:
        errors[name] = errors.get(name, errors["null"])
        errors[f"{name}_nonzeros"], errors[f"{name}_failed"] = 4.0, 0.0
        errors[f"{name}_at_end"] = 0.0
    return errors


def test_corrected_errors_by_hand():
    null = np.array([2.0, 4, 2, 4, 3, 2, 4, 3, 3, 3])
    error = np.array([1.0, 2, 1.2, 1.8, 1.5, 0.8, 2.2, 1.5, 1.4, 1.6])
    found = summarise(errors_of(null, error), [0] * 5 + [1] * 5, 5, 2, 0.01)
    # ten splits of five folds: a fourth as many test rows as training rows
    factor = np.sqrt(1 / 10 + 1 / 4)
    row = found.pairs[(found.pairs["first"] == "l1") & (found.pairs["second"] == "l2")].iloc[0]
    assert row["se"] == pytest.approx(factor * np.std((null - error) / 3, ddof=1))
    score = found.scores.set_index("penalty").loc["l1"]
    # half of the error is explained on average, whatever the null model's error
    half = stats.t.ppf(0.975, 9) * factor * np.std((error - null / 2) / 3, ddof=1)
    assert score["explained"] == pytest.approx(0.5)
    assert [score["low"], score["high"]] == pytest.approx([0.5 - half, 0.5 + half])


def test_the_interval_of_a_share_is_that_of_a_ratio():
    # errors of which 98 % are explained, on parts of very unequal difficulty
    rng = np.random.default_rng(0)
    null = rng.gamma(4, size=10)
    error = 0.02 * null * rng.uniform(0.8, 1.2, 10)
    score = (
        summarise(errors_of(null, error), [0] * 5 + [1] * 5, 5, 2, 0.01)
        .scores.set_index("penalty")
        .loc["l1"]
    )
    draws = rng.integers(10, size=(4000, 10))
    ratio = 1 - error[draws].sum(axis=1) / null[draws].sum(axis=1)
    # the bootstrap takes splits for independent, and divides by J for J - 1
    se = ratio.std() * np.sqrt(10 / 9) * np.sqrt(10 * (1 / 10 + 1 / 4))
    assert (score["high"] - score["low"]) / 2 == pytest.approx(stats.t.ppf(0.975, 9) * se, rel=0.1)
    assert score["low"] > 0.95 and score["high"] < 1
    # nothing is left to explain: no share exceeds one
    error[1:] = 0
    assert summarise(errors_of(null, error), [0] * 10, 5, 2, 0.01).scores["high"].max() <= 1


@pytest.mark.parametrize(("difference", "se"), [(0.02, 0.01), (0.0, 0.004), (-0.3, 0.1), (0.5, 0)])
def test_probabilities_sum_to_one_and_follow_the_t_law(difference, se):
    found = zone_probabilities(difference, se, 10, 0.01)
    assert sum(found) == pytest.approx(1) and min(found) >= 0
    if se:
        law = stats.t(9, difference, se)
        assert found[1] == pytest.approx(law.cdf(0.01) - law.cdf(-0.01))
    assert zone_probabilities(-difference, se, 10, 0.01) == pytest.approx(found[::-1])


def test_summary_by_hand():
    errors = pd.DataFrame({"null": [2.0, 4.0, 2.0, 4.0], "l1": [1.0, 2.0, 1.0, 2.0]})
    for name, value in (("l2", 3.0), ("elastic_net", 1.5), ("none", np.nan)):
        errors[name] = value
    for name in TRIED:
        errors[f"{name}_nonzeros"], errors[f"{name}_failed"] = 4.0, float(name == "none")
        errors[f"{name}_at_end"] = 0.0
    found = summarise(errors, [0, 0, 1, 1], 2, 2, 0.01)
    scores = found.scores.set_index("penalty")
    # mean error of the null model 3, of L1 1.5
    assert scores.loc["l1", "explained"] == pytest.approx(0.5)
    assert scores.loc["l2", "explained"] == pytest.approx(0)
    assert scores.loc["none", "failed"] == 1 and np.isnan(scores.loc["none", "explained"])
    row = found.pairs[(found.pairs["first"] == "l1") & (found.pairs["second"] == "l2")].iloc[0]
    shares = found.differences
    assert row["difference"] == pytest.approx((shares["l1"] - shares["l2"]).mean()) == 0.5
    assert found.pairs["verdict"].isin(["first", "second", "equivalent", "undecided"]).all()
    assert found.pairs.loc[found.pairs["second"] == "none", "difference"].isna().all()


def test_all_penalties_see_the_same_folds(monkeypatch):
    seen = []
    real = contest.tune

    def spied(problem, penalty, splits):
        seen.append((penalty, problem.X.tobytes(), [t.tobytes() for _, t in splits]))
        return real(problem, penalty, splits)

    monkeypatch.setattr(contest, "tune", spied)
    X, y = draw(Scenario(60, 8, 2, snr=2), SEED, 0)
    found = compare(as_table(X, y), 0.01, 0, 1)
    calls = pd.DataFrame(seen, columns=["penalty", "rows", "splits"])
    n_splits = found.n_folds * found.n_repeats
    assert len(found.differences) == n_splits and len(calls) == 4 * n_splits
    for start in range(0, len(calls), 4):
        own = calls.iloc[start : start + 4]
        assert set(own["penalty"]) == set(TRIED)
        assert own["rows"].nunique() == 1 and own["splits"].map(str).nunique() == 1
    # and no training part twice
    assert calls["rows"].nunique() == n_splits


@pytest.mark.parametrize("shape", [(60, 10), (50, 120)])
@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_nothing_is_explained_where_there_is_nothing(shape, response):
    rng = np.random.default_rng(4)
    explained = []
    for _ in range(3):
        X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
        y = (y > np.median(y)).astype(float) if response == "binary" else y
        scores = compare(as_table(X, y, response), 0.01, 0, 1).scores.set_index("penalty")
        explained.append(scores.loc[["l1", "l2", "elastic_net"], "explained"])
    mean = pd.concat(explained, axis=1).mean(axis=1)
    assert (mean < 0.03).all()


def test_an_explained_share_below_nothing_has_an_interval_that_fits_it():
    rng = np.random.default_rng(0)
    null = np.full(50, 1.0)

    def explained(error):
        return _explained(pd.DataFrame({"null": null, "error": error}), 0.25)

    # up to the null model's error it is that of the mean
    half = stats.t.ppf(0.975, 49) * standard_error(errors := rng.uniform(0.2, 0.8, 50), 0.25)
    middle = 1 - errors.mean()
    assert explained(errors) == pytest.approx((middle, middle - half, middle + half))
    # errors of a few rows that are off by far
    share, low, high = explained(np.where(np.arange(50) % 10 == 0, 12.0, 4.0))
    assert low < share < high < 0
    assert np.log(1 - low) == pytest.approx(2 * np.log(1 - share) - np.log(1 - high))
    # and without a bend where the two meet
    noise = rng.normal(0, 0.3, 50)
    near = [explained(1 + shift + noise - noise.mean()) for shift in (-1e-7, 1e-7)]
    assert near[0] == pytest.approx(near[1], abs=1e-6)


def test_no_penalty_is_least_squares():
    X, y = draw(Scenario(80, 6, 6, snr=2), SEED, 0)
    found = compare(as_table(X, y), 0.01, 3, 1)
    rng = np.random.default_rng([3, 1])
    errors = []
    for _ in range(found.n_repeats):
        labels = fold_labels(y, 5, "gaussian", rng)
        for train, test in splits_of(labels):
            model = LinearRegression().fit(X[train], y[train])
            errors.append(np.mean((y[test] - model.predict(X[test])) ** 2))
    error = found.scores.set_index("penalty").loc["none", "error"]
    assert error == pytest.approx(np.mean(errors), rel=1e-6)


def test_a_signal_is_found_and_the_sparse_one_prefers_l1():
    X, y = draw(Scenario(150, 60, 2, snr=4), SEED, 0)
    found = compare(as_table(X, y), 0.01, 0, 1)
    scores = found.scores.set_index("penalty")
    assert 0.6 < scores.loc["l1", "explained"] < 0.9
    row = found.pairs[(found.pairs["first"] == "l1") & (found.pairs["second"] == "l2")].iloc[0]
    assert row["verdict"] == "first" and row["low"] < row["difference"] < row["high"]


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_processes_scales_and_order_do_not_matter(response):
    X, y = draw(Scenario(70, 12, 3, snr=2, response=response), SEED, 0)
    order = np.random.default_rng(0).permutation(12)
    first = compare(as_table(X, y, response), 0.01, 0, 1)
    second = compare(as_table((X * 1000 + 5)[:, order], y, response), 0.01, 0, 2)
    # strengths are chosen among errors that rounding can change
    np.testing.assert_allclose(
        second.differences[list(TRIED)], first.differences[list(TRIED)], rtol=1e-3, atol=1e-4
    )
    assert list(second.pairs["verdict"]) == list(first.pairs["verdict"])
    third = compare(as_table(X, y, response), 0.01, 0, 2)
    pd.testing.assert_frame_equal(third.differences, first.differences)


def test_sparse_features_stay_sparse_and_give_the_same():
    X, y = draw(Scenario(100, 20, 4, snr=3, features="sparse_binary", density=0.2), SEED, 0)
    X = X.astype(float)
    first = compare(as_table(X, y), 0.01, 0, 1)
    second = compare(as_table(sparse.csr_matrix(X), y), 0.01, 0, 1)
    np.testing.assert_allclose(
        second.differences[["l1", "l2"]], first.differences[["l1", "l2"]], rtol=1e-3, atol=1e-4
    )


def test_separable_classes_have_no_fit_without_a_penalty():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 40))
    y = (X[:, 0] > 0).astype(float)
    scores = compare(as_table(X, y, "binary"), 0.01, 0, 1).scores.set_index("penalty")
    assert scores.loc["none", "failed"] == 1 and np.isnan(scores.loc["none", "error"])
    assert scores.loc["l1", "failed"] == 0 and scores.loc["l1", "explained"] > 0.3


def strong_classes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1500, 5))
    y = rng.random(1500) < expit(20 * X @ [1, -1, 1, -1, 1])
    return as_table(X, y.astype(float), "binary")


def test_the_grid_decides_nothing_between_strong_classes():
    found = compare(strong_classes(), 0.01, 0, 1)
    scores = found.scores.set_index("penalty")
    assert scores.loc["l1", "explained"] > 0.9 and not scores["at_end"].any()
    row = found.pairs[(found.pairs["first"] == "l1") & (found.pairs["second"] == "l2")].iloc[0]
    assert row["verdict"] == "equivalent" and abs(row["difference"]) < 2e-3


def test_a_best_strength_at_the_end_of_what_could_be_tried_is_counted(monkeypatch):
    monkeypatch.setattr(search, "DEEPEST", 1.0)
    ended = compare(strong_classes(), 0.01, 0, 1).scores.set_index("penalty")["at_end"]
    assert ended["l1"] > 0.5 and ended["l2"] > 0.5 and ended["none"] == 0


def test_more_work_means_fewer_repeats(monkeypatch):
    monkeypatch.setattr(contest, "REPEATS", (2, 10))
    counts = [contest.plan_repeats(cells, "gaussian") for cells in (100, 400_000, 10**9)]
    assert counts == [10, 5, 2]
    # twice the folds, outer and inner, are four times the fits
    assert contest.plan_repeats(100_000, "gaussian", 5) == 10
    assert contest.plan_repeats(100_000, "gaussian", 10) == 5


@pytest.mark.parametrize("n_folds", [2, 3, 7])
def test_folds_are_as_many_as_asked_for_outside_and_inside(monkeypatch, n_folds):
    table = as_table(*draw(Scenario(63, 5, 2, snr=2), SEED, 0))
    asked = []

    def spied(y, number, *others):
        asked.append((len(y), number))
        return make_folds(y, number, *others)

    monkeypatch.setattr(contest, "make_folds", spied)
    found = compare(table, 0.01, 0, 1, n_folds=n_folds)
    assert found.n_folds == n_folds
    assert len(found.differences) == n_folds * found.n_repeats
    assert {number for _, number in asked} == {n_folds}
    inner = [rows for rows, _ in asked if rows < 63]
    assert len(inner) == len(found.differences)
    assert {round(rows * n_folds / (n_folds - 1)) for rows in inner} <= {62, 63, 64}
    # the training parts overlap the more the more folds there are
    values = found.differences["l1"] - found.differences["l2"]
    factor = np.sqrt(1 / len(values) + 1 / (n_folds - 1))
    row = found.pairs[(found.pairs["first"] == "l1") & (found.pairs["second"] == "l2")].iloc[0]
    assert row["se"] == pytest.approx(factor * values.std())


def test_five_folds_are_those_of_the_default():
    table = as_table(*draw(Scenario(60, 5, 2, snr=2), SEED, 0))
    one, other = compare(table, 0.01, 0, 1), compare(table, 0.01, 0, 1, n_folds=5)
    pd.testing.assert_frame_equal(one.differences, other.differences)


@pytest.mark.parametrize(
    ("folds", "rows", "message"),
    [
        (1, {}, "folds 1: give a whole number from 2"),
        (0, {}, "folds 0: give"),
        (2.5, {}, "folds 2.5: give a whole number"),
        (True, {}, "folds True: give a whole number"),
        (31, {}, "folds 31: there are 60 rows, and a fold holds at least 2; give at most 30"),
        (7, {"groups": np.arange(60) % 6}, "folds 7: there are 6 groups, .* give at most 6"),
        (6, {"time": np.arange(60) // 10}, "folds 6: there are 6 times, .* give at most 5"),
    ],
)
def test_folds_that_a_table_does_not_allow_are_refused(folds, rows, message):
    X, y = draw(Scenario(60, 5, 2, snr=2), SEED, 0)
    with pytest.raises(InputError, match=message):
        advise(X, y, folds=folds, **rows)


@pytest.mark.parametrize("n", [20, 23, 35])
def test_few_rows_with_times_have_fewer_parts_inside(n):
    X, y = draw(Scenario(n, 3, 2, snr=2), SEED, 0)
    found = compare(as_tabular(X, y, time=np.arange(n)), 0.01, 0, 1)
    assert found.n_folds == 5 and len(found.differences) == 5
    assert np.isfinite(found.differences[["l1", "l2"]]).all(axis=None)
    for rows in range(1, 8):
        for train, test in time_splits(np.arange(rows), 5):
            assert len(train) and len(test) and train.max() < test.min()


def test_a_sample_with_next_to_none_of_a_class_is_refused(monkeypatch):
    monkeypatch.setattr(contest, "CELLS_IN_STEPS", 1000)
    rng = np.random.default_rng(0)
    y = np.arange(1000) < 8
    table = as_tabular(rng.standard_normal((1000, 5)), y)
    with pytest.raises(
        InputError, match=r"rows that are looked at to save time \d are of the rarest"
    ):
        compare(table, 0.01, 0, 1)
