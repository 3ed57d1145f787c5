"""One regime: every contender at every setting, interleaved, each against the same clock."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.certify import gaps, objectives
from benchmarks.contender import Contender, Setting
from benchmarks.contenders import CONTENDERS, NATIVE, contenders_for
from benchmarks.engines import Engine, EngineError, Timeout
from benchmarks.problem import Problem, write_problem
from benchmarks.regimes import Regime, draw
from benchmarks.table import GIVEN, KINDS, OWN

# what normwise guarantees at its default: a contender that reached it is not asked for more
TARGET = 1e-6
# a run that is cut for taking a multiple of normwise's time gets at least this
LEAST_LIMIT = 1.0
# at all defaults, the strengths included: what a user calls
AS_CALLED = "as called"
TOO_LONG, FAILED, SKIPPED, FINISHED = "> limit", "failed", "not run", "ok"


@dataclass
class Entry:
    """One contender at one setting, and how it did."""

    contender: Contender
    setting: Setting
    seconds: list[float] = field(default_factory=list)
    memory: float = np.nan
    gap_max: float = np.nan
    gap_median: float = np.nan
    objective: np.ndarray | None = None
    excess_max: float = np.nan
    least_error: float = np.nan
    status: str = FINISHED
    note: str = ""

    @property
    def strengths(self) -> str:
        """Whose strengths it was fitted at; it is compared with normwise at the same kind."""
        return OWN if self.setting.name == AS_CALLED else GIVEN

    @property
    def n_wanted(self) -> int:
        """Runs that make a stable median without taking all day."""
        if self.status != FINISHED:
            return 0
        if self.setting.name not in ("default", AS_CALLED) and not self.gap_max <= TARGET:
            # on the way to the setting that is compared
            return 1
        return 5 if self.seconds[0] < 2 else 3 if self.seconds[0] < 30 else 1

    def row(self, regime: Regime, limit: float, native: Sequence[float]) -> dict[str, object]:
        """The row of the table.

        Parameters
        ----------
        regime : Regime
        limit : float
        native : sequence of float
            Seconds of normwise in the same rounds.
        """
        cut = self.status == TOO_LONG
        seconds = [limit] * len(native) if cut else self.seconds
        return {
            "regime": regime.name,
            "loss": regime.loss,
            "penalty": regime.penalty,
            "n": regime.n,
            "p": regime.p,
            "contender": self.contender.name,
            "strengths": self.strengths,
            "setting": self.setting.name,
            "seconds_median": limit if cut else np.median(self.seconds or np.nan),
            "seconds_min": limit if cut else min(self.seconds, default=np.nan),
            "n_runs": len(self.seconds),
            "ratio": paired_ratio(seconds, native),
            "memory_mb": self.memory / 1e6,
            "gap_max": self.gap_max,
            "gap_median": self.gap_median,
            "excess_max": self.excess_max,
            "least_error": self.least_error,
            "status": self.status,
            "note": self.note,
        }


def paired_ratio(seconds: Sequence[float], native: Sequence[float]) -> float:
    """Median over the rounds of the time of a contender over that of normwise in the same round."""
    ratios = [own / other for own, other in zip(seconds, native, strict=False)]
    return float(np.median(ratios)) if ratios else np.nan


def _set_excess(entries: Sequence[Entry]) -> None:
    """Compare every objective with the smallest that anyone reached at that strength."""
    measured = [entry for entry in entries if entry.objective is not None]
    if not measured:
        return
    best = np.nanmin([entry.objective for entry in measured], axis=0)
    for entry in measured:
        entry.excess_max = float(np.nanmax(entry.objective - best))


def _measure(entry: Entry, engine: Engine, problem: Problem, limit: float) -> None:
    engine.ask(limit, "save", engine.folder)
    shape = -1, len(problem.alphas), *problem.coef_shape
    coef = np.fromfile(engine.folder / "coef.bin").reshape(shape)
    if np.isnan(coef).all():
        return
    found = gaps(problem, coef)
    if len(coef) == 1:
        entry.objective = objectives(problem, coef[0])
    entry.gap_max, entry.gap_median = float(np.nanmax(found)), float(np.nanmedian(found))


def _first_run(entry: Entry, engine: Engine, problem: Problem, limit: float) -> None:
    try:
        engine.prepare(entry.contender.name)
        seconds, entry.memory = _run(entry, engine, limit)
    except Timeout:
        entry.status, entry.note = TOO_LONG, f"cut after {limit:g} s"
        return
    except EngineError as error:
        entry.status, entry.note = FAILED, str(error)
        return
    entry.seconds.append(seconds)
    if entry.strengths == OWN:
        return
    try:
        _measure(entry, engine, problem, max(limit, 10.0))
    except (Timeout, EngineError) as error:
        entry.note = f"gap not computed: {error or 'too long'}"


def _run(entry: Entry, engine: Engine, limit: float) -> tuple[float, float]:
    setting = entry.setting
    if entry.strengths == OWN:
        seconds, entry.least_error = map(float, engine.ask(limit, "call", entry.contender.name))
        return seconds, np.nan
    answer = engine.ask(limit, "run", entry.contender.name, setting.tol, setting.max_iter)
    seconds, memory, n_warnings, first = (*answer, "")[:4]
    if int(n_warnings):
        entry.note = f"{n_warnings} warnings, the first: {first[:150]}"
    return float(seconds), np.nan if memory == "NA" else float(memory)


def _rounds(entries: Sequence[Entry], n_rounds: int) -> Iterator[Entry]:
    for _ in range(1, n_rounds):
        for entry in entries:
            if len(entry.seconds) < entry.n_wanted:
                yield entry


def start_engines() -> dict[str, Engine]:
    """The engine of every contender, by name; each starts when first needed."""
    return {name: Engine(name) for name in dict.fromkeys(c.engine for c in CONTENDERS.values())}


def contenders_of(regime: Regime, names: Sequence[str] | None = None) -> list[Contender]:
    """Everyone who takes part in a regime: all, or normwise and those that are named."""
    sparse_only = regime.design == "sparse"
    found = contenders_for(regime.name, regime.loss, regime.penalty, sparse_only)
    return [c for c in found if names is None or c.name in (NATIVE, *names)]


def _entries(
    contenders: Sequence[Contender], quick: bool, strengths: Sequence[str] = KINDS
) -> list[Entry]:
    columns = []
    for contender in contenders:
        settings = contender.settings
        if quick and len(settings) > 2:
            settings = settings[0], settings[len(settings) // 2]
        columns.append([Entry(contender, setting) for setting in settings])
    # all defaults first, then the next setting of each, and so on
    given = [entry for row in zip_longest(*columns) for entry in row if entry is not None]
    calls = [Entry(c, Setting(AS_CALLED, 0.0)) for c in contenders if c.has_strengths]
    return [entry for entry in given + calls if entry.strengths in strengths]


class _Taken:
    """Who was cut, failed or is accurate enough: its tighter settings are not run."""

    def __init__(self) -> None:
        self.last: dict[str, Entry] = {}

    def skips(self, entry: Entry) -> bool:
        """Whether the entry is not to be run; its status then says why."""
        before = self.last.get(entry.contender.name)
        if before is None or entry.strengths == OWN:
            return False
        entry.status = TOO_LONG if before.status == TOO_LONG else SKIPPED
        what = before.note or f"gap {before.gap_max:.0e}"
        entry.note = f"not run, because {before.setting.name} was: {what}"
        return True

    def note(self, entry: Entry) -> None:
        """Take down how an entry did."""
        if entry.status in (TOO_LONG, FAILED) or entry.gap_max <= TARGET:
            self.last[entry.contender.name] = entry


def race(
    regime: Regime,
    limit: float,
    engines: dict[str, Engine],
    quick: bool = False,
    names: Sequence[str] | None = None,
    times: float = np.inf,
    strengths: Sequence[str] = KINDS,
) -> list[dict[str, object]]:
    """Time everyone who solves a regime's problem.

    Parameters
    ----------
    regime : Regime
    limit : float
        Seconds that one run may take.
    engines : dict of str to Engine
    quick : bool
        A tenth of the strengths, the default and a middle setting of each contender, one run.
    names : sequence of str, optional
        Contenders that are timed beside normwise; all by default.
    times : float
        Of normwise's time that one run may take.
    strengths : sequence of str
        Which of `KINDS` are run.

    Returns
    -------
    list of dict
        A row for each contender and setting, whatever became of it.
    """
    entries = _entries(contenders_of(regime, names), quick, strengths)
    problem = draw(regime)
    if quick:
        problem = replace(problem, alphas=problem.alphas[::10])
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        write_problem(problem, Path(folder))
        for engine in engines.values():
            engine.load(Path(folder))
        taken = _Taken()
        for entry in entries:
            if not taken.skips(entry):
                _first_run(entry, _turn(engines, entry, regime), problem, limit)
                taken.note(entry)
                if entry.contender.name == NATIVE and entry.seconds:
                    limit = min(limit, max(LEAST_LIMIT, times * entry.seconds[0]))
            print(f"  {entry.contender.name}, {entry.setting.name}: {_told(entry)}", flush=True)
        for entry in _rounds(entries, 1 if quick else 5):
            _again(entry, _turn(engines, entry, regime), limit)
        _set_excess(entries)
        if regime.is_large:
            _stop_others(engines, None)
    native = {e.strengths: e.seconds for e in entries if e.contender.name == NATIVE}
    return [
        entry.row(regime, limit, native.get(entry.strengths, []))
        for entry in entries
        if entry.status != SKIPPED
    ]


def _turn(engines: dict[str, Engine], entry: Entry, regime: Regime) -> Engine:
    if regime.is_large:
        _stop_others(engines, entry.contender.engine)
    return engines[entry.contender.engine]


def _stop_others(engines: dict[str, Engine], name: str | None) -> None:
    for engine in engines.values():
        if engine.name != name:
            engine.stop()


def _again(entry: Entry, engine: Engine, limit: float) -> None:
    try:
        engine.prepare(entry.contender.name)
        # a run just under the limit may be just over it the next time
        entry.seconds.append(_run(entry, engine, 10 * limit)[0])
    except (Timeout, EngineError) as error:
        entry.note = f"a repeat failed: {error or 'too long'}"


def _told(entry: Entry) -> str:
    if entry.status != FINISHED:
        return f"{entry.status} ({entry.note})"
    if entry.strengths == OWN:
        return f"{entry.seconds[0]:.3g} s, least error {entry.least_error:.4g}"
    return f"{entry.seconds[0]:.3g} s, gap {entry.gap_max:.1e}, {entry.memory / 1e6:.0f} MB"
