"""The answer, the rule in words, and the advice: read from the tables, turned by them."""

import numpy as np
import pandas as pd
import pytest
from studies.made import made_study, verdicts_of

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.common_advice import COMMON
from normwise.analysis.learn.learn import learn
from normwise.analysis.learn.rule_of_thumb import read_rule
from normwise.report.answer import NO_ANSWER, advice, answer
from normwise.report.decision import (
    ALIGNMENT,
    LEAGUE,
    SPLITS,
    WHOLE,
    cost_of_both,
    decision,
    league,
)

COMPARISON = {"margin": 0.05}
SWAP = {"l1": "l2", "l2": "l1"}


def whole(**options):
    """Every table that the words are made of."""
    study = made_study(**options)
    return study | learn(**study, comparison=COMPARISON) | {"verdicts": verdicts_of(study)}


@pytest.fixture(scope="module")
def tables():
    return whole(n=120, fresh=30, mixed=30, goals=("prediction", "explained", "selection"))


@pytest.fixture(scope="module")
def small():
    return whole(n=8)


def with_rule(tables, goal="prediction", **numbers):
    rules = tables["rules"].copy()
    for name, value in numbers.items():
        rules.loc[rules["goal"] == goal, name] = value
    return tables | {"rules": rules}


def with_signal(tables):
    """Tables in which L1 wins where few features matter, and L2 where all do."""
    scenarios = tables["scenarios"].copy()
    dense = scenarios.index % 2 == 0
    scenarios["nonzero_share"] = np.where(dense, 1.0, 0.03)
    scenarios["snr"] = 2.0
    verdicts = tables["verdicts"].copy()
    verdicts["verdict"] = np.where(dense, "l2", "l1")
    verdicts["effect"] = np.where(dense, 0.5, -0.5)
    return tables | {"scenarios": scenarios, "verdicts": verdicts}


# the answer


def test_the_answer_is_two_cases(tables):
    found = answer(with_signal(tables))
    assert len(found) == 2
    assert found[0].startswith("Choose L1 (lasso) when few features matter")
    # an artefact of equal sizes otherwise
    assert found[1].startswith("Choose L2 (ridge) when all features matter, and each by as much")
    for text in found:
        assert text.endswith(".") and "nan" not in text


def test_the_rule_is_told_as_its_reciprocal(tables):
    """With its interval, whose ends change places."""
    found = decision(with_rule(tables, cut=0.125, low=0.1, high=0.2))
    limit = "below n\N{NO-BREAK SPACE}√snr / 8 (95 % interval of the divisor: 5 to 10)"
    assert found["sentence"] == f"L1 as long as a·k is {limit}, L2 beyond"
    assert found["alignment"] == ALIGNMENT
    assert found["validity"].startswith(f"Measured: {len(tables['scenarios'])} simulated scenarios")


def test_what_it_costs_to_fit_both_is_read_from_the_table(tables):
    scores = tables["rule_scores"].copy()
    own = scores["rule"] == "cross-validation"
    scores.loc[own & (scores["split"] == "fresh"), "regret"] = 1.1234
    text = decision(tables | {"rule_scores": scores})["both"]
    assert "costs 12.3 % [" in text and "on 30 scenarios that" in text
    # the first page says the same in fewer words
    short = cost_of_both(scores[scores["goal"] == "prediction"])
    assert short.startswith("on average that costs ") and "12.3 % more" in short
    assert decision(tables | {"rule_scores": scores[~own]})["both"] == ""
    # no others where none are set aside
    alone = decision(tables | {"rule_scores": scores[scores["split"] != "fresh"]})["both"]
    assert "others" not in alone and " scenarios, and needs no guess" in alone


def test_the_league_is_that_of_the_hardest_judgement(tables):
    found = league(tables)
    assert found["what"] == SPLITS["fresh"].removeprefix("scenarios ")
    own = tables["rule_scores"].query(
        "goal == 'prediction' and split == 'fresh' and family == 'all'"
    )
    own = own[own["rule"].isin(list(LEAGUE))].sort_values("regret", kind="stable")
    assert (found["n"], found["decided"]) == (own["n"].max(), own["decided"].max())
    assert [name for name, *_ in found["rows"]] == [LEAGUE[rule] for rule in own["rule"]]
    for (_, right, cost, _), (_, row) in zip(found["rows"], own.iterrows(), strict=True):
        assert cost.startswith(f"{100 * (row['regret'] - 1):.1f} % [")
        share = f"{100 * row['accuracy']:.0f}\N{NO-BREAK SPACE}% ["
        assert right == "–" if np.isnan(row["accuracy"]) else right.startswith(share)
    scores = tables["rule_scores"]
    rest = league(tables | {"rule_scores": scores[scores["split"] != "fresh"]})
    assert rest["what"] == SPLITS["scenarios"].removeprefix("scenarios ")
    assert league(tables | {"rule_scores": scores[:0]}) is None


