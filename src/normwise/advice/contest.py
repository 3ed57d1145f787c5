"""The penalties against each other on rows held out, the same folds for all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import sparse, stats

from normwise.advice.diagnosis import sample_rows, sample_size
from normwise.advice.findings import TRIED, Contest
from normwise.analysis.inference import standard_error
from normwise.data.errors import InputError
from normwise.data.response_kind import kind_of
from normwise.data.rows import Rows, Splits
from normwise.data.tables.response import MIN_CLASS
from normwise.data.tables.table import Table
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import loss_of
from normwise.fitting.search import binding_end, is_covered, search
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.problem import Path, Problem
from normwise.fitting.tuning import choose, make_folds

RATIOS = {"l1": 1.0, "l2": 0.0, "elastic_net": 0.5, "none": 0.0}
N_FOLDS = 5
N_ALPHAS = 40
TOLERANCE = 1e-4
# a verdict needs this probability
SURE = 0.95
# numbers of the table that all repeats together may pass through, and the bounds of their number;
# a loss that is not quadratic takes several steps where squared error takes one
WORK, WORK_IN_STEPS = 2_000_000, 400_000
REPEATS = (2, 10)
CELLS, CELLS_IN_STEPS = 4_000_000, 400_000

# what a number of a sparse matrix costs, in numbers of a dense one
SPARSE_COST = 20


def row_width(table: Table) -> int:
    """Numbers in a row that a solver passes through, for each linear predictor of a model."""
    X: Any = table.X
    n, p = X.shape
    return table.n_outputs * (min(p, 1 + SPARSE_COST * X.nnz // n) if sparse.issparse(X) else p)


def most_cells(response: str) -> int:
    """Numbers of a table that are looked at."""
    return CELLS if loss_of(response).quadratic else CELLS_IN_STEPS


def n_looked_at(table: Table) -> int:
    """Rows of a table that are looked at."""
    return sample_size(len(table.y), row_width(table), most_cells(table.response))


def rows_looked_at(table: Table, rng: np.random.Generator) -> np.ndarray:
    """Numbers of these rows."""
    cells = most_cells(table.response)
    return sample_rows(table.y, row_width(table), table.response, cells, rng)


@dataclass(frozen=True)
class Tuned:
    """A penalty's path on all rows and the strength that the splits choose.

    Attributes
    ----------
    path : Path
    best : int
        Position of the strength.
    at_end : bool
        Whether the error was still falling at the last strength that could be tried.
    error : float
        Cross-validated error at that strength.
    """

    path: Path
    best: int
    at_end: bool = False
    error: float = float("nan")

    @property
    def solution(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercept, of several classes one row each."""
        return self.path.coef[self.best], self.path.intercept[self.best]

    @property
    def kept(self) -> int:
        """Features with a coefficient, in any class."""
        coef = self.path.coef[self.best]
        return int((coef != 0).reshape(-1, coef.shape[-1]).any(axis=0).sum())


Predict = Callable[[Any], np.ndarray]


def linear(coef: np.ndarray, intercept: float | np.ndarray) -> Predict:
    """A linear model as a function of features; predictors of several classes have a row each."""
    return lambda X: np.asarray(X @ coef.T + intercept).T


def tune(problem: Problem, penalty: str, splits: Splits) -> Tuned:
    """Choose the strength of a penalty, see `tune_mix`; no penalty has none."""
    if penalty == "none":
        return Tuned(problem.path(np.zeros(1), 0.0, TOLERANCE), 0)
    return tune_mix(problem, RATIOS[penalty], splits)


def tune_mix(problem: Problem, ratio: float, splits: Splits) -> Tuned:
    """Choose the strength at a share of L1, see `normwise.fitting.search.search`.

    Raises
    ------
    NoSolutionError
        If there is no finite solution.
    """
    loss = problem.loss
    if not splits:
        raise NoSolutionError("no fold leaves rows of every class, or events, to be fitted")
    found = search(problem, ratio, N_ALPHAS, splits, TOLERANCE)
    usable = found.usable(TOLERANCE)
    if not usable.any():
        raise NoSolutionError("no strength reached its certificate")
    error, best, _ = choose(found.cv, usable)
    end = binding_end(
        loss,
        found.path,
        found.error(usable),
        best,
        problem.null_error,
        is_covered(loss, ratio),
    )
    return Tuned(found.path, best, end == "smallest", float(error[best]))


