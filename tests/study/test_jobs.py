"""A config made into jobs, without Snakemake."""

import inspect
from pathlib import Path

import pytest
import yaml

from normwise.analysis.columns import BLOCK_TABLES
from normwise.study.config import check_config
from normwise.study.jobs import PARTS_OF_BLOCK, Study
from normwise.study.requests import Requests

CONFIG = """
seed: 3
replicates: 12
penalties: [l1, l2]
max_chunk_mb: 0.004
calibration: {replicates: 50}
replications: {ng_2004: 30}
datasets:
  - {name: close, figure: anatomy, n_samples: 20, n_features: 5, n_nonzero: [1, 5]}
  - {name: labels, figure: case, n_samples: 24, n_features: 4, n_nonzero: 2, response: binary}
  - {name: houses, file: houses.csv, target: price, chunks: 3, title: Houses}
  - {name: sugar, source: semi_synthetic, file: "sklearn:diabetes", n_samples: 30, n_nonzero: 2,
     snr: 1}
  - {name: mine, source: rule, penalties: [l1, l2, none]}
"""


def study_of(schema_file, results, text: str = CONFIG, recut: bool = True) -> Study:
    config = check_config(yaml.safe_load(text), schema_file, "a test")
    return Study.planned(config, Path(results), "code", recut=recut)


@pytest.fixture
def study(schema_file, tmp_path) -> Study:
    return study_of(schema_file, tmp_path)


def make(study: Study, files) -> None:
    for file in files:
        path = study.results / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def all_parts(study: Study) -> list[str]:
    """Every file that a finished study has of its blocks, cells and published studies."""
    tables = [file for table in PARTS_OF_BLOCK for file in study.block_tables(table)]
    return [*tables, *study.calibration_files, *study.replication_files]


def test_data_sets_are_sorted_by_where_their_data_come_from(study):
    assert study.simulated == ["close", "labels"]
    assert (study.split, study.semi_synthetic, study.generated) == (["houses"], ["sugar"], [])
    assert (study.traced, study.worked_cases) == (["close"], ["labels"])
    assert study.penalties == ["l1", "l2", "none"]
    assert study.n_scenarios == 6


def test_every_replicate_is_in_one_chunk(study):
    for name, blocks in study.blocks.items():
        for block in blocks:
            ranges = [range(*bounds) for bounds in block.cuts.values()]
            assert sorted(r for each in ranges for r in each) == list(range(12)), name
    assert len(study.chunks["close"]) > 1
    ranges = [range(*study.bounds("houses", str(i))) for i in range(3)]
    assert [r for each in ranges for r in each] == list(range(12))


def test_the_fits_of_the_blocks_are_those_of_the_data_set(study):
    for name, cuts in study.cuts.items():
        whole = study.fits(name)
        assert list(whole) == list(study.datasets[name]["penalties"])
        for penalty, files in whole.items():
            by_block = [f for block in cuts for f in study.fits(name, str(block))[penalty]]
            assert files == by_block and len(set(files)) == len(files)


def test_as_many_fits_are_announced_as_there_are_replicates(study):
    for name, cuts in study.cuts.items():
        chunks = [chunk for block in cuts.values() for chunk in block]
        n_scenarios = len(study.scenarios.get(name, [name]))
        assert sum(study.n_fits(name, chunk) for chunk in chunks) == 12 * n_scenarios


def test_a_job_keeps_to_the_plan_of_its_run(schema_file, tmp_path):
    first = study_of(schema_file, tmp_path)
    first.begin("code")
    coarse = CONFIG.replace("max_chunk_mb: 0.004", "max_chunk_mb: 64")
    job = study_of(schema_file, tmp_path, coarse, recut=False)
    assert job.blocks == first.blocks
    # nothing is fitted yet, so that the next run may cut anew
    assert study_of(schema_file, tmp_path, coarse).blocks != first.blocks
    make(first, ["fits/close/l1/0.npz"])
    assert study_of(schema_file, tmp_path, coarse).blocks["close"][0] == first.blocks["close"][0]
    # other code, other seed: all is fitted again
    other = study_of(schema_file, tmp_path, coarse.replace("seed: 3", "seed: 4"), recut=False)
    assert other.blocks != first.blocks


def test_a_run_begins_without_tables_of_blocks_that_are_gone(study):
    make(study, ["summary/close/0.parquet", "summary/close/99.parquet", "theory/mine/7.parquet"])
    study.begin("code")
    left = {str(p.relative_to(study.results)) for p in study.results.rglob("*.parquet")}
    assert left == {"summary/close/0.parquet"}


def test_what_is_missing_is_named_and_told_in_the_words_of_its_log(study):
    make(study, all_parts(study))
    assert study.missing_now() == []
    (study.results / "summary/labels/0.parquet").unlink()
    (study.results / "metrics/labels/0.parquet").unlink()
    make(study, study.fits("labels")["l1"] + study.fits("labels")["l2"])
    log = study.results / "logs/evaluate/labels/0.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback\nthe disk is full\n")
    (row,) = study.missing_now()
    assert (row["dataset"], row["replicates"]) == ("labels", 12)
    assert row["reason"] == "the disk is full"
    # a study that wants all of it does not go without
    assert study.missing == []


