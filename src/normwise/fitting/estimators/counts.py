"""Regressors of counts with an L1, L2 or mixed penalty."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import (
    _check_sample_weight,
    _num_samples,
    check_array,
    check_consistent_length,
    column_or_1d,
)

from normwise.fitting.estimators.base import _MixedPenalty, _PathCV


def _checked_offset(offset: Any, X: Any) -> np.ndarray:
    given = check_array(
        offset, ensure_2d=False, ensure_min_samples=0, dtype=np.float64, input_name="offset"
    )
    if given.shape != (_num_samples(X),):
        raise ValueError(f"offset has shape {given.shape}: X has {_num_samples(X)} rows")
    return np.asarray(given)


def _refuse_negative(y: np.ndarray) -> None:
    if (y < 0).any():
        raise ValueError(f"y holds {y[y < 0][0]:g}: counts must be zero or more")


class _PathCountRegressorCV(RegressorMixin, _PathCV):
    _response = "poisson"
    _lacking = (
        "the training part of a fold holds counts of zero only: "
        "use fewer folds, or a cv whose training parts have other counts"
    )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, offset: Any = None
    ) -> Self:
        """Choose the strength by cross-validation and fit it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Sparse features stay sparse.
        y : array-like of shape (n_samples,)
            Counts, or other numbers that are zero or more.
        sample_weight : array-like of shape (n_samples,), default=None
            Nonnegative weights of the rows in the loss, in the standardisation and in the errors
            of the folds. A row of weight zero is as good as absent.
        groups : array-like of shape (n_samples,), default=None
            Group of each row; where ``cv`` is None or a number, no group lies on both sides of a
            fold.
        offset : array-like of shape (n_samples,), default=None
            What is added to the logarithm of each mean with a coefficient of 1, such as the
            logarithm of the time that events were counted for.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If parameters or data cannot be used, if a count is negative or all of a training part
            are zero.

        Warns
        -----
        ConvergenceWarning
            If a strength missed ``tol`` on all rows or in a fold.
        UserWarning
            If the choice lies at an end of ``alphas`` beyond which a better strength may be.
        """
        self._offset = None
        if offset is not None:
            self._offset = _checked_offset(offset, X)
        try:
            return super().fit(X, y, sample_weight, groups)
        finally:
            # the rows are not kept
            del self._offset

    def _known(self, kept: np.ndarray) -> dict[str, Any]:
        return {} if self._offset is None else {"offset": self._offset[kept]}

    def _target(self, y: np.ndarray) -> np.ndarray:
        y = np.asarray(y, float)
        if len(y) < 2:
            raise ValueError(f"Found {len(y)} sample of positive weight; at least 2 are required.")
        _refuse_negative(y)
        if not (y > 0).any():
            raise ValueError("y holds zeros alone: the logarithm of their mean is not finite")
        return y

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Predict the mean count.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,), default=None
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        score = self._linear_predictor(X)
        return np.exp(score if offset is None else score + _checked_offset(offset, X))

    def score(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> float:
        """Share of the Poisson deviance that is explained, at best 1.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        offset : array-like of shape (n_samples,), default=None
            As for `fit`; the null model knows it too.

        Returns
        -------
        float
        """
        mean, y = self.predict(X, offset), column_or_1d(y, dtype=np.float64)
        check_consistent_length(X, y)
        _refuse_negative(y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        rate = np.ones(len(y)) if offset is None else np.exp(_checked_offset(offset, X))
        null = rate * (weight @ y) / (weight @ rate)

        def deviance(mu: np.ndarray) -> float:
            return float(weight @ (xlogy(y, y) - xlogy(y, mu) - y + mu))

        left, whole = deviance(mean), deviance(null)
        # where there is nothing to explain, as R² does; what is left are rounding errors
        nothing = 1e-12 * float(weight @ y)
        return 1.0 - left / whole if whole > nothing else float(left <= nothing)


class L1CountRegressorCV(_PathCountRegressorCV):
    r"""Poisson regression of counts with a cross-validated L1 penalty.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`, with
    :math:`z_i = o_i + b_0 + x_i^T b` the logarithm of the mean of row i,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(e^{z_i} - y_i z_i\right)
        + \lambda \lVert b \rVert_1

    with the weights :math:`w_i` of the rows, 1 by default, and the offsets :math:`o_i`, 0 by
    default, which `fit` and `predict` take. The ``alpha`` of scikit-learn's ``PoissonRegressor``
    is :math:`\lambda`. Strengths are chosen by the mean Poisson deviance of the folds.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive, and finite. The default grid goes on downwards while the
        error falls at its end.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over half the mean deviance of the null
        model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    penalty : str
        "l1", which `SelectFromModel` checks: it selects the nonzero coefficients.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; more than asked for where the error still fell at the last.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the logarithm of the mean.
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean Poisson deviance in the test part of each fold.
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
    L2CountRegressorCV : The other penalty.
    L1RegressorCV : The same penalty for squared error.
    sklearn.linear_model.PoissonRegressor : One strength of an L2 penalty, without folds.

    Examples
    --------
    >>> import numpy as np
    >>> from normwise import L1CountRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> visits = rng.poisson(np.exp(0.3 + 0.6 * X[:, 0] - 0.4 * X[:, 1]))
    >>> model = L1CountRegressorCV(cv=5).fit(X, visits)
    >>> bool((model.coef_ == 0).any())
    True
    """

    penalty = "l1"


class L2CountRegressorCV(_PathCountRegressorCV):
    r"""Poisson regression of counts with a cross-validated L2 penalty.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`, with
    :math:`z_i = o_i + b_0 + x_i^T b` the logarithm of the mean of row i,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(e^{z_i} - y_i z_i\right)
        + \frac{\lambda}{2} \lVert b \rVert^2

    with the weights :math:`w_i` of the rows, 1 by default, and the offsets :math:`o_i`, 0 by
    default, which `fit` and `predict` take. The ``alpha`` of scikit-learn's ``PoissonRegressor``
    is :math:`\lambda`. Strengths are chosen by the mean Poisson deviance of the folds.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive, infinity (the null model) included. The default grid
        goes on downwards while the error falls at its end.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over half the mean deviance of the null
        model.
    n_jobs : int, default=None
        Threads over the folds; None means 1, and -1 all cores.
    random_state : int or RandomState instance, default=None
        Seed to shuffle the rows before they are cut into folds; None does not shuffle. Not used
        where `cv` brings its own folds.

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    penalty : str
        "l2".
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; more than asked for where the error still fell at the last.
        The default grid starts at infinity.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the logarithm of the mean.
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean Poisson deviance in the test part of each fold.
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
    L1CountRegressorCV : The other penalty.
    L2RegressorCV : The same penalty for squared error.
    sklearn.linear_model.PoissonRegressor : One strength of an L2 penalty, without folds.

    Examples
    --------
    >>> import numpy as np
    >>> from normwise import L2CountRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> visits = rng.poisson(np.exp(0.3 + 0.6 * X[:, 0] - 0.4 * X[:, 1]))
    >>> model = L2CountRegressorCV(cv=5).fit(X, visits)
    >>> bool((model.predict(X) > 0).all())
    True
    """

    penalty = "l2"
    _penalty_ratio = 0.0


class ElasticNetCountRegressorCV(_MixedPenalty, _PathCountRegressorCV):
    r"""Poisson regression of counts with a cross-validated elastic-net penalty.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`, with
    :math:`z_i = o_i + b_0 + x_i^T b` the logarithm of the mean of row i,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(e^{z_i} - y_i z_i\right)
        + \lambda \left(a \lVert b \rVert_1
        + \frac{1-a}{2} \lVert b \rVert^2\right)

    with the weights :math:`w_i` of the rows, 1 by default, and the offsets :math:`o_i`, 0 by
    default, which `fit` and `predict` take. The ``alpha`` of scikit-learn's ``PoissonRegressor``,
    which has the share 0, is :math:`\lambda`. Strengths are chosen by the mean Poisson deviance of
    the folds.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share :math:`a` of the L1 part, from 0 to 1, or several to choose from. The one with the
        least cross-validated error is chosen, and `rule` applies to its strengths.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite unless every `l1_ratio` is 0. The default
        grid goes on downwards while the error falls at its end.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 folds of neighbouring rows, or fewer where there are fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    standardize : bool, default=True
        Penalise the coefficients of features of unit variance, as measured in each training
        part. ``coef_`` is for the features as given.
    fit_intercept : bool, default=True
        Whether to add an intercept, which is not penalised. Without one, features are not centred.
    tol : float, default=1e-6
        Largest relative duality gap of a solution: the gap over half the mean deviance of the null
        model.
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
    penalty : str
        "elasticnet", or "l1" or "l2" where `l1_ratio_` is 1 or 0.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; more than asked for where the error still fell at the last.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the logarithm of the mean.
    intercept_ : float
    coef_path_ : ndarray of shape (n_alphas, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean Poisson deviance in the test part of each fold.
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
    L1CountRegressorCV, L2CountRegressorCV : The two ends of the mix.
    ElasticNetRegressorCV : The same penalty for squared error.
    sklearn.linear_model.PoissonRegressor : One strength of an L2 penalty, without folds.

    Examples
    --------
    >>> import numpy as np
    >>> from normwise import ElasticNetCountRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> visits = rng.poisson(np.exp(0.3 + 0.6 * X[:, 0] - 0.4 * X[:, 1]))
    >>> model = ElasticNetCountRegressorCV(l1_ratio=[0.2, 0.8], cv=5).fit(X, visits)
    >>> model.l1_ratio_ in (0.2, 0.8)
    True
    """
