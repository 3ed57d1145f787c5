r"""What of a signal no linear predictor explains.

Relevant features add the square of their variable, or a threshold, in turn. Their sum, less its
linear regression on all features in the population, has mean zero and is uncorrelated with each, so
that the coefficients of the scenario stay those of the best linear predictor, and the excess
squared error over it stays :math:`(b-\beta)^T \Sigma (b-\beta)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import ndtri

from normwise.data.copula import INVERSE, Columns, Shape
from normwise.data.covariance import Root

# the features of largest effect carry it
MOST_PARTS = 20
QUARTILE = float(ndtri(0.75))


@dataclass(frozen=True)
class Misfit:
    """The part of a signal that is uncorrelated with all features.

    Attributes
    ----------
    carriers : ndarray of int, shape (n_parts,)
        The features that it is made of.
    shapes : tuple of Shape
        Their functions of their variables.
    parts : tuple of Shape
        What it has of them, functions of the same variables.
    weights : ndarray of shape (n_parts,)
    coef : ndarray of shape (n_features,)
        Of its linear regression on all features, which is taken off.
    mean : float
        What is taken off, so that the mean is zero.
    variance : float
    """

    carriers: np.ndarray
    shapes: tuple[Shape, ...]
    parts: tuple[Shape, ...]
    weights: np.ndarray
    coef: np.ndarray
    mean: float
    variance: float

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Value of each row of features."""
        found = -self.mean - X @ self.coef
        for j, shape, part, weight in zip(
            self.carriers, self.shapes, self.parts, self.weights, strict=True
        ):
            found += weight * _value(part, shape, X[:, j])
        return np.asarray(found)


def _value(part: Shape, shape: Shape, x: np.ndarray) -> np.ndarray:
    """Value of a part, given the feature in place of its variable."""
    if part.name:
        return part(INVERSE[shape.name](x))
    # the feature grows with its variable
    return np.asarray(part.values)[np.searchsorted(shape(np.asarray(part.cuts)), x)]


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
    p, each = len(coef), columns.of_each()
    shapes = tuple(each[j] for j in carriers)
    parts = tuple(_bent(shape, even=i % 2 == 0) for i, shape in enumerate(shapes))
    added = Columns.of(list(zip(columns.variable[carriers].tolist(), parts, strict=True)))
    both = Columns.of(
        list(
            zip(
                [*columns.variable.tolist(), *added.variable.tolist()], [*each, *parts], strict=True
            )
        )
    )
    relation = both.covariance(latent, slice(p, None))
    weights = (size[carriers] if size[carriers].any() else 1.0) / np.sqrt(added.variance)
    with_features = weights @ relation[:, :p]
    sigma = root @ root.T
    sigma = sigma.toarray() if sparse.issparse(sigma) else sigma
    linear = np.linalg.solve(sigma, with_features)
    left = weights @ (relation[:, p:] @ weights) - with_features @ linear
    scale = np.sqrt(variance / left)
    mean = weights @ added.mean - columns.mean @ linear
    return Misfit(
        carriers, shapes, parts, scale * weights, scale * linear, float(scale * mean), variance
    )


def _carriers(columns: Columns, size: np.ndarray) -> np.ndarray:
    """Features with more than two values: the relevant ones, or any if none of those has."""
    numeric = np.array([s.n_values is None or s.n_values > 2 for s in columns.of_each()])
    relevant = np.flatnonzero(numeric & (size > 0))
    found = relevant if len(relevant) else np.flatnonzero(numeric)
    return np.sort(found[np.argsort(-size[found], kind="stable")[:MOST_PARTS]])


def _bent(shape: Shape, even: bool) -> Shape:
    """A function of a feature that is not linear in it, one of two."""
    if not shape.name:
        # whether a count is more than its least value
        return Shape(cuts=shape.cuts[:1], values=(0.0, 1.0))
    if even and shape.name in INVERSE:
        return Shape("square")
    return Shape(cuts=(-QUARTILE if even else QUARTILE,), values=(0.0, 1.0))
