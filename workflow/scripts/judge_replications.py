"""Hold the replications against what was published."""

from normwise.analysis.columns import read_parquet, write_table
from normwise.analysis.trials.replications.protocol import judge
from normwise.files.whole import log_to

with log_to(snakemake.log[0]):
    frame = judge(read_parquet(path) for path in snakemake.input.batches)
    write_table(frame, "replications", snakemake.output.parquet, snakemake.output.csv)
