"""Risk, bias, variance and coefficients along the paths of one data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed
from normwise.analysis.measure.metrics import bias_variance
from normwise.fitting.fits_file import each_estimate
from normwise.fitting.names import selects


@threadpool_limits.wrap(limits=1)
def trace_paths(fits: Mapping[str, Sequence[str | Path]], dataset: str) -> dict[str, pd.DataFrame]:
    """Tables ``paths`` and ``coefficients`` of a data set whose fits keep their paths."""
    paths, coefficients = [], []
    for e in each_estimate(fits, dataset):
        truth, ok = e.origin.truth, e.fitted
        if truth is None or e.penalty == "none":
            continue
        a = {name: array[ok] for name, array in e.arrays.items()}
        relative = selects(e.penalty)
        strength = a["alphas"] / a["alphas"][:, :1] if relative else a["alphas"]
        risk = a["path_risk"]
        keys = {"dataset": dataset, "scenario": e.origin.id, "penalty": e.penalty}
        for step in range(risk.shape[1]):
            parts = bias_variance(truth, a["path_coef"][:, step], a["path_intercept"][:, step])
            paths.append(
                keys
                | {
                    "step": step,
                    "strength": float(strength[0, step]),
                    "excess_risk": float(risk[:, step].mean()),
                    "mcse": float(risk[:, step].std(ddof=1) / np.sqrt(len(risk))),
                    "bias2": parts["bias2"][0],
                    "bias2_se": parts["bias2"][1],
                    "variance": parts["variance"][0],
                    "variance_se": parts["variance"][1],
                }
            )
            coefficients.append(
                pd.DataFrame(
                    keys
                    | {
                        "step": step,
                        "strength": float(strength[0, step]),
                        "feature": np.arange(len(truth.coef)),
                        "coef": a["path_coef"][0, step],
                        "true_coef": truth.coef,
                        "chosen": bool(a["alphas"][0, step] == a["alpha"][0, 0]),
                    }
                )
            )
    empty = pd.DataFrame()
    found = {
        "paths": typed(pd.DataFrame(paths), "paths"),
        "coefficients": typed(pd.concat([empty, *coefficients], ignore_index=True), "coefficients"),
    }
    # blocks come in the order in which they were added to the study
    return {
        name: frame.sort_values("scenario", kind="stable", ignore_index=True)
        for name, frame in found.items()
    }
