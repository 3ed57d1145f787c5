r"""Zou & Hastie (2005), table 2: four examples, tuned on a validation set.

The error is :math:`(b-\beta)^T\Sigma(b-\beta)` with the error of the intercept, their MSE without
the noise of y. Their :math:`\lambda_2` belongs to columns of unit length, and is our weight of
:math:`\frac12\lVert b \rVert^2` on columns of unit variance. The elastic net is the naive one times
:math:`1 + \lambda_2`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import published
from normwise.fitting.solvers.problem import Problem

ORDER = 1
LABEL = "Zou & Hastie (2005)"
ABOUT = "Zou and Hastie 2005, table 2."
SOURCE = "Zou & Hastie 2005, J. R. Stat. Soc. B 67, table 2"
BATCH = 25
QUANTITY = "median MSE"
L2_WEIGHTS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
N_ALPHAS = 100
N_BOOTSTRAP = 1000


def _ar1(p: int, rho: float) -> np.ndarray:
    return np.asarray(rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))


def _groups() -> np.ndarray:
    out = np.eye(40)
    for start in (0, 5, 10):
        out[start : start + 5, start : start + 5] = 1.0 + 0.01 * np.eye(5)
    return out


# training rows (as many for validation), covariance, coefficients, standard deviation of the noise
CASES = {
    "example 1": (20, _ar1(8, 0.5), np.array([3, 1.5, 0, 0, 2, 0, 0, 0]), 3.0),
    "example 2": (20, _ar1(8, 0.5), np.full(8, 0.85), 3.0),
    "example 3": (100, 1.0 + np.eye(40), np.tile(np.repeat([0.0, 2.0], 10), 2), 15.0),
    "example 4": (50, _groups(), np.repeat([3.0, 0.0], [15, 25]), 15.0),
}


def _lasso_paths(X: np.ndarray, y: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    # for each weight of the squared norm, which stays fixed along the path: as further rows
    n, p = X.shape
    scale = X.std(axis=0)
    Z, centred = (X - X.mean(axis=0)) / scale, y - y.mean()
    for weight in L2_WEIGHTS:
        rows = np.concatenate([Z, np.sqrt(n * weight) * np.eye(p)]) if weight else Z
        target = np.concatenate([centred, np.zeros(len(rows) - n)])
        problem = Problem(rows, target, standardize=False, fit_intercept=False)
        alphas = problem.alpha_grid(1.0, N_ALPHAS)
        yield weight, problem.path(alphas, 1.0).coef / scale


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Errors of all methods on one data set of each example."""
    for case, (n, covariance, beta, noise) in CASES.items():
        X = rng.multivariate_normal(np.zeros(len(beta)), covariance, 2 * n)
        y = X @ beta + noise * rng.standard_normal(2 * n)
        train, test = slice(0, n), slice(n, 2 * n)
        mean, offset = X[train].mean(axis=0), y[train].mean()
        ridge = Problem(X[train], y[train])
        naive = dict(_lasso_paths(X[train], y[train]))
        fits = {
            "lasso": naive[0.0],
            "ridge": ridge.path(ridge.alpha_grid(0.0, N_ALPHAS), 0.0).coef,
            "naive elastic net": np.concatenate(list(naive.values())),
            "elastic net": np.concatenate([(1 + w) * b for w, b in naive.items()]),
        }
        for method, coef in fits.items():
            intercept = offset - coef @ mean
            errors = ((y[test] - intercept[:, None] - coef @ X[test].T) ** 2).mean(axis=1)
            best = int(errors.argmin())
            delta = coef[best] - beta
            yield case, method, QUANTITY, float(delta @ covariance @ delta + intercept[best] ** 2)


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Medians against the published ones, and the winner of each example."""
    rng = np.random.default_rng(0)
    medians: dict[tuple[str, str], float] = {}
    reported = published("zou_hastie_2005")
    for row in reported.itertuples():
        own = values[(values["case"] == row.case) & (values["method"] == row.method)]
        errors = own["value"].to_numpy()
        median = float(np.median(errors))
        draws = rng.choice(errors, (N_BOOTSTRAP, len(errors)))
        se = float(np.median(draws, axis=1).std(ddof=1))
        z = (median - row.value) / np.hypot(se, row.se)
        medians[row.case, row.method] = median
        yield {
            "case": row.case,
            "method": row.method,
            "quantity": QUANTITY,
            "n": len(errors),
            "published": row.value,
            "published_se": row.se,
            "measured": median,
            "se": se,
            "z": z,
            "criterion": "|z| < 3",
            "agrees": abs(z) < 3,
        }
    for case, own in reported.groupby("case", sort=False):
        of = own.set_index("method")["value"]
        theirs, ours = (
            a["lasso"] - a["ridge"]
            for a in (of, {m: medians[str(case), m] for m in ("lasso", "ridge")})
        )
        yield {
            "case": case,
            "method": "lasso against ridge",
            "quantity": "difference of the medians",
            "n": len(values[values["case"] == case]) // len(of),
            "published": theirs,
            "measured": ours,
            "criterion": "same sign",
            "agrees": theirs * ours > 0,
        }
