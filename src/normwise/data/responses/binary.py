"""A response of two classes, zero and one, whose log-odds are the linear predictor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from normwise.data.response_kind import BALANCED, ResponseKind, Rows, register

if TYPE_CHECKING:
    from normwise.data.population import Population
    from normwise.data.scenario import Scenario

# of the noise of the latent response, which is positive for a one
LOGISTIC_VARIANCE = math.pi**2 / 3
# expected rows of the rarer class: with so many, 5 draws in a million have less than the two that
# training parts need
RARE_ROWS = 15
# where a normal predictor has its weight, in standard deviations
UNIT = np.linspace(-9.0, 9.0, 2001)


def shift_for(predictor: np.ndarray, share: float, weights: np.ndarray | None = None) -> float:
    """What to add to log-odds so that they give a share of ones.

    Parameters
    ----------
    predictor : ndarray of shape (n_rows,)
        Log-odds of the rows of a population.
    share : float
        Above 0, below 1.
    weights : ndarray of shape (n_rows,), optional
        Of the rows; equal if not given.
    """
    # all of scipy's optimisers: loaded when used
    from scipy.optimize import brentq

    def surplus(shift: float) -> float:
        return float(np.average(expit(shift + predictor), weights=weights)) - share

    reach = float(np.abs(predictor).max()) + 1.0
    return float(brentq(surplus, logit(share) - reach, logit(share) + reach, xtol=1e-12))


@register
class Binary(ResponseKind):
    """Zeros and ones."""

    name = "binary"
    classes = (0, 1)
    label = "two classes"
    values = "zeros and ones"
    keys = ("prevalence", "nonlinear_share")

    def holds(self, y: np.ndarray) -> bool:
        """Whether there are zeros and ones only."""
        return bool(np.isin(y, self.classes).all())

    def recognises(self, y: np.ndarray) -> bool:
        """Whether there are zeros and ones only."""
        return self.holds(y)

    def noise_var(self, scenario: Scenario) -> float:
        """That of the logistic distribution."""
        return LOGISTIC_VARIANCE

    def problems(self, scenario: Scenario) -> Iterator[str]:
        """See `ResponseKind.problems`: a class that folds would lack."""
        s = scenario
        rarer = min(s.prevalence, 1 - s.prevalence)
        if s.prevalence != BALANCED and s.n_samples * rarer < RARE_ROWS:
            yield (
                f"prevalence ({s.prevalence}) leaves {s.n_samples * rarer:.3g} rows of the rarer "
                f"class of n_samples ({s.n_samples}), too few for folds; use n_samples of at least "
                f"{math.ceil(round(RARE_ROWS / rarer, 6))}"
            )

    def shift(self, scenario: Scenario, truth: Population, rows: Rows | None) -> float | np.ndarray:
        """See `ResponseKind.shift`: the population has the share of ones of the scenario."""
        if truth.table is None and scenario.prevalence == BALANCED:
            # a predictor of mean zero balances the classes if it is symmetric
            return 0.0
        if rows is None:
            spread = np.sqrt(truth.signal_var)
            return shift_for(spread * UNIT, scenario.prevalence, np.exp(-(UNIT**2) / 2))
        return shift_for(truth.predictor(rows()), scenario.prevalence)

    def draw(
        self,
        scenario: Scenario,
        truth: Population,
        predictor: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw a one with the probability that the log-odds say."""
        return (rng.random(len(predictor)) < expit(predictor)).astype(float)
