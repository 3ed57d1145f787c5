r"""Positive semidefinite systems :math:`(S + \lambda I) a = t` at many strengths at once.

A basis that serves all strengths grows by vectors :math:`(S + \sigma I)^{-1} q` with few shifts
:math:`\sigma`, or by products :math:`Sq` where S is too large for that; q is the latest vector, or
the residual of the worst strength, and the solutions in the basis are those whose residuals are
orthogonal to it (Ruhe 1984, Güttel 2013). A shift serves the strengths near it: two to six suffice.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from scipy.linalg import cython_lapack
from scipy.linalg.blas import dtrsv

# strengths this far from a shift, as a ratio, get a shift of their own
REACH = 100.0
MOST_SHIFTS = 6
# vectors added between two looks at the residuals
STEPS = 8
# of a vector, what is left of it outside the basis, below which it adds nothing
NOTHING = 1e-13
# a look that leaves more than this share of the largest gap is in vain, and so many end the search
IN_VAIN, PATIENCE = 0.5, 3
# of the terms of a residual, what is left by rounding errors
ROUNDING = 32 * float(np.finfo(float).eps)

Apply = Callable[[np.ndarray], np.ndarray]
Gap = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _compiled_cholesky() -> Callable[..., None]:
    # the way that compiled code takes: it lets other threads run, and works in place
    capsule, api = cython_lapack.__pyx_capi__["dpotrf"], ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    # triangle, size, matrix, its rows in memory, outcome
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(address)


_CHOLESKY = _compiled_cholesky()


class Factor:
    """Cholesky factor of a positive definite matrix plus a multiple of the identity.

    Raises
    ------
    LinAlgError
        If the sum has none.
    """

    def __init__(self, matrix: np.ndarray, shift: float = 0.0) -> None:
        # symmetric: its transpose is the quicker copy
        lower = np.array(matrix.T, order="F")
        lower.T.flat[:: len(lower) + 1] += shift
        triangle, size, outcome = ctypes.c_char(b"L"), ctypes.c_int(len(lower)), ctypes.c_int(0)
        at = ctypes.addressof
        _CHOLESKY(at(triangle), at(size), lower.ctypes.data, at(size), at(outcome))
        if outcome.value:
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        self.lower = lower

    @property
    def pivots(self) -> np.ndarray:
        """What is left of the diagonal when a column is reached."""
        return np.diag(self.lower) ** 2

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Solution for one right-hand side."""
        half = dtrsv(self.lower, right, lower=1)
        return np.asarray(dtrsv(self.lower, half, lower=1, trans=1, overwrite_x=1))


class _Basis:
    # orthonormal rows, their products with S, and S in the basis

    def __init__(self, apply: Apply, target: np.ndarray, capacity: int) -> None:
        self.apply, self.target, self.size = apply, target, 0
        self.vectors = np.empty((capacity, len(target)))
        self.products = np.empty((capacity, len(target)))
        self.inside = np.empty((capacity, capacity))
        self.add(target)

    def add(self, vector: np.ndarray) -> bool:
        k, before = self.size, np.linalg.norm(vector)
        known = self.vectors[:k]
        # twice, or it would be orthogonal up to cancellation only
        for _ in range(2):
            vector = vector - (known @ vector) @ known
        after = np.linalg.norm(vector)
        if not after > NOTHING * before:
            return False
        self.vectors[k] = vector / after
        self.products[k] = self.apply(self.vectors[k])
        self.inside[k, : k + 1] = self.vectors[: k + 1] @ self.products[k]
        self.inside[: k + 1, k] = self.inside[k, : k + 1]
        self.size = k + 1
        return True

    def grow(self, steps: int, advance: Apply, first: np.ndarray) -> bool:
        """Add vectors, each what the one before leads to, unless the basis holds all there is."""
        for step in range(steps):
            if not self.add(advance(self.vectors[self.size - 1] if step else first)):
                return False
        return True

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # coordinates and residuals of the solutions, and the eigenvalues that are not zero
        V, W = self.vectors[: self.size], self.products[: self.size]
        values, turn = np.linalg.eigh(self.inside[: self.size, : self.size])
        keep = values > len(self.target) * np.finfo(float).eps * values[-1]
        shifted = np.where(keep, values, 0.0) + alphas[:, None]
        inverse = np.divide(1.0, shifted, out=np.zeros_like(shifted), where=shifted > 0)

        def residual(found: np.ndarray) -> np.ndarray:
            return np.asarray(found @ W + (alphas[:, None] * found) @ V - self.target)

        found = (V @ self.target @ turn * inverse) @ turn.T
        # one step of refinement: small eigenvalues come with a large relative error
        found -= (residual(found) @ V.T @ turn * inverse) @ turn.T
        return found, residual(found), values[keep]


