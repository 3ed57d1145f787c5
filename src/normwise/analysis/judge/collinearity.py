"""How collinear the features of a covariance are, in numbers for people."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from normwise.analysis.effective import effective_number
from normwise.data.covariance import Root, quadratic_form


def describe(root: Root, support: np.ndarray, coef: np.ndarray) -> dict[str, float]:
    r"""How collinear a population is, and how the signal lies in it.

    Parameters
    ----------
    root : array of shape (n_features, n_components)
        Root of the covariance.
    support : ndarray of int
    coef : ndarray of shape (n_features,), or (n_classes, n_features)

    Returns
    -------
    dict
        ``condition_number`` (largest over smallest eigenvalue of :math:`\Sigma`),
        ``mean_vif`` (mean variance inflation factor, of the correlation matrix),
        ``signal_alignment`` (:math:`b^T R b / b^T b` for the correlation matrix R and the
        coefficients b of standardised features: 1 if they are unrelated, above it where the signal
        lies along the large principal components, below it where effects cancel; of several classes
        both forms are sums over them),
        ``irrepresentable`` (:math:`\lVert \Sigma_{S^cS} \Sigma_{SS}^{-1} \mathrm{sign}
        (\beta_S) \rVert_\infty`, Zhao & Yu 2006; above 1 the lasso cannot select
        consistently; NaN for several classes), ``nearest_correlation`` (median over the features
        of the largest absolute correlation with another one), ``effective_nonzero`` (how many
        coefficients carry the signal, see `normwise.analysis.effective`, on standardised features:
        the number of nonzero ones if they are equal; of several classes less their median over
        the classes, and divided by the number of classes less one), ``effective_features``
        (:math:`p^2 / \lVert R \rVert_F^2` of the correlation matrix R: how many directions the
        features fill, p if they are uncorrelated and 1 if they are copies).
    """
    sigma = root @ root.T
    sigma = sigma.toarray() if sparse.issparse(sigma) else sigma
    scale = np.sqrt(np.diag(sigma))
    eigenvalues = np.linalg.eigvalsh(sigma)
    measures = {"condition_number": float(eigenvalues[-1] / eigenvalues[0])}
    measures["mean_vif"] = float(np.mean(np.diag(np.linalg.inv(sigma)) * np.diag(sigma)))
    # the lasso sees standardised features, so the condition is stated on correlations
    corr = sigma / np.outer(scale, scale)
    rest = np.setdiff1d(np.arange(coef.shape[-1]), support)
    if len(support) and len(rest) and coef.ndim == 1:
        weights = np.linalg.solve(corr[np.ix_(support, support)], np.sign(coef[support]))
        measures["irrepresentable"] = float(np.abs(corr[np.ix_(rest, support)] @ weights).max())
    else:
        measures["irrepresentable"] = np.nan
    measures["effective_features"] = float(len(corr) ** 2 / (corr**2).sum())
    others = np.abs(corr - np.diag(np.diag(corr)))
    measures["nearest_correlation"] = float(np.median(others.max(axis=1)))
    size = np.atleast_2d(coef) * scale
    square = size.ravel() @ size.ravel()
    measures["effective_nonzero"] = _effective_nonzero(size) if square else 0.0
    measures["signal_alignment"] = (
        float(quadratic_form(root, coef).sum() / square) if square else np.nan
    )
    return measures


def _effective_nonzero(size: np.ndarray) -> float:
    """How many features' worth of coefficients count, given one row or a row for each class.

    One of the classes can do without coefficients, so that a feature is worth those of all others.
    A constant in all changes nothing: most of them are zero less the median, where L1 settles.
    """
    n_classes = len(size)
    if n_classes > 1:
        size = size - np.sort(size, axis=0)[(n_classes - 1) // 2]
    return float(effective_number(size.ravel())) / max(n_classes - 1, 1)
