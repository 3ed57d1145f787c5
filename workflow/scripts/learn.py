"""Response surfaces and rules, judged on scenarios held out."""

from pathlib import Path

from threadpoolctl import threadpool_limits

from normwise.analysis.learn.atlas import read_atlas
from normwise.analysis.learn.learn import learn
from normwise.analysis.tables import read_parts, write_table
from normwise.files.job_log import log_to
from normwise.files.parquet import read_parquet
from normwise.study.extensions import load

with log_to(snakemake.log[0]), threadpool_limits(1):
    load(file for file, _ in snakemake.params.extensions)
    tables = learn(
        read_parquet(snakemake.input.goals),
        read_parquet(snakemake.input.scenarios),
        read_parquet(snakemake.input.strategies),
        snakemake.params.comparison,
        read_atlas() if snakemake.params.atlas else None,
        read_parts(snakemake.input.estimates, "estimates"),
        snakemake.threads,
    )
    folder = Path(snakemake.output[0]).parent
    for name, frame in tables.items():
        write_table(frame, name, folder / f"{name}.parquet", folder / f"{name}.csv")
