r"""How much L1 and L2 differ on a table: a prior of real tables, and what was measured on this one.

The gap :math:`d` is the loss of L1 minus that of L2 on new rows, in points: per cent of the null
model's loss. Below 0 L1 is the better one. Before anything is measured

.. math:: d \sim \sum_j \pi_j\, N(u \sigma_j\, w z,\, (u \sigma_j)^2),

a mixture of fixed scales :math:`\sigma_j`, from next to nothing to large (Stephens 2017). The unit
:math:`u = \exp(b_0 f_0 + b_1 f_1 + \dots)` depends on a table's traits: features per row, what the
penalties leave unexplained, the kind of response, the number of rows. What the map says, :math:`z`
of its standard errors, moves every scale to its side by the weight w; where the map is silent
:math:`z = 0`. The head-to-head measures

.. math:: c \mid d \sim N(d,\, (k s)^2 + (u t)^2)

with its standard error :math:`s`, which does not know how much the gap itself varies from sample to
sample: k and t say by how much it is too small. Given c the gap is again such a mixture.

All of that is fitted to halves of real tables, and to simulated tables that count half as much
(``benchmarks/tables/calibrate.py``), by how probable it makes what the other halves, or many draws,
measure. ``real_tables.json`` holds what was found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import logsumexp, ndtr

# scales of the mixture, in units of a table
SCALES = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
# points below which a standard error is rounding
LEAST = 0.01
# what decides a table's unit
TRAITS = ("constant", "features per row", "unexplained", "two classes", "rows")
MOST_EXPLAINED = 0.99
FARTHEST = 3.0
# standard error of what was not measured
UNKNOWN = 1e9
# width of the map's interval of 90 %, in standard errors
WIDTH = 2 * stats.norm.ppf(0.95)
FITTED = Path(__file__).parent / "real_tables.json"


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
        How far the map moves the middle, in scales for each of its standard errors.
    inflation, spread : float
        k and t of the head-to-head's error.
    reach : tuple of (float, float)
        Least and largest value of each trait among the tables that they were fitted to. Of a table
        beyond them the nearest value counts.
    n_tables : int
        How many tables that were.
    """

    mix: np.ndarray
    unit: np.ndarray
    pull: float
    inflation: float
    spread: float
    reach: tuple[tuple[float, float], ...] = ()
    n_tables: int = 0

    def within(self, traits: np.ndarray) -> np.ndarray:
        """Traits of tables, none beyond what was seen."""
        low, high = np.array(self.reach).T
        return np.clip(traits, low, high)


@lru_cache
def shipped() -> Weights:
    """The weights that the advice uses."""
    found = json.loads(FITTED.read_text(encoding="utf-8"))
    return Weights(
        np.array(found["mix"]),
        np.array([found["unit"][name] for name in TRAITS]),
        found["pull"],
        found["inflation"],
        found["spread"],
        tuple((low, high) for low, high in (found["reach"][name] for name in TRAITS)),
        found["tables"],
    )


def traits_of(
    rows: np.ndarray, features: np.ndarray, explained: np.ndarray, two_classes: np.ndarray
) -> np.ndarray:
    """What decides the unit of tables, one column for each of `TRAITS`.

    Parameters
    ----------
    rows, features : ndarray of shape (n_tables,)
    explained : ndarray of shape (n_tables,)
        Share that the better of the two penalties explains of rows held out.
    two_classes : ndarray of shape (n_tables,)
    """
    unexplained = 1 - np.clip(np.nan_to_num(explained), 0, MOST_EXPLAINED)
    return np.column_stack(
        [
            np.ones(len(rows)),
            np.log(features / rows),
            np.log(unexplained),
            two_classes,
            np.log(rows / 100),
        ]
    ).astype(float)


def mapped_of(middle: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What a map says of the gap, in its standard errors, from its interval of 90 %; NaN is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = WIDTH * np.asarray(middle) / (np.asarray(high) - low)
    return np.clip(np.nan_to_num(found), -FARTHEST, FARTHEST)


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

    def take(self, rows: np.ndarray) -> Gap:
        """Some of the tables."""
        return Gap(self.share[rows], self.middle[rows], self.spread[rows])

    def below(self, value: float | np.ndarray) -> np.ndarray:
        """Probability of a gap below a value, of each table."""
        at = np.reshape(value, (-1, 1))
        return (self.share * ndtr((at - self.middle) / self.spread)).sum(axis=1)

    def chances(self, margin: float) -> np.ndarray:
        """Probabilities that L1 is better by more than a margin, neither, and L2 by more."""
        above = (self.share * ndtr((self.middle - margin) / self.spread)).sum(axis=1)
        l1, l2 = self.below(-margin), above
        return np.column_stack([l1, np.maximum(1 - l1 - l2, 0.0), l2])

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


def before(weights: Weights, traits: np.ndarray, mapped: np.ndarray) -> Gap:
    """Gaps that tables may have before the head-to-head.

    Parameters
    ----------
    weights : Weights
    traits : ndarray of shape (n_tables, n_traits)
    mapped : ndarray of shape (n_tables,)
        The map's gap over its standard error; 0 where it is silent.
    """
    unit = np.exp(traits @ weights.unit)
    spread = unit[:, None] * SCALES
    middle = spread * weights.pull * mapped[:, None]
    return Gap(np.broadcast_to(weights.mix, spread.shape), middle, spread)


def after(
    weights: Weights, traits: np.ndarray, mapped: np.ndarray, seen: np.ndarray, error: np.ndarray
) -> Gap:
    """Gaps that tables may have after the head-to-head has seen some, with standard errors.

    Where it has seen none (NaN) they are those before.
    """
    prior = before(weights, traits, mapped)
    error = np.where(np.isfinite(seen), error, UNKNOWN)
    seen = np.where(np.isfinite(seen), seen, 0.0)
    unit = np.exp(traits @ weights.unit)
    noise = (weights.inflation * np.maximum(error, LEAST)) ** 2 + (unit * weights.spread) ** 2
    total = prior.spread**2 + noise[:, None]
    fit = np.log(prior.share) + _log_normal(seen[:, None], prior.middle, np.sqrt(total))
    share = np.exp(fit - logsumexp(fit, axis=1, keepdims=True))
    pull = prior.spread**2 / total
    middle = prior.middle + pull * (seen[:, None] - prior.middle)
    return Gap(share, middle, prior.spread * np.sqrt(1 - pull))
