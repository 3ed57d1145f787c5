"""Where a table lies among the measured scenarios, and what they say of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from normwise.advice.atlas import Atlas
from normwise.advice.diagnosis import Signal
from normwise.advice.findings import Place
from normwise.analysis.learn.cells import AXES, BINARY
from normwise.analysis.learn.rule_of_thumb import NEITHER, call_by_rule
from normwise.analysis.learn.surface import LEVEL, Surface, inputs
from normwise.data.tables.table import Table
from normwise.fitting.loss import loss_of
from normwise.report.validity import measured_words, outside_words, record_words
from normwise.theory.boundary import phase_boundary

NEIGHBOURS = 8
# what rule and surface say of a table beyond the measured ranges
OUTSIDE = "outside"
# the surface is asked at this many quantiles of the signal-to-noise ratio, and answers with as
# many of its own uncertainty
QUANTILES = (np.arange(9) + 0.5) / 9
LEAST_SNR = 0.02
# the boundary of theory is that of unrelated features: up to this correlation of a typical feature
# it names every measured winner of squared error, beyond it six in seven
UNRELATED = 0.4
SHOWN = (
    "dataset",
    "label",
    "distance",
    "n_samples",
    "n_features",
    "effective_nonzero",
    "snr",
    "nearest_correlation",
    "effect",
    "points",
    "verdict",
)


def properties(table: Table, signal: Signal, count: np.ndarray, snr: np.ndarray) -> pd.DataFrame:
    """What rule and surface need, for each pair of an effective number and a ratio."""
    n, p = signal.n_rows or table.X.shape[0], table.X.shape[1]
    count, snr = np.clip(count, 1, p), np.maximum(snr, LEAST_SNR)
    near = signal.nearest_correlation
    return pd.DataFrame(
        {
            "aspect_ratio": p / n,
            "nonzero_share": count / p,
            "snr": snr,
            "nearest_correlation": near,
            "binary": BINARY[table.response],
            "load": count / (n * np.sqrt(snr * max(1 - near**2, 1e-6))),
            "signal_per_direction": n * snr / signal.effective_features,
        }
    )


def _log_spread(signal: Signal) -> float:
    low, high = max(signal.snr_low, LEAST_SNR), max(signal.snr_high, LEAST_SNR)
    return float(np.log(high / low) / (2 * stats.norm.ppf(0.975)))


def spread_effect(
    surface: Surface, table: Table, signal: Signal
) -> tuple[tuple[float, float, float], float]:
    """The surface's effect over all that the table may be.

    Returns
    -------
    tuple of float
        Median and 90 % interval.
    float
        Probability that L1 has the smaller risk.
    """
    step = stats.norm.ppf(QUANTILES)
    middle = np.log(max(signal.snr, LEAST_SNR))
    snr = np.exp(middle + _log_spread(signal) * step)
    count, weight = signal.sparsity.count, signal.sparsity.weight
    frame = properties(table, signal, np.repeat(count, len(snr)), np.tile(snr, len(count)))
    mean, sd = surface.model.predict(inputs(frame), return_std=True)
    mean, sd = surface.centre + surface.scale * mean, surface.scale * sd
    share = np.repeat(weight, len(snr)) / len(snr)
    values = (mean[:, None] + sd[:, None] * step).ravel()
    order = np.argsort(values)
    below = np.cumsum(np.repeat(share / len(step), len(step))[order])
    levels = (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2)
    where = np.minimum(np.searchsorted(below, levels), len(values) - 1)
    found = surface.bend * np.sinh(values[order[where]])
    return (
        (float(found[0]), float(found[1]), float(found[2])),
        float(share @ stats.norm.cdf(-mean / sd)),
    )


def _verdict(effect: tuple[float, float, float], chance: float, zone: float) -> str:
    middle, low, high = effect
    if abs(middle) > zone and max(chance, 1 - chance) >= LEVEL:
        return "l1" if middle < 0 else "l2"
    return "equivalent" if -zone < low and high < zone else "undecided"


def theory_of(own: pd.Series, n_rows: int, response: str) -> tuple[str, str]:
    """The side of the exact boundary on which a table lies, or silent and why."""
    loss = loss_of(response)
    if not loss.quadratic:
        return "silent", f"the exact boundary is known for squared error, not for {loss.label}"
    correlation = float(own["nearest_correlation"])
    if correlation > UNRELATED:
        return "silent", (
            "the exact boundary is that of unrelated features; here a typical one has a "
            f"correlation of {correlation:.2f} with the one most like it"
        )
    aspect = float(own["aspect_ratio"]) * n_rows / max(n_rows - 1, 1)
    share = phase_boundary(aspect, float(own["snr"]))
    side = "l1" if float(own["nonzero_share"]) < share else "l2"
    return side, "side of the exact boundary for unrelated features"


def locate(table: Table, signal: Signal, atlas: Atlas) -> Place:
    """Place a table on the map.

    Parameters
    ----------
    table : Table
    signal : Signal
    atlas : Atlas

    Returns
    -------
    Place
    """
    n, p = signal.n_rows or table.X.shape[0], table.X.shape[1]
    count = signal.sparsity.middle
    low, high = signal.sparsity.range(p)
    # few coefficients and much signal on one side, many and little on the other
    asked = properties(
        table,
        signal,
        np.array([count, low, high]),
        np.array([signal.snr, signal.snr_high, signal.snr_low]),
    )
    answers = call_by_rule(asked, atlas.bounds)
    own = asked.iloc[:1]
    effect, chance = spread_effect(atlas.surface, table, signal)
    theory, theory_basis = theory_of(own.iloc[0], n, table.response)
    side = BINARY[table.response]
    same = atlas.cells[atlas.cells["binary"] == side]
    outside = outside_words(dict(own.iloc[0]), same)
    inside = bool(len(same)) and not outside
    said = _verdict(effect, chance, atlas.zone) if inside else OUTSIDE
    over = [a for a in ("l1", NEITHER, "l2") if a in answers] if inside else [OUTSIDE]
    return Place(
        load=float(asked["load"][0]),
        load_low=float(asked["load"][1]),
        load_high=float(asked["load"][2]),
        signal_per_direction=float(own["signal_per_direction"].iloc[0]),
        bounds=(atlas.bounds.floor, atlas.bounds.lower, atlas.bounds.upper),
        rule=str(answers[0]) if inside else OUTSIDE,
        rule_range=tuple(over),
        surface=said,
        effect=effect[0],
        effect_low=effect[1],
        effect_high=effect[2],
        theory=theory,
        theory_basis=theory_basis,
        inside=inside,
        neighbours=_neighbours(own, atlas.cells),
        measured=same[["load", "effect", "verdict"]].reset_index(drop=True),
        l1_chance=chance,
        outside=outside,
        validity=measured_words(atlas.cells),
        record=record_words(atlas.cells, atlas.bounds),
    )


def _neighbours(own: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    columns = [*AXES, "binary"]
    here, there = inputs(own[columns]), inputs(cells[columns])
    distance = np.sqrt(((there - here) ** 2).sum(axis=1))
    found = cells.assign(distance=distance).sort_values("distance", kind="stable")
    return found.head(NEIGHBOURS)[list(SHOWN)].reset_index(drop=True)
