"""Rules that people are told, as functions of what a scenario is.

They are told the truth where one would have to estimate it (how many features matter) and read the
population's correlations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

# limits that textbooks name for collinearity: of a variance inflation factor, of a correlation, and
# of a condition index, which is the root of a ratio of eigenvalues (Belsley, Kuh & Welsch 1980)
VIF, CORRELATION, CONDITION = 10.0, 0.7, 30.0
FEW = 0.5
# rows a feature from which on a guide takes ridge, and its limit for collinearity, which is read as
# one of eigenvalues: of singular values it would be reached even more rarely
PLENTY, ILL = 78, 1e4
ELASTIC_NET = "elastic_net"

# when each takes L1; it takes L2 in all other scenarios
TAKES_L1: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "L1 if p > n": lambda s: s["n_features"] > s["n_samples"],
    f"L2 if VIF > {VIF:g}": lambda s: s["mean_vif"] <= VIF,
    f"L2 if |r| > {CORRELATION:g}": lambda s: s["nearest_correlation"].abs() <= CORRELATION,
    f"L2 if condition > {CONDITION:g}": lambda s: s["condition_number"] <= CONDITION**2,
    "L1 if under half matter": lambda s: s["n_nonzero"] < FEW * s["n_features"],
}
GUIDE = "guide of Knight & Bajaj"
# advice by name, in the order in which it is told
COMMON = (*TAKES_L1, GUIDE)


def call_by_guide(scenarios: pd.DataFrame) -> np.ndarray:
    """Choice of the guide of Knight & Bajaj (2026, arXiv 2604.03541) in each scenario.

    From 78 rows a feature on its three penalties predict alike, and it takes the fastest, ridge.
    For fewer it names none for prediction. There its advice for estimation stands in, as an excess
    risk is an error of estimation: elastic net if features are collinear, else lasso if the truth
    is sparse and ridge if it is dense.

    Parameters
    ----------
    scenarios : DataFrame
        Rows of table ``scenarios``.

    Returns
    -------
    ndarray of str, shape (n,)
        ``l1``, ``l2`` or ``elastic_net``.
    """
    plenty = scenarios["n_samples"] >= PLENTY * scenarios["n_features"]
    collinear = scenarios["condition_number"] > ILL
    sparse = TAKES_L1["L1 if under half matter"](scenarios)
    return np.select([plenty, collinear, sparse], ["l2", ELASTIC_NET, "l1"], "l2")


def common_calls(scenarios: pd.DataFrame) -> dict[str, np.ndarray]:
    """Choice of each rule, ``l1``, ``l2`` or ``elastic_net``, in each scenario.

    Parameters
    ----------
    scenarios : DataFrame
        Rows of table ``scenarios``.

    Returns
    -------
    dict of str to ndarray of str, shape (n,)
    """
    calls = {
        name: np.where(takes(scenarios).to_numpy(bool), "l1", "l2")
        for name, takes in TAKES_L1.items()
    }
    return calls | {GUIDE: call_by_guide(scenarios)}
