r"""Features that are functions of correlated Gaussian variables, and their exact covariances.

A column is :math:`x = f(z)` of one standard normal variable :math:`z`. With the orthonormal Hermite
polynomials :math:`h_k` and :math:`a_k = E[f(z) h_k(z)]`, two columns of variables whose correlation
is :math:`\rho` have the covariance

.. math:: \mathrm{Cov}(f(z_1), g(z_2)) = \sum_{k \ge 1} \rho^k a_k b_k

(Mehler 1866). Columns of one variable share it, and their covariance is a plain integral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr, stdtrit

from normwise.data.covariance import Root

# standard deviations beyond which no integrand here has weight in floating point
TAIL = 14
NODES = 24
# the coefficients of a smooth shape vanish before, those of a step fall as k^(-3/4)
SMOOTH_TERMS, MOST_TERMS = 64, 5000
TRUNCATED = 1e-11
PAIRS_AT_ONCE = 20_000

LOG_SPREAD = 1.0
HEAVY_DF = 5


Function = Callable[[np.ndarray], np.ndarray]


def _itself(z: np.ndarray) -> np.ndarray:
    return z


def _exponential(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(LOG_SPREAD * z))


def _logarithm(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(x) / LOG_SPREAD)


def _student_quantile(z: np.ndarray) -> np.ndarray:
    # the quantile of the lower tail keeps its digits
    return np.asarray(-np.sign(z) * stdtrit(HEAVY_DF, ndtr(-np.abs(z))))


def _square(z: np.ndarray) -> np.ndarray:
    return (z**2 - 1) / np.sqrt(2)


SMOOTH: dict[str, Function] = {
    "gaussian": _itself,
    "lognormal": _exponential,
    "student_t": _student_quantile,
    "square": _square,
}
# of those that have a simple one
INVERSE: dict[str, Function] = {"gaussian": _itself, "lognormal": _logarithm}


@dataclass(frozen=True)
class Shape:
    """A function of one standard normal variable.

    Attributes
    ----------
    name : str
        A key of ``SMOOTH``, or empty for a step function.
    cuts : tuple of float
        Where a step function changes, ascending.
    values : tuple of float
        Its values, one more than there are cuts.
    """

    name: str = ""
    cuts: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Value of the column at each value of the variable."""
        if self.name:
            return SMOOTH[self.name](z)
        return np.asarray(self.values)[np.searchsorted(self.cuts, z)]

    @property
    def n_values(self) -> int | None:
        """How many values the column has; None for a continuum."""
        return None if self.name else len(set(self.values))


