"""Data that cannot be used. Like all modules of this name, outside of every digest of code."""

from __future__ import annotations

from pathlib import Path


class ExtensionError(ValueError):
    """A file that cannot be used as an extension."""


class DataFileError(ValueError):
    """A data file that does not keep the contract, with its path and what is wrong."""

    def __init__(self, path: str | Path, what: str):
        super().__init__(path, what)

    def __str__(self) -> str:
        return "{}: {}".format(*self.args)


class InputError(ValueError):
    """Data that cannot be used, with the place, the value and what would be right."""


# what is wrong with the data, not with the code
UNUSABLE = (InputError, ExtensionError, DataFileError)
