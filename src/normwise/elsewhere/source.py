"""Where the code of another tool reads the columns: the user's own file, or one that we write.

A file of text is read again as text, and each column of numbers is made by one of four steps (see
`KINDS`). What they give is compared with the table's numbers here. Where it differs, and for files
of other kinds, the numbers are written to a file beside the code.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.tables.table import Table
from normwise.data.tables.text import DELIMITERS, MISSING

ENCODINGS = ("utf-8-sig", "cp1252")
READ = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
# how a column of numbers is made of one of text
KINDS = {
    "number": "the number, and `fill` where there is none",
    "level": "1 where the text is `value`, else 0",
    "missing": "1 where the text is a mark of a missing value, else 0",
}


@dataclass(frozen=True)
class Column:
    """How one column of numbers is made of a column of text, see `KINDS`."""

    name: str
    column: str
    kind: str
    value: str = ""
    fill: float = 0.0


@dataclass(frozen=True)
class Source:
    """Where the code reads the columns."""


@dataclass(frozen=True)
class Prepared(Source):
    """A file of the numbers themselves, written beside the code."""


@dataclass(frozen=True)
class Recipe(Source):
    """The user's own file, and how its columns become numbers.

    Attributes
    ----------
    path, sep, encoding : str
    columns : tuple of Column
    target : str
    labels : dict of str to float
        What each text of the target stands for; empty if it holds numbers.
    weights : str or None
        Column of the weights.
    offset : str or None
        Column of the offsets, or of the exposures that they are the logarithms of.
    is_exposure : bool
        Which of the two it is.
    missing : tuple of str
        Marks of missing values.
    drops_rows : bool
        Whether rows have no target.
    """

    path: str
    sep: str
    encoding: str
    columns: tuple[Column, ...]
    target: str
    labels: Mapping[str, float] = field(default_factory=dict)
    weights: str | None = None
    offset: str | None = None
    is_exposure: bool = False
    missing: tuple[str, ...] = MISSING
    drops_rows: bool = False

    def of(self, names: Sequence[str]) -> tuple[Column, ...]:
        """The columns of some names, in their order."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in names)


def source_of(table: Table) -> Source:
    """The user's file where the code can make the same numbers of it, else a file of ours.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Source
    """
    path = Path(table.source)
    if sparse.issparse(table.X) or not path.name.lower().endswith(READ) or not path.is_file():
        return Prepared()
    for encoding in ENCODINGS:
        for sep in DELIMITERS:
            text = _read(path, sep, encoding)
            if text is not None and (found := _recipe(table, text, sep, encoding)) is not None:
                return found
    return Prepared()


def _read(path: Path, sep: str, encoding: str) -> pd.DataFrame | None:
    try:
        return pd.read_csv(
            path,
            sep=sep,
            encoding=encoding,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            index_col=False,
        ).apply(lambda column: column.str.strip())
    except (ValueError, csv.Error, AttributeError):
        return None


def _recipe(table: Table, text: pd.DataFrame, sep: str, encoding: str) -> Recipe | None:
    """How the columns of a text become the table's numbers; None if they do not."""
    text.columns = text.columns.str.strip()
    if table.target not in text.columns:
        return None
    missing = tuple(dict.fromkeys((*MISSING, *(str(m) for m in table.marks))))
    absent = text[table.target].isin(missing).to_numpy()
    text = text[~absent]
    weights = table.roles.get("weights")
    if weights is not None:
        if weights not in text.columns:
            return None
        counted = pd.to_numeric(text[weights], errors="coerce").to_numpy(float)
        text = text[counted > 0]
        own = counted[counted > 0]
        if table.rows.weights is None or not _same(own, table.rows.weights):
            return None
    elif table.rows.weights is not None:
        return None
    if len(text) != len(table.y):
        return None
    offset = table.roles.get("exposure", table.roles.get("offset"))
    if table.rows.offset is not None and not _same_offset(table, text, offset):
        return None
    target, labels = text[table.target], {}
    if table.classes is None:
        if not _same(pd.to_numeric(target, errors="coerce").to_numpy(float), table.y):
            return None
    else:
        labels = dict(zip(target, table.y, strict=True))
        if not _same(target.map(labels).to_numpy(float), table.y):
            return None
    columns = []
    for j, name in enumerate(table.names):
        column = _column(table, text, name, table.X[:, j], missing)
        if column is None:
            return None
        columns.append(column)
    return Recipe(
        table.source,
        sep,
        encoding,
        tuple(columns),
        table.target,
        {label: float(value) for label, value in labels.items()},
        weights,
        offset,
        "exposure" in table.roles,
        missing,
        bool(absent.any()),
    )


def _same_offset(table: Table, text: pd.DataFrame, name: str | None) -> bool:
    if name not in text.columns or table.rows.offset is None:
        return False
    own = pd.to_numeric(text[name], errors="coerce").to_numpy(float)
    if "exposure" in table.roles:
        return bool((own > 0).all()) and np.allclose(np.log(own), table.rows.offset, rtol=1e-12)
    return _same(own, table.rows.offset)


def _same(found: np.ndarray, wanted: np.ndarray) -> bool:
    return len(found) == len(wanted) and np.allclose(found, wanted, rtol=1e-14, atol=0)


def made(column: Column, text: pd.DataFrame, missing: Sequence[str]) -> np.ndarray:
    """The numbers of a column, as the code makes them."""
    own = text[column.column]
    if column.kind == "number":
        numbers = pd.to_numeric(own.mask(own.isin(missing)), errors="coerce")
        return numbers.fillna(column.fill).to_numpy(float)
    wanted = missing if column.kind == "missing" else [column.value]
    return own.isin(wanted).to_numpy(float)


def _column(
    table: Table, text: pd.DataFrame, name: str, values: np.ndarray, missing: Sequence[str]
) -> Column | None:
    for column in _candidates(table, text, name, values, missing):
        if column.column in text.columns and _same(made(column, text, missing), values):
            return column
    return None


def _candidates(
    table: Table, text: pd.DataFrame, name: str, values: np.ndarray, missing: Sequence[str]
) -> list[Column]:
    found = []
    if name in text.columns:
        own = text[name]
        parsed = pd.to_numeric(own.mask(own.isin(missing)), errors="coerce").to_numpy(float)
        absent = np.isnan(parsed)
        fill = float(values[absent][0]) if absent.any() else 0.0
        found.append(Column(name, name, "number", fill=fill))
        # truth values: the one text that is 1
        found += [Column(name, name, "level", str(one)) for one in own[values == 1].unique()[:1]]
    if name.endswith(" missing"):
        found.append(Column(name, name.removesuffix(" missing"), "missing"))
    for place in range(len(name)):
        if name.startswith(" = ", place):
            own, level = name[:place], name[place + 3 :]
            found.append(Column(name, own, "level", level))
            found += [Column(name, own, "missing")] if level == "missing" else []
            if own in text.columns:
                # 1.0 is the level 1
                texts = text.loc[values == 1, own].unique()
                found += [Column(name, own, "level", str(one)) for one in texts[:1]]
    return found
