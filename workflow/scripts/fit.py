"""Fit one penalty to every replicate of a data file."""

from normwise.data.errors import UNUSABLE
from normwise.files.job_log import log_to
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.study.extensions import load

with log_to(snakemake.log[0], UNUSABLE):
    load(file for file, _ in snakemake.params.extensions)
    fit_file(
        data=snakemake.input.data,
        output=snakemake.output[0],
        dataset=snakemake.wildcards.dataset,
        penalty=snakemake.wildcards.penalty,
        options=FitOptions(**snakemake.params.options),
        n_jobs=snakemake.threads,
    )
