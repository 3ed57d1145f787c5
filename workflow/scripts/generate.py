"""Call the user's function once a replicate."""

from normwise.extension_files import load
from normwise.io import log_to
from normwise.sources import UNUSABLE, write_generated

with log_to(snakemake.log[0], UNUSABLE):
    load(file for file, _ in snakemake.params.extensions)
    write_generated(
        snakemake.output[0],
        snakemake.params.dataset,
        snakemake.params.bounds,
        snakemake.params.seed,
    )
