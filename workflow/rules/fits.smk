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
        **ask_for(REQUESTS.fit),
        data_mb=given(STUDY.data_mb),
        fits=given(STUDY.n_fits),
    params:
        options=given(STUDY.fit_options),
        extensions=given(STUDY.penalty_files),
        code=lambda wildcards: code_of_rule("fit", penalty=wildcards.penalty),
    script:
        "../scripts/fit.py"
