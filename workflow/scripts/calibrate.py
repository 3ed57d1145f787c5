"""Measure how often the verdicts of one cell with a known answer are right."""

from normwise.calibration import calibrate
from normwise.fit import FitOptions
from normwise.io import log_to
from normwise.tables import write_table

with log_to(snakemake.log[0]):
    frame = calibrate(
        snakemake.wildcards.cell,
        snakemake.params.replicates,
        snakemake.params.group,
        FitOptions(**snakemake.params.options),
        snakemake.params.comparison,
    )
    write_table(frame, "calibration", snakemake.output[0])
