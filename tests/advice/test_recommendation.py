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
from normwise.advice.recommendation import difference_of, recommend, stated
from normwise.advice.refit import IN_MEMORY
from normwise.advice.signs import Sign
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


def test_both_sources_count_and_in_the_right_direction(table, place):
    def ahead(points, **means):
        own = replace(place, points=points, points_low=points - 4, points_high=points + 4)
        return difference_of(table, contest_of(noise=0.05, **means), own).l1_ahead

    assert ahead(3.0, l1=0.55) > ahead(0.0, l1=0.55) > ahead(-3.0, l1=0.55)
    assert ahead(0.0, l1=0.6) > ahead(0.0, l1=0.52) > ahead(0.0, l2=0.52) > ahead(0.0, l2=0.6)


def test_probabilities_add_up_and_are_finite_whatever_was_measured(table, place):
    for means in ({"l1": 0.9}, {"l2": 0.9}, {"l1": np.nan}, {"l1": -50.0}, {}):
        for noise in (0.0, 1e-9, 0.3):
            for points in (np.nan, 0.0, 1e3):
                own = replace(place, points=points, points_low=points - 1, points_high=points + 1)
                found = difference_of(table, contest_of(noise=noise, **means), own)
                values = np.array([found.l1, found.equal, found.l2, found.l1_ahead])
                assert np.isfinite(values).all() and (values >= 0).all()
                assert values[:3].sum() == pytest.approx(1)
                assert found.l1_costs >= 0 and found.l2_costs >= 0


def test_without_a_solution_what_real_tables_are_like_is_all_that_is_known(table, place):
    silent = replace(place, inside=False)
    found = difference_of(table, contest_of(l1=np.nan), silent)
    assert found.l1 == pytest.approx(found.l2) and 0.2 < found.equal < 0.9


@pytest.mark.parametrize(("winner", "other"), [("l1", "l2"), ("l2", "l1")])
def test_a_large_difference_is_clear(table, diagnosis, place, winner, other):
    found = advised(table, diagnosis, place, **{winner: 0.8})
    assert (found.penalty, found.answer, found.certainty) == (winner, winner, "clear")
    assert found.headline.startswith(f"Use {winner.upper()}")
    assert "by over 1 point" in found.headline and "%" in found.headline
    # what the wrong choice costs is what was measured, about 30 points
    costs = {"l1": found.difference.l1_costs, "l2": found.difference.l2_costs}
    assert costs[winner] == 0 and 0.2 < costs[other] < 0.5
    assert found.reasons[0].startswith("Judging by other tables, choosing L1 costs ")
    assert "less than 0.1 points" in found.reasons[0]
    words = certainty_words(Advice(table, diagnosis, contest_of(), models_of(), place, found, 0))
    assert words.startswith("clear; the probability is at least 95")


def test_what_is_stated_is_about_the_margin(table, diagnosis, place):
    narrow, wide = (
        difference_of(table, replace(contest_of(l1=0.52, noise=0.01), margin=m), place)
        for m in (0.001, 0.1)
    )
    assert wide.equal > narrow.equal and narrow.l1 > wide.l1
    assert wide.l1_ahead == narrow.l1_ahead and wide.l1_costs == narrow.l1_costs


def test_weak_evidence_names_none_and_says_what_else_decides(table, diagnosis, place):
    found = advised(table, diagnosis, place, noise=0.2)
    assert (found.penalty, found.answer, found.certainty) == (None, "open", "none")
    text = " ".join(found.reasons)
    assert "short list" in text and "take L2" in text
    assert "L1 explains more by over that with" in found.headline
    assert "l1 = " in found.code and "l2 = " in found.code


def test_how_short_and_how_firm_the_list_is_stands_beside_it(table, diagnosis, place):
    kept = pd.DataFrame({"selected": [1.0, 0.9, 0.8, 0.5]})
    models = replace(models_of(), coefs=kept)
    found = recommend(table, diagnosis, contest_of(noise=0.0005), models, place)
    (said,) = [text for text in found.reasons if "short list" in text]
    assert "keeps 3 of them" in said and said.endswith(
        "3 in at least 80\N{NO-BREAK SPACE}% of the resamples."
    )


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


@pytest.mark.parametrize(("named", "mapped"), [("l2", 0.83), ("l1", 0.2)])
def test_a_map_that_leans_to_the_other_side_is_told(table, diagnosis, place, named, mapped):
    contest = contest_of(**{named: 0.8})
    against = replace(place, l1_chance=mapped)
    found = recommend(table, diagnosis, contest, models_of(), against)
    assert found.penalty == named
    words = certainty_words(Advice(table, diagnosis, contest, models_of(), against, found, 0))
    other = {"l1": "L2", "l2": "L1"}[named]
    assert f"lean towards {named.upper()} and the map towards {other}" in words


