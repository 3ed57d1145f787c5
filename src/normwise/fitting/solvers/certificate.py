r"""Duality gaps: the proof of optimality that every solution carries.

The problem is :math:`P(b, b_0) = \ell(y, b_0 + Xb) + \lambda \left(a \lVert b \rVert_1 +
\frac{1-a}{2} \lVert b \rVert^2\right)` with the mean loss :math:`\ell`, half the squared error
or the log-loss, and an unpenalised intercept. For any dual feasible point :math:`\theta`,
:math:`P - D(\theta)` bounds the distance to the optimum from above. The gaps here are divided
by the loss of the null model, so that they have no unit.
"""

from __future__ import annotations

import numpy as np

from normwise.fitting.loss import Loss


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


def relative_gap(
    loss: Loss,
    X: np.ndarray,
    y: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray | None,
    alpha: np.ndarray,
    l1_ratio: float,
) -> np.ndarray:
    """Relative duality gap of solutions.

    Parameters
    ----------
    loss : Loss
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,) or None
        None for a problem without one, such as least squares on centred data.
    alpha : ndarray of shape (n_alphas,)
        Positive strengths on the mean-loss scale.
    l1_ratio : float

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    fitted = coef @ X.T
    predictor = fitted if intercept is None else intercept[:, None] + fitted
    primal = loss.objective(y, predictor) + _penalty(coef, alpha, l1_ratio)
    theta = -loss.slope(y, predictor)
    if intercept is not None:
        theta = loss.balanced(y, theta)
    correlation = theta @ X / len(y)
    dual = loss.dual(y, theta, _shrink(correlation, alpha, l1_ratio))
    gap = primal - dual + _conjugate(correlation, alpha, l1_ratio)
    return np.asarray(gap / loss.null_objective(y, _null_mean(loss, y, intercept)))


def _null_mean(loss: Loss, y: np.ndarray, intercept: np.ndarray | None) -> float:
    return float(loss.mean_of(np.zeros(())) if intercept is None else y.mean())


def newton_decrement(
    loss: Loss, X: np.ndarray, y: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    """Half the squared Newton decrement of unpenalised fits, over the null loss.

    Parameters
    ----------
    loss : Loss
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    design = np.column_stack([np.ones(len(y)), X])
    out = np.zeros(len(coef))
    for i, b in enumerate(np.column_stack([intercept, coef])):
        predictor = design @ b
        gradient = design.T @ -loss.slope(y, predictor) / len(y)
        hessian = (design.T * loss.curvature(predictor)) @ design / len(y)
        out[i] = gradient @ np.linalg.lstsq(hessian, gradient, rcond=None)[0] / 2
    return out / loss.null_objective(y, _null_mean(loss, y, intercept))
