"""The data file: opened, checked, and read a few replicates at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from threadpoolctl import threadpool_limits

from normwise.data.population import Population, draw, draw_test_features, population
from normwise.data.scenario import Scenario
from normwise.files.whole import BROKEN, DamagedFileError, array_digest, load_arrays, save_arrays

TRUTH_ARRAYS = (
    "scenarios",
    "start",
    "seed",
    "coef",
    "intercept",
    "covariance",
    "mean",
    "noise_var",
    "population",
)

# of a recipe so much is drawn at a time
DRAWN_MB = 64


class DataFileError(ValueError):
    """A data file that does not keep the contract."""


@dataclass(frozen=True)
class Batch:
    """Replicates of one scenario, with the truth where it is known.

    Attributes
    ----------
    id, key : str
        Short and full digest of the scenario (of the data set's name, for outside files).
    start : int
        Number of the first replicate.
    X : ndarray of shape (n_replicates, n_samples, n_features)
    y : ndarray of shape (n_replicates, n_samples)
    response : {"gaussian", "binary"}
    truth : Population or None
    X_test : ndarray or None
        Rows that stand for the population: shared by all replicates (2-d, used with the
        truth), or held out for each (3-d, used with ``y_test``).
    y_test : ndarray of shape (n_replicates, n_test) or None
    """

    id: str
    key: str
    start: int
    X: np.ndarray
    y: np.ndarray
    response: str
    truth: Population | None
    X_test: np.ndarray | None = None
    y_test: np.ndarray | None = None

    def only(self, index: int) -> Batch:
        """The batch of one of its replicates."""
        own = slice(index, index + 1)
        held_out = self.y_test is not None
        return replace(
            self,
            start=self.start + index,
            X=self.X[own],
            y=self.y[own],
            X_test=self.X_test[own] if held_out and self.X_test is not None else self.X_test,
            y_test=self.y_test[own] if self.y_test is not None else None,
        )


def write_simulated(
    path: str | Path,
    scenarios: Sequence[Scenario],
    start: int,
    stop: int,
    seed: int,
    recipe: bool = False,
) -> None:
    """Draw replicates ``start`` to ``stop - 1`` of each scenario into one data file.

    Parameters
    ----------
    path : path
    scenarios : sequence of Scenario
    start, stop : int
    seed : int
        Root seed.
    recipe : bool
        Write the digests of the arrays in place of the arrays.
    """
    arrays: dict[str, np.ndarray] = {
        "scenarios": np.array(json.dumps([s.as_dict() for s in scenarios])),
        "start": np.array(start),
        "seed": np.array(seed),
    }
    if recipe:
        arrays["stop"] = np.array(stop)
    # results must not depend on the number of threads of the linear algebra
    with threadpool_limits(1):
        for i, scenario in enumerate(scenarios):
            draws = (draw(scenario, seed, r) for r in range(start, stop))
            if recipe:
                arrays[f"digest.{i}"] = np.array([_digest(X, y) for X, y in draws])
                continue
            arrays[f"X.{i}"], arrays[f"y.{i}"] = _stacked(list(draws))
    save_arrays(path, arrays)


def _digest(X: np.ndarray, y: np.ndarray) -> bytes:
    """Digest of one replicate."""
    return f"{array_digest('X', X)}{array_digest('y', y)}".encode()


def _stacked(draws: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    # in the same order however many there are: sums in another one differ in the last bit
    return np.ascontiguousarray([X for X, _ in draws]), np.stack([y for _, y in draws])


def _drawn_again(
    path: str | Path, scenario: Scenario, seed: int, start: int, digests: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Replicates of a recipe, a few at a time: number of the first, X, y."""
    n_bytes = scenario.n_samples * (scenario.n_features + 1) * 8
    step = max(1, int(DRAWN_MB * 1_000_000 / n_bytes))
    for first in range(0, len(digests), step):
        with threadpool_limits(1):
            draws = [
                draw(scenario, seed, start + r)
                for r in range(first, min(first + step, len(digests)))
            ]
        for r, (X, y) in enumerate(draws, start=first):
            if _digest(X, y) != digests[r]:
                _fail(
                    path,
                    f"replicate {start + r} of scenario {scenario.id} is not what it was when the "
                    "recipe was written: another kind of processor, other versions of the "
                    "packages, or a changed file. Run all jobs on one kind of machine, or raise "
                    "recipe_above_mb so that the data travel themselves; if the file was "
                    "changed, delete it",
                )
        yield start + first, *_stacked(draws)


def read_batches(path: str | Path, dataset: str) -> Iterator[Batch]:
    """The scenarios of a data file, one at a time; those of a recipe in several batches each.

    Raises
    ------
    DataFileError
        If an array is missing, has the wrong shape, or holds NaN or infinity, or if the recipe's
        digests are not those of what is drawn.
    DamagedFileError
        If it is no whole ``.npz`` file, or one of the workflow's that was changed.
    """
    with load_arrays(path) as file:
        if "scenarios" not in file:
            yield outside_batch(path, _read_all(path, file), dataset)
            return
        for name in ("seed", "start"):
            if name not in file:
                _fail(path, f"array '{name}' is missing; with 'scenarios' it must be there")
        seed, start = int(file["seed"]), int(file["start"])
        for i, s in enumerate(read_scenarios(file)):
            parts: Iterable[tuple[int, np.ndarray, np.ndarray]]
            if f"digest.{i}" in file:
                parts = _drawn_again(path, s, seed, start, file[f"digest.{i}"])
            else:
                parts = [(start, file[f"X.{i}"], file[f"y.{i}"])]
            for first, X, y in parts:
                yield Batch(
                    s.id,
                    s.key,
                    first,
                    X,
                    y,
                    s.response,
                    population(s, seed),
                    _test_rows(s, seed),
                )


def _fail(path: str | Path, message: str) -> NoReturn:
    raise DataFileError(f"{path}: {message}")


def _read_all(
    path: str | Path, file: np.lib.npyio.NpzFile, names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    wanted = [name for name in file.files if names is None or name in names]
    arrays = {}
    for name in wanted:
        try:
            arrays[name] = file[name]
        except DamagedFileError:
            raise
        except (ValueError, *BROKEN) as error:
            _fail(path, f"array '{name}' cannot be read ({error})")
    return arrays


def _outside_truth(
    path: str | Path, arrays: Mapping[str, np.ndarray], n_features: int
) -> Population | None:
    if "coef" not in arrays:
        return None
    p = n_features
    given = {"intercept": np.array(0.0), "noise_var": np.array(1.0)}
    given |= {name: arrays[name] for name in TRUTH_ARRAYS if name in arrays}
    if "population" in given:
        rows = np.asarray(given["population"], float)
        if rows.ndim != 2 or rows.shape[1] != p or not len(rows):
            _fail(path, f"array 'population' has shape {rows.shape}, must be (n_rows, {p})")
        if "covariance" in given or "mean" in given:
            _fail(path, "has both 'population' and 'covariance' or 'mean'; keep one of the two")
        given["mean"] = rows.mean(axis=0)
        root = rows_root(rows)
    else:
        given = {"covariance": np.eye(p), "mean": np.zeros(p), **given}
    shapes = {"coef": (p,), "covariance": (p, p), "mean": (p,), "intercept": (), "noise_var": ()}
    for name, shape in shapes.items():
        if name in given and given[name].shape != shape:
            _fail(path, f"array '{name}' has shape {given[name].shape}, must be {shape}")
    if "population" not in given:
        root = _covariance_root(path, given["covariance"])
    return Population(
        given["coef"].astype(float),
        float(given["intercept"]),
        root,
        given["mean"].astype(float),
        float(given["noise_var"]),
    )


def rows_root(rows: np.ndarray) -> np.ndarray:
    """Root of the covariance of rows of equal probability, with at most as many columns as these.

    Unlike a Cholesky factor it exists where columns are copies of one another.
    """
    centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows))
    return np.asarray(np.linalg.qr(centred, mode="r")).T


