"""glmnetpp 0.1.0: the C++ core of R's glmnet behind a function for one strength.

- Objective and strengths are those of glmnet, dense data and the squared loss alone. Although
  called `fit_gaussian_ridge`, it takes any mix.
- There is no path, no cross-validation and no way to hand over a solution: each strength of each
  fold starts at zero, in our loop.
- `thresh` (1e-7): as in glmnet. `maxit` (a million) is an error where it is reached.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contender import (
    SQUARED,
    Contender,
    Fitted,
    Setting,
    cross_validate,
    path_on_all_rows,
    tighter,
)
from benchmarks.problem import Problem


def _fit(problem: Problem, setting: Setting) -> Fitted:
    from glmnetpp import fit_gaussian_ridge

    options = {"alpha": problem.l1_ratio, "standardize": False, "thresh": setting.tol}
    options |= {"maxit": setting.max_iter} if setting.max_iter else {}

    def path(X, y):
        X = np.asfortranarray(X)
        fits = [fit_gaussian_ridge(X, y, alpha, **options) for alpha in problem.alphas]
        return np.array([fit[1] for fit in fits]), np.array([fit[0] for fit in fits])

    return cross_validate(problem, path)


CONTENDERS = (
    Contender(
        "glmnetpp",
        "glmnetpp",
        tighter("thresh", 1e-7, (1e-9, 1e-11, 1e-12, 1e-14, 1e-16), 10**8),
        SQUARED,
        promise="a sweep decreases the loss by at most 1e-7 of the null loss",
        folds="ours, without warm starts",
        sparse=False,
        fit=_fit,
        solutions=path_on_all_rows,
    ),
)
