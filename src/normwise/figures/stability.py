"""How stable coefficients and selections are as features become collinear."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from normwise.figures import Drawing, Plan
from normwise.figures.style import COLOURS, LINES, MARKERS, direct_labels, penalties_in
from normwise.figures.sweep import panel_title, panels, positions, split_axes

ROWS = {
    "coef_variance": "variance of the coefficients\n(squared norm of the truth = 1)",
    "sign_consistency": "right sign of a\nrelevant feature (share)",
    "stability": "stability of the selection\n(1: always the same)",
}


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Stability metrics over the correlation of one sweep."""
    name = plan["datasets"][0]
    scenarios = tables["scenarios"]
    scenarios = scenarios[scenarios["dataset"] == name]
    x, facet = "correlation", None
    others = [a for a in plan["axes"] if a != "correlation"]
    if others:
        facet = split_axes(scenarios, others)[0]
    frame = tables["stability"]
    frame = frame[(frame["dataset"] == name) & (frame["tuning"] == "cv_min")].merge(
        scenarios.drop(columns="dataset"), on="scenario"
    )
    levels = np.sort(scenarios[x].unique())
    groups = panels(scenarios, facet, x)
    figure, axes = plt.subplots(
        len(ROWS),
        len(groups),
        figsize=(1.6 + 3.9 * len(groups), 7.6),
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    for row, (metric, label) in enumerate(ROWS.items()):
        for column, (_, group) in enumerate(groups):
            ax = axes[row, column]
            own = frame[(frame["metric"] == metric) & frame["scenario"].isin(group["scenario"])]
            ends = {}
            for penalty in penalties_in(own):
                line = own[own["penalty"] == penalty].dropna(subset="value").sort_values(x)
                at = positions(line[x], x, levels)
                value, half = line["value"].to_numpy(), 1.96 * line["se"].to_numpy()
                style = {"color": COLOURS[penalty], "ls": LINES[penalty]}
                ax.plot(at, value, marker=MARKERS[penalty], ms=4.5, lw=1.6, **style)
                low = np.maximum(value - half, 1e-3) if metric == "coef_variance" else value - half
                ax.fill_between(at, low, value + half, color=COLOURS[penalty], alpha=0.2, lw=0)
                ends[penalty] = (at[-1], value[-1])
            if metric == "coef_variance":
                ax.set_yscale("log")
                ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
            else:
                ax.set_ylim(-0.05, 1.05)
            if row == 0:
                ax.set_title(panel_title(facet, group.iloc[0]))
            if column == len(groups) - 1:
                direct_labels(ax, ends, gap=0.1)
        axes[row, 0].set_ylabel(label)
    for ax in axes[-1]:
        ax.set_xticks(range(len(levels)), [str(v) for v in levels])
        ax.set_xlabel("correlation within groups")
    wide = frame[frame["metric"] == "coef_variance"].pivot_table(
        index=["nonzero_share", "correlation"], columns="penalty", values="value"
    )
    last = wide[wide.index.get_level_values("correlation") == levels[-1]]
    ratios = (
        (last["l1"] / last["l2"]).dropna() if {"l1", "l2"} <= set(last) else pd.Series(dtype=float)
    )
    words = " and ".join(f"{r:.1f}" for r in ratios)
    return Drawing(
        figure,
        "Collinearity makes L1's coefficients and its choice of features unstable",
        "Over replicates, with 95 % bands. Top: total variance of the coefficients. Middle: how "
        "often a relevant feature gets its right sign; L1 fails when it leaves the feature out. "
        "Bottom: Nogueira's stability of the selected set. At the highest correlation the "
        f"coefficients of L1 vary {words} times as much as those of L2, panel by panel.",
    )
