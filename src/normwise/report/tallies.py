"""Ratios pooled over scenarios and shares of scenarios won, with their words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.points import explained_points
from normwise.analysis.tables import Tables
from normwise.data.response_kind import DEFAULT, RESPONSES
from normwise.fitting.loss import loss_of

Z95 = 1.959964


def pooled_ratio(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Geometric mean over scenarios of first / second with a 95 % interval.

    The scenarios are chosen by design, so the interval covers the Monte Carlo error alone.
    """
    mean = rows["effect"].mean()
    se = np.sqrt((rows["mcse"] ** 2).sum()) / len(rows)
    low, middle, high = np.exp([mean - Z95 * se, mean, mean + Z95 * se])
    return float(middle), float(low), float(high)


def with_points(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Rows with ``points``, by which L1 explains more of new rows than L2; NaN if unmeasured.

    Rows are of the study itself; those of table ``ground`` have their points.
    """
    return rows.merge(explained_points(tables["goals"]), on=["dataset", "scenario"], how="left")


def points_text(rows: pd.DataFrame) -> str:
    """The median difference of what both explain, in words; empty where it was not measured."""
    points = rows["points"].median() if "points" in rows else np.nan
    if not np.isfinite(points):
        return ""
    return f"{measure_of(rows)} on new rows, L1 − L2: median {signed_tenth(points)} points"


def measure_of(rows: pd.DataFrame) -> str:
    """What the points of scenarios are points of."""
    kinds = set(rows["response"]) if "response" in rows else {DEFAULT}
    known = [name for name in RESPONSES if name in kinds]
    *others, last = dict.fromkeys("R²" if n == DEFAULT else loss_of(n).label for n in known)
    said = f"{', '.join(others)} or {last}" if others else last
    return said if DEFAULT in kinds else f"{said} explained"


def signed_tenth(value: float) -> str:
    """A difference in points, with its sign."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else "–"


def ratio_text(rows: pd.DataFrame, first: str = "L1", second: str = "L2") -> str:
    """The pooled ratio in words."""
    middle, low, high = pooled_ratio(rows)
    return (
        f"excess risk of {first} / {second} = {middle:.2f} "
        f"[{low:.2f}, {high:.2f}], geometric mean over {len(rows)} scenarios"
        + (f"; {points_text(rows)}" if points_text(rows) else "")
    )


def short_ratio(rows: pd.DataFrame) -> str:
    """The pooled ratio of L1 and L2 in a few words."""
    middle, low, high = pooled_ratio(rows)
    points = rows["points"].median() if "points" in rows else np.nan
    return f"excess risk L1 / L2 {middle:.2f} [{low:.2f}, {high:.2f}]" + (
        f", {signed_tenth(points)} points" if np.isfinite(points) else ""
    )


def wins_text(rows: pd.DataFrame, penalty: str) -> str:
    """How many scenarios a penalty wins, and the other, in a few words."""
    counts = rows["verdict"].value_counts()
    other = "l2" if penalty == "l1" else "l1"
    return (
        f"{penalty.upper()} wins {counts.get(penalty, 0)} of {len(rows)} "
        f"({other.upper()} {counts.get(other, 0)})"
    )


def tally(rows: pd.DataFrame) -> str:
    """Verdicts of a set of scenarios in words."""
    counts = rows["verdict"].value_counts()
    return (
        f"L1 wins {counts.get('l1', 0)}, L2 wins {counts.get('l2', 0)}, equivalent "
        f"{counts.get('equivalent', 0)}, undecided {counts.get('undecided', 0)} of {len(rows)}"
    )


def share_won(rows: pd.DataFrame, penalty: str) -> float:
    """Share of scenarios that a penalty wins."""
    return float((rows["verdict"] == penalty).mean()) if len(rows) else np.nan


def kinds_text(values: pd.Series) -> str:
    """How many scenarios there are of each kind, the most frequent first."""
    counts = values.value_counts(sort=False)
    counts = counts[counts > 0].sort_index().sort_values(ascending=False, kind="stable")
    return ", ".join(f"{str(kind).replace('_', ' ')} {n}" for kind, n in counts.items())
