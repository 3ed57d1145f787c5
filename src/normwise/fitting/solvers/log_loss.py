r"""Paths of the log-loss, compiled: L1 and elastic net by active sets, L2 by quasi-Newton steps.

The problem is :math:`\sum_i w_i \ell_i(x_i^T b) + \lambda_1 \sum_j f_j |b_j| +
\frac{\lambda_2}{2} \sum_j f_j b_j^2` with the log-loss :math:`\ell_i` of a response of zeros and
ones.

With an L1 part (`log_loss_path`), the problem is smooth for given active features and signs, and a
few Newton steps solve it. A step stops where a coefficient would change its sign; that feature
leaves, and the features that violate the optimality conditions enter (feature-sign search; Lee,
Battle, Raina & Ng 2007). Each step lowers the objective. The Cholesky factor of a Hessian is
updated as features come and go and outlives the step and the strength: what has changed since it
was computed is told by the last steps and their changes of the gradient (secant pairs), until slow
steps have cost as much as a new Hessian. Only features that pass the sequential strong rule
(Tibshirani et al. 2012) are looked at before the final check of all of them, which also yields the
duality gap.

With an L2 part alone (`smooth_path`), no feature comes or goes: each solution is predicted from
those before and corrected by quasi-Newton steps.

All compiled code is in this file: numba's cache notices a change of the file that a function is
in, and of no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from normwise.fitting.solvers.compiled import njit

MAX_STEPS = 5000
ENTER_AT_MOST = 8
# a step that leaves a larger share of the error than this is slow
REUSE = 0.25
MAX_HALVINGS = 30
MIN_WEIGHT = 1e-10
# of the gap asked for, what violations of an L1 part may come to
L1_AIM = 0.5
# what a tolerance is multiplied by where that was not enough, and how often
TIGHTER = 0.1
MAX_TIGHTER = 6
# the L2 path: of the gap asked for, what is aimed at; solutions before that predict one; steps to a
# strength this much further off than the last begin where that ended
SMOOTH_AIM = 0.01
HISTORY = 4
FAR = 2.0
# strengths after which predictors are computed anew, as rounding errors add up
FRESH = 16
# share of its slope that a step may leave, and what is tried for it and for the intercept
FLATTER = 0.3
MAX_TRIALS = 20
MAX_SHIFTS = 50
# sum of the slopes over the sum of their sizes, at the best intercept
BALANCED = 1e-12
# features up to which a Hessian costs next to nothing
SMALL = 400
# steps in which an error that is more than rounding is halved
PATIENCE = 40
# error of an inner product, relative to the norms of both vectors
ROUNDING = 1e-15
# rounding errors do not turn a bound below this share of the threshold into a violation
BELOW = 1 - 1e-9
# a pivot below the first is a rounding error, because a feature depends linearly on those before
# it, and is replaced by the second, both relative to the diagonal: a step then goes far along the
# dependence, until the sign of a coefficient stops it
DEPENDENT = 1e-12
CURVATURE = 1e-10
# squared length of a column of a factor, in its diagonal entry, that only rounding errors reach
GROWN = 1 + 1e-6
BLOCK = 48
# steps that are remembered beside a factor, and the share of the active features that slow steps
# may come to before the factor, which costs as much, is computed anew
MEMORY = 8
# the cosine of a step and its change of gradient, below which it is not used
STRAIGHT = 1e-8
DEAR = 1 / 12

LN2_HIGH, LN2_LOW, LOG2_E = 0.6931471803691238, 1.9082149292705877e-10, 1.4426950408889634
# adding this to a double leaves its nearest integer in the lowest bits
ROUNDER = 6755399441055744.0
TINY, ALMOST_ONE = 1e-300, 1 - 2.0**-53
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD

# No sum is left to the compiler to rearrange: compiled callers hold copies of what they call, and a
# process takes the copy that it loads first, so that bits would depend on what was called before.

# features are the rows of a dense array in C order, or the columns of a sparse one: data, row
# numbers and column starts


def dot(X, f, v):  # type: ignore[no-untyped-def]
    """Inner product of feature ``f`` with a vector."""


def add(X, f, factor, out):  # type: ignore[no-untyped-def]
    """Add a multiple of feature ``f`` to a vector."""


def dense(X):  # type: ignore[no-untyped-def]
    """Whether features are rows of an array."""


def norm(X, f):  # type: ignore[no-untyped-def]
    """Euclidean norm of feature ``f``."""


def dots(X, v, out):  # type: ignore[no-untyped-def]
    """Inner products of all features with a vector."""


def dense_rows(X, chosen, k, factor):  # type: ignore[no-untyped-def]
    """Features ``chosen[:k]`` as dense rows, times a vector entry by entry."""


def gather(X, f, rows, j):  # type: ignore[no-untyped-def]
    """Copy dense feature ``f`` to row ``j``, so that those in use lie together."""


def combine(X, rows, chosen, k, coef, out):  # type: ignore[no-untyped-def]
    """Sum of features ``chosen[:k]``, each times a coefficient; dense ones are in `rows`."""


def dots_with(X, rows, chosen, k, v, out):  # type: ignore[no-untyped-def]
    """Inner products of features ``chosen[:k]`` with a vector; dense ones are in `rows`."""


@overload(gather)
def _gather(X, f, rows, j):  # type: ignore[no-untyped-def]
    def dense(X, f, rows, j):  # type: ignore[no-untyped-def]
        rows[j] = X[f]

    return dense if isinstance(X, types.Array) else (lambda X, f, rows, j: None)


@overload(combine)
def _combine(X, rows, chosen, k, coef, out):  # type: ignore[no-untyped-def]
    def sparse(X, rows, chosen, k, coef, out):  # type: ignore[no-untyped-def]
        out[:] = 0.0
        for j in range(k):
            add(X, chosen[j], coef[j], out)

    def gathered(X, rows, chosen, k, coef, out):  # type: ignore[no-untyped-def]
        np.dot(coef[:k], rows[:k], out)

    return gathered if isinstance(X, types.Array) else sparse


@overload(dots_with)
def _dots_with(X, rows, chosen, k, v, out):  # type: ignore[no-untyped-def]
    def sparse(X, rows, chosen, k, v, out):  # type: ignore[no-untyped-def]
        for j in range(k):
            out[j] = dot(X, chosen[j], v)

    def gathered(X, rows, chosen, k, v, out):  # type: ignore[no-untyped-def]
        np.dot(rows[:k], v, out[:k])

    return gathered if isinstance(X, types.Array) else sparse


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


@overload(dense)
def _dense(X):  # type: ignore[no-untyped-def]
    return (lambda X: True) if isinstance(X, types.Array) else (lambda X: False)


@overload(norm)
def _norm(X, f):  # type: ignore[no-untyped-def]
    def sparse(X, f):  # type: ignore[no-untyped-def]
        data, _, start = X
        entries = data[start[f] : start[f + 1]]
        return np.sqrt(np.dot(entries, entries))

    return (lambda X, f: np.sqrt(np.dot(X[f], X[f]))) if isinstance(X, types.Array) else sparse


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


def _bits_of(typing, x):  # type: ignore[no-untyped-def]
    """Bits of a double as an integer."""
    return types.int64(types.float64), lambda context, builder, signature, values: builder.bitcast(
        values[0], ir.IntType(64)
    )


def _from_bits(typing, x):  # type: ignore[no-untyped-def]
    """The double with these bits."""
    return types.float64(types.int64), lambda context, builder, signature, values: builder.bitcast(
        values[0], ir.DoubleType()
    )


bits_of: Any = intrinsic(_bits_of)
from_bits: Any = intrinsic(_from_bits)


# without branches or calls, so that loops over these are vectorised


@njit(nogil=True, error_model="numpy", inline="always")
def exp_minus(x):  # type: ignore[no-untyped-def]
    """Exponential of ``-x`` for ``x >= 0``; 700 stands for what is larger."""
    x = -min(x, 700.0)
    shifted = x * LOG2_E + ROUNDER
    k = shifted - ROUNDER
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1.0 / 6227020800
    p = p * r + 1.0 / 479001600
    p = p * r + 1.0 / 39916800
    p = p * r + 1.0 / 3628800
    p = p * r + 1.0 / 362880
    p = p * r + 1.0 / 40320
    p = p * r + 1.0 / 5040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * from_bits((bits_of(shifted) + 1023) << 52)


@njit(nogil=True, error_model="numpy", inline="always")
def log_of(x):  # type: ignore[no-untyped-def]
    """Logarithm of a normal positive number."""
    b = bits_of(x)
    e = (b - ROOT_HALF_BITS) >> 52
    m = from_bits(b - (e << 52))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 2.0 / 21
    p = p * z + 2.0 / 19
    p = p * z + 2.0 / 17
    p = p * z + 2.0 / 15
    p = p * z + 2.0 / 13
    p = p * z + 2.0 / 11
    p = p * z + 2.0 / 9
    p = p * z + 2.0 / 7
    p = p * z + 2.0 / 5
    p = p * z + 2.0 / 3
    p = p * z + 2.0
    return e * LN2_HIGH + (e * LN2_LOW + s * p)


@njit(nogil=True, error_model="numpy", inline="always")
def log1p_of(x):  # type: ignore[no-untyped-def]
    """Logarithm of ``1 + x`` for ``x > -1``."""
    u = 1.0 + x
    return log_of(u) + (x - (u - 1.0)) / u


# ``U`` is upper triangular with ``U'U = A``, in the top left corner of a larger array


@njit(nogil=True)
def products(rows, out):  # type: ignore[no-untyped-def]
    """Write ``rows @ rows.T`` to the corner of ``out``; each product is computed once."""
    k = len(rows)
    for low in range(0, k, BLOCK):
        high = min(low + BLOCK, k)
        out[low:high, low:k] = np.dot(rows[low:high], rows[low:k].T)
        out[low:k, low:high] = out[low:high, low:k].T


@njit(nogil=True)
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


@njit(nogil=True, error_model="numpy")
def solve(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'U x = b`` in place, with the leading ``k`` rows."""
    whole = k - k % 4
    # four rows at a time: x is read and written a quarter as often
    for j in range(0, whole, 4):
        for i in range(j, j + 4):
            for m in range(j, i):
                x[i] -= x[m] * U[m, i]
            x[i] /= U[i, i]
        a, b, c, d = x[j], x[j + 1], x[j + 2], x[j + 3]
        first, second, third, fourth = U[j], U[j + 1], U[j + 2], U[j + 3]
        for m in range(j + 4, k):
            x[m] -= (a * first[m] + b * second[m]) + (c * third[m] + d * fourth[m])
    for j in range(whole, k):
        x[j] /= U[j, j]
        for m in range(j + 1, k):
            x[m] -= x[j] * U[j, m]
    for j in range(k - 1, whole - 1, -1):
        total = 0.0
        for m in range(j + 1, k):
            total += U[j, m] * x[m]
        x[j] = (x[j] - total) / U[j, j]
    for j in range(whole - 4, -1, -4):
        first, second, third, fourth = U[j], U[j + 1], U[j + 2], U[j + 3]
        a, b, c, d = four_inner(U, j, j + 1, j + 2, j + 3, x, j + 4, k)
        x[j + 3] = (x[j + 3] - d) / fourth[j + 3]
        x[j + 2] = (x[j + 2] - c - third[j + 3] * x[j + 3]) / third[j + 2]
        x[j + 1] = (x[j + 1] - b - second[j + 2] * x[j + 2] - second[j + 3] * x[j + 3]) / second[
            j + 1
        ]
        a += first[j + 1] * x[j + 1] + first[j + 2] * x[j + 2] + first[j + 3] * x[j + 3]
        x[j] = (x[j] - a) / first[j]


