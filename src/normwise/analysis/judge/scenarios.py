"""Table ``scenarios``: what each scenario is, in numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from normwise.analysis.columns import TABLES, typed
from normwise.analysis.judge.collinearity import describe
from normwise.data.population import population
from normwise.data.scenario import expand_grid, varied_axes


def scenario_table(
    datasets: Sequence[Mapping[str, Any]], seed: int, left_out: Collection[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Table ``scenarios``: what each one is, and how collinear its population is.

    Parameters
    ----------
    datasets : sequence of mapping
        Data sets of the checked config.
    seed : int
    left_out : collection of tuple of str
        Data set and id of scenarios without results.
    """
    rows = []
    for dataset in datasets:
        if dataset["source"] != "scenarios":
            continue
        varied = [a if a != "nonzero_fraction" else "n_nonzero" for a in varied_axes(dataset)]
        for scenario in expand_grid(dataset):
            if (dataset["name"], scenario.id) in left_out:
                continue
            truth = population(scenario, seed)
            values = scenario.as_dict()
            label = ", ".join(f"{a} {_short(values[a])}" for a in dict.fromkeys(varied))
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


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
