"""Differences of two penalties in points of what a model explains of new rows."""

from __future__ import annotations

import pandas as pd

GOAL = "explained"


def explained_points(goals: pd.DataFrame) -> pd.DataFrame:
    r"""By how much more L1 explains of new rows than L2, in percentage points.

    Of a number, points of R² on new rows; of classes, per cent of the log-loss of the best
    constant, of counts of its deviance.

    Parameters
    ----------
    goals : DataFrame
        The table.

    Returns
    -------
    DataFrame
        ``dataset``, ``scenario`` and ``points``; above 0 L1 explains more. Scenarios in which one
        of the two was not measured are left out.
    """
    rows = goals[goals["goal"] == GOAL]
    # an effect below 0 says that L1 is better
    return rows[["dataset", "scenario"]].assign(points=-100 * rows["effect"]).reset_index(drop=True)
