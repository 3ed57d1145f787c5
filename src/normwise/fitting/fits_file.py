"""The fits file: what its arrays are called, written, and read a scenario at a time.

For the *i*-th scenario it holds the arrays named here with ``.i`` behind their names, and with the
replicate as first axis; then what is the same for all replicates: ``first.i``, the number of the
first one, ``responses``, and the truth, which the data file handed on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from normwise.data.batch import Batch, Origin
from normwise.data.file import read_origin, read_scenarios
from normwise.files.arrays import Arrays, load_arrays, save_arrays
from normwise.fitting.names import TUNINGS

# second axis: the tuning rules
BY_TUNING = ("intercept", "alpha", "chosen", "risk", "train_error", "dof", "gap", "edge")
# second axis: the candidate strengths
BY_ALPHA = ("alphas", "cv_error", "path_risk")
BY_REPLICATE = ("fold_gap", "n_uncertified", "n_iter", "seconds", "failed", "max_correlation")
FIRST = "first"
MAX_OPEN = 64


def blank_fit(shape: tuple[int, ...], n_alphas: int) -> dict[str, np.ndarray]:
    """Arrays of one replicate before it is fitted: numbers that are not known.

    Parameters
    ----------
    shape : tuple of int
        Of the coefficients of one fit: features, or classes and features.
    n_alphas : int
    """
    arrays = {name: np.full(len(TUNINGS), np.nan) for name in BY_TUNING}
    arrays["intercept"] = np.full((len(TUNINGS), *shape[:-1]), np.nan)
    arrays |= {name: np.full(n_alphas, np.nan) for name in BY_ALPHA}
    arrays |= {name: np.array(0.0) for name in BY_REPLICATE}
    return arrays | {"coef": np.full((len(TUNINGS), *shape), np.nan)}


class FitsFile:
    """A fits file that is filled a batch at a time.

    Parameters
    ----------
    shared : mapping of str to ndarray
        What is the same for all replicates.
    """

    def __init__(self, shared: Mapping[str, np.ndarray]) -> None:
        self.arrays = dict(shared)
        self.responses: dict[str, str] = {}
        self.parts: dict[str, list[np.ndarray]] = {}

    def add(self, batch: Batch, fits: Sequence[Mapping[str, np.ndarray]]) -> None:
        """Add the fits of a batch, one for each replicate; scenarios come one after the other."""
        if batch.id not in self.responses:
            self.arrays[f"{FIRST}.{len(self.responses)}"] = np.array(batch.start)
            self.responses[batch.id] = batch.response
        index = list(self.responses).index(batch.id)
        for name in fits[0]:
            rows = np.stack([fit[name] for fit in fits])
            self.parts.setdefault(f"{name}.{index}", []).append(rows)

    def save(self, path: str | Path) -> None:
        """Write the file."""
        arrays = self.arrays | {name: np.concatenate(rows) for name, rows in self.parts.items()}
        save_arrays(path, arrays | {"responses": np.array(list(self.responses.values()))})


def arrays_of(file: Arrays, index: int) -> dict[str, np.ndarray]:
    """Arrays of one scenario of a fits file, by their names without the scenario's number."""
    suffix = f".{index}"
    return {n.removesuffix(suffix): file[n] for n in file.files if n.endswith(suffix)}


@dataclass(frozen=True)
class Estimates:
    """All replicates of one scenario under one penalty, in order."""

    dataset: str
    origin: Origin
    penalty: str
    replicate: np.ndarray
    arrays: Mapping[str, np.ndarray]

    @property
    def fitted(self) -> np.ndarray:
        """Which replicates have a solution."""
        return self.arrays["failed"] == 0


def read_estimates(
    fits: Mapping[str, Sequence[str | Path]],
    dataset: str,
    wanted: Collection[str] | None = None,
    replicates: int | None = None,
) -> Iterator[dict[str, Estimates]]:
    """Join the chunks of a block, one scenario at a time, by penalty.

    Parameters
    ----------
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    dataset : str
    wanted : collection of str, optional
        Ids of the scenarios to read; all by default.
    replicates : int, optional
        How many to read of each; all by default.
    """
    opened: dict[str | Path, Arrays] = {}

    def file_of(path: str | Path) -> Arrays:
        if path not in opened:
            if len(opened) >= MAX_OPEN:
                opened.pop(next(iter(opened))).close()
            opened[path] = load_arrays(path, ours=True)
        return opened[path]

    # place of each scenario in each file
    places: dict[str, dict[str, list[tuple[str | Path, int]]]] = {}
    try:
        for penalty, paths in fits.items():
            for path in paths:
                scenarios = read_scenarios(file_of(path))
                names = [s.id for s in scenarios] if scenarios else [dataset]
                for i, name in enumerate(names):
                    if wanted is None or name in wanted:
                        places.setdefault(name, {}).setdefault(penalty, []).append((path, i))
        for found in places.values():
            # all penalties saw the same data
            (path, i), *_ = next(iter(found.values()))
            file = file_of(path)
            width = file[f"coef.{i}"].shape[-1]
            origin = read_origin(file, i, dataset, str(file["responses"][0]), width)
            yield {
                penalty: _joined(
                    [(file_of(p), i) for p, i in files], dataset, origin, penalty, replicates
                )
                for penalty, files in found.items()
            }
    finally:
        for file in opened.values():
            file.close()


def each_estimate(
    fits: Mapping[str, Sequence[str | Path]],
    dataset: str,
    wanted: Collection[str] | None = None,
    replicates: int | None = None,
) -> Iterator[Estimates]:
    """The same, one penalty after the other."""
    for found in read_estimates(fits, dataset, wanted, replicates):
        yield from found.values()


def _joined(
    files: Sequence[tuple[Arrays, int]],
    dataset: str,
    origin: Origin,
    penalty: str,
    replicates: int | None,
) -> Estimates:
    parts: list[dict[str, np.ndarray]] = []
    for file, i in files:
        part = arrays_of(file, i)
        if "scenarios" not in file:
            # files of a rule know nothing of each other: number them in order
            part[FIRST] = np.array(sum(len(p["failed"]) for p in parts))
        parts.append(part)
    parts.sort(key=lambda part: int(part[FIRST]))
    numbers = np.concatenate([int(p[FIRST]) + np.arange(len(p["failed"])) for p in parts])
    kept = numbers < (np.inf if replicates is None else replicates)
    arrays = {
        name: np.concatenate([p[name] for p in parts])[kept] for name in parts[0] if name != FIRST
    }
    return Estimates(dataset, origin, penalty, numbers[kept], arrays)
