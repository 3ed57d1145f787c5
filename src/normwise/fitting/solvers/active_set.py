r"""L1 and elastic-net paths of squared error by an active-set method, compiled.

The problem is :math:`\frac12 \lVert y - Xb \rVert^2 + \lambda_1 \sum_j f_j |b_j| +
\frac{\lambda_2}{2} \sum_j f_j b_j^2`. For given active features and signs a linear system solves
it. A step stops where a coefficient would change its sign; that feature leaves, and the features
that violate the optimality conditions enter (feature-sign search; Lee, Battle, Raina & Ng 2007).
Each step lowers the objective. The Cholesky factor of the active features is updated as features
come and go and lives on from one strength to the next, so that the cost of a path is that of its
kinks, whatever the correlation of the features. Only features that pass the sequential strong rule
(Tibshirani et al. 2012) are looked at before the final check of all of them, which also yields the
duality gap.

All compiled code is in this file: numba's cache notices a change of the file that a function is
in, and of no other.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from normwise.fitting.solvers.compiled import njit

MAX_STEPS = 5000
ENTER_AT_MOST = 8
# a factor is kept until the L2 part has fallen to this share of its own
STALE = 0.75
MAX_REFINEMENTS = 3
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

# features are the rows of a dense array in C order, or the columns of a sparse one: data, row
# numbers and column starts


# loops over features are inside of these functions: each call counts the references of its arrays.
# No sum is left to the compiler to rearrange: compiled callers hold copies of what they call, and a
# process takes the copy that it loads first, so that bits would depend on what was called before


def dots(X, v, out):  # type: ignore[no-untyped-def]
    """Inner products of all features with a vector."""


def some_dots(X, chosen, k, v, out):  # type: ignore[no-untyped-def]
    """Inner products of features ``chosen[:k]`` with a vector."""


def combine(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
    """Add the combination of features ``chosen[:k]`` with these factors to a vector."""


def norms_of(X, out):  # type: ignore[no-untyped-def]
    """Euclidean norms of all features."""


def dense_rows(X, chosen, k, n):  # type: ignore[no-untyped-def]
    """Features ``chosen[:k]``, of ``n`` entries each, as dense rows."""


@overload(dots)
def _dots(X, v, out):  # type: ignore[no-untyped-def]
    def sparse(X, v, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for f in range(len(out)):
            total = 0.0
            for m in range(start[f], start[f + 1]):
                total += data[m] * v[row[m]]
            out[f] = total

    return (lambda X, v, out: np.dot(X, v, out)) if isinstance(X, types.Array) else sparse


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
            f = chosen[j]
            total = 0.0
            for m in range(start[f], start[f + 1]):
                total += data[m] * v[row[m]]
            out[j] = total

    return dense if isinstance(X, types.Array) else sparse


@overload(combine)
def _combine(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
    def dense(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
        for j in range(k):
            f, share = chosen[j], factor[j]
            for i in range(len(out)):
                out[i] += share * X[f, i]

    def sparse(X, chosen, k, factor, out):  # type: ignore[no-untyped-def]
        data, row, start = X
        for j in range(k):
            f, share = chosen[j], factor[j]
            for m in range(start[f], start[f + 1]):
                out[row[m]] += share * data[m]

    return dense if isinstance(X, types.Array) else sparse


@overload(norms_of)
def _norms_of(X, out):  # type: ignore[no-untyped-def]
    def dense(X, out):  # type: ignore[no-untyped-def]
        for f in range(len(out)):
            out[f] = np.sqrt(np.dot(X[f], X[f]))

    def sparse(X, out):  # type: ignore[no-untyped-def]
        data, _, start = X
        for f in range(len(out)):
            entries = data[start[f] : start[f + 1]]
            out[f] = np.sqrt(np.dot(entries, entries))

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
            f = chosen[j]
            for m in range(start[f], start[f + 1]):
                out[j, row[m]] += data[m]
        return out

    return dense if isinstance(X, types.Array) else sparse


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
def products_with(X, f, n, chosen, k, out):  # type: ignore[no-untyped-def]
    """Inner products of feature ``f`` of ``n`` entries with features ``chosen[:k]``."""
    some_dots(X, chosen, k, dense_rows(X, np.full(1, f), 1, n)[0], out)


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
def forward(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'z = x`` in place, with the leading ``k`` rows."""
    j = 0
    # four rows at a time: a short loop costs its beginning and its end
    while j + 4 <= k:
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


