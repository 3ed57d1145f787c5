"""The scenarios of one data set along one property: risks, effects, and their panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.data.response_kind import kind_of
from normwise.fitting.loss import loss_of
from normwise.report.figures.drawing import Entry
from normwise.report.look.style import LOG_AXES
from normwise.report.look.words import AXIS_NAMES

Z95 = 1.959964
# axes of names, between which there is nothing
NAMED_AXES = (
    "covariance",
    "noise",
    "signal",
    "signs",
    "placement",
    "features",
    "response",
    "class_features",
    "moments",
)
RELATIVE = "constant prediction = 1"


@dataclass(frozen=True)
class Sweep:
    """One property swept, in the scenarios of one data set.

    Attributes
    ----------
    x : str
        The property.
    facet : str or None
        The property that makes panels.
    levels : ndarray
        Values of `x`, sorted.
    scale : str
        Name of the unit of the risks.
    scenarios, risks, effects : DataFrame
        Properties; measured and predicted risks of every penalty; L1 against L2.
    """

    x: str
    facet: str | None
    levels: np.ndarray
    scale: str
    scenarios: pd.DataFrame
    risks: pd.DataFrame
    effects: pd.DataFrame


def split_axes(scenarios: pd.DataFrame, axes: list[str]) -> tuple[str, str | None]:
    """The axis with the most values, drawn along x, and the one that makes panels."""

    def count(axis: str) -> int:
        others = [a for a in axes if a != axis]
        if not others:
            return int(scenarios[axis].nunique())
        return int(scenarios.groupby(others)[axis].nunique().max())

    ordered = sorted(axes, key=lambda a: (-count(a), axes.index(a)))
    return ordered[0], ordered[1] if len(ordered) > 1 else None


def panels(scenarios: pd.DataFrame, facet: str | None, x: str) -> list[tuple[str, pd.DataFrame]]:
    """Scenarios that share a panel."""
    if facet is None:
        return [("", scenarios)]
    key = scenarios[facet]
    if facet == "nonzero_share":
        # a share is rounded to whole columns, so it changes slightly with their number
        key = key.round(3)
        if x == "n_features":
            key = scenarios.groupby(x)[facet].rank("dense")
    return [(str(value), group) for value, group in scenarios.groupby(key)]


def panel_title(key: str | None, row: pd.Series) -> str:
    """Heading of a panel of scenarios that share the value of a key."""
    if key is None:
        return ""
    if key in ("nonzero_share", "n_nonzero") and row["nonzero_share"] == 1:
        return "dense: every column matters"
    if key == "nonzero_share":
        return f"sparse: {two_digits(100 * row['nonzero_share'])} % of columns matter"
    value = row[key]
    number = f"{value:g}" if not isinstance(value, str) else value
    return f"{AXIS_NAMES.get(key, key)} = {number}"


def two_digits(value: float) -> str:
    """A number with two significant digits, and no power of ten."""
    return f"{float(f'{value:.2g}'):g}"


def middle_of(group: pd.DataFrame) -> pd.Series:
    """The scenario that stands for those of a panel, whose shares differ by rounding."""
    return group.sort_values("nonzero_share").iloc[len(group) // 2]


def positions(values: pd.Series, key: str, levels: np.ndarray) -> np.ndarray:
    """Where values stand on the x axis: themselves on log axes, else their rank."""
    if key in LOG_AXES:
        return values.to_numpy(float)
    return np.searchsorted(levels, values.to_numpy())


def _null_squared_error(scenario: pd.Series) -> float:
    return float(scenario["snr"])


def _null_log_loss(scenario: pd.Series) -> float:
    from normwise.theory.logistic import bayes_log_loss

    return np.log(2) - bayes_log_loss(np.sqrt(scenario["snr"] * np.pi**2 / 3))


def _null_deviance(scenario: pd.Series) -> float:
    # 2 E[mu (eta - log m)] of a normal predictor eta of variance v, of which mu is the exponential
    m = scenario["mean_count"]
    return float(m * scenario["snr"] * (1 / m + scenario["dispersion"]))


# by response, of a linear predictor that is normal; risks of another are shown as they are
NULL_RISKS: dict[str, Callable[[pd.Series], float]] = {
    "gaussian": _null_squared_error,
    "binary": _null_log_loss,
    "poisson": _null_deviance,
}


def _null_risk(scenario: pd.Series) -> float:
    """Excess risk of the null model in the unit of the loss; NaN where it has no closed form."""
    response = scenario["response"]
    if scenario["features"] != "gaussian" and not kind_of(response).risk_from_moments:
        return np.nan
    return float(NULL_RISKS[response](scenario)) if response in NULL_RISKS else np.nan


def _scaled(scenarios: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Scenarios with the unit of their risks, and its name."""
    unit = scenarios.apply(_null_risk, axis=1).astype(float)
    if (unit > 0).all():
        return scenarios.assign(unit=unit), RELATIVE
    losses = [loss_of(response) for response in scenarios["response"]]
    return scenarios.assign(unit=1.0), min(losses, key=lambda loss: loss.decomposes).unit


def _measured(tables: dict[str, pd.DataFrame], scenarios: pd.DataFrame) -> pd.DataFrame:
    """Measured and predicted risks of every penalty, in the unit of the scenario."""
    summary = tables["summary"]
    keep = (summary["tuning"] == "cv_min") & (summary["metric"] == "excess_risk")
    frame = summary[keep].merge(scenarios, on=["dataset", "scenario"])
    theory = tables["theory"][["dataset", "scenario", "penalty", "predicted", "deviation"]]
    frame = frame.merge(theory, on=["dataset", "scenario", "penalty"], how="left")
    frame["half"] = Z95 * frame["mcse"]
    for column in ("mean", "half", "predicted"):
        frame[column] /= frame["unit"]
    return frame


def _effects(tables: dict[str, pd.DataFrame], scenarios: pd.DataFrame) -> pd.DataFrame:
    frame = primary(tables["verdicts"]).merge(scenarios, on=["dataset", "scenario"])
    predicted = tables["theory"].pivot_table(
        index=["dataset", "scenario"], columns="penalty", values="predicted"
    )
    predicted = predicted.reindex(columns=["l1", "l2"])
    ratio = (predicted["l1"] / predicted["l2"]).rename("predicted").reset_index()
    return frame.merge(ratio, on=["dataset", "scenario"], how="left")


def read_sweep(tables: dict[str, pd.DataFrame], entry: Entry) -> Sweep:
    """The sweep of one data set."""
    scenarios = tables["scenarios"]
    scenarios = scenarios[scenarios["dataset"] == entry["datasets"][0]]
    x, facet = split_axes(scenarios, list(entry["axes"]))
    scenarios, scale = _scaled(scenarios)
    return Sweep(
        x=x,
        facet=facet,
        levels=np.sort(scenarios[x].unique()),
        scale=scale,
        scenarios=scenarios,
        risks=_measured(tables, scenarios),
        effects=_effects(tables, scenarios),
    )
