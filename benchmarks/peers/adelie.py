"""adelie 1.1.52: group elastic net by coordinate descent, groups of one here.

- Objective: half the mean squared error or the mean log-loss, with observation weights 1 / n;
  strengths as here, a free intercept, nothing standardised unless asked for.
- Its `cv_grpnet` draws folds and strengths itself; so the loop over the folds is ours, over
  `grpnet` with `early_exit=False`, which is what `cv_grpnet` sets (in `grpnet` itself a path ends
  at nine tenths of the deviance, also where the strengths are given).
- `tol` (1e-7): the largest decrease of the squared loss in a sweep, over the null loss;
  `irls_tol` (1e-7) the same for the quadratic approximations of the logistic loss. Running out of
  `max_iters` is an error.
- Needs NumPy below 2, and takes data by columns.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from benchmarks.contender import (
    LOGISTIC,
    SQUARED,
    Contender,
    Fitted,
    Setting,
    cross_validate,
    extended,
    path_on_all_rows,
    tighter,
)
from benchmarks.problem import Problem


def _fit(problem: Problem, setting: Setting) -> Fitted:
    import adelie

    adelie.logger.logger.setLevel("ERROR")
    family = adelie.glm.gaussian if problem.loss == "squared" else adelie.glm.binomial
    limits = {"max_iters": setting.max_iter} if setting.max_iter else {}

    def path(X, y):
        X = adelie.matrix.sparse(X) if sparse.issparse(X) else np.asfortranarray(X)
        state = adelie.solver.grpnet(
            X,
            family(y),
            alpha=problem.l1_ratio,
            lmda_path=problem.alphas,
            tol=setting.tol,
            irls_tol=setting.tol,
            early_exit=False,
            progress_bar=False,
            **limits,
        )
        n_alphas = len(problem.alphas)
        coef = extended(state.betas.toarray(), n_alphas)
        return coef, extended(np.asarray(state.intercepts), n_alphas)

    return cross_validate(problem, path)


def _as_called(problem: Problem) -> float:
    import adelie

    adelie.logger.logger.setLevel("ERROR")
    family = adelie.glm.gaussian if problem.loss == "squared" else adelie.glm.binomial
    X = problem.X
    X = adelie.matrix.sparse(X) if sparse.issparse(X) else np.asfortranarray(X)
    found = adelie.cv.cv_grpnet(
        X,
        family(problem.y),
        n_folds=len(np.unique(problem.folds)),
        seed=0,
        alpha=problem.l1_ratio,
        progress_bar=False,
    )
    least = float(np.min(found.avg_losses))
    # its squared loss leaves out the square of y, and counts half
    return 2 * least + float(np.mean(problem.y**2)) if problem.loss == "squared" else least


CONTENDERS = (
    Contender(
        "adelie",
        "adelie",
        tighter("tol", 1e-7, (1e-9, 1e-10, 1e-11, 1e-12, 1e-14), 10**7),
        (*SQUARED, *LOGISTIC),
        promise="a sweep decreases the loss by at most 1e-7 of the null loss",
        folds="ours",
        fit=_fit,
        solutions=path_on_all_rows,
        as_called=_as_called,
    ),
)
