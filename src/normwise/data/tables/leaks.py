"""A target among its own features: copies of it, and columns that add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from normwise.data.tables.columns import picked
from normwise.data.tables.messages import listed

# share of the target's variance that columns which add up to it leave
EXACT = 1e-9
# features of which a combination is searched, rows beside them, and columns that may add up
WIDEST, SPARE_ROWS, MOST_PARTS = 1000, 20, 30


def find_copies(X: Any, y: np.ndarray, names: Sequence[str], *, classes: bool = False) -> list[str]:
    """Features that are the target itself, or one of its classes, up to scale."""
    if sparse.issparse(X):
        from sklearn.utils.sparsefuncs import mean_variance_axis

        variance = mean_variance_axis(X, axis=0)[1]
    else:
        variance = X.var(axis=0)
    levels = np.unique(y) if classes else np.empty(0)
    found = np.zeros(len(names), bool)
    for column in (y, *((y == level).astype(float) for level in levels)):
        covariance = X.T @ (column - column.mean()) / len(y)
        found |= np.abs(covariance) > (1 - 1e-9) * np.sqrt(variance) * column.std()
    return picked(names, found)


def find_parts(X: Any, y: np.ndarray, names: Sequence[str]) -> list[str]:
    """Features whose weighted sum is the target, up to a constant; few of them, if few will do."""
    n, p = X.shape
    if p > WIDEST or n < p + SPARE_ROWS:
        return []
    # a sample rules out nearly every table
    step = max(1, n // (4 * p + 200))
    if _left(_standardised(X[::step]), y[::step]) > EXACT:
        return []
    Z = _standardised(X)
    return picked(names, _forward(Z, y)) if _left(Z, y) <= EXACT else []


def _standardised(X: Any) -> np.ndarray:
    dense = X.toarray() if sparse.issparse(X) else X
    Z = dense - dense.mean(axis=0)
    spread = Z.std(axis=0)
    Z /= np.where(spread > 0, spread, 1.0)
    return np.asarray(Z)


def _left(Z: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of `y` that no combination of the columns gives."""
    centred = y - y.mean()
    coef = np.linalg.lstsq(Z, centred, rcond=1e-10)[0]
    return float(((centred - Z @ coef) ** 2).sum() / max((centred**2).sum(), 1e-300))


def _forward(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The columns that a search taking one at a time needs, without those it could have spared."""
    y = (y - y.mean()) / y.std()
    chosen: list[int] = []
    rest = y
    while len(chosen) < min(MOST_PARTS, Z.shape[1]):
        score = np.abs(Z.T @ rest)
        score[chosen] = 0
        chosen.append(int(score.argmax()))
        coef = np.linalg.lstsq(Z[:, chosen], y, rcond=1e-10)[0]
        rest = y - Z[:, chosen] @ coef
        if (rest**2).mean() < EXACT:
            break
    else:
        chosen = list(range(Z.shape[1]))
        coef = np.linalg.lstsq(Z, y, rcond=1e-10)[0]
    return np.isin(np.arange(Z.shape[1]), np.array(chosen)[np.abs(coef) > 1e-4])


def about_leaks(copies: list[str], parts: list[str]) -> list[str]:
    """What is said of them."""
    if copies:
        said = f"copies of the target, up to scale, are among the features: {listed(copies)}"
    elif parts:
        said = f"the target is a sum of features, each times a number: {listed(parts)}"
    else:
        return []
    return [
        f"Warning: {said}. If they are not known before the target is, every "
        "result below is worthless: leave them out."
    ]
