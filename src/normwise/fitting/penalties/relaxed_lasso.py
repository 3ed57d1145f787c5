r"""The relaxed lasso: L1 selects, and its shrinkage is then undone in part or in whole.

A candidate is :math:`\gamma\, b^{\mathrm{lasso}} + (1-\gamma)\, b^{\mathrm{free}}`, where
:math:`b^{\mathrm{free}}` is the fit without a penalty of the features that the lasso keeps
(Meinshausen 2007, as simplified by Hastie, Tibshirani & Tibshirani 2020). With the log-loss the
free fit keeps the least strength of ridge's grid, so that it exists for separable classes too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from normwise.data.response_kind import RESPONSES
from normwise.fitting.names import register
from normwise.fitting.penalty import Penalty, mean_and_spread
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import Path, Problem

# share of the lasso in a candidate, the more shrunken first
SHARES = (1.0, 0.5, 0.0)
FLOOR = 1e-4
# pivots of a factor of the products, the smallest over the largest, at which they lose half of
# their digits
PRECISE = 1e-5


# coefficients, intercept, or one for each class, and gap
Fit = tuple[np.ndarray, float | np.ndarray, float]


class _LeastSquares:
    """Fits of some features without a penalty, by the products of all that the lasso ever keeps."""

    def __init__(self, problem: Problem, ever: np.ndarray) -> None:
        root = np.sqrt(problem.weight)
        X = problem.X[:, ever]
        self.mean, self.scale = mean_and_spread(X, problem.unequal)
        self.centre = float(mean_and_spread(problem.y, problem.unequal)[0])
        self.Z = (X - self.mean) / self.scale * root[:, None]
        self.y = (problem.y - self.centre) * root
        self.products, self.ever = self.Z.T @ self.Z, ever

    def fit(self, kept: np.ndarray) -> Fit:
        """Coefficients, intercept and gap; of features that depend on each other the smallest."""
        own = kept[self.ever]
        Z = self.Z[:, own]
        solution = self._by_products(Z, own)
        if solution is None:
            solution = np.linalg.lstsq(Z, self.y)[0]
        coef = np.zeros(len(kept))
        coef[kept] = solution / self.scale[own]
        return coef, self.centre - float(self.mean[own] @ coef[kept]), 0.0

    def _by_products(self, Z: np.ndarray, own: np.ndarray) -> np.ndarray | None:
        # a tenth of the time of a decomposition of Z, where that is as precise
        factor, failed = dpotrf(self.products[np.ix_(own, own)])
        pivots = np.diag(factor)
        if failed or pivots.min() < PRECISE * pivots.max():
            return None
        solution = dpotrs(factor, Z.T @ self.y)[0]
        # products square the condition number: what they leave over is taken from the data
        return np.asarray(solution + dpotrs(factor, Z.T @ (self.y - Z @ solution))[0])


def _with_floor(problem: Problem, kept: np.ndarray, tol: float) -> Fit:
    """The same with the least strength of ridge."""
    weight = problem.weight
    part = problem_of(
        problem.X[:, kept],
        problem.y,
        problem.response,
        sample_weight=weight,
        engine=problem.engine,
    )
    path = part.path(np.array([FLOOR]), 0.0, tol)
    coef = np.zeros((*path.coef.shape[1:-1], problem.n_features))
    coef[..., kept] = path.coef[0]
    return coef, path.intercept[0], float(path.gap[0])


def _kept(coef: np.ndarray) -> np.ndarray:
    """Features with a nonzero coefficient, in any class, of each fit."""
    return np.asarray((coef != 0).reshape(len(coef), -1, coef.shape[-1]).any(axis=1))


@register
class RelaxedLasso(Penalty):
    """L1 for the choice of features, with less of its shrinkage."""

    name = "relaxed_lasso"
    label = "relaxed lasso"
    takes_weights = True
    responses = RESPONSES
    per_strength = len(SHARES)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength and share."""
        lasso = problem.path(alphas, 1.0, tol)
        ever = np.asarray(_kept(lasso.coef).any(axis=0))
        free_fits = _LeastSquares(problem, ever) if problem.loss.has_limit else None
        found: dict[bytes, Fit] = {}
        parts = []
        for i, coef in enumerate(lasso.coef):
            kept = _kept(coef[None])[0]
            if kept.any() and kept.tobytes() not in found:
                fit = free_fits.fit(kept) if free_fits else _with_floor(problem, kept, tol)
                found[kept.tobytes()] = fit
            free = found.get(kept.tobytes(), (coef, lasso.intercept[i], lasso.gap[i]))
            parts.append([self._mixed(lasso, i, free, share) for share in SHARES])
        rows = [row for part in parts for row in part]
        coefs, intercepts, gaps = zip(*rows, strict=True)
        return replace(
            lasso,
            alphas=np.repeat(lasso.alphas, len(SHARES)),
            coef=np.array(coefs),
            intercept=np.array(intercepts),
            gap=np.array(gaps),
            n_iter=np.repeat(lasso.n_iter, len(SHARES)) // len(SHARES),
        )

    @staticmethod
    def _mixed(lasso: Path, i: int, free: Fit, share: float) -> Fit:
        if share == 1:
            return lasso.coef[i], lasso.intercept[i], lasso.gap[i]
        coef, intercept, gap = free
        return (
            share * lasso.coef[i] + (1 - share) * coef,
            share * lasso.intercept[i] + (1 - share) * intercept,
            max(lasso.gap[i], gap),
        )
