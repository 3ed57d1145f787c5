"""Parts of a study without results, and the last line of the log that explains each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT = "ended without a word: not started, or killed, perhaps for want of memory"
UNTRIED = "was never started"


@dataclass(frozen=True)
class Expected:
    """A part of a study that is there as a whole or not at all.

    Attributes
    ----------
    dataset : str
        Name of the data set, or ``calibration`` or ``replications``.
    scenarios : sequence of str
        Ids of the scenarios; otherwise the name of the cell or of the published study.
    replicates : int
    files : sequence of path
        What its jobs leave behind.
    jobs : sequence of tuple of path
        An output and the log of each job, in the order in which they run; several that could have
        made the same output, if it does not matter which did.
    """

    dataset: str
    scenarios: Sequence[str]
    replicates: int
    files: Sequence[Path]
    jobs: Sequence[tuple[Path, Path]]

    @property
    def is_there(self) -> bool:
        """Whether all files exist; they are written whole."""
        return all(file.is_file() for file in self.files)

    def missing(self) -> Iterator[dict[str, Any]]:
        """Its rows of table ``missing``, if it is not there."""
        if not self.is_there:
            reason = last_words(self.jobs)
            for scenario in self.scenarios:
                yield {
                    "dataset": self.dataset,
                    "scenario": scenario,
                    "replicates": self.replicates,
                    "reason": reason,
                }


def last_words(jobs: Iterable[tuple[Path, Path]]) -> str:
    """Last line of the log of the first job that has one and has no output."""
    for output, log in jobs:
        if log.is_file() and not output.is_file():
            lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), SILENT)
    return UNTRIED


def announce(missing: Sequence[dict[str, Any]]) -> str:
    """What is missing after a run that has failed, in words; empty if nothing is."""
    if not missing:
        return ""
    counted = Counter(f"  - {row['dataset']}: {row['reason']}" for row in missing)
    listing = "\n".join(f"{line} ({_scenarios(n)})" for line, n in counted.items())
    have = "has" if len(missing) == 1 else "have"
    return (
        f"{_scenarios(len(missing))} {have} no results:\n{listing}\n"
        "All that is finished is kept: the same command goes on from there. Add\n"
        "--config incomplete=true for a report on what there is, which names what is missing."
    )


def _scenarios(n: int) -> str:
    return f"{n} scenario{'s' * (n != 1)}"
