"""Numbers as readers see them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def number(value: float, digits: int = 2) -> str:
    """A number with fixed digits, or in powers of ten where these would say nothing."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.1e}"


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent, without a false precision."""
    if not np.isfinite(share):
        return "–"
    value = 100 * share
    text = f"{value:.{digits}f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
    return f"{text}\N{NO-BREAK SPACE}%"


def words(value: Any) -> str:
    """A name as a reader writes it."""
    return "–" if pd.isna(value) else str(value).replace("_", " ")


def significant(value: float) -> str:
    """Two significant digits."""
    return f"{value:.2g}" if np.isfinite(value) else "–"


def count(value: float) -> str:
    """A whole number."""
    return f"{value:,.0f}" if np.isfinite(value) else "–"
