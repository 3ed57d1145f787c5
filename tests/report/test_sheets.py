"""Numbers as text, tables as the page shows them, and files that travel in it."""

import base64
import gzip
import time

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.meanings import column_meanings
from normwise.report import page
from normwise.report.look.numbers import count, number, percent, significant, words
from normwise.report.look.sheet import Column, sheet, verdict
from normwise.report.page import packed_files
from normwise.report.sheets.texts import span

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (1.234, "1.23"),
        (-0.5, "-0.50"),
        (9999.0, "9999.00"),
        (12345.0, "1.2e+04"),
        (0.001, "0.00"),
        (0.0009, "9.0e-04"),
        (-3e-7, "-3.0e-07"),
    ],
)
def test_a_number_has_fixed_digits_or_powers_of_ten(value, text):
    assert number(value) == text


def test_digits_can_be_chosen():
    assert number(0.12345, 3) == "0.123"
    assert percent(0.12345, 1) == f"12.3{SPACE}%"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (1.0, "100"),
        (0.126, "13"),
        (0.01, "1"),
        (0.0034, "0.34"),
        (0.00001, "0.001"),
        (-0.2, "-20"),
    ],
)
def test_a_share_below_one_per_cent_is_not_rounded_to_nothing(share, text):
    assert percent(share) == f"{text}{SPACE}%"


@pytest.mark.parametrize(
    ("value", "text"), [(1234.6, "1.2e+03"), (0.05, "0.05"), (2, "2"), (0.333, "0.33"), (0, "0")]
)
def test_two_digits_are_significant(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(("value", "text"), [(1234567.0, "1,234,567"), (3, "3"), (0, "0")])
def test_a_count_is_a_whole_number(value, text):
    assert count(value) == text


@pytest.mark.parametrize("show", [number, percent, significant, count])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_a_dash(show, value):
    assert show(value) == "–"


def test_names_are_words():
    assert words("elastic_net") == "elastic net"
    assert [words(v) for v in (None, np.nan, pd.NA)] == ["–"] * 3
    assert [verdict(v) for v in ("l1", "l2", "undecided")] == ["L1 wins", "L2 wins", "undecided"]
    assert verdict(np.nan) == "–"


def test_a_span_names_one_value_or_two_ends():
    assert span(pd.Series([3, 3])) == "3"
    assert span(pd.Series([0.5, 8.0, 2.0])) == "0.5 to 8"
    assert span(pd.Series([], dtype=float)) == "–"


def test_a_sheet_has_the_cells_of_its_frame_in_order():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["l1", "undecided"], "c": ["x_y", "<b>"]})
    columns = [
        Column("b", "verdict", verdict, "who wins"),
        Column("a", "size", number, "how much"),
        Column("c", "name", words, "which", True),
    ]
    found = sheet("mine", "Title", frame, columns)
    assert found.rows == [
        [("L1 wins", "v-l1"), ("1.00", "num"), ("x y", "num")],
        [("undecided", ""), ("–", "num"), ("<b>", "num")],
    ]
    assert [c["numeric"] for c in found.columns] == [False, True, True]
    assert [c["meaning"] for c in found.columns] == ["who wins", "how much", "which"]
    assert (found.table, found.files) == ("", [])


def test_meanings_are_those_of_the_tables_unless_given():
    frame = pd.DataFrame({"n": [3], "verdict": ["l1"]})
    columns = [Column("n", "n", count), Column("verdict", "v", verdict, "mine")]
    found = sheet("verdicts", "Title", frame, columns, "verdicts")
    assert [c["meaning"] for c in found.columns] == [column_meanings("verdicts")["n"], "mine"]
    assert found.files == ["verdicts.csv", "verdicts.parquet"]


def test_a_column_without_a_meaning_is_an_error():
    with pytest.raises(KeyError):
        sheet("mine", "Title", pd.DataFrame({"a": [1]}), [Column("a", "a")])


def test_an_empty_frame_is_a_sheet_without_rows():
    columns = [Column("a", "a", number, "nothing")]
    found = sheet("mine", "Title", pd.DataFrame({"a": []}), columns)
    assert found.rows == []
    assert len(found.columns) == 1


# files in the page


@pytest.fixture
def written(tmp_path):
    """Paths of two light tables and a heavy one."""
    rng = np.random.default_rng(0)
    heavy = rng.standard_normal(120_000)
    frames = {
        "light": pd.DataFrame({"a": [1.5, np.nan], "b": ["ä", 'quo"ted, </script>']}),
        "empty": pd.DataFrame({"a": []}),
        "heavy": pd.DataFrame({"a": heavy}),
    }
    paths = {}
    for name, frame in frames.items():
        paths[name] = tmp_path / f"{name}.parquet"
        frame.to_parquet(paths[name], index=False)
        frame.to_csv(paths[name].with_suffix(".csv"), index=False)
    return paths


def test_packed_files_come_out_as_they_went_in(written, tmp_path):
    packed = packed_files(written)
    assert {"light.csv", "light.parquet", "empty.csv", "empty.parquet"} == set(packed)
    for name, entry in packed.items():
        data = base64.b64decode(entry["data"], validate=True)
        assert entry["gzip"] == name.endswith(".csv")
        data = gzip.decompress(data) if entry["gzip"] else data
        assert data == (tmp_path / name).read_bytes()


def test_heavy_files_stay_beside_the_page(written, tmp_path, monkeypatch):
    assert (tmp_path / "heavy.parquet").stat().st_size > page.HEAVIEST[".parquet"]
    assert not {"heavy.csv", "heavy.parquet"} & set(packed_files(written))
    # it is what travels that counts
    light = tmp_path / "light.csv"
    sent = len(gzip.compress(light.read_bytes(), 9, mtime=0))
    for limit, carried in ((sent - 1, False), (sent, True)):
        monkeypatch.setitem(page.HEAVIEST, ".csv", limit)
        assert ("light.csv" in packed_files({"light": written["light"]})) == carried
    text = tmp_path / "long.csv"
    pd.DataFrame({"a": []}).to_parquet(text.with_suffix(".parquet"))
    text.write_text("a\n" + "0\n" * 300_000)
    monkeypatch.undo()
    assert text.stat().st_size > page.HEAVIEST[".csv"]
    assert "long.csv" in packed_files({"long": text.with_suffix(".parquet")})


def test_equal_files_are_packed_equally_at_any_time(written, monkeypatch):
    packed = []
    for moment in (1e9, 2e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        packed.append(packed_files(written))
    assert packed[0] == packed[1]
