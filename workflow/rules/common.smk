import os
import sys
from pathlib import Path

from normwise.calibration import CELLS
from normwise.config import (
    MIN_ROWS_PER_FOLD,
    TABLE_KEYS,
    ConfigError,
    check_config,
    cut,
    plan_chunks,
)
from normwise.extension_files import digest, load
from normwise.extensions import DATASETS as GENERATORS
from normwise.extensions import ExtensionError, origin
from normwise.figures import plan_figures
from normwise.penalties import SHIPPED
from normwise.provenance import code_digest
from normwise.replications import PUBLISHED, plan_batches
from normwise.sources import is_local, refuse_missing_files
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
CHUNKS = {n: plan_chunks(d, config["max_chunk_mb"]) for n, d in SIMULATED.items()}
FIGURES = plan_figures(config)
CALIBRATED = list(CELLS) if config["calibration"]["replicates"] else []
REPLICATIONS = plan_batches(config["replications"])


def either(names):
    """Regular expression for a wildcard; no name matches if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=either(DATASETS),
    penalty=either(dict.fromkeys(p for d in DATASETS.values() for p in d["penalties"])),
    chunk=r"\d+",
    batch=r"\d+",
    cell=either(CELLS),
    study=either(REPLICATIONS),
    figure=either(FIGURES),


def chunk_params(wildcards):
    return CHUNKS[wildcards.dataset][int(wildcards.chunk)].as_params()


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


def chunk_names(dataset):
    known = CHUNKS.get(dataset)
    return range(len(known) if known else DATASETS[dataset]["chunks"])


def fits_of(wildcards):
    """Fits files of a data set by penalty."""
    return {
        penalty: expand(
            "<results>/fits/{dataset}/{penalty}/{chunk}.npz",
            dataset=wildcards.dataset,
            penalty=penalty,
            chunk=chunk_names(wildcards.dataset),
        )
        for penalty in DATASETS[wildcards.dataset]["penalties"]
    }


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
        "normwise.fit", *[f"normwise.penalties.{name}"] * (name in SHIPPED)
    )


def fits_by_name(wildcards):
    """Fits of L1 and L2, where both are fitted to simulated data."""
    return {
        f"{penalty}__{name}": expand(
            "<results>/fits/{dataset}/{penalty}/{chunk}.npz",
            dataset=name,
            penalty=penalty,
            chunk=chunk_names(name),
        )
        for name in SIMULATED
        for penalty in ("l1", "l2")
        if {"l1", "l2"} <= set(DATASETS[name]["penalties"])
    }


def data_file(path):
    return path if config["keep_data"] else temp(path)


def figure_files():
    return expand(
        "<results>/figures/{figure}.{format}", figure=FIGURES, format=["svg", "png"]
    )


def figure_module(wildcards):
    return code_digest(FIGURES[wildcards.figure]["module"])
