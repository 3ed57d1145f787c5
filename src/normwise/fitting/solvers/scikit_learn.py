"""The same paths by scikit-learn's estimators: slower, and a check on our own.

Each strength is solved to a tolerance meant to meet the certificate, which is then computed
on the problem itself; a solution that misses it is not hidden, it is not chosen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, enet_path

from normwise.fitting.solvers.certificate import newton_decrement, relative_gap
from normwise.fitting.solvers.views import Dense, Solution

MAX_ITER = 100_000
# of a view, at some strengths, for a mix of penalties, to a tolerance
Solver = Callable[[Dense, np.ndarray, float, float], Solution]


def solve(view: Dense, alphas: np.ndarray, l1_ratio: float, tol: float) -> Solution:
    """Path on standardised features.

    Parameters
    ----------
    view : Dense
    alphas : ndarray of shape (n_alphas,)
        Finite and decreasing.
    l1_ratio, tol : float

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    intercept, gap, n_iter : ndarray of shape (n_alphas,)

    Raises
    ------
    ValueError
        For rows of unequal weight, for another loss than squared error without an intercept, and
        for a loss that has no estimator here.
    """
    if np.ptp(view.weight) > 1e-12:
        raise ValueError("the scikit-learn engine takes no sample weights")
    response = view.loss.name
    if response not in SOLVERS:
        raise ValueError(f"the scikit-learn engine has no estimator for {view.loss.label}")
    if not (view.loss.quadratic or view.fit_intercept):
        raise ValueError(f"the scikit-learn engine fits an intercept to a {response} response")
    with warnings.catch_warnings():
        # the certificate says what the warning says
        warnings.simplefilter("ignore", ConvergenceWarning)
        return SOLVERS[response](view, alphas, l1_ratio, tol)


def _squared(view: Dense, alphas: np.ndarray, l1_ratio: float, tol: float) -> Solution:
    n = len(view.y)
    X, y = np.asfortranarray(view.Z.T) * np.sqrt(n), view.y * np.sqrt(n)
    n_iter = np.ones(len(alphas), int)
    if l1_ratio:
        _, coef, _, steps = enet_path(
            X,
            y,
            l1_ratio=l1_ratio,
            alphas=alphas,
            tol=tol / 4,
            max_iter=MAX_ITER,
            return_n_iter=True,
        )
        coef, n_iter = coef.T, np.array(steps)
    else:
        coef = np.array(
            [
                Ridge(alpha=n * alpha, fit_intercept=False, solver="svd").fit(X, y).coef_
                if alpha
                else LinearRegression(fit_intercept=False).fit(X, y).coef_
                for alpha in alphas
            ]
        )
    gap = np.zeros(len(alphas))
    inner = alphas > 0
    gap[inner] = relative_gap(view.loss, X, y, coef[inner], None, alphas[inner], l1_ratio)
    if not inner.all():
        best = X @ np.linalg.lstsq(X, y, rcond=None)[0]
        achieved = ((y - coef[~inner] @ X.T) ** 2).sum(axis=1)
        gap[~inner] = (achieved - ((y - best) ** 2).sum()) / (y @ y or 1.0)
    return coef, np.zeros(len(alphas)), gap, n_iter


def _logistic(view: Dense, alphas: np.ndarray, l1_ratio: float, tol: float) -> Solution:
    n = len(view.y)
    X, y = view.Z.T.copy(), view.y
    rate, top = float(y.mean()), view.largest_correlation()
    model = LogisticRegression(
        l1_ratio=l1_ratio,
        solver="saga" if l1_ratio else "newton-cholesky",
        tol=tol / 300 if l1_ratio else 1e-10,
        max_iter=MAX_ITER,
        warm_start=True,
        random_state=0,
    )
    coef, intercept = np.zeros((len(alphas), X.shape[1])), np.zeros(len(alphas))
    n_iter = np.zeros(len(alphas), int)
    for i, alpha in enumerate(alphas):
        if l1_ratio and alpha * l1_ratio >= top:
            # saga would take coefficients that stay zero for convergence
            intercept[i], n_iter[i] = np.log(rate / (1 - rate)), 1
            continue
        model.set_params(C=1 / (n * alpha) if alpha else np.inf).fit(X, y)
        coef[i], intercept[i], n_iter[i] = model.coef_[0], model.intercept_[0], model.n_iter_[0]
    gap = np.zeros(len(alphas))
    inner = alphas > 0
    args = coef[inner], intercept[inner], alphas[inner], l1_ratio
    gap[inner] = relative_gap(view.loss, X, y, *args)
    gap[~inner] = newton_decrement(view.loss, X, y, coef[~inner], intercept[~inner])
    return coef, intercept, gap, n_iter


SOLVERS: dict[str, Solver] = {"gaussian": _squared, "binary": _logistic}
