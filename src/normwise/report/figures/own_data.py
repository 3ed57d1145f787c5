"""Real tables and data of other sources: L1 against L2 on each, and how much they predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, comparing
from normwise.report.look.colours import COLOURS, MARKERS
from normwise.report.look.style import (
    SMALL,
    interval_mark,
    penalties_in,
    ratio_axis,
    verdict_names,
    verdict_points,
    zone_patch,
)
from normwise.report.look.words import NAMES, VERDICT_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES = {"test_error": "test error", "excess_risk": "excess risk"}
# a share below is drawn at this edge
LEAST = -0.5
ROW = 0.42
# letters of a data set's name in a line
LONGEST = 16


def _shares(summary: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Share explained by data set and penalty: of a signal that is known, or of the loss."""
    rows = summary[(summary["tuning"] == "cv_min") & summary["dataset"].isin(names)]
    known = rows[rows["metric"] == "relative_risk"]
    known = known.assign(mean=1 - known["mean"])
    others = rows[(rows["metric"] == "explained") & ~rows["dataset"].isin(known["dataset"])]
    return pd.concat([others, known])[["dataset", "penalty", "mean"]]


def _draw_ratios(ax: Axes, rows: pd.DataFrame, margin: float) -> None:
    rows = rows.assign(**{c: np.exp(rows[c]) for c in ("effect", "low", "high")})
    verdict_points(ax, rows, "at", 6.0, sideways=True)
    ax.axvspan(1 / (1 + margin), 1 + margin, color="#DDDDDD", lw=0, zorder=0.5)
    ax.axvline(1, color="#444444", lw=0.8, zorder=0.6)
    ratio_axis(ax, min(0.8, rows["low"].min() / 1.05), max(1.25, rows["high"].max() * 1.05), "x")
    ax.set_xlabel("error or risk of L1 / L2")
    for text, at, align in (("← L1 better", 0, "left"), ("L2 better →", 1, "right")):
        ax.text(at, 1.01, text, transform=ax.transAxes, ha=align, va="bottom", fontsize=SMALL)


def _draw_shares(ax: Axes, shares: pd.DataFrame, at: pd.Series) -> None:
    """Draw the share explained by each penalty."""
    from matplotlib.lines import Line2D

    penalties = penalties_in(shares)
    for i, penalty in enumerate(penalties):
        own = shares[shares["penalty"] == penalty]
        # side by side, so that equal shares do not hide each other
        height = at[own["dataset"]].to_numpy(float) + 0.16 * (i - (len(penalties) - 1) / 2)
        inside = own["mean"].to_numpy() >= LEAST
        for drawn, marker in ((inside, MARKERS[penalty]), (~inside, "<")):
            share = own["mean"][drawn].clip(lower=LEAST)
            ax.plot(share, height[drawn], ls="", marker=marker, color=COLOURS[penalty], ms=5)
    for height in at[~at.index.isin(shares["dataset"])]:
        ax.text(0.02, height, "–", va="center")
    lowest = min(0.0, shares["mean"].min() - 0.03)
    ax.set_xlim(max(LEAST - 0.03, lowest), 1)
    cut = f", ◂ below {LEAST:g}".replace("-", "−") if (shares["mean"] < LEAST).any() else ""
    ax.set_xlabel(f"share explained{cut}")
    ax.legend(
        handles=[
            Line2D([], [], ls="", marker=MARKERS[p], color=COLOURS[p], ms=5, label=NAMES[p])
            for p in penalties
        ],
        loc="lower left",
        bbox_to_anchor=(-0.04, 0.99),
        ncols=2,
        fontsize=SMALL,
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0.2,
    )


def _frame(n: int, both: bool, narrow: bool) -> tuple[Figure, list[Axes]]:
    import matplotlib.pyplot as plt

    panels = 2 if both else 1
    if narrow:
        size = NARROW, 0.7 + panels * (0.8 + ROW * n)
        figure, axes = plt.subplots(panels, 1, figsize=size, layout="constrained", squeeze=False)
    else:
        figure, axes = plt.subplots(
            1,
            panels,
            figsize=(7.5 if both else 5.0, 1.8 + ROW * n),
            sharey=True,
            layout="constrained",
            squeeze=False,
        )
    return figure, list(axes.flat)


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """One figure of all data sets that are not scenarios and in which L1 meets L2."""
    if others := [d for d in comparing(config) if d["source"] != "scenarios"]:
        yield Wanted("own_data", tuple(others))


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """One row a data set: the ratio of L1 to L2, and the share explained by penalty."""
    rows = primary(tables["verdicts"]).set_index("dataset")
    rows = rows.loc[[name for name in entry["datasets"] if name in rows.index]].reset_index()
    rows["at"] = np.arange(len(rows), dtype=float)
    shares = _shares(tables["summary"], list(rows["dataset"]))
    narrow = is_narrow(entry)
    figure, axes = _frame(len(rows), len(shares) > 0, narrow)
    _draw_ratios(axes[0], rows, entry["margin"])
    if len(shares):
        _draw_shares(axes[1], shares, rows.set_index("dataset")["at"])
    labels = [
        f"{fill(name.replace('_', ' '), LONGEST)}\n{MEASURES[metric]}"
        for name, metric in zip(rows["dataset"], rows["metric"], strict=True)
    ]
    for ax in axes if narrow else axes[:1]:
        ax.set_yticks(rows["at"], labels)
        ax.set_ylim(len(rows) - 0.4, -0.6)
    margin = f"±{100 * entry['margin']:g} %"
    verdict_names(figure, interval_mark(), zone_patch(margin), columns=2 if narrow else 3)
    counts = rows["verdict"].value_counts()
    tally = [f"{name} {counts[v]}" for v, name in VERDICT_NAMES.items() if v in counts]
    return Drawing(
        figure,
        f"Real tables and other sources, {len(rows)} in all: {', '.join(tally)}",
        _caption(set(rows["metric"]), len(shares) > 0),
    )


def _caption(metrics: set[str], shared: bool) -> str:
    text = (
        "First: L1's test error over L2's on held-out rows (excess risk where the truth is known)."
    )
    if shared:
        text += " Second: share explained; 1 is perfect, 0 a constant prediction."
    if "test_error" in metrics:
        text += " Splits of a table share rows; the intervals allow for it."
    return text
