r"""L1 and elastic-net paths of losses that are not quadratic by an active-set method, compiled.

The problem is :math:`\sum_i w_i \ell_i(x_i^T b) + \lambda_1 \sum_j f_j |b_j| +
\frac{\lambda_2}{2} \sum_j f_j b_j^2` with a loss :math:`\ell_i` of `likelihood`: that of zeros
and ones, of counts, or of several classes, each of which has all features.

The problem is smooth for given active features and signs, and a few Newton steps solve it. A step
stops where a coefficient would change its sign; that feature leaves, and the features that violate
the optimality conditions enter (feature-sign search; Lee, Battle, Raina & Ng 2007). Each step
lowers the objective. The Cholesky factor of a Hessian is updated as features come and go and
outlives the step and the strength: what has changed since it was computed is told by the last steps
and their changes of the gradient (secant pairs), until slow steps have cost as much as a new
Hessian. Only features that pass the sequential strong rule (Tibshirani et al. 2012) are looked at
before the final check of all of them, which also yields the duality gap.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from normwise.fitting.solvers.cholesky import append, cholesky, enlarged, products, remove, solve
from normwise.fitting.solvers.columns import (
    add,
    dense,
    dense_rows,
    dot,
    dots,
    form_of,
    n_columns,
    norm,
)
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.likelihood import (
    MIN_WEIGHT,
    bend,
    feasible,
    loss_at,
    n_outputs,
    n_rows,
    relative_gap,
    settle,
    slopes,
    total_curvature,
)
from normwise.fitting.solvers.working_set import near_anchor, reach_of, violating

MAX_STEPS = 5000
# a step that leaves a larger share of the error than this is slow
REUSE = 0.25
MAX_HALVINGS = 30
# of the gap asked for, what violations of an L1 part may come to; with an L2 part, where their
# effect is quadratic, so little that equal problems have solutions equal to many digits
L1_AIM, SMOOTH_AIM = 0.5, 2e-6
# what a tolerance is multiplied by where that was not enough, and how often
TIGHTER = 0.1
MAX_TIGHTER = 6
# error of an inner product, relative to the norms of both vectors
ROUNDING = 1e-15
# steps that are remembered beside a factor, and the share of the active features that slow steps
# may come to before the factor, which costs as much, is computed anew
MEMORY = 8
# the cosine of a step and its change of gradient, below which it is not used
STRAIGHT = 1e-8
DEAR = 1 / 12
# share of entries below which products of sparse columns are quicker than those of filled ones
THIN = 0.1


def gather(X, f, rows, j):  # type: ignore[no-untyped-def]
    """Copy dense feature ``f`` to row ``j``, so that those in use lie together."""


def combine(X, rows, chosen, k, coef, out):  # type: ignore[no-untyped-def]
    """Sum of features ``chosen[:k]``, each times a coefficient; dense ones are in `rows`."""


def dots_with(X, rows, chosen, k, v, out):  # type: ignore[no-untyped-def]
    """Inner products of features ``chosen[:k]`` with a vector; dense ones are in `rows`."""


def weighted_products(X, chosen, k, curvature, weight, out):  # type: ignore[no-untyped-def]
    """Hessian of the loss by features ``chosen[:k]``; the upper triangle."""


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


@njit(nogil=True)
def _filled_products(X, chosen, k, curvature, weight, out):  # type: ignore[no-untyped-def]
    rows = dense_rows(X, chosen, k, len(weight))
    rows *= np.sqrt(curvature)
    products(rows, out)


@njit(nogil=True, error_model="numpy")
def _products_of_classes(X, chosen, k, curvature, weight, out):  # type: ignore[no-untyped-def]
    """Within a class, the rows' weights times their probability; less what all classes share."""
    features, K = X
    n, p = len(weight), n_columns(features)
    class_of, within = np.empty(k, np.int64), np.empty(k, np.int64)
    for j in range(k):
        class_of[j], within[j] = chosen[j] // p, chosen[j] % p
    root = np.sqrt(weight)
    rows = dense_rows(features, within, k, n)
    scaled = np.empty((k, n))
    for j in range(k):
        at, own, to = curvature[class_of[j] * n : (class_of[j] + 1) * n], rows[j], scaled[j]
        for i in range(n):
            own[i] *= root[i]
            to[i] = own[i] * at[i]
    products(scaled, out)
    for j in range(k):
        for m in range(k):
            out[j, m] = -out[j, m]
    for c in range(K):
        members = np.flatnonzero(class_of == c)
        if len(members) == 0:
            continue
        at, part = np.sqrt(curvature[c * n : (c + 1) * n] + MIN_WEIGHT), rows[members]
        for j in range(len(members)):
            own = part[j]
            for i in range(n):
                own[i] *= at[i]
        square = np.empty((len(members), len(members)))
        products(part, square)
        for j in range(len(members)):
            for m in range(len(members)):
                out[members[j], members[m]] += square[j, m]


@overload(weighted_products)
def _weighted_products(X, chosen, k, curvature, weight, out):  # type: ignore[no-untyped-def]
    def sparse(X, chosen, k, curvature, weight, out):  # type: ignore[no-untyped-def]
        start = X[2]
        stored = 0
        for j in range(k):
            stored += start[chosen[j] + 1] - start[chosen[j]]
        if stored > THIN * k * len(weight):
            _filled_products(X, chosen, k, curvature, weight, out)
            return
        column = np.empty(len(weight))
        for j in range(k):
            column[:] = 0.0
            add(X, chosen[j], 1.0, column)
            column *= curvature
            for m in range(j, k):
                out[j, m] = dot(X, chosen[m], column)

    return form_of(X, _filled_products.py_func, sparse, _products_of_classes.py_func)


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


