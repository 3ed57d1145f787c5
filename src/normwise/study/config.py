"""The config of a study: read, checked, completed with defaults."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from normwise.analysis.measure.own_metrics import METRICS
from normwise.analysis.trials.replications.protocol import studies
from normwise.data.generated import DATASETS
from normwise.data.response_kind import DEFAULT, kind_of
from normwise.data.scenario import Scenario, expand_grid
from normwise.files.errors import from_extra
from normwise.fitting.loss import loss_of
from normwise.fitting.names import known_penalties, responses, takes_weights
from normwise.study.complaints import explain, not_one_of
from normwise.study.conversion import converted
from normwise.study.design import DesignError, design_problems, is_range, scenarios_of
from normwise.study.origins import DESIGN_KEYS, GENERATED, GRID_KEYS, ORIGIN_KEYS, ORIGINS
from normwise.study.scenario_checks import problems, response_problems

with from_extra("study"):
    from jsonschema import Draft202012Validator

MIN_ROWS_PER_FOLD = 2
TEST_SHARE = 0.25


class ConfigError(ValueError):
    """A config that cannot be run, with every reason found."""


def read_schema(file: str | Path) -> dict[str, Any]:
    """JSON schema of the config, with a key for each published study, and ranges of numbers.

    Parameters
    ----------
    file : path
        The schema in YAML.
    """
    schema: dict[str, Any] = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    counts = schema["properties"]["replications"]
    each = counts["additionalProperties"]
    counts["properties"] = {n: {**each, "description": s.ABOUT} for n, s in studies().items()}
    counts["additionalProperties"] = False
    keys = schema["properties"]["datasets"]["items"]["properties"]
    for key in GRID_KEYS:
        keys[key] = _or_range(keys[key], schema)
    return schema


def _or_range(axis: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Part of the schema for a key that takes a list, and a range if it is a list of numbers."""
    axis = {**(schema["$defs"][axis["$ref"].rpartition("/")[2]] if "$ref" in axis else {}), **axis}
    axis.pop("$ref", None)
    if axis["items"].get("type") not in ("integer", "number"):
        return axis
    return {
        **axis,
        "type": ["array", "object"],
        "additionalProperties": False,
        "required": ["low", "high"],
        "properties": {"low": axis["items"], "high": axis["items"], "log": {"type": "boolean"}},
    }


