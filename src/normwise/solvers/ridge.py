r"""L2-penalised least squares: every strength from one decomposition.

With :math:`X = U D V^T`, the solution is :math:`V \frac{d}{d^2 + n\lambda} U^T y`; the null
model (:math:`\lambda = \infty`) and the minimum-norm least-squares fit (:math:`\lambda = 0`) are
its exact limits.
"""

from __future__ import annotations

import numpy as np

RANK_TOLERANCE = 1e-10


class RidgePath:
    """Solutions of centred ridge regression for any strengths.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    """

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.n_samples = len(y)
        u, d, self.vt = np.linalg.svd(X, full_matrices=False)
        keep = d > RANK_TOLERANCE * (d[0] if len(d) and d[0] > 0 else 1.0)
        self.d, self.vt, self.uy = d[keep], self.vt[keep], u.T[keep] @ y

    def _weights(self, alphas: np.ndarray) -> np.ndarray:
        # share of each direction kept: 1 at alpha = 0, 0 at alpha = inf
        return self.d**2 / (self.d**2 + self.n_samples * alphas[:, None])

    def coef(self, alphas: np.ndarray) -> np.ndarray:
        """Coefficients, shape (n_alphas, n_features)."""
        return (self._weights(alphas) * (self.uy / self.d)) @ self.vt

    def effective_dof(self, alphas: np.ndarray) -> np.ndarray:
        r"""Effective degrees of freedom :math:`\sum d^2 / (d^2 + n\lambda)`."""
        return self._weights(alphas).sum(axis=1)
