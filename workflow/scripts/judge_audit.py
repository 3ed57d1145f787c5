"""Put a published study beside what was measured of it and what theory says."""

from normwise.analysis.tables import write_table
from normwise.audit.verdicts import audited
from normwise.data.errors import InputError
from normwise.files.job_log import log_to
from normwise.files.parquet import read_parquet

with log_to(snakemake.log[0]):
    if not snakemake.params.rows:
        raise InputError(
            "config: audit.table ('') names no file; give the published table as CSV, as "
            "config/audit.yaml says"
        )
    fits = map(read_parquet, snakemake.input)
    frame = audited(zip(snakemake.params.rows, fits, strict=True), snakemake.params.comparison)
    write_table(frame, "audit", snakemake.output.parquet, snakemake.output.csv)
