"""Files that hold several tables, and the name of one of them: ``visits.xlsx#2024``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from normwise.data.errors import InputError
from normwise.data.tables.messages import listed, meant

PARTED = re.compile(r"(?P<file>.+\.(?:xlsx|xlsm|ods|rdata|rda))#(?P<part>.+)", re.IGNORECASE)


def file_of(source: str) -> Path:
    """The file that is meant, without the name of a table inside."""
    return split_part(source)[0]


def split_part(source: str) -> tuple[Path, str | None]:
    """The file, and the name of a table inside if one is given."""
    path = Path(source).expanduser()
    found = PARTED.fullmatch(source)
    if found is None or path.exists():
        return path, None
    return Path(found["file"]).expanduser(), found["part"]


def chosen_part(part: str | None, known: Sequence[str], kind: str, path: Path) -> str:
    """The name of the table that is read: the one that is asked for, or the only one.

    Raises
    ------
    InputError
        If there is no such table, or there are several and none is asked for.
    """
    if part is None and len(known) == 1:
        return known[0]
    if part is None:
        raise InputError(
            f"there are several {kind}s ({listed(known)}): name one, as in '{path.name}#{known[0]}'"
        )
    if part not in known:
        raise InputError(
            f"there is no {kind} {part!r}{meant(part, known)}; there are {listed(known)}"
        )
    return part
