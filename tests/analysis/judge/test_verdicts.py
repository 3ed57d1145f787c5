"""Verdicts: calibrated by simulation, symmetric in the pair, honest about what was lost."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from studies.joined import compare

from normwise.analysis.columns import check_table
from normwise.analysis.inference import standard_error, wilson_interval
from normwise.analysis.judge.verdicts import infer
from normwise.analysis.measure.effects import paired_effect, pairs, summarise

MARGIN, CONFIDENCE = 0.05, 0.95
ZONE = np.log1p(MARGIN)
OPTIONS = {"margin": MARGIN, "confidence": CONFIDENCE, "false_discovery_rate": 0.05}


def risks(rng, effect: float, spread: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Risks on the same data whose log ratio has the given mean and spread."""
    shared = rng.normal(0, 1, n)
    return np.exp(shared + rng.normal(effect, spread, n)), np.exp(shared)


def effects_of(drawn, overlap=0.0, confidence=CONFIDENCE) -> pd.DataFrame:
    """Effects of many pairs of risks, a row each."""
    frame = pd.DataFrame([paired_effect(*pair, overlap) for pair in drawn])
    return infer(frame, MARGIN, confidence)


def effect_of(first, second, overlap=0.0, confidence=CONFIDENCE) -> dict:
    return effects_of([(first, second)], overlap, confidence).iloc[0].to_dict()


def metrics_table(risk: dict[str, np.ndarray], scenario: str = "s", **columns) -> pd.DataFrame:
    """Table ``metrics`` with one value per replicate and penalty."""
    keys = {"dataset": "d", "scenario": scenario, "tuning": "cv_min", "metric": "excess_risk"}
    return pd.concat(
        pd.DataFrame(
            keys
            | {"penalty": penalty, "replicate": np.arange(len(values)), "value": values}
            | columns
        )
        for penalty, values in risk.items()
    )


def test_effect_is_the_mean_log_ratio_with_its_t_interval(rng):
    first, second = risks(rng, 0.2, 0.5, 40)
    found = effect_of(first, second)
    d = np.log(first) - np.log(second)
    expected = stats.ttest_1samp(d, 0).confidence_interval(CONFIDENCE)
    assert found["effect"] == pytest.approx(d.mean())
    assert (found["low"], found["high"]) == pytest.approx(expected)
    assert found["ratio"] == pytest.approx(stats.gmean(first) / stats.gmean(second))
    assert found["median_ratio"] == pytest.approx(np.exp(np.median(d)))
    assert found["first_better"] == pytest.approx((first < second).mean())


def test_p_values_are_those_of_t_tests_at_the_edges_of_the_zone(rng):
    first, second = risks(rng, 0.1, 0.3, 25)
    d = np.log(first / second)
    found = effect_of(first, second)
    above = stats.ttest_1samp(d, ZONE, alternative="greater").pvalue
    below = stats.ttest_1samp(d, -ZONE, alternative="less").pvalue
    assert found["p_win"] == pytest.approx(2 * min(above, below))
    inside = [
        stats.ttest_1samp(d, ZONE, alternative="less").pvalue,
        stats.ttest_1samp(d, -ZONE, alternative="greater").pvalue,
    ]
    assert found["p_equivalent"] == pytest.approx(max(inside))


def test_the_order_of_the_pair_flips_the_sign(rng):
    first, second = risks(rng, 0.2, 0.5, 30)
    one, other = (effect_of(*pair) for pair in [(first, second), (second, first)])
    assert other["effect"] == pytest.approx(-one["effect"])
    assert other["low"] == pytest.approx(-one["high"])
    assert other["ratio"] * one["ratio"] == pytest.approx(1)
    assert other["median_ratio"] * one["median_ratio"] == pytest.approx(1)
    assert other["first_better"] == pytest.approx(1 - one["first_better"])
    assert other["first_better_low"] == pytest.approx(1 - one["first_better_high"])
    for name in ("mcse", "p_win", "p_equivalent"):
        assert other[name] == pytest.approx(one[name])


