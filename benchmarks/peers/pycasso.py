"""pycasso 2.0.1: active-set coordinate descent in C++, the Python side of picasso.

- Objective: half the mean squared error or the mean log-loss; L1 alone, dense data alone, a free
  intercept. It standardises by default, with n - 1; here `standardize=False`.
- `cross_validate` takes our folds; the default measure of a classification is the error rate, here
  the deviance. It refuses to go on where a fold ends its path early.
- `prec` (1e-7): the change of the scaled objective for the squared loss, the violation of the
  optimality conditions for the logistic one. `max_ite` (1000) sweeps.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import Contender, Fitted, Setting, extended, tighter
from benchmarks.problem import Problem


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from pycasso import Solver

    squared = problem.loss == "squared"
    limits = {"max_ite": setting.max_iter} if setting.max_iter else {}
    model = Solver(
        problem.X,
        problem.y,
        lambdas=problem.alphas,
        family="gaussian" if squared else "binomial",
        standardize=False,
        prec=setting.tol,
        **limits,
    )
    model.cross_validate(foldid=problem.folds, type_measure="deviance")
    return model


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    return extended(np.asarray(fitted.coef()["beta"]), len(problem.alphas))[None]


CONTENDERS = (
    Contender(
        "pycasso",
        "pycasso",
        tighter("prec", 1e-7, (1e-9, 1e-11, 1e-13, 1e-15), 10**7),
        (("squared", "l1"), ("logistic", "l1")),
        promise="a sweep changes the objective by at most 1e-7 of the null loss",
        sparse=False,
        fit=_fit,
        solutions=_path,
    ),
)
