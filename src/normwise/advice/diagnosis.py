"""What a table is like, before any penalty is chosen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse, stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from scipy.special import expit

from normwise.advice.findings import Diagnosis
from normwise.advice.outcome import columns_of
from normwise.advice.sparsity import Sparsity, estimate_sparsity
from normwise.advice.spectrum import (
    Alignment,
    align,
    effective_features,
    signal_to_noise,
    spectrum,
)
from normwise.analysis.learn.cells import COLLINEAR
from normwise.data.response_kind import kind_of
from normwise.data.responses.binary import LOGISTIC_VARIANCE
from normwise.data.rows import row_keys
from normwise.data.tables.messages import listed
from normwise.data.tables.table import Table
from normwise.fitting.loss import loss_of

# numbers that a description looks at; of a larger table it sees a sample of the rows
CELLS = 10_000_000
FEWEST_ROWS = 200
# pairs of features whose correlations are computed
PAIRS = 400_000_000
# hierarchical clustering needs all pairs at once
CLUSTERED = 2000
# beyond, correlations are computed from about so many rows
SEEN_ROWS = 300
COPY = 1 - 1e-9
FAR = 5.0
# shares of the squares that a hundredth of the rows, or two, must hold to decide a fit
HEAVY_RESPONSE, HEAVY_FEATURES = 0.5, 0.25
FEWEST_HEAVY = 2
STRONGEST = 100.0
MISSING = 0.2
RARE = 0.1
CONDITION = 30
LEAK = 0.99
# columns that are standardised together
AT_ONCE = 16
# skewness from which a feature has a long tail, and values up to which it is a count or a code
SKEWED, FEW_VALUES = 2.0, 10
# numbers that the search for the number of coefficients passes through, again and again
SPARSITY_CELLS = 500_000


def sample_size(n_rows: int, width: int, cells: int) -> int:
    """How many rows of a table are looked at: all if they hold no more than ``cells`` numbers."""
    return min(n_rows, max(FEWEST_ROWS, cells // width))


def sample_rows(
    y: np.ndarray, width: int, response: str, cells: int, rng: np.random.Generator
) -> np.ndarray:
    """Row numbers, as many as `sample_size` says.

    A sample of the rows of a response with classes keeps the shares of the classes.
    """
    size = sample_size(len(y), width, cells)
    if len(y) == size:
        return np.arange(size)
    order = rng.permutation(len(y))
    place = np.empty(len(y))
    for chosen in kind_of(response).strata(y):
        own = order[chosen[order]]
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(np.argsort(place, kind="stable")[:size])


def count_copies(X: Any, y: np.ndarray, groups: np.ndarray | None = None) -> int:
    """Rows that repeat an earlier one, its response included, of another group if there are any."""
    keys = row_keys(X, y)
    rows = len(y) if groups is None else len(np.unique(np.column_stack([keys, groups]), axis=0))
    return rows - int(keys.max()) - 1


def one_of_each(units: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Row numbers, one row of each group drawn at random."""
    order = rng.permutation(len(units))
    return np.sort(order[np.unique(units[order], return_index=True)[1]])


