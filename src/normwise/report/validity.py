"""Where a rule may be used: what was measured, and how it did on what was held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import AXES
from normwise.analysis.learn.rule_of_thumb import Rule, call_by_rule
from normwise.data.response_kind import RESPONSES, kind_of
from normwise.report.tallies import kinds_text

OUTSIDE = "outside of what was measured"
CHOOSE_BOTH = "Fit both and keep the lower cross-validated error"
SHORT = {
    "n_samples": "rows",
    "n_features": "features",
    "aspect_ratio": "features per row",
    "nonzero_share": "share of features that matter",
    "snr": "signal-to-noise ratio",
    "signal_alignment": "alignment of the signal",
}
# the ranges of the scenarios in a small study need not hold any other table
SLACK = 1.1


def _value(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _span(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return _value(low) if low == high else f"{_value(low)} to {_value(high)}"


def measured_words(cells: pd.DataFrame) -> str:
    """What was measured, in a sentence: the range in which rule and surface may be used.

    Parameters
    ----------
    cells : DataFrame
        What `normwise.analysis.learn.cells.cells` returns; ``features``, ``signal`` and ``signs``
        may be missing.
    """
    found = cells["response"].value_counts()
    kinds = [f"{kind_of(name).label} ({found[name]})" for name in RESPONSES if name in found]
    text = (
        f"Measured: {len(cells):,} simulated scenarios with {_span(cells['n_samples'])} rows, "
        f"{_span(cells['n_features'])} features ({_span(1 / cells['aspect_ratio'])} rows "
        f"for each), signal-to-noise ratios of {_span(cells['snr'])}, alignments of the signal of "
        f"{_span(cells['signal_alignment'])}; the response is {' or '.join(kinds)}"
    )
    for column, name in (("features", "features"), ("signal", "sizes of the effects")):
        if column in cells:
            text += f"; {name}: {kinds_text(cells[column])}"
    if "signs" in cells:
        text += f"; effects have the same sign in {(cells['signs'] == 'same').sum()} of them"
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
            out.append(f"{SHORT[axis]} {_value(own[axis])}, measured {_span(cells[axis])}")
    return tuple(out)


def record(cells: pd.DataFrame, rule: Rule) -> tuple[int, int, int]:
    """How many winners the rule names rightly, of how many, in how many scenarios held out."""
    fresh = cells[cells["held_out"]]
    called = call_by_rule(fresh, rule)
    decided = fresh["verdict"].isin(("l1", "l2")).to_numpy()
    right = called == fresh["verdict"].to_numpy()
    return int((right & decided).sum()), int(decided.sum()), len(fresh)


def record_words(cells: pd.DataFrame, rule: Rule) -> str:
    """How the rule and the choice by cross-validation did on what was held out, in sentences."""
    right, decided, n = record(cells, rule)
    if not decided:
        return ""
    text = (
        f"Told the true a, k and snr, the rule names the right penalty in {right} of the {decided} "
        f"scenarios with a winner among {n} held out."
    )
    cost = cells.loc[cells["held_out"], "cv_cost"] if "cv_cost" in cells else pd.Series(dtype=float)
    if not np.isfinite(cost).any():
        return text
    return (
        f"{text} {CHOOSE_BOTH}: there that costs "
        f"{100 * (np.exp(np.nanmean(cost)) - 1):.1f} % more excess risk than always knowing the "
        "better one, and needs no a, k or snr."
    )
