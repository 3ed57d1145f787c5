import math
import os
import sys
from pathlib import Path
from types import SimpleNamespace

from normwise.study import needs as ask
from normwise.analysis.trials.calibration import CELLS
from normwise.study.blocks import cut
from normwise.study.blocks import plan_study
from normwise.study.blocks import recall
from normwise.study.blocks import remember
from normwise.study.blocks import remove_others
from normwise.data.splits import overlap
from normwise.study.config import MIN_ROWS_PER_FOLD
from normwise.data.imported import TABLE_KEYS
from normwise.study.config import ConfigError
from normwise.study.config import check_config
from normwise.data.batch import outside_key
from normwise.study.extensions import digest
from normwise.study.extensions import load
from normwise.data.generated import DATASETS as GENERATORS
from normwise.data.errors import ExtensionError
from normwise.study.extensions import origin
from normwise.report.figures.plan import plan_figures
from normwise.files.errors import BusyError
from normwise.files.errors import StorageError
from normwise.files.lock import begin_run
from normwise.files.lock import refuse_earlier_run
from normwise.study.missing import Expected
from normwise.study.missing import announce
from normwise.fitting.names import SHIPPED
from normwise.fitting.penalty import find as find_penalty
from normwise.provenance.code import code_digest
from normwise.analysis.trials.replications.protocol import PUBLISHED
from normwise.analysis.trials.replications.protocol import plan_batches
from normwise.data.scenario import expand_grid
from normwise.data.imported import is_local
from normwise.data.imported import refuse_missing_files
from normwise.analysis.columns import BLOCK_TABLES
from normwise.tabular import InputError

# where this workflow lies, also when another one includes it
HERE = Path(str(workflow.current_basedir)).parent
# a copy, if the workflow comes from a repository elsewhere
SCHEMA = workflow.source_path("../schemas/config.schema.yaml")
# no pathlib: a config may have come from --config alone
CONFIG_NAME = str(workflow.configfiles[0]) if workflow.configfiles else "config"

try:
    # names that a config may use
    load(f for f in config.get("extensions") or [] if str(f).endswith(".py"))
    config = check_config(config, SCHEMA, CONFIG_NAME)
    # rules from elsewhere may make a file that is missing
    alone = Path(workflow.main_snakefile).resolve() == (HERE / "Snakefile").resolve()
    if alone and not any(f.endswith(".smk") for f in config["extensions"]):
        refuse_missing_files(config["datasets"])
except (ConfigError, ExtensionError, InputError) as error:
    sys.exit(str(error))

DATASETS = {d["name"]: d for d in config["datasets"]}
SIMULATED = {n: d for n, d in DATASETS.items() if d["source"] == "scenarios"}
SPLIT = [n for n, d in DATASETS.items() if d["source"] == "table"]
SEMI_SYNTHETIC = [n for n, d in DATASETS.items() if d["source"] == "semi_synthetic"]
GENERATED = [n for n, d in DATASETS.items() if d["source"] in GENERATORS]
TRACED = [n for n, d in DATASETS.items() if d["figure"] == "anatomy"]
CASES = [n for n, d in DATASETS.items() if d["figure"] == "case"]
SCENARIOS = {name: set(expand_grid(d)) for name, d in SIMULATED.items()}
CALIBRATED = list(CELLS) if config["calibration"]["replicates"] else []
REPLICATIONS = plan_batches(config["replications"])

RESULTS = Path(workflow.pathvars.apply("<results>"))
if not workflow.is_main_process:
    try:
        refuse_earlier_run(RESULTS)
    except BusyError as error:
        sys.exit(str(error))
CHUNK_PLAN = RESULTS / "chunks.json"
# what all fits depend on: if it changes they are all made anew, in whatever chunks
FIT_BASIS = code_digest("normwise.fitting.fit_job", "normwise.data.simulated") + str(
    [config[key] for key in ("seed", "tolerance", "engine", "tuning")]
)


def is_begun(dataset, chunk):
    return any((RESULTS / "fits" / dataset).glob(f"*/{chunk}.npz"))


