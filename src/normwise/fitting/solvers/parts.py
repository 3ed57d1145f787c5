"""Compiled steps for the training parts of a small problem; see `normwise.fitting.solvers.bulk`.

Ridge needs no eigenvectors: Householder reflections bring the kernel or the Gram matrix to a
tridiagonal one, whose system is solved for all strengths at once (Golub & Van Loan, Matrix
Computations, sections 4.3 and 8.3).
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.compiled import njit

CONSTANT = 1e-12


@njit(nogil=True, error_model="numpy")
def standardise(X, y, train, n_rows, test, n_tests):  # type: ignore[no-untyped-def]
    """Standardise training parts, given as row numbers one after the other, and their test rows.

    Returns the arrays of `normwise.fitting.solvers.bulk.Parts`, without the numbers of rows.
    """
    p, n_parts = X.shape[1], len(n_rows)
    most = n_rows.max()
    rows, response = np.zeros((n_parts, p, most)), np.zeros((n_parts, most))
    tests, y_test = np.zeros((n_parts, n_tests.max(), p)), np.zeros((n_parts, n_tests.max()))
    means, scales, offset = np.zeros((n_parts, p)), np.zeros((n_parts, p)), np.zeros(n_parts)
    first = first_test = 0
    for part in range(n_parts):
        n = n_rows[part]
        mean, scale = means[part], scales[part]
        for i in range(first, first + n):
            offset[part] += y[train[i]] / n
            for f in range(p):
                mean[f] += X[train[i], f]
        rest = 0.0
        for i in range(first, first + n):
            rest += y[train[i]] - offset[part]
        # to the last bit, for a response without variation
        offset[part] += rest / n
        for f in range(p):
            mean[f] /= n
        for i in range(first, first + n):
            for f in range(p):
                scale[f] += (X[train[i], f] - mean[f]) ** 2
        for f in range(p):
            spread = np.sqrt(scale[f] / n)
            # the spread of a constant column is of rounding errors, not exactly zero
            scale[f] = spread if spread > CONSTANT * abs(mean[f]) else np.inf
        root = np.sqrt(1.0 / n)
        factor = root / scale
        for i in range(n):
            row = train[first + i]
            response[part, i] = (y[row] - offset[part]) * root
            for f in range(p):
                rows[part, f, i] = (X[row, f] - mean[f]) * factor[f]
        for i in range(n_tests[part]):
            row = test[first_test + i]
            y_test[part, i] = y[row] - offset[part]
            for f in range(p):
                tests[part, i, f] = (X[row, f] - mean[f]) / scale[f]
        first += n
        first_test += n_tests[part]
    return rows, response, tests, y_test, means, scales, offset


@njit(nogil=True, error_model="numpy")
def squared_errors(coef, tests, y, n_tests):  # type: ignore[no-untyped-def]
    """Mean squared error of each part's test rows, of shape (n_parts, n_alphas)."""
    n_parts, n_alphas = coef.shape[:2]
    out = np.empty((n_parts, n_alphas))
    for part in range(n_parts):
        n = n_tests[part]
        predictor = np.dot(coef[part], tests[part].T)
        for i in range(n_alphas):
            total = 0.0
            for m in range(n):
                total += (y[part, m] - predictor[i, m]) ** 2
            out[part, i] = total / n
    return out


@njit(nogil=True)
def _tridiagonalise(S):  # type: ignore[no-untyped-def]
    """Reflections that make ``S`` tridiagonal: vectors, factors, diagonal, subdiagonal.

    ``S`` is overwritten.
    """
    m = len(S)
    vectors, factors = np.zeros((m, m)), np.zeros(m)
    diagonal, beside = np.empty(m), np.zeros(m)
    w = np.empty(m)
    for k in range(m - 1):
        diagonal[k] = S[k, k]
        v = vectors[k]
        square = 0.0
        for i in range(k + 1, m):
            v[i] = S[k, i]
            square += v[i] * v[i]
        rest = square - v[k + 1] * v[k + 1]
        if rest <= 0.0:
            beside[k] = v[k + 1]
            continue
        size = np.sqrt(square)
        end = -size if v[k + 1] > 0 else size
        beside[k] = end
        v[k + 1] -= end
        factor = 2.0 / (rest + v[k + 1] * v[k + 1])
        factors[k] = factor
        w[k + 1 :] = 0.0
        for i in range(k + 1, m):
            # S is symmetric: its rows are its columns, and sums of rows keep their order
            a = factor * v[i]
            for j in range(k + 1, m):
                w[j] += a * S[i, j]
        along = 0.0
        for i in range(k + 1, m):
            along += w[i] * v[i]
        along *= factor / 2
        for i in range(k + 1, m):
            w[i] -= along * v[i]
        for i in range(k + 1, m):
            a, b = v[i], w[i]
            for j in range(k + 1, m):
                S[i, j] -= a * w[j] + b * v[j]
    diagonal[m - 1] = S[m - 1, m - 1]
    return vectors, factors, diagonal, beside


