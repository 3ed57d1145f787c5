"""The data file: what is written is read back, and what breaks the contract is refused."""

import numpy as np
import pytest
from scipy.special import expit

from normwise.data import simulated
from normwise.data.errors import DataFileError
from normwise.data.file import read_batches, read_origin, truth_arrays
from normwise.data.population import draw, population
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays, save_arrays
from normwise.files.errors import DamagedFileError
from normwise.files.whole import write_atomic, write_text
from normwise.fitting.risk import excess_risk, risk_function

SEED = 5
SMALL = Scenario(n_samples=12, n_features=4, n_nonzero=2)
SCENARIOS = [
    SMALL,
    Scenario(n_samples=10, n_features=6, n_nonzero=3, covariance="ar1", correlation=0.5),
    Scenario(n_samples=10, n_features=6, n_nonzero=3, features="sparse_binary", response="binary"),
]


@pytest.fixture
def arrays(rng) -> dict[str, np.ndarray]:
    """A good outside file with its truth."""
    X = rng.standard_normal((3, 15, 4))
    return {"X": X, "y": X[..., 0] + rng.standard_normal((3, 15)), "coef": np.eye(4)[0]}


@pytest.fixture
def held_out(arrays, rng) -> dict[str, np.ndarray]:
    """A good outside file with held-out rows."""
    rows = {"X_test": rng.standard_normal((3, 7, 4)), "y_test": rng.standard_normal((3, 7))}
    return {"X": arrays["X"], "y": arrays["y"]} | rows


def read_one(path, arrays):
    save_arrays(path, arrays)
    return next(read_batches(path, "mine"))


def test_simulated_file_holds_the_draws_and_their_truth(tmp_path):
    path = tmp_path / "0.npz"
    write_simulated(path, SCENARIOS, 2, 5, SEED)
    batches = list(read_batches(path, "any"))
    assert [b.id for b in batches] == [s.id for s in SCENARIOS]
    for scenario, batch in zip(SCENARIOS, batches, strict=True):
        assert (batch.start, batch.response) == (2, scenario.response)
        for i in range(3):
            X, y = draw(scenario, SEED, 2 + i)
            np.testing.assert_array_equal(batch.X[i], X)
            np.testing.assert_array_equal(batch.y[i], y)
        np.testing.assert_array_equal(batch.truth.coef, population(scenario, SEED).coef)
    assert [b.X_test is None for b in batches] == [True, True, False]


def test_chunks_and_neighbours_do_not_change_a_draw(tmp_path):
    write_simulated(tmp_path / "whole.npz", SCENARIOS, 0, 4, SEED)
    whole = list(read_batches(tmp_path / "whole.npz", "a"))[1]
    for start, stop in [(0, 1), (1, 4)]:
        path = tmp_path / f"{start}.npz"
        write_simulated(path, SCENARIOS[1:2], start, stop, SEED)
        part = next(read_batches(path, "b"))
        np.testing.assert_array_equal(part.X, whole.X[start:stop])
        np.testing.assert_array_equal(part.y, whole.y[start:stop])


def test_one_replicate_of_a_batch_keeps_its_number(tmp_path):
    write_simulated(tmp_path / "0.npz", [SMALL], 3, 6, SEED)
    batch = next(read_batches(tmp_path / "0.npz", "a"))
    one = batch.only(2)
    assert (one.start, one.X.shape, one.y.shape) == (5, (1, 12, 4), (1, 12))
    np.testing.assert_array_equal(one.X[0], batch.X[2])


def test_origins_rebuild_the_truth_of_simulated_files(tmp_path):
    path = tmp_path / "0.npz"
    write_simulated(path, SCENARIOS, 0, 1, SEED)
    for i, batch in enumerate(read_batches(path, "any")):
        origin = read_origin(truth_arrays(path), i, "any", "gaussian", 4)
        assert origin.scenario == SCENARIOS[i]
        assert (origin.id, origin.response) == (batch.id, batch.response)
        np.testing.assert_array_equal(origin.truth.coef, batch.truth.coef)
        if batch.X_test is not None:
            np.testing.assert_array_equal(origin.X_test, batch.X_test)


