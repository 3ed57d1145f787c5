"""The numbers of README.md, held against the scenarios that are shipped with the package."""

import re

import numpy as np
import pytest

from normwise.advice.atlas import shipped
from normwise.analysis.learn.rule_of_thumb import call_by_rule, losses_of


@pytest.fixture(scope="module")
def atlas():
    return shipped()


@pytest.fixture(scope="module")
def readme(root):
    return " ".join((root / "README.md").read_text(encoding="utf-8").split())


def cost(log_ratios) -> str:
    return f"{100 * (np.exp(np.mean(log_ratios)) - 1):.1f} %"


def test_what_it_costs_to_fit_both_stands_where_the_rule_stands(atlas, readme):
    held = atlas.cells["held_out"]
    fresh, others = atlas.cells[held], atlas.cells[~held]
    assert (
        f"costs {cost(fresh['cv_cost'])} more excess risk than to know the better one, over the "
        f"{len(fresh)} scenarios that played no part in making any rule ({cost(others['cv_cost'])} "
        f"over the {len(others)} others)"
    ) in readme
    assert readme.index("lower cross-validated error") < readme.index("k / (n √(snr (1 − r²)))")


def test_the_rule_that_is_printed_is_the_one_that_was_scored(atlas, readme):
    floor, lower, upper = atlas.bounds
    assert (
        f"L1 where k / (n √(snr (1 − r²))) is below {lower:g}, L2 where it is above {upper:g}, and "
        f"neither in between or where n snr / p_eff is below {floor:g}"
    ) in readme
    fresh = atlas.cells[atlas.cells["held_out"]]
    called = call_by_rule(fresh, atlas.bounds)
    decided = fresh["verdict"].isin(["l1", "l2"]).to_numpy()
    right = called == fresh["verdict"].to_numpy()
    silent = (called == "neither") & ~decided
    named, all_ = right[decided].sum(), right[decided].sum() + silent.sum()
    assert (
        f"in {named} of the {decided.sum()} of those {len(fresh)} scenarios that have one "
        f"({100 * named / decided.sum():.0f} %), is right in {all_} of all {len(fresh)} "
        f"({100 * all_ / len(fresh):.0f} %), and costs {cost(losses_of(fresh, called))}"
    ) in readme
    # no share without what it is a share of
    assert not re.search(r"\d % of the scenarios", readme)


def test_the_range_of_the_rule_is_that_of_the_scenarios(atlas, readme):
    cells = atlas.cells
    spans = {
        "n_samples": "{:,} to {:,} rows",
        "n_features": "{:,} to {:,} features,",
        "aspect_ratio": "{:.1g} to {:.2g} features a row",
        "nearest_correlation": "correlations r of {:.0f} to {:.2g}",
    }
    for column, words in spans.items():
        assert words.format(cells[column].min(), cells[column].max()) in readme
    assert set(cells["binary"]) == {0, 1} and "a number or two classes" in readme
    equal = (cells["signal"] == "equal").sum()
    assert f"effects of equal size in {equal} of the {len(cells)} scenarios" in readme
    assert round(1 / atlas.bounds.lower) == 9 and "more than about nine rows a feature" in readme
