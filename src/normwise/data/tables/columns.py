"""Columns of any type made into numbers."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.tables.marks import about_codes
from normwise.data.tables.messages import counted, listed
from normwise.data.tables.number_text import (
    SYMBOLS,
    Unclear,
    as_days,
    in_hours,
    read_text,
    why_names,
)

# squares of larger and of smaller numbers leave the range of floating-point numbers
LARGEST, SMALLEST = 1e100, 1e-100
# text with more levels than this, and than a tenth of the rows, names the rows, unless there are
# few enough levels and two rows of each
MANY_LEVELS = 20
MOST_LEVELS, ROWS_OF_LEVEL = 100, 2
# above this share of missing values, being missing is a feature of its own
INDICATED = 0.05


@dataclass(frozen=True)
class Coded:
    """Features as finite numbers, what was done to the columns, and which are levels of one."""

    X: Any
    names: list[str]
    missing: dict[str, int]
    constant: list[str]
    notes: list[str]
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)


def encode_features(features: pd.DataFrame | sparse.csr_matrix, names: Sequence[str]) -> Coded:
    """Zeros and ones for text, days for dates, medians (or zeros, if sparse) for what is missing.

    Columns of a single value, of none, or of names of the rows are left out.
    """
    coded = _encode_sparse(features, names) if sparse.issparse(features) else _encode(features)
    if coded.constant:
        coded.notes.append(f"Left out, as they hold one value: {listed(coded.constant)}.")
    return coded


def _encode_sparse(X: sparse.csr_matrix, names: Sequence[str]) -> Coded:
    X = sparse.csr_matrix(X, dtype=float, copy=True)
    X.sum_duplicates()
    absent = ~(np.abs(X.data) <= LARGEST)
    counts = np.bincount(X.indices[absent], minlength=X.shape[1])
    X.data[absent] = 0
    X.eliminate_zeros()
    low, high = (part.toarray().ravel() for part in (X.min(axis=0), X.max(axis=0)))
    filled = _with_counts(names, counts)
    return Coded(
        X[:, np.flatnonzero(low < high)],
        picked(names, low < high),
        _gaps(names, counts),
        picked(names, low == high),
        [f"Missing and infinite values became 0: {listed(filled)}."] if filled else [],
    )


def _encode(frame: pd.DataFrame) -> Coded:
    columns: list[tuple[str, np.ndarray]] = []
    missing: dict[str, int] = {}
    notes: list[str] = []
    factors: dict[str, tuple[str, ...]] = {}
    for name, column in frame.items():
        try:
            numbers, how = to_numbers(column)
            if numbers is not None:
                columns.append((name, numbers))
            else:
                column = without_symbols(column)
                levels, how = _levels(column)
                columns += levels
                factors[name] = tuple(level for level, _ in levels)
                missing |= {name: int(column.isna().sum())} if column.hasnans else {}
        except Unclear as reason:
            how = f"left out: {reason}"
        if how:
            notes.append(f"Column {name!r} {how}.")
    X = np.empty((len(frame), len(columns)))
    for j, (_, values) in enumerate(columns):
        X[:, j] = values
    notes += about_codes(columns)
    filled = _fill(X, [name for name, _ in columns])
    names = set(filled.names)
    kept = {
        name: tuple(level for level in levels if level in names) for name, levels in factors.items()
    }
    return replace(
        filled,
        missing=missing | filled.missing,
        notes=notes + filled.notes,
        factors={name: levels for name, levels in kept.items() if len(levels) > 1},
    )


def _fill(X: np.ndarray, names: list[str]) -> Coded:
    """Medians for what is missing or infinite, in place; empty and constant columns left out."""
    infinite = np.abs(X) > LARGEST
    X[infinite] = np.nan
    absent = np.isnan(X)
    counts = absent.sum(axis=0)
    empty = counts == len(X)
    X[:, empty] = 0
    filled = np.where(empty, 0, counts)
    for j in np.flatnonzero(filled):
        X[absent[:, j], j] = np.nanmedian(X[:, j])
    indicated = filled > INDICATED * len(X)
    if indicated.any():
        # of columns with the same gaps one says where they are
        gaps = np.flatnonzero(indicated)
        first = np.unique(absent[:, gaps], axis=1, return_index=True)[1]
        indicated = np.isin(np.arange(X.shape[1]), gaps[first])
    constant = (np.ptp(X, axis=0) < SMALLEST) & ~empty
    kept = ~empty & ~constant
    about = {
        "Infinite values, or beyond 1e100, count as missing": _with_counts(names, infinite.sum(0)),
        "Left out, as no value is present": picked(names, empty),
        "Missing values were filled with the median": _with_counts(names, filled),
        f"A column of zeros and ones says where more than {100 * INDICATED:g} % are missing": (
            picked(names, indicated)
        ),
    }
    return Coded(
        np.hstack([X[:, kept], absent[:, indicated]]),
        picked(names, kept) + [f"{name} missing" for name in picked(names, indicated)],
        _gaps(names, counts),
        picked(names, constant),
        [f"{what}: {listed(where)}." for what, where in about.items() if where],
    )


def picked(names: Sequence[str], mask: np.ndarray) -> list[str]:
    """Names where the mask is true."""
    return list(compress(names, mask))


def _gaps(names: Sequence[str], counts: np.ndarray) -> dict[str, int]:
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def _with_counts(names: Sequence[str], counts: np.ndarray) -> list[str]:
    return [f"{name} ({count:,})" for name, count in _gaps(names, counts).items()]


def to_numbers(column: pd.Series) -> tuple[np.ndarray | None, str | None]:
    """Numbers with NaN for what is missing, or None for text; and how they were made.

    Raises
    ------
    Unclear
        If the numbers or dates can be read in two ways.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return None, None
    if is_boolean(column):
        return column.astype("boolean").to_numpy(float, na_value=np.nan), None
    if pd.api.types.is_complex_dtype(dtype):
        raise InputError(f"column {column.name!r} holds complex numbers: give real ones")
    if pd.api.types.is_numeric_dtype(dtype):
        return column.to_numpy(float, na_value=np.nan), None
    if pd.api.types.is_datetime64_any_dtype(dtype):
        days, how = as_days(column)
        return days.to_numpy(float), how
    if pd.api.types.is_timedelta64_dtype(dtype):
        return _hours(column)
    if pd.api.types.is_object_dtype(dtype) and (read := _read_objects(column)) is not None:
        return read
    return read_text(column)


