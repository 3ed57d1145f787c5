"""Measure how often the verdicts of one cell with a known answer are right."""

from normwise.analysis.tables import write_table
from normwise.analysis.trials.calibration import calibrate
from normwise.files.job_log import log_to
from normwise.fitting.fit_job import FitOptions

with log_to(snakemake.log[0]):
    frame = calibrate(
        snakemake.wildcards.cell,
        snakemake.params.counts["replicates"],
        snakemake.params.counts["group"],
        FitOptions(**snakemake.params.options),
        snakemake.params.comparison,
    )
    write_table(frame, "calibration", snakemake.output[0])
