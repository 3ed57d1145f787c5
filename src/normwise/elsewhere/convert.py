"""Strengths to a tool's arguments and back, from numbers alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from normwise.data.errors import InputError
from normwise.elsewhere.model import penalty_of
from normwise.elsewhere.tools import tool_named


def arguments_of(
    tool: str,
    response: str = "gaussian",
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    n: int | None = None,
    sd_y: float | None = None,
    mean_y: float | None = None,
    mean_exposure: float = 1.0,
    own_scaling: bool = False,
) -> dict[str, float]:
    """What a tool is given for a penalty on standardised columns.

    Parameters
    ----------
    tool : str
        Name of a tool.
    response : {"gaussian", "binary", "poisson", "multinomial"}
    l1, l2 : float
        Strengths, see `normwise.elsewhere.model`.
    n : int, optional
        Rows, where the tool's arguments depend on them.
    sd_y, mean_y : float, optional
        Standard deviation of y with divisor n, and mean of y, where they do.
    mean_exposure : float
        Mean of the exposures of counts.
    own_scaling : bool
        Whether the tool scales the columns itself, by its own standard deviation; otherwise it is
        given columns that are standardised with divisor n.

    Returns
    -------
    dict of str to float
        By name of the argument.

    Raises
    ------
    InputError
        If the tool cannot fit such a model, with the reason; if strengths are no penalty; if a
        number is missing.
    """
    return tool_named(tool).arguments(
        response,
        l1,
        l2,
        penalty_of(l1, l2),
        _given(n, sd_y, mean_y, mean_exposure),
        own_scaling=own_scaling,
    )


def strengths_of(
    tool: str,
    arguments: Mapping[str, float],
    response: str = "gaussian",
    penalty: str | None = None,
    *,
    n: int | None = None,
    sd_y: float | None = None,
    mean_y: float | None = None,
    mean_exposure: float = 1.0,
    own_scaling: bool = False,
) -> tuple[float, float]:
    """What a tool's arguments mean: strengths of the L1 and of the L2 part.

    Parameters
    ----------
    tool : str
    arguments : mapping of str to float
        By name; ``lambda`` may stand for ``lambda_``.
    response : str
    penalty : {"l1", "l2", "elastic_net"}, optional
        Where an argument of the same name means one thing for L1 and another for L2.
    n, sd_y, mean_y, mean_exposure, own_scaling
        As for `arguments_of`.

    Returns
    -------
    tuple of float
        l1 and l2, on columns that are standardised with divisor n.

    Raises
    ------
    InputError
        If the tool has no such arguments, or if a number is missing or impossible.
    """
    known = tool_named(tool)
    names = {name for call in known.calls.values() for name in call.arguments}
    renamed = {
        name if name in names or f"{name}_" not in names else f"{name}_": float(value)
        for name, value in arguments.items()
    }
    return known.strengths(
        response,
        renamed,
        _given(n, sd_y, mean_y, mean_exposure),
        penalty=penalty,
        own_scaling=own_scaling,
    )


def _given(
    n: int | None, sd_y: float | None, mean_y: float | None, mean_exposure: float
) -> dict[str, float]:
    given = {"n": n, "sd": sd_y, "mean": mean_y, "exposure": mean_exposure}
    for name, value in given.items():
        if value is not None and not 0 < value < np.inf:
            raise InputError(f"{name} is {value:g}: give a finite number above 0")
    return {name: float(value) for name, value in given.items() if value is not None}
