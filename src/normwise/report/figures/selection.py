"""Which features a penalty selects: true positives against false discoveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import note_figure, penalties_in
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RULES = {
    "cv_min": "least CV error",
    "cv_1se": "one standard error",
    "oracle": "least true risk",
}
# by signal-to-noise ratio below: name, marker, share of white in the fill
SIGNALS = {1.0: ("below 1", "v", 1.0), 3.0: ("1 to 3", "o", 0.5), np.inf: ("3 or more", "^", 0.0)}


def _wide(tables: dict[str, pd.DataFrame], datasets: list[str]) -> pd.DataFrame:
    scenarios = tables["scenarios"]
    sparse = scenarios[
        scenarios["dataset"].isin(datasets)
        & (scenarios["nonzero_share"] < 0.5)
        & (scenarios["n_nonzero"] > 0)
    ]
    summary = tables["summary"]
    own = summary[summary["metric"].isin(("tpr", "fdr"))].pivot_table(
        index=["dataset", "scenario", "penalty", "tuning"],
        columns="metric",
        values=["mean", "mcse"],
    )
    own.columns = [f"{metric}_{value}" for value, metric in own.columns]
    return own.reset_index().merge(
        sparse[["dataset", "scenario", "snr"]], on=["dataset", "scenario"]
    )


def _crosses(ax: Axes, own: pd.DataFrame) -> None:
    x, y = own["fdr_mean"].to_numpy(), own["tpr_mean"].to_numpy()
    dx, dy = 1.96 * own["fdr_mcse"].to_numpy(), 1.96 * own["tpr_mcse"].to_numpy()
    gaps = np.full(len(own), np.nan)
    for at, to in (
        ((x - dx, x + dx, gaps), (y, y, gaps)),
        ((x, x, gaps), (y - dy, y + dy, gaps)),
    ):
        ax.plot(np.column_stack(at).ravel(), np.column_stack(to).ravel(), color="#AAAAAA", lw=0.7)


def _panel(ax: Axes, own: pd.DataFrame, penalty: str) -> None:
    colour, lower = COLOURS[penalty], -np.inf
    _crosses(ax, own)
    for upper, (_, marker, white) in SIGNALS.items():
        part = own[(own["snr"] >= lower) & (own["snr"] < upper)]
        lower = upper
        ax.plot(
            part["fdr_mean"],
            part["tpr_mean"],
            ls="",
            marker=marker,
            ms=5,
            mfc=_mixed(colour, white),
            mec=colour if white else "white",
            mew=0.8 if white else 0.4,
            zorder=3,
        )
    ax.plot(0, 1, "*", color="k", ms=11, clip_on=False, zorder=4)
    if len(own):
        x, y = own["fdr_mean"].median(), own["tpr_mean"].median()
        style: dict[str, Any] = {"color": "#111111", "lw": 1, "ls": (0, (1, 2)), "zorder": 4}
        ax.axvline(x, **style)
        ax.axhline(y, **style)
        ax.set_title(
            f"median: {100 * y:.0f} % found,\n{100 * x:.0f} % of the selected false",
            fontsize="small",
            fontweight="normal",
        )


def _mixed(colour: str, white: float) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    rgb = np.array(to_rgb(colour))
    return tuple(float(v) for v in rgb + white * (1 - rgb))


def _name_signals(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], ls="", marker=m, ms=6, mfc=_mixed("#555555", w), mec="#555555", label=name)
        for name, m, w in SIGNALS.values()
    ]
    blank = Line2D([], [], ls="", label="signal-to-noise ratio:")
    figure.legend(
        handles=[blank, *handles],
        loc="outside lower center",
        ncols=4,
        fontsize="small",
        handletextpad=0.1,
    )


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """One figure of all data sets in which a property is swept."""
    if datasets := swept(config):
        yield Wanted("selection", tuple(datasets))


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Selection of L1 and the elastic net in every sparse scenario of the sweeps."""
    import matplotlib.pyplot as plt

    wide = _wide(tables, entry["datasets"])
    penalties = penalties_in(wide)
    if not penalties:
        return Drawing(
            note_figure("No sweep has a sparse scenario and a penalty that selects."),
            "No selection to show",
            "Selection is shown for the sparse scenarios of the sweeps, in which less than half of "
            "the features matter; this study has none.",
        )
    figure, axes = plt.subplots(
        len(penalties),
        len(RULES),
        figsize=(7.4, 1.2 + 2.5 * len(penalties)),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for line, penalty in zip(axes, penalties, strict=True):
        for ax, (rule, title) in zip(line, RULES.items(), strict=True):
            own = wide[(wide["tuning"] == rule) & (wide["penalty"] == penalty)]
            _panel(ax, own, penalty)
            if penalty == penalties[0]:
                ax.annotate(
                    title,
                    (0, 1),
                    xycoords="axes fraction",
                    xytext=(0, 36),
                    textcoords="offset points",
                    fontweight="bold",
                )
        line[0].set_ylabel(f"{NAMES[penalty]}\ntrue features found")
    axes[0, 0].set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.06))
    axes[0, 0].annotate(
        "ideal", (0, 1), xytext=(4, -17), textcoords="offset points", fontsize="small"
    )
    for ax in axes[-1]:
        ax.set_xlabel("selected features\nthat are false")
    _name_signals(figure)
    title, words = _words(wide)
    return Drawing(figure, title, words)


def _words(wide: pd.DataFrame) -> tuple[str, str]:
    first = wide["penalty"].iloc[-1] if not (wide["penalty"] == "l1").any() else "l1"
    own = wide[wide["penalty"] == first]
    middle = own.groupby("tuning")[["tpr_mean", "fdr_mean"]].median() * 100
    found, false = (middle.loc["cv_min", c] for c in ("tpr_mean", "fdr_mean"))
    title = (
        f"Cross-validated, {NAMES[first]} finds a median {found:.0f} % of the true features in "
        f"{own['scenario'].nunique()} sparse scenarios; a median {false:.0f} % of those it selects "
        "are false"
    )
    changed = middle.loc["cv_1se"] - middle.loc["cv_min"]
    return title, (
        f"Each mark is one of {own['scenario'].nunique()} sparse scenarios, a mean over replicates "
        "with 95 % intervals in both directions; its shape is the strength of the signal. Dotted "
        "lines are medians over these scenarios, not a property of the penalty. To select nothing "
        "counts as 0 % false. Columns: the "
        "rule that chooses the strength. With the strongest penalty within one standard error, "
        f"a median {middle.loc['cv_1se', 'fdr_mean']:.0f} % of what {NAMES[first]} selects is "
        f"false ({changed['fdr_mean']:+.0f} points), and it finds a median "
        f"{middle.loc['cv_1se', 'tpr_mean']:.0f} % of the true ones "
        f"({changed['tpr_mean']:+.0f} points). L2 is absent, as it does not select."
    ).replace("(-", "(−")
