"""Run a scenario of a published study again, and ask theory for it."""

from normwise.audit.verdicts import audit_scenario
from normwise.files.job_log import log_to
from normwise.files.parquet import write_parquet

with log_to(snakemake.log[0]):
    frame = audit_scenario(snakemake.params.row, **snakemake.params.counts)
    write_parquet(frame, snakemake.output[0])
