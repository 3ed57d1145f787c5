r"""A penalised model as every tool needs to know it.

The coefficients :math:`b` minimise the mean loss (half the squared error for numbers, the
log-loss for classes, minus the log-likelihood for counts) plus
:math:`\lambda_1 \lVert b \rVert_1 + \frac{\lambda_2}{2} \lVert b \rVert^2` on the columns
:math:`(x - c)/s`, with an intercept that is not penalised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import logsumexp
from sklearn.model_selection import TimeSeriesSplit
from sklearn.utils.validation import check_is_fitted

from normwise.data.errors import InputError
from normwise.data.response_kind import kind_of
from normwise.data.tables.table import Table
from normwise.elsewhere.source import Prepared, Source, source_of
from normwise.fitting.estimators import classifiers, counts, regressors
from normwise.fitting.estimators.base import _PathCV
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import Problem

# the gap that a carried solution is solved to, of the null model's loss
TOLERANCE = 1e-14
# strengths on the way to the one that is meant, from which the solver goes on
STEPS = 8
NULL_MODEL = (
    "cross-validation chose the null model, which has no coefficient to be carried over: it "
    "predicts the mean of y"
)
_REGRESSORS = {
    "l1": regressors.L1RegressorCV,
    "l2": regressors.L2RegressorCV,
    "elastic_net": regressors.ElasticNetRegressorCV,
}
_CLASSIFIERS = {
    "l1": classifiers.L1ClassifierCV,
    "l2": classifiers.L2ClassifierCV,
    "elastic_net": classifiers.ElasticNetClassifierCV,
}
_COUNTS = {
    "l1": counts.L1CountRegressorCV,
    "l2": counts.L2CountRegressorCV,
    "elastic_net": counts.ElasticNetCountRegressorCV,
}
# who chooses the strength of a table's model
ESTIMATORS: dict[str, dict[str, Any]] = {
    "gaussian": _REGRESSORS,
    "binary": _CLASSIFIERS,
    "poisson": _COUNTS,
    "multinomial": _CLASSIFIERS,
}


def _squared(y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    return (y - predictor) ** 2 / 2


def _two_classes(y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, predictor) - y * predictor


def _counts(y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    return np.exp(predictor) - y * predictor


def _classes(y: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    own = np.take_along_axis(predictor, y.astype(int)[:, None], axis=1)
    return np.asarray(logsumexp(predictor, axis=1) - own[:, 0])


# loss of each row by response, as the code that is written counts it
LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "gaussian": _squared,
    "binary": _two_classes,
    "poisson": _counts,
    "multinomial": _classes,
}


@dataclass(frozen=True)
class Model:
    """A model and the numbers that prove another tool's solution to be the same.

    Attributes
    ----------
    response : {"gaussian", "binary", "poisson", "multinomial"}
    l1, l2 : float
        Strengths of the two parts of the penalty.
    standardize, fit_intercept : bool
        Whether columns were divided by their standard deviation (by their root mean square without
        an intercept), and whether there is an intercept.
    names : tuple of str
        Names of the columns that vary. The others have no coefficient.
    centre, scale : ndarray of shape (n_features,)
        What is subtracted from each column and what the rest is divided by.
    coef : ndarray of shape (n_features,), or (n_classes, n_features) of several classes
        Coefficients of the columns that were centred and scaled.
    intercept : float or ndarray of shape (n_classes,)
        Of these columns.
    objective, null_objective : float
        Mean loss and penalty of this solution, and of the best constant alone.
    gap : float
        By how much the objective may lie above the optimum, as a share of the null model's.
    n_samples : int
    sd_y : float
        Standard deviation of y, divisor n, with the weights of the rows.
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_samples,) or None
        With the mean 1.
    offset : ndarray of shape (n_samples,) or None
        Of counts, what is added to each linear predictor.
    classes : tuple of str
        Labels of the classes, in the order of their numbers from 0.
    source : Source
        Where the code reads the columns.
    """

    response: str
    l1: float
    l2: float
    standardize: bool
    fit_intercept: bool
    names: tuple[str, ...]
    centre: np.ndarray = field(repr=False)
    scale: np.ndarray = field(repr=False)
    coef: np.ndarray = field(repr=False)
    intercept: Any = field(repr=False)
    objective: float
    null_objective: float
    gap: float
    n_samples: int
    sd_y: float
    X: Any = field(repr=False)
    y: np.ndarray = field(repr=False)
    weights: np.ndarray | None = field(repr=False)
    offset: np.ndarray | None = field(repr=False)
    classes: tuple[str, ...]
    source: Source = field(repr=False)

    @property
    def penalty(self) -> str:
        """Which parts the penalty has: "l1", "l2" or "elastic_net"."""
        return penalty_of(self.l1, self.l2)


def penalty_of(l1: float, l2: float) -> str:
    """Name of the penalty of two strengths.

    Raises
    ------
    InputError
        If they are no penalty.
    """
    for name, value in (("l1", l1), ("l2", l2)):
        if not 0 <= value < np.inf:
            raise InputError(f"{name} is {value:g}: give a number from 0, and not an infinite one")
    if not l1 and not l2:
        raise InputError(
            "both strengths are 0: without a penalty every tool's unpenalised fit is the same model"
        )
    return "elastic_net" if l1 and l2 else "l1" if l1 else "l2"


def model_at(
    X: Any,
    y: np.ndarray,
    response: str,
    l1: float = 0.0,
    l2: float = 0.0,
    *,
    names: Sequence[str] | None = None,
    sample_weight: np.ndarray | None = None,
    offset: np.ndarray | None = None,
    standardize: bool = True,
    fit_intercept: bool = True,
    classes: Sequence[object] = (),
    source: Source | None = None,
) -> Model:
    """Solve a model at strengths that are known, to be carried to other tools.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Numbers; zeros and ones for two classes, numbers from 0 for several.
    response : {"gaussian", "binary", "poisson", "multinomial"}
    l1, l2 : float
        Strengths, on columns that are standardised if asked for.
    names : sequence of str, optional
        Names of the columns.
    sample_weight : ndarray of shape (n_samples,), optional
    offset : ndarray of shape (n_samples,), optional
        For counts: the logarithms of exposures.
    standardize, fit_intercept : bool
    classes : sequence, optional
        Labels of the classes in the order of their numbers.
    source : Source, optional
        Where the code reads the columns; by default a file of the numbers that is written with it.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If the strengths are no penalty, or no solution is certified.
    """
    penalty_of(l1, l2)
    if response not in LOSSES:
        raise InputError(f"response {response!r} is unknown: give {' or '.join(LOSSES)}")
    if offset is not None and not kind_of(response).takes_offset:
        raise InputError("offsets are for counts: leave them out, or give response='poisson'")
    if not sparse.issparse(X):
        X = np.asarray(X, float)
    y = np.asarray(y, float)
    n, p = X.shape
    weights = None
    if sample_weight is not None and np.ptp(sample_weight):
        kept = np.asarray(sample_weight) > 0
        X, y, n = X[kept], y[kept], int(kept.sum())
        weights = np.asarray(sample_weight, float)[kept]
        weights = weights / weights.mean()
        offset = None if offset is None else np.asarray(offset, float)[kept]
    elif offset is not None:
        offset = np.asarray(offset, float)
    names = [f"x{j}" for j in range(p)] if names is None else list(map(str, names))
    centre, scale, varies = _columns(X, weights, standardize, fit_intercept)
    if not varies.all():
        X, names = (
            X[:, np.flatnonzero(varies)],
            [n for n, v in zip(names, varies, strict=True) if v],
        )
        centre, scale = centre[varies], scale[varies]
    problem = problem_of(
        X,
        y,
        response,
        sample_weight=weights,
        standardize=standardize,
        fit_intercept=fit_intercept,
        **({} if offset is None else {"offset": offset}),
    )
    coef, intercept, gap = _solved(problem, l1, l2)
    # on the columns that the other tools are given
    intercept = intercept + coef @ centre
    coef = coef * scale
    w = np.ones(n) if weights is None else weights
    predictor = _times(X, coef, centre, scale) + intercept
    predictor = predictor if offset is None else predictor + offset
    loss = float(np.average(LOSSES[response](y, predictor), weights=w))
    objective = loss + l1 * float(np.abs(coef).sum()) + l2 / 2 * float((coef**2).sum())
    mean_y = np.average(y, weights=w)
    return Model(
        response=response,
        l1=float(l1),
        l2=float(l2),
        standardize=standardize,
        fit_intercept=fit_intercept,
        names=tuple(names),
        centre=centre,
        scale=scale,
        coef=coef,
        intercept=intercept,
        objective=objective,
        null_objective=_null_objective(problem, w, offset),
        gap=gap,
        n_samples=n,
        sd_y=float(np.sqrt(np.average((y - mean_y) ** 2, weights=w))),
        X=X,
        y=y,
        weights=weights,
        offset=offset,
        classes=tuple(map(str, classes)),
        source=source or Prepared(),
    )


def _columns(
    X: Any, weights: np.ndarray | None, standardize: bool, fit_intercept: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is taken from each column, what it is divided by, and whether it varies."""
    w = np.full(X.shape[0], 1.0) if weights is None else weights
    w = w / w.sum()
    mean = np.asarray(w @ X).ravel() if fit_intercept else np.zeros(X.shape[1])
    if sparse.issparse(X):
        square = np.asarray(w @ X.multiply(X)).ravel()
        variance = np.maximum(square - mean**2, 0)
        # sparse columns stay sparse: the intercept takes up what is not subtracted
        centre = np.zeros(X.shape[1])
    else:
        variance, centre = w @ (X - mean) ** 2, mean
    varies = variance > 1e-30 * np.maximum(mean**2, 1e-200)
    scale = np.sqrt(np.where(varies, variance, 1)) if standardize else np.ones(X.shape[1])
    return centre, scale, varies


