"""The rule of thumb for prediction beside the scenarios that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import cells, learnt_from
from normwise.analysis.learn.rule_of_thumb import Rule, call_by_rule, read_rule
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import (
    SMALL,
    equivalence_zone,
    note_figure,
    plain_ticks,
    ratio_axis,
    verdict_dots,
    verdict_key,
    verdict_names,
    zone_patch,
)
from normwise.report.look.words import NO_PART

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOAD = "load a·k / (n √snr): columns that matter\nper row, over √signal-to-noise"
LIMIT: dict[str, Any] = {"color": "black", "lw": 1.1, "ls": (0, (4, 2))}
PLATE: dict[str, Any] = {"fc": "white", "ec": "none", "pad": 1.5}
INTERVAL: dict[str, Any] = {"color": "#E8C24A", "lw": 0, "alpha": 0.7}
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
        bbox=PLATE,
    )


def _cut(ax: Axes, rule: Rule, ends: tuple[float, float]) -> None:
    """The limit of the load with its interval, and what the rule says on either side."""
    if not ends[0] < rule.cut < ends[1]:
        side = "l1" if rule.cut > ends[0] else "l2"
        _say(ax, float(np.sqrt(ends[0] * ends[1])), f"take {side.upper()}", COLOURS[side])
        return
    low, high = np.clip([rule.low, rule.high], *ends)
    ax.axvspan(low, high, zorder=0.7, **INTERVAL)
    ax.axvline(rule.cut, zorder=1, **LIMIT)
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


def _effects(ax: Axes, own: pd.DataFrame, entry: Entry, title: str) -> None:
    equivalence_zone(ax, entry["margin"])
    verdict_dots(ax, own["load"].to_numpy(), np.exp(own["effect"]).to_numpy(), own["verdict"])
    verdict_key(ax, own["verdict"], names=not is_narrow(entry))
    ax.set_title(title, pad=22)
    ax.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")


def _points(ax: Axes, own: pd.DataFrame, enough: float, narrow: bool) -> None:
    """By how much less L1 explains, against rows per column, and from where it hardly matters."""
    from matplotlib.ticker import FixedLocator

    # of what is not explained, so that L1 is better below the line, as above
    rows, points = own["rows_per_feature"].to_numpy(), -own["points"].to_numpy()
    ax.axhspan(-1, 1, color="#DDDDDD", lw=0, zorder=0.5)
    ax.axhline(0, color="#444444", lw=0.8, zorder=0.6)
    verdict_dots(ax, rows, points, own["verdict"])
    verdict_key(ax, own["verdict"], names=not narrow)
    ax.set_yscale("symlog", linthresh=1)
    reach = max(3.0, 1.5 * float(np.nanmax(np.abs(points))))
    ax.set_ylim(-reach, reach)
    marks = [m for m in (1, 3, 10, 30) if m < reach]
    plain_ticks(ax.yaxis, [-m for m in marks[::-1]] + [0] + marks)
    ax.yaxis.set_minor_locator(FixedLocator([]))
    measure = "not explained, L1 − L2" if narrow else "points not explained, L1 − L2"
    ax.set_ylabel(f"{measure}\n← L1 better · L2 better →")
    ends = (rows.min() / 1.25, rows.max() * 1.25)
    load_axis(ax, ends)
    ax.set_xlabel("rows per column (of two classes:\ntwice those of the rarer one)")
    units = "" if narrow else " of R² or log-loss"
    ax.set_title(f"All {len(own):,} scenarios, in points{units}", pad=22)
    if ends[0] < enough < ends[1]:
        ax.axvline(enough, zorder=1, **LIMIT)
        text = f"from {enough:g} on:\nhardly matters"
        if narrow:
            ax.text(
                0.98,
                0.03,
                text,
                transform=ax.transAxes,
                ha="right",
                va="bottom",
                fontweight="bold",
                color="#444444",
                bbox=PLATE,
            )
        else:
            _say(ax, enough, text, "#444444", "left")


def _caption(parts: dict[str, pd.DataFrame], rule: Rule, enough: float) -> str:
    """What the rule says, on how many it is right, and where it hardly matters."""
    which, own = list(parts.items())[-1]
    decided = own[own["verdict"].isin(("l1", "l2"))]
    right = call_by_rule(decided, rule) == decided["verdict"].to_numpy()
    text = (
        "Each mark is a scenario: below the line L1 predicts better, above it L2. Of the scenarios "
        f"that {which}, the rule names {right.sum():,} of {len(decided):,} winners."
    )
    if enough < np.inf:
        text += f" With {enough:g} rows per column or more, the choice hardly matters."
    return text


def _title(rule: Rule) -> str:
    if not 0 < rule.cut < np.inf:
        return f"The rule of thumb for prediction: always {'L1' if rule.cut else 'L2'}"
    return f"The rule of thumb for prediction: L1 below, L2 above a·k = {rule.cut:g} n √snr"


def _key(figure: Figure, narrow: bool, margin: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    zone = zone_patch(f"±{100 * margin:g} %, ±1 point")
    limits = [
        Line2D([], [], label="limit of the rule", **LIMIT),
        Patch(label="its 95 % interval", **INTERVAL),
    ]
    if narrow:
        verdict_names(figure, *limits, zone, columns=2)
    else:
        figure.legend(handles=[zone, *limits], loc="outside lower center", ncols=3, fontsize=SMALL)


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("rule")


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Effect of every scenario against its load, and in points against its rows per column."""
    import matplotlib.pyplot as plt

    frame = cells(tables["ground"])
    rule = read_rule(tables["rules"])
    if rule is None:
        return Drawing(
            note_figure(TOO_FEW),
            "No rule of thumb from so few scenarios",
            "A rule that is made from some scenarios and tried on others needs more than the "
            f"{len(frame)} that this study has with a known truth and a signal.",
        )
    parts = {"made the rule": learnt_from(frame), NO_PART: frame[frame["held_out"]]}
    parts = {which: own for which, own in parts.items() if len(own)}
    explained = cells(tables["ground"], EXPLAINED)
    last = read_rule(tables["rules"], EXPLAINED)
    enough = np.inf if last is None else last.enough
    n_panels = len(parts) + (len(explained) > 0)
    narrow = is_narrow(entry)
    figure, axes = plt.subplots(
        n_panels,
        1,
        figsize=(NARROW, 1 + 2.7 * n_panels) if narrow else (7.3, 1.2 + 2.9 * n_panels),
        layout="constrained",
        squeeze=False,
    )
    ends = (frame["load"].min() / 1.25, frame["load"].max() * 1.25)
    ratios = np.exp(frame["effect"])
    for ax, (which, own) in zip(axes[:, 0], parts.items(), strict=False):
        _effects(ax, own, entry, f"{len(own):,} scenarios that {which}")
        ratio_axis(ax, min(0.7, ratios.min() / 1.1), max(1.4, ratios.max() * 2))
        load_axis(ax, ends, most=6 if narrow else 12)
        _cut(ax, rule, ends)
        ax.set_xlabel(LOAD)
    if len(explained):
        _points(axes[-1, 0], explained, enough, narrow)
    _key(figure, narrow, entry["margin"])
    return Drawing(figure, _title(rule), _caption(parts, rule, enough))
