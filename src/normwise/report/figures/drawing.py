"""What a figure module returns, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# what the gallery says of a figure
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Drawing:
    """A figure with its words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    title : str
        The message, in a line.
    caption : str
        How to read the picture and what to see in it.
    """

    figure: Figure
    title: str
    caption: str


# inches of a drawing for a phone: text of 9 points is 10 pixels high where it is shown 330 wide
NARROW = 3.7


def is_narrow(entry: Entry) -> bool:
    """Whether a figure is drawn for a narrow window: `NARROW` wide, its panels in one column."""
    return bool(entry.get("narrow", False))


Draw = Callable[["dict[str, pd.DataFrame]", Entry], Drawing]


def fitted(draw: Draw) -> Draw:
    """A figure's ``draw`` with the smaller text of narrow drawings, where it draws one."""

    @wraps(draw)
    def drawn(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
        import matplotlib as mpl

        if not is_narrow(entry):
            return draw(tables, entry)
        with mpl.rc_context(
            {
                "font.size": 9,
                "axes.titlesize": 9.5,
                "axes.labelsize": 9,
                "xtick.labelsize": 8.5,
                "ytick.labelsize": 8.5,
                "xtick.major.pad": 2,
                "ytick.major.pad": 2,
                "legend.fontsize": 8.5,
            }
        ):
            return draw(tables, entry)

    return drawn


def when_matter(scenario: pd.Series, first: bool) -> str:
    """How many columns matter in a scenario, for a sentence on several of them."""
    k, p = scenario["n_nonzero"], scenario["n_features"]
    return f"when {'all' if k == p else f'{k} of {p}'} {'columns matter' if first else 'do'}"


def is_placed(entry: Entry) -> bool:
    """Whether a figure stands where its subject is, and not among the others."""
    placed = getattr(import_module(entry["module"]), "PLACED", False)
    return placed or entry.get("compact", False)
