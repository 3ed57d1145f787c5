"""Losses by the kind of response."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Risk(Protocol):
    """Population loss of linear predictors on the original scale."""

    def __call__(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Loss of each of (n_alphas, n_features) coefficients."""
        ...


def prediction_loss(
    y: np.ndarray, predictor: np.ndarray, response: str, weight: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared error, or mean log-loss, along the last axis."""
    if response == "binary":
        each = np.logaddexp(0, predictor) - y * predictor
    else:
        each = (y - predictor) ** 2
    return np.asarray(each.mean(axis=-1) if weight is None else each @ weight / weight.sum())
