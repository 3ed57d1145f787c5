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
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.cholesky import (
    append,
    append_all,
    cholesky,
    enlarged,
    products,
    remove,
    solve,
)
from normwise.fitting.solvers.columns import (
    BLOCK,
    combine,
    dense,
    dense_rows,
    dots,
    norms_of,
    products_with,
    some_dots,
)
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.working_set import near_anchor, penalty_terms, reach_of, violating

MAX_STEPS = 5000
# a factor is kept until the L2 part has fallen to this share of its own
STALE = 0.75
MAX_REFINEMENTS = 3
# of what is tolerated, a share that rounding errors reach
ROUNDING = 1e-5
# steps for one strength after which coefficients reach zero one at a time
AT_ONCE = 50
# features whose products are computed together, which takes less: those of gradients close to the
# threshold before they are needed, at most half as many as there are
AHEAD = 32
CLOSE = 0.7


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
    penalty, shrink, excess = penalty_terms(gradient, coef, l1, l2, factor)
    primal = penalty + np.sum((y - eta) ** 2) / 2
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


@njit(nogil=True, inline="always")
def _stop(  # type: ignore[no-untyped-def]
    gram, place, coef, step, residual, signs, factor, active, k, l2_factor, l2, at_once, leaves
):
    """Let a step end where signs would change, and bring the residual there.

    The objective is quadratic as long as no sign changes. With ``at_once`` all coefficients that
    would change theirs stop at zero and the others take the whole step, if the objective falls by
    it; else all stop where the first one reaches zero.
    """
    reach = reach_of(coef, step, signs, factor, active, k)
    if reach == 1:
        for j in range(k):
            leaves[j] = False
            residual[j] = (l2_factor - l2) * factor[active[j]] * step[j]
        return
    for j in range(k):
        leaves[j] = factor[active[j]] > 0 and (coef[active[j]] + step[j]) * signs[j] < 0
    if at_once:
        along, left = step[:k].copy(), np.zeros(k)
        for q in range(k):
            if leaves[q]:
                row = place[active[q]]
                along[q] = -coef[active[q]]
                excess = step[q] - along[q]
                for j in range(k):
                    left[j] += excess * gram[row, place[active[j]]]
                left[q] += excess * l2_factor * factor[active[q]]
        gain = 0.0
        for j in range(k):
            left[j] += (l2_factor - l2) * factor[active[j]] * along[j]
            gain += along[j] * (residual[j] + left[j])
        if gain > 0:
            step[:k], residual[:k] = along, left
            return
    for j in range(k):
        leaves[j] = leaves[j] and -coef[active[j]] / step[j] <= reach
        step[j] *= reach
        residual[j] *= 1 - reach
        residual[j] += (l2_factor - l2) * factor[active[j]] * step[j]


@njit(nogil=True)
def _move(U, coef, step, residual, signs, leaves, active, is_active, k):  # type: ignore[no-untyped-def]
    """Take the step; features that reach zero leave. Returns how many stay."""
    kept = 0
    for j in range(k):
        f = active[j]
        if leaves[j]:
            coef[f] = 0.0
            is_active[f] = False
            remove(U, k - (j - kept), kept)
        else:
            coef[f] += step[j]
            active[kept], signs[kept], residual[kept] = f, signs[j], residual[j]
            kept += 1
    return kept


@njit(nogil=True)
def _meet(entering, gradient, least, place, known, n_known):  # type: ignore[no-untyped-def]
    """Give features that enter a row of products, and some whose gradient is close to entering.

    Returns how many have one.
    """
    n_before = n_known
    for f in entering:
        if place[f] < 0:
            known[n_known], place[f] = f, n_known
            n_known += 1
    more = min(AHEAD, n_before // 2) - (n_known - n_before)
    if n_known == n_before or more <= 0 or least == np.inf:
        return n_known
    likely, size, n = np.empty(len(place), np.int64), np.empty(len(place)), 0
    for f in range(len(place)):
        if place[f] < 0 and abs(gradient[f]) >= least:
            likely[n], size[n] = f, -abs(gradient[f])
            n += 1
    for m in np.argsort(size[:n], kind="mergesort")[:more]:
        known[n_known], place[likely[m]] = likely[m], n_known
        n_known += 1
    return n_known


@njit(nogil=True, inline="always")
def _extend(gram, place, active, k, entering, factor, l2, U, column):  # type: ignore[no-untyped-def]
    """Extend the factor by features; returns whether it is right, see `append`."""
    m = len(entering)
    together = m > 1 and k >= BLOCK
    columns, diagonals = np.empty((m if together else 0, k + m)), np.empty(m)
    right = True
    for q in range(m):
        row = place[entering[q]]
        x = columns[q] if together else column
        for j in range(k):
            x[j] = gram[row, place[active[j]]]
        for j in range(q):
            x[k + j] = gram[row, place[entering[j]]]
        diagonals[q] = gram[row, row] + l2 * factor[entering[q]]
        if not together:
            right = append(U, k + q, x, diagonals[q]) and right
    return append_all(U, k, columns, diagonals) if together else right


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
    work, in_work, leaves = np.empty(p, np.int64), np.zeros(p, np.bool_), np.zeros(p, np.bool_)
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
                _stop(
                    gram, place, coef, step, residual, signs, factor, active, k, l2_factor, l2[i],
                    steps <= AT_ONCE, leaves,
                )  # fmt: skip
                k = _move(U, coef, step, residual, signs, leaves, active, is_active, k)
            eta[:] = 0.0
            for j in range(k):
                values[j] = coef[active[j]]
            combine(X, active, k, values, eta)
            theta[:] = y - eta
            _make_feasible(theta, unit, free)
            if everything:
                if not anchored or not near_anchor(
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
                if abs(residual[j]) <= ROUNDING * slack:
                    # zeros make the next solution quicker
                    residual[j] = 0.0
            if everything:
                entering = violating(gradient, is_active, everyone, p, factor, l1[i], slack)
            else:
                entering = violating(gradient, is_active, work, n_work, factor, l1[i], slack)
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
            while max(k + len(entering), min(n_known + len(entering) + AHEAD, p)) > len(U):
                gram, U = enlarged(gram, 2 * len(U), n_known), enlarged(U, 2 * len(U), k)
            if not new_gram:
                n_before = n_known
                # of many features few come close to entering
                ahead = dense(X) and p <= 2 * n and n_known >= BLOCK
                least = CLOSE * l1[i] if ahead else np.inf
                n_known = _meet(entering, gradient, least, place, known, n_known)
                if n_known > n_before:
                    products_with(X, n, known, n_before, n_known, gram)
            if not new_gram and not new_factor:
                new_factor = not _extend(
                    gram, place, active, k, entering, factor, l2_factor, U, step
                )
            for f in entering:
                if not in_work[f]:
                    work[n_work], in_work[f] = f, True
                    n_work += 1
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
