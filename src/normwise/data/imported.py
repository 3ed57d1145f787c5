"""Data files that are not simulated from scenarios.

A table of the user's is read once; its replicates are random splits of its rows, or draws of its
rows with a simulated response. A function from an extension draws replicates of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from normwise.data.file import TRUTH_ARRAYS, DataFileError, outside_batch, outside_key, rows_root
from normwise.data.population import Population, draw_response, generator, nonzero_values
from normwise.data.scenario import Scenario
from normwise.data.tables.messages import InputError
from normwise.data.tables.read import read_table
from normwise.extensions import DATASETS, ExtensionError, origin
from normwise.files.whole import load_arrays, save_arrays

# what is wrong with the data, not with the code
UNUSABLE = (InputError, ExtensionError, DataFileError)
# rows of each class that a split must leave for the folds
MIN_CLASS = 2
# variance of a signal, over what uncorrelated columns would give, that is rounding
CANCELLED = 1e-10
BY_REPLICATE = ("X", "y", "X_test", "y_test")
GENERATED = (*BY_REPLICATE, *(n for n in TRUTH_ARRAYS if n not in ("scenarios", "start", "seed")))


@dataclass(frozen=True)
class Source:
    """A table as it was read.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
    names : tuple of str
        Of the features.
    response : {"gaussian", "binary"}
    notes : tuple of str
        What was done to the columns.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    response: str
    notes: tuple[str, ...]


def is_local(file: str) -> bool:
    """Whether a table is a file, rather than the name of one in a library or on OpenML."""
    return not file.startswith(("sklearn:", "openml:"))


def refuse_missing_files(datasets: Iterable[Mapping[str, Any]]) -> None:
    """Check that the files of all tables are there.

    Parameters
    ----------
    datasets : iterable of mapping
        Of the checked config.

    Raises
    ------
    InputError
        Naming the data set and the file.
    """
    for dataset in datasets:
        file = dataset.get("file")
        if file is None or not is_local(file) or Path(file).expanduser().is_file():
            continue
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
    *,
    largest_mb: float,
) -> tuple[str, ...]:
    """Read a table and write it as plain arrays; returns what was done to the columns.

    Raises
    ------
    InputError
        If it cannot be used, or takes more than ``largest_mb``.
    """
    table = read_table(file, target, positive=positive)
    _refuse_large(file, table.X.shape, 1, 1, largest_mb)
    X = sparse.csr_matrix(table.X).toarray() if sparse.issparse(table.X) else table.X
    save_arrays(
        output,
        {
            "X": X,
            "y": table.y,
            "names": np.array(table.names),
            "response": np.array(table.response),
            "notes": np.array(table.notes, dtype=str),
        },
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
        )


