"""Ways to choose a penalty from the data, measured on one block."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.columns import RISKS, typed
from normwise.analysis.measure.effects import log_ratio
from normwise.analysis.measure.goal_effects import side_by_side

STRATEGIES = ("l1", "l2", "elastic_net", "relaxed_lasso", "l1_1se", "cv_choice")


def strategy_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Table ``strategies``: what it costs to use one penalty always, or to let the folds choose.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    """
    errors = {(d, s): wide for d, s, wide in side_by_side(metrics, ("cv_error",))}
    sparser = {(d, s): wide for d, s, wide in side_by_side(metrics, RISKS, "cv_1se")}
    rows = []
    for dataset, scenario, risk in side_by_side(metrics, RISKS):
        risk = risk.dropna(subset=["l1", "l2"])
        if len(risk) < 2:
            continue
        cv = errors[dataset, scenario].loc[risk.index]
        # a tie is a null model on both sides
        risk = risk.assign(cv_choice=np.where(cv["l1"] < cv["l2"], risk["l1"], risk["l2"]))
        if (dataset, scenario) in sparser:
            risk["l1_1se"] = sparser[dataset, scenario]["l1"]
        for strategy in STRATEGIES:
            if strategy not in risk:
                continue
            d = log_ratio(risk[strategy].to_numpy(), risk["l2"].to_numpy())
            d = d[np.isfinite(d)]
            if len(d) < 2:
                continue
            rows.append(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "strategy": strategy,
                    "n": len(d),
                    "effect": d.mean(),
                    "mcse": d.std(ddof=1) / np.sqrt(len(d)),
                }
            )
    return typed(pd.DataFrame(rows), "strategies")
