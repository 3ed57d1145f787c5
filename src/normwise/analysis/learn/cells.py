"""Table ``ground``: what surface and rule learn from, one row a goal and scenario."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.points import explained_points
from normwise.data.response_kind import DEFAULT, kind_of

AXES = ("aspect_ratio", "nonzero_share", "snr", "signal_alignment")
# a feature counts as collinear from this correlation with its nearest on
COLLINEAR = 0.7
SIZES = {
    "under 100 rows": 100,
    "100 to 299 rows": 300,
    "300 to 999 rows": 1000,
    "1,000 rows or more": np.inf,
}


def is_of_classes(response: str) -> float:
    """Column ``binary`` of a kind of response, an axis of the surface: 1 for classes."""
    return float(bool(kind_of(response).classes))


def _of_numbers(own: pd.DataFrame) -> np.ndarray:
    # what no linear predictor explains is noise to it
    misfit = own["nonlinear_share"] / (1 - own["nonlinear_share"])
    return np.asarray(own["snr"] / (1 + own["snr"] * misfit))


def _of_two_classes(own: pd.DataFrame) -> np.ndarray:
    # all of theory: loaded when used
    from normwise.theory.observed import observed_snr

    return np.asarray(observed_snr(own["snr"], own["prevalence"]))


def _of_several_classes(own: pd.DataFrame) -> np.ndarray:
    from normwise.theory.observed import observed_snr_of_classes

    return np.asarray(observed_snr_of_classes(own["snr"], own["n_classes"]))


def _of_counts(own: pd.DataFrame) -> np.ndarray:
    from normwise.theory.observed import observed_snr_of_counts

    return np.asarray(observed_snr_of_counts(own["snr"], own["mean_count"], own["dispersion"]))


# signal-to-noise ratio of the best linear predictor of the response itself, by kind of response
OBSERVED: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "gaussian": _of_numbers,
    "binary": _of_two_classes,
    "multinomial": _of_several_classes,
    "poisson": _of_counts,
}


def _observed(own: pd.DataFrame) -> np.ndarray:
    found = np.full(len(own), np.nan)
    for response, rows in own.groupby("response").indices.items():
        found[rows] = OBSERVED[str(response)](own.iloc[rows])
    return found


def _smallest_class(own: pd.DataFrame) -> pd.Series:
    """Twice the share of the smallest class; one of responses that are no classes."""
    rarer = np.minimum(own["prevalence"], 1 - own["prevalence"])
    kinds = own["response"].map(lambda name: (bool(kind_of(name).classes), kind_of(name).several))
    of_two, of_several = kinds == (True, False), kinds == (True, True)
    return (2 * rarer).where(of_two, 1.0).where(~of_several, 2 / own["n_classes"])


def ground_of(
    goals: pd.DataFrame, scenarios: pd.DataFrame, strategies: pd.DataFrame
) -> pd.DataFrame:
    """Table ``ground``: measured effects with the properties of their scenarios.

    Scenarios without a truth or without any signal have no place on the surface, nor have those
    whose response is of a kind that ``OBSERVED`` has no entry for. A scenario that two data sets
    share is there once.

    Parameters
    ----------
    goals, scenarios, strategies : DataFrame
        The tables.

    Returns
    -------
    DataFrame
        ``nonzero_share`` is by effective number, and ``snr`` that of the best linear predictor of
        the response, of classes on the scale of zeros and ones. ``binary`` is 1 for classes.
    """
    keys = ["dataset", "scenario"]
    own = goals.merge(scenarios, on=keys).drop_duplicates(["goal", "scenario"])
    own = own[(own["n_nonzero"] > 0) & own["response"].isin(list(OBSERVED))].reset_index(drop=True)
    own = own.assign(binary=own["response"].map(is_of_classes).astype(float))
    family = own["covariance"].where((own["correlation"] != 0), "independent")
    own = own.merge(explained_points(goals), on=keys, how="left")
    own = own.merge(_cv_costs(strategies), on=keys, how="left")
    own = own.assign(
        family=family,
        snr=_observed(own),
        # of classes the rarest one decides how much the rows say
        rows_per_feature=own["n_samples"] / own["n_features"] * _smallest_class(own),
    )
    return typed(with_derived(own), "ground")


def with_derived(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with what follows from its properties: the shares and the load.

    Where the effects of correlated features cancel, the alignment is below 1, and neither penalty
    gains by it.
    """
    counted = frame["effective_nonzero"] * acting_together(frame)
    return frame.assign(
        aspect_ratio=frame["n_features"] / frame["n_samples"],
        nonzero_share=frame["effective_nonzero"] / frame["n_features"],
        load=counted / (frame["n_samples"] * np.sqrt(frame["snr"])),
    )


def acting_together(frame: pd.DataFrame) -> pd.Series:
    """The alignment of the signal as far as it counts: at least 1."""
    return frame["signal_alignment"].clip(lower=1.0)


def _cv_costs(strategies: pd.DataFrame) -> pd.DataFrame:
    """What it costs to keep the penalty of lower cross-validated error, a log-ratio of risks."""
    keys = ["dataset", "scenario"]
    wide = strategies.pivot_table(index=keys, columns="strategy", values="effect", observed=True)
    wide = wide.reindex(columns=["l1", "l2", "cv_choice"])
    cost = wide["cv_choice"] - wide[["l1", "l2"]].min(axis=1)
    return cost.rename("cv_cost").reset_index()


def cells(ground: pd.DataFrame, goal: str = "prediction") -> pd.DataFrame:
    """Rows of one goal, one a scenario."""
    return ground[ground["goal"] == goal].reset_index(drop=True)


def learnt_from(whole: pd.DataFrame) -> pd.DataFrame:
    """The cells that surface and rule are fitted to: those that are not held out."""
    return whole[~whole["held_out"]].reset_index(drop=True)


def sample(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many scenarios, in their order."""
    # ids are digests, so that the first of them are a sample at random
    chosen = frame.sort_values("scenario", kind="stable")[:most]
    return chosen.sort_index().reset_index(drop=True)


def family_of(frame: pd.DataFrame) -> pd.Series:
    """Family of each scenario: its covariance, its features or its response, what is unusual."""
    name = frame["family"].where(frame["features"] == "gaussian", frame["features"])
    return name.where(frame["response"] == DEFAULT, frame["response"] + " response")


def size_of(frame: pd.DataFrame) -> pd.Series:
    """Class of each scenario's number of rows."""
    place = np.searchsorted(list(SIZES.values()), frame["n_samples"], side="right")
    return pd.Series(np.array(list(SIZES))[place], frame.index)
