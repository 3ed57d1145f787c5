"""The worked cases seen closely: what the data look like, and what each penalty makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed
from normwise.data.population import draw
from normwise.data.scenario import expand_grid
from normwise.fitting.fits_file import each_estimate

ROWS = 60
REPLICATES = 10
PENALTIES = ("l1", "l2")


@threadpool_limits.wrap(limits=1)
def illustrate(
    dataset: Mapping[str, Any], fits: Mapping[str, Sequence[str | Path]], seed: int
) -> dict[str, pd.DataFrame]:
    """Tables ``draws`` and ``examples`` of a simulated data set.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    seed : int
        Root seed of the study.
    """
    draws = []
    for scenario in expand_grid(dataset):
        X = draw(scenario, seed, 0)[0][:ROWS].astype(float)
        row, feature = np.indices(X.shape)
        keys = {"dataset": dataset["name"], "scenario": scenario.id}
        draws.append(
            pd.DataFrame(
                keys | {"row": row.ravel(), "feature": feature.ravel(), "value": X.ravel()}
            )
        )
    examples = []
    for e in each_estimate({p: fits[p] for p in PENALTIES}, dataset["name"]):
        truth = e.origin.truth
        assert truth is not None
        coef = e.arrays["coef"][e.fitted, 0][:REPLICATES]
        replicate, feature = np.indices(coef.shape)
        examples.append(
            pd.DataFrame(
                {
                    "dataset": dataset["name"],
                    "scenario": e.origin.id,
                    "penalty": e.penalty,
                    "replicate": e.replicate[e.fitted][:REPLICATES][replicate.ravel()],
                    "feature": feature.ravel(),
                    "coef": coef.ravel(),
                    "true_coef": np.tile(truth.coef, len(coef)),
                }
            )
        )
    return {
        name: typed(pd.concat(frames), name).sort_values(
            "scenario", kind="stable", ignore_index=True
        )
        for name, frames in (("draws", draws), ("examples", examples))
    }
