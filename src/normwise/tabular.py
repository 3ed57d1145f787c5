"""A table of a user's own: read, checked, and made into numbers."""

from __future__ import annotations

import contextlib
import csv
import difflib
import gzip
import io
import os
import re
import reprlib
import socket
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.io import load_arrays

MIN_ROWS = 20
MIN_CLASS = 5

# so few distinct numbers may be labels of classes
FEW_VALUES = 10
# text with more levels than this, and than a tenth of the rows, names the rows
MANY_LEVELS = 20
# above this share of missing values, being missing is a feature of its own
INDICATED = 0.05
LEFT_OUT = "left out: "
ONE_OF_THEM = "give one of them as positive, to tell it from the rest"
# squares of larger numbers leave the range of floating-point numbers
LARGEST = 1e100

AFFIRMATIVE = ("yes", "y", "true", "t", "positive", "pos")

DELIMITERS = {"\t": "tab", "|": "|", ";": "semicolon", ",": "comma"}
HEAD_BYTES = 1 << 18
# beginnings of files that are no text, with what they are
BEGINNINGS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive or an Excel workbook; save it as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save it as CSV",
    b"\x1f\x8b": "compressed by gzip; call it .csv.gz",
    b"PAR1": "a Parquet file; call it .parquet",
    b"ARROW1": "an Arrow file; call it .arrow",
    b"<!doctype": "a web page",
    b"<html": "a web page",
}

DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}([.' \u00a0\u202f]\d{3})+)(,\d+)?([eE][+-]?\d+)?")
DECIMAL_POINT = re.compile(r"[+-]?(\d+|\d{1,3}([,' \u00a0\u202f]\d{3})+)(\.\d+)?([eE][+-]?\d+)?")
DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
DATE_FORMATS = (
    "ISO8601",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
)

SKLEARN_TABLES = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


class InputError(ValueError):
    """Data that cannot be used, with the place, the value and what would be right."""


@dataclass(frozen=True)
class Table:
    """A table as numbers, and what was done to make it so.

    Attributes
    ----------
    X : ndarray or scipy.sparse.csr_matrix of shape (n_samples, n_features)
        Finite numbers.
    y : ndarray of shape (n_samples,)
        Zeros and ones for a binary response.
    names : tuple of str
        Of the features.
    response : {"gaussian", "binary"}
    target : str
        Name of the response.
    classes : tuple of (str, str) or None
        Labels of the zeros and of the ones.
    source : str
        Where it came from.
    missing : dict of str to int
        Missing values by column of the source, before they were filled.
    constant : tuple of str
        Columns that were left out because they hold one value.
    notes : tuple of str
        What was done to the columns, a sentence each.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    response: str
    target: str
    classes: tuple[str, str] | None
    source: str
    missing: dict[str, int]
    constant: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Raw:
    """Features and response as they were read."""

    features: pd.DataFrame | sparse.csr_matrix
    target: pd.Series
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Response:
    y: np.ndarray
    rows: np.ndarray
    kind: str
    classes: tuple[str, str] | None
    notes: list[str]


@dataclass(frozen=True)
class _Features:
    X: Any
    names: list[str]
    missing: dict[str, int]
    constant: list[str]
    notes: list[str]


def read_table(
    source: str | os.PathLike[str],
    target: str | None = None,
    *,
    positive: object = None,
    response: str | None = None,
) -> Table:
    """Read a table and make it into numbers.

    Parameters
    ----------
    source : str or path
        A file: ``.csv``, ``.tsv`` or ``.txt`` (also with ``.gz``), ``.parquet``, ``.feather`` or
        ``.arrow``, ``.npz`` with arrays ``X`` and ``y`` and optionally ``names``, ``.svmlight``,
        ``.libsvm`` or ``.svm``. Or a name: ``sklearn:diabetes`` for a table inside scikit-learn,
        ``openml:61``, ``openml:iris`` or ``openml:iris@1`` for one of OpenML, which is kept in
        scikit-learn's data folder and whose checksum is verified.
    target : str, optional
        The column to be predicted. Not needed where the source says which one it is.
    positive : optional
        Label of the class that counts as 1; of several classes, one against the rest.
    response : {"gaussian", "binary"}, optional
        Detected if not given: binary if the target has two distinct values.

    Raises
    ------
    InputError
        If the table cannot be used.
    """
    source = os.fspath(source)
    try:
        return _tabulate(_load(source, target), source, positive, response)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from error


def as_table(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    positive: object = None,
    response: str | None = None,
) -> Table:
    """Make features and a response in memory into numbers.

    Parameters
    ----------
    X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
        Columns of a data frame may be text, categories, booleans or dates.
    y : array, Series or list of shape (n_samples,)
        Numbers, booleans or labels.
    names : sequence of str, optional
        Of the features; by default those of the data frame, or ``x0``, ``x1``, …
    positive, response
        As in `read_table`.

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    features, found = _as_features(X, names)
    target = _as_response(y)
    if len(target) != features.shape[0]:
        raise InputError(f"X has {features.shape[0]} rows and y has {len(target)}")
    return _tabulate(_Raw(features, target, found), "data in memory", positive, response)


def available_memory() -> float:
    """Bytes that this process can still get; infinite where nobody says."""
    return min(_unused_memory(), _group_limit(), _process_limit())


def _tabulate(raw: _Raw, source: str, positive: object, response: str | None) -> Table:
    _refuse_duplicates(raw.names, "the columns")
    answer = _encode_response(raw.target, positive, response)
    if sparse.issparse(raw.features):
        coded = _encode_sparse(raw.features[answer.rows], raw.names)
    else:
        coded = _encode_frame(raw.features[answer.rows])
    notes = list(coded.notes)
    if coded.constant:
        notes.append(f"Left out, as they hold one value: {_listed(coded.constant)}.")
    if not coded.names:
        reasons = " ".join(notes) or "there is no column besides the target."
        raise InputError(f"no feature is left: {reasons}")
    _refuse_duplicates(coded.names, "the features that were made of the columns")
    return Table(
        X=coded.X,
        y=answer.y,
        names=tuple(coded.names),
        response=answer.kind,
        target=str(raw.target.name),
        classes=answer.classes,
        source=source,
        missing=coded.missing,
        constant=tuple(coded.constant),
        notes=(*raw.notes, *answer.notes, *notes, *_leaks(coded.X, answer.y, coded.names)),
    )


def _refuse_duplicates(names: Iterable[str], where: str) -> None:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(
            f"{where} have the same name more than once: {_listed(twice)}; give each its own name"
        )


def _leaks(X: Any, y: np.ndarray, names: Sequence[str]) -> list[str]:
    n = len(y)
    residual = y - y.mean()
    if sparse.issparse(X):
        mean = np.asarray(X.mean(axis=0)).ravel()
        spread = np.asarray(X.multiply(X).sum(axis=0)).ravel() - n * mean**2
    else:
        spread = n * X.var(axis=0)
    scale = np.sqrt(np.maximum(spread, np.finfo(float).tiny)) * np.linalg.norm(residual)
    copies = _where(np.abs(X.T @ residual) > (1 - 1e-9) * scale)
    if not copies:
        return []
    return [
        f"Warning: copies of the target, up to scale, are among the features: "
        f"{_listed(names[j] for j in copies)}. If they are not known before the target is, every "
        "result below is worthless: leave them out."
    ]


def _encode_response(values: pd.Series, positive: object, response: str | None) -> _Response:
    if response not in (None, "gaussian", "binary"):
        raise InputError(f"response {response!r} is unknown: give gaussian or binary")
    if response == "gaussian" and positive is not None:
        raise InputError(f"positive {positive!r} is for classes, and response is gaussian")
    name = repr(values.name)
    numbers, notes = _target_numbers(values, as_labels=response != "gaussian")
    rows = (values.notna() if numbers is None else np.isfinite(numbers)).to_numpy()
    n_rows = int(rows.sum())
    if n_rows < MIN_ROWS:
        raise InputError(
            f"{_counted(n_rows, 'row')} with a value of target {name}; at least {MIN_ROWS} are "
            "needed"
        )
    if n_rows < len(rows):
        notes.append(f"{_counted(len(rows) - n_rows, 'row')} without a target left out.")
    labels = _labels(values if numbers is None else numbers)[rows]
    classes = sorted(set(labels), key=None if numbers is None else float)
    if len(classes) == 1:
        raise InputError(
            f"target {name} has one value only, {classes[0]!r}: there is nothing to predict"
        )
    if positive is not None or response == "binary" or (len(classes) == 2 and response is None):
        return _binary(name, labels, classes, positive, rows, notes)
    if numbers is not None:
        return _gaussian(name, numbers[rows].to_numpy(float), classes, rows, notes)
    if response == "gaussian":
        raise InputError(f"target {name} is text such as {classes[0]!r}, and response is gaussian")
    raise InputError(
        f"target {name} is text with {len(classes)} classes ({_listed(classes)}): {ONE_OF_THEM}"
    )


def _gaussian(
    name: str, y: np.ndarray, classes: list[str], rows: np.ndarray, notes: list[str]
) -> _Response:
    if np.abs(y).max() > LARGEST:
        raise InputError(
            f"target {name} has the value {np.abs(y).max():g}: rescale it below {LARGEST:g}"
        )
    if len(classes) <= FEW_VALUES and np.all(y == np.round(y)):
        notes.append(
            f"Target {name} has {len(classes)} distinct numbers ({_listed(classes)}) and is "
            f"treated as a number; if they are classes, {ONE_OF_THEM}."
        )
    return _Response(y, rows, "gaussian", None, notes)


def _target_numbers(values: pd.Series, *, as_labels: bool) -> tuple[pd.Series | None, list[str]]:
    """Numbers with NaN for what is missing; None for labels."""
    declared = isinstance(values.dtype, pd.CategoricalDtype)
    if as_labels and (declared or _is_boolean(values)):
        return None, []
    numbers, said = _numbers(values.astype(object) if declared else values)
    if numbers is None:
        if said:
            raise InputError(f"target {values.name!r}: {said.removeprefix(LEFT_OUT)}")
        return None, []
    notes = [f"Target {values.name!r} {said}."] if said else []
    infinite = np.isinf(numbers)
    if infinite.any():
        notes.append(f"{_counted(infinite.sum(), 'infinite value')} of the target left out.")
    return pd.Series(np.where(infinite, np.nan, numbers), name=values.name), notes


def _labels(values: pd.Series) -> np.ndarray:
    labels = np.full(len(values), np.nan, dtype=object)
    present = values.notna().to_numpy()
    labels[present] = [_label(value) for value in values[present]]
    return labels


def _label(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _binary(
    name: str,
    labels: np.ndarray,
    classes: list[str],
    positive: object,
    rows: np.ndarray,
    notes: list[str],
) -> _Response:
    one = _positive(name, classes, positive)
    others = [label for label in classes if label != one]
    zero = others[0] if len(others) == 1 else f"not {one}"
    y = (labels == one).astype(float)
    for label, count in ((one, y.sum()), (zero, (1 - y).sum())):
        if count < MIN_CLASS:
            raise InputError(
                f"target {name} is {label!r} in {_counted(count, 'row')}; of each class at least "
                f"{MIN_CLASS} rows are needed"
            )
    against = f"{zero!r}" if len(others) == 1 else f"the other {len(others)} classes"
    notes.append(f"Target {name} is binary: {one!r} counts as 1, {against} as 0.")
    return _Response(y, rows, "binary", (zero, one), notes)


def _positive(name: str, classes: list[str], positive: object) -> str:
    if positive is None:
        if len(classes) > 2:
            raise InputError(
                f"target {name} has {len(classes)} distinct values ({_listed(classes)}): "
                f"{ONE_OF_THEM}"
            )
        affirmative = [label for label in classes if label.lower() in AFFIRMATIVE]
        return affirmative[0] if len(affirmative) == 1 else classes[-1]
    wanted = _label(positive)
    if wanted in classes:
        return wanted
    with contextlib.suppress(ValueError):  # 1.50 is the number 1.5
        if (number := _label(float(wanted))) in classes:
            return number
    raise InputError(f"target {name} has no value {wanted!r}: give one of {_listed(classes)}")


def _encode_frame(frame: pd.DataFrame) -> _Features:
    columns: list[tuple[str, np.ndarray]] = []
    missing: dict[str, int] = {}
    constant: list[str] = []
    notes: list[str] = []
    for name, column in frame.items():
        numbers, said = _numbers(column)
        if numbers is not None:
            columns.append((name, numbers))
        elif said is None:
            levels, said = _levels(column)
            columns += levels
            if absent := int(column.isna().sum()):
                missing[name] = absent
            if said is None:
                constant.append(name)
        if said:
            notes.append(f"Column {name!r} {said}.")
    if yes_no := [name for name, column in frame.items() if _is_boolean(column)]:
        notes.append(f"True counts as 1 and False as 0: {_listed(yes_no)}.")
    X = np.empty((len(frame), len(columns)))
    for j, (_, values) in enumerate(columns):
        X[:, j] = values
    filled = _fill(X, [name for name, _ in columns])
    return replace(
        filled,
        missing=missing | filled.missing,
        constant=constant + filled.constant,
        notes=notes + filled.notes,
    )


def _numbers(column: pd.Series) -> tuple[np.ndarray | None, str | None]:
    """Numbers with NaN for what is missing, and what was done.

    With neither of them, it is text; without numbers, but with what was done, it is left out.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return None, None
    if _is_boolean(column):
        return column.astype("boolean").to_numpy(float, na_value=np.nan), None
    if pd.api.types.is_complex_dtype(dtype):
        raise InputError(f"column {column.name!r} holds complex numbers: give real ones")
    if pd.api.types.is_numeric_dtype(dtype):
        return column.to_numpy(float, na_value=np.nan), None
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _days(column)
    if pd.api.types.is_timedelta64_dtype(dtype):
        return (column / pd.Timedelta(days=1)).to_numpy(float), "became days"
    return _numbers_in_text(column)


def _is_boolean(column: pd.Series) -> bool:
    if column.dtype == object:
        return bool(pd.api.types.infer_dtype(column, skipna=True) == "boolean")
    return bool(pd.api.types.is_bool_dtype(column.dtype))


def _numbers_in_text(column: pd.Series) -> tuple[np.ndarray | None, str | None]:
    text = column.dropna().astype(str).str.strip()
    plain = pd.to_numeric(text, errors="coerce").astype(float)
    if plain.notna().all():
        return plain.reindex(column.index).to_numpy(float), None
    comma = _matching(text, DECIMAL_COMMA, group=".", point=",")
    point = _matching(text, DECIMAL_POINT, group=",", point=".")
    if comma is not None and point is not None and not comma.equals(point):
        return None, (
            f"{LEFT_OUT}the comma in {text.iloc[0]!r} may be a decimal comma or a "
            "thousands separator; write 1.5 or 1500"
        )
    for numbers, how in ((comma, "decimal comma"), (point, "thousands separator")):
        if numbers is not None:
            return numbers.reindex(column.index).to_numpy(float), f"read as numbers with a {how}"
    if DATE.fullmatch(text.iloc[0]):
        dates = _dates_in_text(column, text)
        if dates[1]:
            return dates
    return _mostly_numbers(column, text, plain)


def _matching(text: pd.Series, form: re.Pattern[str], group: str, point: str) -> pd.Series | None:
    if not text.map(lambda value: form.fullmatch(value) is not None).all():
        return None
    plain = text.str.replace(rf"[{group}' \u00a0\u202f]", "", regex=True)
    return plain.str.replace(point, ".", regex=False).astype(float)


def _dates_in_text(column: pd.Series, text: pd.Series) -> tuple[np.ndarray | None, str | None]:
    read: list[pd.Series] = []
    for form in DATE_FORMATS:
        dates = pd.to_datetime(text, format=form, errors="coerce", utc=True)
        if dates.notna().all() and not any(dates.equals(other) for other in read):
            read.append(dates)
    if not read:
        return None, None
    if len(read) > 1:
        return None, (
            f"{LEFT_OUT}{text.iloc[0]!r} may have the day or the month "
            "first; write dates as 2024-01-31"
        )
    return _days(read[0].reindex(column.index))


def _days(dates: pd.Series) -> tuple[np.ndarray, str]:
    first = dates.min()
    days = ((dates - first) / pd.Timedelta(days=1)).to_numpy(float)
    return days, f"became days since {first:%Y-%m-%d}, the earliest date"


def _mostly_numbers(
    column: pd.Series, text: pd.Series, plain: pd.Series
) -> tuple[np.ndarray | None, str | None]:
    odd = text[plain.isna()]
    if len(odd) > len(text) / 10 or text.nunique() <= FEW_VALUES:
        return None, None
    return plain.reindex(column.index).to_numpy(float), (
        f"holds numbers; {_counted(len(odd), 'value')} that are none count "
        f"as missing, such as {reprlib.repr(odd.iloc[0])} in row {odd.index[0] + 1}"
    )


def _most_levels(n_rows: int) -> float:
    return max(MANY_LEVELS, n_rows / 10)


def _levels(column: pd.Series) -> tuple[list[tuple[str, np.ndarray]], str | None]:
    """Zeros and ones for each level but the most frequent one; nothing is said of a constant."""
    name = column.name
    labels = pd.Series(_labels(column), dtype=object).fillna("missing")
    counts = labels.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    levels = list(counts.index)
    if len(levels) == 1:
        return [], None
    if len(levels) > _most_levels(len(labels)) or len(levels) == len(labels):
        return [], (
            f"{LEFT_OUT}{len(levels)} different texts in {len(labels)} rows, such "
            f"as {reprlib.repr(levels[0])}, are rather names of the rows than classes"
        )
    coded = [(f"{name} = {level}", (labels == level).to_numpy(float)) for level in levels[1:]]
    return coded, (
        f"became {_counted(len(coded), 'column')} of zeros and ones "
        f"({_listed(levels[1:])}); its most frequent value, {levels[0]!r}, is the reference"
    )


def _fill(X: np.ndarray, names: list[str]) -> _Features:
    """Medians for what is missing or infinite, in place; empty and constant columns left out."""
    n = len(X)
    absent = ~(np.abs(X) <= LARGEST)
    counts = absent.sum(axis=0)
    infinite = counts - np.isnan(X).sum(axis=0)
    partly = _where((counts > 0) & (counts < n))
    for j in partly:
        X[absent[:, j], j] = np.median(X[~absent[:, j], j])
    often = [j for j in partly if counts[j] > INDICATED * n]
    notes = _about_missing(names, counts, infinite, partly, often, n)
    empty = counts == n
    X[:, empty] = 0
    constant = (X.min(axis=0) == X.max(axis=0)) & ~empty
    kept = _where(~empty & ~constant)
    whole = len(kept) == X.shape[1] and not often
    return _Features(
        X if whole else np.hstack([X[:, kept], absent[:, often]]),
        [names[j] for j in kept] + [f"{names[j]} missing" for j in often],
        {names[j]: int(counts[j]) for j in _where(counts)},
        [names[j] for j in _where(constant)],
        notes,
    )


def _about_missing(
    names: list[str],
    counts: np.ndarray,
    infinite: np.ndarray,
    partly: list[int],
    often: list[int],
    n: int,
) -> list[str]:
    groups = {
        "Infinite values, or beyond 1e100, count as missing": [
            f"{names[j]} ({infinite[j]})" for j in _where(infinite)
        ],
        "Left out, as no value is present": [names[j] for j in _where(counts == n)],
        "Missing values were filled with the median": [f"{names[j]} ({counts[j]})" for j in partly],
        f"More than {INDICATED:.0%} missing, which a column of zeros and ones tells": [
            names[j] for j in often
        ],
        "More than half missing": [names[j] for j in often if counts[j] > n / 2],
    }
    return [f"{what}: {_listed(who)}." for what, who in groups.items() if who]


def _encode_sparse(X: sparse.csr_matrix, names: Sequence[str]) -> _Features:
    X = sparse.csr_matrix(X, dtype=float, copy=True)
    X.sum_duplicates()
    absent = ~(np.abs(X.data) <= LARGEST)
    counts = np.bincount(X.indices[absent], minlength=X.shape[1])
    X.data[absent] = 0
    X.eliminate_zeros()
    low, high = (part.toarray().ravel() for part in (X.min(axis=0), X.max(axis=0)))
    missing = {names[j]: int(counts[j]) for j in _where(counts)}
    filled = [f"{name} ({count})" for name, count in missing.items()]
    notes = [f"Missing and infinite values became 0: {_listed(filled)}."] if filled else []
    kept = _where(low < high)
    constant = [names[j] for j in _where(low == high)]
    return _Features(X[:, kept], [names[j] for j in kept], missing, constant, notes)


def _as_features(
    X: Any, names: Sequence[str] | None
) -> tuple[pd.DataFrame | sparse.csr_matrix, tuple[str, ...]]:
    if sparse.issparse(X):
        features = sparse.csr_matrix(X)
    elif isinstance(X, pd.DataFrame):
        features = X.reset_index(drop=True)
        names = X.columns.map(str).tolist() if names is None else names
    else:
        array = np.asarray(X)
        if array.ndim != 2:
            raise InputError(
                f"X has {array.ndim} dimensions, shape {array.shape}: give one row a sample and "
                "one column a feature"
            )
        features = pd.DataFrame(array)
        if array.dtype == object:
            features = features.infer_objects()
    n_features = features.shape[1]
    found = tuple(f"x{j}" for j in range(n_features)) if names is None else tuple(map(str, names))
    if len(found) != n_features:
        raise InputError(f"X has {n_features} columns and {len(found)} names")
    if isinstance(features, pd.DataFrame):
        features.columns = pd.Index(found, dtype=object)
    return features, found


def _as_response(y: Any) -> pd.Series:
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if isinstance(y, pd.Series):
        name = "y" if y.name is None else str(y.name)
        return y.reset_index(drop=True).rename(name)
    array = np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"y has shape {array.shape}: give one value a row")
    return pd.Series(array, name="y").infer_objects()


def _load(source: str, target: str | None) -> _Raw:
    collection, _, name = source.partition(":")
    if collection == "sklearn":
        return _load_sklearn(name, target)
    if collection == "openml":
        return _load_openml(name, target)
    path = Path(source).expanduser()
    _refuse_missing(path)
    reader = READERS.get(_kind(path))
    if reader is None:
        raise InputError(
            f"files of kind {path.suffix or 'without a suffix'} are not read; give one of "
            f"{_listed(READERS, limit=len(READERS))}"
        )
    if path.stat().st_size == 0:
        raise InputError("the file is empty")
    return reader(path, target)


def _kind(path: Path) -> str:
    kinds = [suffix.lower() for suffix in path.suffixes]
    return "".join(kinds[-2:] if kinds[-1:] == [".gz"] else kinds[-1:])


def _refuse_missing(path: Path) -> None:
    if path.is_dir():
        raise InputError("this is a folder; give a file")
    if not path.exists():
        known = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"there is no such file{_meant(path.name, known)}")


def _split(frame: pd.DataFrame, target: str | None, notes: Sequence[str] = ()) -> _Raw:
    names = [str(name) for name in frame.columns]
    _refuse_duplicates(names, "the columns")
    frame.columns = pd.Index(names, dtype=object)
    if target is None:
        raise InputError(f"no target given: name the column to be predicted, of {_listed(names)}")
    if target not in names:
        raise InputError(
            f"there is no column {target!r}{_meant(target, names)}; the columns are "
            f"{_listed(names)}"
        )
    frame = frame.reset_index(drop=True)
    features = frame.drop(columns=target)
    return _Raw(features, frame[target], tuple(features.columns), tuple(notes))


def _read_text(path: Path, target: str | None) -> _Raw:
    head = _head(path)
    opening = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = head.decode(opening, errors="replace")
    if opening != "utf-16":
        _refuse_binary(head)
    # the last line may be cut
    lines = text.splitlines()[: -1 if len(head) == HEAD_BYTES else None]
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise InputError("the file holds no line of text")
    delimiter = _delimiter(lines)
    cells = sum(line.count(delimiter) + 1 for line in lines)
    _refuse_large(_expanded_size(path) * (2 + 24 * cells / sum(len(line) + 1 for line in lines)))
    encoding, header = _scan(path, delimiter, opening)
    frame = pd.read_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        header=0,
        names=_header(header),
        index_col=False,
        na_values=["?"],
        skipinitialspace=True,
        low_memory=False,
    )
    notes = (
        [] if encoding == "utf-8-sig" else [f"The text was read as {encoding}, as it is not UTF-8."]
    )
    if delimiter != ("\t" if ".tsv" in path.name.lower() else ","):
        notes.append(f"Columns are separated by {DELIMITERS[delimiter]}.")
    if not header[0] and _counts_rows(frame.iloc[:, 0]):
        frame = frame.iloc[:, 1:]
        notes.append("The first column, without a name, numbers the rows and is left out.")
    return _split(frame, target, notes)


def _head(path: Path) -> bytes:
    with _opened(path) as file:
        return file.read(HEAD_BYTES)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"not a whole gzip file ({error})") from error


def _refuse_binary(head: bytes) -> None:
    for beginning, what in BEGINNINGS.items():
        if head.lstrip().lower().startswith(beginning.lower()):
            raise InputError(f"not a table in text but {what}")
    if (place := head.find(b"\0")) >= 0:
        raise InputError(f"not a table in text: byte {place} is zero")


def _delimiter(lines: list[str]) -> str:
    """The mark that cuts the header, and as many of the lines as possible into as many parts."""

    def agreement(mark: str) -> tuple[bool, float]:
        rows = csv.reader(lines[:200], delimiter=mark, skipinitialspace=True)
        widths = [len(row) for row in rows]
        return widths[0] > 1, widths.count(widths[0]) / len(widths)

    best = max(DELIMITERS, key=agreement)
    if not agreement(best)[0]:
        raise InputError(
            f"only one column was found, {lines[0].strip()!r}: a table needs the target and at "
            f"least one feature, separated by {', '.join(DELIMITERS.values())}"
        )
    return best


def _scan(path: Path, delimiter: str, opening: str) -> tuple[str, list[str]]:
    """Encoding and header, once every row is known to be as wide as the header."""
    for encoding in (opening, "cp1252", "latin-1"):
        with contextlib.suppress(UnicodeError), _opened(path) as file:
            lines = io.TextIOWrapper(file, encoding, newline="")
            return encoding, _checked_header(csv.reader(lines, delimiter=delimiter))
    raise InputError("not text in UTF-8, UTF-16 or Latin-1")


def _checked_header(rows: Any) -> list[str]:
    header: list[str] = []
    n_rows = 0
    try:
        for row in rows:
            if len(row) < 2 and not "".join(row).strip():
                continue
            if not header:
                header = [name.strip() for name in row]
            elif len(row) != len(header):
                raise InputError(
                    f"line {rows.line_num} has {_counted(len(row), 'value')} and the header has "
                    f"{len(header)}"
                )
            else:
                n_rows += 1
    except csv.Error as error:
        raise InputError(f"line {rows.line_num}: {error}; is a quotation mark open?") from error
    if not n_rows:
        raise InputError("the file holds a header and no rows")
    return header


def _header(header: list[str]) -> list[str]:
    named = [name for name in header if name]
    if all(DECIMAL_POINT.fullmatch(name) or DECIMAL_COMMA.fullmatch(name) for name in named):
        raise InputError(
            f"the first line holds numbers only ({_listed(header)}): put the names of the columns "
            "there, or the first row would be lost"
        )
    _refuse_duplicates(named, "the columns")
    return [name or f"column {j}" for j, name in enumerate(header, start=1)]


def _counts_rows(column: pd.Series) -> bool:
    if not pd.api.types.is_integer_dtype(column.dtype):
        return False
    return bool(column.iloc[0] in (0, 1) and (column.diff().iloc[1:] == 1).all())


def _read_parquet(path: Path, target: str | None) -> _Raw:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        about = parquet.read_metadata(path)
        held = sum(about.row_group(g).total_byte_size for g in range(about.num_row_groups))
        _refuse_large(held + 24 * about.num_rows * about.num_columns)
        _refuse_duplicates(about.schema.to_arrow_schema().names, "the columns")
        return _split(pd.read_parquet(path), target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"not a whole Parquet file ({_first_line(error)})") from error


def _read_arrow(path: Path, target: str | None) -> _Raw:
    import pyarrow as pa
    from pyarrow import ipc

    try:
        with pa.memory_map(str(path)) as mapped, ipc.open_file(mapped) as file:
            _refuse_duplicates(file.schema.names, "the columns")
            n_rows = sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))
            _refuse_large(path.stat().st_size + 24 * n_rows * len(file.schema.names))
            return _split(file.read_pandas(), target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"not a whole Feather or Arrow file ({_first_line(error)})") from error


def _read_arrays(path: Path, target: str | None) -> _Raw:
    _refuse_target(target, "array 'y'")
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_large(3 * sum(member.file_size for member in archive.infolist()))
        with load_arrays(path) as arrays:
            if absent := [name for name in ("X", "y") if name not in arrays]:
                raise InputError(
                    f"there is no array {absent[0]!r}, only {_listed(arrays)}; save with "
                    "numpy.savez(file, X=X, y=y)"
                )
            names = arrays["names"].tolist() if "names" in arrays else None
            X, y = arrays["X"], arrays["y"]
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"not a whole npz file ({error})") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "an array holds Python objects, which could run code when opened; save numbers or text"
        ) from error
    features, found = _as_features(X, names)
    response = _as_response(y)
    if len(response) != features.shape[0]:
        raise InputError(f"X has {features.shape[0]} rows and y has {len(response)}")
    return _Raw(features, response, found)


def _read_svmlight(path: Path, target: str | None) -> _Raw:
    from sklearn.datasets import load_svmlight_file

    _refuse_target(target, "the first value of each line")
    _refuse_large(6 * path.stat().st_size)
    try:
        X, y = load_svmlight_file(str(path), zero_based=True)
    except (ValueError, OverflowError) as error:
        raise InputError(f"not a file in svmlight format ({_first_line(error)})") from error
    # no room for the numbers that no line uses
    used, columns = np.unique(X.indices, return_inverse=True)
    X = sparse.csr_matrix((X.data, columns, X.indptr), shape=(X.shape[0], len(used)))
    names = tuple(f"x{number}" for number in used)
    response = pd.Series(y, name="y")
    # a sparse entry takes 12 bytes, a dense one 8
    if 12 * X.nnz < 8 * X.shape[0] * X.shape[1]:
        return _Raw(X, response, names)
    return _Raw(pd.DataFrame(X.toarray(), columns=list(names)), response, names)


def _refuse_target(target: str | None, where: str) -> None:
    if target not in (None, "y"):
        raise InputError(f"target {target!r}: the target is {where}; give none")


READERS: dict[str, Callable[[Path, str | None], _Raw]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".txt": _read_text,
    ".csv.gz": _read_text,
    ".tsv.gz": _read_text,
    ".txt.gz": _read_text,
    ".parquet": _read_parquet,
    ".feather": _read_arrow,
    ".arrow": _read_arrow,
    ".npz": _read_arrays,
    ".svmlight": _read_svmlight,
    ".libsvm": _read_svmlight,
    ".svm": _read_svmlight,
}


def _load_sklearn(name: str, target: str | None) -> _Raw:
    from sklearn import datasets

    if name not in SKLEARN_TABLES:
        raise InputError(
            f"scikit-learn holds no table {name!r}{_meant(name, SKLEARN_TABLES)}; give one of "
            f"{_listed(SKLEARN_TABLES)}"
        )
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    answers = pd.DataFrame(bunch.target)
    if target is None and answers.shape[1] == 1:
        target = answers.columns[0]
    answer = _split(answers, target).target
    labels = bunch.get("target_names")
    if labels is not None and answers.shape[1] == 1 and labels.dtype.kind == "U":
        answer = answer.map(dict(enumerate(labels.tolist())))
    return _Raw(bunch.data, answer, tuple(bunch.data.columns))


def _load_openml(name: str, target: str | None) -> _Raw:
    from sklearn.datasets import fetch_openml, get_data_home

    label, _, version = name.partition("@")
    if not label or (version and not version.isdecimal()):
        raise InputError("give openml:ID, openml:NAME or openml:NAME@VERSION")
    which: dict[str, Any] = {"data_id": int(label)} if label.isdecimal() else {"name": label}
    if version:
        which["version"] = int(version)
    try:
        with _patience(seconds=60), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            bunch = fetch_openml(**which, as_frame="auto")
    except OSError as error:
        raise InputError(
            f"OpenML cannot be reached ({getattr(error, 'reason', error)}) and {get_data_home()} "
            "holds no copy: try again with a connection, or download the table and give its file"
        ) from error
    except (ValueError, KeyError) as error:
        raise InputError(f"OpenML: {_first_line(error)}") from error
    notes = [f"OpenML: {_one_line(warning.message)}" for warning in said]
    if bunch.frame is None:
        _refuse_target(target, "the one that OpenML names")
        y = pd.Series(bunch.target, name=_listed(bunch.target_names))
        return _Raw(sparse.csr_matrix(bunch.data), y, tuple(bunch.feature_names), tuple(notes))
    if target is None and len(bunch.target_names) == 1:
        target = bunch.target_names[0]
    return _split(bunch.frame, target, notes)


@contextlib.contextmanager
def _patience(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _refuse_large(needed: float) -> None:
    available = available_memory()
    if needed > available:
        raise InputError(
            f"reading it takes about {needed / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB "
            "are available: keep fewer columns or rows, or save the columns needed as Parquet"
        )


def _expanded_size(path: Path) -> int:
    size = path.stat().st_size
    if path.suffix.lower() != ".gz":
        return size
    # the last four bytes of a gzip file hold the size of its content, modulo 2^32
    with path.open("rb") as file:
        file.seek(-min(4, size), os.SEEK_END)
        return max(size, int.from_bytes(file.read(), "little"))


def _unused_memory() -> float:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    return np.inf


def _group_limit() -> float:
    """What the control group allows, less what this process holds."""
    limits = [np.inf]
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, inside = line.split(":", 2)
            if controllers == "":
                root, name = Path("/sys/fs/cgroup"), "memory.max"
            elif "memory" in controllers.split(","):
                root, name = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
            else:
                continue
            for folder in (root, root / inside.lstrip("/")):
                with contextlib.suppress(OSError, ValueError):  # "max" is no limit
                    limits.append(int((folder / name).read_text()) - _own_pages(1))
    return min(limits)


def _process_limit() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return np.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return np.inf if limit == resource.RLIM_INFINITY else limit - _own_pages(0)


def _own_pages(which: int) -> int:
    """Bytes of address space (0) or memory (1) that this process holds."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[which]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _where(mask: np.ndarray) -> list[int]:
    return np.flatnonzero(mask).tolist()


def _listed(items: Iterable[object], limit: int = 8) -> str:
    shown = [str(item) for item in items]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more


def _counted(count: float, noun: str) -> str:
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def _meant(name: str, known: Iterable[str]) -> str:
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f" (did you mean {by_lower[close[0]]}?)" if close else ""


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def _first_line(error: BaseException) -> str:
    return _one_line(error.args[0] if error.args else error)[:200]
