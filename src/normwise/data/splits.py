"""Data files from random splits of a real table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from normwise.data.batch import outside_key
from normwise.data.errors import InputError
from normwise.data.imported import Source, refuse_large
from normwise.data.response_kind import kind_of
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
    response : {"gaussian", "binary"}
    test_share : float
    rng : numpy.random.Generator
    """
    held_out = np.zeros(len(y), bool)
    for rows in map(np.flatnonzero, kind_of(response).strata(y)):
        held_out[rng.permutation(rows)[: max(1, round(test_share * len(rows)))]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


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
    key = outside_key(dataset["name"])
    splits = [
        split_rows(y, source.response, share, generator(seed, key, "data", replicate))
        for replicate in range(*bounds)
    ]
    left = y[splits[0][0]]
    classes = {c: int((left == c).sum()) for c in kind_of(source.response).classes}
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
    save_arrays(output, arrays | {"start": np.array(bounds[0])})


def overlap(dataset: Mapping[str, Any]) -> float:
    """Rows held out per row that is fitted, if the replicates are splits of one table.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.
    """
    share = dataset.get("test_share", 0.0)
    return float(share / (1 - share))
