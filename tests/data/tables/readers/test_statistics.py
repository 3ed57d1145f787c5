"""Tables of SPSS, Stata and SAS, as pyreadstat and haven write them."""

import datetime
import gzip
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from sklearn.datasets import load_iris

from normwise.tabular import InputError, read_table

FROM_R = Path(__file__).parents[1] / "files" / "r"
N = 24
WRITERS = {
    "sav": pyreadstat.write_sav,
    "zsav": lambda frame, path: pyreadstat.write_sav(frame, path, compress=True),
    "por": pyreadstat.write_por,
    "dta": pyreadstat.write_dta,
    "xpt": pyreadstat.write_xport,
}


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Y": rng.standard_normal(N),
            "AGE": 20.0 + np.arange(N),
            "SEX": np.arange(N) % 2 + 1.0,
            "TOWN": np.resize(["Bonn", "", "Paris"], N),
            "DAY": [datetime.date(2024, 1, 31) + datetime.timedelta(i**2) for i in range(N)],
        }
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_same_numbers(tmp_path, frame, kind):
    WRITERS[kind](frame, tmp_path / f"t.{kind}")
    table = read_table(tmp_path / f"t.{kind}", "Y")
    frame.to_csv(tmp_path / "t.csv", index=False)
    expected = read_table(tmp_path / "t.csv", "Y")
    assert table.names == expected.names
    np.testing.assert_array_equal(table.X, expected.X)
    np.testing.assert_allclose(table.y, expected.y, rtol=1e-14)
    assert "Empty texts count as missing: TOWN (8)." in table.notes
    assert any("capitals" in note for note in table.notes) == (kind == "por")


@pytest.mark.parametrize("version", [5, 8])
def test_no_row_of_a_transport_file_is_lost(tmp_path, version):
    # blanks at the end look like padding
    frame = pd.DataFrame({"y": np.arange(N) + 0.5, "text": ["abcdefgh"] * (N - 2) + [" " * 8] * 2})
    pyreadstat.write_xport(frame, tmp_path / "t.xpt", file_format_version=version)
    table = read_table(tmp_path / "t.xpt", "y")
    np.testing.assert_array_equal(table.y, frame["y"])
    assert table.missing == {"text": 2}


def test_a_short_column_brings_no_row(tmp_path):
    # five rows of four bytes leave room for a sixth
    frame = pd.DataFrame({"a": ["ab", "cd", "ef", "gh", "ij"] * 5})
    pyreadstat.write_xport(frame.assign(y=np.arange(25.0)), tmp_path / "t.xpt")
    assert len(read_table(tmp_path / "t.xpt", "y").y) == 25


