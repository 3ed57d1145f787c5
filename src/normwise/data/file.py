"""The data file: opened, checked, and read a few replicates at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from normwise.data.batch import (
    TRUTH_ARRAYS,
    Batch,
    Origin,
    outside_batch,
    outside_key,
    outside_truth,
    population_rows,
)
from normwise.data.errors import DataFileError
from normwise.data.population import population
from normwise.data.scenario import Scenario
from normwise.data.simulated import drawn_again, simulated_test_rows
from normwise.files.arrays import BROKEN, load_arrays
from normwise.files.errors import DamagedFileError


def read_batches(path: str | Path, dataset: str) -> Iterator[Batch]:
    """The scenarios of a data file, one at a time; those of a recipe in several batches each.

    Raises
    ------
    DataFileError
        If an array is missing, has the wrong shape, or holds NaN or infinity, or if the recipe's
        digests are not those of what is drawn.
    DamagedFileError
        If it is no whole ``.npz`` file, or one of the workflow's that was changed.
    """
    with load_arrays(path) as file:
        if "scenarios" not in file:
            yield outside_batch(path, _read_all(path, file), dataset)
            return
        for name in ("seed", "start"):
            if name not in file:
                raise DataFileError(
                    path, f"array '{name}' is missing; with 'scenarios' it must be there"
                )
        seed, start = int(file["seed"]), int(file["start"])
        for i, s in enumerate(read_scenarios(file)):
            parts: Iterable[tuple[int, np.ndarray, np.ndarray]]
            if f"digest.{i}" in file:
                parts = drawn_again(path, s, seed, start, file[f"digest.{i}"])
            else:
                parts = [(start, file[f"X.{i}"], file[f"y.{i}"])]
            for first, X, y in parts:
                yield Batch(
                    s.id,
                    s.key,
                    first,
                    X,
                    y,
                    s.response,
                    population(s, seed),
                    simulated_test_rows(s, seed),
                )


def _read_all(
    path: str | Path, file: np.lib.npyio.NpzFile, names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    wanted = [name for name in file.files if names is None or name in names]
    arrays = {}
    for name in wanted:
        try:
            arrays[name] = file[name]
        except DamagedFileError:
            raise
        except (ValueError, *BROKEN) as error:
            raise DataFileError(path, f"array '{name}' cannot be read ({error})") from error
    return arrays


def truth_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a data file from which the truth is rebuilt, to be passed on with fits."""
    with load_arrays(path) as file:
        return _read_all(path, file, TRUTH_ARRAYS)


def read_scenarios(arrays: Mapping[str, np.ndarray]) -> list[Scenario]:
    """The scenarios of a data or fits file, in order; none if it was not simulated."""
    if "scenarios" not in arrays:
        return []
    return [Scenario(**content) for content in json.loads(str(arrays["scenarios"]))]


def read_origin(
    arrays: Mapping[str, np.ndarray], index: int, dataset: str, response: str, n_features: int
) -> Origin:
    """The origin of one batch of a fits file.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The scenarios of the file.
    index : int
        Position of the scenario in the file.
    dataset, response : str
        For a file that was not simulated.
    n_features : int
    """
    scenarios = read_scenarios(arrays)
    if not scenarios:
        truth = outside_truth(dataset, arrays, n_features)
        return Origin(outside_key(dataset)[:10], response, truth, population_rows(arrays))
    seed, s = int(arrays["seed"]), scenarios[index]
    return Origin(s.id, s.response, population(s, seed), simulated_test_rows(s, seed), s)
