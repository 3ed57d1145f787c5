"""How many replicates a precision takes."""

from __future__ import annotations

import pandas as pd

from normwise.analysis.columns import RISKS, typed
from normwise.analysis.measure.effects import log_ratio
from normwise.analysis.measure.goal_effects import side_by_side

PILOT = 20


def pilot_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Table ``pilots``: how much log(L1 / L2) varies over the first replicates, and over all.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    """
    rows = []
    for dataset, scenario, wide in side_by_side(metrics, RISKS):
        pair = wide[["l1", "l2"]].dropna().sort_index()
        if len(pair) < 2:
            continue
        d = log_ratio(pair["l1"].to_numpy(), pair["l2"].to_numpy())
        rows.append(
            {
                "dataset": dataset,
                "scenario": scenario,
                "pilot": len(d[:PILOT]),
                "pilot_sd": d[:PILOT].std(ddof=1),
                "n": len(d),
                "sd": d.std(ddof=1),
            }
        )
    return typed(pd.DataFrame(rows), "pilots")
