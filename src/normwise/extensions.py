"""Penalties, metrics and data sets from Python files of the user's.

The config lists the files under ``extensions``; what they register by the decorators here is then
known by its name, like what the package ships.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from normwise.fitting.penalty import REGISTERED, Penalty
from normwise.fitting.penalty import register as penalty

if TYPE_CHECKING:
    from normwise.data.population import Population

__all__ = ["Fitted", "Penalty", "dataset", "metric", "penalty"]


class ExtensionError(ValueError):
    """A file that cannot be used as an extension."""


@dataclass(frozen=True)
class Fitted:
    """All replicates of one scenario under one penalty, as a metric sees them.

    Attributes
    ----------
    response : {"gaussian", "binary"}
    truth : Population or None
        With ``coef``, ``intercept``, ``support``, ``mean``, ``noise_var``; None for real data.
    coef : ndarray of shape (n_replicates, n_tunings, n_features)
    intercept, alpha : ndarray of shape (n_replicates, n_tunings)
    y_test : ndarray of shape (n_replicates, n_test) or None
        Held-out responses, where the truth is unknown.
    predictor_test : ndarray of shape (n_replicates, n_tunings, n_test) or None
        Linear predictors of the held-out rows.
    """

    response: str
    truth: Population | None
    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray
    y_test: np.ndarray | None
    predictor_test: np.ndarray | None


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


# names of modules that were loaded from files of the user's
PREFIX = "normwise_extension_"
# where data come from without any extension
SOURCES = ("scenarios", "rule", "table", "semi_synthetic")
Draw = Callable[..., Mapping[str, Any]]
METRICS: dict[str, Metric] = {}
DATASETS: dict[str, Draw] = {}


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


def dataset(draw: Draw) -> Draw:
    """Register a function that draws one replicate, under its own name.

    It is called as ``draw(rng, **options)`` with a `numpy.random.Generator` of the replicate and
    the ``options`` of the data set in the config. It returns ``X`` (n_samples, n_features) and
    ``y`` (n_samples,), and either ``X_test`` and ``y_test`` or the true ``coef``, with the other
    arrays of `normwise.data` where they apply. What is not ``X``, ``y``, ``X_test`` or ``y_test``
    must be the same in every replicate.
    """
    DATASETS[draw.__name__] = draw
    return draw


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


def origin(name: str) -> str | None:
    """The file that registered a penalty, metric or data set; None for what the package ships."""
    made: Any = REGISTERED.get(name) or DATASETS.get(name)
    if made is None and name in METRICS:
        made = METRICS[name].compute
    module = sys.modules.get(getattr(made, "__module__", ""))
    if module is None or not module.__name__.startswith(PREFIX):
        return None
    return module.__file__
