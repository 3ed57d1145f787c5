"""Draw rows of a table and simulate their response, once a replicate."""

from normwise.io import log_to
from normwise.sources import UNUSABLE, read_source, write_semi_synthetic

with log_to(snakemake.log[0], UNUSABLE):
    write_semi_synthetic(
        snakemake.output[0],
        read_source(snakemake.input[0]),
        snakemake.params.dataset,
        snakemake.params.bounds,
        snakemake.params.seed,
        largest_mb=snakemake.config["max_chunk_mb"],
    )
