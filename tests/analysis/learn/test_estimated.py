"""Rules that are told estimates: as good as those, and no better."""

import numpy as np
import pandas as pd
import pytest
from studies.made import made_study

from normwise.analysis.columns import TABLES, typed
from normwise.analysis.inference import wilson_interval
from normwise.analysis.learn.cells import cells, ground_of
from normwise.analysis.learn.common_advice import common_calls
from normwise.analysis.learn.estimated import (
    ABSENT,
    NAMES,
    as_seen,
    estimated_calls,
    losses_by_data_set,
)
from normwise.analysis.learn.learn import learn
from normwise.analysis.learn.rule_of_thumb import EQUIVALENT, Rule, call_by_rule, read_rule

COMPARISON = {"margin": 0.05}
SIZE, FRESH = 80, 30


def truth_of(study, replicates=2):
    """Estimates that are the truth, and risks whose ratio is the effect."""
    own = study["scenarios"][study["scenarios"]["held_out"]]
    own = own.merge(study["goals"][["dataset", "scenario", "effect"]], on=["dataset", "scenario"])
    own = own.assign(log_ratio=own["effect"], risk_l1=np.exp(own["effect"]), risk_l2=1.0)
    parts = [own.assign(replicate=number) for number in range(replicates)]
    return typed(pd.concat(parts, ignore_index=True), "estimates")


def fresh_of(study):
    ground = ground_of(study["goals"], study["scenarios"], study["strategies"])
    frame = cells(ground, "prediction")
    return frame[frame["held_out"].to_numpy(bool)].reset_index(drop=True)


def whole(learnt):
    scores = learnt["rule_scores"]
    scores = scores[(scores["goal"] == "prediction") & (scores["family"] == "all")]
    return scores[scores["split"] == "fresh"].set_index("rule")


@pytest.fixture(scope="module")
def study():
    return made_study(n=SIZE, fresh=FRESH)


@pytest.fixture(scope="module")
def told(study):
    return learn(**study, comparison=COMPARISON, estimates=truth_of(study))


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_told_estimates_that_are_true_does_as_well_as_one_told_the_truth(told, name):
    own = whole(told)
    for column in ("n", "decided", "accuracy", "called", "reversed", "silent", "regret"):
        assert own.loc[NAMES[name], column] == pytest.approx(own.loc[name, column], nan_ok=True)
    assert own.loc["rule of thumb", "accuracy"] > 0.8


def test_without_estimates_nothing_else_is_said(study, told):
    none = learn(**study, comparison=COMPARISON)
    empty = learn(**study, comparison=COMPARISON, estimates=typed(pd.DataFrame(), "estimates"))
    for name, frame in none.items():
        pd.testing.assert_frame_equal(empty[name], frame)
        kept = told[name]
        if name == "rule_scores":
            kept = kept[~kept["rule"].isin(NAMES.values())].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, frame)


def test_an_estimate_beyond_the_cut_costs_what_the_other_penalty_costs(study, told):
    """One replicate of one scenario is described wrongly, so that half of its cost counts."""
    rule = read_rule(told["rules"])
    frame = fresh_of(study)
    sparse = frame[(call_by_rule(frame, rule) == "l1") & (frame["verdict"] == "l1")]
    one = sparse.sort_values("effect").iloc[0]
    estimates = truth_of(study)
    wrong = (estimates["scenario"] == one["scenario"]) & (estimates["replicate"] == 1)
    assert wrong.sum() == 1
    # far more features than there are, so that the load is beyond every cut
    estimates.loc[wrong, "effective_nonzero"] = 1e6
    found = whole(learn(**study, comparison=COMPARISON, estimates=estimates))
    before, name = whole(told), NAMES["rule of thumb"]
    cost = np.log(found.loc[name, "regret"]) - np.log(before.loc[name, "regret"])
    assert cost == pytest.approx(-one["effect"] / 2 / FRESH)
    fewer = before.loc[name, "accuracy"] - found.loc[name, "accuracy"]
    assert fewer == pytest.approx(0.5 / found.loc[name, "decided"])
    # the interval is that of as many scenarios as there are, not of as many data sets
    right = found.loc[name, "accuracy"] * found.loc[name, "decided"]
    assert (found.loc[name, "accuracy_low"], found.loc[name, "accuracy_high"]) == pytest.approx(
        wilson_interval(right, int(found.loc[name, "decided"]), 0.95)
    )


def test_the_cost_is_that_of_the_data_sets_on_which_it_was_called():
    frame = pd.DataFrame({"effect": [-0.5, 0.4, -0.5, 0.4]})
    called = np.array([["l2", "l1"], ["l1", EQUIVALENT], ["l1", ABSENT], [ABSENT, ABSENT]])
    ratio = np.array([[-0.7, -0.1], [0.6, 0.2], [-0.4, np.nan], [np.nan, np.nan]])
    losses = losses_by_data_set(frame, called, ratio)
    # the better penalty is that of the scenario, and costs nothing
    np.testing.assert_allclose(losses, [0.35, 0.35, 0, np.nan])