@njit(nogil=True)
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


@njit(nogil=True)
def solve(U, k, x):  # type: ignore[no-untyped-def]
    """Solve ``U'U z = x`` in place, with the leading ``k`` rows."""
    forward(U, k, x)
    backward(U, k, x)


@njit(nogil=True)
def append(U, k, column, diagonal):  # type: ignore[no-untyped-def]
    """Extend ``A`` by a column with this diagonal entry; ``column`` is overwritten.

    Returns whether the factor is still one of ``A``: a column of it is never longer than the root
    of the diagonal entry, unless rounding errors have grown along dependent features.
    """
    forward(U, k, column)
    total = 0.0
    for j in range(k):
        U[j, k] = column[j]
        total += column[j] * column[j]
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
def _make_feasible(theta, unit, free):  # type: ignore[no-untyped-def]
    """Make a dual point orthogonal to the intercept."""
    if free >= 0:
        share = np.dot(unit, theta) / np.dot(unit, unit)
        for i in range(len(theta)):
            theta[i] -= share * unit[i]


@njit(nogil=True)
def _duality_gap(y, eta, theta, gradient, coef, l1, l2, factor):  # type: ignore[no-untyped-def]
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
    primal = l1 * size + l2 / 2 * square + np.sum((y - eta) ** 2) / 2
    linear, quadratic = np.dot(theta, y), np.dot(theta, theta) / 2
    dual = shrink * linear - shrink**2 * quadratic
    if l2 > 0:
        dual = max(dual, linear - quadratic - excess)
    return primal - dual


@njit(nogil=True)
def _tolerated(l1, l2, largest, tol, null, p):  # type: ignore[no-untyped-def]
    """Largest violation of the optimality conditions."""
    # with curvature the cost of a violation is quadratic in it
    quadratic = np.sqrt(0.02 * tol * null * l2 / p)
    return max(1e-10 * largest, min(1e-4 * (l1 + l2), 1e-3 * quadratic))


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
def _move(U, coef, step, reach, residual, signs, factor, active, is_active, k):  # type: ignore[no-untyped-def]
    """Take the step; features that reach zero leave. Returns how many stay."""
    kept = 0
    for j in range(k):
        f = active[j]
        turns = factor[f] > 0 and (coef[f] + step[j]) * signs[j] < 0
        if turns and -coef[f] / step[j] <= reach:
            coef[f] = 0.0
            is_active[f] = False
            remove(U, k - (j - kept), kept)
        else:
            coef[f] += reach * step[j]
            active[kept], signs[kept], residual[kept] = f, signs[j], residual[j]
            kept += 1
    return kept


