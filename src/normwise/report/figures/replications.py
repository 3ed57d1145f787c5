"""Published numbers beside those measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import study_module
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted
from normwise.report.look.style import note_figure, plain_ticks
from normwise.report.replicated import kinds, replication_summary, replication_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOOD, BAD = "#0072B2", "#D55E00"
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


def _ratio_row(ax: Axes, y: int, row: pd.Series) -> None:
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


def _words_row(ax: Axes, y: int, row: pd.Series) -> None:
    """What a number without a ratio is held against."""
    words = row["criterion"].split(":")[-1].strip()
    ax.text(
        0.5,
        y,
        words if row["agrees"] else f"not: {words}",
        transform=ax.get_yaxis_transform(),
        ha="center",
        va="center",
        fontsize="small",
        style="italic",
        color=GOOD if row["agrees"] else BAD,
        bbox={"fc": "white", "ec": "none", "pad": 0.8},
    )


def _numbers(ax: Axes, lines: list[tuple[str, pd.Series | None]], kind: pd.Series) -> None:
    """Columns of the numbers themselves, right of the frame."""
    for x, title in ((1.21, "published"), (1.39, "here")):
        style: dict[str, Any] = {
            "transform": ax.get_yaxis_transform(),
            "ha": "right",
            "va": "center",
            "fontsize": "small",
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
            ax.text(x, y, text, color=colour, **style)


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
    ax.set_yticks(range(len(lines)), [label for label, _ in lines], fontsize="small")
    for tick, (_, row) in zip(ax.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if row is None else "normal")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_xlabel("measured here / published or expected")


def _key(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    ax.legend(
        handles=[
            Line2D([], [], color=GOOD, marker="o", label="agrees", ls="", ms=5),
            Line2D([], [], color=BAD, marker="X", label="does not agree", ls="", ms=5),
            Line2D([], [], color="#C9C9C9", lw=7, label="interval of the published number"),
        ],
        loc="lower right",
        bbox_to_anchor=(1.42, 1.02),
        ncols=3,
        fontsize="small",
        handlelength=1.4,
    )


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs a published study that was run again."""
    if any(config["replications"].values()):
        yield Wanted("replications")


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
    figure, ax = plt.subplots(figsize=(7.4, 0.21 * len(lines) + 1.3), layout="constrained")
    for y, (_, row) in enumerate(lines):
        if row is not None and ratios[row.name]:
            _ratio_row(ax, y, row)
        elif row is not None:
            _words_row(ax, y, row)
    _frame(ax, lines)
    _numbers(ax, lines, kinds(every))
    _key(ax)
    found = replication_summary(every)
    agree, rest = replication_words(found)
    missed = "; ".join(found["missed"])
    return Drawing(
        figure,
        f"Published studies run again: {agree}",
        "Each study is run with its own design, tuning and measure of error. Marks: the number "
        "measured here over the published one, with its 95 % interval; the grey bar is the 95 % "
        "interval of the published number, where its source gives a standard error. In italics: "
        "what a number is held against where a ratio says nothing. Whether two numbers agree is "
        "decided by a criterion stated beforehand, in table replications. "
        + (f"Also held here: {rest}. " if rest else "")
        + (f"Not in agreement: {missed}." if missed else "All agree."),
    )
