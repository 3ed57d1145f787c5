"""Table ``theory``: what was measured beside what theory says it must be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed
from normwise.data.population import Population, population
from normwise.data.response_kind import BALANCED
from normwise.data.scenario import Scenario
from normwise.data.seeds import generator
from normwise.fitting.fits_file import Estimates, each_estimate
from normwise.fitting.names import TUNINGS
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.lasso_general import lasso_risk_general
from normwise.theory.linear import ols_risk, ridge_optimal_risk
from normwise.theory.logistic import bayes_log_loss, logistic_risk

# the limit of a lasso with correlated features is a mean over draws: so many coefficients in all
DRAWN = 30_000
# least squares has a risk of finite variance from so many rows more than features
ROOM = 6
EXACT, LIMIT = "exact", "limit"
Prediction = tuple[str, float, float]


def _covariance(truth: Population) -> np.ndarray:
    product = truth.root @ truth.root.T
    return np.asarray(product.toarray() if sparse.issparse(product) else product)


def _predicted(s: Scenario, e: Estimates, seed: int) -> Prediction | None:
    """Kind, strength and excess risk, if theory covers the scenario and the penalty."""
    if s.features != "gaussian" or s.noise != "gaussian" or not s.n_nonzero or s.nonlinear_share:
        return None
    best = np.nanmedian(e.arrays["alpha"][e.fitted, TUNINGS.index("oracle")])
    theory = THEORIES.get(s.response)
    return theory(s, e.penalty, best, seed) if theory else None


def _log_loss(s: Scenario, penalty: str, best: float, seed: int) -> Prediction | None:
    if (
        s.correlation != 0
        or s.prevalence != BALANCED
        or penalty not in ("l1", "l2")
        or not np.isfinite(best)
    ):
        return None
    truth, n = population(s, seed), s.n_samples
    floor = bayes_log_loss(float(np.sqrt(truth.signal_var)))
    found = logistic_risk(penalty, truth.coef, n, best).log_loss - floor
    # the theory has no intercept; a further parameter costs 1 / 2n (Wilks 1938)
    return LIMIT, best, found + 1 / (2 * n)


def _squared_error(s: Scenario, penalty: str, best: float, seed: int) -> Prediction | None:
    truth, n = population(s, seed), s.n_samples
    noise, rows = truth.noise_var, n - 1
    if penalty == "none":
        # exact only where the features are as they were drawn
        if n - s.n_features <= ROOM or s.moments == "sample":
            return None
        return EXACT, 0.0, ols_risk(n, s.n_features, noise, fit_intercept=True)
    # the mean takes one of the n directions of the rows
    if penalty == "l2":
        eigenvalues, vectors = np.linalg.eigh(_covariance(truth))
        signal = (vectors.T @ truth.coef) ** 2
        alpha, risk = ridge_optimal_risk(np.maximum(eigenvalues, 0.0), signal, rows, noise)
    elif penalty != "l1":
        return None
    elif s.correlation == 0:
        alpha, risk = lasso_optimal_risk(truth.coef, rows, noise)
    else:
        if not np.isfinite(best):
            return None
        alpha, rng = best * n / rows, generator(seed, s.key, "theory")
        risk = lasso_risk_general(
            _covariance(truth), truth.coef, rows, noise, alpha, DRAWN // s.n_features, rng
        ).risk
    # plus the variance of the estimated intercept
    return LIMIT, alpha * rows / n, risk + (noise + risk) / n


# by response: of another there is no theory here, and table ``theory`` has no row
THEORIES = {"gaussian": _squared_error, "binary": _log_loss}


def _risk_at(e: Estimates, alpha: float) -> np.ndarray:
    # between two candidates the risk is all but linear in the logarithm of the strength
    strengths, risks = e.arrays["alphas"][e.fitted], e.arrays["path_risk"][e.fitted]
    if alpha == 0:
        return np.asarray(risks[:, -1])
    found = np.empty(len(risks))
    for i, (candidates, risk) in enumerate(zip(strengths, risks, strict=True)):
        inner = np.isfinite(candidates) & (candidates > 0)
        if alpha > candidates[inner].max():
            found[i] = risk[0]
            continue
        at = np.log(candidates[inner])[::-1]
        found[i] = np.interp(np.log(alpha), at, risk[inner][::-1])
    return found


@threadpool_limits.wrap(limits=1)
def theory_table(
    dataset: str,
    fits: Mapping[str, Sequence[str | Path]],
    seed: int,
    wanted: Collection[str] | None = None,
    replicates: int | None = None,
) -> pd.DataFrame:
    """Hold the measurements of one block against theory.

    Least squares is held against its exact risk, ridge and lasso against the limit at the strength
    that theory calls best, the same for all replicates. Where that strength is not known in closed
    form (the lasso with correlated features, logistic regression) it is the median of those that
    were best in the replicates.

    Parameters
    ----------
    dataset : str
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    seed : int
    wanted, replicates
        Arguments of `normwise.fitting.fits_file.read_estimates`.

    Returns
    -------
    DataFrame
        Table ``theory``, of the scenarios with Gaussian features and noise and a linear signal.
    """
    rows = []
    for e in each_estimate(fits, dataset, wanted, replicates):
        s = e.origin.scenario
        predicted = _predicted(s, e, seed) if s and e.fitted.sum() > 1 else None
        if s is None or predicted is None:
            continue
        kind, alpha, risk = predicted
        values = _risk_at(e, alpha)
        mean, mcse = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
        rows.append(
            {
                "dataset": dataset,
                "scenario": s.id,
                "penalty": e.penalty,
                "kind": kind,
                "alpha": alpha,
                "n": len(values),
                "measured": mean,
                "predicted": risk,
                "mcse": mcse,
                "z": (mean - risk) / max(mcse, np.finfo(float).tiny),
                "deviation": mean / risk - 1,
            }
        )
    return typed(pd.DataFrame(rows), "theory")
