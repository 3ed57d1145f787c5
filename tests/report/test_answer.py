"""The answer, the rule in words, and the advice: read from the tables, turned by them."""

import re

import numpy as np
import pandas as pd
import pytest
from studies.made import made_study, summary_of, verdicts_of

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.common_advice import COMMON
from normwise.analysis.learn.learn import learn
from normwise.analysis.learn.rule_of_thumb import read_bounds
from normwise.report.answer import (
    NO_ANSWER,
    NO_WINNER,
    SPLITS,
    WITH_WINNER,
    advice,
    answer,
    decision,
)

COMPARISON = {"margin": 0.05}
SWAP = {"l1": "l2", "l2": "l1"}


def whole(**options):
    """Every table that the words are made of."""
    study = made_study(**options)
    made = {"verdicts": verdicts_of(study), "summary": summary_of(study)}
    return study | learn(**study, comparison=COMPARISON) | made


@pytest.fixture(scope="module")
def tables():
    return whole(n=120, fresh=30, mixed=30, goals=("prediction", "selection"))


@pytest.fixture(scope="module")
def small():
    return whole(n=8)


def with_bounds(tables, **bounds):
    rules = tables["rules"].copy()
    for name, value in bounds.items():
        rules.loc[rules["goal"] == "prediction", name] = value
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


def test_the_answer_is_what_to_do_two_cases_a_rule_and_its_range(tables):
    made = with_signal(tables)
    found = answer(with_bounds(made, floor=0.05, lower=0.1, upper=0.4))
    assert len(found) == 5
    assert found[0].startswith("Fit both and keep the lower cross-validated error")
    assert found[1].startswith("Choose L1 (lasso) when few features matter")
    # an artefact of equal sizes otherwise
    assert found[2].startswith("Choose L2 (ridge) when all features matter, and each by as much")
    # the rule that was scored, with its three numbers
    for words in ("L1 where", "is below 0.1,", "L2 where it is above 0.4", "p_eff is below 0.05"):
        assert words in found[3]
    assert found[4].startswith(f"Measured: {len(tables['scenarios'])} simulated scenarios with 100")
    assert "too little signal" in found[3]
    assert "too little signal" not in answer(with_bounds(made, floor=0.0, lower=0.1, upper=0.4))[3]
    for text in found:
        assert text.endswith(".")
        # a bullet each, with no second sentence but those of the rule
        assert len(re.findall(r"[a-z%]\. [A-Z]", text)) <= 1
        assert "nan" not in text


def test_what_it_costs_to_fit_both_is_read_from_the_table(tables):
    made = with_signal(tables)
    scores = tables["rule_scores"].copy()
    own = scores["rule"] == "cross-validation"
    scores.loc[own & (scores["split"] == "fresh"), "regret"] = 1.1234
    text = answer(made | {"rule_scores": scores})[0]
    assert "costs 12.3 % [" in text and "on 30 scenarios that" in text
    assert text == decision(tables | {"rule_scores": scores})["both"]
    without = answer(made | {"rule_scores": scores[~own]})
    assert not any("cross-validated" in text for text in without)


def test_shares_of_the_rule_have_their_denominators(tables):
    made = with_bounds(with_signal(tables), floor=0.05, lower=0.1, upper=0.2)
    scores = tables["rule_scores"]
    row = scores[
        (scores["goal"] == "prediction")
        & (scores["rule"] == "rule of thumb")
        & (scores["split"] == "fresh")
        & (scores["family"] == "all")
    ].iloc[0]
    text = answer(made)[3]
    silent = np.nan_to_num(row["silent"]) * (row["n"] - row["decided"])
    share = (row["accuracy"] * row["decided"] + silent) / row["n"]
    assert f"of the {row['decided']} {WITH_WINNER['fresh']}" in text
    assert f"{100 * share:.0f}\N{NO-BREAK SPACE}% of all {row['n']}" in text
    assert "Told the true k, snr and r" in text and "twice too large" in text


def test_no_scenario_counts_twice(tables):
    """A scenario that a second data set shares has the same draws there."""
    made = with_signal(tables)
    twice = {
        name: pd.concat([made[name], made[name].assign(dataset="again")], ignore_index=True)
        for name in ("scenarios", "verdicts", "goals", "summary")
    }
    assert answer(made | twice) == answer(made)
    assert advice(made | twice).equals(advice(made))


def test_the_answer_counts_wins_and_savings(tables):
    found = answer(with_signal(tables))
    saved = f"{100 * (1 - np.exp(-0.5)):.0f}\N{NO-BREAK SPACE}%"
    points = {1: -0.5, 2: 0.5}
    for at in points:
        text = found[at]
        snr = 2.0
        gain = (
            100 * (1 - np.exp(tables["goals"].query("goal == 'prediction'")["effect"])) / (1 + snr)
        )
        own = gain[with_signal(tables)["verdicts"]["verdict"].eq("l1" if at == 1 else "l2").array]
        said = f"{np.median(own):+.1f}".replace("-", "\N{MINUS SIGN}")
        assert f"(R² on new rows, L1 − L2: median {said} points)" in text
        assert (
            f"beats the other in 60 of 60 scenarios with a number to predict, with {saved} less "
            in text
        )


