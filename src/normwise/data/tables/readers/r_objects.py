"""Data frames and matrices of R, whose files rdata takes apart."""

from __future__ import annotations

import lzma
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from normwise.data.errors import InputError
from normwise.data.tables.dates import moments, spans
from normwise.data.tables.labels import Labels
from normwise.data.tables.marks import blank_texts
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import gist, listed
from normwise.data.tables.part import chosen_part
from normwise.data.tables.table import Raw, split_target
from normwise.files.errors import from_extra

NUMBERS = ("LGL", "INT", "REAL")
R_BEGIN = "1970-01-01"
# seconds of the units in which R keeps spans of time
UNITS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}
# what is no column of numbers or text, and what makes one of it
OTHERS = {
    "VEC": ("a list", "NULL"),
    "CPLX": ("complex", "Re({})"),
    "RAW": ("raw", "as.integer({})"),
}
# integers of 64 bits, read as numbers with a fraction, are smaller than any measured value
DENORMAL = 1e-300


@dataclass
class _About:
    """What is said of the columns."""

    labels: Labels = field(default_factory=Labels)
    declared: dict[str, int] = field(default_factory=dict)
    na_levels: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        declared = listed(f"{name} ({count:,})" for name, count in self.declared.items())
        said = [f"Values that the file declares missing: {declared}."] if declared else []
        if self.na_levels:
            said.append(f"A level NA counts as missing: {listed(self.na_levels)}.")
        return [*said, *self.labels.notes()]


def read(path: Path, target: str | None, part: str | None = None) -> Raw:
    """Read a data frame or a matrix of R, without the names of its rows.

    Raises
    ------
    MissingExtraError
        If rdata is not installed.
    InputError
        If the file holds something else, or a column that is no vector.
    """
    # compressed to a fifth or less, and each text an object
    refuse_large(30 * path.stat().st_size)
    found = _parsed(path)
    name = "x"
    if _kind(found) == "LIST":
        objects = _pairs(found)
        name = chosen_part(part, list(objects), "object", path)
        found = objects[name]
    about = _About()
    frame, notes = _frame(found, name, about)
    return split_target(frame, target, [*notes, *blank_texts(frame), *about.notes()])


