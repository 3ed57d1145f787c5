"""A run's progress in words, and as the last lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snakemake_logger_plugin_normwise.progress import Kind, Progress

MINUTE, HOUR, DAY = 60, 3600, 86400
NARROWEST_BAR = 8
# "time left not known"
WIDEST_TIME = 19


def in_words(seconds: float | None) -> str:
    """Time that is left, no more precise than it is known.

    Examples
    --------
    >>> in_words(734), in_words(6000), in_words(None)
    ('about 12 min left', 'about 1.5 h left', 'time left not known')
    """
    if seconds is None:
        return "time left not known"
    if seconds < MINUTE:
        return "under a minute left"
    if seconds < 20 * MINUTE:
        return f"about {round(seconds / MINUTE)} min left"
    if seconds < 1.5 * HOUR:
        return f"about {5 * round(seconds / MINUTE / 5)} min left"
    if seconds < 10 * HOUR:
        return f"about {round(2 * seconds / HOUR) / 2:g} h left"
    if seconds < 2 * DAY:
        return f"about {round(seconds / HOUR)} h left"
    return f"about {round(seconds / DAY)} days left"


def time_left(progress: Progress, now: float) -> str:
    """What the user may expect."""
    if progress.percent() == 100:
        return "done"
    if progress.stopped:
        return "stopped"
    if progress.failed and not progress.plan.keep_going:
        return "stops: a job failed"
    return in_words(progress.seconds_left(now))


def counts(progress: Progress, now: float) -> str:
    """Fits, their rate and jobs, as far as there are any."""
    parts = []
    if fits := progress.fits:
        parts.append(f"{progress.fits_done:,} of {fits:,} fits")
        rate = progress.fits_per_second(now)
        if rate and progress.fits_done < fits:
            parts.append(f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.2g} a second")
    parts.append(f"{len(progress.finished):,} of {progress.n_jobs:,} jobs")
    if progress.failed:
        parts.append(f"{len(progress.failed):,} failed")
    return ", ".join(parts)


def summary(progress: Progress, now: float) -> str:
    """All of it in a line, for a log."""
    left = "" if progress.percent() == 100 else f", {time_left(progress, now)}"
    return f"{progress.percent()} % of the work done{left}: {counts(progress, now)}"


def at_work(progress: Progress) -> str:
    """What runs; on a cluster, what has been submitted and may still wait."""
    runs = progress.runs()
    if not runs:
        return ""
    verb = "running" if progress.plan.cores is not None else "running or in the queue"
    return f"{verb}: {', '.join(_named(runs.most_common()))}"


def _named(runs: Iterable[tuple[Kind, int]]) -> Iterable[str]:
    for kind, n in runs:
        yield f"{n} × {' '.join(kind)}" if n > 1 else " ".join(kind)


def panel(progress: Progress, now: float, width: int) -> Group:
    """The lines that stay at the foot of a terminal."""
    percent, left = progress.percent(), time_left(progress, now)
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(no_wrap=True, min_width=5)
    cells: list[Text | ProgressBar] = [Text(f"{percent:3d} %", style="bold")]
    room = width - WIDEST_TIME - 9
    if room >= NARROWEST_BAR:
        head.add_column(width=room)
        bar = ProgressBar(
            total=100, completed=percent, width=room, complete_style="cyan", finished_style="green"
        )
        cells.append(bar)
    head.add_column(no_wrap=True, overflow="ellipsis")
    cells.append(Text(left))
    head.add_row(*cells)
    # what others write comes on the empty line first
    colour = "red" if progress.failed else ""
    lines: list[RenderableType] = [Text(), head, _line(counts(progress, now), colour)]
    if runs := at_work(progress):
        lines.append(_line(runs, "dim"))
    return Group(*lines)


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


class Foot:
    """Keeps a panel below everything else that is written to a terminal.

    The cursor rests where the panel begins. Whatever a job or Snakemake writes to the
    terminal thus stands above the next drawing, and none of it is lost.
    """

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self.stream = stream
        self.console = Console(
            file=stream, force_terminal=True, no_color=not colour, highlight=False
        )

    def draw(self, progress: Progress, now: float, *, last: bool = False) -> None:
        """Draw the panel, over the one before; the last one stays."""
        width = self.console.width
        with self.console.capture() as drawn:
            # the last column stays free: some terminals wrap a full line
            self.console.print(panel(progress, now, width - 1), width=width - 1)
        text = drawn.get()
        up = "" if last else f"\x1b[{text.count(chr(10))}A"
        self.stream.write(f"\r\x1b[J{text}{up}")
        self.stream.flush()

    def clear(self) -> None:
        """Make room for other text."""
        self.stream.write("\r\x1b[J")
