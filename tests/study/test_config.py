"""Configs: good ones completed, bad ones refused with a message that says what to change."""

import re
from dataclasses import fields

import pytest
import yaml

from normwise.analysis.trials.replications.protocol import studies
from normwise.data import scenario as axes
from normwise.data.response_kind import RESPONSES
from normwise.data.scenario import Scenario, expand_grid
from normwise.fitting.names import MIXES, SHIPPED
from normwise.fitting.penalty import mixes
from normwise.study.config import ConfigError, check_config, read_schema
from normwise.study.conversion import converted
from normwise.study.design import scenarios_of
from normwise.study.scenario_checks import problems

GOOD = """
datasets:
  - name: first
    n_samples: 40
    n_features: 10
    n_nonzero: 3
"""

# what is put in place of the last line of GOOD, and what the message must hold
BAD_AXES = {
    "typo in a key": ("n_nonzero: 3\n    corelation: 0.5", ["corelation", "mean 'correlation'"]),
    "unknown key": ("n_nonzero: 3\n    zzz: 1", ["zzz", "known keys", "snr"]),
    "text for a number": ("n_nonzero: many", ["n_nonzero", "'many'", "text", "whole number"]),
    "fraction for a whole number": ("n_nonzero: 2.5", ["n_nonzero", "2.5", "whole number"]),
    "truth value for a number": ("n_nonzero: yes", ["n_nonzero", "True", "whole number"]),
    "text for a number in a list": ("n_nonzero: [1, many]", ["n_nonzero[1]", "'many'"]),
    "nothing for a number": ("n_nonzero:", ["n_nonzero", "empty", "whole number"]),
    "a number YAML takes for text": (
        "n_nonzero: 3\n    snr: 1e-3",
        ["snr", "'1e-3'", "text", "0.001"],
    ),
    "more true features than features": (
        "n_nonzero: 30",
        ["n_nonzero (30)", "n_features (10)", "lower it"],
    ),
    "correlation above one": (
        "n_nonzero: 3\n    covariance: ar1\n    correlation: 1.2",
        ["correlation (1.2)", "less than 1"],
    ),
    "negative equicorrelation": (
        "n_nonzero: 3\n    covariance: equicorrelated\n    correlation: -0.5",
        ["correlation (-0.5)", "equicorrelated", "0 <= correlation < 1"],
    ),
    "correlation without a family": (
        "n_nonzero: 3\n    correlation: 0.5",
        ["correlation (0.5)", "independent", "set it to 0"],
    ),
    "empty axis": ("n_nonzero: []", ["n_nonzero", "empty list", "at least 1"]),
    "unknown family": ("n_nonzero: 3\n    covariance: ar2", ["covariance", "'ar2'", "mean 'ar1'"]),
    "unknown signal": ("n_nonzero: 3\n    signal: strong", ["signal", "'strong'", "decaying"]),
    "unknown penalty of a data set": (
        "n_nonzero: 3\n    penalties: [lasso]",
        ["penalties", "'lasso'", "elastic_net", "mean 'l1'"],
    ),
    "a penalty twice": ("n_nonzero: 3\n    penalties: [l1, l1]", ["penalties", "twice"]),
    "both ways to say sparsity": (
        "n_nonzero: 3\n    nonzero_fraction: 0.3",
        ["n_nonzero or nonzero_fraction", "one of them"],
    ),
    "no sparsity": ("title: none", ["n_nonzero or nonzero_fraction"]),
    "fraction above one": ("nonzero_fraction: 3", ["nonzero_fraction", "3", "at most 1"]),
    "one per group without groups": (
        "n_nonzero: 3\n    placement: one_per_group",
        ["placement (one_per_group)", "blocks or near_duplicates"],
    ),
    "more than one per group": (
        "n_nonzero: 3\n    covariance: blocks\n    group_size: 5\n    placement: one_per_group",
        ["one_per_group", "room for 2", "n_nonzero is 3", "many_per_group"],
    ),
    "a confounder of 0/1 features": (
        "n_nonzero: 3\n    features: sparse_binary\n    covariance: irrepresentable",
        ["irrepresentable", "features: gaussian", "not sparse_binary"],
    ),
    "more per group than it has": (
        "n_nonzero: 3\n    covariance: blocks\n    placement: some_per_group\n    per_group: 6",
        ["per_group (6)", "group_size (5)", "lower it"],
    ),
    "no room in the groups": (
        "n_nonzero: 5\n    covariance: mixed_blocks\n    placement: some_per_group",
        ["some_per_group", "per_group (2)", "room for 4", "n_nonzero is 5"],
    ),
    "a spacing beyond the group": (
        "n_nonzero: 2\n    covariance: ar1_blocks\n    placement: some_per_group\n    spacing: 5",
        ["offset (0)", "spacing (5)", "place 6", "group_size is 5"],
    ),
    "no room behind the offset": (
        "n_nonzero: 2\n    covariance: blocks\n    group_size: 6\n    placement: some_per_group\n"
        "    per_group: 1\n    offset: 4",
        ["some_per_group", "per_group (1)", "room for 1", "n_nonzero is 2"],
    ),
    "moments of a sample of counted features": (
        "n_nonzero: 2\n    features: counts\n    moments: sample",
        ["moments (sample)", "features: gaussian", "counts", "moments: population"],
    ),
    "moments of a sample without a signal": (
        "n_nonzero: 0\n    moments: sample",
        ["moments (sample)", "n_nonzero (0)", "at least 1"],
    ),
    "moments of a sample with classes": (
        "n_nonzero: 3\n    response: binary\n    moments: sample",
        ["moments (sample)", "response: gaussian only", "remove it"],
    ),
    "a mixed table that is too narrow": (
        "n_nonzero: 3\n    features: mixed\n    n_levels: 10",
        ["features: mixed", "n_levels (10)", "at least 14", "got 10"],
    ),
    "more levels than columns": (
        "n_nonzero: 3\n    features: categorical\n    n_levels: 12",
        ["n_levels (12)", "at least 11", "got 10"],
    ),
    "one level": ("n_nonzero: 3\n    n_levels: 1", ["n_levels (1)", "at least 2"]),
    "a nonlinear signal in zeros and ones": (
        "n_nonzero: 3\n    features: categorical\n    nonlinear_share: 0.3",
        ["nonlinear_share (0.3)", "more than two values", "categorical", "set it to 0"],
    ),
    "a nonlinear share of nothing": (
        "n_nonzero: 0\n    nonlinear_share: 0.3",
        ["nonlinear_share (0.3)", "n_nonzero (0)", "at least 1"],
    ),
    "a signal of which nothing is linear": (
        "n_nonzero: 3\n    nonlinear_share: 1.0",
        ["nonlinear_share (1.0)", "less than 1"],
    ),
    "classes of a number": (
        "n_nonzero: 3\n    prevalence: 0.1",
        ["prevalence (0.1)", "response: binary only", "remove it for response: gaussian"],
    ),
    "too few rows of a class": (
        "n_nonzero: 3\n    response: binary\n    prevalence: 0.98",
        ["prevalence (0.98)", "0.8 rows", "n_samples (40)", "at least 750"],
    ),
    "sizes that grow": ("n_nonzero: 3\n    signal: power\n    decay: 0", ["decay (0)", "greater"]),
    "noise with a binary response": (
        "n_nonzero: 3\n    response: binary\n    noise: student_t",
        ["noise (student_t)", "binary", "remove it"],
    ),
    "more factors than features": (
        "n_nonzero: 3\n    covariance: latent_factors\n    n_factors: 11",
        ["n_factors (11)", "n_features (10)"],
    ),
    "no noise feature to confound": (
        "n_nonzero: 10\n    covariance: irrepresentable",
        ["irrepresentable", "n_nonzero < n_features", "10 of 10"],
    ),
    "no signal-to-noise": ("n_nonzero: 3\n    snr: 0", ["snr", "0", "greater than 0"]),
    "negative signal-to-noise": ("n_nonzero: 3\n    snr: -1", ["snr", "-1", "greater than 0"]),
    "too few replicates": ("n_nonzero: 3\n    replicates: 2", ["replicates", "2", "at least 5"]),
    "chunks of a simulated data set": (
        "n_nonzero: 3\n    chunks: 4",
        ["chunks", "other sources", "max_chunk_mb"],
    ),
    "an unknown source": (
        "n_nonzero: 3\n    source: tabel",
        ["source ('tabel')", "mean 'table'", "extensions"],
    ),
    "a table without a file": (
        "n_nonzero: 3\n    source: table",
        ["source: table takes no n_samples, n_features, n_nonzero", "remove"],
    ),
    "a file for a grid": (
        "n_nonzero: 3\n    source: scenarios\n    file: a.csv",
        ["source: scenarios takes no file"],
    ),
    "weights of a grid": (
        "n_nonzero: 3\n    weights: w",
        ["source: scenarios takes no weights", "remove"],
    ),
    "a share of all rows": ("test_share: 1.0", ["test_share", "less than 1"]),
    "a penalty for numbers alone": (
        "n_nonzero: 3\n    response: binary\n    penalties: [l1, mcp]",
        ["penalties (mcp)", "response: binary", "gaussian"],
    ),
    "scenario keys with a rule": (
        "n_nonzero: 3\n    source: rule",
        ["source: rule", "remove", "n_samples", "n_nonzero"],
    ),
    "a word for held out": (
        "n_nonzero: 3\n    hold_out: always",
        ["hold_out", "'always'", "text", "boolean"],
    ),
    "a number for held out": ("n_nonzero: 3\n    hold_out: 1", ["hold_out", "1"]),
    "a story that is none": ("n_nonzero: 3\n    story: 7", ["story", "7", "string"]),
    "dense 0/1 features": ("n_nonzero: 3\n    density: 0.7", ["density", "0.7", "at most 0.5"]),
}

