r"""The losses that are not quadratic, with their conjugates and derivatives, compiled.

What the response is tells the type of ``y``:

- zeros and ones: an array of shape (n_samples,), with the log-loss
  :math:`\log(1 + e^\eta) - y\eta`;
- counts: a pair of arrays, the counts and what is known of the predictors (the offset o), with the
  Poisson loss :math:`e^{\eta + o} - y (\eta + o)`;
- several classes: an array of shape (n_classes, n_samples) with a one in the row of each class,
  with the symmetric log-loss :math:`\log \sum_k e^{\eta_k} - \eta_y`.

Predictors and slopes are vectors: those of one class after those of the other. Curvatures are
those of the rows; of several classes, whose Hessian is
:math:`w_i (p_{ik} [k = m] - p_{ik} p_{im})` within each row, the probabilities that it is made of.
The loops over rows are without branches or calls, so that they are vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.elementary import exp_minus, exp_of, log1p_of, log_of, total_of
from normwise.fitting.solvers.working_set import penalty_terms

MIN_WEIGHT = 1e-10
# steps to the best intercept, and the sum of the slopes there over the sum of their sizes
MAX_SHIFTS = 50
BALANCED, BALANCED_CLASSES = 1e-12, 1e-13
TINY, ALMOST_ONE = 1e-300, 1 - 2.0**-53
# the predictor of a count beyond which its loss is taken as infinite
STEEPEST = 500.0
# how far below the largest a predictor must be, for a sum of exponentials to keep no digit of it
LOST = 30.0


def n_outputs(y):  # type: ignore[no-untyped-def]
    """Linear predictors that a row has."""


def n_rows(y):  # type: ignore[no-untyped-def]
    """Rows that there are responses of."""


def slopes(y, eta, weight, out, curvature):  # type: ignore[no-untyped-def]
    """Write minus the derivative of the loss, and its curvature."""


def loss_at(y, eta, weight):  # type: ignore[no-untyped-def]
    """Loss of all rows."""


def settle(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    """Shift the predictors to the best intercepts, and return by how much, one for each output.

    Slopes and curvatures are those there. Of several classes the last intercept stays.
    """


def feasible(y, eta, weight, free, r, curvature, theta):  # type: ignore[no-untyped-def]
    """Write a dual point near the slopes `r` at the predictors, orthogonal to free intercepts.

    Of zeros and ones, the heavier class is shrunk. Otherwise it is the slopes at the best
    intercepts: the predictors are shifted to them, with what else is there. Returns by how much,
    one for each output.
    """


def dual_at(y, theta, weight, shrink):  # type: ignore[no-untyped-def]
    """Minus the conjugate of the loss at a feasible dual point times a factor."""


def balanced_dual(y, theta, weight, free):  # type: ignore[no-untyped-def]
    """The same along slopes, made orthogonal to a free intercept."""


def total_curvature(y, curvature, weight):  # type: ignore[no-untyped-def]
    """Trace of the Hessian by the predictors."""


def bend(y, curvature, weight, v):  # type: ignore[no-untyped-def]
    """Multiply a vector by the Hessian by the predictors, in place."""


def _kind(y: Any, binary: Any, counts: Any, classes: Any) -> Any:
    """The one of three that is for responses of this type."""
    if isinstance(y, types.BaseTuple):
        return counts
    return binary if y.ndim == 1 else classes


@overload(n_outputs)
def _n_outputs(y):  # type: ignore[no-untyped-def]
    return _kind(y, lambda y: 1, lambda y: 1, lambda y: y.shape[0])


@overload(n_rows)
def _n_rows(y):  # type: ignore[no-untyped-def]
    return _kind(y, lambda y: len(y), lambda y: len(y[0]), lambda y: y.shape[1])


# zeros and ones


@njit(nogil=True, error_model="numpy")
def _binary_slopes(y, eta, shift, weight, out, curvature):  # type: ignore[no-untyped-def]
    """Those at ``eta + shift``."""
    for i in range(len(y)):
        sign = 2 * y[i] - 1
        margin = sign * (eta[i] + shift)
        e = exp_minus(abs(margin))
        d = 1.0 / (1.0 + e)
        out[i] = sign * weight[i] * (e * d if margin >= 0 else d)
        curvature[i] = weight[i] * max(e * d * d, MIN_WEIGHT)


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


@njit(nogil=True)
def _binary_loss(y, eta, weight):  # type: ignore[no-untyped-def]
    each = np.empty(len(y))
    _log_losses(y, eta, weight, each)
    return total_of(each)


@njit(nogil=True)
def _entropy(theta, weight, positive, negative):  # type: ignore[no-untyped-def]
    """Minus the conjugate of the log-loss at a point times a factor for each class."""
    each = np.empty(len(theta))
    _entropies(theta, weight, positive, negative, each)
    return total_of(each)


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
def _feasible_binary(free, r, theta):  # type: ignore[no-untyped-def]
    theta[:] = r
    if free:
        positive, negative = _balance(theta)
        for i in range(len(theta)):
            theta[i] *= positive if theta[i] > 0 else negative
    return np.zeros(1)


@njit(nogil=True, error_model="numpy")
def _settle_binary(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    shift = 0.0
    _binary_slopes(y, eta, shift, weight, theta, curvature)
    if not free:
        return np.zeros(1)
    for _ in range(MAX_SHIFTS):
        excess, size = total_of(theta), 0.0
        for i in range(len(theta)):
            size += abs(theta[i])
        if abs(excess) <= BALANCED * size:
            break
        # within 1, the curvature changes by a factor of e at most, and the loss falls
        shift += min(max(excess / total_of(curvature), -1.0), 1.0)
        _binary_slopes(y, eta, shift, weight, theta, curvature)
    for i in range(len(eta)):
        eta[i] += shift
    return np.full(1, shift)


# counts


@njit(nogil=True, error_model="numpy")
def _count_slopes(counts, offset, eta, weight, out, curvature):  # type: ignore[no-untyped-def]
    for i in range(len(counts)):
        mean = exp_of(max(min(eta[i] + offset[i], STEEPEST), -STEEPEST))
        out[i] = weight[i] * (counts[i] - mean)
        curvature[i] = weight[i] * mean


@njit(nogil=True, error_model="numpy")
def _poisson_losses(counts, offset, eta, weight, out):  # type: ignore[no-untyped-def]
    for i in range(len(counts)):
        predictor = eta[i] + offset[i]
        mean = exp_of(max(min(predictor, STEEPEST), -STEEPEST))
        out[i] = weight[i] * (mean - counts[i] * predictor) if predictor <= STEEPEST else np.inf


@njit(nogil=True)
def _count_loss(counts, offset, eta, weight):  # type: ignore[no-untyped-def]
    each = np.empty(len(counts))
    _poisson_losses(counts, offset, eta, weight, each)
    return total_of(each)


@njit(nogil=True, error_model="numpy")
def _count_duals(counts, offset, theta, weight, shrink, out):  # type: ignore[no-untyped-def]
    for i in range(len(counts)):
        # a mean near zero is what is left of the count
        mean = max(counts[i] - shrink * theta[i] / max(weight[i], TINY), 0.0)
        out[i] = mean * log_of(max(mean, TINY)) - mean - (mean - counts[i]) * offset[i]
        out[i] *= -weight[i]


@njit(nogil=True)
def _count_dual(counts, offset, theta, weight, shrink):  # type: ignore[no-untyped-def]
    each = np.empty(len(counts))
    _count_duals(counts, offset, theta, weight, shrink, each)
    return total_of(each)


@njit(nogil=True, error_model="numpy")
def _settle_counts(counts, offset, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    _count_slopes(counts, offset, eta, weight, theta, curvature)
    if not free:
        return np.zeros(1)
    shift = np.log(np.dot(weight, counts) / total_of(curvature))
    for i in range(len(eta)):
        eta[i] += shift
    _count_slopes(counts, offset, eta, weight, theta, curvature)
    return np.full(1, shift)


# several classes


@njit(nogil=True, error_model="numpy")
def _tops(eta, K, n):  # type: ignore[no-untyped-def]
    """Largest predictor of each row."""
    top = eta[:n].copy()
    for k in range(1, K):
        for i in range(n):
            top[i] = max(top[i], eta[k * n + i])
    return top


@njit(nogil=True, error_model="numpy")
def _class_slopes(y, eta, weight, out, curvature):  # type: ignore[no-untyped-def]
    K, n = y.shape
    top, whole, others = _tops(eta, K, n), np.zeros(n), np.zeros(n)
    for k in range(K):
        own, at = y[k], curvature[k * n : (k + 1) * n]
        ahead = eta[k * n : (k + 1) * n]
        for i in range(n):
            at[i] = exp_minus(top[i] - ahead[i])
            whole[i] += at[i]
            others[i] += (1.0 - own[i]) * at[i]
    for i in range(n):
        whole[i] = 1.0 / whole[i]
        # one minus a probability next to it would lose its digits
        others[i] *= whole[i]
    for k in range(K):
        own, at, slope = y[k], curvature[k * n : (k + 1) * n], out[k * n : (k + 1) * n]
        for i in range(n):
            at[i] *= whole[i]
            slope[i] = weight[i] * (own[i] * others[i] - (1.0 - own[i]) * at[i])


@njit(nogil=True, error_model="numpy")
def _class_losses(y, eta, weight, out):  # type: ignore[no-untyped-def]
    K, n = y.shape
    top, others, below = _tops(eta, K, n), np.zeros(n), np.zeros(n)
    for k in range(K):
        own, ahead = y[k], eta[k * n : (k + 1) * n]
        for i in range(n):
            others[i] += (1.0 - own[i]) * exp_minus(top[i] - ahead[i])
            below[i] += own[i] * (top[i] - ahead[i])
    for i in range(n):
        share = exp_minus(below[i])
        near, far = log1p_of(others[i] / share), below[i] + log_of(max(others[i], 0.5))
        out[i] = weight[i] * (near if below[i] < LOST else far)


@njit(nogil=True)
def _class_loss(y, eta, weight):  # type: ignore[no-untyped-def]
    each = np.empty(y.shape[1])
    _class_losses(y, eta, weight, each)
    return total_of(each)


@njit(nogil=True, error_model="numpy")
def _class_duals(y, theta, weight, shrink, out):  # type: ignore[no-untyped-def]
    K, n = y.shape
    for i in range(n):
        out[i] = 0.0
    for k in range(K):
        own, slope = y[k], theta[k * n : (k + 1) * n]
        for i in range(n):
            share = shrink * abs(slope[i]) / max(weight[i], TINY)
            rest = min(share, ALMOST_ONE)
            of_own = (1.0 - share) * log1p_of(-rest) if share < 1.0 else 0.0
            of_other = share * log_of(max(share, TINY))
            out[i] -= weight[i] * (of_own if own[i] > 0 else of_other)


@njit(nogil=True)
def _class_dual(y, theta, weight, shrink):  # type: ignore[no-untyped-def]
    each = np.empty(y.shape[1])
    _class_duals(y, theta, weight, shrink, each)
    return total_of(each)


@njit(nogil=True, error_model="numpy")
def _settle_classes(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    K, n = y.shape
    shift = np.zeros(K)
    _class_slopes(y, eta, weight, theta, curvature)
    if not free:
        return shift
    excess, A, held = np.empty(K - 1), np.empty((K - 1, K - 1)), np.empty(n)
    for _ in range(MAX_SHIFTS):
        worst = size = 0.0
        for k in range(K):
            own, own_size = 0.0, 0.0
            for i in range(k * n, (k + 1) * n):
                own += theta[i]
                own_size += abs(theta[i])
            if k < K - 1:
                excess[k] = own
            size, worst = max(size, own_size), max(worst, abs(own))
        if worst <= BALANCED_CLASSES * size:
            break
        for k in range(K - 1):
            at = curvature[k * n : (k + 1) * n]
            held[:] = weight * at
            A[k, k] = TINY + (1.0 + MIN_WEIGHT) * np.dot(held, 1.0 - at)
            for m in range(k):
                A[k, m] = A[m, k] = -np.dot(held, curvature[m * n : (m + 1) * n])
        step = np.linalg.solve(A, excess)
        longest = np.abs(step).max()
        if longest > 1.0:
            step /= longest
        for k in range(K - 1):
            shift[k] += step[k]
            for i in range(k * n, (k + 1) * n):
                eta[i] += step[k]
        _class_slopes(y, eta, weight, theta, curvature)
    return shift


@njit(nogil=True, error_model="numpy")
def _bend_classes(y, curvature, weight, v):  # type: ignore[no-untyped-def]
    K, n = y.shape
    along = np.zeros(n)
    for k in range(K):
        at, own = curvature[k * n : (k + 1) * n], v[k * n : (k + 1) * n]
        for i in range(n):
            along[i] += at[i] * own[i]
    for k in range(K):
        at, own = curvature[k * n : (k + 1) * n], v[k * n : (k + 1) * n]
        for i in range(n):
            own[i] = weight[i] * (at[i] * (own[i] - along[i]) + MIN_WEIGHT * own[i])


@njit(nogil=True, error_model="numpy")
def _trace_of_classes(y, curvature, weight):  # type: ignore[no-untyped-def]
    K, n = y.shape
    total = 0.0
    for k in range(K):
        at = curvature[k * n : (k + 1) * n]
        for i in range(n):
            total += weight[i] * (at[i] * (1.0 - at[i]) + MIN_WEIGHT)
    return total


@overload(slopes)
def _slopes(y, eta, weight, out, curvature):  # type: ignore[no-untyped-def]
    return _kind(
        y,
        lambda y, eta, weight, out, curvature: _binary_slopes(y, eta, 0.0, weight, out, curvature),
        lambda y, eta, weight, out, curvature: _count_slopes(
            y[0], y[1], eta, weight, out, curvature
        ),
        lambda y, eta, weight, out, curvature: _class_slopes(y, eta, weight, out, curvature),
    )


@overload(loss_at)
def _loss_at(y, eta, weight):  # type: ignore[no-untyped-def]
    return _kind(
        y,
        lambda y, eta, weight: _binary_loss(y, eta, weight),
        lambda y, eta, weight: _count_loss(y[0], y[1], eta, weight),
        lambda y, eta, weight: _class_loss(y, eta, weight),
    )


@overload(settle)
def _settle(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    return _kind(
        y,
        lambda y, eta, weight, free, theta, curvature: _settle_binary(
            y, eta, weight, free, theta, curvature
        ),
        lambda y, eta, weight, free, theta, curvature: _settle_counts(
            y[0], y[1], eta, weight, free, theta, curvature
        ),
        lambda y, eta, weight, free, theta, curvature: _settle_classes(
            y, eta, weight, free, theta, curvature
        ),
    )


@overload(feasible)
def _feasible(y, eta, weight, free, r, curvature, theta):  # type: ignore[no-untyped-def]
    def settled(y, eta, weight, free, r, curvature, theta):  # type: ignore[no-untyped-def]
        shift = settle(y, eta, weight, free, r, curvature)
        theta[:] = r
        return shift

    return _kind(
        y,
        lambda y, eta, weight, free, r, curvature, theta: _feasible_binary(free, r, theta),
        settled,
        settled,
    )


@overload(dual_at)
def _dual_at(y, theta, weight, shrink):  # type: ignore[no-untyped-def]
    return _kind(
        y,
        lambda y, theta, weight, shrink: _entropy(theta, weight, shrink, shrink),
        lambda y, theta, weight, shrink: _count_dual(y[0], y[1], theta, weight, shrink),
        lambda y, theta, weight, shrink: _class_dual(y, theta, weight, shrink),
    )


@overload(balanced_dual)
def _balanced_dual(y, theta, weight, free):  # type: ignore[no-untyped-def]
    def binary(y, theta, weight, free):  # type: ignore[no-untyped-def]
        positive, negative = _balance(theta) if free else (1.0, 1.0)
        return _entropy(theta, weight, positive, negative)

    # at the best intercepts it is orthogonal to them
    def settled(y, theta, weight, free):  # type: ignore[no-untyped-def]
        return dual_at(y, theta, weight, 1.0)

    return _kind(y, binary, settled, settled)


@overload(total_curvature)
def _total_curvature(y, curvature, weight):  # type: ignore[no-untyped-def]
    return _kind(
        y,
        lambda y, curvature, weight: total_of(curvature),
        lambda y, curvature, weight: total_of(curvature),
        lambda y, curvature, weight: _trace_of_classes(y, curvature, weight),
    )


@overload(bend)
def _bend(y, curvature, weight, v):  # type: ignore[no-untyped-def]
    def by_row(y, curvature, weight, v):  # type: ignore[no-untyped-def]
        v *= curvature

    return _kind(
        y, by_row, by_row, lambda y, curvature, weight, v: _bend_classes(y, curvature, weight, v)
    )


@njit(nogil=True)
def duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor):  # type: ignore[no-untyped-def]
    """Primal objective minus the better of two dual values along ``theta``.

    One shrinks the point into the box of the L1 norm; the other, for ``l2 > 0``, pays for
    leaving it.
    """
    penalty, shrink, excess = penalty_terms(gradient, coef, l1, l2, factor)
    primal = penalty + loss_at(y, eta, weight)
    dual = dual_at(y, theta, weight, shrink)
    if l2 > 0:
        dual = max(dual, dual_at(y, theta, weight, 1.0) - excess)
    return primal - dual


@njit(nogil=True)
def relative_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor, null):  # type: ignore[no-untyped-def]
    """Duality gap in units of the null model's objective; NaN without a penalty."""
    if l1 == 0 and l2 == 0:
        return np.nan
    return duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor) / null
