# A published study put to the test: run again with glmnet's strengths and with more, beside theory.
# Only `snakemake audit` asks for it.

from normwise.audit.sample import planned

try:
    AUDITED, EXPECTED = planned(config["audit"], config["seed"])
except InputError as error:
    sys.exit(str(error))


rule audit_scenario:
    output:
        "<results>/audit/rerun/{number}.parquet",
    log:
        "<logs>/audit_scenario/{number}.log",
    benchmark:
        "<benchmarks>/audit_scenario/{number}.tsv"
    wildcard_constraints:
        number=either(AUDITED),
    resources:
        **ask_for(REQUESTS.replicate),
    params:
        row=lambda wildcards: AUDITED[wildcards.number],
        # together, for Snakemake compares values without their names
        counts={"replicates": config["audit"]["replicates"], "seed": config["seed"]},
        code=code_of_rule("audit_scenario"),
    script:
        "../scripts/audit_scenario.py"


rule audit_theory:
    output:
        "<results>/audit/theory/{batch}.parquet",
    log:
        "<logs>/audit_theory/{batch}.log",
    benchmark:
        "<benchmarks>/audit_theory/{batch}.tsv"
    wildcard_constraints:
        batch=either(EXPECTED),
    resources:
        **ask_for(REQUESTS.replicate),
    params:
        rows=lambda wildcards: EXPECTED[wildcards.batch],
        # with its name, for Snakemake compares values without theirs
        draws={"seed": config["seed"]},
        code=code_of_rule("audit_theory"),
    script:
        "../scripts/audit_theory.py"


rule judge_audit:
    input:
        fits=in_results(f"audit/rerun/{number}.parquet" for number in AUDITED),
        theory=in_results(f"audit/theory/{batch}.parquet" for batch in EXPECTED),
    output:
        audit="<results>/tables/audit.parquet",
        audit_csv="<results>/tables/audit.csv",
        audit_theory="<results>/tables/audit_theory.parquet",
        audit_theory_csv="<results>/tables/audit_theory.csv",
        audit_regimes="<results>/tables/audit_regimes.parquet",
        audit_regimes_csv="<results>/tables/audit_regimes.csv",
    log:
        "<logs>/judge_audit.log",
    benchmark:
        "<benchmarks>/judge_audit.tsv"
    params:
        rows=list(AUDITED.values()),
        published=[row for batch in EXPECTED.values() for row in batch],
        comparison=STUDY.criteria,
        code=code_of_rule("judge_audit"),
    script:
        "../scripts/judge_audit.py"
