"""How much of a run's work is done, and how long the rest takes."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Kind = tuple[str, ...]

# the recent past: so many seconds, or twice the longest job that ended in them
RECENT = 300.0
# a job that takes longer than expected is thought to need this much of its time again
OVERDUE = 0.1


@dataclass(frozen=True)
class Job:
    """A job of the run.

    Attributes
    ----------
    kind : tuple of str
        Its rule, and what its duration depends on, the most important first:
        ``("fit", "l1", "winner_map")``.
    seconds : float
        What it takes, roughly; the measured durations of its kind correct it.
    fits : int
    """

    kind: Kind
    seconds: float = 5.0
    fits: int = 0


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes
    ----------
    jobs : mapping
        Jobs by id.
    after : mapping
        Kinds of jobs that one kind has to wait for.
    cores : int or None
        None on a cluster, where a job that has been submitted may wait for hours.
    keep_going : bool
        Whether other jobs still start once one has failed.
    """

    jobs: Mapping[int, Job]
    after: Mapping[Kind, Collection[Kind]] = field(default_factory=dict)
    cores: int | None = None
    keep_going: bool = False


class _Ended(NamedTuple):
    when: float
    seconds: float
    fits: int


class Progress:
    """Follows a run from its events; all times are seconds on the caller's clock.

    Work is measured in seconds of one job, so that a figure does not count as much as ten
    thousand fits. What is left is expected from the plan and corrected by what the jobs that
    have finished really took.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.running: dict[int, float] = {}
        self.finished: set[int] = set()
        self.failed: set[int] = set()
        self.fits = sum(job.fits for job in plan.jobs.values())
        self.fits_done = 0
        self.stopped = False
        self._jobs = dict(plan.jobs)
        self._left: defaultdict[Kind, float] = defaultdict(float)
        self._n_left: Counter[Kind] = Counter()
        for job in self._jobs.values():
            self._left[job.kind] += job.seconds
            self._n_left[job.kind] += 1
        self._measured: defaultdict[Kind, float] = defaultdict(float)
        self._expected: defaultdict[Kind, float] = defaultdict(float)
        self._n_measured: Counter[Kind] = Counter()
        self._recent: deque[_Ended] = deque()
        self._done = 0.0
        self._first = float("inf")
        self._percent = 0
        self._known = False

    @property
    def n_jobs(self) -> int:
        """Jobs of the run."""
        return len(self._jobs)

    def runs(self) -> Counter[Kind]:
        """Jobs that run, or have been submitted to a cluster, by kind."""
        return Counter(self._jobs[i].kind for i in self.running)

    def start(self, jobid: int, now: float, kind: Kind = ("job",)) -> None:
        """Note a job that starts, or is submitted; `kind` is used if the plan has no such job."""
        if jobid in self.finished:
            return
        if jobid not in self._jobs:
            job = self._jobs[jobid] = Job(kind)
            self._left[kind] += job.seconds
            self._n_left[kind] += 1
        self.failed.discard(jobid)
        self.running[jobid] = now
        if self.plan.cores is not None:
            self._first = min(self._first, now)

    def fail(self, jobid: int) -> None:
        """Note a failure; the job may start again."""
        self.running.pop(jobid, None)
        if jobid in self._jobs and jobid not in self.finished:
            self.failed.add(jobid)

    def finish(self, jobid: int, now: float, seconds: float | None = None) -> None:
        """Note a job that is done; on a cluster, `seconds` is what it took without the queue."""
        started = self.running.pop(jobid, None)
        if jobid not in self._jobs or jobid in self.finished:
            return
        job = self._jobs[jobid]
        if seconds is None and self.plan.cores is not None and started is not None:
            seconds = now - started
        if seconds is None:
            seconds = self._ratio(job.kind) * job.seconds
        elif job.seconds:
            for level in _levels(job.kind):
                self._measured[level] += max(seconds, 0.0)
                self._expected[level] += job.seconds
                self._n_measured[level] += 1
        seconds = max(seconds, 0.0)
        self.failed.discard(jobid)
        self.finished.add(jobid)
        self.fits_done += job.fits
        self._n_left[job.kind] -= 1
        self._left[job.kind] -= job.seconds if self._n_left[job.kind] else self._left[job.kind]
        self._done += seconds
        self._first = min(self._first, now - seconds)
        self._recent.append(_Ended(now, seconds, job.fits))
        self._known = self._known or self._bulk_is_measured()

    def stop(self) -> None:
        """Note the end of the run, whether or not it has come through."""
        self.running.clear()
        self.stopped = True

    def percent(self) -> int:
        """Share of the work that is done; it never falls, and is 100 only at the end."""
        left = sum(self._ratio(kind) * seconds for kind, seconds in self._left.items())
        total = self._done + left
        share = int(100 * self._done / total) if total else 0
        share = 100 if len(self.finished) == self.n_jobs else min(share, 99)
        self._percent = max(self._percent, share)
        return self._percent

    def fits_per_second(self, now: float) -> float | None:
        """Rate of the recent past; None if no fit has finished in it."""
        since = self._since(now)
        fits = sum(ended.fits for ended in self._recent)
        return fits / max(now - since, 1.0) if fits else None

    def seconds_left(self, now: float) -> float | None:
        """Time until the last job ends; None if too little has finished to tell.

        The work left, divided by the parallelism of the recent past; but no less than the
        longest chain of jobs, each of which waits for the one before.
        """
        left = self._work_left(now)
        parallel = self._parallelism(now)
        if not self._known or not parallel:
            return None
        return max(sum(left.values()) / parallel, self._longest_chain(left))

    def _ratio(self, kind: Kind) -> float:
        """Measured over expected seconds; that of the more general level counts as one job."""
        ratio = 1.0
        for level in _levels(kind):
            if n := self._n_measured[level]:
                ratio = (ratio + n * self._measured[level] / self._expected[level]) / (1 + n)
        return ratio

    def _bulk_is_measured(self) -> bool:
        """Whether most of the work left is of rules of which a job has been measured."""
        left = {kind: self._ratio(kind) * seconds for kind, seconds in self._left.items()}
        measured = sum(s for kind, s in left.items() if self._n_measured[kind[:1]])
        return measured > sum(left.values()) / 2

    def _work_left(self, now: float) -> dict[Kind, float]:
        """Seconds by kind, without what failed and what running jobs have behind them."""
        ratios = {kind: self._ratio(kind) for kind, n in self._n_left.items() if n}
        left = {kind: ratio * self._left[kind] for kind, ratio in ratios.items()}
        for i in self.failed:
            job = self._jobs[i]
            left[job.kind] -= ratios[job.kind] * job.seconds
        # whether a job on a cluster runs or waits is not known
        for i, started in self.running.items() if self.plan.cores is not None else ():
            job = self._jobs[i]
            expected, elapsed = ratios[job.kind] * job.seconds, now - started
            left[job.kind] -= expected - max(expected - elapsed, OVERDUE * elapsed)
        return {kind: max(seconds, 0.0) for kind, seconds in left.items()}

    def _since(self, now: float) -> float:
        """Start of the recent past; forgets what ended before it."""
        longest = max((ended.seconds for ended in self._recent), default=0.0)
        start = max(self._first, now - max(RECENT, 2 * longest))
        while self._recent and self._recent[0].when <= start:
            self._recent.popleft()
        return start

    def _parallelism(self, now: float) -> float:
        """Jobs that ran at a time in the recent past."""
        start = self._since(now)
        if self.plan.cores is None:
            busy = sum(ended.seconds for ended in self._recent)
            return busy / max(now - start, 1.0)
        spans = [(ended.when - ended.seconds, ended.when) for ended in self._recent]
        spans += [(started, now) for started in self.running.values()]
        busy = sum(max(end - max(begin, start), 0.0) for begin, end in spans)
        return min(max(busy / max(now - start, 1.0), 1.0), self.plan.cores)

    def _longest_chain(self, left: Mapping[Kind, float]) -> float:
        lengths: dict[Kind, float] = {}

        def length(kind: Kind) -> float:
            if kind not in lengths:
                # a kind that waits for itself ends here
                lengths[kind] = 0.0
                before = max(map(length, self.plan.after.get(kind, ())), default=0.0)
                n = self._n_left[kind]
                lengths[kind] = before + (left.get(kind, 0.0) / n if n else 0.0)
            return lengths[kind]

        return max(map(length, left), default=0.0)


def _levels(kind: Kind) -> list[Kind]:
    """All jobs, those of the rule, and so on to the kind itself."""
    return [kind[:n] for n in range(len(kind) + 1)]
