"""What identifies a scenario, and how a grid becomes a list of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pytest

from normwise.data.responses.binary import LOGISTIC_VARIANCE
from normwise.data.scenario import COVARIANCES, Scenario, expand_grid, varied_axes
from normwise.study.scenario_checks import problems

BASE = Scenario(n_samples=60, n_features=20, n_nonzero=4)
PINNED = "186d424c012cc7ec9a7eaca8255a151e98cfede94ef1ef6d78fb762206968749"
OTHER_VALUES = {
    "n_samples": 61,
    "n_features": 21,
    "n_nonzero": 5,
    "covariance": "ar1",
    "correlation": 0.3,
    "group_size": 4,
    "n_factors": 2,
    "signal": "decaying",
    "signs": "random",
    "placement": "first",
    "snr": 2.0,
    "noise": "student_t",
    "features": "sparse_binary",
    "density": 0.1,
    "response": "binary",
    "n_levels": 5,
    "decay": 2.0,
    "per_group": 3,
    "prevalence": 0.1,
    "nonlinear_share": 0.2,
    "mean_count": 2.0,
    "dispersion": 0.5,
    "n_classes": 4,
    "class_features": "own",
    "offset": 1,
    "spacing": 2,
    "moments": "sample",
}


def test_every_field_changes_the_key():
    assert set(OTHER_VALUES) == {f.name for f in fields(Scenario)}
    keys = {replace(BASE, **{name: value}).key for name, value in OTHER_VALUES.items()}
    assert len(keys | {BASE.key}) == len(OTHER_VALUES) + 1


def test_a_field_added_later_leaves_the_keys_alone():
    @dataclass(frozen=True)
    class Wider(Scenario):
        skewness: float = 0.0

    content = BASE.as_dict()
    assert Wider(**content).key == BASE.key
    assert Wider(**content, skewness=1.0).key != BASE.key


def test_key_is_the_same_in_every_session():
    # a changed key changes every random number of the study: never by accident
    assert BASE.key == PINNED
    assert BASE.id == BASE.key[:10]


def test_whole_numbers_written_as_floats_are_the_same_scenario():
    assert Scenario(60.0, 20, 4, snr=1) == BASE
    assert Scenario(60.0, 20, 4, snr=1).key == BASE.key


def test_scenario_survives_its_dictionary():
    assert Scenario(**replace(BASE, covariance="ar1", snr=0.3).as_dict()) == replace(
        BASE, covariance="ar1", snr=0.3
    )


def test_noise_variance_of_a_binary_response_is_that_of_the_logistic_distribution():
    assert BASE.noise_var == 1
    assert replace(BASE, response="binary").noise_var == pytest.approx(LOGISTIC_VARIANCE)
    assert pytest.approx(3.289868, rel=1e-6) == LOGISTIC_VARIANCE


@pytest.mark.parametrize(("p", "size", "groups"), [(20, 5, 4), (21, 5, 5), (4, 5, 1)])
def test_last_group_may_be_smaller(p, size, groups):
    assert replace(BASE, n_features=p, group_size=size).n_groups == groups


def test_grid_is_the_product_in_the_order_written_last_axis_fastest():
    grid = expand_grid({"n_samples": [30], "n_features": [5, 6], "n_nonzero": 2, "snr": [1.0, 2.0]})
    assert [(s.n_features, s.snr) for s in grid] == [(5, 1.0), (5, 2.0), (6, 1.0), (6, 2.0)]
    swapped = expand_grid(
        {"snr": [1.0, 2.0], "n_samples": 30, "n_features": [5, 6], "n_nonzero": 2}
    )
    assert [(s.n_features, s.snr) for s in swapped] == [(5, 1.0), (6, 1.0), (5, 2.0), (6, 2.0)]


def test_nonzero_fraction_is_rounded_and_never_gives_none():
    grid = expand_grid({"n_samples": 30, "n_features": [8, 30], "nonzero_fraction": [0.01, 0.2, 1]})
    assert [(s.n_features, s.n_nonzero) for s in grid] == [
        (8, 1),
        (8, 2),
        (8, 8),
        (30, 1),
        (30, 6),
        (30, 30),
    ]


def test_cells_that_round_to_the_same_scenario_appear_once():
    grid = expand_grid({"n_samples": 30, "n_features": 8, "nonzero_fraction": [0.01, 0.02, 0.5]})
    assert [s.n_nonzero for s in grid] == [1, 4]


def test_keys_that_are_no_axis_do_not_enter_the_grid():
    dataset = {"name": "a", "figure": "sweep", "penalties": ["l1", "l2"], "replicates": 9}
    axes = {"n_samples": 30, "n_features": 8, "n_nonzero": [1, 2]}
    assert expand_grid(dataset | axes) == expand_grid(axes)
    assert varied_axes(dataset | axes) == ["n_nonzero"]


def test_an_axis_of_one_value_does_not_vary():
    dataset = {
        "n_features": [8],
        "nonzero_fraction": [0.1, 1.0],
        "snr": [1.0, 2.0],
        "signal": "equal",
    }
    assert varied_axes(dataset) == ["nonzero_fraction", "snr"]


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_every_family_has_a_scenario_without_problems(covariance):
    correlation = 0.0 if covariance == "independent" else 0.6
    assert problems(replace(BASE, covariance=covariance, correlation=correlation)) == []


def test_only_autoregressive_families_may_be_negative():
    accepted = {
        c for c in COVARIANCES if not problems(replace(BASE, covariance=c, correlation=-0.5))
    }
    assert accepted == {"ar1", "ar1_blocks"}