WEIGHTED = "datasets: [{name: own, file: own.csv, target: y, weights: w}]\n"

BAD_CONFIGS = {
    "no data sets": ("seed: 1", ["datasets", "missing"]),
    "empty list of data sets": ("datasets: []", ["datasets", "empty list"]),
    "data sets by name": ("datasets: {name: first}", ["datasets", "mapping", "list"]),
    "a data set that is text": ("datasets: [first]", ["datasets[0]", "'first'", "mapping"]),
    "a data set without a name": (
        "datasets: [{n_samples: 40}]",
        ["datasets[0]", "'name'", "missing"],
    ),
    "a name that is no folder": (
        GOOD.replace("first", "First Study"),
        ["name", "'First Study'", "lower-case"],
    ),
    "a name twice": (
        GOOD + GOOD.split("datasets:")[1].lstrip("\n"),
        ["'first'", "2 times", "unique"],
    ),
    "no file": ("datasets: [{name: first, source: table}]", ["source: table needs file"]),
    "classes of a table's rows": (
        "datasets:\n  - {name: a, source: semi_synthetic, file: a.csv, n_samples: 100, snr: 1, "
        "n_nonzero: 3, response: binary, prevalence: 0.1}",
        ["'a'", "prevalence (0.1)", "10 rows", "n_samples (100)", "at least 150"],
    ),
    "counts of a table's rows that explode": (
        "datasets:\n  - {name: a, source: semi_synthetic, file: a.csv, n_samples: 100, snr: 30, "
        "n_nonzero: 3, response: poisson, mean_count: 4, penalties: [l1, l2]}",
        ["'a'", "snr (30.0)", "mean_count (4.0)", "at most 16"],
    ),
    "a key of another response": (
        GOOD + "    mean_count: 2\n",
        ["mean_count (2.0) applies to response: poisson only", "response: gaussian"],
    ),
    "two of several classes": (
        GOOD + "    response: multinomial\n    n_classes: 2\n",
        ["n_classes", "2", "at least 3"],
    ),
    "a penalty that knows no classes": (
        GOOD.replace("40", "60")
        + "    response: multinomial\n    penalties: [l1, adaptive_lasso]\n"
        "penalties: [l1, adaptive_lasso]\n",
        ["penalties (adaptive_lasso) cannot be fitted to response: multinomial"],
    ),
    "counts by another engine": (
        GOOD.replace("40", "60")
        + "    response: poisson\n    penalties: [l1, l2]\nengine: scikit-learn\n",
        ["response (poisson) needs engine: native"],
    ),
    "a case of several classes": (
        GOOD.replace("40", "60")
        + "    response: multinomial\n    penalties: [l1, l2]\n    figure: case\n",
        ["figure (case)", "response: multinomial", "sweep or none"],
    ),
    "an anatomy of counts": (
        GOOD.replace("40", "60")
        + "    response: poisson\n    penalties: [l1, l2]\n    figure: anatomy\n",
        ["figure (anatomy)", "response: gaussian"],
    ),
    "a range of counts for numbers": (
        GOOD.replace(
            "n_nonzero: 3",
            "n_nonzero: 3\n    design: {n_scenarios: 3}\n    snr: "
            "{low: 1, high: 2}\n    dispersion: {low: 0.1, high: 1}",
        ),
        ["dispersion", "needs response: poisson, which no scenario has"],
    ),
    "two kinds of response of one table": (
        "datasets:\n  - {name: a, file: a.csv, response: [poisson, gaussian], penalties: [l1, l2]}",
        ["'a'", "source: table takes one value of response"],
    ),
    "a penalty for numbers alone, for the counts of a table": (
        "penalties: [l1, mcp]\ndatasets:\n  - {name: a, file: a.csv, response: poisson}",
        ["'a'", "penalties (mcp) cannot be fitted to response: poisson"],
    ),
    "a grid from a table": (
        "datasets:\n  - {name: a, source: semi_synthetic, file: a.csv, n_samples: 30, snr: 1, "
        "n_nonzero: [3, 4]}",
        ["one value of n_nonzero"],
    ),
    "no rows": (GOOD.replace("n_samples: 40", "snr: 1"), ["'first'", "needs n_samples"]),
    "too few rows for the folds": (
        GOOD.replace("40", "9"),
        ["'first'", "n_samples (9)", "tuning.n_folds (5)", "at least 10"],
    ),
    "too few rows for more folds": (
        GOOD + "tuning: {n_folds: 30}",
        ["n_samples (40)", "tuning.n_folds (30)", "at least 60"],
    ),
    "typo at the top": (GOOD + "replicate: 10", ["unknown key 'replicate'", "mean 'replicates'"]),
    "typo below": (GOOD + "tuning: {n_fold: 5}", ["tuning", "'n_fold'", "mean 'n_folds'"]),
    "seed as text": (GOOD + "seed: seven", ["seed", "'seven'", "whole number"]),
    "negative seed": (GOOD + "seed: -1", ["seed", "-1", "at least 0"]),
    "unknown penalty": (
        GOOD + "penalties: [l1, l3]",
        ["penalties ('l3')", "l2", "relaxed_lasso", "extensions"],
    ),
    "unknown metric": (GOOD + "metrics: [wonder]", ["metrics ('wonder')", "extensions"]),
    "an extension that is a number": (GOOD + "extensions: [3]", ["extensions[0]", "3", "string"]),
    "weights and a penalty that takes none": (
        WEIGHTED + "penalties: [l1, mcp]",
        ["'own'", "penalties (mcp)", "weights (w)", "penalties of its own"],
    ),
    "weights and an engine that takes none": (
        WEIGHTED + "engine: scikit-learn",
        ["'own'", "weights (w)", "engine: native", "scikit-learn"],
    ),
    "no penalty": (GOOD + "penalties: []", ["penalties", "empty list"]),
    "tolerance as YAML text": (GOOD + "tolerance: 1e-6", ["tolerance", "'1e-6'", "text", "1e-06"]),
    "lax tolerance": (GOOD + "tolerance: 0.1", ["tolerance", "0.1", "at most 0.001"]),
    "margin of one": (GOOD + "comparison: {margin: 1}", ["comparison.margin", "1", "less than 1"]),
    "estimates of fewer than none": (
        GOOD + "comparison: {estimate_replicates: -1}",
        ["comparison.estimate_replicates", "-1", "0"],
    ),
    "estimates of half a replicate": (
        GOOD + "comparison: {estimate_replicates: 2.5}",
        ["comparison.estimate_replicates", "2.5", "whole number"],
    ),
    "estimates by yes": (
        GOOD + "comparison: {estimate_replicates: yes}",
        ["comparison.estimate_replicates", "True", "whole number"],
    ),
    "pure lasso as elastic net": (
        GOOD + "tuning: {l1_ratio: 1.0}",
        ["tuning.l1_ratio", "less than 1"],
    ),
    "a section that is empty": (GOOD + "tuning:", ["tuning", "empty", "mapping"]),
    "a key that YAML takes for false": (GOOD + "off: 1", ["unknown key 'False'"]),
}


