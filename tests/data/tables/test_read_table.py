"""A user's own tables: what is made of them, and what is said of those that cannot be used."""

import datetime
import decimal
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from normwise.data.tables import memory
from normwise.data.tables.columns import to_label
from normwise.tabular import InputError, Table, as_table, available_memory, read_table

TABLES = Path(__file__).with_name("files")
N = 40


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    """Three columns without any fault, and a response with two more than there are classes."""
    frame = pd.DataFrame(rng.standard_normal((N, 3)), columns=["age", "size", "dose"])
    return frame.assign(price=frame["age"] + rng.standard_normal(N))


def csv_of(tmp_path: Path, frame: pd.DataFrame, name: str = "table.csv", **options) -> Path:
    path = tmp_path / name
    frame.to_csv(path, index=False, **options)
    return path


def said(table: Table, *parts: str) -> bool:
    """Whether one note has all these parts."""
    return any(all(part in note for part in parts) for note in table.notes)


# formats


def test_all_formats_give_the_same_numbers(tmp_path, frame):
    X, y = frame.drop(columns="price").to_numpy(), frame["price"].to_numpy()
    names = list(frame.columns[:3])
    files = [
        csv_of(tmp_path, frame),
        csv_of(tmp_path, frame, "t.csv.gz"),
        csv_of(tmp_path, frame, "t.tsv", sep="\t"),
        csv_of(tmp_path, frame, "t.txt", sep="|"),
        csv_of(tmp_path, frame, "semicolon.csv", sep=";"),
        csv_of(tmp_path, frame, "bom.csv", encoding="utf-8-sig"),
    ]
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    frame.to_feather(tmp_path / "t.arrow")
    files += [tmp_path / f"t.{kind}" for kind in ("parquet", "feather", "arrow")]
    tables = [read_table(path, "price") for path in files]
    np.savez(tmp_path / "t.npz", X=X, y=y, names=names)
    tables += [
        read_table(tmp_path / "t.npz"),
        as_table(frame[names], y),
        as_table(X, y, names=names),
    ]
    for table in tables:
        np.testing.assert_allclose(table.X, X, rtol=1e-14)
        np.testing.assert_allclose(table.y, y, rtol=1e-14)
        assert table.names == tuple(names)
        assert (table.response, table.classes) == ("gaussian", None)
        assert not table.missing
        assert not table.constant


@pytest.mark.parametrize("ordered", [False, True])
def test_categories_of_any_kind_survive_parquet(tmp_path, frame, ordered):
    kinds = {
        "text": ["low", "mid", "high"],
        "whole": [30, 10, 20],
        "gap": [3, None, 1],
        "half": [0.5, 1.0, 1.5],
        "truth": [True, False, True],
        "day": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
    }
    rows = np.arange(N) % 3
    for name, values in kinds.items():
        frame[name] = pd.Categorical(pd.Series(values, dtype=object)[rows], ordered=ordered)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    parquet, feather = (
        read_table(tmp_path / f"t.{kind}", "price") for kind in ("parquet", "feather")
    )
    assert {"whole = 20", "gap = missing", "truth = False", "half = 1"} <= set(parquet.names)
    assert parquet.names == feather.names
    np.testing.assert_array_equal(parquet.X, feather.X)


def test_a_wide_svmlight_file_stays_sparse(tmp_path, rng):
    from sklearn.datasets import dump_svmlight_file

    X = sparse.random_array((N, 5000), density=0.01, rng=rng, format="csr")
    y = np.where(rng.random(N) < 0.5, -1, 1)
    dump_svmlight_file(X, y, str(tmp_path / "wide.svmlight"), zero_based=False)
    table = read_table(tmp_path / "wide.svmlight")
    used = np.flatnonzero((X != 0).sum(axis=0))
    assert sparse.issparse(table.X)
    assert table.names == tuple(f"x{j + 1}" for j in used)
    np.testing.assert_allclose(table.X.toarray(), X[:, used].toarray())
    assert table.classes == ("-1", "1")
    np.testing.assert_array_equal(table.y, y == 1)


