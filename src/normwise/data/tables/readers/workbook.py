"""Tables in workbooks: Excel's, read by openpyxl, and OpenDocument's, read by odfpy."""

from __future__ import annotations

import re
import reprlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from normwise.data.errors import InputError
from normwise.data.tables.columns import to_label
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import counted, gist, listed
from normwise.data.tables.number_text import as_number
from normwise.data.tables.part import chosen_part
from normwise.data.tables.table import Raw, split_target
from normwise.data.tables.text import MISSING, are_codes, names_of
from normwise.files.errors import from_extra

# a header has a name for so many of the columns; a title has fewer
OF_HEADER = 0.5
# formulas and merged cells, in the text of a sheet
SPECIAL = re.compile(rb"<(\w+:)?(f|mergeCell)[ >/]")
# numbers that are shown as dates lie in the first years that Excel knows
FIRST_YEARS = 1905
LEADING_ZERO = re.compile(r"0\d+")


def read(path: Path, target: str | None, part: str | None = None) -> Raw:
    """Read a sheet of a workbook: its header, and the rows below it.

    Raises
    ------
    MissingExtraError
        If openpyxl or odfpy is not installed.
    InputError
        If the file is no workbook, or the sheet no table.
    """
    try:
        with zipfile.ZipFile(path) as file:
            # a cell is text of some 20 bytes there, and an object with its place in memory
            refuse_large(10 * sum(entry.file_size for entry in file.infolist()))
            # pandas writes a workbook of Excel to a path of either suffix
            is_ods = "content.xml" in file.namelist()
        engine = _engine(is_ods=is_ods)
        with pd.ExcelFile(path, engine=engine) as book:
            sheet, grid = _sheet(book, part, path)
            if is_ods:
                _refuse_spans(book.book, sheet)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"not a whole workbook ({gist(error)}): save it anew as {path.suffix.lower()} without "
            "a password, or as CSV"
        ) from error
    top = _header_row(grid, sheet)
    notes = _about_top(grid, top)
    uncomputed: dict[int, str] = {}
    if not is_ods:
        uncomputed, said = _mend(path, sheet, grid, top)
        notes += said
    frame, places, said = _body(grid, top)
    named = {frame.columns[places.index(j)]: what for j, what in uncomputed.items()}
    if target in named:
        raise InputError(_about_formulas(target, named[target]))
    notes += [*said, *(_about_formulas(name, what) for name, what in named.items())]
    return split_target(frame, target, notes)


def _engine(*, is_ods: bool) -> Literal["odf", "openpyxl"]:
    with from_extra("formats"):
        if is_ods:
            import odf.opendocument  # noqa: F401

            return "odf"
        import openpyxl  # noqa: F401

        return "openpyxl"


def _sheet(book: pd.ExcelFile, part: str | None, path: Path) -> tuple[str, pd.DataFrame]:
    """Name and cells of the sheet that is asked for, or of the only one that is not empty."""
    names = [
        str(name)
        for name in book.sheet_names
        # a sheet that is a chart has no cells
        if book.engine == "odf" or hasattr(book.book[name], "rows")
    ]
    if part is not None:
        sheet = chosen_part(part, names, "sheet", path)
        return sheet, _cells(book, sheet)
    grids = {name: grid for name in names if len(grid := _cells(book, name))}
    if not grids:
        raise InputError("the workbook holds no cell with a value")
    sheet = chosen_part(None, list(grids), "sheet", path)
    return sheet, grids[sheet]


def _cells(book: pd.ExcelFile, sheet: str) -> pd.DataFrame:
    """Cells as they are, with NaN for empty ones and columns by their place in the sheet."""
    grid = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object, na_filter=False)
    grid = grid.map(lambda cell: float("nan") if _is_empty(cell) else cell).astype(object)
    return grid[grid.notna().any(axis=1)]


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _header_row(grid: pd.DataFrame, sheet: str) -> int:
    """Place of the first row with a value in half of the columns, two at least."""
    used = int(grid.notna().any().sum())
    counts = grid.notna().sum(axis=1)
    found = counts.index[counts >= max(2, OF_HEADER * used)]
    if len(found) == 0:
        raise InputError(
            f"sheet {sheet!r} has no row of names: put the names of at least two columns in one row"
        )
    return int(found[0])


def _about_top(grid: pd.DataFrame, top: int) -> list[str]:
    above = grid.loc[: top - 1]
    if not len(above):
        return []
    first = next(cell for cell in above.iloc[0] if pd.notna(cell))
    return [f"{counted(len(above), 'row')} above the header left out: {reprlib.repr(first)}."]


