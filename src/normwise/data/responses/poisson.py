"""A response that counts, whose mean is the exponential of the linear predictor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from normwise.data.response_kind import ResponseKind, Rows, register

if TYPE_CHECKING:
    from normwise.data.population import Population
    from normwise.data.scenario import Scenario

# variance of the logarithm of the mean beyond which a few rows have nearly all of the count
MOST_VARIANCE = 4.0
# kinds of features whose exponential has a mean, whatever the coefficient
LIGHT_TAILED = ("gaussian", "sparse_binary", "categorical", "counts")
# expected rows with a count: with so many, no training part is likely to have zeros alone
LEAST_ROWS = 15


@register
class Poisson(ResponseKind):
    r"""Numbers of events: zero or more.

    Of mean :math:`\mu` and variance :math:`\mu + \delta\mu^2` with the dispersion
    :math:`\delta` of the scenario: Poisson at zero, else negative binomial. The mean is what is
    fitted, so that a dispersion is noise that the fits do not know of.
    """

    name = "poisson"
    label = "counts"
    values = "whole numbers of at least zero"
    keys = ("mean_count", "dispersion")
    takes_offset = True

    def needed(self, y: np.ndarray) -> list[np.ndarray]:
        """Those with events: the logarithm of a mean of zero is not finite."""
        return [y > 0]

    def holds(self, y: np.ndarray) -> bool:
        """Whether there are counts only."""
        return bool(((y >= 0) & (y == np.round(y))).all())

    def noise_var(self, scenario: Scenario) -> float:
        """Variance of a count at the mean over its square: that of the working response there."""
        return 1 / scenario.mean_count + scenario.dispersion

    def problems(self, scenario: Scenario) -> Iterator[str]:
        """See `ResponseKind.problems`: counts that explode, have no mean or are all zero."""
        s = scenario
        variance = s.snr * s.noise_var if s.n_nonzero else 0.0
        given = f"mean_count ({s.mean_count}) and dispersion ({s.dispersion})"
        if variance > MOST_VARIANCE:
            yield (
                f"snr ({s.snr}) with {given} gives the logarithm of the mean a variance of "
                f"{variance:.3g}, with which a few rows have nearly all of the count; use snr of "
                f"at most {MOST_VARIANCE / s.noise_var:.3g}"
            )
            return
        if s.features not in LIGHT_TAILED:
            yield (
                f"features ({s.features}) have tails so heavy that the mean of the counts, an "
                f"exponential of them, is infinite; use features: {' or '.join(LIGHT_TAILED)}"
            )
        rows = s.n_samples * (1 - _share_of_zeros(s.mean_count, s.dispersion, variance))
        if rows < LEAST_ROWS:
            yield (
                f"n_samples ({s.n_samples}) with {given} leaves {rows:.3g} rows with a count above "
                f"zero, too few for folds; use n_samples of at least "
                f"{math.ceil(s.n_samples * LEAST_ROWS / rows)}, or a larger mean_count"
            )

    def shift(self, scenario: Scenario, truth: Population, rows: Rows | None) -> float | np.ndarray:
        """See `ResponseKind.shift`: the counts of the population have the mean of the scenario."""
        if rows is None:
            return math.log(scenario.mean_count) - truth.signal_var / 2
        return math.log(scenario.mean_count / float(np.exp(truth.predictor(rows())).mean()))

    def draw(
        self,
        scenario: Scenario,
        truth: Population,
        predictor: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw counts, about means that themselves vary where there is dispersion."""
        mean = np.exp(predictor)
        if scenario.dispersion:
            mean = mean * rng.gamma(1 / scenario.dispersion, scenario.dispersion, len(mean))
        return rng.poisson(mean).astype(float)


def _share_of_zeros(mean_count: float, dispersion: float, variance: float) -> float:
    """Share of zeros if the logarithm of the mean is normal."""
    unit = np.linspace(-9.0, 9.0, 1001)
    mean = mean_count * np.exp(math.sqrt(variance) * unit - variance / 2)
    none = (1 + dispersion * mean) ** (-1 / dispersion) if dispersion else np.exp(-mean)
    return float(np.average(none, weights=np.exp(-(unit**2) / 2)))