BLOCKS = plan_study(
    config["datasets"],
    config["max_chunk_mb"],
    config["max_jobs"],
    # a job keeps to the plan of the run that it belongs to
    recall(CHUNK_PLAN, FIT_BASIS, is_begun if workflow.is_main_process else None),
)
CHUNKS = {
    name: {number: chunk for block in blocks for number, chunk in block.chunks.items()}
    for name, blocks in BLOCKS.items()
}
# processes that look for rules
LEARNERS = 8
# tables that grow with the replicates stay with their block
PER_REPLICATE = ("metrics", "timings")
# numbers of the chunks of each block
CUTS = {
    name: (
        {block.name: list(block.cuts) for block in BLOCKS[name]}
        if name in BLOCKS
        else {0: list(range(dataset["chunks"]))}
    )
    for name, dataset in DATASETS.items()
}


def either(names):
    """Regular expression for a wildcard; no name matches if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=either(DATASETS),
    penalty=either(dict.fromkeys(p for d in DATASETS.values() for p in d["penalties"])),
    chunk=r"\d+",
    block=r"\d+",
    batch=r"\d+",
    cell=either(CELLS),
    study=either(REPLICATIONS),
    figure=r"\w+",


def chunk_params(wildcards):
    return CHUNKS[wildcards.dataset][int(wildcards.chunk)].as_params()


def n_fits(wildcards):
    """Replicates in a chunk, each to be fitted once by a penalty."""
    if wildcards.dataset in CHUNKS:
        return CHUNKS[wildcards.dataset][int(wildcards.chunk)].n_fits
    dataset = DATASETS[wildcards.dataset]
    return -(-dataset["replicates"] // dataset["chunks"])


# what a chunk may take on the disk, the same for all: see the profiles
LARGEST_MB = math.ceil(
    max(
        [
            config["max_chunk_mb"],
            *(
                chunk.megabytes
                for chunks in CHUNKS.values()
                for chunk in chunks.values()
                if not chunk.travels_as_recipe(config)
            ),
        ]
    )
)


def data_mb(wildcards):
    chunk = CHUNKS.get(wildcards.dataset, {}).get(int(wildcards.chunk))
    # data that are kept pile up whatever the order
    if config["keep_data"] or chunk and chunk.travels_as_recipe(config):
        return 0
    return LARGEST_MB


def ask_for(needs_of):
    """Memory and time of a job on a cluster; one that they did not suffice for gets more."""
    return {
        "mem_mb": lambda wildcards, attempt: attempt * needs_of(wildcards).mem_mb,
        "runtime": lambda wildcards, attempt: attempt * needs_of(wildcards).runtime,
    }


def size_of_chunk(wildcards):
    chunk = CHUNKS[wildcards.dataset][int(wildcards.chunk)]
    return (
        chunk.scenarios,
        chunk.stop - chunk.start,
        chunk.travels_as_recipe(config),
    )


def needs_of_simulate(wildcards):
    return ask.of_simulate(*size_of_chunk(wildcards))


def candidates(*penalties):
    """Of the penalty that tries the most."""
    l1_ratio = config["tuning"]["l1_ratio"]
    most = max(find_penalty(name, l1_ratio).per_strength for name in penalties)
    return most * config["tuning"]["n_alphas"]


def needs_of_fit(wildcards):
    if wildcards.dataset not in CHUNKS:
        return ask.of_unknown(config["threads_per_fit"])
    return ask.of_fit(
        *size_of_chunk(wildcards),
        config["tuning"]["n_folds"],
        candidates(wildcards.penalty),
        wildcards.dataset in TRACED,
        config["threads_per_fit"],
    )


def size_of_block(wildcards):
    """Of a block, or of a whole data set; without scenarios for data from elsewhere."""
    dataset = DATASETS[wildcards.dataset]
    scenarios = [
        s
        for block in BLOCKS.get(wildcards.dataset, [])
        if str(block.name) == wildcards.get("block", str(block.name))
        for s in block.scenarios
    ]
    return scenarios, dataset["replicates"], len(dataset["penalties"])


def needs_of_evaluate(wildcards):
    scenarios, *size = size_of_block(wildcards)
    if not scenarios:
        return ask.of_unknown()
    tried = candidates(*DATASETS[wildcards.dataset]["penalties"])
    return ask.of_evaluate(scenarios, *size, tried, wildcards.dataset in TRACED)


def needs_of_predict(wildcards):
    scenarios, *size = size_of_block(wildcards)
    return ask.of_predict(scenarios, *size) if scenarios else ask.of_unknown()


def n_scenarios():
    """Data from elsewhere count as one."""
    return sum(len(SCENARIOS.get(name, [name])) for name in DATASETS)


def needs_of_study(wildcards):
    return ask.of_study(n_scenarios())


def needs_of_learn(wildcards):
    return ask.of_study(n_scenarios(), LEARNERS)


def needs_of_calibrate(wildcards):
    # five fits of each replicate
    return ask.of_fit(
        [CELLS[wildcards.cell]],
        5 * config["calibration"]["replicates"],
        False,
        config["tuning"]["n_folds"],
        config["tuning"]["n_alphas"],
    )


def needs_of_replicate(wildcards):
    return ask.of_unknown()


def bounds_of(wildcards):
    """First replicate of a chunk, and the one after its last."""
    dataset = DATASETS[wildcards.dataset]
    return cut(dataset["replicates"], dataset["chunks"])[int(wildcards.chunk)]


def table_file(wildcards):
    """The user's file; a table of a library or of OpenML has none."""
    file = DATASETS[wildcards.dataset]["file"]
    return os.path.expanduser(file) if is_local(file) else []


