"""Run some data sets of a published study again."""

from normwise.analysis.trials.replications.protocol import run_batch
from normwise.files.job_log import log_to
from normwise.files.parquet import write_parquet

with log_to(snakemake.log[0]):
    start, stop = snakemake.params.bounds
    frame = run_batch(snakemake.wildcards.study, start, stop, snakemake.params.seed)
    write_parquet(frame, snakemake.output[0])
