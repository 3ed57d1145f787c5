"""Where a table lies among the measured scenarios, and what they say of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from normwise.advice.atlas import Atlas
from normwise.advice.diagnosis import Signal
from normwise.advice.findings import Place
from normwise.analysis.learn.cells import AXES, acting_together, is_of_classes, with_derived
from normwise.analysis.learn.exact_boundary import call_by_theory
from normwise.analysis.learn.rule_of_thumb import EQUIVALENT, call_by_rule
from normwise.analysis.learn.surface import LEVEL, Surface, inputs
from normwise.data.tables.table import Table
from normwise.report.validity import measured_words, outside_words, record_words

NEIGHBOURS = 8
# what rule and surface say of a table beyond the measured ranges
OUTSIDE = "outside"
NOT_MEASURED: tuple[str, ...] = ("no scenario has such a response",)
# the surface is asked at so many quantiles of the signal-to-noise ratio and of the alignment, and
# answers with as many of its own uncertainty
STEPS = stats.norm.ppf((np.arange(9) + 0.5) / 9)
FEWER_STEPS = stats.norm.ppf((np.arange(5) + 0.5) / 5)
LEAST_SNR = 0.02
SHOWN = (
    "dataset",
    "label",
    "distance",
    "n_samples",
    "n_features",
    "effective_nonzero",
    "snr",
    "signal_alignment",
    "effect",
    "points",
    "verdict",
)


def properties(
    table: Table,
    signal: Signal,
    count: np.ndarray,
    snr: np.ndarray,
    alignment: np.ndarray,
) -> pd.DataFrame:
    """What rule and surface need, for numbers of coefficients, ratios and alignments."""
    n, p = signal.n_rows or table.X.shape[0], table.X.shape[1]
    rows = n
    if is_of_classes(table.response):
        # the rarest class decides how much the rows say
        shares = np.unique(table.y, return_counts=True)[1] / len(table.y)
        rows = 2 * float(shares.min()) * n
    own = {
        "n_samples": n,
        "n_features": p,
        "rows_per_feature": rows / p,
        "effective_nonzero": np.clip(count, 1, p),
        "snr": np.maximum(snr, LEAST_SNR),
        "signal_alignment": alignment,
        "binary": is_of_classes(table.response),
    }
    return with_derived(pd.DataFrame(own))


def _known(table: Table, signal: Signal) -> pd.DataFrame:
    """The properties by the middle of each estimate, then those of least and of largest load.

    The errors of the estimates are taken as unrelated: their squares on the log scale add up.
    """
    p = table.X.shape[1]
    own = properties(
        table,
        signal,
        np.array([signal.sparsity.middle]),
        np.array([signal.snr]),
        np.array([signal.alignment.middle]),
    )
    few, many = signal.sparsity.range(p)
    weak, strong = (max(snr, LEAST_SNR) for snr in (signal.snr_low, signal.snr_high))
    count, snr = own.loc[0, ["nonzero_share", "snr"]] * [p, 1]
    alignment = signal.alignment
    least, middle, most = np.maximum([alignment.low, alignment.middle, alignment.high], 1)
    ends = {
        "low": (few / count, np.sqrt(snr / strong), least / middle),
        "high": (many / count, np.sqrt(snr / weak), most / middle),
    }
    reach = {side: np.sqrt((np.log(parts) ** 2).sum()) for side, parts in ends.items()}
    out = pd.concat([own] * 3, ignore_index=True)
    out["load"] *= np.exp([0.0, -reach["low"], reach["high"]])
    return out


def _log_spread(signal: Signal) -> float:
    low, high = max(signal.snr_low, LEAST_SNR), max(signal.snr_high, LEAST_SNR)
    return float(np.log(high / low) / (2 * stats.norm.ppf(0.975)))


def _possible(table: Table, signal: Signal) -> tuple[pd.DataFrame, np.ndarray]:
    """All that the table may be, and how likely each is."""
    middle = np.log(max(signal.snr, LEAST_SNR))
    snr = np.exp(middle + _log_spread(signal) * STEPS)
    weight = signal.sparsity.weight / (len(STEPS) * len(FEWER_STEPS))
    parts = np.meshgrid(signal.sparsity.count, snr, signal.alignment.at(FEWER_STEPS), indexing="ij")
    frame = properties(table, signal, *(part.ravel() for part in parts))
    return frame, np.repeat(weight, len(frame) // len(weight))


def spread_effect(
    surface: Surface, possible: pd.DataFrame, weight: np.ndarray
) -> tuple[tuple[float, float, float], float]:
    """The surface's effect over all that a table may be.

    Returns
    -------
    tuple of float
        Median and 90 % interval.
    float
        Probability that L1 has the smaller loss.
    """
    mean, sd = surface.posterior(possible)
    values = (mean[:, None] + sd[:, None] * STEPS).ravel()
    order = np.argsort(values)
    below = np.cumsum(np.repeat(weight / len(STEPS), len(STEPS))[order])
    levels = (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2)
    where = np.minimum(np.searchsorted(below, levels), len(values) - 1)
    found = surface.bend * np.sinh(values[order[where]])
    return (
        (float(found[0]), float(found[1]), float(found[2])),
        float(weight @ stats.norm.cdf(-mean / sd)),
    )


def _verdict(effect: tuple[float, float, float], chance: float, zone: float) -> str:
    middle, low, high = effect
    if abs(middle) > zone and max(chance, 1 - chance) >= LEVEL:
        return "l1" if middle < 0 else "l2"
    return EQUIVALENT if -zone < low and high < zone else "undecided"


def theory_of(own: pd.DataFrame) -> tuple[str, str]:
    """The side of the exact boundary on which a table lies, and what it is a boundary of.

    It is exact for squared error. With the signal on the scale of zeros and ones it is as good for
    two classes, by what was measured.
    """
    times = float(acting_together(own).iloc[0])
    return str(call_by_theory(own)[0]), (
        "side of the exact boundary for unrelated features, each of those that matter counted "
        f"{times:.2g} times, by the alignment of the signal"
    )


def locate(table: Table, signal: Signal, atlas: Atlas) -> Place:
    """Place a table on the map.

    Where it has no scenario with a response of the table's kind, those with a number stand in for
    counts, and those with two classes for several.

    Parameters
    ----------
    table : Table
    signal : Signal
    atlas : Atlas

    Returns
    -------
    Place
    """
    asked = _known(table, signal)
    answers = call_by_rule(asked, atlas.rule)
    own = asked.iloc[:1]
    possible, weight = _possible(table, signal)
    effect, chance = spread_effect(atlas.surface, possible, weight)
    points = (np.nan, np.nan, np.nan)
    if atlas.explained is not None:
        # an effect below 0 says that L1 explains more
        middle, low, high = spread_effect(atlas.explained, possible, weight)[0]
        points = (-100 * middle, -100 * high, -100 * low)
    theory, theory_basis = theory_of(own)
    same, stand_in = _alike(table.response, atlas.cells)
    outside = outside_words(dict(own.iloc[0]), same) if len(same) else NOT_MEASURED
    inside = not outside
    said = _verdict(effect, chance, atlas.zone) if inside else OUTSIDE
    over = [a for a in ("l1", EQUIVALENT, "l2") if a in answers] if inside else [OUTSIDE]
    return Place(
        load=float(asked["load"][0]),
        load_low=float(asked["load"][1]),
        load_high=float(asked["load"][2]),
        numbers=atlas.rule,
        rows_per_feature=float(own["rows_per_feature"].iloc[0]),
        enough=atlas.enough,
        margin=float(np.expm1(atlas.zone)),
        rule=str(answers[0]) if inside else OUTSIDE,
        rule_range=tuple(over),
        surface=said,
        effect=effect[0],
        effect_low=effect[1],
        effect_high=effect[2],
        points=points[0],
        points_low=points[1],
        points_high=points[2],
        theory=theory,
        theory_basis=theory_basis,
        inside=inside,
        neighbours=_neighbours(own, atlas.cells),
        measured=same[["load", "effect", "verdict"]].reset_index(drop=True),
        l1_chance=chance,
        outside=outside,
        validity=measured_words(atlas.cells),
        record=record_words(atlas.cells, atlas.rule),
        stand_in=stand_in,
    )


def _alike(response: str, cells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Scenarios with a response of a kind, or those that stand in for them, and what these have."""
    own = cells[cells["response"] == response]
    if len(own):
        return own, ""
    side = is_of_classes(response)
    return cells[cells["binary"] == side], "two classes" if side else "a number"


def _neighbours(own: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    columns = [*AXES, "binary"]
    here, there = inputs(own[columns]), inputs(cells[columns])
    distance = np.sqrt(((there - here) ** 2).sum(axis=1))
    found = cells.assign(distance=distance).sort_values("distance", kind="stable")
    return found.head(NEIGHBOURS)[list(SHOWN)].reset_index(drop=True)
