"""The Python side of a race: fits what it is told to, one line in, one line out.

Requests and replies are lines of fields separated by tabs; `glmnet.R` understands the same.

| request | does |
|---|---|
| ``load FOLDER`` | reads the problem, to be solved from now on |
| ``warm CONTENDER`` | solves two small problems of its kind, so that compiled code is loaded |
| ``run CONTENDER TOL MAX_ITER`` | solves it; replies seconds, bytes, warnings, the first one |
| ``call CONTENDER`` | solves it at all defaults; replies seconds and the least error |
| ``save FOLDER`` | writes the coefficients that the last run found |

Bytes are the peak of a run above what the process held before it, and the data's own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.contender import Fitted, Setting
from benchmarks.contenders import CONTENDERS
from benchmarks.problem import Problem, read_problem, strengths


def _small(problem: Problem, n: int, p: int) -> Problem:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    y = {
        "squared": X[:, 0] + rng.standard_normal(n),
        "logistic": np.arange(n) // 2 % 2.0,
        "poisson": rng.poisson(np.exp(0.3 * X[:, 0])).astype(float),
        # as many as the problem has, in either half of the rows
        "multinomial": np.arange(n) // 2 % (problem.y.max() + 1),
    }[problem.loss]
    alphas = strengths(X, y, problem.loss, problem.l1_ratio)[::20]
    if sparse.issparse(problem.X):
        X = sparse.csc_matrix(X)
    return replace(problem, X=X, y=y, alphas=alphas, folds=np.arange(n) % 2)


def _kilobytes(what: str) -> float:
    # NaN where the system does not tell
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return float(line.split()[1])
    return float("nan")


def _held() -> float:
    """Bytes that the process holds now, from where its peak is counted anew."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # what was freed goes back to the system, or a run would take it without being seen
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return float("nan")
    return 1024 * _kilobytes("VmRSS")


class _Session:
    problem: Problem
    last: tuple[str, Setting, Fitted] | None = None

    def load(self, folder: str) -> tuple:
        self.last = None
        self.problem = read_problem(Path(folder))
        return ()

    def warm(self, name: str) -> tuple:
        contender = CONTENDERS[name]
        with warnings.catch_warnings(action="ignore"):
            for n, p in ((40, 5), (40, 80)):
                contender.fit(_small(self.problem, n, p), contender.settings[0])
        return ()

    def run(self, name: str, tol: str, max_iter: str) -> tuple:
        setting = Setting("", float(tol), int(max_iter))
        self.last = None
        before = _held() - self.problem.n_bytes
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            started = time.perf_counter()
            fitted = CONTENDERS[name].fit(self.problem, setting)
            seconds = time.perf_counter() - started
        memory = 1024 * _kilobytes("VmHWM") - before
        self.last = name, setting, fitted
        return seconds, memory, len(caught), str(caught[0].message) if caught else ""

    def call(self, name: str) -> tuple:
        as_called = CONTENDERS[name].as_called
        assert as_called is not None
        with warnings.catch_warnings(action="ignore"):
            started = time.perf_counter()
            least = as_called(self.problem)
            return time.perf_counter() - started, least

    def save(self, folder: str) -> tuple:
        if self.last is None:
            raise RuntimeError("nothing was solved")
        name, setting, fitted = self.last
        with warnings.catch_warnings(action="ignore"):
            coef = CONTENDERS[name].solutions(self.problem, setting, fitted)
        coef.astype(float).tofile(Path(folder) / "coef.bin")
        return ()


def main() -> None:
    """Answer requests until there are no more."""
    replies, sys.stdout = sys.stdout, sys.stderr
    session = _Session()
    with threadpool_limits(1):
        for line in sys.stdin:
            what, *fields = line.rstrip("\n").split("\t")
            try:
                answer = "ok", *getattr(session, what)(*fields)
            except Exception as error:  # a contender that fails is a result
                answer = "error", f"{type(error).__name__}: {error}"
            text = "\t".join(" ".join(str(field).split()) for field in answer)
            print(text, file=replies, flush=True)


if __name__ == "__main__":
    main()
