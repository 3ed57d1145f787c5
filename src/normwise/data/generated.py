"""Data files from a function of the user's, called once a replicate."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from normwise.data.batch import TRUTH_ARRAYS, outside_batch, outside_key
from normwise.data.errors import ExtensionError
from normwise.data.seeds import generator
from normwise.files.arrays import save_arrays

Draw = Callable[..., Mapping[str, Any]]
DATASETS: dict[str, Draw] = {}


def dataset(draw: Draw) -> Draw:
    """Register a function that draws one replicate, under its own name.

    It is called as ``draw(rng, **options)`` with a `numpy.random.Generator` of the replicate and
    the ``options`` of the data set in the config. It returns ``X`` (n_samples, n_features) and
    ``y`` (n_samples,), and either ``X_test`` and ``y_test`` or the true ``coef``, with the other
    arrays of `normwise.data` where they apply. What is not ``X``, ``y``, ``X_test`` or ``y_test``
    must be the same in every replicate.
    """
    DATASETS[draw.__name__] = draw
    return draw


BY_REPLICATE = ("X", "y", "X_test", "y_test")
GENERATED = (*BY_REPLICATE, *(n for n in TRUTH_ARRAYS if n not in ("scenarios", "start", "seed")))


def write_generated(
    output: str | Path, dataset: Mapping[str, Any], bounds: tuple[int, int], seed: int
) -> None:
    """Call a function from an extension once a replicate, and write a data file.

    Parameters
    ----------
    output : path
    dataset : mapping
        A data set of the checked config; its ``source`` is the function.
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
    where = f"{_source_file(name)}, {name}"
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


def _source_file(name: str) -> str | None:
    """The user's file that registered a function."""
    return getattr(sys.modules.get(DATASETS[name].__module__), "__file__", None)


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
