# A published study put to the test: run again with glmnet's strengths and with more, beside theory.
# Only `snakemake audit` asks for it.

from normwise.audit.verdicts import planned

try:
    AUDITED = planned(config["audit"], config["seed"])
except InputError as error:
    sys.exit(str(error))


rule audit_scenario:
    output:
        "<results>/audit/{number}.parquet",
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


rule judge_audit:
    input:
        in_results(f"audit/{number}.parquet" for number in AUDITED),
    output:
        parquet="<results>/tables/audit.parquet",
        csv="<results>/tables/audit.csv",
    log:
        "<logs>/judge_audit.log",
    benchmark:
        "<benchmarks>/judge_audit.tsv"
    params:
        rows=list(AUDITED.values()),
        comparison=STUDY.criteria,
        code=code_of_rule("judge_audit"),
    script:
        "../scripts/judge_audit.py"