class _Shifts:
    # factors of S + shift, as few as will do

    def __init__(self, matrix: np.ndarray, least: float, limit: Factor | None) -> None:
        self.matrix, self.factors = matrix, dict[float, Factor]()
        if limit is not None:
            # no shift at all serves the smallest strengths
            self.factors[least] = limit

    def near(self, alpha: float) -> Factor:
        distance = {shift: abs(np.log(shift / alpha)) for shift in self.factors}
        best = min(distance, key=distance.__getitem__, default=None)
        if best is None or (distance[best] > np.log(REACH) and len(distance) < MOST_SHIFTS):
            best = alpha
            self.factors[best] = Factor(self.matrix, alpha)
        return self.factors[best]


def solve_shifted(
    apply: Apply,
    target: np.ndarray,
    alphas: np.ndarray,
    gap: Gap,
    tol: float,
    capacity: int,
    matrix: np.ndarray | None = None,
    limit: Factor | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Solutions at every strength and their residuals, each of shape (n_alphas, m).

    Parameters
    ----------
    apply : callable
        Product of S and a vector.
    target : ndarray of shape (m,)
    alphas : ndarray of shape (n_alphas,)
        Positive; without a matrix, zero is the solution of smallest norm.
    gap : callable
        Of the squares of residuals, and the eigenvalues of S that are known, increasing: what is to
        be small.
    tol : float
        It ends where no gap is larger, where factors help no more, or where the basis is full.
    capacity : int
        Largest number of vectors of the basis.
    matrix : ndarray of shape (m, m), optional
        S itself. Without it, only products are used.
    limit : Factor, optional
        That of S, or of a matrix that equals it wherever it matters, if there is one already.

    Raises
    ------
    LinAlgError
        If S with a strength added to its diagonal is not positive definite.
    """
    capacity = min(capacity, len(target))
    if not len(alphas) or not target.any():
        none = np.zeros((len(alphas), len(target)))
        return none, none
    basis = _Basis(apply, target, capacity)
    shifts = None if matrix is None else _Shifts(matrix, alphas.min(), limit)
    least, in_vain = np.inf, 0
    while True:
        found, residual, values = basis.solve(alphas)
        if not len(values):
            # the matrix takes the target to zero
            break
        gaps = gap((residual**2).sum(axis=1), values)
        size = values[-1] * np.linalg.norm(found, axis=1) + np.linalg.norm(target)
        gaps[gaps <= gap((ROUNDING * size) ** 2, values)] = 0.0
        worst = int(gaps.argmax())
        # products alone go on: their residuals rise before they fall
        in_vain = in_vain + 1 if shifts and gaps[worst] > IN_VAIN * least else 0
        least = min(least, float(gaps[worst]))
        if gaps[worst] <= tol or in_vain == PATIENCE or basis.size == capacity:
            break
        steps = min(STEPS, capacity - basis.size)
        if shifts is None:
            grown = basis.grow(steps, apply, basis.vectors[basis.size - 1])
        else:
            grown = basis.grow(steps, shifts.near(float(alphas[worst])).solve, residual[worst])
        if not grown:
            # the basis holds all that the target reaches
            capacity = basis.size
    return found @ basis.vectors[: basis.size], residual
