"""Pairs of penalties on the same data: effects, intervals, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normwise.analysis.columns import typed
from normwise.fitting.penalty import ordered

# risks below this are rounding errors, of which none is better than another
ROUNDING = 1e-12
RISKS = ("excess_risk", "test_error")


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
        Of `standard_error`.
    """
    keys = ["dataset", "scenario", "penalty", "tuning", "metric"]
    groups = metrics.groupby(keys, observed=True, sort=True)["value"]
    quartiles = groups.quantile([0.25, 0.5, 0.75]).unstack()
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


def wilson_interval(
    successes: float | np.ndarray, n: float | np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion (Wilson 1927)."""
    z = stats.norm.ppf((1 + confidence) / 2)
    share = np.asarray(successes) / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


def paired_effect(first: np.ndarray, second: np.ndarray, overlap: float = 0.0) -> dict[str, float]:
    """Compare two penalties on the same replicates.

    Parameters
    ----------
    first, second : ndarray of shape (n_replicates,)
        Nonnegative risks.
    overlap : float
        Of `standard_error`.

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
    }


def with_intervals(effects: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add columns ``low`` and ``high``, the t interval, to effects with ``n`` and ``mcse``."""
    half = stats.t.ppf((1 + confidence) / 2, effects["n"] - 1) * effects["mcse"]
    return effects.assign(low=effects["effect"] - half, high=effects["effect"] + half)


def overlap(dataset: Mapping[str, Any]) -> float:
    """Rows held out per row that is fitted, if the replicates are splits of one table.

    Parameters
    ----------
    dataset : mapping
        Of the checked config.
    """
    share = dataset.get("test_share", 0.0)
    return float(share / (1 - share))


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
    effect: np.ndarray | float, mcse: np.ndarray | float, n: np.ndarray | int, zone: float
) -> tuple[np.ndarray, np.ndarray]:
    """The two p-values of effects from `n` replicates each.

    Returns
    -------
    p_win : ndarray
        Two-sided, of the interval null hypothesis that the effect is at most `zone` in size.
    p_equivalent : ndarray
        Of two one-sided tests that it is larger (Schuirmann 1987).
    """
    # a tiny floor keeps identical fits (mcse 0) defined
    unit = np.maximum(mcse, 1e-12)
    nearer = stats.t.cdf((zone - np.abs(effect)) / unit, n - 1)
    return np.minimum(1.0, 2 * nearer), 1 - nearer


def log_ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Logarithm of the ratio of two risks, 0 where both are rounding errors."""
    return np.log(np.maximum(first, ROUNDING) / np.maximum(second, ROUNDING))


def decide(
    effect: pd.Series,
    p_win: np.ndarray,
    p_equivalent: np.ndarray,
    level: float,
    names: pd.DataFrame,
) -> pd.DataFrame:
    """Verdicts of one family of scenarios, after Benjamini & Hochberg (1995).

    Parameters
    ----------
    effect, p_win, p_equivalent : Series
        Of `zone_tests`, one each.
    level : float
        False discovery rate.
    names : DataFrame
        Columns ``first`` and ``second``, the penalties.

    Returns
    -------
    DataFrame
        Columns ``q_win``, ``q_equivalent`` and ``verdict``.
    """
    q_win = stats.false_discovery_control(np.asarray(p_win))
    q_equivalent = stats.false_discovery_control(np.asarray(p_equivalent))
    winner = np.where(effect < 0, names["first"], names["second"])
    verdict = np.where(q_equivalent <= level, "equivalent", "undecided")
    verdict = np.where(q_win <= level, winner, verdict)
    return pd.DataFrame(
        {"q_win": q_win, "q_equivalent": q_equivalent, "verdict": verdict}, index=effect.index
    )


def pair_table(metrics: pd.DataFrame, overlap: float = 0.0) -> pd.DataFrame:
    """Table ``pairs``: the effects of every two penalties.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlap : float
        Of `standard_error`.
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


def infer(effects: pd.DataFrame, margin: float, confidence: float) -> pd.DataFrame:
    """Add intervals and p-values to table ``pairs``.

    Parameters
    ----------
    effects : DataFrame
        Columns of `paired_effect`.
    margin : float
        Half-width of the zone of equivalence, as a relative change.
    confidence : float
    """
    frame = with_intervals(effects, confidence)
    frame["ratio"] = np.exp(frame["effect"])
    # splits of one table are worth fewer independent ones
    size = 1 / (1 / frame["n"] + frame["overlap"])
    frame["first_better_low"], frame["first_better_high"] = wilson_interval(
        frame["first_better"] * size, size, confidence
    )
    frame["p_win"], frame["p_equivalent"] = zone_tests(
        frame["effect"], frame["mcse"], frame["n"], np.log1p(margin)
    )
    return frame


def judge(effects: pd.DataFrame, options: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``verdicts`` of the whole study.

    A penalty wins where its advantage exceeds the margin, two penalties are equivalent where the
    effect lies within it, each at the configured false discovery rate over the scenarios of the
    study (Benjamini & Hochberg 1995, per pair and tuning rule); otherwise the scenario is
    undecided.

    Parameters
    ----------
    effects : DataFrame
        Table ``pairs``.
    options : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    """
    if not len(effects):
        return typed(pd.DataFrame(), "verdicts")
    frame = infer(effects, options["margin"], options["confidence"])
    level = options["false_discovery_rate"]
    families = [
        decide(f["effect"], f["p_win"], f["p_equivalent"], level, f[["first", "second"]])
        for _, f in frame.groupby(["first", "second", "tuning"])
    ]
    return typed(frame.join(pd.concat(families)), "verdicts")
