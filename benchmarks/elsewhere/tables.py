"""Seeded tables of different kinds, and the models that are carried from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from normwise.elsewhere import Model, model_at
from normwise.fitting.solvers.outputs import problem_of

# share of the smallest strength without a coefficient, for a penalty with an L1 part
DEPTH = 0.1
# strength of the L2 part where it stands alone, on standardised columns
RIDGE = 0.1


@dataclass(frozen=True)
class Kind:
    """A kind of table.

    Attributes
    ----------
    name : str
    n, p : int
    correlation : float
        Of neighbouring columns.
    spread : float
        Orders of magnitude over which the scales of the columns lie.
    unit : float
        What numbers are multiplied by; counts have this mean, where it is more than 1.
    """

    name: str
    n: int
    p: int
    correlation: float = 0.3
    spread: float = 0.0
    unit: float = 1.0
    centre: float = 0.0


KINDS = (
    Kind("wide", 40, 60),
    Kind("tall", 400, 6),
    Kind("correlated", 150, 12, correlation=0.95),
    Kind("unequal scales", 120, 8, spread=4.0),
    Kind("large y", 100, 10, unit=200.0, centre=1000.0),
    Kind("small y", 90, 7, unit=0.01),
)
# beside the tables: what else a model may be, on the table whose y has a mean far from 0
VARIED = 4
VARIANTS = (
    "weights",
    "offset",
    "weights and offset",
    "without intercept",
    "sparse",
    "not standardised",
)


def draw(kind: Kind, response: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and a response."""
    rng = np.random.default_rng([seed, kind.n, kind.p])
    steps = rng.standard_normal((kind.n, kind.p))
    X = steps.copy()
    for j in range(1, kind.p):
        X[:, j] = kind.correlation * X[:, j - 1] + np.sqrt(1 - kind.correlation**2) * steps[:, j]
    beta = np.zeros(kind.p)
    beta[: max(3, kind.p // 4)] = rng.choice([-1.0, 1.0], max(3, kind.p // 4)) * 0.8
    signal = X @ beta
    X = 2.0 + X * 10.0 ** np.linspace(-kind.spread / 2, kind.spread / 2, kind.p)
    return X, RESPONSES[response](signal, kind, rng)


def _numbers(signal: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    return kind.centre + kind.unit * (signal + rng.standard_normal(kind.n))


def _two(signal: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(kind.n) < 1 / (1 + np.exp(-signal - 0.3))).astype(float)


def _counts(signal: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(max(kind.unit, 1.0) ** 0.5 * np.exp(signal / 2)).astype(float)


def _three(signal: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    scores = np.column_stack([signal, -signal, 0.5 * np.ones(kind.n)])
    return (scores + rng.gumbel(size=scores.shape)).argmax(axis=1).astype(float)


RESPONSES = {"gaussian": _numbers, "binary": _two, "poisson": _counts, "multinomial": _three}


def model(kind: Kind, response: str, penalty: str, variant: str = "") -> Model:
    """The model of a table, at strengths that keep some coefficients and shrink them."""
    X: Any
    X, y = draw(kind, response)
    options: dict[str, Any] = {}
    if variant.startswith("weights"):
        options["sample_weight"] = np.random.default_rng(1).integers(1, 4, kind.n).astype(float)
    if variant.endswith("offset"):
        # exposures over an order of magnitude, so that an offset left out is another model
        options["offset"] = np.random.default_rng(2).uniform(-1.2, 1.2, kind.n)
        y = np.random.default_rng(3).poisson(np.exp(options["offset"]) * (y + 0.5)).astype(float)
    if variant == "sparse":
        X = sparse.csr_matrix(np.where(np.abs(X - 2) < 1, 0.0, X))
    options["fit_intercept"] = variant != "without intercept"
    options["standardize"] = variant != "not standardised"
    problem = problem_of(X, y, response, **options)
    top = DEPTH * problem.alpha_max(1.0)
    # counts bend the loss by their mean, so that a strength of L2 is a share of that
    curvature = float(y.mean()) if response == "poisson" else 1.0
    if not options["standardize"]:
        curvature *= float(np.asarray(X.var(axis=0)).mean())
    l1, l2 = {
        "l1": (top, 0.0),
        "l2": (0.0, RIDGE * curvature),
        "elastic_net": (top / 2, RIDGE * curvature / 2),
    }[penalty]
    return model_at(X, y, response, l1, l2, **options)


def cases(variants: bool) -> Iterator[tuple[Kind, str]]:
    """Kinds of tables, and variants of one."""
    for kind in KINDS:
        yield kind, ""
    if variants:
        for variant in VARIANTS:
            yield KINDS[VARIED], variant
