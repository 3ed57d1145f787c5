"""Response surfaces and rules, judged on scenarios held out."""

from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.extension_files import load
from normwise.io import log_to
from normwise.rules import learn
from normwise.tables import write_table

with log_to(snakemake.log[0]), threadpool_limits(1):
    load(file for file, _ in snakemake.params.extensions)
    tables = learn(
        pd.read_parquet(snakemake.input.goals),
        pd.read_parquet(snakemake.input.scenarios),
        pd.read_parquet(snakemake.input.strategies),
        snakemake.params.comparison,
        snakemake.threads,
    )
    folder = Path(snakemake.output[0]).parent
    for name, frame in tables.items():
        write_table(frame, name, folder / f"{name}.parquet", folder / f"{name}.csv")
