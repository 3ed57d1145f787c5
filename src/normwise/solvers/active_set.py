r"""L1 and elastic-net least squares by an active-set method, exact at every strength.

For given active features and signs the solution is that of a linear system. Features are added
where the optimality conditions fail and dropped where a coefficient would change its sign, each
step lowering the objective, so that the method ends at the exact solution (feature-sign search;
Lee, Battle, Raina & Ng 2007). Warm starts along the path keep the number of steps near the number
of kinks of the path. The cost does not grow with the correlation of the features, which is what
slows coordinate descent down.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MAX_STEPS = 5000
ENTER_AT_MOST = 8
# a pivot below the first is a linear dependence among the active features and is replaced by the
# second, both relative to the diagonal; the certificate is computed on the problem as it stands
DEPENDENT = 1e-12
CURVATURE = 1e-10
SLACK = 1e-10


@njit(cache=True, nogil=True)
def _factor(gram, place, active, chol, first, k, l2):  # type: ignore[no-untyped-def]
    """Rows ``first`` to ``k - 1`` of the Cholesky factor; earlier rows stay valid."""
    for i in range(first, k):
        a = place[active[i]]
        for j in range(i + 1):
            total = gram[a, place[active[j]]]
            for m in range(j):
                total -= chol[i, m] * chol[j, m]
            if j < i:
                chol[i, j] = total / chol[j, j]
            else:
                diagonal = gram[a, a] + l2
                pivot = total + l2
                chol[i, i] = np.sqrt(
                    pivot if pivot > DEPENDENT * diagonal else CURVATURE * diagonal
                )


@njit(cache=True, nogil=True)
def _substitute(chol, k, right):  # type: ignore[no-untyped-def]
    """Solve ``L L' x = right`` in place."""
    for i in range(k):
        for j in range(i):
            right[i] -= chol[i, j] * right[j]
        right[i] /= chol[i, i]
    for i in range(k - 1, -1, -1):
        right[i] /= chol[i, i]
        for j in range(i):
            right[j] -= chol[i, j] * right[i]


@njit(cache=True, nogil=True)
def squared_path(X, y, l1, l2, start):  # type: ignore[no-untyped-def]
    r"""Least squares plus ``l1`` times the L1 norm plus ``l2 / 2`` times the squared L2 norm.

    The loss is :math:`\frac{1}{2n}\lVert y - Xb \rVert^2`; the path is followed in the order given.

    Parameters
    ----------
    X : ndarray of shape (n_features, n_samples)
        One feature a row, C order.
    y : ndarray of shape (n_samples,)
    l1, l2 : ndarray of shape (n_alphas,)
        Weights of the two norms, the first positive.
    start : ndarray of shape (n_features,)
        Where the first problem starts; the following ones start at the solution before.

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    n_iter : ndarray of int, shape (n_alphas,)
        Steps of each. ``MAX_STEPS`` of them end the search; the certificate tells.
    """
    p, n = X.shape
    coef = start.copy()
    out = np.empty((len(l1), p))
    n_iter = np.zeros(len(l1), np.int64)
    c = np.dot(X, y) / n
    slack = SLACK * np.abs(c).max()
    # Gram entries are computed when a feature first becomes active; `place` is its row there
    room = 32
    gram = np.empty((room, room))
    chol = np.empty((room, room))
    place = np.full(p, -1)
    known = np.empty(p, np.int64)
    n_known = 0
    active = np.empty(p, np.int64)
    is_active = np.zeros(p, np.bool_)
    signs = np.empty(p)
    target = np.empty(p)
    k = 0
    entering = np.flatnonzero(coef)
    entering_signs = np.sign(coef[entering])
    for i in range(len(l1)):
        valid = 0
        steps = 0
        while True:
            for e in range(len(entering)):
                f = entering[e]
                if place[f] < 0:
                    if n_known == room:
                        room *= 2
                        larger = np.empty((room, room))
                        larger[:n_known, :n_known] = gram[:n_known, :n_known]
                        gram = larger
                        larger = np.empty((room, room))
                        larger[:n_known, :n_known] = chol[:n_known, :n_known]
                        chol = larger
                    known[n_known] = f
                    place[f] = n_known
                    n_known += 1
                    for j in range(n_known):
                        value = np.dot(X[f], X[known[j]]) / n
                        gram[n_known - 1, j] = value
                        gram[j, n_known - 1] = value
                active[k] = f
                is_active[f] = True
                signs[k] = entering_signs[e]
                k += 1
            while k > 0 and steps < MAX_STEPS:
                steps += 1
                _factor(gram, place, active, chol, valid, k, l2[i])
                valid = k
                for j in range(k):
                    target[j] = c[active[j]] - l1[i] * signs[j]
                _substitute(chol, k, target)
                reach = 1.0
                for j in range(k):
                    if target[j] * signs[j] < 0:
                        now = coef[active[j]]
                        reach = min(reach, now / (now - target[j]))
                if reach == 1.0:
                    for j in range(k):
                        coef[active[j]] = target[j]
                    break
                # go as far as the first sign change and drop what has reached zero
                kept = 0
                for j in range(k):
                    f = active[j]
                    now = coef[f]
                    if target[j] * signs[j] < 0 and now / (now - target[j]) <= reach:
                        coef[f] = 0.0
                        is_active[f] = False
                        valid = min(valid, j)
                    else:
                        coef[f] = now + reach * (target[j] - now)
                        active[kept] = f
                        signs[kept] = signs[j]
                        kept += 1
                k = kept
            residual = y.copy()
            for j in range(k):
                residual -= coef[active[j]] * X[active[j]]
            gradient = np.dot(X, residual) / n
            violation = np.abs(gradient) - l1[i]
            for j in range(k):
                violation[active[j]] = 0.0
            entering = np.flatnonzero(violation > slack)
            if len(entering) > ENTER_AT_MOST:
                worst = np.argsort(-violation[entering], kind="mergesort")
                entering = entering[worst[:ENTER_AT_MOST]]
            entering_signs = np.sign(gradient[entering])
            if len(entering) == 0 or steps >= MAX_STEPS:
                entering = entering[:0]
                break
        out[i] = coef
        n_iter[i] = steps
    return out, n_iter