def unit_of(y: np.ndarray, response: str, weight: np.ndarray | None = None) -> float:
    """Standard deviation of a numeric response, in whose unit it is fitted; of classes 1.

    The part of L1 in a mix is to be in some relation to the part of L2, and only that of L1 changes
    with the unit of the response.
    """
    if not loss_of(response).quadratic:
        return 1.0
    centred = y - np.average(y, weights=weight)
    return float(np.sqrt(np.average(centred**2, weights=weight))) or 1.0


@dataclass(frozen=True)
class Divided:
    """Rows that the penalties are tried on, and their divisions into folds.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
    response : str
    rows : Rows
    divisions : list of Splits
        One for each repeat.
    """

    X: Any
    y: np.ndarray
    response: str
    rows: Rows
    divisions: list[Splits]

    @property
    def n_folds(self) -> int:
        """Folds of a division; fewer than asked for where there are fewer groups or times."""
        return max(map(len, self.divisions))

    @property
    def overlap(self) -> float:
        """Rows held out for each row that is fitted."""
        if self.rows.time is None:
            return 1 / (self.n_folds - 1)
        return float(np.mean([len(test) / len(train) for train, test in self.divisions[0]]))


@dataclass(frozen=True)
class HeldOut:
    """A training part, ready to be fitted, and the test part that it leaves.

    Attributes
    ----------
    problem : Problem
        The training part, a numeric response in its own unit.
    splits : Splits
        Its folds, by which strengths are chosen; the same for all that is tried.
    unit : float
    X : ndarray or sparse matrix of shape (n_tests, n_features)
    y : ndarray of shape (n_tests,)
    weight, offset : ndarray of shape (n_tests,) or None
        The test part.
    """

    problem: Problem
    splits: Splits
    unit: float
    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    offset: np.ndarray | None = None

    def error(self, predict: Predict) -> float:
        """Mean loss on the test part of what predicts the response in the training part's unit."""
        predictor = self.unit * predict(self.X)
        if self.offset is not None:
            predictor = predictor + self.offset
        return float(self.problem.loss.value(self.y, predictor, self.weight))


def hold_out(
    drawn: Divided, train: np.ndarray, test: np.ndarray, n_folds: int, seed: list[int]
) -> HeldOut:
    """Prepare one part of a division."""
    y, rows, response = drawn.y, drawn.rows, drawn.response
    rng = np.random.default_rng(seed)
    splits = make_folds(y[train], n_folds, response, rng, rows.take(train))
    unit = unit_of(y[train], response, rows.weight(train))
    problem = problem_of(drawn.X[train], y[train] / unit, response, **rows.known(train))
    offset = None if rows.offset is None else rows.offset[test]
    return HeldOut(problem, splits, unit, drawn.X[test], y[test], rows.weight(test), offset)


def _null_error(part: HeldOut) -> float:
    """Error of what the training part predicts without features."""
    null = part.problem.path(np.array([np.inf]), 0.0, TOLERANCE)
    return part.error(linear(null.coef[0], null.intercept[0]))


def _split(
    drawn: Divided, train: np.ndarray, test: np.ndarray, n_folds: int, seed: list[int]
) -> dict[str, Any]:
    """Errors of all penalties on one test part.

    Responses of the test part are never used before. Its features are, slightly: the medians that
    fill gaps and the levels that become columns come from all rows.
    """
    repeat, part = seed[2], hold_out(drawn, train, test, n_folds, seed)
    out: dict[str, Any] = {"null": _null_error(part)}
    for penalty in TRIED:
        for name in (penalty, *(f"{penalty}_{what}" for what in ("nonzeros", "failed", "at_end"))):
            out[name] = np.nan
        # finding out whether there is such a fit takes longer than all other fits
        if penalty == "none" and repeat and not part.problem.loss.has_limit:
            continue
        try:
            tuned = tune(part.problem, penalty, part.splits)
        except NoSolutionError:
            out[f"{penalty}_failed"] = 1.0
            continue
        out[f"{penalty}_failed"], out[f"{penalty}_at_end"] = 0.0, float(tuned.at_end)
        out[penalty] = part.error(linear(*tuned.solution))
        out[f"{penalty}_nonzeros"] = tuned.kept
    return out


