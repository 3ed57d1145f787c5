"""Split a table at random into rows to fit and rows held out, once a replicate."""

from normwise.data.errors import UNUSABLE
from normwise.data.imported import read_source
from normwise.data.splits import write_splits
from normwise.files.job_log import log_to

with log_to(snakemake.log[0], UNUSABLE):
    write_splits(
        snakemake.output[0],
        read_source(snakemake.input[0]),
        snakemake.params.dataset,
        snakemake.params.bounds,
        **snakemake.params.draw,
        # no parameter: it decides whether there is a file, not what is in it
        largest_mb=snakemake.config["max_chunk_mb"],
    )
