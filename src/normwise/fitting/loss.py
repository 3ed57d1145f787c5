r"""What is minimised: the loss of each kind of response.

With the linear predictor :math:`\eta`, a row's loss is
:math:`\ell(y, \eta) = A(\eta) - y\eta + c(y)`. Its slope is :math:`A'(\eta) - y`, the mean that
the predictor stands for minus the response, and its curvature :math:`A''(\eta)` is the variance
at that mean. A loss is a class with the name of its response. Those of this package lie in
modules named like them in `normwise.fitting.losses`.
"""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar, Protocol

import numpy as np

import normwise.fitting.losses as members
from normwise.data.response_kind import RESPONSES


def weighted_mean(values: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Mean along the last axis, of weights that have the shape of the values or broadcast to it."""
    if weight is None:
        return np.asarray(values.mean(axis=-1))
    return np.asarray((values * weight).sum(axis=-1) / weight.sum(axis=-1))


class Risk(Protocol):
    """Population loss of linear predictors on the original scale."""

    def __call__(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Loss of each of (n_alphas, n_features) coefficients."""
        ...


class Loss:
    """The loss of one kind of response, as a function of the linear predictor.

    Attributes
    ----------
    name : str
        Name of the response in the config and the tables.
    label : str
        In figures, in messages and on the page.
    unit : str
        Unit of the risk of simulated data.
    quadratic : bool
        Whether the curvature is one everywhere: a linear system then solves a problem, and means
        and products say all about its rows.
    has_limit : bool
        Whether there is a fit without a penalty whatever the data, as the limit of ever weaker
        ones.
    generalised : bool
        Whether a problem is one of `normwise.fitting.solvers.outputs`: of counts, which may have
        offsets, or of several classes.
    decomposes : bool
        Whether the risk is the sum of squared bias, variance and noise.
    factor : float
        Units in which errors are reported, in one of what is minimised.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str]
    quadratic: ClassVar[bool] = False
    has_limit: ClassVar[bool] = False
    generalised: ClassVar[bool] = False
    decomposes: ClassVar[bool] = False
    factor: ClassVar[float] = 1.0

    def cumulant(self, predictor: np.ndarray) -> np.ndarray:
        r""":math:`A(\eta)`, the part of the loss that is the same for every response."""
        raise NotImplementedError

    def mean_of(self, predictor: np.ndarray) -> np.ndarray:
        r""":math:`A'(\eta)`, the mean of the response."""
        raise NotImplementedError

    def predictor_of(self, mean: np.ndarray) -> np.ndarray:
        """The linear predictor of a mean, the inverse of `mean_of`."""
        raise NotImplementedError

    def variance(self, mean: np.ndarray) -> np.ndarray:
        r""":math:`A''`, as a function of the mean."""
        raise NotImplementedError

    def slope(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Derivative by the predictor."""
        return self.mean_of(predictor) - y

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        """Second derivative by the predictor."""
        return self.variance(self.mean_of(predictor))

    def each(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Loss of each row in the units in which errors are reported."""
        return self.cumulant(predictor) - y * predictor

    def expected_each(self, mean: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Expected loss of rows whose responses have these means, in the units of `each`.

        Up to a part that no predictor changes.
        """
        return np.asarray(self.factor * (self.cumulant(predictor) - mean * predictor))

    def expected_normal(
        self, true_mean: float, true_var: float, mean: np.ndarray, var: np.ndarray, cov: np.ndarray
    ) -> np.ndarray | None:
        """Expectation of `expected_each` for jointly normal true and fitted predictors.

        None where it has no formula.
        """
        return None

    def value(
        self, y: np.ndarray, predictor: np.ndarray, weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Mean of `each` along the last axis."""
        each = self.each(y, predictor)
        return np.asarray(each.mean(axis=-1) if weight is None else each @ weight / weight.sum())

    def null_value(self, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Value of the best constant, along the last axis; weights have the shape of y."""
        raise NotImplementedError

    def objective(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Mean loss that is minimised, for predictors of shape (n_alphas, n_samples)."""
        return self.value(y, predictor)

    def null_objective(self, y: np.ndarray, mean: float) -> float:
        """Objective of one mean for all rows, the unit of duality gaps: that of y, or of η = 0."""
        raise NotImplementedError

    def conjugate(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        r""":math:`\sup_\eta\, s\eta - \ell(y, \eta)` at each slope s; infinite where unbounded."""
        raise NotImplementedError

    def dual(self, y: np.ndarray, theta: np.ndarray, shrink: np.ndarray) -> np.ndarray:
        """What `theta` times each of ``shrink`` contributes to the dual value of a problem.

        Parameters
        ----------
        y : ndarray of shape (n_samples,)
        theta : ndarray of shape (n_alphas, n_samples)
            Minus a slope, or a point near it.
        shrink : ndarray of shape (n_alphas,)
        """
        return -self.conjugate(y, -(theta * shrink[:, None])).mean(axis=1)

    def balanced(self, y: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """A point near ``theta`` of shape (n_alphas, n_samples) whose rows sum to zero.

        A free intercept asks for that; the conjugate stays finite.
        """
        raise NotImplementedError

    def refuse_null(self, mean: float) -> None:
        """Raise NoSolutionError if no finite intercept has this mean of y."""

    def refuse_limit(self, X: np.ndarray, y: np.ndarray) -> None:
        """Raise NoSolutionError if there is no finite fit without a penalty."""


LOSSES: dict[str, Loss] = {}


def register(kind: type[Loss]) -> type[Loss]:
    """Class decorator that makes a loss known by the name of its response."""
    LOSSES[kind.name] = kind()
    return kind


def loss_of(response: str) -> Loss:
    """The loss of a kind of response.

    Raises
    ------
    ValueError
        If there is none.
    """
    if response not in LOSSES:
        if response not in RESPONSES:
            raise ValueError(f"response {response!r} is unknown: give {' or '.join(RESPONSES)}")
        import_module(f"{members.__name__}.{response}")
    return LOSSES[response]


def prediction_loss(
    y: np.ndarray, predictor: np.ndarray, response: str, weight: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared error, or mean log-loss, along the last axis."""
    return loss_of(response).value(y, predictor, weight)
