"""Run some data sets of a published study again."""

from normwise.io import log_to
from normwise.replications import run_batch
from normwise.tables import write_parquet

with log_to(snakemake.log[0]):
    start, stop = snakemake.params.bounds
    frame = run_batch(snakemake.wildcards.study, start, stop, snakemake.params.seed)
    write_parquet(frame, snakemake.output[0])
