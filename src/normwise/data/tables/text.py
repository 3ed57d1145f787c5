"""Tables in text: their encoding, their delimiter, and rows as wide as the header."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from normwise.data.errors import InputError
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import counted, listed, refuse_duplicates
from normwise.data.tables.number_text import marked_numbers
from normwise.data.tables.table import Raw, split_target

# so many codes of two capitals are one list of codes
CODES = 5
DELIMITERS = "\t|;,"
HEAD_BYTES = 1 << 18
# "None" is a level of many a table; among numbers it counts as missing all the same
MISSING = (
    "",
    "?",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "n/a",
    "nan",
    "null",
)


def read_text(path: Path, target: str | None) -> Raw:
    """Read a table in UTF-8 or Windows-1252, with a header, compressed or not."""
    with _opened(path) as file:
        head = file.read(HEAD_BYTES)
    if (place := head.find(b"\0")) >= 0:
        raise InputError(
            f"not a table in text, as byte {place:,} is zero (is it a workbook or an image?): save "
            "the table as CSV in UTF-8"
        )
    text = head.decode("utf-8-sig", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("the file holds no line of text")
    delimiter = _delimiter(lines[:200])
    cells = sum(line.count(delimiter) + 1 for line in lines)
    # compressed text is about a fifth of the text
    size = path.stat().st_size * (5 if path.suffix.lower() == ".gz" else 1)
    refuse_large(size * (2 + 24 * cells / sum(len(line) + 1 for line in lines)))
    encoding, header = _scan(path, delimiter)
    frame = pd.read_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        header=0,
        names=names_of(header),
        index_col=False,
        na_values=MISSING,
        keep_default_na=False,
        skipinitialspace=True,
        low_memory=False,
    )
    notes = []
    if header[0] and not frame.columns.str.contains(r"\D").any():
        notes.append(f"The first line, {listed(header)}, was read as the names of the columns.")
    if encoding != "utf-8-sig":
        notes.append(f"The text was read as {encoding}, as it is not UTF-8.")
    frame = _two_letters(frame, path, delimiter, encoding)
    return split_target(frame, target, notes)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"not a whole gzip file ({error})") from error


def _delimiter(lines: list[str]) -> str:
    """The mark that cuts the header, and as many of the lines as possible into as many parts."""

    def agreement(mark: str) -> tuple[bool, float]:
        rows = csv.reader(lines, delimiter=mark, skipinitialspace=True)
        widths = [len(row) for row in rows]
        return widths[0] > 1, widths.count(widths[0]) / len(widths)

    best = max(DELIMITERS, key=agreement)
    if not agreement(best)[0]:
        raise InputError(
            f"only one column was found, {lines[0].strip()!r}: a table needs the target and at "
            "least one feature, separated by tab, |, semicolon or comma"
        )
    return best


def _scan(path: Path, delimiter: str) -> tuple[str, list[str]]:
    """Encoding and header, once every row is known to be as wide as the header."""
    for encoding in ("utf-8-sig", "cp1252"):
        with contextlib.suppress(UnicodeError), _opened(path) as file:
            lines = io.TextIOWrapper(file, encoding, newline="")
            rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
            return encoding, _checked_header(rows)
    raise InputError("not text in UTF-8 or Windows-1252: save the table as CSV in UTF-8")


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
                    f"line {rows.line_num:,} has {counted(len(row), 'value')} and the header has "
                    f"{len(header):,}: give each row one value a column, empty if missing"
                )
            else:
                n_rows += 1
    except csv.Error as error:
        raise InputError(f"line {rows.line_num:,}: {error}; is a quotation mark open?") from error
    if not n_rows:
        raise InputError("the file holds a header and no rows")
    return header


def names_of(header: list[str]) -> list[str]:
    """Names of the columns; a place without one gets its number."""
    named = [name for name in header if name]
    # pandas counts the columns of an array; R and pandas leave the place above row names empty
    counted_up = header == [str(j) for j in range(len(header))]
    if header[0] and not counted_up and marked_numbers(pd.Series(named, dtype=object)):
        raise InputError(
            f"the first line holds numbers only ({listed(header)}): put the names of the columns "
            "there, or the first row would be lost"
        )
    refuse_duplicates(named)
    return [name or f"column {j}" for j, name in enumerate(header, start=1)]


def are_codes(column: pd.Series) -> bool:
    """Whether texts are a list of codes of two capitals."""
    levels = pd.Series(column.dropna().unique(), dtype=object).astype(str)
    return len(levels) >= CODES and bool(levels.str.fullmatch("[A-Z]{2}").all())


def _two_letters(frame: pd.DataFrame, path: Path, delimiter: str, encoding: str) -> pd.DataFrame:
    """Columns of codes of two capitals, in which NA is North America or Namibia, read anew."""
    codes = [
        name
        for name, column in frame.items()
        if column.hasnans and not pd.api.types.is_numeric_dtype(column.dtype) and are_codes(column)
    ]
    if not codes:
        return frame
    places = [frame.columns.get_loc(name) for name in codes]
    again = pd.read_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        header=0,
        names=list(frame.columns),
        usecols=places,
        index_col=False,
        na_values=[""],
        keep_default_na=False,
        skipinitialspace=True,
    )
    for name in codes:
        frame[name] = again[name]
    return frame
