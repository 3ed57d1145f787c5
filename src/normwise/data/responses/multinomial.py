"""A response of several classes, each with a linear predictor."""

from __future__ import annotations

import numpy as np

from normwise.data.response_kind import ResponseKind, register


@register
class Multinomial(ResponseKind):
    """Numbers of classes, from zero on."""

    name = "multinomial"
    # how many there are, the data say
    classes = (0, 1, 2)
    each_class_has_one = True

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of the rows of each class."""
        return [y == value for value in np.unique(y)]