def test_where_it_hardly_matters_is_counted_in_points(tables):
    ground = tables["ground"]
    made = with_rule(tables, "explained", enough=1.5)
    many = ground[(ground["goal"] == "explained") & (ground["rows_per_feature"] >= 1.5)]
    text = decision(made)["matters"]
    for held_out, what in ((False, "such scenarios"), (True, "set aside")):
        own = many[many["held_out"] == held_out]
        share = f"{100 * (own['points'].abs() <= 1).mean():.0f}\N{NO-BREAK SPACE}%"
        assert f"{share} of {len(own)} {what}" in text
    assert "at most one point" in text and "1.5 rows per feature or more" in text
    # and where no number of rows is enough nothing is said
    none = with_rule(tables, "explained", enough=np.inf)
    assert decision(none)["matters"] == ""


def test_no_scenario_counts_twice(tables):
    """A scenario that a second data set shares has the same draws there."""
    made = with_signal(tables)
    twice = {
        name: pd.concat([made[name], made[name].assign(dataset="again")], ignore_index=True)
        for name in ("scenarios", "verdicts", "goals")
    }
    assert answer(made | twice) == answer(made)
    assert advice(made | twice).equals(advice(made))


def test_the_answer_counts_wins_and_savings(tables):
    found = answer(with_signal(tables))
    saved = f"{100 * (1 - np.exp(-0.5)):.0f}\N{NO-BREAK SPACE}%"
    for at, text in enumerate(found):
        gain = -100 * tables["goals"].query("goal == 'explained'")["effect"].reset_index(drop=True)
        own = gain[with_signal(tables)["verdicts"]["verdict"].eq("l2" if at else "l1").array]
        said = f"{np.median(own):+.1f}".replace("-", "\N{MINUS SIGN}")
        assert f"(R² on new rows, L1 − L2: median {said} points)" in text
        assert (
            f"beats {'L1' if at else 'L2'} in 60 of 60 scenarios with a number to predict, "
            f"with {saved} less " in text
        )


def test_the_answer_turns_with_the_data(tables):
    made = with_signal(tables)
    turned = made["verdicts"].copy()
    turned["verdict"] = turned["verdict"].map(SWAP)
    turned["effect"] *= -1
    found = answer(made | {"verdicts": turned})
    assert found[0].startswith("Do not count on L1 (lasso)")
    assert found[1].startswith("Do not count on L2 (ridge)")
    # worse by as much as it was better
    more = f"{100 * (np.exp(0.5) - 1):.0f}\N{NO-BREAK SPACE}% more excess risk"
    for other, text in (("L2", found[0]), ("L1", found[1])):
        assert f"beats {other} in 0 of 60" in text and more in text


def test_the_answer_says_nothing_of_what_was_not_measured(small, tables):
    assert len(answer(small)) <= 2
    dense = small["scenarios"].assign(nonzero_share=1.0)
    (only,) = answer(small | {"scenarios": dense})
    assert "L2 (ridge) when all features matter" in only
    # where sizes decay it says nothing of all features
    decaying = dense.assign(signal="decaying")
    assert answer(small | {"scenarios": decaying}) == [NO_ANSWER]
    binary = tables["scenarios"].assign(response="binary")
    found = answer(tables | {"scenarios": binary})
    assert not any("Choose" in text or "Do not count" in text for text in found)
    # and says so if nothing was
    assert answer(small | {"scenarios": small["scenarios"].assign(response="binary")}) == [
        NO_ANSWER
    ]


@pytest.mark.parametrize("cut", [0.0, np.inf])
def test_a_rule_without_a_cut_is_no_number_that_decides(tables, cut):
    assert decision(with_rule(tables, cut=cut))["sentence"] == f"{'L1' if cut else 'L2'} always"


# the rule in words


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (
            {"cut": 0.1, "enough": 70.0},
            [
                ("70 rows per feature or more", "either: equivalent"),
                ("load below 0.1", "L1"),
                ("otherwise", "L2"),
            ],
        ),
        ({"cut": 0.14, "enough": np.inf}, [("load below 0.14", "L1"), ("otherwise", "L2")]),
        (
            {"cut": 0.0, "enough": 8.0},
            [("8 rows per feature or more", "either: equivalent"), ("otherwise", "L2")],
        ),
        ({"cut": np.inf, "enough": np.inf}, [("always", "L1")]),
    ],
)
def test_lines_of_the_rule_are_in_the_order_in_which_they_apply(tables, numbers, expected):
    found = decision(with_rule(tables, **numbers))
    assert found["lines"] == expected
    assert {name: found["rule"][name] for name in numbers} == numbers


