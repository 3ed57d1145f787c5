"""The search for a strength, on a grid that goes on where its end would bind.

The first strength of a default grid is the null model. The last is the limit of no penalty only
where the loss has one (see `normwise.fitting.loss.Loss.has_limit`) and the penalty is L1 or L2
alone. Elsewhere the search goes on downwards until the cross-validated error has passed its
minimum, or hardly changes any more, which is the limit for all that prediction can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from normwise.fitting.loss import Loss
from normwise.fitting.solvers.problem import CrossValidation, Path, Problem

# a tenth of the strength that gains less than this share of the null model's error gains nothing
NEGLIGIBLE = 1e-5
# the search ends at this share of the grid's largest finite strength
DEEPEST = 1e-14
# strengths on the way to further ones, and what is aimed at there, of the gap that is asked for: a
# dual point that is out by the same amount costs more where the strength is small
WAY = 8
CLOSER = 0.01
# rows and features from which the solutions at the small strengths, of as many coefficients, take
# most of the time, and the shares of the grid after which the error is looked at. Each look takes
# a preparation of all features: of a dense table with more than so many for each row, or fewer than
# one, it is worth less often, and with still more or still fewer it is not worth it
LARGE = 200
FLAT, FLATTER, TALL = 8, 20, 0.1
LOOKS, FEW_LOOKS = (0.25, 0.35, 0.45, 0.55, 0.65, 0.85), (0.45, 0.7)
# how far the error must have risen: in its standard error, and of what the best strength explains;
# of an error above that of the null model by such a share, fewer standard errors will do
SURE, SURE_ABOVE_NULL = 3.0, 2.5
RISE = 0.1
MIN_FOLDS = 4

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Searched:
    """A path on all rows and the errors of the same strengths in the folds."""

    path: Path
    cv: CrossValidation

    def usable(self, tol: float) -> np.ndarray:
        """Strengths that are proven optimal on all rows and in every fold."""
        proven = (self.path.gap <= tol) & (self.cv.gap <= tol).all(axis=0)
        return proven & np.isfinite(self.cv.errors).all(axis=0)

    def error(self, usable: np.ndarray) -> np.ndarray:
        """Mean error of each strength, infinite where it may not be chosen."""
        with np.errstate(invalid="ignore"):
            mean = self.cv.weight @ self.cv.errors / self.cv.weight.sum()
        return np.where(usable, mean, np.inf)

    def only(self, kept: np.ndarray) -> Searched:
        """Some of the strengths, by position."""
        path = Path(*(getattr(self.path, f.name)[kept] for f in fields(Path)))
        cv = self.cv
        return Searched(
            path,
            CrossValidation(cv.errors[:, kept], cv.gap[:, kept], cv.n_iter, cv.weight, cv.last),
        )

    def with_more(self, more: Searched) -> Searched:
        """Both, strengths decreasing."""
        path = Path(
            *(
                np.concatenate([getattr(self.path, f.name), getattr(more.path, f.name)])
                for f in fields(Path)
            )
        )
        cv = CrossValidation(
            np.hstack([self.cv.errors, more.cv.errors]),
            np.hstack([self.cv.gap, more.cv.gap]),
            self.cv.n_iter + more.cv.n_iter,
            self.cv.weight,
            more.cv.last,
        )
        return Searched(path, cv).only(np.argsort(-path.alphas, kind="stable"))


def is_covered(loss: Loss, l1_ratio: float) -> bool:
    """Whether a default grid ends with the limit of no penalty."""
    # the two parts of a mix have different units, so that no share of the first strength is small
    return loss.has_limit and l1_ratio in (0, 1)


def falls(alphas: np.ndarray, error: np.ndarray, bottom: float, null: float) -> bool:
    """Whether the error is least at ``bottom`` or below it, and has not come to rest there.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Strengths, decreasing.
    error : ndarray of shape (n_alphas,)
        Cross-validated errors, infinite for strengths that may not be chosen.
    bottom : float
        One of the strengths.
    null : float
        Error of the null model.
    """
    best = int(error.argmin())
    if alphas[best] > bottom or bottom == 0 or not np.isfinite(error[best]):
        return False
    above = np.flatnonzero(alphas >= 10 * bottom * (1 - 1e-9))
    before = above[-1] if len(above) else 0
    decades = min(float(np.log10(alphas[before] / bottom)), 1.0)
    return bool(error[before] - error[best] > NEGLIGIBLE * null * decades)


def has_risen(found: Searched, tol: float, null: float) -> bool:
    """Whether the error at the last strength lies far above the least one, beyond chance.

    By the differences of the folds, paired: their mean must exceed `SURE` of its standard errors
    and a share `RISE` of what the best strength explains; or, where the error exceeds that of the
    null model by such a share, `SURE_ABOVE_NULL` standard errors.

    Parameters
    ----------
    found : Searched
        A path as far as it was followed.
    tol : float
        Relative duality gap of a strength that may be chosen.
    null : float
        Error of the null model.
    """
    error = found.error(found.usable(tol))
    best, weight = int(error.argmin()), found.cv.weight
    if len(weight) < MIN_FOLDS or not np.isfinite(error[[best, -1]]).all():
        return False
    rise = found.cv.errors[:, -1] - found.cv.errors[:, best]
    mean = float(weight @ rise / weight.sum())
    spread = np.sqrt(weight @ (rise - mean) ** 2 / weight.sum() / (len(weight) - 1))
    if error[-1] > (1 + RISE) * null and mean > SURE_ABOVE_NULL * spread:
        return True
    return mean > max(SURE * spread, RISE * max(null - error[best], RISE * null))


def looks_of(problem: Problem) -> tuple[float, ...]:
    """Shares of the grid after which to look whether the rest is worth its time; maybe none."""
    n, p = problem.n_samples, problem.n_features
    if problem.engine != "native" or min(n, p) < LARGE:
        return ()
    if n <= p and (sparse.issparse(problem.X) or p <= FLAT * n):
        return LOOKS
    return FEW_LOOKS if TALL * n <= p <= FLATTER * n else ()


def _in_parts(
    fit: Callable[..., Searched],
    grid: np.ndarray,
    looks: Sequence[float],
    tol: float,
    null: float,
) -> Searched:
    """The grid from above, as far as the error has not yet risen far above its minimum."""
    cuts = [round(share * len(grid)) for share in looks]
    first, *others = np.split(grid, cuts)
    found = fit(first, tol)
    for alphas in others:
        if has_risen(found, tol, null):
            break
        found = found.with_more(fit(alphas, tol, found.path.coef[-1], found.cv.last))
    return found


def search(
    problem: Problem,
    l1_ratio: float,
    n_alphas: int,
    splits: Splits,
    tol: float,
    n_jobs: int | None = 1,
) -> Searched:
    """Fit the default grid to all rows and in each fold, and go on where its end would bind.

    Of large problems with an L1 part, whose small strengths take nearly all of the time, the grid
    is followed until the error has risen far above its minimum (see `has_risen`). There the path
    holds the strengths that were fitted.

    Parameters
    ----------
    problem : Problem
    l1_ratio : float
    n_alphas : int
        Strengths of the default grid. Further ones have its spacing, and are those down to a tenth
        of the last, as often as it takes.
    splits : sequence of (train, test)
    tol : float
        Relative duality gap; the search ends before a strength that misses it.
    n_jobs : int, optional
        Threads over the folds.

    Raises
    ------
    NoSolutionError
        What `Problem.cross_validate` raises.
    """

    def fit(
        alphas: np.ndarray,
        aim: float,
        start: np.ndarray | None = None,
        fold_starts: np.ndarray | None = None,
    ) -> Searched:
        path = problem.path(alphas, l1_ratio, aim, start)
        folds = problem.cross_validate(splits, alphas, l1_ratio, aim, n_jobs, fold_starts)
        return Searched(path, folds)

    def fit_below(bottom: float, alphas: np.ndarray) -> Searched:
        # the solver comes from the null model, and aims by the coefficients that it starts with
        way = np.append(np.geomspace(top, bottom, WAY), alphas)
        return fit(way, CLOSER * tol).only(np.arange(WAY, len(way)))

    problem.share(splits, n_jobs)
    grid = problem.alpha_grid(l1_ratio, n_alphas)
    null = problem.null_error
    found = _in_parts(fit, grid, looks_of(problem) if l1_ratio else (), tol, null)
    if len(found.path.alphas) < len(grid):
        return found
    if is_covered(problem.loss, l1_ratio):
        return found
    even = grid[np.isfinite(grid)]
    if problem.loss.has_limit:
        # the last strength lies apart
        even = even[:-1]
    top, bottom, ratio = even[0], float(even[-1]), even[-1] / even[-2]
    steps = ratio ** np.arange(1, 1 + int(np.ceil(np.log(0.1) / np.log(ratio) - 1e-9)))
    while bottom > DEEPEST * top and falls(
        found.path.alphas, found.error(found.usable(tol)), bottom, null
    ):
        more = fit_below(bottom, bottom * steps)
        proven = int(np.cumprod(more.usable(tol)).sum())
        found = found.with_more(more.only(np.arange(proven)))
        if proven < len(steps):
            break
        bottom = float(bottom * steps[-1])
    return found


def binding_end(
    loss: Loss, path: Path, error: np.ndarray, chosen: int, null: float, covered: bool
) -> str:
    """Which end of the strengths keeps the choice from going further: largest, smallest or neither.

    Parameters
    ----------
    loss : Loss
    path : Path
    error : ndarray of shape (n_alphas,)
        Cross-validated errors, infinite for strengths that may not be chosen.
    chosen : int
        Position of the chosen strength.
    null : float
        Error of the null model.
    covered : bool
        Whether the last strength is the limit of no penalty.
    """
    alphas = path.alphas
    if len(alphas) == 1:
        return ""
    if chosen == 0 and np.isfinite(alphas[0]) and path.coef[0].any():
        return "largest"
    if not covered and falls(alphas, error, float(alphas[-1]), null):
        return "smallest"
    return ""
