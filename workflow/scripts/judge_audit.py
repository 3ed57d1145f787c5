"""Put a published study beside what was measured of it and what theory says."""

import pandas as pd

from normwise.analysis.tables import write_table
from normwise.audit.verdicts import against_theory, audited, by_regime
from normwise.data.errors import InputError
from normwise.files.job_log import log_to
from normwise.files.parquet import read_parquet

with log_to(snakemake.log[0]):
    if not snakemake.params.rows:
        raise InputError(
            "config: audit.table ('') names no file; give the published table as CSV, as "
            "config/audit.yaml says"
        )
    comparison = snakemake.params.comparison
    theory = pd.concat(map(read_parquet, snakemake.input.theory), ignore_index=True)
    fits = map(read_parquet, snakemake.input.fits)
    audit = audited(zip(snakemake.params.rows, fits, strict=True), theory, comparison)
    expected = against_theory(snakemake.params.published, theory, comparison["margin"])
    tables = {
        "audit": audit,
        "audit_theory": expected,
        "audit_regimes": by_regime(audit, expected, comparison["confidence"]),
    }
    for name, frame in tables.items():
        write_table(frame, name, snakemake.output[name], snakemake.output[f"{name}_csv"])
