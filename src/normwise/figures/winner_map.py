"""Who wins where: sparsity against signal strength, at several shapes of the data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from normwise.figures import Drawing, Plan
from normwise.figures.style import AXIS_NAMES, DIVERGING
from normwise.study import primary
from normwise.theory import phase_boundary

LIMIT = np.log(2.5)


def cell_text(effect: float, verdict: str) -> str:
    """What a cell says: the winner's advantage in per cent, or the verdict's mark."""
    saved = round(100 * (1 - np.exp(-abs(effect))))
    if verdict == "equivalent":
        return "≈"
    if verdict == "undecided":
        return "?"
    return f"{verdict.upper()}\n−{saved} %"


def _panel(ax: Axes, frame: pd.DataFrame, x: str, y: str) -> None:
    effect = frame.pivot(index=y, columns=x, values="effect")
    verdict = frame.pivot(index=y, columns=x, values="verdict")
    norm, colours = TwoSlopeNorm(0, -LIMIT, LIMIT), plt.get_cmap(DIVERGING)
    ax.imshow(effect.to_numpy(), cmap=DIVERGING, norm=norm, origin="lower", aspect="auto")
    for i in range(len(effect)):
        for j in range(len(effect.columns)):
            value, word = effect.iloc[i, j], verdict.iloc[i, j]
            if pd.isna(value):
                continue
            if word == "undecided":
                hatch = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, hatch="////", lw=0)
                hatch.set_edgecolor("#bbbbbb")
                ax.add_patch(hatch)
            strong = abs(value) > 0.75 * LIMIT
            ax.text(
                j,
                i,
                cell_text(value, word),
                ha="center",
                va="center",
                fontsize=8 if word in ("l1", "l2") else 10,
                color="white" if strong else "#222222",
                fontweight="bold" if word in ("l1", "l2") else "normal",
                linespacing=1.05,
                # the boundary runs beneath the numbers
                zorder=7,
                path_effects=[withStroke(linewidth=3, foreground=colours(norm(value)))],
            )
    ax.set_xticks(range(len(effect.columns)), [f"{v:g}" for v in effect.columns])
    ax.set_yticks(range(len(effect)), [f"{v:.3g}" for v in effect.index])
    ax.grid(False)
    ax.set_xlabel(AXIS_NAMES.get(x, x))


def _boundary(ax: Axes, frame: pd.DataFrame, y: str) -> bool:
    # theory's boundary between the best-tuned penalties, where it is known
    row = frame.iloc[0]
    known = (
        y == "nonzero_share"
        and (frame["correlation"] == 0).all()
        and (frame["signal"] == "equal").all()
        and (frame[["features", "noise", "response"]] == "gaussian").all(axis=None)
    )
    if not known:
        return False
    columns, rows = np.sort(frame["snr"].unique()), np.sort(frame["nonzero_share"].unique())
    if min(len(columns), len(rows)) < 2:
        return False
    snr = np.geomspace(columns[0], columns[-1], 200)
    share = phase_boundary(row["n_features"] / (row["n_samples"] - 1), snr)
    x = np.interp(np.log(snr), np.log(columns), np.arange(len(columns)))
    levels = np.log(np.concatenate([[rows[0] ** 2 / rows[1]], rows]))
    at = np.interp(np.log(share), levels, np.arange(-1.0, len(rows)))
    inside = at > -0.5
    ax.plot(x[inside], at[inside], color="white", lw=4.5, zorder=5)
    ax.plot(x[inside], at[inside], color="#111111", lw=2, zorder=6)
    return True


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Winner map of one data set."""
    name = plan["datasets"][0]
    cells = primary(tables["verdicts"])
    cells = cells[cells["dataset"] == name].merge(
        tables["scenarios"].drop(columns="dataset"), on="scenario"
    )
    axes_keys = list(plan["axes"])
    facet = next((a for a in ("n_features", "n_samples") if a in axes_keys), None)
    y = next(a for a in ("nonzero_share", "n_nonzero", *axes_keys) if a in axes_keys and a != facet)
    x = next(a for a in ("snr", *axes_keys) if a in axes_keys and a not in (facet, y))
    cells = cells.assign(nonzero_share=cells["nonzero_share"].round(3))
    groups = list(cells.groupby(facet)) if facet else [(None, cells)]
    columns, rows = cells[x].nunique(), cells[y].nunique()
    figure, axes = plt.subplots(
        1,
        len(groups),
        figsize=(1.2 + len(groups) * (0.62 * columns + 0.75), 0.55 * rows + 1.2),
        layout="constrained",
        squeeze=False,
    )
    exact = False
    for ax, (_, frame) in zip(axes[0], groups, strict=True):
        # the smallest share of a small p is rounded to at least one feature
        _panel(ax, frame.drop_duplicates([x, y]), x, y)
        row = frame.iloc[0]
        exact |= x == "snr" and _boundary(ax, frame, y)
        ax.set_title(
            f"n = {row['n_samples']}, p = {row['n_features']}  (p/n = {row['aspect_ratio']:g})"
        )
    axes[0, 0].set_ylabel(AXIS_NAMES.get(y, y))
    family = " and ".join(sorted(cells["covariance"].unique())).replace("_", " ")
    counts = cells["verdict"].value_counts()
    words = ", ".join(
        f"{word} {counts.get(key, 0)}"
        for key, word in (
            ("l1", "L1 wins"),
            ("l2", "L2 wins"),
            ("equivalent", "equivalent"),
            ("undecided", "undecided"),
        )
    )
    correlation = cells["correlation"].max()
    title = "Few relevant features and a clear signal: L1. Many, or a weak signal: L2"
    if correlation > 0:
        title = (
            f"Features correlated at {correlation:g}: L2 wins {counts.get('l2', 0)} "
            f"of {len(cells)} cells, L1 {counts.get('l1', 0)}"
        )
    return Drawing(
        figure,
        title,
        f"Each cell is one scenario ({family} features); of {len(cells)} cells: {words}. "
        "Orange: L1 has the lower excess risk; blue: L2. The number is what the winner saves "
        "of the loser's excess risk (geometric mean over replicates); ≈ is practically "
        "equivalent, a hatched ? undecided. A verdict needs an advantage beyond the zone of "
        "equivalence at the configured false discovery rate."
        + (
            " The line is theory's exact boundary for large n between the two penalties at their "
            "best strengths: below it L1 has the lower risk, above it L2."
            if exact
            else ""
        ),
    )
