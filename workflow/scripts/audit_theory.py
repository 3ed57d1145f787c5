"""Ask exact theory for scenarios of a published study."""

from normwise.audit.expected import expected
from normwise.files.job_log import log_to
from normwise.files.parquet import write_parquet

with log_to(snakemake.log[0]):
    write_parquet(expected(snakemake.params.rows, **snakemake.params.draws), snakemake.output[0])
