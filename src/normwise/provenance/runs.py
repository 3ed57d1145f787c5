"""The log of runs: when each started, how it ended, and under which code and packages."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shlex
import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from normwise.provenance.code import current_commit
from normwise.provenance.machine import environment

NO_END = "no end recorded: it runs still, was killed, or its machine went down"


def now() -> str:
    """The time, in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest(content: Any) -> str:
    """Digest of plain values, whatever the order of their keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """One run of the workflow, to be entered into ``runs.jsonl``.

    Parameters
    ----------
    log : path
    """

    log: Path
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def start(self) -> None:
        """Log the start of the run. A run that is killed keeps this line and has no end."""
        _append(
            self.log,
            {
                "run": self.name,
                "start": now(),
                "commit": current_commit(),
                "environment": digest(environment())[:16],
                "host": platform.node(),
                "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            },
        )

    def end(self, outcome: str) -> None:
        """Enter the end and the outcome, ``success`` or ``error``."""
        _append(self.log, {"run": self.name, "end": now(), "outcome": outcome})


def _append(log: Path, entry: dict[str, Any]) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(entry) + "\n"
    # one write to a file opened for appending: lines of runs at the same time do not mix
    file = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        size = os.fstat(file).st_size
        # a line that a crash cut off stays alone
        if size and os.pread(file, 1, size - 1) != b"\n":
            line = "\n" + line
        os.write(file, line.encode())
    finally:
        os.close(file)


def read_runs(log: str | Path) -> list[dict[str, Any]]:
    """Runs by their start, each with ``end`` and ``outcome``.

    A run that was killed has no end, and its outcome says so. Lines that are cut off are left out.
    """
    runs: dict[str, dict[str, Any]] = {}
    try:
        lines = Path(log).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "start" in entry:
            entry = {"end": None, "outcome": NO_END} | entry
        runs.setdefault(entry["run"], {}).update(entry)
    return sorted((r for r in runs.values() if "start" in r), key=lambda r: str(r["start"]))


def contributing(
    runs: Iterable[dict[str, Any]], written: Iterable[float]
) -> tuple[list[dict[str, Any]], bool]:
    """Runs that wrote one of some files, and whether a run on record wrote each of them.

    Parameters
    ----------
    runs : iterable of dict
        What `read_runs` returns.
    written : iterable of float
        When the files were last written, in seconds since 1970.
    """
    known = [(datetime.fromisoformat(run["start"]).timestamp(), run) for run in runs]
    found: dict[str, dict[str, Any]] = {}
    complete = bool(known)
    for moment in written:
        # the last run that had started by then
        before = [run for start, run in known if start <= moment]
        if before:
            found[before[-1]["run"]] = before[-1]
        else:
            complete = False
    return [run for _, run in known if run["run"] in found], complete