def _covariance_root(path: str | Path, covariance: np.ndarray) -> np.ndarray:
    if not np.allclose(covariance, covariance.T, rtol=1e-8):
        _fail(path, "array 'covariance' is not symmetric")
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        _fail(path, "array 'covariance' is not positive definite")


def outside_batch(path: str | Path, arrays: Mapping[str, np.ndarray], dataset: str) -> Batch:
    """The batch that arrays not made from scenarios stand for.

    Parameters
    ----------
    path : str or path
        Where they came from, for the message.
    arrays : mapping of str to ndarray
        Named as in the data file.
    dataset : str

    Raises
    ------
    DataFileError
        If an array is missing, has the wrong shape, or holds NaN or infinity.
    """
    for name in ("X", "y"):
        if name not in arrays:
            _fail(path, f"array '{name}' is missing; the file has {sorted(arrays) or 'no arrays'}")
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            _fail(path, f"array '{name}' must hold finite numbers only")
    X, y = arrays["X"], arrays["y"].astype(float)
    if X.ndim != 3 or y.shape != X.shape[:2]:
        _fail(
            path,
            f"X has shape {X.shape} and y {y.shape}; they must be "
            "(n_replicates, n_samples, n_features) and (n_replicates, n_samples)",
        )
    p = X.shape[2]
    truth = _outside_truth(path, arrays, p)
    X_test, y_test = _population_rows(arrays), None
    if truth is None:
        if "X_test" not in arrays or "y_test" not in arrays:
            _fail(path, "needs 'X_test' and 'y_test' (held-out rows), or 'coef' (the truth)")
        X_test, y_test = arrays["X_test"], arrays["y_test"].astype(float)
        shape = (len(X), *X_test.shape[1:2], p)
        if X_test.shape != shape or y_test.shape != shape[:2]:
            _fail(
                path,
                f"X_test has shape {X_test.shape} and y_test {y_test.shape}; they must be "
                f"({len(X)}, n_test, {p}) and ({len(X)}, n_test)",
            )
    key = outside_key(dataset)
    # of a table that is split, the two parts are the whole in every replicate
    known = y if y_test is None else np.concatenate([y, y_test], axis=1)
    return Batch(
        key[:10],
        key,
        int(arrays.get("start", 0)),
        X,
        y,
        "binary" if np.isin(known, (0, 1)).all() else "gaussian",
        truth,
        X_test,
        y_test,
    )


