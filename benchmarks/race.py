"""One regime: every contender at every setting, interleaved, each against the same clock."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.special import expit
from threadpoolctl import threadpool_limits

from benchmarks.contenders import CONTENDERS, Contender, Setting, contenders_for
from benchmarks.regimes import Problem, Regime, draw, write_problem
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers.certificate import relative_gap

HERE = Path(__file__).parent
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS")
}
GLMNET = ["Rscript", "--vanilla", str(HERE / "glmnet.R")]
# a process that loads, compiles and warms up gets this much longer than a run
START_SECONDS = 120.0
TOO_LONG, FAILED, SKIPPED, FINISHED = "> limit", "failed", "not run", "ok"


class Timeout(Exception):
    """An engine did not answer in time; its process has been ended."""


class EngineError(Exception):
    """An engine answered with an error, or ended."""


class Engine:
    """A process that solves problems on request, started when needed.

    Parameters
    ----------
    name : {"normwise", "scikit-learn", "glmnet"}
    """

    def __init__(self, name: str) -> None:
        self.name, self.folder = name, Path()
        self.process: subprocess.Popen | None = None
        self.warmed: set[str] = set()

    def _start(self) -> None:
        command = GLMNET if self.name == "glmnet" else [sys.executable, "-m", "benchmarks.worker"]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=HERE.parent,
                env=os.environ | ONE_THREAD,
            )
        except OSError as error:
            raise EngineError(f"{command[0]} does not start: {error.strerror}") from error
        self._read()

    def _read(self) -> None:
        self.warmed = set()
        try:
            self.ask(START_SECONDS, "load", self.folder)
        except EngineError:
            self.stop()
            raise

    def load(self, folder: Path) -> None:
        """Turn to the problem in a folder."""
        self.folder = folder
        if self.process is not None:
            self._read()

    def ask(self, limit: float, *fields: object) -> list[str]:
        """Send a request and wait for the reply, at most ``limit`` seconds."""
        if self.process is None:
            self._start()
        assert self.process and self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write("\t".join(map(str, fields)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; what follows tells how
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(limit):
                self.stop()
                raise Timeout
        reply = self.process.stdout.readline().rstrip("\n").split("\t")
        if reply[0] == "ok":
            return reply[1:]
        if reply[0] != "error":
            code = self.process.wait()
            self.process = None
            raise EngineError(f"the process ended with code {code}")
        raise EngineError("\t".join(reply[1:]))

    def prepare(self, contender: str) -> None:
        """Start the process and load compiled code, so that neither is timed."""
        try:
            if self.process is None:
                self._start()
            if contender not in self.warmed:
                self.ask(START_SECONDS, "warm", contender)
                self.warmed.add(contender)
        except Timeout:
            raise EngineError(f"was not ready after {START_SECONDS:g} s") from None

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@dataclass
class Entry:
    """One contender at one setting, and how it did."""

    contender: Contender
    setting: Setting
    seconds: list[float] = field(default_factory=list)
    gap_max: float = np.nan
    gap_median: float = np.nan
    objective: np.ndarray | None = None
    excess_max: float = np.nan
    status: str = FINISHED
    note: str = ""

    @property
    def n_wanted(self) -> int:
        """Runs that make a stable median without taking all day."""
        if self.status != FINISHED:
            return 0
        return 5 if self.seconds[0] < 2 else 3 if self.seconds[0] < 30 else 1

    def row(self, regime: Regime, limit: float) -> dict[str, object]:
        """The row of the table."""
        cut = self.status == TOO_LONG
        return {
            "regime": regime.name,
            "loss": regime.loss,
            "penalty": regime.penalty,
            "n": regime.n,
            "p": regime.p,
            "contender": self.contender.name,
            "setting": self.setting.name,
            "seconds_median": limit if cut else np.median(self.seconds or np.nan),
            "seconds_min": limit if cut else min(self.seconds, default=np.nan),
            "n_runs": len(self.seconds),
            "gap_max": self.gap_max,
            "gap_median": self.gap_median,
            "excess_max": self.excess_max,
            "status": self.status,
            "note": self.note,
        }


def _best_intercept(linear: np.ndarray, y: np.ndarray) -> np.ndarray:
    # where the predicted and the observed share of ones agree; bisection cannot fail
    middle = np.log(y.mean() / (1 - y.mean()))
    reach = np.abs(linear).max(axis=1)
    low, high = middle - reach, middle + reach
    for _ in range(80):
        centre = (low + high) / 2
        more = expit(centre[:, None] + linear).mean(axis=1) > y.mean()
        low, high = np.where(more, low, centre), np.where(more, centre, high)
    return (low + high) / 2


def gaps(problem: Problem, coef: np.ndarray) -> np.ndarray:
    """Relative duality gaps of solutions of a problem, each with its best intercept.

    Parameters
    ----------
    problem : Problem
    coef : ndarray of shape (n_sets, n_alphas, n_features)
        On all rows (one set) or on the training rows of each fold. A fold's strength is that of
        all rows times n / n_train, because scikit-learn fixes the weight of the summed loss.

    Returns
    -------
    ndarray of shape (n_sets, n_alphas)
    """
    n = len(problem.y)
    rows = [np.arange(n)] if len(coef) == 1 else [train for train, _ in problem.splits]
    out = np.empty(coef.shape[:2])
    for k, b in enumerate(coef):
        X, y, alphas = problem.X, problem.y[rows[k]], problem.alphas * n / len(rows[k])
        X = X.toarray() if sparse.issparse(X) else X[rows[k]]
        if problem.loss == "squared":
            centred = X - X.mean(axis=0), y - y.mean()
            loss = loss_of("gaussian")
            out[k] = relative_gap(loss, *centred, b, None, alphas, problem.l1_ratio)
        else:
            b0 = _best_intercept(b @ X.T, y)
            out[k] = relative_gap(loss_of("binary"), X, y, b, b0, alphas, problem.l1_ratio)
    return out


def objectives(problem: Problem, coef: np.ndarray) -> np.ndarray:
    """Objective on all rows of (n_alphas, n_features) coefficients, over the null model's."""
    y, rate = problem.y, problem.y.mean()
    if problem.loss == "squared":
        residual = y[:, None] - problem.X @ coef.T
        loss, null = residual.var(axis=0) / 2, y.var() / 2
    else:
        linear = problem.X @ coef.T
        predictor = _best_intercept(linear.T, y) + linear
        loss = (np.logaddexp(0, predictor) - y[:, None] * predictor).mean(axis=0)
        null = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    a = problem.l1_ratio
    size = a * np.abs(coef).sum(axis=1) + (1 - a) / 2 * (coef**2).sum(axis=1)
    return (loss + problem.alphas * size) / null


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
    shape = -1, len(problem.alphas), problem.X.shape[1]
    coef = np.fromfile(engine.folder / "coef.bin").reshape(shape)
    found = gaps(problem, coef)
    if len(coef) == 1:
        entry.objective = objectives(problem, coef[0])
    entry.gap_max, entry.gap_median = float(np.nanmax(found)), float(np.nanmedian(found))


