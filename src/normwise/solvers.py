"""Regularisation paths with certificates."""

from __future__ import annotations

import numpy as np

from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import prediction_loss
from normwise.fitting.solvers.problem import CrossValidation, Path, Problem

__all__ = [
    "CrossValidation",
    "NoSolutionError",
    "Path",
    "Problem",
    "fit_path",
    "prediction_loss",
]


def fit_path(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, l1_ratio: float, response: str
) -> Path:
    """Path on features as they are; see `Problem.path`."""
    return Problem(X, y, response, standardize=False).path(alphas, l1_ratio)
