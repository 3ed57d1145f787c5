"""celer 0.7.4: working sets, coordinate descent and extrapolation in the dual.

- Objective: that of scikit-learn, half the mean squared error; its own penalty for the lasso and
  the elastic net. No ridge, and no intercept in logistic regression, which therefore takes no part.
- `LassoCV` and `ElasticNetCV` loop over the folds themselves, with warm starts, and fit the chosen
  strength to all rows. They are classes of scikit-learn with another path, and cannot be made with
  scikit-learn 1.9, which celer's requirements allow: the environment has 1.8.
- `tol` (1e-4): the duality gap over the mean squared response, so twice as much of the null loss.
- `max_iter` (100) counts working sets; running out of them is a warning.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from benchmarks.contender import SQUARED_L1, Contender, Fitted, Setting, mean_error, tighter
from benchmarks.problem import Problem


def _limits(setting: Setting) -> dict[str, float]:
    return {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from celer import ElasticNetCV, LassoCV

    options = {"alphas": problem.alphas, "cv": problem.splits} | _limits(setting)
    pure = problem.l1_ratio == 1
    model = LassoCV(**options) if pure else ElasticNetCV(l1_ratio=problem.l1_ratio, **options)
    return model.fit(problem.X, problem.y)


def _as_called(problem: Problem) -> float:
    from celer import ElasticNetCV, LassoCV

    pure = problem.l1_ratio == 1
    model = LassoCV(cv=problem.splits) if pure else ElasticNetCV(cv=problem.splits)
    return mean_error(model.fit(problem.X, problem.y).mse_path_, problem)


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    from celer import celer_path

    # what its LassoCV does in each fold, here on all rows
    X, mean = problem.X, np.asarray(problem.X.mean(axis=0)).ravel()
    centred = {"X_offset": mean, "X_scale": np.ones(len(mean))} if sparse.issparse(X) else {}
    X = X if centred else np.asfortranarray(X - mean)
    options = {"alphas": problem.alphas, "l1_ratio": problem.l1_ratio, "prune": True}
    limits = {"max_iter": 100} | _limits(setting)
    return celer_path(X, problem.y - problem.y.mean(), "lasso", **options, **limits, **centred)[
        1
    ].T[None]


CONTENDERS = (
    Contender(
        "celer",
        "celer",
        tighter("tol", 1e-4, (1e-5, 4e-7, 1e-8), 10**4),
        SQUARED_L1,
        promise="duality gap at most 1e-4 ‖y‖² / n",
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
)
