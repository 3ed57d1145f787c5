"""One row a scenario: the properties that surface and rule learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.data.response_kind import DEFAULT

AXES = ("aspect_ratio", "nonzero_share", "snr", "nearest_correlation")
# a feature counts as collinear from this correlation with its nearest on
COLLINEAR = 0.7
# time to learn grows with the cube of the scenarios
MOST = 1000
# column ``binary`` by kind of response, an axis of the surface
BINARY = {"gaussian": 0.0, "binary": 1.0}


def cells(goals: pd.DataFrame, scenarios: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Measured effects of one goal with the properties of their scenarios, one row a scenario.

    Scenarios without a truth or without any signal have no place on the surface, nor have those
    whose response is of a kind that ``BINARY`` has no value for.

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
    own = own[(own["n_nonzero"] > 0) & own["response"].isin(list(BINARY))].reset_index(drop=True)
    family = own["covariance"].where(own["features"] == "gaussian", own["features"])
    family = family.where((own["correlation"] != 0) | (family != "blocks"), "independent")
    # copies share everything, and rounding may take them beyond
    unshared = np.maximum(1 - own["nearest_correlation"] ** 2, 1e-6)
    return own.assign(
        nonzero_share=own["effective_nonzero"] / own["n_features"],
        load=own["effective_nonzero"] / (own["n_samples"] * np.sqrt(own["snr"] * unshared)),
        signal_per_direction=own["n_samples"] * own["snr"] / own["effective_features"],
        binary=own["response"].map(BINARY).astype(float),
        family=family.where(own["response"] == DEFAULT, own["response"] + " response"),
    )


def learnt_from(whole: pd.DataFrame) -> pd.DataFrame:
    """The cells that surface and rule are fitted to: not held out, and at most `MOST` of them."""
    frame = whole[~whole["held_out"]].reset_index(drop=True)
    # ids are digests, so that the first of them are a sample at random
    frame = frame.sort_values("scenario", kind="stable")[:MOST].sort_index()
    return frame.reset_index(drop=True)
