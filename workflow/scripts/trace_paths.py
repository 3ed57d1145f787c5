"""Follow risk, bias, variance and coefficients along the paths of one data set."""

from normwise.evaluate import trace_paths
from normwise.extension_files import load
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    tables = trace_paths(dict(snakemake.input.items()), snakemake.wildcards.dataset)
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
