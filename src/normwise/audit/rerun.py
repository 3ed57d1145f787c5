"""A published scenario run again: lasso and ridge with glmnet's strengths, and with more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.measure.grid_effects import glmnet_bounds
from normwise.audit.wang_2020 import N_ALPHAS, N_FOLDS, unit
from normwise.data.population import draw, population
from normwise.data.responses.gaussian import noise_var_of_sample
from normwise.data.scenario import Scenario
from normwise.data.seeds import generator
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import choose, make_folds

# glmnet's grid for the lasso ends at this share of its first strength if n < p, and n >= p
LASSO_RATIO_WIDE, LASSO_RATIO_TALL = 1e-2, 1e-4
TOLERANCE = 1e-6
METHODS = {"lasso": 1.0, "ridge": 0.0}
GRIDS = ("glmnet", "wide")


def glmnet_grid(problem: Problem, l1_ratio: float, n_alphas: int = N_ALPHAS) -> np.ndarray:
    """Strengths of glmnet's default grid for the lasso (``l1_ratio`` 1) or ridge (0), decreasing.

    For features standardised and the loss of half the mean square; see
    `normwise.analysis.measure.grid_effects`.
    """
    n, p = problem.n_samples, problem.n_features
    largest = problem.alpha_max(1.0)
    if l1_ratio:
        top, least = largest, largest * (LASSO_RATIO_WIDE if n < p else LASSO_RATIO_TALL)
    else:
        least, top = map(float, glmnet_bounds(largest / problem.y.std(), n, p))
    return np.geomspace(top, least, n_alphas)


def data_set(
    s: Scenario, seed: int, replicate: int
) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Features, response and folds of one data set; whoever asks gets the same ones."""
    X, y = draw(s, seed, replicate)
    rng = generator(seed, s.key, "folds", replicate)
    return np.ascontiguousarray(X), y, make_folds(y, N_FOLDS, s.response, rng)


@threadpool_limits.wrap(limits=1)
def rerun(s: Scenario, start: int, stop: int, seed: int) -> pd.DataFrame:
    """Fit some data sets of a published scenario, on the same folds with either grid.

    The strength is the one of least cross-validated error. The other grid is the study's own, with
    as many strengths, that goes from the null model to the limit of no penalty.

    Parameters
    ----------
    s : Scenario
        With ``moments: sample``.
    start, stop : int
        Range of data sets.
    seed : int

    Returns
    -------
    DataFrame
        A row for each data set, method and grid: ``alpha``, the excess risk ``risk`` and the
        squared error ``error`` on new rows (both with coefficients of 3), and whether the strength
        is the least of the grid, ``at_end``.
    """
    truth, rows = population(s, seed), []
    squared_unit = unit(truth) ** 2
    for replicate in range(start, stop):
        X, y, splits = data_set(s, seed, replicate)
        noise = noise_var_of_sample(s, X @ truth.coef)
        problem = Problem(X, y)
        for method, l1_ratio in METHODS.items():
            for grid in GRIDS:
                if grid == "glmnet":
                    alphas = glmnet_grid(problem, l1_ratio)
                else:
                    alphas = problem.alpha_grid(l1_ratio, N_ALPHAS)
                path = problem.path(alphas, l1_ratio, TOLERANCE)
                cv = problem.cross_validate(splits, alphas, l1_ratio, TOLERANCE)
                usable = (path.gap <= TOLERANCE) & (cv.gap <= TOLERANCE).all(axis=0)
                best = choose(cv, usable)[1]
                # their test rows are centred, so that the intercept costs nothing
                risk = float(truth.variance(path.coef[best] - truth.coef))
                rows.append(
                    {
                        "replicate": replicate,
                        "method": method,
                        "grid": grid,
                        "alpha": path.alphas[best],
                        "risk": squared_unit * risk,
                        "error": squared_unit * (noise + risk),
                        "at_end": best == len(path.alphas) - 1,
                    }
                )
    return pd.DataFrame(rows)
