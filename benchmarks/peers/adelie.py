"""adelie 1.1.52: group elastic net by coordinate descent, groups of one here.

- Objective: half the mean squared error, the mean log-loss or the Poisson loss, with observation
  weights 1 / n; strengths as here, a free intercept, nothing standardised unless asked for.
- The log-loss of K classes, none of them the base, is divided by K: the strength is too. The
  coefficients of a feature are one group, whose L1 part is a norm of all of them, another problem,
  and takes no part; without it the groups' weights, by default the roots of their sizes, are set
  to 1.
- Its `cv_grpnet` draws folds and strengths itself; so the loop over the folds is ours, over
  `grpnet` with `early_exit=False`, which is what `cv_grpnet` sets (in `grpnet` itself a path ends
  at nine tenths of the deviance, also where the strengths are given).
- `tol` (1e-7): the largest decrease of the squared loss in a sweep, over the null loss;
  `irls_tol` (1e-7) the same for the quadratic approximations of the other losses. Running out of
  `max_iters` is an error.
- Needs NumPy below 2, and takes data by columns.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import xlogy

from benchmarks.contender import (
    LOGISTIC,
    POISSON,
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


def _response(problem: Problem, y: np.ndarray):
    import adelie

    if problem.loss == "multinomial":
        return adelie.glm.multinomial(
            (y[:, None] == np.arange(problem.coef_shape[0])).astype(float)
        )
    names = {"squared": "gaussian", "logistic": "binomial"}
    return getattr(adelie.glm, names.get(problem.loss, problem.loss))(y)


def _fit(problem: Problem, setting: Setting) -> Fitted:
    import adelie

    adelie.logger.logger.setLevel("ERROR")
    several, p = problem.loss == "multinomial", problem.X.shape[1]
    n_classes = problem.coef_shape[0] if several else 1
    limits = {"max_iters": setting.max_iter} if setting.max_iter else {}

    def path(X, y):
        X = adelie.matrix.sparse(X) if sparse.issparse(X) else np.asfortranarray(X)
        state = adelie.solver.grpnet(
            X,
            _response(problem, y),
            alpha=problem.l1_ratio,
            lmda_path=problem.alphas / n_classes,
            penalty=np.ones(p),
            tol=setting.tol,
            irls_tol=setting.tol,
            early_exit=False,
            progress_bar=False,
            **limits,
        )
        n_alphas = len(problem.alphas)
        coef = extended(state.betas.toarray(), n_alphas)
        if several:
            # the classes of a feature lie beside each other
            coef = coef.reshape(n_alphas, p, n_classes).transpose(0, 2, 1)
        return coef, extended(np.asarray(state.intercepts), n_alphas)

    return cross_validate(problem, path)


def _as_called(problem: Problem) -> float:
    import adelie

    adelie.logger.logger.setLevel("ERROR")
    X = problem.X
    X = adelie.matrix.sparse(X) if sparse.issparse(X) else np.asfortranarray(X)
    found = adelie.cv.cv_grpnet(
        X,
        _response(problem, problem.y),
        n_folds=len(np.unique(problem.folds)),
        seed=0,
        alpha=problem.l1_ratio,
        progress_bar=False,
    )
    least = float(np.min(found.avg_losses))
    y = problem.y
    # its losses of numbers and counts leave out what depends on y alone, and count half
    if problem.loss == "squared":
        return 2 * least + float(np.mean(y**2))
    if problem.loss == "poisson":
        return 2 * least + 2 * float(np.mean(xlogy(y, y) - y))
    return least * (problem.coef_shape[0] if problem.loss == "multinomial" else 1)


CONTENDERS = (
    Contender(
        "adelie",
        "adelie",
        tighter("tol", 1e-7, (1e-9, 1e-10, 1e-11, 1e-12, 1e-14), 10**7),
        (*SQUARED, *LOGISTIC, *POISSON, ("multinomial", "l2")),
        promise="a sweep decreases the loss by at most 1e-7 of the null loss",
        folds="ours",
        fit=_fit,
        solutions=path_on_all_rows,
        as_called=_as_called,
    ),
)
