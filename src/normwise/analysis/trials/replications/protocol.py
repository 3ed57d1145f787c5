"""Published studies run again, each with its own design, tuning and measure of error.

A module holds one study: ``SOURCE``; ``measure(rng)``, which draws one data set of each case and
yields ``(case, method, quantity, value)``; and ``judge(values)``, which yields the rows of table
``replications``. Published numbers are in ``published.csv``. ``BATCH`` data sets make one job.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed

# names for figures, by key
STUDIES = {
    "zou_hastie_2005": "Zou & Hastie (2005)",
    "esl_ridge": "ESL (2009), 18.1",
    "esl_bet_on_sparsity": "ESL (2009), 16.2.2",
    "ng_2004": "Ng (2004)",
    "hastie_tibshirani_tibshirani_2020": "Hastie et al. (2020)",
}
PUBLISHED = Path(__file__).with_name("published.csv")
VALUES = ["study", "replicate", "case", "method", "quantity", "value"]


def study_module(study: str) -> ModuleType:
    """The module of a study."""
    return importlib.import_module(f"normwise.analysis.trials.replications.{study}")


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
        One of ``STUDIES``.
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
    for study in STUDIES:
        own = values[values["study"] == study]
        if len(own):
            module = study_module(study)
            rows += [{"study": study, "source": module.SOURCE} | r for r in module.judge(own)]
    return typed(pd.DataFrame(rows), "replications")


def summarise(values: pd.DataFrame) -> pd.DataFrame:
    """Mean, its standard error, and count, by case, method and quantity."""
    groups = values.groupby(["case", "method", "quantity"], sort=False)["value"]
    out = groups.agg(["mean", "std", "size"])
    out["se"] = out["std"] / np.sqrt(out["size"])
    return out
