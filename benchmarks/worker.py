"""The Python side of a race: fits what it is told to, one line in, one line out.

Requests and replies are lines of fields separated by tabs; `glmnet.R` understands the same.

| request | does |
|---|---|
| ``load FOLDER`` | reads the problem, to be solved from now on |
| ``warm CONTENDER`` | solves two small problems of its kind, so that compiled code is loaded |
| ``run CONTENDER TOL MAX_ITER`` | solves it; replies seconds, number of warnings, the first one |
| ``save FOLDER`` | writes the coefficients that the last run found |
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.contenders import CONTENDERS, Fitted, Setting
from benchmarks.regimes import Problem, read_problem, strengths


def _small(problem: Problem, n: int, p: int) -> Problem:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    classes = np.arange(n) // 2 % 2.0
    y = classes if problem.loss == "logistic" else X[:, 0] + rng.standard_normal(n)
    alphas = strengths(X, y, problem.loss, problem.l1_ratio)[::20]
    if sparse.issparse(problem.X):
        X = sparse.csc_matrix(X)
    return replace(problem, X=X, y=y, alphas=alphas, folds=np.arange(n) % 2)


class _Session:
    problem: Problem
    last: tuple[str, Setting, Fitted]

    def load(self, folder: str) -> tuple:
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
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            started = time.perf_counter()
            fitted = CONTENDERS[name].fit(self.problem, setting)
            seconds = time.perf_counter() - started
        self.last = name, setting, fitted
        return seconds, len(caught), str(caught[0].message) if caught else ""

    def save(self, folder: str) -> tuple:
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
