"""Wins of L1 that a grid of strengths for ridge makes up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import distinct
from normwise.fitting.loss import loss_of
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.colours import VERDICT_COLOURS
from normwise.report.look.style import (
    SMALL,
    equivalence_zone,
    note_figure,
    plain_ticks,
    ratio_axis,
    zone_patch,
)
from normwise.report.look.words import VERDICT_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

SHAPES = {False: "rows ≥ columns", True: "rows < columns"}
LOOKS: dict[bool, dict[str, Any]] = {
    False: {"marker": "o", "mfc": "white", "mec": "#555555", "ms": 3.8, "mew": 0.8},
    True: {"marker": "D", "mfc": "#7A4B94", "mec": "white", "ms": 4.8, "mew": 0.4},
}
SIGNALS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32)
# the golden section spreads marks that stand at the same place
GOLDEN = 0.618


def _costs(ax: Axes, own: pd.DataFrame) -> None:
    own = own.sort_values(["snr", "cost", "scenario"])
    spread = (np.arange(len(own)) * GOLDEN) % 1 - 0.5
    at = own["snr"].to_numpy() * 1.16**spread
    most = (own["below"] > 0.5).to_numpy()
    for part, style in LOOKS.items():
        shown = most == part
        ax.plot(at[shown], own["cost"].to_numpy()[shown], ls="", **style)


def _signal_axis(ax: Axes, values: np.ndarray) -> None:
    ax.set_xscale("log")
    ax.set_xlim(values[0] / 1.25, values[-1] * 1.25)
    ax.set_xticks([v for v in SIGNALS if values[0] / 1.2 <= v <= values[-1] * 1.2])
    plain_ticks(ax.xaxis)
    ax.set_xlabel("signal-to-noise ratio")


def _turns(ax: Axes, frame: pd.DataFrame, narrow: bool) -> None:
    """Verdicts on one grid against those on the other, counted."""
    import matplotlib.pyplot as plt

    counts = pd.crosstab(frame["verdict"], frame["verdict_glmnet"])
    seen = set(counts.index) | set(counts.columns)
    names = [v for v in VERDICT_NAMES if v in seen]
    counts = counts.reindex(index=names, columns=names, fill_value=0)
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            n = int(counts.loc[first, second])
            changed = first != second and n > 0
            fill = "#F3E3B3" if changed else ("#F1F1F1" if first == second else "white")
            ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fc=fill, ec="#BBBBBB"))
            ax.text(
                column,
                row,
                str(n),
                ha="center",
                va="center",
                fontweight="bold" if changed else "normal",
                color="#111111" if n else "#999999",
            )
    texts = [VERDICT_NAMES[v] for v in names]
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    ax.set_xticks(range(len(names)), texts)
    if narrow:
        # side by side, the names have no room
        plt.setp(ax.get_xticklabels(), rotation=25, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), texts)
    for axis in (ax.xaxis, ax.yaxis):
        for label, name in zip(axis.get_ticklabels(), names, strict=True):
            label.set_color(VERDICT_COLOURS[name] if name in ("l1", "l2") else "#333333")
            label.set_fontweight("bold")
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.set_xlabel("verdict with glmnet's grid for ridge\n(number of scenarios)")
    ax.set_ylabel("with the wide\ngrid of this study")


def _key(figure: FigureBase, margin: float, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    names = {
        True: "ridge's choice mostly below glmnet's grid",
        False: "mostly at or above its lower end",
    }
    handles = [Line2D([], [], ls="", label=name, **LOOKS[k]) for k, name in names.items()]
    figure.legend(
        handles=[*handles, zone_patch(f"±{100 * margin:g} %")],
        loc="outside upper left",
        ncols=1 if narrow else 3,
        fontsize=SMALL,
        handletextpad=0.3,
        columnspacing=1.2,
    )


def _title(invented: int, gained: int) -> str:
    if not invented and not gained:
        return "Tuning ridge on glmnet's default grid makes no new winner"
    return f"Tuning ridge on glmnet's default grid: {invented} new wins for L1, {gained} for L2"


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios with a squared error in which L1 meets L2."""
    datasets = simulated(comparing(config))
    if any(all(loss_of(r).quadratic for r in d.get("response", [])) for d in datasets):
        yield Wanted("fair_grid")


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """What glmnet's grid costs ridge, and the verdicts under both grids."""
    import matplotlib.pyplot as plt

    frame = distinct(tables["fair_grid"]).merge(tables["scenarios"], on=["dataset", "scenario"])
    if not len(frame):
        return Drawing(
            note_figure("No scenario with a Gaussian response to compare grids on."),
            "Grids for ridge are not compared",
            "Grids are compared on simulated scenarios with a Gaussian response that both "
            "penalties have fitted; this study has none.",
        )
    wide = frame["aspect_ratio"] > 1
    shapes = [shape for shape in SHAPES if (wide == shape).any()]
    narrow, n = is_narrow(entry), len(shapes)
    shape, heights = ((n, 1), (0.6 + 2.4 * n, 2.6)) if narrow else ((1, n), (3.9, 2.1))
    figure = plt.figure(figsize=(NARROW if narrow else 7.4, sum(heights)), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    axes = upper.subplots(*shape, sharex=True, sharey=True, squeeze=False).ravel()
    values = np.sort(frame["snr"].unique())
    for ax, few in zip(axes, shapes, strict=True):
        equivalence_zone(ax, entry["margin"])
        _costs(ax, frame[wide == few])
        _signal_axis(ax, values)
        ax.set_title(SHAPES[few])
        ax.tick_params(labelbottom=True)
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel("ridge's excess risk,\nglmnet's grid / wide grid")
    low, high = min(0.85, 0.93 * frame["cost"].min()), max(1.2, 1.1 * frame["cost"].max())
    ratio_axis(axes[0], low, high)
    _key(upper, entry["margin"], narrow)
    _turns(lower.subplots(), frame, narrow)
    invented = int(((frame["verdict"] != "l1") & (frame["verdict_glmnet"] == "l1")).sum())
    gained = int(((frame["verdict"] != "l2") & (frame["verdict_glmnet"] == "l2")).sum())
    return Drawing(
        figure,
        _title(invented, gained),
        f"Ridge tuned over this study's grid and over glmnet's default one, in {len(frame):,} "
        "scenarios. Above 1, glmnet's grid costs ridge, at most a factor of "
        f"{frame['cost'].max():.1f}. In the table, verdicts that change are shaded.",
    )
