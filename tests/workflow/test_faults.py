"""Machines die, disks fill: the same numbers or an honest error, through the real workflow.

``KILLS=20 pytest tests/test_faults.py -k random`` kills the study more often.
"""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies.snakemake_run import CLOSE, LABELS, SNAKEFILE, TABLES, Study, succeed

from normwise.files.arrays import load_arrays
from normwise.files.lock import LEFTOVER
from normwise.files.parquet import read_parquet

pytestmark = pytest.mark.workflow

BIG = "  - {name: big, n_samples: 200, n_features: 100, n_nonzero: 5}\n"
FITS = ("fits/close/l1/0.npz",)
DEADLY = """
import os, signal
from normwise.extensions import Penalty, penalty

@penalty
class Deadly(Penalty):
    name, label = "deadly", "as if memory ran out"

    def path(self, problem, alphas, tol):
        os.kill(os.getpid(), signal.SIGKILL)
"""
ENDLESS = """
import time
from normwise.extensions import Penalty, penalty

@penalty
class Endless(Penalty):
    name, label = "endless", "at work until it is killed"

    def path(self, problem, alphas, tol):
        while True:
            time.sleep(0.1)
"""


class Killable(Study):
    """A study that can be run in a group of processes of its own."""

    def start(self, targets=TABLES) -> subprocess.Popen:
        command = [sys.executable, "-m", "snakemake", "--nocolor", "--snakefile", str(SNAKEFILE)]
        command += ["--directory", str(self.folder), "--cores", "2"]
        command += ["--configfile", str(self.folder / "config.yaml"), "--"]
        command += [str(self.results / target) for target in targets]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def fit_with(study: Study, name: str, code: str, settings: str = "") -> None:
    """Have the study fit a penalty of its own in place of L1 and L2."""
    (study.folder / f"{name}.py").write_text(code)
    config = study.folder / "config.yaml"
    own = f"penalties: [{name}]\nextensions: [{name}.py]\n{settings}"
    config.write_text(config.read_text().replace("penalties: [l1, l2]\n", own))


