"""The figures: time against achieved gap, and growth."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.contenders import CONTENDERS, NATIVE, NOT_PEERS
from benchmarks.race import TARGET
from normwise.report.look.colours import COLOURS, LINES, MARKERS
from normwise.report.look.style import set_style
from normwise.report.look.words import NAMES

# rounding makes smaller gaps meaningless
FLOOR = 1e-16
# Okabe & Ito's, black for normwise
_INKS = (
    "#000000", "#D55E00", "#CC79A7", "#E69F00", "#767676", "#0072B2", "#56B4E9", "#882255",
    "#7F6000", "#009E73",
)  # fmt: skip
_SIGNS = ("o", "s", "D", "v", "P", "X", "<", ">", "^")
# inks and signs repeat after ten and nine, their pairs do not
INK = {name: _INKS[i % len(_INKS)] for i, name in enumerate(CONTENDERS)}
SIGN = {name: _SIGNS[i % len(_SIGNS)] for i, name in enumerate(CONTENDERS)}


def save(figure: Figure, folder: Path, name: str, dpi: int = 130) -> None:
    """Write a figure as SVG and PNG."""
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
    figure.savefig(folder / f"{name}.png", dpi=dpi, bbox_inches="tight")
    plt.close(figure)


def _seconds_axis(ax: Axes, seconds: pd.Series) -> None:
    # at least two decades, so that small differences look small and ticks are round
    low, high = np.log10(seconds.min()), np.log10(seconds.max())
    middle, half = (low + high) / 2, max((high - low) / 2 + 0.35, 1.1)
    ax.set_ylim(10 ** (middle - half), 10 ** (middle + half))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def _panel(ax: Axes, runs: pd.DataFrame) -> None:
    ax.axvline(TARGET, color="#999999", linewidth=1, linestyle=":", zorder=1)
    for name, own in runs.groupby("contender", sort=False):
        done = own[(own["status"] == "ok") & own["gap_max"].notna()]
        x = np.maximum(done["gap_max"], FLOOR)
        ink, sign, front = INK[name], SIGN[name], 3 + (name == NATIVE)
        ax.plot(x, done["seconds_median"], color=ink, marker=sign, ms=5, lw=1.3, zorder=front)
        default = (done["setting"] == "default").to_numpy()
        ax.plot(
            x[default], done["seconds_median"][default], sign, ms=9, color=ink,
            markeredgecolor="black", markeredgewidth=1.5, zorder=front,
        )  # fmt: skip
        cut = own[own["status"] == "> limit"]["seconds_median"]
        if len(cut):
            # its gap is not known; the arrow says that the time is longer
            at = 0.03 + 0.94 * list(INK).index(name) / len(INK)
            place = mpl.transforms.blended_transform_factory(ax.transAxes, ax.transData)
            ax.annotate(
                "", (at, cut.iloc[0] * 2), (at, cut.iloc[0]), xycoords=place, textcoords=place,
                arrowprops={"arrowstyle": "->", "color": ink, "lw": 1.5},
            )  # fmt: skip
            ax.plot([at], cut.iloc[0], sign, color=ink, ms=5, mfc="white", transform=place)
    ax.set(xscale="log", yscale="log")
    _seconds_axis(ax, runs["seconds_median"])
    first = runs.iloc[0]
    ax.set_title(f"{first['regime'].replace('_', ' ')}\n{first['n']} × {first['p']}")


def draw_accuracy(runs: pd.DataFrame, folder: Path) -> None:
    """Seconds against the largest achieved gap, a panel for each regime."""
    set_style()
    runs = runs[~runs["contender"].isin(set(NOT_PEERS) - {NATIVE})]
    names = list(runs["regime"].unique())
    n_columns = min(4, len(names))
    n_rows = -(-len(names) // n_columns)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(3.6 * n_columns, 2.9 * n_rows), squeeze=False, sharex=True,
        layout="constrained",
    )  # fmt: skip
    for ax, name in zip(axes.flat, names, strict=False):
        _panel(ax, runs[runs["regime"] == name])
    for ax in axes.flat[len(names) :]:
        ax.remove()
    axes[0, 0].set_xlim(FLOOR / 3, 10)
    figure.supxlabel("largest relative duality gap over the path (left: more accurate)")
    figure.supylabel("seconds for 10 folds and all rows")
    shown = [name for name in CONTENDERS if name in set(runs["contender"])]
    handles = [Line2D([], [], color=INK[n], marker=SIGN[n], ms=6, label=n) for n in shown]
    handles += [
        Line2D([], [], ls="", marker="o", ms=9, mfc="#BBBBBB", mec="black", mew=1.5,
               label="default setting"),
        Line2D([], [], ls="", marker="o", ms=6, mfc="white", mec="#555555",
               label="with an arrow: cut at the time limit"),
        Line2D([], [], color="#999999", ls=":", label="gap 1e-6"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=min(4, n_columns + 1))
    save(figure, folder, "accuracy")


def draw_growth(growth: pd.DataFrame, folder: Path) -> None:
    """Seconds and megabytes against each quantity."""
    set_style()
    done = growth[growth["status"] == "ok"]
    quantities = list(growth["quantity"].unique())
    figure, axes = plt.subplots(
        2, len(quantities), figsize=(3.4 * len(quantities), 5.6), sharex="col", squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for column, quantity in enumerate(quantities):
        for penalty, own in done[done["quantity"] == quantity].groupby("penalty"):
            look = {
                "color": COLOURS[penalty],
                "marker": MARKERS[penalty],
                "linestyle": LINES[penalty],
                "label": NAMES[penalty],
            }
            axes[0, column].plot(own["value"], own["seconds"], **look)
            # one core needs no worker: the process itself is the largest
            workers = own["worker_peak_mb"].where(own["cores"] > 1, own["peak_mb"])
            memory = workers if quantity == "cores" else own["extra_mb"].clip(lower=0)
            axes[1, column].plot(own["value"], memory, **look)
        axes[0, column].set(xscale="log", yscale="log", title=quantity)
        _seconds_axis(axes[0, column], done[done["quantity"] == quantity]["seconds"])
        axes[1, column].set(
            xscale="log", xlabel=quantity, ylim=(0, axes[1, column].get_ylim()[1] * 1.1)
        )
        if quantity == "cores":
            values = sorted(done[done["quantity"] == quantity]["value"].unique())
            axes[1, column].set_xticks(values, [f"{v}" for v in values])
            axes[1, column].minorticks_off()
            axes[1, column].set_ylabel("MB, largest worker")
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("peak MB above imports")
    axes[0, 0].legend()
    save(figure, folder, "growth")
