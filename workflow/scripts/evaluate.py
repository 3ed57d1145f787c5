"""Turn the fits of one block into tables."""

from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.tables import write_parts
from normwise.files.job_log import log_to
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    parts = evaluate(
        {p: [f] if isinstance(f, str) else list(f) for p, f in snakemake.input.items()},
        snakemake.wildcards.dataset,
        snakemake.params.metrics,
        snakemake.params.overlap,
        snakemake.params.scenarios,
        snakemake.params.replicates,
    )
    write_parts(parts, dict(snakemake.output.items()))
