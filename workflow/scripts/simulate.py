"""Draw the replicates of one chunk into a data file."""

from normwise.data import write_simulated
from normwise.scenario import Scenario

chunk = snakemake.params.chunk
scenarios = [Scenario(**content) for content in chunk["scenarios"]]
write_simulated(
    snakemake.output[0], scenarios, chunk["start"], chunk["stop"], snakemake.params.seed
)
