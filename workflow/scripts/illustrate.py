"""Look closely at the data and the coefficients of a worked case."""

from normwise.cases import illustrate
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    tables = illustrate(
        snakemake.params.dataset, dict(snakemake.input.items()), snakemake.params.seed
    )
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
