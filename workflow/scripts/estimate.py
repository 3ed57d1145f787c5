"""What can be estimated of the scenarios of one block, from a few replicates of each."""

from normwise.advice.estimates import estimate
from normwise.analysis.tables import write_table
from normwise.files.job_log import log_to
from normwise.files.parquet import read_parquet

with log_to(snakemake.log[0]):
    frame = estimate(
        snakemake.wildcards.dataset,
        snakemake.params.scenarios,
        read_parquet(snakemake.input[0]),
        **snakemake.params.draws,
    )
    write_table(frame, "estimates", snakemake.output[0])
