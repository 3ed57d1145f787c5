# Is the study to be believed? Verdicts where the answer is known, and published studies run again.
# The verdicts need none of it.


rule calibrate:
    output:
        "<results>/calibration/{cell}.parquet",
    log:
        "<logs>/calibrate/{cell}.log",
    benchmark:
        "<benchmarks>/calibrate/{cell}.tsv"
    resources:
        **ask_for(needs_of_calibrate),
    params:
        replicates=config["calibration"]["replicates"],
        group=config["replicates"],
        options={
            "seed": config["seed"],
            "tolerance": config["tolerance"],
            "engine": config["engine"],
            **config["tuning"],
        },
        comparison=config["comparison"],
        code=code_digest("normwise.analysis.trials.calibration"),
    script:
        "../scripts/calibrate.py"


rule replicate:
    output:
        "<results>/replications/{study}/{batch}.parquet",
    log:
        "<logs>/replicate/{study}/{batch}.log",
    benchmark:
        "<benchmarks>/replicate/{study}/{batch}.tsv"
    resources:
        **ask_for(needs_of_replicate),
    params:
        bounds=lambda wildcards: REPLICATIONS[wildcards.study][int(wildcards.batch)],
        seed=config["seed"],
        code=lambda wildcards: code_digest(
            "normwise.analysis.trials.replications.protocol",
            f"normwise.analysis.trials.replications.{wildcards.study}",
        ),
    script:
        "../scripts/replicate.py"


rule judge_replications:
    input:
        batches=[
            f"<results>/replications/{study}/{batch}.parquet"
            for study, batches in STUDIES_THERE.items()
            for batch in range(len(batches))
        ],
        published=str(PUBLISHED),
    output:
        parquet="<results>/tables/replications.parquet",
        csv="<results>/tables/replications.csv",
    log:
        "<logs>/judge_replications.log",
    benchmark:
        "<benchmarks>/judge_replications.tsv"
    params:
        code=code_digest(
            "normwise.analysis.trials.replications.protocol",
            *(f"normwise.analysis.trials.replications.{s}" for s in STUDIES_THERE),
        ),
    script:
        "../scripts/judge_replications.py"


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
    script:
        "../scripts/enforce_health.py"
