"""Compilation by numba, kept on the disk where there is a place for it.

numba keeps compiled code beside the source, or else in a folder of the user's, and refuses to
begin if it may write to neither. Without a place, each process compiles what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as `numba.njit` does, with a cache if one can be kept.

    Parameters
    ----------
    **options
        Options of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:
            # "no locator available": nowhere to write
            return numba.njit(**options)(function)

    return decorate
