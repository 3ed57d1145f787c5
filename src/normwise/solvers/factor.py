"""Cholesky factors that follow a changing set of features, compiled.

``U`` is upper triangular with ``U'U = A``, held in the top left corner of a larger array. A
pivot that is a rounding error, because a feature depends linearly on those before it, is
replaced by a small one: a step then goes far along the dependence, until the sign of a
coefficient stops it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

DEPENDENT = 1e-12
CURVATURE = 1e-10
BLOCK = 48


@njit(cache=True, nogil=True)
def products(rows, out):  # type: ignore[no-untyped-def]
    """Write ``rows @ rows.T`` to the corner of ``out``; each product is computed once."""
    k = len(rows)
    for low in range(0, k, BLOCK):
        high = min(low + BLOCK, k)
        out[low:high, low:k] = np.dot(rows[low:high], rows[low:k].T)
        out[low:k, low:high] = out[low:high, low:k].T


@njit(cache=True, nogil=True)
def cholesky(A, U):  # type: ignore[no-untyped-def]
    """Factor the upper triangle of ``A``, which is overwritten."""
    k = len(A)
    diagonal = np.diag(A).copy()
    for first in range(0, k, BLOCK):
        last = min(first + BLOCK, k)
        for j in range(first, last):
            pivot = A[j, j]
            if pivot <= DEPENDENT * diagonal[j]:
                pivot = CURVATURE * diagonal[j]
            root = np.sqrt(pivot)
            U[j, j] = root
            for m in range(j + 1, k):
                U[j, m] = A[j, m] / root
            for i in range(j + 1, last):
                factor = U[j, i]
                for m in range(i, k):
                    A[i, m] -= factor * U[j, m]
        for low in range(last, k, 2 * BLOCK):
            high = min(low + 2 * BLOCK, k)
            panel = U[first:last, low:k].copy()
            A[low:high, low:k] -= np.dot(panel[:, : high - low].copy().T, panel)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def solve(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'U x = b`` in place, with the leading ``k`` rows."""
    for j in range(k):
        value = x[j] / U[j, j]
        x[j] = value
        for m in range(j + 1, k):
            x[m] -= value * U[j, m]
    for j in range(k - 1, -1, -1):
        total = 0.0
        for m in range(j + 1, k):
            total += U[j, m] * x[m]
        x[j] = (x[j] - total) / U[j, j]


@njit(cache=True, nogil=True)
def append(U, k, column, diagonal):  # type: ignore[no-untyped-def]
    """Extend ``A`` by a column with this diagonal entry; ``column`` is overwritten."""
    total = 0.0
    for j in range(k):
        value = column[j] / U[j, j]
        U[j, k] = value
        total += value * value
        for m in range(j + 1, k):
            column[m] -= value * U[j, m]
    pivot = diagonal - total
    if pivot <= DEPENDENT * diagonal:
        pivot = CURVATURE * diagonal
    U[k, k] = np.sqrt(pivot)


@njit(cache=True, nogil=True)
def remove(U, k, q):  # type: ignore[no-untyped-def]
    """Take row and column ``q`` out of ``A``: a rank-one update of the factor behind it."""
    x = U[q, q + 1 : k].copy()
    for j in range(q):
        for m in range(q, k - 1):
            U[j, m] = U[j, m + 1]
    for j in range(q, k - 1):
        # row j + 1 moves up and takes its share of x
        old, new = U[j + 1, j + 1], x[j - q]
        root = np.hypot(old, new)
        c, s = root / old, new / old
        U[j, j] = root
        for m in range(j + 1, k - 1):
            value = (U[j + 1, m + 1] + s * x[m - q]) / c
            x[m - q] = c * x[m - q] - s * value
            U[j, m] = value


@njit(cache=True, nogil=True)
def enlarged(A, room, k):  # type: ignore[no-untyped-def]
    """A larger array with the same corner."""
    out = np.empty((room, room))
    out[:k, :k] = A[:k, :k]
    return out
