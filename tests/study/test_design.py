"""Sampled scenarios: nested, within their ranges, evenly spread, and the same wherever drawn."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from normwise.data.scenario import GROUPED, Scenario, expand_grid
from normwise.study.blocks import cut_blocks
from normwise.study.config import ConfigError, check_config
from normwise.study.design import MEANING, DesignError, place, scenarios_of, three_digits
from normwise.study.scenario_checks import problems

# fields that say something in every scenario
ALWAYS = {"n_samples", "n_features", "n_nonzero", "signal", "signs", "placement", "snr"} | {
    "features",
    "covariance",
    "response",
}
PINNED = ("d82798fa32", "ff9f10f030")
WIDE = {
    "name": "wide",
    "source": "scenarios",
    "penalties": ["l1", "l2"],
    "replicates": 10,
    "design": {"n_scenarios": 64, "seed": 7},
    "n_samples": {"low": 30, "high": 10_000, "log": True},
    "n_features": {"low": 5, "high": 3000, "log": True},
    "nonzero_fraction": {"low": 1e-4, "high": 1, "log": True},
    "covariance": ["independent", "ar1", "blocks", "latent_factors"],
    "correlation": {"low": 0.05, "high": 0.95},
    "snr": {"low": 0.02, "high": 20, "log": True},
    "signs": ["same", "random"],
    "response": ["gaussian", "binary"],
    "noise": ["gaussian", "student_t", "heteroscedastic"],
}


def wide(n_scenarios: int = 64, **changes) -> dict:
    design = {"n_scenarios": n_scenarios, "seed": 7} | changes.pop("design", {})
    return {k: v for k, v in (WIDE | {"design": design} | changes).items() if v is not None}


def shares(scenarios: list[Scenario]) -> np.ndarray:
    return np.array([s.n_nonzero / s.n_features for s in scenarios])


@st.composite
def designs(draw):
    low = draw(st.integers(10, 200))
    n_samples = {"low": low, "high": draw(st.integers(low + 1, 5000)), "log": draw(st.booleans())}
    p = draw(st.integers(1, 50))
    n_features = {"low": p, "high": p + draw(st.integers(50, 4000)), "log": draw(st.booleans())}
    share = draw(st.floats(1e-3, 0.5))
    names = st.lists(st.sampled_from(["independent", "ar1", "blocks"]), min_size=1, unique=True)
    limits = draw(st.sampled_from([{}, {"max_entries": 300_000}, {"aspect_ratio": {"high": 10.0}}]))
    return wide(
        draw(st.integers(1, 40)),
        design={"seed": draw(st.integers(0, 99)), **limits},
        n_samples=n_samples,
        n_features=n_features,
        nonzero_fraction={"low": share, "high": 1, "log": draw(st.booleans())},
        covariance=[*draw(names), "latent_factors"],
        n_factors={"low": 1, "high": 6},
    )


@given(designs(), st.integers(1, 40))
def test_a_smaller_design_is_the_beginning_of_a_larger_one(dataset, fewer):
    whole = scenarios_of(dataset)
    fewer = min(fewer, len(whole))
    part = dataset | {"design": dataset["design"] | {"n_scenarios": fewer}}
    assert scenarios_of(part) == whole[:fewer]


@given(designs())
def test_scenarios_are_possible_distinct_and_within_their_ranges_and_limits(dataset):
    found = scenarios_of(dataset)
    assert len(set(found)) == len(found) == dataset["design"]["n_scenarios"]
    limits = dataset["design"]
    for s in found:
        assert problems(s) == []
        for key in ("n_samples", "n_features", "snr"):
            assert dataset[key]["low"] <= getattr(s, key) <= dataset[key]["high"]
        assert s.n_samples * s.n_features <= limits.get("max_entries", np.inf)
        assert s.n_features / s.n_samples <= limits.get("aspect_ratio", {}).get("high", np.inf)
        # three digits of the number of features, and half a feature
        least = max(1, dataset["nonzero_fraction"]["low"] * s.n_features)
        assert 0.995 * least - 0.5 <= s.n_nonzero <= s.n_features
        assert s.covariance in dataset["covariance"]
        if s.covariance == "latent_factors":
            assert 1 <= s.n_factors <= 6


@given(designs())
def test_numbers_are_what_a_person_would_write(dataset):
    given_ends = [dataset[k][e] for k in ("n_samples", "n_features") for e in ("low", "high")]
    for s in scenarios_of(dataset):
        for key in ("n_samples", "n_features", "n_nonzero", "snr", "correlation"):
            value = getattr(s, key)
            assert value == three_digits(value) or value in given_ends
        assert Scenario(**yaml.safe_load(yaml.safe_dump(s.as_dict()))) == s


def test_what_has_no_meaning_in_a_scenario_stays_at_its_default():
    found = scenarios_of(wide(200, placement=["first", "many_per_group"]))
    defaults = {f.name: f.default for f in fields(Scenario)}
    silent = Counter()
    for s in found:
        for key, (_, has_meaning) in MEANING.items():
            if not has_meaning(s.as_dict()):
                assert getattr(s, key) == defaults[key]
                silent[key] += 1
        assert s.covariance in GROUPED or s.placement != "many_per_group"
    assert silent["correlation"] > 20
    assert silent["noise"] > 50
    assert any(s.placement == "many_per_group" for s in found)


def test_every_field_of_a_scenario_says_something_always_or_under_a_condition():
    # a field that is added needs an entry in MEANING if other fields decide what it says
    names = {f.name for f in fields(Scenario)}
    assert set(MEANING) | ALWAYS == names
    assert not set(MEANING) & ALWAYS


EVEN = {"response": None, "noise": None, "nonzero_fraction": [0.5]}


@pytest.mark.parametrize("key", ["n_samples", "n_features", "snr"])
def test_each_stratum_of_a_logarithmic_range_has_its_share(key):
    found = scenarios_of(wide(64, **EVEN))
    low, high = np.log([WIDE[key]["low"], WIDE[key]["high"]])
    at = (np.log([getattr(s, key) for s in found]) - low) / (high - low)
    # a power of two of points: exactly four, but for what rounding moves across an edge
    counts = np.histogram(at, 16, (0, 1))[0]
    assert counts.min() >= 3
    assert counts.max() <= 5


def test_shares_of_relevant_features_go_from_a_single_one_to_all():
    found = scenarios_of(wide(256, **EVEN | {"nonzero_fraction": WIDE["nonzero_fraction"]}))
    p = np.array([s.n_features for s in found])
    # on the scale from one of p (0) to all of p (1)
    at = np.log(shares(found) * p) / np.log(p)
    counts = np.histogram(at[p > 50], 4, (0, 1))[0] / (p > 50).sum()
    assert np.abs(counts - 0.25).max() < 0.08
    assert {s.n_nonzero == 1 for s in found} == {True, False}


def test_scenarios_fill_the_space_more_evenly_than_random_ones():
    found = scenarios_of(wide(128, covariance=["ar1", "blocks"], **EVEN))
    columns = []
    for key in ("n_samples", "n_features", "snr"):
        low, high = np.log([WIDE[key]["low"], WIDE[key]["high"]])
        columns.append((np.log([getattr(s, key) for s in found]) - low) / (high - low))
    columns.append((np.array([s.correlation for s in found]) - 0.05) / 0.9)
    ours = qmc.discrepancy(np.clip(np.column_stack(columns), 0, 1))
    rng = np.random.default_rng(1)
    random = [qmc.discrepancy(rng.random((128, 4))) for _ in range(50)]
    assert ours < min(random) / 3


def test_categories_are_balanced():
    found = scenarios_of(wide(64, **EVEN))
    assert Counter(s.covariance for s in found) == dict.fromkeys(WIDE["covariance"], 16)
    # every pair of categories too, as nearly as can be
    pairs = Counter((s.covariance, s.signs) for s in found)
    assert min(pairs.values()) >= 6
    assert max(pairs.values()) <= 10


def test_a_value_that_stands_twice_is_drawn_twice_as_often():
    found = scenarios_of(wide(64, **EVEN, covariance=["ar1", "ar1", "blocks", "independent"]))
    assert Counter(s.covariance for s in found) == {"ar1": 32, "blocks": 16, "independent": 16}


def test_whole_numbers_of_a_short_range_are_equally_frequent():
    found = scenarios_of(wide(64, **EVEN, group_size={"low": 2, "high": 5}, covariance=["blocks"]))
    assert Counter(s.group_size for s in found) == {2: 16, 3: 16, 4: 16, 5: 16}


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_the_ends_of_a_range_are_reached_and_not_exceeded(log, whole):
    # more digits than are kept
    axis = {"low": 1234 if whole else 0.12345, "high": 5678 if whole else 7.6543, "log": log}
    placed = [place(axis, u, whole) for u in (0.0, *np.linspace(0, 1, 500), 1 - 2**-53)]
    assert placed == sorted(placed)
    assert axis["low"] <= placed[0]
    assert placed[-1] <= axis["high"]
    assert (placed[0], placed[-1]) == pytest.approx((axis["low"], axis["high"]), rel=0.005)
    middle = place(axis, 0.5, whole)
    expected = np.sqrt(axis["low"] * axis["high"]) if log else (axis["low"] + axis["high"]) / 2
    assert middle == pytest.approx(expected, rel=0.006)


def test_another_seed_or_name_gives_other_scenarios():
    base = scenarios_of(wide())
    assert not set(base) & set(scenarios_of(wide(design={"seed": 8})))
    assert not set(base) & set(scenarios_of(wide(name="other")))


def test_the_order_of_keys_and_what_the_report_shows_change_nothing():
    turned = dict(reversed(wide(title="A title", replicates=99, hold_out=True).items()))
    assert scenarios_of(turned) == scenarios_of(wide())


def test_a_tighter_limit_takes_only_what_it_forbids():
    loose = scenarios_of(wide(200))
    tight = scenarios_of(wide(60, design={"max_entries": 100_000}))
    allowed = [s for s in loose if s.n_samples * s.n_features <= 100_000]
    assert len(allowed) > 60
    assert tight == allowed[:60]


def test_scenarios_are_the_same_in_every_process():
    code = (
        "import json, sys; from normwise.study.design import scenarios_of; "
        "print([s.key for s in scenarios_of(json.loads(sys.argv[1]))])"
    )
    for seed in ("1", "2"):
        answer = subprocess.run(
            [sys.executable, "-c", code, json.dumps(wide(20))],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert answer.stdout.strip() == str([s.key for s in scenarios_of(wide(20))])


def test_a_design_is_the_same_in_every_session():
    # what draws it may change with a version of SciPy: never unseen, as a study would begin anew
    first, *_, last = scenarios_of(wide(20))
    assert (first.id, last.id) == PINNED


def test_more_scenarios_make_further_blocks_and_leave_the_others_alone():
    known = cut_blocks(wide(20), 2)
    grown = cut_blocks(wide(33), 2, known)
    assert len(known) > 3
    assert grown[: len(known)] == known
    new = [s for block in grown[len(known) :] for s in block.scenarios]
    assert new == scenarios_of(wide(33))[20:]
    # fewer again need none anew
    assert set(cut_blocks(wide(5), 2, grown)[-1].scenarios) & set(scenarios_of(wide(5)))


def test_a_design_of_lists_alone_draws_from_the_grid():
    lists = {"n_samples": [50, 100], "n_features": [5, 10, 20], "nonzero_fraction": [0.2, 1.0]}
    dataset = {"name": "lists", "design": {"n_scenarios": 12, "seed": 1}, **lists}
    assert set(scenarios_of(dataset)) == set(expand_grid(lists))
    dataset["design"]["n_scenarios"] = 13
    with pytest.raises(DesignError, match=r"n_scenarios \(13\) exceeds the 12 .* there already"):
        scenarios_of(dataset)


def test_a_single_scenario_is_a_design():
    dataset = {"name": "one", "design": {"n_scenarios": 1, "seed": 1}}
    dataset |= {"n_samples": [50], "n_features": [5], "n_nonzero": [2]}
    assert scenarios_of(dataset) == [Scenario(50, 5, 2)]


CONFIG = """
datasets:
  - name: first
    design: {n_scenarios: 6}
    n_samples: {low: 30, high: 300, log: true}
    n_features: {low: 5, high: 50}
    nonzero_fraction: {low: 0.1, high: 1}
