r"""How much L1 and L2 differ on a table, after the head-to-head: a prior of real tables, updated.

The gap :math:`d` is the loss of L1 minus that of L2 on new rows, in points: per cent of the null
model's loss. Below 0 L1 is the better one. Before the head-to-head

.. math:: d \sim \sum_j \pi_j\, N(m,\, (u \sigma_j)^2),

a mixture of fixed scales :math:`\sigma_j`, most of whose weight lies on the small ones (Stephens
2017). The unit :math:`u = \exp(b_0 f_0 + b_1 f_1 + \dots)` of a table grows with features per row
and with what the penalties leave unexplained, and :math:`m = u\, w\, o` moves towards the side of
the map's log-odds :math:`o` that L2 is better; outside of the map :math:`o = 0`. The head-to-head
measures

.. math:: c \mid d \sim N(d,\, (k s)^2 + (u t)^2)

with its standard error :math:`s`, which does not know how much the gap itself varies from sample to
sample: k and t say by how much it is too small. Given c the gap is again such a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

# scales of the mixture, in units of a table
SCALES = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
# points below which a standard error is rounding
LEAST = 0.01


@dataclass(frozen=True)
class Weights:
    """What is learnt.

    Attributes
    ----------
    mix : ndarray of shape (n_scales,)
        Shares of the scales; sum to 1.
    unit : ndarray of shape (n_traits,)
        Exponents of a table's unit.
    pull : float
        How far the map moves the middle, in units for log-odds of 1.
    inflation, spread : float
        k and t of the head-to-head's error.
    """

    mix: np.ndarray
    unit: np.ndarray
    pull: float
    inflation: float
    spread: float


@dataclass(frozen=True)
class Gap:
    """Gaps that tables may have: a mixture of normals for each.

    Attributes
    ----------
    share, middle, spread : ndarray of shape (n_tables, n_scales)
    """

    share: np.ndarray
    middle: np.ndarray
    spread: np.ndarray

    def below(self, value: float | np.ndarray) -> np.ndarray:
        """Probability of a gap below a value, of each table."""
        at = np.reshape(value, (-1, 1))
        return (self.share * ndtr((at - self.middle) / self.spread)).sum(axis=1)

    def chances(self, margin: float) -> np.ndarray:
        """Probabilities that L1 is better by more than a margin, neither, and L2 by more."""
        l1, l2 = self.below(-margin), 1 - self.below(margin)
        return np.column_stack([l1, 1 - l1 - l2, l2])

    def mean(self) -> np.ndarray:
        """Mean gap of each table."""
        return (self.share * self.middle).sum(axis=1)

    def quantile(self, level: float) -> np.ndarray:
        """Gap below which lies a share ``level`` of the probability, of each table."""
        reach = 10 * self.spread.max(axis=1) + np.abs(self.middle).max(axis=1)
        low, high = -reach, reach
        for _ in range(60):
            half = (low + high) / 2
            above = self.below(half) > level
            low, high = np.where(above, low, half), np.where(above, half, high)
        return (low + high) / 2

    def most_lost(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Points that taking L1, and taking L2, costs at most, with probability ``level``."""
        return np.maximum(self.quantile(level), 0.0), np.maximum(-self.quantile(1 - level), 0.0)

    def log_density(self, value: np.ndarray, error: np.ndarray) -> np.ndarray:
        """Log density of measurements of the gap with normal errors."""
        spread = np.hypot(self.spread, error[:, None])
        # the logarithm of a share that is rounded to zero
        share = np.log(np.maximum(self.share, np.finfo(float).tiny))
        fit = share + _log_normal(value[:, None], self.middle, spread)
        return np.asarray(logsumexp(fit, axis=1))

    def measured(self, error: np.ndarray) -> Gap:
        """Of measurements with normal errors, in place of the gaps themselves."""
        return Gap(self.share, self.middle, np.hypot(self.spread, error[:, None]))


def _log_normal(value: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return np.asarray(
        -(((value - middle) / spread) ** 2) / 2 - np.log(spread) - np.log(2 * np.pi) / 2
    )


def before(weights: Weights, traits: np.ndarray, odds: np.ndarray) -> Gap:
    """Gaps that tables may have before the head-to-head.

    Parameters
    ----------
    weights : Weights
    traits : ndarray of shape (n_tables, n_traits)
    odds : ndarray of shape (n_tables,)
        The map's log-odds that L2 is better; 0 where it is silent.
    """
    unit = np.exp(traits @ weights.unit)
    spread = unit[:, None] * SCALES
    middle = np.broadcast_to((unit * weights.pull * odds)[:, None], spread.shape)
    return Gap(np.broadcast_to(weights.mix, spread.shape), middle, spread)


def after(
    weights: Weights, traits: np.ndarray, odds: np.ndarray, seen: np.ndarray, error: np.ndarray
) -> Gap:
    """Gaps that tables may have after the head-to-head has seen some, with standard errors."""
    prior = before(weights, traits, odds)
    unit = np.exp(traits @ weights.unit)
    noise = (weights.inflation * np.maximum(error, LEAST)) ** 2 + (unit * weights.spread) ** 2
    total = prior.spread**2 + noise[:, None]
    fit = np.log(prior.share) + _log_normal(seen[:, None], prior.middle, np.sqrt(total))
    share = np.exp(fit - logsumexp(fit, axis=1, keepdims=True))
    pull = prior.spread**2 / total
    middle = prior.middle + pull * (seen[:, None] - prior.middle)
    return Gap(share, middle, prior.spread * np.sqrt(1 - pull))
