"""Published numbers beside those measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import study_module
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted
from normwise.report.look.style import SMALL, note_figure, plain_ticks
from normwise.report.replicated import kinds, replication_summary, replication_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# neither is a colour of a penalty
GOOD, BAD = "#333333", "#B2182B"
# of a row, above its marks in a narrow drawing
ABOVE = 0.25
PLATE = {"fc": "white", "ec": "none", "pad": 0.8}
TICKS = (0.1, 0.2, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 5, 10)


def _lines(every: pd.DataFrame) -> list[tuple[str, pd.Series | None]]:
    """Headings and rows, from top to bottom."""
    kinds = every["quantity"].str.replace(r" at strength .*", "", regex=True)
    lines: list[tuple[str, pd.Series | None]] = []
    for (study, kind), own in every.assign(kind=kinds).groupby(["study", "kind"], sort=False):
        lines.append((f"{study_module(study).LABEL}: {kind.split(',')[0]}", None))
        lines += [(f"{row['case']}, {row['method']}", row) for _, row in own.iterrows()]
    return lines


def _is_ratio(every: pd.DataFrame) -> pd.Series:
    # a number that is only compared by its sign has no ratio worth showing
    return (every["published"] > 0) & (every["measured"] > 0) & (every["criterion"] != "same sign")


def _number(value: float) -> str:
    text = np.format_float_positional(value, precision=3, fractional=False, trim="-")
    return text.replace("-", "−")


def _ratio_row(ax: Axes, y: float, row: pd.Series) -> None:
    from scipy import stats

    colour, marker = (GOOD, "o") if row["agrees"] else (BAD, "X")
    ratio = row["measured"] / row["published"]
    if row["published_se"] > 0:
        # on the log scale, as ratios are shown
        reach = np.exp(1.96 * row["published_se"] / row["published"])
        ax.plot([1 / reach, reach], [y, y], color="#C9C9C9", lw=7, solid_capstyle="butt", zorder=1)
    if row["se"] > 0:
        # some studies are run on a handful of data sets
        quantile = stats.t.ppf(0.975, max(1, row["n"] - 1))
        reach = np.exp(quantile * row["se"] / row["measured"])
        ax.plot([ratio / reach, ratio * reach], [y, y], color=colour, lw=1.3, zorder=2)
    ax.plot(ratio, y, marker=marker, color=colour, ms=5 if row["agrees"] else 7, zorder=3)


def _words_row(ax: Axes, y: float, row: pd.Series) -> None:
    """What a number without a ratio is held against."""
    words = row["criterion"].split(":")[-1].strip()
    ax.text(
        0.5,
        y,
        words if row["agrees"] else f"not: {words}",
        transform=ax.get_yaxis_transform(),
        ha="center",
        va="center",
        fontsize=SMALL,
        style="italic",
        color=GOOD if row["agrees"] else BAD,
        bbox=PLATE,
    )


def _numbers(
    ax: Axes, lines: list[tuple[str, pd.Series | None]], kind: pd.Series, narrow: bool
) -> None:
    """Columns of the numbers themselves, right of the frame or above the marks."""
    lift, edge = (ABOVE, (0.83, 0.995)) if narrow else (0, (1.21, 1.39))
    for x, title in zip(edge, ("published", "here"), strict=True):
        style: dict[str, Any] = {
            "transform": ax.get_yaxis_transform(),
            "ha": "right",
            "va": "center",
            "fontsize": SMALL,
        }
        ax.text(x, -0.9, title, fontweight="bold", **style)
        for y, (_, row) in enumerate(lines):
            if row is None:
                continue
            value = row["published"] if title == "published" else row["measured"]
            text = "in words" if np.isnan(value) else _number(value)
            if title == "published" and kind[row.name] == "expected":
                text = "by theory"
            colour = "black" if row["agrees"] else BAD
            ax.text(x, y - lift, text, color=colour, bbox=PLATE, **style)


def _names(ax: Axes, lines: list[tuple[str, pd.Series | None]], narrow: bool) -> None:
    """What each row is: beside it, or above its marks where there is no room."""
    if not narrow:
        ax.set_yticks(range(len(lines)), [label for label, _ in lines], fontsize=SMALL)
        for tick, (_, row) in zip(ax.get_yticklabels(), lines, strict=True):
            tick.set_fontweight("bold" if row is None else "normal")
        return
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    for y, (label, row) in enumerate(lines):
        ax.text(
            0.005,
            y - ABOVE if row is not None else y,
            label,
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=SMALL,
            fontweight="bold" if row is None else "normal",
            bbox=PLATE,
        )


def _frame(ax: Axes, lines: list[tuple[str, pd.Series | None]]) -> None:
    ax.axvline(1, color="black", lw=1, zorder=1.5)
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    low, high = min(low, 0.75), max(high, 1.33)
    ax.set_xlim(low, high)
    room, kept = np.log(high / low) / 9, [1.0]
    for mark in sorted(TICKS, key=lambda m: abs(np.log(m))):
        if low <= mark <= high and all(abs(np.log(mark / k)) > room for k in kept):
            kept.append(float(mark))
    plain_ticks(ax.xaxis, sorted(kept))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_xlabel("measured here / published or expected")


def _key(figure: Figure, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    names = [
        Line2D([], [], color=GOOD, marker="o", label="agrees", lw=1.3, ms=5),
        Line2D([], [], color=BAD, marker="X", label="does not agree", lw=1.3, ms=7),
        Line2D([], [], color="#C9C9C9", lw=7, label="as published (bars: 95 % intervals)"),
    ]
    figure.legend(
        handles=names,
        loc="outside upper left",
        ncols=1 if narrow else 3,
        fontsize=SMALL,
        handlelength=1.8,
    )


def _caption(every: pd.DataFrame) -> str:
    missed = replication_summary(every)["missed"]
    text = (
        "Each mark is a number measured here over the published one, or over what theory expects; "
        "words in italics are criteria stated beforehand. "
    )
    if len(missed) == 1:
        return f"{text}Not in agreement: {missed[0]}."
    return text + (f"{len(missed)} of {len(every)} do not agree." if missed else "All agree.")


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs a published study that was run again."""
    if any(config["replications"].values()):
        yield Wanted("replications")


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """One row for each published number: measured over published, or what it is held against."""
    import matplotlib.pyplot as plt

    every = tables["replications"]
    if not len(every):
        return Drawing(
            note_figure("No published study was run again."),
            "No published study was run again",
            "Table replications is empty; key replications of the config says which published "
            "studies are run again, and on how many data sets.",
        )
    lines, ratios = _lines(every), _is_ratio(every)
    narrow = is_narrow(entry)
    size = (NARROW, 0.36 * len(lines) + 1.6) if narrow else (7.4, 0.21 * len(lines) + 1.3)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    for y, (_, row) in enumerate(lines):
        at = y + ABOVE if narrow else y
        if row is not None and ratios[row.name]:
            _ratio_row(ax, at, row)
        elif row is not None:
            _words_row(ax, at, row)
    _frame(ax, lines)
    _names(ax, lines, narrow)
    _numbers(ax, lines, kinds(every), narrow)
    _key(figure, narrow)
    agree, _ = replication_words(replication_summary(every))
    return Drawing(figure, f"Published studies run again: {agree}", _caption(every))
