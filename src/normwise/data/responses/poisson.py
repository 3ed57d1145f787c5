"""A response that counts, whose mean is the exponential of the linear predictor."""

from __future__ import annotations

import numpy as np

from normwise.data.response_kind import ResponseKind, register


@register
class Poisson(ResponseKind):
    """Numbers of events: zero or more."""

    name = "poisson"
    takes_offset = True

    def needed(self, y: np.ndarray) -> list[np.ndarray]:
        """Those with events: the logarithm of a mean of zero is not finite."""
        return [y > 0]
