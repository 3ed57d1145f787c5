"""Hold the replications against what was published."""

from normwise.io import log_to
from normwise.replications import judge
from normwise.tables import read_parquet, write_table

with log_to(snakemake.log[0]):
    frame = judge(read_parquet(path) for path in snakemake.input.batches)
    write_table(frame, "replications", snakemake.output.parquet, snakemake.output.csv)
