r"""L1 and elastic-net paths by coordinate descent: squared error, many features at once.

The problem is :math:`\frac12 \lVert y - Zb \rVert^2 + \lambda_1 \lVert b \rVert_1 +
\frac{\lambda_2}{2} \lVert b \rVert^2`. A sweep minimises over one coefficient after the other
(Friedman, Hastie & Tibshirani 2010). Its cost does not depend on how many coefficients come and
go, as that of `normwise.fitting.solvers.active_set` does, and next to nothing of it is spent on a
coefficient that stays. `gram_path` holds the products of the features, and is for more rows than
features; `sparse_path` holds the residuals, and is for sparse columns, centred without being
filled.

Paths are piecewise linear in the strength: each problem starts from the last two solutions,
continued in a straight line. A problem is done when its duality gap is; no solution is returned
without one.
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.columns import sparse_add, sparse_dot
from normwise.fitting.solvers.compiled import njit

# a violation of the optimality conditions by e costs at most about 2 e times the L1 norm of the
# solution; where that was too little, the violation allowed is divided by `CLOSER`
CLOSER = 4.0
# sweeps that `gram_path` gives each problem of a path on the average, and beyond it once, as a
# share of the features: more than these take longer than an active set
SWEEPS_EACH = 20
SWEEPS_MORE = 0.25
# sweeps of `sparse_path` between two searches along conjugate gradients, and steps of one search
SWEEPS = 6
CONJUGATE_STEPS = 60
# of the squared residual: where a search ends
ENOUGH = 1e-3
# entries that `sparse_path` may look at for one problem, in squares of the number of coefficients
# that are not zero, and some more: an active set takes about as long as that
WORTH = 12
SOME = 200
# with more than so many an active set would take too much memory, and with so many searches none
# of the two will do
LARGEST = 2500
MAX_SEARCHES = 1000


@njit(nogil=True)
def slack_of(l1, l2, first, size, p, tol, null):  # type: ignore[no-untyped-def]
    """Violation of the optimality conditions that a gap of `tol` allows."""
    # where the path begins the solution is small: as if it had a tenth of the size at its end
    slack = 0.5 * tol * null / max(size, 0.1 * null / first)
    return max(slack, np.sqrt(0.02 * tol * null * l2 / p))


@njit(nogil=True)
def _gap(gradient, coef, l1, l2, square, linear):  # type: ignore[no-untyped-def]
    """Duality gap: primal objective minus the better of two dual values.

    The residual is the dual point: shrunk until no inner product exceeds ``l1``, or, for
    ``l2 > 0``, as it is at the price of the excess.
    """
    largest = size = ridge = excess = 0.0
    for j in range(len(coef)):
        inner = abs(gradient[j])
        largest = max(largest, inner)
        size += abs(coef[j])
        ridge += coef[j] ** 2
        if inner > l1:
            excess += (inner - l1) ** 2
    shrink = l1 / largest if largest > l1 else 1.0
    dual = shrink * linear - shrink**2 * square / 2
    if l2 > 0:
        dual = max(dual, linear - square / 2 - excess / (2 * l2))
    return square / 2 + l1 * size + l2 / 2 * ridge - dual


@njit(nogil=True)
def go_on(coef, before, share):  # type: ignore[no-untyped-def]
    """Go on by a share of the last change; coefficients that would change their sign stop at 0."""
    for j in range(len(coef)):
        now = coef[j]
        if now * before[j] > 0:
            ahead = now + share * (now - before[j])
            coef[j] = ahead if ahead * now > 0 else 0.0
        before[j] = now


@njit(nogil=True)
def minimum_of(now, inner, curvature, l1, l2):  # type: ignore[no-untyped-def]
    """Best value of one coefficient, whose feature has this inner product with the residual."""
    z = inner + curvature * now
    if z > l1:
        return (z - l1) / (curvature + l2)
    if z < -l1:
        return (z + l1) / (curvature + l2)
    return 0.0


@njit(nogil=True)
def _subtract(row, factor, out):  # type: ignore[no-untyped-def]
    for m in range(len(out)):
        out[m] -= factor * row[m]


@njit(nogil=True)
def gram_path(gram, target, square, l1, l2, tol, null, start):  # type: ignore[no-untyped-def]
    """Follow a path of problems that are given by products, as far as sweeps are quick.

    Parameters
    ----------
    gram : ndarray of shape (n_features, n_features)
        Inner products of the features, C order.
    target : ndarray of shape (n_features,)
        Those with the response.
    square : float
        That of the response with itself.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms; those of the L1 norm are positive and decreasing.
    tol : float
        Relative duality gap.
    null : float
        Objective of the null model, the unit of the gaps.
    start : ndarray of shape (n_features,)
        Where the first problem starts.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap.
    n_iter : ndarray of int, shape (n_alphas,)
        Sweeps of each.
    n_done : int
        How many problems, from the first on, were solved; the others are not filled in.
    """
    p = len(target)
    coef, before, gradient = start.copy(), start.copy(), np.empty(p)
    curvature = np.diag(gram).copy()
    out, gap = np.zeros((len(l1), p)), np.zeros(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    left = int(SWEEPS_MORE * p)
    for i in range(len(l1)):
        left += SWEEPS_EACH
        if i > 1:
            go_on(coef, before, (l1[i] - l1[i - 1]) / (l1[i - 1] - l1[i - 2]))
        else:
            before[:] = coef
        gradient[:] = target
        for j in range(p):
            if coef[j] != 0:
                _subtract(gram[j], coef[j], gradient)
        slack = slack_of(l1[i], l2[i], l1[0], np.abs(coef).sum(), p, tol, null)
        while True:
            worst = np.inf
            while worst > slack and n_iter[i] < left:
                n_iter[i] += 1
                worst = 0.0
                for j in range(p):
                    now = coef[j]
                    if curvature[j] == 0 or (now == 0 and abs(gradient[j]) <= l1[i]):
                        continue
                    inner = gradient[j]
                    change = minimum_of(now, inner, curvature[j], l1[i], l2[i]) - now
                    violation = abs(change) * (curvature[j] + l2[i])
                    if violation > slack:
                        coef[j] = now + change
                        _subtract(gram[j], change, gradient)
                        worst = max(worst, violation)
            explained = np.dot(coef, target)
            rest = square - explained - np.dot(coef, gradient)
            gap[i] = _gap(gradient, coef, l1[i], l2[i], rest, square - explained) / null
            if gap[i] <= tol:
                break
            if n_iter[i] >= left:
                return out, gap, n_iter, i
            slack /= CLOSER
        left -= n_iter[i]
        out[i] = coef
    return out, gap, n_iter, len(l1)


# sparse columns are ``data``, ``row`` and ``first``, the place where each begins; ``centre`` has
# their products with the vector ``root`` of the square roots of the weights, whose multiples are
# taken out: a residual is ``r - shift * root`` and only ``r`` and ``shift`` are held


@njit(nogil=True)
def _combine(data, row, first, centre, chosen, k, values, out):  # type: ignore[no-untyped-def]
    """Write a combination of features to ``out``; returns its product with ``root``."""
    out[:] = 0.0
    shift = 0.0
    for q in range(k):
        sparse_add(data, row, first, chosen[q], values[q], out)
        shift += values[q] * centre[chosen[q]]
    return shift


@njit(nogil=True)
def sweep(  # type: ignore[no-untyped-def]
    data, row, first, centre, curvature, coef, r, shift, work, n_work, l1, l2, slack
):
    """Minimise over each coefficient of the working set; returns the largest violation met."""
    worst = 0.0
    for q in range(n_work):
        f = work[q]
        inner = sparse_dot(data, row, first, f, r) - shift * centre[f]
        now = coef[f]
        change = minimum_of(now, inner, curvature[f], l1, l2) - now
        violation = abs(change) * (curvature[f] + l2)
        if violation > slack:
            sparse_add(data, row, first, f, -change, r)
            shift -= change * centre[f]
            coef[f] = now + change
            worst = max(worst, violation)
    return worst, shift


@njit(nogil=True)
def search_along(  # type: ignore[no-untyped-def]
    data, row, first, centre, curvature, coef, r, shift, chosen, k, step, v, l1, l2
):
    """Go towards the minimum for the signs that the coefficients have, by conjugate gradients.

    The step ends where a first coefficient would change its sign, or sets to zero all that would,
    if the objective falls then. Returns how often all chosen columns were looked at.
    """
    n_looks = 3
    slope, left, along, product = np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    # one over each coefficient's own curvature, the preconditioner
    unit = np.empty(k)
    square = 0.0
    for q in range(k):
        f = chosen[q]
        slope[q] = sparse_dot(data, row, first, f, r) - shift * centre[f] - l2 * coef[f]
        slope[q] -= l1 if coef[f] > 0 else -l1
        unit[q] = 1 / (curvature[f] + l2)
        along[q] = unit[q] * slope[q]
        square += slope[q] * along[q]
    left[:], step[:k] = slope, 0.0
    enough = ENOUGH * square
    for _ in range(CONJUGATE_STEPS):
        if square <= enough:
            break
        n_looks += 2
        own = _combine(data, row, first, centre, chosen, k, along, v)
        bend = 0.0
        for q in range(k):
            f = chosen[q]
            product[q] = sparse_dot(data, row, first, f, v) - own * centre[f] + l2 * along[q]
            bend += product[q] * along[q]
        if not bend > 0:
            break
        length, before, square = square / bend, square, 0.0
        for q in range(k):
            step[q] += length * along[q]
            left[q] -= length * product[q]
            square += unit[q] * left[q] ** 2
        for q in range(k):
            along[q] = unit[q] * left[q] + square / before * along[q]
    reach = 1.0
    for q in range(k):
        now = coef[chosen[q]]
        along[q] = step[q] if (now + step[q]) * now > 0 else -now
        if along[q] != step[q]:
            reach = min(reach, -now / step[q])
    own = _combine(data, row, first, centre, chosen, k, along, v)
    gain = np.dot(along, slope) - (np.dot(v, v) - own**2 + l2 * np.dot(along, along)) / 2
    if not gain > 0:
        for q in range(k):
            along[q] = reach * step[q]
        own = _combine(data, row, first, centre, chosen, k, along, v)
    for q in range(k):
        f = chosen[q]
        now = coef[f]
        coef[f] = now + along[q] if (now + along[q]) * now > 0 else 0.0
    return n_looks


@njit(nogil=True)
def _residual(data, row, first, centre, y, coef, r):  # type: ignore[no-untyped-def]
    """Write the residual; returns its product with ``root``."""
    r[:] = y
    shift = 0.0
    for f in range(len(coef)):
        if coef[f] != 0:
            sparse_add(data, row, first, f, -coef[f], r)
            shift -= coef[f] * centre[f]
    return shift


@njit(nogil=True)
def sparse_path(data, row, first, centre, y, l1, l2, tol, null, start):  # type: ignore[no-untyped-def]
    """Follow a path of problems with sparse features.

    Parameters
    ----------
    data : ndarray of shape (n_stored,)
    row, first : ndarray of int64, shape (n_stored,) and (n_features + 1,)
        Row of each entry, and where each column begins.
    centre : ndarray of shape (n_features,)
        Products of the features with the square roots of the weights, which are taken out of
        them; zero for a problem without an intercept.
    y : ndarray of shape (n_samples,)
        Has no such part.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms; those of the L1 norm are positive and decreasing.
    tol : float
        Relative duality gap.
    null : float
        Objective of the null model, the unit of the gaps.
    start : ndarray of shape (n_features,)
        Where the first problem starts.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; above `tol` where the searches came to their end.
    n_iter : ndarray of int, shape (n_alphas,)
        Sweeps of each.
    n_done : int
        How many problems, from the first on, were solved; the others are better solved by an
        active set, and are not filled in.
    """
    p, n = len(centre), len(y)
    curvature = np.empty(p)
    for f in range(p):
        entries = data[first[f] : first[f + 1]]
        square = np.dot(entries, entries)
        curvature[f] = square - centre[f] ** 2
        if curvature[f] <= 1e-12 * square:
            curvature[f] = 0.0
    coef, before = start.copy(), start.copy()
    r, v, gradient, step = np.empty(n), np.empty(n), np.empty(p), np.empty(p)
    work, in_work, chosen = np.empty(p, np.int64), np.zeros(p, np.bool_), np.empty(p, np.int64)
    out, gap = np.zeros((len(l1), p)), np.zeros(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    shift = _residual(data, row, first, centre, y, coef, r)
    for f in range(p):
        gradient[f] = sparse_dot(data, row, first, f, r) - shift * centre[f]
    l1_before = np.abs(gradient).max()
    for i in range(len(l1)):
        if i > 1:
            go_on(coef, before, (l1[i] - l1[i - 1]) / (l1[i - 1] - l1[i - 2]))
        else:
            before[:] = coef
        shift = _residual(data, row, first, centre, y, coef, r)
        n_work = 0
        for f in range(p):
            # the sequential strong rule
            likely = coef[f] != 0 or abs(gradient[f]) >= 2 * l1[i] - l1_before
            in_work[f] = likely and curvature[f] > 0
            if in_work[f]:
                work[n_work] = f
                n_work += 1
        slack = slack_of(l1[i], l2[i], l1[0], np.abs(coef).sum(), p, tol, null)
        n_searches, n_entries, worth = 0, 0, np.inf
        while True:
            worst = np.inf
            while worst > slack and n_searches <= MAX_SEARCHES:
                if n_entries > worth:
                    return out, gap, n_iter, i
                for _ in range(SWEEPS):
                    n_iter[i] += 1
                    worst, shift = sweep(
                        data, row, first, centre, curvature, coef, r, shift, work, n_work,
                        l1[i], l2[i], slack,
                    )  # fmt: skip
                    if worst <= slack:
                        break
                if worst > slack:
                    n_searches += 1
                    k = stored = 0
                    for q in range(n_work):
                        f = work[q]
                        n_entries += SWEEPS * (first[f + 1] - first[f])
                        if coef[f] != 0:
                            chosen[k] = f
                            stored += first[f + 1] - first[f]
                            k += 1
                    n_entries += stored * search_along(
                        data, row, first, centre, curvature, coef, r, shift, chosen, k, step, v,
                        l1[i], l2[i],
                    )  # fmt: skip
                    worth = WORTH * (k + SOME) ** 2 if k <= LARGEST else np.inf
                    shift = _residual(data, row, first, centre, y, coef, r)
            shift = _residual(data, row, first, centre, y, coef, r)
            entered = False
            for f in range(p):
                gradient[f] = sparse_dot(data, row, first, f, r) - shift * centre[f]
                if not in_work[f] and abs(gradient[f]) > l1[i] + slack and curvature[f] > 0:
                    work[n_work], in_work[f], entered = f, True, True
                    n_work += 1
            square = np.dot(r, r) - shift**2
            gap[i] = _gap(gradient, coef, l1[i], l2[i], square, np.dot(r, y)) / null
            if gap[i] <= tol or n_searches > MAX_SEARCHES:
                break
            if not entered:
                slack /= CLOSER
        l1_before = l1[i]
        out[i] = coef
    return out, gap, n_iter, len(l1)
