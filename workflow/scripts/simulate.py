"""Draw the replicates of one chunk into a data file."""

from normwise.data.chunk import Chunk
from normwise.data.simulated import write_simulated
from normwise.files.job_log import log_to

with log_to(snakemake.log[0]):
    chunk = Chunk.from_params(snakemake.params.chunk)
    # no parameter: it decides how the data travel, not what they are
    recipe = chunk.travels_as_recipe(snakemake.config)
    write_simulated(
        snakemake.output[0],
        chunk.scenarios,
        chunk.start,
        chunk.stop,
        snakemake.params.seed,
        recipe,
    )
