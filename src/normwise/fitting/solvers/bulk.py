r"""The training parts of a small problem, solved together.

Where a path takes a fraction of a millisecond, numpy's calls around it take longer than the path
itself. Here a few compiled calls standardise all training parts, solve them and measure their
errors. Rows that one part has fewer than another are zeros, which add nothing to squared error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# beyond these sizes the calls cost less than what they compute, and blocked factorisations or
# coordinate descent compute it faster
MAX_ROWS = 256
MAX_SHORTER = 150
MAX_ENTRIES = 131_072
# a larger gap of ridge is a sign of rounding errors, which the eigenvectors keep out
PRECISE = 1e-9


@dataclass(frozen=True)
class Parts:
    """Training parts of one problem, each standardised, and the rows they are tested on.

    Attributes
    ----------
    rows : ndarray of shape (n_parts, n_features, most_rows)
        Features, over the root of the number of rows.
    y : ndarray of shape (n_parts, most_rows)
        Response, centred, over the same root.
    n_rows, n_tests : ndarray of int, shape (n_parts,)
    tests : ndarray of shape (n_parts, most_tests, n_features)
        Features of the test rows, standardised as the part's are.
    y_test : ndarray of shape (n_parts, most_tests)
        Response, less the part's mean.
    mean, scale : ndarray of shape (n_parts, n_features)
    offset : ndarray of shape (n_parts,)
        Mean of the response.
    """

    rows: np.ndarray
    y: np.ndarray
    n_rows: np.ndarray
    tests: np.ndarray
    y_test: np.ndarray
    n_tests: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    offset: np.ndarray

    def largest_correlation(self) -> float:
        """Largest absolute gradient of the loss at the null model of the first part."""
        return float(np.abs(self.rows[0] @ self.y[0]).max())


def is_small(n_samples: int, n_features: int) -> bool:
    """Whether a problem is solved here."""
    few = n_samples <= MAX_ROWS and min(n_samples, n_features) < MAX_SHORTER
    return few and n_samples * n_features <= MAX_ENTRIES


def standardised_parts(
    X: np.ndarray, y: np.ndarray, splits: Sequence[tuple[np.ndarray, np.ndarray]]
) -> Parts:
    """Standardise each training part, with its test rows."""
    # compiled: loaded when used
    from normwise.fitting.solvers.parts import standardise

    trains, tests = (
        [np.asarray(rows, np.int64) for rows in side] for side in zip(*splits, strict=True)
    )
    n_rows, n_tests = (np.array([len(rows) for rows in side]) for side in (trains, tests))
    arrays = standardise(
        np.ascontiguousarray(X),
        y,
        np.concatenate(trains),
        n_rows,
        np.concatenate(tests),
        n_tests,
    )
    rows, response, held_out, y_test, mean, scale, offset = arrays
    return Parts(rows, response, n_rows, held_out, y_test, n_tests, mean, scale, offset)


def all_rows(X: np.ndarray, y: np.ndarray) -> Parts:
    """All rows as the only part."""
    return standardised_parts(X, y, [(np.arange(len(y)), np.arange(0))])


def path(
    parts: Parts,
    alphas: np.ndarray,
    l1_ratio: float,
    tol: float,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Solve the first part: coefficients on the scale of the data, intercepts, gaps, steps.

    None where `_solutions` has none.
    """
    begin = None if start is None else start[None]
    found = _solutions(parts, alphas, l1_ratio, tol, begin)
    if found is None:
        return None
    solution, gap, n_iter, of_rows = found
    coef = (solution[0] @ parts.rows[0].T if of_rows else solution[0]) / parts.scale[0]
    return coef, parts.offset[0] - coef @ parts.mean[0], gap[0], n_iter[0]


def errors(
    parts: Parts,
    alphas: np.ndarray,
    l1_ratio: float,
    tol: float,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None] | None:
    """Mean squared errors of the test rows and gaps, each (n_parts, n_alphas), and all steps.

    With an L1 part also the coefficients at the last strength, of shape (n_parts, n_features).
    None where `_solutions` has none.
    """
    from normwise.fitting.solvers.parts import squared_errors

    found = _solutions(parts, alphas, l1_ratio, tol, start)
    if found is None:
        return None
    solution, gap, n_iter, of_rows = found
    tests = parts.tests @ parts.rows if of_rows else parts.tests
    mean = squared_errors(solution, tests, parts.y_test, parts.n_tests)
    return mean, gap, int(n_iter.sum()), solution[:, -1] / parts.scale if l1_ratio else None


def _solutions(
    parts: Parts, alphas: np.ndarray, l1_ratio: float, tol: float, start: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool] | None:
    """Solutions of each part, gaps, steps, and whether solutions are combinations of the rows.

    None where the gaps of ridge are not precise, as with strength 0 and a matrix without full rank.
    """
    if l1_ratio:
        from normwise.fitting.solvers.active_set import active_set_paths

        l1, l2 = alphas * l1_ratio, alphas * (1 - l1_ratio)
        begin = np.zeros(parts.scale.shape)
        if start is not None:
            np.multiply(start, parts.scale, out=begin, where=np.isfinite(parts.scale))
        return *active_set_paths(parts.rows, parts.y, l1, l2, begin, tol), False
    from normwise.fitting.solvers.parts import ridge_paths

    solution, gap = ridge_paths(parts.rows, parts.y, parts.n_rows, alphas)
    if not (gap <= PRECISE).all():
        return None
    n_iter = np.where(np.isfinite(alphas), 1, np.zeros(gap.shape, int))
    return solution, gap, n_iter, parts.rows.shape[2] <= parts.rows.shape[1]
