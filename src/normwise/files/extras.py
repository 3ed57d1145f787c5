"""Packages that are installed with an extra: imported, or the extra that brings them is named."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from normwise.files.errors import MissingExtraError


@contextlib.contextmanager
def from_extra(extra: str) -> Iterator[None]:
    """Let an import that fails for want of a package say which extra to install.

    Raises
    ------
    MissingExtraError
        If a package that is imported inside is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # a module of ours that is missing is a mistake in the program
        if error.name is None or error.name.partition(".")[0] == "normwise":
            raise
        raise MissingExtraError(error.name, extra) from error
