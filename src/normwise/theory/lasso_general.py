"""The limit of the lasso's risk for features with any covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from threadpoolctl import threadpool_limits

from normwise.theory.lasso import HOPELESS, MAX_ITERATIONS, LassoRisk, checked_sizes


# many small products: threads would wait for each other
@threadpool_limits.wrap(limits=1)
def lasso_risk_general(
    covariance: np.ndarray,
    coef: ArrayLike,
    n_samples: int,
    noise_var: float,
    alpha: float,
    draws: int = 400,
    rng: np.random.Generator | int | None = None,
) -> LassoRisk:
    r"""Limit of the lasso's risk for features of any covariance.

    In the limit the lasso is the solution of a problem with the known covariance and a noise
    :math:`\tau`: with :math:`y = \Sigma^{1/2}\beta + \frac{\tau}{\sqrt n} g`, it minimises
    :math:`\frac{\zeta}{2} \lVert y - \Sigma^{1/2} b \rVert^2 + \lambda \lVert b \rVert_1`, where
    :math:`\tau^2 = \sigma^2 + R` and :math:`\zeta = 1 - E \lVert b \rVert_0 / n` (Celentano,
    Montanari & Wei 2023). The expectations are means over draws of g, the same in each iteration.

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)
    coef : array-like of shape (n_features,)
    n_samples : int
    noise_var : float
    alpha : float
        Positive.
    draws : int
        Draws of g; the error of the result falls with the root of their number.
    rng : Generator or int, optional
        Source of the draws.

    Returns
    -------
    LassoRisk
    """
    beta = checked_sizes(coef, noise_var)
    root = symmetric_root(covariance, beta)
    if not (0 < alpha < np.inf):
        raise ValueError("alpha must be positive and finite")
    if draws < 1:
        raise ValueError("draws must be positive")
    noise = np.random.default_rng(rng).standard_normal((draws, len(beta)))
    response, true = root @ beta, beta != 0
    solve = Denoiser(root)

    null = noise_var + float(response @ response)
    last = null

    def noise_at(strength: float, count: int) -> tuple[float, float, np.ndarray]:
        # the noise tau^2 at an effective strength alpha / zeta, from steps that shrink
        # geometrically: every second time, to their limit
        nonlocal last
        tau2, before = last, np.inf
        for i in range(MAX_ITERATIONS):
            b = solve(response + np.sqrt(tau2 / n_samples) * noise[:count], strength)
            error = float((((b - beta) @ root) ** 2).sum(axis=1).mean())
            step = noise_var + error - tau2
            if abs(step) < 1e-4 * tau2 or tau2 > HOPELESS * null:
                break
            rate = min(step / before, 0.95) if i % 2 and before * step > 0 else 0.0
            tau2, before = max(tau2 + step / (1 - rate), noise_var), step
        if tau2 <= HOPELESS * null:
            last = tau2
        return tau2, 1 - np.count_nonzero(b) / count / n_samples, b

    def excess(log_strength: float, count: int) -> float:
        tau2, zeta, _ = noise_at(np.exp(log_strength), count)
        if tau2 > HOPELESS * null or zeta <= 0:
            # more than n are selected: the strength is too small
            return -1.0
        return max(log_strength + np.log(zeta) - np.log(alpha), -1.0)

    # a tenth of the draws show where to look
    low, step = np.log(alpha), 0.5
    for count in (-(-draws // 10), draws):
        high = low + step
        while excess(low, count) > 0 and low > np.log(alpha):
            low, high = low - step, low
        while excess(high, count) < 0:
            low, high = high, high + step
        if excess(low, count) < 0:
            low = brentq(excess, low, high, args=(count,), xtol=1e-3)
        low, step = low - 0.02, 0.04
    tau2, zeta, b = noise_at(np.exp(low + 0.02), draws)
    chosen = (b != 0).mean(axis=0)
    total = float(chosen.sum())
    return LassoRisk(
        risk=tau2 - noise_var,
        nonzeros=total,
        tpr=float(chosen[true].mean()) if true.any() else np.nan,
        fdr=float(chosen[~true].sum()) / total if total else 0.0,
        training_error=float(tau2 * zeta**2),
    )


def symmetric_root(covariance: ArrayLike, coef: np.ndarray) -> np.ndarray:
    """Symmetric root of the covariance of features with these coefficients.

    Raises
    ------
    ValueError
        If it does not fit the coefficients or has negative eigenvalues.
    """
    covariance = np.asarray(covariance, float)
    if covariance.shape != (len(coef), len(coef)):
        raise ValueError("covariance must be square and fit coef")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -1e-10 * values[-1]:
        raise ValueError("covariance must not have negative eigenvalues")
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


class Denoiser:
    """Lasso problems with one design and many responses, each solved from its last solution."""

    def __init__(self, root: np.ndarray) -> None:
        self.root = np.ascontiguousarray(root)
        self.last: np.ndarray | None = None

    def __call__(self, responses: np.ndarray, strength: float) -> np.ndarray:
        """Solutions for responses in rows."""
        from normwise.fitting.solvers.active_set import active_set_responses

        start = self.last
        if start is None or len(start) != len(responses):
            start = np.zeros(responses.shape)
        self.last = found = active_set_responses(self.root, responses, strength, start)
        return np.asarray(found)
