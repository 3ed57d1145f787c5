"""Features for compiled code: rows of a dense array, or columns of a sparse one in CSC form.

Each function has one implementation for an array of shape (n_features, n_samples), C order, and
one for a tuple of data, row numbers and column starts.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload


def dot(X, f, v):  # type: ignore[no-untyped-def]
    """Inner product of feature ``f`` with a vector."""


def add(X, f, factor, out):  # type: ignore[no-untyped-def]
    """Add a multiple of feature ``f`` to a vector."""


def dots(X, v, out):  # type: ignore[no-untyped-def]
    """Inner products of all features with a vector."""


def dense_rows(X, chosen, k, factor):  # type: ignore[no-untyped-def]
    """Features ``chosen[:k]`` as dense rows, times a vector entry by entry."""


@overload(dot)
def _dot(X, f, v):  # type: ignore[no-untyped-def]
    def sparse(X, f, v):  # type: ignore[no-untyped-def]
        data, row, start = X
        total = 0.0
        for m in range(start[f], start[f + 1]):
            total += data[m] * v[row[m]]
        return total

    return (lambda X, f, v: np.dot(X[f], v)) if isinstance(X, types.Array) else sparse


@overload(add)
def _add(X, f, factor, out):  # type: ignore[no-untyped-def]
    def dense(X, f, factor, out):  # type: ignore[no-untyped-def]
        x = X[f]
        for i in range(len(out)):
            out[i] += factor * x[i]

    def sparse(X, f, factor, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for m in range(start[f], start[f + 1]):
            out[row[m]] += factor * data[m]

    return dense if isinstance(X, types.Array) else sparse


@overload(dots)
def _dots(X, v, out):  # type: ignore[no-untyped-def]
    def sparse(X, v, out):  # type: ignore[no-untyped-def]
        for f in range(len(out)):
            out[f] = dot(X, f, v)

    return (lambda X, v, out: np.dot(X, v, out)) if isinstance(X, types.Array) else sparse


@overload(dense_rows)
def _dense_rows(X, chosen, k, factor):  # type: ignore[no-untyped-def]
    def rows(X, chosen, k, factor):  # type: ignore[no-untyped-def]
        out = np.zeros((k, len(factor)))
        for j in range(k):
            add(X, chosen[j], 1.0, out[j])
            out[j] *= factor
        return out

    return rows
