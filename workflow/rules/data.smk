# A rule of yours that writes <results>/data/{dataset}/{chunk}.npz adds a data set: name it in
# the config with `source: rule`. src/normwise/data.py describes the file.


rule simulate:
    output:
        data_file("<results>/data/{dataset}/{chunk}.npz"),
    log:
        "<logs>/simulate/{dataset}/{chunk}.log",
    benchmark:
        "<benchmarks>/simulate/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=either(SIMULATED),
    params:
        chunk=chunk_params,
        seed=config["seed"],
        code=code_digest("normwise.data"),
    script:
        "../scripts/simulate.py"
