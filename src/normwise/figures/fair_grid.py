"""Wins of L1 that a grid of strengths for ridge makes up."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from normwise.figures import Drawing, Plan
from normwise.figures.style import VERDICT_COLOURS, VERDICT_NAMES


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """What glmnet's grid costs ridge, and the verdicts under both grids."""
    frame = tables["fair_grid"].merge(tables["scenarios"], on=["dataset", "scenario"])
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10.4, 3.9), layout="constrained", width_ratios=(3, 2)
    )
    wide = frame["aspect_ratio"] > 1
    floor = frame.loc[frame["cost"] > 0, "cost"].min() if len(frame) else 1.0
    for own, marker in ((frame[~wide], "o"), (frame[wide], "^")):
        points = left.scatter(
            own["snr"],
            own["cost"],
            c=100 * own["below"],
            cmap="viridis",
            vmin=0,
            vmax=100,
            marker=marker,
            s=26,
            edgecolors="white",
            linewidths=0.4,
        )
    left.axhline(1, color="black", lw=1)
    left.set_xscale("log")
    left.set_yscale("log")
    ticks = sorted(frame["snr"].unique())
    left.set_xticks(ticks[:: max(1, len(ticks) // 8)])
    left.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    top = max(1.2, frame["cost"].max() * 1.1) if len(frame) else 1.2
    marks = [
        m
        for m in (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.5, 2, 3, 5, 10, 20, 50, 100)
        if floor / 1.1 <= m <= top
    ]
    left.set_yticks(marks, [f"{m:g}" for m in marks])
    left.minorticks_off()
    left.set_xlabel("signal-to-noise ratio")
    left.set_ylabel("ridge's risk, glmnet's grid / wide grid")
    left.set_title("What the shorter grid costs ridge")
    shapes = [
        plt.Line2D([], [], color="#555555", marker=m, ls="", ms=5, label=label)
        for m, label in (("o", "rows ≥ features"), ("^", "rows < features"))
    ]
    left.legend(handles=shapes, loc="upper left", fontsize="small")
    figure.colorbar(points, ax=left, label="choices below glmnet's least strength, %")
    names = [v for v in VERDICT_NAMES if (frame[["verdict", "verdict_glmnet"]] == v).any(axis=None)]
    counts = np.array(
        [[(frame[c] == v).sum() for v in names] for c in ("verdict", "verdict_glmnet")]
    )
    at = np.zeros(2)
    for k, name in enumerate(names):
        right.bar(
            ["wide grid", "glmnet's grid"],
            counts[:, k],
            bottom=at,
            color=VERDICT_COLOURS[name],
            edgecolor="#333333",
            label=VERDICT_NAMES[name],
            width=0.6,
        )
        for i in range(2):
            if counts[i, k] > 0.04 * max(1, counts[i].sum()):
                right.text(
                    i,
                    at[i] + counts[i, k] / 2,
                    str(counts[i, k]),
                    ha="center",
                    va="center",
                    color="black" if name == "undecided" else "white",
                )
        at += counts[:, k]
    right.set_title("Verdicts on the same data")
    right.set_ylabel("scenarios")
    right.grid(visible=False, axis="x")
    handles, labels = right.get_legend_handles_labels()
    right.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1, 0.5), frameon=False
    )
    invented = int(((frame["verdict"] != "l1") & (frame["verdict_glmnet"] == "l1")).sum())
    gained = int(((frame["verdict"] != "l2") & (frame["verdict_glmnet"] == "l2")).sum())
    lost = int(((frame["verdict"] == "l2") & (frame["verdict_glmnet"] != "l2")).sum())
    worst = frame.loc[frame["cost"].idxmax()]
    return Drawing(
        figure,
        f"Another grid for ridge turns verdicts: {invented} new wins for L1, {gained} for L2",
        "Ridge tuned by the same cross-validation, once over the wide grid of this study and once "
        "with only the strengths that glmnet would try by default; with fewer rows than features "
        "that grid ends at ten times the largest correlation between a feature and the response. "
        f"Of {len(frame)} scenarios with a Gaussian response, {invented} become wins of L1, and "
        f"{lost} wins of L2 are lost: with a strong signal and few rows ridge wants less penalty "
        f"than that grid has. The highest cost is a factor of {worst['cost']:.2f} "
        f"({worst['dataset'].replace('_', ' ')}, {worst['label'].replace('_', ' ')}). A cost below "
        "1 means that the shorter grid helped: under a weak signal it keeps cross-validation from "
        f"too weak a penalty, and {gained} scenarios become wins of L2.",
    )
