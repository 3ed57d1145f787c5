"""Write the report page."""

from normwise.report import write_report

write_report(
    snakemake.output[0],
    template=snakemake.input.template,
    tables=snakemake.input.tables,
    timings=snakemake.input.timings,
    figures=snakemake.input.figures,
    captions=snakemake.input.captions,
    plan=snakemake.params.figures,
    config=snakemake.params.config,
)
