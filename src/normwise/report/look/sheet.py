"""Tables as the page shows them: chosen columns, formatted, each with what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from normwise.analysis.meanings import column_meanings
from normwise.report.look.numbers import count, number, percent, significant, words
from normwise.report.look.words import VERDICT_NAMES


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
        Name of the column in the frame.
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


# a cell with more letters would become a column of single words beside many numbers
WORDY = 30


def _cell(column: Column, value: Any, numeric: bool) -> tuple[str, str]:
    """Text of a cell and the class of its element."""
    text = column.show(value)
    if numeric:
        return text, "num"
    if column.show is verdict and value in ("l1", "l2"):
        return text, f"v-{value}"
    return text, "wordy" if len(text) > WORDY else ""


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
    known = column_meanings(table) if table else {}
    meanings = known | {c.key: c.meaning for c in columns if c.meaning}
    numeric = [c.show in NUMERIC if c.numeric is None else c.numeric for c in columns]
    cells = [
        [_cell(c, value, right) for value in frame[c.key].tolist()]
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
