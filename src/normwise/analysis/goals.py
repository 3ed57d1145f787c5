"""L1 against L2 for four goals, each with its own loss on the same pairs of fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normwise.analysis.columns import RISKS

TUNING = "cv_min"


@dataclass(frozen=True)
class Goal:
    """What a reader may care about.

    Attributes
    ----------
    name : str
        In words that follow "if you care about".
    metrics : tuple of str
        The first that a scenario has is compared.
    measure : str
        What the effect compares, a loss.
    short : str
        The metric in a word or two.
    margin : float or None
        Half-width of the zone of equivalence of a difference of losses; None for a ratio of
        risks, whose margin is that of the config.
    gain : bool
        Whether larger values of the metric are better.
    """

    name: str
    metrics: tuple[str, ...]
    measure: str
    short: str
    margin: float | None = None
    gain: bool = False

    @property
    def is_ratio(self) -> bool:
        """Whether the effect is a logarithm of a ratio."""
        return self.margin is None

    def zone(self, margin: float) -> float:
        """Half-width of the zone of equivalence, on the scale of the effect."""
        return float(np.log1p(margin)) if self.margin is None else self.margin


GOALS = {
    "prediction": Goal("predicting new rows", RISKS, "excess risk", "excess risk"),
    "explained": Goal(
        "what is explained of new rows",
        ("explained",),
        "share of the variance, or of the null log-loss or deviance, that is not explained",
        "share explained",
        0.01,
        gain=True,
    ),
    "selection": Goal(
        "finding the right features",
        ("ranking_pauc",),
        "one minus the partial area under the ROC curve of the ranking by size",
        "partial AUC",
        0.05,
        gain=True,
    ),
    "stability": Goal(
        "coefficients that are stable across samples",
        ("coef_agreement",),
        "one minus the agreement of the coefficients of two samples",
        "agreement",
        0.05,
        gain=True,
    ),
    "calibration": Goal(
        "calibrated probabilities",
        ("calibration_error",),
        "root mean square calibration error of the probability",
        "calibration error",
        0.01,
    ),
}


def register_goal(key: str, goal: Goal) -> None:
    """Compare L1 with L2 for a goal of the user's, too."""
    GOALS[key] = goal
