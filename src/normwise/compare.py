"""Pairs of penalties on the same data: effects, intervals, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normwise.penalties import ordered
from normwise.tables import typed

# risks below this are rounding errors, of which none is better than another
ROUNDING = 1e-12
RISKS = ("excess_risk", "test_error")


def pairs(penalties: Iterable[str]) -> list[tuple[str, str]]:
    """Every two penalties, in the order in which they are shown."""
    names = ordered(penalties)
    return [(first, second) for i, second in enumerate(names) for first in names[:i]]


def summarise(metrics: pd.DataFrame, overlaps: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Table ``summary``: mean with Monte Carlo standard error, and quartiles, over replicates.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlaps : mapping of str to float, optional
        Of `standard_error`, for data sets whose replicates are splits of one table.
    """
    keys = ["dataset", "scenario", "penalty", "tuning", "metric"]
    groups = metrics.groupby(keys, observed=True, sort=True)["value"]
    quartiles = groups.quantile([0.25, 0.5, 0.75]).unstack()
    n = groups.size()
    overlap = n.index.get_level_values("dataset").map(lambda name: (overlaps or {}).get(name, 0.0))
    out = pd.DataFrame(
        {
            "n": n,
            "mean": groups.mean(),
            "mcse": groups.std(ddof=1) * np.sqrt(1 / n + np.asarray(overlap, float)),
            "q25": quartiles[0.25],
            "median": quartiles[0.5],
            "q75": quartiles[0.75],
        }
    ).reset_index()
    return out.astype(dict.fromkeys(keys, "str"))


def wilson_interval(successes: float, n: float, confidence: float) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927)."""
    z = stats.norm.ppf((1 + confidence) / 2)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(centre - half), float(centre + half)


def paired_effect(
    first: np.ndarray,
    second: np.ndarray,
    margin: float,
    confidence: float,
    overlap: float = 0.0,
) -> dict[str, float | int]:
    """Compare two penalties on the same replicates.

    Parameters
    ----------
    first, second : ndarray of shape (n_replicates,)
        Nonnegative risks.
    margin : float
        Half-width of the zone of equivalence, as a relative change.
    confidence : float
    overlap : float
        Of `standard_error`.

    Returns
    -------
    dict
        The effect columns of table ``verdicts``, with unadjusted p-values. ``p_win`` is the
        two-sided p-value of the interval null hypothesis that the effect lies within the zone;
        ``p_equivalent`` is that of two one-sided tests (Schuirmann 1987).
    """
    n = len(first)
    d = log_ratio(first, second)
    effect = float(d.mean())
    mcse = standard_error(d, overlap)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * mcse
    p_win, p_equivalent = zone_tests(effect, mcse, n, margin)
    wins = float((d < 0).sum() + (d == 0).sum() / 2)
    # splits of one table are worth fewer independent ones
    size = 1 / (1 / n + overlap)
    low, high = wilson_interval(wins / n * size, size, confidence)
    return {
        "n": n,
        "effect": effect,
        "mcse": mcse,
        "low": effect - half,
        "high": effect + half,
        "ratio": float(np.exp(effect)),
        "median_ratio": float(np.exp(np.median(d))),
        "first_better": wins / n,
        "first_better_low": low,
        "first_better_high": high,
        "p_win": float(p_win),
        "p_equivalent": float(p_equivalent),
    }


def standard_error(values: np.ndarray, overlap: float = 0.0) -> float:
    r"""Standard error of a mean over replicates.

    Parameters
    ----------
    values : ndarray of shape (n_replicates,)
    overlap : float
        0 for independent replicates. For repeated splits of one table, rows held out per row that
        is fitted: the factor :math:`1/J` of the variance becomes :math:`1/J +` ``overlap``
        (Nadeau & Bengio 2003).
    """
    return float(values.std(ddof=1) * np.sqrt(1 / len(values) + overlap))


def zone_tests(
    effect: np.ndarray | float, mcse: np.ndarray | float, n: int, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """The two p-values of `paired_effect`, for arrays of effects from `n` replicates each."""
    zone = np.log1p(margin)
    # a tiny floor keeps identical fits (mcse 0) defined
    unit = np.maximum(mcse, 1e-12)
    nearer = stats.t.cdf((zone - np.abs(effect)) / unit, n - 1)
    return np.minimum(1.0, 2 * nearer), 1 - nearer


def log_ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Logarithm of the ratio of two risks, 0 where both are rounding errors."""
    return np.log(np.maximum(first, ROUNDING) / np.maximum(second, ROUNDING))


def decide(
    effect: pd.Series, p_win: pd.Series, p_equivalent: pd.Series, level: float, names: pd.DataFrame
) -> pd.DataFrame:
    """Verdicts of one family of scenarios, after Benjamini & Hochberg (1995).

    Parameters
    ----------
    effect, p_win, p_equivalent : Series
        Of `paired_effect`.
    level : float
        False discovery rate.
    names : DataFrame
        Columns ``first`` and ``second``, the penalties.

    Returns
    -------
    DataFrame
        Columns ``q_win``, ``q_equivalent`` and ``verdict``.
    """
    q_win = stats.false_discovery_control(p_win.to_numpy())
    q_equivalent = stats.false_discovery_control(p_equivalent.to_numpy())
    winner = np.where(effect < 0, names["first"], names["second"])
    verdict = np.where(q_equivalent <= level, "equivalent", "undecided")
    verdict = np.where(q_win <= level, winner, verdict)
    return pd.DataFrame(
        {"q_win": q_win, "q_equivalent": q_equivalent, "verdict": verdict}, index=effect.index
    )


def compare(
    metrics: pd.DataFrame, options: Mapping[str, Any], overlaps: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Table ``verdicts`` of the whole study.

    A penalty wins where its advantage exceeds the margin, two penalties are equivalent where the
    effect lies within it, each at the configured false discovery rate over the scenarios of the
    study (Benjamini & Hochberg 1995, per pair and tuning rule); otherwise the scenario is
    undecided.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    options : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    overlaps : mapping of str to float, optional
        Of `standard_error`, for data sets whose replicates are splits of one table.
    """
    risks = metrics[metrics["metric"].isin(RISKS)]
    rows = []
    keys = ["dataset", "scenario", "metric", "tuning"]
    for (dataset, scenario, metric, tuning), group in risks.groupby(keys, observed=True, sort=True):
        wide = group.pivot(index="replicate", columns="penalty", values="value").astype(float)
        for first, second in pairs(wide):
            pair = wide[[first, second]].dropna()
            if len(pair) < 2:
                continue
            effect = paired_effect(
                pair[first].to_numpy(),
                pair[second].to_numpy(),
                options["margin"],
                options["confidence"],
                (overlaps or {}).get(str(dataset), 0.0),
            )
            rows.append(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "metric": metric,
                    "tuning": tuning,
                    "first": first,
                    "second": second,
                    "n_lost": len(wide) - len(pair),
                }
                | effect
            )
    if not rows:
        return typed(pd.DataFrame(), "verdicts")
    frame = pd.DataFrame(rows)
    level = options["false_discovery_rate"]
    families = [
        decide(f["effect"], f["p_win"], f["p_equivalent"], level, f[["first", "second"]])
        for _, f in frame.groupby(["first", "second", "tuning"])
    ]
    return typed(frame.join(pd.concat(families)), "verdicts")
