"""The shipped atlas is what its config makes, and says what was learnt from it."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from studies.made import made_study

from normwise.analysis.columns import check_table
from normwise.analysis.goals import GOALS
from normwise.analysis.learn.atlas import KINDS, TABLES, about_atlas, read_atlas, ship, ship_kinds
from normwise.analysis.learn.cells import cells, ground_of, learnt_from
from normwise.analysis.learn.exact_boundary import call_by_theory
from normwise.analysis.learn.learn import learn
from normwise.analysis.learn.rule_of_thumb import call_by_rule, fit_rule, read_rule
from normwise.analysis.learn.surface import Surface
from normwise.files.parquet import write_parquet
from normwise.provenance.verify_atlas import verify_atlas
from normwise.study.config import check_config
from normwise.study.design import scenarios_of


@pytest.fixture(scope="module")
def atlas():
    return read_atlas()


@pytest.fixture(scope="module")
def config(root):
    text = (root / "config" / "atlas.yaml").read_text(encoding="utf-8")
    schema = root / "workflow" / "schemas" / "config.schema.yaml"
    return check_config(yaml.safe_load(text), schema, "atlas.yaml")


def test_its_tables_are_as_described_and_small(atlas, root):
    for name in TABLES:
        check_table(atlas[name], name)
        assert len(atlas[name])
    folder = root / "src" / "normwise" / "analysis" / "learn" / "atlas"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 900_000


def test_it_was_made_from_its_config(atlas, config):
    about = about_atlas()["config"]
    assert about["seed"] == config["seed"]
    for own, theirs in zip(about["datasets"], config["datasets"], strict=True):
        assert scenarios_of(own) == scenarios_of(theirs)
        assert (own["replicates"], own["hold_out"]) == (theirs["replicates"], theirs["hold_out"])
    expected = {s.id for d in config["datasets"] for s in scenarios_of(d)}
    frame = cells(atlas["ground"])
    assert set(frame["scenario"]) == expected and len(frame) == len(expected)
    held = {d["name"] for d in config["datasets"] if d["hold_out"]}
    assert set(frame.loc[frame["held_out"], "dataset"]) == held


def test_counts_and_several_classes_are_those_of_their_config_and_held_out(root):
    text = (root / "config" / "kinds.yaml").read_text(encoding="utf-8")
    schema = root / "workflow" / "schemas" / "config.schema.yaml"
    config, about = check_config(yaml.safe_load(text), schema, "kinds.yaml"), about_atlas(KINDS)
    assert about["config"]["seed"] == config["seed"]
    ground = read_atlas([KINDS])[KINDS]
    check_table(ground, "ground")
    frame = cells(ground)
    expected = {s.id for d in config["datasets"] for s in scenarios_of(d)}
    assert set(frame["scenario"]) == expected and len(frame) == len(expected) == 300
    assert set(frame["response"]) == {"poisson", "multinomial"}
    assert ground["held_out"].all()
    assert not set(frame["scenario"]) & set(read_atlas(["ground"])["ground"]["scenario"])
    folder = root / "src" / "normwise" / "analysis" / "learn" / "kinds"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 100_000


def test_rule_and_theory_name_the_winner_for_kinds_that_neither_has_seen(atlas):
    frame = cells(read_atlas([KINDS])[KINDS])
    for _, own in frame.groupby("response"):
        decided = own["verdict"].isin(["l1", "l2"])
        by_rule = (call_by_rule(own, read_rule(atlas["rules"])) == own["verdict"])[decided]
        by_theory = (call_by_theory(own) == own["verdict"])[decided]
        assert decided.sum() > 80 and by_rule.mean() > 0.94 and by_theory.mean() > 0.98


@pytest.mark.parametrize("goal", ["prediction", "explained"])
def test_its_rule_is_that_of_its_ground(atlas, goal):
    frame = learnt_from(cells(atlas["ground"], goal))
    zone = GOALS[goal].zone(0.05)
    ours, theirs = fit_rule(frame, zone), read_rule(atlas["rules"], goal)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_its_surface_predicts_what_was_set_aside(atlas):
    scores = atlas["surface_scores"].set_index(["goal", "split"])
    kernels = atlas["kernels"].set_index("goal")
    frame = cells(atlas["ground"])
    surface = Surface.of_scales(learnt_from(frame), kernels.loc["prediction"])
    fresh = frame[frame["held_out"]]
    found = surface.predict(fresh, fresh["mcse"].to_numpy())
    spread = fresh["effect"] - fresh["effect"].mean()
    error = (found["effect"].to_numpy() - fresh["effect"]).to_numpy()
    said = scores.loc[("prediction", "fresh")]
    assert 1 - (error @ error) / (spread @ spread) == pytest.approx(said["r2"], abs=1e-3)
    # intervals of 90 % hold the effects
    inside = (found["low"].array <= fresh["effect"]) & (fresh["effect"] <= found["high"].array)
    assert inside.mean() == pytest.approx(said["coverage"], abs=0.005)
    assert 0.85 < said["coverage"] < 0.96


def test_the_exact_boundary_needs_nothing_of_it(atlas):
    """Theory is asked alone, and is as good as what was fitted."""
    scores = atlas["rule_scores"]
    own = scores[(scores["goal"] == "prediction") & (scores["split"] == "fresh")]
    own = own[own["family"] == "all"].set_index("rule")
    frame = cells(atlas["ground"])
    fresh = frame[frame["held_out"]]
    decided = fresh["verdict"].isin(["l1", "l2"])
    for name, called in (
        ("exact boundary", call_by_theory(fresh)),
        ("rule of thumb", call_by_rule(fresh, read_rule(atlas["rules"]))),
    ):
        right = (called == fresh["verdict"])[decided].mean()
        assert right == pytest.approx(own.loc[name, "accuracy"], abs=1e-6)
        assert own.loc[name, "regret"] < own.loc["always L1", "regret"]


def test_a_sample_of_it_is_made_again_from_the_seeds():
    found = verify_atlas(2, seed=1)
    assert not found.faults
    assert len(found.steps["atlas"]) == 2 and found.largest <= 1e-8


def test_a_changed_effect_is_a_fault(monkeypatch, atlas):
    ground = atlas["ground"].assign(effect=atlas["ground"]["effect"] + 1e-4)
    changed = {"ground": ground, KINDS: ground[:0]}
    monkeypatch.setattr("normwise.provenance.verify_atlas.read_atlas", lambda _: changed)
    assert verify_atlas(1, seed=1).faults


def test_a_study_is_judged_by_the_atlas_and_learns_nothing(atlas):
    study = made_study(n=40, goals=("prediction", "explained"))
    tables = learn(**study, comparison={"margin": 0.05}, atlas=atlas)
    for name in ("ground", "kernels", "rules", "surface", "importance"):
        pd.testing.assert_frame_equal(tables[name], atlas[name])
    own = tables["rule_scores"]
    own = own[(own["split"] == "study") & (own["family"] == "all") & (own["goal"] == "prediction")]
    assert set(own["n"]) == {40} and {"rule of thumb", "exact boundary"} <= set(own["rule"])
    before = tables["rule_scores"][tables["rule_scores"]["split"] != "study"]
    pd.testing.assert_frame_equal(before.reset_index(drop=True), atlas["rule_scores"])


def finished(results, tables):
    """A results folder with some tables and a record of the run."""
    (results / "tables").mkdir(parents=True)
    for name, frame in tables.items():
        write_parquet(frame, results / "tables" / f"{name}.parquet")
    kept = ("code", "environment", "started", "finished", "seeds", "fits", "config")
    record = dict.fromkeys((*kept, "config_digest"), "x") | {"files": {}}
    (results / "provenance.json").write_text(json.dumps(record))
    return results


def test_what_is_shipped_is_read_again(tmp_path, monkeypatch):
    tables = learn(**made_study(n=40, fresh=10), comparison={"margin": 0.05})
    ship(finished(tmp_path / "results", tables), tmp_path / "atlas")
    monkeypatch.setattr("normwise.analysis.learn.atlas.files", lambda _: tmp_path)
    again = read_atlas()
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(again[name], frame, rtol=1e-6)
    assert "files" not in about_atlas() and len(about_atlas()["tables"].split()) == len(TABLES)


def test_kinds_are_shipped_from_the_tables_of_a_run(tmp_path, monkeypatch):
    study = made_study(n=20)
    ship_kinds(finished(tmp_path / "results", study), tmp_path / KINDS)
    monkeypatch.setattr("normwise.analysis.learn.atlas.files", lambda _: tmp_path)
    again = read_atlas([KINDS])[KINDS]
    expected = ground_of(*(study[name] for name in ("goals", "scenarios", "strategies")))
    pd.testing.assert_frame_equal(again, expected.assign(held_out=True), rtol=1e-6)
    assert about_atlas(KINDS)["seeds"] == "x"
