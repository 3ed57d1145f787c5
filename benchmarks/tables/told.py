"""Ten real tables, told as a user would read them.

``python -m benchmarks.tables.told CACHE`` asks for advice on the whole of the first ten tables that
were set aside, in the order in which `halves` takes them, and writes ``results/tables_told.md``.
The ten follow from that rule alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.tables.collect import file_of, read_manifest
from benchmarks.tables.halves import chosen
from benchmarks.tables.rule import coded
from normwise.advice import Advice, advise_table
from normwise.files.whole import write_text

RESULT = Path(__file__).parents[1] / "results" / "tables_told.md"
N_TABLES = 10


def told(name: str, what: str, advice: Advice) -> str:
    """One table, as Markdown."""
    said = advice.recommendation
    n, p = advice.table.X.shape
    size = f"`{advice.table.target}` of {n:,} rows by {p:,} features, {what}"
    parts = [*said.first, *said.reasons[:2], *said.doubts[:2]]
    return f"## {name}\n\n{size}.\n\n**{said.headline}**\n\n" + "\n".join(f"- {t}" for t in parts)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    cache = parser.parse_args().cache
    own = chosen(read_manifest(), "set_aside")
    parts = []
    for row in own.head(N_TABLES).itertuples(index=False):
        table = coded(pd.read_parquet(file_of(row.name, cache)), row.target, row.kind, row.groups)
        parts.append(told(row.name, row.kind, advise_table(table)))
        print(parts[-1], flush=True)
    head = (
        "# Ten tables\n\nThe first ten of the real tables that were set aside, those first whose "
        "response is known best and then by a digest of the name, and what the advice says of the "
        "whole of each: signs that rows belong together, two reasons and two doubts. "
        "`python -m benchmarks.tables.told CACHE` makes this page."
    )
    write_text(RESULT, "\n\n".join([head, *parts]) + "\n")


if __name__ == "__main__":
    main()
