"""All data sets of a study put together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import TABLES, read_parquet, read_parts, typed
from normwise.analysis.goals import judge_goals
from normwise.analysis.judge.health import health_table
from normwise.analysis.measure.effects import judge
from normwise.analysis.measure.grid_effects import judge_grids
from normwise.analysis.measure.pilots import plan_table
from normwise.data.covariance import describe
from normwise.data.population import population
from normwise.data.scenario import expand_grid, varied_axes


def scenario_table(
    datasets: Sequence[Mapping[str, Any]], seed: int, left_out: Collection[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Table ``scenarios``: what each one is, and how collinear its population is.

    Parameters
    ----------
    datasets : sequence of mapping
        Of the checked config.
    seed : int
    left_out : collection of tuple of str
        Data set and id of scenarios without results.
    """
    rows = []
    for dataset in datasets:
        if dataset["source"] != "scenarios":
            continue
        varied = [a if a != "nonzero_fraction" else "n_nonzero" for a in varied_axes(dataset)]
        for scenario in expand_grid(dataset):
            if (dataset["name"], scenario.id) in left_out:
                continue
            truth = population(scenario, seed)
            values = scenario.as_dict()
            label = ", ".join(f"{a} {_short(values[a])}" for a in dict.fromkeys(varied))
            rows.append(
                {
                    "dataset": dataset["name"],
                    "scenario": scenario.id,
                    "label": label or dataset["name"],
                    "replicates": dataset["replicates"],
                    **values,
                    "aspect_ratio": scenario.n_features / scenario.n_samples,
                    "nonzero_share": scenario.n_nonzero / scenario.n_features,
                    "held_out": dataset["hold_out"],
                    **describe(truth.root, truth.support, truth.coef),
                }
            )
    return typed(pd.DataFrame(rows, columns=list(TABLES["scenarios"])), "scenarios")


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@threadpool_limits.wrap(limits=1)
def study_tables(
    parts: Mapping[str, Sequence[str | Path]],
    calibration: Sequence[str | Path],
    datasets: Sequence[Mapping[str, Any]],
    comparison: Mapping[str, Any],
    tolerance: float,
    replicates: int,
    seed: int,
    missing: Sequence[Mapping[str, Any]] = (),
) -> dict[str, pd.DataFrame]:
    """Every table of the study, by name.

    Parameters
    ----------
    parts : mapping of str to sequence of paths
        Tables of the blocks: ``theory``, and those of `normwise.analysis.measure.evaluate.evaluate`. ``metrics`` and
        ``timings`` are not needed: what grows with the replicates stays with its block.
    calibration : sequence of paths
        The tables of each cell.
    datasets : sequence of mapping
        Of the checked config.
    comparison : mapping
        Of the checked config.
    tolerance : float
    replicates : int
        Of a scenario of the study.
    seed : int
    missing : sequence of mapping
        Rows of table ``missing``: scenarios that have no parts.
    """

    def joined(table: str) -> pd.DataFrame:
        return read_parts(parts[table], table)

    lost = typed(pd.DataFrame(list(missing)), "missing")
    left_out = set(zip(lost["dataset"], lost["scenario"], strict=True))
    held_out = [d["name"] for d in datasets if d["hold_out"]]
    tables = {
        "scenarios": scenario_table(datasets, seed, left_out),
        "summary": joined("summary"),
        "stability": joined("stability"),
        "verdicts": judge(joined("pairs"), comparison),
        "theory": joined("theory"),
        "calibration": read_parts(calibration, "calibration"),
        "fair_grid": judge_grids(joined("grid_effects"), comparison),
        "plan": plan_table(joined("pilots"), comparison),
        "fit_health": joined("fit_health"),
        "goals": judge_goals(joined("goal_effects"), comparison, held_out),
        "strategies": joined("strategies"),
        "missing": lost,
    }
    return tables | {"health": health_table(tables, tolerance, replicates)}


def read_tables(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file, text as plain strings."""
    return {Path(path).stem: read_parquet(path) for path in paths}


def primary(verdicts: pd.DataFrame, tuning: str = "cv_min") -> pd.DataFrame:
    """The rows that compare L1 with L2 under one tuning rule."""
    chosen = (verdicts["first"] == "l1") & (verdicts["second"] == "l2")
    return verdicts[chosen & (verdicts["tuning"] == tuning)]


def finite(values: pd.Series) -> np.ndarray:
    """Values of a column that are finite."""
    array = values.to_numpy(float)
    return array[np.isfinite(array)]
