r"""What of a signal no linear predictor explains.

Relevant features add the square of their variable, a threshold, or the product with another one's,
in turn. Their sum, less its linear regression on all features in the population, has mean zero and
is uncorrelated with each, so that the coefficients of the scenario stay those of the best linear
predictor, and the excess squared error over it stays :math:`(b-\beta)^T \Sigma (b-\beta)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import ndtri

from normwise.data.copula import INVERSE, Columns, Shape, coefficients
from normwise.data.covariance import Root

# the features of largest effect carry it
MOST_PARTS = 20
QUARTILE = float(ndtri(0.75))


@dataclass(frozen=True)
class Bend:
    """A function of one feature that is not linear in it.

    Attributes
    ----------
    feature : int
    shape : Shape
        The feature, as a function of its variable.
    bent : Shape
        The same variable, bent.
    """

    feature: int
    shape: Shape
    bent: Shape

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Value of each row of features."""
        x = X[:, self.feature]
        if self.bent.name:
            return self.bent(INVERSE[self.shape.name](x))
        # the feature grows with its variable
        cuts = self.shape(np.asarray(self.bent.cuts))
        return np.asarray(self.bent.values)[np.searchsorted(cuts, x)]


@dataclass(frozen=True)
class Product:
    """The product of the variables of two features.

    Attributes
    ----------
    features : tuple of int
    shapes : tuple of Shape
        The features, as functions of their variables.
    """

    features: tuple[int, int]
    shapes: tuple[Shape, Shape]

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Value of each row of features."""
        first, second = (
            INVERSE[shape.name](X[:, j])
            for j, shape in zip(self.features, self.shapes, strict=True)
        )
        return np.asarray(first * second)


@dataclass(frozen=True)
class Misfit:
    """The part of a signal that is uncorrelated with all features.

    Attributes
    ----------
    carriers : ndarray of int
        The features that it is made of.
    shapes : tuple of Shape
        What the columns of the table are, each function once.
    parts : tuple of Bend or Product
    weights : ndarray of shape (n_parts,)
    coef : ndarray of shape (n_features,)
        Of its linear regression on all features, which is taken off.
    mean : float
        What is taken off, so that the mean is zero.
    variance : float
    """

    carriers: np.ndarray
    shapes: tuple[Shape, ...]
    parts: tuple[Bend | Product, ...]
    weights: np.ndarray
    coef: np.ndarray
    mean: float
    variance: float

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Value of each row of features."""
        found = -self.mean - X @ self.coef
        for part, weight in zip(self.parts, self.weights, strict=True):
            found += weight * part(X)
        return np.asarray(found)


def misfit_of(
    columns: Columns, latent: Root, root: Root, coef: np.ndarray, variance: float
) -> Misfit:
    """The part of a signal that is uncorrelated with all features.

    Parameters
    ----------
    columns : Columns
    latent : array of shape (n_variables, n_components)
        Root of the correlation matrix of their variables.
    root : array of shape (n_features, n_components)
        Root of the covariance of the columns.
    coef : ndarray of shape (n_features,)
        The linear part.
    variance : float
        Of the result.
    """
    size = np.abs(coef) * np.sqrt(columns.variance)
    carriers = _carriers(columns, size)
    if not size[carriers].any():
        size = np.ones(len(coef))
    bends, products = _parts(columns, carriers)
    moments = _Moments.of(columns, latent, bends, products)
    strength = [size[b.feature] for b in bends]
    strength += [np.sqrt(size[p.features[0]] * size[p.features[1]]) for p in products]
    weights = np.asarray(strength) / np.sqrt(np.diag(moments.among))
    sigma = root @ root.T
    sigma = sigma.toarray() if sparse.issparse(sigma) else sigma
    with_features = weights @ moments.with_features
    linear = np.linalg.solve(sigma, with_features)
    left = weights @ moments.among @ weights - with_features @ linear
    scale = np.sqrt(variance / left)
    mean = weights @ moments.mean - columns.mean @ linear
    parts: tuple[Bend | Product, ...] = (*bends, *products)
    return Misfit(
        carriers,
        columns.shapes,
        parts,
        scale * weights,
        scale * linear,
        float(scale * mean),
        variance,
    )


