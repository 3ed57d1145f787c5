r"""scikit-learn estimators that choose the strength of their penalty by cross-validation.

Each minimises, at every strength :math:`\lambda` of a decreasing grid,

.. math::

    \frac{\sum_i w_i \, \ell(y_i, b_0 + x_i^T b)}{\sum_i w_i}
    + \lambda \left(a \lVert b \rVert_1 + \frac{1-a}{2} \lVert b \rVert^2\right)

with :math:`\ell` half the squared error or the log-loss. The whole path is fitted on all rows and
on every training part, and each solution carries a duality gap, the bound on its distance to the
optimum. The strength is chosen as the study does it.
"""

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
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.utils import Tags, check_scalar
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from normwise.fitting.solvers.problem import CrossValidation, NoSolutionError, Path, Problem
from normwise.fitting.tuning import choose

RULES = ("min", "1se")
DEFAULT_FOLDS = 10
SHORTEST_GRID = 3
Splits = list[tuple[np.ndarray, np.ndarray]]


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
    def n_iter(self) -> int:
        return int(self.path.n_iter.sum()) + self.cv.n_iter

    def choose(self, rule: str, tol: float) -> tuple[bool, float, int]:
        """Whether no strength is proven, the error and the position of the one chosen."""
        finite = np.isfinite(self.cv.errors).all(axis=0)
        if not finite.any():
            return True, np.inf, 0
        proven = finite & (self.gap <= tol)
        error, best, one_se = choose(self.cv, proven if proven.any() else finite)
        return not proven.any(), float(error[best]), best if rule == "min" else one_se


def _checked_alphas(alphas: ArrayLike, has_l1: bool, response: str) -> np.ndarray:
    given = np.asarray(alphas, float)
    if given.ndim != 1 or not given.size:
        raise ValueError(f"alphas: expected an int or a non-empty 1D array, got {alphas!r}")
    if has_l1:
        valid, rule = (given > 0) & (given < np.inf), "an L1 penalty needs positive, finite ones"
    elif response == "binary":
        valid, rule = given > 0, "log-loss needs positive ones (inf is the null model)"
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


def _row_numbers(splits: Iterable[tuple[Any, Any]], kept: np.ndarray) -> Splits:
    # positions among the kept rows; parts may come as row numbers or as masks
    position = np.where(kept, np.cumsum(kept) - 1, -1)
    answer = []
    for k, parts in enumerate(splits):
        # an empty list would be an array of floats
        train, test = (position[np.asarray(part, None if len(part) else int)] for part in parts)
        train, test = train[train >= 0], test[test >= 0]
        for name, part in (("training", train), ("test", test)):
            if not len(part):
                raise ValueError(f"fold {k} of cv has no {name} rows of positive weight")
        answer.append((train, test))
    return answer


