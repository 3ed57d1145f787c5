"""Published comparisons put to the test: what the section on them says, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from normwise.analysis.trials.replications.knight_bajaj_2026 import (
    ENOUGH,
    ILL,
    LOW_SNR,
    N_FEATURES,
    verdict,
)
from normwise.audit.published import KNIGHT_BAJAJ, REGIMES, WANG, read_found

DIFFERENCE = 0.003


def wang() -> dict[str, Any]:
    """Counts over all scenarios of Wang et al. (2020).

    Returns
    -------
    dict
        The row of all scenarios of table ``audit_regimes``, and ``wins``, how often L1 wins among
        those run again with either grid.
    """
    regimes, rerun = read_found(REGIMES), read_found(WANG)
    wins = {g: int((rerun[f"verdict_{g}"] == "l1").sum()) for g in ("glmnet", "wide")}
    return {**regimes.iloc[0].to_dict(), "wins": wins}


def knight_bajaj() -> dict[str, Any]:
    """What was measured on a design after Knight & Bajaj (2026).

    Returns
    -------
    dict
        Of the cells with enough rows: ``n``, ``small``, in how many the RMSE differs by at most
        0.3 %, the range ``least`` to ``most`` of the lasso's excess risk over ridge's in these,
        and ``verdicts``. ``recall`` by penalty where features are collinear and the signal weak.
    """
    cells = read_found(KNIGHT_BAJAJ)
    enough = cells[cells["rows"] >= ENOUGH]
    small = enough[enough["rmse_gap"] <= DIFFERENCE]
    ratio = np.exp(small["effect"])
    hard = cells[(cells["condition"] == ILL) & (cells["snr"] == LOW_SNR)].mean()
    return {
        "rows": ENOUGH,
        "condition": ILL,
        "cells": len(cells),
        "data_sets": int(cells["n"].min()),
        "n": len(enough),
        "small": len(small),
        "least": float(ratio.min()),
        "most": float(ratio.max()),
        "largest_gap": float(enough["rmse_gap"].max()),
        "verdicts": enough.apply(verdict, axis=1).value_counts().to_dict(),
        "all_verdicts": {
            int(rows): own.apply(verdict, axis=1).value_counts().to_dict()
            for rows, own in cells.groupby("rows")
        },
        "recall": {
            "lasso": hard["recall_lasso"],
            "elastic_net": hard["recall_elastic_net"],
            "lasso_as_many": hard["same_lasso"],
            "chance": hard["kept_elastic_net"] / N_FEATURES,
        },
        "kept": {"lasso": hard["kept_lasso"], "elastic_net": hard["kept_elastic_net"]},
    }