def test_numbers_cut_to_few_bytes_are_told_of(tmp_path):
    frame = pd.DataFrame({"y": np.arange(N) + 0.1, "x": 1 / (1 + np.arange(N)), "n": np.arange(N)})
    pyreadstat.write_xport(frame, tmp_path / "long.xpt", file_format_version=5)
    content = (tmp_path / "long.xpt").read_bytes()
    # what describes a column takes 140 bytes, and its length is the third number
    about = content.index(b"NAMESTR HEADER RECORD") // 80 * 80 + 80
    start = content.index(b"OBS     HEADER RECORD") // 80 * 80 + 80
    head = bytearray(content[:start])
    for place in range(about + 4, about + 4 + 3 * 140, 140):
        assert struct.unpack(">h", head[place : place + 2]) == (8,)
        head[place : place + 2] = struct.pack(">h", 4)
    cells = b"".join(content[start + 8 * i : start + 8 * i + 4] for i in range(3 * N))
    (tmp_path / "short.xpt").write_bytes(head + cells.ljust(-(-len(cells) // 80) * 80))
    tables = {name: read_table(tmp_path / f"{name}.xpt", "y") for name in ("short", "long")}
    said = "Stored in 4 bytes or fewer, so with six digits at most: y, x."
    assert said in tables["short"].notes
    assert said not in tables["long"].notes
    np.testing.assert_array_equal(tables["long"].X, frame[["x", "n"]])
    assert 0 < np.abs(tables["short"].X[:, 0] - frame["x"]).max() < 1e-6
    np.testing.assert_array_equal(tables["short"].X[:, 1], frame["n"])


def test_a_table_of_sas_says_how_many_rows_were_read(tmp_path):
    with gzip.open(FROM_R / "iris.sas7bdat.gz") as file:
        (tmp_path / "iris.sas7bdat").write_bytes(file.read())
    table = read_table(tmp_path / "iris.sas7bdat", "Sepal_Length")
    said = "The file has 150 rows; those that SAS marks as deleted may be among them."
    assert said in table.notes
    iris = load_iris()
    np.testing.assert_array_equal(table.y, iris.data[:, 0])
    np.testing.assert_array_equal(table.X[:, :3], iris.data[:, 1:])
    assert {name for name in table.names if "=" in name} < {
        f"Species = {kind}" for kind in ("setosa", "versicolor", "virginica", "versic", "virgin")
    }


def test_codes_declared_missing_are_missing_and_counted():
    for name in ("survey.sav", "survey.rds"):
        table = read_table(FROM_R / name, "y")
        assert "Values that the file declares missing: age (2), weight (1)." in table.notes
        assert table.missing == {"age": 2, "weight": 1}
        assert "Read as numbers, as few of their values have a label: age." in table.notes
        assert "age" in table.names
        np.testing.assert_array_equal(table.X[[0, 3], table.names.index("age")], [21, 24])


def test_kinds_of_missing_values_of_stata_are_counted():
    table = read_table(FROM_R / "stata.dta", "y")
    assert "Values that the file declares missing: income (2)." in table.notes
    assert table.missing == {"income": 3, "note": 8}
    assert "income" in table.names


def test_labels_make_categories_of_codes(tmp_path, rng):
    codes = np.resize([3.0, 1.0, 2.0], N)
    frame = pd.DataFrame(
        {
            "y": rng.standard_normal(N),
            "a": codes,
            "b": codes,
            "c": codes,
            "age": 20.0 + np.arange(N),
        }
    )
    frame.loc[5, "age"] = -99
    pyreadstat.write_sav(
        frame,
        tmp_path / "t.sav",
        variable_value_labels={
            "a": {1: "same", 2: "same", 3: "other"},
            "b": {1: "low"},
            "age": {-99: "refused"},
        },
        variable_measure={"c": "nominal", "b": "scale"},
        missing_ranges={"age": [-99]},
    )
    table = read_table(tmp_path / "t.sav", "y")
    assert {"a = same (2)", "a = same (1)", "b", "age", "c = 2"} <= set(table.names)
    notes = set(table.notes)
    assert {
        "Read as categories, as their codes have labels: a.",
        "Read as categories, as the file calls them nominal: c.",
        "Read as numbers, as few of their values have a label: b, age.",
        "Several codes have one label, to which the code was added: a.",
    } <= notes
    np.testing.assert_array_equal(table.X[:, table.names.index("b")], codes)


@pytest.mark.parametrize("labels", [{0: "yes", 1: "no"}, {0: "no", 1: "yes"}])
def test_of_zero_and_one_the_one_counts_as_one(tmp_path, rng, labels):
    frame = pd.DataFrame({"y": np.arange(N) % 2, "x": rng.standard_normal(N)})
    pyreadstat.write_dta(frame, tmp_path / "t.dta", variable_value_labels={"y": labels})
    table = read_table(tmp_path / "t.dta", "y")
    assert table.classes == (labels[0], labels[1])
    np.testing.assert_array_equal(table.y, frame["y"])


def test_small_whole_numbers_do_not_wrap_around(tmp_path, rng):
    frame = pd.DataFrame({"y": rng.standard_normal(N), "x": np.resize([60, -3, 100], N)})
    pyreadstat.write_dta(frame.astype({"x": "int8"}), tmp_path / "t.dta")
    table = read_table(tmp_path / "t.dta", "y")
    assert table.X.dtype == float
    np.testing.assert_array_equal(table.X[:, 0] ** 2, frame["x"].to_numpy() ** 2)


def test_periods_become_days(tmp_path, rng):
    periods = np.arange(-3, N - 3)
    kinds = {"m": "%tm", "q": "%tq", "h": "%th", "w": "%tw", "a": "%ty"}
    frame = pd.DataFrame(dict.fromkeys(kinds, periods)).assign(y=rng.standard_normal(N))
    frame["a"] += 2000
    pyreadstat.write_dta(frame, tmp_path / "t.dta", variable_format=kinds)
    table = read_table(tmp_path / "t.dta", "y")
    days = dict(zip(table.names, table.X.T, strict=True))
    months = pd.date_range("1959-10-01", periods=N, freq="MS")
    np.testing.assert_array_equal(days["m"], (months - months[0]).days)
    quarters = pd.date_range("1959-04-01", periods=N, freq="QS")
    np.testing.assert_array_equal(days["q"], (quarters - quarters[0]).days)
    halves = [f"{1958 + (i + 1) // 2}-{'01' if i % 2 else '07'}-01" for i in range(N)]
    since = pd.to_datetime(halves)
    np.testing.assert_array_equal(days["h"], (since - since[0]).days)
    # the last week of 1959 ends with the year
    np.testing.assert_array_equal(days["w"][:5], [0, 7, 14, 22, 29])
    np.testing.assert_array_equal(days["a"], frame["a"])


def test_months_of_spss_become_days(tmp_path, rng):
    dates = pd.date_range("2020-01-01", periods=N, freq="MS")
    seconds = (dates - pd.Timestamp("1970-01-01")).total_seconds() + 141428 * 86400
    frame = pd.DataFrame({"y": rng.standard_normal(N), "m": seconds})
    pyreadstat.write_sav(frame, tmp_path / "t.sav", variable_format={"m": "MOYR8"})
    table = read_table(tmp_path / "t.sav", "y")
    np.testing.assert_array_equal(table.X[:, 0], (dates - dates[0]).days)
    assert "Column 'm' became days since 2020-01-01, the earliest date." in table.notes


def test_a_damaged_file_is_refused(tmp_path):
    for kind in ("sav", "dta", "sas7bdat", "por", "xpt"):
        path = tmp_path / f"t.{kind}"
        path.write_bytes(b"no such table " * 30)
        with pytest.raises(InputError, match=rf"t\.{kind}: not a whole \.{kind} file"):
            read_table(path, "y")