@njit(nogil=True, error_model="numpy")
def _secant_step(U, k, residual, l2, factor, active, ratio, S, Y, newest, kept, step):  # type: ignore[no-untyped-def]
    """Newton step with a factor of an older Hessian, and what the steps since tell of the new one.

    Limited memory (Nocedal & Wright 2006, chapter 7): ``S`` holds steps, ``Y`` the changes of the
    loss's gradient with them.
    """
    share, curved = np.zeros(MEMORY), np.zeros(MEMORY)
    step[:k] = residual[:k]
    for a in range(kept):
        m = (newest - a) % MEMORY
        along = square = change = 0.0
        for j in range(k):
            square += S[m, j] ** 2
            change += (Y[m, j] + l2 * factor[active[j]] * S[m, j]) ** 2
            curved[m] += S[m, j] * (Y[m, j] + l2 * factor[active[j]] * S[m, j])
            along += S[m, j] * step[j]
        if curved[m] <= STRAIGHT * np.sqrt(square * change):
            # too little is left of it
            curved[m] = np.inf
        share[m] = along / curved[m]
        for j in range(k):
            step[j] -= share[m] * (Y[m, j] + l2 * factor[active[j]] * S[m, j])
    solve(U, k, step)
    for j in range(k):
        step[j] /= ratio
    for a in range(kept - 1, -1, -1):
        m = (newest - a) % MEMORY
        along = 0.0
        for j in range(k):
            along += (Y[m, j] + l2 * factor[active[j]] * S[m, j]) * step[j]
        for j in range(k):
            step[j] += (share[m] - along / curved[m]) * S[m, j]


