"""Intervals, standard errors and tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit


def wilson_interval(
    successes: float | np.ndarray, n: float | np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion (Wilson 1927)."""
    z = ndtri((1 + confidence) / 2)
    share = np.asarray(successes) / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # exactly, where rounding would leave a rest
    low, high = np.where(share == 0, 0.0, centre - half), np.where(share == 1, 1.0, centre + half)
    # numbers for numbers
    return low[()], high[()]


def with_intervals(effects: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add columns ``low`` and ``high``, the t interval, to effects with ``n`` and ``mcse``."""
    half = stdtrit(effects["n"] - 1, (1 + confidence) / 2) * effects["mcse"]
    return effects.assign(low=effects["effect"] - half, high=effects["effect"] + half)


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
        p-value of two one-sided tests that the effect is outside of the zone (Schuirmann 1987).
    """
    # a tiny floor keeps identical fits (mcse 0) defined
    unit = np.maximum(mcse, 1e-12)
    nearer = stdtr(n - 1, (zone - np.abs(effect)) / unit)
    return np.minimum(1.0, 2 * nearer), 1 - nearer


def _adjusted(p: np.ndarray, scenarios: pd.Series) -> np.ndarray:
    """Adjusted p-values, where equal rows of one scenario count once.

    A scenario that two data sets share has the same draws in both, and is one hypothesis.
    """
    tests = pd.DataFrame({"scenario": scenarios.to_numpy(), "p": np.asarray(p)})
    own = tests.drop_duplicates()
    # all of scipy's distributions: loaded when used
    from scipy import stats

    own = own.assign(q=stats.false_discovery_control(own["p"].to_numpy()))
    return tests.merge(own, how="left", on=["scenario", "p"])["q"].to_numpy()


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
        p-values of `zone_tests`, one for each effect.
    level : float
        False discovery rate.
    names : DataFrame
        Columns ``first`` and ``second``, the penalties, and ``scenario``.

    Returns
    -------
    DataFrame
        Columns ``q_win``, ``q_equivalent`` and ``verdict``.
    """
    q_win = _adjusted(p_win, names["scenario"])
    q_equivalent = _adjusted(p_equivalent, names["scenario"])
    winner = np.where(effect < 0, names["first"], names["second"])
    verdict = np.where(q_equivalent <= level, "equivalent", "undecided")
    verdict = np.where(q_win <= level, winner, verdict)
    return pd.DataFrame(
        {"q_win": q_win, "q_equivalent": q_equivalent, "verdict": verdict}, index=effect.index
    )
