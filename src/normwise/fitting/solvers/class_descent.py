r"""L1 and elastic-net paths of several classes by proximal Newton steps: many sparse features.

The problem and the steps are those of `proximal_newton`, with the log-loss of several classes and
the coefficients of one after those of the other. The model of a step has the whole Hessian between
the classes: with the probabilities :math:`p_{ik}` and :math:`s_i = \sum_k p_{ik} u_{ik}` a change u
of the predictors has the slopes :math:`w_i p_{ik} (u_{ik} - s_i)`. Within one class it is a lasso
of weighted rows, whose residuals the others change by as much as they change s. So a sweep goes
over one class after the other, and nothing is held for pairs of classes.
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.columns import add, dots, sparse_add, sparse_dot
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.coordinate_descent import (
    CLOSER,
    CONJUGATE_STEPS,
    ENOUGH,
    LARGEST,
    MAX_SEARCHES,
    SOME,
    SWEEPS,
    WORTH,
    go_on,
    slack_of,
    sweep,
)
from normwise.fitting.solvers.likelihood import MIN_WEIGHT, bend, duality_gap, feasible, settle
from normwise.fitting.solvers.proximal_newton import (
    AIM,
    CONSTANT,
    FORCING,
    LOOKS,
    MAX_STEPS,
    MAX_TIGHTER,
    model_violation,
    moved,
    step_towards,
)


@njit(nogil=True, error_model="numpy")
def _models(  # type: ignore[no-untyped-def]
    X, n, theta, curvature, weight, free, work, n_work, root, norm, scaled, centre, square, gradient
):
    """Write the quadratic model within each class as least squares, for the working set.

    As in `proximal_newton`; `root` and `norm` have a row, or a number, for each class, and columns
    keep their entries in `scaled`, class by class. Returns how many entries the columns have.
    """
    (data, row, first), K = X
    p, stored = len(first) - 1, 0
    for k in range(K):
        total = 0.0
        for i in range(n):
            at = curvature[k * n + i]
            own = weight[i] * (at * (1.0 - at) + MIN_WEIGHT)
            root[k, i] = np.sqrt(own)
            total += own
        norm[k] = np.sqrt(total)
    for q in range(n_work):
        k, f = work[q] // p, work[q] % p
        stored += first[f + 1] - first[f]
        inner = along = whole = 0.0
        for m in range(first[f], first[f + 1]):
            i = row[m]
            value = data[m] * root[k, i]
            scaled[k, m] = value
            inner += data[m] * theta[k * n + i]
            along += value * root[k, i]
            whole += value * value
        j = work[q]
        gradient[j], centre[j] = inner, along / norm[k] if free else 0.0
        square[j] = whole - centre[j] ** 2
        if square[j] <= CONSTANT * whole:
            square[j] = 0.0
    return stored


@njit(nogil=True, error_model="numpy")
def _sweep_all(  # type: ignore[no-untyped-def]
    X, n, theta, curvature, weight, free, own_work, n_own, root, norm, scaled, centre, square, u, s,
    coef, r, before, l1, l2, close,
):  # fmt: skip
    """Minimise the model over one class after the other; the largest violation met."""
    (_, row, first), K = X
    p, worst = len(first) - 1, 0.0
    for k in range(K):
        at, own_u = curvature[k * n : (k + 1) * n], u[k * n : (k + 1) * n]
        shift = 0.0
        for i in range(n):
            left = theta[k * n + i]
            left -= weight[i] * (at[i] * (own_u[i] - s[i]) + MIN_WEIGHT * own_u[i])
            shift += left
            r[i] = left / root[k, i] if root[k, i] > 0 else 0.0
        # what the intercept takes out of the residuals
        shift = shift / norm[k] if free else 0.0
        before[:] = r
        found, shift = sweep(
            scaled[k], row, first, centre[k * p : (k + 1) * p], square[k * p : (k + 1) * p],
            coef[k * p : (k + 1) * p], r, shift, own_work[k], n_own[k], l1, l2, close,
        )  # fmt: skip
        worst = max(worst, found)
        lift = shift / norm[k]
        for i in range(n):
            change = lift
            if root[k, i] > 0:
                change += (before[i] - r[i]) / root[k, i]
            own_u[i] += change
            s[i] += at[i] * change
    return worst


@njit(nogil=True, error_model="numpy")
def _forward(X, n, chosen, k, values, tilt, out):  # type: ignore[no-untyped-def]
    """Write the predictors of chosen coefficients and intercepts."""
    (data, row, first), K = X
    p = len(first) - 1
    for c in range(K):
        out[c * n : (c + 1) * n] = tilt[c]
    for q in range(k):
        c, f = chosen[q] // p, chosen[q] % p
        sparse_add(data, row, first, f, values[q], out[c * n : (c + 1) * n])


@njit(nogil=True, error_model="numpy")
def _backward(X, n, chosen, k, v, out, totals):  # type: ignore[no-untyped-def]
    """Write the inner products of chosen features with a vector, and its sum in each class."""
    (data, row, first), K = X
    p = len(first) - 1
    for c in range(K):
        totals[c] = v[c * n : (c + 1) * n].sum()
    for q in range(k):
        c, f = chosen[q] // p, chosen[q] % p
        out[q] = sparse_dot(data, row, first, f, v[c * n : (c + 1) * n])


@njit(nogil=True, error_model="numpy")
def _search(  # type: ignore[no-untyped-def]
    X, y, n, theta, curvature, weight, free, norm, square, u, coef, chosen, k, l1, l2
):
    """Go towards the minimum of the model for the signs that there are, by conjugate gradients.

    As `coordinate_descent.search_along`, for all classes together; the intercepts are free. Changes
    the predictors' change too. Returns how often all chosen columns were looked at.
    """
    K = X[1]
    slope, left, along, product = np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    step, unit, v, n_looks = np.zeros(k), np.empty(k), np.empty(K * n), 3
    sums, tilt, tilt_left, tilt_step = np.empty(K), np.zeros(K), np.zeros(K), np.zeros(K)
    v[:] = u
    bend(y, curvature, weight, v)
    for i in range(K * n):
        v[i] = theta[i] - v[i]
    _backward(X, n, chosen, k, v, slope, sums)
    total = 0.0
    for q in range(k):
        j = chosen[q]
        slope[q] -= l2 * coef[j] + (l1 if coef[j] > 0 else -l1)
        unit[q] = 1 / (square[j] + l2)
        along[q] = unit[q] * slope[q]
        total += slope[q] * along[q]
    for c in range(K):
        if free:
            tilt_left[c], tilt[c] = sums[c], sums[c] / norm[c] ** 2
            total += tilt_left[c] * tilt[c]
    tilt_slope = tilt_left.copy()
    left[:] = slope
    enough = ENOUGH * total
    for _ in range(CONJUGATE_STEPS):
        if total <= enough:
            break
        n_looks += 2
        _forward(X, n, chosen, k, along, tilt, v)
        bend(y, curvature, weight, v)
        _backward(X, n, chosen, k, v, product, sums)
        curved = 0.0
        for q in range(k):
            product[q] += l2 * along[q]
            curved += product[q] * along[q]
        for c in range(K):
            curved += sums[c] * tilt[c]
        if not curved > 0:
            break
        length, before, total = total / curved, total, 0.0
        for q in range(k):
            step[q] += length * along[q]
            left[q] -= length * product[q]
            total += unit[q] * left[q] ** 2
        for c in range(K):
            if free:
                tilt_step[c] += length * tilt[c]
                tilt_left[c] -= length * sums[c]
                total += tilt_left[c] ** 2 / norm[c] ** 2
        for q in range(k):
            along[q] = unit[q] * left[q] + total / before * along[q]
        for c in range(K):
            if free:
                tilt[c] = tilt_left[c] / norm[c] ** 2 + total / before * tilt[c]
    reach = 1.0
    for q in range(k):
        now = coef[chosen[q]]
        along[q] = step[q] if (now + step[q]) * now > 0 else -now
        if along[q] != step[q]:
            reach = min(reach, -now / step[q])
    _forward(X, n, chosen, k, along, tilt_step, v)
    turned = v.copy()
    bend(y, curvature, weight, turned)
    gain = np.dot(along, slope) + np.dot(tilt_step, tilt_slope)
    gain -= (np.dot(v, turned) + l2 * np.dot(along, along)) / 2
    if not gain > 0:
        for q in range(k):
            along[q] = reach * step[q]
        tilt_step *= reach
        _forward(X, n, chosen, k, along, tilt_step, v)
    u += v
    for q in range(k):
        j = chosen[q]
        now = coef[j]
        coef[j] = now + along[q] if (now + along[q]) * now > 0 else 0.0
    return n_looks


@njit(nogil=True)
def class_path(X, y, weight, l1, l2, free, tol, null, start):  # type: ignore[no-untyped-def]
    """Follow a path of problems with several classes and sparse features.

    Parameters
    ----------
    X : tuple
        Data, row indices and column starts of a sparse matrix; and the number of classes.
    y : ndarray of shape (n_classes, n_samples)
        A one in the row of each class.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms; those of the L1 norm are positive and decreasing.
    free : bool
        Whether there are intercepts.
    tol : float
        Relative duality gap.
    null : float
        Objective of the null model, the unit of the gaps.
    start : ndarray of shape (n_classes * n_features,)
        Where the first problem starts.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_classes * n_features)
    intercept : ndarray of shape (n_alphas, n_classes)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; above `tol` where the steps came to their end.
    n_iter : ndarray of int, shape (n_alphas,)
        Newton steps of each.
    n_done : int
        How many problems, from the first on, were solved; the others are better solved by an
        active set, and are not filled in.
    """
    K, n = y.shape
    (data, _, first), size = X[0], len(start)
    p = len(first) - 1
    coef, before, base, factor = start.copy(), start.copy(), start.copy(), np.ones(size)
    eta, level, theta, curvature = np.zeros(K * n), np.zeros(K), np.empty(K * n), np.empty(K * n)
    v, trial, u, s = np.empty(K * n), np.empty(K * n), np.empty(K * n), np.empty(n)
    r, held = np.empty(n), np.empty(n)
    root, norm, scaled = np.empty((K, n)), np.empty(K), np.empty((K, len(data)))
    gradient, centre, square = np.zeros(size), np.zeros(size), np.zeros(size)
    work, in_work, chosen = (
        np.empty(size, np.int64),
        np.zeros(size, np.bool_),
        np.empty(size, np.int64),
    )
    own_work, n_own = np.empty((K, p), np.int64), np.zeros(K, np.int64)
    out, intercept, gap = np.zeros((len(l1), size)), np.zeros((len(l1), K)), np.zeros(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    for j in range(size):
        if coef[j] != 0:
            add(X, j, coef[j], eta)
    level += settle(y, eta, weight, free, theta, curvature)
    dots(X, theta, gradient)
    l1_before = np.abs(gradient).max()
    for a in range(len(l1)):
        if a > 1:
            go_on(coef, before, (l1[a] - l1[a - 1]) / (l1[a - 1] - l1[a - 2]))
        else:
            before[:] = coef
        n_work = 0
        for k in range(K):
            eta[k * n : (k + 1) * n] = level[k]
        for j in range(size):
            if coef[j] != 0:
                add(X, j, coef[j], eta)
            # the sequential strong rule
            in_work[j] = coef[j] != 0 or abs(gradient[j]) >= 2 * l1[a] - l1_before
            if in_work[j]:
                work[n_work] = j
                n_work += 1
        level += settle(y, eta, weight, free, theta, curvature)
        slack = slack_of(l1[a], l2[a], l1[0], np.abs(coef).sum(), size, tol, null)
        n_entries, worth, n_searches, tightened = 0, np.inf, 0, 0
        while True:
            while n_iter[a] < MAX_STEPS and n_searches <= MAX_SEARCHES:
                stored = _models(
                    X, n, theta, curvature, weight, free, work, n_work, root, norm, scaled, centre,
                    square, gradient,
                )  # fmt: skip
                n_entries += stored
                worst = model_violation(gradient, coef, work, n_work, square, l1[a], l2[a])
                if worst <= slack:
                    break
                n_iter[a] += 1
                n_own[:] = 0
                for q in range(n_work):
                    j = work[q]
                    base[j] = coef[j]
                    own_work[j // p, n_own[j // p]] = j % p
                    n_own[j // p] += 1
                u[:], s[:] = 0.0, 0.0
                close = max(AIM * slack, FORCING * worst)
                worst = np.inf
                while worst > close and n_searches <= MAX_SEARCHES:
                    if n_entries > worth:
                        return out, intercept, gap, n_iter, a
                    for _ in range(SWEEPS):
                        worst = _sweep_all(
                            X, n, theta, curvature, weight, free, own_work, n_own, root, norm,
                            scaled, centre, square, u, s, coef, r, held, l1[a], l2[a], close,
                        )  # fmt: skip
                        n_entries += stored
                        if worst <= close:
                            break
                    k = in_chosen = 0
                    for q in range(n_work):
                        j = work[q]
                        if coef[j] != 0 and square[j] > 0:
                            chosen[k] = j
                            in_chosen += first[j % p + 1] - first[j % p]
                            k += 1
                    worth = np.inf
                    if k <= LARGEST:
                        worth = WORTH * (k + SOME) ** 2 + LOOKS * stored
                    if worst > close:
                        n_searches += 1
                        n_entries += in_chosen * _search(
                            X, y, n, theta, curvature, weight, free, norm, square, u, coef, chosen,
                            k, l1[a], l2[a],
                        )  # fmt: skip
                        for i in range(n):
                            s[i] = 0.0
                            for c in range(K):
                                s[i] += curvature[c * n + i] * u[c * n + i]
                moved(X, work, n_work, base, coef, v)
                reach, change = step_towards(
                    y, weight, free, eta, v, theta, curvature, base, coef, work, n_work,
                    l1[a], l2[a], trial,
                )  # fmt: skip
                level += change
                if reach == 0:
                    # rounding errors
                    break
            entered = False
            v[:] = theta
            level += feasible(y, eta, weight, free, v, curvature, theta)
            dots(X, theta, gradient)
            for j in range(size):
                if not in_work[j] and abs(gradient[j]) > l1[a] + slack:
                    work[n_work], in_work[j], entered = j, True, True
                    n_work += 1
            gap[a] = duality_gap(y, eta, weight, theta, gradient, coef, l1[a], l2[a], factor) / null
            if gap[a] <= tol:
                break
            if tightened == MAX_TIGHTER or n_iter[a] == MAX_STEPS or n_searches > MAX_SEARCHES:
                if np.count_nonzero(coef) <= LARGEST:
                    return out, intercept, gap, n_iter, a
                break
            if not entered:
                slack /= CLOSER
                tightened += 1
        l1_before = l1[a]
        out[a], intercept[a] = coef, level
    return out, intercept, gap, n_iter, len(l1)
