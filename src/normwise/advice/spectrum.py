"""What the principal components of a table say of its signal: how strong, and how aligned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

LIKELY = stats.chi2.ppf(0.95, 1) / 2
SNRS = np.geomspace(1e-4, 1e4, 801)
# shares of the signal that lie along the correlations, each with its weight
MIXES = np.array([0, 0.1, 0.3, 0.6, 0.9, 0.97])
PRIOR = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
# the ratio is tried at every tenth of `SNRS`
STEP = 10
# standard error of log alignment that those models leave out, from simulated tables
LEFT_OUT = 0.25


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of the rows' similarity and the response along them.

    Attributes
    ----------
    values : ndarray of shape (n_directions,)
        Variance of the data along each direction of the row space, decreasing, mean 1 a feature.
    energy : ndarray of shape (n_directions,)
        Squared coordinate of the centred response; of several columns the mean.
    rest : float
        Squared length of the response outside of the row space, likewise.
    n_rest : int
        Dimensions of that space, the mean's left out.
    n_free : int
        How many columns the response has, those left out that the others determine.
    """

    values: np.ndarray
    energy: np.ndarray
    rest: float
    n_rest: int
    n_free: int = 1


def spectrum(Z: np.ndarray, y: np.ndarray) -> Spectrum:
    """Decompose standardised features, in the smaller of their two dimensions.

    A response of shape (n_samples, n_classes) has a column for each class.
    """
    n, p = Z.shape
    # of the columns of all classes the others determine one
    n_free = 1 if y.ndim == 1 else y.shape[1] - 1
    y = y - y.mean(axis=0)

    def square(values: np.ndarray) -> np.ndarray:
        return values**2 if values.ndim == 1 else (values**2).sum(axis=1) / n_free

    if n <= p:
        values, vectors = np.linalg.eigh(Z @ Z.T)
        keep = values > 1e-10 * values[-1]
        values, energy = values[keep], square(vectors[:, keep].T @ y)
    else:
        values, vectors = np.linalg.eigh(Z.T @ Z)
        keep = values > 1e-10 * values[-1]
        values = values[keep]
        energy = square(vectors[:, keep].T @ (Z.T @ y)) / values
    whole = float(y @ y) if y.ndim == 1 else float((y**2).sum()) / n_free
    rest = max(whole - energy.sum(), 0.0)
    return Spectrum(values[::-1], energy[::-1], rest, n - 1 - len(values), n_free)


def signal_to_noise(found: Spectrum, n_features: int) -> tuple[float, float, float]:
    r"""Signal-to-noise ratio and its 95 % interval, by restricted maximum likelihood.

    The model is :math:`y \sim N(\mu, \sigma^2 (I + s Z Z^T / p))`, which needs no more rows than
    features (Dicker & Erdogdu 2016). Its s is the ratio for a signal that lies in all directions
    alike; for one that follows the correlations it is far too low. The noise is right in both
    cases, so that the ratio is the variance of the response over that of the noise, minus one.
    The interval goes through all s whose log-likelihood is within 1.92 of the largest and adds the
    sampling error of the two variances, which on simulated tables covers 95 %.
    """
    inflation = 1 + SNRS[:, None] * found.values / n_features
    residual = (found.energy / inflation).sum(axis=1) + found.rest
    size = len(found.values) + found.n_rest
    fit = -found.n_free * (np.log(inflation).sum(axis=1) + size * np.log(residual)) / 2
    ratio = (found.energy.sum() + found.rest) / residual
    inside = ratio[fit >= fit.max() - LIKELY]
    reach = np.exp(stats.norm.ppf(0.975) / np.sqrt(size * found.n_free))
    low, high = inside.min() / reach - 1, inside.max() * reach - 1
    return float(ratio[fit.argmax()] - 1), max(float(low), 0.0), float(high)


def effective_features(found: Spectrum, n_rows: int, n_features: int) -> float:
    r"""Directions that the features fill, :math:`p^2 / \sum_{jk} \rho_{jk}^2`.

    Only the adjusted part of a squared correlation counts, :math:`1 - (1 - r^2)(n-1)/(n-2)`, which
    has mean zero for unrelated features.
    """
    p = n_features
    square = float((found.values**2).sum()) / n_rows**2 - p
    pairs = p * (p - 1)
    adjusted = pairs - (pairs - square) * (n_rows - 1) / max(n_rows - 2, 1)
    return p**2 / (p + max(adjusted, 0.0))


@dataclass(frozen=True)
class Alignment:
    r"""Alignment of the signal, :math:`a = b^T R b / b^T b`, as far as it is known.

    It is 1 if the features are unrelated or their effects have either sign, and
    :math:`1 + (k-1)\rho` if k features matter that pull the same way and have a mean correlation
    of :math:`\rho`; below 1 effects cancel.

    Attributes
    ----------
    middle : float
    spread : float
        Standard error of its logarithm.
    """

    middle: float
    spread: float

    def at(self, step: np.ndarray | float) -> np.ndarray:
        """The alignment so many standard errors from the middle."""
        return np.asarray(self.middle * np.exp(self.spread * np.asarray(step)))

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return float(self.at(stats.norm.ppf(0.025)))

    @property
    def high(self) -> float:
        """Upper end."""
        return float(self.at(stats.norm.ppf(0.975)))


def align(found: Spectrum, n_rows: int, n_features: int, filled: float) -> Alignment:
    r"""Alignment of the signal, averaged over models of where it lies.

    The model is that of `signal_to_noise` with coefficients
    :math:`b \sim N(0, \sigma^2 s\, [(1-w) I + w\, (p_\mathrm{eff}/p) R] / p)`: a share w of the
    signal lies along the correlations. For each w and s the posterior mean of :math:`b^T R b` and
    of :math:`b^T b` follows from the spectrum; logarithms of their ratio are averaged by the
    likelihood of w and s, half of the prior weight on w = 0. That much of the ratio which does not
    depend on the response is :math:`1 / (1 - w + w p_\mathrm{eff}/p)`, as the eigenvalues of few
    rows exaggerate it.

    Parameters
    ----------
    found : Spectrum
    n_rows, n_features : int
        Of the standardised features behind it.
    filled : float
        The number :math:`p_\mathrm{eff}` of `effective_features`.
    """
    size = len(found.values) + found.n_rest
    values, p = found.values / n_rows, n_features
    narrow = min(filled / p, 1.0)
    snr = SNRS[::STEP, None]
    fits, logs = [], []
    for w in MIXES:
        # prior variances of the coordinates of b, relative to the noise, signal variance s
        prior = snr * ((1 - w) + w * values * narrow) / p
        unseen = (snr[:, 0] * (1 - w) / p) * (p - len(values))
        inflation = 1 + n_rows * values * prior
        noise = ((found.energy / inflation).sum(axis=1) + found.rest) / size
        fits.append(-found.n_free * (np.log(inflation).sum(axis=1) + size * np.log(noise)) / 2)
        kept = (1 - 1 / inflation) ** 2 * found.energy / (n_rows * values)
        square = kept / noise[:, None] + prior / inflation
        ratio = (square @ values) / (square.sum(axis=1) + unseen)
        before = (prior @ values) / (prior.sum(axis=1) + unseen)
        logs.append(np.log(ratio / before) - np.log((1 - w) + w * narrow))
    fit, log = np.array(fits), np.array(logs)
    weight = PRIOR[:, None] * np.exp(fit - fit.max())
    weight /= weight.sum()
    middle = float((weight * log).sum())
    within = float((weight * (log - middle) ** 2).sum())
    return Alignment(float(np.exp(middle)), float(np.hypot(np.sqrt(within), LEFT_OUT)))
