"""What is said of a table that cannot be used, and how it is said."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

from normwise.data.errors import InputError


def listed(items: Iterable[object], limit: int = 8) -> str:
    """Items with commas between them, the first ones of many."""
    shown = [str(item) for item in items]
    more = f" and {len(shown) - limit:,} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more


def plain(text: str) -> str:
    """Text on one line without what a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def counted(count: float, noun: str) -> str:
    """A number and its noun, such as ``1,000 rows``."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def meant(name: str, known: Iterable[str]) -> str:
    """A question after a name that is close to `name`, or nothing."""
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f" (did you mean {by_lower[close[0]]}?)" if close else ""


def gist(message: object) -> str:
    """The words of another library's message on one line, not too long."""
    return " ".join(str(message).split())[:200]


def refuse_duplicates(names: Iterable[str], what: str = "columns") -> None:
    """Raise InputError if two names are the same."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(
            f"{what} have the same name more than once: {listed(twice)}; give each its own name"
        )
