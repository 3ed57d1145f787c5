"""The rule of thumb: a cut on one number of a scenario, and rows enough that it hardly matters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

EQUIVALENT = "equivalent"
# where the two are called equivalent, so many of the scenarios have an effect within the zone
MOST_EQUIVALENT = 0.95
FEWEST_EQUIVALENT = 10
BOOTSTRAP, LEVEL = 400, 0.95


class Rule(NamedTuple):
    """The numbers of the rule.

    Attributes
    ----------
    cut : float
        L1 where the load is below, L2 elsewhere; 0 for never L1, infinite for always.
    low, high : float
        95 % bootstrap interval of the cut, over scenarios.
    enough : float
        Rows per feature from which on the two are equivalent, before all else; infinite for never.
    """

    cut: float
    low: float
    high: float
    enough: float = np.inf


def fit_rule(frame: pd.DataFrame, zone: float) -> Rule:
    """The rule of least regret, its numbers with two significant digits.

    Parameters
    ----------
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns.
    zone : float
        Half-width of the zone of equivalence.
    """
    enough = enough_rows(frame, zone)
    own = frame[frame["rows_per_feature"] < enough].sort_values("load", kind="stable")
    load, effect = own["load"].to_numpy(), own["effect"].to_numpy()
    rng = np.random.default_rng(0)
    # a bootstrap sample is how often each scenario is in it
    counts = rng.multinomial(len(load), np.full(len(load), 1 / max(len(load), 1)), BOOTSTRAP)
    again = [_best_cut(load, effect * count) for count in counts]
    low, high = np.quantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return Rule(_best_cut(load, effect), float(low), float(high), enough)


def _best_cut(load: np.ndarray, effect: np.ndarray) -> float:
    """Where to stop to take L1, for sorted loads: where the effects below have the least sum."""
    # cut i has i scenarios below it; equal loads cannot be parted
    whole = np.append(True, np.append(np.diff(load) > 1e-9 * load[1:], True))[: len(load) + 1]
    total = np.where(whole, np.append(0.0, np.cumsum(effect)), np.inf)
    cut = int(np.argmin(total))
    if cut == 0:
        return 0.0
    return np.inf if cut == len(load) else _digits(np.sqrt(load[cut - 1] * load[cut]))


def _digits(value: float) -> float:
    return float(f"{value:.2g}")


def enough_rows(frame: pd.DataFrame, zone: float) -> float:
    """Least number of rows per feature from which on nearly all effects lie within a zone.

    Of the scenarios with that many rows per feature, or any larger number, up to twice as many,
    at least `MOST_EQUIVALENT` have an effect within the zone.

    Parameters
    ----------
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns.
    zone : float
        Half-width of the zone of equivalence.

    Returns
    -------
    float
        With two significant digits, rounded upwards; infinite if there is none.
    """
    frame = frame.sort_values("rows_per_feature", kind="stable")
    ratio = frame["rows_per_feature"].to_numpy(float)
    within = np.append(0, np.cumsum(frame["effect"].abs().to_numpy() <= zone))
    stop = np.searchsorted(ratio, 2 * ratio, side="right")
    start = np.arange(len(ratio))
    # the last windows are cut off by the largest number of rows
    known = stop - start >= FEWEST_EQUIVALENT
    share = (within[stop] - within[start]) / (stop - start)
    failing = np.flatnonzero(known & (share < MOST_EQUIVALENT))
    first = failing[-1] + 1 if len(failing) else 0
    if not known[first:].any():
        return np.inf
    least = ratio[first]
    unit = 10.0 ** (np.floor(np.log10(least)) - 1)
    return float(np.ceil(least / unit - 1e-9) * unit)


def call_by_rule(frame: pd.DataFrame, rule: Rule) -> np.ndarray:
    """l1, l2 or equivalent for each scenario, by the rule of thumb."""
    side = np.where(frame["load"].to_numpy() < rule.cut, "l1", "l2")
    return np.where(frame["rows_per_feature"].to_numpy() >= rule.enough, EQUIVALENT, side)


def losses_of(frame: pd.DataFrame, called: np.ndarray) -> np.ndarray:
    """Log-ratio of the risk of each choice to that of the better penalty of its scenario.

    Where no winner is named a coin decides.
    """
    effect = frame["effect"].to_numpy()
    l1, l2 = np.maximum(effect, 0), np.maximum(-effect, 0)
    return np.where(called == "l1", l1, np.where(called == "l2", l2, (l1 + l2) / 2))


def read_rule(rules: pd.DataFrame, goal: str = "prediction") -> Rule | None:
    """The rule of a goal, where there is one."""
    own = rules[rules["goal"] == goal]
    return Rule(*own[list(Rule._fields)].iloc[0].astype(float)) if len(own) else None
