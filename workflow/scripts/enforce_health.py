"""Fail if a check is broken; all tables and the report are written by then and stay."""

import sys

import pandas as pd

from normwise.health import complaint

message = complaint(pd.read_csv(snakemake.input.health), snakemake.input.health)
if message:
    with open(snakemake.log[0], "w", encoding="utf-8") as log:
        log.write(message + "\n")
    sys.exit(message)
