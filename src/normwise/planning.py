"""How many replicates a precision takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normwise.compare import log_ratio
from normwise.tables import typed

PILOT = 20
TUNING = "cv_min"


def planned_replicates(pilot: np.ndarray, half_width: float, confidence: float = 0.95) -> int:
    """Number of replicates for an interval of given half-width, from a pilot.

    Only the pilot's variance counts, never its mean. With the pilot's replicates kept and the
    interval ``mean ± half_width`` around the mean of all, coverage is at least nominal whatever
    the variance, for normal differences (Stein 1945, *Ann. Math. Statist.* 16, 243-258).

    Parameters
    ----------
    pilot : ndarray of shape (n_pilot,)
        First differences, at least two.
    half_width : float
        In their unit, positive.
    confidence : float

    Returns
    -------
    int
        In all, the pilot included.

    Raises
    ------
    ValueError
        If the pilot has less than two values or the half-width is not positive.
    """
    if len(pilot) < 2:
        raise ValueError(f"pilot has {len(pilot)} value(s), needs at least 2")
    if not half_width > 0:
        raise ValueError(f"half_width ({half_width!r}) must be greater than 0")
    reach = stats.t.ppf((1 + confidence) / 2, len(pilot) - 1) * pilot.std(ddof=1)
    return max(len(pilot), int(np.ceil((reach / half_width) ** 2)))


def plan_table(metrics: pd.DataFrame, comparison: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``plan``: replicates that every comparison of L1 with L2 would take.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    comparison : mapping
        ``margin``, ``confidence`` and ``precision``.
    """
    zone = np.log1p(comparison["margin"])
    half_width, confidence = comparison["precision"] * zone, comparison["confidence"]
    chosen = metrics[
        metrics["metric"].isin(("excess_risk", "test_error"))
        & (metrics["tuning"] == TUNING)
        & metrics["penalty"].isin(("l1", "l2"))
    ]
    rows = []
    for (dataset, scenario), own in chosen.groupby(["dataset", "scenario"], observed=True):
        wide = own.pivot(index="replicate", columns="penalty", values="value").astype(float)
        if wide.shape[1] < 2 or len(pair := wide.dropna().sort_index()) < 2:
            continue
        d = log_ratio(pair["l1"].to_numpy(), pair["l2"].to_numpy())
        pilot, n = d[:PILOT], len(d)
        reached = stats.t.ppf((1 + confidence) / 2, n - 1) * d.std(ddof=1) / np.sqrt(n)
        rows.append(
            {
                "dataset": dataset,
                "scenario": scenario,
                "pilot": len(pilot),
                "pilot_sd": pilot.std(ddof=1),
                "planned": planned_replicates(pilot, half_width, confidence),
                "n": n,
                "half_width": reached / zone,
            }
        )
    return typed(pd.DataFrame(rows), "plan")
