"""Data files from tables and from functions of the user's."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from normwise.data.batch import outside_key
from normwise.data.errors import DataFileError, ExtensionError
from normwise.data.file import read_batches
from normwise.data.generated import DATASETS, write_generated
from normwise.data.imported import Source, import_table, is_local, read_source, refuse_missing_files
from normwise.data.responses.binary import LOGISTIC_VARIANCE
from normwise.data.rows import Rows
from normwise.data.seeds import generator
from normwise.data.semi_synthetic import semi_synthetic_truth, write_semi_synthetic
from normwise.data.splits import split_rows, write_splits
from normwise.files.arrays import load_arrays
from normwise.fitting.loss import loss_of
from normwise.fitting.risk import risk_function
from normwise.fitting.tuning import make_folds
from normwise.study.extensions import load
from normwise.tabular import InputError

TABLE = {"name": "own", "test_share": 0.25, "replicates": 6, "chunks": 1}
SEMI = {
    "name": "half",
    "file": "own.csv",
    "n_samples": [40],
    "n_nonzero": [4],
    "snr": [3.0],
    "replicates": 6,
    "chunks": 1,
}
LIMITS = {"largest_mb": 100.0}


def made_source(rng, n=90, response="gaussian"):
    """A table with columns of unequal scale, two of them nearly the same."""
    X = rng.standard_normal((n, 6)) * np.array([1, 10, 0.1, 1, 5, 1]) + 3
    X[:, 5] = X[:, 0] + 0.01 * X[:, 5]
    y = X[:, 0] + rng.standard_normal(n)
    if response == "binary":
        y = (y > np.quantile(y, 0.8)).astype(float)
    return Source(X, y, tuple("abcdef"), response, ())


def splits(path, source, bounds, seed=1, **changes):
    write_splits(path, source, TABLE | changes, bounds, seed, min_rows=10, **LIMITS)
    (batch,) = read_batches(path, "own")
    return batch


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_split_is_disjoint_covers_the_rows_and_keeps_the_shares_of_classes(rng, share):
    y = (np.arange(200) < 37).astype(float)
    fitted, held_out = split_rows(y, "binary", share, rng)
    assert sorted([*fitted, *held_out]) == list(range(200))
    assert len(held_out) == pytest.approx(200 * share, abs=1)
    assert y[held_out].sum() == pytest.approx(37 * share, abs=1)


def test_every_row_is_held_out_as_often_as_others(rng):
    held_out = [split_rows(np.zeros(20), "gaussian", 0.25, rng)[1] for _ in range(2000)]
    share = np.bincount(np.concatenate(held_out), minlength=20) / 2000
    # three standard errors of a share, over twenty rows
    assert np.abs(share - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 2000)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_rows_of_a_split_are_rows_of_the_table(rng, tmp_path, response):
    source = made_source(rng, response=response)
    batch = splits(tmp_path / "a.npz", source, (0, 3))
    assert batch.response == response
    assert batch.truth is None
    for r in range(3):
        both = np.column_stack(
            [np.vstack([batch.X[r], batch.X_test[r]]), np.append(batch.y[r], batch.y_test[r])]
        )
        table = np.column_stack([source.X, source.y])
        assert np.array_equal(both[np.lexsort(both.T)], table[np.lexsort(table.T)])
    assert not np.array_equal(batch.y_test[0], batch.y_test[1])


def test_chunks_change_no_split_and_the_seed_changes_all(rng, tmp_path):
    source = made_source(rng)
    whole = splits(tmp_path / "whole.npz", source, (0, 6))
    parts = [splits(tmp_path / f"{a}.npz", source, (a, b)) for a, b in ((0, 2), (2, 6))]
    assert [part.start for part in parts] == [0, 2]
    for name in ("X", "y", "X_test", "y_test"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(getattr(whole, name), joined)
    other = splits(tmp_path / "other.npz", source, (0, 6), seed=2)
    assert not any(map(np.array_equal, whole.y_test, other.y_test))


def test_too_few_rows_for_the_folds_are_refused(rng, tmp_path):
    with pytest.raises(InputError, match=r"'own': test_share \(0.9\) leaves 9 rows of 90"):
        splits(tmp_path / "a.npz", made_source(rng), (0, 2), test_share=0.9)
    rare = made_source(rng, 60, "binary")
    rare.y[:] = np.arange(60) < 5
    with pytest.raises(InputError, match=r"\(11 of class 0, 1 of class 1\)"):
        splits(tmp_path / "a.npz", rare, (0, 2), test_share=0.8)


def test_data_files_above_the_limit_name_the_chunks_that_keep_it(rng, tmp_path):
    source = made_source(rng, 1000)
    options = {"min_rows": 10, "largest_mb": 0.2}
    with pytest.raises(InputError, match="set chunks: 2 ") as error:
        write_splits(tmp_path / "a.npz", source, TABLE, (0, 6), 1, **options)
    assert "1,000 rows of 6 numbers, 6 times, take 0.3 MB" in str(error.value)
    write_splits(tmp_path / "a.npz", source, TABLE | {"chunks": 2}, (0, 3), 1, **options)
    assert (tmp_path / "a.npz").stat().st_size < 0.2e6


@pytest.mark.parametrize("unequal", [False, True])
def test_groups_are_held_out_whole_in_splits_of_one_size(rng, tmp_path, unequal):
    source = made_source(rng)
    groups = rng.permutation(np.arange(90) // 5 if not unequal else rng.integers(0, 12, 90))
    source = replace(source, rows=Rows(groups))
    batch = splits(tmp_path / "a.npz", source, (0, 6))
    number = {tuple(row): i for i, row in enumerate(source.X.tolist())}
    held_out = set()
    for r in range(6):
        fitted = [number[tuple(row)] for row in batch.X[r].tolist()]
        tested = [number[tuple(row)] for row in batch.X_test[r].tolist()]
        assert not set(groups[fitted]) & set(groups[tested])
        assert len(set(fitted)) == len(fitted) and len(set(tested)) == len(tested)
        np.testing.assert_array_equal(batch.only(r).rows.groups, groups[fitted])
        held_out.add(frozenset(tested))
    assert len(held_out) == 6
    lost = 90 - batch.X.shape[1] - batch.X_test.shape[1]
    assert lost == (np.bincount(groups).max() - 1 if unequal else 0)
    # a replicate is the same, whatever is drawn with it
    alone = splits(tmp_path / "b.npz", source, (4, 5))
    np.testing.assert_array_equal(alone.X[0], batch.X[4])


def test_the_last_share_is_held_out_and_origins_roll_back(rng, tmp_path):
    source = made_source(rng)
    time = np.repeat(rng.permutation(45), 2).astype(float)
    source = replace(source, rows=Rows(time=time))
    batch = splits(tmp_path / "a.npz", source, (0, 6))
    number = {tuple(row): i for i, row in enumerate(source.X.tolist())}
    begins = []
    for r in range(6):
        fitted = [number[tuple(row)] for row in batch.X[r].tolist()]
        tested = [number[tuple(row)] for row in batch.X_test[r].tolist()]
        assert time[fitted].max() < time[tested].min()
        begins.append(time[tested].min())
        if r == 0:
            assert sorted(time[tested]) == sorted(time)[-22:]
    assert begins == sorted(begins, reverse=True) and len(set(begins)) == 6
    for train, test in make_folds(batch.y[0], 4, "gaussian", rng, batch.only(0).rows):
        assert batch.time[0][train].max() < batch.time[0][test].min()


def test_copies_of_a_row_are_on_one_side_of_a_split(rng, tmp_path):
    frame = np.column_stack([rng.standard_normal((60, 3)), np.arange(60)])[
        np.append(np.arange(60), np.arange(30))
    ]
    lines = ["a,b,c,y", *(",".join(map(repr, row.tolist())) for row in frame)]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    import_table(tmp_path / "own.npz", str(tmp_path / "own.csv"), "y", **LIMITS)
    source = read_source(tmp_path / "own.npz")
    assert len(np.unique(source.rows.copies)) == 60
    batch = splits(tmp_path / "a.npz", source, (0, 6))
    for r in range(6):
        assert not set(batch.y[r]) & set(batch.y_test[r])


def test_a_group_too_large_to_be_held_out_is_refused(rng, tmp_path):
    source = replace(made_source(rng), rows=Rows(np.maximum(np.arange(90) - 80, 0)))
    with pytest.raises(InputError, match=r"test_share \(0.25\) leaves 0 rows of 90 to fit"):
        splits(tmp_path / "a.npz", source, (0, 6))


def test_a_table_is_imported_as_plain_arrays_with_its_notes(tmp_path):
    path = tmp_path / "own.csv"
    rows = [f"{i},{'red' if i % 3 else 'blue'},5,{i * i}" for i in range(30)]
    path.write_text("\n".join(["size,colour,same,price", *rows]))
    notes = import_table(tmp_path / "own.npz", str(path), "price", **LIMITS)
    source = read_source(tmp_path / "own.npz")
    assert source.names == ("size", "colour = blue")
    assert source.response == "gaussian"
    assert source.notes == notes
    assert any("same" in note for note in notes)
    assert np.array_equal(source.X[:, 1], np.arange(30) % 3 == 0)
    with load_arrays(tmp_path / "own.npz") as file:
        assert {file[name].dtype.kind for name in file.files} <= {"f", "U"}


def test_marks_of_missing_values_come_from_the_config(tmp_path):
    path = tmp_path / "own.csv"
    rows = [f"{-999 if i % 5 == 0 else i % 7},{i % 4},{i * i}" for i in range(30)]
    path.write_text("\n".join(["size,height,price", *rows]))
    import_table(tmp_path / "own.npz", str(path), "price", missing=["size=-999"], **LIMITS)
    source = read_source(tmp_path / "own.npz")
    assert source.names == ("size", "height", "size missing")
    assert source.X.min() == 0
    assert any("as was asked for: size=-999 (6)" in note for note in source.notes)


def test_a_sparse_table_becomes_a_dense_one_unless_it_is_too_large(rng, tmp_path):
    path = tmp_path / "own.svmlight"
    lines = [f"{i % 2} {i % 7 + 1}:2.5 9:{i}" for i in range(40)]
    path.write_text("\n".join(lines))
    import_table(tmp_path / "own.npz", str(path), **LIMITS)
    source = read_source(tmp_path / "own.npz")
    assert source.X.shape == (40, 8)
    assert np.array_equal(source.X[:, -1], np.arange(40))
    with pytest.raises(InputError, match="max_chunk_mb"):
        import_table(tmp_path / "own.npz", str(path), largest_mb=0.001)


def test_a_missing_file_is_named_with_its_data_set_and_one_like_it(tmp_path):
    (tmp_path / "prices.csv").touch()
    dataset = {"name": "own", "file": str(tmp_path / "price.csv")}
    with pytest.raises(InputError, match=r"'own'.*no such file \(did you mean prices.csv\?\)"):
        refuse_missing_files([dataset])
    refuse_missing_files([{"name": "a", "file": "sklearn:wine"}, {"name": "b"}])
    (tmp_path / "t.xlsx").touch()
    refuse_missing_files([{"name": "own", "file": f"{tmp_path}/t.xlsx#a sheet"}])
    with pytest.raises(InputError, match=r"'own'.*u\.xlsx#a: there is no such file"):
        refuse_missing_files([{"name": "own", "file": f"{tmp_path}/u.xlsx#a"}])
    assert is_local("sklearn.csv")
    assert not is_local("openml:61")


def semi(path, source, bounds, **changes):
    write_semi_synthetic(path, source, SEMI | changes, bounds, 1, **LIMITS)
    (batch,) = read_batches(path, "half")
    return batch


def test_a_semi_synthetic_response_has_its_prevalence_and_decay(rng):
    X = made_source(rng, 900).X
    rare = SEMI | {"response": ["binary"], "prevalence": [0.05]}
    _, truth = semi_synthetic_truth(X, rare, 1)
    one = 1 / (1 + np.exp(-truth.intercept - X @ truth.coef))
    assert one.mean() == pytest.approx(0.05)
    steep = SEMI | {"signal": ["power"], "decay": [2.0]}
    _, truth = semi_synthetic_truth(X, steep, 1)
    sizes = np.sort(np.abs(truth.coef * X.std(axis=0)))[::-1][:4]
    np.testing.assert_allclose(sizes / sizes[0], [1, 1 / 4, 1 / 9, 1 / 16])


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_a_semi_synthetic_population_has_its_snr_and_coefficients(rng, response):
    X = made_source(rng).X
    dataset = SEMI | {"signs": ["alternating"], "response": [response]}
    scenario, truth = semi_synthetic_truth(X, dataset, 1)
    noise = 1.0 if response == "gaussian" else LOGISTIC_VARIANCE
    predictor = truth.intercept + X @ truth.coef
    assert predictor.var() == pytest.approx(3.0 * noise)
    assert predictor.mean() == pytest.approx(0, abs=1e-9)
    assert truth.signal_var == pytest.approx(3.0 * noise)
    # on columns of unit variance all are of one size
    size = truth.coef * X.std(axis=0)
    assert np.allclose(np.abs(size[truth.support]), np.abs(size).max())
    assert sorted(np.sign(size[truth.support])) == [-1, -1, 1, 1]
    assert scenario.n_features == 6


def test_semi_synthetic_counts_have_their_mean_and_their_dispersion(rng, tmp_path):
    source = made_source(rng)
    given = {"response": ["poisson"], "mean_count": [2.5], "dispersion": [0.4], "snr": [0.5]}
    batch = semi(tmp_path / "a.npz", source, (0, 2), **given)
    truth = batch.truth
    assert batch.response == "poisson" and truth.dispersion == 0.4
    predictor = truth.intercept + source.X @ truth.coef
    assert np.exp(predictor).mean() == pytest.approx(2.5)
    assert predictor.var() == pytest.approx(0.5 * (1 / 2.5 + 0.4))
    coef, intercept = truth.coef + 0.2, np.array(truth.intercept)
    excess = np.exp(intercept + source.X @ coef) - np.exp(predictor)
    excess -= np.exp(predictor) * (source.X @ (coef - truth.coef))
    risk = risk_function(batch.only(0))(coef[None], intercept[None])
    assert risk[0] == pytest.approx(2 * excess.mean())


def test_semi_synthetic_classes_are_of_equal_size(rng, tmp_path):
    source = made_source(rng)
    given = {"response": ["multinomial"], "n_classes": [4], "class_features": ["own"]}
    batch = semi(tmp_path / "a.npz", source, (0, 2), **given)
    truth = batch.truth
    assert batch.response == "multinomial" and truth.coef.shape == (4, 6)
    share = softmax(truth.predictor(source.X), axis=0).mean(axis=1)
    np.testing.assert_allclose(share, 0.25, atol=1e-6)
    assert set(np.unique(batch.y)) == set(range(4)) and batch.coef_shape == (4, 6)
    own = risk_function(batch.only(0))(truth.coef[None], truth.intercept[None])
    assert own[0] == pytest.approx(0, abs=1e-12)


def write_table(path, X, y):
    lines = [",".join(f"{value:.6g}" for value in row) for row in np.column_stack([X, y])]
    path.write_text("\n".join(["a,b,c,y", *lines]))


def test_a_table_of_counts_or_of_several_classes_is_read_split_and_scored(rng, tmp_path):
    X = rng.standard_normal((120, 3))
    # numbers of classes in a table begin anywhere
    answers = {
        "poisson": rng.poisson(np.exp(X[:, 0])),
        "multinomial": 10 * (1 + np.arange(120) % 4),
    }
    for response, y in answers.items():
        write_table(tmp_path / "t.csv", X, y)
        import_table(tmp_path / "s.npz", str(tmp_path / "t.csv"), "y", response=response, **LIMITS)
        source = read_source(tmp_path / "s.npz")
        assert source.response == response
        several = response == "multinomial"
        np.testing.assert_array_equal(source.y, y / 10 - 1 if several else y)
        dataset = {"name": "own", "test_share": 0.25, "replicates": 3, "chunks": 1}
        write_splits(tmp_path / "0.npz", source, dataset, (0, 3), 1, min_rows=10, **LIMITS)
        (batch,) = read_batches(tmp_path / "0.npz", "own")
        assert batch.response == response and batch.coef_shape == ((4, 3) if several else (3,))
        shape = (2, *batch.coef_shape)
        coef, intercept = rng.standard_normal(shape), rng.standard_normal(shape[:-1])
        predictor = intercept[..., None] + coef @ batch.X_test[0].T
        expected = loss_of(response).value(batch.y_test[0], predictor)
        np.testing.assert_allclose(risk_function(batch.only(0))(coef, intercept), expected)
        if several:
            shares = [np.bincount(part.astype(int)) for part in (batch.y[0], batch.y_test[0])]
            assert [list(share) for share in shares] == [[22] * 4, [8] * 4]


def test_a_table_that_has_not_what_its_response_says_is_refused(rng, tmp_path):
    X = rng.standard_normal((60, 3))
    for response, y, words in (
        (
            "poisson",
            np.arange(60) / 2,
            "'y' must hold whole numbers of at least zero for response: poisson",
        ),
        ("poisson", X[:, 0] * 2, "target 'y' is .* counts are zero or more"),
        ("multinomial", np.arange(60) % 2, "'y' must hold numbers of at least three classes"),
    ):
        write_table(tmp_path / "t.csv", X, y)
        with pytest.raises(InputError, match=words):
            import_table(
                tmp_path / "s.npz", str(tmp_path / "t.csv"), "y", response=response, **LIMITS
            )


def test_a_split_that_leaves_a_class_too_few_rows_names_all_classes(rng, tmp_path):
    y = np.repeat([0.0, 1.0, 2.0, 3.0], [30, 30, 30, 2])
    source = Source(rng.standard_normal((92, 3)), y, ("a", "b", "c"), "multinomial", ())
    dataset = {"name": "own", "test_share": 0.3, "replicates": 2, "chunks": 1}
    with pytest.raises(InputError, match=r"21 of class 0, .* 1 of class 3\)"):
        write_splits(tmp_path / "0.npz", source, dataset, (0, 2), 1, min_rows=10, **LIMITS)


def test_a_response_that_does_not_fit_its_name_is_refused(rng, tmp_path):
    arrays = {
        "X": rng.standard_normal((2, 30, 3)),
        "y": rng.poisson(2.0, (2, 30)) + 0.5,
        "coef": np.ones(3),
        "response": np.array("poisson"),
    }
    for change, words in (
        ({}, "array 'y' must hold whole numbers of at least zero for response: poisson"),
        ({"response": np.array("ordinal")}, "array 'response': response 'ordinal' is unknown"),
        ({"y": np.arange(60.0).reshape(2, 30) % 3, "response": np.array("multinomial")},
         r"'coef' has shape \(3,\), must be \(n_classes, n_features\)"),
        ({"coef": np.ones((3, 3)), "y": np.zeros((2, 30))}, r"must be \(n_features,\)"),
    ):  # fmt: skip
        np.savez(tmp_path / "0.npz", **(arrays | change))
        with pytest.raises(DataFileError, match=words):
            list(read_batches(tmp_path / "0.npz", "own"))


def test_signal_and_signs_are_those_of_the_config(rng):
    X = made_source(rng).X
    _, truth = semi_synthetic_truth(X, SEMI | {"signal": ["decaying"]}, 1)
    size = np.sort(truth.coef * X.std(axis=0))[::-1]
    assert size[0] / size[3] == pytest.approx(20)
    with pytest.raises(InputError, match=r"'half': n_nonzero \(9\) exceeds the 6 columns"):
        semi_synthetic_truth(X, SEMI | {"n_nonzero": [9]}, 1)


def test_a_signal_that_cancels_is_refused(rng):
    column = rng.standard_normal(50)
    X, both = np.column_stack([column, 2 * column + 1]), SEMI | {"n_nonzero": [2]}
    semi_synthetic_truth(X, both | {"signs": ["same"]}, 1)
    with pytest.raises(InputError, match=r"'half': the columns .* cancel one another"):
        semi_synthetic_truth(X, both | {"signs": ["alternating"]}, 1)


def test_excess_risk_of_semi_synthetic_data_is_the_mean_over_the_rows(rng, tmp_path):
    source = made_source(rng)
    batch = semi(tmp_path / "a.npz", source, (0, 2))
    coef, intercept = rng.standard_normal((3, 6)), rng.standard_normal(3)
    error = (intercept[:, None] + coef @ source.X.T) - (
        batch.truth.intercept + source.X @ batch.truth.coef
    )
    assert np.allclose(risk_function(batch.only(0))(coef, intercept), (error**2).mean(axis=1))


def test_excess_log_loss_of_semi_synthetic_data_is_the_mean_over_the_rows(rng, tmp_path):
    source = made_source(rng)
    batch = semi(tmp_path / "a.npz", source, (0, 2), response=["binary"])
    assert batch.response == "binary"

    def loss(predictor):
        share = 1 / (1 + np.exp(-(batch.truth.intercept + source.X @ batch.truth.coef)))
        return (np.logaddexp(0, predictor) - share * predictor).mean()

    coef, intercept = 0.1 * rng.standard_normal((1, 6)), rng.standard_normal(1)
    expected = loss(intercept + source.X @ coef[0])
    expected -= loss(batch.truth.intercept + source.X @ batch.truth.coef)
    assert risk_function(batch.only(0))(coef, intercept)[0] == pytest.approx(expected)
    assert expected > 0


def test_semi_synthetic_rows_come_from_the_table_with_noise_of_variance_one(rng, tmp_path):
    source = made_source(rng)
    batch = semi(tmp_path / "a.npz", source, (0, 60), n_samples=[100], replicates=60)
    rows = {tuple(row) for row in source.X}
    assert all(tuple(row) in rows for row in batch.X[0])
    noise = batch.y - batch.truth.intercept - batch.X @ batch.truth.coef
    # four standard errors of a variance of 6,000 draws
    assert noise.var() == pytest.approx(1, abs=4 * np.sqrt(2 / 6000))
    half = semi(tmp_path / "b.npz", source, (30, 60), n_samples=[100], replicates=60, chunks=2)
    assert np.array_equal(batch.X[30:], half.X)
    assert np.array_equal(batch.y[30:], half.y)


GENERATORS = """
import numpy as np
import pandas as pd
from normwise.extensions import dataset

