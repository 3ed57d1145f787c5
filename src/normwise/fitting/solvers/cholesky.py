"""Cholesky factors of which rows and columns come and go, compiled.

A factor ``U`` is upper triangular with ``U'U = A``, in the top left corner of a larger array.
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.columns import BLOCK, four_inner
from normwise.fitting.solvers.compiled import njit

# a pivot below the first is a rounding error, because a feature depends linearly on those before
# it, and is replaced by the second, both relative to the diagonal: a step then goes far along the
# dependence, until the sign of a coefficient stops it
DEPENDENT = 1e-12
CURVATURE = 1e-10
# squared length of a column of a factor, in its diagonal entry, that only rounding errors reach
GROWN = 1 + 1e-6


@njit(nogil=True, error_model="numpy")
def products(rows, out):  # type: ignore[no-untyped-def]
    """Write ``rows @ rows.T`` to the corner of ``out``; each product is computed once."""
    k = len(rows)
    for low in range(0, k, BLOCK):
        high = min(low + BLOCK, k)
        out[low:high, low:k] = np.dot(rows[low:high], rows[low:k].T)
        out[low:k, low:high] = out[low:high, low:k].T


@njit(nogil=True, error_model="numpy")
def cholesky(A, U):  # type: ignore[no-untyped-def]
    """Factor the upper triangle of ``A``, which is overwritten."""
    k = len(A)
    diagonal = np.diag(A).copy()
    for first in range(0, k, BLOCK):
        last = min(first + BLOCK, k)
        for j in range(first, last):
            pivot = A[j, j]
            if pivot <= DEPENDENT * diagonal[j]:
                # what is left of the products is rounding errors too
                U[j, j] = np.sqrt(CURVATURE * diagonal[j])
                U[j, j + 1 : k] = 0.0
                continue
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


@njit(nogil=True, error_model="numpy")
def forward(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'z = x`` in place, with the leading ``k`` rows."""
    j = 0
    # four rows at a time: a short loop costs its beginning and its end
    while j + 4 <= k:
        if x[j] == 0.0 and x[j + 1] == 0.0 and x[j + 2] == 0.0 and x[j + 3] == 0.0:
            j += 4
            continue
        a = x[j] / U[j, j]
        b = (x[j + 1] - a * U[j, j + 1]) / U[j + 1, j + 1]
        c = (x[j + 2] - a * U[j, j + 2] - b * U[j + 1, j + 2]) / U[j + 2, j + 2]
        d = x[j + 3] - a * U[j, j + 3] - b * U[j + 1, j + 3] - c * U[j + 2, j + 3]
        d /= U[j + 3, j + 3]
        x[j], x[j + 1], x[j + 2], x[j + 3] = a, b, c, d
        for m in range(j + 4, k):
            x[m] -= (a * U[j, m] + b * U[j + 1, m]) + (c * U[j + 2, m] + d * U[j + 3, m])
        j += 4
    while j < k:
        a = x[j] / U[j, j]
        x[j] = a
        for m in range(j + 1, k):
            x[m] -= a * U[j, m]
        j += 1


@njit(nogil=True, error_model="numpy")
def forward_all(U, k, rows):  # type: ignore[no-untyped-def]
    """Solve ``U'z = x`` in place for each row ``x``, with the leading ``k`` rows of ``U``."""
    j = 0
    # four rows at a time: a short loop costs its beginning and its end
    while j + 4 <= k:
        for q in range(len(rows)):
            a = rows[q, j] / U[j, j]
            b = (rows[q, j + 1] - a * U[j, j + 1]) / U[j + 1, j + 1]
            c = (rows[q, j + 2] - a * U[j, j + 2] - b * U[j + 1, j + 2]) / U[j + 2, j + 2]
            d = rows[q, j + 3] - a * U[j, j + 3] - b * U[j + 1, j + 3] - c * U[j + 2, j + 3]
            d /= U[j + 3, j + 3]
            rows[q, j], rows[q, j + 1], rows[q, j + 2], rows[q, j + 3] = a, b, c, d
            for m in range(j + 4, k):
                rows[q, m] -= (a * U[j, m] + b * U[j + 1, m]) + (c * U[j + 2, m] + d * U[j + 3, m])
        j += 4
    while j < k:
        for q in range(len(rows)):
            a = rows[q, j] / U[j, j]
            rows[q, j] = a
            for m in range(j + 1, k):
                rows[q, m] -= a * U[j, m]
        j += 1


