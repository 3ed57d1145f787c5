"""The page that describes every file, table and column of the results."""

from __future__ import annotations

from normwise.analysis.columns import METRICS, TABLES


def describe_tables() -> str:
    """Markdown text that describes every table, column and metric."""
    lines = [
        "# What the workflow writes",
        "",
        "Made by `snakemake`; only this page is in git. It is generated from",
        "`src/normwise/tables.py`, and a test keeps it so.",
        "",
        "| path | content |",
        "|---|---|",
        "| `report.html` | the report, one file that opens offline |",
        "| `figures/*.svg`, `*.png`, `*.json` | the figures, and their captions |",
        "| `tables/*.parquet`, `*.csv` | `scenarios`, `summary`, `stability`, `verdicts`, "
        "`theory`, `calibration`, `fair_grid`, `plan`, `replications`, `fit_health`, `health`, "
        "`goals`, `strategies`, `missing`, `surface`, `surface_scores`, `importance`, `rules`, "
        "`rule_scores` |",
        "| `chunks.json` | which scenarios lie in which data file |",
        "| `metrics/<dataset>/<block>.parquet` | table `metrics`: one value per replicate; "
        "pandas reads the folder of a data set as one table |",
        "| `timings/<dataset>/<block>.parquet` | table `timings`, the one that differs between "
        "runs |",
        "| `<table>/<dataset>/<block>.parquet` | what tables of the study are made from: "
        "`stability`, `fit_health`, `theory`, `summary`, `pairs`, `goal_effects`, `strategies`, "
        "`pilots`, `grid_effects` |",
        "| `calibration/<cell>.parquet` | table `calibration` of one cell |",
        "| `replications/<study>/<batch>.parquet` | what was measured on each data set |",
        "| `paths/<dataset>*.parquet` | tables `paths` and `coefficients` (`figure: anatomy`) |",
        "| `cases/<dataset>_*.parquet` | tables `draws` and `examples` (`figure: case`) |",
        "| `logs/`, `benchmarks/` | what each job said, and what it took |",
        "| `fits/<dataset>/<penalty>/<chunk>.npz` | coefficients, strengths and certificates |",
        "| `data/<dataset>/<chunk>.npz` | simulated data, kept only with `keep_data: true` |",
    ]
    for table, columns in TABLES.items():
        lines += ["", f"## Table `{table}`", "", "| column | kind | meaning |", "|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {text} |" for name, (kind, text) in columns.items()]
    lines += ["", "## Metrics", "", "| metric | meaning |", "|---|---|"]
    lines += [
        f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in METRICS.items()
    ]
    return "\n".join(lines) + "\n"
