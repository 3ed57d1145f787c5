"""Fit one penalty to every replicate of a data file."""

from normwise.extension_files import load
from normwise.fit import FitOptions, fit_file
from normwise.io import log_to
from normwise.sources import UNUSABLE

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