def test_the_answer_turns_with_the_data(tables):
    made = with_signal(tables)
    turned = made["verdicts"].copy()
    turned["verdict"] = turned["verdict"].map(SWAP)
    turned["effect"] *= -1
    found = answer(made | {"verdicts": turned})
    assert found[1].startswith("Do not count on L1 (lasso)")
    assert found[2].startswith("Do not count on L2 (ridge)")
    # worse by as much as it was better
    more = f"{100 * (np.exp(0.5) - 1):.0f}\N{NO-BREAK SPACE}% more excess risk"
    assert all("beats the other in 0 of 60" in text and more in text for text in found[1:3])


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


@pytest.mark.parametrize("bounds", [{"lower": 0.0, "upper": 0.2}, {"lower": 0.1, "upper": np.inf}])
def test_a_rule_with_one_side_is_no_number_that_decides(tables, bounds):
    found = answer(with_bounds(with_signal(tables), **bounds))
    assert len(found) == 3 and not any("rule of thumb" in text for text in found)


def test_the_answer_quotes_the_hardest_judgement_there_is(tables):
    made = with_bounds(with_signal(tables), lower=0.1, upper=0.2)
    assert WITH_WINNER["fresh"] in answer(made)[3]
    scores = made["rule_scores"]
    found = answer(made | {"rule_scores": scores[scores["split"] != "fresh"]})
    assert WITH_WINNER["scenarios"] in found[3]
    # no others where none are set aside
    assert "others" not in found[0] and " scenarios, and needs no guess" in found[0]


# the rule in words


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (
            (0.3, 0.1, 0.2),
            [
                ("signal per direction below 0.3", NO_WINNER),
                ("load below 0.1", "L1"),
                ("load above 0.2", "L2"),
                ("otherwise", NO_WINNER),
            ],
        ),
        (
            (0.0, 0.1, 0.2),
            [("load below 0.1", "L1"), ("load above 0.2", "L2"), ("otherwise", NO_WINNER)],
        ),
        ((0.0, 0.1, np.inf), [("load below 0.1", "L1"), ("otherwise", NO_WINNER)]),
        ((0.0, 0.0, 0.2), [("load above 0.2", "L2"), ("otherwise", NO_WINNER)]),
        ((0.0, 0.0, np.inf), [("otherwise", NO_WINNER)]),
    ],
)
def test_lines_of_the_rule_are_in_the_order_in_which_they_apply(tables, bounds, expected):
    names = dict(zip(("floor", "lower", "upper"), bounds, strict=True))
    found = decision(with_bounds(tables, **names))
    assert found["lines"] == expected
    assert found["bounds"] == list(bounds)


def test_bounds_are_read_by_goal(tables):
    rules = with_bounds(tables, floor=7.0)["rules"]
    assert read_bounds(rules).floor == 7
    assert read_bounds(rules, "selection").floor != 7
    assert read_bounds(tables["rules"], "calibration") is None


def test_every_judgement_is_told_with_its_numbers(tables):
    judged = decision(tables)["judged"]
    scores = tables["rule_scores"].query("goal == 'prediction' and family == 'all'")
    for text, (split, what) in zip(judged, SPLITS.items(), strict=False):
        assert text.startswith(f"On {what}")
        own = scores[(scores["split"] == split) & (scores["rule"] == "rule of thumb")].iloc[0]
        assert f"{100 * own['accuracy']:.0f}\N{NO-BREAK SPACE}%" in text
        assert f"of the {own['decided']} that have one" in text
        assert f"of the {own['n'] - own['decided']} that have none" in text
        assert f"costs {100 * (own['regret'] - 1):.1f} %" in text
    assert len(judged) == 6
    for rule in ("always L1", "always L2", "cross-validation", "exact phase boundary"):
        assert rule in judged[3]
    whole = scores[scores["split"] == "scenarios"].set_index("rule")
    for rule in COMMON:
        assert rule not in judged[3]
        assert f"{rule} {100 * (whole.loc[rule, 'regret'] - 1):.1f} %" in judged[4]
    assert "fitted in 30 scenarios, costs" in judged[5]
    assert not any("nan" in text or "–" in text for text in judged)


def test_judgements_that_were_not_made_are_not_told(tables):
    scores = tables["rule_scores"]
    kept = scores[~scores["split"].isin(["fresh", "elastic net"])]
    judged = decision(tables | {"rule_scores": kept})["judged"]
    assert len(judged) == 4
    untold = SPLITS["fresh"], "An elastic net with equal parts"
    assert not any(words in text for text in judged for words in untold)
    assert all(any(words in text for text in decision(tables)["judged"]) for words in untold)


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
    assert set(found["goal"]) == {GOALS["prediction"].name, GOALS["selection"].name}
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
    assert counts[0].groupby(found["goal"]).sum().tolist() == [120, 120]


def test_advice_turns_with_the_data(tables):
    goals = tables["goals"].copy()
    goals["verdict"] = goals["verdict"].replace(SWAP)
    before, after = advice(tables), advice(tables | {"goals": goals})
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
    ids = [f"{i:010d}" for i in range(10)]
    scenarios = tables["scenarios"].iloc[:10].assign(scenario=ids, nearest_correlation=0.0)
    goals = tables["goals"].query("goal == 'prediction'").iloc[:10].assign(scenario=ids)
    goals = goals.assign(verdict=verdicts)
    one = with_bounds(tables, floor=np.inf) | {"scenarios": scenarios, "goals": goals}
    assert advice(one)["use"].tolist() == [use]


def test_a_size_is_that_of_the_metric_a_reader_knows(tables):
    """A gain is told as a gain: the loss of one minus it has the other sign."""
    found = advice(tables).set_index("goal")["size"]
    assert found[GOALS["prediction"].name].str.startswith("excess risk L1 / L2 = ").all()
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
