"""Penalties and tuning rules by name, label and order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from normwise.data.response_kind import RESPONSES

if TYPE_CHECKING:
    from normwise.fitting.penalty import Penalty

PACKAGE = "normwise.fitting.penalties"
SHIPPED = tuple(sorted(f.stem for f in Path(__file__).with_name("penalties").glob("[a-z]*.py")))
# those that were loaded, by name
REGISTERED: dict[str, type[Penalty]] = {}

MIXES = {
    "l1": "L1 (lasso)",
    "l2": "L2 (ridge)",
    "elastic_net": "elastic net",
    "none": "no penalty",
}
SELECTING = ("l1", "elastic_net")
# kinds of response whose solvers certify a fit without a penalty
UNPENALISED = ("gaussian", "binary")


def register(kind: type[Penalty]) -> type[Penalty]:
    """Class decorator that makes a penalty known by its name.

    Raises
    ------
    ValueError
        If the name cannot be used.
    """
    shipped = kind.name in SHIPPED and kind.__module__ != f"{PACKAGE}.{kind.name}"
    if shipped or kind.name in MIXES or not re.fullmatch(r"[a-z][a-z0-9_]*", kind.name):
        raise ValueError(
            f"penalty name '{kind.name}' is taken, or is not lower-case letters, digits and _"
        )
    REGISTERED[kind.name] = kind
    return kind


def known_penalties() -> tuple[str, ...]:
    """Every name that a config may use."""
    return tuple(dict.fromkeys((*MIXES, *SHIPPED, *REGISTERED)))


def penalty_class(name: str) -> type[Penalty]:
    """Class of a penalty that is no mix of L1 and L2; KeyError for an unknown name."""
    if name not in REGISTERED and name in SHIPPED:
        import_module(f"{PACKAGE}.{name}")
    return REGISTERED[name]


def responses(name: str) -> tuple[str, ...]:
    """Kinds of response that a penalty can be fitted to."""
    if name == "none":
        return UNPENALISED
    return RESPONSES if name in MIXES else penalty_class(name).responses


def takes_weights(name: str) -> bool:
    """Whether a penalty can be fitted to rows with weights."""
    return name in MIXES or penalty_class(name).takes_weights


def label(name: str) -> str:
    """Name of a penalty in figures and on the page."""
    return MIXES[name] if name in MIXES else penalty_class(name).label


def selects(name: str) -> bool:
    """Whether a zero coefficient of a penalty says something about the feature."""
    return name in SELECTING if name in MIXES else penalty_class(name).selects


def ordered(names: Iterable[str]) -> list[str]:
    """Penalties in the order in which they are shown: no penalty last."""
    known = [name for name in known_penalties() if name != "none"]
    return sorted(set(names), key=lambda name: known.index(name) if name in known else len(known))


TUNINGS = ("cv_min", "cv_1se", "oracle")
