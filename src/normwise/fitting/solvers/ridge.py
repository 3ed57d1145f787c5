r"""L2-penalised least squares: every strength from one eigendecomposition.

Two matrices hold the problem: the kernel :math:`K = ZZ^T` and the Gram matrix
:math:`G = Z^TZ`. The smaller one is decomposed. With :math:`S` the one and :math:`t` its right-hand
side (:math:`y` or :math:`Z^Ty`), the solution is :math:`a = (S + \lambda I)^{-1} t`, with
:math:`b = Z^Ta` or :math:`b = a`. The null model (:math:`\lambda = \infty`) and the minimum-norm
least-squares fit (:math:`\lambda = 0`) are its exact limits.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh


class RidgePath:
    r"""Solutions of :math:`\frac12 \lVert y - Zb \rVert^2 + \frac{\lambda}{2} \lVert b \rVert^2`.

    Parameters
    ----------
    matrix : ndarray of shape (m, m)
        Kernel or Gram matrix.
    target : ndarray of shape (m,)
        y, or Z'y.
    kernel : bool
        Which of the two.
    null : float
        Objective of the null model, the unit of the gaps.
    """

    def __init__(self, matrix: np.ndarray, target: np.ndarray, kernel: bool, null: float) -> None:
        self.matrix, self.target, self.kernel, self.null = matrix, target, kernel, null
        values, vectors = eigh(matrix, driver="evd", check_finite=False)
        keep = values > len(values) * np.finfo(float).eps * max(values[-1], 0.0)
        self.eigenvalues, self.vectors = values[keep], np.ascontiguousarray(vectors[:, keep])

    def _inverse(self, right: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        along = right @ self.vectors
        return (along / (self.eigenvalues + alphas[:, None])) @ self.vectors.T

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solutions ``a`` of shape (n_alphas, m), and relative duality gaps.

        At strength 0 the gap is half the squared Newton decrement.
        """
        out, gap = np.zeros((len(alphas), len(self.target))), np.zeros(len(alphas))
        inner = np.isfinite(alphas)
        strength = alphas[inner]
        found = self._inverse(np.broadcast_to(self.target, out[inner].shape), strength)
        # one step of refinement: small eigenvalues come with a large relative error
        found -= self._inverse(self._residual(found, strength), strength)
        out[inner] = found
        residual = self._residual(found, strength)
        along = residual @ self.vectors
        if self.kernel:
            square = along**2 @ self.eigenvalues
            free = (along**2).sum(axis=1)
        else:
            square = (residual**2).sum(axis=1)
            free = along**2 @ (1 / self.eigenvalues)
        positive = strength > 0
        gap[inner] = np.where(positive, square / np.where(positive, 2 * strength, 1), free / 2)
        return out, gap / self.null

    def _residual(self, solution: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        return solution @ self.matrix + alphas[:, None] * solution - self.target

    def weights(self, alphas: np.ndarray) -> np.ndarray:
        """Share of each direction that is kept, shape (n_alphas, rank): 1 at 0, 0 at inf."""
        return self.eigenvalues / (self.eigenvalues + alphas[:, None])
