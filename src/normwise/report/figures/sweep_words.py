"""What the figure of a sweep says in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import Entry
from normwise.report.figures.sweep_data import NAMED_AXES, Sweep
from normwise.report.look.style import penalties_in
from normwise.report.look.words import AXIS_SYMBOLS, NAMES, NO_WINNER


def case_words(key: str, row: pd.Series) -> str:
    """What the scenarios of a panel share."""
    if key in ("nonzero_share", "n_nonzero") and row["nonzero_share"] == 1:
        return "with all features relevant, "
    if key == "nonzero_share":
        return f"with {100 * row['nonzero_share']:.2g} % of features relevant, "
    return f"with {_value(key, row[key])}, "


def span_words(x: str, levels: np.ndarray) -> str:
    """Over what values a property is swept."""
    if isinstance(levels[0], str):
        return ""
    return f"from {_value(x, levels[0])} to {plain_value(levels[-1])}, "


def _value(key: str, value: float | str) -> str:
    symbol = AXIS_SYMBOLS.get(key)
    return (
        f"{symbol} = {plain_value(value)}"
        if symbol
        else f"{key.replace('_', ' ')} {plain_value(value)}"
    )


def plain_value(value: float | str) -> str:
    """A value of a property as text."""
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{value:.3g}" if value < 1 else f"{value:g}"


def _where(frame: pd.DataFrame, winner: str, x: str) -> str:
    """Along which part of a sweep a penalty wins."""
    frame = frame.sort_values(x)
    won = (frame["verdict"] == winner).to_numpy()
    first, last = np.flatnonzero(won)[[0, -1]]
    values = [_value(x, v) for v in frame[x]]
    if won.all():
        return "throughout"
    if not won[first : last + 1].all() or isinstance(frame[x].iloc[0], str):
        return f"in {won.sum()} of {len(won)}"
    if first == last:
        return f"at {values[first]}"
    if first == 0:
        return f"up to {values[last]}"
    if last == len(won) - 1:
        return f"from {values[first]}"
    return f"from {values[first]} to {plain_value(frame[x].iloc[last])}"


def finding(frame: pd.DataFrame, x: str) -> str:
    """Who wins along one sweep, in a few words."""
    winners = [w for w in ("l1", "l2") if (frame["verdict"] == w).any()]
    parts = [f"{w.upper()} wins {_where(frame, w, x)}" for w in winners]
    return " and ".join(parts) or NO_WINNER


def _price(frame: pd.DataFrame) -> str:
    """What the choice by cross-validation costs beyond theory's best strength."""
    words, apart = [], []
    for penalty, name in (("l1", "L1"), ("l2", "L2")):
        own = frame[(frame["penalty"] == penalty) & frame["predicted"].notna()]
        if len(own):
            price = 100 * ((own["mean"] / own["predicted"]).median() - 1)
            words.append(f"{price:.0f} % for {name}".replace("-", "−"))
            apart.append(own["deviation"].abs())
    if not words:
        return ""
    apart_from = f"{100 * pd.concat(apart).median():.1f} %"
    return (
        "Thick lines (or bars) are theory at the best strength, which nobody knows in practice; "
        f"the points lie a median {' and '.join(words)} above them. (Measured at theory's own "
        f"strength, the risks differ from it by a median {apart_from}.)"
    )


def _lost(health: pd.DataFrame, name: str) -> str:
    """Which penalties have no finite solution on some of the data sets."""
    failed = health[(health["dataset"] == name) & (health["failed"] > 0)]
    words = []
    for penalty in penalties_in(failed):
        shares = 100 * failed.loc[failed["penalty"] == penalty, "failed"]
        low, high = f"{shares.min():.0f}", f"{shares.max():.0f}"
        span = low if low == high else f"{low} to {high}"
        words.append(f"{NAMES[penalty]}, on {span} % of the data sets of {len(shares)} scenarios")
    if not words:
        return ""
    return (
        f"Without a finite solution: {'; '.join(words)}; a point is the mean over the other data "
        "sets."
    )


def title(found: list[str], effects: pd.DataFrame) -> str:
    """The message: who wins in each panel, or how often in all."""
    if 1 <= len(found) <= 2:
        title = "; ".join(found)
        return title[0].upper() + title[1:]
    counts = effects["verdict"].value_counts()
    return (
        f"L1 wins {counts.get('l1', 0)} of {len(effects)} scenarios, L2 wins {counts.get('l2', 0)}"
    )


def caption(sweep: Sweep, entry: Entry, health: pd.DataFrame, cut: bool) -> str:
    """How to read the picture; `cut` if some points are above the frame."""
    risks, effects = sweep.risks, sweep.effects
    counts = effects["verdict"].value_counts()
    words = [
        f"{entry['titles'][0]}. Top: mean excess risk at the strength chosen by cross-validation, "
        f"with a 95 % interval ({sweep.scale}, log axis).",
        _price(risks),
        "Thin lines only join points that theory does not cover."
        if risks["predicted"].isna().any() and sweep.x not in NAMED_AXES
        else "",
        _lost(health, entry["datasets"][0]),
        "An arrow says how high the points above the frame go." if cut else "",
        "Bottom: the excess risk of L1 over that of L2 on the same data sets, geometric mean with "
        f"a 95 % interval; grey is the zone of equivalence (±{100 * entry['margin']:g} %). "
        f"L1 and L2 mark a winner ({counts.get('l1', 0)} and {counts.get('l2', 0)} of "
        f"{len(effects)} scenarios), ≈ equivalence ({counts.get('equivalent', 0)}), ? undecided "
        f"({counts.get('undecided', 0)}).",
    ]
    return " ".join(word for word in words if word)
