"""Published studies run again, each with its own design, tuning and measure of error.

A module of this folder holds one study: ``measure(rng)``, which draws one data set of each case and
yields ``(case, method, quantity, value)``, and ``judge(values)``, which yields the rows of table
``replications``. ``BATCH`` data sets make one job; ``SOURCE`` says where the study is published,
``LABEL`` names it in figures, ``ABOUT`` in the description of the config, and ``ORDER`` is its
place among the others. Published numbers are in ``published.csv``.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed

PUBLISHED = Path(__file__).with_name("published.csv")
VALUES = ["study", "replicate", "case", "method", "quantity", "value"]


def study_module(study: str) -> ModuleType:
    """The module of a study."""
    return importlib.import_module(f"normwise.analysis.trials.replications.{study}")


@cache
def studies() -> dict[str, ModuleType]:
    """Modules of all studies, by name and in their order."""
    names = [file.stem for file in Path(__file__).parent.glob("[a-z]*.py")]
    modules = {name: study_module(name) for name in names if name != Path(__file__).stem}
    return dict(sorted(modules.items(), key=lambda item: item[1].ORDER))


def plan_batches(counts: Mapping[str, int]) -> dict[str, list[tuple[int, int]]]:
    """Ranges of data sets, one for each job, by study."""
    out = {}
    for study, count in counts.items():
        size = study_module(study).BATCH
        out[study] = [(a, min(a + size, count)) for a in range(0, count, size)]
    return out


@threadpool_limits.wrap(limits=1)
def run_batch(study: str, start: int, stop: int, seed: int) -> pd.DataFrame:
    """Measure some data sets of every case of a study.

    Parameters
    ----------
    study : str
        Name of one of `studies`.
    start, stop : int
        Range of data sets; each has a random stream of its own.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``study``, ``replicate``, ``case``, ``method``, ``quantity`` and ``value``.
    """
    measure = study_module(study).measure
    rows = []
    for replicate in range(start, stop):
        key = np.random.SeedSequence([seed, zlib.crc32(study.encode())], spawn_key=(replicate,))
        found = measure(np.random.default_rng(key))
        rows += [(study, replicate, *row) for row in found]
    return pd.DataFrame(rows, columns=VALUES)


def published(study: str) -> pd.DataFrame:
    """What the source reports: case, method, quantity, value and standard error."""
    frame = pd.read_csv(PUBLISHED, dtype={"case": str})
    return frame[frame["study"] == study].drop(columns="study")


def judge(batches: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Table ``replications``: published beside measured, and whether they agree."""
    frames = [b for b in batches if len(b)]
    if not frames:
        return typed(pd.DataFrame(), "replications")
    values = pd.concat(frames, ignore_index=True)
    rows = []
    for study, module in studies().items():
        own = values[values["study"] == study]
        if len(own):
            rows += [{"study": study, "source": module.SOURCE} | r for r in module.judge(own)]
    return typed(pd.DataFrame(rows), "replications")


def summarise(values: pd.DataFrame) -> pd.DataFrame:
    """Mean, its standard error, and count, by case, method and quantity."""
    groups = values.groupby(["case", "method", "quantity"], sort=False)["value"]
    out = groups.agg(["mean", "std", "size"])
    out["se"] = out["std"] / np.sqrt(out["size"])
    return out