def test_outside_truth_gives_the_population_risk(tmp_path, arrays, rng):
    covariance = 0.5 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    mean = np.array([1.0, 0, 0, -2])
    arrays |= {"covariance": covariance, "mean": mean, "intercept": 0.5, "noise_var": 2.0}
    batch = read_one(tmp_path / "0.npz", arrays)
    assert (batch.truth.noise_var, batch.response, batch.y_test) == (2.0, "gaussian", None)
    b, b0 = rng.standard_normal(4), 0.3
    error = b - arrays["coef"]
    expected = error @ covariance @ error + (b0 - 0.5 + mean @ error) ** 2
    assert excess_risk(batch.truth, b, np.array(b0)) == pytest.approx(expected)
    origin = read_origin(truth_arrays(tmp_path / "0.npz"), 0, "mine", "gaussian", 4)
    assert excess_risk(origin.truth, b, np.array(b0)) == pytest.approx(expected)
    assert origin.id == batch.id


def test_outside_truth_defaults_to_independent_features_of_mean_zero(tmp_path, arrays):
    truth = read_one(tmp_path / "0.npz", arrays).truth
    np.testing.assert_array_equal(truth.root, np.eye(4))
    assert (truth.intercept, truth.noise_var, truth.mean.any()) == (0.0, 1.0, False)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_rows_of_equal_probability_are_the_population(tmp_path, arrays, rng, response):
    rows = rng.exponential(size=(50, 3))
    # a copy of a column has no Cholesky factor, and real tables have copies
    rows = np.column_stack([rows, rows[:, 0]])
    arrays |= {"population": rows, "intercept": 0.5}
    if response == "binary":
        arrays["y"] = (arrays["y"] > 0).astype(float)
    batch = read_one(tmp_path / "0.npz", arrays)
    b, b0 = rng.standard_normal((1, 4)), np.array([0.3])
    true, fitted = rows @ arrays["coef"] + 0.5, rows @ b[0] + b0
    if response == "gaussian":
        expected = ((fitted - true) ** 2).mean()
    else:
        loss = [np.logaddexp(0, u) - expit(true) * u for u in (fitted, true)]
        expected = (loss[0] - loss[1]).mean()
    assert risk_function(batch.only(1))(b, b0) == pytest.approx([expected])
    origin = read_origin(truth_arrays(tmp_path / "0.npz"), 0, "mine", response, 4)
    np.testing.assert_array_equal(origin.X_test, rows)
    np.testing.assert_allclose(origin.truth.root @ origin.truth.root.T, np.cov(rows.T, bias=True))


def test_outside_held_out_rows_go_with_their_replicate(tmp_path, held_out):
    batch = read_one(tmp_path / "0.npz", held_out)
    assert batch.truth is None
    np.testing.assert_array_equal(batch.only(1).X_test[0], held_out["X_test"][1])
    np.testing.assert_array_equal(batch.only(1).y_test[0], held_out["y_test"][1])


def test_zeros_and_ones_are_a_binary_response(tmp_path, arrays):
    arrays["y"] = (arrays["y"] > 0).astype(np.int8)
    assert read_one(tmp_path / "0.npz", arrays).response == "binary"


def test_a_rare_value_held_out_makes_no_class(tmp_path, held_out):
    # which rows are held out must not decide what kind of response a table has
    held_out["y"], held_out["y_test"] = (
        (held_out[name] > 0).astype(float) for name in ("y", "y_test")
    )
    assert read_one(tmp_path / "0.npz", held_out).response == "binary"
    held_out["y_test"][0, 0] = 2
    assert read_one(tmp_path / "1.npz", held_out).response == "gaussian"