@njit(nogil=True)
def _reflect(v, factor, first, B, share):  # type: ignore[no-untyped-def]
    """Reflect the columns of ``B`` from row ``first`` on."""
    share[:] = 0.0
    for i in range(first, len(v)):
        a = v[i]
        for j in range(len(share)):
            share[j] += a * B[i, j]
    for i in range(first, len(v)):
        a = factor * v[i]
        for j in range(len(share)):
            B[i, j] -= a * share[j]


@njit(nogil=True, error_model="numpy")
def _solve(vectors, factors, diagonal, beside, right, alphas):  # type: ignore[no-untyped-def]
    """Solutions of ``(S + alpha I) a = right``, as columns, and the smallest pivot."""
    m, n_alphas = len(right), len(alphas)
    q, one = right.copy().reshape(m, 1), np.empty(1)
    for k in range(m - 1):
        if factors[k] != 0.0:
            _reflect(vectors[k], factors[k], k + 1, q, one)
    pivots, B, share = np.empty((m, n_alphas)), np.empty((m, n_alphas)), np.empty(n_alphas)
    smallest = np.inf
    for j in range(n_alphas):
        pivots[0, j] = diagonal[0] + alphas[j]
        B[0, j] = q[0, 0]
        smallest = min(smallest, pivots[0, j])
    for i in range(1, m):
        for j in range(n_alphas):
            ratio = beside[i - 1] / pivots[i - 1, j]
            pivots[i, j] = diagonal[i] + alphas[j] - ratio * beside[i - 1]
            B[i, j] = q[i, 0] - ratio * B[i - 1, j]
            smallest = min(smallest, pivots[i, j])
    if not smallest > 0.0:
        return B, smallest
    for j in range(n_alphas):
        B[m - 1, j] /= pivots[m - 1, j]
    for i in range(m - 2, -1, -1):
        for j in range(n_alphas):
            B[i, j] = (B[i, j] - beside[i] * B[i + 1, j]) / pivots[i, j]
    for k in range(m - 2, -1, -1):
        if factors[k] != 0.0:
            _reflect(vectors[k], factors[k], k + 1, B, share)
    return B, smallest


@njit(nogil=True, error_model="numpy")
def ridge_paths(rows, y, n_rows, alphas):  # type: ignore[no-untyped-def]
    """Ridge solutions of each part, combinations of rows if these are few, and relative gaps.

    Gaps are infinite where a matrix without full rank meets strength 0.
    """
    n_parts, p, most = rows.shape
    n_alphas = len(alphas)
    kernel = most <= p
    out = np.zeros((n_parts, n_alphas, most if kernel else p))
    gaps = np.full((n_parts, n_alphas), np.inf)
    for part in range(n_parts):
        n = n_rows[part]
        Z, target = np.ascontiguousarray(rows[part, :, :n]), y[part, :n]
        null = np.dot(target, target) / 2
        if null == 0.0:
            null = 1.0
        if kernel:
            S = np.dot(Z.T, Z)
            # centred features are orthogonal to the intercept, as is y: what is added along it
            # changes no solution, and the matrix has full rank
            S += np.trace(S) / n**2
        else:
            S = np.dot(Z, Z.T)
            target = np.dot(Z, target)
        m = len(S)
        vectors, factors, diagonal, beside = _tridiagonalise(S.copy())
        size = diagonal.max()
        found, smallest = _solve(vectors, factors, diagonal, beside, target, alphas)
        # a pivot of rounding errors: there are fewer directions than rows or features
        if not smallest > 1e-12 * size:
            continue
        residual = np.dot(S, found)
        for i in range(m):
            for j in range(n_alphas):
                residual[i, j] += alphas[j] * found[i, j] - target[i]
                out[part, j, i] = found[i, j]
        along = np.dot(S, residual)
        for j in range(n_alphas):
            if alphas[j] == np.inf:
                gaps[part, j] = 0.0
                continue
            square = inner = 0.0
            for i in range(m):
                square += residual[i, j] ** 2
                inner += residual[i, j] * along[i, j]
            if alphas[j] > 0.0:
                gap = (inner if kernel else square) / (2 * alphas[j])
            elif kernel:
                gap = square / 2
            else:
                rest = residual[:, j].copy()
                step = _solve(vectors, factors, diagonal, beside, rest, np.zeros(1))[0]
                gap = 0.0
                for i in range(m):
                    gap += rest[i] * step[i, 0] / 2
            gaps[part, j] = gap / null
    return out, gaps
