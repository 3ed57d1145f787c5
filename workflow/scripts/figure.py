"""Draw one figure from the tables."""

from normwise.figures import draw_figure

draw_figure(
    snakemake.params.plan,
    snakemake.input.tables,
    snakemake.input.paths,
    svg=snakemake.output.svg,
    png=snakemake.output.png,
    caption=snakemake.output.json,
)