def message_of(text: str, schema_file) -> str:
    with pytest.raises(ConfigError) as error:
        check_config(yaml.safe_load(text), schema_file, "study.yaml")
    return str(error.value)


@pytest.mark.parametrize("case", BAD_AXES)
def test_bad_data_set_is_refused_with_key_value_and_remedy(schema_file, case):
    lines, words = BAD_AXES[case]
    message = message_of(GOOD.replace("n_nonzero: 3", lines), schema_file)
    for word in ["study.yaml", "'first'", *words]:
        assert word in message


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_bad_config_is_refused_with_key_value_and_remedy(schema_file, case):
    text, words = BAD_CONFIGS[case]
    message = message_of(text, schema_file)
    for word in ["study.yaml", *words]:
        assert word in message


@pytest.mark.parametrize("case", [*BAD_AXES.values(), *BAD_CONFIGS.values()], ids=lambda c: "")
def test_messages_speak_of_one_problem_only(schema_file, case):
    text, _ = case
    text = text if "datasets" in text or text == "seed: 1" else GOOD.replace("n_nonzero: 3", text)
    message = message_of(text, schema_file)
    assert message.startswith("study.yaml: 1 problem(s)\n  - ")
    assert len(message.splitlines()) == 2


def test_all_problems_are_reported_at_once(schema_file):
    text = """
seed: -1
tolerance: 2
datasets:
  - name: One
    n_samples: forty
    n_features: 10
  - name: two
    snr: [1.0, 0.0]
    colour: red
"""
    message = message_of(text, schema_file)
    for word in ("seed", "tolerance", "'One'", "'forty'", "snr[1]", "'colour'"):
        assert word in message
    assert message.splitlines()[0] == "study.yaml: 6 problem(s)"


