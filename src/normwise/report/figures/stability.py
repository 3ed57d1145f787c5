"""How stable coefficients and selections are as features become collinear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.sweep_data import panel_title, panels, split_axes
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS, LINES, MARKERS
from normwise.report.look.style import direct_labels, note_figure, penalties_in, plain_ticks
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AGREEMENT, VARIANCE = "coef_agreement", "coef_variance"
ROWS = {
    AGREEMENT: "agreement of the\ncoefficients of two\nsamples (1: the same)",
    VARIANCE: "variance of the\ncoefficients / squared\nnorm of the truth",
    "sign_consistency": "share of relevant\nfeatures with the\nright sign",
    "stability": "stability of the\nselection (1: always\nthe same features)",
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


def _horizontal(ax: Axes, levels: np.ndarray) -> None:
    at = _closeness(levels)
    room, kept = 0.075 * (at[-1] - at[0]), [len(at) - 1]
    for i in range(len(at) - 2, -1, -1):
        if at[kept[-1]] - at[i] > room:
            kept.append(i)
    ax.set_xticks(at[kept], [f"{levels[i]:g}" for i in kept])
    ax.set_xlabel("correlation within groups\n(evenly in log(1 − correlation))")


def _words(frame: pd.DataFrame, levels: np.ndarray) -> tuple[str, str]:
    own = frame[frame["metric"] == AGREEMENT]
    sparse = own[own["nonzero_share"] == own["nonzero_share"].min()]
    ends = sparse.pivot_table(index="correlation", columns="penalty", values="value")
    changes = [
        f"{NAMES[p]} from {ends.loc[levels[0], p]:.2f} to {ends.loc[levels[-1], p]:.2f}"
        for p in ("l1", "l2")
        if p in ends
    ]
    title = (
        f"From correlation {levels[0]:g} to {levels[-1]:g}, the agreement of coefficients goes: "
        f"{', '.join(changes)}"
    )
    wide = frame[frame["metric"] == VARIANCE].pivot_table(
        index=["nonzero_share", "correlation"], columns="penalty", values="value"
    )
    last = wide[wide.index.get_level_values("correlation") == levels[-1]]
    if not {"l1", "l2"} <= set(last):
        return title, ""
    ratios = " and ".join(f"{r:.2g}" for r in (last["l1"] / last["l2"]).dropna())
    return title, (
        f" At correlation {levels[-1]:g} the variance of L1's coefficients is {ratios} times that "
        "of L2's, from sparse to dense."
    )


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure of the first data set in which the correlation is swept."""
    for dataset in [d for d in swept(config) if "correlation" in d["axes"]][:1]:
        yield Wanted("stability", (dataset,))


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
    figure, axes = plt.subplots(
        len(rows),
        len(groups),
        figsize=(1.9 + 2.75 * len(groups), 0.9 + 1.85 * len(rows)),
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    for line, (metric, label) in zip(axes, rows.items(), strict=True):
        own = frame[frame["metric"] == metric]
        ends = [
            _panel(ax, own[own["scenario"].isin(group["scenario"])], metric)
            for ax, (_, group) in zip(line, groups, strict=True)
        ]
        _vertical(line[0], metric)
        for ax in line[1:]:
            if metric != VARIANCE:
                ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)
        line[0].set_ylabel(label)
        direct_labels(line[-1], ends[-1], gap=0.12)
    for ax, (_, group) in zip(axes[0], groups, strict=True):
        ax.set_title(panel_title(facet, group.iloc[0]).replace(": ", ":\n"))
    for ax in axes[-1]:
        _horizontal(ax, levels)
    figure.align_ylabels()
    title, words = _words(frame, levels)
    return Drawing(
        figure,
        title,
        "Over replicates, with 95 % intervals. Agreement asks whether another sample gives like "
        "coefficients, whatever their size; the variance falls as well when all are made small. "
        "The share of right signs counts relevant features that are left out as wrong. Stability "
        "of the selection is Nogueira's measure, for penalties that select; 0 is chance. The "
        f"title tells of the sparsest scenarios.{words}",
    )
