r"""Where the best-tuned lasso and the best-tuned ridge have the same risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from normwise.theory.soft_threshold import normal_density, soft_threshold_risk

SIGNALS = ("equal", "gaussian")
N_BISECTIONS = 60


def _equal(v: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # risk, and half its slope in t, of one nonzero coefficient of mean square v
    mu = np.sqrt(v)
    slope = t * (ndtr(mu - t) + ndtr(-mu - t)) - normal_density(t - mu) - normal_density(t + mu)
    return np.asarray(soft_threshold_risk(mu, t)), slope


def _gaussian(v: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # z has variance s^2 = 1 + v and the posterior mean of the coefficient is c z
    s = np.sqrt(1 + v)
    c = v / (1 + v)
    tail, density = 2 * ndtr(-t / s), 2 * normal_density(t / s)
    first, second = s * density, s**2 * (tail + t / s * density)
    risk = (
        c + c**2 * (s**2 - second) + (1 - c) ** 2 * second - 2 * t * (1 - c) * first + t**2 * tail
    )
    return risk, t * tail - (1 - c) * first


def phase_boundary(
    aspect_ratio: ArrayLike, snr: ArrayLike, signal: str = "equal"
) -> np.ndarray | float:
    r"""Share of nonzero coefficients below which the best lasso beats the best ridge.

    For independent features and both penalties at their strength of least risk, in the limit. At
    the boundary both have ridge's risk R, which is known, and with it the lasso's noise
    :math:`\tau^2 = \sigma^2 + R`; what remains is one equation for the share :math:`\epsilon`,
    :math:`R = \gamma\tau^2 \min_t [\epsilon\, E\, r(\mu, t) + (1-\epsilon)\, r(0, t)]` with
    :math:`E \mu^2 = n \lVert\beta\rVert^2 / (\epsilon p \tau^2)`.

    Parameters
    ----------
    aspect_ratio : array-like
        :math:`\gamma = p/n`.
    snr : array-like
        :math:`\lVert\beta\rVert^2/\sigma^2`; the arguments are broadcast against each other.
    signal : {"equal", "gaussian"}
        Law of the nonzero coefficients: of equal size, or Gaussian.

    Returns
    -------
    float or ndarray
        1 where the lasso wins however dense the coefficients are.

    Examples
    --------
    >>> round(phase_boundary(1.0, 1.22), 3), round(phase_boundary(10.0, 1.22), 4)
    (0.192, 0.0209)
    """
    if signal not in SIGNALS:
        raise ValueError(f"signal={signal!r}: expected 'equal' or 'gaussian'")
    gamma, ratio = np.broadcast_arrays(np.asarray(aspect_ratio, float), np.asarray(snr, float))
    if not ((gamma > 0) & (ratio > 0)).all():
        raise ValueError("aspect_ratio and snr must be positive")
    law = _equal if signal == "equal" else _gaussian
    # ridge with noise variance 1, at its best strength gamma / snr
    alpha = gamma / ratio
    b = 1 - gamma + alpha
    ridge = gamma * 2 / (b + np.sqrt(b**2 + 4 * gamma * alpha))
    tau2 = 1 + ridge
    target = ridge / (gamma * tau2)

    def least(share: np.ndarray) -> np.ndarray:
        v = ratio / (share * gamma * tau2)
        low, high = np.zeros(share.shape), np.full(share.shape, 40.0)
        for _ in range(N_BISECTIONS):
            t = (low + high) / 2
            slope = share * law(v, t)[1] + (1 - share) * 2 * (t * ndtr(-t) - normal_density(t))
            low, high = np.where(slope < 0, t, low), np.where(slope < 0, high, t)
        return share * law(v, high)[0] + (1 - share) * soft_threshold_risk(0.0, high)

    low, high = np.zeros(gamma.shape), np.ones(gamma.shape)
    always = least(high) < target
    for _ in range(N_BISECTIONS):
        share = (low + high) / 2
        better = least(share) < target
        low, high = np.where(better, share, low), np.where(better, high, share)
    found = np.where(always, 1.0, high)
    return found if found.ndim else float(found)
