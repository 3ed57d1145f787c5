"""Tables on what others have published."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from normwise.analysis.meanings import column_meanings
from normwise.report.look.numbers import count, number, percent, words
from normwise.report.look.sheet import Column, Sheet, sheet
from normwise.report.sheets.texts import signed_percent


def regimes_sheet(regimes: pd.DataFrame) -> Sheet:
    """Where the end of glmnet's grid costs ridge, by property of the scenarios."""
    meanings = column_meanings("audit_regimes")
    columns = [
        Column("regime", "property"),
        Column("value", "value", words, numeric=False),
        Column("n", "scenarios", count),
        Column("binding", "grid ends early", percent),
        Column("dear", "costs over 2 %", percent),
        Column("cost_rmse_max", "RMSE, worst", lambda v: signed_percent(v - 1), numeric=True),
        Column("cost_risk_median", "excess risk, median", lambda v: f"× {v:.2f}", numeric=True),
        Column("cost_risk_max", "excess risk, worst", lambda v: f"× {v:.1f}", numeric=True),
        Column("n_rerun", "run again", count),
        Column("flips", "verdicts that change", count),
        Column("z_sd", "sd of z", number),
    ]
    # the table is not one of this study, so that its meanings are given and no download is
    return sheet(
        "published_regimes",
        "What the end of glmnet's grid costs ridge in the scenarios of Wang et al. (2020): theory, "
        "and verdicts of those run again.",
        regimes,
        [replace(c, meaning=meanings[c.key]) for c in columns],
    )
