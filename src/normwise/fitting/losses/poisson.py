"""The Poisson deviance of counts, whose logarithm of the mean is the linear predictor."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Loss, register, weighted_mean


@register
class PoissonDeviance(Loss):
    r""":math:`2(y \log(y/\mu) - y + \mu)` with :math:`\mu = e^\eta`; half of it is minimised."""

    name = "poisson"
    label = "Poisson deviance"
    unit = "deviance"
    generalised = True
    factor = 2.0

    def cumulant(self, predictor: np.ndarray) -> np.ndarray:
        """The mean."""
        return np.exp(predictor)

    def mean_of(self, predictor: np.ndarray) -> np.ndarray:
        """Exponential of the predictor."""
        return np.asarray(np.exp(predictor))

    def predictor_of(self, mean: np.ndarray) -> np.ndarray:
        """Logarithm of the mean."""
        return np.asarray(np.log(mean))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """The mean itself."""
        return mean

    def each(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Deviance of each row."""
        with np.errstate(over="ignore"):
            mean = np.exp(predictor)
        return np.asarray(2 * (xlogy(y, y) - y * predictor - y + mean))

    def expected_normal(
        self, true_mean: float, true_var: float, mean: np.ndarray, var: np.ndarray, cov: np.ndarray
    ) -> np.ndarray | None:
        """See `Loss.expected_normal`: moments of the lognormal law, and Stein's lemma."""
        count = np.exp(true_mean + true_var / 2)
        with np.errstate(over="ignore"):
            own = np.exp(mean + var / 2)
        return np.asarray(self.factor * (own - count * (mean + cov)))

    def null_value(self, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Deviance of the mean, along the last axis."""
        mean = weighted_mean(y, weight)
        return np.asarray(2 * (weighted_mean(xlogy(y, y), weight) - xlogy(mean, mean)))

    def objective(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Half the mean deviance."""
        return self.value(y, predictor) / 2

    def null_objective(self, y: np.ndarray, mean: float) -> float:
        """Half the deviance of one mean for all rows, or 1 if there is none."""
        predictor = np.full(len(y), self.predictor_of(np.asarray(mean)))
        found = float(self.value(y, predictor)) / 2
        return found if found > 1e-12 * max(mean, 1e-300) else 1.0

    def conjugate(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """That of half the deviance: infinite where a mean would be negative."""
        mean = slope + y
        own = xlogy(mean, mean) - mean - xlogy(y, y) + y
        return np.where(mean < 0, np.inf, own)

    def balanced(self, y: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """See `Loss.balanced`: the means are scaled to the sum of the counts."""
        mean = y - theta
        return y - mean * (y.sum() / mean.sum(axis=1))[:, None]

    def refuse_null(self, mean: float) -> None:
        """See `Loss.refuse_null`: counts of zero alone have no finite logarithm of their mean."""
        if not mean > 0:
            raise NoSolutionError("all counts are zero")

    def refuse_limit(self, X: np.ndarray, y: np.ndarray) -> None:
        """See `Loss.refuse_limit`: rows without a count that can be told apart have no mean."""
        # scipy's linear programs: loaded when used
        from normwise.fitting.solvers.separation import zeros_are_separable

        if zeros_are_separable(X, y):
            raise NoSolutionError("rows without a count are linearly separable from all others")
