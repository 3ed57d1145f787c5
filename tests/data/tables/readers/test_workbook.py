"""Tables in workbooks, as openpyxl, xlsxwriter and odfpy write them."""

import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from normwise.tabular import InputError, Table, read_table

N = 24


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    return pd.DataFrame({"y": rng.standard_normal(N), "a": rng.standard_normal(N), "n": range(N)})


def book_of(path: Path, *rows, name: str = "t") -> openpyxl.Workbook:
    """A workbook of one sheet, saved."""
    book = openpyxl.Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(row)
    book.save(path)
    return book


def column_of(tmp_path: Path, cells: list, target: str = "y") -> Table:
    """A table with one column beside the target, each value in a cell of its type."""
    rows = [[i**2 % 31 + 0.5, cells[i % len(cells)]] for i in range(N)]
    book_of(tmp_path / "t.xlsx", ["y", "x"], *rows)
    return read_table(tmp_path / "t.xlsx", target)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("index", [False, True])
def test_workbooks_of_pandas(tmp_path, frame, kind, index):
    frame["town"] = np.resize(["Bonn", "None", "Paris"], N)
    frame["flag"] = np.resize([True, False], N)
    frame["day"] = pd.date_range("2024-01-31", periods=N, freq="2D")
    frame.loc[3, "a"] = np.nan
    frame.to_excel(f"{tmp_path}/t.{kind}", index=index)
    frame.to_csv(tmp_path / "t.csv", index=index)
    table, expected = (read_table(tmp_path / f"t.{suffix}", "y") for suffix in (kind, "csv"))
    assert table.names == expected.names
    np.testing.assert_allclose(table.X, expected.X, rtol=1e-14)
    np.testing.assert_allclose(table.y, expected.y, rtol=1e-14)
    assert table.missing == {"a": 1}
    assert "town = None" in table.names


def test_the_content_says_which_kind_of_workbook_it_is(tmp_path, frame):
    frame.to_excel(f"{tmp_path}/t.ods", index=False)
    frame.to_excel(f"{tmp_path}/t.xlsx", index=False)
    (tmp_path / "t.ods").rename(tmp_path / "ods.xlsx")
    (tmp_path / "t.xlsx").rename(tmp_path / "excel.ods")
    for name in ("ods.xlsx", "excel.ods"):
        np.testing.assert_allclose(read_table(tmp_path / name, "y").X, frame[["a", "n"]])


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_of_several_sheets_one_is_named(tmp_path, frame, kind):
    path = tmp_path / f"t.{kind}"
    with pd.ExcelWriter(str(path)) as writer:
        frame.to_excel(writer, sheet_name="first 1", index=False)
        frame.rename(columns={"a": "b"}).to_excel(writer, sheet_name="second", index=False)
    assert read_table(f"{path}#second", "y").names[0] == "b"
    assert read_table(f"{path}#first 1", "y").names[0] == "a"
    with pytest.raises(InputError, match=r"several sheets \(first 1, second\).*t\.\w+#first 1"):
        read_table(path, "y")
    with pytest.raises(InputError, match=r"no sheet 'secnd' \(did you mean second\?\)"):
        read_table(f"{path}#secnd", "y")


def test_an_empty_sheet_does_not_count(tmp_path, frame):
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book.create_sheet("empty")
    book.save(tmp_path / "t.xlsx")
    assert read_table(tmp_path / "t.xlsx", "y").names == ("a", "n")


def test_a_file_whose_name_holds_a_number_sign(tmp_path, frame):
    frame.to_excel(tmp_path / "a.xlsx#1.xlsx", index=False)
    assert read_table(tmp_path / "a.xlsx#1.xlsx", "y").names == ("a", "n")


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_title_and_empty_rows_are_left_out(tmp_path, frame, kind):
    cells = pd.DataFrame(
        [["Sales of 2024", None, None], [None] * 3, ["y", "a", "n"], *frame.to_numpy().tolist()],
        dtype=object,
    )
    gap = pd.DataFrame([[None] * 3] * 2, dtype=object)
    rows = pd.concat([cells[:10], gap, cells[10:]])
    rows.to_excel(f"{tmp_path}/t.{kind}", header=False, index=False)
    table = read_table(tmp_path / f"t.{kind}", "y")
    np.testing.assert_allclose(table.X, frame[["a", "n"]])
    assert "1 row above the header left out: 'Sales of 2024'." in table.notes
    assert "2 rows without any value left out." in table.notes


