"""Hastie, Tibshirani & Tibshirani (2020): their design, with ridge added.

Four shapes of the data, three autocorrelations, four kinds of coefficients and ten ratios of signal
to noise, tuned on a validation set of as many rows. Their study has no ridge and their results
are figures; what can be held against a number is the lasso and ridge without correlation, of which
theory knows the least risk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from normwise.fitting.solvers.problem import Problem
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.linear import ridge_optimal_risk

ORDER = 5
LABEL = "Hastie et al. (2020)"
ABOUT = "Hastie, Tibshirani and Tibshirani 2020, low and medium settings, with ridge added."
SOURCE = "Hastie, Tibshirani & Tibshirani 2020, Statist. Sci. 35"
BATCH = 1
# rows, features, nonzero coefficients
SETTINGS = {
    "low": (100, 10, 5),
    "medium": (500, 100, 5),
    "high-5": (50, 1000, 5),
    "high-10": (100, 1000, 10),
}
CORRELATIONS = (0.0, 0.35, 0.7)
SNR = np.exp(np.linspace(np.log(0.05), np.log(6), 10))
BETAS = (1, 2, 3, 5)
N_ALPHAS = 60
# a validation set of n rows costs some risk over the best strength; finite n may save some
BELOW, ABOVE = 0.9, 1.35


def coefficients(kind: int, p: int, k: int) -> np.ndarray:
    """Their coefficients of a kind, before scaling."""
    beta = np.zeros(p)
    if kind == 1:
        beta[np.round(np.linspace(0, p - 1, k)).astype(int)] = 1.0
    elif kind == 2:
        beta[:k] = 1.0
    elif kind == 3:
        beta[:k] = np.linspace(10, 0.5, k)
    else:
        beta[:k] = 1.0
        beta[k:] = 0.5 ** np.arange(1, p - k + 1)
    return beta


def _filter(z: np.ndarray, rho: float) -> np.ndarray:
    # rows of an autoregressive process of variance 1
    out = z.copy()
    for j in range(1, z.shape[1]):
        out[:, j] = rho * out[:, j - 1] + np.sqrt(1 - rho**2) * z[:, j]
    return out


def _quadratic(b: np.ndarray, rho: float) -> np.ndarray:
    # b' Sigma b: the rows of the process's root, applied backwards
    if rho == 0:
        return np.asarray((b**2).sum(axis=-1))
    total, state = np.zeros(b.shape[:-1]), np.zeros(b.shape[:-1])
    for j in range(b.shape[-1] - 1, -1, -1):
        state = b[..., j] + rho * state
        total += state**2 * (1 - rho**2 if j else 1.0)
    return total


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Their metrics for both penalties, in every cell of the design."""
    for setting, (n, p, k) in SETTINGS.items():
        for rho in CORRELATIONS:
            X = _filter(rng.standard_normal((2 * n, p)), rho)
            noise = rng.standard_normal(2 * n)
            for kind in BETAS:
                beta = coefficients(kind, p, k)
                beta /= np.sqrt(_quadratic(beta, rho))
                for snr in SNR:
                    case = f"{setting}, rho {rho:g}, type {kind}, snr {snr:.2f}"
                    y = X @ beta + noise / np.sqrt(snr)
                    problem = Problem(X[:n], y[:n])
                    for method, a in (("lasso", 1.0), ("ridge", 0.0)):
                        path = problem.path(problem.alpha_grid(a, N_ALPHAS), a)
                        error = y[n:] - path.intercept[:, None] - path.coef @ X[n:].T
                        best = int((error**2).mean(axis=1).argmin())
                        b = path.coef[best]
                        risk = float(_quadratic(b - beta, rho) + path.intercept[best] ** 2)
                        yield case, method, "relative risk", risk
                        yield case, method, "relative test error", 1 + risk * snr
                        yield case, method, "PVE", 1 - (risk + 1 / snr) / (1 + 1 / snr)
                        if a:
                            found = b != 0
                            hits = (found & (beta != 0)).sum()
                            yield case, method, "nonzeros", float(found.sum())
                            total = found.sum() + (beta != 0).sum()
                            yield case, method, "F1", float(2 * hits / total)


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Without correlation: risks over the least that theory allows, by setting."""
    risks = values[values["quantity"] == "relative risk"].pivot(
        index="replicate", columns=["case", "method"], values="value"
    )
    for setting, (n, p, k) in SETTINGS.items():
        beta = coefficients(2, p, k) / np.sqrt(k)
        for method in ("lasso", "ridge"):
            ratios = {}
            for snr in SNR:
                case = f"{setting}, rho 0, type 2, snr {snr:.2f}"
                noise = 1 / snr
                if method == "lasso":
                    least = lasso_optimal_risk(beta, n - 1, noise)[1]
                else:
                    least = ridge_optimal_risk(np.ones(p), beta**2, n - 1, noise)[1]
                ratios[snr] = risks[case, method] / (least + (noise + least) / n)
            table = pd.DataFrame(ratios)
            means = table.mean()
            ratio = float(np.exp(np.log(means).mean()))
            # first order; one data set serves every ratio of signal to noise
            error = ratio * (table / means).mean(axis=1).std(ddof=1) / np.sqrt(len(table))
            yield {
                "case": f"{setting}, no correlation",
                "method": method,
                "quantity": "risk over theory's least, geometric mean over snr",
                "n": len(table),
                "published": 1.0,
                "measured": ratio,
                "se": float(error),
                "criterion": f"tuned on n rows: {BELOW:g} to {ABOVE:g}",
                "agrees": BELOW < ratio < ABOVE,
            }
