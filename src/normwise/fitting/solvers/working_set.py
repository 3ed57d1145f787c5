"""Which features enter an active set, and how far a step may go, compiled."""

from __future__ import annotations

import numpy as np

from normwise.fitting.solvers.columns import some_dots
from normwise.fitting.solvers.compiled import njit

ENTER_AT_MOST = 8
# rounding errors do not turn a bound below this share of the threshold into a violation
BELOW = 1 - 1e-9


@njit(nogil=True)
def reach_of(coef, step, signs, factor, active, k):  # type: ignore[no-untyped-def]
    """Share of the step to the first change of a sign, at most 1."""
    reach = 1.0
    for j in range(k):
        now = coef[active[j]]
        if factor[active[j]] > 0 and (now + step[j]) * signs[j] < 0:
            reach = min(reach, -now / step[j])
    return reach


@njit(nogil=True)
def near_anchor(X, theta, l1, factor, norms, anchor, at_anchor, gradient):  # type: ignore[no-untyped-def]
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
def violating(gradient, is_active, among, n_among, factor, l1, slack):  # type: ignore[no-untyped-def]
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
def penalty_terms(gradient, coef, l1, l2, factor):  # type: ignore[no-untyped-def]
    """What the penalty has to do with a duality gap.

    Returns its value, how much a dual point must shrink to get into the box of the L1 norm, and
    what leaving the box costs for ``l2 > 0``.
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
    return l1 * size + l2 / 2 * square, shrink, excess
