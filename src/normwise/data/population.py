"""Scenario and replicate number in, data set with its truth out.

Every random number comes from a `numpy.random.SeedSequence` keyed by the root seed, the
content of the scenario, the replicate and the purpose, and by nothing else: results do not
depend on chunks, cores or order, and a new scenario changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse
from scipy.special import ndtri

from normwise.data.covariance import Root, covariance_root, quadratic_form, squared_lengths
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.seeds import generator

N_TEST = 4000


@dataclass(frozen=True)
class Population:
    """The truth of a scenario: what an infinite sample would show.

    Attributes
    ----------
    coef : ndarray of shape (n_features,)
    intercept : float
    root : array of shape (n_features, n_components)
        Root of the feature covariance.
    mean : ndarray of shape (n_features,)
        Mean of the features.
    noise_var : float
    """

    coef: np.ndarray
    intercept: float
    root: Root
    mean: np.ndarray
    noise_var: float

    @property
    def support(self) -> np.ndarray:
        """Indices of the nonzero coefficients."""
        return np.flatnonzero(self.coef)

    @cached_property
    def signal_var(self) -> float:
        """Variance of the linear predictor."""
        return float(self.variance(self.coef))

    @cached_property
    def _transposed(self) -> Root:
        # scipy checks a transposed matrix for longer than a small product takes
        return self.root.T

    def variance(self, coef: np.ndarray) -> np.ndarray:
        """Variance of the linear predictors with these coefficients, along their last axis."""
        return squared_lengths(self._transposed, coef)


def _support(s: Scenario) -> np.ndarray:
    order = np.arange(s.n_nonzero)
    if s.placement == "one_per_group":
        return order * s.group_size
    if s.placement == "spread":
        return (2 * order + 1) * s.n_features // (2 * s.n_nonzero) if s.n_nonzero else order
    # groups are contiguous, so filling them one after another is filling from the first
    return order


def nonzero_values(s: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Nonzero coefficients of a scenario, before they are scaled to its snr."""
    k = s.n_nonzero
    if s.signal == "decaying":
        values = np.linspace(10.0, 0.5, k)
    elif s.signal == "gaussian":
        # half-normal scores: a fixed coefficient vector with a Gaussian histogram
        values = rng.permutation(ndtri(0.5 + (np.arange(k) + 0.5) / (2 * max(k, 1))))
    else:
        values = np.ones(k)
    if s.signs == "alternating":
        values[1::2] *= -1
    elif s.signs == "random":
        values *= rng.choice([-1.0, 1.0], size=k)
    return values


def _popularity(s: Scenario) -> np.ndarray:
    # share of ones falls as 1/sqrt(rank), capped at one half, with mean `density`
    tail = (np.arange(s.n_features) + 1.0) ** -0.5
    low, high = 0.0, 0.5 / tail[-1]
    for _ in range(100):
        middle = (low + high) / 2
        if np.minimum(0.5, middle * tail).mean() < s.density:
            low = middle
        else:
            high = middle
    return np.minimum(0.5, high * tail)


@lru_cache(maxsize=2)
def population(scenario: Scenario, seed: int) -> Population:
    """The truth of a scenario: coefficients scaled to the snr, covariance, mean, noise."""
    s = scenario
    rng = generator(seed, s.key, "population")
    support = _support(s)
    values = nonzero_values(s, rng)
    if s.features == "sparse_binary":
        share = _popularity(s)
        mean = share
        root = sparse.csr_array(sparse.diags(np.sqrt(share * (1 - share))))
    else:
        mean = np.zeros(s.n_features)
        root = covariance_root(s, support, rng)
    coef = np.zeros(s.n_features)
    coef[support] = values
    if s.n_nonzero:
        coef *= np.sqrt(s.snr * s.noise_var / quadratic_form(root, coef))
    # the linear predictor has mean 0, which balances the classes if it is symmetric
    return Population(coef, -float(mean @ coef), root, mean, s.noise_var)


def draw_features(
    scenario: Scenario, truth: Population, n_samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Rows of features: float64, or uint8 for sparse binary ones."""
    if scenario.features == "sparse_binary":
        return (rng.random((n_samples, scenario.n_features)) < truth.mean).astype(np.uint8)
    return (truth.root @ rng.standard_normal((n_samples, truth.root.shape[1])).T).T


def draw(scenario: Scenario, seed: int, replicate: int) -> tuple[np.ndarray, np.ndarray]:
    """One replicate of a scenario.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Float for a Gaussian response; 0.0 and 1.0 for a binary one.
    """
    s = scenario
    truth = population(s, seed)
    rng = generator(seed, s.key, "data", replicate)
    X = draw_features(s, truth, s.n_samples, rng)
    return X, draw_response(s, truth, X, rng)


def draw_response(
    scenario: Scenario, truth: Population, X: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Responses of the rows of X."""
    predictor = truth.intercept + X @ truth.coef
    return kind_of(scenario.response).draw(scenario.noise, truth, predictor, rng)


def draw_test_features(scenario: Scenario, seed: int) -> np.ndarray:
    """A large sample of rows that stands for a population without a closed form."""
    truth = population(scenario, seed)
    return draw_features(scenario, truth, N_TEST, generator(seed, scenario.key, "test"))
