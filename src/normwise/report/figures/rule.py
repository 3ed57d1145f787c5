"""The rule of thumb for prediction beside the scenarios that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import cells, learnt_from
from normwise.analysis.learn.rule_of_thumb import Rule, call_by_rule, read_rule
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.report.decision import matters_text, rule_text
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import (
    equivalence_zone,
    note_figure,
    plain_ticks,
    ratio_axis,
    verdict_dots,
    verdict_key,
)
from normwise.report.look.words import NO_PART
from normwise.report.validity import measured_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOAD = "load: a·k / (n √snr)"
HELD_OUT = {
    "fresh": "they played no part",
    "study": "they are those of this study",
    "scenarios": "a fifth of the scenarios is held out",
}
TOO_FEW = "Too few scenarios in this study for a rule."


def load_axis(ax: Axes, ends: tuple[float, float], most: int = 12) -> None:
    """Limits and ticks of a logarithmic axis, at most so many where they are decades."""
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    steps = (1,) if ends[1] / ends[0] > 200 else (1, 2, 5)
    ax.xaxis.set_major_locator(LogLocator(subs=steps, numticks=most))
    plain_ticks(ax.xaxis)
    ax.set_xlim(ends)


def _say(ax: Axes, x: float, text: str, colour: str, align: str = "center") -> None:
    ax.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=({"left": 6, "right": -6}.get(align, 0), -5),
        textcoords="offset points",
        ha=align,
        va="top",
        fontweight="bold",
        color=colour,
        bbox={"fc": "white", "ec": "none", "pad": 1.5},
    )


def _cut(ax: Axes, rule: Rule, ends: tuple[float, float]) -> None:
    """The limit of the load with its interval, and what the rule says on either side."""
    if not ends[0] < rule.cut < ends[1]:
        side = "l1" if rule.cut > ends[0] else "l2"
        _say(ax, float(np.sqrt(ends[0] * ends[1])), f"take {side.upper()}", COLOURS[side])
        return
    low, high = np.clip([rule.low, rule.high], *ends)
    ax.axvspan(low, high, color="#BBBBBB", lw=0, alpha=0.6, zorder=0.7)
    ax.axvline(rule.cut, color="black", lw=1.1, ls=(0, (4, 2)), zorder=1)
    _say(ax, float(low), "take L1", COLOURS["l1"], "right")
    _say(ax, float(high), "take L2", COLOURS["l2"], "left")
    ax.annotate(
        f"{rule.cut:g}",
        (high, 0),
        xycoords=("data", "axes fraction"),
        xytext=(4, 5),
        textcoords="offset points",
        fontweight="bold",
    )


def _effects(ax: Axes, own: pd.DataFrame, margin: float, title: str) -> None:
    equivalence_zone(ax, margin)
    verdict_dots(ax, own["load"].to_numpy(), np.exp(own["effect"]).to_numpy(), own["verdict"])
    verdict_key(ax, own["verdict"])
    ax.set_title(title, pad=22)
    ax.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")


def _points(ax: Axes, own: pd.DataFrame, enough: float) -> None:
    """By how much more L1 explains, against rows per feature, and from where it hardly matters."""
    from matplotlib.ticker import FixedLocator

    rows, points = own["rows_per_feature"].to_numpy(), own["points"].to_numpy()
    ax.axhspan(-1, 1, color="#DDDDDD", lw=0, zorder=0.5)
    ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)
    verdict_dots(ax, rows, points, own["verdict"])
    verdict_key(ax, own["verdict"])
    ax.set_yscale("symlog", linthresh=1)
    reach = max(3.0, 1.5 * float(np.nanmax(np.abs(points))))
    ax.set_ylim(-reach, reach)
    marks = [m for m in (1, 3, 10, 30) if m < reach]
    plain_ticks(ax.yaxis, [-m for m in marks[::-1]] + [0] + marks)
    ax.yaxis.set_minor_locator(FixedLocator([]))
    ax.set_ylabel("points explained, L1 − L2\n← L2 better · L1 better →")
    ends = (rows.min() / 1.25, rows.max() * 1.25)
    load_axis(ax, ends)
    ax.set_xlabel("rows per feature (of two classes, twice those of the rarer one)")
    ax.set_title("The same in points of what is explained of new rows", pad=22)
    if ends[0] < enough < ends[1]:
        ax.axvline(enough, color="black", lw=1.1, ls=(0, (4, 2)), zorder=1)
        _say(ax, enough, f"from {enough:g} on:\nhardly matters", "#444444", "left")


def _agreement(parts: dict[str, pd.DataFrame], rule: Rule) -> str:
    words = []
    for title, own in parts.items():
        decided = own[own["verdict"].isin(("l1", "l2"))]
        right = call_by_rule(decided, rule) == decided["verdict"].to_numpy()
        words.append(f"{right.sum()} of {len(decided)} ({title})")
    return f"It names the winner in {' and '.join(words)}."


def _title(rule: Rule) -> str:
    if not 0 < rule.cut < np.inf:
        return f"The rule of thumb for prediction: {rule_text(rule)}"
    return f"The rule of thumb for prediction: L1 below a load of {rule.cut:g}, L2 above"


def _held_out(scores: pd.DataFrame) -> str:
    own = scores[
        (scores["goal"] == "prediction")
        & (scores["rule"] == "rule of thumb")
        & (scores["family"] == "all")
        & (scores["decided"] > 0)
    ].set_index("split")
    words = [
        f"{100 * own.loc[split, 'accuracy']:.0f} % of {own.loc[split, 'decided']} "
        f"({100 * own.loc[split, 'accuracy_low']:.0f} to "
        f"{100 * own.loc[split, 'accuracy_high']:.0f} %) when {text}"
        for split, text in HELD_OUT.items()
        if split in own.index
    ]
    return f" Of the winners not seen: {', '.join(words)}." if words else ""


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("rule")


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Effect of every scenario against its load, and in points against its rows per feature."""
    import matplotlib.pyplot as plt

    frame = cells(tables["ground"])
    rule = read_rule(tables["rules"])
    if rule is None:
        return Drawing(
            note_figure(TOO_FEW),
            "No rule of thumb from so few scenarios",
            f"The study has {len(frame)} scenarios with a known truth and a signal; a rule that is "
            "learnt from some of them and judged on others needs more.",
        )
    parts = {"learnt from": learnt_from(frame), NO_PART: frame[frame["held_out"]]}
    parts = {title: own for title, own in parts.items() if len(own)}
    explained = cells(tables["ground"], EXPLAINED)
    last = read_rule(tables["rules"], EXPLAINED)
    n_panels = len(parts) + (len(explained) > 0)
    figure, axes = plt.subplots(
        n_panels,
        1,
        figsize=(7.3, 0.9 + 2.8 * n_panels),
        layout="constrained",
        squeeze=False,
    )
    ends = (frame["load"].min() / 1.25, frame["load"].max() * 1.25)
    ratios = np.exp(frame["effect"])
    for ax, (title, own) in zip(axes[:, 0], parts.items(), strict=False):
        _effects(ax, own, entry["margin"], f"{len(own):,} scenarios, {title}")
        ratio_axis(ax, min(0.7, ratios.min() / 1.1), max(1.4, ratios.max() * 2))
        load_axis(ax, ends)
        _cut(ax, rule, ends)
        ax.set_xlabel(LOAD)
    if len(explained):
        _points(axes[-1, 0], explained, np.inf if last is None else last.enough)
    hardly = matters_text(tables)
    return Drawing(
        figure,
        _title(rule),
        "Each mark is a scenario: the geometric mean of the ratio of excess risks against its "
        "load, a times the number of relevant features per row over the root of the "
        "signal-to-noise ratio (k by effective number, a the alignment of the signal, at "
        "least 1, all as in the truth). The light grey band is the zone of equivalence, the "
        "upright one the 95 % "
        f"interval of the limit, which was fitted to what it was learnt from: {rule_text(rule)}. "
        f"{_agreement(parts, rule)}{_held_out(tables['rule_scores'])}"
        + (f" Below, in points. {hardly}" if hardly else "")
        + f" {measured_words(frame)}",
    )
