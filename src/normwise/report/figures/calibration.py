"""How often verdicts and intervals are right where the answer is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.cells import CELLS
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted
from normwise.report.look.colours import COLOURS
from normwise.report.look.numbers import percent
from normwise.report.look.style import SMALL, interval_mark, note_figure

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
# by row: label, measures, whether a high rate is a failure, and what was promised
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
    if not len(own):
        ax.text(
            0.5, 0.5, "no winner\nby theory", transform=ax.transAxes, ha="center", va="center",
            fontsize=SMALL,
        )  # fmt: skip
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


def _promise(own: pd.DataFrame, word: str) -> str:
    """What was promised of a rate, for its label."""
    promised = own["nominal"].dropna()
    return f"\n({word} {100 * promised.iloc[0]:.2g})" if len(promised) else ""


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


@fitted
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
    figure = _grid(frame, is_narrow(entry))
    _key(figure, frame, is_narrow(entry))
    wins = frame[frame["measure"] == "false_win"]
    return Drawing(figure, _title(wins), _caption(wins))


def _grid(frame: pd.DataFrame, narrow: bool) -> Figure:
    """A row for each kind of rate, two in a narrow drawing, and a panel for each scenario."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    cells = list(dict.fromkeys(frame["cell"]))
    rows = {label: row for label, row in ROWS.items() if frame["measure"].isin(row[0]).any()}
    columns = min(2, len(cells)) if narrow else len(cells)
    lines = len(rows) * -(-len(cells) // columns)
    wide = (max(4.5, 1.3 + 1.55 * len(cells)), 1.2 + 1.5 * lines)
    figure, axes = plt.subplots(
        lines,
        columns,
        figsize=(NARROW, 1.4 + 1.55 * lines) if narrow else wide,
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    sizes = sorted(frame["n"].unique())
    kept = sizes[::-1][::2][::-1]
    axes[0, 0].set(xscale="log", xlim=(sizes[0] / 1.3, sizes[-1] * 1.4))
    axes[0, 0].set_xticks(kept, [str(n) for n in kept])
    axes[0, 0].xaxis.set_minor_locator(NullLocator())
    # an odd number of scenarios leaves a panel empty
    axes = axes.reshape(len(rows), -1)
    for ax in axes[:, len(cells) :].flat:
        ax.set_axis_off()
    for line, (label, (measures, highest, word)) in zip(axes, rows.items(), strict=True):
        shown = frame[frame["measure"].isin(measures)]
        for ax, cell in zip(line, cells, strict=False):
            _panel(ax, shown[shown["cell"] == cell], highest)
            for promised in shown["nominal"].dropna().unique():
                ax.axhline(100 * promised, color="black", lw=1, zorder=1)
            ax.set_ylim(_limits(label, shown))
            if ax.get_subplotspec().is_first_col():
                ax.set_ylabel(label + _promise(shown, word))
            if narrow or label == next(iter(rows)):
                ax.set_title(_name(cell))
            ax.tick_params(labelbottom=narrow or label == list(rows)[-1])
    figure.supxlabel("repeated fits behind a verdict or an interval", fontsize="medium")
    figure.align_ylabels()
    return figure


def _caption(wins: pd.DataFrame) -> str:
    worst = wins.loc[wins["rate"].idxmax()]
    return (
        "Small scenarios with a known answer, by how many columns matter, tried over and over. A "
        "false win names a winner "
        "although the difference is too small to matter; the most was "
        f"{percent(worst['rate'], 1)}, with {worst['n']} replicates."
    )


def _key(figure: Figure, frame: pd.DataFrame, narrow: bool) -> None:
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
        handles=[*handles, Line2D([], [], color="black", lw=1, label="promised"), interval_mark()],
        loc="outside upper left",
        ncols=1 if narrow else 3,
        fontsize=SMALL,
        handlelength=3.2,
    )