def standardise(X: Any, overwrite: bool = False) -> np.ndarray:
    """Features of mean 0 and variance 1, dense; those without spread become 0.

    With ``overwrite`` the result may take the place of a dense ``X``.
    """
    if sparse.issparse(X):
        X = X.toarray()
    elif not (overwrite and X.dtype == float):
        X = np.array(X, float)
    # some columns at a time, so that nothing else is as large
    cuts = np.linspace(0, X.shape[1], 1 + max(X.shape[1] // AT_ONCE, 1)).astype(int)
    for first, last in itertools.pairwise(cuts):
        part = X[:, first:last]
        # first by the largest size, so that squares neither overflow nor vanish
        part = part / np.where((top := np.abs(part).max(axis=0)) > 0, top, 1.0)
        spread = part.std(axis=0)
        part -= part.mean(axis=0)
        X[:, first:last] = part / np.where(spread > 1e-12, spread, np.inf)
    return X


def latent_snr(snr: np.ndarray | float, rate: float) -> np.ndarray:
    r"""Signal-to-noise ratio on the logistic scale from that of the zeros and ones.

    The linear projection of the response on its log-odds :math:`\eta \sim N(\eta_0, v)` explains
    the share :math:`v\, (E\, \pi'(\eta))^2 / (\pi (1 - \pi))`, which is solved for v;
    :math:`\eta_0` keeps the rate :math:`\pi` of ones.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()
    spread = np.sqrt(np.geomspace(1e-4, STRONGEST, 301) * LOGISTIC_VARIANCE)
    low, high = np.full(len(spread), -200.0), np.full(len(spread), 200.0)
    for _ in range(60):
        middle = (low + high) / 2
        above = expit(middle[:, None] + spread[:, None] * nodes) @ weights > rate
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    chance = expit(low[:, None] + spread[:, None] * nodes)
    slope = (chance * (1 - chance)) @ weights
    share = np.maximum.accumulate((spread * slope) ** 2 / (rate * (1 - rate)))
    asked = np.asarray(snr) / (1 + np.asarray(snr))
    # no signal on the one scale is none on the other
    known, latent = np.append(0.0, share), np.append(0.0, spread**2 / LOGISTIC_VARIANCE)
    return np.asarray(np.interp(asked, known, latent))


# from the ratio of a response to that of its linear predictor; of others they are the same
LATENT = {"binary": latent_snr}


@dataclass(frozen=True)
class Likeness:
    """Correlations among features.

    Attributes
    ----------
    nearest_correlation : ndarray of shape (n_features,)
    nearest : ndarray of int
    groups : tuple of tuple of int
    copies : list of (int, int)
    """

    nearest_correlation: np.ndarray
    nearest: np.ndarray
    groups: tuple[tuple[int, ...], ...]
    copies: list[tuple[int, int]]


def likeness(Z: np.ndarray) -> Likeness:
    """Nearest features, groups and copies.

    Up to `CLUSTERED` features groups come from average linkage of 1 - |correlation| cut at 0.3;
    beyond, they are connected by correlations of 0.7 or more. Of very many features only the
    first are looked at.
    """
    p = Z.shape[1]
    if p == 1:
        return Likeness(np.zeros(1), np.full(1, -1), (), [])
    return _clustered(Z) if p <= CLUSTERED else _connected(Z)


def _copies(pairs: np.ndarray, size: np.ndarray) -> list[tuple[int, int]]:
    exact = pairs[(size >= COPY) & (pairs[:, 0] < pairs[:, 1])]
    return [(int(a), int(b)) for a, b in exact]


def _clustered(Z: np.ndarray) -> Likeness:
    corr = np.minimum(np.abs(Z.T @ Z) / len(Z), 1)
    np.fill_diagonal(corr, 1)
    tree = linkage(squareform(1 - corr, checks=False), "average")
    labels = fcluster(tree, 1 - COLLINEAR, "distance")
    np.fill_diagonal(corr, 0)
    pairs = np.argwhere(corr >= COPY)
    return Likeness(
        corr.max(axis=1),
        corr.argmax(axis=1),
        _groups(labels),
        _copies(pairs, corr[tuple(pairs.T)]),
    )


def _connected(Z: np.ndarray) -> Likeness:
    n, p = Z.shape
    part = Z[:: -(-n // SEEN_ROWS)].astype(np.float32)
    part -= part.mean(axis=0)
    part /= np.maximum(np.linalg.norm(part, axis=0), np.float32(1e-6))
    size, best = np.full(p, np.nan), np.full(p, -1)
    found = []
    seen = min(p, max(CLUSTERED, PAIRS // p))
    step = max(1, 4_000_000 // p)
    for start in range(0, seen, step):
        own = np.arange(start, min(start + step, seen))
        corr = np.abs(part[:, own].T @ part)
        corr[np.arange(len(own)), own] = 0
        best[own] = corr.argmax(axis=1)
        pairs = np.argwhere(corr >= COLLINEAR)
        found.append(np.column_stack([own[pairs[:, 0]], pairs[:, 1]]))
    known = best >= 0
    features = np.ascontiguousarray(Z.T)
    size[known] = _correlations(features, np.column_stack([np.flatnonzero(known), best[known]]))
    # few rows make pairs that the others do not bear out
    pairs = np.concatenate(found)
    exact = _correlations(features, pairs)
    pairs, exact = pairs[exact >= COLLINEAR], exact[exact >= COLLINEAR]
    graph = sparse.coo_matrix((np.ones(len(pairs)), tuple(pairs.T)), shape=(p, p))
    labels = connected_components(graph, directed=False)[1]
    return Likeness(size, best, _groups(labels), _copies(pairs, exact))


def _correlations(features: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Absolute correlations of pairs of standardised features, one a row, from all their values."""
    out = np.zeros(len(pairs))
    for start in range(0, len(pairs), CLUSTERED):
        first, second = pairs[start : start + CLUSTERED].T
        out[start : start + CLUSTERED] = np.einsum("ij,ij->i", features[first], features[second])
    return np.minimum(np.abs(out) / features.shape[1], 1)


def _groups(labels: np.ndarray) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return tuple(sorted(tuple(int(j) for j in part) for part in parts if len(part) > 1))


def variance_inflation(Z: np.ndarray) -> np.ndarray:
    """Diagonal of the inverse correlation matrix; infinite for features that others determine."""
    n, p = Z.shape
    if n <= p:
        return np.full(p, np.nan)
    values, vectors = np.linalg.eigh(Z.T @ Z / n)
    null = values <= 1e-10 * values[-1]
    out = (vectors[:, ~null] ** 2 / values[~null]).sum(axis=1)
    return np.where((vectors[:, null] ** 2).sum(axis=1) > 1e-8, np.inf, out)


def _robust_distance(values: np.ndarray) -> np.ndarray:
    # in standard deviations, of which the median absolute deviation is .6745
    centre = np.median(values)
    spread = np.median(np.abs(values - centre)) / stats.norm.ppf(0.75)
    if spread == 0:
        return np.zeros(len(values))
    return np.abs(values - centre) / spread


def _heaviest(squares: np.ndarray, share: float) -> np.ndarray:
    """Whether a row is one of the very few that hold such a share of all squares together."""
    most = max(FEWEST_HEAVY, len(squares) // 100)
    top = np.argsort(-squares, kind="stable")[:most]
    heavy = np.zeros(len(squares), dtype=bool)
    if squares[top].sum() > share * squares.sum():
        heavy[top] = squares[top] > share * squares.sum() / (2 * most)
    return heavy


def find_outliers(table: Table, Z: np.ndarray, rows: np.ndarray) -> tuple[int, ...]:
    """Rows far out in the response, or in many features, that hold much of what varies there."""
    size = np.einsum("ij,ij->i", Z, Z) / Z.shape[1]
    far = (_robust_distance(np.log1p(size)) > FAR) & _heaviest(size, HEAVY_FEATURES)
    if not kind_of(table.response).classes:
        y = columns_of(table, rows)
        far |= (_robust_distance(y) > FAR) & _heaviest((y - y.mean()) ** 2, HEAVY_RESPONSE)
    return tuple(int(i) for i in rows[far])


@dataclass(frozen=True)
class Signal:
    """What the map needs to know of a table, with its uncertainty.

    Attributes
    ----------
    snr, snr_low, snr_high : float
        With a 95 % interval; of classes on the scale of zeros and ones, of counts on that of
        deviance residuals (`normwise.advice.outcome`).
    sparsity : Sparsity
    alignment : Alignment
    nearest_correlation : float
        The correlation of a typical feature with the one most like it, without what chance alone
        would show.
    effective_features : float
    n_rows : int, optional
        Rows that can count as independent: one of each group. By default all rows of the table.
    """

    snr: float
    snr_low: float
    snr_high: float
    sparsity: Sparsity
    alignment: Alignment
    nearest_correlation: float
    effective_features: float
    n_rows: int | None = None


def typical_correlation(sizes: np.ndarray, n_rows: int, n_features: int) -> float:
    """Median of the nearest correlations, the part that unrelated features show taken off.

    The square of the largest of p - 1 such correlations has the median that is subtracted.
    """
    if n_features == 1 or n_rows < 4:
        return 0.0
    median = float(np.nanmedian(sizes))
    chance = stats.beta.ppf(0.5 ** (1 / (n_features - 1)), 0.5, (n_rows - 2) / 2)
    return float(np.sqrt(np.clip((median**2 - chance) / (1 - chance), 0, 1)))


def _warnings(
    table: Table, found: dict[str, Any], rows: np.ndarray, Z: np.ndarray
) -> tuple[str, ...]:
    n, p = table.X.shape
    names, out = table.names, []
    if len(rows) < n:
        out.append(
            f"The table is described by {len(rows)} of its {n} rows, drawn at random, to save time."
        )
    if n < 2 * p:
        out.append(
            f"There are {n / p:.2g} rows per feature: a fit without a penalty is unstable or does "
            "not exist."
        )
    if n < 50:
        out.append(f"With {n} rows every estimate below is rough.")
    if found["duplicates"]:
        first, second = found["duplicates"][0]
        more = len(found["duplicates"]) - 1
        rest = f", and {more} more such pairs exist" if more else ""
        out.append(f"{first} and {second} are copies of one another up to a scale{rest}.")
    spared = np.flatnonzero(np.isinf(found["vif"]))
    # copies were told of
    if len({name for pair in found["duplicates"] for name in pair}) < len(spared):
        out.append(
            f"Some features are exact sums of others, among {listed(names[j] for j in spared)}: "
            "without a penalty their coefficients are arbitrary; L1 and L2 settle on some."
        )
    elif n > p and CONDITION < found["condition_number"] < np.inf:
        out.append(
            f"The features are nearly collinear (condition number "
            f"{found['condition_number']:.3g}): coefficients without a penalty are unstable."
        )
    y = columns_of(table, rows).reshape(len(rows), -1)
    y = y - y.mean(axis=0)
    strength = (np.abs(Z.T @ y) / np.sqrt(len(y)) / np.linalg.norm(y, axis=0)).max(axis=1)
    if strength.max() > LEAK:
        out.append(
            f"{names[int(strength.argmax())]} has a correlation of {strength.max():.4f} with the "
            "response; make sure that it is known before the response is."
        )
    out += _rare(table, found["class_rows"])
    if found["outliers"]:
        number, first = len(found["outliers"]), found["outliers"][0] + 1
        far = (
            f"{number:,} rows lie far from the others, the first of them row {first:,}"
            if number > 1
            else f"Row {first:,} lies far from the others"
        )
        loss = loss_of(table.response)
        effect = f"; {loss.label} follows such rows" if loss.quadratic else ""
        out.append(f"{far} (counted from 1, without rows that lack a target){effect}.")
    gaps = {name: count for name, count in table.missing.items() if count > MISSING * n}
    if gaps:
        name = max(gaps, key=lambda key: gaps[key])
        most = f"{name} lacks {gaps[name] / n:.0%} of its values"
        if len(gaps) > 1:
            most = (
                f"{len(gaps):,} columns lack more than {MISSING:.0%} of their values: {most}, the "
                "others less"
            )
        out.append(f"{most}.")
    if found["snr_low"] <= 0:
        out.append("The signal cannot be told from noise with these rows.")
    return tuple(out)


def is_rare(count: int, class_rows: Sequence[int]) -> bool:
    """Whether a class has few rows: of two a tenth, of more so much less as they are more."""
    return count < RARE * 2 / len(class_rows) * sum(class_rows)


def _rare(table: Table, class_rows: Sequence[int]) -> list[str]:
    """What is said of classes with few rows."""
    if not class_rows or not is_rare(min(class_rows), class_rows):
        return []
    n, fewer = sum(class_rows), min(class_rows)
    if len(class_rows) == 2:
        return [f"The rarer class has {fewer} of {n} rows; they decide how much can be learnt."]
    assert table.classes is not None
    rare = [
        f"{label} ({count:,})"
        for label, count in zip(table.classes, class_rows, strict=True)
        if is_rare(count, class_rows)
    ]
    return [
        f"Few of the {n:,} rows are of {listed(rare)}: little can be learnt of such classes, and "
        "the log-loss hardly heeds them."
    ]


def find_skewed(names: Sequence[str], Z: np.ndarray) -> tuple[str, ...]:
    """Features with long tails, by their skewness; zeros and ones, and few values, are none."""
    # a product at a time, without another table of this size
    skewness = np.abs(np.einsum("ij,ij,ij->j", Z, Z, Z) / len(Z))
    order = np.argsort(-skewness, kind="stable")
    far = order[skewness[order] > SKEWED]
    return tuple(names[j] for j in far if len(np.unique(Z[:, j])) > FEW_VALUES)


def diagnose(table: Table, seed: int) -> tuple[Diagnosis, Signal]:
    """Describe a table.

    Parameters
    ----------
    table : Table
    seed : int
        Decides which rows of a large table are looked at.

    Returns
    -------
    Diagnosis, Signal
    """
    n, p = table.X.shape
    rng = np.random.default_rng([seed, 0])
    rows = sample_rows(table.y, p, table.response, CELLS, rng)
    Z, y = standardise(table.X[rows], overwrite=True), columns_of(table, rows)
    found = spectrum(Z, y)
    alike = likeness(Z)
    n_rows, Z_apart, y_apart, apart, alike_apart = n, Z, y, found, alike
    own = table.y[rows]
    if (units := table.rows.units) is not None:
        # what rests on independent rows sees one of each group
        chosen = one_of_each(units[rows], rng)
        n_rows = len(np.unique(units))
    if n_rows < n and (np.ptp(y[chosen], axis=0) > 0).all():
        Z_apart, y_apart, own = standardise(Z[chosen]), y[chosen], own[chosen]
        apart, alike_apart = spectrum(Z_apart, y_apart), likeness(Z_apart)
    snr, low_snr, high_snr = signal_to_noise(apart, p)
    start = min(max(snr, 0.1), STRONGEST)
    observed = (snr, low_snr, high_snr)
    if table.response in LATENT:
        latent = LATENT[table.response](np.array(observed), float(y.mean()))
        snr, low_snr, high_snr = map(float, latent)
    fewer = sample_rows(own, p * table.n_outputs, table.response, SPARSITY_CELLS, rng)
    sparsity = estimate_sparsity(standardise(Z_apart[fewer]), y_apart[fewer], start)
    low, high = sparsity.range(p)
    filled = effective_features(apart, len(y_apart), p)
    alignment = align(apart, len(y_apart), p, filled)
    kind, rank = kind_of(table.response), len(found.values)
    of_two = kind.classes and not kind.several
    full = rank == p
    parts: dict[str, Any] = {
        "rank": rank,
        "condition_number": float(np.sqrt(found.values[0] / found.values[-1])) if full else np.inf,
        "vif": variance_inflation(Z),
        "nearest_correlation": alike.nearest_correlation,
        "nearest": alike.nearest,
        "effective_features": filled,
        "groups": alike.groups,
        "snr": snr,
        "snr_low": low_snr,
        "snr_high": high_snr,
        "effective_nonzero": sparsity.middle,
        "effective_nonzero_low": low,
        "effective_nonzero_high": high,
        "alignment": alignment.middle,
        "alignment_low": alignment.low,
        "alignment_high": alignment.high,
        "outliers": find_outliers(table, Z, rows),
        "missing": table.missing,
        "constant": table.constant,
        "duplicates": tuple((table.names[a], table.names[b]) for a, b in alike.copies),
        "positive_share": float(table.y.mean()) if of_two else np.nan,
        "class_rows": (tuple(np.bincount(table.y.astype(int)).tolist()) if kind.classes else ()),
    }
    diagnosis = Diagnosis(
        n,
        p,
        **parts,
        warnings=_warnings(table, parts, rows, Z),
        skewed=find_skewed(table.names, Z),
        skewness=float(stats.skew(y)) if loss_of(table.response).quadratic else np.nan,
    )
    typical = typical_correlation(alike_apart.nearest_correlation, len(y_apart), p)
    return diagnosis, Signal(*observed, sparsity, alignment, typical, filled, n_rows)
