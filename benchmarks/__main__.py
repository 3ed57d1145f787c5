"""Run the benchmarks: ``python -m benchmarks`` from the root of the repository."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_info

from benchmarks import growth, summary
from benchmarks.race import HERE, race, start_engines
from benchmarks.regimes import QUICK, REGIMES
from normwise.provenance.machine import describe_run

COMPLETE = HERE / "results"
PARTIAL = COMPLETE / "partial"
QUICK_LIMIT = 2.0


def _glmnet_version() -> str | None:
    code = "cat(R.version$version.string, 'with glmnet', format(packageVersion('glmnet')))"
    try:
        answer = subprocess.run(
            ["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _machine(limit: float, quick: bool) -> dict[str, object]:
    libraries = sorted({f"{x['internal_api']} {x['version']}" for x in threadpool_info()})
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "run": "quick: a tenth of the strengths, one repeat" if quick else "whole",
        "seconds allowed for a run": limit,
        **describe_run(),
        "thread libraries": ", ".join(libraries),
        "glmnet": _glmnet_version() or "not available: Rscript or its package glmnet is missing",
    }


def _chosen(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in REGIMES:
            raise argparse.ArgumentTypeError(
                f"no regime is called '{name}'; there are {', '.join(REGIMES)}"
            )
    return names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--regimes", type=_chosen, metavar="NAME,NAME", help="only these")
    parser.add_argument(
        "--quick", action="store_true", help="three small regimes, few settings, no growth"
    )
    parser.add_argument(
        "--limit", type=float, default=120.0, help="seconds that one run may take (120)"
    )
    parser.add_argument("--skip-growth", action="store_true", help="leave the second part out")
    parser.add_argument(
        "--output",
        type=Path,
        help="folder for tables and figures (benchmarks/results, or its subfolder partial for "
        "--regimes and --quick)",
    )
    parser.add_argument(
        "--redraw", action="store_true", help="only the summary and the figures, from the tables"
    )
    return parser.parse_args()


def _refuse_less(table: Path, names: list[str], limited: bool) -> None:
    if not table.exists():
        return
    lost = set(pd.read_csv(table)["regime"]) - set(names)
    if lost or limited:
        what = f"regimes {', '.join(sorted(lost))}" if lost else "settings"
        sys.exit(f"{table} has {what} that this run has not; choose another --output")


def _race_all(names: list[str], limit: float, quick: bool, output: Path) -> None:
    rows, engines = [], start_engines()
    try:
        for i, name in enumerate(names, 1):
            started = time.perf_counter()
            print(f"[{i}/{len(names)}] {name}", flush=True)
            rows += race(REGIMES[name], limit, engines, quick)
            # an interrupted run leaves the last whole table alone
            pd.DataFrame(rows).to_csv(output / "unfinished.csv", index=False, float_format="%.6g")
            print(f"  {time.perf_counter() - started:.0f} s in all", flush=True)
    finally:
        for engine in engines.values():
            engine.stop()
    os.replace(output / "unfinished.csv", output / "runs.csv")


def main() -> None:
    """Run what the command line asks for."""
    options = _arguments()
    partial = options.quick or options.regimes is not None
    output = options.output or (PARTIAL if partial else COMPLETE)
    output.mkdir(parents=True, exist_ok=True)
    if not options.redraw:
        names = options.regimes or list(QUICK if options.quick else REGIMES)
        if output != PARTIAL:
            _refuse_less(output / "runs.csv", names, options.quick)
        limit = min(options.limit, QUICK_LIMIT) if options.quick else options.limit
        machine = _machine(limit, options.quick)
        print(f"glmnet: {machine['glmnet']}", flush=True)
        _race_all(names, limit, options.quick, output)
        (output / "machine.json").write_text(json.dumps(machine, indent=2) + "\n")
        if not (options.skip_growth or options.quick):
            growth.measure_all().to_csv(output / "growth.csv", index=False, float_format="%.6g")
    summary.write(output)
    print(f"see {output}/summary.md")


if __name__ == "__main__":
    main()
