"""Separable classes, for which no finite fit without a penalty exists."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog


def is_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether linear predictors tell all rows' classes from the others, ties allowed.

    Solved as a linear program (Konis 2007). Of two classes a hyperplane does; of several each has a
    predictor, and that of the row's own class is nowhere below another (Albert & Anderson 1984).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Zeros and ones, or numbers of classes from 0 on.
    """
    # an orthonormal basis, because nearly collinear columns would defeat the linear program
    u, d, _ = np.linalg.svd(np.column_stack([np.ones(len(y)), X]), full_matrices=False)
    basis = u[:, d > 1e-12 * d[0]] * np.sqrt(len(y))
    if basis.shape[1] == len(y):
        return True
    signed = _leads(basis, y.astype(int))
    answer = linprog(
        -signed.sum(axis=0),
        A_ub=np.concatenate([-signed, signed]),
        b_ub=np.repeat([0.0, 1.0], len(signed)),
        bounds=(None, None),
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(f"the linear program for separability failed: {answer.message}")
    return bool(-answer.fun > 1e-7)


def _leads(basis: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By how much the predictor of each row's class leads that of each other class, a row each.

    As a function of the coefficients of all classes but the first, whose predictor is zero.
    """
    n_classes, q = int(y.max()) + 1, basis.shape[1]
    parts = []
    for other in range(n_classes):
        rows = np.flatnonzero(y != other)
        lead = np.zeros((len(rows), n_classes, q))
        lead[np.arange(len(rows)), y[rows]] = basis[rows]
        lead[:, other] = -basis[rows]
        parts.append(lead[:, 1:].reshape(len(rows), -1))
    return np.concatenate(parts)
