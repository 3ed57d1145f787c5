"""What the estimators share: parameters are checked, paths fitted, a strength chosen."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)
from sklearn.utils import (
    Tags,
    assert_all_finite,
    check_consistent_length,
    check_scalar,
    metadata_routing,
)
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from normwise.data.response_kind import kind_of
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import Loss, loss_of
from normwise.fitting.search import Searched, binding_end, is_covered, search
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import CrossValidation, Path, Problem
from normwise.fitting.solvers.threads import chunks, in_threads
from normwise.fitting.tuning import choose

RULES = ("min", "1se")
DEFAULT_FOLDS = 10
SHORTEST_GRID = 3
Splits = list[tuple[np.ndarray, np.ndarray]]
# by whether the response has classes, and whether rows have groups
SPLITTERS = {
    (False, False): KFold,
    (True, False): StratifiedKFold,
    (False, True): GroupKFold,
    (True, True): StratifiedGroupKFold,
}


@dataclass(frozen=True)
class _Tuned:
    """The path of one mix of penalties, its errors in the folds, and what they choose."""

    l1_ratio: float
    path: Path
    cv: CrossValidation

    @cached_property
    def gap(self) -> np.ndarray:
        """Largest gap of each strength, on all rows and in the folds."""
        return np.maximum(self.path.gap, self.cv.gap.max(axis=0))

    @property
    def _finite(self) -> np.ndarray:
        return np.isfinite(self.cv.errors).all(axis=0)

    @property
    def n_iter(self) -> int:
        return int(self.path.n_iter.sum()) + self.cv.n_iter

    def choose(self, rule: str, tol: float) -> tuple[bool, float, int]:
        """Whether no strength is proven, the error and the position of the one chosen."""
        finite = self._finite
        if not finite.any():
            return True, np.inf, 0
        proven = finite & (self.gap <= tol)
        error, best, one_se = choose(self.cv, proven if proven.any() else finite)
        return not proven.any(), float(error[best]), best if rule == "min" else one_se

    def end(self, loss: Loss, chosen: int, null: float, covered: bool, tol: float) -> str:
        """The end of the strengths that binds, see `normwise.fitting.search.binding_end`."""
        found = Searched(self.path, self.cv)
        error = found.error(self._finite & (self.gap <= tol))
        return binding_end(loss, self.path, error, chosen, null, covered)


def _checked_alphas(alphas: ArrayLike, has_l1: bool, response: str) -> np.ndarray:
    given = np.asarray(alphas, float)
    if given.ndim != 1 or not given.size:
        raise ValueError(f"alphas: expected an int or a non-empty 1D array, got {alphas!r}")
    if has_l1:
        valid, rule = (given > 0) & (given < np.inf), "an L1 penalty needs positive, finite ones"
    elif not loss_of(response).has_limit:
        label = loss_of(response).label
        valid, rule = given > 0, f"{label} needs positive ones (inf is the null model)"
    else:
        valid, rule = given >= 0, "an L2 penalty needs nonnegative ones (inf is the null model)"
    if not valid.all():
        raise ValueError(f"alphas holds {given[~valid][0]}: {rule}")
    return np.unique(given)[::-1].copy()


def _canonical(X: Any) -> Any:
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _plain(y: np.ndarray) -> np.ndarray:
    # scikit-learn knows no kind of target for Python's own True and False
    if y.dtype == object and all(isinstance(label, bool | np.bool_) for label in y):
        return y.astype(bool)
    return y


def _rows_of(part: Any, name: str, k: int, n: int) -> np.ndarray:
    """A part of a fold as it came, row numbers or a mask, if it is one of n rows."""
    # an empty list would be an array of floats
    rows = np.asarray(part, None if len(part) else int)
    if rows.dtype == bool:
        if rows.shape == (n,):
            return rows
        raise ValueError(
            f"the mask of the {name} rows of fold {k} of cv has shape {rows.shape}: X has {n} rows"
        )
    if rows.dtype.kind not in "iu":
        raise ValueError(
            f"the {name} rows of fold {k} of cv are no whole numbers, such as {rows.flat[0]!r}: "
            f"give row numbers from 0 to {n - 1}, or a mask"
        )
    beyond = rows[(rows >= n) | (rows < -n)]
    if len(beyond):
        raise ValueError(
            f"fold {k} of cv has {name} row {beyond[0]}: the rows of X are 0 to {n - 1}"
        )
    return rows


def _row_numbers(splits: Iterable[tuple[Any, Any]], kept: np.ndarray) -> Splits:
    # positions among the kept rows
    position = np.where(kept, np.cumsum(kept) - 1, -1)
    if len(kept) < np.iinfo(np.int32).max:
        # half the memory, where there are many rows and folds
        position = position.astype(np.int32)
    answer = []
    for k, (fitted, held) in enumerate(splits):
        train = position[_rows_of(fitted, "training", k, len(kept))]
        test = position[_rows_of(held, "test", k, len(kept))]
        if not kept.all():
            train, test = train[train >= 0], test[test >= 0]
        for name, part in (("training", train), ("test", test)):
            if not len(part):
                raise ValueError(f"fold {k} of cv has no {name} rows of positive weight")
        answer.append((train, test))
    if not answer:
        raise ValueError("cv gives no folds: at least one training and test part is needed")
    return answer


class _PathCV(BaseEstimator):
    """What the estimators share: a path on all rows, one in each fold, and a choice."""

    _response: str
    # what is wrong where the training part of a fold has no solution
    _lacking = ""
    _penalty_ratio = 1.0
    _shortcuts: tuple[str, ...] = ()
    # what SelectFromModel asks: the features that an L1 penalty keeps are those it selects
    penalty: str
    coef_: np.ndarray
    intercept_: float | np.ndarray
    # the folds ask for groups, and the router passes them on
    __metadata_request__fit = {"groups": metadata_routing.UNUSED}  # noqa: RUF012

    def __init__(
        self,
        *,
        alphas: Any = 100,
        cv: Any = None,
        rule: str = "min",
        standardize: bool = True,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.alphas = alphas
        self.cv = cv
        self.rule = rule
        self.standardize = standardize
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata `fit` takes and which go on to the splitter.

        Returns
        -------
        MetadataRouter
            ``sample_weight`` is for `fit` if requested by ``set_fit_request``, and what the
            splitter ``cv`` requests goes to its ``split``; folds made here request ``groups``.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        if self._shortcut():
            return router
        own = self.cv is None or isinstance(self.cv, Integral)
        return router.add(
            splitter=GroupKFold() if own else check_cv(self.cv),
            method_mapping=MethodMapping().add(caller="fit", callee="split"),
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the strength by cross-validation and fit it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Sparse features stay sparse.
        y : array-like of shape (n_samples,)
            Numbers, or labels of classes for a classifier.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights of the rows in the loss, in the standardisation and in the errors
            of the folds. A row of weight zero is as good as absent.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a splitter ``cv`` that uses it, such as ``GroupKFold``. Where
            ``cv`` is None or a number, no group lies on both sides of a fold. With metadata
            routing enabled, groups that the splitter does not request are refused. Folds without
            groups may hold copies of a row on both sides, as those of ``LassoCV`` may; the number
            ``np.unique(X, axis=0, return_inverse=True)[1]`` of each row keeps copies together.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If parameters or data cannot be used, if the training part of a fold holds one class
            only, or if ``cv`` has no folds that could keep groups whole.

        Warns
        -----
        ConvergenceWarning
            If a strength missed ``tol`` on all rows or in a fold.
        UserWarning
            If the choice lies at an end of ``alphas`` beyond which a better strength may be.
        """
        ratios = self._check_parameters()
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc"),
            dtype=np.float64,
            ensure_all_finite=False,
            ensure_min_samples=2,
            y_numeric=not kind_of(self._response).classes,
        )
        self._refuse_infinite(X)
        X, y, kept = _canonical(X), _plain(y), np.ones(len(y), bool)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            kept = sample_weight > 0
        target = self._target(y[kept])
        groups = self._routed(X, sample_weight, groups)
        splits = None if self._shortcut() else self._splits(X, y, kept, groups)
        if not kept.all():
            X, sample_weight = X[kept], sample_weight[kept]
        sample_weight = self._weights(target, sample_weight)
        problem = problem_of(
            X,
            target,
            self._response,
            sample_weight=sample_weight,
            standardize=self.standardize,
            fit_intercept=self.fit_intercept,
            **self._known(kept),
        )
        tuned = [self._tune(problem, splits, ratio) for ratio in ratios]
        self._warn(tuned)
        choices = [t.choose(self.rule, self.tol) for t in tuned]
        best = min(range(len(tuned)), key=lambda m: choices[m][:2])
        if not np.isfinite(choices[best][1]):
            raise ValueError(
                "no strength has a finite cross-validated error; are the data too large?"
            )
        self._warn_of_ends(tuned[best], choices[best][2], problem.null_error)
        self._keep(tuned[best], choices[best][2], sum(t.n_iter for t in tuned))
        return self

    def _refuse_infinite(self, X: Any) -> None:
        # scikit-learn's check, in threads; its own message where something is found
        def total(rows: slice) -> float:
            with np.errstate(over="ignore", invalid="ignore"):
                return float(X[rows].sum())

        if not sparse.issparse(X):
            sums = in_threads(total, chunks(*X.shape), effective_n_jobs(self.n_jobs))
            if np.isfinite(sums).all():
                return
        assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")

    def _ratios(self) -> list[float]:
        return [self._penalty_ratio]

    def _shortcut(self) -> bool:
        return isinstance(self.cv, str) and self.cv in self._shortcuts

    def _check_parameters(self) -> list[float]:
        if self.rule not in RULES:
            raise ValueError(f"rule={self.rule!r}: expected 'min' or '1se'")
        if self.rule == "1se" and self._shortcut():
            raise ValueError(f"rule='1se' needs folds, and cv={self.cv!r} has none")
        check_scalar(self.tol, "tol", Real, min_val=0, include_boundaries="neither")
        check_scalar(self.standardize, "standardize", (bool, np.bool_))
        check_scalar(self.fit_intercept, "fit_intercept", (bool, np.bool_))
        ratios = self._ratios()
        if isinstance(self.alphas, Integral):
            check_scalar(self.alphas, "alphas", Integral, min_val=SHORTEST_GRID)
        else:
            _checked_alphas(self.alphas, max(ratios) > 0, self._response)
        return ratios

    def _default_folds(self, y: np.ndarray) -> int:
        return min(DEFAULT_FOLDS, len(y))

    def _routed(self, X: Any, sample_weight: Any, groups: Any) -> np.ndarray | None:
        """The groups that the splitter is given."""
        if groups is None:
            return None
        if self._shortcut():
            raise ValueError(f"cv={self.cv!r} leaves out single rows: groups need folds")
        groups = np.asarray(groups)
        check_consistent_length(X, groups)
        if _routing_enabled():
            metadata = {"groups": groups}
            if sample_weight is not None:
                metadata["sample_weight"] = sample_weight
            # refuses what nobody requests
            routed = process_routing(self, "fit", **metadata)
            return routed.splitter.split.get("groups")
        return groups

    def _splitter(self, n_folds: int, grouped: bool) -> Any:
        classes = bool(kind_of(self._response).classes)
        kind = SPLITTERS[classes, grouped]
        shuffled = self.random_state is not None
        return kind(n_folds, shuffle=shuffled, random_state=self.random_state)

    def _splits(self, X: Any, y: np.ndarray, kept: np.ndarray, groups: np.ndarray | None) -> Splits:
        if self.cv is None or isinstance(self.cv, Integral):
            # our own folds are of the rows that count, so that weight zero is absence
            rows, seen = np.flatnonzero(kept), y[kept]
            own = None if groups is None else groups[kept]
            n_folds = self._default_folds(seen) if self.cv is None else int(self.cv)
            if own is not None and self.cv is None:
                n_folds = min(n_folds, len(np.unique(own)))
            parts = self._splitter(n_folds, own is not None).split(rows, seen, own)
            splits = _row_numbers(((rows[a], rows[b]) for a, b in parts), kept)
        else:
            splits = _row_numbers(check_cv(self.cv).split(X, y, groups), kept)
        if self.rule == "1se" and len(splits) < 2:
            raise ValueError("rule='1se' needs at least two folds, and cv has one")
        return splits

    def _tune(self, problem: Problem, splits: Splits | None, ratio: float) -> _Tuned:
        if splits is None:
            alphas = self._strengths(problem, ratio)
            score = problem.leave_one_out if self.cv == "loo" else problem.generalised_cv
            errors = score(alphas)[None]
            folds = CrossValidation(errors, np.zeros(errors.shape), 0, np.ones(1))
            return _Tuned(ratio, problem.path(alphas, ratio, tol=self.tol), folds)
        n_jobs = effective_n_jobs(self.n_jobs)
        try:
            if isinstance(self.alphas, Integral):
                found = search(problem, ratio, int(self.alphas), splits, self.tol, n_jobs)
                return _Tuned(ratio, found.path, found.cv)
            problem.share(splits, n_jobs)
            alphas = self._strengths(problem, ratio)
            path = problem.path(alphas, ratio, tol=self.tol)
            folds = problem.cross_validate(splits, alphas, ratio, tol=self.tol, n_jobs=n_jobs)
        except NoSolutionError as error:
            raise ValueError(self._lacking) from error
        return _Tuned(ratio, path, folds)

    def _strengths(self, problem: Problem, ratio: float) -> np.ndarray:
        if isinstance(self.alphas, Integral):
            return problem.alpha_grid(ratio, int(self.alphas))
        return _checked_alphas(self.alphas, ratio > 0, self._response)

    def _warn(self, tuned: list[_Tuned]) -> None:
        gap = np.concatenate([t.gap for t in tuned])
        missed = ~(gap <= self.tol)
        if missed.any():
            warnings.warn(
                f"{missed.sum()} of {len(gap)} strengths have a relative duality gap above "
                f"tol={self.tol:g} on all rows or in a fold (largest: {gap.max():.1e}); "
                "such a strength is chosen only if no other is left",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _warn_of_ends(self, best: _Tuned, chosen: int, null: float) -> None:
        loss, own = loss_of(self._response), not isinstance(self.alphas, Integral)
        covered = not own and is_covered(loss, best.l1_ratio)
        end = best.end(loss, chosen, null, covered, self.tol)
        if own and len(best.path.alphas) > 1 and null > 0 and not best.path.coef.any():
            # all of them are too large to tell
            end = "smallest"
        if not end:
            return
        if own:
            beyond = "a larger" if end == "largest" else "a smaller"
            advice = f"{beyond} one may predict better, so give alphas that go further"
        else:
            advice = f"the error still falls there, and no smaller one reaches tol={self.tol:g}"
        strength = best.path.alphas[0 if end == "largest" else -1]
        warnings.warn(
            f"the choice lies at the {end} of the strengths alphas, {strength:.3g}: {advice}",
            UserWarning,
            stacklevel=3,
        )

    def _keep(self, best: _Tuned, chosen: int, n_iter: int) -> None:
        self.alphas_ = best.path.alphas
        self.alpha_ = float(best.path.alphas[chosen])
        self.coef_path_, self.intercept_path_ = best.path.coef, best.path.intercept
        self.cv_error_path_ = best.cv.errors.T
        self.dual_gap_path_ = best.path.gap
        self.dual_gap_ = float(best.path.gap[chosen])
        self.n_iter_ = n_iter
        intercept = best.path.intercept[chosen]
        # a number for one linear predictor
        own = intercept.copy() if np.ndim(intercept) else float(intercept)
        self._keep_solution(best.path.coef[chosen].copy(), own)

    def _keep_solution(self, coef: np.ndarray, intercept: Any) -> None:
        self.coef_, self.intercept_ = coef, intercept

    def _known(self, kept: np.ndarray) -> dict[str, Any]:
        """What a problem is told besides."""
        return {}

    def _target(self, y: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _weights(self, target: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """Weights of the rows in loss, standardisation and errors."""
        return sample_weight

    def _linear_predictor(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=np.float64)
        if self.coef_.ndim == 2 and len(self.coef_) > 1:
            return np.asarray(X @ self.coef_.T + self.intercept_)
        return np.asarray(X @ np.ravel(self.coef_) + self.intercept_)


class _MixedPenalty(_PathCV):
    """A share of L1 and the rest of L2, or the best of several shares."""

    def __init__(
        self,
        *,
        l1_ratio: float | list[float] = 0.5,
        alphas: Any = 100,
        cv: Any = None,
        rule: str = "min",
        standardize: bool = True,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            alphas=alphas,
            cv=cv,
            rule=rule,
            standardize=standardize,
            fit_intercept=fit_intercept,
            tol=tol,
            n_jobs=n_jobs,
            random_state=random_state,
        )
        self.l1_ratio = l1_ratio

    @property
    def penalty(self) -> str:  # type: ignore[override]
        """Name of the mix: "l1" or "l2" where `l1_ratio_` is 1 or 0, "elasticnet" between."""
        ratios = np.ravel(getattr(self, "l1_ratio_", self.l1_ratio))
        return "l1" if (ratios == 1).all() else "l2" if (ratios == 0).all() else "elasticnet"

    def _ratios(self) -> list[float]:
        given = np.atleast_1d(np.asarray(self.l1_ratio, float)).tolist()
        if not given:
            raise ValueError("l1_ratio is empty: expected a number from 0 to 1 or several")
        return [check_scalar(r, "l1_ratio", Real, min_val=0, max_val=1) for r in given]

    def _keep(self, best: _Tuned, chosen: int, n_iter: int) -> None:
        super()._keep(best, chosen, n_iter)
        self.l1_ratio_ = best.l1_ratio
