"""What the fits files of a block hold, a scenario at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from normwise.data.batch import Origin
from normwise.data.file import read_origin, read_scenarios
from normwise.files.arrays import Arrays, load_arrays

MAX_OPEN = 64


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
        names = [n[: -len(f".{i}")] for n in file.files if n.endswith(f".{i}")]
        part = {name: file[f"{name}.{i}"] for name in names}
        if "scenarios" not in file:
            # files of a rule know nothing of each other: number them in order
            part["first"] = np.array(sum(len(p["failed"]) for p in parts))
        parts.append(part)
    parts.sort(key=lambda part: int(part["first"]))
    numbers = np.concatenate([int(p["first"]) + np.arange(len(p["failed"])) for p in parts])
    kept = numbers < (np.inf if replicates is None else replicates)
    arrays = {
        name: np.concatenate([p[name] for p in parts])[kept] for name in parts[0] if name != "first"
    }
    return Estimates(dataset, origin, penalty, numbers[kept], arrays)
