"""The data file: the one contract between whatever makes data and everything after it.

``results/data/<dataset>/<chunk>.npz`` holds plain arrays. A file written by any rule is a data
set if it has ``X`` of shape (n_replicates, n_samples, n_features) and ``y`` of shape
(n_replicates, n_samples), and either ``X_test`` and ``y_test`` of the same shapes (held-out
rows), or the truth: ``coef`` (n_features,), and optionally ``intercept``, ``covariance``
(n_features, n_features; identity if absent), ``mean`` (n_features,; zero if absent) and
``noise_var`` (1 if absent). A ``y`` of zeros and ones is a binary response. Simulated files
hold several scenarios, their arrays named ``X.0``, ``X.1``, …, and the scenarios themselves as
JSON, from which the truth is rebuilt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


from normwise.io import load_arrays, save_arrays
from normwise.scenario import Scenario
from normwise.simulate import Population, draw, draw_test_features, population


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


def write_simulated(
    path: str | Path, scenarios: Sequence[Scenario], start: int, stop: int, seed: int
) -> None:
    """Draw replicates ``start`` to ``stop - 1`` of each scenario into one data file."""
    arrays: dict[str, np.ndarray] = {
        "scenarios": np.array(json.dumps([s.as_dict() for s in scenarios])),
        "start": np.array(start),
        "seed": np.array(seed),
    }
    for i, scenario in enumerate(scenarios):
        draws = [draw(scenario, seed, r) for r in range(start, stop)]
        arrays[f"X.{i}"] = np.stack([X for X, _ in draws])
        arrays[f"y.{i}"] = np.stack([y for _, y in draws])
    save_arrays(path, arrays)


def read_batches(path: str | Path, dataset: str) -> Iterator[Batch]:
    """The scenarios of a data file, one at a time.

    Raises
    ------
    DataFileError
        If an array is missing, has the wrong shape, or holds NaN or infinity.
    """
    with load_arrays(path) as file:
        if "scenarios" not in file:
            yield _outside_batch(path, dict(file), dataset)
            return
        seed, start = int(file["seed"]), int(file["start"])
        for i, content in enumerate(json.loads(str(file["scenarios"]))):
            s = Scenario(**content)
            # a sparse binary population has no closed form under the logistic model
            sampled = s.features == "sparse_binary" and s.response == "binary"
            yield Batch(
                s.id,
                s.key,
                start,
                file[f"X.{i}"],
                file[f"y.{i}"],
                s.response,
                population(s, seed),
                draw_test_features(s, seed) if sampled else None,
            )


def _outside_batch(path: str | Path, arrays: dict[str, np.ndarray], dataset: str) -> Batch:
    def fail(message: str) -> None:
        raise DataFileError(f"{path}: {message}")

    for name in ("X", "y"):
        if name not in arrays:
            fail(f"array '{name}' is missing; the file has {sorted(arrays) or 'no arrays'}")
    X, y = arrays["X"], arrays["y"].astype(float)
    if X.ndim != 3 or y.shape != X.shape[:2]:
        fail(
            f"X has shape {X.shape} and y {y.shape}; they must be "
            "(n_replicates, n_samples, n_features) and (n_replicates, n_samples)"
        )
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            fail(f"array '{name}' must hold finite numbers only")
    p = X.shape[2]
    truth = None
    if "coef" in arrays:
        covariance = arrays.get("covariance", np.eye(p))
        mean = arrays.get("mean", np.zeros(p))
        for name, array, shape in (
            ("coef", arrays["coef"], (p,)),
            ("covariance", covariance, (p, p)),
            ("mean", mean, (p,)),
        ):
            if array.shape != shape:
                fail(f"array '{name}' has shape {array.shape}, must be {shape}")
        try:
            root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            fail("array 'covariance' is not positive definite")
        truth = Population(
            arrays["coef"].astype(float),
            float(arrays.get("intercept", 0.0)),
            root,
            mean.astype(float),
            float(arrays.get("noise_var", 1.0)),
        )
    elif "X_test" not in arrays or "y_test" not in arrays:
        fail("needs 'X_test' and 'y_test' (held-out rows), or 'coef' (the truth)")
    X_test, y_test = arrays.get("X_test"), arrays.get("y_test")
    if truth is None and (
        X_test.ndim != 3 or X_test.shape[::2] != X.shape[::2] or y_test.shape != X_test.shape[:2]
    ):
        fail(
            f"X_test has shape {X_test.shape} and y_test {y_test.shape}; they must be "
            f"({len(X)}, n_test, {p}) and ({len(X)}, n_test)"
        )
    key = hashlib.sha256(f"outside {dataset}".encode()).hexdigest()
    return Batch(
        key[:10],
        key,
        int(arrays.get("start", 0)),
        X,
        y,
        "binary" if np.isin(y, (0, 1)).all() else "gaussian",
        truth,
        None if truth else X_test,
        None if truth else y_test.astype(float),
    )
