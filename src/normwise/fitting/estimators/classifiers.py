"""Classifiers with an L1, L2 or mixed penalty."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from normwise.fitting.estimators.base import DEFAULT_FOLDS, _MixedPenalty, _PathCV


class _PathClassifierCV(ClassifierMixin, _PathCV):
    _response = "binary"
    _lacking = (
        "the training part of a fold lacks a class: "
        "use fewer folds, or a cv that keeps all classes in every training part"
    )

    def __init__(
        self,
        *,
        alphas: Any = 100,
        cv: Any = None,
        rule: str = "min",
        class_weight: Mapping[Any, Any] | str | None = None,
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
        self.class_weight = class_weight

    def _target(self, y: np.ndarray) -> np.ndarray:
        check_classification_targets(y)
        self.classes_, label = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "Classification needs samples of 2 classes in the data, but the data contains "
                f"only one class: {self.classes_[0]!r}"
            )
        self._response = "binary" if len(self.classes_) == 2 else "multinomial"
        return label.astype(float)

    def _check_parameters(self) -> list[float]:
        given = self.class_weight
        balanced = isinstance(given, str) and given == "balanced"
        if not (given is None or isinstance(given, Mapping) or balanced):
            raise ValueError(
                f"class_weight={given!r}: expected None, 'balanced', or a dict of numbers by label"
            )
        return super()._check_parameters()

    def _weights(self, target: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        each = np.ones(len(target)) if sample_weight is None else sample_weight
        if isinstance(self.class_weight, Mapping):
            of_class = self._named_weights(self.class_weight)
        else:
            held = np.bincount(target.astype(int), weights=each)
            of_class = held.sum() / (len(held) * held)
        return np.asarray(each * of_class[target.astype(int)])

    def _named_weights(self, given: Mapping[Any, Any]) -> np.ndarray:
        labels = self.classes_.tolist()
        for label, weight in given.items():
            if label not in labels:
                raise ValueError(f"class_weight names {label!r}: the classes of y are {labels}")
            if not isinstance(weight, Real) or not 0 < float(weight) < np.inf:
                raise ValueError(
                    f"class_weight of {label!r} is {weight!r}: expected a positive, finite number"
                )
        return np.array([float(given.get(label, 1.0)) for label in labels])

    def _default_folds(self, y: np.ndarray) -> int:
        smallest = int(np.unique(y, return_counts=True)[1].min())
        if smallest < 2:
            raise ValueError(
                "The least populated class in y has only 1 member, which is too few: "
                "cross-validation needs at least 2 of each class."
            )
        return min(DEFAULT_FOLDS, smallest)

    def _keep_solution(self, coef: np.ndarray, intercept: Any) -> None:
        self.coef_, self.intercept_ = np.atleast_2d(coef), np.atleast_1d(intercept)

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the second class, or the linear predictor of each of several.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return self._linear_predictor(X)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, as in `classes_`.
        """
        score = self.decision_function(X)
        best = score.argmax(axis=1) if score.ndim == 2 else (score > 0).astype(int)
        return np.asarray(self.classes_[best])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        score = self.decision_function(X)
        if score.ndim == 2:
            return np.asarray(softmax(score, axis=1))
        return np.column_stack([expit(-score), expit(score)])

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        score = self.decision_function(X)
        if score.ndim == 2:
            return np.asarray(log_softmax(score, axis=1))
        return -np.logaddexp(0, np.column_stack([score, -score]))


