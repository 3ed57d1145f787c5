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

from normwise.theory.soft_threshold import normal_density, share_selected, soft_threshold_risk

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
        return self.n * float(self.count @ share_selected(self.size / np.sqrt(tau2), t))

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
            return float(
                self.count
                @ (t * share_selected(mu, t) - normal_density(t - mu) - normal_density(t + mu))
            )

        high = 1.0
        while slope(high) < 0 and high < 40:
            high *= 2
        return float(brentq(slope, 0.0, high, xtol=1e-14)) if slope(high) > 0 else np.inf

    def result(self, t: float, tau2: float) -> LassoRisk:
        if np.isinf(t):
            return self._null_model()
        chosen = self.count * self.n * share_selected(self.size / np.sqrt(tau2), t)
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


def checked_sizes(coef: ArrayLike, noise_var: float) -> np.ndarray:
    """Coefficients as a vector, refused unless finite and with noise."""
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
    limit = _Limit(checked_sizes(coef, noise_var), n_samples, noise_var)
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
        The same as for `lasso_risk`.

    Returns
    -------
    alpha, risk : float
        ``alpha`` is infinite where nothing beats the null model.
    """
    limit = _Limit(checked_sizes(coef, noise_var), n_samples, noise_var)
    t, tau2 = limit.best()
    if np.isinf(t):
        return np.inf, limit.null - noise_var
    return float(limit.alpha(tau2, t)), float(tau2 - noise_var)
