"""Read a user's table once."""

import sys

from normwise.io import log_to
from normwise.sources import UNUSABLE, import_table

with log_to(snakemake.log[0], UNUSABLE):
    notes = import_table(
        snakemake.output[0],
        **snakemake.params.table,
        largest_mb=snakemake.config["max_chunk_mb"],
    )
    print(*notes, sep="\n", file=sys.stderr)
