# Is the study to be believed? Verdicts where the answer is known, and published studies run again.
# The verdicts need none of it.

from normwise.analysis.trials.replications.protocol import PUBLISHED
from normwise.files.whole import sha256


rule calibrate:
    output:
        "<results>/calibration/{cell}.parquet",
    log:
        "<logs>/calibrate/{cell}.log",
    benchmark:
        "<benchmarks>/calibrate/{cell}.tsv"
    resources:
        **ask_for(REQUESTS.calibrate),
    params:
        # together, for Snakemake compares values without their names
        counts={
            "replicates": config["calibration"]["replicates"],
            "group": config["replicates"],
        },
        options=STUDY.solver_options,
        comparison=STUDY.criteria,
        code=code_of_rule("calibrate"),
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
        **ask_for(REQUESTS.replicate),
    params:
        bounds=given(STUDY.batch),
        seed=config["seed"],
        code=lambda wildcards: code_of_rule("replicate", study=wildcards.study),
    script:
        "../scripts/replicate.py"


rule judge_replications:
    input:
        batches=in_results(STUDY.replication_files),
    output:
        parquet="<results>/tables/replications.parquet",
        csv="<results>/tables/replications.csv",
    log:
        "<logs>/judge_replications.log",
    benchmark:
        "<benchmarks>/judge_replications.tsv"
    params:
        code=[
            code_of_rule("judge_replications", study=study)
            for study in STUDY.batches_there
        ],
        # no input: the package may lie elsewhere tomorrow
        published=sha256(PUBLISHED),
    script:
        "../scripts/judge_replications.py"
