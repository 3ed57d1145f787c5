"""Where a table lies on the map, and the map itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies.user_table import as_table

from normwise.advice import atlas as module
from normwise.advice.atlas import read, read_study, shipped, write
from normwise.advice.diagnosis import Signal
from normwise.advice.place import UNRELATED, locate, spread_effect, theory_of
from normwise.advice.sparsity import Sparsity
from normwise.analysis.learn.rule_of_thumb import Bounds, call_by_rule
from normwise.analysis.learn.surface import Surface
from normwise.files.parquet import write_parquet
from normwise.tabular import InputError


@pytest.fixture(scope="module")
def atlas():
    return shipped()


def known(count, snr, spread=1.0, near=0.0, effective=100.0) -> Signal:
    return Signal(
        snr=snr,
        snr_low=snr / spread,
        snr_high=snr * spread,
        sparsity=Sparsity(np.array([float(count)]), np.ones(1)),
        nearest_correlation=near,
        effective_features=effective,
    )


def sized(n, p, response="gaussian"):
    return as_table(np.zeros((n, p)), np.zeros(n), response)


def test_the_shipped_map_is_small_and_whole(atlas):
    from pathlib import Path

    assert Path(module.__file__).with_name(module.FILE).stat().st_size < 100_000
    assert len(atlas.cells) > 500 and atlas.cells["held_out"].any()
    assert set(atlas.cells["verdict"]) <= {"l1", "l2", "equivalent", "undecided"}
    assert 0 < atlas.bounds.lower <= atlas.bounds.upper
    held = atlas.cells[atlas.cells["held_out"]]
    found = atlas.surface.predict(held)["effect"]
    assert np.corrcoef(found, held["effect"])[0, 1] > 0.9


def test_a_measured_scenario_finds_itself(atlas):
    row = atlas.cells[(atlas.cells["binary"] == 0) & (atlas.cells["verdict"] == "l1")].iloc[7]
    signal = known(
        row["effective_nonzero"],
        row["snr"],
        near=row["nearest_correlation"],
        effective=row["effective_features"],
    )
    found = locate(sized(int(row["n_samples"]), int(row["n_features"])), signal, atlas)
    assert found.neighbours["distance"][0] == pytest.approx(0, abs=1e-4)
    assert found.load == pytest.approx(row["load"], rel=1e-4)
    assert found.signal_per_direction == pytest.approx(row["signal_per_direction"], rel=1e-4)
    assert found.inside and found.surface == "l1" and found.l1_chance > 0.9
    assert found.effect_low < row["effect"] < found.effect_high
    assert (np.diff(found.neighbours["distance"]) >= 0).all()


def test_certain_estimates_give_the_surface_itself(atlas):
    table, signal = sized(100, 200), known(4, 2.0)
    (effect, low, high), chance = spread_effect(atlas.surface, table, signal)
    frame = pd.DataFrame(
        {
            "aspect_ratio": [2.0],
            "nonzero_share": 0.02,
            "snr": 2.0,
            "nearest_correlation": 0.0,
            "binary": 0.0,
        }
    )
    own = atlas.surface.predict(frame).iloc[0]
    assert effect == pytest.approx(own["effect"], rel=0.02)
    # nine quantiles stand for the whole law
    assert low == pytest.approx(own["low"], rel=0.25)
    assert high == pytest.approx(own["high"], rel=0.25)
    assert chance > 0.95


def test_doubt_about_the_estimates_widens_the_interval(atlas):
    table = sized(100, 200)
    sure = locate(table, known(15, 1.0), atlas)
    vague = replace(
        known(15, 1.0, spread=20), sparsity=Sparsity(np.array([3.0, 15, 90]), np.full(3, 1 / 3))
    )
    unsure = locate(table, vague, atlas)
    assert unsure.effect_high - unsure.effect_low > 1.5 * (sure.effect_high - sure.effect_low)
    assert unsure.load_low < sure.load < unsure.load_high
    assert len(unsure.rule_range) == 3 > len(sure.rule_range)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_sparse_is_l1_and_dense_is_l2_everywhere(atlas, response):
    few = locate(sized(150, 100, response), known(4, 3.0), atlas)
    many = locate(sized(150, 100, response), known(90, 3.0), atlas)
    for place, side in ((few, "l1"), (many, "l2")):
        assert (place.rule, place.surface) == (side, side)
        # the boundary is one of squared error
        assert place.theory == (side if response == "gaussian" else "silent")
        assert ("log-loss" in place.theory_basis) == (response == "binary")
    assert few.l1_chance > 0.9 and many.l1_chance < 0.1
    assert len(few.measured) and set(few.measured) == {"load", "effect", "verdict"}


def test_theory_is_a_witness_where_it_names_the_measured_winners_alone(atlas):
    cells = atlas.cells[(atlas.cells["binary"] == 0) & atlas.cells["verdict"].isin(["l1", "l2"])]
    says, right = [], []
    for _, row in cells.iterrows():
        n = int(row["n_samples"])
        said, why = theory_of(row, n, "gaussian")
        unrelated = row.copy()
        unrelated["nearest_correlation"] = 0.0
        blind, _ = theory_of(unrelated, n, "gaussian")
        assert (said == "silent") == (row["nearest_correlation"] > UNRELATED) == ("here" in why)
        assert said in ("silent", blind)
        says.append(said)
        right.append(blind == row["verdict"])
    says, right = np.array(says), np.array(right)
    assert (says != "silent").sum() > 200 and right[says != "silent"].all()
    assert 0.8 < right[says == "silent"].mean() < 0.95


def test_outside_of_the_measurements_rule_and_map_say_nothing_but_what_lies_outside(atlas):
    found = locate(sized(100, 50), known(5, 2.0), atlas)
    assert found.inside and not found.outside
    for n, p, snr, what in (
        (100, 100_000, 2.0, "features per row 1,000, measured 0.1 to 10"),
        (1000, 50, 1.0, "features per row 0.05, measured 0.1 to 10"),
        (100, 50, 5000.0, "signal-to-noise ratio 5,000, measured 0.05 to 8"),
    ):
        found = locate(sized(n, p), known(50, snr), atlas)
        assert not found.inside and what in found.outside
        assert (found.rule, found.surface, found.rule_range) == ("outside", "outside", ("outside",))


def test_the_rule_comes_with_its_range_and_its_record(atlas):
    found = locate(sized(100, 50), known(5, 2.0), atlas)
    cells = atlas.cells
    assert f"{len(cells)} simulated scenarios" in found.validity
    assert f"{cells['n_samples'].min()} to {cells['n_samples'].max()} rows" in found.validity
    for words in (
        "features (",
        "a row)",
        "signal-to-noise",
        "correlations",
        "two classes",
        "equal",
    ):
        assert words in found.validity
    fresh = cells[cells["held_out"]]
    decided = fresh["verdict"].isin(["l1", "l2"])
    right = (call_by_rule(fresh, atlas.bounds) == fresh["verdict"])[decided].sum()
    assert (
        f"in {right} of the {decided.sum()} scenarios with a winner among {len(fresh)} held out"
        in found.record
    )
    cost = 100 * (np.exp(fresh["cv_cost"].mean()) - 1)
    assert f"lower cross-validated error: there that costs {cost:.1f} %" in found.record


def test_written_and_read_it_is_the_same(atlas, tmp_path):
    write(atlas, tmp_path / "atlas.parquet")
    again = read(tmp_path / "atlas.parquet")
    pd.testing.assert_frame_equal(again.cells, atlas.cells, rtol=1e-6)
    assert again.bounds == atlas.bounds and again.zone == atlas.zone
    part = atlas.cells.head(20)
    pd.testing.assert_frame_equal(again.surface.predict(part), atlas.surface.predict(part))


def _study(folder, cells):
    """Tables of a study as `read_study` needs them."""
    (folder / "tables").mkdir(parents=True)
    n = len(cells)
    cells = cells.assign(scenario=[f"s{i}" for i in range(n)])
    goals = cells[["dataset", "scenario", "effect", "mcse", "verdict"]].assign(goal="prediction")
    scenarios = cells[
        [
            "dataset",
            "scenario",
            "label",
            "n_samples",
            "n_features",
            "effective_nonzero",
            "effective_features",
            "snr",
            "nearest_correlation",
            "aspect_ratio",
            "held_out",
        ]
    ].assign(
        n_nonzero=1,
        covariance="ar1",
        features="gaussian",
        correlation=0.1,
        signal="equal",
        signs="same",
        response=np.where(cells["binary"] > 0, "binary", "gaussian"),
    )
    rules = pd.DataFrame([{"goal": "prediction", "floor": 0.1, "lower": 0.2, "upper": 0.3}])
    for name, table in (("goals", goals), ("scenarios", scenarios), ("rules", rules)):
        write_parquet(table, folder / "tables" / f"{name}.parquet")


def test_another_study_is_the_map(atlas, tmp_path):
    cells = atlas.cells[~atlas.cells["held_out"]].iloc[::20]
    _study(tmp_path / "own", cells)
    found = read_study(tmp_path / "own")
    assert found.bounds == Bounds(0.1, 0.2, 0.3) and len(found.cells) == len(cells)
    assert isinstance(found.surface, Surface)
    np.testing.assert_allclose(found.cells["load"], cells["load"], rtol=1e-4)


def test_a_study_without_tables_is_refused(atlas, tmp_path):
    with pytest.raises(InputError, match=r"goals\.parquet is missing; give the results folder"):
        read_study(tmp_path)
    _study(tmp_path / "own", atlas.cells.head(3))
    with pytest.raises(InputError, match=r"3 scenarios with a signal.*at least 12"):
        read_study(tmp_path / "own")
    table = tmp_path / "own" / "tables" / "rules.parquet"
    table.write_bytes(table.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"rules\.parquet: is damaged"):
        read_study(tmp_path / "own")
