"""Snakemake's own log, and the progress of a study below it.

On a terminal, the foot of the screen shows how much of the work is done, and what Snakemake says of
single jobs is left to its log file. Elsewhere, and where more or less output is asked for, the
log stays as it is; after each per cent it has a line on the progress. What there is to do
comes from ``workflow/rules/progress.smk``. A workflow without it has Snakemake's log alone.
"""

from __future__ import annotations

import csv
import logging
import os
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from snakemake_logger_plugin_normwise.display import Foot
    from snakemake_logger_plugin_normwise.progress import Progress

# what the foot of the screen says better
COVERED = {
    LogEvent.GROUP_INFO,
    LogEvent.JOB_FINISHED,
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.PROGRESS,
    LogEvent.SHELLCMD,
}
# said for each job, without an event
CHATTER = re.compile(
    r"Select jobs to execute|Removing temporary output|Job rate limit reached|.* has been submitted"
)
REDRAW = 1.0


class LogHandler(LogHandlerBase):
    """Writes to the terminal or the log what Snakemake would, and the progress."""

    def __post_init__(self) -> None:
        self._stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self._lock = threading.RLock()
        self._plain = ColorizingTextHandler(
            nocolor=self.common_settings.nocolor, stream=self._stream
        )
        self._progress: Progress | None = None
        self._foot: Foot | None = None
        self._said = 0
        self._benchmarks: dict[int, str] = {}
        self._ended = threading.Event()

    @property
    def writes_to_stream(self) -> bool:
        """Takes the place of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """The log file is Snakemake's."""
        return False

    @property
    def has_filter(self) -> bool:
        """The filter is Snakemake's, which knows of --quiet."""
        return False

    @property
    def has_formatter(self) -> bool:
        """The text is Snakemake's."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """The plan says more."""
        return False

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Take over Snakemake's text."""
        super().setFormatter(fmt)
        self._plain.setFormatter(fmt)

    def handle(self, record: logging.LogRecord) -> bool:
        """Follow all events, also those that --quiet filters."""
        self._follow(record)
        return bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write what has passed the filter."""
        if self._progress is None:
            self._plain.emit(record)
        elif self._foot is None:
            self._plain.emit(record)
            self._say(record)
        elif record.levelno > logging.INFO or not (
            event_of(record) in COVERED or CHATTER.match(record.getMessage())
        ):
            self._foot.clear()
            self._plain.emit(record)
            self._foot.draw(self._progress, time.time())

    def close(self) -> None:
        """Leave the last state of the progress on the screen."""
        self._ended.set()
        with self._lock:
            if self._foot is not None and self._progress is not None:
                self._progress.stop()
                self._foot.draw(self._progress, time.time(), last=True)
                self._foot = None
        super().close()

    # a record has the attributes of its event
    def _follow(self, record: Any) -> None:
        with self._lock:
            if plan := getattr(record, "plan", None):
                self._begin(plan)
            if (progress := self._progress) is None:
                return
            event, now = event_of(record), record.created
            if event == LogEvent.JOB_INFO:
                progress.start(record.jobid, now, (record.rule_name,))
                self._benchmarks[record.jobid] = record.benchmark
            elif event == LogEvent.JOB_ERROR:
                progress.fail(record.jobid)
            elif event == LogEvent.JOB_FINISHED:
                file = self._benchmarks.pop(record.job_id, None)
                remote = progress.plan.cores is None
                progress.finish(record.job_id, now, benchmarked(file) if remote else None)

    def _begin(self, plan: dict[str, Any]) -> None:
        # every job of a local run imports this package: what only the run itself needs comes here
        from snakemake_logger_plugin_normwise.display import Foot
        from snakemake_logger_plugin_normwise.progress import Job, Plan, Progress

        jobs = {i: Job(**job) for i, job in plan["jobs"].items()}
        self._progress = Progress(Plan(**plan | {"jobs": jobs}))
        if self._on_a_terminal():
            self._foot = Foot(self._stream, colour=not self._plain.nocolor)
            threading.Thread(target=self._keep_drawing, daemon=True).start()

    def _on_a_terminal(self) -> bool:
        asked = self.common_settings
        more = asked.printshellcmds or asked.verbose or asked.debug_dag
        progress = logging.makeLogRecord({"event": LogEvent.PROGRESS})
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        return self._plain.is_tty and not dumb and not more and bool(self.filter(progress))

    def _keep_drawing(self) -> None:
        while not self._ended.wait(REDRAW):
            with self._lock:
                if self._foot is not None and self._progress is not None:
                    self._foot.draw(self._progress, time.time())

    def _say(self, record: logging.LogRecord) -> None:
        """A line for each per cent, below Snakemake's own count of jobs."""
        from snakemake_logger_plugin_normwise.display import summary

        assert self._progress is not None
        percent = self._progress.percent()
        if event_of(record) == LogEvent.PROGRESS and percent > self._said:
            self._said = percent
            text = summary(self._progress, record.created)
            self._plain.emit(logging.makeLogRecord({"msg": text, "levelname": "INFO"}))


def event_of(record: logging.LogRecord) -> LogEvent | None:
    """Event of a record of Snakemake's; None for a plain message."""
    return getattr(record, "event", None)


def benchmarked(file: str | None) -> float | None:
    """Seconds that a job took by its benchmark file, which knows of no queue."""
    if file is None:
        return None
    try:
        with open(file, encoding="utf-8") as lines:
            return sum(float(row["s"]) for row in csv.DictReader(lines, delimiter="\t"))
    except (OSError, KeyError, ValueError):
        return None
