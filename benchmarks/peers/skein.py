"""skein-glm 1.0.0: coordinate descent with screening and extrapolation in Rust, prox-Newton.

- Objective: half the mean squared error or the mean log-loss, strengths as here, a free intercept;
  nothing is standardised by default.
- `ElasticNetPathCV` and `LogisticElasticNetPathCV` take our folds (as a splitter of scikit-learn)
  and strengths, and start each strength from the last. They keep the chosen strength alone, so
  that the path is computed again for its gap.
- `tol` (1e-6): the largest step of a coefficient in a sweep; `max_iter` (100) sweeps and, for the
  logistic loss, `max_outer` (10) approximations to `outer_tol` (1e-6). Running out of them raises
  no warning.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import LOGISTIC, SQUARED, Contender, Fitted, Setting, tighter
from benchmarks.problem import Problem


def _options(problem: Problem, setting: Setting) -> dict[str, object]:
    options = {"alpha": problem.l1_ratio, "lambdas": problem.alphas, "tol": setting.tol}
    logistic = problem.loss == "logistic"
    options |= {"outer_tol": setting.tol} if logistic else {}
    if setting.max_iter:
        options["max_iter"] = setting.max_iter
        options |= {"max_outer": setting.max_iter} if logistic else {}
    return options


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from skein_glm import ElasticNetPathCV, LogisticElasticNetPathCV
    from sklearn.model_selection import PredefinedSplit

    kind = ElasticNetPathCV if problem.loss == "squared" else LogisticElasticNetPathCV
    model = kind(cv=PredefinedSplit(problem.folds), **_options(problem, setting))
    return model.fit(problem.X, problem.y)


def _as_called(problem: Problem) -> float:
    from skein_glm import ElasticNetPathCV, LogisticElasticNetPathCV
    from sklearn.model_selection import PredefinedSplit

    kind = ElasticNetPathCV if problem.loss == "squared" else LogisticElasticNetPathCV
    model = kind(alpha=problem.l1_ratio, cv=PredefinedSplit(problem.folds))
    least = float(model.fit(problem.X, problem.y).cv_mean_scores_.min())
    # a deviance is twice a log-loss
    return least if problem.loss == "squared" else least / 2


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    from skein_glm import ElasticNetPathRegressor, LogisticElasticNetPathRegressor

    squared = problem.loss == "squared"
    kind = ElasticNetPathRegressor if squared else LogisticElasticNetPathRegressor
    model = kind(**_options(problem, setting)).fit(problem.X, problem.y)
    return np.asarray(model.coefs_)[None]


CONTENDERS = (
    Contender(
        "skein-glm",
        "skein-glm",
        tighter("tol", 1e-6, (1e-7, 1e-8, 1e-10), 10**5),
        (*SQUARED, *LOGISTIC),
        promise="a sweep changes no coefficient by more than 1e-6, or 100 sweeps",
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
)
