r"""L1 and elastic-net paths by proximal Newton steps, where there are many sparse features.

The problem is :math:`\sum_i w_i \ell_i(b_0 + x_i^T b) + \lambda_1 \lVert b \rVert_1 +
\frac{\lambda_2}{2} \lVert b \rVert^2` with the loss :math:`\ell_i` of zeros and ones or of counts
(`likelihood`). A step minimises the quadratic model of the loss at the predictors, a lasso of
weighted rows, by the sweeps and conjugate gradients of
`normwise.fitting.solvers.coordinate_descent`, no closer than pays (inexact Newton; Lee, Sun &
Saunders 2014). Along the step the objective falls, with the intercept at its best for every length.
Columns are neither filled nor centred, and nothing grows with the square of how many are active, as
in `normwise.fitting.solvers.curved_active_set`.

A problem starts from the last two solutions, continued, and with the features that pass the
sequential strong rule (Tibshirani et al. 2012). It is done when the duality gap of the loss
is; no solution is returned without one.
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.columns import add, dots
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.coordinate_descent import (
    CLOSER,
    LARGEST,
    MAX_SEARCHES,
    SOME,
    SWEEPS,
    WORTH,
    go_on,
    minimum_of,
    search_along,
    slack_of,
    sweep,
)
from normwise.fitting.solvers.elementary import total_of
from normwise.fitting.solvers.likelihood import (
    duality_gap,
    feasible,
    loss_at,
    n_outputs,
    n_rows,
    settle,
)

# of the violation that a step starts with, what its model may leave
FORCING = 0.03
# of the violation allowed, what the model of a last step may leave
AIM = 0.5
# entries that may be looked at for one problem, besides those that `WORTH` counts, in looks at all
# columns of the working set: an active set takes about as long as both
LOOKS = 50
# how often the violation allowed is divided by `CLOSER`
MAX_TIGHTER = 10
# of its slope at the start, what a step may end with uphill
FLATTER = 0.1
MAX_STEPS = 500
MAX_HALVINGS = 30
# share of its variance below which a column is constant in the weighted rows
CONSTANT = 1e-12


@njit(nogil=True, error_model="numpy")
def _model(  # type: ignore[no-untyped-def]
    data, row, first, theta, curvature, free, work, n_work, root, r, scaled, centre, bend, gradient
):
    """Write the quadratic model of the loss as least squares, for the working set.

    Rows are multiplied by the roots of their curvatures, and so are the residuals; `centre` has
    the columns' products with these roots, normed, which the intercept takes out of them, and
    `bend` their squares without that. Returns how many entries the columns have.
    """
    for i in range(len(theta)):
        root[i] = np.sqrt(curvature[i])
        r[i] = theta[i] / root[i] if root[i] > 0 else 0.0
    norm = np.sqrt(total_of(curvature))
    stored = 0
    for q in range(n_work):
        f = work[q]
        stored += first[f + 1] - first[f]
        inner = along = square = 0.0
        for m in range(first[f], first[f + 1]):
            i = row[m]
            value = data[m] * root[i]
            scaled[m] = value
            inner += data[m] * theta[i]
            along += value * root[i]
            square += value * value
        gradient[f], centre[f] = inner, along / norm if free else 0.0
        bend[f] = square - centre[f] ** 2
        if bend[f] <= CONSTANT * square:
            bend[f] = 0.0
    return stored


@njit(nogil=True)
def model_violation(gradient, coef, work, n_work, bend, l1, l2):  # type: ignore[no-untyped-def]
    """Largest violation of the optimality conditions in the working set, as sweeps measure it."""
    worst = 0.0
    for q in range(n_work):
        f = work[q]
        if bend[f] > 0:
            change = minimum_of(coef[f], gradient[f], bend[f], l1, l2) - coef[f]
            worst = max(worst, abs(change) * (bend[f] + l2))
    return worst


@njit(nogil=True)
def moved(X, work, n_work, before, coef, out):  # type: ignore[no-untyped-def]
    """Write what the change of the coefficients adds to the predictors."""
    out[:] = 0.0
    for q in range(n_work):
        f = work[q]
        if coef[f] != before[f]:
            add(X, f, coef[f] - before[f], out)


@njit(nogil=True)
def _slope(before, coef, reach, work, n_work, l1, l2):  # type: ignore[no-untyped-def]
    """Slope of the penalty along a step: at its start towards the end, elsewhere from the start."""
    total = 0.0
    for q in range(n_work):
        f = work[q]
        change = coef[f] - before[f]
        if change != 0:
            now = before[f] + reach * change
            if now == 0:
                total += l1 * (abs(change) if reach == 0 else -abs(change))
            else:
                total += (l1 * np.sign(now) + l2 * now) * change
    return total


@njit(nogil=True)
def _penalty(before, coef, reach, work, n_work, l1, l2):  # type: ignore[no-untyped-def]
    total = 0.0
    for q in range(n_work):
        f = work[q]
        now = before[f] + reach * (coef[f] - before[f])
        total += l1 * abs(now) + l2 / 2 * now**2
    return total


@njit(nogil=True, error_model="numpy")
def step_towards(  # type: ignore[no-untyped-def]
    y, weight, free, eta, way, theta, curvature, before, coef, work, n_work, l1, l2, trial
):
    """Go towards `coef` as far as the objective falls.

    Returns the share of the way, and the change of the intercepts. The predictors, slopes
    and curvatures are those there, with the intercept at its best.
    """
    start = _slope(before, coef, 0.0, work, n_work, l1, l2) - np.dot(theta, way)
    reach, value, tilt = 1.0, np.nan, 0.0
    if free and n_outputs(y) == 1:
        tilt = -np.dot(curvature, way) / total_of(curvature)
    for _ in range(MAX_HALVINGS):
        if not start < 0:
            break
        for i in range(len(eta)):
            trial[i] = eta[i] + reach * (way[i] + tilt)
        shift = reach * tilt + settle(y, trial, weight, free, theta, curvature)
        end = _slope(before, coef, reach, work, n_work, l1, l2) - np.dot(theta, way)
        fallen = end <= -FLATTER * start
        if not fallen:
            # the minimum was passed, by how much tells the objective itself
            if np.isnan(value):
                value = loss_at(y, eta, weight)
                value += _penalty(before, coef, 0.0, work, n_work, l1, l2)
            after = loss_at(y, trial, weight)
            fallen = after + _penalty(before, coef, reach, work, n_work, l1, l2) < value
        if fallen:
            eta[:] = trial
            if reach < 1:
                for q in range(n_work):
                    f = work[q]
                    coef[f] = before[f] + reach * (coef[f] - before[f])
            return reach, shift
        reach *= min(max(start / (start - end), 0.1), 0.5)
    for q in range(n_work):
        coef[work[q]] = before[work[q]]
    return 0.0, settle(y, eta, weight, free, theta, curvature)


@njit(nogil=True)
def newton_path(X, y, weight, l1, l2, free, tol, null, start):  # type: ignore[no-untyped-def]
    """Follow a path of problems with sparse features.

    Parameters
    ----------
    X : tuple
        Data, row indices and column starts of a sparse matrix.
    y : ndarray or tuple
        Zeros and ones, or counts, as `likelihood` has them.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms; those of the L1 norm are positive and decreasing.
    free : bool
        Whether there is an intercept.
    tol : float
        Relative duality gap.
    null : float
        Objective of the null model, the unit of the gaps.
    start : ndarray of shape (n_features,)
        Where the first problem starts.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; above `tol` where the steps came to their end.
    n_iter : ndarray of int, shape (n_alphas,)
        Newton steps of each.
    n_done : int
        How many problems, from the first on, were solved; the others are better solved by an
        active set, and are not filled in.
    """
    data, row, first = X
    p, n = len(first) - 1, n_rows(y)
    coef, before, base = start.copy(), start.copy(), start.copy()
    eta, level, shift = np.zeros(n), 0.0, 0.0
    theta, curvature, root, r = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    slope = np.empty(n)
    origin, v, trial = np.empty(n), np.empty(n), np.empty(n)
    gradient, step, factor = np.zeros(p), np.empty(p), np.ones(p)
    scaled, centre, bend = np.empty(len(data)), np.zeros(p), np.zeros(p)
    work, in_work, chosen = np.empty(p, np.int64), np.zeros(p, np.bool_), np.empty(p, np.int64)
    out, intercept, gap = np.zeros((len(l1), p)), np.zeros(len(l1)), np.zeros(len(l1))
    n_iter = np.zeros(len(l1), np.int64)
    for f in range(p):
        if coef[f] != 0:
            add(X, f, coef[f], eta)
    level = settle(y, eta, weight, free, theta, curvature)[0]
    dots(X, theta, gradient)
    l1_before = np.abs(gradient).max()
    for i in range(len(l1)):
        if i > 1:
            go_on(coef, before, (l1[i] - l1[i - 1]) / (l1[i - 1] - l1[i - 2]))
        else:
            before[:] = coef
        n_work = 0
        eta[:] = level
        for f in range(p):
            if coef[f] != 0:
                add(X, f, coef[f], eta)
            # the sequential strong rule
            in_work[f] = coef[f] != 0 or abs(gradient[f]) >= 2 * l1[i] - l1_before
            if in_work[f]:
                work[n_work] = f
                n_work += 1
        level += settle(y, eta, weight, free, theta, curvature)[0]
        slack = slack_of(l1[i], l2[i], l1[0], np.abs(coef).sum(), p, tol, null)
        n_entries, worth, n_searches, tightened = 0, np.inf, 0, 0
        while True:
            while n_iter[i] < MAX_STEPS and n_searches <= MAX_SEARCHES:
                stored = _model(
                    data, row, first, theta, curvature, free, work, n_work, root, r, scaled, centre,
                    bend, gradient,
                )  # fmt: skip
                n_entries += stored
                size = model_violation(gradient, coef, work, n_work, bend, l1[i], l2[i])
                if size <= slack:
                    break
                n_iter[i] += 1
                origin[:], shift = r, 0.0
                for q in range(n_work):
                    base[work[q]] = coef[work[q]]
                close = max(AIM * slack, FORCING * size)
                worst = np.inf
                while worst > close and n_searches <= MAX_SEARCHES:
                    if n_entries > worth:
                        return out, intercept, gap, n_iter, i
                    for _ in range(SWEEPS):
                        worst, shift = sweep(
                            scaled, row, first, centre, bend, coef, r, shift, work, n_work,
                            l1[i], l2[i], close,
                        )  # fmt: skip
                        n_entries += stored
                        if worst <= close:
                            break
                    k = in_chosen = 0
                    for q in range(n_work):
                        f = work[q]
                        if coef[f] != 0 and bend[f] > 0:
                            chosen[k] = f
                            in_chosen += first[f + 1] - first[f]
                            k += 1
                    worth = np.inf
                    if k <= LARGEST:
                        worth = WORTH * (k + SOME) ** 2 + LOOKS * stored
                    if worst > close:
                        n_searches += 1
                        n_entries += in_chosen * search_along(
                            scaled, row, first, centre, bend, coef, r, shift, chosen, k, step, v,
                            l1[i], l2[i],
                        )  # fmt: skip
                        moved((scaled, row, first), work, n_work, base, coef, v)
                        shift = 0.0
                        for q in range(n_work):
                            shift -= (coef[work[q]] - base[work[q]]) * centre[work[q]]
                        for m in range(n):
                            r[m] = origin[m] - v[m]
                moved(X, work, n_work, base, coef, v)
                reach, change = step_towards(
                    y, weight, free, eta, v, theta, curvature, base, coef, work, n_work,
                    l1[i], l2[i], trial,
                )  # fmt: skip
                level += change[0]
                if reach == 0:
                    # rounding errors
                    break
            entered = False
            slope[:] = theta
            level += feasible(y, eta, weight, free, slope, curvature, theta)[0]
            dots(X, theta, gradient)
            for f in range(p):
                if not in_work[f] and abs(gradient[f]) > l1[i] + slack:
                    work[n_work], in_work[f], entered = f, True, True
                    n_work += 1
            gap[i] = duality_gap(y, eta, weight, theta, gradient, coef, l1[i], l2[i], factor) / null
            if gap[i] <= tol:
                break
            if tightened == MAX_TIGHTER or n_iter[i] == MAX_STEPS or n_searches > MAX_SEARCHES:
                if np.count_nonzero(coef) <= LARGEST:
                    return out, intercept, gap, n_iter, i
                break
            if not entered:
                slack /= CLOSER
                tightened += 1
        l1_before = l1[i]
        out[i], intercept[i] = coef, level
    return out, intercept, gap, n_iter, len(l1)
