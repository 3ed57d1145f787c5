"""Marks for missing values, units, bounds and times in a column of numbers."""

import datetime
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from normwise.data.tables.marks import looks_missing
from normwise.tabular import InputError, Table, as_table, read_table

N = 200
MARKS = [".", "-", "*", "na", "missing", "#NUM!", "ND", "n/a", "None", "?", "--", "#DIV/0!", "."]


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    frame = pd.DataFrame(rng.standard_normal((N, 2)), columns=["age", "dose"])
    return frame.assign(price=frame["age"] + rng.standard_normal(N))


def said(table: Table, *parts: str) -> bool:
    """Whether one note has all these parts."""
    return any(all(part in note for part in parts) for note in table.notes)


def marked(values: np.ndarray, share: float, mark: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as text, some of them a mark, and where."""
    where = np.random.default_rng(0).random(len(values)) < share
    return np.where(where, mark, values.astype(str)).astype(object), where


@pytest.mark.parametrize("mark", [*MARKS, "refused"])
@pytest.mark.parametrize("share", [0.05, 0.15, 0.4, 0.9])
def test_a_mark_of_any_share_leaves_numbers_with_gaps(tmp_path, frame, mark, share):
    text, where = marked(frame["age"].to_numpy(), share, mark)
    data = frame.assign(age=text)
    data.to_csv(tmp_path / "t.csv", index=False)
    for table in (
        read_table(tmp_path / "t.csv", "price"),
        as_table(data.drop(columns="price"), frame["price"]),
    ):
        assert table.names[:2] == ("age", "dose")
        np.testing.assert_allclose(table.X[~where, 0], frame["age"][~where])
        assert table.missing == {"age": where.sum()}
    assert said(table, "'age' holds numbers", f"{mark!r} ({where.sum()})", "as missing")


def test_two_marks_and_a_scale_from_one_to_five(frame):
    answers = np.array(["1", "2", "3", "4", "5", ".", "n/a"])[np.arange(N) % 7]
    table = as_table(frame[["age"]].assign(answer=answers), frame["price"])
    assert table.names == ("age", "answer", "answer missing")
    assert table.missing == {"answer": np.isin(answers, [".", "n/a"]).sum()}


def test_marks_of_missing_values_in_a_target(frame):
    text, where = marked(frame["price"].to_numpy(), 0.15, ".")
    table = as_table(frame[["age", "dose"]], text)
    np.testing.assert_array_equal(table.y, frame["price"][~where])
    assert said(table, "Target 'y' holds numbers", f"'.' ({where.sum()}) counts as missing")


@pytest.mark.parametrize(
    ("levels", "names"),
    [
        (["1", "2", "other"], ("group = 2", "group = other")),
        (["1", "a"], ("group = a",)),
        (["12", "136A", "136B"], ("group = 136A", "group = 136B")),
        (["0", "none", "some", "many"], ("group = many", "group = none", "group = some")),
    ],
)
def test_classes_some_of_which_are_numbers_stay_classes(frame, levels, names):
    group = np.array(levels)[np.arange(N) % len(levels)]
    assert as_table(frame[["age"]].assign(group=group), frame["price"]).names == ("age", *names)


def test_codes_of_which_a_few_have_a_letter_are_no_numbers(frame):
    codes = [f"{i % 40}A" if i < 8 else str(i % 40) for i in range(N)]
    table = as_table(frame[["age"]].assign(family=codes), frame["price"])
    assert "family" not in table.names
    assert "family = 39" in table.names


def test_a_bound_is_read_as_the_bound_and_said_to_be_censored(frame):
    size = np.abs(frame["age"]).round(3)
    text = size.astype(str).where(size >= 0.5, "<0.5")
    table = as_table(frame[["dose"]].assign(size=text), frame["price"])
    np.testing.assert_allclose(table.X[:, 1], np.maximum(size, 0.5))
    assert said(table, f"'<0.5' ({(size < 0.5).sum()}) says only", "censored")
    children = np.array(["0", "1", "2", "3+"])[np.arange(N) % 4]
    table = as_table(frame[["dose"]].assign(children=children), frame["price"])
    np.testing.assert_array_equal(table.X[:, 1], np.arange(N) % 4)


@pytest.mark.parametrize(
    ("texts", "numbers", "unit"),
    [
        (["12 kg", "3.5 kg", "7 kg"], [12, 3.5, 7], "kg"),
        (["12kg", "3.5kg", "7kg"], [12, 3.5, 7], "kg"),
        (["$1,200", "$15", "$3,000,000"], [1200, 15, 3e6], "$"),
        (["$1,200", "$2,150", "$3,000"], [1200, 2150, 3000], "$"),
        (["45%", "7.5 %", "100%"], [45, 7.5, 100], "%"),
        (["1,5 €", "2 €", "3,25 €"], [1.5, 2, 3.25], "€"),
        (["-3 °C", "+4.5 °C", "0 °C"], [-3, 4.5, 0], "°C"),
        (["10 m²", "20 m²", "35 m²"], [10, 20, 35], "m²"),
        (["10 sq ft", "20 sq ft", "-"], [10, 20, np.nan], "sq ft"),
    ],
)
def test_a_unit_of_all_values_leaves_numbers(frame, texts, numbers, unit):
    repeat = np.arange(N) % 3
    table = as_table(frame[["age"]].assign(width=np.array(texts)[repeat]), frame["price"])
    expected = np.array(numbers)[repeat]
    present = ~np.isnan(expected)
    np.testing.assert_allclose(table.X[present, 1], expected[present])
    assert said(table, "'width'", f"numbers in {unit!r}")


def test_several_units_are_not_mixed(frame):
    mixed = [f"{i} kg" if i % 2 else f"{i} g" for i in range(N)]
    table = as_table(frame[["age"]].assign(weight=mixed), frame["price"])
    assert said(table, "'weight' left out", "several units ('g', 'kg')")


@pytest.mark.parametrize("texts", [["u1", "u2", "u3"], ["1a", "2a", "3a"], ["No. 1", "No. 2", "x"]])
def test_codes_have_no_unit(frame, texts):
    code = np.array(texts)[np.arange(N) % 3]
    assert len(as_table(frame[["age"]].assign(code=code), frame["price"]).names) == 3


def test_numbers_mixed_with_many_words_are_no_names_of_rows(frame):
    text = [f"word {i}" if i % 3 == 0 else str(i + 0.5) for i in range(N)]
    table = as_table(frame[["age"]].assign(mixed=text), frame["price"])
    assert said(table, "'mixed' left out: 67 values of 200 are no numbers ('word 0'")
    assert not said(table, "names of the rows")


@pytest.mark.parametrize(
    "times",
    [
        pd.to_timedelta(np.arange(N) * 90, unit="s"),
        pd.Series([datetime.timedelta(seconds=90 * i) for i in range(N)], dtype=object),
        [
            (datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=90 * i)).time()
            for i in range(N)
        ],
        [str(datetime.timedelta(seconds=90 * i)) for i in range(N)],
        [str(pd.Timedelta(seconds=90 * i)) for i in range(N)],
    ],
)
def test_times_become_hours(frame, times):
    table = as_table(frame[["age"]].assign(run=times), frame["price"])
    np.testing.assert_allclose(table.X[:, 1], np.arange(N) / 40)
    assert said(table, "'run' became hours")


def test_fractions_and_booleans_of_python(frame):
    half = pd.Series([Fraction(i, 2) for i in range(N)], dtype=object)
    table = as_table(frame[["age"]].assign(half=half), frame["price"])
    np.testing.assert_array_equal(table.X[:, 1], np.arange(N) / 2)
    truth = pd.Series([bool(i % 3) for i in range(N)], dtype=object)
    table = as_table(frame[["age"]], truth)
    assert (table.response, table.classes) == ("binary", ("False", "True"))
    np.testing.assert_array_equal(table.y, np.arange(N) % 3 > 0)


# levels that look like missing values


def test_a_level_called_none_is_a_level(tmp_path, frame):
    level = np.array(["None", "Few", "Many"])[np.arange(N) % 3]
    frame.assign(shrub=level).to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv", "price")
    assert set(table.names[2:]) == {"shrub = Many", "shrub = None"}
    assert not table.missing
    target = read_table(tmp_path / "t.csv", "shrub", positive="None")
    assert len(target.y) == N
    np.testing.assert_array_equal(target.y, level == "None")
    gaps = read_table(tmp_path / "t.csv", "shrub", missing=["None"])
    assert gaps.classes == ("Few", "Many")
    assert len(gaps.y) == (level != "None").sum()


def test_na_among_codes_of_two_letters_is_namibia(tmp_path, frame):
    country = np.array(["NA", "DE", "FR", "IT", "ES", "PL"])[np.arange(N) % 6]
    frame.assign(country=country).to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv", "price")
    assert "country = NA" in table.names
    assert not table.missing


def test_a_symbol_among_words_is_missing_and_a_class_among_symbols(frame):
    ward = np.array(["north", "south", "-"])[np.arange(N) % 3]
    table = as_table(frame[["age"]].assign(ward=ward), frame["price"])
    assert table.missing == {"ward": (ward == "-").sum()}
    target = as_table(frame[["age"]], ward)
    assert (target.classes, len(target.y)) == (("north", "south"), (ward != "-").sum())
    sign = np.array(["+", "-"])[np.arange(N) % 2]
    assert as_table(frame[["age"]], sign).classes == ("+", "-")


# what the user says, and what is noticed


def test_marks_that_the_user_names_are_missing(tmp_path, frame):
    data = frame.assign(
        code=np.where(np.arange(N) % 5 == 0, -999, np.arange(N) % 50),
        age=np.where(np.arange(N) % 4 == 0, 99, np.arange(N) % 41 + 20),
        score=np.where(np.arange(N) % 2 == 0, 99, 3),
        word=np.array(["a", "b", "unknown"])[np.arange(N) % 3],
    )
    data.to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv", "price", missing=[-999, "age=99", "unknown"])
    assert table.missing == {"code": 40, "age": 50, "word": 66}
    assert table.X[:, table.names.index("score")].max() == 99
    assert said(table, "as was asked for: -999 (40), age=99 (50), unknown (66)")
    assert table.marks == (-999, "age=99", "unknown")
    assert (
        table.missing
        == as_table(
            data.drop(columns="price"), frame["price"], missing=["-999", "age=99", "unknown"]
        ).missing
    )


def test_marks_in_the_target_and_in_sparse_features(rng):
    X = sparse.random_array((N, 5), density=0.5, rng=rng, format="csr")
    X.data[:3] = -9
    y = np.where(np.arange(N) < 7, -1.0, rng.standard_normal(N))
    table = as_table(X, y, missing=["-9", "y=-1"])
    assert len(table.y) == N - 7
    assert sum(table.missing.values()) <= 3
    assert table.X.min() >= 0


def test_marks_are_a_list_and_name_columns_that_exist(frame):
    X, y = frame[["age", "dose"]], frame["price"]
    with pytest.raises(InputError, match=r"missing '-999': give a list of marks"):
        as_table(X, y, missing="-999")
    with pytest.raises(InputError, match=r"no column 'aeg' \(did you mean age\?\)"):
        as_table(X, y, missing=["aeg=99"])


def test_a_code_for_missing_values_is_noticed_and_not_changed(frame):
    age = np.where(np.arange(N) % 10 == 0, 999, np.arange(N) % 61 + 20)
    table = as_table(frame[["dose"]].assign(age=age), frame["price"])
    np.testing.assert_array_equal(table.X[:, 1], age)
    assert said(table, "age holds 999 in 20 rows, apart from its others (20 to 80)", "age=999")
    assert said(table, "--missing=age=999 (in Python missing=['age=999'])")
    assert said(as_table(pd.DataFrame({"their age": age}), frame["price"]), "'their age=999'")
    target = as_table(frame[["dose"]], np.where(age == 999, -99, age))
    assert said(target, "y holds -99 in 20 rows", "--missing=y=-99 (in Python")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([20, 30, 35, 50, 99, 99], 99),
        ([1, 2, 3, 4, 5, 9, 9], 9),
        ([0.5, 1.5, 2.5, 3.5, -9999, -9999], -9999),
        ([20, 30, 35, 50, 99], None),
        ([96, 97, 98, 99, 99], None),
        ([1, 10, 100, 400, 999, 999], None),
        ([0, 1, 99, 99], None),
        ([1, 2, 3, 4, 100, 100], None),
    ],
)
def test_which_numbers_look_like_codes(values, code):
    found = looks_missing(np.array(values, float))
    assert (found[0] if found else None) == code


# the target


def test_a_declared_order_says_which_class_counts_as_one(frame):
    grade = pd.Series(np.array(["bad", "good"])[np.arange(N) % 2])
    for order in (["bad", "good"], ["good", "bad"]):
        y = grade.astype(pd.CategoricalDtype(order, ordered=True))
        assert as_table(frame[["age"]], y).classes == tuple(order)
    words = pd.Series(np.array(["no", "event"])[np.arange(N) % 2])
    said_so = words.astype(pd.CategoricalDtype(["event", "no"], ordered=True))
    assert as_table(frame[["age"]], said_so).classes == ("event", "no")
    unordered = grade.astype(pd.CategoricalDtype(["good", "bad"]))
    assert as_table(frame[["age"]], unordered).classes == ("bad", "good")


@pytest.mark.parametrize(
    ("zero", "one"),
    [
        ("control", "case"),
        ("no", "event"),
        ("No fracture", "Fracture"),
        ("without relapse", "with relapse"),
        ("normal", "abnormal"),
        ("healthy", "diseased"),
        ("never", "ever"),
        ("alive", "died"),
        ("nobody", "somebody"),
    ],
)
def test_what_did_not_happen_counts_as_zero(frame, zero, one):
    y = np.array([zero, one])[np.arange(N) % 2]
    assert as_table(frame[["age"]], y).classes == (zero, one)
    assert as_table(frame[["age"]], y, positive=zero).classes == (one, zero)


def test_whole_numbers_that_may_be_classes_or_counts_are_told_of(frame, rng):
    X = frame[["age", "dose"]]
    classes = as_table(X, np.arange(N) % 15)
    assert said(classes, "whole numbers from 0 to 14", "if they are classes")
    # zeros, and a tail to the left
    counts = as_table(X, 40 - np.minimum(rng.poisson(np.exp(2 + rng.standard_normal(N))), 40))
    assert said(counts, "of them zero", "if they are counts")
    few = as_table(X, np.arange(N) % 5)
    assert said(few, "distinct numbers", "if they are classes", "if they are counts")
    assert not said(as_table(X, np.arange(N) % 5 + 1), "counts")
    for y in (rng.integers(100, 900, N), rng.standard_normal(N)):
        assert not as_table(X, y).notes


# text with many levels


def test_a_factor_with_two_rows_a_level_is_no_name_of_rows(frame):
    state = [f"state {i % 48}" for i in range(96)]
    table = as_table(frame[["age"]][:96].assign(state=state), frame["price"][:96])
    assert len(table.names) == 48


def test_a_plain_array_in_a_file(tmp_path, rng):
    array = rng.standard_normal((N, 4))
    for options in ({}, {"index": False}):
        pd.DataFrame(array).to_csv(tmp_path / "t.csv", **options)
        table = read_table(tmp_path / "t.csv", "3")
        assert table.names == ("0", "1", "2")
        np.testing.assert_allclose(table.X, array[:, :3])
        np.testing.assert_allclose(table.y, array[:, 3])
    assert said(table, "The first line, 0, 1, 2, 3, was read as the names")
    years = pd.DataFrame(array, columns=[1990, 1991, 1992, 1993], index=[f"r{i}" for i in range(N)])
    years.to_csv(tmp_path / "years.csv")
    assert read_table(tmp_path / "years.csv", "1993").names == ("1990", "1991", "1992")


def test_a_target_with_a_tail_is_told_of(frame):
    rng = np.random.default_rng(0)
    tail = np.exp(2.5 * rng.standard_normal(N))
    many = np.where(np.arange(N) % 5 < 2, 0.0, tail)
    assert said(as_table(frame[["dose"]], many), "is 0 in 40 % of the rows and positive")
    long = as_table(frame[["dose"]], pd.Series(tail, name="price"))
    assert said(long, "has a long tail (skewness", "its logarithm may suit better")
    few = as_table(frame[["dose"]], np.where(np.arange(N) < 2, 0.0, tail))
    assert said(few, "has a long tail") and not said(few, "logarithm")
    for plain in (rng.standard_normal(N), rng.exponential(size=N), tail - 1.0):
        assert not any("squared error" in note for note in as_table(frame[["dose"]], plain).notes)
