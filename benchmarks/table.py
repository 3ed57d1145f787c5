"""The table of runs; what is measured again takes the place of what was, so a run can be a part."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

# strengths that all contenders are given, or each one's own
KINDS = GIVEN, OWN = "given", "own"
KEYS = ["regime", "contender", "machine", "strengths"]


def read(path: Path) -> pd.DataFrame:
    """The table in a file; empty if there is none."""
    if not path.exists():
        return pd.DataFrame(columns=KEYS)
    return pd.read_csv(path, keep_default_na=False, na_values=["", "nan"])


def merge(path: Path, rows: Sequence[dict[str, object]], about: dict[str, str]) -> None:
    """Put rows in the place of those of the same regime, contender, machine and strengths.

    Parameters
    ----------
    path : Path
        The table, written whole or not at all.
    rows : sequence of dict
    about : dict of str to str
        Columns that say where the rows come from: machine, commit, date.
    """
    new = pd.DataFrame(rows).assign(**about)
    old = read(path)
    measured = set(new[KEYS].itertuples(index=False, name=None))
    kept = old[[key not in measured for key in old[KEYS].itertuples(index=False, name=None)]]
    table = pd.concat([kept, new], ignore_index=True) if len(kept) else new
    unfinished = path.with_suffix(".unfinished")
    table.to_csv(unfinished, index=False, float_format="%.6g")
    os.replace(unfinished, path)


def measured(path: Path, machine: str, strengths: Sequence[str] = KINDS) -> set[tuple[str, str]]:
    """Pairs of regime and contender that a machine has rows of, with any of these strengths."""
    table = read(path)
    own = table[(table["machine"] == machine) & table["strengths"].isin(strengths)]
    return set(own[["regime", "contender"]].itertuples(index=False, name=None))
