# What the study was made from and with, to be verified and published.

from types import SimpleNamespace

from normwise.record import RUNS
from normwise.runs import Run

# entered into by the handlers of the Snakefile
RUN = Run(RESULTS / RUNS)


def made_between():
    """Files between data and tables, relative to the results folder."""
    fits = [
        f"fits/{name}/{penalty}/{chunk}.npz"
        for name, blocks in BLOCKS_THERE.items()
        for penalty in DATASETS[name]["penalties"]
        for block in blocks
        for chunk in CUTS[name][block]
    ]
    tables = [
        f"{table}/{name}/{block}"
        for table in (*BLOCK_TABLES, "theory")
        for name, blocks in BLOCKS_THERE.items()
        for block in blocks
    ]
    tables += [
        f"paths/{n}{t}" for n in TRACED if n in WHOLE for t in ("", "_coefficients")
    ]
    tables += [
        f"cases/{n}_{t}" for n in CASES if n in WHOLE for t in ("draws", "examples")
    ]
    tables += [f"calibration/{cell}" for cell in CELLS_THERE]
    return fits + tables + [f"replications/{study}" for study in STUDIES_THERE]


def code_of_rules():
    """Digest of the code of each rule, for each value of the wildcard that it depends on."""
    penalties = dict.fromkeys(p for d in DATASETS.values() for p in d["penalties"])
    wildcards = {"penalty": penalties, "figure": FIGURES, "study": STUDIES_THERE}
    found = {}
    for rule in workflow.rules:
        code = rule.params.get("code")
        if not callable(code):
            found |= {rule.name: code} if code else {}
            continue
        name = next(n for n in wildcards if n in rule.wildcard_names)
        for value in wildcards[name]:
            found[f"{rule.name}/{value}"] = code(SimpleNamespace(**{name: value}))
    return found


rule provenance:
    input:
        tables=TABLES,
        csv=[table.replace(".parquet", ".csv") for table in TABLES],
        figures=figure_files(),
        captions=expand("<results>/figures/{figure}.json", figure=FIGURES),
        sources=expand(
            "<results>/sources/{dataset}.npz",
            dataset=[n for n in SPLIT + SEMI_SYNTHETIC if n in WHOLE],
        ),
        report=["<results>/report.html"],
        snakefile=workflow.source_path("../Snakefile"),
    output:
        record="<results>/provenance.json",
        crate="<results>/ro-crate-metadata.json",
        datapackage="<results>/tables/datapackage.json",
        config="<results>/config.yaml",
        snakefile="<results>/Snakefile",
    log:
        "<logs>/provenance.log",
    benchmark:
        "<benchmarks>/provenance.tsv"
    params:
        config=config,
        made=made_between(),
        code=code_of_rules(),
        own=code_digest("normwise.record", "normwise.publication"),
    script:
        "../scripts/provenance.py"
