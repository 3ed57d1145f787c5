"""A response that is a number: the linear predictor and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from normwise.data.response_kind import ResponseKind, register

if TYPE_CHECKING:
    from normwise.data.population import Population
    from normwise.data.scenario import Scenario

STUDENT_DF = 3


def noise_var_of_sample(scenario: Scenario, predictor: np.ndarray) -> float:
    """Variance of the noise with which a sample has the snr of its scenario.

    Parameters
    ----------
    scenario : Scenario
        With ``moments: sample``.
    predictor : ndarray of shape (n_samples,)
        Linear predictor of each row.
    """
    return float(np.mean(predictor**2)) / scenario.snr


@register
class Gaussian(ResponseKind):
    """A number, with noise that a scenario may choose."""

    name = "gaussian"
    keys = ("noise", "nonlinear_share", "moments")
    risk_from_moments = True

    def draw(
        self,
        scenario: Scenario,
        truth: Population,
        predictor: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Add noise to the linear predictors."""
        n, noise = len(predictor), scenario.noise
        if noise == "student_t":
            unit = rng.standard_t(STUDENT_DF, n) / np.sqrt(STUDENT_DF / (STUDENT_DF - 2))
        else:
            unit = rng.standard_normal(n)
        if noise == "heteroscedastic" and truth.predictor_var > 0:
            # the variance grows with the distance of the predictor from its mean; it averages to 1
            unit *= np.sqrt((1 + predictor**2 / truth.predictor_var) / 2)
        of_sample = scenario.moments == "sample"
        variance = noise_var_of_sample(scenario, predictor) if of_sample else truth.noise_var
        return np.asarray(predictor + np.sqrt(variance) * unit)
