# What the study was made from and with, to be verified and published.

from normwise.analysis.meanings import meanings_digest
from normwise.provenance.record import RUNS
from normwise.provenance.runs import Run

# entered into by what is done once in a run: runs.smk
RUN = Run(RESULTS / RUNS)


rule provenance:
    input:
        tables=TABLES,
        csv=[table.replace(".parquet", ".csv") for table in TABLES],
        figures=in_results(STUDY.figure_files),
        captions=in_results(STUDY.caption_files),
        sources=in_results(STUDY.source_files),
        report=["<results>/report.html", "<results>/evidence.html"],
    output:
        record="<results>/provenance.json",
        crate="<results>/ro-crate-metadata.json",
        datapackage="<results>/tables/datapackage.json",
        config="<results>/config.yaml",
        snakefile="<results>/Snakefile",
    log:
        "<logs>/provenance.log",
    benchmark:
        "<benchmarks>/provenance.tsv"
    params:
        config=config,
        made=STUDY.files_between,
        code=codes_of_rules(
            penalty=STUDY.penalties,
            study=list(STUDY.batches_there),
            module=STUDY.figure_modules,
        ),
        own=code_of_rule("provenance"),
        meanings=meanings_digest(),
        # no input: the workflow may lie elsewhere tomorrow
        snakefile=lambda wildcards: Path(source("../Snakefile")).read_text(
            encoding="utf-8"
        ),
    script:
        "../scripts/provenance.py"
