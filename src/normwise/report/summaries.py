"""Short summaries of the tables, as the page words them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import Tables, distinct, effects
from normwise.files.parquet import read_parquet
from normwise.fitting.names import ordered
from normwise.report.look.words import NAMES
from normwise.report.sheets.checks import CLOSE
from normwise.report.sheets.texts import span
from normwise.theory.boundary import phase_boundary


def grid_summary(tables: Tables) -> dict[str, Any] | None:
    """What glmnet's grid would have cost ridge."""
    grid = distinct(tables["fair_grid"])
    if not len(grid):
        return None
    return {
        "n": len(grid),
        "below": float(grid["below"].mean()),
        "cost": float(np.exp(np.log(grid["cost"]).mean())),
        "worst": float(grid["cost"].max()),
        "invented": int(((grid["verdict"] != "l1") & (grid["verdict_glmnet"] == "l1")).sum()),
        "gained": int(((grid["verdict"] != "l2") & (grid["verdict_glmnet"] == "l2")).sum()),
        "lost": int(((grid["verdict"] == "l2") & (grid["verdict_glmnet"] != "l2")).sum()),
    }


def plan_summary(tables: Tables) -> dict[str, Any]:
    """How many scenarios have the replicates that their precision takes."""
    plan = tables["plan"].merge(tables["verdicts"], on=["dataset", "scenario", "n"])
    plan = plan[(plan["first"] == "l1") & (plan["second"] == "l2") & (plan["tuning"] == "cv_min")]
    plan = distinct(plan)
    open_ = plan[plan["verdict"] == "undecided"].merge(
        tables["scenarios"][["dataset", "scenario", "label"]],
        on=["dataset", "scenario"],
        how="left",
    )
    return {
        "n": len(plan),
        "enough": int((plan["n"] >= plan["planned"]).sum()),
        "median": float(plan["planned"].median()),
        "undecided": len(open_),
        "undecided_enough": int((open_["n"] >= open_["planned"]).sum()),
        "rows": open_.sort_values("planned", kind="stable"),
    }


def theory_summary(tables: Tables) -> dict[str, Any]:
    """How the measurements agree with theory."""
    theory = tables["theory"].merge(tables["scenarios"], on=["dataset", "scenario"])
    theory = distinct(theory, "penalty", "kind")
    limit = theory[theory["kind"] == "limit"]
    return {
        "n": len(theory),
        "within": int((theory["z"].abs() < 3).sum()),
        "n_limit": len(limit),
        "rows_span": span(limit["n_samples"]),
        "limit_close": float((limit["deviation"].abs() < CLOSE).mean()),
        "boundary": boundary_summary(tables),
    }


def boundary_summary(tables: Tables) -> dict[str, Any] | None:
    """On which side of the exact boundary the verdicts under the oracle lie."""
    cells = distinct(effects(tables, "oracle"))
    cells = cells[
        (cells["correlation"] == 0)
        & (cells["features"] == "gaussian")
        & (cells["noise"] == "gaussian")
        & (cells["response"] == "gaussian")
        & (cells["signal"] == "equal")
        & (cells["n_nonzero"] > 0)
        & cells["verdict"].isin(("l1", "l2"))
    ]
    if not len(cells):
        return None
    share = phase_boundary(
        cells["n_features"].to_numpy() / (cells["n_samples"].to_numpy() - 1),
        cells["snr"].to_numpy(),
    )
    predicted = np.where(cells["nonzero_share"].to_numpy() < share, "l1", "l2")
    against = cells[cells["verdict"].to_numpy() != predicted]
    return {
        "n": len(cells),
        "agree": len(cells) - len(against),
        "against": [
            f"{row['dataset'].replace('_', ' ')}, {row['label'].replace('_', ' ')}"
            for _, row in against.iterrows()
        ],
    }


def timing_summary(timings: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Measured fit time by penalty, from the files of all blocks."""
    found: dict[str, list[float]] = {}
    for path in timings:
        frame = read_parquet(path)
        for penalty, seconds in frame.groupby("penalty", observed=True)["seconds"]:
            sums = found.setdefault(str(penalty), [0.0, 0.0])
            sums[0] += len(seconds)
            sums[1] += float(seconds.sum())
    return [
        {"penalty": NAMES[p], "fits": int(n), "total": total, "mean_ms": 1000 * total / n}
        for p, (n, total) in ((p, found[p]) for p in ordered(found))
    ]


def job_summary(benchmarks: str | Path) -> dict[str, float]:
    """Number and wall time of the jobs that Snakemake has timed, all files of a folder."""
    files = sorted(Path(benchmarks).rglob("*.tsv"))
    seconds = [float(pd.read_csv(file, sep="\t")["s"].iloc[0]) for file in files]
    return {"jobs": len(files), "seconds": sum(seconds)}
