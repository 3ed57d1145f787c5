"""The log-loss of several classes, with a linear predictor for each (softmax)."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax, xlogy

from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Loss, register, weighted_mean


@register
class MultinomialLogLoss(Loss):
    r""":math:`\log \sum_k e^{\eta_k} - \eta_y`, minus the logarithm of the class's probability.

    A response holds the numbers of the classes from 0 on. Predictors have the classes as last axis
    but one: shape (..., n_classes, n_samples). None of the classes is the base of the others.
    """

    name = "multinomial"
    label = "log-loss"
    unit = "nats"
    generalised = True

    def cumulant(self, predictor: np.ndarray) -> np.ndarray:
        """Soft maximum over the classes."""
        # scipy's logsumexp takes several times as long, for infinities that no predictor has
        most = predictor.max(axis=-2)
        return np.asarray(np.log(np.exp(predictor - most[..., None, :]).sum(axis=-2)) + most)

    def mean_of(self, predictor: np.ndarray) -> np.ndarray:
        """Probabilities of the classes."""
        return np.asarray(softmax(predictor, axis=-2))

    def each(self, y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """Log-loss of each row."""
        own = np.take_along_axis(predictor, y.astype(int)[(None,) * (predictor.ndim - 1)], axis=-2)
        return np.asarray(self.cumulant(predictor) - own[..., 0, :])

    def expected_each(self, mean: np.ndarray, predictor: np.ndarray) -> np.ndarray:
        """See `Loss.expected_each`: the cross-entropy of the probabilities."""
        return np.asarray(self.cumulant(predictor) - (mean * predictor).sum(axis=-2))

    def refuse_limit(self, X: np.ndarray, y: np.ndarray) -> None:
        """See `Loss.refuse_limit`: between separable classes the coefficients grow without end."""
        # scipy's linear programs: loaded when used
        from normwise.fitting.solvers.separation import is_separable

        if is_separable(X, y):
            raise NoSolutionError("the classes are linearly separable")

    def null_value(self, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Entropy of the classes, along the last axis."""
        own = (y == value for value in range(int(y.max()) + 1))
        share = np.array([weighted_mean(rows, weight) for rows in own])
        return np.asarray(-xlogy(share, share).sum(axis=0))
