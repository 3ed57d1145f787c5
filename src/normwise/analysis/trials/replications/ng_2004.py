r"""Ng (2004): one relevant input among ever more irrelevant ones.

Logistic regression on 100 examples with independent standard normal inputs, of which one matters,
with coefficient 10. The strength is chosen on 30 of them, held out from the fit to the other 70.
The source shows curves without numbers: what it says of them is put to a number here. The error on
new examples is computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from normwise.analysis.trials.replications.protocol import summarise
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import prediction_loss
from normwise.fitting.solvers.problem import Problem

ORDER = 4
LABEL = "Ng (2004)"
ABOUT = "Ng 2004, figure 1."
SOURCE = "Ng 2004, Feature selection, L1 vs. L2 regularization, and rotational invariance, figure 1"
BATCH = 10
N_FIT, N_HELD_OUT, COEF = 70, 30, 10.0
INPUTS = (1, 10, 30, 100, 300, 1000)
QUANTITY = "error on new examples"
FLAT, CLIMBS = 0.05, 0.3
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(201)


def error_rate(coef: np.ndarray, intercept: float) -> float:
    """Chance that a new example falls into the wrong class."""
    rest = np.sqrt((coef[1:] ** 2).sum())
    centre = intercept + coef[0] * NODES
    positive = ndtr(centre / rest) if rest > 0 else (np.sign(centre) + 1) / 2
    chance = expit(COEF * NODES)
    return float(WEIGHTS @ (chance * (1 - positive) + (1 - chance) * positive) / WEIGHTS.sum())


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Errors of both penalties for each number of inputs."""
    n = N_FIT + N_HELD_OUT
    everything = rng.standard_normal((n, max(INPUTS)))
    y = (rng.random(n) < expit(COEF * everything[:, 0])).astype(float)
    for p in INPUTS:
        X = everything[:, :p]
        problem = Problem(X[:N_FIT], y[:N_FIT], "binary")
        for method, l1_ratio in (("L1", 1.0), ("L2", 0.0)):
            try:
                path = problem.path(problem.alpha_grid(l1_ratio, 60), l1_ratio)
            except NoSolutionError:
                return
            predictor = path.intercept[:, None] + path.coef @ X[N_FIT:].T
            best = int(prediction_loss(y[N_FIT:], predictor, "binary").argmin())
            error = error_rate(path.coef[best], float(path.intercept[best]))
            yield f"{p} inputs", method, QUANTITY, error


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The two curves, each by its rise from ten inputs to a thousand."""
    wide = values.pivot_table(index="replicate", columns=["method", "case"], values="value")
    for method, limit, words in (
        ("L1", FLAT, "nearly flat: below"),
        ("L2", CLIMBS, "climbs towards one half: above"),
    ):
        rise = (wide[method, "1000 inputs"] - wide[method, "10 inputs"]).dropna()
        if method == "L2":
            rise = wide[method, "1000 inputs"].dropna()
        flat = method == "L1"
        yield {
            "case": "1000 inputs" if not flat else "10 to 1000 inputs",
            "method": method,
            "quantity": "rise of the error" if flat else QUANTITY,
            "n": len(rise),
            "measured": rise.mean(),
            "se": rise.std(ddof=1) / np.sqrt(len(rise)),
            "criterion": f"{words} {limit:g}",
            "agrees": rise.mean() < limit if flat else rise.mean() > limit,
        }
    means = summarise(values)["mean"]
    curve = [means[f"{p} inputs", "L2", QUANTITY] for p in INPUTS]
    yield {
        "case": "all",
        "method": "L2",
        "quantity": "smallest step of the mean error",
        "n": int(values["replicate"].nunique()),
        "measured": float(np.diff(curve).min()),
        "criterion": "rises at every step: above 0",
        "agrees": bool(np.diff(curve).min() > 0),
    }
