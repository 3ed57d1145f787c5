"""The problems that are solved: their data, strengths and folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.signal import lfilter

from benchmarks.problem import Problem, strengths
from normwise.fitting.tuning import fold_labels

SEED = 20260
L1_RATIO = {"l1": 1.0, "elastic_net": 0.5, "l2": 0.0}
# levels of each factor of a one-hot design
LEVELS = 30
# of counts: their mean, and the standard deviation of the logarithm of the rows' means
MEAN_COUNT, COUNT_SIGNAL = 2.0, 0.7


@dataclass(frozen=True)
class Regime:
    """A kind of problem.

    Attributes
    ----------
    name : str
    loss : {"squared", "logistic", "poisson", "multinomial"}
    penalty : {"l1", "elastic_net", "l2"}
    n, p : int
        Rows and columns.
    design : {"independent", "ar1", "equicorrelated", "pairs", "one_hot", "sparse"}
    correlation : float
        Of neighbours (``ar1``) or of all pairs (``equicorrelated``).
    n_relevant : int
    positives : float
        Share of ones in the response of a classification.
    filled : float
        Share of entries of a sparse matrix that are not zero.
    n_folds : int
    n_classes : int
        Of a classification into several.
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
    filled: float = 0.01
    n_folds: int = 10
    n_classes: int = 3

    @property
    def is_large(self) -> bool:
        """The data take so much memory that one process at a time should hold them."""
        return self.design != "sparse" and self.n * self.p > 10**7


def _each(regime: Regime, *kinds: str) -> Iterator[Regime]:
    """The same data for several kinds of problem, such as ``logistic_l1``."""
    for kind in kinds:
        *other, penalty = kind.split("_")
        loss = other[0] if other else "squared"
        yield replace(regime, name=f"{kind}_{regime.name}", loss=loss, penalty=penalty)


_BOTH = ("l1", "l2")
_ALL = (*_BOTH, "logistic_l1", "logistic_l2")
_COUNTS = ("poisson_l1", "poisson_l2")
_CLASSES = ("multinomial_l1", "multinomial_l2")
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
        *_each(Regime("tall_ar", "", "", 20000, 200, "ar1", 0.5), *_ALL),
        *_each(Regime("wide_ar", "", "", 300, 5000, "ar1", 0.9), *_ALL),
        *_each(Regime("square_ar", "", "", 800, 800, "ar1", 0.5, n_relevant=80), *_ALL),
        *_each(Regime("medium_ar", "", "", 2000, 500, "ar1", 0.3), *_ALL),
        *_each(Regime("all_relevant", "", "", 400, 1200, n_relevant=1200), *_ALL),
        *_each(Regime("one_hot", "", "", 3000, 600, "one_hot"), *_ALL),
        *_each(Regime("sparse_8k", "", "", 2000, 8000, "sparse", n_relevant=20), *_ALL),
        *_each(Regime("sparse_20k", "", "", 2000, 20000, "sparse", n_relevant=20), *_ALL),
        *_each(
            Regime("sparse_100k", "", "", 20000, 100000, "sparse", n_relevant=20, filled=0.001),
            *("l1", "logistic_l1"),
        ),
        *_each(Regime("large_n", "", "", 10**6, 60, n_folds=5), *_BOTH),
        *_each(Regime("tall", "", "", 1000, 100), *_COUNTS),
        *_each(Regime("taller", "", "", 10000, 50), *_COUNTS),
        *_each(Regime("wide", "", "", 200, 1000), *_COUNTS),
        *_each(Regime("correlated", "", "", 500, 200, "ar1", 0.9), *_COUNTS),
        *_each(Regime("sparse_5k", "", "", 5000, 5000, "sparse", n_relevant=20), *_COUNTS),
        *_each(Regime("tall", "", "", 1000, 100), *_CLASSES),
        *_each(Regime("taller", "", "", 10000, 50), *_CLASSES),
        *_each(Regime("wide", "", "", 200, 1000), *_CLASSES),
        *_each(Regime("correlated", "", "", 500, 100, "ar1", 0.9, n_classes=4), *_CLASSES),
        *_each(Regime("eight", "", "", 2000, 100, n_classes=8), *_CLASSES),
        *_each(
            Regime("sparse_5k", "", "", 2000, 5000, "sparse", n_relevant=20, n_classes=4),
            *_CLASSES,
        ),
    )
}
# one of each kind, for a look in under half an hour
BRIEF = (
    "l1_small",
    "l1_tall_ar",
    "l1_wide_ar",
    "l1_square_ar",
    "l1_medium_ar",
    "l1_all_relevant",
    "l1_one_hot",
    "l1_sparse_8k",
    "l2_medium_ar",
    "l2_square_ar",
    "logistic_l1_medium_ar",
    "logistic_l1_sparse_8k",
    "logistic_l2_square_ar",
    "l1_large_n",
)
QUICK = ("l1_small", "l2_small", "logistic_l1_small")


