"""Compilation by numba, kept on the disk where there is a place for it.

numba keeps compiled code beside the source, or else in a folder of the user's, and refuses to
begin if it may write to neither. Without a place, each process compiles what it needs.

Compiled code holds copies of the functions that it calls, and numba's cache notices a change of the
file that a function is in, and of no other. So what is kept here is also marked with the text of
all solvers, which may call each other's functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba


@cache
def _solvers_digest() -> str:
    """Digest of the text of all solvers."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as `numba.njit` does, with a cache if one can be kept.

    Parameters
    ----------
    **options
        Options of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            compiled = numba.njit(cache=True, **options)(function)
            file = compiled._cache._cache_file
            file._source_stamp = (file._source_stamp, _solvers_digest())
        except (RuntimeError, AttributeError):
            # "no locator available": nowhere to write; or a numba whose cache cannot be marked
            return numba.njit(**options)(function)
        return compiled

    return decorate