def test_queries_of_an_svmlight_file_are_told_of(tmp_path, rng):
    lines = [f"{i} qid:{i // 5} 1:{value}" for i, value in enumerate(rng.standard_normal(30))]
    (tmp_path / "t.svm").write_text("\n".join(lines))
    table = read_table(tmp_path / "t.svm")
    assert table.names == ("x1",)
    assert said(table, "queries (qid) in 30 rows left out", "named as groups")


def test_an_svmlight_file_with_a_huge_number(tmp_path):
    lines = [f"{i} 3:{i % 7} 2000000000:{i % 5}" for i in range(30)]
    (tmp_path / "t.svm").write_text("\n".join(lines))
    table = read_table(tmp_path / "t.svm")
    assert table.names == ("x3", "x2000000000")
    np.testing.assert_array_equal(table.X, [[i % 7, i % 5] for i in range(30)])


def test_a_dense_svmlight_file_becomes_an_array(tmp_path, frame):
    from sklearn.datasets import dump_svmlight_file

    X, y = frame.drop(columns="price").to_numpy(), frame["price"].to_numpy()
    dump_svmlight_file(X, y, str(tmp_path / "t.svm"), zero_based=True)
    table = read_table(tmp_path / "t.svm")
    assert isinstance(table.X, np.ndarray)
    np.testing.assert_allclose(table.X, X)
    assert table.names == ("x0", "x1", "x2")


def test_a_table_from_germany():
    table = read_table(TABLES / "rents_latin1.csv", "Miete")
    raw = pd.read_csv(TABLES / "rents_latin1.csv", sep=";", encoding="cp1252", dtype=str)
    rent = raw["Miete"].str.replace(".", "").str.replace(",", ".").astype(float)
    area = raw["Fläche"].str.replace(",", ".").astype(float)
    moved = pd.to_datetime(raw["Einzug"], dayfirst=True)
    columns = dict(zip(table.names, table.X.T, strict=True))
    np.testing.assert_allclose(table.y, rent)
    np.testing.assert_allclose(columns["Fläche"], area)
    np.testing.assert_allclose(columns["Einzug"], (moved - moved.min()).dt.days)
    town = raw["Stadt"].mode()[0]
    assert {f"Stadt = {other}" for other in {"Köln", "Mainz", "Trier"} - {town}} < set(columns)
    assert said(table, "cp1252")
    assert said(table, "Target 'Miete' was read as numbers")


# the response


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([0, 1], ("0", "1")),
        ([1, 2], ("1", "2")),
        ([-1.0, 1.0], ("-1", "1")),
        ([False, True], ("False", "True")),
        (["yes", "no"], ("no", "yes")),
        (["Yes", "no"], ("no", "Yes")),
        (["cat", "dog"], ("cat", "dog")),
        ([0.5, 10], ("0.5", "10")),
    ],
)
def test_two_values_are_classes_and_it_is_said_which_is_one(frame, labels, classes):
    y = np.array(labels)[np.arange(N) % 2]
    table = as_table(frame[["age"]], y)
    assert (table.response, table.classes) == ("binary", classes)
    np.testing.assert_array_equal(table.y, pd.Series(y).map(to_label) == classes[1])
    assert said(table, f"{classes[1]!r} counts as 1", f"{classes[0]!r} as 0")


def test_positive_turns_the_classes_round(frame):
    y = ["yes" if i % 3 else "no" for i in range(N)]
    default, turned = as_table(frame, y), as_table(frame, y, positive="no")
    np.testing.assert_array_equal(default.y, 1 - turned.y)
    assert turned.classes == ("yes", "no")


def test_one_class_against_the_rest(frame):
    y = np.array(["red", "green", "blue"])[np.arange(N) % 3]
    table = as_table(frame, y, positive="green")
    np.testing.assert_array_equal(table.y, y == "green")
    assert table.classes == ("not green", "green")
    assert said(table, "'green' counts as 1", "the other 2 classes")


def test_numbers_can_be_forced(frame):
    y = np.arange(N) % 2 + 1
    table = as_table(frame, y, response="gaussian")
    assert table.response == "gaussian"
    np.testing.assert_array_equal(table.y, y)