def _parsed(path: Path) -> Any:
    with from_extra("formats"):
        from rdata.parser import DEFAULT_ALTREP_MAP, parse_file

    expand = {
        **DEFAULT_ALTREP_MAP,
        b"compact_intseq": _sequence,
        b"deferred_string": _texts_of_numbers,
    }
    try:
        with warnings.catch_warnings():
            # about a suffix that is not that of the content
            warnings.simplefilter("ignore")
            return parse_file(path, altrep_constructor_dict=expand).object
    except (ValueError, NotImplementedError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(
            f"not a whole file of R ({gist(error)}): save the data frame with saveRDS(x, file), or "
            "as CSV"
        ) from error


def _sequence(state: Any) -> tuple[Any, Any]:
    """Whole numbers from one to another, up or down; rdata ends those that go down too early."""
    from rdata.parser import RObjectType

    count, start, step = (int(number) for number in state.value)
    return _plain_info(RObjectType.INT), start + step * np.arange(count)


def _texts_of_numbers(state: Any) -> tuple[Any, Any]:
    """Numbers that became text, in 15 digits as in R; rdata writes a missing one as nan."""
    from rdata.parser import RObject, RObjectType

    texts = [
        RObject(_plain_info(RObjectType.CHAR), f"{x:.15g}".encode() if x == x else None, None)
        for x in _numbers(state.value[0]).tolist()
    ]
    return _plain_info(RObjectType.STR), texts


def _plain_info(kind: Any) -> Any:
    from rdata.parser import RObjectInfo

    return RObjectInfo(kind, object=False, attributes=False, tag=False, gp=0, reference=0)


def _kind(found: Any) -> str:
    """What R calls the type of an object: INT, REAL, STR, VEC, ..."""
    return str(found.info.type.name)


def _pairs(found: Any) -> dict[str, Any]:
    """Values of a pairlist by their names, in which R keeps attributes and saved objects."""
    pairs = {}
    while found is not None and _kind(found) == "LIST":
        tag = found.tag
        while tag is not None and _kind(tag) == "REF":
            tag = tag.referenced_object
        value, rest = found.value
        if tag is not None:
            pairs[_text(tag.value)] = value
        found = rest
    return pairs


def _text(char: Any) -> str:
    try:
        return str(char.value.decode())
    except UnicodeDecodeError:
        return str(char.value.decode("cp1252", errors="replace"))


def _texts(found: Any) -> list[str | None]:
    return [None if char.value is None else _text(char) for char in found.value]


def _frame(found: Any, name: str, about: _About) -> tuple[pd.DataFrame, list[str]]:
    """A data frame or a matrix as a frame, and what was left out."""
    parts = _pairs(found.attributes)
    classes = _texts(parts["class"]) if "class" in parts else []
    if "data.frame" in classes and not found.value:
        raise InputError(f"data frame {name!r} has no column")
    if _kind(found) == "VEC" and "data.frame" in classes:
        names = [str(text) for text in _texts(parts["names"])]
        columns = {
            j: _column(value, column, about)
            for j, (column, value) in enumerate(zip(names, found.value, strict=True))
        }
        frame = pd.DataFrame(columns).set_axis(pd.Index(names, dtype=object), axis=1)
        return frame, _about_row_names(parts.get("row.names"))
    shape = _numbers(parts["dim"]).astype(int).tolist() if "dim" in parts else []
    if _kind(found) in NUMBERS and len(shape) == 2:
        cells = _numbers(found).reshape(shape, order="F")
        rows, columns_of = parts["dimnames"].value if "dimnames" in parts else (None, None)
        named = columns_of is not None and _kind(columns_of) == "STR"
        heads = _texts(columns_of) if named else [f"V{j + 1}" for j in range(cells.shape[1])]
        return pd.DataFrame(cells, columns=pd.Index(heads, dtype=object)), _about_row_names(rows)
    what = f"of class {listed(classes)}" if classes else f"of type {_kind(found)}"
    raise InputError(
        f"object {name!r} is {what}, not a data frame: save as.data.frame({name}) with saveRDS"
    )


def _about_row_names(names: Any) -> list[str]:
    texts = _texts(names) if names is not None and _kind(names) == "STR" else []
    # R numbers the rows of which nobody gave a name
    if all(text is not None and text.isdecimal() for text in texts):
        return []
    shown = listed(map(repr, texts), limit=2)
    return [f"Names of the rows are no feature and were left out: {shown}."]


def _numbers(found: Any) -> np.ndarray:
    """A vector as numbers, NaN for NA."""
    return np.ma.filled(np.ma.asarray(found.value).astype(float), np.nan)


def _column(found: Any, name: str, about: _About) -> pd.Series:
    """A column of a data frame; one that is no vector is refused."""
    parts = _pairs(found.attributes)
    classes = _texts(parts["class"]) if "class" in parts else []
    if "POSIXlt" in classes:
        raise _refusal(name, "a time in parts (POSIXlt)", f"as.POSIXct({_place(name)})")
    if (kind := _kind(found)) not in (*NUMBERS, "STR"):
        what, remedy = OTHERS.get(kind, (f"of type {kind}", "NULL"))
        raise _refusal(name, what, remedy.format(_place(name)))
    if "dim" in parts and (width := int(np.prod(_numbers(parts["dim"])[1:]))) != 1:
        raise InputError(
            f"column {name!r} is a matrix of {width} columns: make it columns of the table in R by "
            "x <- do.call(data.frame, x)"
        )
    if "factor" in classes:
        levels = _texts(parts["levels"])
        return pd.Series(_categories(_numbers(found), levels, "ordered" in classes, name, about))
    if kind == "STR":
        column = pd.Series(_texts(found), dtype=object, name=name)
    elif kind == "LGL":
        return pd.Series(_numbers(found), name=name).astype("boolean")
    else:
        column = _quantities(found, classes, parts, name)
    return _labelled(column, parts, about)


def _place(name: str) -> str:
    return f'x[["{name}"]]'


def _refusal(name: str, what: str, remedy: str) -> InputError:
    return InputError(f"column {name!r} is {what}: change it in R by {_place(name)} <- {remedy}")


def _categories(
    codes: np.ndarray, levels: list[str | None], ordered: bool, name: str, about: _About
) -> pd.Categorical:
    codes = np.nan_to_num(codes, nan=0).astype(int) - 1
    if None in levels:
        codes[codes == levels.index(None)] = -1
        about.na_levels.append(name)
        # R puts it last
        levels = [level for level in levels if level is not None]
    return pd.Categorical.from_codes(codes, levels, ordered=ordered)


def _quantities(
    found: Any, classes: Sequence[str | None], parts: Mapping[str, Any], name: str
) -> pd.Series:
    """Numbers, dates or spans of time, as the class says."""
    numbers = _numbers(found)
    if "integer64" in classes:
        whole = np.ma.getdata(found.value).astype("=f8").view(np.int64)
        numbers = np.where(whole == np.iinfo(np.int64).min, np.nan, whole.astype(float))
    elif ((numbers != 0) & (np.abs(numbers) < DENORMAL)).any():
        raise InputError(
            f"column {name!r} holds numbers below {DENORMAL:g}, as integers of 64 bits do that "
            "have lost their class: save it in R as as.numeric(x) of the package bit64"
        )
    column = pd.Series(numbers, name=name)
    if "Date" in classes:
        return moments(86400 * column, R_BEGIN)
    if "POSIXct" in classes:
        return moments(column, R_BEGIN)
    if "difftime" in classes and "units" in parts:
        return spans(UNITS[str(_texts(parts["units"])[0])] * column)
    return column


def _labelled(column: pd.Series, parts: Mapping[str, Any], about: _About) -> pd.Series:
    """A column without the values that haven's attributes declare missing, and with its labels."""
    gone = pd.Series(False, column.index)
    if "na_values" in parts:
        gone |= column.isin(_values(parts["na_values"]))
    if "na_range" in parts:
        gone |= column.between(*_values(parts["na_range"]))
    if gone.any():
        about.declared[str(column.name)] = int(gone.sum())
        column = column.mask(gone)
    if "labels" not in parts:
        return column
    codes, texts = _values(parts["labels"]), _texts(_pairs(parts["labels"].attributes)["names"])
    named = {c: str(text) for c, text in zip(codes, texts, strict=True) if c == c}
    return about.labels.apply(column, named)


def _values(found: Any) -> list[Any]:
    return _texts(found) if _kind(found) == "STR" else _numbers(found).tolist()
