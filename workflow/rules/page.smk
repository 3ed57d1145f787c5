# Tables made into figures and the page.

from normwise.analysis.columns import shown_tables
from normwise.report.look.templates import template_digest

TABLES = expand("<results>/tables/{table}.parquet", table=shown_tables())


rule figure:
    input:
        tables=TABLES,
        paths=in_results(STUDY.path_files),
        cases=in_results(STUDY.case_files),
    output:
        svg=report(
            "<results>/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        narrow="<results>/figures/{figure}-narrow.svg",
        png="<results>/figures/{figure}.png",
        json="<results>/figures/{figure}.json",
    log:
        "<logs>/figure/{figure}.log",
    benchmark:
        "<benchmarks>/figure/{figure}.tsv"
    resources:
        **ask_for(REQUESTS.whole_study),
    params:
        extensions=STUDY.extension_files,
        plan=lambda wildcards: STUDY.figures[wildcards.figure],
        code=lambda wildcards: code_of_rule(
            "figure", module=STUDY.figure_module(wildcards.figure)
        ),
    script:
        "../scripts/figure.py"


rule report:
    input:
        tables=TABLES,
        timings=in_results(STUDY.block_tables("timings")),
        sources=in_results(STUDY.source_files),
        figures=in_results(STUDY.figure_files),
        captions=in_results(STUDY.caption_files),
    output:
        page=report(
            "<results>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "When does L1 beat L2?"},
        ),
        evidence=report(
            "<results>/evidence.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "The evidence"},
        ),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    resources:
        **ask_for(REQUESTS.whole_study),
    params:
        extensions=STUDY.extension_files,
        config=config,
        figures=STUDY.figures,
        templates=template_digest(),
        code=code_of_rule("report"),
    script:
        "../scripts/report.py"


rule enforce_health:
    input:
        health="<results>/tables/health.parquet",
        report="<results>/report.html",
    output:
        touch("<results>/healthy"),
    log:
        "<logs>/enforce_health.log",
    benchmark:
        "<benchmarks>/enforce_health.tsv"
    params:
        code=script_digest(script_of("enforce_health")),
    script:
        "../scripts/enforce_health.py"