class L1ClassifierCV(_PathClassifierCV):
    r"""Logistic regression with a cross-validated L1 penalty, of two classes or more.

    Of two classes it minimises over the intercept :math:`b_0` and the coefficients :math:`b`, for
    :math:`y_i` 0 in the first class and 1 in the second and :math:`z_i = b_0 + x_i^T b`,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(\log(1 + e^{z_i}) - y_i z_i\right)
        + \lambda \lVert b \rVert_1

    with the weights :math:`w_i` of the rows, 1 by default, `class_weight` included. The ``C`` of
    scikit-learn's ``LogisticRegressionCV`` is :math:`1 / (\lambda \sum_i w_i)`. Of K classes each
    has an intercept and coefficients of its own, and none is the base of the others: the loss of a
    row is :math:`\log \sum_k e^{z_{ik}} - z_{i y_i}` (softmax), and the penalty is over all of
    them.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite.
        The default grid goes on downwards while the error falls at its end, and that of a large
        problem ends once the error has risen far above its minimum.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 stratified folds, or fewer where a class has fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes by label, positive, and 1 where a label is not named. A row weighs
        what its class does, times its `sample_weight`, everywhere: in the loss, in the
        standardisation and in the errors of the folds, which scikit-learn's
        ``LogisticRegressionCV`` scores without. "balanced" gives each class the same
        share of the weight of all rows. Probabilities are then those of classes as frequent as they
        weigh.
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
        Strengths, decreasing; more than asked for where the error still fell at the last.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the log-odds of ``classes_[1]``, or of each of several classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Of several classes they sum to zero, as a constant in all of them changes no probability.
    coef_path_ : ndarray of shape (n_alphas, n_features) or (n_alphas, n_classes, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,) or (n_alphas, n_classes)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean log-loss in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L2ClassifierCV : The L2 penalty.
    L1RegressorCV : The same penalty for a numeric response.
    sklearn.linear_model.LogisticRegressionCV : Other scores to choose by.

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

    penalty = "l1"


class L2ClassifierCV(_PathClassifierCV):
    r"""Logistic regression with a cross-validated L2 penalty, of two classes or more.

    Of two classes it minimises over the intercept :math:`b_0` and the coefficients :math:`b`, for
    :math:`y_i` 0 in the first class and 1 in the second and :math:`z_i = b_0 + x_i^T b`,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(\log(1 + e^{z_i}) - y_i z_i\right)
        + \frac{\lambda}{2} \lVert b \rVert^2

    with the weights :math:`w_i` of the rows, 1 by default, `class_weight` included. The ``C`` of
    scikit-learn's ``LogisticRegressionCV`` is :math:`1 / (\lambda \sum_i w_i)`. Of K classes each
    has an intercept and coefficients of its own, and none is the base of the others: the loss of a
    row is :math:`\log \sum_k e^{z_{ik}} - z_{i y_i}` (softmax), and the penalty is over all of
    them.

    Parameters
    ----------
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive, infinity (the
        null model) included.
        The default grid goes on downwards while the error falls at its end.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 stratified folds, or fewer where a class has fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes by label, positive, and 1 where a label is not named. A row weighs
        what its class does, times its `sample_weight`, everywhere: in the loss, in the
        standardisation and in the errors of the folds, which scikit-learn's
        ``LogisticRegressionCV`` scores without. "balanced" gives each class the same
        share of the weight of all rows. Probabilities are then those of classes as frequent as they
        weigh.
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
        "l2".
    alphas_ : ndarray of shape (n_alphas,)
        Strengths, decreasing; more than asked for where the error still fell at the last. The
        default grid starts at infinity.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the log-odds of ``classes_[1]``, or of each of several classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Of several classes they sum to zero, as a constant in all of them changes no probability.
    coef_path_ : ndarray of shape (n_alphas, n_features) or (n_alphas, n_classes, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,) or (n_alphas, n_classes)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean log-loss in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L1ClassifierCV : The L1 penalty.
    L2RegressorCV : The same penalty for a numeric response.
    sklearn.linear_model.LogisticRegressionCV : Other scores to choose by.

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

    penalty = "l2"
    _penalty_ratio = 0.0


