"""A response that counts, whose mean is the exponential of the linear predictor."""

from __future__ import annotations

from normwise.data.response_kind import ResponseKind, register


@register
class Poisson(ResponseKind):
    """Numbers of events: zero or more."""

    name = "poisson"