def _features(regime: Regime, rng: np.random.Generator) -> np.ndarray | sparse.csc_matrix:
    n, p, rho = regime.n, regime.p, regime.correlation
    if regime.design == "sparse":
        ones = {"data_sampler": lambda size: np.ones(size), "rng": rng}
        X = sparse.csc_matrix(sparse.random_array((n, p), density=regime.filled, **ones))
        share = np.maximum(X.mean(axis=0).A1, 1 / n)
        # centring would fill the matrix
        return sparse.csc_matrix(X @ sparse.diags(1 / np.sqrt(share * (1 - share))))
    if regime.design == "one_hot":
        level = rng.integers(LEVELS, size=(n, p // LEVELS, 1))
        X = (level == np.arange(LEVELS)).reshape(n, p).astype(float)
    else:
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


def _standardised(predictor: np.ndarray) -> np.ndarray:
    return (predictor - predictor.mean(axis=0)) / predictor.std(axis=0)


def _response(regime: Regime, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The response to predictors of unit variance, one for each class where there are several."""
    if regime.loss == "squared":
        y = predictor + rng.standard_normal(regime.n)
        # glmnet divides the strength of an L2 part by the standard deviation of y
        return (y - y.mean()) / y.std()
    if regime.loss == "poisson":
        mean = np.exp(COUNT_SIGNAL * predictor)
        return rng.poisson(MEAN_COUNT * mean / mean.mean()).astype(float)
    if regime.loss == "multinomial":
        latent = predictor * np.pi / np.sqrt(6) + rng.gumbel(size=predictor.shape)
        return latent.argmax(axis=1).astype(float)
    latent = predictor * np.pi / np.sqrt(3) + rng.logistic(size=regime.n)
    return (latent > np.quantile(latent, 1 - regime.positives)).astype(float)


def _folds(regime: Regime, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if regime.loss != "multinomial":
        response = "binary" if regime.loss == "logistic" else "gaussian"
        return fold_labels(y, regime.n_folds, response, rng)
    # balanced within the classes; `fold_labels` is for the responses that studies know
    order = rng.permutation(regime.n)
    labels = np.empty(regime.n, int)
    labels[order[np.argsort(y[order], kind="stable")]] = np.arange(regime.n) % regime.n_folds
    return labels


def draw(regime: Regime, seed: int = SEED) -> Problem:
    """The problem of a regime, with a signal-to-noise ratio of 1, counts with a mean of 2."""
    rng = np.random.default_rng(seed)
    X = _features(regime, rng)
    relevant = np.linspace(0, regime.p - 1, regime.n_relevant).astype(int)
    shape = (regime.n_classes,) if regime.loss == "multinomial" else ()
    coef = np.zeros((regime.p, *shape))
    coef[relevant] = rng.choice([-1.0, 1.0], (regime.n_relevant, *shape))
    y = _response(regime, _standardised(X @ coef), rng)
    a = L1_RATIO[regime.penalty]
    return Problem(X, y, strengths(X, y, regime.loss, a), _folds(regime, y, rng), regime.loss, a)
