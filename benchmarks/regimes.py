"""The problems that are solved: their data, strengths and folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.signal import lfilter

from normwise.fitting.tuning import fold_labels

SEED = 20260
N_ALPHAS = 100
N_FOLDS = 10
L1_RATIO = {"l1": 1.0, "elastic_net": 0.5, "l2": 0.0}


@dataclass(frozen=True)
class Regime:
    """A kind of problem.

    Attributes
    ----------
    name : str
    loss : {"squared", "logistic"}
    penalty : {"l1", "elastic_net", "l2"}
    n, p : int
        Rows and columns.
    design : {"independent", "ar1", "equicorrelated", "pairs", "sparse"}
    correlation : float
        Of neighbours (``ar1``) or of all pairs (``equicorrelated``).
    n_relevant : int
    positives : float
        Share of ones in the response of a classification.
    """

    name: str
    loss: str
    penalty: str
    n: int
    p: int
    design: str = "independent"
    correlation: float = 0.0
    n_relevant: int = 10
    positives: float = 0.5


REGIMES = {
    r.name: r
    for r in (
        Regime("l1_small", "squared", "l1", 100, 20, n_relevant=5),
        Regime("l1_tall", "squared", "l1", 5000, 100),
        Regime("l1_wide", "squared", "l1", 100, 1000),
        Regime("l1_wide_correlated", "squared", "l1", 200, 2000, "ar1", 0.9),
        Regime("l1_square", "squared", "l1", 1000, 1000),
        Regime("l1_equicorrelated", "squared", "l1", 200, 200, "equicorrelated", 0.99),
        Regime("l1_near_duplicates", "squared", "l1", 200, 400, "pairs"),
        Regime("l1_dense_signal", "squared", "l1", 300, 600, n_relevant=600),
        Regime("l1_very_wide", "squared", "l1", 200, 20000, n_relevant=20),
        Regime("l1_sparse_matrix", "squared", "l1", 1000, 10000, "sparse", n_relevant=20),
        Regime("enet_wide_correlated", "squared", "elastic_net", 200, 2000, "ar1", 0.9),
        Regime("enet_near_duplicates", "squared", "elastic_net", 200, 400, "pairs"),
        Regime("l2_small", "squared", "l2", 100, 20, n_relevant=5),
        Regime("l2_tall", "squared", "l2", 5000, 100),
        Regime("l2_wide", "squared", "l2", 100, 1000),
        Regime("l2_wider", "squared", "l2", 200, 2000),
        Regime("l2_square", "squared", "l2", 1000, 1000),
        Regime("logistic_l1_small", "logistic", "l1", 200, 50),
        Regime("logistic_l1_wide", "logistic", "l1", 200, 500),
        Regime("logistic_l1_rare", "logistic", "l1", 1000, 100, positives=0.05),
        Regime("logistic_l1_correlated", "logistic", "l1", 300, 200, "ar1", 0.9),
        Regime("logistic_l2_small", "logistic", "l2", 200, 50),
        Regime("logistic_l2_wide", "logistic", "l2", 200, 500),
        Regime("logistic_l2_rare", "logistic", "l2", 1000, 100, positives=0.05),
    )
}
QUICK = ("l1_small", "l2_small", "logistic_l1_small")


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


def _features(regime: Regime, rng: np.random.Generator) -> np.ndarray | sparse.csc_matrix:
    n, p, rho = regime.n, regime.p, regime.correlation
    if regime.design == "sparse":
        ones = {"data_sampler": lambda size: np.ones(size), "rng": rng}
        X = sparse.csc_matrix(sparse.random_array((n, p), density=0.01, **ones))
        share = np.maximum(X.mean(axis=0).A1, 1 / n)
        # centring would fill the matrix
        return sparse.csc_matrix(X @ sparse.diags(1 / np.sqrt(share * (1 - share))))
    X = rng.standard_normal((n, p))
    if regime.design == "ar1":
        X[:, 1:] *= np.sqrt(1 - rho**2)
        X = lfilter([1.0], [1.0, -rho], X, axis=1)
    elif regime.design == "equicorrelated":
        X = np.sqrt(rho) * rng.standard_normal((n, 1)) + np.sqrt(1 - rho) * X
    elif regime.design == "pairs":
        X[:, 1::2] = X[:, ::2] + 1e-3 * X[:, 1::2]
    X -= X.mean(axis=0)
    return X / X.std(axis=0)


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


def draw(regime: Regime, seed: int = SEED) -> Problem:
    """The problem of a regime, with a signal-to-noise ratio of 1."""
    rng = np.random.default_rng(seed)
    X = _features(regime, rng)
    coef = np.zeros(regime.p)
    relevant = np.linspace(0, regime.p - 1, regime.n_relevant).astype(int)
    coef[relevant] = rng.choice([-1.0, 1.0], regime.n_relevant)
    predictor = X @ coef
    predictor = (predictor - predictor.mean()) / predictor.std()
    if regime.loss == "squared":
        y = predictor + rng.standard_normal(regime.n)
        # glmnet divides the strength of an L2 part by the standard deviation of y
        y = (y - y.mean()) / y.std()
    else:
        latent = predictor * np.pi / np.sqrt(3) + rng.logistic(size=regime.n)
        y = (latent > np.quantile(latent, 1 - regime.positives)).astype(float)
    a = L1_RATIO[regime.penalty]
    response = "gaussian" if regime.loss == "squared" else "binary"
    folds = fold_labels(y, N_FOLDS, response, rng)
    return Problem(X, y, strengths(X, y, regime.loss, a), folds, regime.loss, a)


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
