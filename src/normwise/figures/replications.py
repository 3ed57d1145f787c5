"""Published numbers beside those measured here."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from normwise.figures import Drawing, Plan
from normwise.replications import STUDIES

GOOD, BAD = "#0072B2", "#D55E00"


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """One row per published number: measured over published."""
    every = tables["replications"]
    # a number that is only compared by its sign has no ratio worth showing
    shown = every[(every["published"] > 0) & (every["criterion"] != "same sign")]
    lines: list[tuple[str, int | None]] = []
    kinds = shown["quantity"].str.replace(r" at strength .*", "", regex=True)
    for (study, kind), own in shown.assign(kind=kinds).groupby(["study", "kind"], sort=False):
        lines.append((f"{STUDIES[study]}: {kind.split(',')[0]}", None))
        lines += [(f"{row.case}, {row.method}", int(i)) for i, row in own.iterrows()]
    figure, ax = plt.subplots(figsize=(6.4, 0.2 * len(lines) + 1.2), layout="constrained")
    labels = []
    for y, (label, index) in enumerate(lines):
        labels.append(label)
        if index is None:
            continue
        row = shown.loc[index]
        ratio = row["measured"] / row["published"]
        # first order: both relative errors
        parts = (row["se"] / row["measured"], row["published_se"] / row["published"])
        error = float(np.sqrt(np.nansum(np.square(parts))))
        ax.errorbar(
            ratio,
            y,
            xerr=1.96 * error * ratio,
            fmt="o" if row["agrees"] else "X",
            color=GOOD if row["agrees"] else BAD,
            ms=5,
            lw=1.2,
        )
    ax.axvline(1, color="black", lw=1)
    ax.set_yticks(range(len(labels)), labels, fontsize="small")
    for tick, (_, index) in zip(ax.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if index is None else "normal")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_ylim(len(lines) - 0.4, -0.8)
    ax.set_xlabel("measured here / published or expected")
    handles = [
        plt.Line2D([], [], color=colour, marker=marker, ls="", ms=5, label=word)
        for colour, marker, word in ((GOOD, "o", "agrees"), (BAD, "X", "does not agree"))
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, frameon=False)
    agree = int(every["agrees"].sum())
    return Drawing(
        figure,
        f"Published studies run again: {agree} of {len(every)} numbers agree",
        "Each study with its own design, tuning and measure of error. Bars: 95 % intervals from "
        "both standard errors, where the source gives one. The criterion of agreement of each "
        "number stands in table replications; numbers that are not positive are there alone.",
    )
