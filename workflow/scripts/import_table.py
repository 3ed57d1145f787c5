"""Read a user's table once."""

import sys

from normwise.data.errors import UNUSABLE
from normwise.data.imported import import_table
from normwise.files.errors import MissingExtraError
from normwise.files.job_log import log_to

with log_to(snakemake.log[0], (*UNUSABLE, MissingExtraError)):
    notes = import_table(
        snakemake.output[0],
        **snakemake.params.table,
        largest_mb=snakemake.config["max_chunk_mb"],
    )
    print(*notes, sep="\n", file=sys.stderr)