def test_a_column_without_a_name_is_refused(tmp_path, frame):
    rows = frame.to_numpy().tolist()
    book_of(tmp_path / "t.xlsx", ["y", None, "n"], *rows)
    with pytest.raises(InputError, match="row 1 has the names of the columns, and none for B"):
        read_table(tmp_path / "t.xlsx", "y")
    book_of(tmp_path / "t.xlsx", [1, 2, 3], *rows)
    with pytest.raises(InputError, match="first line holds numbers only"):
        read_table(tmp_path / "t.xlsx", "1")
    book_of(tmp_path / "t.xlsx", ["y", "a", "a"], *rows)
    with pytest.raises(InputError, match="same name more than once: a"):
        read_table(tmp_path / "t.xlsx", "y")


def test_texts_that_are_numbers_are_told_of(tmp_path):
    table = column_of(tmp_path, [3, "4", 5.5, "1e1", 7])
    assert "Column 'x' has 10 numbers as text, read as numbers: '4' as 4." in table.notes
    np.testing.assert_array_equal(table.X[:5, 0], [3, 4, 5.5, 10, 7])
    table = column_of(tmp_path, ["1.234", "2.5"])
    assert any("'1.234' as 1.234" in note for note in table.notes)


def test_leading_zeros_make_codes(tmp_path):
    table = column_of(tmp_path, ["00123", "0123", "99", 123])
    assert {"x = 00123", "x = 0123", "x = 123", "x = 99"} - set(table.names) == {"x = 00123"}
    assert any("leading zeros, such as '00123'" in note for note in table.notes)


def test_words_for_missing_values(tmp_path):
    table = column_of(tmp_path, [1, 2, "NA", 4.5, "null"])
    assert "Column 'x' has texts that count as missing: 'NA' (5), 'null' (4)." in table.notes
    assert table.missing == {"x": 9}
    table = column_of(tmp_path, ["None", "some", "many"])
    assert not table.missing
    table = column_of(tmp_path, ["NA", "EU", "AS", "AF", "SA", "OC"])
    assert not table.missing
    assert "x = OC" in table.names


def test_text_with_units_and_thousands(tmp_path):
    table = column_of(tmp_path, ["5%", "7.5%", "12%"])
    np.testing.assert_array_equal(table.X[:3, 0], [5, 7.5, 12])
    table = column_of(tmp_path, ["1,234.5", "12.5", "2,000.0"])
    np.testing.assert_array_equal(table.X[:3, 0], [1234.5, 12.5, 2000])


def test_spans_of_time_become_hours(tmp_path, rng):
    spans = [datetime.timedelta(hours=30), datetime.timedelta(minutes=45)]
    table = column_of(tmp_path, spans)
    np.testing.assert_allclose(table.X[:2, 0], [30, 0.75])


def test_dates_of_the_first_years_are_told_of(tmp_path):
    days = [datetime.datetime(1900, 2, 1), datetime.datetime(1900, 3, 1)]
    said = "has 24 dates before 1905, such as 1900-02-01"
    assert any(said in note for note in column_of(tmp_path, days).notes)
    later = [datetime.datetime(1950, 2, 1), datetime.datetime(2000, 3, 1)]
    assert not any("before 1905" in note for note in column_of(tmp_path, later).notes)


