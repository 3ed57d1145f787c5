"""L1 against L2 for four goals, each with its own loss on the same pairs of fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.measure.effects import (
    RISKS,
    decide,
    log_ratio,
    standard_error,
    with_intervals,
    zone_tests,
)

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
    "selection": Goal(
        "finding the right features",
        ("ranking_pauc",),
        "one minus the partial area under the ROC curve of the ranking by size",
        "partial AUC",
        0.05,
        gain=True,
    ),
    "stability": Goal(
        "coefficients that another sample would repeat",
        ("coef_agreement",),
        "one minus the agreement of the coefficients of two samples",
        "agreement",
        0.05,
        gain=True,
    ),
    "calibration": Goal(
        "probabilities to be taken at their word",
        ("calibration_error",),
        "root mean square calibration error of the probability",
        "calibration error",
        0.01,
    ),
}


def side_by_side(
    metrics: pd.DataFrame, names: tuple[str, ...]
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Data set, scenario, and values by replicate and penalty, where L1 and L2 are among these.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    names : tuple of str
        Metrics, of which a scenario has one.
    """
    chosen = metrics[metrics["metric"].isin(names) & (metrics["tuning"] == TUNING)]
    for (dataset, scenario), own in chosen.groupby(["dataset", "scenario"], observed=True):
        wide = own.pivot(index="replicate", columns="penalty", values="value").astype(float)
        wide.columns = wide.columns.astype(str)
        if {"l1", "l2"} <= set(wide):
            yield str(dataset), str(scenario), wide


def goal_effects(metrics: pd.DataFrame, overlap: float = 0.0) -> pd.DataFrame:
    """Table ``goal_effects``: L1 against L2 for each goal.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    overlap : float
        Of `normwise.analysis.measure.effects.standard_error`.
    """
    rows = []
    for key, goal in GOALS.items():
        for dataset, scenario, wide in side_by_side(metrics, goal.metrics):
            pair = wide[["l1", "l2"]].dropna()
            if len(pair) < 2:
                continue
            first, second = pair["l1"].to_numpy(), pair["l2"].to_numpy()
            d = log_ratio(first, second) if goal.is_ratio else first - second
            d = -d if goal.gain else d
            rows.append(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "goal": key,
                    "n": len(d),
                    "effect": float(d.mean()),
                    "mcse": standard_error(d, overlap),
                }
            )
    return typed(pd.DataFrame(rows), "goal_effects")


def judge_goals(
    effects: pd.DataFrame, comparison: Mapping[str, Any], held_out: Collection[str] = ()
) -> pd.DataFrame:
    """Table ``goals``: verdicts for each goal.

    Parameters
    ----------
    effects : DataFrame
        Table ``goal_effects``.
    comparison : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    held_out : collection of str
        Data sets whose verdicts are given apart, so that they cannot change those of the others.
    """
    parts = []
    effects = with_intervals(effects, comparison["confidence"])
    for key, goal in GOALS.items():
        for apart in (False, True):
            own = effects["dataset"].isin(held_out) == apart
            frame = effects[own & (effects["goal"] == key)]
            if not len(frame):
                continue
            p_win, p_equivalent = zone_tests(
                frame["effect"], frame["mcse"], frame["n"], goal.zone(comparison["margin"])
            )
            names = pd.DataFrame({"first": "l1", "second": "l2"}, index=frame.index)
            level = comparison["false_discovery_rate"]
            parts.append(frame.join(decide(frame["effect"], p_win, p_equivalent, level, names)))
    return typed(pd.concat(parts) if parts else pd.DataFrame(), "goals")


def strategy_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Table ``strategies``: what it costs to use one penalty always, or to let the folds choose.

    Parameters
    ----------
    metrics : DataFrame
        Table ``metrics``.
    """
    errors = {(d, s): wide for d, s, wide in side_by_side(metrics, ("cv_error",))}
    rows = []
    for dataset, scenario, risk in side_by_side(metrics, RISKS):
        risk = risk.dropna(subset=["l1", "l2"])
        if len(risk) < 2:
            continue
        cv = errors[dataset, scenario].loc[risk.index]
        # a tie is a null model on both sides
        risk = risk.assign(cv_choice=np.where(cv["l1"] < cv["l2"], risk["l1"], risk["l2"]))
        for strategy in ("l1", "l2", "elastic_net", "cv_choice"):
            if strategy not in risk:
                continue
            d = log_ratio(risk[strategy].to_numpy(), risk["l2"].to_numpy())
            d = d[np.isfinite(d)]
            rows.append(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "strategy": strategy,
                    "n": len(d),
                    "effect": d.mean(),
                    "mcse": d.std(ddof=1) / np.sqrt(len(d)),
                }
            )
    return typed(pd.DataFrame(rows), "strategies")
