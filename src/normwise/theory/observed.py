"""The signal of classes and counts on the scale of what is observed: zeros and ones, and counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri, softmax

LOGISTIC_VARIANCE = np.pi**2 / 3
N_BISECTIONS = 60
REACH, N_NODES = 9.0, 2001
# two to so many points stand for a normal law of several predictors
LOG_POINTS = 12


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


def observed_snr_of_counts(
    snr: ArrayLike, mean_count: ArrayLike = 1.0, dispersion: ArrayLike = 0.0
) -> np.ndarray | float:
    r"""Signal-to-noise ratio of counts, from that of the logarithm of their mean.

    With the predictor :math:`\eta \sim N(\log m - v/2, v)` the mean :math:`\mu = e^\eta` has the
    expectation m, and by Stein's lemma the covariance of the count with the predictor is
    :math:`m v`: its linear projection explains :math:`m^2 v` of the variance
    :math:`m + m^2 ((1 + \delta) e^v - 1)`. The ratio is that over the rest.

    Parameters
    ----------
    snr : array-like
        v over :math:`1/m + \delta`.
    mean_count : array-like
        m.
    dispersion : array-like
        :math:`\delta` of the variance :math:`\mu + \delta \mu^2` of a count of mean :math:`\mu`;
        the arguments are broadcast against each other.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> round(observed_snr_of_counts(1.0), 3), round(observed_snr_of_counts(1.0, 4.0), 3)
    (0.582, 0.88)
    """
    given = (np.asarray(value, float) for value in (snr, mean_count, dispersion))
    snr, m, delta = np.broadcast_arrays(*given)
    if not ((snr >= 0) & (m > 0) & (delta >= 0)).all():
        raise ValueError("snr and dispersion must be at least 0, and mean_count above 0")
    v = snr * (1 / m + delta)
    explained = m**2 * v
    found = explained / (m + m**2 * ((1 + delta) * np.exp(v) - 1) - explained)
    return found if found.ndim else float(found)


def observed_snr_of_classes(snr: ArrayLike, n_classes: ArrayLike = 3) -> np.ndarray | float:
    r"""Signal-to-noise ratio of the indicators of several classes, from that of their predictors.

    Of classes of equal size whose predictors vary alike and are independent, but for a constant
    in all. Of each indicator, zeros and ones, the linear projection on the predictors explains a
    share; the ratio is that share over the rest. With :math:`p = \mathrm{softmax}(\tau z)` of
    independent normal z and :math:`j = (1 - E \sum_k p_k^2) / (K - 1)`, the share is
    :math:`j^2 K \tau^2`.

    Parameters
    ----------
    snr : array-like
        :math:`\tau^2` over :math:`\pi^2/6`, the variance of Gumbel noise.
    n_classes : array-like
        K, at least 2; the arguments are broadcast against each other.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> round(observed_snr_of_classes(1.0, 2), 2), round(observed_snr_of_classes(1.0, 5), 2)
    (0.51, 0.23)
    """
    # loaded when used
    from scipy.stats import qmc

    snr, count = np.broadcast_arrays(np.asarray(snr, float), np.asarray(n_classes, int))
    if not ((snr >= 0) & (count >= 2)).all():
        raise ValueError("snr must be at least 0, and n_classes at least 2")
    found = np.empty(snr.shape)
    for K in np.unique(count):
        own = count == K
        points = qmc.Sobol(int(K), scramble=True, rng=np.random.default_rng(0))
        z = ndtri(np.clip(points.random_base2(LOG_POINTS), 1e-12, 1 - 1e-12))
        spread = np.sqrt(snr[own] * np.pi**2 / 6)
        alike = np.array([(softmax(s * z, axis=1) ** 2).sum(axis=1).mean() for s in spread])
        share = ((1 - alike) / (K - 1)) ** 2 * K * spread**2
        found[own] = share / (1 - share)
    return found if found.ndim else float(found)
