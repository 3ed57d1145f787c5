"""Rules that people are told, as functions of what a scenario is.

Each says for which scenarios to take L1; in all others it says L2. They are told the truth where
one would have to estimate it (how many features matter) and read the population's correlations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

# limits that textbooks name for collinearity: of a variance inflation factor, of a correlation, and
# of a condition index, which is the root of a ratio of eigenvalues (Belsley, Kuh & Welsch 1980)
VIF, CORRELATION, CONDITION = 10.0, 0.7, 30.0
FEW = 0.5

TAKES_L1: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "L1 if p > n": lambda s: s["n_features"] > s["n_samples"],
    f"L2 if VIF > {VIF:g}": lambda s: s["mean_vif"] <= VIF,
    f"L2 if |r| > {CORRELATION:g}": lambda s: s["nearest_correlation"].abs() <= CORRELATION,
    f"L2 if condition > {CONDITION:g}": lambda s: s["condition_number"] <= CONDITION**2,
    "L1 if under half matter": lambda s: s["n_nonzero"] < FEW * s["n_features"],
}


def common_calls(scenarios: pd.DataFrame) -> dict[str, np.ndarray]:
    """Choice of each rule, ``l1`` or ``l2``, in each scenario.

    Parameters
    ----------
    scenarios : DataFrame
        Rows of table ``scenarios``.

    Returns
    -------
    dict of str to ndarray of str, shape (n,)
    """
    return {
        name: np.where(takes(scenarios).to_numpy(bool), "l1", "l2")
        for name, takes in TAKES_L1.items()
    }
