"""Data files that are not simulated from scenarios.

A table of the user's is read once; its replicates are random splits of its rows, or draws of its
rows with a simulated response. A function from an extension draws replicates of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.response_kind import DEFAULT, kind_of
from normwise.data.rows import FREE, ROW_ARRAYS, Rows
from normwise.data.tables.part import file_of
from normwise.files.arrays import load_arrays, save_arrays

# kinds of response that a target may be taken to be where nobody names one
UNNAMED = (DEFAULT, "binary")


@dataclass(frozen=True)
class Source:
    """A table as it was read.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
    names : tuple of str
        Names of the features.
    response : str
        One of ``RESPONSES`` of `normwise.data.response_kind`.
    notes : tuple of str
        What was done to the columns.
    rows : Rows
        Which rows belong together, their time and their weights.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    response: str
    notes: tuple[str, ...]
    rows: Rows = FREE


def is_local(file: str) -> bool:
    """Whether a table is a file, rather than the name of one in a library or on OpenML."""
    return not file.startswith(("sklearn:", "openml:"))


def refuse_missing_files(datasets: Iterable[Mapping[str, Any]]) -> None:
    """Check that the files of all tables are there.

    Parameters
    ----------
    datasets : iterable of mapping
        Data sets of the checked config.

    Raises
    ------
    InputError
        Naming the data set and the file.
    """
    for dataset in datasets:
        file = dataset.get("file")
        if file is None or not is_local(file) or file_of(file).is_file():
            continue
        # every job reads the config, and few a table
        from normwise.data.tables.read import read_table

        try:
            read_table(file)
        except InputError as error:
            raise InputError(
                f"data set '{dataset['name']}': {error}; paths are relative to the folder that "
                "snakemake runs in"
            ) from error


def import_table(
    output: str | Path,
    file: str,
    target: str | None = None,
    positive: object = None,
    missing: Sequence[object] = (),
    groups: str | None = None,
    time: str | None = None,
    weights: str | None = None,
    drop: Sequence[str] = (),
    response: str | None = None,
    *,
    largest_mb: float,
) -> tuple[str, ...]:
    """Read a table and write it as plain arrays; returns what was done to the columns.

    What is known of the rows (groups, times, weights, copies) is written where there is such.

    Raises
    ------
    InputError
        If it cannot be used, or takes more than ``largest_mb``.
    """
    from normwise.data.tables.read import read_table

    options: dict[str, Any] = {
        "positive": positive,
        "missing": missing,
        "groups": groups,
        "time": time,
        "weights": weights,
        "drop": drop,
    }
    table = read_table(file, target, response=response, **options)
    if response is None and table.response not in UNNAMED:
        # nobody said that the study is to be about counts, or about several classes
        try:
            table = read_table(file, target, response=DEFAULT, **options)
        except InputError:
            raise InputError(
                f"{file}: target {table.target!r} has {len(table.classes or ())} classes: give "
                f"response: {table.response}, or one of them as positive, to tell it from the rest"
            ) from None
    kind, y = kind_of(table.response), table.y
    if kind.several:
        # however the classes are numbered in the table
        y = np.unique(y, return_inverse=True)[1].astype(float)
    if not kind.holds(y):
        raise InputError(
            f"{file}: target {table.target!r} must hold {kind.values} for response: "
            f"{table.response}"
        )
    refuse_large(file, table.X.shape, 1, 1, largest_mb)
    X = sparse.csr_matrix(table.X).toarray() if sparse.issparse(table.X) else table.X
    save_arrays(
        output,
        {
            "X": X,
            "y": y,
            "names": np.array(table.names),
            "response": np.array(table.response),
            "notes": np.array(table.notes, dtype=str),
        }
        | {name: part for name, part in vars(table.rows).items() if part is not None},
    )
    return table.notes


def read_source(path: str | Path) -> Source:
    """The table that `import_table` wrote."""
    with load_arrays(path, ours=True) as file:
        return Source(
            file["X"],
            file["y"],
            tuple(file["names"].tolist()),
            str(file["response"]),
            tuple(file["notes"].tolist()),
            Rows(**{name: file[name] for name in ROW_ARRAYS if name in file}),
        )


def refuse_large(
    what: str, shape: tuple[int, int], replicates: int, chunks: int, largest_mb: float
) -> None:
    """Refuse data files above the limit, saying how many chunks would do."""
    each = 8e-6 * shape[0] * (shape[1] + 1)
    if -(-replicates // chunks) * each <= largest_mb:
        return
    size = f"{what}: {shape[0]:,} rows of {shape[1]:,} numbers"
    if each > largest_mb:
        raise InputError(
            f"{size} take {each:,.1f} MB, above max_chunk_mb ({largest_mb:g}); keep fewer rows or "
            "columns, or raise it"
        )
    needed = -(-replicates // int(largest_mb // each))
    raise InputError(
        f"{size}, {replicates} times, take {replicates * each:,.1f} MB; set chunks: {needed} to "
        f"keep each file within max_chunk_mb ({largest_mb:g})"
    )


# what a data set takes beside its name and how it is shown, by source
TABLE_KEYS = ("file", "target", "positive", "missing", "drop")
# and what is known of the rows that are split
ROW_KEYS = ("groups", "time", "weights")
# what a simulated response on the rows of a table takes
RESPONSE_KEYS = (
    "signal",
    "decay",
    "signs",
    "response",
    "prevalence",
    "mean_count",
    "dispersion",
    "n_classes",
    "class_features",
)
