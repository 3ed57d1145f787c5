"""The choice of the penalty's strength: the same folds, number of candidates and rules for all.

Each penalty gets ``n_alphas`` candidates, the null model among them. Least squares also gets the
limit of no penalty, so that neither end of the grid can bind. K-fold errors are computed on
features standardised within each fold; the path on all rows is then read at the strength that
each rule chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normwise.data.response_kind import kind_of
from normwise.data.rows import FREE, Rows, Splits, apart, group_labels, time_splits, usable
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Risk
from normwise.fitting.names import TUNINGS
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import CrossValidation, Path

if TYPE_CHECKING:
    from normwise.fitting.penalty import Penalty


@dataclass(frozen=True)
class Fit:
    """One penalty on one data set, under each tuning rule.

    Attributes
    ----------
    path : Path
        The candidates, from the null model down, fitted to all rows.
    risk : ndarray of shape (n_candidates,)
        Population loss of each.
    cv_error : ndarray of shape (n_candidates,)
        Cross-validated mean loss; NaN for an untuned penalty.
    chosen : ndarray of shape (n_tunings,)
        Index of the candidate for each of ``TUNINGS``.
    fold_gap : float
        Largest gap in any fold.
    n_uncertified : int
        Solutions, folds included, whose gap exceeds the tolerance; none is ever chosen.
    n_iter : int
        Solver iterations, folds included.
    """

    path: Path
    risk: np.ndarray
    cv_error: np.ndarray
    chosen: np.ndarray
    fold_gap: float
    n_uncertified: int
    n_iter: int


def fold_labels(y: np.ndarray, n_folds: int, response: str, rng: np.random.Generator) -> np.ndarray:
    """Fold of each row: balanced at random, and within the classes of a response that has them."""
    labels = np.empty(len(y), int)
    start = 0
    for rows in map(np.flatnonzero, kind_of(response).strata(y)):
        labels[rng.permutation(rows)] = (start + np.arange(len(rows))) % n_folds
        start += len(rows)
    return labels


def make_folds(
    y: np.ndarray, n_folds: int, response: str, rng: np.random.Generator, rows: Rows = FREE
) -> Splits:
    """Training and test rows of each fold.

    At random and balanced, as `fold_labels` says, unless rows belong together: groups are never on
    both sides, and with times each test part follows all of its training part. There are fewer
    folds where there are fewer groups, and none whose training part lacks a class or all events.
    """
    units = rows.units
    if rows.time is not None:
        return usable(apart(time_splits(rows.time, n_folds), units), y, response)
    if units is None:
        return usable(splits_of(fold_labels(y, n_folds, response, rng)), y, response)
    n_folds = min(n_folds, len(np.unique(units)))
    return usable(splits_of(group_labels(units, y, n_folds, response, rng)), y, response)


def splits_of(labels: np.ndarray) -> Splits:
    """Training and test rows of each fold."""
    in_test = np.unique(labels)[:, None] == labels
    tests, trains = (
        np.split(np.nonzero(rows)[1], np.cumsum(rows.sum(axis=1))[:-1])
        for rows in (in_test, ~in_test)
    )
    return list(zip(trains, tests, strict=True))


def fit(
    X: np.ndarray,
    y: np.ndarray,
    penalty: Penalty,
    response: str,
    folds: np.ndarray | Splits,
    n_alphas: int,
    tolerance: float,
    risk: Risk,
    engine: str = "native",
    weights: np.ndarray | None = None,
) -> Fit:
    """Fit a path on all rows and in each fold, and choose the strength by each rule.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        With several classes their numbers from 0 on, each of which occurs.
    penalty : Penalty
    response : str
        One of ``RESPONSES`` of `normwise.data.response_kind`.
    folds : ndarray of int, shape (n_samples,), or list of (train, test)
        Fold of each row, or the row numbers of each fold.
    n_alphas : int
    tolerance : float
        Largest acceptable relative duality gap.
    risk : callable
        Population loss, for the oracle rule.
    engine : {"native", "scikit-learn"}
    weights : ndarray of shape (n_samples,), optional
        Positive weights of the rows in the loss, in the standardisation and in the errors of the
        folds.

    Returns
    -------
    Fit

    Raises
    ------
    NoSolutionError
        If the problem has no finite solution.
    ValueError
        If there are weights, and the penalty takes none.
    """
    if weights is not None and not penalty.takes_weights:
        raise ValueError(f"penalty {penalty.name} takes no weights of the rows")
    if response not in penalty.responses:
        raise NoSolutionError(f"cannot be fitted to a {response} response")
    kind = kind_of(response)
    if kind.classes and min(rows.sum() for rows in kind.strata(y)) < 2:
        # with two rows of each class, every stratified training part has both
        raise NoSolutionError("a class has fewer than two rows")
    problem = problem_of(X, y, response, sample_weight=weights, engine=engine)
    alphas = penalty.grid(problem, n_alphas)
    path = penalty.path(problem, alphas, tolerance)
    classes = (len(np.unique(y)),) if kind.several else ()
    expected = (len(alphas) * penalty.per_strength, *classes, problem.n_features)
    if path.coef.shape != expected:
        raise ValueError(
            f"{type(penalty).__name__}.path returned coefficients of shape {path.coef.shape}, must "
            f"be {expected}: per_strength candidates at each strength, features"
        )
    usable = path.gap <= tolerance
    if not penalty.tuned:
        if not usable[0]:
            raise NoSolutionError("the unpenalised fit did not reach its certificate")
        none, chosen = np.full(1, np.nan), np.zeros(len(TUNINGS), int)
        population = risk(path.coef, path.intercept)
        return Fit(path, population, none, chosen, 0.0, 0, int(path.n_iter.sum()))
    splits = folds if isinstance(folds, list) else splits_of(folds)
    if not splits:
        raise NoSolutionError("no fold leaves rows of every class to be fitted")
    cv = penalty.cross_validate(problem, splits, alphas, tolerance)
    n_uncertified = int((path.gap > tolerance).sum() + (cv.gap > tolerance).sum())
    usable &= (cv.gap <= tolerance).all(axis=0)
    if not usable.any():
        raise NoSolutionError("no candidate reached its certificate")
    cv_error, best, one_se = choose(cv, usable)
    population = risk(path.coef, path.intercept)
    oracle = int(np.where(usable, population, np.inf).argmin())
    chosen = np.array([best, one_se, oracle])
    n_iter = int(path.n_iter.sum()) + cv.n_iter
    return Fit(path, population, cv_error, chosen, float(cv.gap.max()), n_uncertified, n_iter)


def choose(cv: CrossValidation, usable: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Mean error of each strength, the index of the best, and that of the one-standard-error rule.

    Parameters
    ----------
    cv : CrossValidation
        Strengths decreasing.
    usable : ndarray of bool, shape (n_alphas,)
        Strengths that may be chosen.
    """
    share = cv.weight / cv.weight.sum()
    error = share @ cv.errors
    candidate = np.where(usable, error, np.inf)
    best = int(candidate.argmin())
    spread = np.sqrt(share @ (cv.errors[:, best] - error[best]) ** 2 / max(len(share) - 1, 1))
    # the strongest penalty within one standard error of the best
    return error, best, int(np.argmax(candidate <= candidate[best] + spread))
