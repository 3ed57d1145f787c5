"""How a study's time and memory grow with its scenarios and replicates, and what its data weigh.

python -m benchmarks.scale            # under an hour on an idle machine
python -m benchmarks.scale --redraw   # page and figure from the table alone
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engines import HERE
from benchmarks.study import MB, VERDICTS, Watched, run_study
from normwise.analysis.columns import BLOCK_TABLES
from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.tables import write_parts
from normwise.data.scenario import expand_grid
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays, save_arrays
from normwise.files.whole import sha256
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.provenance.machine import describe_run
from normwise.study.blocks import cut

OUTPUT = HERE / "results"
LEARNT = "tables/rules.csv"
SETTINGS: dict[str, Any] = {
    "seed": 1,
    "penalties": ["l1", "l2"],
    "calibration": 0,
    "replications": 0,
    "max_chunk_mb": 4,
}
# scenarios of 10 replicates, and replicates of 10 scenarios
SIZES = {"scenarios": (10, 30, 100, 300, 1000), "replicates": (10, 30, 100, 300, 1000)}
FIXED = 10
# of 1,000 replicates each
PLANNED = (100, 1000, 10_000)
ROWS = (10**5, 10**6, 10**7)
# of 100 replicates of the size below, at the default max_chunk_mb
SCENARIOS_OF_A_CHUNK = 380
# exponents are those of the larger sizes, where what is done once no longer counts
LARGE = 3
WIDE = {
    "name": "wide",
    "n_samples": 200,
    "n_features": 1000,
    "n_nonzero": 20,
    "covariance": "ar1",
    "correlation": 0.5,
    "snr": [1.0, 2.0, 3.0, 4.0],
}


def _grid(n_scenarios: int, n_samples: int = 40, n_features: int = 20) -> dict[str, Any]:
    """A data set of so many scenarios that differ in sparsity and signal."""
    n_nonzero = [1, 2, 3, 4, 5, 7, 10, 13, 16, 20]
    snr = np.geomspace(0.1, 8, n_scenarios // len(n_nonzero)).round(6).tolist()
    shape = {"n_samples": n_samples, "n_features": n_features}
    return {"name": "grid", **shape, "n_nonzero": n_nonzero, "snr": snr}


def _rows_of(run: Watched, quantity: str, value: int) -> Iterator[dict[str, Any]]:
    size = {"quantity": quantity, "value": value}
    jobs = run.jobs()
    yield size | {"part": "study", "seconds": run.seconds, "peak_mb": run.head_mb}
    for rule, own in jobs.groupby("rule"):
        peak = own["peak_mb"].max()
        yield size | {"part": rule, "seconds": own["seconds"].sum(), "peak_mb": peak}


def measure_studies(folder: Path) -> Iterator[dict[str, Any]]:
    """Whole studies of growing size; of each rule, all its seconds and the peak of its jobs."""
    for quantity, values in SIZES.items():
        for value in values:
            size = dict.fromkeys(SIZES, FIXED) | {quantity: value}
            config = SETTINGS | {
                "replicates": size["replicates"],
                "datasets": [_grid(size["scenarios"])],
            }
            targets = [VERDICTS, LEARNT]
            run = run_study(folder / f"{quantity}_{value}", config, targets=targets)
            print(f"{quantity} {value}: {run.seconds:.0f} s", flush=True)
            yield from _rows_of(run, quantity, value)


def measure_plans(folder: Path) -> Iterator[dict[str, Any]]:
    """Dry runs of studies too large to run here."""
    for value in PLANNED:
        grid = _grid(value, 200, 100)
        config = SETTINGS | {"replicates": 1000, "max_chunk_mb": 64, "datasets": [grid]}
        run = run_study(folder / f"plan_{value}", config, "--dry-run", "--quiet")
        print(f"plan of {value} scenarios: {run.seconds:.0f} s", flush=True)
        row = {"quantity": "planned scenarios", "value": value, "part": "plan"}
        yield row | {"seconds": run.seconds, "peak_mb": run.head_mb}


def prepare(n_rows: int, folder: Path) -> int:
    """Write fits that make that many rows of table ``metrics``; returns how many they make.

    A hundred replicates of one scenario are fitted; the others hold the same arrays under their own
    names, since neither time nor memory depends on the values. A file has no more scenarios than a
    chunk would.
    """
    scenarios = expand_grid(_grid(2000))
    options = FitOptions(seed=1, n_folds=10, n_alphas=100, l1_ratio=0.5, tolerance=1e-6)
    once: dict[str, dict[str, np.ndarray]] = {}
    write_simulated(folder / "data.npz", scenarios[:1], 0, 100, 1)
    for penalty in ("l1", "l2"):
        path = folder / f"0.{penalty}.npz"
        fit_file(folder / "data.npz", path, "grid", penalty, options, 1)
        with load_arrays(path) as file:
            once[penalty] = {name: file[name] for name in file.files}
    (tables,) = evaluate({p: [folder / f"0.{p}.npz"] for p in once}, "grid")
    each = len(tables["metrics"])
    wanted = scenarios[: round(n_rows / each)]
    n_files = -(-len(wanted) // SCENARIOS_OF_A_CHUNK)
    for number, (start, stop) in enumerate(cut(len(wanted), n_files)):
        own = wanted[start:stop]
        for penalty, arrays in once.items():
            many = {n: a for n, a in arrays.items() if not n.endswith(".0")}
            many["scenarios"] = np.array(json.dumps([s.as_dict() for s in own]))
            many["responses"] = np.repeat(arrays["responses"], len(own))
            for i in range(len(own)):
                many |= {f"{n[:-2]}.{i}": a for n, a in arrays.items() if n.endswith(".0")}
            save_arrays(folder / f"{number}.{penalty}.npz", many)
    return each * len(wanted)


def aggregate(folder: Path) -> dict[str, float]:
    """Turn all fits of the folder into tables of one block."""
    fits = {p: sorted(folder.glob(f"*.{p}.npz")) for p in ("l1", "l2")}
    started = time.perf_counter()
    write_parts(evaluate(fits, "grid"), {t: folder / f"{t}.parquet" for t in BLOCK_TABLES})
    return {
        "seconds": time.perf_counter() - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB,
    }


def measure_aggregation(folder: Path) -> Iterator[dict[str, Any]]:
    """Peak memory of the making of tables, in a fresh process for each number of rows."""
    for n_rows in ROWS:
        place = folder / f"rows_{n_rows}"
        place.mkdir()
        written = prepare(n_rows, place)
        command = [sys.executable, "-m", "benchmarks.scale", "aggregate", str(place)]
        answer = subprocess.run(
            command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True
        )
        found = json.loads(answer.stdout.splitlines()[-1])
        print(f"{written} rows: {found['peak_mb']:.0f} MB", flush=True)
        yield {"quantity": "rows", "part": "evaluate", "value": written} | found


def measure_data(folder: Path) -> Iterator[dict[str, Any]]:
    """The same study with data as arrays, under two bounds of the disk, and as recipes."""
    digests = set()
    ways = {
        "arrays": ({"recipe_above_mb": 1e9}, 100_000),
        "arrays, at most 100 MB at a time": ({"recipe_above_mb": 1e9}, 100),
        "recipes": ({"recipe_above_mb": 0}, 100),
    }
    for way, (own, limit) in ways.items():
        config = SETTINGS | own | {"replicates": 60, "max_chunk_mb": 20, "datasets": [WIDE]}
        place = folder / way.replace(" ", "_").replace(",", "")
        # more jobs at once than processors, as on a cluster
        run = run_study(place, config, "--resources", f"data_mb={limit}", cores=6)
        digests.add(sha256(run.results / VERDICTS))
        print(f"{way}: {run.data_peak_mb:.3g} of {run.data_moved_mb:.3g} MB", flush=True)
        jobs = run.jobs().groupby("rule")["seconds"].sum()
        yield {
            "quantity": "data",
            "part": way,
            "value": limit,
            "seconds": run.seconds,
            "simulate_s": jobs["simulate"],
            "fit_s": jobs["fit"],
            "data_peak_mb": run.data_peak_mb,
            "data_moved_mb": run.data_moved_mb,
            "tables_equal": len(digests) == 1,
        }


def exponent(rows: pd.DataFrame, column: str) -> float:
    """Slope of the logarithm of a column against that of the size, over the largest sizes."""
    last = rows.nlargest(LARGE, "value")
    return float(np.polyfit(np.log(last["value"]), np.log(last[column]), 1)[0])


def _growth_table(
    rows: pd.DataFrame, quantity: str, parts: dict[str, tuple[str, str]]
) -> list[str]:
    own = rows[rows["quantity"] == quantity]
    values = sorted(own["value"].unique())
    heads = [f"{v:,.0f}" for v in values]
    lines = [f"| {quantity} | {' | '.join(heads)} | exponent |", "|---" * (len(values) + 2) + "|"]
    for i, (column, unit) in enumerate([("seconds", "s"), ("peak_mb", "MB")]):
        for part, texts in parts.items():
            each = own[own["part"] == part].sort_values("value").dropna(subset=[column])
            if len(each) < LARGE:
                continue
            cells = each.set_index("value")[column].reindex(values)
            shown = ["" if pd.isna(c) else f"{c:,.3g}" for c in cells]
            grown = exponent(each, column) + 0.0
            lines.append(f"| {texts[i]}, {unit} | {' | '.join(shown)} | {grown:.2f} |")
    return lines


def _page(rows: pd.DataFrame) -> str:
    studies = {
        "study": ("the whole study on 2 cores", "Snakemake itself"),
        "fit": ("all fits, one core", "the largest fit job"),
        "evaluate": ("all tables of blocks, one core", "the largest job for tables of a block"),
        "predict": ("all theory, one core", "the largest theory job"),
        "compare": ("tables of the study", "the job for tables of the study"),
        "learn": ("rules and surfaces", "rules and surfaces, with worker processes"),
    }
    first = rows.iloc[0]
    data = rows[rows["quantity"] == "data"]
    lines = [
        "# How a study grows",
        "",
        "Written by `python -m benchmarks.scale`. An exponent is the slope of the logarithm of "
        "time or",
        f"memory against that of the size, over the {LARGE} largest sizes: 1 is proportional, 0 is "
        "flat.",
        f"Processor: {first['processor']}; commit "
        f"{', '.join(c[:10] + c[40:] for c in rows['commit'].unique())}.",
        "",
        "![Seconds and megabytes against scenarios, replicates and rows.](scale.png)",
        "",
        "## Planning",
        "",
        "A dry run of a study of 1,000 replicates a scenario, n = 200, p = 100, two penalties.",
        "Chunks grow so that there are at most 2,000 jobs.",
        "",
        *_growth_table(rows, "planned scenarios", {"plan": ("`snakemake --dry-run`",) * 2}),
        "",
        "## Whole studies",
        "",
        f"n = 40, p = 20, two penalties; {FIXED} replicates a scenario, then {FIXED} scenarios.",
        "",
        *_growth_table(rows, "scenarios", studies),
        "",
        *_growth_table(rows, "replicates", studies),
        "",
        "## Rows of table `metrics`",
        "",
        "Fits of 100 replicates a scenario made into all tables of a block by one process.",
        "",
        *_growth_table(rows, "rows", {"evaluate": ("tables of a block",) * 2}),
        "",
        "## Data: arrays or recipes",
        "",
        "Four scenarios of n = 200, p = 1,000, 60 replicates, two penalties; six jobs at a time.",
        "",
        "| data | whole study, s | drawing, s | fitting, s | bytes written, MB | "
        "on the disk at one time, MB | tables the same bits |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in data.to_dict("records"):
        same = "yes" if r["tables_equal"] in (True, "True", 1.0) else "**no**"
        lines.append(
            f"| {r['part']} | {r['seconds']:.0f} | {r['simulate_s']:.0f} | {r['fit_s']:.0f} | "
            f"{r['data_moved_mb']:,.3g} | {r['data_peak_mb']:,.3g} | {same} |"
        )
    return "\n".join(lines) + "\n"


def _draw(rows: pd.DataFrame, folder: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, NullFormatter

    from benchmarks.figures import save
    from normwise.report.look.style import set_style

    set_style()
    looks = {
        "study": ("the study", "black", "o"),
        "fit": ("fits", "#0072B2", "s"),
        "evaluate": ("tables of blocks", "#D55E00", "D"),
        "compare": ("tables of the study", "#009E73", "^"),
        "learn": ("rules", "#CC79A7", "v"),
        "plan": ("dry run", "#7F6000", "P"),
    }
    quantities = ("planned scenarios", "scenarios", "replicates", "rows")
    figure, axes = plt.subplots(
        2, len(quantities), figsize=(12.6, 5.8), sharex="col", sharey="row", layout="constrained"
    )
    for ax, quantity in zip(axes.T, quantities, strict=True):
        own = rows[rows["quantity"] == quantity]
        for part, each in own.groupby("part", sort=False):
            if part in looks:
                label, ink, sign = looks[part]
                for row, column in zip(ax, ("seconds", "peak_mb"), strict=True):
                    row.plot(each["value"], each[column], color=ink, marker=sign, ms=5, label=label)
        ax[0].set(xscale="log", yscale="log", title=quantity)
        ax[1].set(xscale="log", yscale="log", xlabel=quantity)
        for each in ax:
            each.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.3g}"))
            each.yaxis.set_minor_formatter(NullFormatter())
        ax[1].set_yticks([200, 300, 500, 1000])
    axes[0, 0].set_ylabel("seconds, all jobs together")
    axes[1, 0].set_ylabel("peak MB, largest job")
    handles = {}
    for ax in axes.flat:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=6)
    save(figure, folder, "scale")


def main() -> None:
    """Measure, and write table, page and figure."""
    if sys.argv[1:2] == ["aggregate"]:
        print(json.dumps(aggregate(Path(sys.argv[2]))))
        return
    table = OUTPUT / "scale.csv"
    if "--redraw" not in sys.argv:
        run = describe_run()
        rows: list[dict[str, Any]] = []
        with tempfile.TemporaryDirectory() as folder:
            for part in (measure_plans, measure_studies, measure_aggregation, measure_data):
                rows += part(Path(folder))
        named = {"processor": run["processor"], "commit": run["commit"]}
        pd.DataFrame(rows).assign(**named).round(4).to_csv(table, index=False)
    rows_read = pd.read_csv(table)
    (OUTPUT / "scale.md").write_text(_page(rows_read), encoding="utf-8")
    _draw(rows_read, OUTPUT)


if __name__ == "__main__":
    main()
