"""The files of the study: written whole or not at all, and never able to run code."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_atomic(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary neighbour of ``path``, then move it into place."""
    with being_written(path) as partial:
        write(partial)


@contextlib.contextmanager
def being_written(path: str | Path) -> Iterator[Path]:
    """Temporary neighbour of ``path`` to fill, moved into place at the end."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def save_arrays(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write an ``.npz`` file of plain arrays."""

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomic(path, write)


def load_arrays(path: str | Path) -> np.lib.npyio.NpzFile:
    """Open an ``.npz`` file; arrays are read when asked for, pickles are refused."""
    return np.load(path, allow_pickle=False)


@contextlib.contextmanager
def log_to(
    path: str | Path, told: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Send warnings and the traceback of a job that fails to its log file.

    Parameters
    ----------
    path : path
    told : type or tuple of types
        Errors of the user's data: their message takes the place of the traceback, and ends the
        job on the terminal too.
    """
    with Path(path).open("w", encoding="utf-8") as log, contextlib.redirect_stderr(log):
        try:
            yield
        except told as error:
            print(error, file=log)
            sys.exit(str(error))
        except BaseException:
            traceback.print_exc(file=log)
            raise


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file whole."""
    write_atomic(path, lambda partial: partial.write_text(text, encoding="utf-8"))
