"""What ridge loses on a grid of strengths that stops too early.

glmnet's default grid for ridge starts at 1000 times the largest correlation of a feature with the
response (features and response standardised) and ends at a hundredth of that if there are fewer
rows than features, at a ten-thousandth otherwise: Friedman, Hastie & Tibshirani 2010, *J. Stat.
Softw.* 33(1), and the help page of ``glmnet``, arguments ``lambda`` and ``lambda.min.ratio``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.measure.effects import log_ratio, paired_effect
from normwise.fitting.fits_file import Estimates
from normwise.fitting.loss import loss_of
from normwise.fitting.names import TUNINGS

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


def audit(estimates: Mapping[str, Estimates]) -> pd.DataFrame:
    """Table ``grid_effects``: L1 against ridge on its own grid and on glmnet's.

    The grid of the study is far wider; glmnet's choice is the best cross-validated strength of it
    within glmnet's bounds.

    Parameters
    ----------
    estimates : mapping of str to Estimates
        Estimates of one scenario, by penalty.

    Returns
    -------
    DataFrame
        One row, or none without simulated data, squared error and both penalties.
    """
    nothing = typed(pd.DataFrame(), "grid_effects")
    if not {"l1", "l2"} <= set(estimates):
        return nothing
    lasso, ridge = estimates["l1"], estimates["l2"]
    s, cv_min = ridge.origin.scenario, TUNINGS.index("cv_min")
    if s is None or not loss_of(s.response).quadratic:
        return nothing
    first, own = (np.where(e.fitted, e.arrays["risk"][:, cv_min], np.nan) for e in (lasso, ridge))
    ok = np.isfinite(first) & np.isfinite(own)
    if ok.sum() < 2:
        return nothing
    bounds = glmnet_bounds(ridge.arrays["max_correlation"], s.n_samples, s.n_features)
    floor, top = map(np.asarray, bounds)
    risk = _restricted(ridge, floor, top)
    row = {
        "dataset": ridge.dataset,
        "scenario": s.id,
        "n": int(ok.sum()),
        "floor": float(np.median(floor[ok])),
        "below": float((ridge.arrays["alpha"][ok, cv_min] < floor[ok]).mean()),
        "cost": float(np.exp(log_ratio(risk[ok], own[ok]).mean())),
    }
    for name, side in (("", own), ("_glmnet", risk)):
        found = paired_effect(first[ok], side[ok])
        row |= {f"{k}{name}": found[k] for k in ("effect", "mcse")}
    return typed(pd.DataFrame([row]), "grid_effects")