"""


def checked(text: str, schema_file) -> dict:
    return check_config(yaml.safe_load(text), schema_file, "study.yaml")


def test_the_seed_of_the_study_is_that_of_its_designs_unless_they_have_one(schema_file):
    (dataset,) = checked(CONFIG + "seed: 3\n", schema_file)["datasets"]
    assert dataset["design"] == {"n_scenarios": 6, "seed": 3}
    own = CONFIG.replace("n_scenarios: 6", "n_scenarios: 6, seed: 5")
    # new data for the same scenarios
    sets = [checked(own + f"seed: {s}\n", schema_file)["datasets"][0] for s in (3, 4)]
    assert scenarios_of(sets[0]) == scenarios_of(sets[1]) != scenarios_of(dataset)


def test_a_design_that_was_checked_is_checked_again_to_the_same(schema_file):
    once = checked(CONFIG, schema_file)
    assert check_config(once, schema_file, "study.yaml") == once
    assert not check_config(yaml.safe_load(CONFIG), schema_file, "s")["datasets"][0]["hold_out"]


def test_a_design_may_come_from_the_command_line(schema_file):
    text = {
        "name": "a",
        "design": {"n_scenarios": "6", "max_entries": "1e4"},
        "n_samples": {"low": "30", "high": "3e2", "log": "true"},
        "n_features": "5",
        "n_nonzero": "2",
    }
    given_config = {"datasets": [text]}
    (dataset,) = check_config(given_config, schema_file, "config", given_config)["datasets"]
    assert dataset["n_samples"] == {"low": 30, "high": 300, "log": True}
    assert dataset["design"]["max_entries"] == 10_000
    assert len(scenarios_of(dataset)) == 6


# what takes the place of a part of CONFIG, and what the message must hold
BAD = {
    "an empty range": (
        "{low: 5, high: 50}",
        "{low: 50, high: 5}",
        ["n_features (low 50, high 5)", "low must be below high"],
    ),
    "a range of one value": ("high: 50", "high: 5", ["n_features (low 5, high 5)", "empty"]),
    "a logarithm of nothing": (
        "nonzero_fraction: {low: 0.1, high: 1}",
        "n_nonzero: {low: 0, high: 4, log: true}",
        ["n_nonzero (low 0, high 4, log True)", "above 0"],
    ),
    "a negative logarithm": (
        "nonzero_fraction",
        "covariance: ar1\n    correlation: {low: -0.5, high: 0.5, log: true}\n    nonzero_fraction",
        ["correlation (low -0.5, high 0.5, log True)", "above 0"],
    ),
    "an end that no list may have": ("low: 30", "low: 0", ["n_samples.low (0)", "at least 1"]),
    "an end above all": ("high: 1}", "high: 3}", ["nonzero_fraction.high (3)", "at most 1"]),
    "half of a feature": ("low: 5,", "low: 5.5,", ["n_features.low (5.5)", "whole number"]),
    "an end that is text": ("low: 5,", "low: few,", ["n_features.low ('few')", "text"]),
    "an end that YAML takes for text": ("low: 0.1", "low: 1e-1", ["nonzero_fraction.low", "0.1"]),
    "no end": ("low: 5, high: 50", "low: 5", ["n_features", "'high' is missing"]),
    "a word for a scale": ("log: true", "log: 10", ["n_samples.log (10)", "boolean"]),
    "a typo in a range": ("log: true", "logg: true", ["unknown key 'logg'", "mean 'log'"]),
    "no number of scenarios": (
        "{n_scenarios: 6}",
        "{max_entries: 1000}",
        ["design", "'n_scenarios' is missing"],
    ),
    "no scenarios": ("n_scenarios: 6", "n_scenarios: 0", ["design.n_scenarios (0)", "at least 1"]),
    "a number for a design": ("{n_scenarios: 6}", "6", ["design (6)", "mapping"]),
    "ranges without a design": (
        "    design: {n_scenarios: 6}\n    n_samples: {low: 30, high: 300, log: true}\n",
        "    n_samples: 40\n    nonzero_fraction: 0.5\n",
        ["n_features (low 5, high 50)", "a range needs", "n_scenarios", "a grid takes a list"],
    ),
    "a range of names": (
        "nonzero_fraction",
        "covariance: {low: ar1, high: blocks}\n    nonzero_fraction",
        ["covariance ({'low': 'ar1', 'high': 'blocks'})", "is a range", "latent_factors"],
    ),
    "a limit that nothing keeps": (
        "n_scenarios: 6",
        "n_scenarios: 6, max_entries: 100",
        ["n_scenarios (6) exceeds the 0", "design.max_entries (100)", "loosen the limits"],
    ),
    "a shape that nothing has": (
        "n_scenarios: 6",
        "n_scenarios: 6, aspect_ratio: {low: 3}",
        ["n_scenarios (6)", "design.aspect_ratio (3 to inf)"],
    ),
    "a limit turned round": (
        "n_scenarios: 6",
        "n_scenarios: 6, aspect_ratio: {low: 3, high: 1}",
        ["design.aspect_ratio (low 3, high 1) is empty"],
    ),
    "a limit without an end": (
        "n_scenarios: 6",
        "n_scenarios: 6, aspect_ratio: {}",
        ["design.aspect_ratio is an empty mapping", "low or high"],
    ),
    "more than there are": (
        "n_samples: {low: 30, high: 300, log: true}\n    n_features: {low: 5, high: 50}\n"
        "    nonzero_fraction: {low: 0.1, high: 1}",
        "n_samples: [30, 40]\n    n_features: 5\n    n_nonzero: {low: 1, high: 2}",
        ["n_scenarios (6) exceeds the 4", "there already"],
    ),
    "a scenario that cannot be": (
        "nonzero_fraction: {low: 0.1, high: 1}",
        "n_nonzero: {low: 51, high: 60}",
        ["n_scenarios (6) exceeds the 0", "n_nonzero", "exceeds n_features"],
    ),
    "a share below that of one feature": (
        "nonzero_fraction: {low: 0.1, high: 1}",
        "nonzero_fraction: {low: 0.001, high: 0.01}",
        ["nonzero_fraction (at most 0.01) is less than 1 of"],
    ),
    "a key without meaning": (
        "nonzero_fraction",
        "correlation: {low: 0.1, high: 0.9}\n    nonzero_fraction",
        ["correlation (low 0.1, high 0.9) needs a correlated covariance", "remove correlation"],
    ),
    "a list without meaning": (
        "nonzero_fraction",
        "noise: [gaussian, student_t]\n    response: binary\n    nonzero_fraction",
        ["noise (gaussian, student_t) needs response: gaussian", "remove noise"],
    ),
    "too few rows for the folds": (
        "low: 30, high: 300",
        "low: 6, high: 300",
        ["n_samples (6)", "tuning.n_folds (5)", "at least 10"],
    ),
    "a figure along an axis": (
        "nonzero_fraction",
        "figure: sweep\n    nonzero_fraction",
        ["figure (sweep)", "a design has none", "remove it"],
    ),
    "a design of a table": (
        CONFIG[CONFIG.index("    n_samples") :],
        "    file: own.csv\n",
        ["source: table takes no design"],
    ),
    "a range for a simulated response": (
        CONFIG[CONFIG.index("    design") :],
        "    {source: semi_synthetic, file: a.csv, snr: 1, n_nonzero: 2, "
        "n_samples: {low: 30, high: 50}}\n",
        ["one value of n_samples", "not a list or range"],
    ),
    "both ways to say sparsity": (
        "nonzero_fraction",
        "n_nonzero: 3\n    nonzero_fraction",
        ["n_nonzero or nonzero_fraction", "one of them"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_design_is_refused_with_file_data_set_key_and_value(schema_file, case):
    old, new, words = BAD[case]
    assert CONFIG.count(old) == 1
    text = CONFIG.replace(old, new)
    if "{source" in new:
        text = "datasets:\n  - {name: first, " + new.strip()[1:]
    with pytest.raises(ConfigError) as error:
        checked(text, schema_file)
    message = str(error.value)
    for word in ["study.yaml: 1 problem(s)", "'first'", *words]:
        assert word in message
