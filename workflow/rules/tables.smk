rule predict:
    input:
        unpack(fits_of),
    output:
        "<results>/theory/{dataset}/{block}.parquet",
    log:
        "<logs>/predict/{dataset}/{block}.log",
    benchmark:
        "<benchmarks>/predict/{dataset}/{block}.tsv"
    resources:
        **ask_for(needs_of_predict),
    params:
        scenarios=wanted_of,
        replicates=lambda wildcards: DATASETS[wildcards.dataset]["replicates"],
        seed=config["seed"],
        code=code_digest("normwise.analysis.measure.theory_check"),
    script:
        "../scripts/predict.py"


rule compare:
    input:
        **{t: of_blocks(t) for t in BLOCK_TABLES if t not in PER_REPLICATE},
        theory=of_blocks("theory"),
        calibration=expand("<results>/calibration/{cell}.parquet", cell=CELLS_THERE),
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
                "fair_grid",
                "plan",
                "fit_health",
                "health",
                "goals",
                "strategies",
                "missing",
            ],
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/compare.log",
    benchmark:
        "<benchmarks>/compare.tsv"
    resources:
        **ask_for(needs_of_study),
    params:
        extensions=extensions_of_study(),
        folder=lambda wildcards, output: str(Path(output[0]).parent),
        datasets=config["datasets"],
        comparison=config["comparison"],
        tolerance=config["tolerance"],
        replicates=config["replicates"],
        seed=config["seed"],
        missing=MISSING,
        code=code_digest("normwise.analysis.judge.compare"),
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
    threads: LEARNERS
    resources:
        **ask_for(needs_of_learn),
    params:
        extensions=extensions_of_study(),
        comparison=config["comparison"],
        code=code_digest("normwise.analysis.learn.learn"),
    script:
        "../scripts/learn.py"
