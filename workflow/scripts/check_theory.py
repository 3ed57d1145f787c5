"""Hold one block's fits against theory."""

from normwise.analysis.measure.theory_check import theory_table
from normwise.analysis.tables import write_table
from normwise.files.job_log import log_to

with log_to(snakemake.log[0]):
    fits = {p: [f] if isinstance(f, str) else list(f) for p, f in snakemake.input.items()}
    table = theory_table(
        snakemake.wildcards.dataset,
        fits,
        wanted=snakemake.params.scenarios,
        **snakemake.params.draws,
    )
    write_table(table, "theory", snakemake.output[0])
