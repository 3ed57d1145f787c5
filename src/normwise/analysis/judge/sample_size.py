"""How many replicates a precision takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normwise.analysis.columns import typed


def planned_replicates(
    pilot: int, pilot_sd: float, half_width: float, confidence: float = 0.95
) -> int:
    """Number of replicates for an interval of given half-width, from a pilot.

    Only the pilot's variance counts, never its mean. With the pilot's replicates kept and the
    interval ``mean ± half_width`` around the mean of all, coverage is at least nominal whatever
    the variance, for normal differences (Stein 1945, *Ann. Math. Statist.* 16, 243-258).

    Parameters
    ----------
    pilot : int
        Number of first differences, at least two.
    pilot_sd : float
        Their standard deviation.
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
    if pilot < 2:
        raise ValueError(f"pilot has {pilot} value(s), needs at least 2")
    if not half_width > 0:
        raise ValueError(f"half_width ({half_width!r}) must be greater than 0")
    reach = stats.t.ppf((1 + confidence) / 2, pilot - 1) * pilot_sd
    return max(pilot, int(np.ceil((reach / half_width) ** 2)))


def plan_table(pilots: pd.DataFrame, comparison: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``plan``: replicates that every comparison of L1 with L2 would take.

    Parameters
    ----------
    pilots : DataFrame
        Table ``pilots``.
    comparison : mapping
        ``margin``, ``confidence`` and ``precision``.
    """
    zone = np.log1p(comparison["margin"])
    half_width, confidence = comparison["precision"] * zone, comparison["confidence"]
    reach = stats.t.ppf((1 + confidence) / 2, pilots["n"] - 1)
    frame = pilots.assign(
        planned=[
            planned_replicates(n, sd, half_width, confidence)
            for n, sd in zip(pilots["pilot"], pilots["pilot_sd"], strict=True)
        ],
        half_width=reach * pilots["sd"] / np.sqrt(pilots["n"]) / zone,
    )
    return typed(frame, "plan")
