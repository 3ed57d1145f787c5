"""Draw the replicates of one chunk into a data file."""

from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.files.job_log import log_to
from normwise.study.blocks import Chunk

with log_to(snakemake.log[0]):
    content = snakemake.params.chunk
    scenarios = tuple(Scenario(**s) for s in content["scenarios"])
    chunk = Chunk(scenarios, content["start"], content["stop"])
    # no parameter: it decides how the data travel, not what they are
    recipe = chunk.travels_as_recipe(snakemake.config)
    write_simulated(
        snakemake.output[0], scenarios, chunk.start, chunk.stop, snakemake.params.seed, recipe
    )