def test_outside_of_its_range_and_on_a_series_the_map_counts_for_nothing(table, diagnosis, place):
    contest = contest_of(l2=0.52, noise=0.05)
    beyond = replace(place, inside=False, outside=("features per row 0.02, measured 0.1 to 10",))
    X, y = draw(Scenario(60, 8, 2, snr=2), 3, 0)
    series = from_memory(X, y, time=np.arange(60))
    for points in (-20.0, 20.0):
        own = {"points": points, "points_low": points - 1, "points_high": points + 1}
        silent = difference_of(table, contest, replace(beyond, **own))
        assert silent == difference_of(table, contest, beyond)
        assert silent == difference_of(series, contest, replace(place, **own))
        assert silent != difference_of(table, contest, replace(place, **own))
    found = recommend(table, diagnosis, contest, models_of(), beyond)
    said = [text for text in found.reasons if text.startswith("Map")]
    assert said == [
        "Map: silent, as the table lies outside of what was measured (features per row 0.02, "
        "measured 0.1 to 10)."
    ]


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
        return
    assert (found.penalty, found.answer, found.certainty) == (None, "open", "none")
    # what would tell the two apart, in place of what else they differ in
    assert not any("short list" in text or "equally well" in text for text in found.reasons)
    assert found.reasons[0].startswith("Head-to-head: of the variance of the held-out rows, ")
    assert "by L1" in found.reasons[0] and "by L2" in found.reasons[0]
    more = f"More rows would help, or features that say more about {table.target}."
    assert found.reasons[-1].endswith(more)
    assert "l1 = " in found.code and "l2 = " in found.code


def test_the_signal_of_a_series_does_not_stand_in_for_rows_held_out(diagnosis, place):
    X, y = draw(Scenario(60, 8, 2, snr=2), 3, 0)
    means, own = {"l1": 0.02, "l2": 0.01}, replace(diagnosis, snr_low=0.3)
    for time, named in ((np.arange(60), False), (None, True)):
        found = advised(from_memory(X, y, time=time), own, place, noise=0.2, chance=0.99, **means)
        assert ("Neither" not in found.headline) == named


def test_where_the_two_hardly_differ_it_does_not_matter(table, diagnosis, place):
    found = advised(table, diagnosis, place, l1=0.502, noise=0.0005, chance=0.99)
    assert (found.penalty, found.answer, found.certainty) == (None, "equivalent", "clear")
    assert found.headline == (
        "For prediction it does not matter: L1 and L2 differ by less than 1 point of what is "
        "explained, with a probability of more than 99\N{NO-BREAK SPACE}%. Choose by what else you "
        "need."
    )
    assert "short list" in " ".join(found.reasons)
    assert found.difference.l2_costs < 0.01


def test_signs_that_rows_belong_together_lower_the_certainty(table, diagnosis, place):
    sign = Sign("copies", "Rows look alike.")

    def both(**means):
        contest = contest_of(noise=0.0005, **means)
        signs = ((), (sign,))
        return [recommend(table, diagnosis, contest, models_of(), place, s) for s in signs]

    told, doubted = both(l1=0.8)
    assert (told.certainty, doubted.certainty) == ("clear", "likely")
    assert told.answer == doubted.answer == "l1" and doubted.first == ("Rows look alike.",)
    # rows at random may hide a difference
    told, doubted = both()
    assert (told.answer, told.certainty) == ("equivalent", "clear")
    assert (doubted.answer, doubted.certainty) == ("open", "none")
    assert doubted.headline.startswith("Settle first whether rows belong together")


def test_where_it_is_open_the_safer_choice_is_named_with_what_it_costs(table, diagnosis, place):
    named, silent = set(), replace(place, inside=False)
    for mean in np.linspace(0.3, 0.7, 9):
        found = advised(table, diagnosis, silent, noise=0.2, l2=mean)
        if found.answer != "open":
            continue
        costs = {"L1 (lasso)": found.difference.l1_costs, "L2 (ridge)": found.difference.l2_costs}
        safer = min(costs, key=costs.__getitem__)
        assert found.reasons[0].startswith(
            f"The safer choice is {safer}. Judging by other tables, choosing L1 costs "
        )
        named.add(safer)
    assert len(named) == 2


def test_rounding_errors_are_no_evidence(table, place):
    contest = contest_of(l1=1 - 2e-9, l2=1 - 1e-9, noise=1e-11)
    assert abs(contest.pairs["difference"].iloc[0]) > 10 * contest.pairs["se"].iloc[0]
    assert difference_of(table, contest, place).equal > 0.999


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize("chance", [0.98, 0.02])
def test_the_code_runs(diagnosis, place, response, chance):
    X, y = draw(Scenario(60, 4, 2, snr=2, response=response), 3, 0)
    labels = np.where(y > 0, "yes", "no") if response == "binary" else y
    table = from_memory(pd.DataFrame(X).assign(city=np.resize(["a", "b"], 60)), labels)
    means = {"l1": 0.8} if chance > 0.5 else {"l2": 0.8}
    found = advised(table, diagnosis, place, chance=chance, **means)
    scope = {"X": pd.DataFrame(X).assign(city=np.resize(["a", "b"], 60)), "y": labels}
    exec(found.code, scope)
    # explained share, or minus the log-loss
    assert scope["model"].score(scope["X"], scope["y"]) > (0.4 if response == "gaussian" else -0.6)
    assert found.code.startswith("# X: 5 features as numbers; y: y")
    both = advised(table, diagnosis, place, chance=0.6, noise=0.2)
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
    exec(advised(table, diagnosis, place, l1=0.8, chance=0.98).code, scope)
    np.testing.assert_array_equal(scope["y"], table.y)
    assert scope["model"].score(table.X, table.y) > (0.4 if response == "gaussian" else -0.6)
    assert from_memory(X, y).source == IN_MEMORY


def test_a_probability_is_not_rounded_up_to_a_bound():
    found = [stated(share) for share in (0.949, 0.95, 0.799, 0.57, 0.9949, 0.9899)]
    assert [said.replace("\xa0", "") for said in found] == [
        "94%",
        "95%",
        "79%",
        "57%",
        "more than 99%",
        "98%",
    ]
