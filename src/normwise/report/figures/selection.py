"""Which columns a penalty selects: true positives against false discoveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS
from normwise.report.look.numbers import percent
from normwise.report.look.style import SMALL, interval_mark, note_figure, penalties_in
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RULES = {
    "cv_min": "cross-validation",
    "cv_1se": "one-standard-error rule",
    "oracle": "least true risk",
}
# by signal-to-noise ratio below: name, marker, share of white in the fill
SIGNALS = {1.0: ("below 1", "v", 1.0), 3.0: ("1 to 3", "o", 0.5), np.inf: ("3 or more", "^", 0.0)}
MEDIAN: dict[str, Any] = {"color": "#111111", "lw": 1, "ls": (0, (1, 2))}


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


def _panel(ax: Axes, own: pd.DataFrame, penalty: str, heading: str) -> None:
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
        ax.axvline(x, zorder=4, **MEDIAN)
        ax.axhline(y, zorder=4, **MEDIAN)
        ax.set_title(
            f"{heading}{percent(y)} found,\n{percent(x)} of picks false",
            fontsize=SMALL,
            fontweight="normal",
        )


def _mixed(colour: str, white: float) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    rgb = np.array(to_rgb(colour))
    return tuple(float(v) for v in rgb + white * (1 - rgb))


def _key(figure: Figure, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    signals = [
        Line2D(
            [], [], ls="", marker=m, ms=6, mfc=_mixed("#555555", w), mec="#555555",
            label=f"signal-to-noise {name}",
        )
        for name, m, w in SIGNALS.values()
    ]  # fmt: skip
    figure.legend(
        handles=[*signals, Line2D([], [], label="median", **MEDIAN), interval_mark()],
        loc="outside lower center",
        ncols=2 if narrow else 3,
        fontsize=SMALL,
        handletextpad=0.3,
    )


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """One figure of all data sets in which a property is swept."""
    if datasets := swept(config):
        yield Wanted("selection", tuple(datasets))


@fitted
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
            "the columns matter; this study has none.",
        )
    narrow, n = is_narrow(entry), len(penalties)
    # a row for each penalty, or for each rule where three panels have no room side by side
    shape = (len(RULES), n) if narrow else (n, len(RULES))
    figure, axes = plt.subplots(
        *shape,
        figsize=(NARROW, 1.2 + 2.3 * shape[0]) if narrow else (7.4, 1.4 + 2.5 * n),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for line, penalty in zip(axes.T if narrow else axes, penalties, strict=True):
        for ax, (rule, title) in zip(line, RULES.items(), strict=True):
            own = wide[(wide["tuning"] == rule) & (wide["penalty"] == penalty)]
            _panel(ax, own, penalty, f"{NAMES[penalty]}, median:\n" if narrow else "median: ")
            where = ax.get_subplotspec()
            if where.is_first_col():
                found = "share of true columns found"
                ax.set_ylabel(found if narrow else f"{NAMES[penalty]}\n{found}")
            if narrow or where.is_last_row():
                ax.set_xlabel("share of picks\nthat are false")
                ax.tick_params(labelbottom=True)
            if penalty == penalties[0]:
                ax.annotate(
                    title,
                    (0, 1),
                    xycoords="axes fraction",
                    xytext=(0, 46 if narrow else 36),
                    textcoords="offset points",
                    fontweight="bold",
                )
    axes[0, 0].set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.06))
    axes[0, 0].annotate(
        "ideal", (0, 1), xytext=(4, -17), textcoords="offset points", fontsize=SMALL
    )
    _key(figure, narrow)
    return Drawing(figure, *_words(wide))


def _words(wide: pd.DataFrame) -> tuple[str, str]:
    first = wide["penalty"].iloc[-1] if not (wide["penalty"] == "l1").any() else "l1"
    own = wide[wide["penalty"] == first]
    middle = own.groupby("tuning")[["tpr_mean", "fdr_mean"]].median()
    (found, false), (found_1se, false_1se) = (
        [percent(v) for v in middle.loc[rule]] for rule in ("cv_min", "cv_1se")
    )
    return (
        f"Cross-validated {NAMES[first]} finds {found} of the true columns; {false} of its picks "
        "are false"
    ), (
        f"Each mark is one of {own['scenario'].nunique()} sparse scenarios. The "
        f"one-standard-error rule penalises more: {NAMES[first]} then finds {found_1se}, and "
        f"{false_1se} of its picks are false (medians). L2 (ridge) keeps every column, so it is "
        "absent."
    )