def test_few_integers_are_numbers_and_the_alternative_is_said(frame):
    y = np.arange(N) % 5 + 1
    table = as_table(frame, y)
    assert table.response == "gaussian"
    assert said(table, "5 distinct numbers", "(1, 2, 3, 4, 5)", "positive")
    one = as_table(frame, y, positive=4)
    np.testing.assert_array_equal(one.y, y == 4)
    assert not any("distinct numbers" in note for note in as_table(frame, y + 0.5).notes)


def test_a_declared_category_is_no_number(frame):
    y = pd.Series(np.arange(N) % 5 + 8, dtype="category", name="stars")
    table = as_table(frame, y)
    assert (table.response, table.classes) == ("multinomial", ("8", "9", "10", "11", "12"))
    np.testing.assert_array_equal(table.y, np.arange(N) % 5)
    assert said(table, "'stars' has 5 classes", "10 (8 rows)")


def test_a_blank_before_quotation_marks(tmp_path):
    path = tmp_path / "quoted.csv"
    path.write_text("a, b, c\n" + "".join(f'{i}, "x,{i % 2}", {i % 3}\n' for i in range(30)))
    assert "x,1" in " ".join(read_table(path, "c").names)


def test_what_a_mask_hides_is_missing(frame):
    rng = np.random.default_rng(0)
    X = np.ma.masked_greater(rng.normal(size=(40, 3)), 1)
    y = np.ma.masked_less(rng.normal(size=40), -1)
    table = as_table(X, y)
    assert sum(table.missing.values()) >= X.mask[~y.mask].sum() > 0
    assert len(table.y) == (~y.mask).sum()
    assert table.X.max() <= 1


def test_numbers_too_small_to_square(rng):
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    with pytest.raises(InputError, match="rescale it"):
        as_table(X, y * 1e-170)
    assert as_table(X * [1, 1e-170, 1], y).constant == ("x1",)


def test_rows_without_a_target_are_left_out(tmp_path, frame):
    frame.loc[[3, 8], "price"] = np.nan
    frame.loc[5, "price"] = np.inf
    table = read_table(csv_of(tmp_path, frame), "price")
    kept = np.setdiff1d(np.arange(N), [3, 5, 8])
    np.testing.assert_allclose(table.X, frame[["age", "size", "dose"]].to_numpy()[kept])
    assert said(table, "3 rows without a finite target left out")


@pytest.mark.parametrize("factor", [1, -3])
def test_a_copy_of_the_target_is_warned_about(frame, factor):
    copied = frame.assign(again=7 + factor * frame["price"])
    table = as_table(copied.drop(columns="price"), frame["price"])
    assert said(table, "Warning", "again", "copies of the target")
    near = frame.assign(again=frame["price"] + 1e-3 * frame["age"])
    assert not said(as_table(near.drop(columns="price"), frame["price"]), "copies")
    stored = sparse.csr_matrix(copied.drop(columns="price").to_numpy())
    assert said(as_table(stored, frame["price"]), "x3", "copies of the target")


# columns


def test_text_becomes_zeros_and_ones(frame):
    colour = np.array(["red", "green", "blue", "red"])[np.arange(N) % 4]
    table = as_table(frame[["age"]].assign(colour=colour, size=1.5 * frame["size"]), frame["price"])
    assert table.names == ("age", "colour = blue", "colour = green", "size")
    np.testing.assert_array_equal(table.X[:, 1], colour == "blue")
    np.testing.assert_array_equal(table.X[:, 2], colour == "green")
    assert said(table, "'colour'", "2 columns", "'red', is the reference")


def test_missing_text_is_a_level_of_its_own(tmp_path, frame):
    frame["ward"] = np.array(["north", "south"])[np.arange(N) % 2]
    frame.loc[[2, 4, 7], "ward"] = ["NA", "?", ""]
    table = read_table(csv_of(tmp_path, frame), "price")
    assert table.missing == {"ward": 3}
    assert table.names[3:] == ("ward = north", "ward = missing")
    np.testing.assert_array_equal(np.flatnonzero(table.X[:, 4]), [2, 4, 7])


def test_booleans_and_categories(frame):
    data = pd.DataFrame(
        {
            "flag": np.arange(N) % 2 == 0,
            "gap": [None if i == 0 else i % 3 == 0 for i in range(N)],
            "code": pd.Categorical(np.arange(N) % 3),
        }
    )
    table = as_table(data, frame["price"])
    assert table.names == ("flag", "gap", "code = 1", "code = 2")
    np.testing.assert_array_equal(table.X[:, 0], data["flag"])
    assert table.missing == {"gap": 1}


