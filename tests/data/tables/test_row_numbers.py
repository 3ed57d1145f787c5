"""What numbers the rows is no feature, in any form; a feature that looks like it stays."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normwise.tabular import InputError, Table, as_table, read_table

N = 60


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    frame = pd.DataFrame(rng.standard_normal((N, 2)), columns=["age", "dose"])
    return frame.assign(price=frame["age"] + rng.standard_normal(N))


def numbered(frame: pd.DataFrame, name: str, numbers: object, *, last: bool = False):
    frame = frame.copy()
    frame.insert(frame.shape[1] if last else 0, name, numbers)
    return frame


def in_every_format(folder: Path, frame: pd.DataFrame, **options) -> list[Table]:
    """The table read from CSV, TSV, Parquet, Feather and npz, and from memory."""
    frame.to_csv(folder / "t.csv", **options)
    frame.to_csv(folder / "t.tsv", sep="\t", **options)
    frame.to_parquet(folder / "t.parquet")
    frame.to_feather(folder / "t.feather")
    tables = [read_table(path, "price") for path in sorted(folder.iterdir())]
    features = frame.drop(columns="price")
    tables.append(as_table(features, frame["price"]))
    if not features.select_dtypes("number").empty and not options.get("index", True):
        X = features.astype(float).to_numpy()
        np.savez(folder / "t.npz", X=X, y=frame["price"], names=list(features.columns))
        tables.append(read_table(folder / "t.npz"))
    return tables


FORMS = {
    "from one": np.arange(1, N + 1),
    "from zero": np.arange(N),
    "in any order": np.random.default_rng(1).permutation(N),
    "with gaps": np.sort(np.random.default_rng(2).choice(500, N, replace=False)),
    "of a sample": np.random.default_rng(3).choice(9000, N, replace=False),
    "as floating-point numbers": np.arange(N) + 0.0,
    "as text with zeros in front": [f"{i:03d}" for i in range(N)],
}
NAMES = ["rownames", "Id", "ID", "id", "Unnamed: 0", "__index_level_0__", "index", "row_id"]
NAMES += ["PassengerId", "customer_id", "obs", "seqn", "Row Number", "...1", "uid"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("last", [False, True])
def test_row_numbers_of_any_form_are_left_out_of_any_format(tmp_path, frame, form, last):
    for table in in_every_format(
        tmp_path, numbered(frame, "rownames", FORMS[form], last=last), index=False
    ):
        assert table.names == ("age", "dose")
        assert any("numbers the rows: rownames" in note for note in table.notes)
        assert any("Rename it to keep it" in note for note in table.notes)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_that_a_column_numbers_the_rows(frame, name):
    data = numbered(frame, name, FORMS["of a sample"])
    assert as_table(data.drop(columns="price"), data["price"]).names == ("age", "dose")


@pytest.mark.parametrize("name", ["case", "Subject", "patient", "X", "number"])
def test_some_names_say_so_of_numbers_in_order_alone(frame, name):
    for form, kept in (("from one", False), ("with gaps", False), ("of a sample", True)):
        data = numbered(frame, name, FORMS[form])
        table = as_table(data.drop(columns="price"), data["price"])
        assert (name in table.names) == kept, form


def test_the_names_of_the_rows_that_r_writes_are_left_out(tmp_path, frame):
    """After a part of the rows was taken, and after they were shuffled."""
    for number, rows in enumerate((frame, frame[frame["age"] > -0.5], frame.sample(frac=1))):
        path = tmp_path / f"{number}.csv"
        rows.to_csv(path)
        assert read_table(path, "price").names == ("age", "dose")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("price of land", FORMS["of a sample"]),
        ("year", np.arange(1950, 1950 + N)),
        ("weight", np.random.default_rng(4).permutation(np.arange(40, 40 + N))),
        ("rank", np.random.default_rng(5).permutation(N) + 1),
        ("time", np.arange(N)),
        ("acid", FORMS["of a sample"]),
        ("grid", FORMS["from one"]),
        ("id", np.arange(N) % 20),
        ("id", np.arange(N) / 7),
        ("id", np.arange(N) - 30),
        ("cases", FORMS["of a sample"]),
    ],
)
def test_a_feature_of_distinct_whole_numbers_stays(frame, name, values):
    data = numbered(frame, name, values)
    assert as_table(data.drop(columns="price"), data["price"]).names == (name, "age", "dose")


def test_a_column_that_counts_the_rows_under_another_name_is_told_of(frame):
    data = numbered(frame, "dat", np.arange(1, N + 1))
    table = as_table(data.drop(columns="price"), data["price"])
    assert "dat" in table.names
    assert any("counts the rows in their order: dat" in note for note in table.notes)


def test_a_table_of_row_numbers_alone_is_refused_with_the_reason(tmp_path, frame):
    numbered(frame[["price"]], "Id", range(N)).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(
        InputError, match=r"no feature is left: .* numbers the rows: Id \(0 to 59\)"
    ):
        read_table(tmp_path / "t.csv", "price")


def test_the_tables_of_scikit_learn_keep_all_their_columns():
    from sklearn import datasets

    for name in ("diabetes", "breast_cancer", "wine", "iris"):
        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        read = as_table(bunch.data, bunch.target, response="gaussian")
        assert read.names == tuple(bunch.data.columns)
        assert not any("numbers the rows" in note for note in read.notes)


# the index of a data frame


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (pd.Index(np.linspace(2, 9, N), name="height"), ("height", "age", "dose")),
        (pd.Index(["a", "b", "b"] * (N // 3), name="ward"), ("ward = a", "age", "dose")),
        (pd.Index([f"u{i}" for i in range(N)], name="who"), ("age", "dose")),
        (pd.RangeIndex(N, name="Id"), ("age", "dose")),
        (pd.Index(FORMS["of a sample"]), ("age", "dose")),
        (pd.RangeIndex(N), ("age", "dose")),
        (pd.Index([f"u{i}" for i in range(N)]), ("age", "dose")),
    ],
)
def test_an_index_is_the_same_in_files_and_in_memory(tmp_path, frame, index, names):
    tables = in_every_format(tmp_path, frame.set_axis(index))
    assert {table.names for table in tables} == {names}
    for table in tables[1:]:
        np.testing.assert_allclose(table.X, tables[0].X, rtol=1e-14)


def test_an_index_of_dates_and_one_of_two_levels(tmp_path, frame):
    days = pd.date_range("2024-01-01", periods=N, name="day")
    two = pd.MultiIndex.from_arrays([np.arange(N) % 3 * 1.5, np.arange(N) // 3], names=["a", "b"])
    for number, (index, first) in enumerate(((days, ("day",)), (two, ("a", "b")))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for table in in_every_format(folder, frame.set_axis(index)):
            assert table.names == (*first, "age", "dose")


def test_the_target_may_be_the_index(tmp_path, frame):
    frame.set_index("price").to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet", "price")
    np.testing.assert_array_equal(table.y, frame["price"])


def test_a_table_of_arrow_keeps_its_names(frame):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pandas(frame)
    read = as_table(table.drop(["price"]), table["price"])
    assert read.names == ("age", "dose")
    np.testing.assert_array_equal(read.y, frame["price"])
