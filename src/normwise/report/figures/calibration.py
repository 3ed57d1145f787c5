"""How often verdicts and intervals are right where the answer is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.cells import CELLS
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import note_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# by pair: name, marker, line, colour
PAIRS = {
    ("l1", "l2"): ("L1 against L2", "o", "-", "#111111"),
    ("l1", "again"): ("L1 against itself, other folds", "^", "--", COLOURS["l1"]),
    ("l2", "again"): ("L2 against itself, other folds", "s", ":", COLOURS["l2"]),
    ("none", "none"): ("least squares against its exact risk", "D", "-.", COLOURS["none"]),
}
# by row: label, measures, whether a high rate is a failure, and the name of the nominal line
ROWS = {
    "false wins, %": (("false_win",), True, "at most"),
    "false\nequivalences, %": (("false_equivalence",), True, "at most"),
    "intervals that hold\nthe truth, %": (("coverage", "coverage_theory"), False, "promised"),
    "right winner\nfound, %": (("right_winner",), False, ""),
}
# below, a rate says next to nothing
FEWEST_GROUPS = 20


def _name(cell: str) -> str:
    return f"{CELLS[cell].n_nonzero} of {CELLS[cell].n_features} matter"


def _worst(frame: pd.DataFrame, highest: bool) -> pd.DataFrame:
    """The worst rate of each pair, by number of replicates, with its interval, in per cent."""
    from normwise.analysis.inference import wilson_interval

    ordered = frame.sort_values("rate", ascending=not highest, kind="stable")
    worst = ordered.groupby(["first", "second", "n"], as_index=False, sort=True).first()
    ends = [
        wilson_interval(rate * groups, groups, 0.95)
        for rate, groups in zip(worst["rate"], worst["groups"], strict=True)
    ]
    low, high = np.reshape(ends, (-1, 2)).T
    return worst.assign(rate=100 * worst["rate"], low=100 * low, high=100 * high)


def _panel(ax: Axes, own: pd.DataFrame, highest: bool) -> None:
    for i, (pair, (_, marker, line, colour)) in enumerate(PAIRS.items()):
        shown = own[(own["first"] == pair[0]) & (own["second"] == pair[1])]
        shown = _worst(shown, highest)
        # side by side, as equal rates would hide each other
        at = shown["n"] * 1.05 ** (i - 1)
        ax.vlines(at, shown["low"], shown["high"], color=colour, lw=1)
        ax.plot(
            at,
            shown["rate"],
            color=colour,
            ls=line,
            marker=marker,
            ms=3.5,
            lw=1,
            mfc="white" if pair[1] != "l2" else colour,
        )


def _nominal(ax: Axes, own: pd.DataFrame, word: str, last: bool) -> None:
    promised = own["nominal"].dropna()
    if not len(promised):
        return
    value = 100 * float(promised.iloc[0])
    ax.axhline(value, color="black", lw=1, zorder=1)
    if last:
        ax.annotate(
            f"{word}\n{value:.2g} %",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )


def _limits(row: str, drawn: pd.DataFrame) -> tuple[float, float]:
    if row.startswith("intervals"):
        return min(85.0, 100 * float(drawn["rate"].min()) - 3), 101.0
    if row.startswith("right"):
        return -4.0, 104.0
    nominal = float(drawn["nominal"].max())
    return 0.0, 100 * max(1.5 * nominal, 1.3 * float(drawn["rate"].max()))


def _title(wins: pd.DataFrame) -> str:
    # the lower end of an interval: what chance alone does not explain
    from normwise.analysis.inference import wilson_interval

    low = [
        wilson_interval(rate * groups, groups, 0.95)[0]
        for rate, groups in zip(wins["rate"], wins["groups"], strict=True)
    ]
    promised = f"{100 * wins['nominal'].iloc[0]:.2g} %"
    broken = wins.loc[np.array(low) > wins["nominal"].to_numpy(), "n"]
    if not len(broken):
        return f"At most {promised} of the verdicts are false wins, as promised"
    enough = sorted(wins.loc[wins["n"] > broken.max(), "n"].unique())
    if not enough:
        return f"More than the promised {promised} of the verdicts can be false wins"
    return f"False wins stay within the promised {promised} from {enough[0]} replicates on"


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs a calibration."""
    if config["calibration"]["replicates"]:
        yield Wanted("calibration")


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """False verdicts, coverage and power by the number of replicates."""
    frame = tables["calibration"]
    frame = frame[frame["groups"] >= FEWEST_GROUPS]
    if not (frame["measure"] == "false_win").any():
        return Drawing(
            note_figure("Too few replicates to try the verdicts."),
            "The verdict rule was not tried",
            "Table calibration has no rate of false wins from enough groups of replicates to be "
            "shown here; key calibration of the config sets their number.",
        )
    figure = _grid(frame)
    _key(figure, frame)
    return Drawing(figure, _title(frame[frame["measure"] == "false_win"]), _caption(frame))


