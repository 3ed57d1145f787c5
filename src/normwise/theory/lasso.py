r"""The lasso, by state evolution.

In the limit the lasso acts on each coefficient as a soft threshold on
:math:`z \sim N(\sqrt n \beta_j / \tau, 1)`, with a noise :math:`\tau^2 = \sigma^2 + R` that the
risk itself feeds (Bayati & Montanari 2012).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

MAX_NEWTON = 100
MAX_ITERATIONS = 200
# with a noise so far above that of the null model there is no fixed point
HOPELESS = 100.0


class LassoRisk(NamedTuple):
    """What the lasso achieves.

    Attributes
    ----------
    risk : float
        Excess risk.
    nonzeros : float
        Expected number of nonzero coefficients.
    tpr : float
        Expected share of the true coefficients that are selected; NaN if there is none.
    fdr : float
        Expected false selections over expected selections; 0 if nothing is selected.
    training_error : float
        Mean squared residual.
    """

    risk: float
    nonzeros: float
    tpr: float
    fdr: float
    training_error: float


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def soft_threshold_risk(mean: ArrayLike, threshold: ArrayLike) -> np.ndarray | float:
    r"""Risk of soft thresholding one :math:`z \sim N(\mu, 1)` at t (Donoho & Johnstone 1994).

    :math:`1+t^2+(\mu^2-t^2-1)[\Phi(t-\mu)-\Phi(-t-\mu)]-(t-\mu)\varphi(t+\mu)
    -(t+\mu)\varphi(t-\mu)`.

    Parameters
    ----------
    mean, threshold : array-like
        :math:`\mu` and t.

    Examples
    --------
    >>> round(soft_threshold_risk(0, 1), 10), round(soft_threshold_risk(2, 0.5), 10)
    (0.1506795667, 1.1191416854)
    """
    mu, t = np.asarray(mean, float), np.asarray(threshold, float)
    risk = (
        1
        + t**2
        + (mu**2 - t**2 - 1) * (ndtr(t - mu) - ndtr(-t - mu))
        - (t - mu) * _density(t + mu)
        - (t + mu) * _density(t - mu)
    )
    return risk if np.ndim(risk) else float(risk)


def _selected(mu: np.ndarray, t: float) -> np.ndarray:
    return ndtr(mu - t) + ndtr(-mu - t)


class _Limit:
    # the fixed point for coefficients of which only size and number count

    def __init__(self, coef: ArrayLike, n_samples: int, noise_var: float) -> None:
        size, count = np.unique(np.abs(np.asarray(coef, float)), return_counts=True)
        self.size, self.count = np.sqrt(n_samples) * size, count / n_samples
        self.n, self.p, self.noise = n_samples, int(count.sum()), noise_var
        self.null = noise_var + float(self.count @ self.size**2)

    def total(self, threshold: float) -> float:
        """The noise tau^2 at a threshold, infinite where the threshold is too small for p > n."""
        room = 1 - self.p / self.n * float(soft_threshold_risk(0.0, threshold))
        if room <= 0:
            return np.inf
        # the map is concave and below its asymptote: Newton from there falls to the fixed point
        within = float(1 - 2 * ndtr(-threshold))
        tau2 = float((self.noise + float(self.count @ self.size**2) * within) / room)
        for _ in range(MAX_NEWTON):
            value, slope = self._map(tau2, threshold)
            step = (tau2 - value) / (1 - slope)
            tau2 -= step
            if step <= 1e-14 * tau2:
                break
        return tau2

    def _map(self, tau2: float, t: float) -> tuple[float, float]:
        mu = self.size / np.sqrt(tau2)
        risk = soft_threshold_risk(mu, t)
        slope = np.asarray(risk) - mu**2 * (ndtr(t - mu) - ndtr(-t - mu))
        return self.noise + tau2 * float(self.count @ risk), float(self.count @ slope)

    def nonzeros(self, tau2: float, t: float) -> float:
        return self.n * float(self.count @ _selected(self.size / np.sqrt(tau2), t))

    def alpha(self, tau2: float, t: float) -> float:
        return t * np.sqrt(tau2 / self.n) * (1 - self.nonzeros(tau2, t) / self.n)

    def threshold(self, alpha: float) -> tuple[float, float]:
        """Threshold, in units of tau, and tau^2 at a strength."""

        def excess(t: float) -> float:
            return self.alpha(self.total(t), t) - alpha

        low = 0.0
        if self.p >= self.n:
            # just above the least threshold with a fixed point, more than n are selected, which
            # belongs to no positive strength
            low = (1 + 1e-9) * brentq(
                lambda t: self.p / self.n * soft_threshold_risk(0.0, t) - 1, 0.0, 40.0, xtol=1e-14
            ) + 1e-12
        high = low + 1
        while excess(high) < 0:
            high *= 2
        t = float(brentq(excess, low, high, xtol=1e-14, rtol=1e-14))
        return t, self.total(t)

    def best(self) -> tuple[float, float]:
        """Threshold and tau^2 of least risk."""
        tau2 = self.null
        for _ in range(MAX_NEWTON):
            # for a given noise the risk is quasi-convex (Mousavi, Maleki & Baraniuk 2018)
            t = self._best_threshold(tau2)
            value, slope = self._map(tau2, t)
            step = (tau2 - value) / (1 - slope)
            tau2 -= step
            if step <= 1e-14 * tau2:
                break
        return t, tau2

    def _best_threshold(self, tau2: float) -> float:
        mu = self.size / np.sqrt(tau2)

        def slope(t: float) -> float:
            return float(self.count @ (t * _selected(mu, t) - _density(t - mu) - _density(t + mu)))

        high = 1.0
        while slope(high) < 0 and high < 40:
            high *= 2
        return float(brentq(slope, 0.0, high, xtol=1e-14)) if slope(high) > 0 else np.inf

    def result(self, t: float, tau2: float) -> LassoRisk:
        if np.isinf(t):
            return self._null_model()
        chosen = self.count * self.n * _selected(self.size / np.sqrt(tau2), t)
        true = self.size > 0
        total = float(chosen.sum())
        relevant = self.n * float(self.count[true].sum())
        return LassoRisk(
            risk=tau2 - self.noise,
            nonzeros=total,
            tpr=float(chosen[true].sum()) / relevant if relevant else np.nan,
            fdr=float(chosen[~true].sum()) / total if total else 0.0,
            training_error=tau2 * (1 - total / self.n) ** 2,
        )

    def _null_model(self) -> LassoRisk:
        tpr = 0.0 if self.size.any() else np.nan
        return LassoRisk(self.null - self.noise, 0.0, tpr, 0.0, self.null)


def _checked(coef: ArrayLike, noise_var: float) -> np.ndarray:
    out = np.asarray(coef, float)
    if out.ndim != 1 or not len(out) or not np.isfinite(out).all():
        raise ValueError("coef must be a non-empty vector of finite numbers")
    if not noise_var > 0:
        raise ValueError("noise_var must be positive")
    return out


def lasso_risk(coef: ArrayLike, n_samples: int, noise_var: float, alpha: float) -> LassoRisk:
    r"""Limit of the lasso's risk for independent features of variance 1.

    Solves :math:`\tau^2 = \sigma^2 + \frac{\tau^2}{n} \sum_j r(\sqrt n \beta_j/\tau, t)` and
    :math:`\lambda = t \tau (1 - \mathrm{df}/n) / \sqrt n` for the threshold t and the noise
    :math:`\tau`, with `soft_threshold_risk` r and the expected number df of nonzeros (Bayati &
    Montanari 2012).

    Parameters
    ----------
    coef : array-like of shape (n_features,)
        True coefficients.
    n_samples : int
    noise_var : float
    alpha : float
        Positive; ``inf`` is the null model.

    Returns
    -------
    LassoRisk

    Examples
    --------
    >>> found = lasso_risk([0.5] * 20 + [0.0] * 380, 200, 1.0, 0.0761)
    >>> round(found.risk, 4), round(found.nonzeros, 1)
    (0.6886, 81.6)
    """
    limit = _Limit(_checked(coef, noise_var), n_samples, noise_var)
    if not alpha > 0:
        raise ValueError("alpha must be positive")
    if np.isinf(alpha):
        return limit.result(np.inf, limit.null)
    return limit.result(*limit.threshold(alpha))


def lasso_optimal_risk(coef: ArrayLike, n_samples: int, noise_var: float) -> tuple[float, float]:
    """Strength of least excess risk, and that risk, for independent features of variance 1.

    Parameters
    ----------
    coef, n_samples, noise_var
        As for `lasso_risk`.

    Returns
    -------
    alpha, risk : float
        ``alpha`` is infinite where nothing beats the null model.
    """
    limit = _Limit(_checked(coef, noise_var), n_samples, noise_var)
    t, tau2 = limit.best()
    if np.isinf(t):
        return np.inf, limit.null - noise_var
    return float(limit.alpha(tau2, t)), float(tau2 - noise_var)


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
    beta = _checked(coef, noise_var)
    covariance = np.asarray(covariance, float)
    if covariance.shape != (len(beta), len(beta)):
        raise ValueError("covariance must be square and fit coef")
    if not (0 < alpha < np.inf):
        raise ValueError("alpha must be positive and finite")
    if draws < 1:
        raise ValueError("draws must be positive")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -1e-10 * values[-1]:
        raise ValueError("covariance must not have negative eigenvalues")
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    noise = np.random.default_rng(rng).standard_normal((draws, len(beta)))
    response, true = root @ beta, beta != 0
    solve = _Denoiser(root)

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


class _Denoiser:
    # lasso problems with one design and many responses, each solved from its last solution

    def __init__(self, root: np.ndarray) -> None:
        self.root = np.ascontiguousarray(root)
        self.last: np.ndarray | None = None

    def __call__(self, responses: np.ndarray, strength: float) -> np.ndarray:
        from normwise.fitting.solvers.active_set import (
            active_set_path,  # compiled: loaded when used
        )

        p = len(self.root)
        start = self.last
        if start is None or len(start) != len(responses):
            start = np.zeros(responses.shape)
        found = np.empty(responses.shape)
        ones = np.ones(p)
        for i, y in enumerate(responses):
            null = float(y @ y) / 2
            found[i] = active_set_path(
                self.root, y, ones, np.array([strength]), np.zeros(1), ones, start[i], -1, False,
                1e-6, null,
            )[0][0]  # fmt: skip
        self.last = found
        return found