def check_config(
    config: Mapping[str, Any],
    schema_file: str | Path,
    source: str,
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Check a config and fill in the defaults.

    Parameters
    ----------
    config : mapping
        What was read from YAML.
    schema_file : path
        JSON schema, in YAML.
    source : str
        Name of the config file, for the message.
    given : mapping, optional
        What of the config came from the command line, nested values as text.

    Returns
    -------
    dict
        Complete config; every axis of a data set is a list or a range.

    Raises
    ------
    ConfigError
        Naming the file and, for each problem, key, value and what would be right.
    """
    schema = read_schema(schema_file)
    complete = copy.deepcopy(dict(config))
    # a part of the default study left out whole
    complete |= {key: {} for key in ("calibration", "replications") if complete.get(key) == 0}
    # --config gives text
    complete |= {k: v == "true" for k, v in complete.items() if v in ("true", "false")}
    listed = _wrap_axes(complete)
    complete = converted(complete, schema, given)
    errors = sorted(
        Draft202012Validator(schema).iter_errors(complete), key=lambda e: [str(p) for p in e.path]
    )
    found = [explain(error, complete, listed) for error in errors]
    if not found:
        _fill(complete, schema)
        found = list(_cross_checks(complete))
    if found:
        listing = "\n".join(f"  - {line}" for line in dict.fromkeys(found))
        raise ConfigError(f"{source}: {len(found)} problem(s)\n{listing}")
    return complete


def _wrap_axes(config: dict[str, Any]) -> set[tuple[int, str]]:
    """Make one-element lists of single axis values; return which were lists already."""
    listed = set()
    datasets = config.get("datasets")
    for i, dataset in enumerate(datasets if isinstance(datasets, list) else []):
        for key in GRID_KEYS:
            if isinstance(dataset, dict) and key in dataset:
                if isinstance(dataset[key], list):
                    listed.add((i, key))
                elif not is_range(dataset[key]):
                    dataset[key] = [dataset[key]]
    return listed


def _fill(config: dict[str, Any], schema: Mapping[str, Any]) -> None:
    for key, part in schema["properties"].items():
        if "default" in part and key not in config:
            config[key] = copy.deepcopy(part["default"])
        if part.get("type") == "object" and "properties" in part and key in config:
            _fill(config[key], part)
    if "datasets" in schema["properties"]:
        for dataset in config["datasets"]:
            _fill(dataset, schema["properties"]["datasets"]["items"])
            for key in ("replicates", "penalties"):
                dataset.setdefault(key, copy.deepcopy(config[key]))
            dataset.setdefault("source", "table" if "file" in dataset else "scenarios")
            if "design" in dataset:
                dataset["design"].setdefault("seed", config["seed"])
            if dataset["source"] == "table":
                dataset.setdefault("test_share", TEST_SHARE)


def _cross_checks(config: Mapping[str, Any]) -> Iterator[str]:
    unknown = list(_unknown("penalties", config["penalties"], known_penalties()))
    yield from unknown
    yield from _unknown("metrics", config["metrics"], METRICS)
    names = [d["name"] for d in config["datasets"]]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"data set '{name}' is defined {names.count(name)} times; names must be unique"
    for dataset in config["datasets"]:
        where = f"data set '{dataset['name']}'"
        own = [p for p in dataset["penalties"] if p not in config["penalties"]]
        found = list(_unknown("penalties", own, known_penalties()))
        found = found or [*_figure_problems(dataset), *_source_problems(dataset)]
        found = found or list(_weight_problems(dataset, config["engine"]))
        found = found or list(_engine_problems(dataset, config["engine"]))
        if not found and not unknown:
            found = list(_sample_problems(dataset, config["tuning"]["n_folds"]))
        yield from (f"{where}: {problem}" for problem in found)


def _unknown(key: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{key} {not_one_of(name, list(known))}; others need a file in extensions"


def _figure_problems(dataset: Mapping[str, Any]) -> Iterator[str]:
    shown = dataset["figure"]
    if shown == "none":
        return
    if dataset["source"] != "scenarios":
        yield f"figure ({shown}) needs scenarios; remove it for source: {dataset['source']}"
    elif "design" in dataset:
        yield f"figure ({shown}) looks along the axes of a grid, and a design has none; remove it"
    if not {"l1", "l2"} <= set(dataset["penalties"]):
        yield (
            f"figure ({shown}) compares l1 with l2, penalties are "
            f"{', '.join(dataset['penalties'])}; add the missing one or remove figure"
        )
    several = [r for r in dataset.get("response", []) if kind_of(r).several]
    if shown == "case" and several:
        yield (
            f"figure (case) shows one coefficient a feature, and response: {several[0]} has one "
            "for each class; use figure: sweep or none"
        )
    if shown == "anatomy" and not all(loss_of(r).decomposes for r in dataset.get("response", [])):
        yield (
            "figure (anatomy) splits squared errors and needs response: gaussian; "
            "use figure: sweep or none"
        )


def _source_problems(dataset: Mapping[str, Any]) -> Iterator[str]:
    source = dataset["source"]
    known = (*ORIGINS, *DATASETS)
    if source not in known:
        yield from _unknown("source", [source], known)
        return
    origin = ORIGINS.get(source, GENERATED)
    surplus = [k for k in ORIGIN_KEYS if k in dataset and k not in origin.keys]
    if surplus:
        yield f"source: {source} takes no {', '.join(surplus)}; remove it"
        return
    missing = [k for k in origin.needed if k not in dataset]
    if missing:
        yield f"source: {source} needs {', '.join(missing)}"
    several = [k for k in origin.single if len(dataset.get(k, [0])) > 1]
    if several:
        yield f"source: {source} takes one value of {', '.join(several)}, not a list or range"
    if not origin.in_chunks and dataset["chunks"] != 1:
        yield "chunks is for the other sources; use max_chunk_mb instead"
    if dataset["chunks"] > dataset["replicates"]:
        yield (
            f"chunks ({dataset['chunks']}) exceeds replicates ({dataset['replicates']}); lower it"
        )


def _engine_problems(dataset: Mapping[str, Any], engine: str) -> Iterator[str]:
    if engine == "native":
        return
    for response in dataset.get("response", [DEFAULT]):
        if loss_of(response).generalised:
            yield f"response ({response}) needs engine: native; the {engine} engine has no solver"


def _weight_problems(dataset: Mapping[str, Any], engine: str) -> Iterator[str]:
    if "weights" not in dataset:
        return
    given = f"weights ({dataset['weights']})"
    if engine != "native":
        yield f"{given} needs engine: native; the {engine} engine takes none"
    for name in dataset["penalties"]:
        if not takes_weights(name):
            yield (
                f"penalties ({name}) cannot be fitted with {given}; give the data set penalties "
                "of its own, or its class takes_weights = True once it uses problem.weight"
            )


def _sample_problems(dataset: Mapping[str, Any], n_folds: int) -> Iterator[str]:
    if dataset["source"] == "scenarios":
        yield from _scenario_problems(dataset, n_folds)
    elif dataset["source"] == "table" and "response" in dataset:
        yield from _penalty_problems(dataset["response"][0], dataset["penalties"])
    elif dataset["source"] == "semi_synthetic":
        design = {key: dataset[key][0] for key in DESIGN_KEYS if key in dataset}
        # how many columns there are, the table says
        scenario = Scenario(n_features=max(1, design["n_nonzero"]), **design)
        yield from response_problems(scenario)
        yield from _fit_problems(
            scenario.n_samples, scenario.response, dataset["penalties"], n_folds
        )


def _penalty_problems(response: str, penalties: Iterable[str]) -> Iterator[str]:
    for name in penalties:
        if response not in responses(name):
            yield (
                f"penalties ({name}) cannot be fitted to response: {response}, only to "
                f"{', '.join(responses(name))}; give the data set penalties of its own"
            )


def _scenario_problems(dataset: Mapping[str, Any], n_folds: int) -> Iterator[str]:
    missing = [k for k in ("n_samples", "n_features") if k not in dataset]
    if len([k for k in ("n_nonzero", "nonzero_fraction") if k in dataset]) != 1:
        missing.append("n_nonzero or nonzero_fraction (one of them)")
    if missing:
        yield f"needs {', '.join(missing)}"
        return
    found = list(design_problems(dataset))
    if found:
        yield from found
    elif "design" in dataset:
        yield from _sampling_problems(dataset, n_folds)
    else:
        for scenario in expand_grid(dataset):
            yield from problems(scenario)
            yield from _fit_problems(
                scenario.n_samples, scenario.response, dataset["penalties"], n_folds
            )


def _sampling_problems(dataset: Mapping[str, Any], n_folds: int) -> Iterator[str]:
    rows = dataset["n_samples"]
    # of all that may be drawn, so that more scenarios bring no new complaint
    fewest = rows["low"] if is_range(rows) else min(rows)
    found = [
        problem
        for response in dataset.get("response", [DEFAULT])
        for problem in _fit_problems(fewest, response, dataset["penalties"], n_folds)
    ]
    yield from found
    if not found:
        try:
            scenarios_of(dataset)
        except DesignError as error:
            yield str(error)


def _fit_problems(
    n_samples: int, response: str, penalties: Iterable[str], n_folds: int
) -> Iterator[str]:
    needed = MIN_ROWS_PER_FOLD * n_folds
    if n_samples < needed:
        yield (
            f"n_samples ({n_samples}) is too small for tuning.n_folds ({n_folds}); use at least "
            f"{needed}"
        )
    yield from _penalty_problems(response, penalties)
