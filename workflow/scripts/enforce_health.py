"""Fail if a check is broken; all tables and the report are written by then and stay."""

import sys
from pathlib import Path

from normwise.analysis.judge.health import complaint
from normwise.files.parquet import read_parquet

health = Path(snakemake.input.health)
# the CSV file is the one to look at
message = complaint(read_parquet(health), health.with_suffix(".csv"))
if message:
    with open(snakemake.log[0], "w", encoding="utf-8") as log:
        log.write(message + "\n")
    sys.exit(message)
