"""skein-glm 1.0.0: coordinate descent with screening and extrapolation in Rust, prox-Newton.

- Objective: half the mean squared error, the mean log-loss of two or more classes, or the Poisson
  loss, strengths as here, a free intercept; nothing is standardised by default. The log-loss of K
  classes, none of them the base, is divided by K: the strength is too. Their L1 part is a norm of
  all coefficients of a feature, another problem, and takes no part.
- `ElasticNetPathCV` and its like for the other losses take our folds (as a splitter of
  scikit-learn) and strengths, and start each strength from the last. They keep the chosen strength
  alone, so that the path is computed again for its gap.
- `tol` (1e-6): the largest step of a coefficient in a sweep; `max_iter` (100) sweeps and, for all
  but the squared loss, `max_outer` (10; 25 for several classes) approximations to `outer_tol`
  (1e-6). Running out of them raises no warning.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import LOGISTIC, POISSON, SQUARED, Contender, Fitted, Setting, tighter
from benchmarks.problem import Problem


def _options(problem: Problem, setting: Setting) -> dict[str, object]:
    n_classes = problem.coef_shape[0] if problem.loss == "multinomial" else 1
    lambdas = problem.alphas / n_classes
    options = {"alpha": problem.l1_ratio, "lambdas": lambdas, "tol": setting.tol}
    newton = problem.loss != "squared"
    options |= {"outer_tol": setting.tol} if newton else {}
    if setting.max_iter:
        options["max_iter"] = setting.max_iter
        options |= {"max_outer": setting.max_iter} if newton else {}
    return options


def _kind(problem: Problem, what: str) -> type:
    import skein_glm

    loss = {"squared": ""}.get(problem.loss, problem.loss.capitalize())
    return getattr(skein_glm, f"{loss}ElasticNetPath{what}")


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from sklearn.model_selection import PredefinedSplit

    model = _kind(problem, "CV")(cv=PredefinedSplit(problem.folds), **_options(problem, setting))
    return model.fit(problem.X, problem.y)


def _as_called(problem: Problem) -> float:
    from sklearn.model_selection import PredefinedSplit

    model = _kind(problem, "CV")(alpha=problem.l1_ratio, cv=PredefinedSplit(problem.folds))
    least = float(model.fit(problem.X, problem.y).cv_mean_scores_.min())
    # a deviance is twice a log-loss, which is what it takes of several classes
    return least / 2 if problem.loss == "logistic" else least


def _path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    kind = _kind(problem, "Classifier" if problem.loss == "multinomial" else "Regressor")
    model = kind(**_options(problem, setting)).fit(problem.X, problem.y)
    return np.asarray(model.coefs_)[None]


CONTENDERS = (
    Contender(
        "skein-glm",
        "skein-glm",
        tighter("tol", 1e-6, (1e-7, 1e-8, 1e-10), 10**5),
        (*SQUARED, *LOGISTIC, *POISSON, ("multinomial", "l2")),
        promise="a sweep changes no coefficient by more than 1e-6, or 100 sweeps",
        fit=_fit,
        solutions=_path,
        as_called=_as_called,
    ),
)
