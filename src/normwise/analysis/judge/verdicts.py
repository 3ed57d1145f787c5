"""Effects of all scenarios made into verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.inference import decide, wilson_interval, with_intervals, zone_tests


def infer(effects: pd.DataFrame, margin: float, confidence: float) -> pd.DataFrame:
    """Add intervals and p-values to table ``pairs``.

    Parameters
    ----------
    effects : DataFrame
        Columns of `paired_effect`.
    margin : float
        Half-width of the zone of equivalence, as a relative change.
    confidence : float
    """
    frame = with_intervals(effects, confidence)
    frame["ratio"] = np.exp(frame["effect"])
    # splits of one table overlap: their effective number is smaller
    size = 1 / (1 / frame["n"] + frame["overlap"])
    frame["first_better_low"], frame["first_better_high"] = wilson_interval(
        frame["first_better"] * size, size, confidence
    )
    frame["p_win"], frame["p_equivalent"] = zone_tests(
        frame["effect"], frame["mcse"], frame["n"], np.log1p(margin)
    )
    return frame


def judge(effects: pd.DataFrame, options: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``verdicts`` of the whole study.

    A penalty wins where its advantage exceeds the margin, two penalties are equivalent where the
    effect lies within it, each at the configured false discovery rate over the scenarios of the
    study (Benjamini & Hochberg 1995, per pair and tuning rule), of which one that two data sets
    share counts once; otherwise the scenario is undecided.

    Parameters
    ----------
    effects : DataFrame
        Table ``pairs``.
    options : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    """
    if not len(effects):
        return typed(pd.DataFrame(), "verdicts")
    frame = infer(effects, options["margin"], options["confidence"])
    level = options["false_discovery_rate"]
    families = [
        decide(
            f["effect"], f["p_win"], f["p_equivalent"], level, f[["first", "second", "scenario"]]
        )
        for _, f in frame.groupby(["first", "second", "tuning"])
    ]
    return typed(frame.join(pd.concat(families)), "verdicts")
