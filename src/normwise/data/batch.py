"""What a reader of a data file gets: some replicates of one scenario, and their truth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from normwise.data.errors import DataFileError
from normwise.data.population import Population
from normwise.data.response_kind import kind_of, recognised
from normwise.data.rows import Rows
from normwise.data.scenario import Scenario

TRUTH_ARRAYS = (
    "scenarios",
    "start",
    "seed",
    "coef",
    "intercept",
    "covariance",
    "mean",
    "noise_var",
    "dispersion",
    "population",
)
# what a file may say of its rows, one value a row
OF_ROWS = ("groups", "time", "weights")


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
    response : str
        One of ``RESPONSES`` of `normwise.data.response_kind`.
    truth : Population or None
    X_test : ndarray or None
        Rows that stand for the population: shared by all replicates (2-d, used with the
        truth), or held out for each (3-d, used with ``y_test``).
    y_test : ndarray of shape (n_replicates, n_test) or None
    groups : ndarray of int, shape (n_replicates, n_samples), or None
        Group of each row; folds keep them whole.
    time : ndarray of shape (n_replicates, n_samples), or None
        Folds test on what follows.
    weights : ndarray of shape (n_replicates, n_samples), or None
        Positive weights of the rows in the fits and in the errors of the folds.
    weights_test : ndarray of shape (n_replicates, n_test), or None
        Those of the held-out rows in their errors.
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
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    weights: np.ndarray | None = None
    weights_test: np.ndarray | None = None

    @property
    def rows(self) -> Rows:
        """What is known of the rows of a batch of one replicate."""
        return Rows(
            **{name: part[0] for name in OF_ROWS if (part := getattr(self, name)) is not None}
        )

    @property
    def coef_shape(self) -> tuple[int, ...]:
        """Shape of the coefficients of one fit: features, or classes and features."""
        p = self.X.shape[2]
        if not kind_of(self.response).several:
            return (p,)
        known = [float(y.max()) for y in (self.y, self.y_test) if y is not None]
        n_classes = int(max(known)) + 1 if self.truth is None else len(self.truth.coef)
        return n_classes, p

    def only(self, index: int) -> Batch:
        """The batch of one of its replicates."""
        own = slice(index, index + 1)
        held_out = self.y_test is not None
        parts = {name: getattr(self, name) for name in ("y_test", "weights_test", *OF_ROWS)}
        known: dict[str, Any] = {n: part[own] for n, part in parts.items() if part is not None}
        return replace(
            self,
            start=self.start + index,
            X=self.X[own],
            y=self.y[own],
            X_test=self.X_test[own] if held_out and self.X_test is not None else self.X_test,
            **known,
        )


def outside_truth(
    path: str | Path, arrays: Mapping[str, np.ndarray], n_features: int
) -> Population | None:
    """The truth that arrays not made from scenarios describe; None without ``coef``."""
    if "coef" not in arrays:
        return None
    p = n_features
    classes = arrays["coef"].shape[:-1]
    given = {
        "intercept": np.zeros(classes),
        "noise_var": np.array(1.0),
        "dispersion": np.array(0.0),
    }
    given |= {name: arrays[name] for name in TRUTH_ARRAYS if name in arrays}
    if "population" in given:
        rows = np.asarray(given["population"], float)
        if rows.ndim != 2 or rows.shape[1] != p or not len(rows):
            raise DataFileError(
                path, f"array 'population' has shape {rows.shape}, must be (n_rows, {p})"
            )
        if "covariance" in given or "mean" in given:
            raise DataFileError(
                path, "has both 'population' and 'covariance' or 'mean'; keep one of the two"
            )
        given["mean"] = rows.mean(axis=0)
        root = rows_root(rows)
    else:
        given = {"covariance": np.eye(p), "mean": np.zeros(p), **given}
    shapes = {
        "coef": (*classes[:1], p),
        "covariance": (p, p),
        "mean": (p,),
        "intercept": classes[:1],
        "noise_var": (),
        "dispersion": (),
    }
    for name, shape in shapes.items():
        if name in given and given[name].shape != shape:
            raise DataFileError(
                path, f"array '{name}' has shape {given[name].shape}, must be {shape}"
            )
    if "population" not in given:
        root = _covariance_root(path, given["covariance"])
    return Population(
        given["coef"].astype(float),
        given["intercept"].astype(float) if classes else float(given["intercept"]),
        root,
        given["mean"].astype(float),
        float(given["noise_var"]),
        dispersion=float(given["dispersion"]),
    )


def rows_root(rows: np.ndarray) -> np.ndarray:
    """Root of the covariance of rows of equal probability, with at most as many columns as these.

    Unlike a Cholesky factor it exists where columns are copies of one another.
    """
    centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows))
    return np.asarray(np.linalg.qr(centred, mode="r")).T


def _covariance_root(path: str | Path, covariance: np.ndarray) -> np.ndarray:
    if not np.allclose(covariance, covariance.T, rtol=1e-8):
        raise DataFileError(path, "array 'covariance' is not symmetric")
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise DataFileError(path, "array 'covariance' is not positive definite") from None


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
            raise DataFileError(
                path, f"array '{name}' is missing; the file has {sorted(arrays) or 'no arrays'}"
            )
    arrays = dict(arrays)
    response = arrays.pop("response", None)
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise DataFileError(path, f"array '{name}' must hold finite numbers only")
    X, y = arrays["X"], arrays["y"].astype(float)
    if X.ndim != 3 or y.shape != X.shape[:2]:
        raise DataFileError(
            path,
            f"X has shape {X.shape} and y {y.shape}; they must be "
            "(n_replicates, n_samples, n_features) and (n_replicates, n_samples)",
        )
    p = X.shape[2]
    truth = outside_truth(path, arrays, p)
    X_test, y_test = population_rows(arrays), None
    if truth is None:
        if "X_test" not in arrays or "y_test" not in arrays:
            raise DataFileError(
                path, "needs 'X_test' and 'y_test' (held-out rows), or 'coef' (the truth)"
            )
        X_test, y_test = arrays["X_test"], arrays["y_test"].astype(float)
        shape = (len(X), *X_test.shape[1:2], p)
        if X_test.shape != shape or y_test.shape != shape[:2]:
            raise DataFileError(
                path,
                f"X_test has shape {X_test.shape} and y_test {y_test.shape}; they must be "
                f"({len(X)}, n_test, {p}) and ({len(X)}, n_test)",
            )
    _check_rows(path, arrays, y, y_test)
    key = outside_key(dataset)
    # of a table that is split, the two parts are the whole in every replicate
    known = y if y_test is None else np.concatenate([y, y_test], axis=1)
    named = recognised(known) if response is None else _named(path, str(response), known, truth)
    return Batch(
        key[:10],
        key,
        int(arrays.get("start", 0)),
        X,
        y,
        named,
        truth,
        X_test,
        y_test,
        **{name: arrays.get(name) for name in (*OF_ROWS, "weights_test")},
    )


def _named(path: str | Path, response: str, y: np.ndarray, truth: Population | None) -> str:
    """The kind of response that a file names, where its responses and its truth are such."""
    try:
        kind = kind_of(response)
    except ValueError as unknown:
        raise DataFileError(path, f"array 'response': {unknown}") from None
    if not kind.holds(y):
        raise DataFileError(path, f"array 'y' must hold {kind.values} for response: {response}")
    if truth is not None and (truth.coef.ndim > 1) != kind.several:
        raise DataFileError(
            path,
            f"array 'coef' has shape {truth.coef.shape}, must be "
            f"{'(n_classes, n_features)' if kind.several else '(n_features,)'} for response: "
            f"{response}",
        )
    return response


def _check_rows(
    path: str | Path, arrays: Mapping[str, np.ndarray], y: np.ndarray, y_test: np.ndarray | None
) -> None:
    """Refuse what is said of rows that are not there, and weights that cannot be used."""
    of = dict.fromkeys(OF_ROWS, ("y", y)) | {"weights_test": ("y_test", y_test)}
    for name, (other, values) in of.items():
        if name not in arrays:
            continue
        if values is None:
            raise DataFileError(path, f"has array '{name}' and no '{other}'; leave it out")
        if arrays[name].shape != values.shape:
            raise DataFileError(
                path,
                f"array '{name}' has shape {arrays[name].shape}, must be that of {other}, "
                f"{values.shape}",
            )
        if name.startswith("weights") and not (arrays[name] > 0).all():
            raise DataFileError(
                path,
                f"array '{name}' holds {arrays[name].min():g}, must be positive; leave out rows "
                "of weight 0",
            )
    if y_test is not None and ("weights" in arrays) != ("weights_test" in arrays):
        raise DataFileError(path, "has one of 'weights' and 'weights_test'; give both or neither")


def population_rows(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Rows of equal probability that stand for the population, if the file has them."""
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
