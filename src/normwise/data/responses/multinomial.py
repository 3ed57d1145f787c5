"""A response of several classes, each with a linear predictor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp, ndtri, softmax

from normwise.data.response_kind import ResponseKind, Rows, register

if TYPE_CHECKING:
    from normwise.data.population import Population
    from normwise.data.scenario import Scenario

# of the noise of each class's latent response, of which the largest names the class
GUMBEL_VARIANCE = math.pi**2 / 6
# expected rows of each class, as of the rarer of two
RARE_ROWS = 15
# two to this many points stand for normal predictors
LOG_POINTS = 15


@register
class Multinomial(ResponseKind):
    """Numbers of classes, from zero on.

    A constant that is added to the coefficients of a feature in all classes changes no
    probability. So coefficients are compared less their mean over the classes.
    """

    name = "multinomial"
    # how many there are, the data say
    classes = (0, 1, 2)
    label = "several classes"
    values = "numbers of at least three classes from zero on, each of which occurs,"
    several = True
    keys = ("n_classes", "class_features")
    risk_from_predictor = False

    def holds(self, y: np.ndarray) -> bool:
        """Whether there are numbers of classes only, without a gap."""
        found = np.unique(y)
        return len(found) >= len(self.classes) and bool((found == np.arange(len(found))).all())

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of the rows of each class."""
        return [y == value for value in np.unique(y)]

    def noise_var(self, scenario: Scenario) -> float:
        """Of independent Gumbel noise of each class less its mean over the classes.

        Two classes differ by noise of the logistic distribution, as for a binary response.
        """
        return GUMBEL_VARIANCE * (1 - 1 / scenario.n_classes)

    def problems(self, scenario: Scenario) -> Iterator[str]:
        """See `ResponseKind.problems`: classes that folds would lack."""
        s = scenario
        if s.n_samples < RARE_ROWS * s.n_classes:
            yield (
                f"n_classes ({s.n_classes}) leaves {s.n_samples / s.n_classes:.3g} rows of each "
                f"class of n_samples ({s.n_samples}), too few for folds; use n_samples of at least "
                f"{RARE_ROWS * s.n_classes}"
            )

    def coefficients(self, scenario: Scenario, coef: np.ndarray) -> np.ndarray:
        """See `ResponseKind.coefficients`: one pattern over the classes, which takes turns.

        It rises evenly from class to class, or has one class alone; from each relevant feature to
        the next it moves on by a class, so that no class is special.
        """
        K = scenario.n_classes
        pattern = np.arange(K) if scenario.class_features == "shared" else np.eye(K)[0]
        pattern = pattern - pattern.mean()
        found = np.zeros((K, len(coef)))
        for turn, j in enumerate(np.flatnonzero(coef)):
            found[:, j] = coef[j] * np.roll(pattern, turn)
        return found

    def shift(self, scenario: Scenario, truth: Population, rows: Rows | None) -> float | np.ndarray:
        """See `ResponseKind.shift`: the classes of the population are of equal size."""
        if rows is not None:
            return _balancing(truth.predictor(rows()))
        parts = (truth.root.T @ truth.coef.T).T
        size, vectors = np.linalg.eigh(parts @ parts.T)
        return _balancing((vectors * np.sqrt(np.maximum(size, 0.0))) @ _normal_points(len(size)))

    def comparable(self, coef: np.ndarray) -> np.ndarray:
        """See `ResponseKind.comparable`: less the mean over the classes, class after class."""
        centred = coef - coef.mean(axis=-2, keepdims=True)
        return np.asarray(centred.reshape(*coef.shape[:-2], -1))

    def sizes(self, coef: np.ndarray) -> np.ndarray:
        """See `ResponseKind.sizes`: the norm over the classes of what is compared."""
        return np.asarray(np.linalg.norm(coef - coef.mean(axis=-2, keepdims=True), axis=-2))

    def draw(
        self,
        scenario: Scenario,
        truth: Population,
        predictor: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw classes with the probabilities that the predictors say."""
        below = np.cumsum(softmax(predictor, axis=0), axis=0)[:-1]
        return (rng.random(predictor.shape[1]) > below).sum(axis=0).astype(float)


def _normal_points(n: int) -> np.ndarray:
    """Points of shape (n, 2**LOG_POINTS) that fill the space as a normal law does."""
    # loaded when used
    from scipy.stats import qmc

    points = qmc.Sobol(n, scramble=True, rng=np.random.default_rng(0)).random_base2(LOG_POINTS)
    return np.asarray(ndtri(np.clip(points.T, 1e-12, 1 - 1e-12)))


def _balancing(predictor: np.ndarray) -> np.ndarray:
    """Intercepts of mean zero with which predictors (n_classes, n_rows) give equal classes."""
    # all of scipy's optimisers: loaded when used
    from scipy.optimize import minimize

    def value(intercept: np.ndarray) -> tuple[float, np.ndarray]:
        moved = predictor + intercept[:, None]
        slope = softmax(moved, axis=0).mean(axis=1) - 1 / len(predictor)
        return float(logsumexp(moved, axis=0).mean() - intercept.mean()), slope

    start = np.zeros(len(predictor))
    found = minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return np.asarray(found - found.mean())
