"""How often verdicts and intervals are right where the answer is known."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from normwise.figures import Drawing, Plan
from normwise.figures.style import NAMES

CELL_COLOURS = ("#767676", "#D55E00", "#CC79A7", "#0072B2")
PAIR_LINES = {"l1 / l2": "-", "l1 / again": "--", "l2 / again": ":", "none / none": "-."}


def _worst(frame: pd.DataFrame, highest: bool) -> pd.DataFrame:
    """The worst rate of each cell and pair, by size of the group."""
    keys = ["cell", "pair", "n"]
    ordered = frame.sort_values("rate", ascending=not highest, kind="stable")
    return ordered.groupby(keys, as_index=False, sort=True).first()


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """False wins, power and coverage by the number of replicates."""
    frame = tables["calibration"].copy()
    frame["pair"] = [f"{a} / {b}" for a, b in zip(frame["first"], frame["second"], strict=True)]
    cells = list(dict.fromkeys(frame["cell"]))
    panels = (
        ("false_win", "false wins, hardest null", True),
        ("right_winner", "right winner (power)", False),
        ("coverage", "coverage of the intervals", False),
    )
    figure, axes = plt.subplots(1, 3, figsize=(10.4, 3.6), layout="constrained")
    for ax, (measure, title, highest) in zip(axes, panels, strict=True):
        shown = _worst(frame[frame["measure"] == measure], highest)
        for (cell, pair), own in shown.groupby(["cell", "pair"], sort=False):
            ax.errorbar(
                own["n"],
                own["rate"],
                yerr=1.96 * own["se"],
                color=CELL_COLOURS[cells.index(cell) % len(CELL_COLOURS)],
                ls=PAIR_LINES[pair],
                marker="o",
                ms=4,
                lw=1.5,
                capsize=2,
            )
        nominal = frame.loc[frame["measure"] == measure, "nominal"].dropna()
        if len(nominal):
            ax.axhline(nominal.iloc[0], color="black", lw=1)
            ax.annotate(
                "promised",
                (0.01, nominal.iloc[0]),
                xycoords=("axes fraction", "data"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="left",
                fontsize="small",
            )
        ax.set_xscale("log")
        sizes = sorted(frame["n"].unique())
        ax.set_xticks(sizes, [str(n) for n in sizes])
        ax.minorticks_off()
        ax.set_xlabel("replicates behind a verdict")
        ax.set_title(title)
    axes[0].set_ylabel("share of verdicts or intervals")
    axes[0].set_ylim(bottom=0)
    axes[1].set_ylim(-0.03, 1.03)
    handles = [
        plt.Line2D([], [], color=CELL_COLOURS[i % 4], marker="o", ms=4, label=c.replace("_", " "))
        for i, c in enumerate(cells)
    ]
    names = {"l1 / l2": "L1 against L2"} | {
        f"{p} / again": f"{NAMES[p]} against itself, other folds" for p in ("l1", "l2")
    }
    handles += [
        plt.Line2D([], [], color="black", ls=PAIR_LINES[k], label=v) for k, v in names.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    wins = frame[frame["measure"] == "false_win"]
    worst = wins.loc[wins["rate"].idxmax()]
    return Drawing(
        figure,
        "How often the verdict rule is wrong where the answer is known",
        "Left: the share of verdicts for a penalty whose advantage is at most the margin, at the "
        "hardest truth, an advantage of exactly the margin; the line is the rate that the rule "
        f"promises not to exceed. The highest is {100 * worst['rate']:.1f} %, with {worst['n']} "
        f"replicates ({worst['cell'].replace('_', ' ')}). Middle: the share of verdicts for the "
        "penalty that theory calls better. Right: the share of intervals that cover the truth. "
        "Few replicates of a skewed difference cost coverage first. Bars: 95 % intervals.",
    )
