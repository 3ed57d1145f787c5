# Fits made into tables: first those of one block, then those of all blocks, then what they teach.

from normwise.analysis.columns import tables_of


rule evaluate:
    input:
        unpack(fits_of),
    output:
        **{
            t: f"<results>/{t}/{{dataset}}/{{block}}.parquet"
            for t in tables_of("evaluate")
        },
    log:
        "<logs>/evaluate/{dataset}/{block}.log",
    benchmark:
        "<benchmarks>/evaluate/{dataset}/{block}.tsv"
    resources:
        **ask_for(REQUESTS.evaluate),
    params:
        metrics=config["metrics"],
        overlap=given(STUDY.overlap),
        scenarios=given(STUDY.wanted),
        replicates=given(STUDY.replicates),
        extensions=given(STUDY.measuring_files),
        code=code_of_rule("evaluate"),
    script:
        "../scripts/evaluate.py"


rule illustrate:
    input:
        unpack(fits_of),
    output:
        draws="<results>/cases/{dataset}_draws.parquet",
        examples="<results>/cases/{dataset}_examples.parquet",
    log:
        "<logs>/illustrate/{dataset}.log",
    benchmark:
        "<benchmarks>/illustrate/{dataset}.tsv"
    wildcard_constraints:
        dataset=either(STUDY.worked_cases),
    resources:
        **ask_for(REQUESTS.evaluate),
    params:
        dataset=given(STUDY.design),
        seed=config["seed"],
        code=code_of_rule("illustrate"),
    script:
        "../scripts/illustrate.py"


rule trace_paths:
    input:
        unpack(fits_of),
    output:
        paths="<results>/paths/{dataset}.parquet",
        coefficients="<results>/paths/{dataset}_coefficients.parquet",
    log:
        "<logs>/trace_paths/{dataset}.log",
    benchmark:
        "<benchmarks>/trace_paths/{dataset}.tsv"
    wildcard_constraints:
        dataset=either(STUDY.traced),
    resources:
        **ask_for(REQUESTS.evaluate),
    params:
        extensions=given(STUDY.penalties_files),
        code=code_of_rule("trace_paths"),
    script:
        "../scripts/trace_paths.py"


rule check_theory:
    input:
        unpack(fits_of),
    output:
        "<results>/theory/{dataset}/{block}.parquet",
    log:
        "<logs>/predict/{dataset}/{block}.log",
    benchmark:
        "<benchmarks>/predict/{dataset}/{block}.tsv"
    resources:
        **ask_for(REQUESTS.check_theory),
    params:
        scenarios=given(STUDY.wanted),
        # together, for Snakemake compares values without their names
        draws=lambda wildcards: {
            "seed": config["seed"],
            "replicates": STUDY.replicates(wildcards.dataset),
        },
        code=code_of_rule("check_theory"),
    script:
        "../scripts/check_theory.py"


rule estimate:
    input:
        "<results>/metrics/{dataset}/{block}.parquet",
    output:
        "<results>/estimates/{dataset}/{block}.parquet",
    log:
        "<logs>/estimate/{dataset}/{block}.log",
    benchmark:
        "<benchmarks>/estimate/{dataset}/{block}.tsv"
    wildcard_constraints:
        dataset=either(STUDY.estimated),
    resources:
        **ask_for(REQUESTS.estimate),
    params:
        scenarios=given(STUDY.scenario_params),
        # together, for Snakemake compares values without their names
        draws=lambda wildcards: {
            "seed": config["seed"],
            "replicates": STUDY.described(wildcards.dataset),
        },
        code=code_of_rule("estimate"),
    script:
        "../scripts/estimate.py"


rule compare:
    input:
        **in_results(STUDY.compared_tables),
        calibration=in_results(STUDY.calibration_files),
    output:
        expand(
            "<results>/tables/{table}.{format}",
            table=tables_of("compare"),
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/compare.log",
    benchmark:
        "<benchmarks>/compare.tsv"
    resources:
        **ask_for(REQUESTS.whole_study),
    params:
        extensions=STUDY.extension_files,
        folder=lambda wildcards, output: str(Path(output[0]).parent),
        datasets=config["datasets"],
        comparison=STUDY.criteria,
        # together, for Snakemake compares values without their names
        scope={key: config[key] for key in ("tolerance", "replicates", "seed")},
        missing=STUDY.missing,
        code=code_of_rule("compare"),
    script:
        "../scripts/compare.py"


rule learn:
    input:
        goals="<results>/tables/goals.parquet",
        scenarios="<results>/tables/scenarios.parquet",
        strategies="<results>/tables/strategies.parquet",
        estimates=in_results(STUDY.estimate_files),
    output:
        expand(
            "<results>/tables/{table}.{format}",
            table=tables_of("learn"),
            format=["parquet", "csv"],
        ),
    log:
        "<logs>/learn.log",
    benchmark:
        "<benchmarks>/learn.tsv"
    threads: LEARNERS
    resources:
        **ask_for(REQUESTS.learn),
    params:
        extensions=STUDY.extension_files,
        comparison=STUDY.criteria,
        atlas=STUDY.atlas,
        code=code_of_rule("learn"),
    script:
        "../scripts/learn.py"
