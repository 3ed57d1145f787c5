"""Least squares, linear shrinkage and ridge."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

# without a penalty and with as many features as rows the steps only halve
MAX_STEPS = 1100


def ols_risk(
    n_samples: int, n_features: int, noise_var: float, fit_intercept: bool = False
) -> float:
    r"""Expected excess risk of least squares, for Gaussian features of any covariance.

    :math:`\sigma^2 p / (n-p-1)`. With an intercept, the slopes contribute
    :math:`\sigma^2 p/(n-p-2)`, and with its own error the whole is
    :math:`\sigma^2 [\frac{(n+1)(n-2)}{n(n-p-2)} - 1]`.

    Parameters
    ----------
    n_samples, n_features : int
    noise_var : float
    fit_intercept : bool
        Whether an intercept is estimated; its error is then counted.

    Returns
    -------
    float
        ``inf`` where the expectation does not exist.

    Examples
    --------
    >>> ols_risk(101, 50, 1.0)
    1.0
    """
    n, p = n_samples, n_features
    if fit_intercept:
        room = n - p - 2
        return noise_var * ((n + 1) * (n - 2) / (n * room) - 1) if room > 0 else np.inf
    return noise_var * p / (n - p - 1) if n - p - 1 > 0 else np.inf


def linear_shrinkage_risk(mean: ArrayLike, factor: ArrayLike) -> np.ndarray | float:
    r"""Risk of cz as an estimate of the mean of :math:`z \sim N(\mu, 1)`: :math:`c^2+(1-c)^2\mu^2`.

    Parameters
    ----------
    mean : array-like
        :math:`\mu`.
    factor : array-like
        c.
    """
    mean, factor = np.asarray(mean, float), np.asarray(factor, float)
    risk = factor**2 + (1 - factor) ** 2 * mean**2
    return risk if np.ndim(risk) else float(risk)


def ridge_conditional(
    X: np.ndarray, covariance: np.ndarray, coef: np.ndarray, noise_var: float, alpha: float
) -> tuple[float, float]:
    r"""Squared bias and variance of ridge predictions given the features, exact for any n.

    With :math:`S = X^T X / n` and :math:`M = (S + \lambda I)^{-1}`: the bias is
    :math:`-\lambda M \beta` and the covariance :math:`\frac{\sigma^2}{n} M S M`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    covariance : ndarray of shape (n_features, n_features)
        Expected squared error on a new row.
    coef : ndarray of shape (n_features,)
        True coefficients.
    noise_var : float
    alpha : float

    Returns
    -------
    bias2, variance : float
        Their sum is the expected excess risk given X.
    """
    n, p = X.shape
    S = X.T @ X / n
    M = np.linalg.inv(S + alpha * np.eye(p))
    bias = -alpha * M @ coef
    return (
        float(bias @ covariance @ bias),
        float(noise_var / n * np.trace(covariance @ M @ S @ M)),
    )


def _resolution(e: np.ndarray, n: int, alpha: np.ndarray) -> np.ndarray:
    # the effective strength kappa of the fixed point, by Newton's method from an upper bound: the
    # equation is convex, so that no step goes too far
    kappa = alpha + e.sum() / n
    for _ in range(MAX_STEPS):
        kept = e / np.maximum(e + kappa[:, None], np.finfo(float).tiny)
        value = kappa * (1 - kept.sum(axis=1) / n) - alpha
        slope = 1 - (kept**2).sum(axis=1) / n
        step = np.divide(value, slope, out=np.zeros_like(value), where=(value > 0) & (slope > 0))
        if not (step > 1e-15 * kappa).any():
            break
        kappa = np.maximum(kappa - step, 0.0)
    return kappa


def _ridge(
    eigenvalues: ArrayLike, signal: ArrayLike, n_samples: int, noise_var: float, alpha: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    # excess risk and training error
    e, c = np.broadcast_arrays(np.asarray(eigenvalues, float), np.asarray(signal, float))
    strengths = np.atleast_1d(np.asarray(alpha, float))
    if e.ndim != 1:
        raise ValueError("eigenvalues must be one-dimensional")
    if not (strengths >= 0).all():
        raise ValueError("alpha must not be negative")
    inner = np.isfinite(strengths)
    risk = np.full(strengths.shape, e @ c)
    training = np.full(strengths.shape, noise_var + e @ c)
    kappa = _resolution(e, n_samples, strengths[inner])[:, None]
    # without a penalty and with n > p nothing is shrunk; with n <= p, kappa stays positive
    kappa[(strengths[inner] == 0) & (len(e) < n_samples)] = 0.0
    kept = e / np.maximum(e + kappa, np.finfo(float).tiny)
    lost = kappa[:, 0] ** 2 * (c * e / np.maximum(e + kappa, np.finfo(float).tiny) ** 2).sum(axis=1)
    room = 1 - (kept**2).sum(axis=1) / n_samples
    with np.errstate(divide="ignore", invalid="ignore"):
        test = np.where(room > 1e-12, (noise_var + lost) / room, np.inf)
        risk[inner] = test - noise_var
        shrunk = np.where(kappa[:, 0] > 0, strengths[inner] / kappa[:, 0], 1 - len(e) / n_samples)
        training[inner] = shrunk**2 * np.where(np.isfinite(test), test, 0.0)
    return risk, training


def ridge_risk(
    eigenvalues: ArrayLike, signal: ArrayLike, n_samples: int, noise_var: float, alpha: ArrayLike
) -> np.ndarray | float:
    r"""Limit of the excess risk of ridge, for features of any covariance.

    :math:`\sigma^2 + R = (\sigma^2 + \kappa^2 \sum_i \frac{e_i c_i}{(e_i+\kappa)^2}) /
    (1 - \frac1n \sum_i \frac{e_i^2}{(e_i+\kappa)^2})` with :math:`\kappa = \lambda +
    \frac{\kappa}{n} \sum_i \frac{e_i}{e_i+\kappa}` (Dobriban & Wager 2018; Hastie, Montanari,
    Rosset & Tibshirani 2022).

    Parameters
    ----------
    eigenvalues : array-like of shape (n_features,)
        :math:`e_i`, of the covariance.
    signal : array-like of shape (n_features,)
        :math:`c_i = (u_i^T \beta)^2`, the squared coefficients in its eigenvectors.
    n_samples : int
    noise_var : float
    alpha : float or array-like of shape (n_alphas,)
        0 is the fit of least norm, ``inf`` the null model.

    Returns
    -------
    float or ndarray of shape (n_alphas,)

    Examples
    --------
    >>> round(ridge_risk([1.0] * 100, [0.01] * 100, 200, 1.0, 0.5), 10)
    0.4142135624
    """
    risk = _ridge(eigenvalues, signal, n_samples, noise_var, alpha)[0]
    return risk if np.ndim(alpha) else float(risk[0])


def ridge_training_error(
    eigenvalues: ArrayLike, signal: ArrayLike, n_samples: int, noise_var: float, alpha: ArrayLike
) -> np.ndarray | float:
    r"""Limit of ridge's mean squared training error, :math:`(\lambda/\kappa)^2 (\sigma^2 + R)`.

    Parameters and shape of the result as for `ridge_risk`.
    """
    training = _ridge(eigenvalues, signal, n_samples, noise_var, alpha)[1]
    return training if np.ndim(alpha) else float(training[0])


def ridge_optimal_risk(
    eigenvalues: ArrayLike, signal: ArrayLike, n_samples: int, noise_var: float
) -> tuple[float, float]:
    r"""Strength of least excess risk, and that risk.

    With equal eigenvalues :math:`\lambda^* = p\sigma^2 / (n \lVert\beta\rVert^2)` (Dobriban &
    Wager 2018); otherwise the minimum is searched for.

    Parameters
    ----------
    eigenvalues, signal, n_samples, noise_var
        The same as for `ridge_risk`.

    Returns
    -------
    alpha, risk : float
    """
    e, c = np.broadcast_arrays(np.asarray(eigenvalues, float), np.asarray(signal, float))
    size = c.sum()
    if np.ptp(e) <= 1e-12 * e.max():
        alpha = len(e) * noise_var / (n_samples * size) if size > 0 else np.inf
        return float(alpha), float(ridge_risk(e, c, n_samples, noise_var, alpha))
    # the risk may have several minima: a grid, refined around its best point
    grid = np.concatenate([[0.0], e.max() * np.geomspace(1e-8, 1e6, 281), [np.inf]])
    risk = _ridge(e, c, n_samples, noise_var, grid)[0]
    best = int(np.argmin(risk))
    if not 1 < best < len(grid) - 2:
        return float(grid[best]), float(risk[best])

    def at(log_alpha: float) -> float:
        return float(ridge_risk(e, c, n_samples, noise_var, np.exp(log_alpha)))

    around = np.log(grid[[best - 1, best + 1]])
    found = minimize_scalar(at, bounds=tuple(around), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x)), float(found.fun)
