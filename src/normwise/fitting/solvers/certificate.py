r"""Duality gaps: the proof of optimality that every solution carries.

The problem is :math:`P(b, b_0) = \ell(y, b_0 + Xb) + \lambda \left(a \lVert b \rVert_1 +
\frac{1-a}{2} \lVert b \rVert^2\right)` with the mean loss :math:`\ell`, half the squared error
or the log-loss, and an unpenalised intercept. For any dual feasible point :math:`\theta`,
:math:`P - D(\theta)` bounds the distance to the optimum from above. The gaps here are divided
by the loss of the null model, so that they have no unit.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy


def null_log_loss(rate: float) -> float:
    """Mean log-loss of the best constant probability."""
    return float(-xlogy(rate, rate) - xlogy(1 - rate, 1 - rate))


def _penalty(coef: np.ndarray, alpha: np.ndarray, l1_ratio: float) -> np.ndarray:
    l1 = np.abs(coef).sum(axis=1) if l1_ratio else 0.0
    return alpha * (l1_ratio * l1 + (1 - l1_ratio) / 2 * (coef**2).sum(axis=1))


def _conjugate(correlation: np.ndarray, alpha: np.ndarray, l1_ratio: float) -> np.ndarray:
    # of the penalty, at X'theta / n; the indicator of the box for a pure L1 penalty
    if l1_ratio == 1:
        return np.zeros(len(alpha))
    excess = np.maximum(np.abs(correlation) - alpha[:, None] * l1_ratio, 0.0)
    return (excess**2).sum(axis=1) / (2 * alpha * (1 - l1_ratio))


def _shrink(correlation: np.ndarray, alpha: np.ndarray, l1_ratio: float) -> np.ndarray:
    # factor that brings theta into the box |X'theta / n| <= alpha of a pure L1 penalty
    if l1_ratio < 1:
        return np.ones(len(alpha))
    largest = np.abs(correlation).max(axis=1)
    return np.minimum(1.0, alpha / np.maximum(largest, np.finfo(float).tiny))


def squared_gap(
    X: np.ndarray, y: np.ndarray, coef: np.ndarray, alpha: np.ndarray, l1_ratio: float
) -> np.ndarray:
    """Relative duality gap of least-squares solutions on centred data.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_alphas, n_features)
    alpha : ndarray of shape (n_alphas,)
        Positive strengths on the mean-loss scale.
    l1_ratio : float

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    n = len(y)
    residual = y - coef @ X.T
    primal = (residual**2).sum(axis=1) / (2 * n) + _penalty(coef, alpha, l1_ratio)
    correlation = residual @ X / n
    scale = _shrink(correlation, alpha, l1_ratio)
    fit = (scale * (residual @ y) - scale**2 * (residual**2).sum(axis=1) / 2) / n
    null = y @ y / (2 * n)
    return (primal - fit + _conjugate(correlation, alpha, l1_ratio)) / (null or 1.0)


def logistic_gap(
    X: np.ndarray,
    y: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray,
    alpha: np.ndarray,
    l1_ratio: float,
) -> np.ndarray:
    """Relative duality gap of logistic solutions.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Zeros and ones.
    coef : ndarray of shape (n_alphas, n_features)
    intercept, alpha : ndarray of shape (n_alphas,)
    l1_ratio : float

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    n = len(y)
    predictor = intercept[:, None] + coef @ X.T
    loss = np.logaddexp(0, predictor).mean(axis=1) - predictor @ y / n
    primal = loss + _penalty(coef, alpha, l1_ratio)
    theta = y - 1 / (1 + np.exp(-predictor))
    # the free intercept asks for sum(theta) = 0: shrink the heavier class
    positive, negative = theta[:, y == 1].sum(axis=1), -theta[:, y == 0].sum(axis=1)
    common = np.minimum(positive, negative)
    theta[:, y == 1] *= (common / positive)[:, None]
    theta[:, y == 0] *= (common / negative)[:, None]
    correlation = theta @ X / n
    theta *= _shrink(correlation, alpha, l1_ratio)[:, None]
    label = np.abs(theta)
    entropy = (xlogy(label, label) + xlogy(1 - label, 1 - label)).mean(axis=1)
    gap = primal + entropy + _conjugate(correlation, alpha, l1_ratio)
    return gap / null_log_loss(y.mean())


def logistic_decrement(
    X: np.ndarray, y: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    """Half the squared Newton decrement of unpenalised logistic fits, over the null loss.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Zeros and ones.
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    design = np.column_stack([np.ones(len(y)), X])
    out = np.zeros(len(coef))
    for i, b in enumerate(np.column_stack([intercept, coef])):
        probability = 1 / (1 + np.exp(-design @ b))
        gradient = design.T @ (y - probability) / len(y)
        hessian = (design.T * (probability * (1 - probability))) @ design / len(y)
        out[i] = gradient @ np.linalg.lstsq(hessian, gradient, rcond=None)[0] / 2
    return out / null_log_loss(y.mean())