def _carriers(columns: Columns, size: np.ndarray) -> np.ndarray:
    """Features with more than two values: the relevant ones, or any if none of those has."""
    numeric = np.array([s.n_values is None or s.n_values > 2 for s in columns.of_each()])
    relevant = np.flatnonzero(numeric & (size > 0))
    found = relevant if len(relevant) else np.flatnonzero(numeric)
    return np.sort(found[np.argsort(-size[found], kind="stable")[:MOST_PARTS]])


def _parts(columns: Columns, carriers: np.ndarray) -> tuple[list[Bend], list[Product]]:
    """A bend of each carrier, or in every third place its product with the one before."""
    each = columns.of_each()
    bends: list[Bend] = []
    products: list[Product] = []
    before: int | None = None
    for turn, j in enumerate(carriers.tolist()):
        shape = each[j]
        if turn % 3 == 2 and before is not None and shape.name in INVERSE:
            products.append(Product((before, j), (each[before], shape)))
        else:
            bends.append(Bend(j, shape, _bent(shape, even=turn % 2 == 0)))
        before = j if shape.name in INVERSE else before
    return bends, products


def _bent(shape: Shape, even: bool) -> Shape:
    """A function of a feature that is not linear in it, one of two."""
    if not shape.name:
        # whether a count is more than its least value
        return Shape(cuts=shape.cuts[:1], values=(0.0, 1.0))
    if even and shape.name in INVERSE:
        return Shape("square")
    return Shape(cuts=(-QUARTILE if even else QUARTILE,), values=(0.0, 1.0))


@dataclass(frozen=True)
class _Moments:
    """Means of the parts, their covariances with the features, and those among them."""

    mean: np.ndarray
    with_features: np.ndarray
    among: np.ndarray

    @classmethod
    def of(
        cls, columns: Columns, latent: Root, bends: list[Bend], products: list[Product]
    ) -> _Moments:
        r"""Moments from those of the variables.

        Of a function with the Hermite coefficient :math:`a_2`, the covariance with a product of two
        variables is :math:`\sqrt 2 a_2` times its correlations with both; two products have
        :math:`\rho_{ac} \rho_{bd} + \rho_{ad} \rho_{bc}` (Isserlis 1918).
        """
        p, each, variable = len(columns.shape), columns.of_each(), columns.variable.tolist()
        shapes = [*each, *(b.bent for b in bends)]
        both = Columns.of(
            list(zip([*variable, *(variable[b.feature] for b in bends)], shapes, strict=True))
        )
        relation = both.covariance(latent, slice(p, None)).toarray()
        if not products:
            return cls(both.mean[p:], relation[:, :p], relation[:, p:])
        second = np.array([coefficients(shape, 3)[2] for shape in both.shapes])[both.shape]
        first_with, second_with = (
            _correlations(latent, [variable[q.features[i]] for q in products]) for i in (0, 1)
        )
        own = np.sqrt(2) * second * first_with[:, both.variable] * second_with[:, both.variable]
        ends = np.array([[variable[j] for j in q.features] for q in products])
        a, b = ends.T
        crossed = first_with[:, a] * second_with[:, b] + first_with[:, b] * second_with[:, a]
        return cls(
            np.concatenate([both.mean[p:], first_with[np.arange(len(b)), b]]),
            np.vstack([relation[:, :p], own[:, :p]]),
            np.block([[relation[:, p:], own[:, p:].T], [own[:, p:], crossed]]),
        )


def _correlations(latent: Root, variables: list[int]) -> np.ndarray:
    """Correlations of some variables with all."""
    rows = sparse.csr_array(latent) if sparse.issparse(latent) else np.asarray(latent)
    found = rows[variables] @ rows.T
    return np.asarray(found.toarray() if sparse.issparse(found) else found)
