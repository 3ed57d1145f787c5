"""The winner depends on the goal: L1 against L2 for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS, Goal
from normwise.analysis.learn.cells import cells
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.rule import load_axis
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.style import (
    note_figure,
    ratio_axis,
    verdict_key,
    verdict_names,
    verdict_points,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "prediction": "excess risk",
    "selection": "missed area of the\nranking's ROC curve",
    "stability": "missed agreement\nof two samples",
    "calibration": "calibration error of\nthe probability",
}
# an effect so many times as far out as nearly all others leaves the frame
FAR = 3


def _frame_of(own: pd.DataFrame, zone: float) -> float:
    size = own["effect"].abs()
    near = float(size.quantile(0.95))
    inside = size[size <= FAR * near]
    return max(3 * zone, 1.25 * float(inside.max()))


def _panel(ax: Axes, own: pd.DataFrame, key: str, goal: Goal, margin: float) -> int:
    """Draw one goal; returns how many effects lie outside of the frame."""
    from matplotlib.ticker import FuncFormatter

    zone, outside = goal.zone(margin), 0
    if goal.is_ratio:
        own = own.assign(**{c: np.exp(own[c]) for c in ("effect", "low", "high")})
        verdict_points(ax, own, "load", 3.4, edge=0)
        ratio_axis(ax, min(0.7, own["low"].min() / 1.2), max(1.4, own["high"].max() * 1.2))
        ax.axhspan(np.exp(-zone), np.exp(zone), color="#DDDDDD", lw=0, zorder=0.5)
        ax.axhline(1, color="#444444", lw=0.8, zorder=0.6)
    else:
        reach = _frame_of(own, zone)
        verdict_points(ax, own, "load", 3.4, edge=0)
        ax.set_ylim(-reach, reach)
        ax.yaxis.set_major_formatter(
            FuncFormatter(lambda v, _: f"{v:+.2g}".replace("-", "−") if v else "0")
        )
        ax.axhspan(-zone, zone, color="#DDDDDD", lw=0, zorder=0.5)
        ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)
        outside = _arrows(ax, own[own["effect"].abs() > reach], reach)
    ax.set_ylabel(f"{MEASURES[key]}\n{'L1 / L2' if goal.is_ratio else 'L1 − L2'}")
    verdict_key(ax, own["verdict"], names=False)
    ax.set_title(key, pad=20)
    for text, height, align in (("L2 better ↑", 0.97, "top"), ("L1 better ↓", 0.03, "bottom")):
        ax.text(0.98, height, text, transform=ax.transAxes, ha="right", va=align, fontsize="small")
    return outside


def _arrows(ax: Axes, beyond: pd.DataFrame, reach: float) -> int:
    for _, row in beyond.iterrows():
        side = np.sign(row["effect"])
        ax.annotate(
            f"{row['effect']:+.1f}".replace("-", "−"),
            (row["load"], side * reach),
            xytext=(0, -16 * side),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize="small",
            bbox={"fc": "white", "ec": "none", "pad": 1},
            arrowprops={"arrowstyle": "->", "color": "#444444"},
        )
    return len(beyond)


def _shares(counts: dict[str, pd.Series]) -> str:
    parts = [
        f"{n.get('l1', 0)} and {n.get('l2', 0)} of {n.sum()} for {key}" for key, n in counts.items()
    ]
    return f" L1 and L2 win {', '.join(parts)}."


def _meaning(frames: dict[str, pd.DataFrame]) -> str:
    return f"Goals: {'; '.join(f'{key}, {GOALS[key].name}' for key in frames)}."


def _turned(frames: dict[str, pd.DataFrame]) -> str:
    """Scenarios whose winner for prediction loses for another goal."""
    if "prediction" not in frames:
        return ""
    first, words = frames["prediction"].set_index("scenario")["verdict"], []
    for key, frame in frames.items():
        second = frame.set_index("scenario")["verdict"]
        both = pd.DataFrame({"first": first, "second": second}).dropna()
        both = both[both.isin(("l1", "l2")).all(axis=1)]
        if key != "prediction" and len(both):
            words.append(f"{(both['first'] != both['second']).sum()} of {len(both)} for {key}")
    return (
        f" Where two goals have a winner, it is another one than for prediction in "
        f"{', '.join(words)}."
        if words
        else ""
    )


def _title(counts: dict[str, pd.Series]) -> str:
    parts = [
        f"{key} {100 * (n.get('l1', 0) + n.get('l2', 0)) / n.sum():.0f} %"
        for key, n in counts.items()
    ]
    return f"Scenarios with a clear winner, by goal: {', '.join(parts)}"


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("goals")


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Effect of every scenario on each goal's loss, against its load."""
    import matplotlib.pyplot as plt

    frames = {key: cells(tables["goals"], tables["scenarios"], key) for key in GOALS}
    frames = {key: own for key, own in frames.items() if len(own)}
    if not frames:
        return Drawing(
            note_figure("No scenario of this study has a known truth and a signal."),
            "The goals are not compared",
            "Goals are compared where the truth is known and some feature matters; no scenario "
            "of this study is of that kind.",
        )
    rows = -(-len(frames) // 2)
    figure, axes = plt.subplots(
        rows,
        min(2, len(frames)),
        figsize=(7.5 if len(frames) > 1 else 5, 0.7 + 3.0 * rows),
        sharex=True,
        layout="constrained",
        squeeze=False,
    )
    for ax in axes.flat[len(frames) :]:
        ax.set_axis_off()
    outside = 0
    for ax, (key, own) in zip(axes.flat, frames.items(), strict=False):
        ax.set_xscale("log")
        outside += _panel(ax, own, key, GOALS[key], entry["margin"])
    loads = [load for own in frames.values() for load in own["load"]]
    for ax in axes[-1]:
        load_axis(ax, (min(loads) / 1.4, max(loads) * 1.4))
        ax.set_xlabel("load: k / (n √(snr (1 − r²)))")
    figure.align_ylabels()
    verdict_names(figure)
    counts = {key: own["verdict"].value_counts() for key, own in frames.items()}
    far = " An arrow marks a value outside of the frame." if outside else ""
    return Drawing(
        figure,
        _title(counts),
        "Each mark is a scenario with its 95 % interval, against its load: relevant features per "
        "row over the root of the signal that each has to itself, snr (1 − r²). "
        f"{_meaning(frames)} Below the line L1 is better, above it "
        "L2; the grey band is the zone of equivalence. Excess risks are shown as a ratio, the "
        "other losses as a difference. Above each panel stands how often each verdict is given."
        f"{_shares(counts)}{_turned(frames)}{far}",
    )
