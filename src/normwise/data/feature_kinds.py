"""The kinds of features: which function of which variable each column of a table is.

A feature that is not Gaussian is a function of one standard normal variable, and the correlation
family of the scenario is that of these variables (a Gaussian copula). A categorical variable has a
column of zeros and ones for each level but its most frequent one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from normwise.data.copula import Columns, Shape
from normwise.data.scenario import Scenario

# of the counts: zeros that the count itself does not explain, and its mean without them
EXTRA_ZEROS, MEAN_COUNT = 0.3, 3.0
LARGEST_COUNT = 100


def popularity(n_features: int, density: float) -> np.ndarray:
    """Share of ones of sparse 0/1 features: it falls as 1/sqrt(rank), capped at one half.

    Parameters
    ----------
    n_features : int
    density : float
        Its mean.

    Returns
    -------
    ndarray of shape (n_features,)
    """
    tail = (np.arange(n_features) + 1.0) ** -0.5
    low, high = 0.0, 0.5 / tail[-1]
    for _ in range(100):
        middle = (low + high) / 2
        if np.minimum(0.5, middle * tail).mean() < density:
            low = middle
        else:
            high = middle
    return np.minimum(0.5, high * tail)


def counts() -> Shape:
    """Zero-inflated geometric counts: an exponential variable rounded down, and further zeros."""
    stay = MEAN_COUNT / (1 + MEAN_COUNT)
    beyond = (1 - EXTRA_ZEROS) * stay ** np.arange(1, LARGEST_COUNT + 1)
    return Shape(cuts=tuple(-ndtri(beyond)), values=tuple(np.arange(LARGEST_COUNT + 1.0)))


def level_shares(n_levels: int) -> np.ndarray:
    """Shares of the levels of a category, in proportion to 1, 1/2, 1/3 and so on."""
    share = 1 / np.arange(1.0, n_levels + 1)
    return np.asarray(share / share.sum())


def levels(n_columns: int) -> list[Shape]:
    """Zeros and ones for each level of a category but the first, the most frequent one."""
    cuts = ndtri(np.cumsum(level_shares(n_columns + 1))[:-1])
    inner = [Shape(cuts=(low, high), values=(0.0, 1.0, 0.0)) for low, high in pairwise(cuts)]
    return [*inner, _exceeds(cuts[-1])]


def _exceeds(cut: float) -> Shape:
    return Shape(cuts=(float(cut),), values=(0.0, 1.0))


def _one(shape: Shape) -> Callable[[Scenario, int], list[Shape]]:
    return lambda s, room: [shape]


def _category(s: Scenario, room: int) -> list[Shape]:
    return levels(min(s.n_levels - 1, room))


# columns of the next variable, given how many columns there is room for; the share of ones of a
# sparse feature depends on how many there are, and is filled in by `columns_of`
_SPARSE = _exceeds(0.0)
KINDS: dict[str, Callable[[Scenario, int], list[Shape]]] = {
    "gaussian": _one(Shape("gaussian")),
    "lognormal": _one(Shape("lognormal")),
    "student_t": _one(Shape("student_t")),
    "counts": _one(counts()),
    "categorical": _category,
    "sparse_binary": _one(_SPARSE),
}


def _kinds(s: Scenario, rng: np.random.Generator) -> Iterator[str]:
    """Kind of each variable; in a mixed table all kinds in turn, each turn in a random order."""
    while True:
        yield from rng.permutation(list(KINDS)) if s.features == "mixed" else [s.features]


def columns_of(s: Scenario, rng: np.random.Generator) -> Columns:
    """The columns of a scenario's table, each a function of one of its variables.

    Parameters
    ----------
    s : Scenario
    rng : numpy.random.Generator
        Draws the order of the kinds of a mixed table.
    """
    columns: list[tuple[int, Shape]] = []
    sparse = []
    for variable, kind in enumerate(_kinds(s, rng)):
        if len(columns) == s.n_features:
            break
        if kind == "sparse_binary":
            sparse.append(len(columns))
        columns += [(variable, shape) for shape in KINDS[kind](s, s.n_features - len(columns))]
    for j, share in zip(sparse, popularity(len(sparse) or 1, s.density), strict=False):
        columns[j] = (columns[j][0], _exceeds(-ndtri(share)))
    return Columns.of(columns)


def smallest_mixed(n_levels: int) -> int:
    """Columns of a mixed table with one variable of each kind."""
    return len(KINDS) - 1 + n_levels - 1
