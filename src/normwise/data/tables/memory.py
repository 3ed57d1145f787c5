"""The memory that reading a table takes, and what there is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path, PurePosixPath

import numpy as np

from normwise.data.errors import InputError


def refuse_large(needed: float) -> None:
    """Raise InputError if fewer bytes than `needed` are available."""
    available = available_memory()
    if needed > available:
        raise InputError(
            f"reading it takes about {needed / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB "
            "are available: keep fewer columns or rows, or save the columns needed as Parquet"
        )


def available_memory() -> float:
    """Bytes that this process can still get; infinite where nobody says."""
    return min(_unused_memory(), _group_limit(), _process_limit())


def _unused_memory() -> float:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    return np.inf


def _group_limit() -> float:
    """What the control groups allow, less what this process holds."""
    limits = [np.inf]
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            own = PurePosixPath(line.split(":", 2)[2].lstrip("/"))
            for group in (own, *own.parents):
                for file in (f"{group}/memory.max", f"memory/{group}/memory.limit_in_bytes"):
                    with contextlib.suppress(OSError, ValueError):  # "max" is no limit
                        limit = int(Path("/sys/fs/cgroup", file).read_text())
                        limits.append(limit - own_pages(1))
    return min(limits)


def _process_limit() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return np.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return np.inf if limit == resource.RLIM_INFINITY else limit - own_pages(0)


def own_pages(which: int) -> int:
    """Bytes of address space (0) or memory (1) that this process holds."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[which]) * os.sysconf("SC_PAGE_SIZE")
    return 0