class _PathCV(BaseEstimator):
    """What the estimators share: a path on all rows, one in each fold, and a choice."""

    _response: str
    _penalty_ratio = 1.0
    _shortcuts: tuple[str, ...] = ()
    coef_: np.ndarray
    intercept_: float | np.ndarray

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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose the strength by cross-validation and fit it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Sparse features stay sparse.
        y : array-like of shape (n_samples,)
            Numbers, or labels of two classes for a classifier.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights of the rows in the loss, in the standardisation and in the errors
            of the folds. A row of weight zero is as good as absent.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If parameters or data cannot be used, or if the training part of a fold holds one class
            only.

        Warns
        -----
        ConvergenceWarning
            If a strength missed ``tol`` on all rows or in a fold.
        """
        ratios = self._check_parameters()
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc"),
            accept_large_sparse=False,
            dtype=np.float64,
            order="C",
            ensure_min_samples=2,
            y_numeric=self._response == "gaussian",
        )
        X, kept = _canonical(X), np.ones(len(y), bool)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            kept = sample_weight > 0
        target = self._target(y[kept])
        splits = None if self._shortcut() else self._splits(X, y, kept)
        if not kept.all():
            X, sample_weight = X[kept], sample_weight[kept]
        problem = Problem(
            X,
            target,
            self._response,
            sample_weight=sample_weight,
            standardize=self.standardize,
            fit_intercept=self.fit_intercept,
        )
        tuned = [self._tune(problem, splits, ratio) for ratio in ratios]
        self._warn(tuned)
        choices = [t.choose(self.rule, self.tol) for t in tuned]
        best = min(range(len(tuned)), key=lambda m: choices[m][:2])
        if not np.isfinite(choices[best][1]):
            raise ValueError(
                "no strength has a finite cross-validated error; are the data too large?"
            )
        self._keep(tuned[best], choices[best][2], sum(t.n_iter for t in tuned))
        return self

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

    def _splitter(self, n_folds: int) -> Any:
        kind = KFold if self._response == "gaussian" else StratifiedKFold
        shuffled = self.random_state is not None
        return kind(n_folds, shuffle=shuffled, random_state=self.random_state)

    def _splits(self, X: Any, y: np.ndarray, kept: np.ndarray) -> Splits:
        if self.cv is None or isinstance(self.cv, Integral):
            # our own folds are of the rows that count, so that weight zero is absence
            rows, seen = np.flatnonzero(kept), y[kept]
            n_folds = self._default_folds(seen) if self.cv is None else int(self.cv)
            parts = self._splitter(n_folds).split(rows, seen)
            splits = _row_numbers(((rows[a], rows[b]) for a, b in parts), kept)
        else:
            splits = _row_numbers(check_cv(self.cv).split(X, y), kept)
        if self.rule == "1se" and len(splits) < 2:
            raise ValueError("rule='1se' needs at least two folds, and cv has one")
        return splits

    def _tune(self, problem: Problem, splits: Splits | None, ratio: float) -> _Tuned:
        if isinstance(self.alphas, Integral):
            alphas = problem.alpha_grid(ratio, int(self.alphas))
        else:
            alphas = _checked_alphas(self.alphas, ratio > 0, self._response)
        path = problem.path(alphas, ratio, tol=self.tol)
        if splits is None:
            score = problem.leave_one_out if self.cv == "loo" else problem.generalised_cv
            errors = score(alphas)[None]
            folds = CrossValidation(errors, np.zeros(errors.shape), 0, np.ones(1))
        else:
            try:
                folds = problem.cross_validate(
                    splits, alphas, ratio, tol=self.tol, n_jobs=effective_n_jobs(self.n_jobs)
                )
            except NoSolutionError as error:
                raise ValueError(
                    "the training part of a fold holds one class only: "
                    "use fewer folds, or a cv that keeps both classes in every training part"
                ) from error
        return _Tuned(ratio, path, folds)

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

    def _keep(self, best: _Tuned, chosen: int, n_iter: int) -> None:
        self.alphas_ = best.path.alphas
        self.alpha_ = float(best.path.alphas[chosen])
        self.coef_path_, self.intercept_path_ = best.path.coef, best.path.intercept
        self.cv_error_path_ = best.cv.errors.T
        self.dual_gap_path_ = best.path.gap
        self.dual_gap_ = float(best.path.gap[chosen])
        self.n_iter_ = n_iter
        self._keep_solution(best.path.coef[chosen].copy(), float(best.path.intercept[chosen]))

    def _keep_solution(self, coef: np.ndarray, intercept: float) -> None:
        self.coef_, self.intercept_ = coef, intercept

    def _target(self, y: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _linear_predictor(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=np.float64)
        return np.asarray(X @ np.ravel(self.coef_) + self.intercept_)


class _PathRegressorCV(RegressorMixin, _PathCV):
    _response = "gaussian"

    def _target(self, y: np.ndarray) -> np.ndarray:
        if len(y) < 2:
            raise ValueError(f"Found {len(y)} sample of positive weight; at least 2 are required.")
        return np.asarray(y, float)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the response.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._linear_predictor(X)


class _PathClassifierCV(ClassifierMixin, _PathCV):
    _response = "binary"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _target(self, y: np.ndarray) -> np.ndarray:
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, label = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "Classification needs samples of 2 classes in the data, but the data contains "
                f"only one class: {self.classes_[0]!r}"
            )
        return label.astype(float)

    def _default_folds(self, y: np.ndarray) -> int:
        smallest = int(np.unique(y, return_counts=True)[1].min())
        if smallest < 2:
            raise ValueError(
                "The least populated class in y has only 1 member, which is too few: "
                "cross-validation needs at least 2 of each class."
            )
        return min(DEFAULT_FOLDS, smallest)

    def _keep_solution(self, coef: np.ndarray, intercept: float) -> None:
        self.coef_, self.intercept_ = coef[None], np.array([intercept])

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the second class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._linear_predictor(X)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the more probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, as in `classes_`.
        """
        positive = self.decision_function(X) > 0
        return np.asarray(self.classes_[positive.astype(int)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, 2)
            In the order of `classes_`.
        """
        score = self.decision_function(X)
        return np.column_stack([expit(-score), expit(score)])

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, 2)
            In the order of `classes_`.
        """
        score = self.decision_function(X)
        return -np.logaddexp(0, np.column_stack([score, -score]))


class L1RegressorCV(_PathRegressorCV):
    r"""Least squares with an L1 penalty (the lasso) whose strength is cross-validated.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`

    .. math::

        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - b_0 - x_i^T b)^2
        + \lambda \lVert b \rVert_1

    with the weights :math:`w_i` of the rows, 1 by default. :math:`\lambda` is the ``alpha`` of
    scikit-learn's ``LassoCV``, on features as ``standardize`` says.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        For grouped rows, pass ``list(splitter.split(X, y, groups))``.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over the loss of the null model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing.
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L2RegressorCV, ElasticNetRegressorCV : Other penalties.
    L1ClassifierCV : The same penalty for two classes.
    sklearn.linear_model.LassoCV : The same problem by coordinate descent.

    Examples
    --------
    >>> from normwise import L1RegressorCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = L1RegressorCV(rule="1se").fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['bmi', 'bp', 's3', 's5']
    >>> bool(model.dual_gap_ <= 1e-6)
    True
    """


class L2RegressorCV(_PathRegressorCV):
    r"""Least squares with an L2 penalty (ridge) whose strength is cross-validated.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`

    .. math::

        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - b_0 - x_i^T b)^2
        + \frac{\lambda}{2} \lVert b \rVert^2

    with the weights :math:`w_i` of the rows, 1 by default. The ``alpha`` of scikit-learn's
    ``RidgeCV`` is :math:`\lambda \sum_i w_i`.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, 0 and infinity (the null model) included.
    cv : int, "loo", "gcv", splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        "loo" leaves out one row at a time, at the same total penalty
        :math:`\frac{\lambda}{2} \lVert b \rVert^2 \sum_i w_i`, and "gcv" is generalised
        cross-validation; neither refits. For grouped rows, pass
        ``list(splitter.split(X, y, groups))``.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it. "1se" needs folds: not "loo" or "gcv".
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
        With "loo" and "gcv", the variance is that of all rows.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over the loss of the null model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; the default grid is from infinity to 0.
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error in the test part of each fold. With "loo" and "gcv", one column.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L1RegressorCV, ElasticNetRegressorCV : Other penalties.
    L2ClassifierCV : The same penalty for two classes.
    sklearn.linear_model.RidgeCV : The same problem, on a grid given by the user.

    Examples
    --------
    >>> from normwise import L2RegressorCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = L2RegressorCV(cv="loo").fit(X, y)
    >>> print(f"R² = {model.score(X, y):.1f}")
    R² = 0.5
    >>> model.cv_error_path_.shape
    (100, 1)
    """

    _penalty_ratio = 0.0
    _shortcuts = ("loo", "gcv")


class ElasticNetRegressorCV(_PathRegressorCV):
    r"""Least squares with an elastic-net penalty whose strength is cross-validated.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`

    .. math::

        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - b_0 - x_i^T b)^2
        + \lambda \left(a \lVert b \rVert_1
        + \frac{1-a}{2} \lVert b \rVert^2\right)

    with the weights :math:`w_i` of the rows, 1 by default, and :math:`a` the ``l1_ratio``.
    :math:`\lambda` is the ``alpha`` of scikit-learn's ``ElasticNetCV``, on features as
    ``standardize`` says.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share :math:`a` of the L1 part, from 0 to 1, or several to choose from. The one with the
        least cross-validated error is chosen, and `rule` applies to its strengths.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite
        unless every `l1_ratio` is 0.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        For grouped rows, pass ``list(splitter.split(X, y, groups))``.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over the loss of the null model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    l1_ratio_ : float
        Chosen share of the L1 part. All paths are for this share.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing.
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L1RegressorCV, L2RegressorCV : The two ends of the mix.
    sklearn.linear_model.ElasticNetCV : The same problem by coordinate descent.

    Examples
    --------
    >>> from normwise import ElasticNetRegressorCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNetRegressorCV(l1_ratio=[0.1, 0.5, 0.9]).fit(X, y)
    >>> model.l1_ratio_ in (0.1, 0.5, 0.9)
    True
    >>> print(f"R² = {model.score(X, y):.1f}")
    R² = 0.5
    """

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

    def _ratios(self) -> list[float]:
        given = np.atleast_1d(np.asarray(self.l1_ratio, float)).tolist()
        if not given:
            raise ValueError("l1_ratio is empty: expected a number from 0 to 1 or several")
        return [check_scalar(r, "l1_ratio", Real, min_val=0, max_val=1) for r in given]

    def _keep(self, best: _Tuned, chosen: int, n_iter: int) -> None:
        super()._keep(best, chosen, n_iter)
        self.l1_ratio_ = best.l1_ratio


class L1ClassifierCV(_PathClassifierCV):
    r"""Logistic regression of two classes with a cross-validated L1 penalty.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`, for :math:`y_i` 0 in
    the first class and 1 in the second and :math:`z_i = b_0 + x_i^T b`,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(\log(1 + e^{z_i}) - y_i z_i\right)
        + \lambda \lVert b \rVert_1

    with the weights :math:`w_i` of the rows, 1 by default. The ``C`` of scikit-learn's
    ``LogisticRegressionCV`` is :math:`1 / (\lambda \sum_i w_i)`.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 stratified folds, or fewer where a class has fewer rows.
        For grouped rows, pass ``list(splitter.split(X, y, groups))``.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over the loss of the null model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing.
    coef_ : ndarray of shape (1, n_features)
        Coefficients of the log-odds of ``classes_[1]``.
    intercept_ : ndarray of shape (1,)
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean log-loss in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    classes_ : ndarray of shape (2,)
        Labels of the classes, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L2ClassifierCV : The L2 penalty.
    L1RegressorCV : The same penalty for a numeric response.
    sklearn.linear_model.LogisticRegressionCV : More classes, and other scores to choose by.

    Examples
    --------
    >>> from normwise import L1ClassifierCV
    >>> from sklearn.datasets import load_breast_cancer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = L1ClassifierCV(alphas=20, cv=5, rule="1se").fit(X, y)
    >>> print(f"accuracy {model.score(X, y):.2f}")
    accuracy 0.98
    >>> bool((model.coef_ == 0).any())
    True
    """


class L2ClassifierCV(_PathClassifierCV):
    r"""Logistic regression of two classes with a cross-validated L2 penalty.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`, for :math:`y_i` 0 in
    the first class and 1 in the second and :math:`z_i = b_0 + x_i^T b`,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(\log(1 + e^{z_i}) - y_i z_i\right)
        + \frac{\lambda}{2} \lVert b \rVert^2

    with the weights :math:`w_i` of the rows, 1 by default. The ``C`` of scikit-learn's
    ``LogisticRegressionCV`` is :math:`1 / (\lambda \sum_i w_i)`.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive, infinity (the
        null model) included.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 stratified folds, or fewer where a class has fewer rows.
        For grouped rows, pass ``list(splitter.split(X, y, groups))``.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over the loss of the null model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; the default grid starts at infinity.
    coef_ : ndarray of shape (1, n_features)
        Coefficients of the log-odds of ``classes_[1]``.
    intercept_ : ndarray of shape (1,)
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean log-loss in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    classes_ : ndarray of shape (2,)
        Labels of the classes, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L1ClassifierCV : The L1 penalty.
    L2RegressorCV : The same penalty for a numeric response.
    sklearn.linear_model.LogisticRegressionCV : More classes, and other scores to choose by.

    Examples
    --------
    >>> from normwise import L2ClassifierCV
    >>> from sklearn.datasets import load_breast_cancer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = L2ClassifierCV(alphas=20, cv=5).fit(X, y)
    >>> print(f"accuracy {model.score(X, y):.2f}")
    accuracy 0.99
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    """

    _penalty_ratio = 0.0
