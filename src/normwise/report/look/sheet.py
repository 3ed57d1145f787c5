"""Tables as the page shows them: chosen columns, formatted, each with what it means."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import TABLES
from normwise.report.look.style import VERDICT_NAMES

# the largest file that travels inside the page, compressed
HEAVIEST = 120_000


def number(value: float, digits: int = 2) -> str:
    """A number with fixed digits, or in powers of ten where these would say nothing."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.1e}"


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent, without a false precision."""
    if not np.isfinite(share):
        return "–"
    value = 100 * share
    text = f"{value:.{digits}f}" if abs(value) >= 1 or value == 0 else f"{value:.2g}"
    return f"{text}\N{NO-BREAK SPACE}%"


def words(value: Any) -> str:
    """A name as a reader writes it."""
    return "–" if pd.isna(value) else str(value).replace("_", " ")


def significant(value: float) -> str:
    """Two significant digits."""
    return f"{value:.2g}" if np.isfinite(value) else "–"


def count(value: float) -> str:
    """A whole number."""
    return f"{value:,.0f}" if np.isfinite(value) else "–"


def verdict(value: str) -> str:
    """A verdict in words."""
    return words(value) if pd.isna(value) else VERDICT_NAMES.get(value, words(value))


NUMERIC = (number, percent, significant, count)


@dataclass(frozen=True)
class Column:
    """A column of the page.

    Attributes
    ----------
    key : str
        Of the frame.
    label : str
    show : callable
        Value to text.
    meaning : str
        Taken from the description of the tables where it is empty.
    numeric : bool or None
        Whether it is sorted as numbers; by default as ``show`` suggests.
    """

    key: str
    label: str
    show: Callable[[Any], str] = words
    meaning: str = ""
    numeric: bool | None = None


@dataclass(frozen=True)
class Sheet:
    """What the template needs of a table.

    Attributes
    ----------
    name, title : str
    columns : list of dict
        ``label``, ``meaning``, ``numeric``.
    rows : list of list of (str, str)
        Text and class of each cell.
    table : str
        The whole table, where it can be had.
    files : list of str
        Its names for download.
    """

    name: str
    title: str
    columns: list[dict[str, Any]]
    rows: list[list[tuple[str, str]]]
    table: str = ""
    files: list[str] = field(default_factory=list)


def _class(column: Column, value: Any, numeric: bool) -> str:
    if numeric:
        return "num"
    return f"v-{value}" if column.show is verdict and value in ("l1", "l2") else ""


def sheet(
    name: str, title: str, frame: pd.DataFrame, columns: list[Column], table: str = ""
) -> Sheet:
    """Format the columns of a frame.

    Parameters
    ----------
    name, title : str
    frame : DataFrame
    columns : list of Column
    table : str
        Table of the study that the frame comes from: it gives the meanings and the downloads.
    """
    known = {key: text for key, (_, text) in TABLES[table].items()} if table else {}
    meanings = known | {c.key: c.meaning for c in columns if c.meaning}
    numeric = [c.show in NUMERIC if c.numeric is None else c.numeric for c in columns]
    cells = [
        [(c.show(value), _class(c, value, right)) for value in frame[c.key].tolist()]
        for c, right in zip(columns, numeric, strict=True)
    ]
    return Sheet(
        name,
        title,
        [
            {"label": c.label, "meaning": meanings[c.key], "numeric": right}
            for c, right in zip(columns, numeric, strict=True)
        ],
        [list(row) for row in zip(*cells, strict=True)],
        table,
        [f"{table}.csv", f"{table}.parquet"] if table else [],
    )


def packed_files(tables: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The study's tables as the page carries them, CSV compressed, by file name.

    Parameters
    ----------
    tables : mapping of str to path
        Parquet files by name, with the CSV beside each. One that is heavier than `HEAVIEST` is
        left out; the page links to the file beside it.
    """
    out = {}
    for path in tables.values():
        for file, zipped in ((path, False), (path.with_suffix(".csv"), True)):
            raw = file.read_bytes()
            # no time stamp: equal tables give an equal page
            data = gzip.compress(raw, 9, mtime=0) if zipped else raw
            if len(data) <= HEAVIEST:
                text = base64.b64encode(data).decode("ascii")
                out[file.name] = {"data": text, "gzip": zipped}
    return out
