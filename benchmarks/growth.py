"""How time and memory grow with rows, features, replicates and cores.

Each measurement is a process of its own, because the peak of a process's memory never falls.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks.engines import HERE, ONE_THREAD

# values of each quantity, with the others fixed as in FIXED
GRID = {
    "rows": (100, 300, 1000, 3000, 10000, 30000),
    "features": (30, 100, 300, 1000, 3000, 10000),
    "replicates": (10, 30, 100, 300),
    "cores": tuple(c for c in (1, 2, 4, 8, 16, 32) if c <= (os.cpu_count() or 1)),
}
FIXED = {"rows": 200, "features": 100, "replicates": 1, "cores": 1}
N_REPLICATES_FOR_CORES = 100
PENALTIES = ("l1", "l2")
REPEATS = 3


def _megabytes(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _fit_estimator(n: int, p: int, penalty: str) -> float:
    from benchmarks.contenders import CONTENDERS, NATIVE
    from benchmarks.regimes import Regime, draw

    native = CONTENDERS[NATIVE]
    seconds = []
    warm, actual = (draw(Regime("", "squared", penalty, *shape)) for shape in ((40, 20), (n, p)))
    native.fit(warm, native.settings[0])
    while len(seconds) < REPEATS and sum(seconds) < 10:
        started = time.perf_counter()
        native.fit(actual, native.settings[0])
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _fit_file(n_replicates: int, n_jobs: int, penalty: str) -> float:
    from joblib.externals.loky import get_reusable_executor

    from normwise.data.scenario import Scenario
    from normwise.data.simulated import write_simulated
    from normwise.fitting.fit_job import FitOptions, fit_file

    scenario = Scenario(FIXED["rows"], FIXED["features"], 10)
    options = FitOptions(seed=0, n_folds=10, n_alphas=100, l1_ratio=0.5, tolerance=1e-6)
    with tempfile.TemporaryDirectory() as folder:
        data, fits = Path(folder) / "data.npz", Path(folder) / "fits.npz"
        for stop in (n_jobs, n_replicates):  # the first starts the workers
            write_simulated(data, [scenario], 0, stop, seed=0)
            started = time.perf_counter()
            fit_file(data, fits, "growth", penalty, options, n_jobs)
            seconds = time.perf_counter() - started
    if n_jobs > 1:
        # the memory of a child is known once it has ended
        get_reusable_executor().shutdown(wait=True)
    return seconds


def measure(quantity: str, value: int, penalty: str, work: bool) -> dict[str, float]:
    """Time and peak memory of this process; without ``work``, of its imports alone."""
    import numba  # noqa: F401  # for both penalties

    from benchmarks import contenders, regimes  # noqa: F401

    size = FIXED | {quantity: value}
    seconds = 0.0
    if work and quantity in ("rows", "features"):
        seconds = _fit_estimator(size["rows"], size["features"], penalty)
    elif work:
        replicates = N_REPLICATES_FOR_CORES if quantity == "cores" else value
        seconds = _fit_file(replicates, size["cores"], penalty)
    return {
        "seconds": seconds,
        "peak_mb": _megabytes(resource.RUSAGE_SELF),
        "worker_peak_mb": _megabytes(resource.RUSAGE_CHILDREN) if size["cores"] > 1 else 0.0,
    }


def _in_a_process(quantity: str, value: int, penalty: str, work: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth", quantity, str(value), penalty]
    answer = subprocess.run(
        [*command, str(int(work))],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=HERE.parent,
        env=os.environ | ONE_THREAD,
    )
    return json.loads(answer.stdout.splitlines()[-1])


def measure_all() -> pd.DataFrame:
    """All measurements, one row each.

    Returns
    -------
    DataFrame
        Columns ``quantity``, ``value``, ``penalty``, ``rows``, ``features``, ``replicates``,
        ``cores``, ``seconds``, ``peak_mb`` (of the process), ``baseline_mb`` (of a process that
        only imports), ``extra_mb`` (the difference), ``worker_peak_mb`` (of the largest worker
        process, 0 without workers) and ``status``.
    """
    # compiling takes memory, so whatever is compiled on first use is compiled before
    for penalty in PENALTIES:
        _in_a_process("rows", 100, penalty, work=True)
        _in_a_process("replicates", 2, penalty, work=True)
    baseline = _in_a_process("rows", 0, "l1", work=False)["peak_mb"]
    rows = []
    for quantity, values in GRID.items():
        for value in values:
            for penalty in PENALTIES:
                size = FIXED | {quantity: value}
                if quantity == "cores":
                    size["replicates"] = N_REPLICATES_FOR_CORES
                row = {"quantity": quantity, "value": value, "penalty": penalty} | size
                try:
                    row |= _in_a_process(quantity, value, penalty, work=True)
                    row |= {"baseline_mb": baseline, "extra_mb": row["peak_mb"] - baseline}
                    row["status"] = "ok"
                except subprocess.CalledProcessError as error:
                    row["status"] = f"failed: the process ended with code {error.returncode}"
                print(f"growth: {quantity} {value}, {penalty}: {row['status']}", flush=True)
                rows.append(row)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    name, number, kind, fitted = sys.argv[1:]
    print(json.dumps(measure(name, int(number), kind, bool(int(fitted)))))
