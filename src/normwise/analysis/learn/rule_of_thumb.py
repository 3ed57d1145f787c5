"""The rule of thumb: three bounds on two numbers of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

NEITHER = "neither"
# an unneeded name for a winner costs half of a missed one: it misleads, and harms little
FALSE_CALL = 0.5


class Bounds(NamedTuple):
    """The three numbers of the rule.

    Attributes
    ----------
    floor : float
        No clear winner where the signal per direction is below; 0 for never.
    lower, upper : float
        Elsewhere L1 where the load is below ``lower``, L2 where it is above ``upper``.
    """

    floor: float
    lower: float
    upper: float


def fit_bounds(frame: pd.DataFrame) -> Bounds:
    """Bounds that name the right winner most often, with two significant digits.

    A scenario whose winner is missed or reversed costs 1, and a winner named where there is none
    `FALSE_CALL`.

    Parameters
    ----------
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns.
    """
    frame = frame.sort_values("load", kind="stable")
    load, signal = frame["load"].to_numpy(), frame["signal_per_direction"].to_numpy()
    decided = frame["verdict"].isin(("l1", "l2")).to_numpy(float)
    # what each answer costs in each scenario
    wrong = {NEITHER: decided} | {
        side: np.where(decided, frame["verdict"] != side, FALSE_CALL) for side in ("l1", "l2")
    }
    best: tuple[float, Bounds] | None = None
    levels = np.unique(signal)
    for floor in [0.0, *(_between(a, b) for a, b in pairwise(levels))]:
        weak = signal < floor
        lower, upper, cost = _fit_cuts(load[~weak], {k: v[~weak] for k, v in wrong.items()})
        cost += wrong[NEITHER][weak].sum()
        # the least floor of those that do equally well
        if best is None or cost < best[0]:
            best = cost, Bounds(floor, lower, upper)
    assert best is not None
    return best[1]


def _between(a: float, b: float) -> float:
    return float(f"{np.sqrt(a * b):.2g}")


def _fit_cuts(load: np.ndarray, wrong: Mapping[str, np.ndarray]) -> tuple[float, float, float]:
    """Lower and upper cut of sorted loads, and the number of wrong answers."""
    below = {name: np.append(0.0, np.cumsum(cost)) for name, cost in wrong.items()}
    # cut i has i scenarios below it; equal loads cannot be parted
    whole = np.append(True, np.append(np.diff(load) > 1e-9 * load[1:], True))[: len(load) + 1]
    first = np.where(whole, below["l1"] - below[NEITHER], np.inf)
    second = np.where(whole, below[NEITHER] - below["l2"], np.inf)
    # best lower cut at or below each upper cut
    best = np.minimum.accumulate(first)
    upper = int(np.argmin(best + second))
    lower = int(np.argmin(first[: upper + 1]))

    def bound(cut: int) -> float:
        if cut == 0:
            return 0.0
        return np.inf if cut == len(load) else _between(load[cut - 1], load[cut])

    return bound(lower), bound(upper), float(best[upper] + second[upper] + below["l2"][-1])


def call_by_rule(frame: pd.DataFrame, bounds: Bounds) -> np.ndarray:
    """l1, l2 or neither for each scenario, by the rule of thumb."""
    load = frame["load"].to_numpy()
    side = np.where(load < bounds.lower, "l1", np.where(load > bounds.upper, "l2", NEITHER))
    return np.where(frame["signal_per_direction"].to_numpy() < bounds.floor, NEITHER, side)


def losses_of(frame: pd.DataFrame, called: np.ndarray) -> np.ndarray:
    """Log-ratio of the risk of each choice to that of the better penalty of its scenario.

    Where no winner is named a coin decides.
    """
    effect = frame["effect"].to_numpy()
    l1, l2 = np.maximum(effect, 0), np.maximum(-effect, 0)
    return np.where(called == "l1", l1, np.where(called == "l2", l2, (l1 + l2) / 2))


def read_bounds(rules: pd.DataFrame, goal: str = "prediction") -> Bounds | None:
    """Bounds of the rule of a goal, where there is one."""
    own = rules[rules["goal"] == goal]
    return Bounds(*own[list(Bounds._fields)].iloc[0].astype(float)) if len(own) else None
