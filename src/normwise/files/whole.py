"""The files of the study: written whole or not at all, checked when read, never able to run code.

A study that is killed at any moment goes on when the same command is given again. For that, a file
has its final name only when all of it is on the disk, what was left half done is never read, and
one run at a time works in a results folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import socket
import sys
import time
import traceback
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

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
LESS_MEMORY = (
    "Lower threads_per_fit or max_chunk_mb in the config, or on a cluster raise mem_mb or "
    "runtime. " + RESUME
)
# how a broken .npz file shows, besides as ValueError
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, OSError)
# the array that holds the digests of the others
DIGESTS = "digests"
# no glob for .npz, .parquet or .csv finds it, and pyarrow skips names that begin with a dot
LEFTOVER = re.compile(r"\..+\.\d+\.part")
# nanoseconds by which the clocks of two machines may differ
SKEW = 60 * 10**9
# set for the jobs of a run, so that they know it from a later one
RUN = "NORMWISE_RUN"


class StorageError(OSError):
    """A file that cannot be written, for a reason outside of the study."""


class DamagedFileError(ValueError):
    """A file that is not what the study wrote."""

    def __init__(self, path: str | Path, what: object):
        super().__init__(
            f"{path}: is damaged ({what}). Delete this file and give the same command again: it "
            "is made anew, with what depends on it, and all else is kept."
        )


class BusyError(RuntimeError):
    """A results folder in which another run is at work."""


def _refusal(error: BaseException | None, path: str | Path | None = None) -> str | None:
    """What to tell about a file that could not be written; None for any other error."""
    while error is not None and not (isinstance(error, OSError) and error.errno in REASONS):
        # the zip and image libraries stumble once more over what went wrong before
        error = error.__context__
    if error is None:
        return None
    assert isinstance(error, OSError) and error.errno is not None
    path = path or error.filename or "a file"
    return f"{path}: cannot be written; {REASONS[error.errno]}. {RESUME}"


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
        reason = _refusal(error, path)
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


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; numbers, also written as text, stay."""
    if not isinstance(cell, str):
        return cell
    # a carriage return would end the row, since writers of CSV do not quote for it
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        float(cell)
    except ValueError:
        return f"'{text}"
    return cell


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
        return _refusal(error)
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
        sys.exit(_refusal(error, path) or str(error))
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


def _lock(path: Path, *, shared: bool = False, wait: bool = False) -> int:
    """Lock a file until this process ends, however it ends, or the number returned is closed.

    Raises
    ------
    BlockingIOError
        If another process has it locked.
    OSError
        If the file system has no locks.
    """
    import fcntl

    # a link that somebody else put there would have its target emptied
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, how | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


def begin_run(folder: str | Path) -> None:
    """Keep a results folder to this process for its life, and remove what killed jobs left there.

    The lock is the kernel's: it ends with the process, whatever ends that, and is never stale.
    Jobs that outlive a killed run are waited for, since they may still write, and those that
    start later see that they are of another run.

    Raises
    ------
    BusyError
        If another run is at work there.
    StorageError
        If nothing can be written there.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _lock_folder(folder)
        # without a lock, a leftover may be somebody's work
        if handle is not None:
            _tidy(folder)
    except OSError as error:
        raise StorageError(_refusal(error, folder) or f"{folder}: {error}") from error


def _lock_folder(folder: Path) -> int | None:
    try:
        handle = _lock(folder / ".lock")
    except BlockingIOError:
        raise BusyError(f"{folder}: another run is at work there, {_holder(folder)}") from None
    except (OSError, ImportError) as error:
        if getattr(error, "errno", None) in REASONS:
            raise
        print(
            f"{folder}: its file system has no locks ({error}); see to it that no other run works "
            "there.",
            file=sys.stderr,
        )
        return None
    try:
        jobs = _lock(folder / ".jobs")
    except BlockingIOError:
        print(
            f"{folder}: jobs of an earlier run, which was killed, are still at work there; this "
            "run starts when they end.",
            file=sys.stderr,
        )
        jobs = _lock(folder / ".jobs", wait=True)
    run: dict[str, Any] = {
        "run": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(run).encode(), 0)
    os.environ[RUN] = run["run"]
    os.close(jobs)
    return handle


def _holder(folder: Path) -> str:
    try:
        run = json.loads((folder / ".lock").read_text(encoding="utf-8"))
        who = f"process {run['pid']} on {run['host']}, since {run['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "just started"
    return f"{who}. Wait until it ends, or end it: two runs would write the same files."


@contextlib.contextmanager
def _at_work(log: str | Path) -> Iterator[None]:
    """Mark the results folder of a job, which its log lies in, as being worked in."""
    folder = next((p for p in Path(log).resolve().parents if _is_locked_by_runs(p)), None)
    handle = None
    if folder is not None:
        with contextlib.suppress(OSError, ImportError):
            handle = _lock(folder / ".jobs", shared=True, wait=True)
        if handle is not None:
            refuse_earlier_run(folder)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def refuse_earlier_run(folder: str | Path) -> None:
    """Stop a job that waited in a queue while its run ended and another one began.

    Snakemake removes the outputs of a job before its script starts: a job must have called this
    before.

    Raises
    ------
    BusyError
        If the run that the job is of is not the last one of the folder.
    """
    own, last = os.environ.get(RUN), _run(Path(folder))
    if own and last and own != last:
        raise BusyError(f"{folder}: this job is of a run that has ended, and was not begun.")


def _is_locked_by_runs(folder: Path) -> bool:
    """Whether the lock file there is one of ours; other programs have files of that name."""
    try:
        text = (folder / ".lock").read_text(encoding="utf-8")
        # empty while a run begins
        return not text or "run" in json.loads(text)
    except (OSError, ValueError, TypeError):
        return False


def _run(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / ".lock").read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError):
        return None


def _tidy(folder: Path) -> None:
    """Remove the partial files of killed jobs, and take files back that come from the future."""
    now = time.time_ns()
    ahead: list[tuple[int, str]] = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with contextlib.suppress(FileNotFoundError):
                if LEFTOVER.fullmatch(name):
                    os.unlink(path)
                elif (changed := os.lstat(path).st_mtime_ns) > now:
                    ahead.append((changed, path))
    if ahead and max(ahead)[0] > now + SKEW:
        _take_back(sorted(ahead), now)


def _take_back(ahead: list[tuple[int, str]], now: int) -> None:
    """Give files from the future the present time, in their order.

    What is older than what it was made from is made again, so that the order must stay; and
    Snakemake refuses a new file that is older than what it was made from.
    """
    newest, path = ahead[-1]
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(newest // 10**9))
    for rank, (_, each) in enumerate(ahead):
        os.utime(each, ns=(now, now + 1000 * rank), follow_symlinks=False)
    print(
        f"The clock was set back: {path} was written at {when}, which is still to come. This and "
        f"{len(ahead) - 1} other files now have the present time, in their order; nothing in them "
        "has changed.",
        file=sys.stderr,
    )
