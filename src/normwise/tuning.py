"""The choice of the penalty's strength: the same folds, number of candidates and rules for all.

Each penalty gets ``n_alphas`` candidates, the null model among them. Least squares also gets the
limit of no penalty, so that neither end of the grid can bind. K-fold errors are computed on
features standardised within each fold; the path on all rows is then read at the strength that
each rule chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from normwise.solvers import NoSolutionError, Path, fit_path

TUNINGS = ("cv_min", "cv_1se", "oracle")
L1_DEPTH = 1e-3
L1_LIMIT = 1e-6


@dataclass(frozen=True)
class Penalty:
    """What is added to the loss: nothing, or a mix of L1 and squared L2."""

    l1_ratio: float
    tuned: bool = True


def penalties(l1_ratio: float) -> dict[str, Penalty]:
    """The penalties of the study by name; ``l1_ratio`` is the elastic net's."""
    return {
        "none": Penalty(0.0, tuned=False),
        "l1": Penalty(1.0),
        "l2": Penalty(0.0),
        "elastic_net": Penalty(l1_ratio),
    }


class Risk(Protocol):
    """Population loss of linear predictors on the original scale."""

    def __call__(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Loss of each of (n_alphas, n_features) coefficients."""
        ...


@dataclass(frozen=True)
class Standardiser:
    """Centring and scaling learned from training rows; constant columns become zero."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, X: np.ndarray) -> Standardiser:
        """From training rows of shape (n_samples, n_features)."""
        mean, scale = X.mean(axis=0), X.std(axis=0)
        # a constant column has a standard deviation of rounding errors, not exactly zero
        constant = scale <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        return cls(mean, np.where(constant, np.inf, scale))

    def apply(self, X: np.ndarray) -> np.ndarray:
        """Standardised features."""
        return (X - self.mean) / self.scale

    def restore(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of a path on the original scale."""
        coef = path.coef / self.scale
        return coef, path.intercept - coef @ self.mean


@dataclass(frozen=True)
class Fit:
    """One penalty on one data set, under each tuning rule.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Candidates, from the null model down.
    cv_error : ndarray of shape (n_alphas,)
        Cross-validated mean squared error or log-loss; NaN for an untuned penalty.
    path_coef, path_intercept : ndarray
        The path on all rows, on the original scale.
    path_gap : ndarray of shape (n_alphas,)
        Relative duality gaps.
    chosen : ndarray of shape (n_tunings,)
        Index of the candidate for each of ``TUNINGS``.
    fold_gap : float
        Largest gap in any fold.
    n_uncertified : int
        Solutions, folds included, whose gap exceeds the tolerance; none is ever chosen.
    n_iter : int
        Solver iterations, folds included.
    """

    alphas: np.ndarray
    cv_error: np.ndarray
    path_coef: np.ndarray
    path_intercept: np.ndarray
    path_gap: np.ndarray
    chosen: np.ndarray
    fold_gap: float
    n_uncertified: int
    n_iter: int


def alpha_grid(
    X: np.ndarray, y: np.ndarray, penalty: Penalty, n_alphas: int, response: str
) -> np.ndarray:
    r"""Candidate strengths, decreasing.

    With an L1 part: from the smallest :math:`\lambda` whose solution is null down to a
    thousandth of it, and for least squares a millionth as the limit of no penalty. For L2:
    the null model, then a grid fixed by the shape of the data alone, from 100 times the largest
    possible eigenvalue of :math:`X^T X / n`, and for least squares the minimum-norm limit.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Standardised.
    y : ndarray of shape (n_samples,)
    penalty : Penalty
    n_alphas : int
        Number of candidates, the null model and the limit included.
    response : {"gaussian", "binary"}
    """
    if not penalty.tuned:
        return np.zeros(1)
    n, p = X.shape
    limit = response == "gaussian"
    inner = n_alphas - int(limit)
    if penalty.l1_ratio:
        top = np.abs((y - y.mean()) @ X).max() / n / penalty.l1_ratio
        top = top or 1.0
        grid = top * np.geomspace(1, L1_DEPTH, inner)
        return np.append(grid, top * L1_LIMIT) if limit else grid
    floor = 1e-5 * max(1.0, p / n) if limit else 1e-4
    grid = np.append(np.inf, np.geomspace(100.0 * p, floor, inner - 1))
    return np.append(grid, 0.0) if limit else grid


def fold_labels(y: np.ndarray, n_folds: int, response: str, rng: np.random.Generator) -> np.ndarray:
    """Fold of each row: balanced at random, and within classes for a binary response."""
    labels = np.empty(len(y), int)
    start = 0
    for group in [np.arange(len(y))] if response == "gaussian" else [y == 0, y == 1]:
        rows = np.arange(len(y))[group]
        labels[rng.permutation(rows)] = (start + np.arange(len(rows))) % n_folds
        start += len(rows)
    return labels


def prediction_loss(y: np.ndarray, predictor: np.ndarray, response: str) -> np.ndarray:
    """Mean squared error, or mean log-loss, along the last axis."""
    if response == "binary":
        return np.asarray((np.logaddexp(0, predictor) - y * predictor).mean(axis=-1))
    return np.asarray(((y - predictor) ** 2).mean(axis=-1))


def fit(
    X: np.ndarray,
    y: np.ndarray,
    penalty: Penalty,
    response: str,
    folds: np.ndarray,
    n_alphas: int,
    tolerance: float,
    risk: Risk,
) -> Fit:
    """Fit a path on all rows and in each fold, and choose the strength by each rule.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    penalty : Penalty
    response : {"gaussian", "binary"}
    folds : ndarray of int, shape (n_samples,)
    n_alphas : int
    tolerance : float
        Largest acceptable relative duality gap.
    risk : callable
        Population loss, for the oracle rule.

    Returns
    -------
    Fit

    Raises
    ------
    NoSolutionError
        If the problem has no finite solution.
    """
    if response == "binary" and min((y == 0).sum(), (y == 1).sum()) < 2:
        # with two rows of each class, every stratified training part has both
        raise NoSolutionError("a class has fewer than two rows")
    whole = Standardiser.learn(X)
    Z = whole.apply(X)
    alphas = alpha_grid(Z, y, penalty, n_alphas, response)
    path = fit_path(Z, y, alphas, penalty.l1_ratio, response)
    coef, intercept = whole.restore(path)
    n_iter = int(path.n_iter.sum())
    usable = path.gap <= tolerance
    n_uncertified = int((~usable).sum())
    fold_gap = 0.0
    if not penalty.tuned:
        if not usable[0]:
            raise NoSolutionError("the unpenalised fit did not reach its certificate")
        none = np.full(1, np.nan)
        chosen = np.zeros(len(TUNINGS), int)
        return Fit(alphas, none, coef, intercept, path.gap, chosen, fold_gap, 0, n_iter)
    errors = np.empty((folds.max() + 1, len(alphas)))
    sizes = np.bincount(folds)
    for k in range(len(errors)):
        train, test = folds != k, folds == k
        scaler = Standardiser.learn(X[train])
        part = fit_path(scaler.apply(X[train]), y[train], alphas, penalty.l1_ratio, response)
        predictor = part.intercept[:, None] + part.coef @ scaler.apply(X[test]).T
        errors[k] = prediction_loss(y[test], predictor, response)
        n_iter += int(part.n_iter.sum())
        fold_gap = max(fold_gap, float(part.gap.max()))
        n_uncertified += int((part.gap > tolerance).sum())
        usable &= part.gap <= tolerance
    if not usable.any():
        raise NoSolutionError("no candidate reached its certificate")
    cv_error = sizes @ errors / sizes.sum()
    spread = np.sqrt(sizes @ (errors - cv_error) ** 2 / sizes.sum() / (len(errors) - 1))
    candidate = np.where(usable, cv_error, np.inf)
    best = int(candidate.argmin())
    # the strongest penalty within one standard error of the best
    one_se = int(np.argmax(candidate <= candidate[best] + spread[best]))
    oracle = int(np.where(usable, risk(coef, intercept), np.inf).argmin())
    chosen = np.array([best, one_se, oracle])
    return Fit(alphas, cv_error, coef, intercept, path.gap, chosen, fold_gap, n_uncertified, n_iter)
