"""Responses for which no finite fit without a penalty exists, found by linear programs.

Along some direction the loss falls for ever, because no row speaks against it (Albert & Anderson
1984 for classes, Santos Silva & Tenreyro 2010 for counts; as a linear program, Konis 2007).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

# what a direction must gain to be more than a rounding error
GAIN = 1e-7


def _basis(X: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span features and intercept, times the root of the rows.

    Nearly collinear columns would defeat a linear program.
    """
    u, d, _ = np.linalg.svd(np.column_stack([np.ones(len(X)), X]), full_matrices=False)
    return np.asarray(u[:, d > 1e-12 * d[0]] * np.sqrt(len(X)))


def _most(gain: np.ndarray | sparse.csr_array, still: np.ndarray | None = None) -> float:
    """Largest sum of gains, none of them negative or above 1, without a change of some rows."""
    n = gain.shape[0]
    join = sparse.vstack if sparse.issparse(gain) else np.concatenate
    fixed = still is not None and len(still) > 0
    answer = linprog(
        -np.asarray(gain.sum(axis=0)).ravel(),
        A_ub=join([-gain, gain]),
        b_ub=np.concatenate([np.zeros(n), np.ones(n)]),
        A_eq=still if fixed else None,
        b_eq=np.zeros(len(still)) if still is not None and fixed else None,
        bounds=(None, None),
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(f"the linear program for separability failed: {answer.message}")
    return float(-answer.fun)


def is_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether linear functions tell the classes apart, ties allowed.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Numbers of the classes, from 0 on.
    """
    basis, K = _basis(X), int(y.max()) + 1
    if basis.shape[1] == len(y):
        return True
    own = y.astype(int)
    if K == 2:
        return _most(np.where(own == 1, 1.0, -1.0)[:, None] * basis) > GAIN
    # what the function of the own class exceeds that of another by; that of the last class is zero
    rows = []
    for other in range(K):
        compared = np.flatnonzero(own != other)
        blocks = [
            sparse.csr_array(((own[compared] == k) * 1.0 - (other == k))[:, None] * basis[compared])
            for k in range(K - 1)
        ]
        rows.append(sparse.hstack(blocks))
    return _most(sparse.csr_array(sparse.vstack(rows))) > GAIN


def zeros_are_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether a linear function is below zero in some rows without a count, and zero elsewhere.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Counts.
    """
    zero = y == 0
    if not zero.any():
        return False
    basis = _basis(X)
    if basis.shape[1] == len(y):
        return True
    return _most(-basis[zero], basis[~zero]) > GAIN
