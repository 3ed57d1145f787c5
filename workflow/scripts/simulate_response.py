"""Draw rows of a table and simulate their response, once a replicate."""

from normwise.data.imported import UNUSABLE, read_source, write_semi_synthetic
from normwise.files.whole import log_to

with log_to(snakemake.log[0], UNUSABLE):
    write_semi_synthetic(
        snakemake.output[0],
        read_source(snakemake.input[0]),
        snakemake.params.dataset,
        snakemake.params.bounds,
        snakemake.params.seed,
        largest_mb=snakemake.config["max_chunk_mb"],
    )