@pytest.mark.parametrize(
    ("texts", "numbers", "note"),
    [
        (["1,5", "22,75", "-3"], [1.5, 22.75, -3], "'1,5' as 1.5"),
        (["1.234,5", "2.000,0", "7,25"], [1234.5, 2000, 7.25], "'1.234,5' as 1234.5"),
        (["1,234,567", "2,000", "12"], [1234567, 2000, 12], "as 1234567"),
        (["1,234.5", "2,000.25", "7"], [1234.5, 2000.25, 7], "as 1234.5"),
        (["1 234", "22 000", "7"], [1234, 22000, 7], "read as numbers"),
        ([" 1.5", "2 ", "3e2"], [1.5, 2, 300], None),
    ],
)
def test_numbers_in_text(frame, texts, numbers, note):
    repeat = np.arange(N) % 3
    table = as_table(frame[["age"]].assign(width=np.array(texts)[repeat]), frame["price"])
    np.testing.assert_allclose(table.X[:, 1], np.array(numbers)[repeat])
    assert table.names == ("age", "width")
    assert said(table, "'width'", note) if note else not table.notes


def test_an_ambiguous_comma_is_not_guessed(frame):
    texts = np.array(["1,500", "22,750", "3,125"])[np.arange(N) % 3]
    table = as_table(frame[["age"]].assign(width=texts), frame["price"])
    assert table.names == ("age",)
    assert said(table, "'width' left out", "'1,500'", "decimal comma")
    with pytest.raises(InputError, match="target 'y': the comma in '1,500' may be"):
        as_table(frame, texts)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%dT%H:%M:%S"]
)
def test_dates_become_days(frame, form):
    days = np.arange(N) * 3
    start = datetime.datetime(2024, 1, 20)
    text = [(start + datetime.timedelta(days=int(day))).strftime(form) for day in days]
    table = as_table(frame[["age"]].assign(sold=text), frame["price"])
    np.testing.assert_allclose(table.X[:, 1], days)
    assert said(table, "'sold' became days since 2024-01-20")


def test_dates_that_may_be_read_in_two_ways_are_left_out(frame):
    text = [f"{i % 12 + 1:02d}/{i % 5 + 1:02d}/2024" for i in range(N)]
    table = as_table(frame[["age"]].assign(sold=text), frame["price"])
    assert table.names == ("age",)
    assert said(table, "'sold' left out", "day or the month")


def test_typed_dates(frame):
    days = pd.Series(np.arange(N) * 2.5)
    dates = pd.Timestamp("2020-02-01") + pd.to_timedelta(days, unit="D")
    dates[4] = pd.NaT
    table = as_table(pd.DataFrame({"when": dates}), frame["price"])
    present = np.delete(np.arange(N), 4)
    np.testing.assert_allclose(table.X[present, 0], days[present])
    assert table.missing == {"when": 1}


