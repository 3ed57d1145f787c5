"""Coefficient paths of one draw, in each scenario of a data set that keeps its paths."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from normwise.figures import Drawing, Plan
from normwise.figures.style import COLOURS, NAMES

SHOWN = ("l1", "l2")
# below these strengths the curves run straight to the unpenalised limit
DEEPEST = {"l1": 1e-3, "l2": 1e-4}


def describe_scenario(row: pd.Series) -> str:
    """Short heading of a scenario of the anatomy."""
    sparse = "sparse" if row["nonzero_share"] < 1 else "dense"
    related = f"correlation {row['correlation']:g}" if row["correlation"] else "uncorrelated"
    return f"{sparse} ({row['n_nonzero']} of {row['n_features']}), {related}"


def contrast(scenarios: pd.DataFrame) -> pd.DataFrame:
    """The sparse uncorrelated and the dense collinear end of a data set."""
    order = scenarios.sort_values(["correlation", "n_nonzero"])
    return order.iloc[[0, -1]] if len(order) > 1 else order


def label_strength(axes: np.ndarray) -> None:
    """Name the horizontal axes of a row of panels, one for each penalty of ``SHOWN``."""
    for ax, penalty in zip(axes, SHOWN, strict=True):
        unit = "share of the null model's" if penalty == "l1" else "mean-loss scale"
        ax.set_xlabel(f"penalty strength λ ({unit}), weaker →")


def _panel(ax: Axes, frame: pd.DataFrame, penalty: str) -> None:
    wide = frame.pivot(index="strength", columns="feature", values="coef").sort_index()
    wide = wide[(wide.index >= DEEPEST[penalty] * 0.999) & (wide.index < float("inf"))]
    true = frame.groupby("feature")["true_coef"].first()
    for feature in wide:
        relevant = true[feature] != 0
        ax.plot(
            wide.index,
            wide[feature],
            color=COLOURS[penalty] if relevant else "#9a9a9a",
            lw=1.3 if relevant else 0.6,
            alpha=0.85 if relevant else 0.6,
            zorder=3 if relevant else 2,
        )
    chosen = frame.loc[frame["chosen"], "strength"]
    if len(chosen) and 0 < chosen.iloc[0] < float("inf"):
        ax.axvline(chosen.iloc[0], color="k", lw=0.9, ls=(0, (4, 3)))
        ax.annotate(
            "chosen by\ncross-validation",
            (chosen.iloc[0], 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            fontsize="x-small",
            va="top",
        )
    level = true[true != 0].median()
    ax.axhline(0, color="#444444", lw=0.8)
    ax.axhline(level, color="k", lw=0.8, ls=":")
    ax.set_xscale("log")
    # read from left to right as the penalty is relaxed
    ax.invert_xaxis()


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Coefficient paths under L1 and L2 of the two extreme scenarios."""
    name = plan["datasets"][0]
    paths = tables[f"{name}_coefficients"]
    scenarios = tables["scenarios"]
    scenarios = contrast(scenarios[scenarios["dataset"] == name])
    figure, axes = plt.subplots(
        len(scenarios),
        2,
        figsize=(9.6, 3.1 * len(scenarios)),
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    counts = []
    for row, (_, scenario) in enumerate(scenarios.iterrows()):
        for column, penalty in enumerate(SHOWN):
            ax = axes[row, column]
            own = (paths["scenario"] == scenario["scenario"]) & (paths["penalty"] == penalty)
            _panel(ax, paths[own], penalty)
            ax.set_title(f"{NAMES[penalty]}: {describe_scenario(scenario)}", fontsize="small")
            if column == 0:
                ax.set_ylabel("coefficient")
            chosen = paths[own & paths["chosen"]]
            counts.append(f"{int((chosen['coef'] != 0).sum())} of {len(chosen)}")
    # beyond this the unpenalised end of a collinear fit dwarfs everything else
    for row in range(len(scenarios)):
        own = paths["scenario"] == scenarios.iloc[row]["scenario"]
        size = paths.loc[own, "true_coef"].abs().max()
        axes[row, 0].set_ylim(-2.5 * size, 3.5 * size)
    label_strength(axes[-1])
    return Drawing(
        figure,
        "L1 lets features in one at a time, L2 moves all of them together",
        "Each line is one coefficient of one data set as the penalty is relaxed from left to "
        "right; coloured lines are the relevant features, grey ones the irrelevant; the dotted "
        "line is the median true value. At the strength chosen by cross-validation (dashed) the "
        f"nonzero coefficients number, panel by panel: {', '.join(counts)}. Top, few relevant "
        "features: L1 finds them and leaves most others at exactly zero, with all survivors "
        "shrunk. Bottom, all features relevant within correlated groups: L2 moves the members "
        "of a group together, L1 picks some and drops others.",
    )
