"""Published numbers beside those measured here."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from normwise.figures import Drawing, Plan

GOOD, BAD = "#0072B2", "#D55E00"


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """One row per published number: measured over published."""
    frame = tables["replications"]
    all_rows = frame
    frame = frame[(frame["published"] > 0) & (frame["measured"] > 0)].iloc[::-1]
    frame = frame.reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(10.4, 0.21 * len(frame) + 1.2), layout="constrained")
    ratio = frame["measured"] / frame["published"]
    # first order: both relative errors
    error = np.hypot(
        frame["se"].fillna(0) / frame["measured"],
        frame["published_se"].fillna(0) / frame["published"],
    )
    for agrees, colour, marker in ((True, GOOD, "o"), (False, BAD, "X")):
        own = frame["agrees"] == agrees
        ax.errorbar(
            ratio[own],
            frame.index[own],
            xerr=1.96 * (error * ratio)[own],
            fmt=marker,
            color=colour,
            ms=5,
            lw=1.2,
            label="agrees" if agrees else "does not agree",
        )
    ax.axvline(1, color="black", lw=1)
    ax.set_yticks(
        frame.index,
        [
            f"{r['study'].replace('_', ' ')}: {r['case']}, {r['method']}, {r['quantity']}"
            for _, r in frame.iterrows()
        ],
        fontsize="x-small",
    )
    ax.set_ylim(-0.7, len(frame) - 0.3)
    ax.set_xlabel("measured here / published or expected")
    ax.legend(loc="upper right", fontsize="small")
    agree = int(all_rows["agrees"].sum())
    return Drawing(
        figure,
        f"Published studies run again: {agree} of {len(all_rows)} numbers agree",
        "Each study with its own design, tuning and measure of error. Bars: 95 % intervals from "
        "both standard errors, where the source gives one. The criterion of agreement of each "
        "number stands in table replications; numbers that are not positive are there alone.",
    )
