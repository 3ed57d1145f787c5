# Each rule here that writes <results>/data/{dataset}/{chunk}.npz is a source of data. A rule of
# yours that does so is another: name its data set in the config with `source: rule`.
# src/normwise/data.py describes the file.


rule simulate:
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/simulate/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/simulate/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(SIMULATED),
    resources:
        **ask_for(needs_of_simulate),
        data_mb=data_mb,
    params:
        chunk=chunk_params,
        seed=config["seed"],
        code=code_digest("normwise.data.simulated"),
    script:
        "../scripts/simulate.py"


rule import_table:
    input:
        file=table_file,
    output:
        "<results>/sources/{dataset}.npz",
    log:
        "<logs>/import_table/{dataset}.log",
    benchmark:
        "<benchmarks>/import_table/{dataset}.tsv"
    wildcard_constraints:
        dataset=either(SPLIT + SEMI_SYNTHETIC),
    params:
        table=table_of,
        code=code_digest("normwise.data.imported"),
    script:
        "../scripts/import_table.py"


rule split_table:
    input:
        "<results>/sources/{dataset}.npz",
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/split_table/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/split_table/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(SPLIT),
    resources:
        data_mb=data_mb,
    params:
        dataset=design_of,
        bounds=bounds_of,
        seed=config["seed"],
        min_rows=MIN_ROWS_PER_FOLD * config["tuning"]["n_folds"],
        code=code_digest("normwise.data.splits"),
    script:
        "../scripts/split_table.py"


# rows of a table with a simulated response
rule simulate_response:
    input:
        "<results>/sources/{dataset}.npz",
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/simulate_response/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/simulate_response/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(SEMI_SYNTHETIC),
    resources:
        data_mb=data_mb,
    params:
        dataset=design_of,
        bounds=bounds_of,
        seed=config["seed"],
        code=code_digest("normwise.data.semi_synthetic"),
    script:
        "../scripts/simulate_response.py"


# a Python function from a file in `extensions`
rule generate:
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/generate/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/generate/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(GENERATED),
    resources:
        data_mb=data_mb,
    params:
        dataset=design_of,
        bounds=bounds_of,
        seed=config["seed"],
        extensions=lambda wildcards: extensions_of(
            DATASETS[wildcards.dataset]["source"]
        ),
        code=code_digest("normwise.data.generated"),
    script:
        "../scripts/generate.py"
