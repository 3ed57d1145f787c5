"""The files of the study: written whole or not at all, and never able to run code."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_atomic(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary neighbour of ``path``, then move it into place."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        write(partial)
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


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file whole."""
    write_atomic(path, lambda partial: partial.write_text(text, encoding="utf-8"))