def zone_probabilities(
    difference: float, se: float, n_splits: int, margin: float
) -> tuple[float, float, float]:
    """Probabilities that a difference lies above, within and below the zone of equivalence.

    The correlated Bayesian t test of Benavoli et al. (2017).
    """
    if se == 0:
        first, second = float(difference > margin), float(difference < -margin)
    else:
        first = float(stats.t.sf((margin - difference) / se, n_splits - 1))
        second = float(stats.t.cdf((-margin - difference) / se, n_splits - 1))
    return first, 1 - first - second, second


def _verdict(probabilities: tuple[float, float, float]) -> str:
    for name, probability in zip(("first", "equivalent", "second"), probabilities, strict=True):
        if probability >= SURE:
            return name
    return "undecided"


def interval(values: np.ndarray, overlap: float) -> tuple[float, float]:
    """Standard error of the mean over splits, and half the width of its 95 % interval."""
    se = standard_error(values, overlap)
    return se, float(stats.t.ppf(0.975, len(values) - 1)) * se


def _explained(errors: pd.DataFrame, overlap: float) -> tuple[float, float, float]:
    """Share of the null model's error that is removed, with its interval.

    One minus a ratio of two means, whose error is that of its linearisation: of the ratio up to 1,
    of its logarithm above, where the error of a few rows makes the ratio as uncertain as large.
    """
    if len(errors) < 2:
        return np.nan, np.nan, np.nan
    null, error = errors.to_numpy().T
    ratio = float(error.mean() / null.mean())
    half = interval((error - ratio * null) / null.mean(), overlap)[1]
    # r, and 1 + log r above 1: one curve without a bend
    middle, half = (ratio, half) if ratio <= 1 else (1 + np.log(ratio), half / ratio)
    low, high = (float(r if r <= 1 else np.exp(r - 1)) for r in (middle - half, middle + half))
    return 1 - ratio, 1 - high, 1 - max(low, 0.0)


def _pairs(shares: pd.DataFrame, overlap: float, margin: float) -> pd.DataFrame:
    rows = []
    for first, second in itertools.combinations(TRIED, 2):
        both = shares[[first, second]].dropna()
        row: dict[str, Any] = {"first": first, "second": second}
        if len(both) < 2:
            names = ("difference", "se", "low", "high", "p_first", "p_equivalent", "p_second")
            rows.append(row | dict.fromkeys(names, np.nan) | {"verdict": "undecided"})
            continue
        differences = (both[first] - both[second]).to_numpy()
        mean = float(differences.mean())
        se, half = interval(differences, overlap)
        found = zone_probabilities(mean, se, len(both), margin)
        row |= {"difference": mean, "se": se, "low": mean - half, "high": mean + half}
        row |= dict(zip(("p_first", "p_equivalent", "p_second"), found, strict=True))
        rows.append(row | {"verdict": _verdict(found)})
    return pd.DataFrame(rows)