def test_all_impossible_scenarios_are_reported_at_once(schema_file):
    text = GOOD.replace("n_nonzero: 3", "n_nonzero: [3, 11, 12]\n    placement: one_per_group")
    message = message_of(text + "tuning: {n_folds: 21}", schema_file)
    for word in ("n_nonzero (11)", "n_nonzero (12)", "placement (one_per_group)", "n_folds (21)"):
        assert word in message
    # said once, though true of every cell of the grid
    assert message.count("placement (one_per_group)") == 1


def test_defaults_are_filled_in(schema_file):
    config = check_config(yaml.safe_load(GOOD), schema_file, "study.yaml")
    schema = read_schema(schema_file)
    for key, part in schema["properties"].items():
        if "properties" in part:
            assert config[key] == {k: v["default"] for k, v in part["properties"].items()}
        elif key != "datasets":
            assert config[key] == part["default"]
    dataset = config["datasets"][0]
    assert (dataset["source"], dataset["figure"], dataset["chunks"]) == ("scenarios", "none", 1)
    assert dataset["hold_out"] is False
    assert "story" not in dataset
    assert dataset["replicates"] == config["replicates"]
    assert dataset["penalties"] == config["penalties"]


def test_what_is_given_is_kept(schema_file):
    text = GOOD + "    replicates: 7\n    penalties: [l2]\nreplicates: 9\ntuning: {n_folds: 4}"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    assert (config["replicates"], config["datasets"][0]["replicates"]) == (9, 7)
    assert config["datasets"][0]["penalties"] == ["l2"]
    assert config["tuning"] == {"n_folds": 4, "n_alphas": 40, "l1_ratio": 0.5}


