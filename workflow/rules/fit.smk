rule fit:
    input:
        data="<results>/data/{dataset}/{chunk}.npz",
    output:
        "<results>/fits/{dataset}/{penalty}/{chunk}.npz",
    log:
        "<logs>/fit/{dataset}/{penalty}/{chunk}.log",
    benchmark:
        "<benchmarks>/fit/{dataset}/{penalty}/{chunk}.tsv"
    # data on disk is fitted before more is simulated
    priority: 10
    threads: config["threads_per_fit"]
    resources:
        **ask_for(needs_of_fit),
        data_mb=data_mb,
        fits=n_fits,
    params:
        options=fit_options,
        extensions=lambda wildcards: extensions_of(wildcards.penalty),
        code=penalty_code,
    script:
        "../scripts/fit.py"


rule evaluate:
    input:
        unpack(fits_of),
    output:
        **{t: f"<results>/{t}/{{dataset}}/{{block}}.parquet" for t in BLOCK_TABLES},
    log:
        "<logs>/evaluate/{dataset}/{block}.log",
    benchmark:
        "<benchmarks>/evaluate/{dataset}/{block}.tsv"
    resources:
        **ask_for(needs_of_evaluate),
    params:
        metrics=config["metrics"],
        overlap=overlap_of,
        scenarios=wanted_of,
        replicates=lambda wildcards: DATASETS[wildcards.dataset]["replicates"],
        extensions=lambda wildcards: extensions_of(
            *DATASETS[wildcards.dataset]["penalties"], *config["metrics"]
        ),
        code=code_digest(
            "normwise.analysis.measure.evaluate", "normwise.analysis.tables"
        ),
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
        dataset=either(CASES),
    resources:
        **ask_for(needs_of_evaluate),
    params:
        dataset=design_of,
        seed=config["seed"],
        code=code_digest("normwise.analysis.measure.worked_case"),
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
        dataset=either(TRACED),
    resources:
        **ask_for(needs_of_evaluate),
    params:
        extensions=lambda wildcards: extensions_of(
            *DATASETS[wildcards.dataset]["penalties"]
        ),
        code=code_digest("normwise.analysis.measure.paths", "normwise.analysis.tables"),
    script:
        "../scripts/trace_paths.py"
