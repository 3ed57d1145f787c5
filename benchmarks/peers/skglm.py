"""skglm 0.5: working sets, coordinate descent with Anderson extrapolation, prox-Newton.

- Objective: half the mean squared error, the mean log-loss, or the Poisson loss up to a constant;
  strengths as here. An intercept is fitted beside the coefficients, without centring. `l1_ratio` 0
  is not offered as ridge.
- Its `GeneralizedLinearEstimatorCV` takes a number of folds, not folds, and starts each fit anew
  (it hands over the last solution, which a solver without `warm_start` ignores). So the loop over
  the folds is ours: `Lasso.path` and `ElasticNet.path`, which start each strength from the last,
  for the logistic loss `SparseLogisticRegression` with `warm_start`, and for counts
  `GeneralizedLinearEstimator` with the parts `Poisson`, `L1` and `ProxNewton`, which has it too.
  `LBFGS`, for smooth penalties, has no free intercept, so that L2 is left out. No several classes.
- `tol` (1e-4): the largest violation of the optimality conditions, in the unit of a strength: its
  meaning changes with the scale of the response.
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


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from skglm import ElasticNet, Lasso

    limits = {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})
    pure = problem.l1_ratio == 1
    model = Lasso(**limits) if pure else ElasticNet(l1_ratio=problem.l1_ratio, **limits)

    def path(X, y):
        X = X if sparse.issparse(X) else np.asfortranarray(X)
        coef = model.path(X, y, problem.alphas)[1]
        return coef[:-1].T, coef[-1]

    return cross_validate(problem, path)


def _fit_logistic(problem: Problem, setting: Setting) -> Fitted:
    from skglm import SparseLogisticRegression

    limits = {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})

    def path(X, y):
        X = X if sparse.issparse(X) else np.asfortranarray(X)
        model = SparseLogisticRegression(l1_ratio=problem.l1_ratio, warm_start=True, **limits)
        found = []
        for alpha in problem.alphas:
            model.alpha = alpha
            model.fit(X, y)
            found.append(np.append(model.coef_[0], model.intercept_))
        coef = np.array(found)
        return coef[:, :-1], coef[:, -1]

    return cross_validate(problem, path)


def _fit_counts(problem: Problem, setting: Setting) -> Fitted:
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Poisson
    from skglm.penalties import L1
    from skglm.solvers import ProxNewton

    limits = {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})

    def path(X, y):
        X = X if sparse.issparse(X) else np.asfortranarray(X)
        solver = ProxNewton(fit_intercept=True, warm_start=True, **limits)
        model = GeneralizedLinearEstimator(Poisson(), L1(1.0), solver)
        found = []
        for alpha in problem.alphas:
            model.penalty.alpha = alpha
            model.fit(X, y)
            found.append(np.append(model.coef_, model.intercept_))
        coef = np.array(found)
        return coef[:, :-1], coef[:, -1]

    return cross_validate(problem, path)


_SETTINGS = tighter("tol", 1e-4, (1e-5, 1e-6, 1e-7, 1e-8), 10**4)
CONTENDERS = (
    Contender(
        "skglm",
        "skglm",
        _SETTINGS,
        SQUARED_L1,
        promise="optimality conditions violated by at most 1e-4",
        folds="ours",
        fit=_fit,
        solutions=path_on_all_rows,
    ),
    Contender(
        "skglm logistic",
        "skglm",
        _SETTINGS,
        (("logistic", "l1"),),
        promise="optimality conditions violated by at most 1e-4",
        folds="ours",
        fit=_fit_logistic,
        solutions=path_on_all_rows,
    ),
    Contender(
        "skglm Poisson",
        "skglm",
        _SETTINGS,
        (("poisson", "l1"),),
        promise="optimality conditions violated by at most 1e-4",
        folds="ours",
        fit=_fit_counts,
        solutions=path_on_all_rows,
    ),
)
