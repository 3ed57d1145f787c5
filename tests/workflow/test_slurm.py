"""A study through a real Slurm on this machine ends as one without does, byte for byte."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from studies.snakemake_run import CASE, CLOSE, ROOT, SNAKEFILE, Study, succeed

PROFILE = ROOT / "workflow" / "profiles" / "slurm"
SLURM = Path(__file__).with_name("slurm.sh")
NEEDED = ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd", "sbatch", "sacct")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.workflow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a Slurm of one's own needs root"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    answer = subprocess.run([SLURM, "up"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    yield
    subprocess.run([SLURM, "down"], check=True)
    left = [path for path in ("/tmp/normwise-slurm", "/run/slurm/conf") if os.path.lexists(path)]
    assert left == []


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Study:
    """The study on this machine, in chunks of one data file."""
    study = Study(tmp_path_factory.mktemp("local"))
    study.configure(CLOSE + CASE)
    succeed(study.snakemake())
    return study


def submit(study: Study, *options: str) -> str:
    """Run a study as a user of a cluster does; returns what is said."""
    command = [sys.executable, "-m", "snakemake", "--nocolor", "--snakefile", str(SNAKEFILE)]
    command += ["--directory", str(study.folder), "--configfile", "config.yaml"]
    command += ["--workflow-profile", str(PROFILE), *options]
    command += ["--slurm-init-seconds-before-status-checks", "3"]
    return succeed(
        subprocess.run(
            [*command, "--", str(study.results / "tables" / "verdicts.csv")],
            cwd=study.folder,
            env={k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"},
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )
    )


def submitted(said: str) -> list[str]:
    return re.findall(r"submitted with SLURM jobid (\d+)", said)


def states(jobs: list[str], column: str = "State") -> list[str]:
    command = ["sacct", "--allocations", "--noheader", "--parsable2", f"--format={column}"]
    return subprocess.check_output([*command, "--jobs", ",".join(jobs)], text=True).splitlines()


def differences(study: Study, other: Study) -> set[str]:
    ours, theirs = study.contents(), other.contents()
    assert "tables/verdicts.csv" in theirs
    return {name for name in ours | theirs if ours.get(name) != theirs.get(name)}


@pytest.fixture(scope="module")
def on_cluster(cluster, tmp_path_factory) -> tuple[Study, str]:
    """The same study, in several files, with a job that at first has too little memory."""
    study = Study(tmp_path_factory.mktemp("cluster"))
    study.configure(CLOSE + CASE, max_chunk_mb=0.01)
    # Python alone takes more
    return study, submit(study, "--set-resources", "compare:mem_mb=60 if attempt < 2 else 3000")


def of_compare(said: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"rule_compare/(\d+)\.log", said)))


def test_a_study_on_slurm_ends_as_one_at_home_does(on_cluster, local):
    study, said = on_cluster
    jobs = submitted(said)
    steps = int(re.search(r"(\d+) of \1 steps \(100%\) done", said)[1])
    # one of them twice
    assert len(jobs) == steps + 1 > 10
    first, _ = of_compare(said)
    assert set(states([job for job in jobs if job != first])) == {"COMPLETED"}
    assert differences(study, local) == set()


def test_a_job_killed_for_its_memory_gets_more(on_cluster):
    study, said = on_cluster
    assert "Trying to restart job" in said
    first, last = of_compare(said)
    assert "COMPLETED" not in states([first])[0]
    assert states([last]) == ["COMPLETED"]
    assert states([first, last], "ReqMem") == ["60M", "3000M"]
    log = study.folder / "results" / "logs" / "slurm" / "rule_compare" / f"{first}.log"
    assert "memory limit" in log.read_text()


def test_each_finished_job_is_in_the_report_and_kept_to_what_it_asked_for(on_cluster):
    study, said = on_cluster
    files = list((study.folder / "results" / "logs" / "slurm").glob("efficiency_report_*.csv"))
    assert len(files) == 1
    report = pd.read_csv(files[0])
    killed, _ = of_compare(said)
    assert {str(job) for job in report["MainJobID"]} == set(submitted(said)) - {killed}
    report["rule"] = report["RuleName"].str.extract(r"rule_(check_theory|[a-z]+)")[0]
    assert {"simulate", "fit", "evaluate", "check_theory", "compare"} <= set(report["rule"])
    others = report[report["rule"] != "compare"]
    assert others["MaxRSS_MB"].max() > 100
    assert (others["MaxRSS_MB"] < others["RequestedMem_MB"]).all()
