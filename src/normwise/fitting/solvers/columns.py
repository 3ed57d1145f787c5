"""Features as the solvers hold them, and what is computed of them, compiled.

Features are the rows of a dense array in C order, or the columns of a sparse matrix: a tuple of its
data, row numbers and column starts. Blocks are a pair of either and a number K: each of K outputs
has all features, one output's after those of the other, and a vector has the rows of one output
after those of the other. The compiler chooses between them by the type.

No sum is left to the compiler to rearrange: compiled callers hold copies of what they call, and a
process takes the copy that it loads first, so that bits would depend on what was called before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from normwise.fitting.solvers.compiled import njit

BLOCK = 48


def dense(X):  # type: ignore[no-untyped-def]
    """Whether features are rows of an array."""


def n_columns(X):  # type: ignore[no-untyped-def]
    """Features that there are, of an output."""


def dot(X, f, v):  # type: ignore[no-untyped-def]
    """Inner product of feature ``f`` with a vector."""


def add(X, f, factor, out):  # type: ignore[no-untyped-def]
    """Add a multiple of feature ``f`` to a vector."""


def norm(X, f):  # type: ignore[no-untyped-def]
    """Euclidean norm of feature ``f``."""


# loops over features are inside of these functions: each call counts the references of its arrays,
# and those of a tuple at a cost


def dots(X, v, out):  # type: ignore[no-untyped-def]
    """Inner products of all features with a vector."""


def some_dots(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
    """Inner products of features ``chosen[:k]`` with a vector."""


def combine(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
    """Add the combination of features ``chosen[:k]`` with these factors to a vector."""


def products_with(X, n, chosen, first, k, out):  # type: ignore[no-untyped-def]
    """Inner products of features ``chosen[first:k]`` with ``chosen[:k]``, on both sides of ``out``.

    Features have ``n`` entries each.
    """


def dense_rows(X, chosen, k, n):  # type: ignore[no-untyped-def]
    """Features ``chosen[:k]``, of ``n`` entries each, as dense rows."""


def form_of(X: Any, dense: Any, sparse: Any, blocks: Any) -> Any:
    """The one of three that is for features of this type."""
    if isinstance(X, types.Array):
        return dense
    return blocks if len(X.types) == 2 else sparse


@overload(n_columns)
def _n_columns(X):  # type: ignore[no-untyped-def]
    return form_of(X, lambda X: len(X), lambda X: len(X[2]) - 1, lambda X: n_columns(X[0]) * X[1])


@overload(dense)
def _dense(X):  # type: ignore[no-untyped-def]
    return (lambda X: True) if isinstance(X, types.Array) else (lambda X: False)


@njit(nogil=True)
def sparse_dot(data, row, start, f, v):  # type: ignore[no-untyped-def]
    """Inner product of sparse feature ``f`` with a vector."""
    total = 0.0
    for m in range(start[f], start[f + 1]):
        total += data[m] * v[row[m]]
    return total


@njit(nogil=True)
def sparse_add(data, row, start, f, factor, out):  # type: ignore[no-untyped-def]
    """Add a multiple of sparse feature ``f`` to a vector."""
    for m in range(start[f], start[f + 1]):
        out[row[m]] += factor * data[m]


@overload(dot)
def _dot(X, f, v):  # type: ignore[no-untyped-def]
    def sparse(X, f, v):  # type: ignore[no-untyped-def]
        # a call of `sparse_dot` from here would cost a quarter of the time of a whole path
        data, row, start = X
        total = 0.0
        for m in range(start[f], start[f + 1]):
            total += data[m] * v[row[m]]
        return total

    def blocks(X, f, v):  # type: ignore[no-untyped-def]
        features, K = X
        p, n = n_columns(features), len(v) // K
        first = (f // p) * n
        return dot(features, f % p, v[first : first + n])

    return form_of(X, lambda X, f, v: np.dot(X[f], v), sparse, blocks)


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

    def blocks(X, f, factor, out):  # type: ignore[no-untyped-def]
        features, K = X
        p, n = n_columns(features), len(out) // K
        first = (f // p) * n
        add(features, f % p, factor, out[first : first + n])

    return form_of(X, dense, sparse, blocks)


@overload(norm)
def _norm(X, f):  # type: ignore[no-untyped-def]
    def sparse(X, f):  # type: ignore[no-untyped-def]
        data, _, start = X
        entries = data[start[f] : start[f + 1]]
        return np.sqrt(np.dot(entries, entries))

    return form_of(
        X,
        lambda X, f: np.sqrt(np.dot(X[f], X[f])),
        sparse,
        lambda X, f: norm(X[0], f % n_columns(X[0])),
    )


@overload(dots)
def _dots(X, v, out):  # type: ignore[no-untyped-def]
    def sparse(X, v, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for f in range(len(out)):
            out[f] = sparse_dot(data, row, start, f, v)

    def blocks(X, v, out):  # type: ignore[no-untyped-def]
        features, K = X
        p, n = n_columns(features), len(v) // K
        for k in range(K):
            dots(features, v[k * n : (k + 1) * n], out[k * p : (k + 1) * p])

    return form_of(X, lambda X, v, out: np.dot(X, v, out), sparse, blocks)


@njit(nogil=True)
def four_inner(rows, i, j, k, o, x, first, end):  # type: ignore[no-untyped-def]
    """Inner products of four rows with a vector over a range of entries, in four sums each."""
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
    c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = 0.0
    m = first
    while m + 4 <= end:
        x0, x1, x2, x3 = x[m], x[m + 1], x[m + 2], x[m + 3]
        a0 += rows[i, m] * x0
        a1 += rows[i, m + 1] * x1
        a2 += rows[i, m + 2] * x2
        a3 += rows[i, m + 3] * x3
        b0 += rows[j, m] * x0
        b1 += rows[j, m + 1] * x1
        b2 += rows[j, m + 2] * x2
        b3 += rows[j, m + 3] * x3
        c0 += rows[k, m] * x0
        c1 += rows[k, m + 1] * x1
        c2 += rows[k, m + 2] * x2
        c3 += rows[k, m + 3] * x3
        d0 += rows[o, m] * x0
        d1 += rows[o, m + 1] * x1
        d2 += rows[o, m + 2] * x2
        d3 += rows[o, m + 3] * x3
        m += 4
    a, b = (a0 + a1) + (a2 + a3), (b0 + b1) + (b2 + b3)
    c, d = (c0 + c1) + (c2 + c3), (d0 + d1) + (d2 + d3)
    while m < end:
        a += rows[i, m] * x[m]
        b += rows[j, m] * x[m]
        c += rows[k, m] * x[m]
        d += rows[o, m] * x[m]
        m += 1
    return a, b, c, d


@overload(some_dots)
def _some_dots(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
    def dense(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
        n, j = len(v), 0
        while j + 4 <= k:
            out[j], out[j + 1], out[j + 2], out[j + 3] = four_inner(
                X, chosen[j], chosen[j + 1], chosen[j + 2], chosen[j + 3], v, 0, n
            )
            j += 4
        while j < k:
            f = chosen[j]
            out[j] = four_inner(X, f, f, f, f, v, 0, n)[0]
            j += 1

    def sparse(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for j in range(k):
            out[j] = sparse_dot(data, row, start, chosen[j], v)

    def blocks(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
        for j in range(k):
            out[j] = dot(X, chosen[j], v)

    return form_of(X, dense, sparse, blocks)


@overload(combine)
def _combine(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
    def dense(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
        j = 0
        # four features at a time: the vector is read and written once for them
        while j + 4 <= k:
            a, b, c, d = factor[j], factor[j + 1], factor[j + 2], factor[j + 3]
            f, g, h, o = chosen[j], chosen[j + 1], chosen[j + 2], chosen[j + 3]
            for i in range(len(out)):
                out[i] += (a * X[f, i] + b * X[g, i]) + (c * X[h, i] + d * X[o, i])
            j += 4
        while j < k:
            f, share = chosen[j], factor[j]
            for i in range(len(out)):
                out[i] += share * X[f, i]
            j += 1

    def sparse(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for j in range(k):
            sparse_add(data, row, start, chosen[j], factor[j], out)

    return dense if isinstance(X, types.Array) else sparse


@njit(nogil=True)
def norms_of(X, out):  # type: ignore[no-untyped-def]
    """Euclidean norms of all features."""
    for f in range(len(out)):
        out[f] = norm(X, f)


@overload(products_with)
def _products_with(X, n, chosen, first, k, out):  # type: ignore[no-untyped-def]
    def dense(X, n, chosen, first, k, out):  # type: ignore[no-untyped-def]
        if k < BLOCK:
            for q in range(first, k):
                some_dots(X, chosen, q + 1, X[chosen[q]], out[q])
                for j in range(q):
                    out[j, q] = out[q, j]
            return
        new = dense_rows(X, chosen[first:k], k - first, n)
        for low in range(0, k, BLOCK):
            high = min(low + BLOCK, k)
            out[low:high, first:k] = np.dot(dense_rows(X, chosen[low:high], high - low, n), new.T)
            out[first:k, low:high] = out[low:high, first:k].T

    def sparse(X, n, chosen, first, k, out):  # type: ignore[no-untyped-def]
        for q in range(first, k):
            some_dots(X, chosen, q + 1, dense_rows(X, chosen[q : q + 1], 1, n)[0], out[q])
            for j in range(q):
                out[j, q] = out[q, j]

    return dense if isinstance(X, types.Array) else sparse


@overload(dense_rows)
def _dense_rows(X, chosen, k, n):  # type: ignore[no-untyped-def]
    def dense(X, chosen, k, n):  # type: ignore[no-untyped-def]
        out = np.empty((k, n))
        for j in range(k):
            out[j] = X[chosen[j]]
        return out

    def sparse(X, chosen, k, n):  # type: ignore[no-untyped-def]
        data, row, start = X
        out = np.zeros((k, n))
        for j in range(k):
            sparse_add(data, row, start, chosen[j], 1.0, out[j])
        return out

    return dense if isinstance(X, types.Array) else sparse
