"""Follow risk, bias, variance and coefficients along the paths of one data set."""

from normwise.analysis.measure.paths import trace_paths
from normwise.analysis.tables import write_table
from normwise.files.job_log import log_to
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    tables = trace_paths(dict(snakemake.input.items()), snakemake.wildcards.dataset)
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
