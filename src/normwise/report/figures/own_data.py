"""Real tables and data of other sources: L1 against L2 on each, and how much they predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, comparing
from normwise.report.look.colours import COLOURS, MARKERS
from normwise.report.look.style import penalties_in, ratio_axis, verdict_names, verdict_points
from normwise.report.look.words import NAMES, VERDICT_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES = {"test_error": "test error", "excess_risk": "excess risk"}
# a share below is drawn at this edge
LEAST = -0.5
ROW = 0.42


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
        ax.text(at, 1.01, text, transform=ax.transAxes, ha=align, va="bottom", fontsize="small")


def _draw_shares(ax: Axes, shares: pd.DataFrame, at: pd.Series) -> bool:
    """Draw the share explained by each penalty; returns whether some lie outside of the frame."""
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
    ax.set_xlabel("share explained, by penalty")
    ax.legend(
        handles=[
            Line2D([], [], ls="", marker=MARKERS[p], color=COLOURS[p], ms=5, label=NAMES[p])
            for p in penalties
        ],
        loc="lower left",
        bbox_to_anchor=(-0.04, 0.99),
        ncols=2,
        fontsize="small",
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0.2,
    )
    return bool((shares["mean"] < LEAST).any())


def _frame(n: int, both: bool) -> tuple[Figure, list[Axes]]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1,
        2 if both else 1,
        figsize=(7.5 if both else 5.0, 1.6 + ROW * n),
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    return figure, list(axes[0])


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """One figure of all data sets that are not scenarios and in which L1 meets L2."""
    if others := [d for d in comparing(config) if d["source"] != "scenarios"]:
        yield Wanted("own_data", tuple(others))


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """One row a data set: the ratio of L1 to L2, and the share explained by penalty."""
    rows = primary(tables["verdicts"]).set_index("dataset")
    rows = rows.loc[[name for name in entry["datasets"] if name in rows.index]].reset_index()
    rows["at"] = np.arange(len(rows), dtype=float)
    shares = _shares(tables["summary"], list(rows["dataset"]))
    figure, axes = _frame(len(rows), len(shares) > 0)
    _draw_ratios(axes[0], rows, entry["margin"])
    labels = [
        f"{name.replace('_', ' ')}\n{MEASURES[metric]}"
        for name, metric in zip(rows["dataset"], rows["metric"], strict=True)
    ]
    axes[0].set_yticks(rows["at"], labels)
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    cut = len(shares) > 0 and _draw_shares(axes[1], shares, rows.set_index("dataset")["at"])
    verdict_names(figure)
    counts = rows["verdict"].value_counts()
    tally = [f"{name} {counts[v]}" for v, name in VERDICT_NAMES.items() if v in counts]
    return Drawing(
        figure,
        f"Real tables and other sources, {len(rows)} in all: {', '.join(tally)}",
        _caption(set(rows["metric"]), len(shares) > 0, cut),
    )


def _caption(metrics: set[str], shared: bool, cut: bool) -> str:
    text = (
        "Each row is a data set: the test error of L1 over that of L2 on the same rows held out, "
        "or the excess risk where the truth is known, as a geometric mean with its 95 % interval. "
        "The grey band is the zone of equivalence."
    )
    if "test_error" in metrics:
        text += (
            " The replicates of a table are random splits of its rows. They share rows and are not "
            "independent: the interval is corrected for that (Nadeau and Bengio 2003), and more "
            "splits narrow it little."
        )
    if shared:
        text += (
            " Right: one minus the test error over that of a constant; where the truth of a "
            "numeric response is known, one minus the excess risk over the variance of the signal "
            "(– for classes)."
        )
    if cut:
        text += f" An arrowhead marks a share below {LEAST:g}.".replace("-", "−")
    return text