def _grid(frame: pd.DataFrame) -> Figure:
    """A column for each scenario, a row for each kind of rate."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    cells = list(dict.fromkeys(frame["cell"]))
    rows = {label: row for label, row in ROWS.items() if frame["measure"].isin(row[0]).any()}
    figure, axes = plt.subplots(
        len(rows),
        len(cells),
        figsize=(max(4.5, 1.3 + 1.55 * len(cells)), 1.2 + 1.5 * len(rows)),
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    sizes = sorted(frame["n"].unique())
    for line, (label, (measures, highest, word)) in zip(axes, rows.items(), strict=True):
        shown = frame[frame["measure"].isin(measures)]
        for ax, cell in zip(line, cells, strict=True):
            rates = shown[shown["cell"] == cell]
            _panel(ax, rates, highest)
            _nominal(ax, shown, word, ax is line[-1])
            if not len(rates):
                ax.text(
                    0.5,
                    0.5,
                    "no winner\nby theory",
                    transform=ax.transAxes,
                    ha="center",
                    va="center",
                    fontsize="small",
                )
        line[0].set_ylabel(label)
        line[0].set_ylim(_limits(label, shown))
    for ax, cell in zip(axes[0], cells, strict=True):
        ax.set_title(_name(cell))
    axes[0, 0].set(xscale="log", xlim=(sizes[0] / 1.3, sizes[-1] * 1.4))
    kept = sizes[::-1][::2][::-1]
    axes[0, 0].set_xticks(kept, [str(n) for n in kept])
    axes[0, 0].xaxis.set_minor_locator(NullLocator())
    figure.supxlabel("replicates behind a verdict or an interval", fontsize="medium")
    figure.align_ylabels()
    return figure


def _caption(frame: pd.DataFrame) -> str:
    wins = frame[frame["measure"] == "false_win"]
    worst = wins.loc[wins["rate"].idxmax()]
    covered = frame[frame["measure"] == "coverage"]
    least = covered.loc[covered["rate"].idxmin()]
    return (
        "Each column is a small scenario whose answer is known, by the number of its features that "
        "matter; the points are shares of repeated "
        "studies of so many replicates, with 95 % intervals, and lines lead from one to the next. "
        "False wins: a winner is named although its advantage is at most the margin, at the "
        f"hardest truth, exactly the margin. The most is {100 * worst['rate']:.1f} % with "
        f"{worst['n']} replicates ({_name(worst['cell'])}). False equivalences: "
        "equivalent is said at a difference of the margin. The intervals hold the truth least "
        f"often in {100 * least['rate']:.1f} % of the cases, with {least['n']} replicates "
        f"({_name(least['cell'])}); few replicates of a skewed difference cost "
        "coverage. Right winner: the one that theory names."
    )


def _key(figure: Figure, frame: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    drawn = set(zip(frame["first"], frame["second"], strict=True))
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            ls=line,
            marker=marker,
            ms=4,
            lw=1,
            label=name,
            mfc=colour if pair[1] == "l2" else "white",
        )
        for pair, (name, marker, line, colour) in PAIRS.items()
        if pair in drawn
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=2, fontsize="small", handlelength=3.2
    )
