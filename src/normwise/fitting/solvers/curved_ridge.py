r"""L2 paths of losses that are not quadratic by quasi-Newton steps, compiled.

The problem is :math:`\sum_i w_i \ell_i(x_i^T b) + \frac{\lambda_2}{2} \sum_j b_j^2` with a loss
:math:`\ell_i` of `likelihood`. No feature comes or goes: each solution is predicted from those
before and corrected by quasi-Newton steps.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from normwise.fitting.solvers.columns import add, dots, form_of, n_columns
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.curved_active_set import weighted_products
from normwise.fitting.solvers.likelihood import (
    MIN_WEIGHT,
    balanced_dual,
    loss_at,
    n_outputs,
    n_rows,
    settle,
    slopes,
    total_curvature,
)

MAX_STEPS = 5000
# of the gap asked for, what is aimed at; solutions before that predict one; steps to a strength
# this much further off than the last begin where that ended
SMOOTH_AIM = 0.01
HISTORY = 4
FAR = 2.0
# strengths after which predictors are computed anew, as rounding errors add up
FRESH = 16
# share of its slope that a step may leave, and what is tried for it
FLATTER = 0.3
MAX_TRIALS = 20
# features up to which a Hessian costs next to nothing
SMALL = 400
# steps in which an error that is more than rounding is halved
PATIENCE = 40
# steps that are remembered
MEMORY = 8


def sum_of(X, coef, out):  # type: ignore[no-untyped-def]
    """Sum of all features, each times a coefficient."""


def spectrum(X, curvature, weight):  # type: ignore[no-untyped-def]
    """Eigenvalues and eigenvectors of the Hessian of the loss, the intercepts at their best."""


def effort(X, p):  # type: ignore[no-untyped-def]
    """Steps after which eigenvectors would have paid; never for many sparse features."""


@overload(sum_of)
def _sum_of(X, coef, out):  # type: ignore[no-untyped-def]
    def sparse(X, coef, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        out[:] = 0.0
        for f in range(len(coef)):
            for m in range(start[f], start[f + 1]):
                out[row[m]] += coef[f] * data[m]

    def blocks(X, coef, out):  # type: ignore[no-untyped-def]
        features, K = X
        p, n = n_columns(features), len(out) // K
        for k in range(K):
            sum_of(features, coef[k * p : (k + 1) * p], out[k * n : (k + 1) * n])

    return form_of(X, lambda X, coef, out: np.dot(coef, X, out), sparse, blocks)


@njit(nogil=True, error_model="numpy")
def _spectrum_of_classes(X, curvature, weight):  # type: ignore[no-untyped-def]
    features, K = X
    n, p = len(weight), n_columns(features)
    size = K * p
    A, everyone = np.zeros((size, size)), np.arange(size)
    weighted_products(X, everyone, size, curvature, weight, A)
    # what the intercepts of all classes but the last take out of it
    B, C = np.empty((K - 1, size)), np.empty((K - 1, K - 1))
    v = np.empty(n)
    for m in range(K - 1):
        ahead = curvature[m * n : (m + 1) * n]
        for k in range(K):
            at = curvature[k * n : (k + 1) * n]
            for i in range(n):
                v[i] = weight[i] * at[i] * ((1.0 if k == m else 0.0) - ahead[i])
            dots(features, v, B[m, k * p : (k + 1) * p])
            if k < K - 1:
                C[k, m] = v.sum()
        C[m, m] += MIN_WEIGHT
    for j in range(size):
        for m in range(j):
            A[j, m] = A[m, j]
    A -= np.dot(np.ascontiguousarray(B.T), np.linalg.solve(C, B))
    values, vectors = np.linalg.eigh(A)
    return values, np.ascontiguousarray(vectors)


@overload(spectrum)
def _spectrum(X, curvature, weight):  # type: ignore[no-untyped-def]
    def dense(X, curvature, weight):  # type: ignore[no-untyped-def]
        total = curvature.sum()
        mean = np.dot(X, curvature) / total if total > 0 else np.zeros(len(X))
        rows = np.empty_like(X)
        root = np.sqrt(curvature)
        for f in range(len(X)):
            for i in range(len(root)):
                rows[f, i] = (X[f, i] - mean[f]) * root[i]
        values, vectors = np.linalg.eigh(np.dot(rows, rows.T))
        return values, np.ascontiguousarray(vectors)

    def sparse(X, curvature, weight):  # type: ignore[no-untyped-def]
        p, total = len(X[2]) - 1, curvature.sum()
        A, sums, buffer = np.empty((p, p)), np.empty(p), np.empty(len(weight))
        dots(X, curvature, sums)
        for f in range(p):
            buffer[:] = 0.0
            add(X, f, 1.0, buffer)
            buffer *= curvature
            dots(X, buffer, A[f])
            A[f] -= sums[f] / total * sums
        values, vectors = np.linalg.eigh(A)
        return values, np.ascontiguousarray(vectors)

    return form_of(X, dense, sparse, _spectrum_of_classes.py_func)


def squares(X, curvature, weight):  # type: ignore[no-untyped-def]
    """Diagonal of that Hessian."""


@overload(squares)
def _squares(X, curvature, weight):  # type: ignore[no-untyped-def]
    def dense(X, curvature, weight):  # type: ignore[no-untyped-def]
        total = curvature.sum()
        out = np.empty(len(X))
        for f in range(len(X)):
            mean = np.dot(X[f], curvature) / total
            square = 0.0
            for i in range(len(curvature)):
                square += curvature[i] * (X[f, i] - mean) ** 2
            out[f] = square
        return out

    def sparse(X, curvature, weight):  # type: ignore[no-untyped-def]
        data, row, start = X
        p, total = len(start) - 1, curvature.sum()
        out = np.empty(p)
        for f in range(p):
            mean = square = 0.0
            for m in range(start[f], start[f + 1]):
                mean += curvature[row[m]] * data[m]
                square += curvature[row[m]] * data[m] ** 2
            out[f] = square - mean**2 / total
        return out

    def blocks(X, curvature, weight):  # type: ignore[no-untyped-def]
        features, K = X
        p, n = n_columns(features), len(weight)
        out = np.empty(K * p)
        for k in range(K):
            at = curvature[k * n : (k + 1) * n]
            out[k * p : (k + 1) * p] = squares(features, weight * (at * (1 - at) + MIN_WEIGHT), at)
        return out

    return form_of(X, dense, sparse, blocks)


@overload(effort)
def _effort(X, p):  # type: ignore[no-untyped-def]
    # a small problem is solved before it would pay
    def sparse(X, p):  # type: ignore[no-untyped-def]
        return 300 + 2.5 * p if p <= SMALL else np.inf

    return form_of(X, lambda X, p: 300 + 2.5 * p, sparse, lambda X, p: effort(X[0], p))


@njit(nogil=True)
def _smooth_gap(y, eta, weight, theta, coef, gradient, l2, free):  # type: ignore[no-untyped-def]
    """Primal less dual objective."""
    primal = loss_at(y, eta, weight) + l2 / 2 * np.dot(coef, coef)
    return primal - balanced_dual(y, theta, weight, free) + np.dot(gradient, gradient) / 2 / l2


@njit(nogil=True, error_model="numpy")
def _smooth_step(gradient, coef, l2, diagonal, Q, S, Y, newest, n_pairs, out):  # type: ignore[no-untyped-def]
    """Quasi-Newton step: what the memory knows of the loss, with the penalty of this strength."""
    p = len(coef)
    share, curved = np.empty(MEMORY), np.empty(MEMORY)
    for j in range(p):
        out[j] = gradient[j] - l2 * coef[j]
    for a in range(n_pairs):
        m = (newest - a) % MEMORY
        s, change = S[m], Y[m]
        along = np.dot(s, out)
        bend = np.dot(s, change) + l2 * np.dot(s, s)
        share[m], curved[m] = along / bend, bend
        for j in range(p):
            out[j] -= share[m] * (change[j] + l2 * s[j])
    if len(Q):
        turned = np.dot(out, Q)
        for j in range(p):
            turned[j] /= diagonal[j] + l2
        np.dot(Q, turned, out)
    else:
        for j in range(p):
            out[j] /= diagonal[j] + l2
    for a in range(n_pairs - 1, -1, -1):
        m = (newest - a) % MEMORY
        s, change = S[m], Y[m]
        along = np.dot(change, out) + l2 * np.dot(s, out)
        for j in range(p):
            out[j] += (share[m] - along / curved[m]) * s[j]


@njit(nogil=True, error_model="numpy")
def _flatten(  # type: ignore[no-untyped-def]
    y, eta, weight, way, slope, fixed, square, free, theta, curvature, trial
):
    """Length of a step that leaves little of the slope along it, and the intercept's change.

    The penalty's slope at a length is ``fixed + length * square``. What is in `trial`, `theta` and
    `curvature` are the values at the end of the step.
    """
    low, at_low, high, at_high, length = 0.0, slope, np.inf, 0.0, 1.0
    for attempt in range(MAX_TRIALS):
        for i in range(len(eta)):
            trial[i] = eta[i] + length * way[i]
        shift = settle(y, trial, weight, free, theta, curvature)
        now = fixed + length * square - np.dot(theta, way)
        if abs(now) <= FLATTER * abs(slope) or attempt == MAX_TRIALS - 1:
            break
        if now < 0:
            low, at_low = length, now
        else:
            high, at_high = length, now
        if high < np.inf:
            length = low + (high - low) * min(max(at_low / (at_low - at_high), 0.1), 0.9)
        else:
            # where the line through both slopes is zero, at most fourfold
            length *= min(4.0, slope / (slope - now)) if now > slope else 4.0
    return length, shift


@njit(nogil=True)
def _lift(eta, level):  # type: ignore[no-untyped-def]
    """Add the intercept of each output to its predictors."""
    n = len(eta) // len(level)
    for k in range(len(level)):
        eta[k * n : (k + 1) * n] += level[k]


@njit(nogil=True)
def _polynomial(at, n_nodes, now, out):  # type: ignore[no-untyped-def]
    """Weights of the first values in the polynomial through them, at another place (Lagrange)."""
    for a in range(n_nodes):
        out[a] = 1.0
        for b in range(n_nodes):
            if b != a:
                out[a] *= (now - at[b]) / (at[a] - at[b])


@njit(nogil=True)
def _best_degree(at, past, n_past, now, coef):  # type: ignore[no-untyped-def]
    """How many solutions before would have predicted this one best."""
    share, best, nodes = np.empty(HISTORY), np.inf, 1
    for d in range(1, n_past + 1):
        _polynomial(at, d, now, share)
        error = 0.0
        for j in range(len(coef)):
            miss = -coef[j]
            for a in range(d):
                miss += share[a] * past[a, j]
            error += miss**2
        if error < best:
            best, nodes = error, d
    return nodes


@njit(nogil=True)
def smooth_path(X, y, weight, l2, start, free, tol, null):  # type: ignore[no-untyped-def]
    r"""Follow a path of problems with an L2 part alone.

    With the intercept at its best, the objective is a function of the other coefficients alone,
    strongly convex, and a gradient q leaves a duality gap of :math:`\lVert q \rVert^2 / 2\lambda`.
    Solutions lie on a smooth curve of the logarithm of the strength: each is predicted from those
    before and corrected by limited-memory quasi-Newton steps (Nocedal & Wright 2006, chapter 7),
    whose memory is of the loss and outlives the strength. They begin with the diagonal of a
    Hessian; with all of it, as eigenvalues and eigenvectors that serve every strength, for few
    features, or once the steps have cost as much.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples) or tuple
        Without the intercept. One feature a row, C order; or data, row indices and column starts
        of a sparse matrix; or, for several classes, a pair of either and the number of classes.
    y : ndarray or tuple
        The responses, as `likelihood` has them.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l2 : ndarray of shape (n_alphas,)
        Positive strengths, decreasing.
    start : ndarray of shape (n_outputs,)
        Intercepts of the null model, or zero.
    free : bool
        Whether there is an intercept.
    tol : float
        Relative duality gap; a hundredth of it is aimed at.
    null : float
        Objective of the null model, the unit of the gaps.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_outputs * n_features)
    intercept : ndarray of shape (n_alphas, n_outputs)
    gap : ndarray of shape (n_alphas,)
    n_iter : ndarray of int, shape (n_alphas,)
        Quasi-Newton steps of each.
    """
    n, n_alphas, K = n_outputs(y) * n_rows(y), len(l2), n_outputs(y)
    theta, curvature, trial, way = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    eta, level = np.zeros(n), start.copy()
    _lift(eta, level)
    slopes(y, eta, weight, theta, curvature)
    diagonal, Q = squares(X, curvature, weight), np.empty((0, 0))
    reference = total_curvature(y, curvature, weight)
    p = len(diagonal)
    coef, gradient, before, step = np.zeros(p), np.empty(p), np.empty(p), np.empty(p)
    S, Y, newest, n_pairs = np.zeros((MEMORY, p)), np.zeros((MEMORY, p)), 0, 0
    # the latest solution first
    past, past_eta, at = np.zeros((HISTORY, p)), np.zeros((HISTORY, n)), np.zeros(HISTORY)
    past_level, share, n_past, nodes = np.zeros((HISTORY, K)), np.empty(HISTORY), 0, 1
    out, intercept, gap = np.empty((n_alphas, p)), np.empty((n_alphas, K)), np.empty(n_alphas)
    # in eigenvectors, a solution does not depend on the basis that features are given in
    n_iter, debt = np.zeros(n_alphas, np.int64), np.inf if p <= SMALL else 0.0
    dear = effort(X, p)

    for i in range(n_alphas):
        now = np.log(l2[i])
        if i % FRESH == FRESH - 1:
            # all of them, as a polynomial through clean and worn ones would make more of the wear
            for a in range(n_past):
                sum_of(X, past[a], past_eta[a])
                _lift(past_eta[a], past_level[a])
        if n_past > 0:
            if n_past == 1 or abs(now - at[0]) > FAR * abs(at[0] - at[1]):
                nodes = 1
            _polynomial(at, nodes, now, share)
            coef[:], eta[:], level[:] = 0.0, 0.0, 0.0
            for a in range(nodes):
                coef += share[a] * past[a]
                eta += share[a] * past_eta[a]
                level += share[a] * past_level[a]
        level += settle(y, eta, weight, free, theta, curvature)
        dots(X, theta, gradient)
        aim = 2 * l2[i] * SMOOTH_AIM * tol * null
        least, since = np.inf, 0
        while n_iter[i] < MAX_STEPS:
            size = 0.0
            for j in range(p):
                size += (gradient[j] - l2[i] * coef[j]) ** 2
            if size <= aim:
                break
            since += 1
            if size < least / 2:
                least, since = size, 0
            if since > PATIENCE:
                # rounding errors, unless the Hessian is of no use
                if debt == 0.0 or dear == np.inf:
                    break
                debt = np.inf
            if debt > dear:
                diagonal, Q = spectrum(X, curvature, weight)
                reference = total_curvature(y, curvature, weight)
                n_pairs, debt, since = 0, 0.0, 0
            n_iter[i] += 1
            debt += 1.0 if n_iter[i] > 1 else 0.0
            scaled = diagonal * (total_curvature(y, curvature, weight) / reference)
            _smooth_step(gradient, coef, l2[i], scaled, Q, S, Y, newest, n_pairs, step)
            sum_of(X, step, way)
            fixed, square = l2[i] * np.dot(coef, step), l2[i] * np.dot(step, step)
            slope = fixed - np.dot(theta, way)
            if slope >= 0:
                if n_pairs == 0:
                    break
                n_pairs = 0
                continue
            before[:] = gradient
            length, shift = _flatten(
                y, eta, weight, way, slope, fixed, square, free, theta, curvature, trial
            )
            eta[:] = trial
            level += shift
            dots(X, theta, gradient)
            newest, n_pairs = (newest + 1) % MEMORY, min(n_pairs + 1, MEMORY)
            for j in range(p):
                S[newest, j] = length * step[j]
                Y[newest, j] = before[j] - gradient[j]
                coef[j] += S[newest, j]
        out[i], intercept[i] = coef, level
        gap[i] = _smooth_gap(y, eta, weight, theta, coef, gradient, l2[i], free) / null
        nodes = _best_degree(at, past, n_past, now, coef)
        if n_past == 0 or now != at[0]:
            n_past = min(n_past + 1, HISTORY)
            for a in range(n_past - 1, 0, -1):
                past[a], past_eta[a] = past[a - 1], past_eta[a - 1]
                past_level[a], at[a] = past_level[a - 1], at[a - 1]
        past[0], past_eta[0], past_level[0], at[0] = coef, eta, level, now
    return out, intercept, gap, n_iter