def _body(grid: pd.DataFrame, top: int) -> tuple[pd.DataFrame, list[int], list[str]]:
    """The columns below the header, their places in the sheet, and what was done to them."""
    header, body = grid.loc[top], grid.loc[top + 1 :]
    if not len(body):
        raise InputError(f"there is no row below the header in row {top + 1}")
    kept = [j for j in grid if pd.notna(header[j]) or body[j].notna().any()]
    # pandas and R leave the place above row names empty
    if unnamed := [_letter(j) for j in kept[1:] if pd.isna(header[j])]:
        raise InputError(
            f"row {top + 1} has the names of the columns, and none for {listed(unnamed)}: give "
            "each column a name in that row, and keep nothing else beside the table"
        )
    names = names_of(["" if pd.isna(header[j]) else to_label(header[j]) for j in kept])
    notes = []
    if gaps := int(body.index[-1]) - top - len(body):
        notes.append(f"{counted(gaps, 'row')} without any value left out.")
    columns = {}
    for name, j in zip(names, kept, strict=True):
        column, said = _column(body[j].rename(name))
        columns[j] = column
        notes += [f"Column {name!r} {what}." for what in said]
    frame = pd.DataFrame(columns).reset_index(drop=True)
    return frame.set_axis(pd.Index(names, dtype=object), axis=1), kept, notes


def _letter(place: int) -> str:
    """The name of a column in a sheet: A to Z, then AA and so on."""
    place, rest = divmod(place, 26)
    return (_letter(place - 1) if place else "") + chr(ord("A") + rest)


def _column(cells: pd.Series) -> tuple[pd.Series, list[str]]:
    """Cells of a column, with texts for what is missing left out, and what is said of texts."""
    said = []
    texts = cells[cells.map(lambda cell: isinstance(cell, str))].str.strip()
    marks = texts[texts.isin(MISSING)]
    if len(marks) and not are_codes(texts):
        cells = cells.mask(cells.index.isin(marks.index))
        texts = texts.drop(marks.index)
        shown = listed(f"{mark!r} ({n:,})" for mark, n in marks.value_counts(sort=False).items())
        said.append(f"has texts that count as missing: {shown}")
    numbers = texts[texts.map(as_number).notna()]
    padded = numbers[numbers.str.fullmatch(LEADING_ZERO).astype(bool)]
    if len(padded):
        said.append(
            f"has numbers with leading zeros, such as {padded.iloc[0]!r}: they were read as codes"
        )
        labels = cells.map(to_label, na_action="ignore")
        return pd.Series(pd.Categorical(labels), cells.index, name=cells.name), said
    if len(numbers) and len(numbers) == len(texts):
        said.append(
            f"has {counted(len(numbers), 'number')} as text, read as numbers: "
            f"{numbers.iloc[0]!r} as {as_number(numbers.iloc[0]):.15g}"
        )
    early = [cell for cell in cells if getattr(cell, "year", FIRST_YEARS) < FIRST_YEARS]
    if early:
        said.append(
            f"has {counted(len(early), 'date')} before {FIRST_YEARS}, such as "
            f"{str(early[0]).removesuffix(' 00:00:00')}: they may be numbers in the format of dates"
        )
    return cells.infer_objects(), said


def _mend(path: Path, sheet: str, grid: pd.DataFrame, top: int) -> tuple[dict[int, str], list[str]]:
    """Fill merged cells down, in place; columns of formulas without results; what is said."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(SPECIAL.search(archive.read(name)) for name in sheets):
            return {}, []
    # of a path, openpyxl looks at the suffix
    with path.open("rb") as file:
        cells = load_workbook(file)[sheet]
    filled = 0
    for span in cells.merged_cells.ranges:
        first, column = span.min_row - 1, span.min_col - 1
        below = [row for row in range(first + 1, span.max_row) if row in grid.index]
        if first > top and first in grid.index and column in grid:
            grid.loc[below, column] = grid.at[first, column]
            filled += len(below)
    said = [f"{counted(filled, 'merged cell')} got the value above."] if filled else []
    return dict(_uncomputed(cells, grid, top)), said


def _uncomputed(cells: Any, grid: pd.DataFrame, top: int) -> Iterator[tuple[int, str]]:
    """Columns of formulas whose results are not in the file, or are all zero."""
    formulas: dict[int, list[int]] = {}
    for row in cells.iter_rows(min_row=top + 2):
        for cell in row:
            if cell.data_type == "f":
                formulas.setdefault(cell.column - 1, []).append(cell.row - 1)
    for j, rows in formulas.items():
        results = grid[j].reindex(rows) if j in grid else pd.Series([float("nan")])
        if results.isna().all():
            yield j, "have no results"
        elif len(rows) > 1 and (results == 0).all():
            yield j, "are all 0"


def _about_formulas(name: object, what: str) -> str:
    return (
        f"The formulas of column {name!r} {what} in the file: open it in a spreadsheet program and "
        "save it, if they were never computed."
    )


def _refuse_spans(book: Any, sheet: str) -> None:
    from odf.table import Table, TableCell

    for table in book.getElementsByType(Table):
        if table.getAttribute("name") != sheet:
            continue
        for cell in table.getElementsByType(TableCell):
            if int(cell.getAttribute("numberrowsspanned") or 1) > 1:
                raise InputError(
                    f"sheet {sheet!r} has cells merged over several rows, such as {str(cell)!r}: "
                    "give each row its own value, or save the workbook as .xlsx"
                )