def test_a_data_set_can_be_held_out_and_tell_a_story(schema_file):
    text = GOOD + "    hold_out: true\n    story: Few rows.\n    figure: case"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    dataset = config["datasets"][0]
    assert (dataset["hold_out"], dataset["story"]) == (True, "Few rows.")
    # neither makes another scenario
    plain = check_config(yaml.safe_load(GOOD), schema_file, "study.yaml")
    assert expand_grid(dataset) == expand_grid(plain["datasets"][0])


def test_the_default_study_holds_out_scenarios_of_its_own(root, schema_file):
    text = (root / "config" / "config.yaml").read_text(encoding="utf-8")
    datasets = check_config(yaml.safe_load(text), schema_file, "config.yaml")["datasets"]
    parts = {True: set(), False: set()}
    for dataset in datasets:
        parts[dataset["hold_out"]] |= set(scenarios_of(dataset))
    assert len(parts[True]) > 20
    assert not parts[True] & parts[False]


def test_axes_become_lists_and_the_input_stays_as_it_was(schema_file):
    given_config = yaml.safe_load(GOOD)
    config = check_config(given_config, schema_file, "study.yaml")
    assert config["datasets"][0]["n_samples"] == [40]
    assert given_config == yaml.safe_load(GOOD)
    assert expand_grid(config["datasets"][0]) == [Scenario(40, 10, 3)]


