"""What else predicts the table: an elastic net of tuned share, the relaxed lasso, boosted trees.

They are tried on the first division of the head to head, so that each is compared with L1 and L2 on
the same rows held out. Trees stand for all that no linear model sees: where they explain much more,
the choice of a penalty is not what matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import sparse
from threadpoolctl import threadpool_limits

from normwise.advice.contest import (
    N_ALPHAS,
    N_FOLDS,
    TOLERANCE,
    divide,
    inner_splits,
    interval,
    unit_of,
)
from normwise.advice.findings import Contest
from normwise.data.response_kind import kind_of
from normwise.data.rows import Rows, Splits
from normwise.data.tables.table import Table
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import loss_of
from normwise.fitting.penalties.relaxed_lasso import RelaxedLasso
from normwise.fitting.search import search
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import choose

# shares of L1 that a tuned elastic net chooses from
SHARES = (0.1, 0.5, 0.9)
# features, or rows if they are fewer, up to which free fits of the kept ones take no time
MOST_KEPT = 500
# of boosted trees: how many, how large, and numbers of the training rows that they are given
TREES = {"max_iter": 100, "max_leaf_nodes": 8}
TREE_CELLS = 1_000_000
# rows in a leaf: scikit-learn's 20 leave a small table no split at all
MOST_IN_LEAF, FEWEST_IN_LEAF, LEAVES = 20, 5, 10

Predict = Callable[[Any], np.ndarray]


def _tuned_net(problem: Problem, splits: Splits, seed: int) -> Predict:
    best: tuple[float, np.ndarray, float] | None = None
    for share in SHARES:
        found = search(problem, share, N_ALPHAS, splits, TOLERANCE)
        usable = found.usable(TOLERANCE)
        if usable.any():
            error, at, _ = choose(found.cv, usable)
            if best is None or error[at] < best[0]:
                best = float(error[at]), found.path.coef[at], float(found.path.intercept[at])
    if best is None:
        raise NoSolutionError("no strength reached its certificate")
    _, coef, intercept = best
    return lambda X: X @ coef + intercept


def _relaxed_lasso(problem: Problem, splits: Splits, seed: int) -> Predict:
    if not problem.loss.quadratic or sparse.issparse(problem.X) or _least(problem) > MOST_KEPT:
        raise NoSolutionError("its free fits would take too long")
    penalty = RelaxedLasso()
    alphas = penalty.grid(problem, N_ALPHAS)
    path = penalty.path(problem, alphas, TOLERANCE)
    cv = penalty.cross_validate(problem, splits, alphas, TOLERANCE)
    usable = (path.gap <= TOLERANCE) & (cv.gap <= TOLERANCE).all(axis=0)
    if not usable.any():
        raise NoSolutionError("no strength reached its certificate")
    best = choose(cv, usable)[1]
    coef, intercept = path.coef[best], path.intercept[best]
    return lambda X: X @ coef + intercept


def _least(problem: Problem) -> int:
    return min(problem.n_samples, problem.n_features)


def _boosted_trees(problem: Problem, splits: Splits, seed: int) -> Predict:
    # slow to load
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    # with weights, equal ones too, scikit-learn takes far longer to bin the features
    X, y, weight = problem.X, problem.y, problem.unequal
    if sparse.issparse(X):
        raise NoSolutionError("they take no sparse features")
    most = max(TREE_CELLS // X.shape[1], 100)
    if len(y) > most:
        rows = np.random.default_rng(seed).choice(len(y), most, replace=False)
        X, y = X[rows], y[rows]
        weight = None if weight is None else weight[rows]
    classes = kind_of(problem.response).classes
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    leaf = int(np.clip(len(y) // LEAVES, FEWEST_IN_LEAF, MOST_IN_LEAF))
    model = kind(**TREES, min_samples_leaf=leaf, early_stopping=False, random_state=0)

    def alone(what: Callable[[], Any]) -> Any:
        # a bound on threads holds for the libraries that are loaded, in the thread that sets it
        with threadpool_limits(1):
            return what()

    alone(lambda: model.fit(X, y, sample_weight=weight))
    return lambda new: alone(
        lambda: model.decision_function(new) if classes else model.predict(new)
    )


TUNED = ("tuned_elastic_net", "relaxed_lasso")
WAYS: dict[str, Callable[[Problem, Splits, int], Predict]] = {
    "tuned_elastic_net": _tuned_net,
    "relaxed_lasso": _relaxed_lasso,
    "boosted_trees": _boosted_trees,
}


def _split(
    X: Any,
    y: np.ndarray,
    response: str,
    rows: Rows,
    train: np.ndarray,
    test: np.ndarray,
    n_folds: int,
    seed: list[int],
) -> dict[str, float]:
    """Error of each way on one test part; NaN where it is not to be had."""
    weight = rows.weight(train)
    unit = unit_of(y[train], response, weight)
    problem = Problem(X[train], y[train] / unit, response, sample_weight=weight)
    splits = inner_splits(y, response, rows, train, n_folds, seed)
    out = {}
    for name, way in WAYS.items():
        out[name] = np.nan
        # the first of several times leaves no earlier rows to choose a strength by
        if not splits and name in TUNED:
            continue
        try:
            predict = way(problem, splits, seed[-1])
        except NoSolutionError:
            continue
        predictor = unit * predict(X[test])
        out[name] = float(loss_of(response).value(y[test], predictor, rows.weight(test)))
    return out


def try_others(
    table: Table,
    contest: Contest,
    seed: int,
    n_jobs: int | None,
    n_folds: int = N_FOLDS,
) -> pd.DataFrame:
    """Each way against the better of L1 and L2, on the first division of the head to head.

    Parameters
    ----------
    table : Table
    contest : Contest
        Of the same table, seed and folds.
    seed : int
    n_jobs : int or None
    n_folds : int

    Returns
    -------
    DataFrame
        What is told by the docstring of `normwise.advice.findings.Contest` of ``others``.
    """
    drawn = divide(table, seed, n_folds)
    jobs = [(train, test, [seed, 2, 0, k]) for k, (train, test) in enumerate(drawn.divisions[0])]
    errors = pd.DataFrame(
        Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(_split)(drawn.X, drawn.y, table.response, drawn.rows, train, test, n_folds, key)
            for train, test, key in jobs
        )
    )
    first = contest.differences[contest.differences["repeat"] == 0].reset_index(drop=True)
    means = first[["l1", "l2"]].mean()
    base = str(means.idxmax()) if means.notna().any() else "l1"
    explained = float(contest.scores.set_index("penalty").loc[base, "explained"])
    out = []
    for name in WAYS:
        gains = ((first["null"] - errors[name]) / contest.null - first[base]).to_numpy()
        gains = gains[first[base].notna()]
        # over some of the test parts of L1 and L2 it would be the gain on others
        whole = len(gains) > 1 and np.isfinite(gains).all()
        gain = float(gains.mean()) if whole else np.nan
        half = interval(gains, drawn.overlap)[1] if whole else np.nan
        row: dict[str, Any] = {"name": name, "explained": explained + gain, "gain": gain}
        out.append(row | {"low": gain - half, "high": gain + half, "base": base})
    return pd.DataFrame(out)
