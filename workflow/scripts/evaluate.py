"""Turn the fits of one data set into tables of metrics."""

from normwise.evaluate import evaluate
from normwise.extension_files import load
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    tables = evaluate(
        dict(snakemake.input.items()), snakemake.wildcards.dataset, snakemake.params.metrics
    )
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
