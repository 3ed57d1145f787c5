"""The worked cases: risk, number of coefficients and stability by penalty."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from normwise.figures import Drawing, Plan
from normwise.figures.style import COLOURS, MARKERS, NAMES, penalties_in


def _values(tables: dict[str, pd.DataFrame], name: str, metric: str) -> pd.DataFrame:
    if metric == "coef_variance":
        frame = tables["stability"].rename(columns={"value": "mean", "se": "mcse"})
    else:
        frame = tables["summary"]
    chosen = (
        (frame["metric"] == metric) & (frame["tuning"] == "cv_min") & (frame["dataset"] == name)
    )
    return frame[chosen]


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """One row of panels per case and scenario."""
    columns = {
        "relative_risk": "excess risk / null model's",
        "nonzeros": "nonzero coefficients",
        "coef_variance": "variance of the coefficients",
    }
    rows = []
    for name in plan["datasets"]:
        scenarios = tables["scenarios"]
        for _, scenario in scenarios[scenarios["dataset"] == name].iterrows():
            rows.append((name, scenario))
    figure, axes = plt.subplots(
        len(rows),
        len(columns),
        figsize=(10.4, 1.75 * len(rows) + 0.4),
        sharex="col",
        layout="constrained",
        squeeze=False,
    )
    told = []
    for i, (name, scenario) in enumerate(rows):
        matter = f"{scenario['n_nonzero']} of {scenario['n_features']} matter"
        for j, metric in enumerate(columns):
            ax = axes[i, j]
            frame = _values(tables, name, metric)
            frame = frame[frame["scenario"] == scenario["scenario"]]
            shown = penalties_in(frame)[::-1]
            for k, penalty in enumerate(shown):
                row = frame[frame["penalty"] == penalty].iloc[0]
                ax.errorbar(
                    row["mean"],
                    k,
                    xerr=1.96 * row["mcse"],
                    color=COLOURS[penalty],
                    marker=MARKERS[penalty],
                    ms=7,
                    lw=1.6,
                    capsize=3,
                )
            ax.set_yticks(
                range(len(shown)), [NAMES[p] for p in shown] if j == 0 else [""] * len(shown)
            )
            ax.set_ylim(-0.6, len(shown) - 0.4)
            if j == 0:
                ax.set_title(f"{name.replace('_', ' ')}: {matter}")
                best = frame.loc[frame["mean"].idxmin()]
                told.append(
                    f"{name}, {matter}: {NAMES[best['penalty']]} has the least risk "
                    f"({best['mean']:.2f} ± {1.96 * best['mcse']:.2f})"
                )
    for j, label in enumerate(columns.values()):
        for ax in axes[:, j]:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(plt.FuncFormatter(lambda v, _: f"{v:g}"))
            ax.xaxis.set_minor_formatter(plt.NullFormatter())
        axes[-1, j].set_xlabel(label)
    return Drawing(
        figure,
        "A recommender with sparse features, a machine with collinear sensors",
        "Mean over replicates with a 95 % interval, log axes; each case once with few relevant "
        "features and once with all of them relevant. " + "; ".join(told) + ".",
    )
