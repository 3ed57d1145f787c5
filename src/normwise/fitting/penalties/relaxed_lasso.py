r"""The relaxed lasso: L1 selects, and its shrinkage is then undone in part or in whole.

A candidate is :math:`\gamma\, b^{\mathrm{lasso}} + (1-\gamma)\, b^{\mathrm{free}}`, where
:math:`b^{\mathrm{free}}` is the fit without a penalty of the features that the lasso keeps
(Meinshausen 2007, as simplified by Hastie, Tibshirani & Tibshirani 2020). With the log-loss the
free fit keeps the least strength of ridge's grid, so that it exists for separable classes too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from normwise.fitting.names import register
from normwise.fitting.penalty import Penalty, mean_and_spread
from normwise.fitting.solvers.problem import Path, Problem

# share of the lasso in a candidate, the more shrunken first
SHARES = (1.0, 0.5, 0.0)
FLOOR = 1e-4


def _free(problem: Problem, kept: np.ndarray, tol: float) -> tuple[np.ndarray, float, float]:
    """Coefficients, intercept and gap of the free fit of some features."""
    coef = np.zeros(problem.n_features)
    X, weight = problem.X[:, kept], problem.weight
    if not problem.loss.has_limit:
        part = Problem(X, problem.y, problem.response, sample_weight=weight, engine=problem.engine)
        path = part.path(np.array([FLOOR]), 0.0, tol)
        coef[kept] = path.coef[0]
        return coef, float(path.intercept[0]), float(path.gap[0])
    mean, scale = mean_and_spread(X, problem.unequal)
    centre = mean_and_spread(problem.y, problem.unequal)[0]
    root = np.sqrt(weight)
    Z, y = (X - mean) / scale * root[:, None], (problem.y - centre) * root
    coef[kept] = np.linalg.lstsq(Z, y)[0] / scale
    return coef, float(centre - mean @ coef[kept]), 0.0


@register
class RelaxedLasso(Penalty):
    """L1 for the choice of features, with less of its shrinkage."""

    name = "relaxed_lasso"
    label = "relaxed lasso"
    takes_weights = True
    per_strength = len(SHARES)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength and share."""
        lasso = problem.path(alphas, 1.0, tol)
        found: dict[bytes, tuple[np.ndarray, float, float]] = {}
        parts = []
        for i, coef in enumerate(lasso.coef):
            kept = coef != 0
            if kept.any() and kept.tobytes() not in found:
                found[kept.tobytes()] = _free(problem, kept, tol)
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
    def _mixed(
        lasso: Path, i: int, free: tuple[np.ndarray, float, float], share: float
    ) -> tuple[np.ndarray, float, float]:
        if share == 1:
            return lasso.coef[i], lasso.intercept[i], lasso.gap[i]
        coef, intercept, gap = free
        return (
            share * lasso.coef[i] + (1 - share) * coef,
            share * lasso.intercept[i] + (1 - share) * intercept,
            max(lasso.gap[i], gap),
        )
