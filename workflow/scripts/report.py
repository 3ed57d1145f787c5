"""Write the two pages of the report."""

from pathlib import Path

from normwise.files.job_log import log_to
from normwise.provenance.machine import describe_run
from normwise.report.page import write_report
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    write_report(
        snakemake.output.page,
        evidence=snakemake.output.evidence,
        tables=snakemake.input.tables,
        timings=snakemake.input.timings,
        benchmarks=Path(snakemake.output.page).with_name("benchmarks"),
        figures=snakemake.input.figures,
        captions=snakemake.input.captions,
        gallery=snakemake.params.figures,
        config=snakemake.params.config,
        run=describe_run(),
        sources=snakemake.input.sources,
    )
