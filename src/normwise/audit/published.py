"""What was found of two published comparisons, taken over from finished runs.

``python -m normwise.audit.published results/audit results`` writes the tables that
`normwise.audit.shipped` reads, from new runs of ``config/audit.yaml`` (``snakemake audit``) and
``config/replications.yaml`` (``snakemake replications``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from normwise.analysis.trials.replications import knight_bajaj_2026
from normwise.audit.shipped import FOLDER, KNIGHT_BAJAJ, REGIMES, WANG
from normwise.files.parquet import read_parquet
from normwise.files.whole import write_text

DIGITS = 5


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
