"""Hastie, Tibshirani & Friedman (2009), section 16.2.2: the bet on sparsity.

50 rows, 300 independent features with Gaussian coefficients of which 300, 30 or 10 are not zero,
and noise of a tenth to half of the signal's variance. The strength is the oracle's. The measure is
the share of the signal's variance that is explained. The source shows figures without numbers:
what it says of them is put to a number here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import summarise
from normwise.fitting.solvers.problem import Problem

ORDER = 3
LABEL = "ESL (2009), 16.2.2"
ABOUT = "The same, section 16.2.2."
SOURCE = "Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning, section 16.2.2"
BATCH = 10
N, P = 50, 300
NONZERO = (10, 30, 300)
NOISE_TO_SIGNAL = (0.1, 0.2, 0.3, 0.4, 0.5)
QUANTITY = "share of the signal explained"
POOR, GOOD = 0.35, 0.7


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Share explained by both penalties, at each sparsity and noise."""
    X = rng.standard_normal((N, P))
    noise = rng.standard_normal(N)
    for k in NONZERO:
        beta = np.zeros(P)
        beta[rng.choice(P, k, replace=False)] = rng.standard_normal(k)
        signal = beta @ beta
        for ratio in NOISE_TO_SIGNAL:
            problem = Problem(X, X @ beta + np.sqrt(ratio * signal) * noise)
            for method, l1_ratio in (("lasso", 1.0), ("ridge", 0.0)):
                path = problem.path(problem.alpha_grid(l1_ratio, 100), l1_ratio)
                risk = ((path.coef - beta) ** 2).sum(axis=1) + path.intercept**2
                case = f"{k} of {P} nonzero, noise {ratio:g}"
                yield case, method, QUANTITY, float(1 - risk.min() / signal)


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The source's sentences, each as an inequality of means."""
    means = summarise(values)
    cases = [f"{k} of {P} nonzero, noise {r:g}" for k in NONZERO for r in NOISE_TO_SIGNAL]

    def extreme(method: str, chosen: list[str], largest: bool) -> pd.Series:
        own = means.loc[[(c, method, QUANTITY) for c in chosen]]
        return own.loc[own["mean"].idxmax() if largest else own["mean"].idxmin()]

    sparse = cases[: len(NOISE_TO_SIGNAL)]
    dense = cases[-len(NOISE_TO_SIGNAL) :]
    for case, method, chosen, largest, limit, words in (
        ("all", "ridge", cases, True, POOR, "poor everywhere: the largest share is below"),
        ("300 nonzero", "lasso", dense, True, POOR, "poor where dense: the largest is below"),
        ("10 nonzero, noise 0.1", "lasso", sparse[:1], False, GOOD, "good where sparse: above"),
    ):
        row = extreme(method, chosen, largest)
        yield {
            "case": case,
            "method": method,
            "quantity": QUANTITY,
            "n": int(row["size"]),
            "measured": row["mean"],
            "se": row["se"],
            "criterion": f"{words} {limit:g}",
            "agrees": row["mean"] < limit if largest else row["mean"] > limit,
        }
    gaps = [means.loc[(c, "lasso", QUANTITY), "mean"] for c in sparse]
    rest = [means.loc[(c, "ridge", QUANTITY), "mean"] for c in sparse]
    yield {
        "case": "10 nonzero",
        "method": "lasso less ridge",
        "quantity": QUANTITY,
        "n": int(means["size"].iloc[0]),
        "measured": float(np.min(np.subtract(gaps, rest))),
        "criterion": "the lasso explains more at every noise: above 0",
        "agrees": bool(np.min(np.subtract(gaps, rest)) > 0),
    }
