"""What is known of rows that belong together, and splits that respect it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from normwise.data.response_kind import kind_of

Splits = list[tuple[np.ndarray, np.ndarray]]
# in data of few values rows are alike by chance: a column tells rows apart if it has more values
# than this share of the rows that differ
TELLING = 0.5


@dataclass(frozen=True)
class Rows:
    """What is known of the rows beside features and response.

    Attributes
    ----------
    groups : ndarray of int of shape (n_rows,) or None
        Rows of one number are never on both sides of a split.
    time : ndarray of shape (n_rows,) or None
        Rows are tested on models of earlier rows only.
    weights : ndarray of shape (n_rows,) or None
        Positive weights in the loss and in the errors.
    copies : ndarray of int of shape (n_rows,) or None
        A number that copies of a row share; None where there are none.
    offset : ndarray of shape (n_rows,) or None
        Part of each linear predictor that is known, such as the logarithm of an exposure.
    """

    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    weights: np.ndarray | None = None
    copies: np.ndarray | None = None
    offset: np.ndarray | None = None

    def take(self, rows: Any) -> Rows:
        """The same of some of the rows, by number or mask."""
        parts = (getattr(self, name) for name in ROW_ARRAYS)
        return Rows(*(None if part is None else part[rows] for part in parts))

    def weight(self, rows: np.ndarray) -> np.ndarray | None:
        """Weights of some rows."""
        return None if self.weights is None else self.weights[rows]

    def known(self, rows: Any) -> dict[str, np.ndarray]:
        """What a problem of some rows takes beside features and response, as keywords."""
        given = {"sample_weight": self.weights, "offset": self.offset}
        return {name: part[rows] for name, part in given.items() if part is not None}

    @property
    def units(self) -> np.ndarray | None:
        """Number of each row's group, copies of its rows included; None if all rows are apart."""
        return joined(self.groups, self.copies)


FREE = Rows()
ROW_ARRAYS = tuple(field.name for field in fields(Rows))


def numbered(labels: Sequence[Any] | np.ndarray) -> np.ndarray:
    """Numbers from 0 for labels, equal where these are."""
    return np.asarray(np.unique(np.asarray(labels), return_inverse=True)[1]).ravel()


def row_keys(X: Any, y: np.ndarray | None = None) -> np.ndarray:
    """A number for each row in the order of appearance, equal where features (and response) are."""
    if sparse.issparse(X):
        X = X.tocsr(copy=True)
        X.sum_duplicates()
        X.eliminate_zeros()
        cuts = [slice(a, b) for a, b in itertools.pairwise(X.indptr)]
        found = [hash((X.indices[own].tobytes(), X.data[own].tobytes())) for own in cuts]
    else:
        # minus zero is zero
        found = [hash((row + 0.0).tobytes()) for row in X]
    if y is not None:
        found = [hash(pair) for pair in zip(found, y.tolist(), strict=True)]
    # hashes of bytes are other ones in each process, and their order must not matter
    first: dict[int, int] = {}
    return np.array([first.setdefault(key, len(first)) for key in found], int)


def tells_apart(X: Any, y: np.ndarray, keys: np.ndarray) -> bool:
    """Whether some column has so many values that rows are not alike by chance."""
    rows = np.unique(keys, return_index=True)[1]
    if len(np.unique(y[rows])) > TELLING * len(rows):
        return True
    few = X[rows]
    columns = few.tocsc() if sparse.issparse(few) else few
    for j in range(few.shape[1]):
        column = columns[:, [j]].data if sparse.issparse(few) else columns[:, j]
        if len(np.unique(column)) > TELLING * len(rows):
            return True
    return False


def copies_of_rows(X: Any, y: np.ndarray) -> np.ndarray | None:
    """A number for each row, equal for copies of a row; None where there are none.

    Features and response of copies are equal, in a table in which some column has so many
    values that chance would not make them so.
    """
    keys = row_keys(X, y)
    if int(keys.max()) + 1 == len(keys) or not tells_apart(X, y, keys):
        return None
    return keys


def joined(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    """Groups so large that both rows of one group and rows of the other stay together."""
    if first is None or second is None:
        return second if first is None else first
    # of some rows the numbers have gaps
    first, second = numbered(first), numbered(second)
    n, offset = len(first), int(first.max()) + 1
    nodes = sparse.coo_matrix((np.ones(n), (first, offset + second)), shape=2 * (offset + n,))
    return np.asarray(connected_components(nodes, directed=False)[1][first])


def group_labels(
    groups: np.ndarray, y: np.ndarray, n_folds: int, response: str, rng: np.random.Generator
) -> np.ndarray:
    """Fold of each row, groups whole: rows, and those of each class, spread as evenly as they can.

    Large groups come first, each to the fold in which it leaves the sums of squared shares least.
    """
    kinds = [rows for rows in kind_of(response).strata(y) if rows.any()]
    groups = numbered(groups)
    size = np.column_stack(
        [np.bincount(groups[rows], minlength=groups.max() + 1) for rows in kinds]
    )
    share = size / size.sum(axis=0)
    held, own = np.zeros((n_folds, len(kinds))), np.empty(len(share), int)
    several = rng.permutation(np.flatnonzero(size.sum(axis=1) > 1))
    for group in several[np.argsort(-share[several].max(axis=1), kind="stable")]:
        growth = held @ share[group]
        best = np.flatnonzero(growth <= growth.min() + 1e-12)
        own[group] = best[held[best].sum(axis=1).argmin()]
        held[own[group]] += share[group]
    for k in range(len(kinds)):
        single = rng.permutation(np.flatnonzero((size.sum(axis=1) == 1) & (size[:, k] == 1)))
        own[single] = _levelled(np.rint(held[:, k] * size[:, k].sum()), len(single))
    return own[groups]


def _levelled(held: np.ndarray, n: int) -> np.ndarray:
    """Folds of n rows that come one after the other to the fold with the fewest."""
    slots = held[:, None] + np.arange(-(-n // len(held)) + int(np.ptp(held)) + 1)
    return np.argsort(slots.T.ravel(), kind="stable")[:n] % len(held)


def time_splits(time: np.ndarray, n_folds: int) -> Splits:
    """Training and test rows of forward validation: each test part follows all of its training.

    The test parts are the last ``n_folds`` of ``n_folds + 1`` parts of nearly equal size, the first
    of which takes what is left over; rows of one time are never parted.
    """
    order = np.argsort(time, kind="stable")
    n, later = len(time), np.sort(time)
    # each part has a row
    n_folds = min(n_folds, n - 1)
    size = n // (n_folds + 1)
    # the first row of its time
    cuts = [int(np.searchsorted(later, later[n - k * size])) for k in range(n_folds, 0, -1)]
    bounds = [*dict.fromkeys(cut for cut in cuts if cut), n]
    return [
        (np.sort(order[:start]), np.sort(order[start:end]))
        for start, end in itertools.pairwise(bounds)
    ]


def apart(splits: Splits, groups: np.ndarray | None) -> Splits:
    """Splits whose training parts lack the groups of their test parts."""
    if groups is None:
        return splits
    return [(a[~np.isin(groups[a], groups[b])], b) for a, b in splits]


def usable(splits: Splits, y: np.ndarray, response: str) -> Splits:
    """The splits whose training part has rows, and of every kind that a fit needs."""
    needed = kind_of(response).needed(y)
    return [(a, b) for a, b in splits if len(b) and all(rows[a].any() for rows in needed)]
