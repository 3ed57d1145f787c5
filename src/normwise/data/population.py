"""Scenario and replicate number in, data set with its truth out.

Every random number comes from a `numpy.random.SeedSequence` keyed by the root seed, the
content of the scenario, the replicate and the purpose, and by nothing else: results do not
depend on chunks, cores or order, and a new scenario changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse
from scipy.special import expit, logit, ndtri, stdtrit

from normwise.data.copula import Columns, root_of
from normwise.data.covariance import Root, covariance_root, quadratic_form, squared_lengths
from normwise.data.feature_kinds import columns_of, popularity
from normwise.data.misfit import Misfit, misfit_of
from normwise.data.response_kind import kind_of
from normwise.data.scenario import BALANCED, ZERO_ONE, Scenario
from normwise.data.seeds import generator

N_TEST = 4000
# rows that stand for the features of a copula: as many as fit into so many numbers, at most
TEST_CELLS, MOST_TEST = 10_000_000, 10_000
# and rows on which an intercept is solved for
MOST_SOLVED = 100_000
# what a misfit adds to the noise of a log-loss takes more rows
MOST_MISFIT = 40_000
HEAVY_SIZES_DF = 2


@dataclass(frozen=True)
class Table:
    """How features that are functions of other variables are drawn.

    Attributes
    ----------
    columns : Columns
    latent : array of shape (n_variables, n_components)
        Root of the correlation matrix of the variables.
    """

    columns: Columns
    latent: Root

    def draw(self, n_rows: int, rng: np.random.Generator) -> np.ndarray:
        """Rows of the columns."""
        z = (self.latent @ rng.standard_normal((n_rows, self.latent.shape[1])).T).T
        return self.columns.values(z)


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
    table : Table, optional
        Where the features are functions of other variables.
    misfit : Misfit, optional
        What of the signal no linear predictor explains.
    """

    coef: np.ndarray
    intercept: float
    root: Root
    mean: np.ndarray
    noise_var: float
    table: Table | None = None
    misfit: Misfit | None = None

    @property
    def support(self) -> np.ndarray:
        """Indices of the nonzero coefficients."""
        return np.flatnonzero(self.coef)

    @cached_property
    def signal_var(self) -> float:
        """Variance of the linear predictor."""
        return float(self.variance(self.coef))

    @property
    def predictor_var(self) -> float:
        """Variance of what the response has beside its noise."""
        return self.signal_var + (self.misfit.variance if self.misfit else 0.0)

    @property
    def residual_var(self) -> float:
        """Expected squared error of the best linear predictor."""
        return self.noise_var + (self.misfit.variance if self.misfit else 0.0)

    @cached_property
    def _transposed(self) -> Root:
        # scipy checks a transposed matrix for longer than a small product takes
        return self.root.T

    def predictor(self, X: np.ndarray) -> np.ndarray:
        """What the response of each row has beside its noise: log-odds if it is binary."""
        linear = self.intercept + X @ self.coef
        return np.asarray(linear + self.misfit(X) if self.misfit else linear)

    def variance(self, coef: np.ndarray) -> np.ndarray:
        """Variance of the linear predictors with these coefficients, along their last axis."""
        return squared_lengths(self._transposed, coef)


