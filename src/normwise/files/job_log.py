"""The log of one job, and what it says when memory or disk run out."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from normwise.files.errors import RESUME, BusyError, DamagedFileError, StorageError, refusal
from normwise.files.lock import is_locked_by_runs, lock, refuse_earlier_run

LESS_MEMORY = (
    "Lower threads_per_fit or max_chunk_mb in the config, or on a cluster raise mem_mb or "
    "runtime. " + RESUME
)


def _memory() -> str:
    """How much memory this process may have at most."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    with contextlib.suppress(OSError, ValueError):
        group = Path("/proc/self/cgroup").read_text().strip().rpartition(":")[2]
        sizes.append(int(Path(f"/sys/fs/cgroup{group}/memory.max").read_text()))
    return f"{min(sizes) / 2**30:.3g} GB"


def _worker_was_killed(error: BaseException) -> bool:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return isinstance(error, TerminatedWorkerError)


def _told(error: BaseException, told: tuple[type[Exception], ...]) -> str | None:
    """The message that takes the place of a traceback, if the error is not one of the code."""
    if isinstance(error, (*told, StorageError, DamagedFileError, BusyError)):
        return str(error)
    if isinstance(error, MemoryError):
        return f"There is not enough memory ({error or _memory()}). {LESS_MEMORY}"
    if isinstance(error, OSError):
        return refusal(error)
    if _worker_was_killed(error):
        return (
            "A worker process of this job was killed, most likely because memory ran out: it had "
            f"{_memory()}, together with all else that runs there. {LESS_MEMORY}"
        )
    return None


@contextlib.contextmanager
def log_to(
    path: str | Path, told: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Send warnings and the traceback of a job that fails to its log file.

    While the job runs, its log says that it has not ended: of a job that is killed, this remains.

    Parameters
    ----------
    path : path
    told : type or tuple of types
        Errors of the user's data: their message takes the place of the traceback, and ends the
        job on the terminal too. So do a disk that is full, a file that is damaged, and memory
        that runs out.
    """
    told = told if isinstance(told, tuple) else (told,)
    words = (
        "This job has not ended: it is still running, or it was killed before it could say why. "
        f"Then memory most likely ran out (it had {_memory()}, together with all else that runs "
        f"there). {LESS_MEMORY}\n"
    )
    message = None
    try:
        log = Path(path).open("w+", encoding="utf-8")  # noqa: SIM115, closed below
    except OSError as error:
        sys.exit(refusal(error, path) or str(error))
    try:
        with contextlib.redirect_stderr(log):
            try:
                log.write(words)
                log.flush()
                with _at_work(path):
                    yield
            except BaseException as error:
                message = _told(error, told)
                with contextlib.suppress(OSError):
                    log.write(f"{message}\n" if message else traceback.format_exc())
                if message is None:
                    raise
    finally:
        # on a full disk the log may be lost; the message is said on the terminal too
        with contextlib.suppress(OSError):
            _forget(log, words)
        with contextlib.suppress(OSError):
            log.close()
    if message is not None:
        sys.exit(message)


def _forget(log: Any, words: str) -> None:
    """Take from a log what it said while its job ran."""
    log.seek(0)
    rest = log.read().removeprefix(words)
    log.seek(0)
    log.truncate()
    log.write(rest)


@contextlib.contextmanager
def _at_work(log: str | Path) -> Iterator[None]:
    """Mark the results folder of a job, which its log lies in, as being worked in."""
    folder = next((p for p in Path(log).resolve().parents if is_locked_by_runs(p)), None)
    handle = None
    if folder is not None:
        with contextlib.suppress(OSError, ImportError):
            handle = lock(folder / ".jobs", shared=True, wait=True)
        if handle is not None:
            refuse_earlier_run(folder)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