@njit(nogil=True, error_model="numpy")
def backward(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``Uz = x`` in place, with the leading ``k`` rows."""
    j = k
    while j >= 4:
        j -= 4
        a, b, c, d = four_inner(U, j, j + 1, j + 2, j + 3, x, j + 4, k)
        d = (x[j + 3] - d) / U[j + 3, j + 3]
        c = (x[j + 2] - c - U[j + 2, j + 3] * d) / U[j + 2, j + 2]
        b = (x[j + 1] - b - U[j + 1, j + 2] * c - U[j + 1, j + 3] * d) / U[j + 1, j + 1]
        a = x[j] - a - U[j, j + 1] * b - U[j, j + 2] * c - U[j, j + 3] * d
        x[j], x[j + 1], x[j + 2], x[j + 3] = a / U[j, j], b, c, d
    while j > 0:
        j -= 1
        a = 0.0
        for m in range(j + 1, k):
            a += U[j, m] * x[m]
        x[j] = (x[j] - a) / U[j, j]


@njit(nogil=True, error_model="numpy")
def solve(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'U z = x`` in place, with the leading ``k`` rows."""
    forward(U, k, x)
    backward(U, k, x)


@njit(nogil=True, error_model="numpy")
def _end(U, k, column, diagonal):  # type: ignore[no-untyped-def]
    """Write a solved column and its pivot; returns whether it is no longer than it can be."""
    total = 0.0
    for j in range(k):
        U[j, k] = column[j]
        total += column[j] * column[j]
    pivot = diagonal - total
    if pivot <= DEPENDENT * diagonal:
        pivot = CURVATURE * diagonal
    U[k, k] = np.sqrt(pivot)
    return total <= GROWN * diagonal


@njit(nogil=True, error_model="numpy")
def append(U, k, column, diagonal):  # type: ignore[no-untyped-def]
    """Extend ``A`` by a column with this diagonal entry; ``column`` is overwritten.

    Returns whether the factor is still one of ``A``: a column of it is never longer than the root
    of the diagonal entry, unless rounding errors have grown along dependent features.
    """
    forward(U, k, column)
    return _end(U, k, column, diagonal)


@njit(nogil=True, error_model="numpy")
def append_all(U, k, columns, diagonal):  # type: ignore[no-untyped-def]
    """Extend ``A`` by several columns, as `append` does; the factor is read once for all.

    Each row of ``columns`` holds one of them, down to the last that is new, and is overwritten.
    """
    forward_all(U, k, columns)
    right = True
    for q in range(len(columns)):
        x = columns[q]
        for j in range(k, k + q):
            inner = np.dot(columns[j - k, :j], x[:j])
            x[j] = (x[j] - inner) / U[j, j]
        right = _end(U, k + q, x, diagonal[q]) and right
    return right


@njit(nogil=True, error_model="numpy")
def remove(U, k, q):  # type: ignore[no-untyped-def]
    """Take row and column ``q`` out of ``A``: a rank-one update of the factor behind it."""
    x = U[q, q + 1 : k].copy()
    for j in range(q):
        for m in range(q, k - 1):
            U[j, m] = U[j, m + 1]
    for j in range(q, k - 1):
        # row j + 1 moves up and takes its share of x, by a rotation: nothing grows in it, however
        # small the pivot of a dependent feature
        old, new = U[j + 1, j + 1], x[j - q]
        root = np.sqrt(old * old + new * new)
        c, s = old / root, new / root
        U[j, j] = root
        for m in range(j + 1, k - 1):
            above, share = U[j + 1, m + 1], x[m - q]
            U[j, m] = c * above + s * share
            x[m - q] = c * share - s * above


@njit(nogil=True, error_model="numpy")
def enlarged(A, room, k):  # type: ignore[no-untyped-def]
    """A larger array with the same corner."""
    out = np.empty((room, room))
    out[:k, :k] = A[:k, :k]
    return out
