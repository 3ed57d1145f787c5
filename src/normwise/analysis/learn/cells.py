"""One row a scenario: the properties that surface and rule learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

AXES = ("aspect_ratio", "nonzero_share", "snr", "nearest_correlation")
# a feature counts as collinear from this correlation with its nearest on
COLLINEAR = 0.7


def cells(goals: pd.DataFrame, scenarios: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Measured effects of one goal with the properties of their scenarios, one row a scenario.

    Scenarios without a truth or without any signal have no place on the surface.

    Parameters
    ----------
    goals, scenarios : DataFrame
        The tables.
    goal : str

    Returns
    -------
    DataFrame
        Columns of both tables, and ``nonzero_share`` by effective number, ``load`` and
        ``signal_per_direction`` (see `normwise.analysis.learn.learn`), ``family``, and ``binary``.
    """
    own = goals[goals["goal"] == goal].merge(scenarios, on=["dataset", "scenario"])
    own = own.drop_duplicates("scenario")
    own = own[own["n_nonzero"] > 0].reset_index(drop=True)
    family = own["covariance"].where(own["features"] == "gaussian", own["features"])
    family = family.where((own["correlation"] != 0) | (family != "blocks"), "independent")
    # copies share everything, and rounding may take them beyond
    unshared = np.maximum(1 - own["nearest_correlation"] ** 2, 1e-6)
    return own.assign(
        nonzero_share=own["effective_nonzero"] / own["n_features"],
        load=own["effective_nonzero"] / (own["n_samples"] * np.sqrt(own["snr"] * unshared)),
        signal_per_direction=own["n_samples"] * own["snr"] / own["effective_features"],
        binary=(own["response"] == "binary").astype(float),
        family=family.where(own["response"] == "gaussian", "binary response"),
    )