class ElasticNetClassifierCV(_MixedPenalty, _PathClassifierCV):
    r"""Logistic regression with a cross-validated elastic-net penalty, of two classes or more.

    Of two classes it minimises over the intercept :math:`b_0` and the coefficients :math:`b`, for
    :math:`y_i` 0 in the first class and 1 in the second and :math:`z_i = b_0 + x_i^T b`,

    .. math::

        \frac{1}{\sum_i w_i} \sum_i w_i \left(\log(1 + e^{z_i}) - y_i z_i\right)
        + \lambda \left(a \lVert b \rVert_1
        + \frac{1-a}{2} \lVert b \rVert^2\right)

    with the weights :math:`w_i` of the rows, 1 by default, `class_weight` included. The ``C`` of
    scikit-learn's ``LogisticRegressionCV`` is :math:`1 / (\lambda \sum_i w_i)`. Of K classes each
    has an intercept and coefficients of its own, and none is the base of the others: the loss of a
    row is :math:`\log \sum_k e^{z_{ik}} - z_{i y_i}` (softmax), and the penalty is over all of
    them.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share :math:`a` of the L1 part, from 0 to 1, or several to choose from. The one with the
        least cross-validated error is chosen, and `rule` applies to its strengths.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths :math:`\lambda`: the size of the default grid, at least 3, or the strengths
        themselves, in any order, positive and finite
        unless every `l1_ratio` is 0.
        The default grid goes on downwards while the error falls at its end, and that of a large
        problem ends once the error has risen far above its minimum.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None means 10 stratified folds, or fewer where a class has fewer rows.
        With `groups` in `fit`, no group lies on both sides of a fold.
    rule : {"min", "1se"}, default="min"
        Choose the strength of least cross-validated error, or the strongest whose error is within
        one standard error of it.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes by label, positive, and 1 where a label is not named. A row weighs
        what its class does, times its `sample_weight`, everywhere: in the loss, in the
        standardisation and in the errors of the folds, which scikit-learn's
        ``LogisticRegressionCV`` scores without. "balanced" gives each class the same
        share of the weight of all rows. Probabilities are then those of classes as frequent as they
        weigh.
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
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the log-odds of ``classes_[1]``, or of each of several classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Of several classes they sum to zero, as a constant in all of them changes no probability.
    coef_path_ : ndarray of shape (n_alphas, n_features) or (n_alphas, n_classes, n_features)
        Coefficients at every strength, fitted to all rows.
    intercept_path_ : ndarray of shape (n_alphas,) or (n_alphas, n_classes)
    cv_error_path_ : ndarray of shape (n_alphas, n_folds)
        Mean log-loss in the test part of each fold.
    dual_gap_ : float
        Relative duality gap of the chosen solution.
    dual_gap_path_ : ndarray of shape (n_alphas,)
        Relative duality gap at every strength, on all rows.
    n_iter_ : int
        Iterations of the solver, over all strengths and folds.
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `X` has names that are all strings.

    See Also
    --------
    L1ClassifierCV, L2ClassifierCV : The two ends of the mix.
    ElasticNetRegressorCV : The same penalty for a numeric response.
    sklearn.linear_model.LogisticRegressionCV : Other scores to choose by.

    Examples
    --------
    >>> from normwise import ElasticNetClassifierCV
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> model = ElasticNetClassifierCV(l1_ratio=[0.2, 0.8], alphas=20, cv=5).fit(X, y)
    >>> model.coef_.shape
    (3, 13)
    >>> print(f"accuracy {model.score(X, y):.1f}")
    accuracy 1.0
    """

    def __init__(
        self,
        *,
        l1_ratio: float | list[float] = 0.5,
        alphas: Any = 100,
        cv: Any = None,
        rule: str = "min",
        class_weight: Mapping[Any, Any] | str | None = None,
        standardize: bool = True,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            l1_ratio=l1_ratio,
            alphas=alphas,
            cv=cv,
            rule=rule,
            standardize=standardize,
            fit_intercept=fit_intercept,
            tol=tol,
            n_jobs=n_jobs,
            random_state=random_state,
        )
        self.class_weight = class_weight
