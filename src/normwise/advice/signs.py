"""What looks as if rows belonged together: names, dates, neighbours that are alike, copies.

Held-out rows that are like rows that were fitted are predicted too well. The tests here compare
with random orders of the same rows, which are exact for independent rows.
"""

from __future__ import annotations

import re
import shlex

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.advice.diagnosis import count_copies, standardise
from normwise.advice.findings import Sign
from normwise.advice.outcome import columns_of
from normwise.data.rows import numbered
from normwise.data.tables.columns import MANY_LEVELS, to_labels
from normwise.data.tables.messages import counted, listed
from normwise.data.tables.row_numbers import follows_the_rows
from normwise.data.tables.table import Table

# rows and features that the tests look at
SEEN_ROWS, SEEN_FEATURES = 5000, 60
# random orders; an order must be more alike than all of them, and so much alike
ORDERS, CLEAR = 499, 0.1
# standard deviations of random orders beyond which values of a column name groups of rows, and how
# much more rows of one value must be alike than rows of the next one
FAR, ALIKE = 6.0, 0.4
# of a column that is constant within values, in the unit of likeness
MOST_ALIKE = 5.0
SHUFFLES = 60
FEWEST_VALUES = 10
# sets of rows with the same values are uneven by so much at most
UNEVEN = 10
# copies above this share of the rows
COPIES = 0.05
NAMES = re.compile(
    r"(^|[\W_])(id|ids|uid|uuid|patient|subject|participant|person|people|individual|user|customer|"
    r"client|member|household|family|donor|animal|litter|school|student|pupil|hospital|centre|"
    r"center|site|clinic|ward|plot|herd|batch|plate|device|machine|unit|station|session|cluster|"
    r"group)([\W_]*(id|no|nr|num|number|code|key))?$"
)
TIMES = re.compile(r"(^|[\W_])(date|datetime|time|timestamp|year|month|week|day)$")
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")


def find_signs(table: Table, seed: int) -> tuple[Sign, ...]:
    """Signs that rows belong together, of which nothing was said.

    Parameters
    ----------
    table : Table
    seed : int
        Decides the random orders.
    """
    rng = np.random.default_rng([seed, 7])
    found: list[Sign] = []
    if table.rows.groups is None:
        found += _named_groups(table, rng) or _hidden_groups(table)
    if table.rows.time is None:
        found += _dates(table)
    if table.rows.groups is None and table.rows.time is None and not found:
        found += _neighbours(table, rng)
    if table.rows.time is None:
        found += _counters(table, np.random.default_rng([seed, 8]))
    return (*found, *_copies(table))


def _words(column: object) -> str:
    # patientId is patient_Id
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(column)).lower().strip()


def _columns(table: Table) -> dict[str, pd.Series]:
    return {} if table.columns is None else dict(table.columns.items())


