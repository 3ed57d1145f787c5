"""Exponentials and logarithms that compiled loops are vectorised with, and sums in a fixed order.

They are without branches or calls.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from normwise.fitting.solvers.compiled import njit

LN2_HIGH, LN2_LOW, LOG2_E = 0.6931471803691238, 1.9082149292705877e-10, 1.4426950408889634
# adding this to a double leaves its nearest integer in the lowest bits
ROUNDER = 6755399441055744.0
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
def exp_of(x):  # type: ignore[no-untyped-def]
    """Exponential of a number between -700 and 700."""
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
def exp_minus(x):  # type: ignore[no-untyped-def]
    """Exponential of ``-x`` for ``x >= 0``; 700 stands for what is larger."""
    return exp_of(-min(x, 700.0))


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
