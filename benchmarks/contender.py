"""What a contender is, and the loop over folds for those that have none of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import logsumexp, xlogy

from benchmarks.problem import Problem

SQUARED_L1 = (("squared", "l1"), ("squared", "elastic_net"))
SQUARED = (*SQUARED_L1, ("squared", "l2"))
LOGISTIC = (("logistic", "l1"), ("logistic", "l2"))
POISSON = (("poisson", "l1"), ("poisson", "l2"))
MULTINOMIAL = (("multinomial", "l1"), ("multinomial", "l2"))


@dataclass(frozen=True)
class Setting:
    """How accurately a contender is asked to solve.

    Attributes
    ----------
    name : str
    tol : float
        In the contender's own meaning.
    max_iter : int
        0 leaves the contender's default.
    """

    name: str
    tol: float
    max_iter: int = 0


def tighter(what: str, default: float, tols: tuple[float, ...], max_iter: int) -> tuple:
    """The default of a contender, and settings from loose to tight."""
    named = (Setting(f"{what}={tol:.0e}", tol, max_iter) for tol in tols)
    return (Setting("default", default), *named)


Fitted = Any


@dataclass(frozen=True)
class Contender:
    """A solver that a user may pick.

    Attributes
    ----------
    name : str
    engine : str
        The process that it runs in: "normwise", "scikit-learn", "glmnet", or the environment of a
        peer.
    settings : tuple of Setting
        From loose to tight.
    problems : tuple of (loss, penalty)
        What it solves.
    promise : str
        At what it says that it stops, by default.
    folds : str
        Whose loop over the folds runs.
    sparse : bool
        It takes sparse matrices.
    regimes : tuple of str
        The only ones that it takes part in; empty for all.
    fit : callable, optional
        Cross-validates a problem at a setting and fits all rows; this is timed.
    solutions : callable, optional
        Coefficients of shape (n_sets, n_alphas, n_features) or (n_sets, n_alphas, n_classes,
        n_features) that the fit found on all rows (one set) or on the training rows of each fold;
        NaN where it was not looked at.
    as_called : callable, optional
        The same at all defaults, strengths of its own included; returns the least cross-validated
        error.
    """

    name: str
    engine: str
    settings: tuple[Setting, ...]
    problems: tuple[tuple[str, str], ...]
    promise: str = ""
    folds: str = "its own"
    sparse: bool = True
    regimes: tuple[str, ...] = ()
    fit: Callable[[Problem, Setting], Fitted] | None = None
    solutions: Callable[[Problem, Setting, Fitted], np.ndarray] | None = None
    as_called: Callable[[Problem], float] | None = None

    @property
    def has_strengths(self) -> bool:
        """Whether it can be called without strengths."""
        return self.as_called is not None or self.engine == "glmnet"


Path = Callable[[Any, np.ndarray], tuple[np.ndarray, np.ndarray]]


def cross_validate(problem: Problem, path: Path) -> np.ndarray:
    """Fit a path to all rows and to the training rows of each fold, which is held against the rest.

    Parameters
    ----------
    problem : Problem
    path : callable
        From X and y to coefficients of shape (n_alphas, n_features) and intercepts (n_alphas,),
        each with a second axis for several classes.

    Returns
    -------
    ndarray of shape (n_alphas, n_features) or (n_alphas, n_classes, n_features)
        Coefficients on all rows.
    """
    whole, _ = path(problem.X, problem.y)
    rows = problem.X.tocsr() if sparse.issparse(problem.X) else problem.X
    errors = np.zeros(len(problem.alphas))
    for train, test in problem.splits:
        X = rows[train].tocsc() if sparse.issparse(rows) else rows[train]
        coef, intercept = path(X, problem.y[train])
        predictor = rows[test] @ coef.reshape(-1, coef.shape[-1]).T
        errors += _errors(problem, predictor.reshape(len(test), *intercept.shape) + intercept, test)
    assert np.isfinite(errors).all()
    return whole


def _errors(problem: Problem, predictor: np.ndarray, test: np.ndarray) -> np.ndarray:
    y = problem.y[test][:, None]
    if problem.loss == "squared":
        return ((y - predictor) ** 2).sum(axis=0)
    if problem.loss == "logistic":
        return (np.logaddexp(0, predictor) - y * predictor).sum(axis=0)
    if problem.loss == "poisson":
        return 2 * (xlogy(y, y) - y * predictor - y + np.exp(predictor)).sum(axis=0)
    own = np.take_along_axis(predictor, y.astype(int)[:, :, None], axis=2)[:, :, 0]
    return (logsumexp(predictor, axis=2) - own).sum(axis=0)


def mean_error(errors: np.ndarray, problem: Problem) -> float:
    """The least of the errors of (n_alphas, n_folds), a mean over the rows."""
    weight = np.bincount(problem.folds)
    return float((errors @ weight).min() / weight.sum())


def path_on_all_rows(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    """The coefficients that `cross_validate` returned, as `Contender.solutions` wants them."""
    return np.asarray(fitted)[None]


def extended(coef: np.ndarray, n_alphas: int) -> np.ndarray:
    """Coefficients of all strengths, where a path ended early: those of its last one."""
    return coef[np.minimum(np.arange(n_alphas), len(coef) - 1)]
