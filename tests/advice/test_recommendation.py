"""What is recommended, from findings made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies.user_table import as_table
from test_place import known

from normwise.advice import Advice
from normwise.advice.contest import summarise
from normwise.advice.diagnosis import diagnose
from normwise.advice.findings import TRIED, Contest, Models
from normwise.advice.place import locate
from normwise.advice.recommendation import (
    IN_MEMORY,
    _in_words,
    _leaning,
    evidence,
    l1_probability,
    recommend,
)
from normwise.advice.wording import certainty_words
from normwise.data.population import draw
from normwise.data.scenario import Scenario
from normwise.tabular import as_table as from_memory
from normwise.tabular import read_table


@pytest.fixture(scope="module")
def table():
    return as_table(*draw(Scenario(60, 8, 2, snr=2), 3, 0))


@pytest.fixture(scope="module")
def diagnosis(table):
    return diagnose(table, 0)[0]


@pytest.fixture(scope="module")
def place(table, atlas):
    # wherever the map has been measured
    return replace(locate(table, known(2, 2.0), atlas), inside=True, outside=())


def contest_of(l1=0.5, l2=0.5, elastic_net=0.5, none=0.5, noise=0.01, l2_at_end=0.0) -> Contest:
    rng = np.random.default_rng(0)
    means = {"l1": l1, "l2": l2, "elastic_net": elastic_net, "none": none}
    errors = pd.DataFrame({"null": np.ones(10)})
    for name in TRIED:
        errors[name] = 1 - means[name] + noise * rng.standard_normal(10)
        errors[f"{name}_nonzeros"], errors[f"{name}_failed"] = 3.0, 0.0
        errors[f"{name}_at_end"] = l2_at_end if name == "l2" else 0.0
    return summarise(errors, [0] * 5 + [1] * 5, 5, 2, 0.01)


def models_of(by_chance=()) -> Models:
    return Models(pd.DataFrame(), {}, {}, {}, {}, by_chance, 50, 0.0)


def advised(table, diagnosis, place, **change):
    chance = change.pop("chance", 0.5)
    models = models_of(change.pop("by_chance", ()))
    place = replace(place, l1_chance=chance, surface=change.pop("surface", "undecided"))
    return recommend(table, diagnosis, contest_of(**change), models, place)


def test_both_sources_count_and_in_the_right_direction(place):
    def chance(l1_chance, **means):
        return l1_probability(contest_of(**means), replace(place, l1_chance=l1_chance))

    assert chance(0.99, l1=0.6) > chance(0.5, l1=0.6) > chance(0.5, l1=0.505, noise=0.02)
    assert chance(0.01, l2=0.6) < chance(0.5, l2=0.6) < 0.05
    assert chance(0.99) > chance(0.01) + 0.5


def test_no_evidence_is_beyond_bounds(place):
    z, odds = evidence(contest_of(l1=0.9, noise=1e-9), replace(place, l1_chance=1.0))
    assert z == 6 and np.isfinite(odds)


@pytest.mark.parametrize(("winner", "other"), [("l1", "l2"), ("l2", "l1")])
def test_agreement_is_clear(table, diagnosis, place, winner, other):
    found = advised(
        table, diagnosis, place, chance=0.98 if winner == "l1" else 0.02, **{winner: 0.6}
    )
    assert (found.penalty, found.certainty) == (winner, "clear")
    assert winner.upper() in found.headline and "more than 99" in found.headline
    assert "if the two differ" in found.headline
    assert not any("leans towards" in text for text in found.doubts)


def test_weak_evidence_names_none_and_says_what_else_decides(table, diagnosis, place):
    found = advised(table, diagnosis, place, chance=0.6, noise=0.05)
    assert found.penalty is None and found.certainty == "none"
    text = " ".join(found.reasons)
    assert "short list" in text and "take L2" in text
    assert "No clear winner" in found.headline


def test_contradiction_is_a_doubt(table, diagnosis, place):
    found = advised(table, diagnosis, place, l1=0.6, chance=0.03, surface="l2")
    assert any("leans towards L1" in text and "towards L2" in text for text in found.doubts)


def test_an_elastic_net_or_no_penalty_that_beats_both_is_named(table, diagnosis, place):
    found = advised(table, diagnosis, place, elastic_net=0.7)
    assert any(t.startswith("The elastic net (half") and "beats both" in t for t in found.doubts)
    found = advised(table, diagnosis, place, none=0.7)
    assert any("without a penalty beats both" in text for text in found.doubts)
    found = advised(table, diagnosis, place)
    assert not any("beats both" in text for text in found.doubts)


def test_a_strength_at_the_end_of_what_could_be_tried_is_a_doubt(table, diagnosis, place):
    found = advised(table, diagnosis, place, l2_at_end=0.4)
    (said,) = [text for text in found.doubts if "at the end" in text]
    assert said.startswith("In 40") and "strength of L2" in said
    assert not any("at the end" in t for t in advised(table, diagnosis, place).doubts)


@pytest.mark.parametrize(("named", "mapped"), [("l2", 0.83), ("l2", 0.55), ("l1", 0.2)])
def test_nothing_is_clear_where_the_two_witnesses_lean_to_different_sides(
    table, diagnosis, place, named, mapped
):
    contest = contest_of(**{named: 0.6})
    against = replace(place, l1_chance=mapped)
    found = recommend(table, diagnosis, contest, models_of(), against)
    assert l1_probability(contest, against) > 0.95 or l1_probability(contest, against) < 0.05
    assert (found.penalty, found.certainty) == (named, "likely")
    words = certainty_words(Advice(table, diagnosis, contest, models_of(), against, found, 0))
    assert "together" not in words and "clear" not in words
    other = {"l1": "L2", "l2": "L1"}[named]
    assert f"lean towards {named.upper()}, the map towards {other}" in words
    assert not any("adds to it" in text or "tips the balance" in text for text in found.doubts)


@pytest.mark.parametrize(
    ("named", "mapped", "said"),
    [
        ("l1", 0.9, "the map of simulated data adds to it"),
        ("l2", 0.001, "the map of simulated data"),
        ("l1", 0.5, "the map of simulated data is silent"),
    ],
)
def test_what_the_map_does_to_an_open_contest_is_said_as_it_is(
    table, diagnosis, place, named, mapped, said
):
    means = {"l1": 0.52} if named == "l1" else {"l2": 0.52}
    found = advised(table, diagnosis, place, chance=mapped, noise=0.02, **means)
    open_ = [text for text in found.doubts if "alone do not settle" in text]
    if found.penalty is not None and open_:
        assert said in open_[0]


def test_outside_of_its_range_the_map_counts_for_nothing(table, diagnosis, place):
    contest = contest_of(l2=0.6)
    beyond = replace(place, inside=False, outside=("features per row 0.02, measured 0.1 to 10",))
    for mapped in (0.01, 0.5, 0.99):
        own = replace(beyond, l1_chance=mapped)
        assert evidence(contest, own)[1] == 0
        assert l1_probability(contest, own) == l1_probability(contest, beyond)
        found = recommend(table, diagnosis, contest, models_of(), own)
        assert (found.penalty, found.certainty) == ("l2", "clear")
        words = certainty_words(Advice(table, diagnosis, contest, models_of(), own, found, 0))
        assert words == "clear; the rows held out leave little doubt"
        said = [text for text in found.reasons if text.startswith("Map")]
        assert said == [
            "Map: silent, as the table lies outside of what was measured (features per row 0.02, "
            "measured 0.1 to 10)."
        ]
    # without the map nothing leans to a side
    assert l1_probability(contest_of(noise=0), beyond) == pytest.approx(0.5)


def test_other_doubts(table, diagnosis, place):
    found = advised(table, diagnosis, replace(place, inside=False), by_chance=(0, 3))
    text = " ".join(found.doubts)
    assert "outside of what was measured" in text and "2 groups" in text
    nothing = advised(table, diagnosis, place, l1=-0.1, l2=-0.1, elastic_net=-0.1, none=-0.1)
    assert any("No penalty predicts" in text for text in nothing.doubts)
    assert any("No penalty predicts" in text for text in nothing.doubts)
    # a little is something, whatever counts as equal
    means = dict.fromkeys(TRIED, 0.008)
    little = advised(table, diagnosis, place, noise=1e-4, **means)
    assert not any("No penalty predicts" in text for text in little.doubts)


@pytest.mark.parametrize("chance", [0.001, 0.5, 0.999])
@pytest.mark.parametrize(
    ("means", "noise", "signal", "shown"),
    [
        # nothing explained, whatever the estimate of the signal says
        ({"l1": -0.1, "l2": -0.02}, 0.01, True, False),
        ({"l1": 0.0, "l2": 0.0}, 0.0, True, False),
        # a share that may be zero, on a table whose signal may be
        ({"l1": 0.02, "l2": 0.01}, 0.2, False, False),
        ({"l1": 0.02, "l2": 0.01}, 0.2, True, True),
        ({"l1": 0.5, "l2": -0.1}, 0.01, False, True),
        ({"l1": -0.1, "l2": 0.5}, 0.01, False, True),
    ],
)
def test_no_penalty_is_named_where_neither_beats_the_mean(
    table, diagnosis, place, means, noise, signal, shown, chance
):
    own = replace(diagnosis, snr_low=0.3 if signal else 0.0)
    found = advised(table, own, place, noise=noise, chance=chance, **means)
    assert ("Neither L1 nor L2 is shown to predict" in found.headline) == (not shown)
    if shown:
        assert found.penalty or chance == 0.5
        return
    assert (found.penalty, found.certainty) == (None, "none")
    # what would tell the two apart, in place of what else they differ in
    assert not any("short list" in text or "equally well" in text for text in found.reasons)
    assert found.reasons[0].startswith("Head-to-head: of the held-out rows ")
    assert "by L1" in found.reasons[0] and "by L2" in found.reasons[0]
    assert found.reasons[-1].endswith(f"more rows, or features that say more about {table.target}.")
    (said,) = [text for text in found.doubts if "carry a signal all the same" in text]
    assert ("L1" in said) or ("L2" in said)
    assert "l1 = " in found.code and "l2 = " in found.code


def test_the_signal_of_a_series_does_not_stand_in_for_rows_held_out(diagnosis, place):
    X, y = draw(Scenario(60, 8, 2, snr=2), 3, 0)
    means, own = {"l1": 0.02, "l2": 0.01}, replace(diagnosis, snr_low=0.3)
    for time, named in ((np.arange(60), False), (None, True)):
        found = advised(from_memory(X, y, time=time), own, place, noise=0.2, chance=0.99, **means)
        assert ("Neither" not in found.headline) == named


def test_where_both_predict_equally_well_nothing_is_clear(table, diagnosis, place):
    equal = advised(table, diagnosis, place, l1=0.502, noise=0.0005, chance=0.99)
    assert (equal.penalty, equal.certainty) == ("l1", "likely")
    assert equal.headline.endswith("; predictions hardly differ.")
    assert any("costs little" in text for text in equal.doubts)
    none = advised(table, diagnosis, place, noise=0.0005, chance=0.7)
    assert none.penalty is None and none.headline == (
        "L1 and L2 predict equally well here (within 1 point): choose by what else you need."
    )


def test_rounding_errors_are_no_evidence(place):
    found = contest_of(l1=1 - 2e-9, l2=1 - 1e-9, noise=1e-11)
    assert abs(found.pairs["difference"].iloc[0]) > 10 * found.pairs["se"].iloc[0]
    assert evidence(found, place)[0] == 0


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize("chance", [0.98, 0.02])
def test_the_code_runs(diagnosis, place, response, chance):
    X, y = draw(Scenario(60, 4, 2, snr=2, response=response), 3, 0)
    labels = np.where(y > 0, "yes", "no") if response == "binary" else y
    table = from_memory(pd.DataFrame(X).assign(city=np.resize(["a", "b"], 60)), labels)
    means = {"l1": 0.6} if chance > 0.5 else {"l2": 0.6}
    found = advised(table, diagnosis, place, chance=chance, **means)
    scope = {"X": pd.DataFrame(X).assign(city=np.resize(["a", "b"], 60)), "y": labels}
    exec(found.code, scope)
    # explained share, or minus the log-loss
    assert scope["model"].score(scope["X"], scope["y"]) > (0.4 if response == "gaussian" else -0.6)
    assert found.code.startswith("# X: 5 features as numbers; y: y")
    both = advised(table, diagnosis, place, chance=0.6, noise=0.05)
    assert both.penalty is None
    exec(both.code, scope | {"X": pd.DataFrame(X), "y": labels})
    assert ("l1 = make_pipeline" in both.code) and ("l2 = make_pipeline" in both.code)


def test_a_copy_of_the_target_is_the_answer(diagnosis, place):
    X, y = draw(Scenario(60, 4, 2), 3, 0)
    table = from_memory(np.column_stack([X, 2 * y + 1]), y)
    assert table.copies == ("x4",)
    found = advised(table, diagnosis, place, l1=0.6, chance=0.98)
    assert (found.penalty, found.certainty, found.code) == (None, "none", "")
    assert "copies the target" in found.headline and "x4" in found.headline


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_the_code_reads_its_file(diagnosis, place, response, tmp_path):
    X, y = draw(Scenario(60, 4, 2, snr=2, response=response), 3, 0)
    path = tmp_path / "it's a table.csv"
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame.assign(**{'a "y"': np.where(y > 0, "no", "yes") if response == "binary" else y}).to_csv(
        path, index=False
    )
    positive = "no" if response == "binary" else None
    table = read_table(path, 'a "y"', positive=positive)
    scope: dict = {}
    exec(advised(table, diagnosis, place, l1=0.6, chance=0.98).code, scope)
    np.testing.assert_array_equal(scope["y"], table.y)
    assert scope["model"].score(table.X, table.y) > (0.4 if response == "gaussian" else -0.6)
    assert from_memory(X, y).source == IN_MEMORY


def test_a_probability_is_not_rounded_up_to_a_bound():
    found = [_in_words(share) for share in (0.949, 0.95, 0.799, 0.57, 0.9949, 0.9899)]
    assert [said.replace("\xa0", "") for said in found] == [
        "94%",
        "95%",
        "79%",
        "57%",
        "more than 99%",
        "98%",
    ]


def test_a_probability_of_one_half_names_neither():
    assert "either is as likely" in _leaning("l1", 0.504)
    assert "L2 (ridge) is the better one with a probability of 51" in _leaning("l2", 0.512)