def _first_run(entry: Entry, engine: Engine, problem: Problem, limit: float) -> None:
    try:
        engine.prepare(entry.contender.name)
        seconds = _run(entry, engine, limit)
    except Timeout:
        entry.status, entry.note = TOO_LONG, f"cut after {limit:g} s"
        return
    except EngineError as error:
        entry.status, entry.note = FAILED, str(error)
        return
    entry.seconds.append(seconds)
    try:
        _measure(entry, engine, problem, max(limit, 10.0))
    except (Timeout, EngineError) as error:
        entry.note = f"gap not computed: {error or 'too long'}"


def _run(entry: Entry, engine: Engine, limit: float) -> float:
    setting = entry.setting
    seconds, n_warnings, first = (
        *engine.ask(limit, "run", entry.contender.name, setting.tol, setting.max_iter),
        "",
    )[:3]
    if int(n_warnings):
        entry.note = f"{n_warnings} warnings, the first: {first[:150]}"
    return float(seconds)


def _rounds(entries: Sequence[Entry], n_rounds: int) -> Iterator[Entry]:
    for _ in range(1, n_rounds):
        for entry in entries:
            if len(entry.seconds) < entry.n_wanted:
                yield entry


def start_engines() -> dict[str, Engine]:
    """The engine of every contender, by name; each starts when first needed."""
    return {name: Engine(name) for name in dict.fromkeys(c.engine for c in CONTENDERS.values())}


def race(
    regime: Regime, limit: float, engines: dict[str, Engine], quick: bool = False
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

    Returns
    -------
    list of dict
        A row for each contender and setting, whatever became of it.
    """
    columns = []
    for contender in contenders_for(regime.loss, regime.penalty):
        settings = contender.settings
        if quick and len(settings) > 2:
            settings = settings[0], settings[len(settings) // 2]
        columns.append([Entry(contender, setting) for setting in settings])
    # all defaults first, then the next setting of each, and so on
    entries = [entry for row in zip_longest(*columns) for entry in row if entry is not None]
    problem = draw(regime)
    if quick:
        problem = replace(problem, alphas=problem.alphas[::10])
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        write_problem(problem, Path(folder))
        for engine in engines.values():
            engine.load(Path(folder))
        hopeless: dict[str, Entry] = {}
        for entry in entries:
            name = entry.contender.name
            if name in hopeless:
                before = hopeless[name]
                entry.status = TOO_LONG if before.status == TOO_LONG else SKIPPED
                entry.note = f"not run, because {before.setting.name} was: {before.note}"
            else:
                _first_run(entry, engines[entry.contender.engine], problem, limit)
                if entry.status in (TOO_LONG, FAILED):
                    hopeless[name] = entry
            print(f"  {name}, {entry.setting.name}: {_told(entry)}", flush=True)
        for entry in _rounds(entries, 1 if quick else 5):
            _again(entry, engines[entry.contender.engine], limit)
        _set_excess(entries)
    return [entry.row(regime, limit) for entry in entries]


def _again(entry: Entry, engine: Engine, limit: float) -> None:
    try:
        engine.prepare(entry.contender.name)
        # a run just under the limit may be just over it the next time
        entry.seconds.append(_run(entry, engine, 10 * limit))
    except (Timeout, EngineError) as error:
        entry.note = f"a repeat failed: {error or 'too long'}"


def _told(entry: Entry) -> str:
    if entry.status != FINISHED:
        return f"{entry.status} ({entry.note})"
    return f"{entry.seconds[0]:.3g} s, gap {entry.gap_max:.1e}"
