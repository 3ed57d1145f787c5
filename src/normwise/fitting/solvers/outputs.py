"""Counts and several classes as the compiled solver takes them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.special import logsumexp, xlogy

from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers.problem import Path, Problem
from normwise.fitting.solvers.views import Dense, Sparse, View

CLASSES = "multinomial"


@dataclass(frozen=True)
class Outputs:
    """The responses of some rows, a row for each linear predictor, and their null model.

    Attributes
    ----------
    rows : ndarray of shape (n_outputs, n_samples)
        Counts, or a one in the row of each class.
    weight : ndarray of shape (n_samples,)
        Of sum 1.
    offset : ndarray of shape (n_samples,)
        Part of the predictor that is known; zero for classes.
    level : ndarray of shape (n_outputs,)
        Intercepts of the null model; zero without an intercept.
    unit : float
        The unit of duality gaps: the entropy of the classes, or half the deviance of the null
        model of counts.
    """

    rows: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    level: np.ndarray
    unit: float

    @property
    def slopes(self) -> np.ndarray:
        """Minus the slopes of the loss at the null model, times the weights."""
        eta = self.level[:, None] + self.offset
        if len(self.rows) == 1:
            return np.asarray(self.weight * (self.rows - np.exp(eta)))
        share = np.exp(eta - eta.max(axis=0))
        return np.asarray(self.weight * (self.rows - share / share.sum(axis=0)))


def outputs_of(view: View, response: str, count: int, offset: np.ndarray) -> Outputs:
    """Responses of a view for the solver.

    Parameters
    ----------
    view : View
    response : {"poisson", "multinomial"}
    count : int
        Linear predictors.
    offset : ndarray of shape (n_samples,)

    Raises
    ------
    NoSolutionError
        If a class does not occur, or all counts are zero.
    """
    y, weight, free = view.y, view.weight, view.fit_intercept
    if response == CLASSES:
        rows = (np.arange(count)[:, None] == y).astype(float)
        share = rows @ weight
        if not (share > 0).all():
            missing = int(np.flatnonzero(share == 0)[0])
            raise NoSolutionError(f"class {missing} of {count} does not occur")
        level = np.log(share) - np.log(share).mean() if free else np.zeros(count)
        unit = float(-xlogy(share, share).sum()) if free else float(np.log(count))
        return Outputs(rows, weight, np.zeros(len(y)), level, unit or 1.0)
    mean = float(weight @ y)
    if not mean > 0:
        raise NoSolutionError("all counts are zero")
    level = float(np.log(mean) - logsumexp(offset, b=weight)) if free else 0.0
    eta = level + offset
    unit = float(weight @ (xlogy(y, y) - y * eta - y + np.exp(eta)))
    # equal rates for all rows leave nothing but rounding errors
    unit = unit if unit > 1e-12 * mean else 1.0
    return Outputs(y[None], weight, offset, np.array([level]), unit)


class GeneralisedProblem(Problem):
    """Counts or several classes: a problem whose coefficients may have an axis for the classes.

    Parameters
    ----------
    X, y, response, sample_weight, standardize, fit_intercept
        As for `Problem`; ``response`` is poisson or multinomial, whose ``y`` are the numbers of the
        classes from 0 on.
    offset : ndarray of shape (n_samples,), optional
        What is added to the linear predictor of each row, for counts.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        response: str,
        *,
        offset: np.ndarray | None = None,
        **options: Any,
    ) -> None:
        super().__init__(X, y, response, **options)
        self.n_outputs = int(self.y.max()) + 1 if response == CLASSES else 1
        self.known = np.zeros(self.n_samples) if offset is None else np.asarray(offset, float)

    def _view(self, rows: np.ndarray | None) -> View:
        view = super()._view(rows)
        view.known = self.known if rows is None else self.known[rows]
        return view

    def _outputs(self, view: View) -> Outputs:
        return outputs_of(view, self.response, self.n_outputs, cast(np.ndarray, view.known))

    def alpha_max(self, l1_ratio: float) -> float:
        """See `Problem.alpha_max`."""
        view = self._all_rows
        Z = view.Z if isinstance(view, Sparse) else cast(Dense, view).Z.T
        return float(np.abs(self._outputs(view).slopes @ Z).max()) / l1_ratio or 1.0

    def alpha_grid(self, l1_ratio: float, n_alphas: int) -> np.ndarray:
        """See `Problem.alpha_grid`; counts curve their loss by as much as they are on average."""
        grid = super().alpha_grid(l1_ratio, n_alphas)
        if l1_ratio or self.response == CLASSES:
            return grid
        return np.asarray(grid * float(self._all_rows.weight @ self.y))

    def _fit(
        self,
        view: View,
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float,
        begin: np.ndarray | None = None,
    ) -> Path:
        # compiled: loaded when used
        from normwise.fitting.solvers.generalised import generalised_path, kind_of_loss

        outputs, K, p = self._outputs(view), self.n_outputs, self.n_features
        coef, intercept = np.zeros((len(alphas), K, p)), np.zeros((len(alphas), K))
        gap, n_iter = np.zeros(len(alphas)), np.zeros(len(alphas), int)
        intercept[:] = outputs.level
        if (alphas == 0).any():
            self.loss.refuse_limit(view.design(), view.y)
        inner, start = np.isfinite(alphas), np.zeros((K, p))
        if begin is not None:
            known = np.isfinite(view.scale)
            start[:, known] = begin.reshape(K, p)[:, known] * view.scale[known]
        level = float(outputs.level[0]) if K == 1 else 0.0
        if inner.any():
            # an L2 penalty is blind to rotations, which bring p features down to n
            wide = not l1_ratio and p > len(view.y)
            X, free, back = view.features(rotate=wide)
            if free >= 0:
                X = X[:free] if isinstance(X, np.ndarray) else (*X[:2], X[2][:-1])
            if wide:
                start = np.zeros((K, len(X)))
            found, intercept[inner], gap[inner], n_iter[inner] = generalised_path(
                np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X,
                kind_of_loss(self.response),
                outputs.rows,
                outputs.weight,
                # of counts, about the null model: a constant in all offsets changes no digit
                outputs.offset + level,
                alphas[inner] * l1_ratio,
                alphas[inner] * (1 - l1_ratio),
                view.fit_intercept,
                tol,
                outputs.unit,
                start,
            )
            intercept[inner] += level
            coef[inner] = back(found.reshape(-1, found.shape[-1])).reshape(-1, K, p)
        coef /= view.scale
        intercept -= coef @ view.mean
        if K == 1:
            coef, intercept = coef[:, 0], intercept[:, 0]
        else:
            # a constant in all of them changes no probability
            intercept -= intercept.mean(axis=1, keepdims=True)
        return Path(alphas, coef, intercept, gap, n_iter)

    def _predictors(self, rows: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        # one after the other, and then by strength and class
        flat = super()._predictors(rows, coef.reshape(-1, self.n_features), intercept.ravel())
        if self.n_outputs == 1:
            return flat + self.known[rows]
        return flat.reshape(len(coef), self.n_outputs, -1)


def problem_of(X: Any, y: np.ndarray, response: str, **options: Any) -> Problem:
    """The problem of a response, by whichever solver it has; ``offset`` is for counts alone."""
    if loss_of(response).generalised:
        return GeneralisedProblem(X, y, response, **options)
    return Problem(X, y, response, **options)
