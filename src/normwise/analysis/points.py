"""Differences of two penalties in points of what a model explains of new rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.tables import Tables
from normwise.data.response_kind import RESPONSES, kind_of

# the log-loss of a coin, which balanced classes have without a model
COIN = float(np.log(2))


def explained_points(tables: Tables) -> pd.DataFrame:
    r"""By how much more L1 explains of new rows than L2, in percentage points.

    A model of excess risk E explains :math:`1 - (\sigma^2 + E) / (\sigma^2 + s)` of the variance
    of a number, with s the variance of the signal: its R² on new rows. In units of the noise the
    difference is :math:`(E_2 - E_1) / (1 + \mathrm{snr})`. Of a binary response it is the
    difference of the log-losses in per cent of that of a coin, log 2: of balanced classes the
    explained deviance. Risks are means over the replicates, strengths chosen by cross-validation.

    Parameters
    ----------
    tables : dict of str to DataFrame
        With ``summary`` and ``scenarios``.

    Returns
    -------
    DataFrame
        ``dataset``, ``scenario`` and ``points``; above 0 L1 explains more. Scenarios in which one
        of the two was not measured are left out.
    """
    keys = ["dataset", "scenario"]
    rows = tables["summary"]
    rows = rows[(rows["tuning"] == "cv_min") & (rows["metric"] == "excess_risk")]
    risk = rows.astype({k: str for k in keys}).pivot(index=keys, columns="penalty", values="mean")
    if not {"l1", "l2"} <= set(risk):
        return pd.DataFrame(columns=[*keys, "points"])
    known = tables["scenarios"].astype({k: str for k in keys}).set_index(keys).reindex(risk.index)
    of_classes = known["response"].isin([r for r in RESPONSES if kind_of(r).classes])
    null = (1 + known["snr"]).where(~of_classes, COIN)
    points = 100 * (risk["l2"] - risk["l1"]) / null
    return points.rename("points").dropna().reset_index()
