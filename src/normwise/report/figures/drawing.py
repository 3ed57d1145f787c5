"""What a figure module returns, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


def is_placed(entry: Entry) -> bool:
    """Whether a figure stands where its subject is, and not among the others."""
    placed = getattr(import_module(entry["module"]), "PLACED", False)
    return placed or entry.get("compact", False)
