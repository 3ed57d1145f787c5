"""One run at a time in a results folder."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from normwise.files.errors import REASONS, BusyError, StorageError, refusal

# no glob for .npz, .parquet or .csv finds it, and pyarrow skips names that begin with a dot
LEFTOVER = re.compile(r"\..+\.\d+\.part")
# nanoseconds by which the clocks of two machines may differ
SKEW = 60 * 10**9
# set for the jobs of a run, so that they know it from a later one: JSON, by results folder
RUN = "NORMWISE_RUN"


def lock(path: Path, *, shared: bool = False, wait: bool = False) -> int:
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
        raise StorageError(refusal(error, folder) or f"{folder}: {error}") from error


def _lock_folder(folder: Path) -> int | None:
    try:
        handle = lock(folder / ".lock")
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
        jobs = lock(folder / ".jobs")
    except BlockingIOError:
        print(
            f"{folder}: jobs of an earlier run, which was killed, are still at work there; this "
            "run starts when they end.",
            file=sys.stderr,
        )
        jobs = lock(folder / ".jobs", wait=True)
    run: dict[str, Any] = {
        "run": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(run).encode(), 0)
    os.environ[RUN] = json.dumps(_own_runs() | {os.path.realpath(folder): run["run"]})
    os.close(jobs)
    return handle


def _holder(folder: Path) -> str:
    try:
        run = json.loads((folder / ".lock").read_text(encoding="utf-8"))
        who = f"process {run['pid']} on {run['host']}, since {run['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "just started"
    return f"{who}. Wait until it ends, or end it: two runs would write the same files."


def refuse_earlier_run(folder: str | Path) -> None:
    """Stop a job that waited in a queue while its run ended and another one began.

    Snakemake removes the outputs of a job before its script starts: a job must have called this
    before.

    Raises
    ------
    BusyError
        If the run that the job is of is not the last one of the folder.
    """
    own, last = _own_run(Path(folder)), _run(Path(folder))
    if own and last and own != last:
        raise BusyError(f"{folder}: this job is of a run that has ended, and was not begun.")


def _own_runs() -> dict[str, str]:
    """Runs that this process began, or is a job of, by results folder."""
    try:
        return dict(json.loads(os.environ.get(RUN, "")))
    except (ValueError, TypeError):
        return {}


def _own_run(folder: Path) -> str | None:
    """The run of a folder that this process began, or is a job of."""
    text = os.environ.get(RUN)
    # one run of whatever folder is named without one
    return text if text and not text.startswith("{") else _own_runs().get(os.path.realpath(folder))


def is_locked_by_runs(folder: Path) -> bool:
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
    """Reset modification times that lie in the future to now, in their order.

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
