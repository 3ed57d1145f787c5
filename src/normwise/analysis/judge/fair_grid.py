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
    frame = effects.copy()
    for name in ("", "_glmnet"):
        frame[f"verdict{name}"] = verdicts_of(
            frame[f"effect{name}"], frame[f"mcse{name}"], frame["n"], frame["scenario"], comparison
        )
    return typed(frame, "fair_grid")


def verdicts_of(
    effect: pd.Series,
    mcse: pd.Series,
    n: pd.Series,
    scenario: pd.Series,
    comparison: Mapping[str, Any],
) -> pd.Series:
    """Verdicts of L1 against L2 on one grid, a family of their own.

    Parameters
    ----------
    effect, mcse : Series
        Mean of log(risk of L1 / risk of L2) and its standard error.
    n : Series
        Replicates.
    scenario : Series
    comparison : mapping
        ``margin`` and ``false_discovery_rate``.
    """
    names = pd.DataFrame({"first": "l1", "second": "l2", "scenario": scenario})
    tests = zone_tests(effect, mcse, n, np.log1p(comparison["margin"]))
    return decide(effect, *tests, comparison["false_discovery_rate"], names)["verdict"]
