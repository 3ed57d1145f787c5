"""Exact predictions that the measurements are held against."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.tables import typed


def ols_risk(
    n_samples: int, n_features: int, noise_var: float, fit_intercept: bool = False
) -> float:
    r"""Expected excess risk of least squares with Gaussian features, for any covariance.

    :math:`\sigma^2 p / (n-p-1)` without an intercept. With a fitted one, the slopes contribute
    :math:`\sigma^2 p/(n-p-2)` and the whole is
    :math:`\sigma^2 [\frac{(n+1)(n-2)}{n(n-p-2)} - 1]`.

    Parameters
    ----------
    n_samples, n_features : int
    noise_var : float
    fit_intercept : bool
        Whether an intercept is estimated; its error is then counted.

    Returns
    -------
    float
        ``inf`` where the expectation does not exist.
    """
    n, p = n_samples, n_features
    if fit_intercept:
        room = n - p - 2
        return noise_var * ((n + 1) * (n - 2) / (n * room) - 1) if room > 0 else np.inf
    return noise_var * p / (n - p - 1) if n - p - 1 > 0 else np.inf


def ridge_conditional(
    X: np.ndarray, covariance: np.ndarray, coef: np.ndarray, noise_var: float, alpha: float
) -> tuple[float, float]:
    r"""Squared bias and variance of ridge predictions given the features, exact for any n.

    With :math:`S = X^T X / n` and :math:`M = (S + \lambda I)^{-1}`: the bias is
    :math:`-\lambda M \beta` and the covariance :math:`\frac{\sigma^2}{n} M S M`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    covariance : ndarray of shape (n_features, n_features)
        Of a new row.
    coef : ndarray of shape (n_features,)
        True coefficients.
    noise_var : float
    alpha : float
        :math:`\lambda` on the mean-loss scale.

    Returns
    -------
    bias2, variance : float
        Their sum is the expected excess risk given X.
    """
    n, p = X.shape
    S = X.T @ X / n
    M = np.linalg.inv(S + alpha * np.eye(p))
    bias = -alpha * M @ coef
    return (
        float(bias @ covariance @ bias),
        float(noise_var / n * np.trace(covariance @ M @ S @ M)),
    )


def ols_check(scenarios: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Table ``theory``: least squares measured against its exact risk.

    Covers every scenario with Gaussian features, Gaussian noise, and a risk of finite variance
    (n - p > 6).
    """
    s = scenarios
    apply = (
        (s["response"] == "gaussian")
        & (s["features"] == "gaussian")
        & (s["noise"] == "gaussian")
        & (s["n_samples"] - s["n_features"] > 6)
    )
    measured = summary[
        (summary["penalty"] == "none")
        & (summary["tuning"] == "cv_min")
        & (summary["metric"] == "excess_risk")
    ]
    frame = s[apply].merge(measured, on=["dataset", "scenario"])
    shape = zip(frame["n_samples"], frame["n_features"], strict=True)
    frame["predicted"] = np.array(
        [ols_risk(n, p, 1.0, fit_intercept=True) for n, p in shape], float
    )
    frame["z"] = (frame["mean"] - frame["predicted"]) / frame["mcse"]
    frame = frame.rename(columns={"mean": "measured"})
    return typed(frame, "theory")
