"""Cells of tables as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from normwise.report.look.numbers import number, words
from normwise.report.look.words import NAMES


def signed_percent(value: float) -> str:
    """A share as a difference in per cent."""
    return f"{100 * value:+.1f} %" if np.isfinite(value) else "–"


def tenths(value: float) -> str:
    """A share in per cent, with a decimal."""
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"


def three_digits(value: float) -> str:
    """A number with three decimals."""
    return number(value, 3)


def error(value: float) -> str:
    """An error with three digits, thousands apart."""
    if not np.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:#.3g}".rstrip(".")


def gap(value: float) -> str:
    """A duality gap by its power of ten."""
    return f"{value:.0e}" if np.isfinite(value) else "–"


def penalty_name(penalty: str) -> str:
    """A penalty as figures name it."""
    return NAMES[penalty]


def scenario_label(value: Any) -> str:
    """What sets a scenario apart, in words."""
    return words(value if pd.isna(value) else str(value).replace("n_", ""))


def intervals(frame: pd.DataFrame, low: str, high: str, show: Any = number) -> list[str]:
    """Two columns as intervals."""
    return [f"{show(a)} to {show(b)}" for a, b in zip(frame[low], frame[high], strict=True)]


def span(values: pd.Series) -> str:
    """The range of a column in words."""
    if not len(values):
        return "–"
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