def rows(rng, n):
    X = rng.standard_normal((n, 3))
    return X, X[:, 0] + rng.standard_normal(n)

@dataset
def known(rng, n=20):
    X, y = rows(rng, n)
    return {"X": X, "y": y, "coef": np.array([1.0, 0, 0])}

@dataset
def held_out(rng, n=20):
    X, y = rows(rng, n)
    X_test, y_test = rows(rng, 9)
    return {"X": X, "y": y, "X_test": X_test, "y_test": y_test}

@dataset
def broken(rng, how):
    X, y = rows(rng, 20)
    good = {"X": X, "y": y, "coef": np.array([1.0, 0, 0])}
    if how == "fails":
        raise ArithmeticError("the tide is out")
    return {
        "tuple": (X, y),
        "unknown": good | {"beta": y},
        "column": good | {"y": y[:, None]},
        "ragged": {"X": X[: rng.integers(5, 15)], "y": y, "coef": good["coef"]},
        "truth": good | {"coef": rng.standard_normal(3)},
        "lengths": good | {"y": y[:10]},
        "wide": good | {"coef": np.zeros(4)},
        "lost": good | {"y": np.where(y > 0, y, np.nan)},
        "alone": {"X": X, "y": y},
        "some": good if rng.random() < 0.5 else good | {"noise_var": 1.0},
    }[how]
