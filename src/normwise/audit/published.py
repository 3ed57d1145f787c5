"""What was found of two published comparisons, as the report shows it.

The tables lie in the folder ``found`` beside this file: of Wang et al. (2020) the scenarios that
were run again, with the numbers that they are compared with, and counts over all that are in the
table; of Knight & Bajaj (2026) what was measured in each cell.
``python -m normwise.audit.published results/audit results`` takes them over from new runs of
``config/audit.yaml`` (``snakemake audit``) and ``config/replications.yaml`` (``snakemake
replications``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from normwise.analysis.trials.replications import knight_bajaj_2026
from normwise.files.parquet import read_parquet
from normwise.files.whole import sha256, write_text

FOLDER = Path(__file__).with_name("found")
WANG, REGIMES, KNIGHT_BAJAJ = "wang_2020", "wang_2020_regimes", "knight_bajaj_2026"
FOUND = (WANG, REGIMES, KNIGHT_BAJAJ)
DIGITS = 5


def read_found(name: str) -> pd.DataFrame:
    """One of the tables ``FOUND``."""
    return pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values=[""])


def digest() -> str:
    """Of all of them: what shows them is made again when they change."""
    return " ".join(sha256(FOLDER / f"{name}.csv")[:12] for name in FOUND)


def ship(audit: str | Path, replications: str | Path, folder: str | Path = FOLDER) -> None:
    """Take the tables over from finished runs.

    Parameters
    ----------
    audit : path
        Results folder of ``snakemake audit``.
    replications : path
        Results folder of ``snakemake replications``.
    folder : path
        Where to write them.
    """
    tables = Path(audit) / "tables"
    batches = sorted((Path(replications) / "replications" / KNIGHT_BAJAJ).glob("*.parquet"))
    values = pd.concat(map(read_parquet, batches), ignore_index=True)
    frames = {
        WANG: read_parquet(tables / "audit.parquet"),
        REGIMES: read_parquet(tables / "audit_regimes.parquet"),
        KNIGHT_BAJAJ: knight_bajaj_2026.cells(values),
    }
    Path(folder).mkdir(exist_ok=True)
    for name, frame in frames.items():
        text = frame.to_csv(index=False, float_format=f"%.{DIGITS}g")
        write_text(Path(folder) / f"{name}.csv", text)


if __name__ == "__main__":
    ship(*sys.argv[1:])