def test_an_incomplete_study_is_made_of_what_is_there(schema_file, tmp_path):
    make(study_of(schema_file, tmp_path), all_parts(study_of(schema_file, tmp_path)))
    (tmp_path / "summary/labels/0.parquet").unlink()
    (tmp_path / "calibration/one_matters.parquet").unlink()
    study = study_of(schema_file, tmp_path, CONFIG + "incomplete: true\n")
    assert {row["dataset"] for row in study.missing} == {"labels", "calibration"}
    assert study.blocks_there["labels"] == []
    assert "one_matters" not in study.cells_there
    assert not any("labels" in file for file in all_parts(study))
    assert study.case_files == []
    assert "case_labels" not in study.figures and "close_paths" in study.figures
    assert len(study.case_files) < len(study_of(schema_file, tmp_path).case_files) == 2


def test_what_only_the_report_shows_re_runs_no_job(schema_file, tmp_path):
    plain = study_of(schema_file, tmp_path)
    told = study_of(schema_file, tmp_path, CONFIG.replace("title: Houses", "title: Homes"))
    assert told.design("houses") == plain.design("houses")
    assert told.datasets["houses"] != plain.datasets["houses"]


def test_kept_data_and_recipes_take_no_room_that_a_fit_frees(schema_file, tmp_path):
    chunk = ("close", 0)
    assert study_of(schema_file, tmp_path).data_mb(*chunk) == 1
    for more in ("keep_data: true\n", "recipe_above_mb: 0\n"):
        assert study_of(schema_file, tmp_path, CONFIG + more).data_mb(*chunk) == 0


def test_compared_tables_do_not_grow_with_the_replicates(study):
    assert set(study.compared_tables) == {*BLOCK_TABLES, "theory"} - {"metrics", "timings"}


@pytest.mark.parametrize("dataset", ["close", "mine"])
def test_every_request_is_for_memory_and_time(study, dataset):
    wildcards = {"chunk": "0", "block": "0", "penalty": "l1", "cell": "one_matters"}
    for name, method in inspect.getmembers(Requests(study), inspect.ismethod):
        # data from elsewhere are not simulated
        if not name.startswith("_") and (name, dataset) != ("simulate", "mine"):
            names = inspect.signature(method).parameters
            request = method(**{n: (wildcards | {"dataset": dataset})[n] for n in names})
            assert request.mem_mb >= 600 and request.runtime >= 10, name


def test_a_penalty_with_more_candidates_asks_for_more(study):
    requests = Requests(study)
    assert requests.fit("close", 0, "relaxed_lasso").mem_mb >= requests.fit("close", 0, "l1").mem_mb
    least, most = (requests._candidates(*names) for names in (["l1"], ["l1", "relaxed_lasso"]))
    assert least < most


UNSEEN = """
  - {name: unseen, hold_out: true, n_samples: 20, n_features: [5, 8], n_nonzero: 2, replicates: 9}
  - {name: unseen_sum, hold_out: true, penalties: [l1], n_samples: 20, n_features: 5, n_nonzero: 1}
  - {name: unseen_houses, file: houses.csv, target: price, hold_out: true}
"""


def test_what_is_held_out_and_simulated_is_described(schema_file, tmp_path):
    study = study_of(schema_file, tmp_path, CONFIG + UNSEEN)
    # one penalty alone leaves nothing to choose
    assert study.estimated == ["unseen"]
    assert study.described("unseen") == 2
    blocks = list(study.cuts["unseen"])
    assert study.estimate_files == [f"estimates/unseen/{block}.parquet" for block in blocks]
    assert set(study.estimate_files) <= set(study.files_between)
    described = [s for block in blocks for s in study.scenario_params("unseen", block)]
    assert {s["n_features"] for s in described} == {5, 8}
    # they are part of their block, and of no table that all blocks have
    make(study, all_parts(study))
    assert {row["dataset"] for row in study.missing_now()} == {"unseen"}
    make(study, study.estimate_files)
    assert study.missing_now() == []
    make(study, ["estimates/unseen/77.parquet"])
    study.begin("code")
    assert not (tmp_path / "estimates/unseen/77.parquet").exists()
    assert (tmp_path / study.estimate_files[0]).exists()


@pytest.mark.parametrize(("asked", "described"), [(0, 0), (1, 1), (50, 9)])
def test_as_many_replicates_are_described_as_are_asked_for_and_there(
    schema_file, tmp_path, asked, described
):
    more = f"comparison: {{estimate_replicates: {asked}}}\n"
    study = study_of(schema_file, tmp_path, CONFIG + UNSEEN + more)
    assert study.described("unseen") == described
    assert bool(study.estimate_files) == bool(described)
    # no verdict depends on it
    assert study.criteria == study_of(schema_file, tmp_path, CONFIG + UNSEEN).criteria
    assert "margin" in study.criteria


def test_an_estimate_that_failed_is_told_in_the_words_of_its_log(schema_file, tmp_path):
    study = study_of(schema_file, tmp_path, CONFIG + UNSEEN)
    make(study, all_parts(study) + study.estimate_files)
    for penalty_files in study.fits("unseen").values():
        make(study, penalty_files)
    block = next(iter(study.cuts["unseen"]))
    (tmp_path / f"estimates/unseen/{block}.parquet").unlink()
    log = tmp_path / f"logs/estimate/unseen/{block}.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback\nno room\n")
    assert {row["reason"] for row in study.missing_now()} == {"no room"}
