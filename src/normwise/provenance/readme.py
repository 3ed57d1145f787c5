"""The page that describes every file, table and column of the results."""

from __future__ import annotations

from collections.abc import Iterable

from normwise.analysis.columns import TABLES, shown_tables, tables_of
from normwise.analysis.meanings import column_meanings, described_tables, metric_meanings

# tables of a block that no table of the study is made from
PER_REPLICATE = ("metrics", "timings")


def _listed(names: Iterable[str], between: str = ", ") -> str:
    return between.join(f"`{name}`" for name in names)


def _both(rule: str) -> str:
    return _listed(tables_of(rule), " and ")


def describe_tables() -> str:
    """Markdown text that describes every table, column and metric."""
    of_blocks = {*tables_of("evaluate"), *tables_of("check_theory")} - {*PER_REPLICATE}
    parts = [name for name in TABLES if name in of_blocks]
    lines = [
        "# What the workflow writes",
        "",
        "Made by `snakemake`; only this page is in git. It is generated from",
        "`src/normwise/analysis/columns.yaml`, and a test keeps it so.",
        "",
        "| path | content |",
        "|---|---|",
        "| `report.html` | the report: ask, understand, doubt; opens offline |",
        "| `evidence.html` | what stands behind it: verdicts, figures, tables, checks, methods |",
        "| `figures/*.svg`, `*.png`, `*.json` | the figures, `-narrow` for a phone, and captions |",
        f"| `tables/*.parquet`, `*.csv` | {_listed(shown_tables())} |",
        "| `chunks.json` | which scenarios lie in which data file |",
        "| `metrics/<dataset>/<block>.parquet` | table `metrics`: one value per replicate; "
        "pandas reads the folder of a data set as one table |",
        "| `timings/<dataset>/<block>.parquet` | table `timings`, the one that differs between "
        "runs |",
        "| `<table>/<dataset>/<block>.parquet` | what tables of the study are made from: "
        f"{_listed(parts)} |",
        "| `estimates/<dataset>/<block>.parquet` | table `estimates`, of simulated data sets with "
        "`hold_out: true` |",
        "| `calibration/<cell>.parquet` | table `calibration` of one cell |",
        "| `replications/<study>/<batch>.parquet` | what was measured on each data set |",
        f"| `audit/<number>.parquet`, `tables/{tables_of('judge_audit')[0]}.*` | a published study "
        "put to the test: its scenarios, and all of them in a table (`snakemake audit`) |",
        f"| `paths/<dataset>*.parquet` | tables {_both('trace_paths')} (`figure: anatomy`) |",
        f"| `cases/<dataset>_*.parquet` | tables {_both('illustrate')} (`figure: case`) |",
        "| `logs/`, `benchmarks/` | what each job said, and what it took |",
        "| `fits/<dataset>/<penalty>/<chunk>.npz` | coefficients, strengths and certificates |",
        "| `data/<dataset>/<chunk>.npz` | simulated data, kept only with `keep_data: true` |",
    ]
    for table in described_tables():
        meanings = column_meanings(table)
        lines += ["", f"## Table `{table}`", "", "| column | kind | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {kind} | {meanings[name]} |"
            for name, kind in TABLES[table].columns.items()
        ]
    lines += ["", "## Metrics", "", "| metric | meaning |", "|---|---|"]
    lines += [
        f"| `{name}` | {text.replace('|', chr(92) + '|')} |"
        for name, text in metric_meanings().items()
    ]
    return "\n".join(lines) + "\n"
