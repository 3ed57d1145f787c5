"""Whole studies, run by Snakemake in folders of their own and watched from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.engines import ONE_THREAD

ROOT = Path(__file__).parents[1]
VERDICTS = "tables/verdicts.csv"
MB = 1e6
INTERVAL = 0.02


class StudyError(RuntimeError):
    """A study that did not end as it should have."""


@dataclass(frozen=True)
class Watched:
    """What was seen of a run.

    Attributes
    ----------
    results : path
    seconds : float
    head_mb : float
        Peak memory of the process of Snakemake, which plans and sends the jobs.
    data_peak_mb, data_moved_mb : float
        Data files that lay on the disk at one time, and all that were seen together; one that was
        gone within ``INTERVAL`` seconds is missed.
    said : str
    """

    results: Path
    seconds: float
    head_mb: float
    data_peak_mb: float
    data_moved_mb: float
    said: str

    def jobs(self) -> pd.DataFrame:
        """Seconds and peak memory of each job, by rule."""
        rows = []
        for path in sorted((self.results / "benchmarks").rglob("*.tsv")):
            rule = path.relative_to(self.results / "benchmarks").parts[0].removesuffix(".tsv")
            # Snakemake writes "-" for a job too short to be looked at
            row = pd.read_csv(path, sep="\t", na_values="-").iloc[0]
            memory = row["max_rss"] * 2**20 / MB
            rows.append({"rule": rule, "seconds": float(row["s"]), "peak_mb": float(memory)})
        return pd.DataFrame(rows)


def _peak_mb(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return float(line.split()[1]) * 1024 / MB
    except OSError:
        pass
    return 0.0


def _sizes(folder: Path) -> dict[str, int]:
    found = {}
    for path in folder.rglob("*.npz"):
        try:
            found[str(path)] = path.stat().st_size
        except FileNotFoundError:
            continue
    return found


def run_study(
    folder: Path,
    config: Mapping[str, Any],
    *options: str,
    targets: Sequence[str] = (VERDICTS,),
    cores: int = 2,
    env: Mapping[str, str] | None = None,
) -> Watched:
    """Run a study and watch its memory and its data folder.

    Parameters
    ----------
    folder : path
        To run it in; made if need be.
    config : mapping
    options : str
        Of ``snakemake``.
    targets : sequence of str
        Relative to the results folder.
    cores : int
    env : mapping, optional
        Variables to set beside those of one thread a process.

    Raises
    ------
    StudyError
        If Snakemake fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results"
    config = {**config, "pathvars": {"results": str(results)}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--nocolor", "--cores", str(cores)]
    command += ["--snakefile", str(ROOT / "workflow" / "Snakefile"), "--configfile", "config.yaml"]
    command += [*options, "--", *(str(results / target) for target in targets)]
    clean = {k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"}
    head, together, seen = 0.0, 0, {}
    with (folder / "said.txt").open("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean | ONE_THREAD | dict(env or {}),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            head = max(head, _peak_mb(process.pid))
            sizes = _sizes(results / "data")
            together = max(together, sum(sizes.values()))
            seen |= sizes
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - started
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise StudyError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-4000:]}")
    return Watched(results, seconds, head, together / MB, sum(seen.values()) / MB, text)
