"""How a study is cut: nothing lost, nothing done twice, and cuts that stay where they are."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from normwise.data.scenario import Scenario, expand_grid
from normwise.study.blocks import (
    OTHER_JOBS,
    Chunk,
    count_jobs,
    cut_blocks,
    cut_study,
    recall,
    remember,
    remove_others,
    replicate_megabytes,
)


@st.composite
def simulated_data_sets(draw):
    counts = {"min_size": 1, "max_size": 3, "unique": True}
    return {
        "name": "any",
        "source": "scenarios",
        "penalties": ["l1", "l2"],
        "n_samples": draw(st.lists(st.integers(10, 400), **counts)),
        "n_features": draw(st.lists(st.integers(1, 300), **counts)),
        "n_nonzero": [1],
        "features": [draw(st.sampled_from(["gaussian", "sparse_binary"]))],
        "replicates": draw(st.integers(5, 60)),
    }


def content(blocks) -> list[tuple[Scenario, int]]:
    chunks = [chunk for block in blocks for chunk in block.chunks.values()]
    return [(s, r) for c in chunks for s in c.scenarios for r in range(c.start, c.stop)]


def asked_for(dataset) -> set[tuple[Scenario, int]]:
    return {(s, r) for s in expand_grid(dataset) for r in range(dataset["replicates"])}


def grid(**changes):
    base = {
        "name": "grid",
        "source": "scenarios",
        "penalties": ["l1", "l2"],
        "n_samples": [100],
        "n_features": [10, 20, 30],
        "n_nonzero": [1],
        "replicates": 10,
    }
    return base | changes


@given(simulated_data_sets(), st.floats(1e-4, 50))
def test_blocks_hold_every_replicate_of_every_scenario_once(dataset, limit):
    found = content(cut_blocks(dataset, limit))
    assert len(found) == len(set(found))
    assert set(found) == asked_for(dataset)


@given(simulated_data_sets(), st.floats(1e-4, 50))
def test_chunks_keep_the_limit_unless_a_single_replicate_exceeds_it(dataset, limit):
    for block in cut_blocks(dataset, limit):
        for chunk in block.chunks.values():
            alone = (chunk.stop - chunk.start, len(chunk.scenarios)) == (1, 1)
            assert chunk.megabytes <= limit * (1 + 1e-9) or alone


@given(simulated_data_sets(), st.floats(1e-4, 50))
def test_every_number_names_one_chunk(dataset, limit):
    numbers = [n for block in cut_blocks(dataset, limit) for n in block.cuts]
    assert numbers == list(range(len(numbers)))


@given(simulated_data_sets(), st.floats(1e-3, 50), st.floats(1e-3, 50))
def test_a_known_plan_is_kept_whatever_the_limit(dataset, limit, other):
    known = cut_blocks(dataset, limit)
    assert cut_blocks(dataset, other, known) == known


@given(simulated_data_sets(), simulated_data_sets(), st.floats(1e-3, 50))
def test_a_change_of_the_data_set_adds_to_the_plan_and_redoes_nothing(before, after, limit):
    after["features"] = before["features"]
    known = cut_blocks(before, limit)
    changed = cut_blocks(after, limit, known)
    old = {n: chunk for block in known for n, chunk in block.chunks.items()}
    new = {n: chunk for block in changed for n, chunk in block.chunks.items()}
    # a number never changes its meaning
    assert all(old[n] == chunk for n, chunk in new.items() if n in old)
    found = content(changed)
    assert len(found) == len(set(found))
    assert set(found) >= asked_for(after)
    # what was there and is wanted is not computed in a new chunk
    added = {(s, r) for n, c in new.items() if n not in old for s, r in content_of(c)}
    kept = {(s, r) for c in old.values() for s, r in content_of(c)}
    assert not added & kept
    # and the plan is final
    assert cut_blocks(after, limit, changed) == changed


def content_of(chunk: Chunk) -> list[tuple[Scenario, int]]:
    return [(s, r) for s in chunk.scenarios for r in range(chunk.start, chunk.stop)]


def test_another_scenario_makes_one_more_block():
    known = cut_blocks(grid(), 1000)
    changed = cut_blocks(grid(n_features=[10, 15, 20, 30]), 1000, known)
    assert changed[:-1] == known
    assert [s.n_features for s in changed[-1].scenarios] == [15]


def test_more_replicates_make_one_more_chunk_in_each_block():
    known = cut_blocks(grid(), 0.3)
    changed = cut_blocks(grid(replicates=15), 0.3, known)
    assert [b.scenarios for b in changed] == [b.scenarios for b in known]
    for old, new in zip(known, changed, strict=True):
        assert list(new.cuts)[: len(old.cuts)] == list(old.cuts)
        assert list(new.cuts.values()) == [*old.cuts.values(), (10, 15)]


def test_scenarios_share_a_file_where_they_fit():
    assert len(cut_blocks(grid(), 1000)) == 1
    # 0.09, 0.17 and 0.25 megabytes
    assert [len(b.scenarios) for b in cut_blocks(grid(), 0.3)] == [2, 1]


def test_chunks_grow_where_there_would_be_too_many_jobs():
    many = grid(n_nonzero=list(range(1, 11)), n_samples=list(range(20, 120)))
    assert len(expand_grid(many)) == 3000
    for limit in (200, 500, 2000):
        plan = cut_study([many], 0.05, limit)
        assert count_jobs([many], plan) + OTHER_JOBS <= limit
        assert len(content(plan["grid"])) == 30_000
    # and no more than they must
    assert cut_study([many], 0.05, 10**6)["grid"] == cut_blocks(many, 0.05)


def test_data_sets_that_are_many_by_themselves_are_planned_all_the_same():
    sets = [grid(name=f"d{i}") for i in range(100)]
    assert sum(map(len, cut_study(sets, 256, 200).values())) == 100


@pytest.mark.parametrize("features", ["gaussian", "sparse_binary"])
def test_size_of_a_replicate_is_that_of_its_arrays(features):
    from normwise.data.population import draw

    s = Scenario(200, 50, 5, features=features)
    X, y = draw(s, 1, 0)
    assert replicate_megabytes(s) * 1e6 == X.nbytes + y.nbytes


def test_chunk_parameters_are_plain_values():
    (chunk,) = cut_blocks(grid(), 1)[0].chunks.values()
    params = chunk.as_params()
    assert yaml.safe_load(yaml.safe_dump(params)) == params
    assert [Scenario(**s) for s in params["scenarios"]] == list(chunk.scenarios)


def test_a_plan_is_remembered(tmp_path):
    plan = cut_study([grid()], 0.1, 2000)
    remember(tmp_path / "chunks.json", plan, "basis")
    assert recall(tmp_path / "chunks.json", "basis") == plan


def test_a_plan_on_another_basis_is_forgotten(tmp_path):
    remember(tmp_path / "chunks.json", cut_study([grid()], 0.1, 2000), "basis")
    assert recall(tmp_path / "chunks.json", "another") == {}


def test_blocks_that_nothing_was_fitted_of_are_cut_anew(tmp_path):
    plan = cut_study([grid()], 0.1, 2000)
    remember(tmp_path / "chunks.json", plan, "basis")
    assert len(plan["grid"]) > 1
    found = recall(tmp_path / "chunks.json", "basis", lambda name, n: n == 0)
    assert found == {"grid": plan["grid"][:1]}
    # the others then share a chunk
    again = cut_study([grid()], 1000, 2000, found)["grid"]
    assert [len(b.scenarios) for b in again] == [1, 2]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"basis": "b"}', '{"basis": "b", "datasets": 3}'])
def test_a_file_that_is_no_plan_is_as_good_as_none(tmp_path, text):
    (tmp_path / "chunks.json").write_text(text)
    assert recall(tmp_path / "chunks.json", "b") == {}


def test_the_remembered_plan_is_small(tmp_path):
    many = grid(n_nonzero=list(range(1, 11)), n_samples=list(range(20, 120)))
    remember(tmp_path / "chunks.json", cut_study([many], 1, 2000), "basis")
    assert (tmp_path / "chunks.json").stat().st_size < 400 * 3000
    assert json.loads((tmp_path / "chunks.json").read_text())["basis"] == "basis"


def test_tables_of_other_blocks_are_removed(tmp_path):
    for name in ("0.parquet", "3.parquet", "7.parquet", "notes.txt"):
        (tmp_path / name).touch()
    remove_others(tmp_path, [0, 7])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.parquet", "7.parquet", "notes.txt"]
    remove_others(tmp_path / "absent", [0])
