"""Bias and variance of the prediction along the path."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from normwise.figures import Drawing, Plan
from normwise.figures.coefficient_paths import (
    DEEPEST,
    SHOWN,
    contrast,
    describe_scenario,
    label_strength,
)
from normwise.figures.style import COLOURS, NAMES, ratio_axis


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Squared bias, variance and their sum under L1 and L2 in the two extreme scenarios."""
    name = plan["datasets"][0]
    paths = tables[name]
    scenarios = tables["scenarios"]
    scenarios = contrast(scenarios[scenarios["dataset"] == name])
    figure, axes = plt.subplots(
        len(scenarios),
        2,
        figsize=(9.6, 3.1 * len(scenarios)),
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    best = []
    for row, (_, scenario) in enumerate(scenarios.iterrows()):
        for column, penalty in enumerate(SHOWN):
            ax = axes[row, column]
            own = paths[
                (paths["scenario"] == scenario["scenario"])
                & (paths["penalty"] == penalty)
                & paths["strength"].between(0.999 * DEEPEST[penalty], np.finfo(float).max)
            ].sort_values("strength")
            x = own["strength"].to_numpy()
            for column_name, style, label in (
                ("bias2", (0, (1, 1)), "bias²"),
                ("variance", "--", "variance"),
                ("excess_risk", "-", "excess risk"),
            ):
                value = own[column_name].to_numpy()
                se = own[{"excess_risk": "mcse"}.get(column_name, f"{column_name}_se")].to_numpy()
                colour = "k" if column_name == "excess_risk" else COLOURS[penalty]
                ax.plot(x, np.maximum(value, 1e-4), color=colour, ls=style, lw=1.8, label=label)
                low, high = np.maximum(value - 1.96 * se, 1e-4), np.maximum(value + 1.96 * se, 1e-4)
                ax.fill_between(x, low, high, color=colour, alpha=0.18, lw=0)
            minimum = own.loc[own["excess_risk"].idxmin()]
            ax.plot(minimum["strength"], minimum["excess_risk"], "k*", ms=11, zorder=5)
            best.append(f"{minimum['excess_risk']:.2f}")
            ax.set_xscale("log")
            ax.invert_xaxis()
            ratio_axis(ax, 0.01, 5)
            ax.set_title(f"{NAMES[penalty]}: {describe_scenario(scenario)}", fontsize="small")
        axes[row, 0].set_ylabel("squared error of the prediction\n(noise variance = 1)")
    axes[0, 0].legend(loc="upper right", fontsize="small", handlelength=2.4)
    label_strength(axes[-1])
    return Drawing(
        figure,
        "Both penalties buy less variance with more bias",
        "Squared bias (dotted), variance (dashed) and their sum, the excess risk (solid), of the "
        "prediction along the path, over all replicates, with 95 % bands. Towards the left, a "
        "strong penalty: high bias, little variance. The star is the best strength. The smallest "
        f"excess risks are, panel by panel: {', '.join(best)}. The penalty that fits the signal "
        "reaches its minimum with less bias for the same variance.",
    )
