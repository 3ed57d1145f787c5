"""Squared error. What is minimised is half of it."""

from __future__ import annotations

import numpy as np

from normwise.fitting.loss import Loss, register, weighted_mean


@register
class SquaredError(Loss):
    r""":math:`(y - \eta)^2`, whose half has the slope :math:`\eta - y` and the curvature 1."""

    name = "gaussian"
    label = "squared error"
    unit = "noise variance = 1"
    quadratic = True
    has_limit = True
    decomposes = True
    factor = 2.0

    def cumulant(self, predictor: np.ndarray) -> np.ndarray:
        """Half the square."""
        return predictor**2 / 2

    def mean_of(self, predictor: np.ndarray) -> np.ndarray:
        """The predictor itself."""
        return predictor

    def predictor_of(self, mean: np.ndarray) -> np.ndarray:
        """The mean itself."""
        return mean

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """One, in units of the noise."""
        return np.ones_like(mean)

    def each(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Squared error of each row."""
        return np.asarray((y - predictor) ** 2)

    def null_value(self, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Variance along the last axis."""
        if weight is None:
            return np.asarray(y.var(axis=-1))
        return weighted_mean((y - weighted_mean(y, weight)[..., None]) ** 2, weight)

    def objective(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Half the mean squared error."""
        return np.asarray(((y - predictor) ** 2).sum(axis=1) / (2 * len(y)))

    def null_objective(self, y: np.ndarray, mean: float) -> float:
        """Half the mean square about the mean, or 1 if there is no variation."""
        centred = y - mean
        return float(centred @ centred / (2 * len(y))) or 1.0

    def conjugate(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """A parabola through zero."""
        return slope * y + slope**2 / 2

    def dual(self, y: np.ndarray, theta: np.ndarray, shrink: np.ndarray) -> np.ndarray:
        """See `Loss.dual`: two sums over the rows serve every factor."""
        linear, square = theta @ y, (theta**2).sum(axis=1)
        return np.asarray((shrink * linear - shrink**2 * square / 2) / len(y))

    def balanced(self, y: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """See `Loss.balanced`: the mean is taken out."""
        return theta - theta.mean(axis=1, keepdims=True)
