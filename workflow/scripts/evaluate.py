"""Turn the fits of one data set into tables of metrics."""

from normwise.evaluate import evaluate
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    tables = evaluate(dict(snakemake.input.items()), snakemake.wildcards.dataset)
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name])
