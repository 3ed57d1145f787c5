"""Run a scenario of a published study again."""

import pandas as pd

from normwise.audit.rerun import rerun
from normwise.audit.wang_2020 import scenario_of
from normwise.files.job_log import log_to
from normwise.files.parquet import write_parquet

with log_to(snakemake.log[0]):
    scenario = scenario_of(pd.Series(snakemake.params.row))
    counts = snakemake.params.counts
    write_parquet(rerun(scenario, 0, counts["replicates"], counts["seed"]), snakemake.output[0])
