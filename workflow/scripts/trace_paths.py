"""Follow risk, bias, variance and coefficients along the paths of one data set."""

from normwise.analysis.columns import write_table
from normwise.analysis.measure.evaluate import trace_paths
from normwise.files.whole import log_to
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    tables = trace_paths(dict(snakemake.input.items()), snakemake.wildcards.dataset)
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
