"""Verdicts for each goal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.goals import GOALS
from normwise.analysis.inference import decide, with_intervals, zone_tests


def judge_goals(
    effects: pd.DataFrame, comparison: Mapping[str, Any], held_out: Collection[str] = ()
) -> pd.DataFrame:
    """Table ``goals``: verdicts for each goal.

    Parameters
    ----------
    effects : DataFrame
        Table ``goal_effects``.
    comparison : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    held_out : collection of str
        Data sets whose verdicts are given apart, so that they cannot change those of the others.
    """
    parts = []
    effects = with_intervals(effects, comparison["confidence"])
    for key, goal in GOALS.items():
        for apart in (False, True):
            own = effects["dataset"].isin(held_out) == apart
            frame = effects[own & (effects["goal"] == key)]
            if not len(frame):
                continue
            p_win, p_equivalent = zone_tests(
                frame["effect"], frame["mcse"], frame["n"], goal.zone(comparison["margin"])
            )
            names = frame[["scenario"]].assign(first="l1", second="l2")
            level = comparison["false_discovery_rate"]
            parts.append(frame.join(decide(frame["effect"], p_win, p_equivalent, level, names)))
    return typed(pd.concat(parts) if parts else pd.DataFrame(), "goals")
