r"""Correlation families: each gives a root :math:`A` with :math:`\Sigma = A A^T`.

A row of features is :math:`x = A z`, :math:`z \sim N(0, I)`, and a quadratic form is
:math:`b^T \Sigma b = \lVert A^T b \rVert^2`, so the root is all that is needed. It is
sparse wherever the family allows it. Every feature has variance 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from normwise.data.scenario import Scenario

# a csr_array where the family allows it
Root: TypeAlias = Any


def _independent(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    return sparse.identity(s.n_features, format="csr")


def _autoregressive(size: int, correlation: float) -> np.ndarray:
    # Cholesky factor of rho^|i-j|: x_j = rho x_{j-1} + sqrt(1 - rho^2) z_j
    lag = np.subtract.outer(np.arange(size), np.arange(size))
    root = np.where(lag >= 0, correlation ** np.maximum(lag, 0), 0.0)
    root[:, 1:] *= np.sqrt(1 - correlation**2)
    return root


def _ar1(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    return _autoregressive(s.n_features, s.correlation)


def _ar1_blocks(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    whole, rest = divmod(s.n_features, s.group_size)
    sizes = [s.group_size] * whole + [rest] * (rest > 0)
    return sparse.block_diag([_autoregressive(m, s.correlation) for m in sizes], format="csr")


def _membership(s: Scenario) -> sparse.csr_array:
    rows = np.arange(s.n_features)
    ones = np.ones(s.n_features)
    return sparse.csr_array((ones, (rows, rows // s.group_size)))


def _shared(s: Scenario, groups: sparse.csr_array) -> Root:
    own = sparse.identity(s.n_features, format="csr")
    parts = [np.sqrt(1 - s.correlation) * own, np.sqrt(s.correlation) * groups]
    return sparse.hstack(parts, format="csr")


def _equicorrelated(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    return _shared(s, sparse.csr_array(np.ones((s.n_features, 1))))


def _blocks(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    return _shared(s, _membership(s))


def _mixed_blocks(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    # the correlations of the blocks are spread evenly from `correlation` down to 0, in random order
    groups = _membership(s)
    own = groups @ rng.permutation(np.linspace(s.correlation, 0.0, groups.shape[1]))
    parts = [sparse.diags_array(np.sqrt(1 - own)), sparse.diags_array(np.sqrt(own)) @ groups]
    return sparse.hstack(parts, format="csr")


def _latent_factors(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    # correlation is the communality: the share of each feature's variance due to the factors
    loadings = rng.standard_normal((s.n_features, s.n_factors))
    loadings *= np.sqrt(s.correlation) / np.linalg.norm(loadings, axis=1, keepdims=True)
    own = np.sqrt(1 - s.correlation) * sparse.identity(s.n_features, format="csr")
    return sparse.hstack([own, sparse.csr_array(loadings)], format="csr")


def _near_duplicates(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    # the first feature of each group is the original, the others are noisy copies of it
    rows = np.arange(s.n_features)
    originals = rows - rows % s.group_size
    copy = rows != originals
    root = sparse.lil_array((s.n_features, s.n_features))
    root[rows, rows] = np.where(copy, np.sqrt(1 - s.correlation**2), 1.0)
    root[rows[copy], originals[copy]] = s.correlation
    return root.tocsr()


def _irrepresentable(s: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    # one noise feature is a (sum of the true features) + noise, with multiple correlation
    # `correlation`; a k > 1, the violation, holds when correlation > 1 / sqrt(k)
    confounded = np.setdiff1d(np.arange(s.n_features), support)[0]
    root = sparse.identity(s.n_features, format="lil")
    root[confounded, confounded] = np.sqrt(1 - s.correlation**2)
    root[[confounded] * len(support), support] = s.correlation / np.sqrt(len(support))
    return sparse.csr_array(root)


FAMILIES: dict[str, Callable[[Scenario, np.ndarray, np.random.Generator], Root]] = {
    "independent": _independent,
    "ar1": _ar1,
    "ar1_blocks": _ar1_blocks,
    "equicorrelated": _equicorrelated,
    "blocks": _blocks,
    "mixed_blocks": _mixed_blocks,
    "latent_factors": _latent_factors,
    "near_duplicates": _near_duplicates,
    "irrepresentable": _irrepresentable,
}


def covariance_root(scenario: Scenario, support: np.ndarray, rng: np.random.Generator) -> Root:
    r"""Root :math:`A` of the feature covariance, :math:`\Sigma = A A^T`.

    Parameters
    ----------
    scenario : Scenario
        Its ``covariance`` names the family.
    support : ndarray of int
        Indices of the nonzero coefficients (``irrepresentable`` is built around them).
    rng : numpy.random.Generator
        Draws what the family leaves open (the loadings of ``latent_factors``).

    Returns
    -------
    ndarray or csr_array of shape (n_features, n_components)
    """
    root = FAMILIES[scenario.covariance](scenario, support, rng)
    # the square of a scipy matrix, unlike that of an array, is a product of matrices
    return sparse.csr_array(root) if sparse.issparse(root) else root


def quadratic_form(root: Root, coef: np.ndarray) -> np.ndarray:
    r""":math:`b^T \Sigma b` for each vector along the last axis of ``coef``.

    Parameters
    ----------
    root : array of shape (n_features, n_components)
    coef : ndarray of shape (..., n_features)

    Returns
    -------
    ndarray of shape (...)
    """
    return squared_lengths(root.T, coef)


def squared_lengths(matrix: Root, coef: np.ndarray) -> np.ndarray:
    """Squared norm of a matrix times each vector along the last axis of ``coef``."""
    flat = coef.reshape(-1, coef.shape[-1])
    return ((matrix @ flat.T) ** 2).sum(axis=0).reshape(coef.shape[:-1])
