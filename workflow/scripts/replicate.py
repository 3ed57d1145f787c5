"""Run some data sets of a published study again."""

from normwise.io import log_to, write_atomic
from normwise.replications import run_batch

with log_to(snakemake.log[0]):
    start, stop = snakemake.params.bounds
    frame = run_batch(snakemake.wildcards.study, start, stop, snakemake.params.seed)
    write_atomic(snakemake.output[0], lambda partial: frame.to_parquet(partial, index=False))
