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
from scipy.special import ndtri, stdtrit

from normwise.data.copula import Columns, root_of
from normwise.data.covariance import Root, covariance_root, quadratic_form, squared_lengths
from normwise.data.feature_kinds import columns_of, popularity
from normwise.data.misfit import Misfit, misfit_of
from normwise.data.response_kind import Rows, kind_of
from normwise.data.scenario import ZERO_ONE, Scenario
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
    coef : ndarray of shape (n_features,), or (n_classes, n_features)
    intercept : float, or ndarray of shape (n_classes,)
        With several classes both have mean zero over the classes.
    root : array of shape (n_features, n_components)
        Root of the feature covariance.
    mean : ndarray of shape (n_features,)
        Mean of the features.
    noise_var : float
    table : Table, optional
        Where the features are functions of other variables.
    misfit : Misfit, optional
        What of the signal no linear predictor explains.
    dispersion : float
        Of counts, see `Scenario`.
    """

    coef: np.ndarray
    intercept: float | np.ndarray
    root: Root
    mean: np.ndarray
    noise_var: float
    table: Table | None = None
    misfit: Misfit | None = None
    dispersion: float = 0.0

    @property
    def support(self) -> np.ndarray:
        """Indices of the features with a nonzero coefficient, in any class."""
        return np.flatnonzero(np.atleast_2d(self.coef).any(axis=0))

    @cached_property
    def signal_var(self) -> float:
        """Variance of the linear predictor, mean over the classes if each has one."""
        return float(self.variance(self.coef).mean())

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
        """What the response of each row has beside its noise: log-odds if it is binary.

        Shape (n_rows,), or (n_classes, n_rows).
        """
        if self.coef.ndim > 1:
            return np.asarray(np.asarray(self.intercept)[:, None] + self.coef @ X.T)
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
    """Features of groups that are spread evenly, given where the groups start."""
    n_groups, ends = len(starts), np.append(starts[1:], s.n_features)
    # the last group may be too small
    for used in range(-(-s.n_nonzero // s.per_group), n_groups + 1):
        chosen = (2 * np.arange(used) + 1) * n_groups // (2 * max(used, 1))
        places = [
            np.arange(start + s.offset, end, s.spacing)[: s.per_group]
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
    effects = np.zeros(s.n_features)
    effects[support] = values
    coef = kind_of(s.response).coefficients(s, effects)
    if s.n_nonzero:
        coef *= np.sqrt(s.snr * s.noise_var / quadratic_form(root, coef).mean())
    truth = Population(coef, centred(coef, mean), root, mean, s.noise_var, table)
    if s.nonlinear_share:
        assert table is not None
        variance = truth.signal_var * s.nonlinear_share / (1 - s.nonlinear_share)
        truth = replace(truth, misfit=misfit_of(table.columns, table.latent, root, coef, variance))

    def rows() -> np.ndarray:
        return _many_rows(s, truth, MOST_SOLVED, generator(seed, s.key, "test", 0))

    normal = s.features == "gaussian" and not truth.misfit
    return settled(s, truth, None if normal else rows)


def centred(coef: np.ndarray, mean: np.ndarray) -> float | np.ndarray:
    """Intercepts with which linear predictors have mean zero."""
    return -float(mean @ coef) if coef.ndim == 1 else -(coef @ mean)


def settled(s: Scenario, truth: Population, rows: Rows | None) -> Population:
    """A truth of mean zero with the intercept that the response of its scenario asks for.

    Parameters
    ----------
    s : Scenario
    truth : Population
    rows : callable, optional
        Returns rows that stand for the population; None for a normal predictor.
    """
    shift = kind_of(s.response).shift(s, truth, rows)
    truth = replace(truth, intercept=truth.intercept + shift) if np.any(shift) else truth
    return replace(truth, dispersion=s.dispersion) if s.dispersion else truth


def _column_root(s: Scenario, table: Table) -> Root:
    """Root of the covariance of the columns as they are."""
    if s.features == "gaussian":
        return table.latent
    return root_of(table.columns.covariance(table.latent))


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
        Float for a Gaussian response; 0.0 and 1.0 for a binary one, the number of the class from
        0.0 on for several classes, whole numbers for counts.
    """
    s = scenario
    truth = population(s, seed)
    rng = generator(seed, s.key, "data", replicate)
    X = draw_features(s, truth, s.n_samples, rng)
    if s.moments == "sample":
        X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    return X, draw_response(s, truth, X, rng)


def draw_response(
    scenario: Scenario, truth: Population, X: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Responses of the rows of X."""
    return kind_of(scenario.response).draw(scenario, truth, truth.predictor(X), rng)


def draw_test_features(scenario: Scenario, seed: int) -> np.ndarray:
    """A large sample of rows that stands for a population without a closed form."""
    truth, rng = population(scenario, seed), generator(seed, scenario.key, "test")
    if truth.table is None and kind_of(scenario.response).risk_from_predictor:
        return draw_features(scenario, truth, N_TEST, rng)
    return _many_rows(scenario, truth, MOST_MISFIT if truth.misfit else MOST_TEST, rng)


def _many_rows(s: Scenario, truth: Population, most: int, rng: np.random.Generator) -> np.ndarray:
    n_rows = int(np.clip(TEST_CELLS // s.n_features, N_TEST, most))
    return draw_features(s, truth, n_rows, rng)
