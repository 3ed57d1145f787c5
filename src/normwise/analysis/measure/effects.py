"""Pairs of penalties on the same data: effects, intervals, verdicts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from normwise.analysis.columns import RISKS, typed
from normwise.analysis.inference import standard_error
from normwise.fitting.names import ordered

# risks below this are rounding errors and count as equal
ROUNDING = 1e-12
QUARTILES = [0.25, 0.5, 0.75]


def pairs(penalties: Iterable[str]) -> list[tuple[str, str]]:
    """Every two penalties, in the order in which they are shown."""
    names = ordered(penalties)
    return [(first, second) for i, second in enumerate(names) for first in names[:i]]


def summarise(metrics: pd.DataFrame, overlap: float = 0.0) -> pd.DataFrame:
    """Table ``summary``: mean with Monte Carlo standard error, and quartiles, over replicates.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlap : float
        Argument of `standard_error`.
    """
    keys = ["dataset", "scenario", "penalty", "tuning", "metric"]
    groups = metrics.groupby(keys, observed=True, sort=True)["value"]
    # without any row, unstacking leaves no columns
    quartiles = groups.quantile(QUARTILES).unstack().reindex(columns=QUARTILES)
    n = groups.size()
    out = pd.DataFrame(
        {
            "n": n,
            "mean": groups.mean(),
            "mcse": groups.std(ddof=1) * np.sqrt(1 / n + overlap),
            "q25": quartiles[0.25],
            "median": quartiles[0.5],
            "q75": quartiles[0.75],
        }
    ).reset_index()
    return out.astype(dict.fromkeys(keys, "str"))


def paired_effect(first: np.ndarray, second: np.ndarray, overlap: float = 0.0) -> dict[str, float]:
    """Compare two penalties on the same replicates.

    Parameters
    ----------
    first, second : ndarray of shape (n_replicates,)
        Nonnegative risks.
    overlap : float
        Argument of `standard_error`.

    Returns
    -------
    dict
        Columns of table ``pairs``.
    """
    d = log_ratio(first, second)
    return {
        "n": len(d),
        "effect": float(d.mean()),
        "mcse": standard_error(d, overlap),
        "median_ratio": float(np.exp(np.median(d))),
        "first_better": float(((d < 0).sum() + (d == 0).sum() / 2) / len(d)),
        "overlap": overlap,
        # see `normwise.analysis.measure.sample_error`
        "sample_se": 0.0,
    }


def log_ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Logarithm of the ratio of two risks, 0 where both are rounding errors."""
    return np.log(np.maximum(first, ROUNDING) / np.maximum(second, ROUNDING))


def pair_table(metrics: pd.DataFrame, overlap: float = 0.0) -> pd.DataFrame:
    """Table ``pairs``: the effects of every two penalties.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlap : float
        Argument of `standard_error`.
    """
    risks = metrics[metrics["metric"].isin(RISKS)]
    rows = []
    keys = ["dataset", "scenario", "metric", "tuning"]
    for key, group in risks.groupby(keys, observed=True, sort=True):
        wide = group.pivot(index="replicate", columns="penalty", values="value").astype(float)
        for first, second in pairs(wide):
            pair = wide[[first, second]].dropna()
            if len(pair) < 2:
                continue
            rows.append(
                dict(zip(keys, key, strict=True))
                | {"first": first, "second": second, "n_lost": len(wide) - len(pair)}
                | paired_effect(pair[first].to_numpy(), pair[second].to_numpy(), overlap)
            )
    return typed(pd.DataFrame(rows), "pairs")
