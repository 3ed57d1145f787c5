"""Hold one data set's fits against theory."""

from normwise.evidence import theory_table
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    table = theory_table(
        snakemake.params.dataset, dict(snakemake.input.items()), snakemake.params.seed
    )
    write_table(table, "theory", snakemake.output[0])
