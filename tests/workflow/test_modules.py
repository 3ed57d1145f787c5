"""The workflow as a part of another one: as a module, as two, or included."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from studies.snakemake_run import CLOSE, LABELS, SNAKEFILE, Study, succeed

from normwise.provenance.runs import read_runs

pytestmark = pytest.mark.workflow

INCLUDE = f'include: "{SNAKEFILE}"\n'
MODULE = f"""
configfile: "config.yaml"

module normwise:
    snakefile: "{SNAKEFILE}"
    config: config

use rule * from normwise

use rule fit from normwise with:
    priority: 20
"""
# handlers of the outer workflow
STARTS = 'onstart:\n    print("outer run starts")\n'
ENDS = 'onsuccess:\n    print("outer run succeeds")\nonerror:\n    print("outer run fails")\n'
HOLDER = """
import sys, time
from normwise.files.lock import begin_run
begin_run(sys.argv[1])
print("begun", flush=True)
time.sleep(600)
"""
FITS = ("fits/close/l1/0.npz", "fits/close/l2/0.npz")
TWO = f"""
from pathlib import Path
import yaml

CONFIG = yaml.safe_load(Path("config.yaml").read_text())
del CONFIG["pathvars"]

module first:
    snakefile: "{SNAKEFILE}"
    prefix: "sub"
    config: CONFIG

use rule * from first as first_*

module second:
    snakefile: "{SNAKEFILE}"
    pathvars:
        results="~/second"
    config: CONFIG | {{"replicates": 9}}

use rule * from second as second_*
"""
TABLE = "  - {name: prices, file: prices.csv, target: price}\n"


@pytest.fixture
def study(tmp_path) -> Study:
    return Study(tmp_path)


@pytest.fixture
def outer(study) -> Path:
    """An outer Snakefile with handlers of its own, before the module and after it."""
    path = study.folder / "Snakefile"
    path.write_text(STARTS + MODULE + ENDS)
    return path


def outcomes(results: Path) -> list[str]:
    return [run["outcome"] for run in read_runs(results / "runs.jsonl")]


@pytest.mark.parametrize("option", ["--dry-run", "--summary", "--dag", "--lint"])
def test_what_runs_no_job_begins_nothing(study, outer, option):
    study.configure(CLOSE)
    study.snakemake(option, snakefile=outer)
    assert not study.results.exists()


def test_a_module_does_what_is_done_once_in_a_run(study, outer):
    study.configure(CLOSE)
    said = succeed(study.snakemake(snakefile=outer))
    assert said.count("outer run starts") == said.count("outer run succeeds") == 1
    assert outcomes(study.results) == ["success"]
    first = study.times()
    # the same jobs as without a module, one by one
    assert study.planned() == {}
    # another scenario is fitted alone
    (study.results / "metrics" / "close" / "7.parquet").touch()
    study.configure(CLOSE.replace("[1, 5]", "[1, 3, 5]"))
    succeed(study.snakemake(snakefile=outer))
    second = study.times()
    assert {name: second[name] for name in first} == first
    assert set(second) - set(first) == {"fits/close/l1/1.npz", "fits/close/l2/1.npz"}
    # what belongs to no block is gone
    assert not (study.results / "metrics" / "close" / "7.parquet").exists()
    # and more replicates alone
    study.configure(CLOSE.replace("[1, 5]", "[1, 3, 5]"), replicates=11)
    succeed(study.snakemake(snakefile=outer))
    assert {name: study.times()[name] for name in second} == second
    assert len(study.times()) == 8
    assert outcomes(study.results) == ["success"] * 3
    grown = study.contents()
    # as if made at once, and on its own
    other = Study(study.folder / "alone")
    other.folder.mkdir()
    other.configure(CLOSE.replace("[1, 5]", "[1, 3, 5]"), replicates=11)
    succeed(other.snakemake())
    assert other.contents() == grown


def test_a_module_that_fails_says_what_is_missing(study, outer):
    study.configure(TABLE)
    (study.folder / "prices.csv").write_text("size,price\n1,2\n")
    answer = study.snakemake(snakefile=outer)
    text = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert "1 scenario has no results" in text
    assert "outer run fails" in text
    assert outcomes(study.results) == ["error"]


@pytest.mark.parametrize("frame", [MODULE + STARTS, INCLUDE + STARTS], ids=["module", "include"])
def test_two_runs_in_one_results_folder_are_refused(study, frame):
    study.configure(CLOSE)
    snakefile = study.folder / "Snakefile"
    snakefile.write_text(frame)
    command = [sys.executable, "-c", HOLDER, str(study.results)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "begun\n"
        answer = study.snakemake(targets=FITS, snakefile=snakefile)
        holder.kill()
    assert answer.returncode != 0
    assert f"another run is at work there, process {holder.pid} on" in answer.stderr
    assert not (study.results / "fits").exists()
    # and goes on once it is free
    succeed(study.snakemake(targets=FITS, snakefile=snakefile))


def test_two_modules_have_a_plan_and_a_log_each(study, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    frame = pd.DataFrame({"size": range(40), "price": [3 * i % 17 for i in range(40)]})
    frame.to_csv(study.folder / "prices.csv", index=False)
    study.configure(LABELS + TABLE)
    snakefile = study.folder / "Snakefile"
    snakefile.write_text(TWO)
    first, second = study.folder / "sub" / "results", home / "second"
    targets = (f"{second}/tables/verdicts.csv", "sub/results/tables/verdicts.csv")

    def run(*files: str) -> None:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor", "--", *files]
        text = {"capture_output": True, "text": True, "check": False}
        succeed(subprocess.run(command, cwd=study.folder, **text))

    # one alone leaves the other as it is
    run(targets[0])
    assert outcomes(second) == ["success"]
    assert not first.exists()
    run(*targets)
    # the second had nothing to do
    assert (outcomes(first), outcomes(second)) == (["success"], ["success"])
    for results, replicates in ((first, 8), (second, 9)):
        plan = json.loads((results / "chunks.json").read_text())
        assert plan["datasets"]["labels"][0]["cuts"] == {"0": [0, replicates]}
        verdicts = pd.read_csv(results / "tables" / "verdicts.csv")
        assert set(verdicts["dataset"]) == {"labels", "prices"}
        assert set(verdicts["n"]) == {replicates}
    assert {p.name for p in study.folder.iterdir()} == {
        *("home", "sub", "config.yaml", "prices.csv", "Snakefile", ".snakemake")
    }


def test_a_results_folder_at_home_is_at_home(study, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    study.configure(CLOSE + "keep_data: true\n")
    config = study.folder / "config.yaml"
    config.write_text(config.read_text().replace(f"results: {study.results}", "results: ~/mine"))
    succeed(study.snakemake(targets=(str(home / "mine" / "data" / "close" / "0.npz"),)))
    assert (home / "mine" / "data" / "close" / "0.npz").is_file()
    assert (home / "mine" / "chunks.json").is_file()
    outside = {p.name for p in study.folder.iterdir()}
    assert outside == {"home", "config.yaml", ".snakemake"}
