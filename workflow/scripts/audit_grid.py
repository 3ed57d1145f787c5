"""Ridge once more, with the strengths that glmnet would try."""

from normwise.grid_audit import audit
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    fits = {}
    for key, paths in snakemake.input.items():
        penalty, dataset = key.split("__", 1)
        fits.setdefault(dataset, {})[penalty] = [paths] if isinstance(paths, str) else list(paths)
    write_table(
        audit(fits, snakemake.params.datasets, snakemake.params.comparison),
        "fair_grid",
        snakemake.output.parquet,
        snakemake.output.csv,
    )
