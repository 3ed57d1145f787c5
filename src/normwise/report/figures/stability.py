"""How stable coefficients and selections are as columns become collinear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.sweep_data import panel_title, panels, split_axes
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS, LINES, MARKERS
from normwise.report.look.style import (
    SMALL,
    direct_labels,
    interval_mark,
    note_figure,
    penalties_in,
    plain_ticks,
)
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AGREEMENT, VARIANCE = "coef_agreement", "coef_variance"
ROWS = {
    AGREEMENT: "agreement of the\ncoefficients of two\nsamples (1: the same)",
    VARIANCE: "variance of the\ncoefficients / squared\nsize of the true ones",
    "sign_consistency": "share of the columns\nthat matter with the\nright sign",
    "stability": "stability of the picks\n(1: always the same,\n0: as by chance)",
}
# from here on, an estimate of a positive quantity is not told from 0
LEAST = 1e-3


def _values(tables: dict[str, pd.DataFrame], scenarios: pd.DataFrame) -> pd.DataFrame:
    summary = tables["summary"].rename(columns={"mean": "value", "mcse": "se"})
    columns = ["dataset", "scenario", "penalty", "tuning", "metric", "value", "se"]
    frame = pd.concat(
        [
            tables["stability"][columns],
            summary.loc[summary["metric"] == AGREEMENT, columns],
        ]
    )
    frame = frame[(frame["tuning"] == "cv_min") & frame["metric"].isin(ROWS)]
    return frame.merge(scenarios, on=["dataset", "scenario"]).dropna(subset="value")


def _closeness(correlation: pd.Series | np.ndarray) -> np.ndarray:
    # what collinearity does to variances goes with 1 / (1 - correlation)
    return -np.log10(1 - np.asarray(correlation, float))


def _panel(ax: Axes, own: pd.DataFrame, metric: str) -> dict[str, tuple[float, float]]:
    ends = {}
    for penalty in penalties_in(own):
        line = own[own["penalty"] == penalty].sort_values("correlation")
        at, value = _closeness(line["correlation"]), line["value"].to_numpy()
        half = 1.96 * line["se"].to_numpy()
        low = value - half
        if metric == VARIANCE:
            low, value = np.maximum(low, LEAST), np.maximum(value, LEAST)
        colour = COLOURS[penalty]
        ax.vlines(at, low, value + half, color=colour, lw=1.2)
        ax.plot(at, value, color=colour, ls=LINES[penalty], marker=MARKERS[penalty], ms=4, lw=1.5)
        ends[penalty] = (float(at[-1]), float(value[-1]))
    return ends


def _vertical(ax: Axes, metric: str) -> None:
    if metric == VARIANCE:
        ax.set_yscale("log")
        plain_ticks(ax.yaxis)
    else:
        low, _ = ax.get_ylim()
        ax.set_ylim(min(low, -0.04), 1.06)
        ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)


def _horizontal(ax: Axes, levels: np.ndarray, narrow: bool) -> None:
    spacing = 0.2 if narrow else 0.075
    at = _closeness(levels)
    room, kept = spacing * (at[-1] - at[0]), [len(at) - 1]
    for i in range(len(at) - 2, -1, -1):
        if at[kept[-1]] - at[i] > room:
            kept.append(i)
    ax.set_xticks(at[kept], [f"{levels[i]:g}" for i in kept])
    ax.set_xlabel("correlation" if narrow else "correlation of columns")


def _words(frame: pd.DataFrame, levels: np.ndarray) -> tuple[str, str]:
    own = frame[frame["metric"] == AGREEMENT]
    sparse = own[own["nonzero_share"] == own["nonzero_share"].min()]
    ends = sparse.pivot_table(index="correlation", columns="penalty", values="value")
    changes = [
        f"{NAMES[p]} {ends.loc[levels[0], p]:.2f} and {ends.loc[levels[-1], p]:.2f}"
        for p in ("l1", "l2")
        if p in ends
    ]
    title = (
        f"Agreement of coefficients at correlation {levels[0]:g} and {levels[-1]:g}: "
        f"{', '.join(changes)}"
    )
    text = (
        "How far another sample would give the same coefficients or picks, as columns get more "
        "correlated; the title is about the sparsest scenarios."
    )
    wide = frame[frame["metric"] == VARIANCE].pivot_table(
        index=["nonzero_share", "correlation"], columns="penalty", values="value"
    )
    last = wide[wide.index.get_level_values("correlation") == levels[-1]]
    if {"l1", "l2"} <= set(last):
        ratios = (last["l1"] / last["l2"]).dropna()
        least, most = f"{ratios.min():.2g}", f"{ratios.max():.2g}"
        times = least if least == most else f"{least} to {most}"
        text += f" At {levels[-1]:g}, L1's variance is {times} times L2's."
    return title, text


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure of the first data set in which the correlation is swept."""
    for dataset in [d for d in swept(config) if "correlation" in d["axes"]][:1]:
        yield Wanted("stability", (dataset,))


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Stability metrics over the correlation of one sweep."""
    import matplotlib.pyplot as plt

    scenarios = tables["scenarios"]
    scenarios = scenarios[scenarios["dataset"] == entry["datasets"][0]]
    others = [a for a in entry["axes"] if a != "correlation"]
    facet = split_axes(scenarios, others)[0] if others else None
    frame = _values(tables, scenarios)
    if not len(frame):
        return Drawing(
            note_figure("No stability was measured in this sweep."),
            "Stability is not shown",
            "Stability is measured over the replicates of scenarios with a known truth; there is "
            "none in the data set of this figure.",
        )
    levels = np.sort(scenarios["correlation"].unique())
    groups = panels(scenarios, facet, "correlation")
    rows = {metric: label for metric, label in ROWS.items() if (frame["metric"] == metric).any()}
    narrow = is_narrow(entry)
    columns = len(groups) if not narrow or len(groups) < 3 else 1
    lines = len(rows) * len(groups) // columns
    wide = (1.9 + 2.75 * len(groups), 1.1 + 1.85 * lines)
    figure, axes = plt.subplots(
        lines,
        columns,
        figsize=(NARROW, 1.2 + 2.0 * lines) if narrow else wide,
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    axes = axes.reshape(len(rows), len(groups))
    for line, (metric, label) in zip(axes, rows.items(), strict=True):
        own = frame[frame["metric"] == metric]
        for ax, (_, group) in zip(line, groups, strict=True):
            ends = _panel(ax, own[own["scenario"].isin(group["scenario"])], metric)
            if ax.get_subplotspec().is_first_col():
                ax.set_ylabel(label)
            # once over each column of panels
            if columns == 1 or metric == next(iter(rows)):
                ax.set_title(**_heading(panel_title(facet, group.iloc[0]), narrow))
        for ax in line:
            _vertical(ax, metric)
        if not narrow:
            direct_labels(line[-1], ends, gap=0.12)
    for ax in axes.flat if narrow else axes[-1]:
        _horizontal(ax, levels, narrow)
        ax.tick_params(labelbottom=True)
    figure.align_ylabels()
    _key(figure, penalties_in(frame) if narrow else [])
    return Drawing(figure, *_words(frame, levels))


def _heading(title: str, narrow: bool) -> dict[str, Any]:
    """The title of a panel in lines, of which a narrow one holds little."""
    parts = title.split(": ")
    if not narrow:
        return {"label": ":\n".join(parts)}
    lines = [line for part in parts for line in wrap(part, 17)]
    return {"label": "\n".join(lines), "fontsize": SMALL, "fontweight": "normal"}


def _key(figure: Figure, penalties: list[str]) -> None:
    """Name the lines that have no names beside them, and the bars."""
    from matplotlib.lines import Line2D

    named = [
        Line2D([], [], color=COLOURS[p], ls=LINES[p], marker=MARKERS[p], ms=4, label=NAMES[p])
        for p in penalties
    ]
    figure.legend(
        handles=[*named, interval_mark()], loc="outside lower center", ncols=2, fontsize=SMALL
    )
