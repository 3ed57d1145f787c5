"""Dates and times from numbers: what has passed since a day."""

from __future__ import annotations

import numpy as np
import pandas as pd


def moments(seconds: pd.Series, begin: str) -> pd.Series:
    """Dates so many seconds after the first moment of a day; NaT for NaN."""
    return spans(seconds) + np.datetime64(begin, "ms")


def spans(seconds: pd.Series) -> pd.Series:
    """Spans of time in thousandths of a second, which hold any year; NaT for NaN."""
    known = seconds.notna()
    found = np.full(len(seconds), np.timedelta64("NaT", "ms"))
    found[known] = np.round(1000 * seconds[known].to_numpy(float)).astype("timedelta64[ms]")
    return pd.Series(found, seconds.index, name=seconds.name)
