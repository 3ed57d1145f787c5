from normwise.provenance.code import SOURCE

TABLES = expand(
    "<results>/tables/{table}.parquet",
    table=[
        "scenarios",
        "summary",
        "stability",
        "verdicts",
        "theory",
        "calibration",
        "fair_grid",
        "plan",
        "replications",
        "fit_health",
        "health",
        "missing",
        "goals",
        "strategies",
        "surface",
        "surface_scores",
        "importance",
        "rules",
        "rule_scores",
    ],
)
TEMPLATES = [
    SOURCE / "report" / "templates" / name
    for name in (
        "checks.html.j2",
        "explained.html.j2",
        "explorer.html.j2",
        "macros.html.j2",
        "methods.html.j2",
        "report.css",
        "report.html.j2",
        "report.js",
        "rule.html.j2",
    )
]
PATHS = expand(
    "<results>/paths/{dataset}{table}.parquet",
    dataset=[name for name in TRACED if name in WHOLE],
    table=["", "_coefficients"],
)
CLOSE = expand(
    "<results>/cases/{dataset}_{table}.parquet",
    dataset=[name for name in CASES if name in WHOLE],
    table=["draws", "examples"],
)


rule figure:
    input:
        tables=TABLES,
        paths=PATHS,
        cases=CLOSE,
    output:
        svg=report(
            "<results>/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        png="<results>/figures/{figure}.png",
        json="<results>/figures/{figure}.json",
    log:
        "<logs>/figure/{figure}.log",
    benchmark:
        "<benchmarks>/figure/{figure}.tsv"
    resources:
        **ask_for(needs_of_study),
    params:
        extensions=extensions_of_study(),
        plan=lambda wildcards: FIGURES[wildcards.figure],
        code=figure_module,
    script:
        "../scripts/figure.py"


rule report:
    input:
        tables=TABLES,
        timings=of_blocks("timings"),
        sources=expand(
            "<results>/sources/{dataset}.npz",
            dataset=[n for n in SPLIT + SEMI_SYNTHETIC if n in WHOLE],
        ),
        figures=figure_files(),
        captions=expand("<results>/figures/{figure}.json", figure=FIGURES),
        templates=TEMPLATES,
        look=SOURCE / "report" / "look" / "page.css",
    output:
        report(
            "<results>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "When does L1 beat L2?"},
        ),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    resources:
        **ask_for(needs_of_study),
    params:
        extensions=extensions_of_study(),
        config=config,
        figures=FIGURES,
        code=code_digest("normwise.report.page"),
    script:
        "../scripts/report.py"
