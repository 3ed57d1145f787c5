"""Draw one figure from the tables."""

from normwise.files.job_log import log_to
from normwise.report.figures.write import draw_figure
from normwise.study.extensions import load

with log_to(snakemake.log[0]):
    load(file for file, _ in snakemake.params.extensions)
    draw_figure(
        snakemake.params.plan,
        snakemake.input.tables,
        [*snakemake.input.paths, *snakemake.input.cases],
        svg=snakemake.output.svg,
        narrow=snakemake.output.narrow,
        png=snakemake.output.png,
        caption=snakemake.output.json,
    )
