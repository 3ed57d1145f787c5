"""What the figure of a sweep says in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import Entry
from normwise.report.figures.sweep_data import Sweep, middle_of, panels, two_digits
from normwise.report.look.words import AXIS_NAMES, NO_WINNER

# a title with more words is no headline
MOST_WORDS = 20
# words of a data set's own title that leave room in a caption of 40
MOST_OF_A_TITLE = 18
# the effect goes one way along a property from this rank correlation on
STEADY = 0.8
# how a value reads, and how more and less of a property do; others are named as they are
VALUES = {
    "n_samples": "{} rows",
    "n_features": "{} columns",
    "n_nonzero": "{} relevant columns",
    "snr": "signal-to-noise ratio {}",
    "aspect_ratio": "p/n {}",
}
MORE = {
    "n_samples": "the more rows there are",
    "n_features": "the more columns there are",
    "n_nonzero": "the more columns matter",
    "nonzero_share": "the more columns matter",
    "snr": "the clearer the signal",
    "correlation": "the stronger the correlation",
}


def plain_value(value: float | str) -> str:
    """A value of a property as text."""
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{value:.3g}" if value < 1 else f"{value:g}"


def _value(key: str, value: float | str, named: bool = True) -> str:
    """A value of a property, with what it is a value of unless that has been named."""
    if key == "nonzero_share":
        return f"{two_digits(100 * float(value))} %" + (" of columns" if named else "")
    name = VALUES.get(key, f"{key.replace('_', ' ')} {{}}") if named else "{}"
    return name.format(plain_value(value))


def _case(key: str, row: pd.Series, named: bool) -> str:
    """What the scenarios of a panel share."""
    if key not in ("nonzero_share", "n_nonzero"):
        return f"at {_value(key, row[key], named)}"
    if row["nonzero_share"] == 1:
        return "when all columns matter" if named else "when all do"
    count = f"{row[key]}" if key == "n_nonzero" else f"{two_digits(100 * row[key])} %"
    of = "" if key == "n_nonzero" else "of "
    return f"when {count} {of}columns matter" if named else f"when {count} do"


def _where(frame: pd.DataFrame, winner: str, x: str, named: bool) -> str:
    """Along which part of a sweep a penalty wins."""
    won = (frame["verdict"] == winner).to_numpy()
    first, last = np.flatnonzero(won)[[0, -1]]
    values = [_value(x, v, named) for v in frame[x]]
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


def _finding(frame: pd.DataFrame, x: str, verb: str) -> str:
    """Who wins along one sweep, in a few words."""
    frame = frame.sort_values(x)
    winners = [w for w in ("l1", "l2") if (frame["verdict"] == w).any()]
    parts = [
        f"{w.upper()} {verb if i == 0 else ''}{_where(frame, w, x, named=i == 0)}"
        for i, w in enumerate(winners)
    ]
    return ", ".join(parts) or NO_WINNER


def _span(values: pd.Series) -> str:
    """Over what values a property is swept."""
    if isinstance(values.iloc[0], str):
        return ""
    return f", from {_value(str(values.name), values.min())} to {plain_value(values.max())}"


def _findings(groups: list[pd.DataFrame], facet: str | None, x: str, verb: str) -> str:
    """Who wins along every sweep; the verb after the first."""
    if facet is None:
        found = _finding(groups[0], x, "wins ")
        # a part of the values names itself
        return found + (_span(groups[0][x]) if found.endswith(("throughout", NO_WINNER)) else "")
    parts = [
        f"{_case(facet, middle_of(group), named=i == 0)}, "
        + _finding(group, x, verb if i else "wins ")
        for i, group in enumerate(groups)
    ]
    return "; ".join(parts)


def _trend(groups: list[pd.DataFrame], x: str) -> str:
    """Which penalty gains along the property, if one does in every panel."""
    if isinstance(groups[0][x].iloc[0], str):
        return ""
    turns = {
        int(np.sign(rho)) if abs(rho) > STEADY else 0
        for rho in (group[x].corr(group["effect"], method="spearman") for group in groups)
    }
    if turns not in ({1}, {-1}):
        return ""
    more = MORE.get(x, f"the higher the {AXIS_NAMES.get(x, x)}")
    return f"{more}, the better {'L2' if turns == {1} else 'L1'} does: "


def title(sweep: Sweep) -> str:
    """The message: who wins where in each panel, or where that is long, how often in all."""
    effects, facet, x = sweep.effects, sweep.facet, sweep.x
    groups = [
        effects[effects["scenario"].isin(group["scenario"])]
        for _, group in panels(sweep.scenarios, facet, x)
    ]
    counts = effects["verdict"].value_counts()
    won = f"L1 wins {counts.get('l1', 0)} of {len(effects)} scenarios"
    # the first that is no longer than a headline
    texts = [
        *(_findings(groups, facet, x, verb) for verb in ("wins ", "")),
        f"{_trend(groups, x)}{won}, L2 wins {counts.get('l2', 0)}",
    ]
    text = next((t for t in texts if len(t.split()) <= MOST_WORDS), texts[-1])
    return text[0].upper() + text[1:]


def _shortened(text: str) -> str:
    """A title as a sentence, cut where a caption has no room for more of it."""
    words = text.split()
    if len(words) <= MOST_OF_A_TITLE:
        return f"{text}."
    return f"{' '.join(words[:MOST_OF_A_TITLE]).rstrip('.,;:(')}…"


def caption(entry: Entry) -> str:
    """How to read the picture."""
    about = f"{_shortened(entry['titles'][0])} " if entry["titles"] != entry["datasets"] else ""
    return (
        f"{about}Top: excess risk of each method, its strength chosen by cross-validation. "
        "Bottom: L1's divided by L2's; below 1, L1 is better."
    )