def _grid(cuts: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for the expectation of what is smooth between the cuts."""
    inner = [c for c in cuts if abs(c) < TAIL]
    ends = np.unique([*np.arange(-TAIL, TAIL + 1.0), *inner])
    unit, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(ends)[:, None] / 2
    z = (ends[:-1, None] + half * (1 + unit)).ravel()
    return z, (half * weights).ravel() * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


@lru_cache(maxsize=4096)
def mean(shape: Shape) -> float:
    """Expectation of a column."""
    z, weights = _grid(shape.cuts)
    return float(shape(z) @ weights)


@lru_cache(maxsize=16384)
def covariance_within(first: Shape, second: Shape) -> float:
    """Covariance of two columns of the same variable."""
    z, weights = _grid((*first.cuts, *second.cuts))
    return float(((first(z) - mean(first)) * (second(z) - mean(second))) @ weights)


def hermite(z: np.ndarray, n_terms: int) -> np.ndarray:
    """Orthonormal Hermite polynomials of degree 0 to ``n_terms - 1``, shape (n_terms, len(z))."""
    found = np.empty((n_terms, len(z)))
    found[0] = 1.0
    if n_terms > 1:
        found[1] = z
    for k in range(1, n_terms - 1):
        found[k + 1] = (z * found[k] - np.sqrt(k) * found[k - 1]) / np.sqrt(k + 1)
    return found


def coefficients(shape: Shape, n_terms: int) -> np.ndarray:
    r"""Hermite coefficients :math:`a_0, \dots` of a column.

    Those of a step function follow from :math:`\int_c^\infty h_k \varphi = h_{k-1}(c)
    \varphi(c) / \sqrt k`.
    """
    found = np.zeros(n_terms)
    found[0] = mean(shape)
    if shape.name:
        z, weights = _grid(())
        last = min(n_terms, SMOOTH_TERMS)
        found[1:last] = hermite(z, last)[1:] @ (weights * shape(z))
        return found
    cuts = np.asarray(shape.cuts)
    steps = np.diff(shape.values) * np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    degrees = np.sqrt(np.arange(1, n_terms))
    found[1:] = hermite(cuts, n_terms - 1) @ steps / degrees
    return found


@dataclass(frozen=True)
class Columns:
    """Columns of a table, each a function of one of the variables.

    Attributes
    ----------
    shapes : tuple of Shape
        The functions, each once.
    shape : ndarray of int, shape (n_features,)
        Position of each column's function in ``shapes``.
    variable : ndarray of int, shape (n_features,)
        Position of each column's variable.
    """

    shapes: tuple[Shape, ...]
    shape: np.ndarray
    variable: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[tuple[int, Shape]]) -> Columns:
        """Columns from pairs of a variable's position and a function."""
        shapes = tuple(dict.fromkeys(shape for _, shape in columns))
        place = {shape: i for i, shape in enumerate(shapes)}
        return cls(
            shapes,
            np.array([place[shape] for _, shape in columns]),
            np.array([variable for variable, _ in columns]),
        )

    def of_each(self) -> list[Shape]:
        """The function of every column."""
        return [self.shapes[i] for i in self.shape]

    @property
    def mean(self) -> np.ndarray:
        """Expectation of each column."""
        return np.array([mean(shape) for shape in self.shapes])[self.shape]

    @property
    def variance(self) -> np.ndarray:
        """Variance of each column."""
        return np.array([covariance_within(shape, shape) for shape in self.shapes])[self.shape]

    def values(self, z: np.ndarray) -> np.ndarray:
        """Rows of the columns, from rows of the variables."""
        X = np.empty((len(z), len(self.shape)))
        for i, shape in enumerate(self.shapes):
            own = np.flatnonzero(self.shape == i)
            X[:, own] = shape(z[:, self.variable[own]])
        return X

    def covariance(self, latent: Root, columns: slice = slice(None)) -> sparse.csr_array:
        r"""Covariances of some columns (rows of the result) with all of them.

        Parameters
        ----------
        latent : array of shape (n_variables, n_components)
            Root of the correlation matrix of the variables.
        columns : slice

        Returns
        -------
        csr_array of shape (n_columns, n_features)
        """
        rows = np.arange(len(self.shape))[columns]
        latent = sparse.csr_array(latent) if sparse.issparse(latent) else np.asarray(latent)
        correlation = sparse.coo_array(latent[self.variable[rows]] @ latent[self.variable].T)
        i, j = correlation.coords
        same = self.variable[rows[i]] == self.variable[j]
        first, second = self.shape[rows[i]], self.shape[j]
        found = np.empty(len(i))
        found[~same] = self._between(first[~same], second[~same], correlation.data[~same])
        found[same] = [
            covariance_within(self.shapes[a], self.shapes[b])
            for a, b in zip(first[same], second[same], strict=True)
        ]
        return sparse.csr_array((found, (i, j)), shape=correlation.shape)

    def _between(self, first: np.ndarray, second: np.ndarray, rho: np.ndarray) -> np.ndarray:
        """Covariances of pairs of columns of different variables, from their correlations."""
        found = np.zeros(len(rho))
        if not len(rho):
            return found
        # the largest correlations need most terms
        order = np.argsort(-np.abs(rho), kind="stable")
        series = self._series(float(np.abs(rho[order[0]])))
        for start in range(0, len(order), PAIRS_AT_ONCE):
            own = order[start : start + PAIRS_AT_ONCE]
            a, b, r = first[own], second[own], rho[own]
            power, total = np.ones(len(own)), np.zeros(len(own))
            for k in range(1, min(len(series), self._n_terms(float(np.abs(r[0]))))):
                power *= r
                total += power * series[k, a] * series[k, b]
            found[own] = total
        return found

    def _n_terms(self, rho: float) -> int:
        """Terms after which the series for a correlation is cut off."""
        if all(shape.name for shape in self.shapes):
            return SMOOTH_TERMS
        if rho >= 1:
            return MOST_TERMS
        needed = np.log(TRUNCATED) / np.log(rho) if rho > 0 else 1
        return int(np.clip(np.ceil(needed) + 2, 2, MOST_TERMS))

    def _series(self, rho: float) -> np.ndarray:
        """Coefficients of all functions, shape (n_terms, n_shapes)."""
        n_terms = self._n_terms(rho)
        return np.column_stack([coefficients(shape, n_terms) for shape in self.shapes])


def root_of(covariance: sparse.csr_array) -> Root:
    """Root of a covariance matrix: sparse where its columns fall into groups without relation.

    Parameters
    ----------
    covariance : csr_array of shape (n_features, n_features)
        Positive definite.

    Returns
    -------
    ndarray or csr_array of shape (n_features, n_features)
    """
    n_groups, group = connected_components(covariance, directed=False)
    if n_groups == 1:
        return np.linalg.cholesky(covariance.toarray())
    rows, columns, entries = [], [], []
    for members in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]):
        root = np.linalg.cholesky(covariance[members][:, members].toarray())
        i, j = np.nonzero(root)
        rows.append(members[i])
        columns.append(members[j])
        entries.append(root[i, j])
    parts = np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(parts, shape=covariance.shape)