BROKEN = {
    "no X": (lambda a: a.pop("X"), ["X"]),
    "no y": (lambda a: a.pop("y"), ["y"]),
    "X of two axes": (lambda a: a.update(X=a["X"][0]), ["X", "(15, 4)"]),
    "y of another length": (lambda a: a.update(y=a["y"][:, 1:]), ["y", "(3, 14)"]),
    "NaN in X": (lambda a: a["X"].__setitem__((0, 0, 0), np.nan), ["X", "finite"]),
    "infinity in y": (lambda a: a["y"].__setitem__((0, 0), np.inf), ["y", "finite"]),
    "text in X": (lambda a: a.update(X=a["X"].astype("U5")), ["X", "numbers"]),
    "text in y": (lambda a: a.update(y=np.full((3, 15), "yes")), ["y", "numbers"]),
    "coef of another length": (lambda a: a.update(coef=np.zeros(5)), ["coef", "(5,)", "(4,)"]),
    "a population of another width": (
        lambda a: a.update(population=np.zeros((9, 3))),
        ["population", "(9, 3)", "(n_rows, 4)"],
    ),
    "a population and a covariance": (
        lambda a: a.update(population=np.eye(4), covariance=np.eye(4)),
        ["population", "covariance", "one of the two"],
    ),
    "covariance of another size": (
        lambda a: a.update(covariance=np.eye(3)),
        ["covariance", "(3, 3)", "(4, 4)"],
    ),
    "indefinite covariance": (
        lambda a: a.update(covariance=-np.eye(4)),
        ["covariance", "positive definite"],
    ),
    "asymmetric covariance": (
        lambda a: a.update(covariance=np.eye(4) + np.triu(np.full((4, 4), 0.3), 1)),
        ["covariance", "symmetric"],
    ),
    "mean of another length": (lambda a: a.update(mean=np.zeros(3)), ["mean", "(3,)", "(4,)"]),
    "intercept that is no number": (lambda a: a.update(intercept=np.zeros(4)), ["intercept"]),
    "noise_var that is no number": (lambda a: a.update(noise_var=np.ones(4)), ["noise_var"]),
    "neither truth nor test rows": (lambda a: a.pop("coef"), ["X_test", "y_test", "coef"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_with_truth_is_refused_by_name_of_file_and_array(tmp_path, arrays, case):
    spoil, words = BROKEN[case]
    spoil(arrays)
    with pytest.raises(DataFileError) as error:
        read_one(tmp_path / "0.npz", arrays)
    for word in [str(tmp_path / "0.npz"), *words]:
        assert word in str(error.value)


BROKEN_TEST_ROWS = {
    "no y_test": (lambda a: a.pop("y_test"), ["y_test"]),
    "other features": (lambda a: a.update(X_test=a["X_test"][..., 1:]), ["X_test", "(3, 7, 3)"]),
    "other replicates": (lambda a: a.update(X_test=a["X_test"][1:]), ["X_test", "(2, 7, 4)"]),
    "other rows": (lambda a: a.update(y_test=a["y_test"][:, 1:]), ["y_test", "(3, 6)"]),
    "NaN": (lambda a: a["y_test"].__setitem__((0, 0), np.nan), ["y_test", "finite"]),
}


@pytest.mark.parametrize("case", BROKEN_TEST_ROWS)
def test_broken_held_out_rows_are_refused_by_name_of_file_and_array(tmp_path, held_out, case):
    spoil, words = BROKEN_TEST_ROWS[case]
    spoil(held_out)
    with pytest.raises(DataFileError) as error:
        read_one(tmp_path / "0.npz", held_out)
    for word in [str(tmp_path / "0.npz"), *words]:
        assert word in str(error.value)


def test_pickled_arrays_are_refused(tmp_path):
    path = tmp_path / "0.npz"
    np.savez(path, X=np.array([{"code": 1}], dtype=object), y=np.zeros(1), allow_pickle=True)
    with pytest.raises(ValueError):
        next(read_batches(path, "mine"))
    with pytest.raises(ValueError, match="pickle"):
        save_arrays(tmp_path / "1.npz", {"X": np.array([{}], dtype=object)})
    assert not (tmp_path / "1.npz").exists()


def test_pickled_arrays_are_named_in_the_message(tmp_path):
    path = tmp_path / "0.npz"
    np.savez(path, X=np.array([{"code": 1}], dtype=object), y=np.zeros(1), allow_pickle=True)
    with pytest.raises(DataFileError) as error:
        next(read_batches(path, "mine"))
    assert str(path) in str(error.value)


@pytest.mark.parametrize("kind", ["text", "a single array", "half a file"])
def test_a_file_that_holds_no_arrays_is_refused_by_name(tmp_path, arrays, kind):
    path = tmp_path / "0.npz"
    save_arrays(path, arrays)
    if kind == "text":
        path.write_text("X,y\n1,2\n")
    elif kind == "a single array":
        with path.open("wb") as file:
            np.save(file, arrays["X"])
    else:
        path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DamagedFileError) as error:
        next(read_batches(path, "mine"))
    assert str(error.value).count("is damaged") == str(error.value).count(str(path)) == 1


@pytest.mark.parametrize("name", ["seed", "start"])
def test_scenarios_without_what_draws_them_are_refused(tmp_path, name):
    write_simulated(tmp_path / "0.npz", [Scenario(10, 3, 1)], 0, 2, seed=1)
    with load_arrays(tmp_path / "0.npz") as file:
        arrays = {key: file[key] for key in file.files if key != name}
    with pytest.raises(DataFileError, match=f"0.npz: array '{name}' is missing"):
        read_one(tmp_path / "0.npz", arrays)


def test_save_and_load_arrays(tmp_path):
    save_arrays(tmp_path / "deep" / "a.npz", {"b": np.arange(3), "c.0": np.array("text")})
    with load_arrays(tmp_path / "deep" / "a.npz") as file:
        assert (file["b"].tolist(), str(file["c.0"])) == ([0, 1, 2], "text")


def test_a_writer_that_fails_leaves_no_file_behind(tmp_path):
    def half(partial):
        partial.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_atomic(tmp_path / "a.txt", half)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_the_old_file_alone(tmp_path):
    write_text(tmp_path / "a.txt", "old")

    def half(partial):
        partial.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        write_atomic(tmp_path / "a.txt", half)
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize("drawn_mb", [64, 1e-3])
def test_a_recipe_gives_the_same_arrays(tmp_path, monkeypatch, drawn_mb):
    monkeypatch.setattr(simulated, "DRAWN_MB", drawn_mb)
    write_simulated(tmp_path / "whole.npz", SCENARIOS, 3, 9, SEED)
    write_simulated(tmp_path / "recipe.npz", SCENARIOS, 3, 9, SEED, recipe=True)
    whole = list(read_batches(tmp_path / "whole.npz", "a"))
    parts = list(read_batches(tmp_path / "recipe.npz", "a"))
    assert (len(parts) > len(whole)) == (drawn_mb < 1)
    for batch in whole:
        own = [p for p in parts if p.id == batch.id]
        assert [p.start for p in own] == list(np.cumsum([3] + [len(p.y) for p in own])[:-1])
        for name in ("X", "y"):
            joined = np.concatenate([getattr(p, name) for p in own])
            np.testing.assert_array_equal(joined, getattr(batch, name))
            assert joined.dtype == getattr(batch, name).dtype
            # else sums would differ in the last bit
            assert all(
                getattr(p, name).strides[1:] == getattr(batch, name).strides[1:] for p in own
            )
        np.testing.assert_array_equal(own[0].truth.coef, batch.truth.coef)


def test_a_recipe_is_smaller_by_far(tmp_path):
    scenario = Scenario(200, 100, 5)
    write_simulated(tmp_path / "whole.npz", [scenario], 0, 20, SEED)
    write_simulated(tmp_path / "recipe.npz", [scenario], 0, 20, SEED, recipe=True)
    sizes = [(tmp_path / f"{name}.npz").stat().st_size for name in ("whole", "recipe")]
    assert sizes[0] > 100 * sizes[1]


@pytest.mark.parametrize("change", ["seed", "digest", "scenario"])
def test_a_recipe_that_does_not_give_what_it_says_is_refused(tmp_path, change):
    path = tmp_path / "recipe.npz"
    write_simulated(path, [SMALL], 0, 4, SEED, recipe=True)
    with load_arrays(path) as file:
        arrays = {name: file[name] for name in ("scenarios", "start", "stop", "seed", "digest.0")}
    if change == "seed":
        arrays["seed"] = np.array(SEED + 1)
    elif change == "digest":
        arrays["digest.0"][2] = arrays["digest.0"][1]
    else:
        arrays["scenarios"] = np.array(str(arrays["scenarios"]).replace('"snr": ', '"snr": 1'))
    save_arrays(path, arrays)
    number = 2 if change == "digest" else 0
    with pytest.raises(DataFileError, match=f"replicate {number} of scenario .* recipe_above_mb"):
        list(read_batches(path, "a"))
