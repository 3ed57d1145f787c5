"""What was found of two published comparisons, as it comes with the package.

The tables lie in the folder ``found`` beside this file: of Wang et al. (2020) the scenarios that
were run again, with the numbers that they are compared with, and counts over all that are in the
table; of Knight & Bajaj (2026) what was measured in each cell. `normwise.audit.published` writes
them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from normwise.files.whole import sha256

FOLDER = Path(__file__).with_name("found")
WANG, REGIMES, KNIGHT_BAJAJ = "wang_2020", "wang_2020_regimes", "knight_bajaj_2026"
FOUND = (WANG, REGIMES, KNIGHT_BAJAJ)


def read_found(name: str) -> pd.DataFrame:
    """One of the tables ``FOUND``."""
    return pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values=[""])


def digest() -> str:
    """Of all of them: what shows them is made again when they change."""
    return " ".join(sha256(FOLDER / f"{name}.csv")[:12] for name in FOUND)
