"""glmnet-rs 0.1.0: a port of R's glmnet to Rust.

- Objective and strengths are those of glmnet, without standardisation here; with the squared loss
  it divides the strength of an L2 part by the standard deviation of y, which is 1 on all rows.
- `cv_glmnet` takes our folds and strengths. As in R, a path ends early where the deviance hardly
  changes; unlike R, that rule cannot be lifted, so tighter settings end early too.
- `thresh` (1e-7): the largest decrease of the squared loss in a sweep, over the null loss.
- Sparse matrices with the squared loss alone, though its page names binomial too. There it hands
  row numbers and pointers over as Python lists.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contender import (
    LOGISTIC,
    POISSON,
    SQUARED,
    Contender,
    Fitted,
    Setting,
    extended,
    tighter,
)
from benchmarks.problem import Problem


def _ask(problem: Problem, **options: Any) -> Fitted:
    from glmnetrs import cv_glmnet

    family = {"squared": "gaussian", "logistic": "binomial"}.get(problem.loss, problem.loss)
    return cv_glmnet(
        problem.X,
        problem.y,
        family=family,
        type_measure="mse" if problem.loss == "squared" else "deviance",
        foldid=problem.folds,
        alpha=problem.l1_ratio,
        standardize=False,
        **options,
    )


def _fit(problem: Problem, setting: Setting) -> Fitted:
    limits = {"maxit": setting.max_iter} if setting.max_iter else {}
    return _ask(problem, lambda_=problem.alphas, thresh=setting.tol, **limits)


def _as_called(problem: Problem) -> float:
    least = float(np.min(_ask(problem).cvm))
    # a deviance is twice a log-loss
    return least / 2 if problem.loss == "logistic" else least


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    return extended(np.asarray(fitted.glmnet_fit.beta).T, len(problem.alphas))[None]


_SETTINGS = tighter("thresh", 1e-7, (1e-9, 1e-11, 1e-12, 1e-14, 1e-16), 10**8)
_PROMISE = "a sweep decreases the loss by at most 1e-7 of the null loss; early end of path"
CONTENDERS = (
    Contender(
        "glmnet-rs",
        "glmnet-rs",
        _SETTINGS,
        SQUARED,
        _PROMISE,
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
    Contender(
        "glmnet-rs logistic",
        "glmnet-rs",
        _SETTINGS,
        LOGISTIC,
        _PROMISE,
        sparse=False,
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
    Contender(
        "glmnet-rs Poisson",
        "glmnet-rs",
        _SETTINGS,
        POISSON,
        _PROMISE,
        sparse=False,
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
)