@njit(nogil=True)
def append(U, k, column, diagonal):  # type: ignore[no-untyped-def]
    """Extend ``A`` by a column with this diagonal entry; ``column`` is overwritten.

    Returns whether the factor is still one of ``A``: a column of it is never longer than the root
    of the diagonal entry, unless rounding errors have grown along dependent features.
    """
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
    return total <= GROWN * diagonal


@njit(nogil=True)
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


@njit(nogil=True)
def enlarged(A, room, k):  # type: ignore[no-untyped-def]
    """A larger array with the same corner."""
    out = np.empty((room, room))
    out[:k, :k] = A[:k, :k]
    return out


@njit(nogil=True)
def taller(rows):  # type: ignore[no-untyped-def]
    """The same rows with room for as many more."""
    out = np.empty((2 * len(rows), rows.shape[1]))
    out[: len(rows)] = rows
    return out


@njit(nogil=True)
def widened(A, room):  # type: ignore[no-untyped-def]
    """The same rows with room for more columns."""
    out = np.zeros((len(A), room))
    out[:, : A.shape[1]] = A
    return out


@njit(nogil=True, error_model="numpy")
def _log_losses(y, eta, weight, out):  # type: ignore[no-untyped-def]
    for i in range(len(y)):
        margin = (2 * y[i] - 1) * eta[i]
        out[i] = weight[i] * (log1p_of(exp_minus(abs(margin))) - min(margin, 0.0))


@njit(nogil=True, error_model="numpy")
def _entropies(theta, weight, positive, negative, out):  # type: ignore[no-untyped-def]
    for i in range(len(theta)):
        factor = positive if theta[i] > 0 else negative
        share = factor * abs(theta[i]) / max(weight[i], TINY)
        size = share * log_of(max(share, TINY))
        rest = (1.0 - share) * log1p_of(-min(share, ALMOST_ONE))
        out[i] = -weight[i] * (size + rest) if share < 1.0 else 0.0


@njit(nogil=True, error_model="numpy")
def _slopes(y, eta, shift, weight, out, curvature):  # type: ignore[no-untyped-def]
    """Minus the derivative of the log-loss at ``eta + shift``, and its curvature."""
    for i in range(len(y)):
        sign = 2 * y[i] - 1
        margin = sign * (eta[i] + shift)
        e = exp_minus(abs(margin))
        d = 1.0 / (1.0 + e)
        out[i] = sign * weight[i] * (e * d if margin >= 0 else d)
        curvature[i] = weight[i] * max(e * d * d, MIN_WEIGHT)


