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


def _most(gain: sparse.csr_array) -> float:
    """Largest sum of gains, none of them negative or above 1."""
    answer = linprog(
        -np.asarray(gain.sum(axis=0)).ravel(),
        A_ub=sparse.vstack([-gain, gain]),
        b_ub=np.repeat([0.0, 1.0], gain.shape[0]),
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
    basis = _basis(X)
    if basis.shape[1] == len(y):
        return True
    return _most(_leads(basis, y.astype(int))) > GAIN


def _leads(basis: np.ndarray, y: np.ndarray) -> sparse.csr_array:
    """By how much the function of each row's class leads that of each other class, a row each.

    In the coefficients of all classes but the first, whose function is zero.
    """
    n_classes, rank = int(y.max()) + 1, basis.shape[1]
    parts = []
    for other in range(n_classes):
        rows = np.flatnonzero(y != other)
        lead = np.zeros((len(rows), n_classes, rank))
        lead[np.arange(len(rows)), y[rows]] = basis[rows]
        lead[:, other] = -basis[rows]
        # two classes of many
        parts.append(sparse.csr_array(lead[:, 1:].reshape(len(rows), -1)))
    return sparse.csr_array(sparse.vstack(parts))


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
    # directions in which no row with a count moves; often there are none
    _, size, directions = np.linalg.svd(np.linalg.qr(basis[~zero], mode="r"))
    still = directions[int((size > GAIN * size[0]).sum()) :]
    return len(still) > 0 and _most(sparse.csr_array(-basis[zero] @ still.T)) > GAIN
