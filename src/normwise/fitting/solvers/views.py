"""Standardised data in the forms that the solvers work on.

Rows are multiplied by the root of their weight for squared error, so that sums are weighted
means. `Dense` and `Sparse` hold the rows; `Tall` holds means and products only, from which the
moments of a training part follow by subtracting those of the rows left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from normwise.fitting.loss import Loss
from normwise.fitting.solvers.ridge import RidgePath

# of its variance in all rows, what a column must keep in a training part to be found by
# subtraction: a smaller remainder would be rounding errors
KEEPS = 1e-6
CONSTANT = 1e-12
# means over spreads from which sparse columns are centred: their variance is no difference of
# squares, and such a column has hardly a zero to lose
OFFSET = 1e3

Back = Callable[[np.ndarray], np.ndarray]
Features = np.ndarray | tuple[np.ndarray, np.ndarray, np.ndarray]
Descended = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]
# features and rows from which coordinate descent is worth a try: on the way to fewer active
# features than this an active set is faster, and exact
MANY = 150


def _scale(spread: np.ndarray, mean: np.ndarray, standardize: bool) -> np.ndarray:
    # the spread of a constant column is of rounding errors, not exactly zero
    constant = spread <= CONSTANT * np.abs(mean)
    return np.where(constant, np.inf, spread if standardize else 1.0)


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


class View:
    """One set of standardised rows; subclasses say how they are held.

    Attributes
    ----------
    y, weight : ndarray
    mean, scale : ndarray of shape (n_features,)
        What was subtracted from the features, and their divisor; infinite for a constant one.
    offset : float
        What was subtracted from y.
    """

    loss: Loss
    fit_intercept: bool
    y: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    offset: float

    @property
    def null(self) -> float:
        """Objective of the null model for squared error, the unit of its gaps."""
        return float(self.y @ self.y) / 2 or 1.0

    def null_mean(self) -> float:
        """Mean that the null model gives each row; y is centred where squared error allows it."""
        if self.loss.quadratic:
            return 0.0
        if self.fit_intercept:
            return float(self.weight @ self.y)
        return float(self.loss.mean_of(np.zeros(())))

    def _null_residual(self) -> np.ndarray:
        if self.loss.quadratic:
            return self.y
        return np.asarray(self.weight * (self.y - self.null_mean()))

    @cached_property
    def ridge(self) -> RidgePath:
        """Eigendecomposition for squared error with an L2 penalty."""
        raise NotImplementedError

    def from_ridge(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts from solutions of `ridge`."""
        raise NotImplementedError

    def features(self, rotate: bool) -> tuple[Features, int, Back]:
        """Features, the place of the intercept or -1, and the way back to coefficients.

        A pure L2 penalty is blind to rotations, which bring p features down to n.
        """
        raise NotImplementedError

    def descend(
        self, l1: np.ndarray, l2: np.ndarray, tol: float, start: np.ndarray
    ) -> Descended | None:
        """Path by coordinate descent, as far as it goes, where it is worth a try.

        Parameters
        ----------
        l1, l2 : ndarray of shape (n_alphas,)
            Weights of the two norms; those of the L1 norm are decreasing.
        tol : float
            Relative duality gap.
        start : ndarray of shape (n_features,)
            Where it starts.

        Returns
        -------
        coef, intercept, gap, n_iter : ndarray
            One entry a strength; intercepts in units of the view.
        n_done : int
            For how many strengths, from the first on, they are filled in.
        """
        return None

    def design(self) -> np.ndarray:
        """Dense standardised features of shape (n_samples, n_features)."""
        raise NotImplementedError

    def directions(self, X: Any, weight: np.ndarray) -> np.ndarray:
        """Rows of `X` in the orthonormal directions of `ridge`, times the root of the weight."""
        ridge = self.ridge
        if ridge.kernel:
            return ridge.vectors[self.weight > 0]
        Z = (X - self.mean) / self.scale * np.sqrt(weight)[:, None]
        return Z @ ridge.vectors / np.sqrt(ridge.eigenvalues)

    def largest_correlation(self) -> float:
        """Largest absolute gradient of the loss at the null model."""
        raise NotImplementedError

    def mean_square(self) -> float:
        """Mean over features of their mean square."""
        raise NotImplementedError


