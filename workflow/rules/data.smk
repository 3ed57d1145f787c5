# Each rule here that writes <results>/data/{dataset}/{chunk}.npz is a source of data. A rule of
# yours that does so is another: name its data set in the config with `source: rule`.
# The docstring of src/normwise/data describes the file.


rule simulate:
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/simulate/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/simulate/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(STUDY.simulated),
    resources:
        **ask_for(REQUESTS.simulate),
        data_mb=given(STUDY.data_mb),
    params:
        chunk=given(STUDY.chunk_params),
        seed=config["seed"],
        code=code_of_rule("simulate"),
    script:
        "../scripts/simulate.py"


rule import_table:
    input:
        # named from the folder that snakemake runs in, also where a module has a prefix
        file=lambda wildcards: local(STUDY.table_file(wildcards.dataset)),
    output:
        "<results>/sources/{dataset}.npz",
    log:
        "<logs>/import_table/{dataset}.log",
    benchmark:
        "<benchmarks>/import_table/{dataset}.tsv"
    wildcard_constraints:
        dataset=either(STUDY.split + STUDY.semi_synthetic),
    params:
        table=given(STUDY.table_keys),
        code=code_of_rule("import_table"),
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
        dataset=either(STUDY.split),
    resources:
        data_mb=given(STUDY.data_mb),
    params:
        dataset=given(STUDY.design),
        bounds=given(STUDY.bounds),
        # together, for Snakemake compares values without their names
        draw={"seed": config["seed"], "min_rows": STUDY.min_rows},
        code=code_of_rule("split_table"),
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
        dataset=either(STUDY.semi_synthetic),
    resources:
        data_mb=given(STUDY.data_mb),
    params:
        dataset=given(STUDY.design),
        bounds=given(STUDY.bounds),
        seed=config["seed"],
        code=code_of_rule("simulate_response"),
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
        dataset=either(STUDY.generated),
    resources:
        data_mb=given(STUDY.data_mb),
    params:
        dataset=given(STUDY.design),
        bounds=given(STUDY.bounds),
        seed=config["seed"],
        extensions=given(STUDY.generator_files),
        code=code_of_rule("generate"),
    script:
        "../scripts/generate.py"
