"""Run the benchmarks: ``python -m benchmarks`` from the root of the repository."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from threadpoolctl import threadpool_info

from benchmarks import growth, summary, table
from benchmarks.contenders import CONTENDERS
from benchmarks.engines import HERE, PEERS, ROOT, peers, set_up
from benchmarks.race import contenders_of, race, start_engines
from benchmarks.regimes import BRIEF, QUICK, REGIMES
from normwise.provenance.machine import describe_run

COMPLETE = HERE / "results"
QUICK_FOLDER = COMPLETE / "partial"
# what README and docs show, and where
SHOWN = {
    "peers.png": ROOT / "docs" / "images" / "peers.png",
    "counts_and_classes.txt": ROOT / "docs" / "explanation" / "counts_and_classes.txt",
}
QUICK_LIMIT = 2.0
# regimes by one name
GROUPS = {
    "brief": list(BRIEF),
    "counts": [name for name, regime in REGIMES.items() if regime.loss == "poisson"],
    "classes": [name for name, regime in REGIMES.items() if regime.loss == "multinomial"],
}


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
        **_peer_versions(),
    }


def _peer_versions() -> dict[str, str]:
    # the package itself is the first line that bears the peer's name
    found = {}
    for name in peers():
        lines = (PEERS / f"{name}.txt").read_text().splitlines()
        found[name] = next(line.partition("==")[2] for line in lines if name in line)
    return found


def _chosen(text: str, what: str, known: list[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(
                f"no {what} is called '{name}'; there are {', '.join(known)}"
            )
    return names


def _regimes(text: str) -> list[str]:
    names = _chosen(text, "regime", [*GROUPS, *REGIMES])
    return [regime for name in names for regime in GROUPS.get(name, [name])]


def _contenders(text: str) -> list[str]:
    # names hold commas and blanks: an engine stands for all that run in it
    engines = {c.engine for c in CONTENDERS.values()}
    chosen = _chosen(text, "contender's engine", sorted(engines))
    return [c.name for c in CONTENDERS.values() if c.engine in chosen]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--setup", action="store_true", help="make the peers' environments in .peers/, and stop"
    )
    parser.add_argument(
        "--regimes",
        type=_regimes,
        metavar="NAME,NAME",
        help="only these; 'brief' names a dozen, 'counts' and 'classes' all of theirs",
    )
    parser.add_argument(
        "--contenders",
        type=_contenders,
        metavar="NAME,NAME",
        help="only what runs in these environments (celer, glmnet, ...), and normwise",
    )
    parser.add_argument(
        "--missing", action="store_true", help="only what the table has not from this machine"
    )
    parser.add_argument(
        "--strengths",
        choices=table.KINDS,
        help="only with the strengths that all are given, or with each one's own",
    )
    parser.add_argument(
        "--quick", action="store_true", help="three small regimes, few settings, no growth"
    )
    parser.add_argument(
        "--limit", type=float, default=120.0, help="seconds that one run may take (120)"
    )
    parser.add_argument(
        "--times",
        type=float,
        default=float("inf"),
        help="of normwise's time that one run may take",
    )
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no regime after these"
    )
    parser.add_argument("--skip-growth", action="store_true", help="leave the second part out")
    parser.add_argument(
        "--output",
        type=Path,
        help="folder for tables and figures (benchmarks/results, or its subfolder partial for "
        "--quick)",
    )
    parser.add_argument(
        "--redraw", action="store_true", help="only the summary and the figures, from the tables"
    )
    return parser.parse_args()


def _set_up() -> None:
    failed = set_up(peers())
    for name in peers():
        print(f"{name}: {failed.get(name, 'ready')}")
    if failed:
        sys.exit(1)


def _tasks(options: argparse.Namespace, known: set[tuple[str, str]]) -> dict[str, list[str]]:
    """The contenders to time, by regime."""
    names = options.regimes or list(QUICK if options.quick else REGIMES)
    tasks = {}
    for name in names:
        wanted = [
            c.name
            for c in contenders_of(REGIMES[name], options.contenders)
            if options.strengths != table.OWN or c.has_strengths
        ]
        if options.missing:
            wanted = [contender for contender in wanted if (name, contender) not in known]
        if wanted:
            tasks[name] = wanted
    return tasks


def _race_all(options: argparse.Namespace, output: Path, machine: dict[str, object]) -> None:
    limit = float(str(machine["seconds allowed for a run"]))
    about = {
        "machine": str(machine["processor"]),
        "commit": str(machine["commit"])[:12],
        "date": str(machine["date"]),
    }
    path = output / "runs.csv"
    if options.quick:
        path.unlink(missing_ok=True)
    strengths = [options.strengths] if options.strengths else table.KINDS
    tasks = _tasks(options, table.measured(path, about["machine"], strengths))
    engines, begun = start_engines(), time.perf_counter()
    try:
        for i, (name, wanted) in enumerate(tasks.items(), 1):
            started = time.perf_counter()
            if started - begun > 60 * options.minutes:
                print(f"{len(tasks) - i + 1} regimes are left: --missing goes on with them")
                return
            print(f"[{i}/{len(tasks)}] {name}", flush=True)
            rows = race(
                REGIMES[name], limit, engines, options.quick, wanted, options.times, strengths
            )
            table.merge(path, rows, about)
            print(f"  {time.perf_counter() - started:.0f} s in all", flush=True)
    finally:
        for engine in engines.values():
            engine.stop()


def main() -> None:
    """Run what the command line asks for."""
    options = _arguments()
    if options.setup:
        _set_up()
        return
    output = options.output or (QUICK_FOLDER if options.quick else COMPLETE)
    output.mkdir(parents=True, exist_ok=True)
    if not options.redraw:
        limit = min(options.limit, QUICK_LIMIT) if options.quick else options.limit
        machine = _machine(limit, options.quick)
        print(f"glmnet: {machine['glmnet']}", flush=True)
        _race_all(options, output, machine)
        (output / "machine.json").write_text(json.dumps(machine, indent=2) + "\n")
        if not (options.skip_growth or options.quick or options.regimes):
            growth.measure_all().to_csv(output / "growth.csv", index=False, float_format="%.6g")
    summary.write(output)
    if output == COMPLETE:
        for name, shown in SHOWN.items():
            shutil.copy(output / name, shown)
    print(f"see {output}/summary.md")


if __name__ == "__main__":
    main()
