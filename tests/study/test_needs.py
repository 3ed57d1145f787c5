"""What is asked of a cluster suffices, grows with the work, and grows with each attempt."""

import json
import re
import subprocess
import sys

import pytest
import yaml
from studies.snakemake_run import CLOSE, LABELS, Study, succeed

from normwise.advice.diagnosis import CLUSTERED
from normwise.data.scenario import Scenario
from normwise.study import needs as ask

# what Snakemake takes beside a job, as Slurm has counted it
BESIDE_MB = 300
RUN = """
import json, re, sys
from pathlib import Path
from normwise.advice.estimates import estimate
from normwise.data.simulated import write_simulated
from normwise.files.parquet import read_parquet
from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.measure.theory_check import theory_table
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.data.scenario import Scenario
from normwise.analysis.columns import BLOCK_TABLES
from normwise.analysis.tables import write_parts

what, scenario, replicates, recipe, folder = json.loads(sys.argv[1])
scenario, folder = Scenario(**scenario), Path(folder)
data, fits = folder / "data.npz", {p: [folder / f"{p}.npz"] for p in ("l1", "l2")}
options = FitOptions(seed=0, n_folds=10, n_alphas=100, l1_ratio=0.5, tolerance=1e-6)
if what == "simulate":
    write_simulated(data, [scenario], 0, replicates, 0, recipe)
elif what in fits:
    fit_file(data, fits[what][0], "one", what, options, 1)
elif what == "evaluate":
    write_parts(evaluate(fits, "one"), {t: folder / f"{t}.parquet" for t in BLOCK_TABLES})
elif what == "estimate":
    frame = estimate("one", [scenario.as_dict()], read_parquet(folder / "metrics.parquet"), 0, 2)
    assert len(frame) == 2
else:
    theory_table("one", fits, 0)
# the peak that getrusage tells is at least that of the process that started this one
print(int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6)
"""
SHAPES = {
    "tall": (Scenario(5000, 60, 5), 4, False),
    "wide": (Scenario(60, 1000, 5, covariance="ar1", correlation=0.5), 8, False),
    "wide, as a recipe": (Scenario(60, 1000, 5, covariance="ar1", correlation=0.5), 8, True),
    "mixed": (
        Scenario(60, 1500, 5, covariance="ar1", correlation=0.9, features="mixed"),
        8,
        False,
    ),
    "classes of mixed": (
        Scenario(60, 300, 5, features="mixed", nonlinear_share=0.3, response="binary"),
        60,
        False,
    ),
    "many": (Scenario(40, 10, 2), 200, False),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_jobs_keep_to_the_memory_that_is_asked_for(tmp_path, shape):
    scenario, replicates, recipe = SHAPES[shape]
    chunk = [scenario], replicates, recipe
    asked = {
        "simulate": ask.of_simulate(*chunk),
        "l1": ask.of_fit(*chunk),
        "l2": ask.of_fit(*chunk),
        "evaluate": ask.of_evaluate([scenario], replicates, 2),
        "check_theory": ask.of_check_theory([scenario], replicates, 2),
        "estimate": ask.of_estimate([scenario], 2),
    }
    for what, needed in asked.items():
        job = json.dumps([what, scenario.as_dict(), replicates, recipe, str(tmp_path)])
        peak = float(subprocess.check_output([sys.executable, "-c", RUN, job], text=True))
        assert peak + BESIDE_MB < needed.mem_mb, what


def test_a_description_holds_as_many_correlations_as_it_asks_room_for():
    assert ask.CORRELATED == CLUSTERED


GROWING = {
    "n_samples": lambda k: ([Scenario(2000 * k, 400, 5)], 20),
    "n_features": lambda k: ([Scenario(300, 2500 * k, 5)], 20),
    "replicates": lambda k: ([Scenario(300, 400, 5)], 400 * k),
}


@pytest.mark.parametrize("what", GROWING)
def test_larger_work_gets_more(what):
    small, large = (GROWING[what](k) for k in (1, 4))
    for of, *more in [(ask.of_simulate, False), (ask.of_fit, False), (ask.of_evaluate, 4)]:
        one, four = of(*small, *more), of(*large, *more)
        assert one.mem_mb <= four.mem_mb and one.runtime <= four.runtime
    assert ask.of_fit(*small, False).mem_mb < ask.of_fit(*large, False).mem_mb
    assert ask.of_fit(*small, False).runtime < ask.of_fit(*large, False).runtime


def test_a_recipe_needs_no_room_for_the_data():
    scenarios, replicates = [Scenario(1000, 1000, 5)], 200
    for of in (ask.of_simulate, ask.of_fit):
        arrays, recipe = (of(scenarios, replicates, way).mem_mb for way in (False, True))
        assert recipe < arrays / 2


def test_workers_share_the_time_and_add_memory():
    chunk = [Scenario(500, 500, 5)], 500, False
    one, four = ask.of_fit(*chunk), ask.of_fit(*chunk, threads=4)
    assert four.mem_mb > one.mem_mb + 3 * ask.WORKER_MB
    assert one.runtime / 5 < four.runtime < one.runtime / 3


@pytest.mark.workflow
def test_every_job_asks_for_memory_and_time(tmp_path):
    study = Study(tmp_path)
    study.configure(CLOSE + LABELS)
    profile = yaml.safe_load((study.home / "workflow/profiles/slurm/config.yaml").read_text())
    defaults = [f"{name}={value}" for name, value in profile["default-resources"].items()]
    said = succeed(study.snakemake("--dry-run", "--default-resources", *defaults, targets=()))
    jobs = re.split(r"\n(?=(?:local)?rule )", said)[1:]
    names = {re.match(r"(?:local)?rule (\w+)", job)[1] for job in jobs}
    assert {"simulate", "fit", "evaluate", "check_theory", "compare", "learn", "figure"} <= names
    for job in jobs:
        if "localrule" not in job:
            assert re.search(r"mem_mb=\d+", job) and re.search(r"runtime=\d+", job), job


def test_what_is_not_known_gets_as_much_as_rules_that_say_nothing():
    unknown = ask.of_unknown()
    assert (unknown.mem_mb, unknown.runtime) == (2000, 30)
    assert ask.of_unknown(threads=8).mem_mb > unknown.mem_mb + 8 * ask.WORKER_MB


GROWN = """
  - {name: large, n_samples: 60, n_features: [30, 60], n_nonzero: [3, 30], snr: [1.0, 2.0]}
max_jobs: 200
"""


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("more", "asked"),
    [
        # chunks that had to grow count as what they are
        ("", {"5"}),
        ("keep_data: true\n", {"0"}),
        ("recipe_above_mb: 0\n", {"0"}),
    ],
)
def test_jobs_say_how_much_data_they_leave_on_the_disk(tmp_path, more, asked):
    study = Study(tmp_path)
    study.configure(GROWN + more, max_chunk_mb=0.3, replicates=100)
    said = succeed(study.snakemake("--dry-run"))
    assert set(re.findall(r"data_mb=(\d+)", said)) == asked
