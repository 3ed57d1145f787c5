r"""A penalised regression problem: its data, its folds, and the paths on them.

The objective is the mean loss (see `normwise.fitting.loss`), half the squared error or the
log-loss, plus
:math:`\lambda (a \lVert b \rVert_1 + \frac{1-a}{2} \lVert b \rVert^2)` on standardised features,
with a free intercept. Coefficients are reported on the scale of the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from scipy import sparse

from normwise.data.response_kind import DEFAULT
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers import bulk
from normwise.fitting.solvers.threads import chunks, in_threads
from normwise.fitting.solvers.views import (
    Dense,
    Features,
    Solution,
    Sparse,
    Splits,
    Tall,
    View,
    Whole,
    row_space,
)

L1_DEPTH = 1e-3
L1_LIMIT = 1e-6
# losses that the compiled solvers know
COMPILED = ("gaussian", "binary", "multinomial", "poisson")
# rows or columns up to which the Hessian of a loss costs nothing: Newton steps then end far
# below the gap that is asked for
FEW = 30


# numpy takes longer to space strengths than to solve for one
_spaced = lru_cache(maxsize=64)(np.geomspace)


@dataclass(frozen=True)
class Path:
    """Solutions for a sequence of strengths.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap.
    n_iter : ndarray of shape (n_alphas,)
    """

    alphas: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray


@dataclass(frozen=True)
class CrossValidation:
    """Errors of a path on rows that it was not fitted to.

    Attributes
    ----------
    errors : ndarray of shape (n_folds, n_alphas)
        Mean squared error or mean log-loss.
    gap : ndarray of shape (n_folds, n_alphas)
        Relative duality gaps.
    n_iter : int
    weight : ndarray of shape (n_folds,)
        Number of rows, or sum of sample weights, that the errors are means over.
    last : ndarray of shape (n_folds, n_features), optional
        Coefficients at the last strength, for a path that goes on from there.
    """

    errors: np.ndarray
    gap: np.ndarray
    n_iter: int
    weight: np.ndarray
    last: np.ndarray | None = None


class Problem:
    """Data and loss; paths of any penalty, on all rows and in cross-validation.

    What penalties and folds can share is computed once.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix of shape (n_samples, n_features)
        A sparse matrix stays sparse.
    y : ndarray of shape (n_samples,)
        Zeros and ones for a binary response.
    response : {"gaussian", "binary"}
        Squared error or log-loss.
    sample_weight : ndarray of shape (n_samples,), optional
        Not negative.
    standardize : bool
        Scale features to unit variance within the rows that are fitted (unit mean square
        without an intercept).
    fit_intercept : bool
    engine : {"native", "scikit-learn"}
        Who computes the paths.
    """

    # linear predictors that a row has
    n_outputs = 1

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        response: str = DEFAULT,
        *,
        sample_weight: np.ndarray | None = None,
        standardize: bool = True,
        fit_intercept: bool = True,
        engine: str = "native",
    ) -> None:
        self.X = X.tocsr() if sparse.issparse(X) else np.asarray(X, float)
        self.y = np.asarray(y, float)
        self.n_samples, self.n_features = self.X.shape
        self.response, self.loss = response, loss_of(response)
        self.weight = (
            np.ones(self.n_samples) if sample_weight is None else np.asarray(sample_weight, float)
        )
        self.standardize, self.fit_intercept, self.engine = standardize, fit_intercept, engine
        self.in_bulk = (
            engine == "native"
            and self.loss.quadratic
            and sample_weight is None
            and standardize
            and fit_intercept
            and not sparse.issparse(X)
            and bulk.is_small(self.n_samples, self.n_features)
        )

    @property
    def unequal(self) -> np.ndarray | None:
        """Sample weights; None where they are equal, so that means are those without weights."""
        return self.weight if np.ptp(self.weight) else None

    @cached_property
    def _whole(self) -> Whole:
        return Whole(self.X, self.y, self.weight, self.fit_intercept)

    @cached_property
    def _all_rows(self) -> View:
        return self._view(None)

    @cached_property
    def _only_part(self) -> bulk.Parts:
        return bulk.all_rows(self.X, self.y)

    @property
    def _by_moments(self) -> bool:
        return self.loss.quadratic and self.engine == "native" and not sparse.issparse(self.X)

    def share(self, splits: Splits, n_jobs: int | None = 1) -> None:
        """Read the data once for what all rows and the folds of a cross-validation have in common.

        Changes no result but by rounding errors. `cross_validate` does the same: called before
        `path` it saves a pass over the data.

        Parameters
        ----------
        splits : sequence of (train, test)
            The very arrays of row numbers that `cross_validate` will be given.
        n_jobs : int, optional
            Threads.
        """
        tall = all(len(train) > self.n_features for train, _ in splits)
        if self._by_moments and not self.in_bulk and tall:
            self._whole.share(splits, n_jobs)

    def _view(self, rows: np.ndarray | None) -> View:
        n_rows = self.n_samples if rows is None else len(rows)
        native, options = self.engine == "native", (self.loss, self.standardize, self.fit_intercept)
        if self._by_moments and n_rows > self.n_features:
            return Tall(*self._whole.moments(rows), *options)
        X, y, weight = self.X, self.y, self.weight
        if rows is not None:
            X, y, weight = X[rows], y[rows], weight[rows]
        kind = Sparse if sparse.issparse(X) and native else Dense
        return kind(X, y, weight, *options)

    @cached_property
    def known(self) -> np.ndarray:
        """What is known of each row's linear predictor."""
        return np.zeros(self.n_samples)

    @cached_property
    def null_error(self) -> float:
        """Error of the null model on the rows that it is fitted to."""
        mean = np.asarray(np.average(self.y, weights=self.weight))
        constant = float(self.loss.predictor_of(mean)) if self.fit_intercept else 0.0
        return float(self.loss.value(self.y, np.full(len(self.y), constant), self.weight))

    def alpha_max(self, l1_ratio: float) -> float:
        """Smallest strength whose solution is null, for a penalty with an L1 part."""
        rows = self._only_part if self.in_bulk else self._all_rows
        return rows.largest_correlation() / l1_ratio or 1.0

    def alpha_grid(self, l1_ratio: float, n_alphas: int) -> np.ndarray:
        r"""Candidate strengths, decreasing.

        With an L1 part: from the smallest :math:`\lambda` whose solution is null down to a
        thousandth of it, and for least squares a millionth as the limit of no penalty. For L2:
        the null model, then a grid fixed by the shape of the data alone, from 100 times the
        largest possible eigenvalue of :math:`X^T X / n`, and for least squares the minimum-norm
        limit.

        Parameters
        ----------
        l1_ratio : float
        n_alphas : int
            Number of candidates, the null model and the limit included.
        """
        n, p, has_limit = self.n_samples, self.n_features, self.loss.has_limit
        inner = n_alphas - int(has_limit)
        if l1_ratio:
            top = self.alpha_max(l1_ratio)
            grid = top * _spaced(1.0, L1_DEPTH, inner)
            return np.append(grid, top * L1_LIMIT) if has_limit else grid
        unit = 1.0 if self.standardize else self._all_rows.mean_square()
        floor = 1e-5 * max(1.0, p / n) if has_limit else 1e-4
        grid = np.append(np.inf, unit * _spaced(100.0 * p, floor, inner - 1))
        return np.append(grid, 0.0) if has_limit else grid

    def path(
        self,
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float = 1e-6,
        start: np.ndarray | None = None,
    ) -> Path:
        r"""Fit all rows at every strength.

        Parameters
        ----------
        alphas : ndarray of shape (n_alphas,)
            Decreasing strengths :math:`\lambda`; ``inf`` is the null model, and 0 the
            unpenalised fit of smallest norm. Both are for ``l1_ratio = 0`` only.
        l1_ratio : float
            :math:`a`: 1 for the lasso, 0 for ridge.
        tol : float
            Relative duality gap aimed at with the log-loss; least squares is solved to rounding
            errors, with an elastic net to a millionth of `tol`. Where there are many features
            `tol` is what least squares aims at too.
        start : ndarray of shape (n_features,), optional
            Coefficients near those of the first strength, for a penalty with an L1 part.

        Returns
        -------
        Path

        Raises
        ------
        NoSolutionError
            With a binary response, if only one class occurs, or at strength 0 if a hyperplane
            separates the classes.
        """
        alphas = np.asarray(alphas, float)
        found = None
        if self.in_bulk:
            found = bulk.path(self._only_part, alphas, l1_ratio, tol, start)
        if found is None:
            return self._fit(self._all_rows, alphas, l1_ratio, tol, start)
        return Path(alphas, *found)

    def cross_validate(
        self,
        splits: Iterable[tuple[np.ndarray, np.ndarray]],
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float = 1e-6,
        n_jobs: int | None = 1,
        start: np.ndarray | None = None,
    ) -> CrossValidation:
        """Fit a path to each training part and measure its errors on the test part.

        Parameters
        ----------
        splits : iterable of (train, test)
            Row numbers.
        alphas, l1_ratio, tol
            The same as for `path`.
        n_jobs : int, optional
            Threads, over the folds or parts of them.
        start : ndarray of shape (n_folds, n_features), optional
            As for `path`, of each fold.

        Raises
        ------
        NoSolutionError
            What `path` raises, for any training part.
        """
        alphas = np.asarray(alphas, float)
        pairs = [(np.asarray(train), np.asarray(test)) for train, test in splits]
        weight = np.array([self.weight[test].sum() for _, test in pairs])
        found = None
        if self.in_bulk and all(len(test) for _, test in pairs):
            parts = bulk.standardised_parts(self.X, self.y, pairs)
            found = bulk.errors(parts, alphas, l1_ratio, tol, start)
        if found is None:
            found = self._folds(pairs, alphas, l1_ratio, tol, n_jobs, start)
        errors, gaps, steps, last = found
        return CrossValidation(errors, gaps, steps, weight, last)

    def _folds(
        self,
        pairs: Sequence[tuple[np.ndarray, np.ndarray]],
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float,
        n_jobs: int | None,
        start: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
        starts = [None] * len(pairs) if start is None else list(start)
        self.share(pairs, n_jobs)

        def fold(k: int) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
            return self._fold(*pairs[k], alphas, l1_ratio, tol, starts[k])

        parts = in_threads(fold, range(len(pairs)), n_jobs)
        errors, gaps, steps, last = zip(*parts, strict=True)
        return np.array(errors), np.array(gaps), int(sum(steps)), np.array(last)

    def _fold(
        self,
        train: np.ndarray,
        test: np.ndarray,
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float,
        start: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
        view = self._view(train)
        path = self._fit(view, alphas, l1_ratio, tol, start)
        errors, clear = self._shared_errors(view, train, path)
        if not clear.all():
            rest = ~clear
            errors[rest] = self._errors(test, path.coef[rest], path.intercept[rest])
        return errors, path.gap, int(path.n_iter.sum()), path.coef[-1].copy()

    def _shared_errors(
        self, view: View, train: np.ndarray, path: Path
    ) -> tuple[np.ndarray, np.ndarray]:
        # errors on the rows that are left out by their moments, and which of them are clear
        shared = self._whole.part(train) if isinstance(view, Tall) else None
        if shared is None or len(shared[0]) <= self.n_features or not shared[1].total > 0:
            return np.empty(len(path.alphas)), np.zeros(len(path.alphas), bool)
        _, mean, offset = self._whole.moments(None)
        return shared[1].errors(path.coef, cast(Tall, view).constant(path.coef, mean, offset))

    def _errors(self, rows: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        # mean losses of predictions, counted row by row
        total, weight = np.zeros(len(coef)), self.weight[rows]
        if not weight.any():
            weight = np.ones(len(rows))
        for part in chunks(len(rows), max(intercept.size, self.n_features)):
            predictor = self._predictors(rows[part], coef, intercept)
            total += self.loss.each(self.y[rows[part]], predictor) @ weight[part]
        return np.asarray(total / weight.sum())

    def _predictors(self, rows: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        return intercept[:, None] + (self.X[rows] @ coef.T).T

    def leave_one_out(self, alphas: np.ndarray) -> np.ndarray:
        r"""Mean squared leave-one-out error of ridge at each strength.

        From the fit on all rows: :math:`r_i / (1 - h_{ii})` is the error at row i of the fit
        without it, with the total penalty :math:`n\lambda` and the standardisation of all rows.

        Raises
        ------
        ValueError
            For another loss than squared error.
        """
        residual, leverage, weight = self._hat(alphas)
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = (residual / (1 - leverage)) ** 2 @ weight / weight.sum()
        # a row that the fit runs through says nothing about its prediction
        return np.where((leverage < 1 - 1e-9).all(axis=1) & np.isfinite(errors), errors, np.inf)

    def generalised_cv(self, alphas: np.ndarray) -> np.ndarray:
        r"""Generalised cross-validation error of ridge at each strength.

        :math:`\frac1n \lVert r \rVert^2 / (1 - \mathrm{tr} H / n)^2` (Golub, Heath & Wahba 1979).

        Raises
        ------
        ValueError
            For another loss than squared error.
        """
        residual, leverage, weight = self._hat(alphas)
        mean = leverage.mean(axis=1)
        with np.errstate(divide="ignore"):
            errors = residual**2 @ weight / weight.sum() / (1 - mean) ** 2
        return np.where(mean < 1 - 1e-9, errors, np.inf)

    def _hat(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # residuals and leverages of the rows that count, each (n_alphas, n_samples)
        if not self.loss.quadratic:
            raise ValueError("leave-one-out and GCV errors exist for squared error only")
        alphas = np.asarray(alphas, float)
        rows = self.weight > 0
        X, weight = self.X[rows], self.weight[rows]
        view = self._all_rows
        # first, so that its eigenvectors give the path too
        share = view.ridge.weights(alphas)
        if view.ridge.kernel:
            residual = view.ridge.residual(alphas)[:, rows] / np.sqrt(view.weight[rows])
        else:
            path = self._fit(view, alphas, 0.0, 0.0)
            residual = self.y[rows] - path.intercept[:, None] - (X @ path.coef.T).T
        leverage = share @ view.directions(X, weight / weight.sum()).T ** 2
        if self.fit_intercept:
            leverage += weight / weight.sum()
        return residual, leverage, weight

    def _fit(
        self,
        view: View,
        alphas: np.ndarray,
        l1_ratio: float,
        tol: float,
        begin: np.ndarray | None = None,
    ) -> Path:
        if not self.loss.has_limit and (alphas == 0).any():
            self.loss.refuse_limit(view.design(), view.y)
        K, p = self.n_outputs, self.n_features
        coef, intercept = np.zeros((len(alphas), K, p)), np.zeros((len(alphas), K))
        gap, n_iter = np.zeros(len(alphas)), np.zeros(len(alphas), int)
        inner = np.isfinite(alphas)
        start, null = self._null_model(view)
        intercept[:] = start
        if inner.any():
            if self.engine != "native":
                from normwise.fitting.solvers.scikit_learn import solve

                found = solve(cast(Dense, view), alphas[inner], l1_ratio, tol)
            elif self.loss.quadratic and l1_ratio == 0:
                solution, gaps = view.ridge.solve(alphas[inner])
                found = *view.from_ridge(solution), gaps, np.ones(len(gaps), int)
            else:
                first = np.zeros((K, p))
                if begin is not None:
                    known = np.isfinite(view.scale)
                    np.multiply(begin.reshape(K, p), view.scale, out=first, where=known)
                found = _compiled(view, alphas[inner], l1_ratio, tol, null, start, first)
            coef[inner], intercept[inner] = found[0].reshape(-1, K, p), found[1].reshape(-1, K)
            gap[inner], n_iter[inner] = found[2:]
        coef /= view.scale
        intercept += view.offset - coef @ view.mean
        if K == 1:
            return Path(alphas, coef[:, 0], intercept[:, 0], gap, n_iter)
        # a constant in all of them changes no probability, nor without a penalty anything
        intercept -= intercept.mean(axis=1, keepdims=True)
        coef[alphas == 0] -= coef[alphas == 0].mean(axis=1, keepdims=True)
        return Path(alphas, coef, intercept, gap, n_iter)

    def _null_model(self, view: View) -> tuple[np.ndarray, float]:
        """Intercepts of the null model on the view, and its objective, the unit of the gaps."""
        if self.loss.quadratic:
            return np.zeros(1), view.null
        self.loss.refuse_null(float(view.weight @ view.y))
        mean = view.null_mean()
        start = float(self.loss.predictor_of(np.asarray(mean))) if self.fit_intercept else 0.0
        return np.array([start]), self.loss.null_objective(view.y, mean)


def _compiled(
    view: View,
    alphas: np.ndarray,
    l1_ratio: float,
    tol: float,
    null: float,
    start: np.ndarray,
    first: np.ndarray,
) -> Solution:
    """Solve by the compiled code that is made for the loss and the penalty.

    Intercepts start at ``start``, of shape (n_outputs,), and coefficients at ``first``, of shape
    (n_outputs, n_features).
    """
    if view.loss.name not in COMPILED:
        raise ValueError(f"the native engine has no solver for {view.loss.label}")
    if view.loss.quadratic:
        return _squared(view, alphas, l1_ratio, tol, null, first)
    if l1_ratio == 0 and (alphas > 0).all() and min(len(view.y), len(view.scale)) > FEW:
        found = _smooth(view, alphas, tol, null, start)
        if (found[2] <= tol).all():
            return found
    return _curved(view, alphas, l1_ratio, tol, null, start, first)


def _squared(
    view: View, alphas: np.ndarray, l1_ratio: float, tol: float, null: float, first: np.ndarray
) -> Solution:
    l1, l2, n = alphas * l1_ratio, alphas * (1 - l1_ratio), len(alphas)
    coef, intercept, gap = np.zeros((n, len(view.scale))), np.zeros(n), np.zeros(n)
    n_iter, done = np.zeros(n, int), 0
    descended = view.descend(l1, l2, tol, null, first.ravel())
    if descended is not None:
        coef, intercept, gap, n_iter, done = descended
        if done == n:
            return coef, intercept, gap, n_iter
        if done:
            first = coef[done - 1 : done]
    # compiled: loaded when used
    from normwise.fitting.solvers.active_set import active_set_path

    X, free, back = view.features(rotate=False)
    # the active set keeps an intercept right, and does not look for it
    centre = cast(Sparse, view).centre if free >= 0 else np.zeros(len(view.scale))
    found, gap[done:], n_iter[done:] = active_set_path(
        X,
        view.y,
        l1[done:],
        l2[done:],
        *_begin(X, free, first, -first @ centre),
        free,
        tol,
        null,
    )
    if free >= 0:
        intercept[done:], found = found[:, free], found[:, :free]
    coef[done:] = back(found)
    return coef, intercept, gap, n_iter


def _begin(
    X: Features, free: int, first: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Penalty factors of the features, an intercept's 0, and where the path begins.

    Of several outputs, one after the other, the last intercept begins, and stays, at 0.
    """
    p = len(X) if isinstance(X, np.ndarray) else len(X[2]) - 1
    factor, begin = np.ones((len(first), p)), np.zeros((len(first), p))
    if first.any():
        begin[:, : first.shape[1]] = first
    if free >= 0:
        factor[:, free], begin[:, free] = 0.0, start
        if len(start) > 1:
            begin[:, free] -= start[-1]
    return factor.ravel(), begin.ravel()


def _for_each(X: Features, n_outputs: int) -> Any:
    """Features that each of several outputs has."""
    return X if n_outputs == 1 else (X, n_outputs)


def _smooth(view: View, alphas: np.ndarray, tol: float, null: float, start: np.ndarray) -> Solution:
    # compiled: loaded when used
    from normwise.fitting.solvers.curved_ridge import smooth_path

    # sparse columns have fewer products than a rotation would fill
    sparser = isinstance(view, Sparse) and view.Z.nnz < len(view.y) ** 2
    X, free, back = view.features(rotate=not sparser)
    if free >= 0:
        X = X[:free] if isinstance(X, np.ndarray) else (*X[:2], X[2][:-1])
    coef, intercept, gap, n_iter = smooth_path(
        _for_each(X, len(start)), view.response, view.weight, alphas, start, free >= 0, tol, null
    )
    return back(coef.reshape(intercept.size, -1)), intercept, gap, n_iter


def _curved(
    view: View,
    alphas: np.ndarray,
    l1_ratio: float,
    tol: float,
    null: float,
    start: np.ndarray,
    first: np.ndarray,
) -> Solution:
    l1, l2, n, K = alphas * l1_ratio, alphas * (1 - l1_ratio), len(alphas), len(start)
    coef, intercept = np.zeros((n, K, len(view.scale))), np.zeros((n, K))
    gap, n_iter, done = np.zeros(n), np.zeros(n, int), 0
    descended = view.descend(l1, l2, tol, null, first.ravel()) if l1_ratio else None
    if descended is not None:
        coef, intercept = descended[0].reshape(coef.shape), descended[1].reshape(n, K)
        gap, n_iter, done = descended[2:]
        if done == n:
            return coef, intercept, gap, n_iter
        if done:
            first, start = coef[done - 1], intercept[done - 1]
    # compiled: loaded when used
    from normwise.fitting.solvers.curved_active_set import curved_path

    centre = np.zeros(len(view.scale))
    if l1_ratio == 0 and (alphas == 0).any():
        # without a penalty the fit is unique, and of least norm, in the row space alone
        X, free, back, centre = row_space(view)
        first = np.zeros((K, 0))
    else:
        X, free, back = view.features(rotate=l1_ratio == 0)
    found, gap[done:], n_iter[done:] = curved_path(
        _for_each(X, K),
        view.response,
        view.weight,
        l1[done:],
        l2[done:],
        *_begin(X, free, first, start),
        free,
        tol,
        null,
    )
    found = found.reshape(n - done, K, -1)
    if free >= 0:
        intercept[done:], found = found[..., free], found[..., :free]
    flat = np.ascontiguousarray(found).reshape((n - done) * K, found.shape[-1])
    coef[done:] = back(flat).reshape(coef[done:].shape)
    intercept[done:] -= coef[done:] @ centre
    return coef, intercept, gap, n_iter
