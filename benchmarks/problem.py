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
LOSSES = ("squared", "logistic", "poisson", "multinomial")


@dataclass(frozen=True)
class Problem:
    r"""Data, folds and strengths; the same for every contender.

    The objective is :math:`\ell(y, b_0 + Xb) + \lambda (a \lVert b \rVert_1 +
    \frac{1-a}{2} \lVert b \rVert^2)` with the mean loss :math:`\ell`: half the squared error, the
    log-loss, or half the Poisson deviance. Several classes have a vector :math:`b` each, none of
    them is the base, and all are penalised.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Numbers, classes 0 and 1, counts, or the numbers of several classes from 0 on.
    alphas : ndarray of shape (n_alphas,)
        Decreasing :math:`\lambda`.
    folds : ndarray of int, shape (n_samples,)
    loss : {"squared", "logistic", "poisson", "multinomial"}
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
    def coef_shape(self) -> tuple[int, ...]:
        """Of the coefficients at one strength: (n_features,), or (n_classes, n_features)."""
        p = self.X.shape[1]
        return (int(self.y.max()) + 1, p) if self.loss == "multinomial" else (p,)

    @property
    def n_bytes(self) -> int:
        """Memory of X and y."""
        X = self.X
        parts = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
        return sum(part.nbytes for part in (*parts, self.y))


def strengths(X: np.ndarray | sparse.csc_matrix, y: np.ndarray, loss: str, a: float) -> np.ndarray:
    """The decreasing sequence of strengths of a problem.

    With an L1 part, from the smallest with a null solution down to a thousandth of it (a hundredth
    for any but the squared loss with more columns than rows); for L2, from 100 p to p / 10000,
    where p is the largest possible eigenvalue of X'X / n, and times the mean of counts, by which
    their loss is curved.
    """
    n, p = X.shape
    if not a:
        unit = y.mean() if loss == "poisson" else 1.0
        return unit * p * np.geomspace(1e2, 1e-4, N_ALPHAS)
    targets = y[:, None]
    if loss == "multinomial":
        targets = y[:, None] == np.arange(y.max() + 1)
    largest = np.abs(X.T @ (targets - targets.mean(axis=0))).max() / n / a
    least = 1e-2 if loss != "squared" and n < p else 1e-3
    return largest * np.geomspace(1, least, N_ALPHAS)


def write_problem(problem: Problem, folder: Path) -> None:
    """Write a problem as plain binary files, which R and Python both read.

    ``about.txt`` holds rows, columns, strengths, the number of the loss in `LOSSES` from 0 on, the
    L1 share, and the number of stored entries of a sparse matrix (-1: dense, by columns).
    """
    n, p = problem.X.shape
    entries = problem.X.nnz if sparse.issparse(problem.X) else -1
    loss = LOSSES.index(problem.loss)
    about = f"{n} {p} {len(problem.alphas)} {loss} {problem.l1_ratio} {entries}\n"
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
    n, p, _, loss, l1_ratio, entries = map(float, (folder / "about.txt").read_text().split())
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
        LOSSES[int(loss)],
        l1_ratio,
    )
