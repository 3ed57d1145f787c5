"""What ridge loses on a grid that stops too early, over all scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.inference import decide, zone_tests


def judge_grids(effects: pd.DataFrame, comparison: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``fair_grid``: the verdicts with either grid.

    Parameters
    ----------
    effects : DataFrame
        Table ``grid_effects``.
    comparison : mapping
        ``margin`` and ``false_discovery_rate``.
    """
    if not len(effects):
        return typed(pd.DataFrame(), "fair_grid")
    frame = effects.assign(first="l1", second="l2")
    level, names = comparison["false_discovery_rate"], frame[["first", "second", "scenario"]]
    for name in ("", "_glmnet"):
        tests = zone_tests(
            frame[f"effect{name}"],
            frame[f"mcse{name}"],
            frame["n"],
            np.log1p(comparison["margin"]),
        )
        judged = decide(frame[f"effect{name}"], *tests, level, names)
        frame[f"verdict{name}"] = judged["verdict"]
    return typed(frame, "fair_grid")