def test_the_unit_of_the_risks_does_not_matter(rng):
    first, second = risks(rng, 0.2, 0.5, 30)
    plain = effect_of(first, second)
    assert effect_of(1e6 * first, 1e6 * second) == pytest.approx(plain)


def test_ties_count_one_half():
    first, second = np.array([1.0, 1, 1, 2]), np.array([1.0, 1, 2, 1])
    assert effect_of(first, second)["first_better"] == 0.5


@pytest.mark.parametrize("edge", [-ZONE, ZONE])
@pytest.mark.parametrize("spread", [0.02, 0.2, 2.0])
def test_false_wins_at_the_edge_of_the_zone_keep_their_level(rng, edge, spread):
    runs, level = 2500, 0.05
    wins = effects_of(risks(rng, edge, spread, 20) for _ in range(runs))["p_win"] <= level
    allowed = 3 * np.sqrt(level * (1 - level) / runs)
    assert np.mean(wins) <= level + allowed
    # and the test is no stricter than one-sided: a wide zone halves the level
    assert np.mean(wins) >= level / 2 - allowed


@pytest.mark.parametrize("edge", [-ZONE, ZONE])
def test_false_equivalence_at_the_edge_of_the_zone_keeps_its_level(rng, edge):
    runs, level = 2500, 0.05
    # a zone wide in standard errors, so that the test has its whole level
    claims = effects_of(risks(rng, edge, 0.02, 20) for _ in range(runs))["p_equivalent"] <= level
    assert np.mean(claims) == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / runs))


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_cover_the_effect_as_often_as_stated(rng, confidence):
    runs = 2500
    found = effects_of((risks(rng, 0.3, 0.5, 15) for _ in range(runs)), confidence=confidence)
    covered = ((found["low"] < 0.3) & (found["high"] > 0.3)).mean()
    allowed = 3 * np.sqrt(confidence * (1 - confidence) / runs)
    assert covered == pytest.approx(confidence, abs=allowed)


def test_wilson_interval_of_known_cases():
    # Newcombe 1998, table I, method 3
    assert wilson_interval(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148, 0.95) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20, 0.95) == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(3, 10), (7.5, 30), (99, 100), (10, 10)])
def test_wilson_interval_holds_what_the_score_test_accepts(successes, n):
    share, z = successes / n, stats.norm.ppf(0.95)
    for end in wilson_interval(successes, n, 0.9):
        assert (share - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / n, abs=1e-12)


def test_a_clear_winner_wins_whichever_it_is(rng):
    first, second = risks(rng, -0.5, 0.3, 40)
    for risk, winner in [({"l1": first, "l2": second}, "l1"), ({"l1": second, "l2": first}, "l2")]:
        row = compare(metrics_table(risk), OPTIONS).iloc[0]
        assert (row["first"], row["second"], row["verdict"]) == ("l1", "l2", winner)


def test_identical_penalties_are_equivalent(rng):
    first, _ = risks(rng, 0, 1, 20)
    row = compare(metrics_table({"l1": first, "l2": first.copy()}), OPTIONS).iloc[0]
    assert row["verdict"] == "equivalent"
    assert (row["effect"], row["mcse"], row["first_better"]) == (0.0, 0.0, 0.5)


def test_a_difference_within_the_zone_is_equivalent_however_significant(rng):
    first, second = risks(rng, ZONE / 2, 0.01, 50)
    assert stats.ttest_rel(np.log(first), np.log(second)).pvalue < 1e-10
    row = compare(metrics_table({"l1": first, "l2": second}), OPTIONS).iloc[0]
    assert row["verdict"] == "equivalent"


def test_a_noisy_comparison_is_undecided(rng):
    first, second = risks(rng, 0, 1.0, 10)
    row = compare(metrics_table({"l1": first, "l2": second}), OPTIONS).iloc[0]
    assert row["verdict"] == "undecided"


