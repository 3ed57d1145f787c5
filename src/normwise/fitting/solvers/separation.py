"""Separable classes, for which no finite unpenalised logistic fit exists."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog


def is_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether some hyperplane splits the classes, ties allowed.

    Solved as a linear program (Konis 2007).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Zeros and ones.
    """
    # an orthonormal basis, because nearly collinear columns would defeat the linear program
    u, d, _ = np.linalg.svd(np.column_stack([np.ones(len(y)), X]), full_matrices=False)
    basis = u[:, d > 1e-12 * d[0]] * np.sqrt(len(y))
    if basis.shape[1] == len(y):
        return True
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * basis
    answer = linprog(
        -signed.sum(axis=0),
        A_ub=np.concatenate([-signed, signed]),
        b_ub=np.concatenate([np.zeros(len(y)), np.ones(len(y))]),
        bounds=(None, None),
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(f"the linear program for separability failed: {answer.message}")
    return bool(-answer.fun > 1e-7)