def test_columns_of_every_type(frame):
    data = pd.DataFrame(
        {
            "arrow": pd.Series(range(N), dtype="int64[pyarrow]"),
            "gaps": pd.array([None, *range(1, N)], dtype="Int64"),
            "decimal": [decimal.Decimal("0.5") * i for i in range(N)],
            "sparse": pd.arrays.SparseArray(np.arange(N) % 7 // 6),
            "list": [[1, i % 2] for i in range(N)],
            "month": pd.period_range("2020-01", periods=N, freq="M"),
            "mixed": [1, "a"] * (N // 2),
        }
    )
    table = as_table(data, frame["price"])
    found = "arrow", "gaps", "decimal", "sparse", "list = [1, 1]", "month", "mixed = a"
    assert table.names == found
    np.testing.assert_array_equal(table.X[:, 2], np.arange(N) / 2)
    np.testing.assert_array_equal(table.X[:, 3], np.arange(N) % 7 == 6)
    np.testing.assert_array_equal(table.X[:3, 5], [0, 31, 60])


def test_names_of_rows_are_left_out(frame):
    data = frame[["age"]].assign(
        id=[f"u{i}" for i in range(N)], city=[f"c{i % 25}" for i in range(N)]
    )
    table = as_table(data, frame["price"])
    assert table.names == ("age",)
    assert said(table, "'id' left out", "40 different texts in 40 rows")
    assert said(table, "'city' left out", "25 different texts")


def test_a_number_mistyped_counts_as_missing(tmp_path, frame):
    typed = frame.astype(object)
    typed.loc[6, "age"] = "forty"
    table = read_table(csv_of(tmp_path, typed), "price")
    assert said(table, "'age' holds numbers", "1 value that", "'forty' in row 7")
    assert table.missing == {"age": 1}
    others = np.delete(frame["age"].to_numpy(), 6)
    assert table.X[6, 0] == pytest.approx(np.median(others))


def test_missing_numbers(frame):
    frame.loc[:1, "age"] = np.nan
    frame.loc[:4, "size"] = np.nan
    frame.loc[:29, "dose"] = np.nan
    frame.loc[39, "dose"] = -np.inf
    table = as_table(frame.drop(columns="price"), frame["price"])
    assert table.names == ("age", "size", "dose", "size missing", "dose missing")
    np.testing.assert_allclose(table.X[:5, 1], frame["size"].median())
    np.testing.assert_array_equal(table.X[:, 3], frame["size"].isna())
    assert table.missing == {"age": 2, "size": 5, "dose": 31}
    assert said(table, "median", "age (2), size (5), dose (31)")
    assert said(table, "more than 5 % are missing: size, dose")
    assert said(table, "Infinite", "dose (1)")


def test_one_column_says_where_several_have_the_same_gaps(frame):
    frame.loc[:9, ["age", "size"]] = np.nan
    frame.loc[5:30, "dose"] = np.nan
    table = as_table(frame.drop(columns="price"), frame["price"])
    assert table.names == ("age", "size", "dose", "age missing", "dose missing")


def test_empty_and_constant_columns_are_left_out(frame):
    data = frame[["age"]].assign(empty=np.nan, one=3, word="same", none=None)
    table = as_table(data, frame["price"])
    assert table.names == ("age",)
    assert set(table.constant) == {"one", "word"}
    assert said(table, "no value is present: empty, none")
    assert said(table, "they hold one value", "one", "word")


def test_sparse_features_with_gaps(rng):
    X = sparse.random_array((N, 30), density=0.2, rng=rng, format="csr")
    X.data[:3] = [np.nan, np.inf, 1]
    X = sparse.hstack([X, sparse.csr_array((N, 1))]).tocsr()
    table = as_table(X, rng.standard_normal(N))
    expected = X.toarray()
    expected[~np.isfinite(expected)] = 0
    np.testing.assert_array_equal(table.X.toarray(), expected[:, :30])
    assert sum(table.missing.values()) == 2
    assert table.constant == ("x30",)
    assert np.isnan(X.data).any(), "the user's matrix was changed"


def test_numbers_of_rows_in_a_first_column_are_left_out(tmp_path, frame):
    frame.to_csv(tmp_path / "t.csv")
    table = read_table(tmp_path / "t.csv", "price")
    assert table.names == ("age", "size", "dose")
    assert said(table, "numbers the rows")


def test_names_are_plain_text(tmp_path, frame):
    name = "<script>alert(1)</script>"
    table = read_table(csv_of(tmp_path, frame.rename(columns={"age": name})), "price")
    assert table.names[0] == name


def test_what_is_given_is_not_changed(frame):
    frame.loc[3, "age"] = np.nan
    before = frame.copy()
    as_table(frame.drop(columns="price"), frame["price"])
    X = frame[["age", "size"]].to_numpy()
    kept = X.copy()
    as_table(X, frame["price"])
    pd.testing.assert_frame_equal(frame, before)
    np.testing.assert_array_equal(X, kept)


# what cannot be used

HEADER = "age,size,price\n"
ROWS = [f"{i},{(7 * i) % 11},{(5 * i) % 13 + 0.5}" for i in range(30)]
GOOD = HEADER + "\n".join(ROWS) + "\n"


def with_target(values) -> str:
    return "age,price\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))


BAD_FILES = {
    "unknown suffix": ("t.xls", GOOD, {}, r"kind \.xls are not read; save .*\.parquet.* \.xlsx"),
    "no suffix": ("table", GOOD, {}, "without a suffix"),
    "empty": ("t.csv", "", {}, "the file is empty"),
    "blank": ("t.csv", "\n\n  \n", {}, "no line of text"),
    "header only": ("t.csv", HEADER, {}, "a header and no rows"),
    "missing target": (
        "t.csv",
        GOOD,
        {"target": "Prize"},
        r"no column 'Prize' \(did you mean price\?\); the columns",
    ),
    "unlike any column": ("t.csv", GOOD, {"target": "zzz"}, "the columns are age, size, price"),
    "no target": ("t.csv", GOOD, {"target": None}, "no target given: .*age, size, price"),
    "three rows": ("t.csv", HEADER + "\n".join(ROWS[:3]), {}, "3 rows .*'price'; at least 20"),
    "few with a target": (
        "t.csv",
        with_target([1.5] * 9 + ["NA"] * 20),
        {},
        "9 rows .*at least 20",
    ),
    "target only": ("t.csv", "price\n" + "1\n2\n" * 15, {}, "only one column was found, 'price'"),
    "no feature left": (
        "t.csv",
        "id,one,price\n" + "".join(f"u{i},3,{i}\n" for i in range(30)),
        {},
        r"no feature is left: .*'id' left out: 30 different texts.*one value: one",
    ),
    "constant target": ("t.csv", with_target([3] * 30), {}, "'price' has one value only, '3'"),
    "one class": ("t.csv", with_target(["ill"] * 30), {}, "one value only, 'ill'"),
    "four of a class": ("t.csv", with_target(["a"] * 4 + ["b"] * 26), {}, "'a' in 4 rows.*least 5"),
    "no such positive": (
        "t.csv",
        with_target(["ill", "well"] * 15),
        {"positive": "dead"},
        "no value 'dead': give one of ill, well",
    ),
    "too many classes": (
        "t.csv",
        with_target([f"k{i % 31}" for i in range(300)]),
        {},
        r"31 distinct values \(k0, k1, .* and 23 more\), as names .* give one of them as positive",
    ),
    "two small classes of four": (
        "t.csv",
        with_target(["a"] * 20 + ["b"] * 20 + ["c"] * 4 + ["d"]),
        {},
        "is 'c' in 4 rows, 'd' in 1 row; of each class at least 5 rows are needed: merge such",
    ),
    "numbers for two classes": (
        "t.csv",
        GOOD,
        {"response": "binary"},
        "13 distinct values .* response is binary: give one of them as positive, .* or take them "
        "as several classes: response multinomial, or as numbers: response gaussian",
    ),
    "text for numbers": (
        "t.csv",
        with_target(["a", "b"] * 15),
        {"response": "gaussian"},
        "text such as 'a', and response is gaussian",
    ),
    "positive for numbers": (
        "t.csv",
        GOOD,
        {"response": "gaussian", "positive": "1"},
        "positive '1' is for classes",
    ),
    "unknown response": (
        "t.csv",
        GOOD,
        {"response": "tweedie"},
        "'tweedie' is unknown: give gaussian or binary or multinomial or poisson",
    ),
    "negative counts": (
        "t.csv",
        with_target([*range(29), -2]),
        {"response": "poisson"},
        "target 'price' is -2 in row 30 .* counts are zero or more",
    ),
    "counts of next to nothing": (
        "t.csv",
        with_target([0] * 27 + [1, 2, 3]),
        {"response": "poisson"},
        "target 'price' is above zero in 3 rows; at least 5",
    ),
    "one class of several": (
        "t.csv",
        with_target(["a", "b", "c"] * 10),
        {"response": "multinomial", "positive": "a"},
        "positive 'a' is for two classes, and response is multinomial",
    ),
    "an offset of a number": (
        "t.csv",
        with_target([i + 0.5 for i in range(30)]),
        {"response": "gaussian", "offset": "age"},
        "offset is for counts, and target 'price' is taken as gaussian: leave offset out",
    ),
    "an offset of classes": (
        "t.csv",
        with_target(["a", "b", "c"] * 10),
        {"exposure": "age"},
        "exposure is for counts, and target 'price' is taken as multinomial",
    ),
    "offset and exposure": (
        "t.csv",
        "age,size,price\n" + "".join(f"{i},{i + 1},{i % 7}\n" for i in range(40)),
        {"exposure": "size", "offset": "age"},
        "offset 'age' and exposure 'size': give one of them",
    ),
    "an exposure of zero": (
        "t.csv",
        "age,size,price\n" + "".join(f"{i},{i},{i % 7}\n" for i in range(40)),
        {"exposure": "size"},
        "exposure 'size' is 0 in row 1: give numbers above 0",
    ),
    "an exposure as offset": (
        "t.csv",
        "age,size,price\n" + "".join(f"{i},{i * 100},{i % 7}\n" for i in range(40)),
        {"offset": "size"},
        "offset 'size' is 400 in row 5: .* give exposures as exposure",
    ),
    "a gap in the exposure": (
        "t.csv",
        "age,size,price\n" + "".join(f"{i},{i or ''},{i % 7}\n" for i in range(40)),
        {"exposure": "size"},
        "exposure 'size' lacks a value in 1 row, the first of them row 1",
    ),
    "no such exposure": (
        "t.csv",
        GOOD,
        {"exposure": "sise"},
        r"exposure 'sise': there is no such column \(did you mean size\?\)",
    ),
    "target without values": ("t.csv", with_target(["NA"] * 30), {}, "0 rows with a value"),
    "duplicated header": ("t.csv", GOOD.replace("size", "age"), {}, "more than once: age"),
    "no header": ("t.csv", "\n".join(ROWS), {}, "first line holds numbers only"),
    "ragged": ("t.csv", GOOD.replace("\n4,", "\n4,4,"), {}, "line 6 has 4 values .*header has 3"),
    "short": ("t.csv", GOOD.replace("\n4,6,", "\n4,"), {}, "line 6 has 2 values"),
    "open quote": ("t.csv", GOOD.replace("\n4,", '\n"4,'), {}, "line 31 has 1 value|quotation"),
    "separated by blanks": ("t.txt", GOOD.replace(",", " "), {}, "only one column.*tab, .*comma"),
    "image": ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, "byte 8 is zero"),
    "workbook": ("t.csv", b"PK\x03\x04" + bytes(30), {}, "workbook.*save the table as CSV"),
    "web page": ("t.csv", "<!DOCTYPE html>\n<html></html>", {}, "only one column .*<!DOCTYPE"),
    "bytes": ("t.csv", b"age,price\n1,2\n\0\0", {}, "byte 14 is zero"),
    "broken gzip": ("t.csv.gz", gzip.compress(GOOD.encode())[:60], {}, "not a whole gzip file"),
    "no gzip": ("t.csv.gz", GOOD, {}, "not a whole gzip file"),
    "broken Parquet": ("t.parquet", b"PAR1 and no more", {}, r"not a whole \.parquet file"),
    "broken Feather": ("t.feather", GOOD, {}, r"not a whole \.feather file"),
    "broken npz": ("t.npz", GOOD, {"target": None}, "not a whole npz file"),
    "broken svmlight": ("t.svmlight", GOOD, {"target": None}, "not a file in svmlight format"),
    "several labels": ("t.svm", "1,2 1:2\n", {"target": None}, "each line is one number, the tar"),
    "svmlight has a target": ("t.svm", "1 1:2\n", {}, "target 'price': .*first value of each line"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_words(tmp_path, case):
    name, content, options, message = BAD_FILES[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as caught:
        read_table(path, **{"target": "price"} | options)
    assert str(caught.value).startswith(f"{path}: ")


def test_the_good_file_is_good(tmp_path):
    (tmp_path / "t.csv").write_text(GOOD)
    assert read_table(tmp_path / "t.csv", "price").X.shape == (30, 2)


def test_no_file_and_a_folder(tmp_path, frame):
    csv_of(tmp_path, frame, "houses.csv")
    with pytest.raises(InputError, match=r"no such file \(did you mean houses\.csv\?\)"):
        read_table(tmp_path / "house.csv", "price")
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "nowhere" / "house.csv", "price")
    with pytest.raises(InputError, match="this is a folder"):
        read_table(tmp_path, "price")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.ones((30, 2))}, "no array 'y', only X"),
        ({"x": np.ones((30, 2)), "y": np.ones(30)}, "no array 'X', only x, y"),
        ({"X": np.array([[{}]] * 30), "y": np.ones(30)}, "numbers and text .*Object arrays"),
        ({"X": np.ones((30, 2)), "y": np.ones(29)}, "X has 30 rows and y has 29"),
        ({"X": np.ones((5, 30, 2)), "y": np.ones(30)}, "3 dimensions"),
        ({"X": np.ones((30, 2)), "y": np.arange(30), "names": ["a"]}, "2 columns and names has 1"),
    ],
)
def test_bad_arrays_in_a_file(tmp_path, arrays, message):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.ones((30, 2)), np.ones(29), "X has 30 rows and y has 29"),
        (np.ones((30, 2, 2)), np.ones(30), r"3 dimensions, shape \(30, 2, 2\)"),
        (np.ones(30), np.ones(30), "1 dimensions"),
        (np.ones((30, 2)), np.ones((30, 2)), r"y has shape \(30, 2\)"),
        (np.ones((30, 2)), np.full(30, np.nan), "0 rows with a value of target 'y'"),
        (np.ones((30, 2)), [None] * 30, "0 rows with a value"),
        (np.ones((30, 2)), np.arange(30), "no feature is left: .*one value: x0, x1"),
        (np.ones((30, 0)), np.arange(30), "no feature is left: there is no column besides"),
        (np.full((30, 2), np.nan), np.arange(30), "no feature is left: .*no value is present"),
        (np.ones((30, 2)) * 1j, np.arange(30), "complex"),
        (np.eye(30), np.geomspace(1, 1e200, 30), r"1e\+200: rescale"),
    ],
)
def test_bad_arrays_in_memory(X, y, message):
    with pytest.raises(InputError, match=message):
        as_table(X, y)


