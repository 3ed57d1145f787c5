"""A response of two classes, zero and one, whose log-odds are the linear predictor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from normwise.data.response_kind import ResponseKind, register

if TYPE_CHECKING:
    from normwise.data.population import Population

# of the noise of the latent response, which is positive for a one
LOGISTIC_VARIANCE = math.pi**2 / 3


@register
class Binary(ResponseKind):
    """Zeros and ones."""

    name = "binary"
    classes = (0, 1)
    noise_var = LOGISTIC_VARIANCE

    def recognises(self, y: np.ndarray) -> bool:
        """Whether there are zeros and ones only."""
        return bool(np.isin(y, self.classes).all())

    def draw(
        self, noise: str, truth: Population, predictor: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw a one with the probability that the log-odds say."""
        return (rng.random(len(predictor)) < expit(predictor)).astype(float)
