"""The winner depends on the goal: L1 against L2 for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS, Goal
from normwise.analysis.learn.cells import cells
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.rule import LOAD, load_axis
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.style import (
    note_figure,
    ratio_axis,
    verdict_dots,
    verdict_key,
    verdict_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "prediction": "excess risk",
    "explained": "points of R² or log-loss\nnot explained",
    "selection": "missed area of the\nranking's ROC curve",
    "stability": "missed agreement\nof two samples",
    "calibration": "calibration error of\nthe probability",
}
# an effect so many times as far out as nearly all others leaves the frame
FAR = 3


# shares are told in points
TIMES = {EXPLAINED: 100}


def _frame_of(own: pd.DataFrame, zone: float) -> float:
    size = own["effect"].abs()
    near = float(size.quantile(0.95))
    inside = size[size <= FAR * near]
    return max(3 * zone, 1.25 * float(inside.max()))


def _panel(ax: Axes, own: pd.DataFrame, key: str, goal: Goal, margin: float) -> int:
    """Draw one goal; returns how many effects lie outside of the frame."""
    from matplotlib.ticker import FuncFormatter

    zone, load, outside = goal.zone(margin), own["load"].to_numpy(), 0
    if goal.is_ratio:
        ratio = np.exp(own["effect"].to_numpy())
        verdict_dots(ax, load, ratio, own["verdict"])
        ratio_axis(ax, min(0.7, ratio.min() / 1.2), max(1.4, ratio.max() * 1.2))
        ax.axhspan(np.exp(-zone), np.exp(zone), color="#DDDDDD", lw=0, zorder=0.5)
        ax.axhline(1, color="#444444", lw=0.8, zorder=0.6)
    else:
        times, reach = TIMES.get(key, 1), _frame_of(own, zone)
        effect = own["effect"].to_numpy()
        beyond = np.abs(effect) > reach
        verdict_dots(ax, load[~beyond], effect[~beyond], own["verdict"][~beyond])
        ax.set_ylim(-1.05 * reach, 1.05 * reach)
        ax.yaxis.set_major_formatter(
            FuncFormatter(lambda v, _: f"{times * v:+.2g}".replace("-", "−") if v else "0")
        )
        ax.axhspan(-zone, zone, color="#DDDDDD", lw=0, zorder=0.5)
        ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)
        outside = _edges(ax, load[beyond], np.sign(effect[beyond]), reach)
    ax.set_ylabel(f"{MEASURES.get(key, goal.short)}\n{'L1 / L2' if goal.is_ratio else 'L1 − L2'}")
    verdict_key(ax, own["verdict"], names=False)
    ax.set_title(key, pad=20)
    for text, height, align in (("L2 better ↑", 0.97, "top"), ("L1 better ↓", 0.03, "bottom")):
        ax.text(0.98, height, text, transform=ax.transAxes, ha="right", va=align, fontsize="small")
    return outside


def _edges(ax: Axes, load: np.ndarray, side: np.ndarray, reach: float) -> int:
    """Triangles at the edge for what lies beyond it; how many."""
    for sign, marker in ((1, "^"), (-1, "v")):
        at = load[side == sign]
        ax.plot(at, np.full(len(at), sign * reach), ls="", marker=marker, ms=4, color="#444444")
    return len(load)


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

    frames = {key: cells(tables["ground"], key) for key in GOALS}
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
    for at, ax in enumerate(axes.flat[: len(frames)]):
        load_axis(ax, (min(loads) / 1.4, max(loads) * 1.4), most=5)
        # a panel with none below it
        if at + axes.shape[1] >= len(frames):
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(LOAD)
    figure.align_ylabels()
    verdict_names(figure)
    counts = {key: own["verdict"].value_counts() for key, own in frames.items()}
    far = f" Triangles mark the {outside} that lie outside of a frame." if outside else ""
    return Drawing(
        figure,
        _title(counts),
        "Each mark is a scenario against its load: a times the relevant features per row, over the "
        "root of the signal-to-noise ratio (a: alignment of the signal). "
        f"{_meaning(frames)} Below the line L1 is better, above it "
        "L2; the grey band is the zone of equivalence. Excess risks are shown as a ratio, the "
        "other losses as a difference. Above each panel stands how often each verdict is given."
        f"{_shares(counts)}{_turned(frames)}{far}",
    )
