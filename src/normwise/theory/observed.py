"""The signal of a binary response on the scale of its zeros and ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

LOGISTIC_VARIANCE = np.pi**2 / 3
N_BISECTIONS = 60
REACH, N_NODES = 9.0, 2001


def observed_snr(snr: ArrayLike, rate: ArrayLike = 0.5) -> np.ndarray | float:
    r"""Signal-to-noise ratio of zeros and ones, from that of the log-odds.

    The linear projection of the response on its log-odds :math:`\eta \sim N(\eta_0, v)` explains
    the share :math:`v\, (E\, \pi'(\eta))^2 / (\pi (1 - \pi))`; the ratio is that share over the
    rest. :math:`\eta_0` gives the rate :math:`\pi` of ones.

    Parameters
    ----------
    snr : array-like
        v over the variance of the logistic noise, :math:`\pi^2/3`.
    rate : array-like
        Share of ones; the arguments are broadcast against each other.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> round(observed_snr(1.0), 3), round(observed_snr(1.0, 0.05), 3)
    (0.51, 0.114)
    """
    snr, rate = np.broadcast_arrays(np.asarray(snr, float), np.asarray(rate, float))
    if not ((snr >= 0) & (rate > 0) & (rate < 1)).all():
        raise ValueError("snr must be at least 0, and rate between 0 and 1")
    # a steep curve is nearly a step, which few nodes of a rule for smooth functions do not see
    nodes = np.linspace(-REACH, REACH, N_NODES)
    weights = np.exp(-(nodes**2) / 2)
    weights = weights / weights.sum()
    spread = np.sqrt(snr * LOGISTIC_VARIANCE)
    reach = 40 + 10 * spread
    low, high = -reach, reach
    for _ in range(N_BISECTIONS):
        middle = (low + high) / 2
        above = expit(middle[..., None] + spread[..., None] * nodes) @ weights > rate
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    chance = expit(low[..., None] + spread[..., None] * nodes)
    slope = (chance * (1 - chance)) @ weights
    share = (spread * slope) ** 2 / (rate * (1 - rate))
    found = share / (1 - share)
    return found if found.ndim else float(found)
