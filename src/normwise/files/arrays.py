"""Arrays in ``.npz`` files, with a digest of each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from normwise.files.errors import DamagedFileError
from normwise.files.whole import write_atomic

# how a broken .npz file shows, besides as ValueError
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, OSError)
# the array that holds the digests of the others
DIGESTS = "digests"


def array_digest(name: str, array: np.ndarray) -> str:
    """Digest of an array's name, kind, shape and bytes in the order in which they are stored."""
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        stored = array.T
    else:
        stored = np.ascontiguousarray(array)
    digest = hashlib.blake2b(f"{name} {array.dtype.str} {array.shape}".encode(), digest_size=16)
    if stored.nbytes:
        digest.update(stored.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def save_arrays(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write an ``.npz`` file of plain arrays, with a digest of each."""
    kept = {name: np.asanyarray(array) for name, array in arrays.items()}
    if DIGESTS in kept:
        raise ValueError(f"{path}: an array cannot be called '{DIGESTS}'")
    # before anything is digested
    objects = [name for name, array in kept.items() if array.dtype.hasobject]
    if objects:
        raise ValueError(f"{path}: array '{objects[0]}' holds objects, which only a pickle stores")
    digests = {name: array_digest(name, array) for name, array in kept.items()}

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **kept, **{DIGESTS: np.array(json.dumps(digests))})

    write_atomic(path, write)


class Arrays(np.lib.npyio.NpzFile):
    """An open ``.npz`` file: an array is read, and held against its digest, when asked for.

    A file of the user's has no digests, and its arrays are taken as they are.
    """

    def __init__(self, path: str | Path, *, ours: bool = False):
        self.path = path
        self.digests: dict[str, str] | None = None
        with contextlib.ExitStack() as closing:
            file = closing.enter_context(Path(path).open("rb"))
            super().__init__(file, own_fid=True, allow_pickle=False)
            if DIGESTS in self.files:
                self.digests = self._read_digests()
                self.files.remove(DIGESTS)
                if set(self.files) != set(self.digests):
                    raise DamagedFileError(path, "arrays are missing or were added")
            elif ours:
                raise DamagedFileError(path, "it has no digests: this version did not write it")
            closing.pop_all()

    def __getitem__(self, key: str) -> np.ndarray:
        if self.digests is None:
            return np.asarray(super().__getitem__(key))
        if key not in self.digests:
            raise KeyError(f"{key} is not a file in the archive")
        array = np.asarray(self._read(key))
        if array_digest(key, array) != self.digests[key]:
            raise DamagedFileError(self.path, f"array '{key}' differs from its digest")
        return array

    def _read(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except (ValueError, *BROKEN) as error:
            raise DamagedFileError(self.path, f"array '{key}' cannot be read: {error}") from error

    def _read_digests(self) -> dict[str, str]:
        try:
            return dict(json.loads(str(self._read(DIGESTS))))
        except (ValueError, TypeError) as error:
            if isinstance(error, DamagedFileError):
                raise
            raise DamagedFileError(self.path, "its digests cannot be read") from error


def load_arrays(path: str | Path, *, ours: bool = False) -> Arrays:
    """Open an ``.npz`` file; arrays are read when asked for, pickles are refused.

    Parameters
    ----------
    path : path
    ours : bool
        Whether the workflow wrote it and nobody else may have, so that it must have digests.

    Raises
    ------
    DamagedFileError
        If it is not whole or, here and when an array is read, not what was written.
    """
    try:
        return Arrays(path, ours=ours)
    except (FileNotFoundError, PermissionError, IsADirectoryError, DamagedFileError):
        raise
    except (ValueError, *BROKEN) as error:
        raise DamagedFileError(path, f"not a whole .npz file: {error}") from error
