"""Which kind a target is taken for, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from normwise.data.tables.kinds import more_zeros
from normwise.tabular import InputError, as_table, read_table

N = 300
RNG = np.random.default_rng(7)
X = pd.DataFrame(RNG.standard_normal((N, 3)), columns=["a", "b", "c"])
DISPERSED = RNG.poisson(RNG.gamma(0.7, 6.0, N))
WORDS = np.array(["low", "medium", "high"])
# name, values, kind, and what the notes say
TARGETS = {
    "labels": ("colour", np.array(["red", "green", "blue"])[np.arange(N) % 3], "multinomial",
               ["blue (100 rows)", "red (100 rows)"]),
    "two labels": ("state", np.array(["on", "off"])[np.arange(N) % 2], "binary", ["binary"]),
    "booleans": ("ill", np.arange(N) % 3 == 0, "binary", ["'True' counts as 1"]),
    "zeros and ones": ("count", np.arange(N) % 2, "binary", ["'1' counts as 1"]),
    "a category of numbers": ("ward", pd.Categorical(np.arange(N) % 4), "multinomial",
                              ["4 classes"]),
    "numbers called as classes": ("species", np.arange(N) % 3 + 1, "multinomial",
                                  ["called as classes are", "--response gaussian"]),
    "numbers called as types": ("wine_type", np.array([1, 2, 3, 5, 7])[np.arange(N) % 5],
                                "multinomial", ["5 whole numbers (1, 2, 3, 5, 7)"]),
    "class codes with a rare one": ("class", np.where(np.arange(N) < 3, 9, np.arange(N) % 3 + 1),
                                    "gaussian", ["4 distinct numbers", "--response multinomial"]),
    "numbers that may be classes": ("y", np.arange(N) % 3, "gaussian",
                                    ["3 distinct numbers", "--response multinomial"]),
    "visits": ("visits", RNG.poisson(1.2, N), "poisson",
               ["taken as a count", "called as counts are", "% of them zero", "Poisson"]),
    "dispersed counts": ("y", DISPERSED, "poisson", ["taken as a count", "times the mean"]),
    "counts without zeros": ("number_of_breaks", 10 + RNG.poisson(RNG.gamma(2, 9, N)), "poisson",
                             ["whole numbers from 1"]),
    "larger counts": ("eggs", RNG.poisson(9, N), "poisson", ["called as counts are"]),
    "ages": ("age", RNG.integers(0, 90, N), "gaussian", []),
    "ages of another name": ("y", np.abs(np.round(RNG.normal(45, 15, N))), "gaussian", []),
    "years": ("year", RNG.integers(1990, 2020, N), "gaussian", []),
    "years of service": ("tenure", RNG.geometric(0.1, N) - 1, "gaussian", []),
    "blood pressure": ("sbp", np.round(RNG.normal(130, 20, N)), "gaussian", []),
    "stars": ("stars", RNG.integers(1, 6, N), "gaussian", ["5 distinct numbers", "as a rating"]),
    "a rating of another name": ("y", RNG.integers(0, 11, N), "gaussian", ["each of them in"]),
    "money": ("y", np.round(RNG.lognormal(7, 1, N)) * (RNG.random(N) < 0.6), "gaussian", []),
    "rounded money": ("y", 5 * RNG.poisson(RNG.gamma(1, 30, N)), "gaussian", []),
    "right answers": ("correct", RNG.binomial(20, 0.8, N), "gaussian", []),
    "row numbers": ("y", RNG.permutation(N), "gaussian", []),
    "counts with a code": ("visits", np.where(np.arange(N) < 6, 99, RNG.poisson(1, N)),
                           "gaussian", ["may stand for missing"]),
    "measurements": ("y", RNG.standard_normal(N), "gaussian", []),
    "shares": ("y", RNG.beta(2, 3, N), "gaussian", ["share of a whole", "below 0 or above 1",
                                                    "log(y / (1 - y))"]),
    "per cent": ("pct_passed", 100 * RNG.beta(9, 2, N), "gaussian", ["above 100"]),
    "shares with ends": ("share", np.clip(RNG.normal(0.5, 0.6, N), 0, 1), "gaussian",
                         ["values at the bounds"]),
    "many zeros": ("rain", np.where(RNG.random(N) < 0.5, 0, RNG.gamma(1, 1.5, N)), "gaussian",
                   ["is 0 in", "a few large values"]),
    "an ordered category": ("size", pd.Categorical(WORDS[np.arange(N) % 3], list(WORDS),
                                                   ordered=True), "multinomial", ["have an order"]),
    "words of a scale": ("answer", np.array(["agree", "neutral", "disagree"])[np.arange(N) % 3],
                         "multinomial", ["have an order, which plays no part"]),
}  # fmt: skip


def said(table):
    return " ".join(table.notes)


@pytest.mark.parametrize("case", TARGETS)
def test_the_kind_is_told_and_the_reason_said(case):
    name, values, kind, words = TARGETS[case]
    table = as_table(X, pd.Series(values, name=name))
    assert table.response == kind
    for text in words:
        assert text in said(table)
    assert ("have an order" in said(table)) == ("ordered" in case or "scale" in case)
    assert ("share of a whole" in said(table)) == ("share" in case or "per cent" in case)
    assert not table.told


@pytest.mark.parametrize("response", ["gaussian", "multinomial", "poisson"])
def test_the_kind_that_is_named_is_taken(response):
    y = RNG.poisson(1, N).clip(max=2)
    table = as_table(X, y, response=response)
    assert table.response == response and table.told
    np.testing.assert_array_equal(table.y, y)
    assert table.classes == (("0", "1", "2") if response == "multinomial" else None)
    assert "--response" not in said(table)


def test_classes_are_numbered_in_the_order_of_their_labels():
    y = np.array(["b", "C", "a"])[np.arange(N) % 3]
    table = as_table(X, y)
    assert table.classes == ("a", "b", "C") and table.n_outputs == 3
    np.testing.assert_array_equal(np.array(table.classes)[table.y.astype(int)], y)
    one = as_table(X, y, positive="C")
    assert (one.response, one.n_outputs) == ("binary", 1)
    ordered = as_table(X, pd.Series(pd.Categorical(y, ["C", "a", "b"], ordered=True)))
    assert ordered.classes == ("C", "a", "b")


def test_offsets_are_no_features_and_exposures_their_logarithm(tmp_path):
    years = RNG.uniform(0.5, 3, N)
    frame = X.assign(years=years, log_years=np.log(years), claims=RNG.poisson(30 * years))
    frame.to_csv(tmp_path / "t.csv", index=False)
    first = read_table(tmp_path / "t.csv", "claims", exposure="years", drop="log_years")
    other = read_table(tmp_path / "t.csv", "claims", offset="log_years", drop="years")
    for table, role, name in ((first, "exposure", "years"), (other, "offset", "log_years")):
        assert (table.response, table.names) == ("poisson", ("a", "b", "c"))
        assert table.roles == {role: name}
        np.testing.assert_allclose(table.rows.offset, np.log(years))
    own = as_table(X, frame["claims"], exposure=years)
    np.testing.assert_allclose(own.rows.offset, first.rows.offset)
    part = own.rows.take(np.arange(5))
    np.testing.assert_array_equal(part.offset, own.rows.offset[:5])


def test_offsets_of_rows_that_are_left_out_may_lack():
    y = RNG.poisson(2, N).astype(float)
    y[3] = np.nan
    years = np.ones(N)
    years[3] = np.nan
    table = as_table(X, y, exposure=years)
    assert len(table.y) == len(table.rows.offset) == N - 1
    weights = np.ones(N)
    weights[7] = 0
    years[7] = 0
    assert len(as_table(X, y, exposure=years, weights=weights).rows.offset) == N - 2


def test_a_feature_that_is_a_class_is_a_copy_of_the_target():
    y = np.array(["p", "q", "r"])[np.arange(N) % 3]
    table = as_table(X.assign(is_q=(y == "q").astype(int), code=np.arange(N) % 3 * 2.0), y)
    assert table.copies == ("is_q", "code")
    assert as_table(X.assign(d=np.arange(N) % 4), y).copies == ()


def test_more_zeros_than_counts_have():
    assert more_zeros(RNG.poisson(2.0, 5000)) is None
    assert more_zeros(RNG.poisson(RNG.gamma(0.5, 4.0, 5000))) is None
    inflated = RNG.poisson(4.0, 5000) * (RNG.random(5000) < 0.6)
    expected = more_zeros(inflated)
    assert expected is not None and expected + 0.03 < np.mean(inflated == 0)
    table = as_table(X, pd.Series(inflated[:N], name="visits"))
    assert table.response == "poisson" and "never counts anything" in said(table)


def test_counts_that_are_not_whole_are_taken_and_said():
    table = as_table(X, RNG.gamma(1, 1, N), response="poisson")
    assert "not whole" in said(table)


def test_text_is_no_count():
    with pytest.raises(InputError, match="target 'y' is text such as 'a', and response is poisson"):
        as_table(X, np.array(["a", "b", "c"])[np.arange(N) % 3], response="poisson")
