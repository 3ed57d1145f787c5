"""Whether a study ends with the same bits on other threads, cores, cuts and processors.

python -m benchmarks.bits            # some ten minutes
"""

from __future__ import annotations

import platform
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engines import HERE
from benchmarks.study import VERDICTS, Watched, run_study
from normwise.analysis.tables import read_parts
from normwise.data.file import read_scenarios
from normwise.files.arrays import load_arrays
from normwise.files.parquet import read_parquet
from normwise.files.whole import sha256
from normwise.provenance.machine import describe_run

OUTPUT = HERE / "results" / "bits.md"
GOALS = "tables/goals.csv"
# every penalty, response and kind of feature, on both sides of n = p
CONFIG: dict[str, Any] = {
    "seed": 3,
    "replicates": 10,
    "penalties": ["none", "l1", "l2", "elastic_net"],
    "calibration": 0,
    "replications": 0,
    "max_chunk_mb": 64,
    "datasets": [
        {"name": "wide", "n_samples": 60, "n_features": [20, 200], "n_nonzero": [2, 20],
         "covariance": "blocks", "correlation": [0.0, 0.9], "snr": 2.0},
        {"name": "factors", "n_samples": 80, "n_features": 40, "n_nonzero": [4, 40],
         "covariance": "latent_factors", "correlation": 0.9, "signal": "gaussian", "snr": 1.0},
        {"name": "labels", "n_samples": 80, "n_features": [10, 100], "n_nonzero": 5,
         "covariance": "ar1", "correlation": 0.5, "response": "binary", "snr": 2.0},
        {"name": "sparse", "n_samples": 80, "n_features": 100, "n_nonzero": 10,
         "features": "sparse_binary", "snr": 2.0},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way to run the same study."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    cores: int = 2


def _threads(number: int) -> dict[str, str]:
    return {f"{x}_NUM_THREADS": str(number) for x in ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS")}


AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
# numpy's own loops for AVX2 and later
VECTORS = f"{AVX512} X86_V3"
# what the C library may use for exp, log and the like
C_LIBRARY = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA"
SAME = (
    Way("again"),
    Way("1 core", cores=1),
    Way("4 cores", cores=4),
    Way("8 threads asked for in the environment", env=_threads(8)),
    Way("2 processes a fit", {"threads_per_fit": 2}),
    Way("chunks of 0.2 MB", {"max_chunk_mb": 0.2}),
    Way("chunks of 3 MB", {"max_chunk_mb": 3}),
    Way("data as recipes", {"recipe_above_mb": 0}),
)
OTHER = (
    Way("OpenBLAS as on AVX2 (Haswell, AMD Zen)", env={"OPENBLAS_CORETYPE": "Haswell"}),
    Way("OpenBLAS as on SSE4.2 (Nehalem)", env={"OPENBLAS_CORETYPE": "Nehalem"}),
    Way("NumPy without AVX-512", env={"NPY_DISABLE_CPU_FEATURES": AVX512}),
    Way("NumPy without AVX2", env={"NPY_DISABLE_CPU_FEATURES": VECTORS}),
    Way("Numba for Haswell", env={"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}),
    Way("Numba for any x86-64", env={"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}),
    Way("C library without AVX2 and FMA", env={"GLIBC_TUNABLES": C_LIBRARY}),
    Way(
        "all of an old machine",
        env={
            "OPENBLAS_CORETYPE": "Nehalem",
            "NPY_DISABLE_CPU_FEATURES": VECTORS,
            "NUMBA_CPU_NAME": "generic",
            "NUMBA_CPU_FEATURES": "",
            "GLIBC_TUNABLES": C_LIBRARY,
        },
    ),
)


def _fits(run: Watched) -> dict[tuple[str, ...], np.ndarray]:
    """All arrays of the fits but their times, by data set, penalty, scenario and name."""
    found: dict[tuple[str, ...], list[tuple[int, np.ndarray]]] = {}
    for path in sorted((run.results / "fits").rglob("*.npz")):
        with load_arrays(path) as file:
            scenarios = read_scenarios(file)
            for name in file.files:
                what, _, index = name.partition(".")
                if index and what not in ("seconds", "first"):
                    key = (path.parts[-3], path.parts[-2], scenarios[int(index)].id, what)
                    found.setdefault(key, []).append((int(file[f"first.{index}"]), file[name]))
    return {key: np.concatenate([a for _, a in sorted(parts, key=lambda p: p[0])])
            for key, parts in found.items()}  # fmt: skip


def compare(run: Watched, reference: Watched) -> dict[str, Any]:
    """How two runs differ: shares of what is not the same bits, and the largest differences."""
    tables = [VERDICTS, GOALS, "tables/summary.parquet", "tables/theory.parquet"]
    equal = all(sha256(run.results / t) == sha256(reference.results / t) for t in tables)
    ours, theirs = _fits(run), _fits(reference)
    assert ours.keys() == theirs.keys()
    same = sum(ours[k].tobytes() == theirs[k].tobytes() for k in ours)
    keys = ["dataset", "scenario", "replicate", "penalty", "tuning", "metric"]
    both = [
        read_parts(sorted((r.results / "metrics").rglob("*.parquet")), "metrics").set_index(keys)
        for r in (run, reference)
    ]
    values = both[0].join(both[1], how="outer", suffixes=("_1", "_2"))
    risk = values[values.index.get_level_values("metric") == "excess_risk"]
    at_minimum = risk[risk.index.get_level_values("tuning") == "cv_min"]
    apart = np.abs(at_minimum["value_1"] / at_minimum["value_2"] - 1)
    verdicts = [read_parquet(r.results / "tables" / "verdicts.parquet") for r in (run, reference)]
    effect = np.abs(verdicts[0]["effect"] - verdicts[1]["effect"]) / verdicts[1]["mcse"]
    return {
        "equal": equal and same == len(ours),
        "fits": 1 - same / len(ours),
        "median_risk": float(apart.median()),
        "above": float((apart > 1e-6).mean()),
        "largest_risk": float(apart.max()),
        "effect": float(effect.max()),
        "verdicts": int((verdicts[0]["verdict"] != verdicts[1]["verdict"]).sum()),
        "n_verdicts": len(verdicts[0]),
    }


def _digit(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}"


def _page(same: pd.DataFrame, other: pd.DataFrame) -> str:
    lines = [
        "# The same bits?",
        "",
        "Written by `python -m benchmarks.bits`: one study (every penalty, both responses, dense "
        "and sparse",
        "features, more columns than rows and fewer) run in many ways, each held against a first "
        "run.",
        f"Processor: {_processor()}.",
        "",
        "## Cores, processes, threads, chunks, recipes",
        "",
        "| run | all tables and fits the same bits |",
        "|---|---|",
        *(
            f"| {r['name']} | {'yes' if r['equal'] else '**no**'} |"
            for r in same.to_dict("records")
        ),
        "",
        "## Other processors",
        "",
        "What a library does on another processor, made to happen on this one. A risk is that of a",
        "replicate at the strength with the least cross-validated error, its difference relative;",
        "effects differ in units of their own Monte Carlo standard error.",
        "",
        "| as if | arrays of fits not the same bits | risks: median difference | above 1e-6 | "
        "largest | effects: largest difference | verdicts that change |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in other.to_dict("records"):
        lines.append(
            f"| {r['name']} | {r['fits']:.0%} | {_digit(r['median_risk'])} | {r['above']:.1%} | "
            f"{_digit(r['largest_risk'])} | {_digit(r['effect'])} | "
            f"{r['verdicts']} of {r['n_verdicts']} |"
        )
    return "\n".join(lines)


def _processor() -> str:
    return f"{describe_run()['processor']}, {platform.machine()}"


def main() -> None:
    """Run all ways, and write the page."""
    with tempfile.TemporaryDirectory() as folder:

        def run(way: Way, number: int) -> Watched:
            targets = [VERDICTS, GOALS]
            found = run_study(
                Path(folder) / str(number),
                CONFIG | way.config,
                targets=targets,
                cores=way.cores,
                env=way.env,
            )
            print(f"{way.name}: {found.seconds:.0f} s", flush=True)
            return found

        first = run(Way("first"), 0)
        rows = []
        for i, way in enumerate(SAME + OTHER, start=1):
            rows.append({"name": way.name} | compare(run(way, i), first))
            print(rows[-1], flush=True)
    frame = pd.DataFrame(rows)
    OUTPUT.write_text(_page(frame[: len(SAME)], frame[len(SAME) :]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
