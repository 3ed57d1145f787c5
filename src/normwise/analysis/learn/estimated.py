"""Rules that are told what can be estimated from the data, in place of the truth.

Each replicate is a reader of its own, who describes it and calls a penalty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import cells
from normwise.analysis.learn.common_advice import TAKES_L1

KEYS = ["dataset", "scenario"]
# no data set, and so no call
ABSENT = ""
# what has no signal at all is no point on a logarithmic scale
LEAST_SNR = 1e-6
# what anybody knows of a table
KNOWN = ("replicates", "n_samples", "n_features", "aspect_ratio")
# needs no estimate
COUNTED = "L1 if p > n"
# names of rules that are told estimates, by their names where they are told the truth
NAMES = {
    "rule of thumb": "rule of thumb, all estimated",
    "response surface": "response surface, all estimated",
    "exact phase boundary": "exact boundary, all estimated",
} | {name: f"{name}, estimated" for name in TAKES_L1 if name != COUNTED}
Calls = Mapping[str, np.ndarray]


def as_seen(scenarios: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Table ``scenarios`` as it looks to those who have one replicate of each.

    Parameters
    ----------
    scenarios : DataFrame
        The table.
    estimates : DataFrame
        Rows of table ``estimates``, one a scenario.

    Returns
    -------
    DataFrame
        Scenarios that were described. Numbers that nobody knows and nothing estimates are NaN.
    """
    seen = estimates.drop(columns=["replicate", "risk_l1", "risk_l2", "log_ratio"])
    seen = seen.assign(n_nonzero=seen["effective_nonzero"], snr=seen["snr"].clip(lower=LEAST_SNR))
    told = [name for name in seen.columns if name not in KEYS]
    out = scenarios.drop(columns=told).merge(seen, on=KEYS)
    out["nonzero_share"] = out["n_nonzero"] / out["n_features"]
    numbers = out.select_dtypes("number").columns
    unknown = [name for name in numbers if name not in (*KNOWN, "nonzero_share", *told)]
    return out.assign(**dict.fromkeys(unknown, np.nan))[list(scenarios.columns)]


def estimated_calls(
    frame: pd.DataFrame,
    goals: pd.DataFrame,
    scenarios: pd.DataFrame,
    estimates: pd.DataFrame,
    call: Callable[[pd.DataFrame], Calls],
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What each rule calls for on some data sets of each scenario, and what was the truth there.

    Parameters
    ----------
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns of the scenarios to be judged.
    goals, scenarios, estimates : DataFrame
        The tables.
    call : callable
        Given such a frame, the choices of the rules by name.

    Returns
    -------
    calls : dict of str to ndarray of str, shape (n, n_replicates)
        By the name of the rule where it is told estimates; `ABSENT` where there is no data set.
    log_ratio : ndarray of shape (n, n_replicates)
        Of the excess risks of L1 and L2 on each of them; NaN where there is none.
    """
    place = pd.Series(np.arange(len(frame)), index=frame["scenario"])
    # a scenario that two data sets share has the same draws in both
    estimates = estimates[estimates["scenario"].isin(place.index)]
    estimates = estimates.drop_duplicates(["scenario", "replicate"])
    numbers = sorted(estimates["replicate"].unique())
    shape = len(frame), len(numbers)
    log_ratio = np.full(shape, np.nan)
    calls: dict[str, np.ndarray] = {}
    for column, number in enumerate(numbers):
        own = estimates[estimates["replicate"] == number]
        log_ratio[place[own["scenario"]], column] = own["log_ratio"]
        seen = cells(goals, as_seen(scenarios, own), "prediction")
        for name, called in call(seen).items():
            if name in NAMES:
                whole = calls.setdefault(NAMES[name], np.full(shape, ABSENT, object))
                whole[place[seen["scenario"]], column] = called
    return calls, log_ratio


def losses_by_data_set(
    frame: pd.DataFrame, called: np.ndarray, log_ratio: np.ndarray
) -> np.ndarray:
    """Log-ratio of the risk of what is called to that of the better penalty of each scenario.

    Both on the same data set, mean over those of the scenario: the better penalty has its mean
    risk over all replicates only, and this has the same expectation with less noise. Where no
    winner is named a coin decides.

    Parameters
    ----------
    frame : DataFrame
        With the ``effect``.
    called, log_ratio : ndarray of shape (n, n_replicates)
        What `estimated_calls` returns.

    Returns
    -------
    ndarray of shape (n,)
        NaN for a scenario without data sets.
    """
    share = np.where(called == "l1", 1.0, np.where(called == "l2", 0.0, 0.5))
    best = (frame["effect"].to_numpy() < 0)[:, None]
    losses = np.where(called == ABSENT, np.nan, (share - best) * log_ratio)
    there = np.isfinite(losses)
    total = np.where(there, losses, 0.0).sum(axis=1)
    return np.divide(total, there.sum(axis=1), out=np.full(len(frame), np.nan), where=there.any(1))