"""


@pytest.fixture(scope="module")
def generators(tmp_path_factory):
    file = tmp_path_factory.mktemp("extension") / "my_data.py"
    file.write_text(GENERATORS)
    load([file])
    yield file
    for name in ("known", "held_out", "broken"):
        del DATASETS[name]


def generated(path, source, bounds, **options):
    dataset = {"name": "mine", "source": source, "options": options}
    write_generated(path, dataset, bounds, 1)
    (batch,) = read_batches(path, "mine")
    return batch


@pytest.mark.parametrize("source", ["known", "held_out"])
def test_generated_replicates_do_not_depend_on_chunks(generators, tmp_path, source):
    whole = generated(tmp_path / "a.npz", source, (0, 7))
    part = generated(tmp_path / "b.npz", source, (3, 7))
    assert whole.X.shape == (7, 20, 3)
    assert part.start == 3
    for name in ("X", "y", *(("X_test", "y_test") if source == "held_out" else ())):
        assert np.array_equal(getattr(whole, name)[3:], getattr(part, name))
    assert (whole.truth is not None) == (source == "known")


def test_a_generated_replicate_has_a_generator_of_its_own(generators, tmp_path):
    batch = generated(tmp_path / "a.npz", "known", (0, 4), n=11)
    rng = generator(1, outside_key("mine"), "data", 2)
    assert np.array_equal(batch.X[2], rng.standard_normal((11, 3)))


MESSAGES = {
    "fails": "broken fails with ArithmeticError: the tide is out",
    "tuple": "broken returned tuple, must return a dict",
    "unknown": "broken returned beta; arrays are X, y",
    "column": r"array 'y' has 2 dimensions, shape \(20, 1\), must have 1",
    "ragged": r"array 'X' has shape \(\d+, 3\) in replicate \d and",
    "truth": "array 'coef' differs between replicates 0 and 1",
    "lengths": r"X has shape \(4, 20, 3\) and y \(4, 10\)",
    "wide": r"array 'coef' has shape \(4,\), must be \(3,\)",
    "lost": "array 'y' must hold finite numbers",
    "alone": "needs 'X_test' and 'y_test'",
    "some": "broken returned X, y, coef(, noise_var)? for replicate",
}


@pytest.mark.parametrize("how", MESSAGES)
def test_what_a_generator_does_wrong_is_named_with_its_file(generators, tmp_path, how):
    with pytest.raises((ExtensionError, DataFileError), match=MESSAGES[how]) as error:
        generated(tmp_path / "a.npz", "broken", (0, 4), how=how)
    assert f"{generators}, broken" in str(error.value)
    assert not (tmp_path / "a.npz").exists()


def test_options_that_do_not_fit_a_generator_are_named(generators, tmp_path):
    with pytest.raises(ExtensionError, match=r"options do not fit known\(rng, n=20\).*'m'"):
        generated(tmp_path / "a.npz", "known", (0, 4), m=3)


def test_counts_and_several_classes_are_what_a_study_says_they_are(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((60, 2)), columns=["a", "b"])
    frame.assign(visits=rng.poisson(1.5, 60)).to_csv(tmp_path / "counts.csv", index=False)
    import_table(tmp_path / "s.npz", str(tmp_path / "counts.csv"), "visits", largest_mb=1)
    assert read_source(tmp_path / "s.npz").response == "gaussian"
    kinds = np.array(["p", "q", "r"])[np.arange(60) % 3]
    frame.assign(kind=kinds).to_csv(tmp_path / "kinds.csv", index=False)
    options = {"file": str(tmp_path / "kinds.csv"), "target": "kind", "largest_mb": 1}
    with pytest.raises(
        InputError, match="'kind' has 3 classes: give response: multinomial, or one"
    ):
        import_table(tmp_path / "s.npz", **options)
    import_table(tmp_path / "s.npz", positive="q", **options)
    assert read_source(tmp_path / "s.npz").response == "binary"