def test_rules_are_read_by_goal(tables):
    rules = with_rule(tables, cut=7.0)["rules"]
    assert read_rule(rules).cut == 7
    assert read_rule(rules, "selection").cut != 7
    assert read_rule(tables["rules"], "calibration") is None


def told(row, name="accuracy"):
    """A share or a cost with its interval, as the page writes it."""
    values = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if name == "accuracy":
        middle, low, high = (f"{100 * v:.0f}\N{NO-BREAK SPACE}%" for v in values)
    else:
        middle, low, high = (f"{100 * (v - 1):.1f} %" for v in values)
    return f"{middle} [{low}, {high}]"


def test_every_judgement_is_told_with_its_numbers(tables):
    judged = decision(tables)["judged"]
    scores = tables["rule_scores"].query("goal == 'prediction' and family == 'all'")
    for text, split in zip(judged, ("fresh", "scenarios"), strict=False):
        whole = scores[scores["split"] == split].set_index("rule")
        own = whole.loc["rule of thumb"]
        assert text.startswith(f"On {own['n']} {SPLITS[split]}")
        assert f"{told(own)} of the {own['decided']} that have one" in text
        assert f"costs {told(own, 'regret')} more" in text
        # and beside it the boundary, with nothing fitted
        at = whole.loc["exact boundary"]
        assert f"right in {told(at)} of them and costs {told(at, 'regret')}" in text
    for split, what in WHOLE.items():
        own = scores[(scores["split"] == split) & (scores["rule"] == "rule of thumb")]
        assert (f"{what}: " in judged[2]) == (len(own) > 0)
        for _, row in own.iterrows():
            cost = f"of {row['decided']}, cost {told(row, 'regret')}"
            assert f"{what}: {told(row)} {cost}" in judged[2]
    assert "families of scenarios: " in judged[2]
    assert len(judged) == 6
    for rule in ("always L1", "always L2", "cross-validation", "exact boundary"):
        assert rule in judged[3]
    whole = scores[scores["split"] == "fresh"].set_index("rule")
    for rule in COMMON:
        assert rule not in judged[3]
        assert f"{rule} {100 * (whole.loc[rule, 'regret'] - 1):.1f} %" in judged[4]
    assert "fitted in 30 scenarios, costs" in judged[5]
    assert not any("nan" in text or "–" in text for text in judged)


def test_a_study_that_learns_from_another_is_told_as_a_judgement_of_its_own(tables):
    scores = tables["rule_scores"]
    own = scores[scores["split"] == "scenarios"].assign(split="study")
    judged = decision(tables | {"rule_scores": pd.concat([scores, own])})["judged"]
    row = own.query("goal == 'prediction' and family == 'all' and rule == 'rule of thumb'").iloc[0]
    assert judged[1].startswith(f"On {row['n']} {SPLITS['study']}")
    assert told(row) in judged[1] and told(row, "regret") in judged[1]


def test_what_is_called_equivalent_is_counted(tables):
    assert not any("calls equivalent" in text for text in decision(tables)["judged"])
    scores = tables["rule_scores"].copy()
    own = (scores["rule"] == "rule of thumb") & (scores["split"] == "fresh")
    scores.loc[own, ["equivalent", "equivalent_right"]] = [8, 0.75]
    (text, *_) = decision(tables | {"rule_scores": scores})["judged"]
    assert "Of the 8 that it calls equivalent, 75\N{NO-BREAK SPACE}% are." in text


def test_judgements_that_were_not_made_are_not_told(tables):
    scores = tables["rule_scores"]
    kept = scores[scores["split"] == "scenarios"]
    judged = decision(tables | {"rule_scores": kept})["judged"]
    assert len(judged) == 3
    untold = SPLITS["fresh"], "An elastic net with equal parts"
    assert not any(words in text for text in judged for words in untold)
    assert all(any(words in text for text in decision(tables)["judged"]) for words in untold)


def test_limits_are_counted_on_what_was_set_aside(tables):
    rule = read_rule(tables["rules"])
    limits = decision(tables)["limits"]
    assert f"more than {1 / rule.cut:.2g} / √snr rows for each feature" in limits[0]
    fresh = tables["ground"].query("goal == 'prediction' and held_out")
    decided = fresh[fresh["verdict"].isin(["l1", "l2"])]
    right = (decided["load"] < rule.cut) == (decided["verdict"] == "l1")
    near = decided["load"].between(rule.cut / 2, 2 * rule.cut)
    counts = f"names {(right & near).sum()} of {near.sum()} winners"
    assert counts in limits[1]
    assert f"farther away {(right & ~near).sum()} of {(~near).sum()}." in limits[1]
    # a rule that is wrong everywhere misses those of every alignment
    turned = tables["ground"].copy()
    turned["verdict"] = turned["verdict"].replace(SWAP)
    missed = decided[right]
    far = (missed["signal_alignment"] <= 0.5) | (missed["signal_alignment"] >= 2)
    text = " ".join(decision(tables | {"ground": turned})["limits"])
    assert f"Of the {len(missed)} winners that it misses there, {far.sum()} have" in text