def kill(running: subprocess.Popen) -> str:
    """Kill a run with all its jobs, without warning; returns what it had said."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    return running.communicate()[0]


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not come into being")


def failed(answer: subprocess.CompletedProcess) -> str:
    """What a run that fails says; never a traceback."""
    text = answer.stdout + answer.stderr
    assert answer.returncode != 0, text
    assert "Traceback" not in text, text
    return text


@pytest.fixture
def study(tmp_path) -> Killable:
    study = Killable(tmp_path)
    study.configure()
    return study


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Killable:
    """A study that nothing disturbed."""
    study = Killable(tmp_path_factory.mktemp("whole"))
    study.configure()
    succeed(study.snakemake(targets=TABLES))
    return study


@pytest.fixture
def copy(whole, tmp_path) -> Killable:
    """A finished study that a test may damage."""
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    study = Killable(tmp_path)
    study.configure()
    succeed(study.snakemake(targets=TABLES))
    return study


@pytest.fixture
def mount(study):
    """A small file system for the results, and a function that mounts it with other options."""

    def call(*options: str) -> int:
        answer = subprocess.run(["mount", "-t", "tmpfs", *options], capture_output=True, text=True)
        return answer.returncode

    study.results.mkdir()
    if os.name != "posix" or call("-o", "size=1m", "tmpfs", str(study.results)):
        pytest.skip("this machine does not let a test mount a file system")
    yield lambda options: call("-o", f"remount,{options}", str(study.results))
    subprocess.run(["umount", "--lazy", str(study.results)], check=True)


def assert_equal(one: Study, other: Study) -> None:
    ours, theirs = one.contents(), other.contents()
    assert set(ours) == set(theirs)
    assert {name for name in ours if ours[name] != theirs[name]} == set()


def test_a_full_disk_is_named_and_the_study_goes_on_when_there_is_room(study, mount):
    study.configure(BIG)
    target = ("fits/big/l1/0.npz",)
    text = failed(study.snakemake(targets=target))
    assert f"{study.results}/data/big/0.npz: cannot be written; the disk is full" in text
    assert "same command again" in text
    assert not list((study.results / "data").rglob("*.npz"))
    assert mount("size=64m") == 0
    succeed(study.snakemake(targets=target))


def test_a_read_only_folder_is_named_before_any_job(study, mount):
    assert mount("ro") == 0
    text = failed(study.snakemake(targets=FITS))
    assert f"{study.results}" in text and "file system is read-only" in text
    assert "rule simulate" not in text
    assert mount("rw") == 0
    succeed(study.snakemake(targets=FITS))


@pytest.mark.parametrize("fault", ["a flipped bit", "half a file", "an empty file"])
def test_a_damaged_fits_file_is_named_and_made_anew(whole, copy, fault):
    path = copy.results / FITS[0]
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    size = {"a flipped bit": len(raw), "half a file": len(raw) // 2, "an empty file": 0}[fault]
    path.write_bytes(raw[:size])
    text = failed(copy.snakemake(targets=TABLES))
    assert f"{path}: is damaged" in text and "Delete this file" in text
    path.unlink()
    succeed(copy.snakemake(targets=TABLES))
    assert_equal(copy, whole)


def test_a_damaged_table_is_named_and_made_anew(whole, copy):
    path = copy.results / "tables" / "goals.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 8] ^= 1
    path.write_bytes(raw)
    text = failed(copy.snakemake(targets=TABLES))
    assert f"{path}: is damaged" in text and "Delete this file" in text
    path.unlink()
    succeed(copy.snakemake(targets=TABLES))
    assert_equal(copy, whole)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_job_that_is_killed_is_told_with_what_to_change(study, threads):
    study.configure(LABELS)
    fit_with(study, "deadly", DEADLY, f"threads_per_fit: {threads}\n")
    text = failed(study.snakemake(targets=("fits/labels/deadly/0.npz",)))
    # alone, the job itself is killed; else one of its workers
    what = "killed before it could say why" if threads == 1 else "worker process of this job was"
    assert what in text
    assert "GB" in text and "threads_per_fit" in text and "max_chunk_mb" in text


def test_a_second_run_in_the_same_results_is_refused(study, tmp_path_factory):
    study.configure(LABELS)
    # it cannot end before the second begins, however slow the machine is
    fit_with(study, "endless", ENDLESS)
    fits = "fits/labels/endless/0.npz"
    elsewhere = Killable(tmp_path_factory.mktemp("elsewhere"))
    for name in ("config.yaml", "endless.py"):
        shutil.copy(study.folder / name, elsewhere.folder)
    running = study.start(targets=(fits,))
    try:
        wait_for(study.results / ".lock")
        text = failed(elsewhere.snakemake(targets=(str(study.results / fits),)))
        assert f"{study.results}: another run is at work there, process {running.pid} on" in text
        assert running.poll() is None
    finally:
        kill(running)


def test_a_killed_study_goes_on_with_the_same_command(study):
    running = study.start(targets=FITS)
    wait_for(study.results / "logs" / "simulate" / "close" / "0.log")
    kill(running)
    succeed(study.snakemake(targets=FITS))
    # Snakemake's own lock would ask for --unlock
    running = study.start(targets=("fits/labels/l1/0.npz",))
    wait_for(study.results / "logs" / "simulate" / "labels" / "0.log")
    kill(running)
    succeed(study.snakemake(targets=("fits/labels/l1/0.npz",)))


def test_a_job_that_waited_in_a_queue_while_another_run_began_touches_nothing(study, monkeypatch):
    study.configure(CLOSE + "keep_data: true\n")
    data = ("data/close/0.npz",)
    succeed(study.snakemake(targets=data))
    before = (study.results / data[0]).read_bytes()
    # as an executor of a cluster starts it
    remote = ("--mode", "remote", "--no-hooks", "--force", "--allowed-rules", "simulate")
    monkeypatch.setenv("NORMWISE_RUN", "of a run that was killed")
    job = ("--target-jobs", "simulate:dataset=close,chunk=0")
    text = failed(study.snakemake(*remote, *job, targets=data))
    assert "of a run that has ended" in text
    assert (study.results / data[0]).read_bytes() == before


def test_a_clock_set_back_changes_no_number(whole, study):
    succeed(study.snakemake(targets=FITS))
    hour = time.time() + 3600
    for path in study.results.rglob("*"):
        os.utime(path, (hour, hour))
    answer = study.snakemake(targets=TABLES)
    assert "clock was set back" in succeed(answer)
    assert_equal(study, whole)


def test_fits_that_do_not_converge_are_counted_and_fail_the_checks(study):
    study.configure(LABELS, replicates=5)
    config = study.folder / "config.yaml"
    config.write_text(config.read_text() + "engine: scikit-learn\ntolerance: 1.0e-14\n")
    succeed(study.snakemake(targets=("tables/health.csv",)))
    fits = pd.read_csv(study.results / "tables" / "fit_health.csv")
    # of a binary response, which liblinear does not solve to rounding error
    worst = fits.loc[fits["uncertified"].idxmax()]
    assert (worst["dataset"], worst["penalty"]) == ("labels", "l1")
    assert worst["uncertified"] > 0.5
    health = pd.read_csv(study.results / "tables" / "health.csv").set_index("check")
    assert not health.loc["uncertified solutions", "passed"]
    assert health.loc["uncertified solutions", "value"] == worst["uncertified"]


def at_work(study: Killable, since: float) -> list[str]:
    """Folders of the files that were being made, by Snakemake's marks."""
    marks = (study.folder / ".snakemake" / "incomplete").rglob("*")
    new = [p for p in marks if p.is_file() and p.stat().st_mtime > since]
    # a long name is cut into folders
    texts = ["".join(p.relative_to(study.folder / ".snakemake/incomplete").parts) for p in new]
    files = [base64.urlsafe_b64decode(text.replace("@", "")).decode() for text in texts]
    return sorted({file.removeprefix(f"{study.results}/").split("/")[0] for file in files})


