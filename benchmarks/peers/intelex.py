"""scikit-learn-intelex 2026.2: scikit-learn's classes on Intel's oneDAL.

- Objective, strengths and intercept are scikit-learn's; `alpha` = n λ for `Ridge` and
  `C` = 1 / (n λ) for `LogisticRegression`, in the folds with n of the training rows.
- None of the cross-validating classes is replaced by default. So the loop over the folds is ours,
  over `Lasso` and `ElasticNet` (in `preview`), `Ridge` and `LogisticRegression`. The last starts
  from the last strength; the first two start anew, because with `warm_start` they return the first
  solution at every strength (`findings/intelex_warm_start_stands_still.sh`).
- Sparse data and, for `Lasso`, `ElasticNet` and `Ridge`, wide data fall back to scikit-learn.
- `tol` (1e-4): for `Lasso` and `ElasticNet` the largest step of a coefficient, not scikit-learn's
  gap; for `LogisticRegression` that of lbfgs.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from benchmarks.contender import (
    SQUARED_L1,
    Contender,
    Fitted,
    Setting,
    cross_validate,
    path_on_all_rows,
    tighter,
)
from benchmarks.problem import Problem


def _limits(setting: Setting) -> dict[str, float]:
    return {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})


def _along(model, X, y, values, name):
    found = []
    for value in values:
        model.set_params(**{name: value}).fit(X, y)
        coef, intercept = np.asarray(model.coef_), np.asarray(model.intercept_)
        if coef.shape[:-1] == (1,):
            coef, intercept = coef[0], np.ravel(intercept)[0]
        found.append(np.append(coef, intercept[..., None], axis=-1))
    coef = np.array(found)
    return coef[..., :-1], coef[..., -1]


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from sklearnex.preview.linear_model import ElasticNet, Lasso

    pure = problem.l1_ratio == 1
    options = _limits(setting)
    model = Lasso(**options) if pure else ElasticNet(l1_ratio=problem.l1_ratio, **options)

    def path(X, y):
        X = X if sparse.issparse(X) else np.asfortranarray(X)
        return _along(model, X, y, problem.alphas, "alpha")

    return cross_validate(problem, path)


def _fit_ridge(problem: Problem, setting: Setting) -> Fitted:
    from sklearnex.linear_model import Ridge

    def path(X, y):
        return _along(Ridge(), X, y, len(y) * problem.alphas, "alpha")

    return cross_validate(problem, path)


def _fit_logistic(problem: Problem, setting: Setting) -> Fitted:
    from sklearnex.linear_model import LogisticRegression

    def path(X, y):
        model = LogisticRegression(warm_start=True, **_limits(setting))
        return _along(model, X, y, 1 / (len(y) * problem.alphas), "C")

    return cross_validate(problem, path)


CONTENDERS = (
    Contender(
        "intelex Lasso/ElasticNet",
        "intelex",
        tighter("tol", 1e-4, (1e-5, 1e-6, 1e-8, 1e-10), 10**6),
        SQUARED_L1,
        promise="a sweep changes no coefficient by more than 1e-4",
        folds="ours, without warm starts",
        fit=_fit,
        solutions=path_on_all_rows,
    ),
    Contender(
        "intelex Ridge",
        "intelex",
        (Setting("default", 1e-4),),
        (("squared", "l2"),),
        promise="solved directly",
        folds="ours, without warm starts",
        fit=_fit_ridge,
        solutions=path_on_all_rows,
    ),
    Contender(
        "intelex logistic",
        "intelex",
        tighter("tol", 1e-4, (1e-5, 1e-6, 1e-8), 10**5),
        (("logistic", "l2"), ("multinomial", "l2")),
        promise="largest slope of the objective at most 1e-4",
        folds="ours",
        fit=_fit_logistic,
        solutions=path_on_all_rows,
    ),
)
