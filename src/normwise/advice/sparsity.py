r"""How many features carry the signal, by a spike and a slab.

The model is :math:`y \sim N(Zb, \sigma^2)` with :math:`b_j = 0` with probability :math:`1 - \pi`
and :math:`b_j \sim N(0, \sigma^2 \sigma_b^2)` otherwise. For each share :math:`\pi` of a grid the
posterior is approximated by independent factors, whose lower bound of the evidence says how well
that share explains the data (Carbonetto & Stephens 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normwise.analysis.effective import effective_number
from normwise.fitting.solvers.compiled import njit

N_SHARES = 16
DENSEST = 0.98
# sweeps for each share, and numbers that all sweeps together may pass through
SWEEPS = (10, 300)
WORK = 4_000_000_000
TOLERANCE = 1e-3
# independent factors are surer than they should be; on simulated tables a third fits best
TEMPER = 0.3
# what the number is out by on top of that, as a factor
SLACK = 1.25
LOWEST, HIGHEST = 0.05, 0.95


@njit()
def _ascend(features, square, y, coef, chance, share, noise, slab, sweeps):  # type: ignore[no-untyped-def]
    """Coordinate ascent at one share; ``coef`` (means given a slab) and ``chance`` are updated.

    ``features`` holds a feature a row.
    """
    p, n = features.shape
    size = n - 1
    top = y @ y / size
    odds = np.log(share / (1 - share))
    residual = y - (chance * coef) @ features
    spread = np.zeros(p)
    bound, last = -np.inf, -np.inf
    for _ in range(sweeps):
        for j in range(p):
            old = chance[j] * coef[j]
            spread[j] = noise / (square[j] + 1 / slab)
            coef[j] = spread[j] / noise * (features[j] @ residual + square[j] * old)
            score = odds + 0.5 * np.log(spread[j] / (noise * slab)) + coef[j] ** 2 / (2 * spread[j])
            chance[j] = 1 / (1 + np.exp(-score)) if score > -500 else 0.0
            new = chance[j] * coef[j]
            if new != old:
                residual -= features[j] * (new - old)
        second = chance * (spread + coef**2)
        misfit = residual @ residual + square @ (second - (chance * coef) ** 2)
        bound = -0.5 * size * np.log(2 * np.pi * noise) - misfit / (2 * noise)
        for j in range(p):
            a = chance[j]
            if a > 1e-12:
                bound -= a * np.log(a / share)
            if a < 1 - 1e-12:
                bound -= (1 - a) * np.log((1 - a) / (1 - share))
            unit = slab * noise
            bound += a / 2 * (1 + np.log(spread[j] / unit) - (spread[j] + coef[j] ** 2) / unit)
        if abs(bound - last) < TOLERANCE:
            break
        last = bound
        total, number = second.sum(), chance.sum()
        noise = min(max((misfit + total / slab) / (size + number), 1e-3 * top), top)
        slab = min(max(total / (noise * max(number, 1e-8)), 1e-6), 1e4)
    return bound


@dataclass(frozen=True)
class Sparsity:
    """Numbers of coefficients that may carry the signal, each with its weight.

    Attributes
    ----------
    count : ndarray of shape (n_shares,)
        Effective numbers, see `normwise.analysis.effective.effective_number`.
    weight : ndarray of shape (n_shares,)
        Sums to 1.
    """

    count: np.ndarray
    weight: np.ndarray

    @property
    def middle(self) -> float:
        """Geometric mean."""
        return float(np.exp(self.weight @ np.log(self.count)))

    def range(self, n_features: int) -> tuple[float, float]:
        """Where nine in ten true numbers lie, as simulations have shown."""
        order = np.argsort(self.count)
        below = np.cumsum(self.weight[order])
        where = np.minimum(np.searchsorted(below, (LOWEST, HIGHEST)), len(order) - 1)
        low, high = self.count[order[where]].tolist()
        return max(1.0, low / SLACK), min(float(n_features), high * SLACK)


def estimate_sparsity(Z: np.ndarray, y: np.ndarray, snr: float) -> Sparsity:
    """Weigh shares of nonzero coefficients by how well they explain the data.

    Of several columns of the response each has its own coefficients, and each counts as much.

    Each share is tried twice, on the way down from a dense model and on the way up from the
    null model, and keeps the better bound.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features)
        Standardised features.
    y : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Zeros and ones are taken as numbers.
    snr : float
        Where the search for the size of the coefficients starts.
    """
    if y.ndim == 2:
        found = [estimate_sparsity(Z, column, snr) for column in y.T]
        weight = np.concatenate([one.weight for one in found]) / len(found)
        return Sparsity(np.concatenate([one.count for one in found]), weight)
    p = Z.shape[1]
    y = y - y.mean()
    features = np.ascontiguousarray(Z.T)
    square = (features**2).sum(axis=1)
    shares = np.geomspace(0.5 / p, DENSEST, N_SHARES)
    noise = y @ y / (len(y) - 1) / (1 + snr)
    sweeps = int(np.clip(WORK // (4 * N_SHARES * Z.size), *SWEEPS))
    bound = np.full(N_SHARES, -np.inf)
    mean = np.zeros((N_SHARES, p))
    for order, start in ((range(N_SHARES - 1, -1, -1), DENSEST), (range(N_SHARES), 0.0)):
        coef, chance = np.zeros(p), np.full(p, start)
        for i in order:
            slab = max(snr / (p * shares[i]), 1e-5)
            found = _ascend(features, square, y, coef, chance, shares[i], noise, slab, sweeps)
            if found > bound[i]:
                bound[i], mean[i] = found, chance * coef
    expected = np.maximum(shares * p, 1.0)
    # the prior's number and that of the mean coefficients err on opposite sides
    carried = np.nan_to_num(effective_number(mean), nan=1.0)
    weight = np.exp(TEMPER * (bound - bound.max()))
    return Sparsity(np.sqrt(expected * np.maximum(carried, 1.0)), weight / weight.sum())
