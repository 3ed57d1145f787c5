"""Table ``scenarios``: what each scenario is, in numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from normwise.analysis.columns import TABLES, typed
from normwise.analysis.judge.collinearity import describe
from normwise.data.population import population
from normwise.data.scenario import Scenario, expand_grid, varied_axes


def scenario_table(
    datasets: Sequence[Mapping[str, Any]],
    seed: int,
    left_out: Collection[tuple[str, str]] = (),
    sampled: Mapping[str, Sequence[Scenario]] | None = None,
) -> pd.DataFrame:
    """Table ``scenarios``: what each one is, and how collinear its population is.

    Parameters
    ----------
    datasets : sequence of mapping
        Data sets of the checked config.
    seed : int
    left_out : collection of tuple of str
        Data set and id of scenarios without results.
    sampled : mapping of str to sequence of Scenario, optional
        Scenarios of the data sets that are no grid, by name.
    """
    rows = []
    for dataset in datasets:
        if dataset["source"] != "scenarios":
            continue
        own = (sampled or {}).get(dataset["name"])
        for scenario in expand_grid(dataset) if own is None else own:
            if (dataset["name"], scenario.id) in left_out:
                continue
            truth = population(scenario, seed)
            values = scenario.as_dict()
            label = _place_in_grid(dataset, values) if own is None else _content(values)
            rows.append(
                {
                    "dataset": dataset["name"],
                    "scenario": scenario.id,
                    "label": label or dataset["name"],
                    "replicates": dataset["replicates"],
                    **values,
                    "aspect_ratio": scenario.n_features / scenario.n_samples,
                    "nonzero_share": scenario.n_nonzero / scenario.n_features,
                    "held_out": dataset["hold_out"],
                    **describe(truth.root, truth.support, truth.coef),
                }
            )
    return typed(pd.DataFrame(rows, columns=list(TABLES["scenarios"].columns)), "scenarios")


def _place_in_grid(dataset: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    axes = [a if a != "nonzero_fraction" else "n_nonzero" for a in varied_axes(dataset)]
    return ", ".join(f"{a} {_short(values[a])}" for a in dict.fromkeys(axes))


def _content(values: Mapping[str, Any]) -> str:
    """Say in short what a sampled scenario is: any of its properties may set it apart."""
    told = {"n_samples": "n", "n_features": "p", "n_nonzero": "k", "snr": "snr"}
    parts = [f"{name} {_short(values[key])}" for key, name in told.items()]
    if values["covariance"] != "independent":
        parts.append(f"{values['covariance']} {_short(values['correlation'])}")
    for field in fields(Scenario):
        key, value = field.name, values[field.name]
        if key not in (*told, "covariance", "correlation") and value != field.default:
            parts.append(f"{key} {_short(value)}")
    return ", ".join(parts)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
