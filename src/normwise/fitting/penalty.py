"""What is added to the loss: the penalties of the study, and how another one joins them.

A penalty is a class with a name, a label and a method ``path``. Those of this package lie in
modules named like them; others come from a file of the user's (see `normwise.extensions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from normwise.data.response_kind import RESPONSES
from normwise.fitting.loss import prediction_loss
from normwise.fitting.names import MIXES, penalty_class
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import CrossValidation, Path, Problem

Splits = Iterable[tuple[np.ndarray, np.ndarray]]


def mean_and_spread(X: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation along the first axis, by weights of the rows if there are any."""
    if weight is None:
        return X.mean(axis=0), X.std(axis=0)
    mean = np.asarray(np.average(X, axis=0, weights=weight))
    return mean, np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight))


def standardised(
    X: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of mean 0 and variance 1, with their means and scales.

    A constant column becomes zero; its scale is infinite.
    """
    mean, spread = mean_and_spread(X, weight)
    scale = np.where(spread > 1e-12 * np.abs(X).max(axis=0), spread, np.inf)
    return (X - mean) / scale, mean, scale


class Penalty:
    """A way to fit a linear model, with a strength to be chosen.

    Attributes
    ----------
    name : str
        In the config and the tables: lower-case letters, digits and underscores.
    label : str
        In figures and on the page.
    selects : bool
        Whether coefficients of exactly zero are a statement about the features.
    tuned : bool
        Whether there is a strength to choose.
    per_strength : int
        Candidates at each strength, for a penalty with a second parameter.
    ends_with_limit : bool
        Whether the last strength of a least-squares grid stands for no penalty at all, beyond
        which there is nothing to search.
    responses : tuple of str
        Kinds of response that it can be fitted to; by default those with one linear predictor and
        a solver that every penalty may use.
    takes_weights : bool
        Whether `path` weighs the rows by ``problem.weight``. Where it does not, data with weights
        are refused.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    selects: ClassVar[bool] = True
    tuned = True
    per_strength: ClassVar[int] = 1
    ends_with_limit: ClassVar[bool] = True
    responses: tuple[str, ...] = ("gaussian", "binary")
    takes_weights: ClassVar[bool] = False

    def grid(self, problem: Problem, n_alphas: int) -> np.ndarray:
        """Candidate strengths, decreasing: from the null model down, by default the lasso's.

        0 alone if there is nothing to tune.

        Parameters
        ----------
        problem : Problem
            All rows.
        n_alphas : int
        """
        return problem.alpha_grid(1.0, n_alphas) if self.tuned else np.zeros(1)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength.

        Parameters
        ----------
        problem : Problem
            ``X`` and ``y`` are its data, ``weight`` the weights of the rows, ones where there are
            none; features are not standardised yet.
        alphas : ndarray of shape (n_alphas,)
        tol : float
            Relative duality gap to reach.

        Returns
        -------
        Path
            ``per_strength`` candidates for each strength, one after the other, the more shrunken
            first; coefficients on the scale of the data. A candidate whose gap exceeds ``tol`` is
            never chosen and is counted; NaN stands for one that does not exist.
        """
        raise NotImplementedError

    def cross_validate(
        self, problem: Problem, splits: Splits, alphas: np.ndarray, tol: float
    ) -> CrossValidation:
        """Fit a path to each training part and measure its errors on the test part."""
        errors, gaps, steps, sizes = [], [], 0, []
        for train, test in splits:
            part = problem_of(
                problem.X[train],
                problem.y[train],
                problem.response,
                sample_weight=problem.weight[train],
                engine=problem.engine,
            )
            path = self.path(part, alphas, tol)
            predictor = path.intercept[..., None] + path.coef @ problem.X[test].T
            weight = None if problem.unequal is None else problem.weight[test]
            errors.append(prediction_loss(problem.y[test], predictor, problem.response, weight))
            gaps.append(path.gap)
            steps += int(path.n_iter.sum())
            sizes.append(float(problem.weight[test].sum()))
        return CrossValidation(np.array(errors), np.array(gaps), steps, np.array(sizes))


class Mix(Penalty):
    """Nothing, or a mix of L1 and squared L2, solved by `normwise.solvers`.

    Parameters
    ----------
    l1_ratio : float
        1 for the lasso, 0 for ridge.
    tuned : bool
    """

    takes_weights = True
    responses = RESPONSES

    def __init__(self, l1_ratio: float, tuned: bool = True) -> None:
        self.l1_ratio, self.tuned = l1_ratio, tuned

    def grid(self, problem: Problem, n_alphas: int) -> np.ndarray:
        """Candidate strengths, or 0 alone if there is nothing to tune."""
        return problem.alpha_grid(self.l1_ratio, n_alphas) if self.tuned else np.zeros(1)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength."""
        return problem.path(alphas, self.l1_ratio, tol)

    def cross_validate(
        self, problem: Problem, splits: Splits, alphas: np.ndarray, tol: float
    ) -> CrossValidation:
        """Fit a path to each training part, with what the folds can share computed once."""
        return problem.cross_validate(splits, alphas, self.l1_ratio, tol)


def mixes(l1_ratio: float) -> dict[str, Mix]:
    """The penalties of the question itself by name; ``l1_ratio`` is the elastic net's."""
    return {
        "none": Mix(0.0, tuned=False),
        "l1": Mix(1.0),
        "l2": Mix(0.0),
        "elastic_net": Mix(l1_ratio),
    }


def find(name: str, l1_ratio: float) -> Penalty:
    """The penalty of a name; ``l1_ratio`` is the elastic net's.

    Raises
    ------
    KeyError
        If no penalty has the name.
    """
    return mixes(l1_ratio)[name] if name in MIXES else penalty_class(name)()
