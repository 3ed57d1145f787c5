"""How far numbers made again agree with those on file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

ROUNDING = 1e-8
SAME, ROUNDED, DIFFERENT = "the same bits", "the same to rounding", "different"
# how a solution was found, which may differ where the solution does not
FOUND_BY = ("gap", "fold_gap", "n_iter", "n_uncertified")
STEPS = ("fits", "metrics", "summary", "verdicts", "atlas")


@dataclass
class Verification:
    """What was found.

    Attributes
    ----------
    files : int
        Files on record.
    faults : list of str
        Files and settings that are not what they were, and numbers that differ.
    steps : dict of str to list of float
        For each comparison of a step, the largest relative difference; 0 for the same bits.
    left_out : list of str
        What could not be made again, and why.
    changes : list of str
        How code, packages and machine differ from those on record.
    """

    files: int = 0
    faults: list[str] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in STEPS})
    left_out: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def largest(self) -> float:
        """Largest relative difference."""
        return max((d for found in self.steps.values() for d in found), default=0.0)

    @property
    def outcome(self) -> str:
        """One of ``SAME``, ``ROUNDED`` and ``DIFFERENT``."""
        return DIFFERENT if self.faults else level(self.largest)

    def note(self, step: str, where: str, found: Mapping[str, float]) -> None:
        """Enter the differences of one comparison by the name of what was compared."""
        results = {name: d for name, d in found.items() if name not in FOUND_BY}
        # differences in how a solution was found are no larger than rounding
        how = max((min(d, ROUNDING) for n, d in found.items() if n in FOUND_BY), default=0.0)
        self.steps[step].append(max([how, *results.values()]))
        far = {name: d for name, d in results.items() if d > ROUNDING}
        if far:
            worst = max(far, key=lambda name: far[name])
            size = f"by {far[worst]:.1e}" if np.isfinite(far[worst]) else "in kind"
            more = f", and {len(far) - 1} more" if len(far) > 1 else ""
            self.faults.append(f"{where}: {worst} differs {size}{more}")


def level(difference: float) -> str:
    """What a largest relative difference amounts to."""
    return SAME if difference == 0 else ROUNDED if difference <= ROUNDING else DIFFERENT


def difference(ours: Any, theirs: Any) -> float:
    """Largest difference of two arrays over the largest value.

    Returns
    -------
    float
        0 only if all bits are the same; infinite if shapes, kinds or missing values differ.
    """
    a, b = np.asarray(ours), np.asarray(theirs)
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return np.inf
    if a.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(a, b) else np.inf
    if a.dtype == b.dtype and _same_bits(a, b):
        return 0.0
    a, b = a.astype(float), b.astype(float)
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return np.inf
    a, b = a[finite], b[finite]
    if not np.isfinite(b).all():
        return np.inf
    gap = np.abs(a - b).max(initial=0.0)
    # 0 and -0, or equal numbers of two sizes
    return float(gap / max(np.abs(a).max(), np.abs(b).max())) if gap else np.finfo(float).tiny


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    # a NaN has no value, and Parquet keeps none of its bits
    there = ~np.isnan(a)
    return np.array_equal(there, ~np.isnan(b)) and a[there].tobytes() == b[there].tobytes()


def by_metric(ours: pd.DataFrame, theirs: pd.DataFrame, keys: Sequence[str]) -> dict[str, float]:
    """Largest relative difference of two tables for each metric, rows matched by keys."""
    a, b = (_keyed(frame, keys) for frame in (ours, theirs))
    if not a.index.equals(b.index):
        return {"rows": np.inf}
    metrics = a.index.get_level_values("metric").to_numpy()
    columns = [(a[name].to_numpy(), b[name].to_numpy()) for name in a]
    return {
        str(metric): max(difference(x[metrics == metric], y[metrics == metric]) for x, y in columns)
        for metric in np.unique(metrics)
    }


def by_column(ours: pd.DataFrame, theirs: pd.DataFrame, keys: Sequence[str]) -> dict[str, float]:
    """Largest relative difference of two tables for each column, rows matched by keys."""
    a, b = (_keyed(frame, keys) for frame in (ours, theirs))
    if not a.index.equals(b.index):
        return {"rows": np.inf}
    return {name: difference(a[name], b[name]) for name in a}


def _keyed(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    texts = [key for key in keys if key != "replicate"]
    return frame.astype(dict.fromkeys(texts, "str")).set_index(list(keys)).sort_index()