def test_checking_twice_changes_nothing(schema_file):
    once = check_config(yaml.safe_load(GOOD), schema_file, "study.yaml")
    assert check_config(once, schema_file, "study.yaml") == once


def test_a_rule_needs_no_scenario_keys(schema_file):
    text = "datasets: [{name: mine, source: rule, chunks: 3}]"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    assert config["datasets"][0]["chunks"] == 3


@pytest.mark.parametrize("name", ["config", "quick", "atlas", "sampled", "hard"])
def test_shipped_configs_are_valid(root, schema_file, name):
    text = (root / "config" / f"{name}.yaml").read_text(encoding="utf-8")
    config = check_config(yaml.safe_load(text), schema_file, f"{name}.yaml")
    for dataset in config["datasets"]:
        scenarios = scenarios_of(dataset)
        assert scenarios
        assert not any(problems(s) for s in scenarios)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("covariance", axes.COVARIANCES),
        ("signal", axes.SIGNALS),
        ("signs", axes.SIGNS),
        ("placement", axes.PLACEMENTS),
        ("noise", axes.NOISES),
        ("features", axes.FEATURES),
        ("response", RESPONSES),
    ],
)
def test_schema_and_code_have_the_same_choices(schema_file, key, names):
    schema = yaml.safe_load(schema_file.read_text())
    entry = schema["properties"]["datasets"]["items"]["properties"][key]
    assert tuple(entry["items"]["enum"]) == names


def test_schema_and_code_have_the_same_axes(schema_file):
    schema = yaml.safe_load(schema_file.read_text())
    keys = set(schema["properties"]["datasets"]["items"]["properties"])
    about_the_set = {"name", "title", "source", "chunks", "figure", "replicates", "penalties"}
    about_the_set |= {"hold_out", "story", "file", "target", "positive", "test_share", "options"}
    about_the_set |= {"missing", "groups", "time", "weights", "drop", "design"}
    assert keys - about_the_set == {f.name for f in fields(Scenario)} | {"nonzero_fraction"}
    assert about_the_set <= keys


def test_a_part_of_the_study_is_left_out_by_a_zero(schema_file):
    text = GOOD + "calibration: 0\nreplications: 0\n"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    assert config["calibration"] == {"replicates": 0}
    assert set(config["replications"].values()) == {0}


def test_schema_names_every_penalty_that_is_shipped(schema_file):
    schema = yaml.safe_load(schema_file.read_text())
    told = schema["properties"]["penalties"]["description"]
    assert [name for name in (*MIXES, *SHIPPED) if f"`{name}`" not in told] == []
    assert schema["properties"]["penalties"]["default"] == list(mixes(0.5))


def test_every_default_of_the_schema_is_valid_and_every_key_described(schema_file):
    from jsonschema import Draft202012Validator

    schema = yaml.safe_load(schema_file.read_text())
    Draft202012Validator.check_schema(schema)
    items = schema["properties"]["datasets"]["items"]["properties"]
    for key, part in [*schema["properties"].items(), *items.items()]:
        assert part["description"], key
        if "default" in part:
            Draft202012Validator({**part, "$defs": schema["$defs"]}).validate(part["default"])


def test_a_published_study_is_known_by_its_module(schema_file):
    config = check_config(yaml.safe_load(GOOD + "replications: {ng_2004: 3}\n"), schema_file, "x")
    assert config["replications"] == {**dict.fromkeys(studies(), 0), "ng_2004": 3}
    text = message_of(GOOD + "replications: {ng_2005: 3}\n", schema_file)
    assert "replications: unknown key 'ng_2005'; did you mean 'ng_2004'?" in text