def _is_date(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    texts = column.dropna().astype(str).head(50)
    return len(texts) > 0 and bool(texts.map(lambda text: DATE.match(text) is not None).all())


def _dates(table: Table) -> list[Sign]:
    dates = [name for name, column in _columns(table).items() if _is_date(column)]
    if not dates:
        return []
    return [
        Sign(
            "time",
            f"{listed(dates, 3)} holds dates. If the model is to predict what comes later, rows at "
            f"random are too easy: ask again with {_option('time', dates[0])}, which tests on what "
            "follows.",
        )
    ]


def _option(role: str, column: str) -> str:
    text = f'"{column}"' if re.search(r"\W", column) else column
    return f'--{role} {text} (in Python {role}="{column}")'


def repeats(column: pd.Series) -> np.ndarray | None:
    """A number for each row by its value, if values repeat as those of a name would."""
    if len(column) < 2 * FEWEST_VALUES or column.isna().any():
        return None
    labels = numbered(to_labels(column).astype(str))
    if pd.api.types.is_numeric_dtype(column.dtype):
        labels = numbered(column.to_numpy(float))
    sizes = np.bincount(labels)
    typical = np.median(sizes)
    if len(sizes) < FEWEST_VALUES or typical < 2 or sizes.max() > UNEVEN * typical:
        return None
    return labels


def _named_groups(table: Table, rng: np.random.Generator) -> list[Sign]:
    """Columns whose values name groups of rows: by their name, or as rows of one are alike."""
    found = []
    for name, column in _columns(table).items():
        if _is_date(column):
            continue
        labels = repeats(column)
        if labels is None:
            continue
        number = int(labels.max()) + 1
        # text that was left out, as it names rows
        named = not pd.api.types.is_numeric_dtype(column.dtype) and number > max(
            MANY_LEVELS, len(labels) / 10
        )
        if named or NAMES.search(_words(name)) or is_name(labels, _others(table, name), rng):
            found.append((number, name, len(labels) / number))
    if not found:
        return []
    number, name, size = max(found)
    more = [other for _, other, _ in found if other != name]
    also = f" The same may hold for {listed(more, 3)}." if more else ""
    return [
        Sign(
            "groups",
            f"{name} has {number:,} values in {len(table.y):,} rows, about {size:.3g} rows each, "
            "as if it named whom or what the rows are of. Rows of one lie in both the fitted and "
            "the held-out part, and what is said below holds for these alone: ask again with "
            f"{_option('groups', name)}, which holds them out whole.{also}",
        )
    ]


def _sample(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Standardised features, no more than `SEEN_FEATURES`, and the response, of the first rows."""
    rows = np.arange(min(len(table.y), SEEN_ROWS))
    step = -(-table.X.shape[1] // SEEN_FEATURES)
    X = table.X[rows][:, ::step]
    return standardise(X), columns_of(table, rows)


def _others(table: Table, name: str) -> np.ndarray:
    """Standardised features that do not come from a column, and the response."""
    kept = [
        j for j, own in enumerate(table.names) if own != name and not own.startswith(f"{name} = ")
    ]
    kept = kept[:: -(-len(kept) // SEEN_FEATURES) or 1]
    X = table.X[:SEEN_ROWS][:, kept]
    rows = np.arange(min(len(table.y), SEEN_ROWS))
    y = standardise(columns_of(table, rows).reshape(len(rows), -1))
    return np.hstack([standardise(X), y]) if kept else y


def likeness_of_values(labels: np.ndarray, columns: np.ndarray) -> float:
    """How much more alike rows of one value are than rows of neighbouring values.

    The mean over columns of log(b / w), with the mean square w within values and the mean square
    b of differences between neighbouring values' means, in the unit of w: about zero if the value
    says nothing, or says it smoothly as a quantity does.
    """
    size = np.bincount(labels).astype(float)
    sums = np.zeros((len(size), columns.shape[1]))
    np.add.at(sums, labels, columns)
    mean = sums / size[:, None]
    within = ((columns - mean[labels]) ** 2).sum(axis=0) / max(len(labels) - len(size), 1)
    unit = 1 / size[1:] + 1 / size[:-1]
    between = (np.diff(mean, axis=0) ** 2 / unit[:, None]).mean(axis=0)
    least = np.exp(-MOST_ALIKE) * (between + within)
    known = least > 0
    ratio = np.maximum(between, least)[known] / np.maximum(within, least)[known]
    return float(np.log(ratio).sum() / max(len(known), 1))


def is_name(labels: np.ndarray, columns: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether rows of one value are alike as rows of neighbouring values are not."""
    labels = numbered(labels[: len(columns)])
    number = int(labels.max()) + 1
    # many values with few rows each: others are quantities on a coarse scale
    if not 2 <= len(labels) / number <= number:
        return False
    found = likeness_of_values(labels, columns)
    if found < ALIKE:
        return False
    chance = [likeness_of_values(rng.permutation(labels), columns) for _ in range(SHUFFLES)]
    return bool(found > np.mean(chance) + FAR * np.std(chance))


def _hidden_groups(table: Table) -> list[Sign]:
    """Features that repeat their values in the same sets of rows, in no common order."""
    if sparse.issparse(table.X):
        return []
    sets: dict[bytes, list[int]] = {}
    X = table.X[:SEEN_ROWS]
    for j in range(min(X.shape[1], 20 * SEEN_FEATURES)):
        values, first, labels = np.unique(X[:, j], return_index=True, return_inverse=True)
        if FEWEST_VALUES <= len(values) <= len(X) / 1.5:
            # the same rows together, whatever the values
            sets.setdefault(first[labels].tobytes(), []).append(j)
    for own in sorted(sets.values(), key=len, reverse=True):
        if len(own) < 2:
            break
        ranks = [np.argsort(np.unique(X[:, j], return_index=True)[1]) for j in own]
        if all(_same_order(ranks[0], other) for other in ranks[1:]):
            continue
        number = len(ranks[0])
        return [
            Sign(
                "groups",
                f"{listed([table.names[j] for j in own], 3)} take the same values in the same "
                f"{number:,} sets of rows, about {len(X) / number:.3g} rows each, as if the rows "
                "of a set were of one person or thing. They lie in both the fitted and the "
                "held-out part, and what is said below holds for these alone: ask again with "
                "--groups COLUMN (in Python groups=…) and a column that says whose each row is.",
            )
        ]
    return []


def _same_order(first: np.ndarray, second: np.ndarray) -> bool:
    return bool((first == second).all() or (first == second[::-1]).all())


def lag(values: np.ndarray) -> np.ndarray | float:
    """Autocorrelation of neighbours, along the first axis, of each column."""
    centred = values - values.mean(axis=0)
    square = (centred**2).sum(axis=0)
    product = (centred[1:] * centred[:-1]).sum(axis=0)
    return np.divide(product, square, out=np.zeros_like(product), where=square > 0)


def residuals(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What a ridge fit of moderate strength leaves of the response; the order plays no part."""
    y = y - y.mean(axis=0)
    strength = max(Z.shape[1], len(y) / 10)
    gram = Z.T @ Z + strength * np.eye(Z.shape[1])
    return np.asarray(y - Z @ np.linalg.solve(gram, Z.T @ y))


def _beyond_chance(values: np.ndarray, orders: list[np.ndarray]) -> bool:
    found = float(np.mean(lag(values)))
    return found > CLEAR and all(found > np.mean(lag(values[order])) for order in orders)


def _is_sorted(y: np.ndarray) -> bool:
    """Whether the file is sorted by a column, or by classes of which it is one against the rest."""
    steps = np.diff(y)
    blocks = len(np.unique(y)) == 2 and np.count_nonzero(steps) <= 2
    return bool(blocks or (steps >= 0).all() or (steps <= 0).all())


def neighbours_are_alike(Z: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether neighbouring rows are more alike than in every one of many random orders.

    In the response, and in what a model leaves of it or in the features; of a table that is sorted
    by a column, the features do not count.
    """
    if all(map(_is_sorted, y.reshape(len(y), -1).T)):
        return False
    orders = [rng.permutation(len(y)) for _ in range(ORDERS)]
    if not _beyond_chance(y, orders):
        return False
    if _beyond_chance(residuals(Z, y), orders):
        return True
    return not any(map(_is_sorted, Z.T)) and _beyond_chance(Z, orders)


def _neighbours(table: Table, rng: np.random.Generator) -> list[Sign]:
    Z, y = _sample(table)
    Z = Z[:, Z.any(axis=0)]
    if not Z.shape[1]:
        return []
    if neighbours_are_alike(Z, y, rng):
        return [
            Sign(
                "order",
                "Neighbouring rows are alike: the response of a row goes with that of the row "
                f"before it (correlation {float(np.mean(lag(y))):.2f}, more than in {ORDERS} "
                "random orders), as in series of time or in rows of one person or thing. Rows "
                "held out at random are then too easy, and what is said below may be too good: "
                "ask again with --time COLUMN or --groups COLUMN (in Python time=… or groups=…).",
            )
        ]
    times = [n for n, c in _columns(table).items() if TIMES.search(_words(n)) and n in table.names]
    for name in times:
        order = np.argsort(table.X[: len(y), table.names.index(name)], kind="stable")
        if neighbours_are_alike(Z[order], y[order], rng):
            return [
                Sign(
                    "time",
                    f"Rows that follow one another in {name} are alike, more than in {ORDERS} "
                    "random orders. If the model is to predict what comes later, rows at random "
                    f"are too easy: ask again with {_option('time', name)}, which tests on what "
                    "follows.",
                )
            ]
    return []


def _counters(table: Table, rng: np.random.Generator) -> list[Sign]:
    """Features that count the rows, where the response goes with their order."""
    names = [n for n, c in _columns(table).items() if n in table.names and follows_the_rows(c)]
    y = columns_of(table, np.arange(min(len(table.y), SEEN_ROWS)))
    orders = [rng.permutation(len(y)) for _ in range(ORDERS)] if names else []
    if not names or not _beyond_chance(y, orders):
        return []
    options = ",".join(names)
    return [
        Sign(
            "order",
            f"{listed(names, 3)} counts the rows, and the response goes with their order, more "
            f"than in {ORDERS} random ones: a model can learn from it where in the file a row "
            "stands. If it says nothing else of a row, ask again with "
            f"--drop {shlex.quote(options)} (in Python drop={names!r}).",
        )
    ]


def _copies(table: Table) -> list[Sign]:
    if table.rows.copies is None:
        return []
    # those of one group were said to belong together
    number = count_copies(table.X, table.y, table.rows.groups)
    if number <= COPIES * len(table.y):
        return []
    return [
        Sign(
            "copies",
            f"{counted(number, 'row')} are copies of others. Copies were held out together, and so "
            "no row is predicted from itself, but rows count more often than they were measured: "
            "remove the copies and ask again, if nobody measured them twice.",
        )
    ]
