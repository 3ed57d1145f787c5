"""glum 3.4.1: iteratively reweighted least squares with an active set, for counts here.

- Objective: half the mean deviance; strengths as here, a free intercept, nothing standardised
  (columns are centred, which changes no solution).
- `GeneralizedLinearRegressorCV` takes our folds and strengths, starts each strength from the last,
  and fits the path to all rows at the end. It keeps the chosen strength of that, so that the path
  is computed again for its gap, by `GeneralizedLinearRegressor` with `alpha_search`.
- `gradient_tol` (1e-4): the L1 norm of the smallest subgradient, in the unit of a strength.
  `max_iter` (100) approximations a strength; running out of them is a warning. `solver="auto"`
  takes coordinate descent with an L1 part and least squares without.
- No several classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contender import POISSON, Contender, Fitted, Setting, mean_error, tighter
from benchmarks.problem import Problem


def _options(problem: Problem, setting: Setting) -> dict[str, Any]:
    options = {"family": "poisson", "l1_ratio": problem.l1_ratio, "gradient_tol": setting.tol}
    return options | ({"max_iter": setting.max_iter} if setting.max_iter else {})


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from glum import GeneralizedLinearRegressorCV

    options = _options(problem, setting)
    model = GeneralizedLinearRegressorCV(alphas=problem.alphas, cv=problem.splits, **options)
    return model.fit(problem.X, problem.y)


def _as_called(problem: Problem) -> float:
    from glum import GeneralizedLinearRegressorCV

    model = GeneralizedLinearRegressorCV(
        family="poisson", l1_ratio=problem.l1_ratio, cv=problem.splits
    )
    # of (n_folds, n_l1_ratios, n_alphas)
    errors = model.fit(problem.X, problem.y).deviance_path_
    return mean_error(np.asarray(errors)[:, 0].T, problem)


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    from glum import GeneralizedLinearRegressor

    # an array is refused where there is an L1 part (findings/glum_array_of_strengths.sh)
    model = GeneralizedLinearRegressor(
        alpha=list(problem.alphas), alpha_search=True, **_options(problem, setting)
    )
    return np.asarray(model.fit(problem.X, problem.y).coef_path_)[None]


CONTENDERS = (
    Contender(
        "glum",
        "glum",
        tighter("gradient_tol", 1e-4, (1e-5, 1e-6, 1e-7, 1e-8, 1e-10), 10**4),
        POISSON,
        promise="the sum of all violations of the optimality conditions at most 1e-4",
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
)
