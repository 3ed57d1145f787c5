"""Run some data sets of a published study again."""

from normwise.analysis.columns import write_parquet
from normwise.analysis.trials.replications.protocol import run_batch
from normwise.files.whole import log_to

with log_to(snakemake.log[0]):
    start, stop = snakemake.params.bounds
    frame = run_batch(snakemake.wildcards.study, start, stop, snakemake.params.seed)
    write_parquet(frame, snakemake.output[0])