def test_every_pair_of_penalties_is_compared_once(rng):
    values = {p: rng.random(10) + 0.5 for p in ("none", "l1", "l2", "elastic_net")}
    found = compare(metrics_table(values), OPTIONS)
    check_table(found, "verdicts")
    six = pairs(("none", "l2", "l1", "elastic_net"))
    assert set(zip(found["first"], found["second"], strict=True)) == set(six)
    assert len({frozenset(pair) for pair in six}) == 6
    # least squares without a penalty is not fitted to every data set
    some = compare(metrics_table({p: values[p] for p in ("l1", "l2")}), OPTIONS)
    assert len(some) == 1


def test_only_risks_are_compared(rng):
    values = {"l1": rng.random(10) + 0.5, "l2": rng.random(10) + 0.5}
    table = pd.concat([metrics_table(values), metrics_table(values, metric="tpr")])
    held_out = metrics_table(values, metric="test_error", scenario="t")
    found = compare(pd.concat([table, held_out]), OPTIONS)
    assert set(found["metric"]) == {"excess_risk", "test_error"}


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values: the smallest rate at which each hypothesis is rejected."""
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1)
    return out


def test_false_discoveries_are_controlled_over_scenarios_per_pair_and_rule(rng):
    parts = []
    for i in range(12):
        for tuning in ("cv_min", "oracle"):
            first, second = risks(rng, 0.1 * i, 0.6, 15)
            third = risks(rng, 0.0, 0.6, 15)[0]
            parts.append(
                metrics_table(
                    {"l1": first, "l2": second, "elastic_net": third},
                    scenario=f"s{i}",
                    tuning=tuning,
                    dataset=f"d{i % 3}",
                )
            )
    found = compare(pd.concat(parts), OPTIONS)
    families = found.groupby(["first", "second", "tuning"])
    assert len(families) == 6
    for _, family in families:
        assert len(family) == 12
        for name in ("win", "equivalent"):
            expected = benjamini_hochberg(family[f"p_{name}"].to_numpy())
            np.testing.assert_allclose(family[f"q_{name}"], expected)
    decided = found["verdict"].isin(["l1", "l2", "elastic_net"])
    assert 0 < decided.sum() < len(found)
    np.testing.assert_array_equal(decided, found["q_win"] <= 0.05)


def test_an_interval_of_none_or_all_ends_there_exactly():
    for n in (7, 17, 78):
        assert wilson_interval(0, n, CONFIDENCE)[0] == 0
        assert wilson_interval(n, n, CONFIDENCE)[1] == 1


def test_a_scenario_that_two_data_sets_share_is_one_hypothesis(rng):
    drawn = [
        metrics_table(
            dict(zip(("l1", "l2"), risks(rng, 0.04 * i, 0.1, 15), strict=True)), scenario=f"s{i}"
        )
        for i in range(12)
    ]
    shared = [frame.assign(dataset="another") for frame in drawn[:5]]
    alone = compare(pd.concat(drawn), OPTIONS).set_index("scenario")
    both = compare(pd.concat([*drawn, *shared]), OPTIONS).set_index(["dataset", "scenario"])
    assert len(both) == 17 and 0 < (alone["verdict"] != "undecided").sum() < 12
    for dataset, own in both.groupby(level="dataset"):
        found = own.loc[dataset][["q_win", "q_equivalent", "verdict"]]
        pd.testing.assert_frame_equal(found, alone.loc[found.index, list(found)])


def test_wins_are_rare_where_all_scenarios_are_null(rng):
    parts = [
        metrics_table(
            dict(zip(("l1", "l2"), risks(rng, 0, 0.5, 20), strict=True)), scenario=f"s{i}"
        )
        for i in range(200)
    ]
    found = compare(pd.concat(parts), OPTIONS)
    # 200 unadjusted tests at 5 % would give several
    assert (found["p_win"] <= 0.05).sum() > 0
    assert (found["q_win"] <= 0.05).sum() == 0


def test_lost_replicates_are_counted_and_left_out(rng):
    first, second = risks(rng, 0.3, 0.3, 20)
    table = metrics_table({"l1": first, "l2": second, "none": second + 1})
    lost = (table["penalty"] == "none") & table["replicate"].isin([2, 5, 7])
    blank = table.assign(value=table["value"].mask(lost))
    for kept in (table[~lost], blank):
        found = compare(kept, OPTIONS).set_index(["first", "second"])
        assert found.loc[("l1", "l2"), ["n", "n_lost"]].tolist() == [20, 0]
        assert found.loc[("l1", "none"), ["n", "n_lost"]].tolist() == [17, 3]
        expected = np.log(np.delete(first / (second + 1), [2, 5, 7])).mean()
        assert found.loc[("l1", "none"), "effect"] == pytest.approx(expected)


def test_replicates_are_paired_by_number_not_by_position(rng):
    first, second = risks(rng, 0.3, 0.3, 20)
    table = metrics_table({"l1": first, "l2": second})
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(compare(shuffled, OPTIONS), compare(table, OPTIONS))


def test_a_risk_of_zero_for_one_penalty_does_not_stop_the_study(rng):
    # the null model is exactly right where nothing matters and the classes are balanced
    first, second = risks(rng, 0.0, 0.3, 20)
    exact = np.where(np.arange(20) < 2, 0.0, first)
    clear = dict(zip(("l1", "l2"), risks(rng, -0.5, 0.3, 20), strict=True))
    table = pd.concat(
        [metrics_table({"l1": exact, "l2": second}, "zero"), metrics_table(clear, "clear")]
    )
    found = compare(table, OPTIONS).set_index("scenario")
    assert found.loc["clear", "verdict"] == "l1"
    assert found.loc["zero", "verdict"] != "l2"


def test_a_study_of_one_penalty_has_no_verdicts(rng):
    found = compare(metrics_table({"l1": rng.random(10) + 0.5}), OPTIONS)
    assert len(found) == 0
    check_table(found, "verdicts")


def test_summary_of_known_values():
    values = {"l1": np.array([1.0, 2, 3, 4, 10])}
    table = metrics_table(values)
    found = summarise(table.astype({"penalty": "category", "metric": "category"}))
    check_table(found, "summary")
    row = found.iloc[0]
    assert (row["n"], row["mean"], row["median"], row["q25"], row["q75"]) == (5, 4, 3, 2, 4)
    assert row["mcse"] == pytest.approx(np.std(values["l1"], ddof=1) / np.sqrt(5))


def test_summary_keeps_groups_apart(rng):
    parts = [
        metrics_table({"l1": rng.random(6), "l2": rng.random(6)}, scenario=s, tuning=t)
        for s in ("a", "b")
        for t in ("cv_min", "oracle")
    ]
    table = pd.concat(parts)
    found = summarise(table)
    assert len(found) == 8
    for _, row in found.iterrows():
        same = table[
            (table["scenario"] == row["scenario"])
            & (table["tuning"] == row["tuning"])
            & (table["penalty"] == row["penalty"])
        ]
        assert row["mean"] == pytest.approx(same["value"].mean())


def test_splits_of_one_table_count_for_less(rng):
    # Nadeau & Bengio: 1/J + n_test / n_train in place of 1/J
    first, second = risks(rng, 0.02, 0.3, 100)
    alone = effect_of(first, second)
    split = effect_of(first, second, overlap=1 / 3)
    widened = np.sqrt((1 / 100 + 1 / 3) / (1 / 100))
    assert split["mcse"] == pytest.approx(widened * alone["mcse"])
    assert split["mcse"] == pytest.approx(standard_error(np.log(first / second), 1 / 3))
    assert split["p_win"] > alone["p_win"]
    # as many independent splits as would have that variance
    few = wilson_interval(split["first_better"] * 100 / 34.3333, 100 / 34.3333, CONFIDENCE)
    assert (split["first_better_low"], split["first_better_high"]) == pytest.approx(few, abs=1e-4)
    table = metrics_table({"l1": first})
    mcse = [summarise(table, overlaps)["mcse"].iloc[0] for overlaps in (0.0, 1 / 3)]
    assert mcse[1] == pytest.approx(widened * mcse[0])
