"""Hastie, Tibshirani & Friedman (2009), section 18.1: ridge with ever more features.

100 rows, features with pairwise correlation 0.2, standard normal coefficients drawn anew for each
data set, and a noise variance of half the signal's. The strengths belong to the residual sum of
squares, so that ours, of half the mean, is theirs over n.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import published, summarise
from normwise.fitting.solvers.problem import Problem

ORDER = 2
LABEL = "ESL (2009), 18.1"
ABOUT = "Hastie, Tibshirani and Friedman 2009, section 18.1."
SOURCE = "Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning, section 18.1"
BATCH = 25
N, CORRELATION, SNR = 100, 0.2, 2.0
STRENGTHS = (1000.0, 100.0, 0.001)
FEATURES = (20, 100, 1000)


def degrees_of_freedom(X: np.ndarray, strength: float) -> float:
    """Effective degrees of freedom of ridge on centred features, strength on the sum's scale."""
    square = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2
    return float((square / (square + strength)).sum())


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Test error relative to the noise, and degrees of freedom, at each strength."""
    for p in FEATURES:
        shared = rng.standard_normal((N, 1))
        X = np.sqrt(1 - CORRELATION) * rng.standard_normal((N, p)) + np.sqrt(CORRELATION) * shared
        beta = rng.standard_normal(p)
        signal = (1 - CORRELATION) * beta @ beta + CORRELATION * beta.sum() ** 2
        y = X @ beta + np.sqrt(signal / SNR) * rng.standard_normal(N)
        path = Problem(X, y, standardize=False).path(np.array(STRENGTHS) / N, 0.0)
        for strength, coef, intercept in zip(STRENGTHS, path.coef, path.intercept, strict=True):
            delta = coef - beta
            risk = (1 - CORRELATION) * delta @ delta + CORRELATION * delta.sum() ** 2
            risk += intercept**2
            method = f"strength {strength:g}"
            yield f"p = {p}", method, "relative test error", float(1 + risk * SNR / signal)
            yield f"p = {p}", method, "degrees of freedom", degrees_of_freedom(X, strength)


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Best strength and its degrees of freedom for each number of features."""
    found = summarise(values)
    medians = values.groupby(["case", "method", "quantity"])["value"].median()
    for case, own in published("esl_ridge").groupby("case", sort=False):
        of = own.set_index("quantity")["value"]
        # box plots are compared by their medians
        errors = {s: medians[case, f"strength {s:g}", "relative test error"] for s in STRENGTHS}
        best = min(errors, key=lambda s: errors[s])
        theirs = of["best strength"]
        yield {
            "case": case,
            "method": "ridge",
            "quantity": "best strength",
            "n": len(values) // len(found),
            "published": theirs,
            "measured": best,
            "criterion": "equal",
            "agrees": best == theirs,
        }
        own_df = found.loc[(case, f"strength {theirs:g}", "degrees of freedom")]
        reported = of["degrees of freedom at the best strength"]
        yield {
            "case": case,
            "method": "ridge",
            "quantity": f"degrees of freedom at strength {theirs:g}",
            "n": int(own_df["size"]),
            "published": reported,
            "measured": own_df["mean"],
            "se": own_df["se"],
            "criterion": "within 0.5, for rounding, and three standard errors",
            "agrees": abs(own_df["mean"] - reported) <= 0.5 + 3 * own_df["se"],
        }
