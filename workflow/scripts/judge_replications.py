"""Hold the replications against what was published."""

from normwise.analysis.tables import write_table
from normwise.analysis.trials.replications.protocol import judge
from normwise.files.job_log import log_to
from normwise.files.parquet import read_parquet

with log_to(snakemake.log[0]):
    frame = judge(read_parquet(path) for path in snakemake.input.batches)
    write_table(frame, "replications", snakemake.output.parquet, snakemake.output.csv)
