"""The deviance of counts about their true mean."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammainccinv, gammaln, xlogy

# means between which the sum over the counts is tabled; beyond, a series is exact to 1e-9
LEAST, MOST, N_MEANS = 1e-6, 300.0, 600
# quantiles of the gamma law by which means differ
N_QUANTILES = 200


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of means, and half the expected deviance of Poisson counts there."""
    means = np.geomspace(LEAST, MOST, N_MEANS)
    count = np.arange(1, int(MOST + 12 * np.sqrt(MOST)) + 20)
    chance = np.exp(xlogy(count, means[:, None]) - means[:, None] - gammaln(count + 1))
    return np.log(means), chance @ xlogy(count, count) - xlogy(means, means)


def _half_deviance(log_mean: np.ndarray) -> np.ndarray:
    """Half the expected deviance of Poisson counts, by the logarithm of the mean."""
    known, values = _table()
    within = np.interp(log_mean, known, values)
    with np.errstate(over="ignore"):
        mean = np.exp(log_mean)
        # moments of the count to the third order, and a single event
        large = 0.5 + 1 / (12 * np.maximum(mean, 1.0)) + 1 / (12 * np.maximum(mean, 1.0) ** 2)
    small = -mean * log_mean
    return np.where(log_mean > known[-1], large, np.where(log_mean < known[0], small, within))


@cache
def _gamma_quantiles(shape: float) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of values of a gamma law of mean one, and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(N_QUANTILES)
    value = gammainccinv(shape, (1 - nodes) / 2) / shape
    return np.log(np.maximum(value, np.finfo(float).tiny)), weights / 2


def expected_deviance(log_mean: ArrayLike, dispersion: float = 0.0) -> np.ndarray:
    r"""Expected Poisson deviance of counts about their true mean.

    :math:`2 E[y \log(y/\mu) - y + \mu]`. Of a negative binomial count the mean of a Poisson count
    varies by a gamma law of mean one and variance :math:`\delta`.

    Parameters
    ----------
    log_mean : array-like
        Logarithm of :math:`\mu`.
    dispersion : float
        :math:`\delta` of the variance :math:`\mu + \delta \mu^2`.

    Returns
    -------
    ndarray
        Of the shape of ``log_mean``.

    Examples
    --------
    >>> expected_deviance([-4.0, 0.0, 4.0]).round(3)
    array([0.147, 1.146, 1.003])
    """
    given = np.asarray(log_mean, float)
    if dispersion < 0:
        raise ValueError("dispersion must be at least 0")
    if not dispersion:
        return np.asarray(2 * _half_deviance(given))
    shape = 1 / dispersion
    spread, weights = _gamma_quantiles(shape)
    # E[g log g] of the gamma law
    own = np.exp(given) * (digamma(shape + 1) - np.log(shape))
    return np.asarray(2 * (_half_deviance(given[..., None] + spread) @ weights + own))
