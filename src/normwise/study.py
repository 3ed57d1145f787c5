"""All data sets of a study put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.compare import compare, summarise
from normwise.covariance import describe
from normwise.goals import goal_table, strategy_table
from normwise.health import health_table
from normwise.planning import plan_table
from normwise.scenario import expand_grid, varied_axes
from normwise.simulate import population
from normwise.tables import TABLES, typed


def read_all(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Concatenate tables, text as plain strings."""
    frame = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    texts = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]
    return frame.astype(dict.fromkeys(texts, "category"))


def scenario_table(datasets: Sequence[Mapping[str, Any]], seed: int) -> pd.DataFrame:
    """Table ``scenarios``: what each one is, and how collinear its population is."""
    rows = []
    for dataset in datasets:
        if dataset["source"] != "scenarios":
            continue
        varied = [a if a != "nonzero_fraction" else "n_nonzero" for a in varied_axes(dataset)]
        for scenario in expand_grid(dataset):
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
    metrics: Sequence[str | Path],
    stability: Sequence[str | Path],
    theory: Sequence[str | Path],
    fit_health: Sequence[str | Path],
    calibration: Sequence[str | Path],
    datasets: Sequence[Mapping[str, Any]],
    comparison: Mapping[str, Any],
    tolerance: float,
    replicates: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Every table of the study, by name.

    Parameters
    ----------
    metrics, stability, theory, fit_health : sequences of paths
        The tables of each data set.
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
    """
    values = read_all(metrics)
    # rows held out per row that is fitted
    overlaps = {
        d["name"]: d["test_share"] / (1 - d["test_share"]) for d in datasets if "test_share" in d
    }
    tables = {
        "scenarios": scenario_table(datasets, seed),
        "summary": summarise(values, overlaps),
        "stability": read_all(stability).astype({"value": float, "se": float}),
        "verdicts": compare(values, comparison, overlaps),
        "theory": read_all(theory),
        "calibration": read_all(calibration)
        if calibration
        else typed(pd.DataFrame(), "calibration"),
        # more splits of one table are no more data
        "plan": plan_table(values[~values["dataset"].isin(overlaps)], comparison),
        "fit_health": read_all(fit_health),
        "goals": goal_table(
            values, comparison, [d["name"] for d in datasets if d["hold_out"]], overlaps
        ),
        "strategies": strategy_table(values),
    }
    return tables | {"health": health_table(tables, tolerance, replicates)}


def read_tables(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file, text as plain strings."""
    return {Path(path).stem: pd.read_parquet(path) for path in paths}


def primary(verdicts: pd.DataFrame, tuning: str = "cv_min") -> pd.DataFrame:
    """The rows that compare L1 with L2 under one tuning rule."""
    chosen = (verdicts["first"] == "l1") & (verdicts["second"] == "l2")
    return verdicts[chosen & (verdicts["tuning"] == tuning)]


def finite(values: pd.Series) -> np.ndarray:
    """Values of a column that are finite."""
    array = values.to_numpy(float)
    return array[np.isfinite(array)]