def _times(X: Any, coef: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Linear predictors without intercept, (n_samples,) or (n_samples, n_classes)."""
    raw = coef / scale
    return np.asarray(X @ raw.T - raw @ centre)


def _solved(problem: Problem, l1: float, l2: float) -> tuple[np.ndarray, Any, float]:
    """Coefficients and intercept on the columns as they are, and their gap."""
    alpha, ratio = l1 + l2, l1 / (l1 + l2)
    alphas = np.array([alpha])
    if l1:
        top = problem.alpha_max(ratio)
        alphas = np.geomspace(max(top, alpha), alpha, STEPS) if top > alpha else alphas
    path = problem.path(alphas, ratio, tol=TOLERANCE)
    gap = float(path.gap[-1])
    if not gap < 1e-8:
        raise InputError(
            f"no solution at l1 = {l1:g} and l2 = {l2:g} is proven: its gap is {gap:.1e} of the "
            "null model's loss, so that nothing could be compared with it"
        )
    return path.coef[-1], path.intercept[-1], gap


def _null_objective(problem: Problem, weights: np.ndarray, offset: np.ndarray | None) -> float:
    """Mean loss of the best constant, as the code counts it."""
    y, loss = problem.y, problem.loss
    if problem.n_outputs > 1:
        share = np.array(
            [weights[y == k].mean() * (y == k).mean() for k in range(problem.n_outputs)]
        )
        share = share / share.sum()
        level = np.log(share) if problem.fit_intercept else np.zeros(len(share))
        predictor = np.tile(level, (len(y), 1))
    else:
        known = np.zeros(len(y)) if offset is None else offset
        mean = np.average(y, weights=weights)
        if offset is not None:
            mean = mean / np.average(np.exp(known), weights=weights)
        level = float(loss.predictor_of(mean)) if problem.fit_intercept else 0.0
        predictor = level + known
    return float(np.average(LOSSES[problem.response](y, predictor), weights=weights))


def model_of(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    offset: Any = None,
    names: Sequence[str] | None = None,
    source: Source | None = None,
) -> Model:
    """The model of a fitted estimator of normwise, to be carried to other tools.

    Parameters
    ----------
    estimator : L1RegressorCV, L2RegressorCV, ElasticNetRegressorCV, L1ClassifierCV, …
        Fitted to `X` and `y`. The strength that it chose is solved anew, far below the tolerance
        of the fit, so that small differences of another tool can be seen.
    X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight, offset : array-like of shape (n_samples,), optional
        As it was fitted. Weights of classes become a part of the weights of the rows.
    names : sequence of str, optional
        Names of the columns; by default those of the data frame.
    source : Source, optional
        Where the code reads the columns.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If this is no fitted estimator of normwise with a penalty of finite strength, or if it was
        fitted to other rows, weights or offsets.
    """
    if not isinstance(estimator, _PathCV):
        raise InputError(
            f"{type(estimator).__name__} is no estimator of normwise: give a fitted L1RegressorCV, "
            "L2ClassifierCV or the like, or call model_at with the strengths"
        )
    check_is_fitted(estimator)
    if names is None and hasattr(X, "columns"):
        names = [str(name) for name in X.columns]
    alpha, ratio = estimator.alpha_, getattr(estimator, "l1_ratio_", estimator._penalty_ratio)
    if not np.isfinite(alpha):
        raise InputError(NULL_MODEL)
    y, classes = np.asarray(y), getattr(estimator, "classes_", ())
    if len(classes):
        y = np.searchsorted(classes, y)
        sample_weight = estimator._weights(
            y, None if sample_weight is None else np.asarray(sample_weight, float)
        )
    found = model_at(
        X,
        y,
        estimator._response,
        alpha * ratio,
        alpha * (1 - ratio),
        names=names,
        sample_weight=sample_weight,
        offset=offset,
        standardize=estimator.standardize,
        fit_intercept=estimator.fit_intercept,
        classes=classes,
        source=source,
    )
    _refuse_other(found, estimator)
    return found


def _refuse_other(model: Model, estimator: Any) -> None:
    """Raise InputError if the estimator holds another model than its strength has on these rows."""
    coef, intercept = np.atleast_2d(estimator.coef_), np.atleast_1d(estimator.intercept_)
    n_features = np.shape(coef)[1]
    X = model.X if model.X.shape[1] == n_features else None
    if X is None:
        # columns of one value were left out
        return
    predictor = np.asarray(X @ coef.T + intercept)
    predictor = predictor if model.coef.ndim == 2 else predictor[:, 0]
    predictor = predictor if model.offset is None else predictor + model.offset
    loss = np.average(LOSSES[model.response](model.y, predictor), weights=model.weights)
    own = coef * model.scale
    objective = loss + model.l1 * np.abs(own).sum() + model.l2 / 2 * (own**2).sum()
    # the estimator's own proof says how far from the optimum it may be
    above = (objective - model.objective) / abs(model.null_objective)
    if not abs(above) <= 10 * estimator.tol:
        raise InputError(
            f"the estimator's solution is {above:.1e} of the null model's loss away from the "
            "optimum on these rows: give X, y, sample_weight and offset as it was fitted to"
        )


def model_of_table(
    table: Table, penalty: str | None = None, l1: float = 0.0, l2: float = 0.0
) -> Model:
    """The model of a table: at given strengths, or at the one that cross-validation chooses.

    Parameters
    ----------
    table : Table
        What `normwise.tabular.read_table` returns.
    penalty : {"l1", "l2", "elastic_net"}, optional
        What cross-validation chooses the strength of, where none is given.
    l1, l2 : float
        Strengths, on standardised columns.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If neither penalty nor strengths are given or both, or if cross-validation chooses the null
        model.
    """
    if (penalty is None) == (not l1 and not l2):
        raise InputError(
            "give a penalty, whose strength is then chosen, or the strengths l1 and l2"
        )
    if penalty is not None:
        alpha, ratio = _chosen(table, penalty)
        l1, l2 = alpha * ratio, alpha * (1 - ratio)
    return model_at(
        table.X,
        table.y,
        table.response,
        l1,
        l2,
        names=table.names,
        sample_weight=table.rows.weights,
        offset=table.rows.offset,
        classes=table.classes or (),
        source=source_of(table),
    )


def _chosen(table: Table, penalty: str) -> tuple[float, float]:
    """Strength and share of L1 that cross-validation chooses, as `normwise advise` tells to fit."""
    kinds = ESTIMATORS[table.response]
    if penalty not in kinds:
        raise InputError(f"penalty {penalty!r} is unknown: give {' or '.join(kinds)}")
    X, y, rows, options, given = table.X, table.y, table.rows, {}, {}
    if rows.time is not None:
        order = rows.time.argsort(kind="stable")
        X, y, rows = X[order], y[order], rows.take(order)
        options["cv"] = TimeSeriesSplit(5)
    elif rows.units is not None:
        given["groups"] = rows.units
    if rows.weights is not None:
        given["sample_weight"] = rows.weights
    if rows.offset is not None:
        given["offset"] = rows.offset
    fitted = kinds[penalty](**options).fit(X, y, **given)
    if not np.isfinite(fitted.alpha_):
        raise InputError(NULL_MODEL)
    return float(fitted.alpha_), float(getattr(fitted, "l1_ratio_", fitted._penalty_ratio))
