"""A table of a user's own: read, checked, and made into numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.tables.columns import encode_features, picked
from normwise.data.tables.formats import read_file
from normwise.data.tables.messages import listed, refuse_duplicates
from normwise.data.tables.named import load_openml, load_sklearn
from normwise.data.tables.response import encode_response
from normwise.data.tables.table import Raw, Table, join_arrays


def read_table(
    source: str | os.PathLike[str],
    target: str | None = None,
    *,
    positive: object = None,
    response: str | None = None,
) -> Table:
    """Read a table and make it into numbers.

    Parameters
    ----------
    source : str or path
        A file: ``.csv``, ``.tsv`` or ``.txt`` (also with ``.gz``), ``.parquet``, ``.feather`` or
        ``.arrow``, ``.npz`` with arrays ``X`` and ``y`` and optionally ``names``, ``.svmlight``,
        ``.libsvm`` or ``.svm``. Or a name: ``sklearn:diabetes`` for a table inside scikit-learn,
        ``openml:61``, ``openml:iris`` or ``openml:iris@1`` for one of OpenML, which is kept in
        scikit-learn's data folder and whose checksum is verified.
    target : str, optional
        The column to be predicted. Not needed where the source says which one it is.
    positive : optional
        Label of the class that counts as 1; of several classes, one against the rest.
    response : {"gaussian", "binary"}, optional
        Detected if not given: binary if the target has two distinct values.

    Raises
    ------
    InputError
        If the table cannot be used.
    """
    source = os.fspath(source)
    try:
        return _tabulate(_load(source, target), source, positive, response)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from error


def as_table(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    positive: object = None,
    response: str | None = None,
) -> Table:
    """Make features and a response in memory into numbers.

    Parameters
    ----------
    X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
        Columns of a data frame may be text, categories, booleans or dates.
    y : array, Series or list of shape (n_samples,)
        Numbers, booleans or labels.
    names : sequence of str, optional
        Names of the features; by default those of the data frame, or ``x0``, ``x1``, …
    positive, response
        The same as in `read_table`.

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    return _tabulate(join_arrays(X, y, names), "data in memory", positive, response)


def _load(source: str, target: str | None) -> Raw:
    collection, _, name = source.partition(":")
    if collection == "sklearn":
        return load_sklearn(name, target)
    if collection == "openml":
        return load_openml(name, target)
    return read_file(Path(source).expanduser(), target)


def _tabulate(raw: Raw, source: str, positive: object, response: str | None) -> Table:
    refuse_duplicates(raw.names)
    answer = encode_response(raw.target, positive, response)
    coded = encode_features(raw.features[answer.rows], raw.names)
    if not coded.names:
        reasons = " ".join(coded.notes) or "there is no column besides the target."
        raise InputError(f"no feature is left: {reasons}")
    refuse_duplicates(coded.names, "features that were made of the columns")
    copies = _copies(coded.X, answer.y, coded.names)
    return Table(
        X=coded.X,
        y=answer.y,
        names=tuple(coded.names),
        response=answer.kind,
        target=str(raw.target.name),
        classes=answer.classes,
        source=source,
        missing=coded.missing,
        constant=tuple(coded.constant),
        notes=(*raw.notes, *answer.notes, *coded.notes, *_warning(copies)),
        copies=tuple(copies),
    )


def _copies(X: Any, y: np.ndarray, names: Sequence[str]) -> list[str]:
    if sparse.issparse(X):
        from sklearn.utils.sparsefuncs import mean_variance_axis

        variance = mean_variance_axis(X, axis=0)[1]
    else:
        variance = X.var(axis=0)
    covariance = X.T @ (y - y.mean()) / len(y)
    scale = np.sqrt(variance) * y.std()
    return picked(names, np.abs(covariance) > (1 - 1e-9) * scale)


def _warning(copies: list[str]) -> list[str]:
    if not copies:
        return []
    return [
        f"Warning: copies of the target, up to scale, are among the features: "
        f"{listed(copies)}. If they are not known before the target is, every "
        "result below is worthless: leave them out."
    ]