def test_the_cost_has_the_expectation_of_the_mean_effects(rng):
    """With a call on every replicate it is the mean of what was chosen, less the better effect."""
    ratio = rng.normal(-0.1, 0.4, (1, 500))
    called = np.where(rng.random((1, 500)) < 0.3, "l2", "l1")
    effect = ratio.mean()
    chosen = np.where(called == "l1", ratio, 0.0).mean()
    frame = pd.DataFrame({"effect": [effect]})
    (loss,) = losses_by_data_set(frame, called, ratio)
    assert loss == pytest.approx(chosen - min(effect, 0))


def test_nobody_is_told_what_can_only_be_estimated(study):
    estimates = truth_of(study, 1).assign(effective_nonzero=4.0, snr=0.25, signal_alignment=3.0)
    frame = fresh_of(study)
    seen = as_seen(frame, estimates.sample(frac=1, random_state=0))
    assert list(seen["scenario"]) == list(frame["scenario"])
    np.testing.assert_allclose(seen["nonzero_share"], 4 / seen["n_features"])
    np.testing.assert_allclose(seen["load"], 4 * 3 / (seen["n_samples"] * 0.5))
    assert (seen["n_nonzero"] == 4).all()
    assert (as_seen(frame, estimates.assign(snr=0.0))["snr"] > 0).all()


def test_calls_stand_beside_their_scenario_and_replicate(study):
    frame = fresh_of(study)
    estimates = truth_of(study).sample(frac=1, random_state=0)
    lost = (estimates["scenario"] == frame["scenario"][3]) & (estimates["replicate"] == 1)
    estimates = estimates[~lost]
    rule = Rule(0.1, 0.1, 0.1)
    calls, ratio = estimated_calls(
        frame,
        estimates,
        lambda seen: {"rule of thumb": call_by_rule(seen, rule)} | common_calls(seen),
    )
    expected = call_by_rule(frame, rule)
    found = calls[NAMES["rule of thumb"]]
    assert (found[:, 0] == expected).all() and len(set(expected)) > 1
    assert found[3, 1] == ABSENT and (np.delete(found[:, 1], 3) == np.delete(expected, 3)).all()
    np.testing.assert_allclose(ratio[:, 0], frame["effect"])
    assert np.isnan(ratio[3, 1]) and np.isfinite(np.delete(ratio[:, 1], 3)).all()


def test_the_elastic_net_of_the_guide_costs_what_it_was_measured_to():
    study = made_study(n=SIZE, fresh=FRESH, mixed=SIZE)
    frame = study["scenarios"]
    frame["condition_number"] = np.where(np.arange(len(frame)) % 2, 1e5, 1.0)
    score = whole(learn(**study, comparison=COMPARISON)).loc["guide of Knight & Bajaj"]
    own = fresh_of(study)
    effect, ill = own["effect"], own["condition_number"] > 1e4
    sparse = own["n_nonzero"] < own["n_features"] / 2
    assert 0 < ill.sum() < len(own) and 0 < sparse[~ill].sum() < (~ill).sum()
    # in the made study it loses 0.03 to the better one
    losses = np.where(ill, 0.03, np.where(sparse, np.maximum(effect, 0), np.maximum(-effect, 0)))
    assert score["regret"] == pytest.approx(np.exp(losses.mean()))
    assert score["n"] == FRESH
    # an elastic net is neither of the two, right or wrong
    decided = own["verdict"].isin(["l1", "l2"])
    assert score["called"] == pytest.approx((~ill)[decided].mean())
    wrong = ~ill & (np.where(sparse, "l1", "l2") != own["verdict"])
    assert score["reversed"] == pytest.approx(wrong[decided].mean())


def test_an_elastic_net_that_was_not_fitted_costs_nobody_knows_what():
    study = made_study(n=SIZE, fresh=FRESH)
    study["scenarios"]["condition_number"] = np.where(np.arange(SIZE) % 2, 1e5, 1.0)
    own = whole(learn(**study, comparison=COMPARISON))
    assert own.loc["guide of Knight & Bajaj", "n"] == FRESH / 2
    assert own.loc["L1 if under half matter", "n"] == FRESH


def test_with_plenty_of_rows_the_guide_takes_ridge():
    rows = pd.DataFrame(
        {
            "n_samples": [7799, 7800, 100, 100],
            "n_features": [100, 100, 100, 100],
            "n_nonzero": [1, 1, 49, 50],
            "condition_number": [1e6, 1e6, 1e4, 1e4],
            "mean_vif": 1.0,
            "nearest_correlation": 0.0,
        }
    )
    calls = common_calls(rows)["guide of Knight & Bajaj"]
    assert list(calls) == ["elastic_net", "l2", "l1", "l2"]


def test_every_rule_that_is_told_estimates_is_also_told_the_truth(told):
    assert set(NAMES) | set(NAMES.values()) <= set(whole(told).index)
    assert "estimates" in TABLES
