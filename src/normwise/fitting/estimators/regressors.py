"""Regressors with an L1, L2 or mixed penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from normwise.fitting.estimators.base import _MixedPenalty, _PathCV


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
        themselves, in any order, positive and finite. The default grid of a large problem ends
        once the error has risen far above its minimum.
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
    penalty : str
        "l1", which `SelectFromModel` asks for: it selects the nonzero coefficients.
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

    penalty = "l1"


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
        cross-validation; neither refits. With `groups` in `fit`,
        no group lies on both sides of a fold.
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
    penalty : str
        "l2".
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

    penalty = "l2"
    _penalty_ratio = 0.0
    _shortcuts = ("loo", "gcv")


class ElasticNetRegressorCV(_MixedPenalty, _PathRegressorCV):
    r"""Least squares with an elastic-net penalty whose strength is cross-validated.

    Minimises over the intercept :math:`b_0` and the coefficients :math:`b`

    .. math::

        \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - b_0 - x_i^T b)^2
        + \lambda \left(a \lVert b \rVert_1
        + \frac{1-a}{2} \lVert b \rVert^2\right)

    with the weights :math:`w_i` of the rows, 1 by default, and :math:`a` the ``l1_ratio``.
    :math:`\lambda` is the ``alpha`` of scikit-learn's ``ElasticNetCV``, on features as
    ``standardize`` says.

    As there, what a share of L1 means depends on the unit of y: with numbers a hundred times
    larger the same share is nearly a ridge, with smaller ones nearly a lasso. Scale y to unit
    variance, as glmnet does within, or let several shares compete.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share :math:`a` of the L1 part, from 0 to 1, or several to choose from. The one with the
        least cross-validated error is chosen, and `rule` applies to its strengths.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite
        unless every `l1_ratio` is 0.
        The default grid goes on downwards while the error falls at its end.
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
    penalty : str
        "elasticnet", or "l1" or "l2" where `l1_ratio_` is 1 or 0.
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; more than asked for where the error still fell at the last.
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
