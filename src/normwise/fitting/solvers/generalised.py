r"""Paths for counts and for several classes by proximal Newton steps, compiled.

The problem is :math:`\sum_i w_i \ell_i(\eta_i) + \sum_k \left(\lambda_1 \lVert b_k \rVert_1 +
\frac{\lambda_2}{2} \lVert b_k \rVert^2\right)` with :math:`\eta_{ik} = o_i + c_k + x_i^T b_k`.
There is one linear predictor for a count, with the Poisson loss :math:`e^\eta - y\eta`, and one for
each class of several, with the symmetric log-loss :math:`\log \sum_k e^{\eta_k} - \eta_{y}`.

A step minimises the quadratic model of the loss until the conditions of its optimum are violated by
a part of what is allowed (Lee, Sun & Saunders 2014), and goes along its minimum as far as the
objective falls. The model has all of the Hessian, that between classes included: with
:math:`s_i = \sum_k p_{ik} u_{ik}` a change u of the predictors has the slopes
:math:`w_i p_{ik} (u_{ik} - s_i)`, so that coordinate descent within one class after the other needs
the residuals of that class alone. Where sweeps are slow, conjugate gradients go on for
the signs that there are; without an L1 norm they do all of the work. A problem is done when its
duality gap is; no solution is returned without one.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from normwise.fitting.solvers.columns import add, dot, dots
from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.coordinate_descent import minimum_of

COUNTS, CLASSES = 0, 1
MAX_STEPS = 200
MAX_SHIFTS = 50
BALANCED = 1e-13
MIN_CURVATURE = 1e-10
# of the violation allowed, what the model of a step may leave
AIM = 0.3
# sweeps between two searches along conjugate gradients, their steps, and how many there may be
SWEEPS, CONJUGATE_STEPS, MAX_SEARCHES = 6, 50, 20
# of the squared slope, where a search ends
ENOUGH, LEAST = 1e-3, 1e-8
# steps after which to look at the features that are left out
LOOK = 10
# share of the decrease that the slope promises, which a step must bring
ARMIJO = 1e-4
MAX_HALVINGS = 40
# a problem with no more active coefficients, and of this size times outputs and rows, is solved
# exactly: until the conditions of all others are violated by no more than a share of the strength
FEW, SMALL, MAX_EXACT, AGAIN = 150, 200_000, 8, 2
POLISH, ROUNDING = 1e-9, 1e-15
# steps for that: nearly equal features would take all there are for digits that nobody asked for
MAX_POLISH = 20
# a violation e costs about 2 e times the size of the solution; where that was too little
CLOSER, MAX_TIGHTER = 4.0, 12
# of what would do for the gap, so that equal problems have solutions equal to many digits
SLACK = 0.1
# share of its square below which a feature is constant in the rows that weigh
CONSTANT = 1e-12
# predictors of counts beyond this would overflow, and their step is halved
STEEPEST = 500.0


def kind_of_loss(response: str) -> int:
    """The number by which compiled code knows a response."""
    return {"poisson": COUNTS, "multinomial": CLASSES}[response]


def sums_of(X, coef, out):  # type: ignore[no-untyped-def]
    """Sums of all features, each times a coefficient, for each row of coefficients."""


def all_dots(X, rows, out):  # type: ignore[no-untyped-def]
    """Inner products of all features with each of some vectors."""


@njit(nogil=True)
def _add_some(X, coef, out):  # type: ignore[no-untyped-def]
    """Sums of the features whose coefficients are not zero."""
    out[:] = 0.0
    for k in range(len(coef)):
        for f in range(coef.shape[1]):
            if coef[k, f] != 0:
                add(X, f, coef[k, f], out[k])


@overload(sums_of)
def _sums_of(X, coef, out):  # type: ignore[no-untyped-def]
    def dense(X, coef, out):  # type: ignore[no-untyped-def]
        some = 0
        for f in range(coef.shape[1]):
            for k in range(len(coef)):
                if coef[k, f] != 0:
                    some += 1
                    break
        if 4 * some > coef.shape[1]:
            np.dot(coef, X, out)
        else:
            _add_some(X, coef, out)

    def sparse(X, coef, out):  # type: ignore[no-untyped-def]
        _add_some(X, coef, out)

    return dense if isinstance(X, types.Array) else sparse


@overload(all_dots)
def _all_dots(X, rows, out):  # type: ignore[no-untyped-def]
    def sparse(X, rows, out):  # type: ignore[no-untyped-def]
        for k in range(len(rows)):
            dots(X, rows[k], out[k])

    return (lambda X, rows, out: np.dot(rows, X.T, out)) if isinstance(X, types.Array) else sparse


@njit(nogil=True, error_model="numpy")
def means_of(kind, eta, mean):  # type: ignore[no-untyped-def]
    """Write the means that predictors stand for."""
    K, n = eta.shape
    if kind == COUNTS:
        for i in range(n):
            mean[0, i] = np.exp(min(eta[0, i], STEEPEST))
        return
    for i in range(n):
        top = eta[0, i]
        for k in range(1, K):
            top = max(top, eta[k, i])
        total = 0.0
        for k in range(K):
            mean[k, i] = np.exp(eta[k, i] - top)
            total += mean[k, i]
        for k in range(K):
            mean[k, i] /= total


@njit(nogil=True, error_model="numpy")
def loss_of(kind, y, eta, weight):  # type: ignore[no-untyped-def]
    """Loss of all rows; infinite where the predictor of a count is out of all bounds."""
    K, n = eta.shape
    total = 0.0
    if kind == COUNTS:
        for i in range(n):
            if eta[0, i] > STEEPEST:
                return np.inf
            total += weight[i] * (np.exp(eta[0, i]) - y[0, i] * eta[0, i])
        return total
    for i in range(n):
        top = eta[0, i]
        for k in range(1, K):
            top = max(top, eta[k, i])
        rest = along = 0.0
        for k in range(K):
            rest += np.exp(eta[k, i] - top)
            along += y[k, i] * (eta[k, i] - top)
        total += weight[i] * (np.log(rest) - along)
    return total


@njit(nogil=True, error_model="numpy")
def _slopes(y, mean, weight, theta):  # type: ignore[no-untyped-def]
    """Write minus the slopes of the loss; `y` are counts, or ones and zeros of several classes."""
    K, n = y.shape
    for k in range(K):
        for i in range(n):
            if K > 1 and y[k, i] == 1.0:
                # one minus a probability next to it would lose its digits
                rest = 0.0
                for m in range(K):
                    rest += mean[m, i] if m != k else 0.0
                theta[k, i] = weight[i] * rest
            else:
                theta[k, i] = weight[i] * (y[k, i] - mean[k, i])


@njit(nogil=True, error_model="numpy")
def _look_at(kind, y, eta, weight, mean, theta):  # type: ignore[no-untyped-def]
    """Write the means and minus the slopes of the loss at the predictors."""
    means_of(kind, eta, mean)
    _slopes(y, mean, weight, theta)


@njit(nogil=True, error_model="numpy")
def settle(kind, y, eta, weight, free, mean, theta, level):  # type: ignore[no-untyped-def]
    """Bring the intercepts to their best, with the means and slopes there."""
    K, n = eta.shape
    _look_at(kind, y, eta, weight, mean, theta)
    if not free:
        return
    if kind == COUNTS:
        there = came = 0.0
        for i in range(n):
            there += weight[i] * mean[0, i]
            came += weight[i] * y[0, i]
        shift = np.log(came / there)
        level[0] += shift
        for i in range(n):
            eta[0, i] += shift
        _look_at(kind, y, eta, weight, mean, theta)
        return
    excess, bend = np.empty(K), np.empty((K, K))
    for _ in range(MAX_SHIFTS):
        worst = size = 0.0
        for k in range(K):
            excess[k] = 0.0
            own = 0.0
            for i in range(n):
                excess[k] += theta[k, i]
                own += abs(theta[k, i])
            size = max(size, own)
            worst = max(worst, abs(excess[k]))
        if worst <= BALANCED * size:
            break
        for k in range(K):
            for m in range(k + 1):
                total = 0.0
                for i in range(n):
                    share = weight[i] * mean[k, i]
                    total += share * (1.0 - mean[k, i]) if k == m else -share * mean[m, i]
                bend[k, m] = bend[m, k] = total
        # a constant in all intercepts changes nothing
        tilt = 0.0
        for k in range(K):
            tilt += bend[k, k] / K
        bend += max(tilt, MIN_CURVATURE)
        shift = np.linalg.solve(bend, excess)
        most = np.abs(shift).max()
        if most > 1.0:
            shift /= most
        for k in range(K):
            level[k] += shift[k]
            for i in range(n):
                eta[k, i] += shift[k]
        _look_at(kind, y, eta, weight, mean, theta)


@njit(nogil=True, error_model="numpy")
def _dual(kind, y, mean, weight, offset, shrink):  # type: ignore[no-untyped-def]
    """Minus the conjugate of the loss at the slopes times a factor."""
    K, n = y.shape
    total = 0.0
    for k in range(K):
        for i in range(n):
            q = (1.0 - shrink) * y[k, i] + shrink * mean[k, i]
            own = q * np.log(q) if q > 0 else 0.0
            if kind == COUNTS:
                own -= q + (q - y[k, i]) * offset[i]
            total -= weight[i] * own
    return total


@njit(nogil=True, error_model="numpy")
def _gap(kind, y, eta, mean, weight, offset, gradient, coef, l1, l2):  # type: ignore[no-untyped-def]
    """Primal objective minus the better of two dual values along the slopes."""
    size = square = excess = 0.0
    shrink = 1.0
    for k in range(len(coef)):
        for f in range(coef.shape[1]):
            size += abs(coef[k, f])
            square += coef[k, f] ** 2
            over = abs(gradient[k, f]) - l1
            if over > 0:
                shrink = min(shrink, l1 / abs(gradient[k, f]))
                if l2 > 0:
                    excess += over**2 / (2 * l2)
    primal = loss_of(kind, y, eta, weight) + l1 * size + l2 / 2 * square
    dual = _dual(kind, y, mean, weight, offset, shrink)
    if l2 > 0:
        dual = max(dual, _dual(kind, y, mean, weight, offset, 1.0) - excess)
    return primal - dual


def _bend(X, f, heavy):  # type: ignore[no-untyped-def]
    """Sums of a feature and of its squares, each row times its curvature."""


@overload(_bend)
def _bend_of(X, f, heavy):  # type: ignore[no-untyped-def]
    def dense(X, f, heavy):  # type: ignore[no-untyped-def]
        x = X[f]
        a = b = c = d = 0.0
        whole = len(heavy) - len(heavy) % 2
        for i in range(0, whole, 2):
            v, w = heavy[i] * x[i], heavy[i + 1] * x[i + 1]
            a += v
            b += w
            c += v * x[i]
            d += w * x[i + 1]
        for i in range(whole, len(heavy)):
            v = heavy[i] * x[i]
            a += v
            c += v * x[i]
        return a + b, c + d

    def sparse(X, f, heavy):  # type: ignore[no-untyped-def]
        data, row, start = X
        total = square = 0.0
        for m in range(start[f], start[f + 1]):
            v = heavy[row[m]] * data[m]
            total += v
            square += v * data[m]
        return total, square

    return dense if isinstance(X, types.Array) else sparse


@njit(nogil=True, error_model="numpy")
def _bends(X, kind, mean, weight, free, work, n_work, heavy, level_bend, centre, bend):  # type: ignore[no-untyped-def]
    """Curvatures of the rows, and of the loss along single coefficients with the best intercept.

    Features are centred by it: `centre` has their means, each row weighing what its curvature is.
    """
    K, n = mean.shape
    for k in range(K):
        total = 0.0
        for i in range(n):
            own = mean[k, i] * (1.0 - mean[k, i]) if kind == CLASSES else mean[k, i]
            heavy[k, i] = weight[i] * max(own, MIN_CURVATURE)
            total += heavy[k, i]
        level_bend[k] = total
        for q in range(n_work[k]):
            f = work[k, q]
            inner, square = _bend(X, f, heavy[k])
            centre[k, f] = inner / total if free else 0.0
            rest = square - centre[k, f] * inner if free else square
            bend[k, f] = rest if rest > CONSTANT * square else 0.0


@njit(nogil=True, error_model="numpy")
def _sweep(  # type: ignore[no-untyped-def]
    X, kind, mean, weight, theta, heavy, level_bend, centre, bend, u, s, r, own, coef, change, free,
    work, n_work, l1, l2, close,
):  # fmt: skip
    """Minimise the model over one coefficient after the other; the largest violation met."""
    K, n = mean.shape
    worst = 0.0
    for k in range(K):
        # residuals of this class, with all that the others did
        for i in range(n):
            r[i] = theta[k, i] - weight[i] * mean[k, i] * (u[k, i] - s[i])
            own[i] = 0.0
        moved, shift = False, 0.0
        if free:
            # what the intercept takes out of the residuals
            for i in range(n):
                shift += r[i]
            shift /= level_bend[k]
            worst = max(worst, abs(shift) * level_bend[k])
            moved = shift != 0
        for q in range(n_work[k]):
            f = work[k, q]
            if bend[k, f] <= 0:
                continue
            inner = dot(X, f, r) - shift * centre[k, f] * level_bend[k]
            now = coef[k, f]
            step = minimum_of(now, inner, bend[k, f], l1, l2) - now
            violation = abs(step) * (bend[k, f] + l2)
            if violation > close:
                coef[k, f] = now + step
                _add_both(X, f, step, heavy[k], own, r)
                shift -= step * centre[k, f]
                worst = max(worst, violation)
                moved = True
        if moved:
            change[k] += shift
            for i in range(n):
                u[k, i] += own[i] + shift
                s[i] += mean[k, i] * (own[i] + shift) if kind == CLASSES else 0.0
    return worst


def _add_both(X, f, step, heavy, own, r):  # type: ignore[no-untyped-def]
    """Add a step along a feature to the change of the predictors, and take it out of residuals."""


@overload(_add_both)
def _add_both_of(X, f, step, heavy, own, r):  # type: ignore[no-untyped-def]
    def dense(X, f, step, heavy, own, r):  # type: ignore[no-untyped-def]
        x = X[f]
        for i in range(len(r)):
            v = step * x[i]
            own[i] += v
            r[i] -= heavy[i] * v

    def sparse(X, f, step, heavy, own, r):  # type: ignore[no-untyped-def]
        data, row, start = X
        for m in range(start[f], start[f + 1]):
            i = row[m]
            v = step * data[m]
            own[i] += v
            r[i] -= heavy[i] * v

    return dense if isinstance(X, types.Array) else sparse


@njit(nogil=True, error_model="numpy")
def _curved(kind, mean, weight, u, out):  # type: ignore[no-untyped-def]
    """Write the slopes that a change of the predictors has in the model."""
    K, n = mean.shape
    for i in range(n):
        s = 0.0
        if kind == CLASSES:
            for k in range(K):
                s += mean[k, i] * u[k, i]
        for k in range(K):
            out[k, i] = weight[i] * mean[k, i] * (u[k, i] - s)


@njit(nogil=True, error_model="numpy")
def _forward(X, along, tilt, centre, work, n_work, whole, out):  # type: ignore[no-untyped-def]
    """Write the change of the predictors along a direction, and that of the intercepts to `tilt`.

    Along a centred feature the intercept goes with it.
    """
    if whole:
        sums_of(X, along, out)
    else:
        out[:] = 0.0
        for k in range(len(along)):
            for q in range(n_work[k]):
                f = work[k, q]
                if along[k, f] != 0:
                    add(X, f, along[k, f], out[k])
    for k in range(len(along)):
        for q in range(n_work[k]):
            f = work[k, q]
            tilt[k] -= along[k, f] * centre[k, f]
        for i in range(out.shape[1]):
            out[k, i] += tilt[k]


@njit(nogil=True, error_model="numpy")
def _search(  # type: ignore[no-untyped-def]
    X, kind, mean, weight, theta, level_bend, centre, bend, u, coef, change, free, work, n_work,
    whole, l1, l2, enough, most,
):  # fmt: skip
    """Go towards the minimum of the model for the signs that there are, by conjugate gradients.

    The step ends where a first coefficient would change its sign, or sets to zero all that would,
    if the model falls then. Returns how many products were made.
    """
    K, n = mean.shape
    p = coef.shape[1]
    slope, step, along, product = (
        np.zeros((K, p)), np.zeros((K, p)), np.zeros((K, p)), np.zeros((K, p))
    )  # fmt: skip
    tilt_slope, tilt_step, tilt, turned = np.zeros(K), np.zeros(K), np.zeros(K), np.zeros(K)
    totals = np.zeros(K)
    v, curved, at = np.empty((K, n)), np.empty((K, n)), np.empty((K, n))
    _curved(kind, mean, weight, u, curved)
    for k in range(K):
        for i in range(n):
            at[k, i] = theta[k, i] - curved[k, i]
            tilt_slope[k] += at[k, i] if free else 0.0
    if whole:
        all_dots(X, at, slope)
    square = 0.0
    for k in range(K):
        for q in range(n_work[k]):
            f = work[k, q]
            if bend[k, f] + l2 <= 0 or (coef[k, f] == 0 and l1 > 0):
                slope[k, f] = 0.0
                continue
            if not whole:
                slope[k, f] = dot(X, f, at[k])
            slope[k, f] -= centre[k, f] * tilt_slope[k] + l2 * coef[k, f]
            if l1 > 0:
                slope[k, f] -= l1 if coef[k, f] > 0 else -l1
            along[k, f] = slope[k, f] / (bend[k, f] + l2)
            square += slope[k, f] * along[k, f]
        if free:
            tilt[k] = tilt_slope[k] / level_bend[k]
            square += tilt_slope[k] * tilt[k]
    left, tilt_left = slope.copy(), tilt_slope.copy()
    goal, looks = enough * square, 1
    for _ in range(most):
        if square <= goal or square <= 0:
            break
        looks += 1
        turned[:] = tilt
        _forward(X, along, turned, centre, work, n_work, whole, v)
        _curved(kind, mean, weight, v, curved)
        if whole:
            all_dots(X, curved, product)
        size = 0.0
        for k in range(K):
            totals[k] = 0.0
            if free:
                for i in range(n):
                    totals[k] += curved[k, i]
            for q in range(n_work[k]):
                f = work[k, q]
                if along[k, f] == 0:
                    product[k, f] = 0.0
                    continue
                if not whole:
                    product[k, f] = dot(X, f, curved[k])
                product[k, f] += l2 * along[k, f] - centre[k, f] * totals[k]
                size += product[k, f] * along[k, f]
            size += totals[k] * tilt[k]
        if not size > 0:
            break
        length, before, square = square / size, square, 0.0
        for k in range(K):
            for q in range(n_work[k]):
                f = work[k, q]
                if slope[k, f] == 0:
                    continue
                step[k, f] += length * along[k, f]
                left[k, f] -= length * product[k, f]
                square += left[k, f] ** 2 / (bend[k, f] + l2)
            if free:
                tilt_step[k] += length * tilt[k]
                tilt_left[k] -= length * totals[k]
                square += tilt_left[k] ** 2 / level_bend[k]
        share = square / before
        for k in range(K):
            for q in range(n_work[k]):
                f = work[k, q]
                if slope[k, f] != 0:
                    along[k, f] = left[k, f] / (bend[k, f] + l2) + share * along[k, f]
            if free:
                tilt[k] = tilt_left[k] / level_bend[k] + share * tilt[k]
    reach = 1.0
    along[:] = step
    if l1 > 0:
        for k in range(K):
            for q in range(n_work[k]):
                f = work[k, q]
                now = coef[k, f]
                if now != 0 and (now + step[k, f]) * now < 0:
                    along[k, f] = -now
                    reach = min(reach, -now / step[k, f])
    turned[:] = tilt_step
    _forward(X, along, turned, centre, work, n_work, whole, v)
    if reach < 1:
        _curved(kind, mean, weight, v, curved)
        gain = 0.0
        for k in range(K):
            for i in range(n):
                gain -= curved[k, i] * v[k, i] / 2
            for f in range(p):
                gain += slope[k, f] * along[k, f] - l2 / 2 * along[k, f] ** 2
            gain += tilt_slope[k] * tilt_step[k]
        if not gain > 0:
            for k in range(K):
                turned[k] = reach * tilt_step[k]
                for f in range(p):
                    along[k, f] = reach * step[k, f]
            _forward(X, along, turned, centre, work, n_work, whole, v)
    for k in range(K):
        change[k] += turned[k]
        for i in range(n):
            u[k, i] += v[k, i]
        for q in range(n_work[k]):
            f = work[k, q]
            now = coef[k, f]
            if along[k, f] != 0:
                ahead = now + along[k, f]
                coef[k, f] = 0.0 if l1 > 0 and ahead * now <= 0 else ahead
    return looks


@njit(nogil=True, error_model="numpy")
def _penalty(coef, l1, l2):  # type: ignore[no-untyped-def]
    size = square = 0.0
    for k in range(len(coef)):
        for f in range(coef.shape[1]):
            size += abs(coef[k, f])
            square += coef[k, f] ** 2
    return l1 * size + l2 / 2 * square


@njit(nogil=True, error_model="numpy")
def _violation(gradient, coef, work, n_work, bend, l1, l2):  # type: ignore[no-untyped-def]
    worst = 0.0
    for k in range(len(coef)):
        for q in range(n_work[k]):
            f = work[k, q]
            if bend[k, f] > 0:
                step = minimum_of(coef[k, f], gradient[k, f], bend[k, f], l1, l2) - coef[k, f]
                worst = max(worst, abs(step) * (bend[k, f] + l2))
    return worst


@njit(nogil=True, error_model="numpy")
def _step(kind, y, eta, weight, theta, u, base, coef, work, n_work, l1, l2, trial):  # type: ignore[no-untyped-def]
    """Go from `base` towards `coef` as far as the objective falls; the share of the way."""
    K, n = eta.shape
    start = _penalty(base, l1, l2)
    value = loss_of(kind, y, eta, weight) + start
    slope = _penalty(coef, l1, l2) - start
    for k in range(K):
        for i in range(n):
            slope -= theta[k, i] * u[k, i]
    reach = 1.0
    for _ in range(MAX_HALVINGS):
        for k in range(K):
            for i in range(n):
                trial[k, i] = eta[k, i] + reach * u[k, i]
        after = loss_of(kind, y, trial, weight) + _penalty(coef, l1, l2)
        # rounding errors of the sums are no rise
        if after <= value + ARMIJO * reach * slope + 1e-13 * abs(value):
            eta[:] = trial
            return reach
        reach /= 2
        for k in range(K):
            for q in range(n_work[k]):
                f = work[k, q]
                coef[k, f] = base[k, f] + (coef[k, f] - base[k, f]) / 2
    coef[:] = base
    return 0.0


@njit(nogil=True, error_model="numpy")
def _solve_exactly(  # type: ignore[no-untyped-def]
    X, kind, y, weight, eta, mean, theta, coef, level, free, l1, l2, many
):
    """Newton steps on the coefficients that are active, as long as their slopes get smaller.

    Returns whether no coefficient would change its sign; none does. Where curvatures are tiny, as
    between classes that are nearly separable, this finds digits that conjugate gradients do not.
    """
    K, n = eta.shape
    output, feature = np.empty(many, np.int64), np.empty(many, np.int64)
    rows, m = np.zeros((many, n)), 0
    for k in range(K):
        for f in range(coef.shape[1]):
            if coef[k, f] != 0:
                output[m], feature[m] = k, f
                add(X, f, 1.0, rows[m])
                m += 1
    # of several classes one intercept is enough to leave out: a constant in all changes nothing
    levels = (K if kind == COUNTS else K - 1) if free else 0
    size = many + levels
    slope, H = np.empty(size), np.empty((size, size))
    before, at_eta, at_coef, at_level = np.inf, eta.copy(), coef.copy(), level.copy()
    for _ in range(MAX_EXACT):
        worst = 0.0
        for a in range(size):
            k = output[a] if a < many else a - many
            total = 0.0
            for i in range(n):
                total += theta[k, i] * (rows[a, i] if a < many else 1.0)
            if a < many:
                now = coef[k, feature[a]]
                total -= l2 * now + (l1 if now > 0 else -l1)
            slope[a] = total
            worst = max(worst, abs(total))
        if not worst < before / 2:
            if worst > before:
                eta[:], coef[:], level[:] = at_eta, at_coef, at_level
                _look_at(kind, y, eta, weight, mean, theta)
            break
        before = worst
        at_eta[:], at_coef[:], at_level[:] = eta, coef, level
        for a in range(size):
            k = output[a] if a < many else a - many
            for b in range(a + 1):
                o = output[b] if b < many else b - many
                total = 0.0
                for i in range(n):
                    if kind == COUNTS:
                        own = mean[0, i]
                    elif k == o:
                        own = mean[k, i] * (1.0 - mean[k, i])
                    else:
                        own = -mean[k, i] * mean[o, i]
                    left = rows[a, i] if a < many else 1.0
                    right = rows[b, i] if b < many else 1.0
                    total += weight[i] * own * left * right
                H[a, b] = H[b, a] = total
            if a < many:
                H[a, a] += l2
            # never singular; where this matters the slopes do not get smaller, and the step goes
            H[a, a] *= 1 + 1e-14
            H[a, a] += 1e-300
        step = np.linalg.solve(H, slope)
        for a in range(many):
            now = coef[output[a], feature[a]]
            if not (now + step[a]) * now > 0:
                return False
        for a in range(size):
            k = output[a] if a < many else a - many
            if a < many:
                coef[k, feature[a]] += step[a]
            else:
                level[k] += step[a]
            for i in range(n):
                eta[k, i] += step[a] * (rows[a, i] if a < many else 1.0)
        _look_at(kind, y, eta, weight, mean, theta)
    return True


@njit(nogil=True, error_model="numpy")
def _go_back(  # type: ignore[no-untyped-def]
    X, kind, y, weight, eta, mean, theta, gradient, coef, level, safe_coef, safe_level, safe_eta,
    safe,
):  # fmt: skip
    """Return to a solution that is kept; its gap."""
    coef[:], level[:], eta[:] = safe_coef, safe_level, safe_eta
    _look_at(kind, y, eta, weight, mean, theta)
    all_dots(X, theta, gradient)
    return safe


@njit(nogil=True, error_model="numpy")
def generalised_path(X, kind, y, weight, offset, l1, l2, free, tol, null, start):  # type: ignore[no-untyped-def]
    """Follow a path of problems with counts or several classes.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples) or tuple
        One feature a row, C order; or data, row indices and column starts of a sparse matrix.
    kind : int
        `COUNTS` or `CLASSES`.
    y : ndarray of shape (n_outputs, n_samples)
        Counts, or a one in the row of each class.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    offset : ndarray of shape (n_samples,)
        Part of the predictors that is known.
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms; those of the L1 norm are decreasing, and positive or all zero.
    free : bool
        Whether there are intercepts.
    tol : float
        Relative duality gap.
    null : float
        The unit of the gaps.
    start : ndarray of shape (n_outputs, n_features)
        Where the first problem starts.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_outputs, n_features)
    intercept : ndarray of shape (n_alphas, n_outputs)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; above `tol` where the steps came to their end.
    n_iter : ndarray of int, shape (n_alphas,)
        Newton steps of each.
    """
    K, n = y.shape
    p = start.shape[1]
    coef, before, base = start.copy(), start.copy(), start.copy()
    level, change = np.zeros(K), np.zeros(K)
    eta, mean, theta, u = np.empty((K, n)), np.empty((K, n)), np.empty((K, n)), np.empty((K, n))
    trial, heavy = np.empty((K, n)), np.empty((K, n))
    safe_coef, safe_level, safe_eta = np.zeros((K, p)), np.zeros(K), np.zeros((K, n))
    s, r, own = np.empty(n), np.empty(n), np.empty(n)
    gradient, centre, bend = np.zeros((K, p)), np.zeros((K, p)), np.zeros((K, p))
    level_bend = np.ones(K)
    work, in_work = np.empty((K, p), np.int64), np.zeros((K, p), np.bool_)
    n_work = np.zeros(K, np.int64)
    out, intercept = np.zeros((len(l1), K, p)), np.zeros((len(l1), K))
    gap, n_iter = np.zeros(len(l1)), np.zeros(len(l1), np.int64)
    whole = l1[0] == 0

    sums_of(X, coef, eta)
    for k in range(K):
        for i in range(n):
            eta[k, i] += offset[i]
    settle(kind, y, eta, weight, free, mean, theta, level)
    all_dots(X, theta, gradient)
    l1_before = np.abs(gradient).max()
    for a in range(len(l1)):
        # on in a straight line; what would change its sign stops at zero
        if a > 1 and not whole:
            ahead = (l1[a] - l1[a - 1]) / (l1[a - 1] - l1[a - 2])
        elif a > 1:
            ahead = np.log(l2[a] / l2[a - 1]) / np.log(l2[a - 1] / l2[a - 2])
        else:
            ahead = 0.0
        for k in range(K):
            n_work[k] = 0
            for f in range(p):
                now = coef[k, f]
                moved = now + ahead * (now - before[k, f])
                before[k, f] = now
                if whole:
                    coef[k, f] = moved
                elif ahead > 0 and now != 0:
                    coef[k, f] = moved if moved * now > 0 else 0.0
                # the sequential strong rule
                strong = abs(gradient[k, f]) >= 2 * l1[a] - l1_before
                in_work[k, f] = whole or coef[k, f] != 0 or strong
                if in_work[k, f]:
                    work[k, n_work[k]] = f
                    n_work[k] += 1
        sums_of(X, coef, eta)
        for k in range(K):
            for i in range(n):
                eta[k, i] += offset[i] + level[k]
        settle(kind, y, eta, weight, free, mean, theta, level)
        size = np.abs(coef).sum()
        if whole:
            slack = np.sqrt(0.1 * tol * null * l2[a] / (p * K))
        else:
            slack = SLACK * tol * null / max(size, 0.1 * null / l1[0])
            slack = max(slack, np.sqrt(0.04 * SLACK * tol * null * l2[a] / (p * K)))
        tightened, again, stuck = 0, 0, False
        # the first solution that will do, for where one to more digits is not found
        safe, most = np.inf, MAX_STEPS
        while True:
            met, look = False, n_iter[a] + LOOK
            while n_iter[a] < min(most, look):
                if whole:
                    all_dots(X, theta, gradient)
                else:
                    for k in range(K):
                        for q in range(n_work[k]):
                            gradient[k, work[k, q]] = dot(X, work[k, q], theta[k])
                _bends(X, kind, mean, weight, free, work, n_work, heavy, level_bend, centre, bend)
                size = _violation(gradient, coef, work, n_work, bend, l1[a], l2[a])
                if size <= slack:
                    met = True
                    break
                n_iter[a] += 1
                base[:], change[:] = coef, 0.0
                u[:], s[:] = 0.0, 0.0
                close = AIM * slack
                if whole:
                    _search(
                        X, kind, mean, weight, theta, level_bend, centre, bend, u, coef, change,
                        free, work, n_work, True, l1[a], l2[a], max((close / size) ** 2, LEAST),
                        4 * CONJUGATE_STEPS,
                    )  # fmt: skip
                else:
                    worst, n_searches = np.inf, 0
                    while worst > close and n_searches < MAX_SEARCHES:
                        for _ in range(SWEEPS):
                            worst = _sweep(
                                X, kind, mean, weight, theta, heavy, level_bend, centre, bend, u, s,
                                r, own, coef, change, free, work, n_work, l1[a], l2[a], close,
                            )  # fmt: skip
                            if worst <= close:
                                break
                        if worst > close:
                            n_searches += 1
                            _search(
                                X, kind, mean, weight, theta, level_bend, centre, bend, u, coef,
                                change, free, work, n_work, False, l1[a], l2[a], ENOUGH,
                                CONJUGATE_STEPS,
                            )  # fmt: skip
                            if kind == CLASSES:
                                for i in range(n):
                                    s[i] = 0.0
                                    for k in range(K):
                                        s[i] += mean[k, i] * u[k, i]
                reach = _step(
                    kind, y, eta, weight, theta, u, base, coef, work, n_work, l1[a], l2[a], trial
                )
                if reach == 0:
                    # at the end, of rounding errors
                    stuck = True
                    break
                for k in range(K):
                    level[k] += reach * change[k]
                settle(kind, y, eta, weight, free, mean, theta, level)
            entered = False
            all_dots(X, theta, gradient)
            for k in range(K):
                for f in range(p):
                    if not in_work[k, f] and abs(gradient[k, f]) > l1[a] + slack:
                        work[k, n_work[k]], in_work[k, f], entered = f, True, True
                        n_work[k] += 1
            gap[a] = _gap(kind, y, eta, mean, weight, offset, gradient, coef, l1[a], l2[a]) / null
            if gap[a] <= tol and safe > tol:
                safe, most = gap[a], min(MAX_STEPS, n_iter[a] + MAX_POLISH)
                safe_coef[:], safe_level[:], safe_eta[:] = coef, level, eta
            if stuck or n_iter[a] >= most or tightened == MAX_TIGHTER:
                break
            if gap[a] <= tol:
                # a small problem is solved to rounding errors, so that equal ones have equal ones
                active = np.count_nonzero(coef)
                if whole or active == 0 or active * K * n > SMALL or active > FEW:
                    break
                right = _solve_exactly(
                    X, kind, y, weight, eta, mean, theta, coef, level, free, l1[a], l2[a], active
                )
                all_dots(X, theta, gradient)
                gap[a] = _gap(kind, y, eta, mean, weight, offset, gradient, coef, l1[a], l2[a])
                gap[a] /= null
                if not gap[a] <= tol:
                    right = False
                for k in range(K):
                    for f in range(p):
                        over = abs(gradient[k, f]) - l1[a] * (1 + POLISH)
                        if coef[k, f] == 0 and over > ROUNDING:
                            right = False
                            if not in_work[k, f]:
                                work[k, n_work[k]], in_work[k, f] = f, True
                                n_work[k] += 1
                if right or again == AGAIN:
                    break
                if not gap[a] <= tol:
                    gap[a] = _go_back(
                        X, kind, y, weight, eta, mean, theta, gradient, coef, level, safe_coef,
                        safe_level, safe_eta, safe,
                    )  # fmt: skip
                again += 1
                slack = max(POLISH * l1[a], ROUNDING)
                continue
            if met and not entered:
                slack /= CLOSER
                tightened += 1
        if safe <= tol and not gap[a] <= tol:
            gap[a] = _go_back(
                X, kind, y, weight, eta, mean, theta, gradient, coef, level, safe_coef, safe_level,
                safe_eta, safe,
            )  # fmt: skip
        l1_before = l1[a]
        out[a], intercept[a] = coef, level
    return out, intercept, gap, n_iter
