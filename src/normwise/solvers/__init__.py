"""Regularisation paths with certificates, behind one function.

Everything above this room calls `fit_path` on standardised features and gets a `Path`; another
engine takes over by offering the same function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normwise.solvers.certificate import squared_gap
from normwise.solvers.logistic import is_separable, logistic_path
from normwise.solvers.ridge import RidgePath


class NoSolutionError(ArithmeticError):
    """The problem has no finite solution (separable classes without a penalty)."""


@dataclass(frozen=True)
class Path:
    """Solutions for a sequence of strengths.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap.
    n_iter : ndarray of shape (n_alphas,)
    """

    alphas: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray


def fit_path(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, l1_ratio: float, response: str
) -> Path:
    r"""Fit one penalty at every strength.

    Minimises the mean loss (half the squared error, or the log-loss) plus
    :math:`\lambda (a \lVert b \rVert_1 + \frac{1-a}{2} \lVert b \rVert^2)`; the intercept is
    free.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Centred columns.
    y : ndarray of shape (n_samples,)
    alphas : ndarray of shape (n_alphas,)
        Decreasing strengths :math:`\lambda`; ``inf`` is the null model, and 0 the unpenalised
        fit of smallest norm. Both are for ``l1_ratio = 0`` only.
    l1_ratio : float
        :math:`a`: 1 for the lasso, 0 for ridge.
    response : {"gaussian", "binary"}

    Returns
    -------
    Path

    Raises
    ------
    NoSolutionError
        At strength 0, if the classes of a binary response are separable.
    """
    if response == "binary":
        if alphas[-1] == 0 and is_separable(X, y):
            raise NoSolutionError("the classes are linearly separable")
        coef, intercept, gap, n_iter = logistic_path(X, y, alphas, l1_ratio)
        return Path(alphas, coef, intercept, gap, n_iter)
    centred = y - y.mean()
    intercept = np.full(len(alphas), y.mean())
    if l1_ratio:
        from normwise.solvers.active_set import squared_path  # compiled: loaded when used

        rows, start = np.ascontiguousarray(X.T), np.zeros(X.shape[1])
        coef, n_iter = squared_path(
            rows, centred, alphas * l1_ratio, alphas * (1 - l1_ratio), start
        )
        gap = squared_gap(X, centred, coef, alphas, l1_ratio)
    else:
        ridge = RidgePath(X, centred)
        coef, n_iter = ridge.coef(alphas), np.ones(len(alphas), int)
        gap = _ridge_gap(ridge, X, centred, coef, alphas)
    return Path(alphas, coef, intercept, gap, n_iter)


def _ridge_gap(
    ridge: RidgePath, X: np.ndarray, y: np.ndarray, coef: np.ndarray, alphas: np.ndarray
) -> np.ndarray:
    gap = np.zeros(len(alphas))
    inner = np.isfinite(alphas) & (alphas > 0)
    gap[inner] = squared_gap(X, y, coef[inner], alphas[inner], 0.0)
    if (alphas == 0).any():
        # the optimum is the squared distance of y from the column space
        optimum = y @ y - ridge.uy @ ridge.uy
        achieved = ((y - coef[alphas == 0] @ X.T) ** 2).sum(axis=1)
        gap[alphas == 0] = (achieved - optimum) / (y @ y or 1.0)
    return gap
