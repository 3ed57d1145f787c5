"""L1 against L2 for each goal, on the same pairs of fits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from normwise.analysis.columns import RISKS, typed
from normwise.analysis.goals import GOALS, TUNING
from normwise.analysis.inference import standard_error
from normwise.analysis.measure.effects import log_ratio


def side_by_side(
    metrics: pd.DataFrame, names: tuple[str, ...], tuning: str = TUNING
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Data set, scenario, and values by replicate and penalty, where L1 and L2 are among these.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    names : tuple of str
        Metrics, of which a scenario has one.
    tuning : str
        Rule that chose the strengths.
    """
    chosen = metrics[metrics["metric"].isin(names) & (metrics["tuning"] == tuning)]
    for (dataset, scenario), own in chosen.groupby(["dataset", "scenario"], observed=True):
        wide = own.pivot(index="replicate", columns="penalty", values="value").astype(float)
        wide.columns = wide.columns.astype(str)
        if {"l1", "l2"} <= set(wide):
            yield str(dataset), str(scenario), wide


def goal_effects(
    metrics: pd.DataFrame, overlap: float = 0.0, sample_se: float = 0.0
) -> pd.DataFrame:
    """Table ``goal_effects``: L1 against L2 for each goal.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlap : float
        Argument of `normwise.analysis.inference.standard_error`.
    sample_se : float
        What a test sample adds to the error of the effect on the risk.
    """
    rows = []
    for key, goal in GOALS.items():
        for dataset, scenario, wide in side_by_side(metrics, goal.metrics):
            pair = wide[["l1", "l2"]].dropna()
            if len(pair) < 2:
                continue
            first, second = pair["l1"].to_numpy(), pair["l2"].to_numpy()
            d = log_ratio(first, second) if goal.is_ratio else first - second
            d = -d if goal.gain else d
            added = sample_se if goal.metrics == RISKS else 0.0
            rows.append(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "goal": key,
                    "n": len(d),
                    "effect": float(d.mean()),
                    "mcse": float(np.hypot(standard_error(d, overlap), added)),
                }
            )
    return typed(pd.DataFrame(rows), "goal_effects")
