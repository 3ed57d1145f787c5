"""The files of the study: written whole or not at all, checked when read, never able to run code.

A study that is killed at any moment goes on when the same command is given again. For that, a file
has its final name only when all of it is on the disk, what was left half done is never read, and
one run at a time works in a results folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from normwise.files.errors import StorageError, refusal


def _sync_folder(folder: Path) -> None:
    # some file systems have no folders that can be synced
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def being_written(path: str | Path) -> Iterator[Path]:
    """Temporary neighbour of ``path`` to fill, moved into place at the end.

    After a power cut, ``path`` is what it was before or all that was written, never a part.

    Raises
    ------
    StorageError
        If the disk is full, read-only, broken or forbidden; ``path`` is then as before.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # a link of that name would be written through
        partial.unlink(missing_ok=True)
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
        _sync_folder(path.parent)
    except Exception as error:
        reason = refusal(error, path)
        if reason is None:
            raise
        raise StorageError(reason) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_atomic(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary neighbour of ``path``, as in `being_written`."""
    with being_written(path) as partial:
        write(partial)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file whole."""
    write_atomic(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def sha256(path: str | Path) -> str:
    """Digest of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
