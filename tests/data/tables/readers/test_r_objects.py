"""Data frames of R, of files that R made: see `files/r/make.R`."""

import re
from pathlib import Path

import numpy as np
import pytest

from normwise.data.tables.formats import read_file
from normwise.tabular import InputError, read_table

FROM_R = Path(__file__).parents[1] / "files" / "r"
N = 24
Y = np.arange(1, N + 1) / 2


@pytest.fixture(scope="module")
def kinds():
    """The columns of a data frame with every kind of column, as they were read."""
    raw = read_file(str(FROM_R / "kinds.rds"), "y")
    np.testing.assert_array_equal(raw.target, Y)
    return raw


def test_sequences_that_go_down_are_whole(kinds):
    np.testing.assert_array_equal(kinds.features["down"], np.arange(N, 0, -1))


def test_missing_values_of_every_type(kinds):
    columns = kinds.features
    assert columns["whole"].isna().tolist() == [i == 1 for i in range(N)]
    assert columns["whole"].dtype == float
    assert columns["truth"].tolist()[:2] == [True, False]
    assert columns["truth"].isna().sum() == N // 4
    # numbers that became text, in as many digits as R writes
    assert columns["digits"].tolist()[:3] == ["0.3", None, "1"]
    assert columns["text"].isna().sum() == N // 2
    assert "Empty texts count as missing: text (6)." in kinds.notes


def test_factors_keep_their_levels(kinds):
    columns = kinds.features
    assert columns["kind"].tolist()[:3] == ["b", "a", "c"]
    assert columns["kind"].cat.categories.tolist() == ["c", "b", "a"]
    assert not columns["kind"].cat.ordered
    assert columns["dose"].cat.ordered
    assert columns["dose"].cat.categories.tolist() == ["low", "high"]
    assert columns["gap"].isna().tolist() == [i % 3 == 1 for i in range(N)]
    assert "A level NA counts as missing: gap." in kinds.notes


def test_dates_and_times(kinds):
    columns = kinds.features
    assert str(columns["date"].iloc[0]) == "1500-03-02 00:00:00"
    assert str(columns["time"].iloc[0]) == "2024-01-31 04:00:00"
    assert columns["wait"].dt.total_seconds().tolist()[:2] == [60, 120]
    day = read_file(str(FROM_R / "data_table.rds"), "y").features["day"]
    assert str(day.iloc[0]) == "2020-01-02 00:00:00"


def test_whole_numbers_of_64_bits(kinds):
    big = kinds.features["big"]
    assert big.isna().tolist() == [i == 1 for i in range(N)]
    # the nearest numbers with a fraction
    expected = (2**53 + 1 + np.arange(1, N + 1)).astype(float)
    np.testing.assert_array_equal(big.dropna(), expected[big.notna()])


def test_a_scaled_column_is_a_column(kinds):
    np.testing.assert_allclose(kinds.features["scaled"], (Y - Y.mean()) / Y.std(ddof=1))


def test_names_of_rows_are_no_feature(kinds):
    assert next(iter(kinds.features)) == "down"
    told = "Names of the rows are no feature and were left out: 'row1', 'row2' and 22 more."
    assert told in kinds.notes


def test_a_matrix():
    table = read_table(FROM_R / "matrix.rds", "y")
    assert table.names == ("a", "b")
    np.testing.assert_array_equal(table.X, np.column_stack([Y[::-1], Y**2]))
    np.testing.assert_array_equal(table.y, Y)


def test_labels_and_declared_codes_as_in_spss():
    table, of_spss = (read_table(FROM_R / f"survey.{kind}", "y") for kind in ("rds", "sav"))
    assert {"sex = male", "city = Paris"} <= set(table.names)
    assert table.names == of_spss.names
    np.testing.assert_array_equal(table.X, of_spss.X)
    np.testing.assert_array_equal(table.X[:, table.names.index("sex = male")], np.arange(N) % 2)


def test_of_several_objects_one_is_named():
    with pytest.raises(
        InputError, match=r"several objects \(first, second\): name one, as in 'two\.RData#first'"
    ):
        read_table(FROM_R / "two.RData", "y")
    np.testing.assert_array_equal(read_table(f"{FROM_R / 'two.RData'}#second", "y").X[:, 0], Y**2)
    with pytest.raises(InputError, match=r"no object 'frst' \(did you mean first\?\)"):
        read_table(f"{FROM_R / 'two.RData'}#frst", "y")
    np.testing.assert_array_equal(read_table(FROM_R / "one.rda", "y").X[:, 0], Y[::-1])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("parts", 'is a time in parts (POSIXlt): change it in R by x[["parts"]] <- as.POSIXct('),
        ("list", 'is a list: change it in R by x[["list"]] <- NULL'),
        ("complex", 'is complex: change it in R by x[["complex"]] <- Re(x[["complex"]])'),
        ("matrix", "is a matrix of 2 columns: make it columns of the table in R by x <- do.call("),
        ("bits", "holds numbers below 1e-300, as integers of 64 bits do"),
    ],
)
def test_a_column_that_is_no_vector_is_refused(name, told):
    with pytest.raises(InputError, match=re.escape(f"refused_{name}.rds: column '{name}' {told}")):
        read_table(FROM_R / f"refused_{name}.rds", "y")


def test_what_is_no_data_frame_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"object 'x' is of class lm, not a data frame: save as"):
        read_table(FROM_R / "refused_model.rds", "y")
    (tmp_path / "t.rds").write_bytes(b"this was never in R")
    with pytest.raises(InputError, match=r"t\.rds: not a whole file of R"):
        read_table(tmp_path / "t.rds", "y")
    whole = (FROM_R / "kinds.rds").read_bytes()
    (tmp_path / "t.rds").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"t\.rds: not a whole file of R"):
        read_table(tmp_path / "t.rds", "y")
