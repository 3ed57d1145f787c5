"""Draw the replicates of one chunk into a data file."""

from normwise.data import write_simulated
from normwise.io import log_to
from normwise.scenario import Scenario

with log_to(snakemake.log[0]):
    chunk = snakemake.params.chunk
    scenarios = [Scenario(**content) for content in chunk["scenarios"]]
    write_simulated(
        snakemake.output[0], scenarios, chunk["start"], chunk["stop"], snakemake.params.seed
    )
