"""Published comparisons put to the test: what the section on them says, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.knight_bajaj_2026 import (
    DIFFERENCE,
    ENOUGH,
    ILL,
    LOW_SNR,
    N_FEATURES,
    ZONE,
    verdict,
)
from normwise.audit.shipped import KNIGHT_BAJAJ, REGIMES, WANG, read_found
from normwise.report.look.words import VERDICT_NAMES
from normwise.theory.linear import ols_risk


def wang() -> dict[str, Any]:
    """Counts over all scenarios of Wang et al. (2020).

    Returns
    -------
    dict
        The row of all scenarios of table ``audit_regimes``; of those run again ``wins``, how often
        L1 wins with either grid, and ``turned``, in how many the other penalty wins.
    """
    regimes, rerun = read_found(REGIMES), read_found(WANG)
    wins = {g: int((rerun[f"verdict_{g}"] == "l1").sum()) for g in ("glmnet", "wide")}
    turned = (rerun["verdict_glmnet"] == "l1") & (rerun["verdict_wide"] == "l2")
    return {**regimes.iloc[0].to_dict(), "wins": wins, "turned": int(turned.sum())}


def knight_bajaj() -> dict[str, Any]:
    """What was measured on a design after Knight & Bajaj (2026).

    Returns
    -------
    dict
        Of the ``n`` cells with enough rows: ``small``, in how many the RMSE differs by at most
        0.3 %, and the range ``least`` to ``most`` of the lasso's excess risk over ridge's in these.
        ``first`` and ``last``: verdicts with the fewest and with the most rows that are enough.
        ``recall`` and ``kept`` by penalty where features are collinear and the signal weak.
        ``alike``: in how many small ones the excess risks too are within 5 %. ``cost_*``: excess
        risk with the strengths that scikit-learn has by default over that with ours, in the median
        of cells with a weak signal and in the worst cell; ``lasso_better*``: in how many of the
        ``n`` cells the lasso's is lower by more than 5 %, with ours and with those.
    """
    cells = read_found(KNIGHT_BAJAJ)
    enough = cells[cells["rows"] >= ENOUGH]
    small = enough[enough["rmse_gap"] <= DIFFERENCE]
    ratio = np.exp(small["effect"])
    hard = cells[(cells["condition"] == ILL) & (cells["snr"] == LOW_SNR)].mean()
    verdicts = {rows: _verdicts(own) for rows, own in cells.groupby("rows")}
    last = max(verdicts)
    return {
        "rows": ENOUGH,
        "condition": ILL,
        "cells_at": len(cells) // len(verdicts),
        "n": len(enough),
        "small": len(small),
        "least": float(ratio.min()),
        "most": float(ratio.max()),
        "least_squares": float(
            np.sqrt(1 + ols_risk(ENOUGH * N_FEATURES, N_FEATURES, 1.0, True)) - 1
        ),
        "largest_gap": float(enough["rmse_gap"].max()),
        "first": verdicts[ENOUGH],
        "last_rows": last,
        "last": verdicts[last],
        "most_equivalent": max(found["equivalent"] for found in verdicts.values()),
        "recall": {
            "lasso": hard["recall_lasso"],
            "elastic_net": hard["recall_elastic_net"],
            "lasso_as_many": hard["same_lasso"],
            "chance": hard["kept_elastic_net"] / N_FEATURES,
        },
        "kept": {"lasso": hard["kept_lasso"], "elastic_net": hard["kept_elastic_net"]},
        "alike": int((np.abs(small["effect"]) <= ZONE).sum()),
        "lasso_better": int((enough["effect"] < -ZONE).sum()),
        "lasso_better_default": int((enough["effect_default"] < -ZONE).sum()),
        "weak_snr": LOW_SNR,
        "cost_ridge": float(cells.loc[cells["snr"] == LOW_SNR, "cost_ridge"].median()),
        "cost_ridge_most": float(cells["cost_ridge"].max()),
        "cost_lasso_most": float(cells["cost_lasso"].max()),
    }


def _verdicts(cells: pd.DataFrame) -> dict[str, int]:
    counts = cells.apply(verdict, axis=1).value_counts()
    return {name: int(counts.get(name, 0)) for name in VERDICT_NAMES}
