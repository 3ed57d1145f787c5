"""The risk of soft thresholding one coefficient."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr


def normal_density(x: np.ndarray) -> np.ndarray:
    """Density of N(0, 1)."""
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
        - (t - mu) * normal_density(t + mu)
        - (t + mu) * normal_density(t - mu)
    )
    return risk if np.ndim(risk) else float(risk)


def share_selected(mu: np.ndarray, t: float) -> np.ndarray:
    """Probability that N(mu, 1) exceeds the threshold t in size."""
    return ndtr(mu - t) + ndtr(-mu - t)
