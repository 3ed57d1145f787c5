"""Data files from splits of a real table: at random, by whole groups, or forward in time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from normwise.data.batch import outside_key
from normwise.data.errors import InputError
from normwise.data.imported import Source, refuse_large
from normwise.data.response_kind import kind_of
from normwise.data.rows import apart, numbered
from normwise.data.seeds import generator
from normwise.files.arrays import save_arrays

# rows of each class that a split must leave for the folds
MIN_CLASS = 2


def split_rows(
    y: np.ndarray, response: str, test_share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit and rows to hold out, in order; of each class the same share is held out.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
    response : str
    test_share : float
    rng : numpy.random.Generator
    """
    held_out = np.zeros(len(y), bool)
    for rows in map(np.flatnonzero, kind_of(response).strata(y)):
        held_out[rng.permutation(rows)[: max(1, round(test_share * len(rows)))]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def split_groups(
    units: np.ndarray, test_share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit and rows to hold out, in order, without a group in both.

    Groups are held out in random order. All splits have as many rows: of the last group held out
    some are used in neither part, and of the rows to fit so many are left out at random.

    Parameters
    ----------
    units : ndarray of int, shape (n_rows,)
        Number of each row's group.
    test_share : float
    rng : numpy.random.Generator
    """
    n, sizes = len(units), np.bincount(numbered(units))
    n_test, spare = max(1, round(test_share * n)), int(sizes.max()) - 1
    if np.ptp(sizes) == 0:
        n_test, spare = max(1, round(n_test / sizes[0])) * int(sizes[0]), 0
    place = rng.permutation(len(sizes))[numbered(units)]
    order = np.lexsort((rng.permutation(n), place))
    test = order[:n_test]
    rest = order[~np.isin(units[order], units[test])]
    train = rng.permutation(rest)[: max(n - n_test - spare, 0)]
    return np.sort(train), np.sort(test)


def split_times(
    time: np.ndarray, units: np.ndarray | None, test_share: float, replicates: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit and later rows to hold out, of each replicate.

    The first replicate holds out the last share of the rows; the others go back in equal steps
    over half of the rows before. Windows to fit are of one length: what comes right before.

    Parameters
    ----------
    time : ndarray of shape (n_rows,)
    units : ndarray of int, shape (n_rows,), or None
        Number of each row's group, none of which is in both parts.
    test_share : float
    replicates : int
        Number of splits in all.
    """
    n, order = len(time), np.argsort(time, kind="stable")
    n_test = max(1, round(test_share * n))
    back = np.linspace(0, (n - n_test) // 2, replicates).round().astype(int)
    tests = [order[n - n_test - step : n - step] for step in back]
    befores = [order[time[order] < time[test[0]]] for test in tests]
    parts = apart(list(zip(befores, tests, strict=True)), units)
    n_train = min(len(before) for before, _ in parts)
    return [(np.sort(before[len(before) - n_train :]), np.sort(test)) for before, test in parts]


def splits_of_table(
    source: Source, dataset: Mapping[str, Any], bounds: tuple[int, int], seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit and rows to hold out, of each replicate within bounds."""
    share, key, rows = dataset["test_share"], outside_key(dataset["name"]), source.rows
    if rows.time is not None:
        return split_times(rows.time, rows.units, share, dataset["replicates"])[slice(*bounds)]
    generators = [generator(seed, key, "data", replicate) for replicate in range(*bounds)]
    if rows.units is not None:
        return [split_groups(rows.units, share, rng) for rng in generators]
    return [split_rows(source.y, source.response, share, rng) for rng in generators]


def write_splits(
    output: str | Path,
    source: Source,
    dataset: Mapping[str, Any],
    bounds: tuple[int, int],
    seed: int,
    *,
    min_rows: int,
    largest_mb: float,
) -> None:
    """Write random splits of a table, one a replicate, into a data file.

    Parameters
    ----------
    output : path
    source : Source
    dataset : mapping
        A data set of the checked config.
    bounds : (int, int)
        First replicate, and the one after the last.
    seed : int
    min_rows : int
        That a split must leave to be fitted.
    largest_mb : float
        The most that a data file may take.

    Raises
    ------
    InputError
        If too few rows are left, or the file would be too large.
    """
    what = f"data set '{dataset['name']}'"
    share, y = dataset["test_share"], source.y
    refuse_large(what, source.X.shape, dataset["replicates"], dataset["chunks"], largest_mb)
    splits = splits_of_table(source, dataset, bounds, seed)
    # splits at random leave as many of each class, the others as many rows
    kinds = kind_of(source.response).strata(y)
    train = min((train for train, _ in splits), key=lambda rows: min(k[rows].sum() for k in kinds))
    left = y[train]
    known = np.unique(y).astype(int).tolist() if kind_of(source.response).classes else []
    classes = {c: int((left == c).sum()) for c in known}
    if len(left) < min_rows or min(classes.values(), default=MIN_CLASS) < MIN_CLASS:
        counts = ", ".join(f"{count} of class {c}" for c, count in classes.items())
        per_class = f" ({counts})" if classes else ""
        raise InputError(
            f"{what}: test_share ({share}) leaves {len(left)} rows{per_class} of {len(y)} to fit; "
            f"tuning.n_folds needs {min_rows}, and each class {MIN_CLASS}: lower one of the two"
        )
    arrays = {
        name: np.stack([values[split[part]] for split in splits])
        for part, suffix in enumerate(("", "_test"))
        for name, values in ((f"X{suffix}", source.X), (f"y{suffix}", y))
    }
    rows = source.rows
    known = {"groups": (rows.units, 0), "time": (rows.time, 0), "weights": (rows.weights, 0)}
    known["weights_test"] = (rows.weights, 1)
    arrays |= {
        name: np.stack([values[split[part]] for split in splits])
        for name, (values, part) in known.items()
        if values is not None
    }
    said = {"start": np.array(bounds[0]), "response": np.array(source.response)}
    save_arrays(output, arrays | said)


def overlap(dataset: Mapping[str, Any]) -> float:
    """Rows held out per row that is fitted, if the replicates are splits of one table.

    With times, the windows that are fitted hold half of the rows before.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.
    """
    share = dataset.get("test_share", 0.0)
    return float(share / (1 - share)) * (2 if "time" in dataset else 1)