def _refuse_large(
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
    groups = [y == 0, y == 1] if response == "binary" else [np.full(len(y), True)]
    held_out = np.zeros(len(y), bool)
    for rows in map(np.flatnonzero, groups):
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
        Of the checked config.
    bounds : (int, int)
        First replicate, and the one after the last.
    seed : int
    min_rows : int
        That a split must leave to be fitted.
    largest_mb : float
        Of a data file.

    Raises
    ------
    InputError
        If too few rows are left, or the file would be too large.
    """
    what = f"data set '{dataset['name']}'"
    share, y = dataset["test_share"], source.y
    _refuse_large(what, source.X.shape, dataset["replicates"], dataset["chunks"], largest_mb)
    key = outside_key(dataset["name"])
    splits = [
        split_rows(y, source.response, share, generator(seed, key, "data", replicate))
        for replicate in range(*bounds)
    ]
    left = y[splits[0][0]]
    classes = [int((left == c).sum()) for c in (0, 1)] if source.response == "binary" else []
    if len(left) < min_rows or min(classes, default=MIN_CLASS) < MIN_CLASS:
        per_class = f" ({classes[0]} of class 0, {classes[1]} of class 1)" if classes else ""
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


def semi_synthetic_truth(
    X: np.ndarray, dataset: Mapping[str, Any], seed: int
) -> tuple[Scenario, Population]:
    r"""Coefficients on randomly chosen columns of a real table, scaled to the snr.

    On columns of unit variance the nonzero coefficients are those of `normwise.data.population`. The rows
    of ``X``, of equal probability, are the population: ``snr`` is the variance of
    :math:`X\beta` over them, divided by that of the noise, and the linear predictor has mean zero.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    dataset : mapping
        Of the checked config.
    seed : int

    Raises
    ------
    InputError
        If there are fewer columns than nonzero coefficients.
    """
    design = {k: dataset[k][0] for k in ("n_samples", "n_nonzero", "snr")}
    design |= {k: dataset[k][0] for k in ("signal", "signs", "response") if k in dataset}
    scenario = Scenario(n_features=X.shape[1], **design)
    if scenario.n_nonzero > X.shape[1]:
        raise InputError(
            f"data set '{dataset['name']}': n_nonzero ({scenario.n_nonzero}) exceeds the "
            f"{X.shape[1]} columns that {dataset['file']} has as numbers; lower it"
        )
    rng = generator(seed, outside_key(dataset["name"]), "population")
    support = rng.choice(X.shape[1], scenario.n_nonzero, replace=False)
    coef = np.zeros(X.shape[1])
    coef[support] = nonzero_values(scenario, rng) / X[:, support].std(axis=0)
    spread = (X @ coef).var()
    alone = coef**2 @ X.var(axis=0)
    if spread <= CANCELLED * alone and scenario.n_nonzero:
        raise InputError(
            f"data set '{dataset['name']}': the columns that were drawn to carry the signal cancel "
            "one another; use signs: same, another n_nonzero, or another seed"
        )
    if scenario.n_nonzero:
        coef *= np.sqrt(scenario.snr * scenario.noise_var / spread)
    mean = X.mean(axis=0)
    return scenario, Population(coef, -float(mean @ coef), rows_root(X), mean, scenario.noise_var)


def write_semi_synthetic(
    output: str | Path,
    source: Source,
    dataset: Mapping[str, Any],
    bounds: tuple[int, int],
    seed: int,
    *,
    largest_mb: float,
) -> None:
    """Write rows drawn from a table, with a simulated response, into a data file.

    Parameters
    ----------
    output, source, dataset, bounds, seed, largest_mb
        As in `write_splits`; the response of the table is not used.

    Raises
    ------
    InputError
        As in `write_splits` and `semi_synthetic_truth`.
    """
    scenario, truth = semi_synthetic_truth(source.X, dataset, seed)
    shape = (scenario.n_samples, scenario.n_features)
    what = f"data set '{dataset['name']}'"
    _refuse_large(what, shape, dataset["replicates"], dataset["chunks"], largest_mb)
    X, y = [], []
    for replicate in range(*bounds):
        rng = generator(seed, outside_key(dataset["name"]), "data", replicate)
        X.append(source.X[rng.integers(len(source.X), size=scenario.n_samples)])
        y.append(draw_response(scenario, truth, X[-1], rng))
    save_arrays(
        output,
        {
            "X": np.stack(X),
            "y": np.stack(y),
            "start": np.array(bounds[0]),
            "coef": truth.coef,
            "intercept": np.array(truth.intercept),
            "noise_var": np.array(truth.noise_var),
            "population": source.X,
        },
    )


def write_generated(
    output: str | Path, dataset: Mapping[str, Any], bounds: tuple[int, int], seed: int
) -> None:
    """Call a function from an extension once a replicate, and write a data file.

    Parameters
    ----------
    output : path
    dataset : mapping
        Of the checked config; ``source`` is the function.
    bounds : (int, int)
        First replicate, and the one after the last.
    seed : int

    Raises
    ------
    ExtensionError
        If the function fails, or returns what is not one replicate.
    DataFileError
        If its replicates do not keep the contract of the data file.
    """
    name, options = dataset["source"], dataset.get("options", {})
    where = f"{origin(name)}, {name}"
    _refuse_options(where, name, options)
    key = outside_key(dataset["name"])

    def draws() -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        # the first replicate tells every chunk what must be the same in all
        for replicate in dict.fromkeys((0, *range(*bounds))):
            rng = generator(seed, key, "data", replicate)
            yield replicate, _one_draw(where, name, rng, options)

    arrays = _stacked(where, draws(), bounds)
    outside_batch(where, arrays, dataset["name"])
    save_arrays(output, arrays | {"start": np.array(bounds[0])})


def _refuse_options(where: str, name: str, options: Mapping[str, Any]) -> None:
    signature = inspect.signature(DATASETS[name])
    try:
        signature.bind(None, **options)
    except TypeError as error:
        raise ExtensionError(
            f"{where}: options do not fit {name}{signature}: {error}; the first argument is the "
            "random generator"
        ) from error


def _one_draw(
    where: str, name: str, rng: np.random.Generator, options: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    try:
        drawn = DATASETS[name](rng, **options)
    except Exception as error:
        raise ExtensionError(f"{where} fails with {type(error).__name__}: {error}") from error
    if not isinstance(drawn, Mapping):
        raise ExtensionError(
            f"{where} returned {type(drawn).__name__}, must return a dict of arrays"
        )
    unknown = [str(key) for key in drawn if key not in GENERATED]
    if unknown:
        raise ExtensionError(
            f"{where} returned {', '.join(unknown)}; arrays are {', '.join(GENERATED)}"
        )
    return {key: np.asarray(value) for key, value in drawn.items()}


def _stacked(
    where: str, draws: Iterable[tuple[int, dict[str, np.ndarray]]], bounds: tuple[int, int]
) -> dict[str, np.ndarray]:
    first: dict[str, np.ndarray] = {}
    rows: dict[str, list[np.ndarray]] = {}
    for replicate, drawn in draws:
        first = first or drawn
        if drawn.keys() != first.keys():
            raise ExtensionError(
                f"{where} returned {', '.join(drawn)} for replicate {replicate}, and "
                f"{', '.join(first)} for replicate 0; return the same arrays each time"
            )
        for name, array in drawn.items():
            _refuse_change(where, name, array, first[name], replicate)
            if bounds[0] <= replicate < bounds[1] and name in BY_REPLICATE:
                rows.setdefault(name, []).append(array)
    return first | {name: np.stack(arrays) for name, arrays in rows.items()}


def _refuse_change(
    where: str, name: str, array: np.ndarray, first: np.ndarray, replicate: int
) -> None:
    wanted = {"X": 2, "X_test": 2, "y": 1, "y_test": 1}.get(name, first.ndim)
    if array.ndim != wanted:
        raise ExtensionError(
            f"{where}: array '{name}' has {array.ndim} dimensions, shape {array.shape}, must have "
            f"{wanted}; one call draws one replicate"
        )
    if array.shape != first.shape:
        raise ExtensionError(
            f"{where}: array '{name}' has shape {array.shape} in replicate {replicate} and "
            f"{first.shape} in replicate 0; it must be the same in every replicate"
        )
    if name not in BY_REPLICATE and not np.array_equal(array, first):
        raise ExtensionError(
            f"{where}: array '{name}' differs between replicates 0 and {replicate}; what is not "
            f"{', '.join(BY_REPLICATE)} must be the same in every replicate, so make it without "
            "rng, or from a generator of its own"
        )
