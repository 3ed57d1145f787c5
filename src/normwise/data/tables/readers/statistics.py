"""Tables of SPSS, Stata and SAS, read by pyreadstat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from normwise.data.errors import InputError
from normwise.data.tables.dates import moments, spans
from normwise.data.tables.labels import Labels
from normwise.data.tables.marks import blank_texts
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import counted, gist, listed
from normwise.data.tables.table import Raw, split_target
from normwise.files.errors import from_extra

FUNCTIONS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".por": "read_por",
    ".dta": "read_dta",
    ".xpt": "read_xport",
    ".sas7bdat": "read_sas7bdat",
}
# formats in which some missing values have a code of their own
WITH_CODES = (".sav", ".zsav", ".dta", ".sas7bdat")
# dates of SPSS that pyreadstat leaves as seconds
SPSS_DATES = ("MOYR", "QYR", "WKYR")
SPSS_BEGIN, STATA_BEGIN = "1582-10-14", "1960-01-01"
# times of Stata that pyreadstat leaves as a number of periods, and how many a year has
STATA_PERIODS = {"%tw": 52, "%tm": 12, "%tq": 4, "%th": 2}
# a number of SAS in so few bytes has six digits or fewer
SHORT = 4

Reader = Callable[..., tuple[pd.DataFrame, Any]]


def read(path: Path, target: str | None, part: str | None = None) -> Raw:
    """Read a table of SPSS, Stata or SAS.

    Raises
    ------
    MissingExtraError
        If pyreadstat is not installed.
    InputError
        If the file is not what its name says.
    """
    with from_extra("formats"):
        import pyreadstat
        from pyreadstat import PyreadstatError, ReadstatError

    suffix = path.suffix.lower()
    reader = getattr(pyreadstat, FUNCTIONS[suffix])
    frame, about, notes = _read_whole(
        reader, path, (PyreadstatError, ReadstatError, ValueError, OverflowError)
    )
    # whole numbers with gaps come as objects
    frame = frame.infer_objects()
    notes += blank_texts(frame)
    if suffix in WITH_CODES:
        notes += _about_codes(frame, reader, path)
    labels = Labels()
    for name, column in frame.items():
        form = str(about.original_variable_types.get(name) or "")
        measure = about.variable_measure.get(name)
        frame[name] = labels.apply(
            _with_dates(column, form),
            about.variable_value_labels.get(name, {}),
            nominal=measure == "nominal" and pd.api.types.is_numeric_dtype(column.dtype),
            ordered=measure == "ordinal",
        )
    notes += [*labels.notes(), *_about_format(suffix, frame, about)]
    return split_target(frame, target, notes)


def _read_whole(
    reader: Reader, path: Path, refused: tuple[type[Exception], ...]
) -> tuple[pd.DataFrame, Any, list[str]]:
    try:
        _, about = reader(path, metadataonly=True)
        # the number of rows is not in every file
        cells = (about.number_rows or 0) * about.number_columns
        refuse_large(path.stat().st_size + 48 * cells)
        try:
            return *reader(path), []
        except refused as error:
            if not isinstance(error, UnicodeDecodeError) and "encoding" not in str(error):
                raise
            said = ["The text was read as cp1252, as it is not in the encoding that is declared."]
            return *reader(path, encoding="WINDOWS-1252"), said
    except refused as error:
        raise InputError(
            f"not a whole {path.suffix.lower()} file ({gist(error)}): save it anew, or as CSV"
        ) from error


def _about_codes(frame: pd.DataFrame, reader: Reader, path: Path) -> list[str]:
    """What is said of values that are declared missing; they are missing in the frame."""
    gaps = [str(name) for name in frame if frame[name].hasnans]
    if not gaps:
        return []
    coded, _ = reader(path, user_missing=True, usecols=gaps)
    counts = {
        name: int((frame[name].isna() & coded[name].notna() & (coded[name] != "")).sum())
        for name in gaps
    }
    said = [f"{name} ({count:,})" for name, count in counts.items() if count]
    return [f"Values that the file declares missing: {listed(said)}."] if said else []


def _with_dates(column: pd.Series, form: str) -> pd.Series:
    if form.startswith(SPSS_DATES):
        return moments(column, SPSS_BEGIN)
    if form.startswith("%tC"):
        return moments(column / 1000, STATA_BEGIN)
    if (count := STATA_PERIODS.get(form[:3])) is None:
        return column
    periods = pd.to_numeric(column).astype(float)
    years, rest = periods // count, periods % count
    # the last week of a year has eight days or nine
    days = 7 * rest if count == 52 else 0 * rest
    months = 12 * years + (0 if count == 52 else 12 // count * rest)
    known = periods.notna()
    first = np.full(len(column), np.datetime64("NaT", "ms"))
    first[known] = np.datetime64(STATA_BEGIN, "M") + months[known].to_numpy().astype(int)
    return first + spans(86400 * days)


def _about_format(suffix: str, frame: pd.DataFrame, about: Any) -> list[str]:
    notes = []
    if suffix == ".por":
        notes.append("A portable file has its names in capitals.")
    if suffix == ".sas7bdat":
        rows = counted(len(frame), "row")
        notes.append(f"The file has {rows}; those that SAS marks as deleted may be among them.")
    if suffix == ".xpt" and (short := _short(frame, about.variable_storage_width)):
        notes.append(
            f"Stored in {SHORT} bytes or fewer, so with six digits at most: {listed(short)}."
        )
    return notes


def _short(frame: pd.DataFrame, widths: Mapping[str, int]) -> list[str]:
    """Columns of numbers with a fraction that were cut when they were stored."""
    return [
        str(name)
        for name, column in frame.items()
        if widths[str(name)] <= SHORT
        and pd.api.types.is_float_dtype(column.dtype)
        and (column.dropna() % 1 != 0).any()
    ]