def test_merged_cells_have_the_value_above(tmp_path, frame):
    sites = [f"s{i // 6}" if i % 6 == 0 else None for i in range(N)]
    rows = frame.assign(site=sites).to_numpy().tolist()
    path = tmp_path / "t.xlsx"
    book_of(path, ["A title over all", *[None] * 3], ["y", "a", "n", "site"], *rows)
    plain = read_table(path, "y")
    assert plain.missing == {"site": 20}
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("A1:D1")
    for row in range(3, 3 + N, 6):
        book.active.merge_cells(f"D{row}:D{row + 5}")
    book.save(path)
    table = read_table(path, "y")
    assert "20 merged cells got the value above." in table.notes
    assert not table.missing
    reference = ({f"s{i}" for i in range(4)} - {n[7:] for n in table.names if "=" in n}).pop()
    others = table.X[:, [n.startswith("site") for n in table.names]]
    np.testing.assert_array_equal(
        others.sum(axis=1) == 0, np.repeat(range(4), 6) == int(reference[1])
    )


@pytest.mark.parametrize("target", ["y", "n"])
def test_formulas_that_were_never_computed(tmp_path, frame, target):
    rows = frame.to_numpy().tolist()
    book = book_of(tmp_path / "none.xlsx", ["y", "a", "n"], *rows)
    for i in range(2, N + 2):
        book.active[f"C{i}"] = f"=B{i}*2"
    # the table need not begin in the corner
    book.active.insert_cols(1, 2)
    book.save(tmp_path / "none.xlsx")
    with xlsxwriter.Workbook(tmp_path / "zero.xlsx") as zeros:
        sheet = zeros.add_worksheet()
        sheet.write_row(0, 0, ["y", "a", "n"])
        for i, row in enumerate(rows, start=1):
            sheet.write_row(i, 0, row[:2])
            sheet.write_formula(i, 2, f"=B{i + 1}*2")
    for name, what in (("none", "have no results"), ("zero", "are all 0")):
        said = f"The formulas of column 'n' {what} in the file: open it in a spreadsheet program"
        if target == "n":
            with pytest.raises(InputError, match=said):
                read_table(tmp_path / f"{name}.xlsx", target)
        else:
            table = read_table(tmp_path / f"{name}.xlsx", target)
            assert any(note.startswith(said) for note in table.notes)
            assert table.names == ("a",)


def test_formulas_with_results_are_numbers(tmp_path, frame):
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["y", "a", "n"])
        for i, row in enumerate(frame.to_numpy().tolist(), start=1):
            sheet.write_row(i, 0, row[:2])
            sheet.write_formula(i, 2, f"=B{i + 1}*2", value=2 * row[1])
    table = read_table(tmp_path / "t.xlsx", "y")
    np.testing.assert_allclose(table.X[:, 1], 2 * frame["a"])
    assert not any("formulas" in note for note in table.notes)


def test_merged_rows_of_opendocument_are_refused(tmp_path, frame):
    from odf.opendocument import load
    from odf.table import TableCell

    frame.to_excel(f"{tmp_path}/t.ods", index=False)
    book = load(tmp_path / "t.ods")
    book.spreadsheet.getElementsByType(TableCell)[5].setAttribute("numberrowsspanned", 2)
    book.save(tmp_path / "t.ods")
    with pytest.raises(InputError, match="'Sheet1' has cells merged over several rows"):
        read_table(tmp_path / "t.ods", "y")


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_what_is_no_workbook_is_refused(tmp_path, kind):
    (tmp_path / f"t.{kind}").write_bytes(b"\xd0\xcf\x11\xe0 an older or a protected workbook")
    with pytest.raises(InputError, match=r"not a whole workbook .*without a password"):
        read_table(tmp_path / f"t.{kind}", "y")


def test_a_workbook_without_cells_is_refused(tmp_path):
    book_of(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="no cell with a value"):
        read_table(tmp_path / "t.xlsx", "y")
    book_of(tmp_path / "t.xlsx", ["y", "a"])
    with pytest.raises(InputError, match="no row below the header in row 1"):
        read_table(tmp_path / "t.xlsx", "y")
