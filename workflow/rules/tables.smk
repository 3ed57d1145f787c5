rule predict:
    input:
        unpack(fits_of),
    output:
        "<results>/theory/{dataset}.parquet",
    log:
        "<logs>/predict/{dataset}.log",
    benchmark:
        "<benchmarks>/predict/{dataset}.tsv"
    params:
        dataset=design_of,
        seed=config["seed"],
        code=code_digest("normwise.evidence"),
    script:
        "../scripts/predict.py"


rule compare:
    input:
        metrics=expand("<results>/metrics/{dataset}.parquet", dataset=DATASETS),
        stability=expand("<results>/stability/{dataset}.parquet", dataset=DATASETS),
        theory=expand("<results>/theory/{dataset}.parquet", dataset=DATASETS),
        fit_health=expand("<results>/fit_health/{dataset}.parquet", dataset=DATASETS),
        calibration=expand("<results>/calibration/{cell}.parquet", cell=CALIBRATED),
    output:
        expand(
            "<results>/tables/{table}.{format}",
            table=[
                "scenarios",
                "summary",
                "stability",
                "verdicts",
                "theory",
                "calibration",
                "plan",
                "fit_health",
                "health",
                "goals",
                "strategies",
            ],
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/compare.log",
    benchmark:
        "<benchmarks>/compare.tsv"
    params:
        extensions=extensions_of_study(),
        folder=lambda wildcards, output: str(Path(output[0]).parent),
        datasets=config["datasets"],
        comparison=config["comparison"],
        tolerance=config["tolerance"],
        replicates=config["replicates"],
        seed=config["seed"],
        code=code_digest("normwise.study"),
    script:
        "../scripts/compare.py"


rule learn:
    input:
        goals="<results>/tables/goals.parquet",
        scenarios="<results>/tables/scenarios.parquet",
        strategies="<results>/tables/strategies.parquet",
    output:
        expand(
            "<results>/tables/{table}.{format}",
            table=["surface", "surface_scores", "importance", "rules", "rule_scores"],
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/learn.log",
    benchmark:
        "<benchmarks>/learn.tsv"
    threads: 8
    params:
        extensions=extensions_of_study(),
        comparison=config["comparison"],
        code=code_digest("normwise.rules"),
    script:
        "../scripts/learn.py"