@njit(nogil=True)
def _tolerated(l1, l2, largest, size, tol, null, p):  # type: ignore[no-untyped-def]
    """Largest violation of the optimality conditions."""
    if l1 == 0 and l2 == 0:
        return 1e-9 * largest
    # without curvature the cost of a violation e is about e * size, with it quadratic in e
    slack = max(1e-12 * largest, L1_AIM * tol * largest / (1 + size * largest / null))
    if l2 > 0:
        slack = max(slack, min(0.01 * (l1 + l2), np.sqrt(SMOOTH_AIM * tol * null * l2 / p)))
    return slack


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
        slopes(y, trial, weight, r, curvature)
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
            value = loss_at(y, eta, weight)
            value += _penalty(coef, step, 0.0, l1, l2, factor, active, k)
        after = loss_at(y, trial, weight)
        if after + _penalty(coef, step, reach, l1, l2, factor, active, k) <= value:
            return reach
        reach /= 2
    return 0.0


@njit(nogil=True)
def _forget(X, y, weight, rows, active, k, q, hessian, S, Y, changes, buffer):  # type: ignore[no-untyped-def]
    """Take a feature's share, by the factor's Hessian, out of the remembered steps."""
    buffer[:] = 0.0
    add(X, active[q], 1.0, buffer)
    bend(y, hessian, weight, buffer)
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
    y,
    weight,
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
            _forget(X, y, weight, rows, active, k, j, hessian, S, Y, changes, buffer)
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
def _factorised(X, active, k, hessian, weight, factor, l2, U):  # type: ignore[no-untyped-def]
    """The factor of a Hessian, in `U` or a larger array."""
    while k > len(U):
        U = enlarged(U, 2 * len(U), 0)
    A = np.empty((k, k))
    weighted_products(X, active, k, hessian, weight, A)
    for j in range(k):
        A[j, j] += l2 * factor[active[j]]
    cholesky(A, U)
    return U


@njit(nogil=True)
def _shift(coef, own, free, shift):  # type: ignore[no-untyped-def]
    """Add to the intercepts, one for each output."""
    if free >= 0:
        for k in range(len(shift)):
            coef[k * own + free] += shift[k]


@njit(nogil=True)
def curved_path(X, y, weight, l1, l2, factor, start, free, tol, null):  # type: ignore[no-untyped-def]
    r"""Follow a path of problems with an L1 part or an L2 part, or both or neither.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples) or tuple
        One feature a row, C order; or data, row indices and column starts of a sparse matrix; or,
        for several classes, a pair of either and the number of classes. Each class has the
        features then: the coefficients of one class come after those of the other.
    y : ndarray or tuple
        The responses, as `likelihood` has them.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms, decreasing.
    factor : ndarray of shape (n_features,)
        Penalty factor of each feature, 0 for one that is free.
    start : ndarray of shape (n_features,)
        Where the first problem starts; the following ones start at the solution before.
    free : int
        The intercept among the features (of a class), or -1. Of several classes the last keeps
        the intercept that it starts with, as a constant in all of them changes nothing.
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
    p, n, K = len(factor), n_outputs(y) * n_rows(y), n_outputs(y)
    # features of an output, its intercept included
    own = p // K
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
        if free >= 0 and f >= own and f == p - own + free:
            # of several classes: no step takes it along, and it never enters
            is_active[f] = True
        elif coef[f] != 0 or factor[f] == 0 or l1[0] == 0:
            active[k], is_active[f] = f, True
            signs[k] = np.sign(coef[f]) if factor[f] > 0 and l1[0] > 0 else 0.0
            k += 1
    while len(rows) and len(rows) < k:
        rows = np.empty((2 * len(rows), n))
    for j in range(k):
        gather(X, active[j], rows, j)
    if free >= 0 and k > 1 and l1[0] > 0:
        # that of the null model is far from the best one
        _shift(coef, own, free, settle(y, eta, weight, True, r, curvature))
    slopes(y, eta, weight, r, curvature)
    _shift(coef, own, free, feasible(y, eta, weight, free >= 0, r, curvature, theta))
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
                    reference, l2_factor = total_curvature(y, curvature, weight), l2[i]
                    U = _factorised(X, active, k, hessian, weight, factor, l2_factor, U)
                    new_hessian, kept, debt = False, 0, 0
                ratio = 1.0
                if l2[i] == 0:
                    ratio = total_curvature(y, curvature, weight) / reference
                _secant_step(U, k, residual, l2[i], factor, active, ratio, S, Y, newest, kept, step)
                reach = wanted = reach_of(coef, step, signs, factor, active, k)
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
                    X, y, weight, rows, U, eta, coef, step, reach, residual, signs, factor, active,
                    is_active, k, hessian, S, Y, changes, buffer, left_at, i,
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
                    entering = violating(gradient, is_active, work, n_work, factor, l1[i], left)
                    if len(entering):
                        break
            early = len(entering) > 0
            if not early:
                slopes(y, eta, weight, r, curvature)
                _shift(coef, own, free, feasible(y, eta, weight, free >= 0, r, curvature, theta))
                if everything:
                    if not anchored or not near_anchor(
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
                    entering = violating(gradient, is_active, everyone, p, factor, l1[i], slack)
                else:
                    entering = violating(gradient, is_active, work, n_work, factor, l1[i], slack)
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
                    gap[i] = relative_gap(
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
                    bend(y, hessian, weight, buffer)
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
                U = _factorised(X, active, k, curvature, weight, factor, 0.0, U)
            step[:k] = residual[:k]
            solve(U, k, step)
            gap[i] = np.dot(step[:k], residual[:k]) / 2 / null
    return out, gap, n_iter