# a whole number as YAML reads it, and as the command line hands it on
WHOLE = {
    "replicates": "replicates: 6.0",
    "seed": "seed: 1.0e+3",
    "tuning.n_alphas": "tuning: {n_alphas: 1.0e+1}",
    "tuning.n_folds": "tuning: {n_folds: 4.0}",
    "calibration.replicates": "calibration: {replicates: 200.0}",
    "replications.ng_2004": "replications: {ng_2004: 2.0}",
    "max_jobs": "max_jobs: 1.0e+3",
    "threads_per_fit": "threads_per_fit: 2.0",
}


def at(config: dict, key: str) -> object:
    for part in key.split("."):
        config = config[part]
    return config


@pytest.mark.parametrize("key", WHOLE)
def test_a_whole_number_with_a_decimal_point_is_a_whole_number(schema_file, key):
    config = check_config(yaml.safe_load(GOOD + WHOLE[key]), schema_file, "study.yaml")
    assert isinstance(at(config, key), int)
    assert at(config, key) == at(yaml.safe_load(WHOLE[key]), key)


def test_every_key_for_a_whole_number_takes_one_with_a_decimal_point(schema_file):
    schema = read_schema(schema_file)

    def whole(part: dict, path: str = "") -> list[str]:
        kind = part.get("type")
        below = part.get("properties", {}).items()
        return [path] * (kind == "integer") + [k for n, p in below for k in whole(p, f"{path}.{n}")]

    assert {key.lstrip(".") for key in whole(schema)} >= set(WHOLE)
    for key in whole(schema):
        *outer, last = key.lstrip(".").split(".")
        given = {last: 1000.0}
        for name in reversed(outer):
            given = {name: given}
        value = at(converted(given, schema), key.lstrip("."))
        assert (value, type(value)) == (1000, int)
    grid = converted({"datasets": [{"chunks": 2.0, "n_samples": [50.0]}]}, schema)
    assert repr(grid) == "{'datasets': [{'chunks': 2, 'n_samples': [50]}]}"


@pytest.mark.parametrize("key", WHOLE)
def test_a_fraction_for_a_whole_number_is_refused_by_name(schema_file, key):
    text = re.sub(r": [\d.e+]+(}?)$", r": 300.5\1", WHOLE[key])
    message = message_of(GOOD + text, schema_file)
    assert f"{key} (300.5) is" in message
    assert "must be a whole number" in message


def test_text_for_a_whole_number_is_told_without_a_decimal_point(schema_file):
    for text in ("'4'", "'4.0'", "4e0"):
        message = message_of(GOOD + f"tuning: {{n_folds: {text}}}", schema_file)
        assert "tuning.n_folds" in message
        assert "must be a whole number; write 4 (" in message


def test_nested_values_of_the_command_line_are_what_they_would_be_in_a_file(schema_file):
    # Snakemake hands on text below the top
    texts = {
        "tuning": {"n_folds": "4", "l1_ratio": "5e-1"},
        "comparison": {"margin": "0.1"},
        "pathvars": {"results": "7"},
        "penalties": ["l1", "l2"],
        "replications": {"ng_2004": "1e1"},
        "datasets": [
            {
                "name": "first",
                "n_samples": "40",
                "n_features": ["5", "1.0e+1"],
                "n_nonzero": "3",
                "hold_out": "true",
            }
        ],
    }
    config = check_config(texts, schema_file, "config", texts)
    assert config["tuning"] == {"n_folds": 4, "l1_ratio": 0.5, "n_alphas": 40}
    assert config["comparison"]["margin"] == 0.1
    assert config["pathvars"] == {"results": "7"}
    assert config["replications"]["ng_2004"] == 10
    (dataset,) = config["datasets"]
    assert (dataset["n_samples"], dataset["n_features"], dataset["n_nonzero"]) == (
        [40],
        [5, 10],
        [3],
    )
    assert dataset["hold_out"] is True
    texts["tuning"]["n_folds"] = "many"
    with pytest.raises(ConfigError, match=r"tuning\.n_folds \('many'\) is text, must be a whole"):
        check_config(texts, schema_file, "config", texts)
