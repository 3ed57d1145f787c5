"""Say what the study was made from and with, for people and for other tools."""

from pathlib import Path

import yaml

from normwise.files.job_log import log_to
from normwise.files.whole import write_text
from normwise.provenance.crate import write_crate
from normwise.provenance.datapackage import write_datapackage
from normwise.provenance.readme import describe_tables
from normwise.provenance.record import existing, study_config, write_record

with log_to(snakemake.log[0]):
    output, config = snakemake.output, study_config(snakemake.params.config)
    folder = Path(output.record).parent
    write_text(output.snakefile, snakemake.params.snakefile)
    write_text(output.config, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    # no output: in the project's own folder it is in git, and Snakemake removes outputs
    readme = folder / "README.md"
    write_text(readme, describe_tables())
    write_datapackage(output.datapackage, snakemake.input.csv, config)
    kinds = ("tables", "csv", "figures", "captions", "report", "sources")
    inputs = [file for kind in kinds for file in snakemake.input.get(kind, [])]
    shown = [*inputs, readme, output.snakefile, output.config, output.datapackage]
    made = existing(folder, snakemake.params.made)
    record = write_record(output.record, [*shown, *made], config, snakemake.params.code)
    write_crate(output.crate, [*shown, output.record], record)
