"""The log-loss of zeros and ones, whose log-odds are the linear predictor."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, xlogy

from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Loss, register, weighted_mean


def _probability(predictor: np.ndarray) -> np.ndarray:
    # written as in the compiled solver, whose solutions are certified with it
    return np.asarray(1 / (1 + np.exp(-predictor)))


def _entropy(share: np.ndarray) -> np.ndarray:
    return np.asarray(-xlogy(share, share) - xlogy(1 - share, 1 - share))


@register
class LogLoss(Loss):
    r""":math:`\log(1 + e^\eta) - y\eta`, minus the logarithm of the class's probability."""

    name = "binary"
    label = "log-loss"
    unit = "nats"

    def cumulant(self, predictor: np.ndarray) -> np.ndarray:
        """Soft maximum of the predictor and zero."""
        return np.logaddexp(0, predictor)

    def mean_of(self, predictor: np.ndarray) -> np.ndarray:
        """Probability of a one."""
        return np.asarray(expit(predictor))

    def predictor_of(self, mean: np.ndarray) -> np.ndarray:
        """Log-odds."""
        return np.asarray(np.log(mean / (1 - mean)))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """Variance of a zero or one."""
        return mean * (1 - mean)

    def slope(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Probability of a one, minus what came."""
        return _probability(predictor) - y

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        """At most one quarter."""
        return self.variance(_probability(predictor))

    def null_value(self, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Entropy of the classes."""
        return _entropy(weighted_mean(y, weight))

    def objective(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Mean log-loss."""
        return self.cumulant(predictor).mean(axis=1) - predictor @ y / len(y)

    def null_objective(self, y: np.ndarray, mean: float) -> float:
        """Entropy of the classes, or of two that are equally likely."""
        return float(_entropy(np.asarray(mean)))

    def conjugate(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Minus the entropy of the slope's size, which is a probability."""
        share = np.abs(slope)
        outside = (slope < -y) | (slope > 1 - y)
        with np.errstate(invalid="ignore"):
            return np.where(outside, np.inf, xlogy(share, share) + xlogy(1 - share, 1 - share))

    def balanced(self, y: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """See `Loss.balanced`: the heavier class is shrunk."""
        balanced = theta.copy()
        positive, negative = theta[:, y == 1].sum(axis=1), -theta[:, y == 0].sum(axis=1)
        common = np.minimum(positive, negative)
        balanced[:, y == 1] *= (common / positive)[:, None]
        balanced[:, y == 0] *= (common / negative)[:, None]
        return balanced

    def refuse_null(self, mean: float) -> None:
        """See `Loss.refuse_null`: one class alone has infinite log-odds."""
        if not 0 < mean < 1:
            raise NoSolutionError("only one class occurs")

    def refuse_limit(self, X: np.ndarray, y: np.ndarray) -> None:
        """See `Loss.refuse_limit`: between separable classes the coefficients grow without end."""
        # scipy's linear programs: loaded when used
        from normwise.fitting.solvers.separation import is_separable

        if is_separable(X, y):
            raise NoSolutionError("the classes are linearly separable")
