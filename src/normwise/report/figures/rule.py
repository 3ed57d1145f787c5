"""The rule of thumb for prediction beside the scenarios that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import COLLINEAR, cells
from normwise.analysis.learn.rule_of_thumb import NEITHER, Bounds, call_by_rule, read_bounds
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import (
    equivalence_zone,
    note_figure,
    plain_ticks,
    ratio_axis,
    verdict_key,
    verdict_points,
)
from normwise.report.look.words import NO_PART, NO_WINNER
from normwise.report.validity import measured_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOAD = "load: k / (n √(snr (1 − r²)))"
ZONES = {"l1": "take L1", NEITHER: NO_WINNER, "l2": "take L2"}
HELD_OUT = {
    "fresh": "they played no part",
    "scenarios": "a fifth of the scenarios is held out",
    "families": "a whole family is held out",
}
DIRECTION = "n · snr / p_eff"
WEAK = f"too weak a signal: {DIRECTION} <"
TOO_FEW = "Too few scenarios in this study for a rule."


def load_axis(ax: Axes, ends: tuple[float, float]) -> None:
    """Limits and ticks of an axis of loads."""
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    ax.set_xlim(ends)
    steps = (1,) if ends[1] / ends[0] > 200 else (1, 2, 5)
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    plain_ticks(ax.xaxis)


def _zones(ax: Axes, bounds: Bounds, ends: tuple[float, float]) -> None:
    """Vertical bounds of the load, and what the rule says between them."""
    edges = np.clip([ends[0], bounds.lower, bounds.upper, ends[1]], *ends)
    for (name, text), (left, right) in zip(ZONES.items(), pairwise(edges), strict=True):
        if right > left * 1.01:
            _say(ax, float(np.sqrt(left * right)), text, COLOURS.get(name, "#444444"))
    for bound, side in ((bounds.lower, -1), (bounds.upper, 1)):
        if ends[0] < bound < ends[1]:
            ax.axvline(bound, color="black", lw=1.1, ls=(0, (4, 2)), zorder=1)
            if bounds.lower < bounds.upper or side > 0:
                ax.annotate(
                    f"{bound:g}",
                    (bound, 0),
                    xycoords=("data", "axes fraction"),
                    xytext=(4 * side, 5),
                    textcoords="offset points",
                    ha="right" if side < 0 else "left",
                    fontweight="bold",
                )


def _say(ax: Axes, x: float, text: str, colour: str) -> None:
    ax.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, -5),
        textcoords="offset points",
        ha="center",
        va="top",
        fontweight="bold",
        color=colour,
        bbox={"fc": "white", "ec": "none", "pad": 1.5},
    )


def _panel(ax: Axes, own: pd.DataFrame, margin: float, title: str) -> None:
    equivalence_zone(ax, margin)
    ratios = own.assign(**{c: np.exp(own[c]) for c in ("effect", "low", "high")})
    verdict_points(ax, ratios, "load")
    verdict_key(ax, own["verdict"])
    ax.set_title(title, pad=22)
    ax.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")


def _parts(frame: pd.DataFrame, bounds: Bounds) -> dict[str, pd.DataFrame]:
    """Scenarios of each panel, by its title."""
    frame, fresh = frame[~frame["held_out"]], frame[frame["held_out"]]
    weak = frame["signal_per_direction"] < bounds.floor
    close = frame["nearest_correlation"] >= COLLINEAR
    enough = f"{DIRECTION} ≥ {bounds.floor:g}, " if bounds.floor > 0 else ""
    parts = {
        f"{enough}nearest feature correlated below {COLLINEAR}": frame[~weak & ~close],
        f"{enough}nearest feature correlated at {COLLINEAR} or more": frame[~weak & close],
        f"{WEAK} {bounds.floor:g}": frame[weak],
        f"{NO_PART}, {DIRECTION} ≥ {bounds.floor:g}": fresh[
            fresh["signal_per_direction"] >= bounds.floor
        ],
    }
    return {title: own for title, own in parts.items() if len(own)}


def _agreement(parts: dict[str, pd.DataFrame], bounds: Bounds) -> str:
    words, weak = [], ""
    for title, own in parts.items():
        decided = own[own["verdict"].isin(("l1", "l2"))]
        if title.startswith(WEAK):
            weak = f"; below the floor {len(decided)} of {len(own)} scenarios have a winner"
        elif len(decided):
            right = call_by_rule(decided, bounds) == decided["verdict"].to_numpy()
            where = f"where features are{' ' if title.endswith('more') else ' not '}collinear"
            where = f"that {NO_PART}" if title.startswith(NO_PART) else where
            words.append(f"{right.sum()} of {len(decided)} {where}")
    return f"they name the winner in {', '.join(words) or 'none'}{weak}"


def _title(bounds: Bounds) -> str:
    parts = [
        f"L1 below a load of {bounds.lower:g}" if np.isfinite(bounds.lower) else "L1 always",
        f"L2 above {bounds.upper:g}" if bounds.upper > 0 else "L2 always",
    ]
    bounded = [parts[0]] * (bounds.lower > 0) + [parts[1]] * bool(np.isfinite(bounds.upper))
    return f"The rule of thumb for prediction: {', '.join(bounded) or 'no load decides'}"


def _floor(bounds: Bounds, frame: pd.DataFrame, summary: pd.DataFrame) -> str:
    """What the floor means, and how both penalties do below it beside the null model."""
    if not bounds.floor > 0:
        return ""
    own = summary[(summary["metric"] == "relative_risk") & (summary["tuning"] == "cv_min")]
    risk = own[own["penalty"].isin(("l1", "l2"))].groupby("scenario")["mean"].min()
    weak = risk.reindex(frame.loc[frame["signal_per_direction"] < bounds.floor, "scenario"])
    return (
        f" Where the signal per direction, {DIRECTION}, is below {bounds.floor:g}, the rule names "
        "no winner: of the scenarios there, both penalties do worse than no model at all in "
        f"{(weak > 1).sum()} of {len(weak)}."
    )


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
    return f" Of the winners they have not seen: {', '.join(words)}." if words else ""


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("rule")


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Effect of every scenario against its load, with the bounds of the rule."""
    import matplotlib.pyplot as plt

    frame = cells(tables["goals"], tables["scenarios"], "prediction")
    bounds = read_bounds(tables["rules"])
    if bounds is None:
        return Drawing(
            note_figure(TOO_FEW),
            "No rule of thumb from so few scenarios",
            f"The study has {len(frame)} scenarios with a known truth and a signal; a rule that is "
            "learnt from some of them and judged on others needs more.",
        )
    parts = _parts(frame, bounds)
    figure, axes = plt.subplots(
        len(parts),
        1,
        figsize=(7.3, 0.9 + 2.7 * len(parts)),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    ends = (frame["load"].min() / 1.25, frame["load"].max() * 1.25)
    for ax, (title, own) in zip(axes[:, 0], parts.items(), strict=True):
        _panel(ax, own, entry["margin"], title)
        ax.set_xscale("log")
        ax.set_xlim(ends)
        if title.startswith(WEAK):
            _say(ax, float(np.sqrt(ends[0] * ends[1])), f"{NO_WINNER} at any load", "#444444")
        else:
            _zones(ax, bounds, ends)
    low, high = np.exp(frame["low"].min()), np.exp(frame["high"].max())
    ratio_axis(axes[0, 0], min(0.7, low / 1.1), max(1.4, high * 2))
    load_axis(axes[-1, 0], ends)
    axes[-1, 0].set_xlabel(LOAD)
    return Drawing(
        figure,
        _title(bounds),
        "Each mark is a scenario: the geometric mean of the ratio of excess risks with its 95 % "
        "interval, against its load, the number of relevant features per row, divided by the root "
        "of the signal that each has to itself (k and p by effective number, r the correlation of "
        "a typical feature with its nearest, all as in the truth). The grey "
        f"band is the zone of equivalence.{_floor(bounds, frame, tables['summary'])} The bounds "
        f"were fitted to those that are not held out; {_agreement(parts, bounds)}."
        + _held_out(tables["rule_scores"])
        + f" {measured_words(frame)}",
    )
