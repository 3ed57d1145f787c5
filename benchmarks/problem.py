"""A problem as every contender gets it, and its files.

This module, `contender`, `contenders`, `worker` and `peers` need numpy, scipy and threadpoolctl
alone, so that they run in the environment of any contender.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

N_ALPHAS = 100


@dataclass(frozen=True)
class Problem:
    r"""Data, folds and strengths; the same for every contender.

    The objective is :math:`\ell(y, b_0 + Xb) + \lambda (a \lVert b \rVert_1 +
    \frac{1-a}{2} \lVert b \rVert^2)` with the mean loss :math:`\ell`.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    alphas : ndarray of shape (n_alphas,)
        Decreasing :math:`\lambda`.
    folds : ndarray of int, shape (n_samples,)
    loss : {"squared", "logistic"}
    l1_ratio : float
        :math:`a`.
    """

    X: np.ndarray | sparse.csc_matrix
    y: np.ndarray
    alphas: np.ndarray
    folds: np.ndarray
    loss: str
    l1_ratio: float

    @property
    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Training and test rows of each fold."""
        labels = range(self.folds.max() + 1)
        return [(np.flatnonzero(self.folds != k), np.flatnonzero(self.folds == k)) for k in labels]

    @property
    def n_bytes(self) -> int:
        """Memory of X and y."""
        X = self.X
        parts = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
        return sum(part.nbytes for part in (*parts, self.y))


def strengths(X: np.ndarray | sparse.csc_matrix, y: np.ndarray, loss: str, a: float) -> np.ndarray:
    """The decreasing sequence of strengths of a problem.

    With an L1 part, from the smallest with a null solution down to a thousandth of it (a hundredth
    for a classification with more columns than rows); for L2, from 100 p to p / 10000, where p is
    the largest possible eigenvalue of X'X / n.
    """
    n, p = X.shape
    if not a:
        return p * np.geomspace(1e2, 1e-4, N_ALPHAS)
    largest = np.abs(X.T @ (y - y.mean())).max() / n / a
    return largest * np.geomspace(1, 1e-2 if loss == "logistic" and n < p else 1e-3, N_ALPHAS)


def write_problem(problem: Problem, folder: Path) -> None:
    """Write a problem as plain binary files, which R and Python both read.

    ``about.txt`` holds rows, columns, strengths, whether the loss is logistic, the L1 share, and
    the number of stored entries of a sparse matrix (-1: dense, by columns).
    """
    n, p = problem.X.shape
    entries = problem.X.nnz if sparse.issparse(problem.X) else -1
    logistic = int(problem.loss == "logistic")
    about = f"{n} {p} {len(problem.alphas)} {logistic} {problem.l1_ratio} {entries}\n"
    (folder / "about.txt").write_text(about)
    if sparse.issparse(problem.X):
        problem.X.indices.astype("i4").tofile(folder / "i.bin")
        problem.X.indptr.astype("i4").tofile(folder / "p.bin")
        problem.X.data.tofile(folder / "x.bin")
    else:
        problem.X.ravel("F").tofile(folder / "x.bin")
    problem.y.tofile(folder / "y.bin")
    problem.alphas.tofile(folder / "alphas.bin")
    problem.folds.astype("i4").tofile(folder / "folds.bin")


def read_problem(folder: Path) -> Problem:
    """The problem in a folder."""
    n, p, _, logistic, l1_ratio, entries = map(float, (folder / "about.txt").read_text().split())
    shape = int(n), int(p)
    x = np.fromfile(folder / "x.bin")
    if entries >= 0:
        rows = np.fromfile(folder / "i.bin", "i4")
        X = sparse.csc_matrix((x, rows, np.fromfile(folder / "p.bin", "i4")), shape)
    else:
        X = np.ascontiguousarray(x.reshape(shape, order="F"))
    return Problem(
        X,
        np.fromfile(folder / "y.bin"),
        np.fromfile(folder / "alphas.bin"),
        np.fromfile(folder / "folds.bin", "i4").astype(int),
        "logistic" if logistic else "squared",
        l1_ratio,
    )