@njit(nogil=True)
def _factorise(gram, place, active, k, factor, l2, U):  # type: ignore[no-untyped-def]
    A = np.empty((k, k))
    for j in range(k):
        row = place[active[j]]
        for m in range(j, k):
            A[j, m] = gram[row, place[active[m]]]
        A[j, j] += l2 * factor[active[j]]
    cholesky(A, U)


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
    near, found, n_near = np.empty(needed, np.int64), np.empty(needed), 0
    for f in range(len(norms)):
        if abs(at_anchor[f]) + norms[f] * distance >= factor[f] * BELOW:
            near[n_near] = f
            n_near += 1
        else:
            gradient[f] = l1 * at_anchor[f]
    some_dots(X, near, needed, theta, found)
    for m in range(needed):
        gradient[near[m]] = found[m]
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
def active_set_path(X, y, l1, l2, factor, start, free, tol, null):  # type: ignore[no-untyped-def]
    r"""Follow a path of problems.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples) or tuple
        One feature a row, C order; or data, row indices and column starts of a sparse matrix.
    y : ndarray of shape (n_samples,)
        Rows of X and y carry their weights.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms, decreasing; those of the L1 norm are positive.
    factor : ndarray of shape (n_features,)
        Penalty factor of each feature, 0 for one that is free.
    start : ndarray of shape (n_features,)
        Where the first problem starts; the following ones start at the solution before.
    free : int
        The intercept among the features, or -1.
    tol : float
        A problem is solved to rounding errors, with an L2 part to a millionth of this relative
        duality gap.
    null : float
        Objective of the null model, the unit of the gaps.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap.
    n_iter : ndarray of int, shape (n_alphas,)
        Steps of each. ``MAX_STEPS`` of them end the search; the certificate tells.
    """
    p, n = len(factor), len(y)
    everyone = np.arange(p)
    coef = start.copy()
    out = np.empty((len(l1), p))
    gap = np.empty(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    # products are computed when a feature first becomes active; `place` is its row in `gram`
    gram, U = np.empty((32, 32)), np.empty((32, 32))
    place, known, n_known = np.full(p, -1), np.empty(p, np.int64), 0
    active, is_active, signs, k = np.empty(p, np.int64), np.zeros(p, np.bool_), np.zeros(p), 0
    work, in_work = np.empty(p, np.int64), np.zeros(p, np.bool_)
    gradient, residual, step, values = np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    eta, theta = np.zeros(n), np.empty(n)
    unit = np.zeros(n)
    if free >= 0:
        combine(X, np.full(1, free), 1, np.ones(1), unit)
    combine(X, everyone, p, coef, eta)
    for f in range(p):
        if coef[f] != 0 or factor[f] == 0:
            active[k], is_active[f] = f, True
            signs[k] = np.sign(coef[f]) if factor[f] > 0 else 0.0
            k += 1
    theta[:] = y - eta
    _make_feasible(theta, unit, free)
    dots(X, theta, gradient)
    largest = np.abs(gradient).max()
    l1_before = 0.0
    for f in range(p):
        if factor[f] > 0:
            l1_before = max(l1_before, abs(gradient[f]) / factor[f])
    norms = np.empty(p)
    norms_of(X, norms)
    # inner products of all features with a dual point, both over the strength
    anchor, at_anchor, anchored = np.empty(n), np.empty(p), False
    new_gram = new_factor = True
    l2_factor = l2[0]

    for i in range(len(l1)):
        slack = _tolerated(l1[i], l2[i], largest, tol, null, p)
        if l2[i] < STALE * l2_factor:
            new_factor = True
        n_work = 0
        for f in range(p):
            in_work[f] = is_active[f] or abs(gradient[f]) >= factor[f] * (2 * l1[i] - l1_before)
            if in_work[f]:
                work[n_work] = f
                n_work += 1
        for j in range(k):
            f = active[j]
            residual[j] = gradient[f] - factor[f] * (l1[i] * signs[j] + l2[i] * coef[f])
        steps = refinements = 0
        everything = 2 * n_work > p
        while True:
            while k > 0 and steps < MAX_STEPS:
                if np.abs(residual[:k]).max() <= slack:
                    break
                steps += 1
                if new_gram:
                    while k > len(U):
                        gram, U = enlarged(gram, 2 * len(U), 0), enlarged(U, 2 * len(U), 0)
                    products(dense_rows(X, active, k, n), gram)
                    known[:k] = active[:k]
                    place[known[:k]] = np.arange(k)
                    n_known, new_gram = k, False
                if new_factor:
                    _factorise(gram, place, active, k, factor, l2[i], U)
                    new_factor, l2_factor = False, l2[i]
                step[:k] = residual[:k]
                solve(U, k, step)
                reach = _reach(coef, step, signs, factor, active, k)
                # the gradient of a quadratic is linear along the step
                for j in range(k):
                    residual[j] *= 1 - reach
                    residual[j] += reach * (l2_factor - l2[i]) * factor[active[j]] * step[j]
                k = _move(U, coef, step, reach, residual, signs, factor, active, is_active, k)
            eta[:] = 0.0
            for j in range(k):
                values[j] = coef[active[j]]
            combine(X, active, k, values, eta)
            theta[:] = y - eta
            _make_feasible(theta, unit, free)
            if everything:
                if not anchored or not _near_anchor(
                    X, theta, l1[i], factor, norms, anchor, at_anchor, gradient
                ):
                    dots(X, theta, gradient)
                    anchored = True
                    anchor[:] = theta / l1[i]
                    at_anchor[:] = gradient / l1[i]
            else:
                some_dots(X, work, n_work, theta, values)
                for m in range(n_work):
                    gradient[work[m]] = values[m]
            worst = 0.0
            for j in range(k):
                f = active[j]
                residual[j] = gradient[f] - factor[f] * (l1[i] * signs[j] + l2[i] * coef[f])
                worst = max(worst, abs(residual[j]))
            if everything:
                entering = _entering(gradient, is_active, everyone, p, factor, l1[i], slack)
            else:
                entering = _entering(gradient, is_active, work, n_work, factor, l1[i], slack)
            if steps >= MAX_STEPS:
                entering = entering[:0]
            elif worst > slack and not (len(entering) or refinements == MAX_REFINEMENTS):
                # rounding errors have gathered in the factor
                refinements += 1
                new_factor = True
                continue
            if len(entering) == 0:
                if everything:
                    break
                everything = True
                continue
            everything = 2 * n_work > p
            for f in entering:
                if not in_work[f]:
                    work[n_work], in_work[f] = f, True
                    n_work += 1
                if max(k, n_known) == len(U):
                    gram, U = enlarged(gram, 2 * len(U), n_known), enlarged(U, 2 * len(U), k)
                if not new_gram and place[f] < 0:
                    known[n_known], place[f] = f, n_known
                    n_known += 1
                    products_with(X, f, n, known, n_known, values)
                    for j in range(n_known):
                        gram[n_known - 1, j] = gram[j, n_known - 1] = values[j]
                if not new_gram and not new_factor:
                    row = place[f]
                    for j in range(k):
                        step[j] = gram[row, place[active[j]]]
                    new_factor = not append(U, k, step, gram[row, row] + l2_factor * factor[f])
                active[k], is_active[f], signs[k] = f, True, np.sign(gradient[f])
                residual[k] = gradient[f] - l1[i] * factor[f] * signs[k]
                k += 1
        l1_before = l1[i]
        out[i], n_iter[i] = coef, steps
        gap[i] = _duality_gap(y, eta, theta, gradient, coef, l1[i], l2[i], factor) / null
    return out, gap, n_iter


@njit(nogil=True)
def active_set_paths(rows, y, l1, l2, start, tol):  # type: ignore[no-untyped-def]
    """Follow the paths of several problems of squared error without free features.

    Parameters
    ----------
    rows : ndarray of shape (n_problems, n_features, n_samples)
    y : ndarray of shape (n_problems, n_samples)
    l1, l2, tol
        The same as for `active_set_path`.
    start : ndarray of shape (n_problems, n_features)

    Returns
    -------
    coef : ndarray of shape (n_problems, n_alphas, n_features)
    gap : ndarray of shape (n_problems, n_alphas)
    n_iter : ndarray of int, shape (n_problems, n_alphas)
    """
    n_problems, p, _ = rows.shape
    coef, gap = np.empty((n_problems, len(l1), p)), np.empty((n_problems, len(l1)))
    n_iter = np.empty((n_problems, len(l1)), np.int64)
    factor = np.ones(p)
    for part in range(n_problems):
        null = np.dot(y[part], y[part]) / 2
        if null == 0.0:
            null = 1.0
        coef[part], gap[part], n_iter[part] = active_set_path(
            rows[part], y[part], l1, l2, factor, start[part], -1, tol, null
        )
    return coef, gap, n_iter


@njit(nogil=True)
def active_set_responses(X, responses, l1, start):  # type: ignore[no-untyped-def]
    """Lasso solutions of one design at one strength, a row for each response and its start."""
    found = np.empty_like(start)
    strength, none = np.full(1, l1), np.zeros(1)
    factor = np.ones(len(X))
    for i in range(len(responses)):
        null = np.dot(responses[i], responses[i]) / 2
        found[i] = active_set_path(
            X, responses[i], strength, none, factor, start[i], -1, 1e-6, null
        )[0][0]
    return found