class Dense(View):
    """Dense rows, held as one row a feature."""

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        weight: np.ndarray,
        loss: Loss,
        standardize: bool,
        fit_intercept: bool,
    ) -> None:
        self.loss, self.fit_intercept = loss, fit_intercept
        Z = X.toarray() if sparse.issparse(X) else X
        self.weight = weight / weight.sum()
        p = Z.shape[1]
        self.mean = self.weight @ Z if fit_intercept else np.zeros(p)
        self.offset = float(self.weight @ y) if fit_intercept and loss.quadratic else 0.0
        rows = np.empty((p + (fit_intercept and not loss.quadratic), len(y)))
        rows[p:] = 1.0
        Z = np.subtract(Z.T, self.mean[:, None], out=rows[:p])
        self.scale = _scale(
            np.sqrt(np.einsum("ji,ji,i->j", Z, Z, self.weight)), self.mean, standardize
        )
        Z /= self.scale[:, None]
        self.rows, self.Z, self.y = rows, Z, y - self.offset
        if loss.quadratic:
            self.root = np.sqrt(self.weight)
            Z *= self.root
            self.y *= self.root

    @cached_property
    def ridge(self) -> RidgePath:
        """Eigendecomposition of the smaller of kernel and Gram matrix."""
        p, n = self.Z.shape
        if n <= p:
            return RidgePath(self.Z.T @ self.Z, self.y, True, self.null)
        return RidgePath(self.Z @ self.Z.T, self.Z @ self.y, False, self.null)

    def from_ridge(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `View.from_ridge`."""
        coef = solution @ self.Z.T if self.ridge.kernel else solution
        return coef, np.zeros(len(coef))

    def features(self, rotate: bool) -> tuple[Features, int, Back]:
        """See `View.features`."""
        p, n = self.Z.shape
        free = self.fit_intercept and not self.loss.quadratic
        if not rotate or p <= n:
            return self.rows, p if free else -1, lambda coef: coef
        R, pivots = matrix_root(self.Z.T @ self.Z)
        return _rotated(R, pivots, free, lambda a: a @ self.Z.T)

    def design(self) -> np.ndarray:
        """See `View.design`."""
        return (self.Z / self.root).T if self.loss.quadratic else self.Z.T

    def largest_correlation(self) -> float:
        """See `View.largest_correlation`."""
        return float(np.abs(self.Z @ self._null_residual()).max())

    def mean_square(self) -> float:
        """See `View.mean_square`."""
        square = self.Z**2
        mean = square.sum(axis=1) if self.loss.quadratic else square @ self.weight
        return float(mean.mean()) or 1.0


def _rotated(
    R: np.ndarray, pivots: np.ndarray, free: bool, combine: Back
) -> tuple[Features, int, Back]:
    # the rows of R are n-dimensional features; combine maps combinations of rows to coefficients
    rank, n = R.shape

    def back(coef: np.ndarray) -> np.ndarray:
        a = np.zeros((len(coef), n))
        a[:, pivots] = solve_triangular(R[:, pivots], coef.T).T
        return combine(a)

    rows = np.concatenate([R, np.ones((1, n))]) if free else R
    return rows, rank if free else -1, back


def row_space(view: View) -> tuple[Features, int, Back, np.ndarray]:
    """Centred features in an orthonormal basis of their row space, for any loss but a quadratic.

    Returns what `View.features` does, and the centre in the view's own units.
    """
    Z = view.design()
    centre = view.weight @ Z if view.fit_intercept else np.zeros(Z.shape[1])
    u, d, vt = np.linalg.svd(Z - centre, full_matrices=False)
    keep = d > CONSTANT * max(d[0], np.finfo(float).tiny)
    rows = (u * d)[:, keep].T
    rank = len(rows)
    if view.fit_intercept:
        rows = np.concatenate([rows, np.ones((1, len(view.y)))])
    rows = np.ascontiguousarray(rows)
    return rows, rank if view.fit_intercept else -1, lambda coef: coef @ vt[keep], centre


def sparse_spread(X: Any, weight: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Standard deviations of sparse columns, those with a large mean centred first.

    Parameters
    ----------
    X : sparse array of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,)
        Weights of the rows, of sum 1.

    Returns
    -------
    X : sparse array of shape (n_samples, n_features)
        With columns whose mean is `OFFSET` times their spread, or more, shifted to mean zero.
    shift : ndarray of shape (n_features,)
        What was subtracted; zero for all other columns.
    spread : ndarray of shape (n_features,)
    """
    centre = weight @ X
    square = weight @ X.multiply(X).tocsr()
    spread = np.sqrt(np.maximum(square - centre**2, 0.0))
    # a difference of squares: rounding errors are of the size of their root
    spread[spread <= 1e-7 * np.sqrt(square)] = 0.0
    shift = np.where(OFFSET * spread < np.abs(centre), centre, 0.0)
    far = np.flatnonzero(shift)
    if not len(far):
        return X, shift, spread
    # to the last bit: the sum of n numbers may be out by n of them
    full = X[:, far].toarray() - shift[far]
    rest = weight @ full
    shift[far] += rest
    full -= rest
    spread[far] = np.sqrt(weight @ full**2)
    place = sparse.csr_array(
        (np.ones(len(far)), (np.arange(len(far)), far)), shape=(len(far), X.shape[1])
    )
    kept = X @ sparse.diags_array((shift == 0).astype(float))
    return sparse.csr_array(kept + sparse.csr_array(full) @ place), shift, spread


def _columns(Z: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return Z.data, Z.indices.astype(np.int64), Z.indptr.astype(np.int64)


class Sparse(View):
    """Sparse columns, scaled; those with a mean far from zero are centred.

    The other columns would be full if they were: the intercept is a feature of its own instead.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        weight: np.ndarray,
        loss: Loss,
        standardize: bool,
        fit_intercept: bool,
    ) -> None:
        self.loss, self.fit_intercept = loss, fit_intercept
        self.weight = weight / weight.sum()
        X = X.astype(float)
        self.mean, self.offset = np.zeros(X.shape[1]), 0.0
        if fit_intercept:
            X, self.mean, spread = sparse_spread(X, self.weight)
        else:
            spread = np.sqrt(self.weight @ X.multiply(X).tocsr())
        self.scale = _scale(spread, self.mean, standardize)
        self.variance = (spread / self.scale) ** 2
        self.root = np.sqrt(self.weight) if loss.quadratic else np.ones(len(y))
        Z = sparse.diags_array(self.root) @ X @ sparse.diags_array(1 / self.scale)
        self.Z = sparse.csc_array(Z)
        self.y = y * 1.0
        if loss.quadratic:
            self.offset = float(self.weight @ y) if fit_intercept else 0.0
            self.y = (y - self.offset) * self.root
        squared = fit_intercept and loss.quadratic
        self.centre = self.root @ self.Z if squared else np.zeros(X.shape[1])

    @cached_property
    def ridge(self) -> RidgePath:
        """Eigendecomposition of the smaller of kernel and Gram matrix, centred."""
        n, p = self.Z.shape
        if n <= p:
            K = (self.Z @ self.Z.T).toarray()
            if self.fit_intercept:
                K -= np.outer(self.root, self.root @ K)
                K -= np.outer(K @ self.root, self.root)
            return RidgePath(K, self.y, True, self.null)
        G = (self.Z.T @ self.Z).toarray() - np.outer(self.centre, self.centre)
        return RidgePath(G, self.y @ self.Z, False, self.null)

    def from_ridge(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `View.from_ridge`."""
        coef = solution
        if self.ridge.kernel:
            if self.fit_intercept:
                # orthogonal to the intercept, or the means of the columns would come back in
                solution = solution - np.outer(solution @ self.root, self.root)
            coef = solution @ self.Z
        return coef, -coef @ self.centre

    def features(self, rotate: bool) -> tuple[Features, int, Back]:
        """See `View.features`."""
        n, p = self.Z.shape
        if rotate and p > n:
            R, pivots = matrix_root((self.Z @ self.Z.T).toarray())
            return _rotated(R, pivots, self.fit_intercept, lambda a: a @ self.Z)
        Z = self.Z
        if self.fit_intercept:
            Z = sparse.csc_array(sparse.hstack([Z, self.root[:, None]]))
        return _columns(Z), p if self.fit_intercept else -1, lambda coef: coef

    def descend(
        self, l1: np.ndarray, l2: np.ndarray, tol: float, start: np.ndarray
    ) -> Descended | None:
        """See `View.descend`."""
        # compiled: loaded when used
        from normwise.fitting.solvers.coordinate_descent import sparse_path

        if min(self.Z.shape) < MANY:
            return None
        coef, *rest = sparse_path(
            *_columns(self.Z), self.centre, self.y, l1, l2, tol, self.null, start
        )
        return cast(Descended, (coef, -coef @ self.centre, *rest))

    def design(self) -> np.ndarray:
        """See `View.design`."""
        return self.Z.toarray()

    def directions(self, X: Any, weight: np.ndarray) -> np.ndarray:
        """See `View.directions`."""
        ridge = self.ridge
        if ridge.kernel:
            return ridge.vectors[self.weight > 0]
        Z = self.Z[self.weight > 0] @ ridge.vectors
        Z -= np.outer(self.root[self.weight > 0], self.centre @ ridge.vectors)
        return Z / np.sqrt(ridge.eigenvalues)

    def largest_correlation(self) -> float:
        """See `View.largest_correlation`."""
        return float(np.abs(self._null_residual() @ self.Z).max())

    def mean_square(self) -> float:
        """See `View.mean_square`."""
        return float(self.variance.mean()) or 1.0


class _Moments:
    # weighted sums over rows of features that are already roughly centred

    def __init__(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        root = np.sqrt(weight)
        A, b = X * root[:, None], y * root
        self.total = weight.sum()
        self.x, self.y = weight @ X, weight @ y
        self.xx, self.xy, self.yy = A.T @ A, b @ A, b @ b

    def __sub__(self, other: _Moments) -> _Moments:
        out = object.__new__(_Moments)
        for name, value in vars(self).items():
            setattr(out, name, value - getattr(other, name))
        return out

    def variance(self) -> np.ndarray:
        return np.diag(self.xx) / self.total - (self.x / self.total) ** 2


class Whole:
    """All rows, for the moments of any part of them."""

    def __init__(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, centre: bool) -> None:
        self.X, self.y, self.weight, self.centre = X, y, weight, centre

    @cached_property
    def _all(self) -> tuple[_Moments, np.ndarray, float, np.ndarray, np.ndarray]:
        return self._centred(self.X, self.y, self.weight)

    def _centred(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray
    ) -> tuple[_Moments, np.ndarray, float, np.ndarray, np.ndarray]:
        mean, offset = np.zeros(X.shape[1]), 0.0
        if self.centre:
            mean, offset = weight @ X / weight.sum(), float(weight @ y / weight.sum())
        Z, centred = X - mean, y - offset
        Z[:, weight @ Z**2 <= CONSTANT**2 * mean**2 * weight.sum()] = 0.0
        return _Moments(Z, centred, weight), mean, offset, Z, centred

    def moments(self, rows: np.ndarray | None) -> tuple[_Moments, np.ndarray, float]:
        """Moments of some rows, about the means that are returned too."""
        moments, mean, offset, Z, y = self._all
        if rows is None:
            return moments, mean, offset
        left_out = np.ones(len(y), bool)
        left_out[rows] = False
        if left_out.sum() + len(rows) == len(y) and len(rows) > len(y) / 2:
            part = moments - _Moments(Z[left_out], y[left_out], self.weight[left_out])
            if (part.variance() >= KEEPS * moments.variance()).all():
                return part, mean, offset
        return self._centred(self.X[rows], self.y[rows], self.weight[rows])[:3]


class Tall(View):
    """Squared error with more rows than features, as means and products alone.

    The solvers see a triangular root of the Gram matrix, p rows in place of n, and one row more
    for the part of y outside the column space: the same problem, rotated.
    """

    def __init__(
        self,
        moments: _Moments,
        mean: np.ndarray,
        offset: float,
        loss: Loss,
        standardize: bool,
        fit_intercept: bool,
    ) -> None:
        self.loss, self.fit_intercept = loss, fit_intercept
        total = moments.total
        x, y = moments.x / total, moments.y / total
        if not fit_intercept:
            x, y = np.zeros_like(x), 0.0
        C = moments.xx / total - np.outer(x, x)
        spread = np.sqrt(np.maximum(np.diag(C), 0.0))
        self.mean, self.offset = mean + x, float(offset + y)
        self.scale = _scale(spread, np.zeros_like(x), standardize)
        self.gram = C / self.scale / self.scale[:, None]
        self.target = (moments.xy / total - x * y) / self.scale
        self.square = max(float(moments.yy / total - y**2), 0.0)

    @property
    def null(self) -> float:
        """See `View.null`."""
        return self.square / 2 or 1.0

    @cached_property
    def _root(self) -> tuple[np.ndarray, np.ndarray]:
        return matrix_root(self.gram)

    @cached_property
    def y(self) -> np.ndarray:  # type: ignore[override]
        """Response in the rotated rows."""
        R, pivots = self._root
        z = solve_triangular(R[:, pivots], self.target[pivots], trans=1)
        return np.append(z, np.sqrt(max(self.square - z @ z, 0.0)))

    @property
    def weight(self) -> np.ndarray:  # type: ignore[override]
        """Rotated rows count alike."""
        return np.ones(len(self.y))

    @cached_property
    def ridge(self) -> RidgePath:
        """Eigendecomposition of the Gram matrix."""
        return RidgePath(self.gram, self.target, False, self.null)

    def from_ridge(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `View.from_ridge`."""
        return solution, np.zeros(len(solution))

    def descend(
        self, l1: np.ndarray, l2: np.ndarray, tol: float, start: np.ndarray
    ) -> Descended | None:
        """See `View.descend`."""
        # compiled: loaded when used
        from normwise.fitting.solvers.coordinate_descent import gram_path

        if len(self.gram) < MANY:
            return None
        coef, *rest = gram_path(self.gram, self.target, self.square, l1, l2, tol, self.null, start)
        return cast(Descended, (coef, np.zeros(len(coef)), *rest))

    def features(self, rotate: bool) -> tuple[Features, int, Back]:
        """See `View.features`."""
        R, _ = self._root
        rows = np.zeros((R.shape[1], len(R) + 1))
        rows[:, :-1] = R.T
        return rows, -1, lambda coef: coef

    def largest_correlation(self) -> float:
        """See `View.largest_correlation`."""
        return float(np.abs(self.target).max())

    def mean_square(self) -> float:
        """See `View.mean_square`."""
        return float(np.diag(self.gram).mean()) or 1.0
