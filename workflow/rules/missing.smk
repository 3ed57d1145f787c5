# What there is to be put together: all of the study or, with `incomplete: true`, what failed jobs
# have left of it.


def expected_block(dataset, block):
    chunks, penalties = CUTS[dataset][block], DATASETS[dataset]["penalties"]
    part = f"{dataset}/{block}"
    fits = [f"{dataset}/{p}/{chunk}" for p in penalties for chunk in chunks]
    jobs = [(f"fits/{fit}.npz", f"fit/{fit}.log") for fit in fits]
    jobs += [(f"metrics/{part}.parquet", f"evaluate/{part}.log")]
    jobs += [(f"theory/{part}.parquet", f"predict/{part}.log")]
    # whatever made the data; they go once they are fitted
    jobs += [(f"sources/{dataset}.npz", f"import_table/{dataset}.log")]
    for maker in ("simulate", "split_table", "simulate_response", "generate"):
        for chunk in chunks:
            data = f"{dataset}/{chunk}"
            jobs.append((f"data/{data}.npz", f"{maker}/{data}.log"))
    return Expected(
        dataset,
        wanted(dataset, block),
        DATASETS[dataset]["replicates"],
        [RESULTS / t / f"{part}.parquet" for t in (*BLOCK_TABLES, "theory")],
        [(RESULTS / output, RESULTS / "logs" / log) for output, log in jobs],
    )


def expected_cell(cell):
    file, log = RESULTS / f"calibration/{cell}.parquet", f"logs/calibrate/{cell}.log"
    replicates = config["calibration"]["replicates"]
    return Expected("calibration", [cell], replicates, [file], [(file, RESULTS / log)])


def expected_study(study):
    batches = [f"{study}/{batch}" for batch in range(len(REPLICATIONS[study]))]
    files = [RESULTS / f"replications/{batch}.parquet" for batch in batches]
    logs = [RESULTS / f"logs/replicate/{batch}.log" for batch in batches]
    jobs = list(zip(files, logs))
    return Expected("replications", [study], config["replications"][study], files, jobs)


PARTS = {
    **{
        (name, block): expected_block(name, block)
        for name in CUTS
        for block in CUTS[name]
    },
    **{("calibration", cell): expected_cell(cell) for cell in CALIBRATED},
    **{("replications", study): expected_study(study) for study in REPLICATIONS},
}


def missing():
    return [row for part in PARTS.values() for row in part.missing()]


MISSING = missing() if config["incomplete"] else []
THERE = {key for key, part in PARTS.items() if not MISSING or part.is_there}
BLOCKS_THERE = {n: [b for b in CUTS[n] if (n, b) in THERE] for n in DATASETS}
CELLS_THERE = [cell for cell in CALIBRATED if ("calibration", cell) in THERE]
STUDIES_THERE = {s: b for s, b in REPLICATIONS.items() if ("replications", s) in THERE}
# a picture of a whole data set
WHOLE = [n for n in DATASETS if len(BLOCKS_THERE[n]) == len(CUTS[n])]
FIGURES = plan_figures(
    {
        **config,
        "datasets": [
            (
                d
                if n in WHOLE or d["figure"] not in ("anatomy", "case")
                else {**d, "figure": "none"}
            )
            for n, d in DATASETS.items()
            if BLOCKS_THERE[n]
        ],
        "calibration": {"replicates": len(CELLS_THERE)},
        "replications": {study: 1 for study in STUDIES_THERE},
    }
)


def of_blocks(table):
    """Files of a table, of all blocks that are there."""
    return [
        f"<results>/{table}/{name}/{block}.parquet"
        for name, blocks in BLOCKS_THERE.items()
        for block in blocks
    ]


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
