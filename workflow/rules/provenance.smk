# What the study was made from and with, to be verified and published.

from normwise.provenance.record import RUNS
from normwise.provenance.runs import Run

# entered into by the handlers of the Snakefile
RUN = Run(RESULTS / RUNS)


rule provenance:
    input:
        tables=TABLES,
        csv=[table.replace(".parquet", ".csv") for table in TABLES],
        figures=figure_files(),
        captions=expand("<results>/figures/{figure}.json", figure=FIGURES),
        sources=expand(
            "<results>/sources/{dataset}.npz",
            dataset=[n for n in SPLIT + SEMI_SYNTHETIC if n in WHOLE],
        ),
        report=["<results>/report.html"],
        snakefile=workflow.source_path("../Snakefile"),
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
        made=made_between(),
        code=code_of_rules(),
        own=code_digest("normwise.provenance.record", "normwise.provenance.crate"),
    script:
        "../scripts/provenance.py"
