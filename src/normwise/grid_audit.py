"""What ridge loses on a grid of strengths that stops too early.

glmnet's default grid for ridge starts at 1000 times the largest correlation of a feature with the
response (features and response standardised) and ends at a hundredth of that if there are fewer
rows than features, at a ten-thousandth otherwise: Friedman, Hastie & Tibshirani 2010, *J. Stat.
Softw.* 33(1), and the help page of ``glmnet``, arguments ``lambda`` and ``lambda.min.ratio``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from normwise.compare import decide, log_ratio, paired_effect
from normwise.evaluate import Estimates, read_estimates
from normwise.scenario import expand_grid
from normwise.tables import typed
from normwise.tuning import TUNINGS

TOP, RATIO_WIDE, RATIO_TALL = 1000.0, 1e-2, 1e-4


def glmnet_bounds(
    max_correlation: np.ndarray | float, n_samples: int, n_features: int
) -> tuple[np.ndarray | float, np.ndarray | float]:
    """Least and largest strength of glmnet's default grid for ridge.

    Parameters
    ----------
    max_correlation : float or ndarray
        Largest absolute correlation of a feature with the response.
    n_samples, n_features : int

    Returns
    -------
    least, largest : float or ndarray
        On the scale of the mean loss, features standardised: glmnet's ``lambda`` over the
        standard deviation of the response.
    """
    top = TOP * max_correlation
    return top * (RATIO_WIDE if n_samples < n_features else RATIO_TALL), top


def _restricted(ridge: Estimates, floor: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Ridge's risk if only the strengths between the bounds may be chosen."""
    alphas, cv_error = ridge.arrays["alphas"], ridge.arrays["cv_error"]
    inside = (alphas >= floor[:, None]) & (alphas <= top[:, None])
    chosen = np.where(inside & np.isfinite(cv_error), cv_error, np.inf).argmin(axis=1)
    return np.asarray(ridge.arrays["path_risk"][np.arange(len(chosen)), chosen])


def audit(
    fits: Mapping[str, Mapping[str, Sequence[str | Path]]],
    datasets: Sequence[Mapping[str, Any]],
    comparison: Mapping[str, Any],
) -> pd.DataFrame:
    """Table ``fair_grid``: L1 against ridge on its own grid and on glmnet's.

    The grid of the study is far wider; glmnet's choice is the best cross-validated strength of it
    within glmnet's bounds.

    Parameters
    ----------
    fits : mapping of str to mapping
        Fits files of L1 and L2, by data set.
    datasets : sequence of mapping
        Of the checked config.
    comparison : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.

    Returns
    -------
    DataFrame
        The scenarios with a Gaussian response.
    """
    cv_min, rows = TUNINGS.index("cv_min"), []
    scenarios = {
        d["name"]: {s.id: s for s in expand_grid(d)} for d in datasets if d["name"] in fits
    }
    for dataset, files in fits.items():
        first: dict[str, np.ndarray] = {}
        for e in read_estimates({p: files[p] for p in ("l1", "l2")}, dataset):
            if e.origin.response == "binary":
                continue
            own = np.where(e.fitted, e.arrays["risk"][:, cv_min], np.nan)
            if e.penalty == "l1":
                first[e.origin.id] = own
                continue
            s = scenarios[dataset][e.origin.id]
            floor, top = glmnet_bounds(e.arrays["max_correlation"], s.n_samples, s.n_features)
            risk = _restricted(e, np.asarray(floor), np.asarray(top))
            lasso = first[e.origin.id]
            ok = np.isfinite(lasso) & np.isfinite(own)
            if ok.sum() < 2:
                continue
            sides = [
                paired_effect(lasso[ok], r[ok], comparison["margin"], comparison["confidence"])
                for r in (own, risk)
            ]
            row = {
                "dataset": dataset,
                "scenario": e.origin.id,
                "n": int(ok.sum()),
                "floor": float(np.median(np.asarray(floor)[ok])),
                "below": float((e.arrays["alpha"][ok, cv_min] < np.asarray(floor)[ok]).mean()),
                "cost": float(np.exp(log_ratio(risk[ok], own[ok]).mean())),
            }
            for name, side in zip(("", "_glmnet"), sides, strict=True):
                row |= {f"{k}{name}": side[k] for k in ("effect", "p_win", "p_equivalent")}
            rows.append(row)
    if not rows:
        return typed(pd.DataFrame(), "fair_grid")
    frame = pd.DataFrame(rows).assign(first="l1", second="l2")
    level, names = comparison["false_discovery_rate"], frame[["first", "second"]]
    for name in ("", "_glmnet"):
        frame[f"verdict{name}"] = decide(
            frame[f"effect{name}"],
            frame[f"p_win{name}"],
            frame[f"p_equivalent{name}"],
            level,
            names,
        )["verdict"]
    return typed(frame, "fair_grid")
