"""pycasso 2.0.1: active-set coordinate descent in C++, the Python side of picasso.

- Objective: half the mean squared error, the mean log-loss of two or more classes (of several, none
  is the base), or the Poisson loss; L1 alone, dense data alone, a free intercept. It standardises
  by default, with n - 1; here `standardize=False`.
- A path of given strengths ends early, "completed", where little is left to explain, and its
  `cross_validate` refuses to go on where a fold ends earlier than all rows
  (`findings/pycasso_completed_path_is_short.sh`). So the loop over the folds is ours.
- `prec` (1e-7): the change of the objective in a sweep over the null loss for the squared loss, the
  violation of the optimality conditions for the others. Running out of `max_ite` (1000)
  sweeps ends the path too, with a warning.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import (
    Contender,
    Fitted,
    Setting,
    cross_validate,
    extended,
    path_on_all_rows,
    tighter,
)
from benchmarks.problem import LOSSES, Problem


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from pycasso import Solver

    family = {"squared": "gaussian", "logistic": "binomial"}.get(problem.loss, problem.loss)
    limits = {"max_ite": setting.max_iter} if setting.max_iter else {}

    def path(X, y):
        model = Solver(
            X,
            y,
            lambdas=problem.alphas,
            family=family,
            standardize=False,
            prec=setting.tol,
            **limits,
        )
        model.train()
        found, n_alphas = model.coef(), len(problem.alphas)
        coef, intercept = (np.asarray(found[name]) for name in ("beta", "intercept"))
        return extended(coef, n_alphas), extended(intercept, n_alphas)

    return cross_validate(problem, path)


CONTENDERS = (
    Contender(
        "pycasso",
        "pycasso",
        tighter("prec", 1e-7, (1e-9, 1e-11, 1e-13, 1e-15), 10**7),
        tuple((loss, "l1") for loss in LOSSES),
        promise="a sweep changes the objective by at most 1e-7 of the null loss; early end of path",
        folds="ours",
        sparse=False,
        fit=_fit,
        solutions=path_on_all_rows,
    ),
)
