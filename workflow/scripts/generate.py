"""Call the user's function once a replicate."""

from normwise.data.errors import UNUSABLE
from normwise.data.generated import write_generated
from normwise.files.job_log import log_to
from normwise.study.extensions import load

with log_to(snakemake.log[0], UNUSABLE):
    load(file for file, _ in snakemake.params.extensions)
    write_generated(
        snakemake.output[0],
        snakemake.params.dataset,
        snakemake.params.bounds,
        snakemake.params.seed,
    )
