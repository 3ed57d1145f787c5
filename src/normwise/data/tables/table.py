"""A table as it was read, and as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.response_kind import kind_of
from normwise.data.rows import FREE, Rows
from normwise.data.tables.messages import listed, meant, refuse_duplicates


@dataclass(frozen=True)
class Table:
    """A table as numbers, and what was done to make it so.

    Attributes
    ----------
    X : ndarray or scipy.sparse.csr_matrix of shape (n_samples, n_features)
        Finite numbers.
    y : ndarray of shape (n_samples,)
        Zeros and ones for a binary response; numbers of the classes from 0 for several.
    names : tuple of str
        Names of the features.
    response : {"gaussian", "binary", "multinomial", "poisson"}
    target : str
        Name of the response.
    classes : tuple of str or None
        Labels of the zeros, of the ones, and so on.
    source : str
        Where it came from.
    missing : dict of str to int
        Missing values by column of the source, before they were filled.
    constant : tuple of str
        Columns that were left out because they hold one value.
    notes : tuple of str
        What was done to the columns, a sentence each.
    copies : tuple of str
        Features that are the target itself, up to scale.
    parts : tuple of str
        Features of which a weighted sum is the target.
    marks : tuple
        What the user named as marks for missing values.
    rows : Rows
        Which rows belong together, their time, their weights and their offsets.
    roles : dict of str to str
        Columns that are no features, by what they are: groups, time, weights, offset, exposure.
    dropped : tuple of str
        Columns that were left out as asked for.
    columns : DataFrame or None
        Columns of the source that could name the rows or their time: whole numbers, text, dates.
    factors : dict of str to tuple of str
        Features that are levels of one column of the source, for each column with two or more.
    told : bool
        Whether the user named the kind of the response.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    response: str
    target: str
    classes: tuple[str, ...] | None
    source: str
    missing: dict[str, int]
    constant: tuple[str, ...]
    notes: tuple[str, ...]
    copies: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    marks: tuple[object, ...] = ()
    rows: Rows = FREE
    roles: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    columns: pd.DataFrame | None = None
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: bool = False

    @property
    def n_outputs(self) -> int:
        """Linear predictors of a model: one for each of several classes."""
        own = kind_of(self.response).several
        return len(self.classes) if own and self.classes else 1


@dataclass(frozen=True)
class Raw:
    """Features and response as they were read."""

    features: pd.DataFrame | sparse.csr_matrix
    names: tuple[str, ...]
    target: pd.Series
    notes: tuple[str, ...] = ()


def split_target(frame: pd.DataFrame, target: str | None, notes: Sequence[str] = ()) -> Raw:
    """Features and response of a table whose columns are all features but one."""
    frame = with_index(frame)
    refuse_duplicates(frame.columns)
    target = known_target(target, list(frame.columns))
    features = frame.drop(columns=target)
    return Raw(features, tuple(features.columns), frame[target], tuple(notes))


def known_target(target: str | None, names: Sequence[str]) -> str:
    """The name of the target, which must be one of those of the columns."""
    if target is None:
        raise InputError(f"no target given: name the column to be predicted, of {listed(names)}")
    if target not in names:
        raise InputError(
            f"there is no column {target!r}{meant(target, names)}; the columns are {listed(names)}"
        )
    return target


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns with names of text, and before them those of an index that somebody set.

    An index without a name becomes a column without one, as it does in CSV.
    """
    index = frame.index
    if isinstance(index, pd.RangeIndex) and index.name is None:
        parts: list[Any] = []
    else:
        parts = [index.get_level_values(level) for level in range(index.nlevels)]
    frame = frame.reset_index(drop=True)
    names = [
        f"column {place}" if part.name is None else str(part.name)
        for place, part in enumerate(parts, start=1)
    ]
    values = [part.to_series(index=frame.index) for part in parts]
    names += [str(name) for name in frame.columns]
    if values:
        frame = pd.concat([*values, frame], axis=1)
    return frame.set_axis(pd.Index(names, dtype=object), axis=1)


def without_room(X: sparse.csr_matrix) -> Any:
    """Sparse features as they are, or as an array where that takes no more memory."""
    # a sparse entry takes 12 bytes, a dense one 8
    return X.toarray() if 12 * X.nnz >= 8 * X.shape[0] * X.shape[1] else X


def join_arrays(X: Any, y: Any, names: Sequence[str] | None) -> Raw:
    """Features and response that came apart."""
    features, found = _features(X, names)
    target = _target(y)
    if len(target) != features.shape[0]:
        raise InputError(
            f"X has {features.shape[0]} rows and y has {len(target)}: give one value of y a row"
        )
    return Raw(features, found, target)


def _unmasked(values: Any) -> np.ndarray:
    """An array; what a masked one hides is missing."""
    if np.ma.isMaskedArray(values):
        return np.ma.filled(values.astype(float), np.nan)
    return np.asarray(values)


def _features(
    X: Any, names: Sequence[str] | None
) -> tuple[pd.DataFrame | sparse.csr_matrix, tuple[str, ...]]:
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if sparse.issparse(X):
        features = sparse.csr_matrix(X)
    elif isinstance(X, pd.DataFrame):
        # names that are given are those of the columns alone
        features = with_index(X) if names is None else X.reset_index(drop=True)
        names = features.columns.tolist() if names is None else names
    else:
        array = _unmasked(X)
        if array.ndim != 2:
            raise InputError(
                f"X has {array.ndim} dimensions, shape {array.shape}: give one row a sample and "
                "one column a feature"
            )
        features = pd.DataFrame(array).infer_objects()
    n_features = features.shape[1]
    found = tuple(f"x{j}" for j in range(n_features)) if names is None else tuple(map(str, names))
    if len(found) != n_features:
        raise InputError(f"X has {n_features} columns and names has {len(found)}: give one each")
    if isinstance(features, pd.DataFrame):
        features = features.set_axis(pd.Index(found, dtype=object), axis=1)
    return features, found


def _target(y: Any) -> pd.Series:
    y = y.to_pandas() if hasattr(y, "to_pandas") else y
    if (
        np.ndim(y) not in (1, 2)
        or (frame := pd.DataFrame(_unmasked(y) if np.ma.isMaskedArray(y) else y)).shape[1] != 1
    ):
        raise InputError(f"y has shape {np.shape(y)}: give one value a row")
    name = frame.columns[0]
    target = frame.iloc[:, 0].reset_index(drop=True).infer_objects()
    return target.rename("y" if name == 0 else str(name))
