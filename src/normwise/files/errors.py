"""Files that cannot be written or read, packages that are missing, and the words for it.

Modules named ``errors`` hold exceptions and what they tell people. No number depends on them, and
no digest of code has them in it: a rewording re-runs nothing.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

# what a disk or a file system refuses, and what helps
REASONS = {
    errno.ENOSPC: "the disk is full: free space there (`df -h` shows how much is left)",
    errno.EDQUOT: "the disk quota is used up: free space there, or ask for more",
    errno.EFBIG: "the file is larger than allowed here: raise the limit (`ulimit -f`), or set a "
    "smaller max_chunk_mb in the config",
    errno.EROFS: "the file system is read-only: mount it for writing, or choose another folder",
    errno.EACCES: "there is no permission: change that of the folder, or choose another one",
    errno.EPERM: "there is no permission: change that of the folder, or choose another one",
    errno.EIO: "the disk reports an error: look at the system's log (`dmesg`), and use another one",
    errno.ESTALE: "the network file system has lost the file: wait until it is back",
}
RESUME = "Then give the same command again: files that are finished are kept and not made anew."


class StorageError(OSError):
    """A file that cannot be written, for a reason outside of the study."""


class DamagedFileError(ValueError):
    """A file that is not what the study wrote."""

    def __init__(self, path: str | Path, what: object):
        super().__init__(path, what)

    def __str__(self) -> str:
        path, what = self.args
        return (
            f"{path}: is damaged ({what}). Delete this file and give the same command again: it "
            "is made anew, with what depends on it, and all else is kept."
        )


def refusal(error: BaseException | None, path: str | Path | None = None) -> str | None:
    """What to tell about a file that could not be written; None for any other error."""
    while error is not None and not (isinstance(error, OSError) and error.errno in REASONS):
        # the zip and image libraries stumble once more over what went wrong before
        error = error.__context__
    if error is None:
        return None
    assert isinstance(error, OSError) and error.errno is not None
    path = path or error.filename or "a file"
    return f"{path}: cannot be written; {REASONS[error.errno]}. {RESUME}"


class MissingExtraError(ModuleNotFoundError):
    """A package that an extra of normwise would have installed."""

    def __init__(self, module: str, extra: str):
        super().__init__(module, extra, name=module)

    def __str__(self) -> str:
        module, extra = self.args
        return f'{module} is not installed, which this needs: pip install "normwise[{extra}]"'


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


class BusyError(RuntimeError):
    """A results folder in which another run is at work."""
