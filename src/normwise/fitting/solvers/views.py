"""Standardised data in the forms that the solvers work on.

Rows are multiplied by the root of their weight for squared error, so that sums are weighted
means. `Dense` and `Sparse` hold the rows; `Tall` holds means and products only, from which the
moments of a training part follow by subtracting those of the rows left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from normwise.fitting.loss import Loss
from normwise.fitting.solvers.ridge import ImplicitRidgePath, RidgePath, matrix_root
from normwise.fitting.solvers.threads import chunks, in_threads

if TYPE_CHECKING:
    from normwise.fitting.solvers.outputs import Outputs

# of its variance in all rows, what a column must keep in a training part to be found by
# subtraction: a smaller remainder would be rounding errors
KEEPS = 1e-6
CONSTANT = 1e-12
# means over spreads from which sparse columns are centred: their variance is no difference of
# squares, and such a column has hardly a zero to lose
OFFSET = 1e3
# rows or columns of the largest kernel or Gram matrix that is made of sparse features
MOST_DENSE = 3000
# features for each row from which a kernel is so well-conditioned that few products do without it
WIDE = 2

# of the terms that a sum of squares is made of, the share below which it is counted row by row: the
# terms have an error of some 1e-15
CLEAR = 1e-5
# chunks that a thread does at a time
SPAN = 32
# numbers that may be kept whatever the size of the data
FEW = 2**21

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
Back = Callable[[np.ndarray], np.ndarray]
Features = np.ndarray | tuple[np.ndarray, np.ndarray, np.ndarray]
# coefficients, intercepts, gaps and steps, one entry a strength
Solution = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Descended = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]
# features and rows from which coordinate descent is worth a try, for squared error and for other
# losses: on the way to fewer active features than this an active set is faster, and exact
MANY = 150
MANY_CURVED = 500


def _scale(spread: np.ndarray, mean: np.ndarray, standardize: bool) -> np.ndarray:
    # the spread of a constant column is of rounding errors, not exactly zero
    constant = spread <= CONSTANT * np.abs(mean)
    return np.where(constant, np.inf, spread if standardize else 1.0)


class View:
    """One set of standardised rows; subclasses say how they are held.

    Attributes
    ----------
    y, weight : ndarray
    mean, scale : ndarray of shape (n_features,)
        What was subtracted from the features, and their divisor; infinite for a constant one.
    offset : float
        What was subtracted from y, or from the predictors of counts.
    outputs : Outputs, optional
        Responses that are counts or of several classes.
    """

    loss: Loss
    fit_intercept: bool
    y: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    offset: float
    outputs: Outputs | None = None

    @property
    def null(self) -> float:
        """Objective of the null model for squared error, the unit of its gaps."""
        return float(self.y @ self.y) / 2 or 1.0

    @property
    def response(self) -> Any:
        """What compiled code takes for the response, see `likelihood`."""
        return self.y if self.outputs is None else self.outputs.compiled

    def null_mean(self) -> float:
        """Mean that the null model gives each row; y is centred where squared error allows it."""
        if self.loss.quadratic:
            return 0.0
        if self.fit_intercept:
            return float(self.weight @ self.y)
        return float(self.loss.mean_of(np.zeros(())))

    def _null_residual(self) -> np.ndarray:
        if self.outputs is not None:
            return self.outputs.slopes
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
        self, l1: np.ndarray, l2: np.ndarray, tol: float, null: float, start: np.ndarray
    ) -> Descended | None:
        """Path by coordinate descent, as far as it goes, where it is worth a try.

        Parameters
        ----------
        l1, l2 : ndarray of shape (n_alphas,)
            Weights of the two norms; those of the L1 norm are decreasing.
        tol : float
            Relative duality gap.
        null : float
            Objective of the null model, the unit of the gaps.
        start : ndarray of shape (n_outputs * n_features,)
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
            still = self.root if self.fit_intercept else None
            return RidgePath(self.Z.T @ self.Z, self.y, True, self.null, still)
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
        return float(np.abs(self.Z @ self._null_residual().T).max())

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
        """Solutions by the smaller of kernel and Gram matrix, centred."""
        n, p = self.Z.shape
        kernel = n <= p
        target = self.y if kernel else self.y @ self.Z
        still = self.root if kernel and self.fit_intercept else None
        apply, dense = (self._by_kernel, self._kernel) if kernel else (self._by_gram, self._gram)
        may_be_made = min(n, p) <= MOST_DENSE
        if may_be_made and p < WIDE * n:
            return RidgePath(dense(), target, kernel, self.null, still)
        trace = float(self.variance.sum())
        return ImplicitRidgePath(apply, dense, target, kernel, self.null, trace, still, may_be_made)

    def _kernel(self) -> np.ndarray:
        K = (self.Z @ self.Z.T).toarray()
        if self.fit_intercept:
            K -= np.outer(self.root, self.root @ K)
            K -= np.outer(K @ self.root, self.root)
        return np.asarray(K)

    def _gram(self) -> np.ndarray:
        return np.asarray((self.Z.T @ self.Z).toarray() - np.outer(self.centre, self.centre))

    def _centred(self, rows: np.ndarray) -> np.ndarray:
        # without what a change of the intercept does
        if not self.fit_intercept:
            return rows
        return rows - (rows @ self.root)[..., None] * self.root

    def _by_kernel(self, rows: np.ndarray) -> np.ndarray:
        return self._centred((self.Z @ (self._centred(rows) @ self.Z).T).T)

    def _by_gram(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self._centred((self.Z @ rows.T).T) @ self.Z)

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
        self, l1: np.ndarray, l2: np.ndarray, tol: float, null: float, start: np.ndarray
    ) -> Descended | None:
        """See `View.descend`."""
        if min(self.Z.shape) < (MANY if self.loss.quadratic else MANY_CURVED):
            return None
        # compiled: loaded when used
        if not self.loss.quadratic:
            rows = self.response, self.weight
            options = l1, l2, self.fit_intercept, tol, null, start
            if (n_outputs := len(start) // self.Z.shape[1]) > 1:
                from normwise.fitting.solvers.class_descent import class_path

                found = class_path((_columns(self.Z), n_outputs), *rows, *options)
            else:
                from normwise.fitting.solvers.proximal_newton import newton_path

                found = newton_path(_columns(self.Z), *rows, *options)
            return cast(Descended, found)
        from normwise.fitting.solvers.coordinate_descent import sparse_path

        coef, *rest = sparse_path(*_columns(self.Z), self.centre, self.y, l1, l2, tol, null, start)
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


class Moments:
    """Weighted sums of products of roughly centred features, the response and one.

    Parameters
    ----------
    matrix : ndarray of shape (n_features + 2, n_features + 2)
        Features first, then the response, then one.
    """

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.xx, self.xy, self.yy = matrix[:-2, :-2], matrix[-2, :-2], matrix[-2, -2]
        self.x, self.y, self.total = matrix[-1, :-2], matrix[-1, -2], matrix[-1, -1]

    def __sub__(self, other: Moments) -> Moments:
        return Moments(self.matrix - other.matrix)

    def variance(self) -> np.ndarray:
        """Variance of each feature."""
        return np.diag(self.xx) / self.total - (self.x / self.total) ** 2

    def constant(self, mean: np.ndarray) -> np.ndarray:
        """Positions of features that vary by no more than rounding errors about ``mean``."""
        return np.flatnonzero(np.diag(self.xx) <= CONSTANT**2 * mean**2 * self.total)

    def clear(self, features: np.ndarray) -> None:
        """Set features to zero."""
        self.matrix[features] = 0.0
        self.matrix[:, features] = 0.0

    def errors(self, coef: np.ndarray, constant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared errors of predictions, and which of them are more than rounding errors.

        Parameters
        ----------
        coef : ndarray of shape (n_alphas, n_features)
        constant : ndarray of shape (n_alphas,)
        """
        along = np.column_stack([-coef, np.ones(len(coef)), -constant])
        square = np.einsum("aj,aj->a", along @ self.matrix, along)
        size = np.abs(along)
        terms = np.einsum("aj,aj->a", size @ np.abs(self.matrix), size)
        return square / self.total, square > CLEAR * terms


class Whole:
    """All rows, for the moments of any part of them; read in chunks, without a copy.

    Sums are taken in the order of the chunks, whatever the number of threads.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, centre: bool) -> None:
        self.X, self.y, self.weight, self.centre = X, y, weight, centre
        self.root = None if (weight == 1).all() else np.sqrt(weight)
        self.parts: list[tuple[np.ndarray, np.ndarray, Moments]] = []

    def share(self, splits: Splits, n_jobs: int | None) -> None:
        """Take the moments of all test parts in one pass, where they are what all rows consist of.

        Parameters
        ----------
        splits : sequence of (train, test)
            Kept if each training part is what its test part leaves, test parts do not overlap
            and their moments are small beside the data.
        n_jobs : int, optional
            Threads.
        """
        if self.parts and all(
            train is part[0] and test is part[1]
            for (train, test), part in zip(splits, self.parts, strict=False)
        ):
            return
        n, p = self.X.shape
        numbers = len(splits) * (p + 2) ** 2
        if numbers > max(n * p / 8, FEW) or not _divides(splits, n, n_jobs):
            return
        mean, offset = self._mean(None, n_jobs)
        found = self._sums([test for _, test in splits], mean, offset, n_jobs)
        moments = Moments(np.sum([part.matrix for part in found], axis=0))
        constant = moments.constant(mean)
        for part in (moments, *found):
            part.clear(constant)
        self._all = moments, mean, offset, constant
        self.parts = [(*rows, part) for rows, part in zip(splits, found, strict=True)]

    def part(self, rows: np.ndarray) -> tuple[np.ndarray, Moments] | None:
        """Test rows that were shared as the rest of ``rows``, and their moments."""
        for train, test, moments in self.parts:
            if rows is train:
                return test, moments
        return None

    @cached_property
    def _all(self) -> tuple[Moments, np.ndarray, float, np.ndarray]:
        return self._centred(None)

    def _centred(self, rows: np.ndarray | None) -> tuple[Moments, np.ndarray, float, np.ndarray]:
        mean, offset = self._mean(rows)
        moments = self._sums([rows], mean, offset)[0]
        constant = moments.constant(mean)
        moments.clear(constant)
        return moments, mean, offset, constant

    def moments(self, rows: np.ndarray | None) -> tuple[Moments, np.ndarray, float]:
        """Moments of some rows, about the means that are returned too."""
        moments, mean, offset, _ = self._all
        if rows is None:
            return moments, mean, offset
        shared = self.part(rows)
        rest = shared[1] if shared else self._rest(rows)
        if rest is not None:
            part = moments - rest
            if (part.variance() >= KEEPS * moments.variance()).all():
                return part, mean, offset
        return self._centred(rows)[:3]

    def _rest(self, rows: np.ndarray) -> Moments | None:
        # moments of the rows that are left out, if that is the shorter way
        left_out = np.ones(len(self.y), bool)
        left_out[rows] = False
        rest = np.flatnonzero(left_out)
        if len(rest) + len(rows) != len(self.y) or len(rest) >= len(rows):
            return None
        _, mean, offset, constant = self._all
        moments = self._sums([rest], mean, offset)[0]
        moments.clear(constant)
        return moments

    def _tasks(self, rows: np.ndarray | None) -> list[list[Any]]:
        # rows in chunks, and chunks in spans: what a thread does at a time
        n = len(self.y) if rows is None else len(rows)
        parts = chunks(n, self.X.shape[1] + 2)
        found = parts if rows is None else [rows[part] for part in parts]
        return [found[start : start + SPAN] for start in range(0, len(found), SPAN)]

    def _mean(self, rows: np.ndarray | None, n_jobs: int | None = 1) -> tuple[np.ndarray, float]:
        p = self.X.shape[1]
        if not self.centre:
            return np.zeros(p), 0.0

        def total(span: list[Any]) -> np.ndarray:
            out = np.zeros(p + 2)
            for part in span:
                weight = self.weight[part]
                out[:p] += weight @ self.X[part]
                out[p:] += weight @ self.y[part], weight.sum()
            return out

        found = np.sum(in_threads(total, self._tasks(rows), n_jobs), axis=0)
        return found[:p] / found[-1], float(found[p] / found[-1])

    def _sums(
        self,
        parts: Sequence[np.ndarray | None],
        mean: np.ndarray,
        offset: float,
        n_jobs: int | None = 1,
    ) -> list[Moments]:
        p = self.X.shape[1]

        def products(span: list[Any]) -> np.ndarray:
            out = np.zeros((p + 2, p + 2))
            for part in span:
                X = self.X[part]
                Z = np.empty((len(X), p + 2))
                np.subtract(X, mean, out=Z[:, :p])
                Z[:, p], Z[:, p + 1] = self.y[part] - offset, 1.0
                if self.root is not None:
                    Z *= self.root[part, None]
                out += Z.T @ Z
            return out

        tasks = [self._tasks(rows) for rows in parts]
        found = iter(in_threads(products, [span for spans in tasks for span in spans], n_jobs))
        totals = np.zeros((len(parts), p + 2, p + 2))
        for total, spans in zip(totals, tasks, strict=True):
            for _ in spans:
                total += next(found)
        return [Moments(total) for total in totals]


def _divides(splits: Splits, n_rows: int, n_jobs: int | None) -> bool:
    # whether test parts are a partition of all rows, and each training part the rest
    def complements(split: tuple[np.ndarray, np.ndarray]) -> bool:
        train, test = split
        there = np.zeros(n_rows, bool)
        there[train] = True
        there[test] = True
        return len(train) + len(test) == n_rows and bool(there.all())

    tested = np.zeros(n_rows, bool)
    for _, test in splits:
        tested[test] = True
    whole = sum(len(test) for _, test in splits) == n_rows and bool(tested.all())
    return whole and all(in_threads(complements, splits, n_jobs))


class Tall(View):
    """Squared error with more rows than features, as means and products alone.

    The solvers see a triangular root of the Gram matrix, p rows in place of n, and one row more
    for the part of y outside the column space: the same problem, rotated.
    """

    def __init__(
        self,
        moments: Moments,
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
        self.about = mean, x, offset, y
        self.scale = _scale(spread, np.zeros_like(x), standardize)
        self.gram = C / self.scale / self.scale[:, None]
        self.target = (moments.xy / total - x * y) / self.scale
        self.square = max(float(moments.yy / total - y**2), 0.0)

    @property
    def null(self) -> float:
        """See `View.null`."""
        return self.square / 2 or 1.0

    def constant(self, coef: np.ndarray, mean: np.ndarray, offset: float) -> np.ndarray:
        """What predictions with coefficients add to features about ``mean``, less ``offset``."""
        own, x, response, y = self.about
        return (response - offset) + y - coef @ ((own - mean) + x)

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
        self, l1: np.ndarray, l2: np.ndarray, tol: float, null: float, start: np.ndarray
    ) -> Descended | None:
        """See `View.descend`."""
        # compiled: loaded when used
        from normwise.fitting.solvers.coordinate_descent import gram_path

        if len(self.gram) < MANY:
            return None
        rows = self.gram, self.target, self.square
        coef, *rest = gram_path(*rows, l1, l2, tol, null, start)
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