def table_of(wildcards):
    dataset = DATASETS[wildcards.dataset]
    return {k: dataset[k] for k in TABLE_KEYS if k in dataset}


def fits_of(wildcards):
    """Fits files of a block, or of a whole data set, by penalty."""
    cuts = CUTS[wildcards.dataset]
    own = [int(wildcards.block)] if "block" in wildcards.keys() else list(cuts)
    return {
        penalty: expand(
            "<results>/fits/{dataset}/{penalty}/{chunk}.npz",
            dataset=wildcards.dataset,
            penalty=penalty,
            chunk=[chunk for block in own for chunk in cuts[block]],
        )
        for penalty in DATASETS[wildcards.dataset]["penalties"]
    }


def wanted(dataset, block):
    """Scenarios of a block that the config asks for."""
    if dataset not in BLOCKS:
        return [outside_key(dataset)[:10]]
    (own,) = (b for b in BLOCKS[dataset] if b.name == block)
    return [s.id for s in own.scenarios if s in SCENARIOS[dataset]]


def wanted_of(wildcards):
    # of data from elsewhere all is wanted
    if wildcards.dataset in BLOCKS:
        return wanted(wildcards.dataset, int(wildcards.block))


def overlap_of(wildcards):
    return overlap(DATASETS[wildcards.dataset])


def design_of(wildcards):
    """Data set without what only the report shows of it."""
    shown = {"title", "story", "figure", "hold_out"}
    return {k: v for k, v in DATASETS[wildcards.dataset].items() if k not in shown}


def fit_options(wildcards):
    return {
        "seed": config["seed"],
        "tolerance": config["tolerance"],
        "engine": config["engine"],
        "keep_paths": wildcards.dataset in TRACED,
        **config["tuning"],
    }


def extensions_of(*names):
    """Files of the user's that some of the names come from, with digests of their content."""
    files = {origin(name) for name in names} - {None}
    return [[os.path.relpath(f), digest(f)] for f in sorted(files)]


def extensions_of_study():
    """All files that the config has a use for."""
    penalties = [p for d in DATASETS.values() for p in d["penalties"]]
    return extensions_of(*penalties, *config["metrics"])


def penalty_code(wildcards):
    name = wildcards.penalty
    return code_digest(
        "normwise.fitting.fit_job",
        *[f"normwise.fitting.penalties.{name}"] * (name in SHIPPED),
    )


def code_of_rules():
    """Digest of the code of each rule, for each value of the wildcard that it depends on."""
    penalties = dict.fromkeys(p for d in DATASETS.values() for p in d["penalties"])
    wildcards = {"penalty": penalties, "figure": FIGURES, "study": STUDIES_THERE}
    found = {}
    for each in workflow.rules:
        code = each.params.get("code")
        if not callable(code):
            found |= {each.name: code} if code else {}
            continue
        name = next(n for n in wildcards if n in each.wildcard_names)
        for value in wildcards[name]:
            found[f"{each.name}/{value}"] = code(SimpleNamespace(**{name: value}))
    return found


def data_file(path):
    return path if config["keep_data"] else temp(path)


def figure_files():
    return expand(
        "<results>/figures/{figure}.{format}", figure=FIGURES, format=["svg", "png"]
    )


def figure_module(wildcards):
    return code_digest(
        FIGURES[wildcards.figure]["module"], "normwise.report.figures.write"
    )
