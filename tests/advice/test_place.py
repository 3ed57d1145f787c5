"""Where a table lies on the map, and the map itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from studies.user_table import as_table

from normwise.advice.atlas import atlas_of, read_study
from normwise.advice.diagnosis import Signal
from normwise.advice.place import _possible, locate, spread_effect, theory_of
from normwise.advice.recommendation import hardly_matters
from normwise.advice.sparsity import Sparsity
from normwise.advice.spectrum import Alignment
from normwise.analysis.learn.cells import cells
from normwise.analysis.learn.rule_of_thumb import call_by_rule
from normwise.data.response_kind import RESPONSES
from normwise.files.parquet import write_parquet
from normwise.tabular import InputError
from normwise.theory.boundary import phase_boundary


def known(count, snr, spread=1.0, alignment=1.0, doubt=1e-6) -> Signal:
    return Signal(
        snr=snr,
        snr_low=snr / spread,
        snr_high=snr * spread,
        sparsity=Sparsity(np.array([float(count)]), np.ones(1)),
        alignment=Alignment(alignment, doubt),
        nearest_correlation=0.0,
        effective_features=100.0,
    )


def sized(n, p, response="gaussian"):
    return as_table(np.zeros((n, p)), np.arange(n) % 2.0, response)


def test_the_shipped_map_is_whole(shipped_atlas):
    atlas = shipped_atlas
    assert len(atlas.cells) > 1500 and atlas.cells["held_out"].any()
    assert set(atlas.cells["verdict"]) <= {"l1", "l2", "equivalent", "undecided"}
    assert 0 < atlas.rule.low <= atlas.rule.cut <= atlas.rule.high
    assert atlas.explained is not None and np.isfinite(atlas.enough)
    held = atlas.cells[atlas.cells["held_out"]]
    assert set(held["response"]) == set(RESPONSES)
    for _, own in held.groupby("response"):
        for surface, effect in ((atlas.surface, own["effect"]), (atlas.explained, -own["points"])):
            # by ranks: what a fit of counts explains has no lower bound
            assert stats.spearmanr(surface.predict(own)["effect"], effect)[0] > 0.75


def test_a_measured_scenario_finds_itself(atlas):
    own = atlas.cells[(atlas.cells["binary"] == 0) & (atlas.cells["verdict"] == "l1")]
    row = own[own["signal_alignment"] > 2].iloc[0]
    signal = known(row["effective_nonzero"], row["snr"], alignment=row["signal_alignment"])
    found = locate(sized(int(row["n_samples"]), int(row["n_features"])), signal, atlas)
    assert found.neighbours["distance"][0] == pytest.approx(0, abs=1e-4)
    assert found.load == pytest.approx(row["load"], rel=1e-4)
    assert found.inside and found.surface == "l1" and found.l1_chance > 0.9
    assert found.effect_low < row["effect"] < found.effect_high
    assert found.points_low < row["points"] < found.points_high and row["points"] > 0
    assert (np.diff(found.neighbours["distance"]) >= 0).all()


def test_certain_estimates_give_the_surfaces_themselves(atlas):
    table, signal = sized(100, 200), known(4, 2.0, alignment=1.5)
    frame = pd.DataFrame(
        {
            "aspect_ratio": [2.0],
            "nonzero_share": 0.02,
            "snr": 2.0,
            "signal_alignment": 1.5,
            "binary": 0.0,
        }
    )
    for surface in (atlas.surface, atlas.explained):
        (effect, low, high), chance = spread_effect(surface, *_possible(table, signal))
        own = surface.predict(frame).iloc[0]
        assert effect == pytest.approx(own["effect"], rel=0.02)
        # nine quantiles stand for the whole law
        assert low == pytest.approx(own["low"], rel=0.25)
        assert high == pytest.approx(own["high"], rel=0.25)
        assert chance > 0.9
    place = locate(table, signal, atlas)
    assert place.points == pytest.approx(-100 * effect) and place.points_low < place.points
    # a study of one goal has no points
    assert np.isnan(locate(table, signal, replace(atlas, explained=None)).points)


@pytest.mark.parametrize("doubted", ["snr", "count", "alignment"])
def test_doubt_about_an_estimate_widens_intervals(atlas, doubted):
    table = sized(100, 200)
    certain = known(4, 1.0, alignment=3.0)
    sure = locate(table, certain, atlas)
    signal = {
        "snr": known(4, 1.0, spread=20, alignment=3.0),
        "count": replace(certain, sparsity=Sparsity(np.array([1.0, 4, 16]), np.full(3, 1 / 3))),
        "alignment": known(4, 1.0, alignment=3.0, doubt=0.7),
    }[doubted]
    unsure = locate(table, signal, atlas)
    assert unsure.effect_high - unsure.effect_low > 1.3 * (sure.effect_high - sure.effect_low)
    assert unsure.load_low < sure.load_low <= sure.load <= sure.load_high < unsure.load_high
    assert unsure.rule_range == ("l1", "l2") and sure.rule == unsure.rule == "l2"


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_sparse_is_l1_and_dense_is_l2_everywhere(atlas, response):
    few = locate(sized(150, 100, response), known(4, 1.0), atlas)
    many = locate(sized(150, 100, response), known(90, 1.0), atlas)
    together = locate(sized(150, 100, response), known(14, 1.0, alignment=5.0), atlas)
    for place, side in ((few, "l1"), (many, "l2"), (together, "l2")):
        assert (place.rule, place.surface, place.theory) == (side, side, side)
    assert few.l1_chance > 0.9 and many.l1_chance < 0.1
    assert len(few.measured) and set(few.measured) == {"load", "effect", "verdict"}


def test_theory_counts_a_feature_as_often_as_its_alignment():
    share = float(phase_boundary(1.0, 2.0))
    for alignment in (0.5, 1.0, 4.0):
        counted = max(alignment, 1)
        for side, times in (("l1", 0.95), ("l2", 1.05)):
            own = pd.DataFrame(
                {
                    "n_samples": [100],
                    "n_features": 99,
                    "snr": 2.0,
                    "nonzero_share": times * share / counted,
                    "signal_alignment": alignment,
                }
            )
            said, why = theory_of(own)
            assert said == side and f"counted {counted:.2g} times" in why


def test_outside_of_the_measurements_rule_and_map_say_nothing_but_what_lies_outside(atlas):
    found = locate(sized(100, 50), known(5, 2.0), atlas)
    assert found.inside and not found.outside
    for n, p, snr, alignment, what in (
        (100, 100_000, 2.0, 1.0, "features per row 1,000, measured 0.2"),
        (1000, 50, 1.0, 1.0, "features per row 0.05, measured 0.2"),
        (100, 50, 5000.0, 1.0, "signal-to-noise ratio 5,000, measured 0.1"),
        (100, 50, 2.0, 40.0, "alignment of the signal 40, measured "),
    ):
        found = locate(sized(n, p), known(50, snr, alignment=alignment), atlas)
        assert not found.inside and any(text.startswith(what) for text in found.outside)
        assert (found.rule, found.surface, found.rule_range) == ("outside", "outside", ("outside",))


def test_with_rows_enough_it_hardly_matters(atlas):
    far = replace(atlas, enough=4.0, rule=atlas.rule._replace(enough=5.0))
    for p, rule, said in ((20, "equivalent", True), (24, "l1", True), (26, "l1", False)):
        place = locate(sized(100, p), known(2, 1.0), far)
        assert place.rule == rule and bool(hardly_matters(place)) == said
    place = locate(sized(100, 20), known(2, 1.0), far)
    assert hardly_matters(place) == (
        "With 5 rows per feature L1 and L2 differ by less than a point of what is explained in "
        "95\N{NO-BREAK SPACE}% of what was measured."
    )
    assert not hardly_matters(replace(place, inside=False))
    assert not hardly_matters(replace(place, enough=np.inf))


def test_the_rule_comes_with_its_range_and_its_record(atlas):
    found = locate(sized(100, 50), known(5, 2.0), atlas)
    measured = atlas.cells
    assert f"{len(measured)} simulated scenarios" in found.validity
    for words in ("features (", "signal-to-noise", "alignment", "two classes"):
        assert words in found.validity
    fresh = measured[measured["held_out"]]
    decided = fresh["verdict"].isin(["l1", "l2"])
    right = (call_by_rule(fresh, atlas.rule) == fresh["verdict"])[decided].sum()
    assert (
        f"in {right} of the {decided.sum()} scenarios with a winner among {len(fresh)} held out"
        in found.record
    )
    cost = 100 * (np.exp(fresh["cv_cost"].mean()) - 1)
    assert f"lower cross-validated error: there that costs {cost:.1f} %" in found.record


def _study(folder, tables):
    (folder / "tables").mkdir(parents=True)
    for name in ("ground", "kernels", "rules"):
        write_parquet(tables[name], folder / "tables" / f"{name}.parquet")


def test_another_study_is_the_map(atlas, map_tables, tmp_path):
    _study(tmp_path / "own", map_tables)
    for folder in (tmp_path / "own", tmp_path / "own" / "tables"):
        found = read_study(folder)
        assert found.rule == atlas.rule and found.zone == atlas.zone
        part = atlas.cells.head(20)
        pd.testing.assert_frame_equal(found.surface.predict(part), atlas.surface.predict(part))
    alone = {name: frame[frame["goal"] == "prediction"] for name, frame in map_tables.items()}
    assert atlas_of(alone).explained is None and atlas_of(alone).enough == np.inf


def test_a_study_without_tables_is_refused(map_tables, tmp_path):
    with pytest.raises(InputError, match=r"ground\.parquet is missing; give the results folder"):
        read_study(tmp_path)
    few = dict(map_tables)
    few["ground"] = cells(map_tables["ground"]).head(3)
    _study(tmp_path / "few", few)
    with pytest.raises(InputError, match=r"few.*: 3 scenarios with a signal.*at least 12"):
        read_study(tmp_path / "few")
    none = {name: frame[frame["goal"] == "explained"] for name, frame in map_tables.items()}
    _study(tmp_path / "none", none)
    with pytest.raises(InputError, match=r"none.*: 0 scenarios with a signal"):
        read_study(tmp_path / "none")
    table = tmp_path / "few" / "tables" / "rules.parquet"
    table.write_bytes(table.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"rules\.parquet: is damaged"):
        read_study(tmp_path / "few")
