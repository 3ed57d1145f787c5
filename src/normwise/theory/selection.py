"""When the lasso can find the true features."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def support_recovery_samples(n_features: int, n_nonzero: int) -> float:
    r"""Rows :math:`2k\log(p-k)` from which the lasso recovers the signed support (Wainwright 2009).

    For independent Gaussian features, strong coefficients and a strength of theory's size; the
    strength that predicts best selects too many.

    Parameters
    ----------
    n_features, n_nonzero : int
    """
    if not 0 < n_nonzero < n_features:
        raise ValueError("n_nonzero must be positive and below n_features")
    return float(2 * n_nonzero * np.log(n_features - n_nonzero))


def irrepresentable_constant(covariance: np.ndarray, coef: ArrayLike) -> float:
    r"""Constant :math:`\lVert \Sigma_{S^cS} \Sigma_{SS}^{-1} \mathrm{sign}(\beta_S) \rVert_\infty`.

    Above 1, no strength makes the lasso select the true features S alone, however many rows
    there are (Zhao & Yu 2006).

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)
    coef : array-like of shape (n_features,)
        True coefficients.
    """
    beta = np.asarray(coef, float)
    true = beta != 0
    if not true.any() or true.all():
        return 0.0
    weights = np.linalg.solve(covariance[np.ix_(true, true)], np.sign(beta[true]))
    return float(np.abs(covariance[np.ix_(~true, true)] @ weights).max())
