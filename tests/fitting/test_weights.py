"""Weights of the rows of a study's table: what they equal, what they reach, what refuses them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.measure.metrics import held_out_metrics
from normwise.analysis.measure.own_metrics import Fitted
from normwise.data.batch import Batch, outside_key
from normwise.data.errors import DataFileError, InputError
from normwise.data.file import read_batches
from normwise.data.imported import import_table, read_source
from normwise.data.splits import write_splits
from normwise.files.arrays import load_arrays, save_arrays
from normwise.fitting import fit_job
from normwise.fitting.fit_job import FitOptions, fit_file, fit_replicate
from normwise.fitting.penalties import adaptive_lasso
from normwise.fitting.penalty import Penalty, find, standardised
from normwise.fitting.solvers.problem import Path
from normwise.fitting.tuning import fold_labels, splits_of

OPTIONS = FitOptions(seed=2, n_folds=4, n_alphas=12, l1_ratio=0.5, tolerance=1e-6, keep_paths=True)
TABLE = {"name": "own", "test_share": 0.25, "replicates": 4, "chunks": 1}
N, P = 60, 6


def drawn(rng, response, n=N):
    X = rng.standard_normal((n, P)) * np.array([1, 10, 0.1, 1, 5, 1]) + 3
    y = X[:, 0] - X[:, 3] + rng.standard_normal(n)
    return X, (y > 0).astype(float) if response == "binary" else y


def batch_of(train, test, response, weights=None, weights_test=None):
    parts = (*train, *test, weights, weights_test)
    X, y, X_test, y_test, weights, weights_test = (
        None if part is None else part[None] for part in parts
    )
    outside = Batch("own", outside_key("own"), 0, X, y, response, None, X_test, y_test)
    return replace(outside, weights=weights, weights_test=weights_test)


class Positive(Penalty):
    """A ridge of one strength by hand, that says it uses the weights."""

    name, label, takes_weights = "by_hand", "by hand", True

    def path(self, problem, alphas, tol):
        Z, mean, scale = standardised(problem.X, problem.weight)
        share = problem.weight / problem.weight.sum()
        y = problem.y - share @ problem.y
        gram, inner = (Z * share[:, None]).T @ Z, Z.T @ (share * y)
        coef = np.array([np.linalg.solve(gram + a * np.eye(P), inner) for a in alphas]) / scale
        none = np.zeros(len(alphas))
        return Path(alphas, coef, share @ problem.y - coef @ mean, none, none.astype(int))


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize(
    "penalty", ["l1", "l2", "elastic_net", "none", "relaxed_lasso", "adaptive_lasso", "own"]
)
def test_whole_weights_equal_repeated_rows_in_every_number_of_a_fit(
    rng, monkeypatch, penalty, response
):
    (X, y), (X_test, y_test) = drawn(rng, response), drawn(rng, response, 30)
    weights, weights_test = rng.integers(1, 5, N), rng.integers(1, 5, 30)
    rows, rows_test = np.repeat(np.arange(N), weights), np.repeat(np.arange(30), weights_test)
    labels = fold_labels(y, 4, response, rng)
    by_length = {N: labels, len(rows): labels[rows]}
    monkeypatch.setattr(fit_job, "make_folds", lambda y, *_: splits_of(by_length[len(y)]))
    # the ridge fit of the adaptive lasso leaves out single rows, weighted or not
    monkeypatch.setattr(adaptive_lasso, "pilot", lambda problem, tol: np.arange(1.0, P + 1))
    what = Positive() if penalty == "own" else find(penalty, 0.5)
    one = fit_replicate(
        batch_of((X, y), (X_test, y_test), response, weights * 0.5, weights_test * 0.5),
        what,
        OPTIONS,
    )
    other = fit_replicate(
        batch_of((X[rows], y[rows]), (X_test[rows_test], y_test[rows_test]), response),
        what,
        OPTIONS,
    )
    plain = fit_replicate(batch_of((X, y), (X_test, y_test), response), what, OPTIONS)
    compared = set(one) - {"seconds", "n_iter", "gap", "fold_gap", "y_test", "weights_test"}
    assert {"coef", "path_coef", "cv_error", "chosen", "risk", "train_error", "dof"} <= compared
    for name in compared:
        ours, theirs = one[name], other[name]
        if name == "predictor_test":
            ours = ours[:, rows_test]
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5, err_msg=name)
    for name in ("coef", "risk", "train_error", *(["cv_error"] if what.tuned else [])):
        assert not np.allclose(one[name], plain[name], rtol=1e-2), name
    # what the tables are made of
    judged = [
        held_out_metrics(
            response, *(f[name][None] for name in ("risk", "predictor_test", "y_test")), w
        )
        for f, w in ((one, one["weights_test"][None]), (other, None), (one, None))
    ]
    for name, values in judged[0].items():
        np.testing.assert_allclose(values, judged[1][name], rtol=1e-4, err_msg=name)
        assert not np.allclose(values, judged[2][name], rtol=1e-3), name


def written(folder, frame, name="own", **options):
    """Splits of a table as arrays, by way of its file."""
    file = folder / f"{name}.csv"
    frame.to_csv(file, index=False)
    import_table(folder / "source.npz", str(file), "y", **options, largest_mb=100.0)
    source = read_source(folder / "source.npz")
    write_splits(folder / "data.npz", source, TABLE, (0, 4), 1, min_rows=8, largest_mb=100.0)
    with load_arrays(folder / "data.npz") as found:
        return dict(found)


def frame_of(rng, n=N, **more):
    X, y = drawn(rng, "gaussian", n)
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(P)]).assign(y=y, **more)


def test_equal_weights_are_none_and_weight_zero_is_absence(rng, tmp_path):
    frame = frame_of(rng, weight=2.0)
    plain = written(tmp_path, frame, drop=["weight"])
    equal = written(tmp_path, frame, weights="weight")
    assert plain.keys() == equal.keys() == {"X", "y", "X_test", "y_test", "start", "response"}
    for name, values in plain.items():
        np.testing.assert_array_equal(values, equal[name])
    frame["weight"] = rng.permutation(np.arange(N) % 3)
    there = written(tmp_path, frame, weights="weight")
    left = written(tmp_path, frame[frame["weight"] > 0], weights="weight")
    assert there["y"].shape[1] + there["y_test"].shape[1] == 40
    for name, values in there.items():
        np.testing.assert_array_equal(values, left[name])


@pytest.mark.parametrize("options", [{}, {"groups": "patient"}, {"time": "patient"}])
def test_a_weight_goes_with_its_row_to_either_side_of_a_split(rng, tmp_path, options):
    frame = frame_of(rng, weight=rng.uniform(0.5, 3, N), patient=np.arange(N) // 4)
    found = written(
        tmp_path, frame, weights="weight", drop=[] if options else ["patient"], **options
    )
    of_row = dict(zip(frame["y"], frame["weight"], strict=True))
    for part in ("", "_test"):
        own = np.vectorize(of_row.get)(found[f"y{part}"])
        np.testing.assert_array_equal(found[f"weights{part}"], own)
    # no feature: as many columns as were drawn
    assert found["X"].shape[2] == P
    (batch,) = read_batches(tmp_path / "data.npz", "own")
    np.testing.assert_array_equal(batch.only(2).rows.weights, found["weights"][2])
    np.testing.assert_array_equal(batch.only(2).weights_test, found["weights_test"][2:3])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, r"own.csv: weights 'weight' is -1 in row 3: give numbers from 0"),
        (np.nan, r"own.csv: weights 'weight' lacks a value in 1 row, the first of them row 3"),
        ("heavy", r"own.csv: weights 'weight' is text such as 'heavy': give numbers"),
    ],
)
def test_a_weight_that_cannot_be_used_is_named(rng, tmp_path, value, message):
    frame = frame_of(rng, weight=np.arange(N) % 4 + 1.0).astype({"weight": object})
    frame.loc[2, "weight"] = value
    with pytest.raises(InputError, match=message):
        written(tmp_path, frame, weights="weight")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights": np.ones((4, 3))},
            r"'weights' has shape \(4, 3\), must be that of y, \(4, 45\)",
        ),
        ({"weights_test": None}, "give both or neither"),
        ({"weights": -np.ones((4, 45))}, "'weights' holds -1, must be positive"),
        (
            {"weights_test": np.zeros((4, 15))},
            "'weights_test' holds 0, must be positive; leave out",
        ),
        (
            {"X_test": None, "y_test": None, "coef": np.ones(P)},
            "has array 'weights_test' and no 'y_test'",
        ),
    ],
)
def test_weights_of_a_rule_that_do_not_fit_its_rows_are_refused(rng, tmp_path, changes, message):
    arrays = written(tmp_path, frame_of(rng, weight=rng.uniform(1, 2, N)), weights="weight")
    arrays = {name: v for name, v in (arrays | changes).items() if v is not None}
    save_arrays(tmp_path / "data.npz", arrays)
    with pytest.raises(DataFileError, match=message):
        list(read_batches(tmp_path / "data.npz", "own"))


def test_a_penalty_that_takes_no_weights_refuses_them(rng, tmp_path):
    written(tmp_path, frame_of(rng, weight=rng.uniform(1, 2, N)), weights="weight")
    out = tmp_path / "fits.npz"
    with pytest.raises(ValueError, match="penalty mcp takes no weights of the rows"):
        fit_file(tmp_path / "data.npz", out, "own", "mcp", OPTIONS, 1)
    by_scikit_learn = replace(OPTIONS, engine="scikit-learn")
    with pytest.raises(ValueError, match="scikit-learn engine takes no sample weights"):
        fit_file(tmp_path / "data.npz", out, "own", "l1", by_scikit_learn, 1)
    assert not Penalty.takes_weights


def test_a_metric_of_the_user_sees_the_weights_of_the_rows_held_out(rng, tmp_path, monkeypatch):
    from normwise.analysis.measure import evaluate as measure

    arrays = written(tmp_path, frame_of(rng, weight=rng.uniform(1, 9, N)), weights="weight")
    fit_file(tmp_path / "data.npz", tmp_path / "fits.npz", "own", "l2", OPTIONS, 1)
    seen: list[Fitted] = []
    monkeypatch.setattr(
        measure, "measure", lambda name, fitted: seen.append(fitted) or fitted.alpha
    )
    (tables,) = measure.evaluate({"l2": [tmp_path / "fits.npz"]}, "own", ["mine"])
    np.testing.assert_array_equal(seen[0].weights_test, arrays["weights_test"])
    fitted = seen[0]
    squares = (fitted.y_test[:, None] - fitted.predictor_test) ** 2
    weight = fitted.weights_test[:, None]
    expected = (squares * weight).sum(axis=-1) / weight.sum(axis=-1)
    metrics = tables["metrics"].query("metric == 'test_error' and tuning == 'cv_min'")
    np.testing.assert_allclose(metrics["value"], expected[:, 0])
