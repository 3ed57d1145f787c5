r"""L2-penalised least squares at every strength.

Two matrices hold the problem: the kernel :math:`K = ZZ^T` and the Gram matrix
:math:`G = Z^TZ`, of which the smaller one is used. With :math:`S` the one and :math:`t` its
right-hand side (:math:`y` or :math:`Z^Ty`), the solution is
:math:`a = (S + \lambda I)^{-1} t`, with :math:`b = Z^Ta` or :math:`b = a`. The null model
(:math:`\lambda = \infty`) and the minimum-norm least-squares fit (:math:`\lambda = 0`) are its
exact limits.

A small matrix is decomposed into its eigenvectors. A larger one is factored at a few strengths,
which leads to all of them (see `normwise.fitting.solvers.krylov`), at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.linalg import eigh
from scipy.linalg.blas import dsymv
from scipy.linalg.lapack import dpstrf

from normwise.fitting.solvers.krylov import Apply, Factor, solve_shifted

# the size from which factors are cheaper than eigenvectors
LARGE = 250
# the gap that is aimed at with factors, and the one that is not taken: eigenvectors do better
AIM, POOR = 1e-16, 1e-12
# vectors in the basis of all solutions, of which some 20 to 50 are needed
CAPACITY = 200
# pivots above this share of their diagonal entry are no rounding errors
SOUND = 1e-10
REFINEMENTS = 2
# with products alone: the gap that is aimed at, the numbers that a basis may hold and its vectors
IMPLICIT_AIM = 1e-12
NUMBERS, FEWEST, MOST = 2**25, 50, 1000
# vectors after which a matrix that can be made is the quicker way
SOON = 64


def matrix_root(S: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pivoted Cholesky factor of a positive semidefinite matrix.

    Returns
    -------
    R : ndarray of shape (rank, m)
        With ``R.T @ R`` equal to `S` up to rounding errors.
    pivots : ndarray of shape (rank,)
        Columns in which R is triangular.
    """
    size = np.sqrt(np.maximum(np.diag(S), 0.0))
    inverse = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    factor, order, rank, _ = dpstrf(S * inverse * inverse[:, None], lower=0)
    if not size.any():
        rank = 0
    R = np.zeros((rank, len(S)))
    R[:, order - 1] = np.triu(factor[:rank])
    return R * size, order[:rank] - 1


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
    still : ndarray of shape (m,), optional
        A unit vector that the matrix takes to zero and that is orthogonal to the target: for the
        kernel of centred rows, the roots of their weights.
    """

    def __init__(
        self,
        matrix: np.ndarray,
        target: np.ndarray,
        kernel: bool,
        null: float,
        still: np.ndarray | None = None,
    ) -> None:
        self.matrix, self.target, self.kernel, self.null = matrix, target, kernel, null
        self.still = still

    @cached_property
    def _eigen(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(self.matrix, driver="evd", check_finite=False)
        keep = values > len(values) * np.finfo(float).eps * max(values[-1], 0.0)
        return values[keep], np.ascontiguousarray(vectors[:, keep])

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues that are no rounding errors, increasing."""
        return self._eigen[0]

    @property
    def vectors(self) -> np.ndarray:
        """Their eigenvectors, in columns."""
        return self._eigen[1]

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solutions ``a`` of shape (n_alphas, m), and relative duality gaps.

        At strength 0 the gap is half the squared Newton decrement.
        """
        out, gap = np.zeros((len(alphas), len(self.target))), np.zeros(len(alphas))
        inner = np.isfinite(alphas)
        if len(self.target) >= LARGE and "_eigen" not in vars(self):
            out[inner], gap[inner] = self._by_factors(alphas[inner])
            inner &= ~(gap <= POOR)
        if inner.any():
            out[inner], gap[inner] = self._by_eigenvectors(alphas[inner])
        return out, gap

    def _residual(self, solution: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        return solution @ self.matrix + alphas[:, None] * solution - self.target

    def _by_eigenvectors(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self._inverse(np.broadcast_to(self.target, (len(alphas), len(self.target))), alphas)
        # one step of refinement: small eigenvalues come with a large relative error
        found -= self._inverse(self._residual(found, alphas), alphas)
        residual = self._residual(found, alphas)
        along = residual @ self.vectors
        if self.kernel:
            square = along**2 @ self.eigenvalues
            free = (along**2).sum(axis=1)
        else:
            square = (residual**2).sum(axis=1)
            free = along**2 @ (1 / self.eigenvalues)
        positive = alphas > 0
        gap = np.where(positive, square / np.where(positive, 2 * alphas, 1), free / 2)
        return found, gap / self.null

    def _inverse(self, right: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        along = right @ self.vectors
        return (along / (self.eigenvalues + alphas[:, None])) @ self.vectors.T

    def _by_factors(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out, gap = np.zeros((len(alphas), len(self.target))), np.full(len(alphas), np.inf)
        positive, limit = alphas > 0, None
        try:
            if not positive.all():
                out[~positive], gap[~positive], limit = self._limit()
            out[positive], gap[positive] = self._penalised(alphas[positive], limit)
        except np.linalg.LinAlgError:
            # too close to singular for a factor
            pass
        return out, gap

    def _definite(self) -> np.ndarray:
        # the matrix, or one with the same solutions that lacks its known zero eigenvalue
        if self.still is None:
            return self.matrix
        out = np.multiply.outer(np.trace(self.matrix) / len(self.matrix) * self.still, self.still)
        out += self.matrix
        return out

    def _penalised(self, alphas: np.ndarray, limit: Factor | None) -> tuple[np.ndarray, np.ndarray]:
        def bound(square: np.ndarray, values: np.ndarray) -> np.ndarray:
            unit = values[-1] if self.kernel else 1.0
            return np.asarray(square * unit / (2 * alphas) / self.null)

        def apply(vector: np.ndarray) -> np.ndarray:
            # half of the matrix says it all
            return np.asarray(dsymv(1.0, self.matrix.T, vector, lower=1))

        found, _ = solve_shifted(
            apply, self.target, alphas, bound, AIM, CAPACITY, self.matrix, limit
        )
        residual = self._residual(found, alphas)
        other = residual @ self.matrix if self.kernel else residual
        return found, np.einsum("ij,ij->i", residual, other) / (2 * alphas) / self.null

    def _limit(self) -> tuple[np.ndarray, float, Factor | None]:
        # the minimum-norm solution and its gap; with the factor, if the rank is full
        definite, factor = self._definite(), None
        try:
            factor = Factor(definite)
            if not (factor.pivots > SOUND * np.diag(definite)).all():
                factor = None
        except np.linalg.LinAlgError:
            pass
        if factor is None:
            inverse, project = self._reduced()
        else:
            inverse, project = factor.solve, np.copy
        found = inverse(self.target)
        for _ in range(REFINEMENTS):
            found = found - inverse(self.matrix @ found - self.target)
        residual = self.matrix @ found - self.target
        other = project(residual) if self.kernel else inverse(residual)
        return found, float(max(residual @ other, 0.0) / 2 / self.null), factor

    def _reduced(self) -> tuple[Apply, Apply]:
        # pseudo-inverse of a matrix of lower rank, and the projection on its range
        root, pivots = matrix_root(self.matrix)
        least = root[np.arange(len(root)), pivots] ** 2 / np.diag(self.matrix)[pivots]
        if not len(least) or not (least > SOUND).all():
            raise np.linalg.LinAlgError("the rank of the matrix is uncertain")
        small = Factor(root @ root.T)

        def inverse(right: np.ndarray) -> np.ndarray:
            return np.asarray(small.solve(small.solve(root @ right)) @ root)

        def project(right: np.ndarray) -> np.ndarray:
            return np.asarray(small.solve(root @ right) @ root)

        return inverse, project

    def residual(self, alphas: np.ndarray) -> np.ndarray:
        """What fits leave of the target, shape (n_alphas, m); with a kernel, of each row."""
        return np.asarray(self.target - self.solve(alphas)[0] @ self.matrix)

    def weights(self, alphas: np.ndarray) -> np.ndarray:
        """Share of each direction that is kept, shape (n_alphas, rank): 1 at 0, 0 at inf."""
        return self.eigenvalues / (self.eigenvalues + alphas[:, None])


class ImplicitRidgePath(RidgePath):
    """The same for a matrix that is too large to be held: products with it do.

    Parameters
    ----------
    apply : callable
        Products of the matrix with the rows of an array, or with a vector.
    dense : callable
        Makes the matrix, for those who ask for its eigenvectors.
    target, kernel, null
        What they are for `RidgePath`.
    trace : float
        Of the matrix.
    still
        What it is for `RidgePath`.
    may_be_made : bool
        Whether there is room for the matrix, where products do not lead to a certificate.
    """

    def __init__(
        self,
        apply: Apply,
        dense: Callable[[], np.ndarray],
        target: np.ndarray,
        kernel: bool,
        null: float,
        trace: float,
        still: np.ndarray | None,
        may_be_made: bool,
    ) -> None:
        self.apply, self.dense, self.trace = apply, dense, trace
        self.target, self.kernel, self.null = target, kernel, null
        self.still, self.may_be_made = still, may_be_made

    @cached_property
    def matrix(self) -> np.ndarray:  # type: ignore[override]
        """The matrix itself."""
        return self.dense()

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `RidgePath.solve`.

        At strength 0 the gap is half the squared error, if that is next to nothing. Else it is that
        of the least eigenvalue met, or, where there is room for the matrix, that of `RidgePath`.
        """
        found, gap, proven = self._by_products(alphas)
        if self.may_be_made and not (proven & (gap <= POOR)).all():
            return super().solve(alphas)
        return found, gap

    def _by_products(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Solutions, gaps, and whether they are bounds and no estimates."""
        out, gap = np.zeros((len(alphas), len(self.target))), np.zeros(len(alphas))
        proven = alphas > 0
        inner = np.isfinite(alphas)
        strength, least = alphas[inner], 1.0

        def bound(square: np.ndarray, values: np.ndarray) -> np.ndarray:
            nonlocal least
            least = float(values[0])
            unit = values[-1] if self.kernel else 1.0
            return square * unit / (2 * np.where(strength > 0, strength, least)) / self.null

        most = SOON if self.may_be_made else MOST
        capacity = int(np.clip(NUMBERS // len(self.target), FEWEST, most))
        found, residual = solve_shifted(
            self.apply, self.target, strength, bound, IMPLICIT_AIM, capacity
        )
        out[inner] = found
        square = self._squares(residual) if self.kernel else (residual**2).sum(axis=1)
        gap[inner] = square / (2 * np.where(strength > 0, strength, least)) / self.null
        if self.kernel:
            # without a penalty no objective is below zero
            error = (residual**2).sum(axis=1) / 2 / self.null
            met = (strength == 0) & (error <= POOR)
            none = np.flatnonzero(inner)[met]
            gap[none], proven[none] = error[met], True
        return out, gap, proven

    def _squares(self, rows: np.ndarray) -> np.ndarray:
        # bounds of r'Kr for rows that nearly have one direction, as such residuals do
        size = (rows**2).sum(axis=1)
        if not size.any():
            return size
        first = rows[size.argmax()] / np.sqrt(size.max())
        along = rows @ first
        rest = np.linalg.norm(rows - along[:, None] * first, axis=1)
        root = np.sqrt(max(first @ self.apply(first), 0.0))
        return np.asarray((np.abs(along) * root + rest * np.sqrt(self.trace)) ** 2)