@njit(nogil=True)
def _total(values):  # type: ignore[no-untyped-def]
    """Sum of a vector, in four sums."""
    a = b = c = d = 0.0
    whole = len(values) - len(values) % 4
    for i in range(0, whole, 4):
        a += values[i]
        b += values[i + 1]
        c += values[i + 2]
        d += values[i + 3]
    for i in range(whole, len(values)):
        a += values[i]
    return (a + b) + (c + d)


@njit(nogil=True)
def _log_loss(y, eta, weight):  # type: ignore[no-untyped-def]
    each = np.empty(len(y))
    _log_losses(y, eta, weight, each)
    return _total(each)


@njit(nogil=True)
def _entropy(theta, weight, positive, negative):  # type: ignore[no-untyped-def]
    """Minus the conjugate of the log-loss at a point times a factor for each class."""
    each = np.empty(len(theta))
    _entropies(theta, weight, positive, negative, each)
    return _total(each)


@njit(nogil=True, error_model="numpy")
def _balance(theta):  # type: ignore[no-untyped-def]
    """Factors of the positive and the negative entries that shrink the heavier class."""
    positive = negative = 0.0
    for i in range(len(theta)):
        if theta[i] > 0:
            positive += theta[i]
        else:
            negative -= theta[i]
    common = min(positive, negative)
    return common / positive, common / negative


@njit(nogil=True)
def _make_feasible(theta):  # type: ignore[no-untyped-def]
    """Make a dual point orthogonal to the intercept."""
    positive, negative = _balance(theta)
    for i in range(len(theta)):
        theta[i] *= positive if theta[i] > 0 else negative


@njit(nogil=True)
def _duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor):  # type: ignore[no-untyped-def]
    """Primal objective minus the better of two dual values along ``theta``.

    One shrinks the point into the box of the L1 norm; the other, for ``l2 > 0``, pays for
    leaving it.
    """
    size = square = excess = 0.0
    shrink = 1.0
    for j in range(len(coef)):
        if factor[j] > 0:
            size += factor[j] * abs(coef[j])
            square += factor[j] * coef[j] ** 2
            over = abs(gradient[j]) - l1 * factor[j]
            if over > 0:
                shrink = min(shrink, l1 * factor[j] / abs(gradient[j]))
                if l2 > 0:
                    excess += over**2 / (2 * l2 * factor[j])
    primal = l1 * size + l2 / 2 * square + _log_loss(y, eta, weight)
    dual = _entropy(theta, weight, shrink, shrink)
    if l2 > 0:
        dual = max(dual, _entropy(theta, weight, 1.0, 1.0) - excess)
    return primal - dual


@njit(nogil=True)
def _relative_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor, null):  # type: ignore[no-untyped-def]
    """Duality gap in units of the null model's objective; NaN without a penalty."""
    if l1 == 0 and l2 == 0:
        return np.nan
    return _duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor) / null


@njit(nogil=True)
def _tolerated(l1, l2, largest, size, tol, null, p):  # type: ignore[no-untyped-def]
    """Largest violation of the optimality conditions."""
    if l1 == 0 and l2 == 0:
        return 1e-9 * largest
    # without curvature the cost of a violation e is about e * size, with it quadratic in e
    slack = max(1e-12 * largest, L1_AIM * tol * largest / (1 + size * largest / null))
    if l2 > 0:
        slack = max(slack, min(0.01 * (l1 + l2), np.sqrt(0.02 * tol * null * l2 / p)))
    return slack


@njit(nogil=True)
def _reach(coef, step, signs, factor, active, k):  # type: ignore[no-untyped-def]
    """Share of the step to the first change of a sign, at most 1."""
    reach = 1.0
    for j in range(k):
        now = coef[active[j]]
        if factor[active[j]] > 0 and (now + step[j]) * signs[j] < 0:
            reach = min(reach, -now / step[j])
    return reach


@njit(nogil=True)
def _penalty(coef, step, reach, l1, l2, factor, active, k):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(k):
        value = coef[active[j]] + reach * step[j]
        total += factor[active[j]] * (l1 * abs(value) + l2 / 2 * value**2)
    return total


@njit(nogil=True)
def _search(  # type: ignore[no-untyped-def]
    X,
    rows,
    y,
    weight,
    eta,
    along,
    r,
    curvature,
    coef,
    step,
    residual,
    signs,
    active,
    k,
    factor,
    l1,
    l2,
    reach,
    trial,
):
    """Shorten a step until it lowers the objective; sets r and residual."""
    decrement = np.dot(step[:k], residual[:k])
    value = np.nan
    for _ in range(MAX_HALVINGS):
        trial[:] = eta + reach * along
        _slopes(y, trial, 0.0, weight, r, curvature)
        slope = 0.0
        dots_with(X, rows, active, k, r, residual)
        for j in range(k):
            f = active[j]
            now = coef[f] + reach * step[j]
            residual[j] -= factor[f] * (l1 * signs[j] + l2 * now)
            slope -= residual[j] * step[j]
        # the objective is convex: no minimum was passed, or hardly
        if slope <= 0.1 * decrement:
            return reach
        if np.isnan(value):
            value = _log_loss(y, eta, weight)
            value += _penalty(coef, step, 0.0, l1, l2, factor, active, k)
        after = _log_loss(y, trial, weight)
        if after + _penalty(coef, step, reach, l1, l2, factor, active, k) <= value:
            return reach
        reach /= 2
    return 0.0


