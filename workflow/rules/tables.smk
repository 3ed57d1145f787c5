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
            ],
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/compare.log",
    benchmark:
        "<benchmarks>/compare.tsv"
    params:
        folder=lambda wildcards, output: str(Path(output[0]).parent),
        datasets=config["datasets"],
        comparison=config["comparison"],
        tolerance=config["tolerance"],
        replicates=config["replicates"],
        seed=config["seed"],
        code=code_digest("normwise.study"),
    script:
        "../scripts/compare.py"
