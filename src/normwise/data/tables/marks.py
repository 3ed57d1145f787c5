"""Missing values: marks that the user names, and numbers that look like codes for them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.tables.messages import listed, meant
from normwise.data.tables.number_text import as_number

# numbers that stand for a missing value in many a table
CODES = frozenset(
    sign * int(digit * length)
    for digit in "789"
    for length in range(1, 7)
    for sign in (-1, 1)
    if digit == "9" or length > 1
)
# how much wider the gap before a code is than any other
APART = 3.0


def blank_marks(
    features: Any, names: Sequence[str], target: pd.Series, marks: Sequence[object]
) -> tuple[Any, pd.Series, list[str]]:
    """Features and target in which the cells that hold a mark are missing, and what was found.

    Parameters
    ----------
    features : DataFrame or csr_matrix
    names : sequence of str
        Names of the features.
    target : Series
    marks : sequence
        Text or numbers; ``"age=99"`` counts in column ``age`` alone.

    Raises
    ------
    InputError
        If one text stands in place of a sequence.
    """
    if isinstance(marks, str) or not isinstance(marks, Iterable):
        raise InputError(f"missing {marks!r}: give a list of marks, such as ['-999', 'age=99']")
    found: dict[str, int] = {}
    if not marks:
        return features, target, []
    known = [*names, str(target.name)]
    for mark in marks:
        column, value = _column_and_mark(mark, known)
        count = 0
        if sparse.issparse(features):
            features, count = _blank_stored(features, names, column, value)
        else:
            chosen = [column] if column in features else [] if column else list(features)
            blanked = {name: _cells(features[name], value) for name in chosen}
            features = features.copy(deep=False) if blanked else features
            for name, cells in blanked.items():
                if cells.any():
                    features[name] = features[name].mask(cells)
            count = sum(int(cells.sum()) for cells in blanked.values())
        if column in (None, target.name) and (cells := _cells(target, value)).any():
            target = target.mask(cells)
            count += int(cells.sum())
        found[str(mark)] = count
    said = listed(f"{mark} ({count:,})" for mark, count in found.items())
    return features, target, [f"Values that count as missing, as was asked for: {said}."]


def _column_and_mark(mark: object, known: Sequence[str]) -> tuple[str | None, object]:
    if not isinstance(mark, str) or "=" not in mark[1:]:
        return None, mark
    column, _, value = mark.rpartition("=")
    if column not in known:
        raise InputError(
            f"missing {mark!r}: there is no column {column!r}{meant(column, known)}; give a mark, "
            "or COLUMN=MARK"
        )
    return column, value


def _blank_stored(
    features: Any, names: Sequence[str], column: str | None, value: object
) -> tuple[Any, int]:
    features = sparse.csr_matrix(features, dtype=float, copy=True)
    cells = features.data == as_number(value)
    if column is not None:
        cells &= np.array(names)[features.indices] == column
    features.data[cells] = np.nan
    return features, int(cells.sum())


def blank_texts(frame: pd.DataFrame) -> list[str]:
    """Make texts without a letter missing, in place; what is said of it."""
    found = {}
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column.dtype) or not (empty := column.isin([""])).any():
            continue
        frame[name] = column.mask(empty)
        found[name] = int(empty.sum())
    said = listed(f"{name} ({count:,})" for name, count in found.items())
    return [f"Empty texts count as missing: {said}."] if found else []


def _cells(column: pd.Series, value: object) -> pd.Series:
    """Cells that hold a mark: the same text, or the same number."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(str) == str(value)
    number = as_number(value)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return (column == number).fillna(value=False).astype(bool)
    text = column.astype(str).str.strip()
    same = (text == str(value).strip()) & column.notna()
    return same | (pd.to_numeric(text, errors="coerce") == number) if number == number else same


def looks_missing(values: np.ndarray) -> tuple[float, int, float, float] | None:
    """A code that repeats at an end, far from the rest; how often, and the range of the rest."""
    levels, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(levels) < 4:
        return None
    for end, others in ((-1, levels[:-1]), (0, levels[1:])):
        code = float(levels[end])
        gaps = np.diff(levels)
        rest = gaps[:-1] if end else gaps[1:]
        if code in CODES and counts[end] > 1 and gaps[end] > APART * rest.max():
            return code, int(counts[end]), float(others[0]), float(others[-1])
    return None


def about_codes(columns: Iterable[tuple[str, np.ndarray]]) -> list[str]:
    """What is said of numbers that may stand for missing values; nothing is changed."""
    found = [
        (
            f"{name} holds {code:g} in {count:,} rows, apart from its others ({low:g} to {high:g})",
            f"{name}={code:g}",
        )
        for name, values in columns
        if (seen := looks_missing(values))
        for code, count, low, high in [seen]
    ]
    if not found:
        return []
    texts, marks = zip(*found, strict=True)
    more = f"; and so do {len(texts) - 5:,} more columns" if len(texts) > 5 else ""
    option, rest = shlex.quote(",".join(marks[:5])), ",…" if more else ""
    return [
        f"Numbers that may stand for missing values were kept: {'; '.join(texts[:5])}"
        f"{more}. If they do, say so: --missing={option}{rest} (in Python "
        f"missing={list(marks[:5])!r}{rest and ' and so on'})."
    ]
