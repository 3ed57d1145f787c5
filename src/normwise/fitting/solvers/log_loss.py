"""The log-loss, its conjugate and its derivatives, compiled.

The loops are without branches or calls, so that they are vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from normwise.fitting.solvers.compiled import njit
from normwise.fitting.solvers.working_set import penalty_terms

MIN_WEIGHT = 1e-10
# steps to the best intercept, and the sum of the slopes there over the sum of their sizes
MAX_SHIFTS = 50
BALANCED = 1e-12
LN2_HIGH, LN2_LOW, LOG2_E = 0.6931471803691238, 1.9082149292705877e-10, 1.4426950408889634
# adding this to a double leaves its nearest integer in the lowest bits
ROUNDER = 6755399441055744.0
TINY, ALMOST_ONE = 1e-300, 1 - 2.0**-53
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


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
def slopes(y, eta, shift, weight, out, curvature):  # type: ignore[no-untyped-def]
    """Minus the derivative of the log-loss at ``eta + shift``, and its curvature."""
    for i in range(len(y)):
        sign = 2 * y[i] - 1
        margin = sign * (eta[i] + shift)
        e = exp_minus(abs(margin))
        d = 1.0 / (1.0 + e)
        out[i] = sign * weight[i] * (e * d if margin >= 0 else d)
        curvature[i] = weight[i] * max(e * d * d, MIN_WEIGHT)


@njit(nogil=True)
def total_of(values):  # type: ignore[no-untyped-def]
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
def log_loss_of(y, eta, weight):  # type: ignore[no-untyped-def]
    """Log-loss of all rows."""
    each = np.empty(len(y))
    _log_losses(y, eta, weight, each)
    return total_of(each)


@njit(nogil=True)
def entropy(theta, weight, positive, negative):  # type: ignore[no-untyped-def]
    """Minus the conjugate of the log-loss at a point times a factor for each class."""
    each = np.empty(len(theta))
    _entropies(theta, weight, positive, negative, each)
    return total_of(each)


@njit(nogil=True, error_model="numpy")
def balance(theta):  # type: ignore[no-untyped-def]
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
def make_feasible(theta):  # type: ignore[no-untyped-def]
    """Make a dual point orthogonal to the intercept."""
    positive, negative = balance(theta)
    for i in range(len(theta)):
        theta[i] *= positive if theta[i] > 0 else negative


@njit(nogil=True, error_model="numpy")
def settle(y, eta, weight, free, theta, curvature):  # type: ignore[no-untyped-def]
    """Shift the predictors to the best intercept, and return by how much.

    Slopes and curvatures are those there.
    """
    shift = 0.0
    slopes(y, eta, shift, weight, theta, curvature)
    if not free:
        return shift
    for _ in range(MAX_SHIFTS):
        excess, size = total_of(theta), 0.0
        for i in range(len(theta)):
            size += abs(theta[i])
        if abs(excess) <= BALANCED * size:
            break
        # within 1, the curvature changes by a factor of e at most, and the loss falls
        shift += min(max(excess / total_of(curvature), -1.0), 1.0)
        slopes(y, eta, shift, weight, theta, curvature)
    for i in range(len(eta)):
        eta[i] += shift
    return shift


@njit(nogil=True)
def duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor):  # type: ignore[no-untyped-def]
    """Primal objective minus the better of two dual values along ``theta``.

    One shrinks the point into the box of the L1 norm; the other, for ``l2 > 0``, pays for
    leaving it.
    """
    penalty, shrink, excess = penalty_terms(gradient, coef, l1, l2, factor)
    primal = penalty + log_loss_of(y, eta, weight)
    dual = entropy(theta, weight, shrink, shrink)
    if l2 > 0:
        dual = max(dual, entropy(theta, weight, 1.0, 1.0) - excess)
    return primal - dual


@njit(nogil=True)
def relative_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor, null):  # type: ignore[no-untyped-def]
    """Duality gap in units of the null model's objective; NaN without a penalty."""
    if l1 == 0 and l2 == 0:
        return np.nan
    return duality_gap(y, eta, weight, theta, gradient, coef, l1, l2, factor) / null
