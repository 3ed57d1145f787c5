"""A target that its own features give is told of before anything else."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from normwise.tabular import as_table

N = 120


@pytest.fixture
def X(rng) -> pd.DataFrame:
    return pd.DataFrame(rng.integers(0, 50, (N, 6)), columns=list("abcdef"))


SUMS = {
    "a sum": (lambda X: X["a"] + X["c"] + X["f"], ("a", "c", "f")),
    "a difference": (lambda X: X["b"] - X["e"], ("b", "e")),
    "a mean": (lambda X: (X["a"] + X["b"]) / 2 + 7, ("a", "b")),
    "all of them": (lambda X: X.sum(axis=1), tuple("abcdef")),
    "a large one and a small one": (lambda X: 1000 * X["a"] + X["d"], ("a", "d")),
}


@pytest.mark.parametrize("case", SUMS)
def test_columns_that_add_up_to_the_target_are_named_first(X, case):
    add, parts = SUMS[case]
    for features in (X, sparse.csr_matrix(X.to_numpy(float))):
        table = as_table(features, add(X), names=list(X.columns))
        assert table.parts == parts
        assert table.notes[0].startswith("Warning: the target is a sum of features")
        assert table.notes[0].count(", ".join(parts)) == 1


def test_a_copy_is_named_first_too(X):
    table = as_table(X, 3 - 2 * X["a"])
    assert (table.copies, table.parts) == (("a",), ())
    assert table.notes[0].startswith("Warning: copies of the target")


def test_classes_that_zeros_and_ones_give_are_a_sum(X):
    kind = np.array(["x", "y", "z", "w"])[np.arange(N) % 4]
    table = as_table(X.assign(kind=kind), np.isin(kind, ["x", "y"]))
    assert len(table.parts) == 2
    assert all(part.startswith("kind = ") for part in table.parts)


def test_a_response_with_noise_is_no_sum(X, rng):
    total = X.sum(axis=1)
    assert not as_table(X, total + 0.01 * rng.standard_normal(N)).parts
    assert not as_table(X, np.exp(total / 50)).parts


def test_a_table_as_wide_as_long_is_not_searched(rng):
    X = rng.standard_normal((60, 60))
    assert not as_table(X, X.sum(axis=1)).parts


def test_the_advice_is_to_leave_the_parts_out(X):
    from normwise.advice import advise

    found = advise(X, X["a"] + X["b"], n_jobs=1)
    assert (
        found.recommendation.headline
        == "Leave out what adds up to the target, and ask again: a, b."
    )
    assert found.recommendation.penalty is None