@njit(nogil=True)
def _forget(X, rows, active, k, q, hessian, S, Y, changes, buffer):  # type: ignore[no-untyped-def]
    """Take a feature's share, by the factor's Hessian, out of the remembered steps."""
    buffer[:] = 0.0
    add(X, active[q], 1.0, buffer)
    buffer *= hessian
    column = np.empty(k)
    dots_with(X, rows, active, k, buffer, column)
    for m in range(MEMORY):
        changes[m] -= S[m, q] * buffer
        for j in range(k):
            Y[m, j] -= S[m, q] * column[j]
        S[m, q] = 0.0


@njit(nogil=True)
def _leaves(coef, step, signs, factor, reach):  # type: ignore[no-untyped-def]
    turns = factor > 0 and (coef + step) * signs < 0
    return turns and -coef / step <= reach


@njit(nogil=True)
def _move(  # type: ignore[no-untyped-def]
    X,
    rows,
    U,
    eta,
    coef,
    step,
    reach,
    residual,
    signs,
    factor,
    active,
    is_active,
    k,
    hessian,
    S,
    Y,
    changes,
    buffer,
    left_at,
    i,
):
    """Take the step; features that reach zero leave. Returns how many stay."""
    for j in range(k):
        f = active[j]
        if _leaves(coef[f], step[j], signs[j], factor[f], reach):
            _forget(X, rows, active, k, j, hessian, S, Y, changes, buffer)
    kept = 0
    for j in range(k):
        f = active[j]
        if _leaves(coef[f], step[j], signs[j], factor[f], reach):
            add(X, f, -(coef[f] + reach * step[j]), eta)
            coef[f] = 0.0
            is_active[f] = False
            left_at[f] = i
            remove(U, k - (j - kept), kept)
        else:
            coef[f] += reach * step[j]
            active[kept], signs[kept], residual[kept] = f, signs[j], residual[j]
            if kept < j:
                gather(X, f, rows, kept)
                for m in range(MEMORY):
                    S[m, kept], Y[m, kept] = S[m, j], Y[m, j]
            kept += 1
    return kept


@njit(nogil=True)
def _factorised(X, active, k, hessian, factor, l2, U):  # type: ignore[no-untyped-def]
    """The factor of a Hessian, in `U` or a larger array."""
    while k > len(U):
        U = enlarged(U, 2 * len(U), 0)
    A = np.empty((k, k))
    products(dense_rows(X, active, k, np.sqrt(hessian)), A)
    for j in range(k):
        A[j, j] += l2 * factor[active[j]]
    cholesky(A, U)
    return U


@njit(nogil=True)
def _near_anchor(X, theta, l1, factor, norms, anchor, at_anchor, gradient):  # type: ignore[no-untyped-def]
    """Inner products with a dual point near the anchor, unless most are needed.

    A feature whose bound (Cauchy and Schwarz) stays below its threshold cannot violate its
    condition: its entry is that of the anchor.
    """
    distance = np.sqrt(np.sum((theta / l1 - anchor) ** 2))
    needed = 0
    for f in range(len(norms)):
        needed += abs(at_anchor[f]) + norms[f] * distance >= factor[f] * BELOW
    if 4 * needed > len(norms):
        return False
    for f in range(len(norms)):
        if abs(at_anchor[f]) + norms[f] * distance >= factor[f] * BELOW:
            gradient[f] = dot(X, f, theta)
        else:
            gradient[f] = l1 * at_anchor[f]
    return True


@njit(nogil=True)
def _entering(gradient, is_active, among, n_among, factor, l1, slack):  # type: ignore[no-untyped-def]
    """Features that violate their condition, the worst ones if there are many."""
    found = np.empty(n_among, np.int64)
    size = np.empty(n_among)
    n = 0
    for m in range(n_among):
        f = among[m]
        over = abs(gradient[f]) - l1 * factor[f]
        if not is_active[f] and over > slack:
            found[n], size[n] = f, -over
            n += 1
    if n <= ENTER_AT_MOST:
        return found[:n]
    return found[:n][np.argsort(size[:n], kind="mergesort")[:ENTER_AT_MOST]]