def _support(s: Scenario, columns: Columns | None) -> np.ndarray:
    order = np.arange(s.n_nonzero)
    if s.placement == "spread":
        return (2 * order + 1) * s.n_features // (2 * s.n_nonzero) if s.n_nonzero else order
    if s.placement in ("one_per_group", "some_per_group"):
        variable = np.arange(s.n_features) if columns is None else columns.variable
        starts = np.unique(variable // s.group_size, return_index=True)[1]
        if s.placement == "one_per_group":
            return starts[: s.n_nonzero]
        return _in_some_groups(s, starts)
    # groups are contiguous, so filling them one after another is filling from the first
    return order


def _in_some_groups(s: Scenario, starts: np.ndarray) -> np.ndarray:
    """The first features of groups that are spread evenly, given where the groups start."""
    n_groups, ends = len(starts), np.append(starts[1:], s.n_features)
    # the last group may be too small
    for used in range(-(-s.n_nonzero // s.per_group), n_groups + 1):
        chosen = (2 * np.arange(used) + 1) * n_groups // (2 * max(used, 1))
        places = [
            np.arange(start, min(start + s.per_group, end))
            for start, end in zip(starts[chosen], ends[chosen], strict=True)
        ]
        found = np.concatenate([np.arange(0), *places])[: s.n_nonzero]
        if len(found) == s.n_nonzero:
            break
    return found


def nonzero_values(s: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Nonzero coefficients of a scenario, before they are scaled to its snr."""
    k = s.n_nonzero
    # upper quantiles of a symmetric distribution: fixed sizes that have its histogram
    upper = 0.5 + (np.arange(k) + 0.5) / (2 * max(k, 1))
    if s.signal == "decaying":
        values = np.linspace(10.0, 0.5, k)
    elif s.signal == "gaussian":
        values = rng.permutation(ndtri(upper))
    elif s.signal == "heavy_tailed":
        values = rng.permutation(stdtrit(HEAVY_SIZES_DF, upper))
    elif s.signal == "power":
        values = rng.permutation(np.arange(1.0, k + 1) ** -s.decay)
    else:
        values = np.ones(k)
    if s.signs == "alternating":
        values[1::2] *= -1
    elif s.signs == "random":
        values *= rng.choice([-1.0, 1.0], size=k)
    return values


@lru_cache(maxsize=2)
def population(scenario: Scenario, seed: int) -> Population:
    """The truth of a scenario: coefficients scaled to the snr, covariance, mean, noise."""
    s = scenario
    rng = generator(seed, s.key, "population")
    through_table = s.uses_copula or s.nonlinear_share > 0
    columns = columns_of(s, rng) if through_table else None
    support = _support(s, columns)
    values = nonzero_values(s, rng)
    table = None
    if s.features == "sparse_binary" and columns is None:
        mean = popularity(s.n_features, s.density)
        root = sparse.csr_array(sparse.diags(np.sqrt(mean * (1 - mean))))
    elif columns is None:
        mean, root = np.zeros(s.n_features), covariance_root(s, support, rng)
    else:
        variables = replace(s, n_features=int(columns.variable[-1]) + 1)
        table = Table(columns, covariance_root(variables, support, rng))
        mean, root = columns.mean, _column_root(s, table)
        if s.features != "sparse_binary":
            values = values / np.sqrt(columns.variance[support])
    coef = np.zeros(s.n_features)
    coef[support] = values
    if s.n_nonzero:
        coef *= np.sqrt(s.snr * s.noise_var / quadratic_form(root, coef))
    # the linear predictor has mean 0, which balances the classes if it is symmetric
    truth = Population(coef, -float(mean @ coef), root, mean, s.noise_var, table)
    if s.nonlinear_share:
        assert table is not None
        variance = truth.signal_var * s.nonlinear_share / (1 - s.nonlinear_share)
        truth = replace(truth, misfit=misfit_of(table.columns, table.latent, root, coef, variance))
    if kind_of(s.response).classes and (table is not None or s.prevalence != BALANCED):
        truth = replace(truth, intercept=truth.intercept + _solved_intercept(s, truth, seed))
    return truth


def _column_root(s: Scenario, table: Table) -> Root:
    """Root of the covariance of the columns as they are."""
    if s.features == "gaussian":
        return table.latent
    return root_of(table.columns.covariance(table.latent))


def _solved_intercept(s: Scenario, truth: Population, seed: int) -> float:
    """What to add to the log-odds so that the population has the share of ones of the scenario."""
    if s.features == "gaussian" and not truth.misfit:
        unit = np.linspace(-9.0, 9.0, 2001)
        return shift_for(np.sqrt(truth.signal_var) * unit, s.prevalence, np.exp(-(unit**2) / 2))
    rows = _many_rows(s, truth, MOST_SOLVED, generator(seed, s.key, "test", 0))
    return shift_for(truth.predictor(rows), s.prevalence)


def shift_for(predictor: np.ndarray, share: float, weights: np.ndarray | None = None) -> float:
    """What to add to log-odds so that they give a share of ones.

    Parameters
    ----------
    predictor : ndarray of shape (n_rows,)
        Log-odds of the rows of a population.
    share : float
        Above 0, below 1.
    weights : ndarray of shape (n_rows,), optional
        Of the rows; equal if not given.
    """
    # all of scipy's optimisers: loaded when used
    from scipy.optimize import brentq

    def surplus(shift: float) -> float:
        return float(np.average(expit(shift + predictor), weights=weights)) - share

    reach = float(np.abs(predictor).max()) + 1.0
    return float(brentq(surplus, logit(share) - reach, logit(share) + reach, xtol=1e-12))


def draw_features(
    scenario: Scenario, truth: Population, n_samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Rows of features: float64, or uint8 where all are zeros and ones."""
    if truth.table is not None:
        X = truth.table.draw(n_samples, rng)
        return X.astype(np.uint8) if scenario.features in ZERO_ONE else X
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
    return kind_of(scenario.response).draw(scenario.noise, truth, truth.predictor(X), rng)


def draw_test_features(scenario: Scenario, seed: int) -> np.ndarray:
    """A large sample of rows that stands for a population without a closed form."""
    truth, rng = population(scenario, seed), generator(seed, scenario.key, "test")
    if truth.table is None:
        return draw_features(scenario, truth, N_TEST, rng)
    return _many_rows(scenario, truth, MOST_MISFIT if truth.misfit else MOST_TEST, rng)


def _many_rows(s: Scenario, truth: Population, most: int, rng: np.random.Generator) -> np.ndarray:
    n_rows = int(np.clip(TEST_CELLS // s.n_features, N_TEST, most))
    return draw_features(s, truth, n_rows, rng)