def _hours(times: pd.Series) -> tuple[np.ndarray, str]:
    hours = (times / pd.Timedelta(hours=1)).to_numpy(float)
    first = int(np.argmax(~np.isnan(hours)))
    return hours, in_hours(times.iloc[first], hours[first])


def _read_objects(column: pd.Series) -> tuple[np.ndarray, str | None] | None:
    """Numbers of Python's types, such as fractions, and its times."""
    present = column.dropna()
    if present.empty or present.map(lambda value: isinstance(value, str)).any():
        return None
    if present.map(lambda value: isinstance(value, numbers.Rational)).all():
        return present.map(float).reindex(column.index).to_numpy(float), None
    if present.map(lambda value: isinstance(value, datetime.timedelta)).all():
        return _hours(pd.to_timedelta(column))
    if present.map(lambda value: isinstance(value, datetime.time)).all():
        return _hours(
            pd.to_timedelta(present.map(lambda time: time.isoformat())).reindex(column.index)
        )
    return None


def is_boolean(column: pd.Series) -> bool:
    """Whether there are only True, False and missing values."""
    if column.dtype == object:
        return bool(pd.api.types.infer_dtype(column, skipna=True) == "boolean")
    return bool(pd.api.types.is_bool_dtype(column.dtype))


def to_labels(values: pd.Series) -> np.ndarray:
    """Each value as text, NaN for what is missing."""
    labels = np.full(len(values), np.nan, dtype=object)
    present = values.notna().to_numpy()
    labels[present] = [to_label(value) for value in values[present]]
    return labels


def without_symbols(column: pd.Series) -> pd.Series:
    """Text in which a mark such as ``-`` is missing, if all other cells have a letter or digit."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    symbols = column.isin(SYMBOLS)
    if not symbols.any():
        return column
    others = column[~symbols].dropna().astype(str)
    return column.mask(symbols) if len(others) and others.str.contains(r"\w").all() else column


def to_label(value: object) -> str:
    """A value as text, the same for 1 and 1.0."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _levels(column: pd.Series) -> tuple[list[tuple[str, np.ndarray]], str | None]:
    """Zeros and ones for each level but the most frequent one."""
    labels = pd.Series(to_labels(column), dtype=object).fillna("missing")
    counts = labels.value_counts()
    levels = sorted(counts.index, key=lambda level: (-counts[level], level))
    n_rows, n_levels = len(labels), len(levels)
    if n_levels == 1:
        return [(column.name, np.ones(n_rows))], None
    few = n_levels <= MOST_LEVELS and n_rows >= ROWS_OF_LEVEL * n_levels
    if (n_levels > max(MANY_LEVELS, n_rows / 10) and not few) or n_levels == n_rows:
        raise Unclear(why_names(labels, n_levels, levels[0]))
    coded = [
        (f"{column.name} = {level}", (labels == level).to_numpy(float)) for level in levels[1:]
    ]
    return coded, (
        f"became {counted(len(coded), 'column')} of zeros and ones ({listed(levels[1:])}); its "
        f"most frequent value, {levels[0]!r}, is the reference"
    )