@njit(nogil=True)
def log_loss_path(X, y, weight, l1, l2, factor, start, free, tol, null):  # type: ignore[no-untyped-def]
    r"""Follow a path of problems with the log-loss, an L1 part or an L2 part, or both or neither.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples) or tuple
        One feature a row, C order; or data, row indices and column starts of a sparse matrix.
    y : ndarray of shape (n_samples,)
        Zeros and ones.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms, decreasing.
    factor : ndarray of shape (n_features,)
        Penalty factor of each feature, 0 for one that is free.
    start : ndarray of shape (n_features,)
        Where the first problem starts; the following ones start at the solution before.
    free : int
        The intercept among the features, or -1.
    tol : float
        Relative duality gap; with an L1 part, half of it is aimed at.
    null : float
        Objective of the null model, the unit of the gaps.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; without any penalty, half the squared Newton decrement.
    n_iter : ndarray of int, shape (n_alphas,)
        Steps of each. ``MAX_STEPS`` of them end the search; the certificate tells.
    """
    p, n = len(factor), len(y)
    everyone = np.arange(p)
    coef = start.copy()
    out = np.empty((len(l1), p))
    gap = np.empty(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    U = np.empty((32, 32))
    active, is_active, signs, k = np.empty(p, np.int64), np.zeros(p, np.bool_), np.zeros(p), 0
    work, in_work = np.empty(p, np.int64), np.zeros(p, np.bool_)
    gradient, residual, step = np.empty(p), np.empty(p), np.empty(p)
    hessian, eta, r, theta, buffer = np.empty(n), np.zeros(n), np.empty(n), np.empty(n), np.empty(n)
    curvature, trial, reference = np.empty(n), np.empty(n), 1.0
    rows = np.empty((32 if dense(X) else 0, n))
    for f in range(p):
        if coef[f] != 0:
            add(X, f, coef[f], eta)
        if coef[f] != 0 or factor[f] == 0 or l1[0] == 0:
            active[k], is_active[f] = f, True
            signs[k] = np.sign(coef[f]) if factor[f] > 0 and l1[0] > 0 else 0.0
            k += 1
    while len(rows) and len(rows) < k:
        rows = np.empty((2 * len(rows), n))
    for j in range(k):
        gather(X, active[j], rows, j)
    _slopes(y, eta, 0.0, weight, r, curvature)
    theta[:] = r
    if free >= 0:
        _make_feasible(theta)
    dots(X, theta, gradient)
    largest = np.abs(gradient).max()
    l1_before = 0.0
    for f in range(p):
        if factor[f] > 0:
            l1_before = max(l1_before, abs(gradient[f]) / factor[f])
    norms = np.empty(p)
    for f in range(p):
        norms[f] = norm(X, f)
    noise = ROUNDING * np.sqrt(np.dot(weight, weight))
    # inner products of all features with a dual point, both over the strength
    anchor, at_anchor, anchored = np.empty(n), np.empty(p), False
    # the L2 part that the factor has
    new_hessian, l2_factor = True, l2[0]
    S, Y, changes = np.zeros((MEMORY, 32)), np.zeros((MEMORY, 32)), np.zeros((MEMORY, n))
    newest, kept, debt = 0, 0, 0
    # a feature that has left comes back between minima only, or the steps might go in circles
    left_at = np.full(p, -1)
    before_step, r_before = np.empty(p), np.empty(n)

    for i in range(len(l1)):
        slack = _tolerated(l1[i], l2[i], largest, np.abs(coef).sum(), tol, null, p)
        n_work = 0
        for f in range(p):
            in_work[f] = is_active[f] or abs(gradient[f]) >= factor[f] * (2 * l1[i] - l1_before)
            if in_work[f]:
                work[n_work] = f
                n_work += 1
        for j in range(k):
            f = active[j]
            residual[j] = gradient[f] - factor[f] * (l1[i] * signs[j] + l2[i] * coef[f])
        # how many were active before the last ones entered, until a step has moved
        steps, tightened, without = 0, 0, -1
        everything = 2 * n_work > p
        while True:
            size_before = np.inf
            entering = everyone[:0]
            while k > 0 and steps < MAX_STEPS:
                size = 0.0
                for j in range(k):
                    # no step makes an inner product smaller than its rounding error
                    if abs(residual[j]) > noise * norms[active[j]]:
                        size = max(size, abs(residual[j]))
                if size <= slack:
                    break
                if size_before < np.inf:
                    debt += size > REUSE * size_before
                    new_hessian = new_hessian or debt > (1 + DEAR * k if l1[i] > 0 else 0)
                size_before = size
                steps += 1
                if new_hessian:
                    hessian[:] = curvature
                    reference, l2_factor = _total(curvature), l2[i]
                    U = _factorised(X, active, k, hessian, factor, l2_factor, U)
                    new_hessian, kept, debt = False, 0, 0
                ratio = 1.0 if l2[i] > 0 else _total(curvature) / reference
                _secant_step(U, k, residual, l2[i], factor, active, ratio, S, Y, newest, kept, step)
                reach = wanted = _reach(coef, step, signs, factor, active, k)
                combine(X, rows, active, k, step, buffer)
                before_step[:k] = residual[:k]
                r_before[:] = r
                reach = _search(
                    X, rows, y, weight, eta, buffer, r, curvature, coef, step, residual, signs,
                    active, k, factor, l1[i], l2[i], wanted, trial,
                )  # fmt: skip
                if reach == 0.0 < wanted:
                    # no decrease in floating point: this is the minimum
                    break
                eta += reach * buffer
                without = -1 if reach > 0 else without
                if S.shape[1] < len(U):
                    S, Y = widened(S, len(U)), widened(Y, len(U))
                m = (newest + 1) % MEMORY
                curved = square = 0.0
                for j in range(k):
                    S[m, j] = reach * step[j]
                    Y[m, j] = before_step[j] - residual[j]
                    Y[m, j] -= l2[i] * factor[active[j]] * S[m, j]
                    curved += S[m, j] * Y[m, j]
                    square += S[m, j] ** 2
                if curved > 0 and l1[i] > 0:
                    changes[m] = r_before - r
                    newest, kept = m, min(kept + 1, MEMORY)
                before = k
                k = _move(
                    X, rows, U, eta, coef, step, reach, residual, signs, factor, active, is_active,
                    k, hessian, S, Y, changes, buffer, left_at, i,
                )  # fmt: skip
                if k < before:
                    size_before = np.inf
                elif l1[i] > 0:
                    # who violates by more than is left of the error need not wait for its end
                    left = slack
                    for j in range(k):
                        left = max(left, abs(residual[j]))
                    for m in range(n_work):
                        f = work[m]
                        if not is_active[f]:
                            gradient[f] = dot(X, f, r) if left_at[f] < i else 0.0
                    entering = _entering(gradient, is_active, work, n_work, factor, l1[i], left)
                    if len(entering):
                        break
            early = len(entering) > 0
            if not early:
                _slopes(y, eta, 0.0, weight, r, curvature)
                theta[:] = r
                if free >= 0:
                    _make_feasible(theta)
                if everything:
                    if not anchored or not _near_anchor(
                        X, theta, l1[i], factor, norms, anchor, at_anchor, gradient
                    ):
                        dots(X, theta, gradient)
                        anchored = l1[i] > 0
                        if anchored:
                            anchor[:] = theta / l1[i]
                            at_anchor[:] = gradient / l1[i]
                else:
                    for m in range(n_work):
                        gradient[work[m]] = dot(X, work[m], theta)
                for j in range(k):
                    f = active[j]
                    residual[j] = gradient[f] - factor[f] * (l1[i] * signs[j] + l2[i] * coef[f])
                if everything:
                    entering = _entering(gradient, is_active, everyone, p, factor, l1[i], slack)
                else:
                    entering = _entering(gradient, is_active, work, n_work, factor, l1[i], slack)
            if steps >= MAX_STEPS:
                entering = entering[:0]
            elif k == without and len(entering):
                # what is left of the error of the others drove those that entered out again
                if tightened < MAX_TIGHTER:
                    slack *= TIGHTER
                    tightened += 1
                    continue
                entering = entering[:0]
            if len(entering) == 0:
                if everything:
                    gap[i] = _relative_gap(
                        y, eta, weight, theta, gradient, coef, l1[i], l2[i], factor, null
                    )
                    if not gap[i] > tol or tightened == MAX_TIGHTER:
                        break
                    # the coefficients have grown since the tolerance was set
                    slack *= TIGHTER
                    tightened += 1
                else:
                    everything = True
                continue
            everything = 2 * n_work > p
            without = -1 if early else k
            for f in entering:
                if not in_work[f]:
                    work[n_work], in_work[f] = f, True
                    n_work += 1
                if k == len(U):
                    U = enlarged(U, 2 * len(U), k)
                if not new_hessian:
                    buffer[:] = 0.0
                    add(X, f, 1.0, buffer)
                    buffer *= hessian
                    dots_with(X, rows, active, k, buffer, step)
                    diagonal = dot(X, f, buffer) + l2_factor * factor[f]
                    new_hessian = not append(U, k, step, diagonal)
                if S.shape[1] < len(U):
                    S, Y = widened(S, len(U)), widened(Y, len(U))
                for a in range(kept):
                    m = (newest - a) % MEMORY
                    S[m, k], Y[m, k] = 0.0, dot(X, f, changes[m])
                if len(rows) and k == len(rows):
                    rows = taller(rows)
                gather(X, f, rows, k)
                active[k], is_active[f], signs[k] = f, True, np.sign(gradient[f])
                residual[k] = gradient[f] - l1[i] * factor[f] * signs[k]
                k += 1
        l1_before = l1[i]
        out[i], n_iter[i] = coef, steps
        if l1[i] == 0 and l2[i] == 0:
            if new_hessian:
                # no step was needed, and none has left a factor
                U = _factorised(X, active, k, curvature, factor, 0.0, U)
            step[:k] = residual[:k]
            solve(U, k, step)
            gap[i] = np.dot(step[:k], residual[:k]) / 2 / null
    return out, gap, n_iter


# --- the log-loss with an L2 part alone: no feature comes or goes


def sum_of(X, coef, out):  # type: ignore[no-untyped-def]
    """Sum of all features, each times a coefficient."""


def spectrum(X, weight):  # type: ignore[no-untyped-def]
    """Eigenvalues and eigenvectors of ``X diag(weight) X'``, centred."""


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

    return (lambda X, coef, out: np.dot(coef, X, out)) if isinstance(X, types.Array) else sparse


@overload(spectrum)
def _spectrum(X, weight):  # type: ignore[no-untyped-def]
    def dense(X, weight):  # type: ignore[no-untyped-def]
        total = weight.sum()
        mean = np.dot(X, weight) / total if total > 0 else np.zeros(len(X))
        rows = np.empty_like(X)
        root = np.sqrt(weight)
        for f in range(len(X)):
            for i in range(len(root)):
                rows[f, i] = (X[f, i] - mean[f]) * root[i]
        values, vectors = np.linalg.eigh(np.dot(rows, rows.T))
        return values, np.ascontiguousarray(vectors)

    def sparse(X, weight):  # type: ignore[no-untyped-def]
        p, total = len(X[2]) - 1, weight.sum()
        A, sums, buffer = np.empty((p, p)), np.empty(p), np.empty(len(weight))
        dots(X, weight, sums)
        for f in range(p):
            buffer[:] = 0.0
            add(X, f, 1.0, buffer)
            buffer *= weight
            dots(X, buffer, A[f])
            A[f] -= sums[f] / total * sums
        values, vectors = np.linalg.eigh(A)
        return values, np.ascontiguousarray(vectors)

    return dense if isinstance(X, types.Array) else sparse


def squares(X, weight):  # type: ignore[no-untyped-def]
    """Diagonal of ``X diag(weight) X'``, centred."""


@overload(squares)
def _squares(X, weight):  # type: ignore[no-untyped-def]
    def dense(X, weight):  # type: ignore[no-untyped-def]
        total = weight.sum()
        out = np.empty(len(X))
        for f in range(len(X)):
            mean = np.dot(X[f], weight) / total
            square = 0.0
            for i in range(len(weight)):
                square += weight[i] * (X[f, i] - mean) ** 2
            out[f] = square
        return out

    def sparse(X, weight):  # type: ignore[no-untyped-def]
        data, row, start = X
        p, total = len(start) - 1, weight.sum()
        out = np.empty(p)
        for f in range(p):
            mean = square = 0.0
            for m in range(start[f], start[f + 1]):
                mean += weight[row[m]] * data[m]
                square += weight[row[m]] * data[m] ** 2
            out[f] = square - mean**2 / total
        return out

    return dense if isinstance(X, types.Array) else sparse


@overload(effort)
def _effort(X, p):  # type: ignore[no-untyped-def]
    # a small problem is solved before it would pay
    def sparse(X, p):  # type: ignore[no-untyped-def]
        return 300 + 2.5 * p if p <= SMALL else np.inf

    return (lambda X, p: 300 + 2.5 * p) if isinstance(X, types.Array) else sparse


@njit(nogil=True, error_model="numpy")
def _settle(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    """Shift the predictors to the best intercept, and return by how much.

    Slopes and curvatures are those there.
    """
    shift = 0.0
    _slopes(y, eta, shift, weight, theta, curvature)
    if not free:
        return shift
    for _ in range(MAX_SHIFTS):
        excess, size = _total(theta), 0.0
        for i in range(len(theta)):
            size += abs(theta[i])
        if abs(excess) <= BALANCED * size:
            break
        # within 1, the curvature changes by a factor of e at most, and the loss falls
        shift += min(max(excess / _total(curvature), -1.0), 1.0)
        _slopes(y, eta, shift, weight, theta, curvature)
    for i in range(len(eta)):
        eta[i] += shift
    return shift


@njit(nogil=True)
def _smooth_gap(y, eta, weight, theta, coef, gradient, l2, free):  # type: ignore[no-untyped-def]
    """Primal less dual objective; with an intercept, a dual point has as much of either class."""
    positive, negative = _balance(theta) if free else (1.0, 1.0)
    primal = _log_loss(y, eta, weight) + l2 / 2 * np.dot(coef, coef)
    return (
        primal - _entropy(theta, weight, positive, negative) + np.dot(gradient, gradient) / 2 / l2
    )


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
        shift = _settle(y, trial, weight, free, theta, curvature)
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
    r"""Follow a path of problems with the log-loss and an L2 part.

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
        of a sparse matrix.
    y : ndarray of shape (n_samples,)
        Zeros and ones.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l2 : ndarray of shape (n_alphas,)
        Positive strengths, decreasing.
    start : float
        Intercept of the null model, or zero.
    free : bool
        Whether there is an intercept.
    tol : float
        Relative duality gap; a hundredth of it is aimed at.
    null : float
        Objective of the null model, the unit of the gaps.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)
    gap : ndarray of shape (n_alphas,)
    n_iter : ndarray of int, shape (n_alphas,)
        Quasi-Newton steps of each.
    """
    n, n_alphas = len(y), len(l2)
    theta, curvature, trial, way = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    eta, level = np.full(n, start), start
    _slopes(y, eta, 0.0, weight, theta, curvature)
    diagonal, Q, reference = squares(X, curvature), np.empty((0, 0)), _total(curvature)
    p = len(diagonal)
    coef, gradient, before, step = np.zeros(p), np.empty(p), np.empty(p), np.empty(p)
    S, Y, newest, n_pairs = np.zeros((MEMORY, p)), np.zeros((MEMORY, p)), 0, 0
    # the latest solution first
    past, past_eta, at = np.zeros((HISTORY, p)), np.zeros((HISTORY, n)), np.zeros(HISTORY)
    past_level, share, n_past, nodes = np.zeros(HISTORY), np.empty(HISTORY), 0, 1
    out, intercept, gap = np.empty((n_alphas, p)), np.empty(n_alphas), np.empty(n_alphas)
    # in eigenvectors, a solution does not depend on the basis that features are given in
    n_iter, debt = np.zeros(n_alphas, np.int64), np.inf if p <= SMALL else 0.0
    dear = effort(X, p)

    for i in range(n_alphas):
        now = np.log(l2[i])
        if i % FRESH == FRESH - 1:
            # all of them, as a polynomial through clean and worn ones would make more of the wear
            for a in range(n_past):
                sum_of(X, past[a], past_eta[a])
                past_eta[a] += past_level[a]
        if n_past > 0:
            if n_past == 1 or abs(now - at[0]) > FAR * abs(at[0] - at[1]):
                nodes = 1
            _polynomial(at, nodes, now, share)
            coef[:], eta[:], level = 0.0, 0.0, 0.0
            for a in range(nodes):
                coef += share[a] * past[a]
                eta += share[a] * past_eta[a]
                level += share[a] * past_level[a]
        level += _settle(y, eta, weight, free, theta, curvature)
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
                diagonal, Q = spectrum(X, curvature)
                reference = _total(curvature)
                n_pairs, debt, since = 0, 0.0, 0
            n_iter[i] += 1
            debt += 1.0 if n_iter[i] > 1 else 0.0
            scaled = diagonal * (_total(curvature) / reference)
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