def test_columns_of_one_name(frame):
    twice = frame.rename(columns={"size": "age"})
    with pytest.raises(InputError, match="more than once: age"):
        as_table(twice.drop(columns="price"), frame["price"])
    clash = frame.assign(**{"age = b": frame["age"], "age": ["a", "a", "b", "c"] * (N // 4)})
    with pytest.raises(InputError, match=r"features .* more than once: age = b"):
        as_table(clash.drop(columns="price"), frame["price"])


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_columns_of_one_name_in_arrow_files(tmp_path, kind):
    import pyarrow as pa
    from pyarrow import feather, parquet

    table = pa.table([range(N), range(N), range(N)], names=["age", "age", "price"])
    write = {"parquet": parquet.write_table, "feather": feather.write_feather}[kind]
    write(table, str(tmp_path / f"t.{kind}"))
    with pytest.raises(InputError, match="more than once: age"):
        read_table(tmp_path / f"t.{kind}", "price")


def test_a_file_beyond_the_memory_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "big.csv"
    path.write_text(HEADER + "1,2,3.5\n" * 40_000)
    with path.open("r+b") as file:
        file.truncate(2_000_000_000)  # takes no space on the disk
    monkeypatch.setattr(memory, "available_memory", lambda: 1e9)
    with pytest.raises(
        InputError, match=r"takes about \d+\.\d GB of memory and 1\.0 GB are"
    ) as told:
        read_table(path, "price")
    assert "Parquet" in str(told.value)


def test_memory_is_estimated_for_every_kind_of_file(tmp_path, frame, monkeypatch):
    csv_of(tmp_path, frame)
    csv_of(tmp_path, frame, "t.csv.gz")
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.arrow")
    np.savez_compressed(tmp_path / "t.npz", X=np.zeros((N, 100)), y=frame["price"])
    (tmp_path / "t.svm").write_text("1 1:2\n" * 30)
    monkeypatch.setattr(memory, "available_memory", lambda: 50.0)
    for path in tmp_path.iterdir():
        target = None if path.suffix in (".npz", ".svm") else "price"
        with pytest.raises(InputError, match="GB of memory"):
            read_table(path, target)


def test_available_memory_is_a_number_of_bytes():
    assert 1e6 < available_memory() < np.inf
