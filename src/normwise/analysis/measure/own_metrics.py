"""Metrics of the user's: what they are given, and how they are registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normwise.data.errors import ExtensionError

if TYPE_CHECKING:
    from normwise.data.population import Population


@dataclass(frozen=True)
class Fitted:
    """All replicates of one scenario under one penalty, as a metric sees them.

    Attributes
    ----------
    response : str
        One of ``RESPONSES`` of `normwise.data.response_kind`.
    truth : Population or None
        With ``coef``, ``intercept``, ``support``, ``mean``, ``noise_var``; None for real data.
    coef : ndarray of shape (n_replicates, n_tunings, n_features)
    intercept, alpha : ndarray of shape (n_replicates, n_tunings)
        Of several classes each has coefficients and an intercept of its own: ``coef`` then has the
        shape (n_replicates, n_tunings, n_classes, n_features), ``intercept`` and
        ``predictor_test`` have the classes as third axis.
    y_test : ndarray of shape (n_replicates, n_test) or None
        Held-out responses, where the truth is unknown.
    predictor_test : ndarray of shape (n_replicates, n_tunings, n_test) or None
        Linear predictors of the held-out rows.
    weights_test : ndarray of shape (n_replicates, n_test) or None
        Weights of the held-out rows, where rows have weights.
    """

    response: str
    truth: Population | None
    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray
    y_test: np.ndarray | None
    predictor_test: np.ndarray | None
    weights_test: np.ndarray | None = None


@dataclass(frozen=True)
class Metric:
    """A metric of the user's.

    Attributes
    ----------
    compute : callable
        From `Fitted` to an array of shape (n_replicates, n_tunings), or None where the metric has
        no meaning.
    description : str
    label : str
        A word or two, for figures.
    margin : float or None
        Half-width of the zone of equivalence of a difference; with one, L1 and L2 are compared.
    higher_is_better : bool
    """

    compute: Callable[[Fitted], np.ndarray | None]
    description: str
    label: str
    margin: float | None
    higher_is_better: bool


METRICS: dict[str, Metric] = {}


def metric(
    *,
    description: str,
    label: str | None = None,
    margin: float | None = None,
    higher_is_better: bool = False,
) -> Callable[[Callable[[Fitted], np.ndarray | None]], Callable[[Fitted], np.ndarray | None]]:
    """Register a function as a metric, under its own name.

    Parameters
    ----------
    description : str
        What it is, for the description of the tables.
    label : str, optional
        A word or two, for figures; the name by default.
    margin : float, optional
        Half-width of the zone of equivalence of a difference between L1 and L2. With a margin, the
        metric is a goal like prediction: it gets verdicts, a place in the figure of goals, and a
        rule.
    higher_is_better : bool
    """

    def register(
        compute: Callable[[Fitted], np.ndarray | None],
    ) -> Callable[[Fitted], np.ndarray | None]:
        name = compute.__name__
        words = label or name.replace("_", " ")
        METRICS[name] = Metric(compute, description, words, margin, higher_is_better)
        return compute

    return register


def measure(name: str, fitted: Fitted) -> np.ndarray | None:
    """A metric of the user's on all replicates of a scenario.

    Raises
    ------
    ExtensionError
        If it does not return one number a replicate and tuning rule.
    """
    values = METRICS[name].compute(fitted)
    if values is None:
        return None
    values = np.asarray(values, float)
    if values.shape != fitted.alpha.shape:
        raise ExtensionError(
            f"metric '{name}' returned an array of shape {values.shape}, must be "
            f"{fitted.alpha.shape} (replicates, tuning rules), or None where it has no meaning"
        )
    return values