def check_files(study: Killable) -> None:
    """Whatever has its final name is whole; what has not becomes rubbish, so that none reads it."""
    for path in study.results.rglob("*"):
        if LEFTOVER.fullmatch(path.name):
            path.write_bytes(b"rubbish")
        elif path.suffix == ".npz":
            with load_arrays(path, ours=True) as file:
                assert all(np.size(file[name]) for name in file)
        elif path.suffix == ".parquet":
            assert len(read_parquet(path).columns)
        elif path.suffix == ".csv":
            assert path.read_text().endswith("\n")


def killed_at_random(study: Killable, whole: Killable, times: int, seed: int = 1) -> list[str]:
    """Kill a study again and again at a random moment, while it has jobs.

    What ends before it is killed is compared, and begun anew. Returns what was at work.
    """
    rng = np.random.default_rng(seed)
    configured = (whole.folder / "config.yaml").stat().st_mtime
    logs = [p.stat().st_mtime - configured for p in (whole.results / "logs").rglob("*.log")]
    # from the first job to twice the time until the last: many files take longer
    first, last = min(logs), 2 * max(logs) - min(logs)
    stages: list[str] = []
    while len(stages) < times:
        began = time.time()
        running = study.start()
        try:
            running.wait(rng.uniform(first, last))
        except subprocess.TimeoutExpired:
            kill(running)
            stages.append("+".join(at_work(study, began)) or "no job")
            check_files(study)
        else:
            out = running.communicate()[0]
            assert running.returncode == 0, out
            assert_equal(study, whole)
            shutil.rmtree(study.results)
    succeed(study.snakemake(targets=TABLES))
    return stages


def test_a_study_killed_at_random_moments_ends_with_the_same_tables(whole, study, capsys):
    # in many files, so that there are fits to hit; the tables are the same
    study.configure(max_chunk_mb=0.005)
    stages = killed_at_random(study, whole, int(os.environ.get("KILLS", 4)))
    assert_equal(study, whole)
    check_files(study)
    assert [p for p in study.results.rglob("*") if LEFTOVER.fullmatch(p.name)] == []
    with capsys.disabled():
        print(f"\n{len(stages)} kills, while at work: {', '.join(stages)}")
