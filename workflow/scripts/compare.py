"""Put all data sets together: scenarios, summaries, verdicts, theory, calibration, health."""

from pathlib import Path

from normwise.analysis.judge.compare import study_tables
from normwise.analysis.tables import write_table
from normwise.files.job_log import log_to
from normwise.study.design import scenarios_of
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    files = {name: [f] if isinstance(f, str) else list(f) for name, f in snakemake.input.items()}
    tables = study_tables(
        files,
        files["calibration"],
        snakemake.params.datasets,
        snakemake.params.comparison,
        **snakemake.params.scope,
        missing=snakemake.params.missing,
        sampled={d["name"]: scenarios_of(d) for d in snakemake.params.datasets if "design" in d},
    )
    folder = Path(snakemake.params.folder)
    for name, frame in tables.items():
        write_table(frame, name, folder / f"{name}.parquet", folder / f"{name}.csv")
