"""One replicate of a study made again: its data drawn, and one penalty fitted to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from normwise.data.batch import Batch
from normwise.data.file import read_batches, read_scenarios
from normwise.data.generated import DATASETS, write_generated
from normwise.data.imported import read_source
from normwise.data.scenario import Scenario
from normwise.data.semi_synthetic import write_semi_synthetic
from normwise.data.simulated import write_simulated
from normwise.data.splits import write_splits
from normwise.files.arrays import load_arrays
from normwise.fitting.fit_job import FitOptions, fit_replicate
from normwise.fitting.fits_file import FIRST, arrays_of
from normwise.fitting.penalty import find
from normwise.study.design import scenarios_of


@dataclass(frozen=True)
class Row:
    """Where a replicate stands in the fits files.

    Attributes
    ----------
    path : Path
    index : int
        Position of the scenario in the file.
    row : int
        Position of the replicate in its arrays.
    """

    path: Path
    index: int
    row: int

    def read(self) -> dict[str, np.ndarray]:
        """What was fitted to the replicate, as `fit_replicate` returns it."""
        with load_arrays(self.path) as file:
            arrays = arrays_of(file, self.index)
        return {name: array[self.row] for name, array in arrays.items() if name != FIRST}


def find_row(paths: Sequence[Path], scenario: Scenario | None, replicate: int) -> Row | None:
    """Find a replicate in the fits files of one data set and penalty.

    Parameters
    ----------
    paths : sequence of Path
        In the order of their chunks.
    scenario : Scenario or None
        None for data that are not simulated, whose files number their replicates in order.
    replicate : int
    """
    before = 0
    for path in paths:
        with load_arrays(path) as file:
            for index, own in enumerate(read_scenarios(file) or [None]):
                n = len(file[f"failed.{index}"])
                if scenario is None:
                    first, before = before, before + n
                elif own == scenario:
                    first = int(file[f"first.{index}"])
                else:
                    continue
                if first <= replicate < first + n:
                    return Row(path, index, replicate - first)
    return None


def why_not(dataset: Mapping[str, Any], folder: Path) -> str | None:
    """Why a data set cannot be drawn again, if it cannot."""
    source, name = dataset["source"], dataset["name"]
    if source in ("table", "semi_synthetic") and not (folder / "sources" / f"{name}.npz").is_file():
        return f"sources/{name}.npz is missing"
    if source == "rule" and not _kept(folder, name):
        return "a rule of yours made its data, and none of its files is in data/"
    if source not in ("scenarios", "table", "semi_synthetic", "rule", *DATASETS):
        return f"{source} is registered by none of the extensions"
    return None


def _kept(folder: Path, name: str) -> list[Path]:
    """Data files of a rule of the user's that are still there, all or none."""
    fits = {p.name for p in folder.glob(f"fits/{name}/*/*.npz")}
    found = [folder / "data" / name / file for file in sorted(fits, key=lambda f: int(f[:-4]))]
    return found if all(path.is_file() for path in found) else []


def drawn_from(dataset: Mapping[str, Any]) -> list[Scenario] | list[None]:
    """Scenarios of a data set; one that is None if it is not simulated."""
    return scenarios_of(dataset) if dataset["source"] == "scenarios" else [None]


def draw_again(
    dataset: Mapping[str, Any],
    scenario: Scenario | None,
    replicate: int,
    seed: int,
    folder: Path,
    scratch: Path,
) -> Batch:
    """The data of one replicate.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.
    scenario : Scenario or None
        None if the data set is not simulated.
    replicate : int
    seed : int
    folder : Path
        The results.
    scratch : Path
        A file to write.
    """
    name, bounds = dataset["name"], (replicate, replicate + 1)
    if scenario is not None:
        write_simulated(scratch, [scenario], *bounds, seed)
    elif dataset["source"] == "rule":
        for path in _kept(folder, name):
            (batch,) = read_batches(path, name)
            if replicate < len(batch.y):
                return batch.only(replicate)
            replicate -= len(batch.y)
        raise IndexError(f"data set '{name}' has fewer replicates in its data files")
    elif dataset["source"] in DATASETS:
        write_generated(scratch, dataset, bounds, seed)
    else:
        source = read_source(folder / "sources" / f"{name}.npz")
        if dataset["source"] == "table":
            write_splits(scratch, source, dataset, bounds, seed, min_rows=0, largest_mb=math.inf)
        else:
            write_semi_synthetic(scratch, source, dataset, bounds, seed, largest_mb=math.inf)
    (batch,) = read_batches(scratch, name)
    return batch


def fit_again(
    batch: Batch, penalty: str, config: Mapping[str, Any], keep_paths: bool
) -> dict[str, np.ndarray]:
    """Fit a penalty to a batch of one replicate, as the config says.

    Parameters
    ----------
    batch : Batch
    penalty : str
    config : mapping
        The checked config.
    keep_paths : bool
        Whether the coefficients at every strength are wanted.
    """
    options = FitOptions(
        seed=config["seed"],
        tolerance=config["tolerance"],
        engine=config["engine"],
        keep_paths=keep_paths,
        **config["tuning"],
    )
    with threadpool_limits(1):
        return fit_replicate(batch, find(penalty, options.l1_ratio), options)
