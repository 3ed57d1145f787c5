"""Look closely at the data and the coefficients of a worked case."""

from normwise.analysis.measure.worked_case import illustrate
from normwise.analysis.tables import write_table
from normwise.files.job_log import log_to

with log_to(snakemake.log[0]):
    tables = illustrate(
        snakemake.params.dataset, dict(snakemake.input.items()), snakemake.params.seed
    )
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
