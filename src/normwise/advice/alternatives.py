"""What else predicts the table: an elastic net of tuned share, the relaxed lasso, boosted trees.

They are tried on the first division of the head to head, so that each is compared with L1 and L2 on
the same rows held out. Trees stand for all that no linear model sees: where they explain much more,
the choice of a penalty is not what matters.
"""

from __future__ import annotations

import contextlib
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
    Divided,
    Predict,
    divide,
    hold_out,
    interval,
    linear,
    tune_mix,
)
from normwise.advice.findings import Contest
from normwise.data.response_kind import kind_of
from normwise.data.rows import Splits
from normwise.data.tables.table import Table
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.names import TUNINGS
from normwise.fitting.penalties.relaxed_lasso import RelaxedLasso
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import fit

# shares of L1 that a tuned elastic net chooses from
SHARES = (0.1, 0.5, 0.9)
# features, or rows if they are fewer, up to which free fits of the kept ones take no time
MOST_KEPT = 500
# of boosted trees: how many, how large, and numbers of the training rows that they are given
TREES = {"max_iter": 100, "max_leaf_nodes": 8}
TREE_CELLS = 1_000_000
# rows in a leaf: scikit-learn's 20 leave a small table no split at all
MOST_IN_LEAF, FEWEST_IN_LEAF, LEAVES = 20, 5, 10


def _tuned_net(problem: Problem, splits: Splits, seed: int) -> Predict:
    tried = []
    for share in SHARES:
        with contextlib.suppress(NoSolutionError):
            tried.append(tune_mix(problem, share, splits))
    if not tried:
        raise NoSolutionError("at no share is there a solution")
    return linear(*min(tried, key=lambda tuned: tuned.error).solution)


def _relaxed_lasso(problem: Problem, splits: Splits, seed: int) -> Predict:
    few = min(problem.n_samples, problem.n_features) <= MOST_KEPT
    if not problem.loss.quadratic or sparse.issparse(problem.X) or not few:
        raise NoSolutionError("its free fits would take too long")
    found = fit(
        problem.X,
        problem.y,
        RelaxedLasso(),
        problem.response,
        list(splits),
        N_ALPHAS,
        TOLERANCE,
        # no truth is known that an oracle could choose by
        lambda coef, intercept: np.zeros(len(coef)),
        weights=problem.unequal,
    )
    best = found.chosen[TUNINGS.index("cv_min")]
    return linear(found.path.coef[best], float(found.path.intercept[best]))


def _boosted_trees(problem: Problem, splits: Splits, seed: int) -> Predict:
    # slow to load
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    # with weights, equal ones too, scikit-learn takes far longer to bin the features
    X, y, weight = problem.X, problem.y, problem.unequal
    known = problem.known
    if sparse.issparse(X):
        raise NoSolutionError("they take no sparse features")
    most = max(TREE_CELLS // X.shape[1], 100)
    if len(y) > most:
        rows = np.random.default_rng(seed).choice(len(y), most, replace=False)
        X, y, known = X[rows], y[rows], known[rows]
        weight = None if weight is None else weight[rows]
    kind = kind_of(problem.response)
    model: Any = HistGradientBoostingClassifier if kind.classes else HistGradientBoostingRegressor
    leaf = int(np.clip(len(y) // LEAVES, FEWEST_IN_LEAF, MOST_IN_LEAF))
    options: dict[str, Any] = {
        **TREES,
        "min_samples_leaf": leaf,
        "early_stopping": False,
        "random_state": 0,
    }
    shift = float(known.max())
    if kind.takes_offset:
        options["loss"] = "poisson"
    if np.ptp(known):
        # a count for each unit of exposure, weighted by the exposure, has the same deviance
        exposure = np.exp(known - known.max())
        y, weight = y / exposure, exposure if weight is None else weight * exposure
    model = model(**options)

    def alone(what: Callable[[], Any]) -> Any:
        # a bound on threads holds for the libraries that are loaded, in the thread that sets it
        with threadpool_limits(1):
            return what()

    alone(lambda: model.fit(X, y, sample_weight=weight))

    def predictor(new: Any) -> np.ndarray:
        if kind.takes_offset:
            return np.log(np.maximum(model.predict(new), np.finfo(float).tiny)) - shift
        # of several classes a row each
        return np.asarray(model.decision_function(new).T if kind.classes else model.predict(new))

    return lambda new: alone(lambda: predictor(new))


WAYS: dict[str, Callable[[Problem, Splits, int], Predict]] = {
    "tuned_elastic_net": _tuned_net,
    "relaxed_lasso": _relaxed_lasso,
    "boosted_trees": _boosted_trees,
}


def _split(
    drawn: Divided, train: np.ndarray, test: np.ndarray, n_folds: int, seed: list[int]
) -> dict[str, float]:
    """Error of each way on one test part; NaN where it is not to be had."""
    part, out = hold_out(drawn, train, test, n_folds, seed), dict.fromkeys(WAYS, np.nan)
    for name, way in WAYS.items():
        with contextlib.suppress(NoSolutionError):
            out[name] = part.error(way(part.problem, part.splits, seed[-1]))
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
            delayed(_split)(drawn, train, test, n_folds, key) for train, test, key in jobs
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