def test_failures_list_the_families_in_which_the_rule_errs_worst_first(tables):
    scores = tables["rule_scores"].copy()
    own = (
        (scores["goal"] == "prediction")
        & (scores["split"] == "families")
        & (scores["rule"] == "rule of thumb")
    )
    given = {"independent": 0.9, "ar1": 1.0, "blocks": 0.4}
    scores.loc[own, "accuracy"] = scores.loc[own, "family"].map(given)
    fails = decision(tables | {"rule_scores": scores})["fails"]
    # a family in which it is nearly always right is no failure
    assert [text.split(",")[0] for text in fails] == ["blocks", "independent"]
    assert "right in 40\N{NO-BREAK SPACE}%" in fails[0]
    assert all("never seen by the rule" in text for text in fails)


def test_the_first_property_is_the_one_that_matters_most(tables):
    shares = tables["importance"].copy()
    shares["total"] = np.where(shares["property"] == "snr", 0.9, 0.1)
    text = decision(tables | {"importance": shares})["explained"]
    assert "signal-to-noise ratio" in text.split("matters most")[0]
    assert "90\N{NO-BREAK SPACE}%" in text.split("matters most")[1]


# the advice


def test_advice_is_what_wins_in_the_group(tables):
    found = advice(tables)
    assert set(found["goal"]) == {GOALS[g].name for g in ("prediction", "explained", "selection")}
    ours = found[found["goal"] == GOALS["prediction"].name]
    few = ours[ours["condition"].str.startswith("few features matter")]
    many = ours[ours["condition"].str.startswith("many matter")]
    assert set(few["use"].str[:2]) == {"L1"}
    assert set(many["use"].str[:2]) == {"L2"}
    counts = found["support"].str.extract(
        r"of (\d+) scenarios L1 wins (\d+), L2 (\d+), neither (.*)"
    )
    counts = counts.astype(int)
    assert (counts[0] == counts[[1, 2, 3]].sum(axis=1)).all()
    # every scenario is in one group of each goal
    assert counts[0].groupby(found["goal"]).sum().tolist() == [120] * 3


def test_advice_turns_with_the_data(tables):
    ground = tables["ground"].copy()
    ground["verdict"] = ground["verdict"].replace(SWAP)
    before, after = advice(tables), advice(tables | {"ground": ground})
    plain = {"L1": "L2", "L2": "L1"}
    assert {"L1", "L2"} <= set(before["use"])
    named = before.set_index(["goal", "condition"])["use"]
    turned = after.set_index(["goal", "condition"])["use"]
    for key, use in named.items():
        if use in plain:
            assert turned[key] == plain[use]


@pytest.mark.parametrize(
    ("verdicts", "use"),
    [
        (["l1"] * 6 + ["undecided"] * 4, "L1"),
        (["l2"] * 6 + ["l1"] * 1 + ["equivalent"] * 3, "L2"),
        (["l1"] * 6 + ["l2"] * 2 + ["equivalent"] * 2, "L1, with exceptions"),
        (["l1"] * 4 + ["l2"] * 4 + ["undecided"] * 2, "compare both: it depends"),
        (["l1"] * 3 + ["undecided"] * 7, "either: no clear winner"),
    ],
)
def test_advice_needs_a_majority_and_few_losses(tables, verdicts, use):
    ground = tables["ground"].query("goal == 'prediction'").iloc[:10]
    ground = ground.assign(nearest_correlation=0.0, verdict=verdicts)
    one = with_rule(tables, cut=np.inf) | {"ground": ground}
    assert advice(one)["use"].tolist() == [use]


def test_a_size_is_that_of_the_metric_a_reader_knows(tables):
    """A gain is told as a gain: the loss of one minus it has the other sign."""
    found = advice(tables).set_index("goal")["size"]
    assert found[GOALS["prediction"].name].str.startswith("excess risk L1 / L2 = ").all()
    assert found[GOALS["explained"].name].str.fullmatch(r"R² L1 − L2: [+−]\d+\.\d points").all()
    ours = advice(tables).query("goal == @GOALS['selection'].name")
    wins = ours[ours["use"] == "L1"]
    assert len(wins)
    assert wins["size"].str.startswith("partial AUC L1 − L2 = +").all()


def test_a_small_study_has_no_rule(small):
    assert decision(small) is None
    found = advice(small)
    assert isinstance(found, pd.DataFrame)
    assert list(found) == ["goal", "condition", "use", "size", "support"]
    assert not len(found)