def _population_rows(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    return np.asarray(arrays["population"], float) if "population" in arrays else None


def outside_key(dataset: str) -> str:
    """Digest that stands for the content of a data set not made by a scenario."""
    return hashlib.sha256(f"outside {dataset}".encode()).hexdigest()


@dataclass(frozen=True)
class Origin:
    """Where a batch of a file came from: what `Batch` knows, without the data."""

    id: str
    response: str
    truth: Population | None
    X_test: np.ndarray | None
    scenario: Scenario | None = None


def truth_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a data file from which the truth is rebuilt, to be passed on with fits."""
    with load_arrays(path) as file:
        return _read_all(path, file, TRUTH_ARRAYS)


def read_scenarios(arrays: Mapping[str, np.ndarray]) -> list[Scenario]:
    """The scenarios of a data or fits file, in order; none if it was not simulated."""
    if "scenarios" not in arrays:
        return []
    return [Scenario(**content) for content in json.loads(str(arrays["scenarios"]))]


def read_origin(
    arrays: Mapping[str, np.ndarray], index: int, dataset: str, response: str, n_features: int
) -> Origin:
    """The origin of one batch of a fits file.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of the file.
    index : int
        Of the scenario in the file.
    dataset, response : str
        For a file that was not simulated.
    n_features : int
    """
    scenarios = read_scenarios(arrays)
    if not scenarios:
        truth = _outside_truth(dataset, arrays, n_features)
        return Origin(outside_key(dataset)[:10], response, truth, _population_rows(arrays))
    seed, s = int(arrays["seed"]), scenarios[index]
    return Origin(s.id, s.response, population(s, seed), _test_rows(s, seed), s)


def _test_rows(s: Scenario, seed: int) -> np.ndarray | None:
    # a sparse binary population has no closed form under the logistic model
    sampled = s.features == "sparse_binary" and s.response == "binary"
    return draw_test_features(s, seed) if sampled else None
