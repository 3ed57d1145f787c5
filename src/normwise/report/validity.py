"""Where a rule may be used: what was measured, and how it did on what was held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import AXES
from normwise.analysis.learn.rule_of_thumb import Bounds, call_by_rule

OUTSIDE = "outside of what was measured"
CHOOSE_BOTH = "Fit both and keep the lower cross-validated error"
SHORT = {
    "n_samples": "rows",
    "n_features": "features",
    "aspect_ratio": "features per row",
    "nonzero_share": "share of features that matter",
    "snr": "signal-to-noise ratio",
    "nearest_correlation": "correlation of a typical feature with its nearest",
}
# the ranges of the scenarios in a small study need not hold any other table
SLACK = 1.1


def _value(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _span(cells: pd.DataFrame, column: str) -> str:
    low, high = cells[column].min(), cells[column].max()
    return _value(low) if low == high else f"{_value(low)} to {_value(high)}"


def measured_words(cells: pd.DataFrame) -> str:
    """What was measured, in a sentence: the range in which rule and surface may be used.

    Parameters
    ----------
    cells : DataFrame
        What `normwise.analysis.learn.cells.cells` returns; ``signal`` and ``signs`` may be
        missing.
    """
    numbers, n = int((cells["binary"] == 0).sum()), len(cells)
    kinds = [f"a number ({numbers})"] * (numbers > 0)
    kinds += [f"two classes ({n - numbers})"] * (n > numbers)
    text = (
        f"Measured: {n} simulated scenarios with {_span(cells, 'n_samples')} rows, "
        f"{_span(cells, 'n_features')} features ({_span(cells, 'aspect_ratio')} a row), "
        f"signal-to-noise ratios of {_span(cells, 'snr')}, correlations of a typical feature with "
        f"its nearest of {_span(cells, 'nearest_correlation')}; the response is "
        f"{' or '.join(kinds)}"
    )
    if {"signal", "signs"} <= set(cells):
        equal, same = ((cells[c] == v).sum() for c, v in (("signal", "equal"), ("signs", "same")))
        text += f"; effects are of equal size in {equal} and of the same sign in {same} of them"
    return text + "."


def outside_words(own: Mapping[str, float], cells: pd.DataFrame) -> tuple[str, ...]:
    """Properties of a table that lie outside of the measured ranges, each with its range.

    Parameters
    ----------
    own : mapping of str to float
        The properties `AXES`.
    cells : DataFrame
        The scenarios of the same kind of response.
    """
    out = []
    for axis in AXES if len(cells) else ():
        low, high = float(cells[axis].min()), float(cells[axis].max())
        if not low / SLACK <= own[axis] <= high * SLACK + 1e-9:
            out.append(f"{SHORT[axis]} {_value(own[axis])}, measured {_span(cells, axis)}")
    return tuple(out)


def record(cells: pd.DataFrame, bounds: Bounds) -> tuple[int, int, int]:
    """How many winners the rule names rightly, of how many, in how many scenarios held out."""
    fresh = cells[cells["held_out"]]
    called = call_by_rule(fresh, bounds)
    decided = fresh["verdict"].isin(("l1", "l2")).to_numpy()
    right = called == fresh["verdict"].to_numpy()
    return int((right & decided).sum()), int(decided.sum()), len(fresh)


def record_words(cells: pd.DataFrame, bounds: Bounds) -> str:
    """How the rule and the choice by cross-validation did on what was held out, in sentences."""
    right, decided, n = record(cells, bounds)
    if not decided:
        return ""
    text = (
        f"Told the true k, snr and r, the rule names the right penalty in {right} of the {decided} "
        f"scenarios with a winner among {n} held out."
    )
    cost = cells.loc[cells["held_out"], "cv_cost"] if "cv_cost" in cells else pd.Series(dtype=float)
    if not np.isfinite(cost).any():
        return text
    return (
        f"{text} {CHOOSE_BOTH}: there that costs "
        f"{100 * (np.exp(np.nanmean(cost)) - 1):.1f} % more excess risk than to know the better "
        "one, and needs no k, snr or r."
    )
