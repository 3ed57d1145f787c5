r"""The minimax concave penalty: like L1 near zero, and constant for large coefficients.

:math:`\lambda |b| - b^2 / (2\gamma)` up to :math:`|b| = \gamma\lambda`, constant from there on
(Zhang 2010); solved by skglm, from the null model down, each solution the start of the next. The
problem is not convex and has no duality gap: what stands in its place is the largest violation of
the first-order conditions, in units of the null model's largest inner product.
"""

from __future__ import annotations

import warnings

import numpy as np

from normwise.files.errors import from_extra
from normwise.fitting.names import register
from normwise.fitting.penalty import Penalty, standardised
from normwise.fitting.solvers.problem import Path, Problem

# as ncvreg has it
CONCAVITY = 3.0
MAX_ITER = 200


@register
class MinimaxConcave(Penalty):
    """Little bias for large coefficients, at the price of a problem that is not convex."""

    name = "mcp"
    label = "MCP"
    ends_with_limit = False
    # with the log-loss, its coefficients run away and skglm takes minutes
    responses = ("gaussian",)

    def grid(self, problem: Problem, n_alphas: int) -> np.ndarray:
        """Down to a thousandth of the null model's strength, a twentieth where p >= n."""
        depth = 0.05 if problem.n_features >= problem.n_samples else 1e-3
        return problem.alpha_max(1.0) * np.geomspace(1, depth, n_alphas)

    def path(self, problem: Problem, alphas: np.ndarray, tol: float) -> Path:
        """Fit every row of a problem at every strength."""
        # compiles for some seconds: loaded when used
        with from_extra("study"):
            from skglm.datafits import Quadratic
            from skglm.penalties import MCPenalty
            from skglm.solvers import AndersonCD

        Z, mean, scale = standardised(problem.X)
        unit = problem.alpha_max(1.0)
        solver = AndersonCD(max_iter=MAX_ITER, tol=tol * unit, fit_intercept=True)
        penalty = MCPenalty(alphas[0], CONCAVITY)
        with warnings.catch_warnings():
            # what does not converge is seen in its violation
            warnings.simplefilter("ignore")
            _, found, violation, n_iter = solver.path(
                np.asfortranarray(Z), problem.y, Quadratic(), penalty, alphas, return_n_iter=True
            )
        coef = found[:-1].T / scale
        return Path(alphas, coef, found[-1] - coef @ mean, violation / unit, n_iter)