def plan_repeats(n_cells: int, response: str, n_folds: int = N_FOLDS) -> int:
    """How often the folds are drawn anew: more often for smaller tables, less for more folds."""
    work = WORK if loss_of(response).quadratic else WORK_IN_STEPS
    # each outer fold has as many inner ones
    return int(np.clip(work * N_FOLDS**2 // (n_cells * n_folds**2), *REPEATS))


def refuse_folds(table: Table, n_folds: Any) -> None:
    """Refuse a number of folds that the rows, groups or times of a table do not allow."""
    if isinstance(n_folds, bool) or not isinstance(n_folds, Integral) or int(n_folds) < 2:
        raise InputError(f"folds {n_folds!r}: give a whole number from 2")
    rows = table.rows
    allowed = [(len(table.y) // 2, f"there are {len(table.y):,} rows, and a fold holds at least 2")]
    if rows.groups is not None:
        count = len(np.unique(rows.groups))
        allowed.append((count, f"there are {count:,} groups, none of them in two folds"))
    if rows.time is not None:
        count = len(np.unique(rows.time))
        allowed.append((count - 1, f"there are {count:,} times, the first of them never tested"))
    most, why = min(allowed)
    if int(n_folds) > most:
        raise InputError(f"folds {n_folds}: {why}; give at most {most}")


def divide(table: Table, seed: int, n_folds: int) -> Divided:
    """Draw the rows of the head to head and their folds."""
    refuse_folds(table, n_folds)
    rng = np.random.default_rng([seed, 1])
    rows = rows_looked_at(table, rng)
    X, y, own = table.X[rows], table.y[rows], table.rows.take(rows)
    if kind_of(table.response).classes and len(rows) < len(table.y):
        fewer = int(min(np.sum(y == value) for value in np.unique(table.y)))
        if fewer < MIN_CLASS:
            raise InputError(
                f"target {table.target}: of the {len(rows):,} rows that are looked at to save time "
                f"{fewer} are of the rarest class; at least {MIN_CLASS} are needed: give a sample "
                "of the table with all rows of that class"
            )
    # forward validation has one division, and no chance in it
    n_repeats = 1
    if own.time is None:
        n_repeats = plan_repeats(len(y) * row_width(table), table.response, n_folds)
    divisions = [make_folds(y, n_folds, table.response, rng, own) for _ in range(n_repeats)]
    _refuse_few(divisions)
    return Divided(X, y, table.response, own, divisions)


def compare(
    table: Table,
    margin: float,
    seed: int,
    n_jobs: int | None,
    done: Any = None,
    n_folds: int = N_FOLDS,
) -> Contest:
    """Nested repeated K-fold cross-validation of all penalties.

    The strength is chosen inside of each training part. Where a fit without a penalty
    need not exist, it is tried in the first repeat alone. Groups are held out whole, and with times
    each part is predicted from what came before, once; inner folds are alike. Shares of explained
    error are relative to the mean error of the null model, that of the training mean.

    Parameters
    ----------
    table : Table
    margin : float
        Half-width of the zone of equivalence, in explained share.
    seed : int
    n_jobs : int or None
    done : callable, optional
        Called with the share that is done.
    n_folds : int
        Outer folds, and inner ones; fewer inside where a training part has fewer groups or times.

    Returns
    -------
    Contest

    Raises
    ------
    InputError
        If the table is too small for the folds.
    """
    drawn = divide(table, seed, n_folds)
    jobs = [
        (repeat, train, test, [seed, 2, repeat, k])
        for repeat, splits in enumerate(drawn.divisions)
        for k, (train, test) in enumerate(splits)
    ]
    parts = []
    for found in Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(
        delayed(_split)(drawn, train, test, n_folds, key) for _, train, test, key in jobs
    ):
        parts.append(found)
        if done is not None:
            done(len(parts) / len(jobs))
    repeats, n_repeats = [job[0] for job in jobs], len(drawn.divisions)
    errors = pd.DataFrame(parts)
    return summarise(errors, repeats, drawn.n_folds, n_repeats, margin, drawn.overlap)


def _refuse_few(divisions: list[Splits]) -> None:
    if min(map(len, divisions)) < 2:
        raise InputError(
            "rows that belong together leave fewer than two divisions with every class, or any "
            "row, to fit: give groups or time, not both, or a table with more of them"
        )


def summarise(
    errors: pd.DataFrame,
    repeats: list[int],
    n_folds: int,
    n_repeats: int,
    margin: float,
    overlap: float | None = None,
) -> Contest:
    """What the errors of all splits say.

    ``overlap`` is the number of rows held out per row that is fitted, by default that of K folds.
    """
    if overlap is None:
        overlap = 1 / (n_folds - 1)
    unit = errors["null"].mean()
    shares = pd.DataFrame({p: (errors["null"] - errors[p]) / unit for p in TRIED})
    scores = []
    for penalty in TRIED:
        explained, low, high = _explained(errors[["null", penalty]].dropna(), overlap)
        scores.append(
            {
                "penalty": penalty,
                "error": errors[penalty].mean(),
                "explained": explained,
                "low": low,
                "high": high,
                "nonzeros": errors[f"{penalty}_nonzeros"].mean(),
                "failed": errors[f"{penalty}_failed"].mean(),
                "at_end": errors[f"{penalty}_at_end"].mean(),
            }
        )
    splits = pd.DataFrame(
        {"split": np.arange(len(errors)), "repeat": repeats, "null": errors["null"]}
    )
    return Contest(
        scores=pd.DataFrame(scores),
        pairs=_pairs(shares, overlap, margin),
        differences=splits.join(shares),
        n_folds=n_folds,
        n_repeats=n_repeats,
        margin=margin,
        null=float(unit),
    )
