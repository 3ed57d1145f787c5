"""Draw rows of a table and simulate their response, once a replicate."""

from normwise.data.errors import UNUSABLE
from normwise.data.imported import read_source
from normwise.data.semi_synthetic import write_semi_synthetic
from normwise.files.job_log import log_to

with log_to(snakemake.log[0], UNUSABLE):
    write_semi_synthetic(
        snakemake.output[0],
        read_source(snakemake.input[0]),
        snakemake.params.dataset,
        snakemake.params.bounds,
        snakemake.params.seed,
        largest_mb=snakemake.config["max_chunk_mb"],
    )
