"""The winner depends on the goal: L1 against L2 for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS, Goal
from normwise.analysis.learn.cells import cells
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.rule import LOAD, load_axis
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.numbers import percent
from normwise.report.look.style import (
    SMALL,
    note_figure,
    ratio_axis,
    verdict_dots,
    verdict_key,
    verdict_names,
    zone_patch,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# by goal: title of its panel, and what is measured
MEASURES = {
    "prediction": ("Predicting new rows", "excess risk"),
    "explained": ("The same, in points", "points of R² or log-loss\nnot explained"),
    "selection": ("Finding the right columns", "area missed under the\nranking's ROC curve"),
    "stability": ("Stable coefficients", "disagreement\nof two samples"),
    "calibration": ("Calibrated probabilities", "calibration error of\nthe probabilities"),
}
BEYOND: dict[str, Any] = {"ls": "", "ms": 4, "color": "#444444"}
# an effect so many times as far out as nearly all others leaves the frame
FAR = 3
# goals of which the caption has room to say how often they have another winner
MOST_TURNED = 3

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
    title, measure = MEASURES.get(key, (goal.name[:1].upper() + goal.name[1:], goal.short))
    ax.set_ylabel(f"{measure}\n{'L1 / L2' if goal.is_ratio else 'L1 − L2'}")
    verdict_key(ax, own["verdict"], names=False)
    ax.set_title(title, pad=20)
    for text, height, align in (("L2 better ↑", 0.97, "top"), ("L1 better ↓", 0.03, "bottom")):
        ax.text(0.98, height, text, transform=ax.transAxes, ha="right", va=align, fontsize=SMALL)
    return outside


def _edges(ax: Axes, load: np.ndarray, side: np.ndarray, reach: float) -> int:
    """Triangles at the edge for what lies beyond it; how many."""
    for sign, marker in ((1, "^"), (-1, "v")):
        at = load[side == sign]
        ax.plot(at, np.full(len(at), sign * reach), marker=marker, **BEYOND)
    return len(load)


def _turned(frames: dict[str, pd.DataFrame]) -> str:
    """How often the winner for prediction loses for another goal, by goal."""
    turned = []
    for key, frame in frames.items():
        # what is explained is prediction in other units
        if key in ("prediction", EXPLAINED) or "prediction" not in frames:
            continue
        verdicts = [own.set_index("scenario")["verdict"] for own in (frames["prediction"], frame)]
        both = pd.concat(verdicts, axis=1, keys=("first", "second"), join="inner")
        both = both[both.isin(("l1", "l2")).all(axis=1)]
        if len(both):
            n = int((both["first"] != both["second"]).sum())
            turned.append((key, n, len(both)))
    if not turned:
        return ""
    # those that rest on the most scenarios, where there is no room for all
    turned = sorted(turned, key=lambda one: -one[2])[:MOST_TURNED]
    parts = [
        f"{key} {n:,} of {of:,}{'' if i else ' scenarios'}"
        for i, (key, n, of) in enumerate(sorted(turned, key=lambda one: -one[1] / one[2]))
    ]
    return f" Another goal's clear winner differs from prediction's: {', '.join(parts)}."


def _title(frames: dict[str, pd.DataFrame]) -> str:
    """The goals with the most and the fewest clear winners."""
    shares = {key: own["verdict"].isin(("l1", "l2")).mean() for key, own in frames.items()}
    most, least = max(shares, key=lambda k: shares[k]), min(shares, key=lambda k: shares[k])
    title = f"A clear winner in {percent(shares[most])} of scenarios for {_name(most)}"
    if shares[most] == shares[least]:
        return title
    return f"{title}, in {percent(shares[least])} for {_name(least)}"


def _name(key: str) -> str:
    """A goal as its panel names it."""
    if key == EXPLAINED or key not in MEASURES:
        return GOALS[key].name
    return MEASURES[key][0].lower()


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("goals")


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Effect of every scenario on each goal's loss, against its load."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    frames = {key: cells(tables["ground"], key) for key in GOALS}
    frames = {key: own for key, own in frames.items() if len(own)}
    if not frames:
        return Drawing(
            note_figure("No scenario of this study has a known truth and a signal."),
            "The goals are not compared",
            "Goals are compared where the truth is known and some column matters; no scenario "
            "of this study is of that kind.",
        )
    narrow = is_narrow(entry)
    columns = 1 if narrow else min(2, len(frames))
    rows = -(-len(frames) // columns)
    wide = (7.5 if columns > 1 else 5, 0.8 + 3.0 * rows)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(NARROW, 0.7 + 2.7 * rows) if narrow else wide,
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
        if narrow or at + columns >= len(frames):
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(LOAD, fontsize=9)
    figure.align_ylabels()
    beyond = [Line2D([], [], marker="^", label="beyond the frame", **BEYOND)] * (outside > 0)
    verdict_names(figure, *beyond, zone_patch(), columns=2 if narrow else 6)
    return Drawing(
        figure,
        _title(frames),
        "Each mark is a scenario: L1 is better below the line, L2 above. Numbers over panels count "
        f"verdicts.{_turned(frames)}",
    )
