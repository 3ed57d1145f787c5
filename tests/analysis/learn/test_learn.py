"""Response surfaces and rules: right where the truth is known, honest where it is not."""

import warnings

import numpy as np
import pandas as pd
import pytest
from studies.made import made_study

from normwise.analysis.columns import check_table
from normwise.analysis.goals import GOALS
from normwise.analysis.inference import wilson_interval
from normwise.analysis.learn.cells import AXES, cells, family_of, ground_of
from normwise.analysis.learn.common_advice import common_calls
from normwise.analysis.learn.learn import TABLES, _call_by_tree, _calls, _fold, _splits, learn
from normwise.analysis.learn.rule_of_thumb import (
    EQUIVALENT,
    Rule,
    call_by_rule,
    enough_rows,
    fit_rule,
    losses_of,
)
from normwise.analysis.learn.scores import BOOTSTRAP, score
from normwise.analysis.learn.surface import Surface, importance, inputs
from normwise.report.sheets.verdicts import rule_score_sheet
from normwise.theory.observed import (
    observed_snr,
    observed_snr_of_classes,
    observed_snr_of_counts,
)

COMPARISON = {"margin": 0.05}
FRESH = 30


def frame_of(study, goal="prediction"):
    return cells(ground_of(study["goals"], study["scenarios"], study["strategies"]), goal)


def study_of(**columns):
    """A frame of `cells` with what a rule reads."""
    return pd.DataFrame({"rows_per_feature": 2.0} | columns)


@pytest.fixture(scope="module")
def study():
    return made_study(fresh=FRESH, mixed=40)


@pytest.fixture(scope="module")
def learnt(study):
    return study | learn(**study, comparison=COMPARISON)


def test_tables_are_as_described(learnt):
    for name in TABLES:
        check_table(learnt[name], name)
        assert len(learnt[name])


# the surface


def test_the_surface_finds_a_known_function(learnt):
    scores = learnt["surface_scores"].set_index("split")
    for split in ("scenarios", "fresh"):
        assert scores.loc[split, "r2"] > 0.95
        assert scores.loc[split, "coverage"] > 0.8
    shares = learnt["importance"].set_index("property")["total"]
    # the made effect is one of the load
    assert shares[["nonzero_share", "aspect_ratio", "signal_alignment"]].min() > 0.1


def test_noise_is_not_explained():
    study = made_study(n=60)
    rng = np.random.default_rng(1)
    study["goals"]["effect"] = rng.standard_normal(len(study["goals"]))
    study["goals"]["mcse"] = 1.0
    scores = learn(**study, comparison=COMPARISON)["surface_scores"].set_index("split")
    assert scores.loc["scenarios", "r2"] < 0.1


def test_sobol_indices_of_an_additive_function():
    frame = frame_of(made_study())
    # additive on the scale of the surface
    frame["effect"] = 4 * np.sinh(np.log(frame["snr"]) / 4)
    frame["mcse"] = 1e-3
    shares = importance(Surface(frame, 1.0), frame, "prediction").set_index("property")
    assert shares.loc["snr", "first"] > 0.97
    assert shares.drop("snr")["total"].max() < 0.03


def test_an_effect_that_is_all_but_unknown_has_an_interval_without_ends():
    frame = cells(ground_of(**made_study(n=20)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Surface(frame, 0.05).predict(frame[:2], np.array([1e6, 0.1]))
    assert np.isinf(found.loc[0, ["low", "high"]].astype(float)).all()
    assert np.isfinite(found.loc[1, ["low", "high"]].astype(float)).all()


def test_verdicts_of_the_surface(learnt):
    own = learnt["surface"]
    zone = np.log1p(COMPARISON["margin"])
    assert ((own["low"] < own["effect"]) & (own["effect"] < own["high"])).all()
    winners = own[own["verdict"].isin(["l1", "l2"])]
    assert ((winners["effect"] < 0) == (winners["verdict"] == "l1")).all()
    assert (winners["effect"].abs() > zone).all()
    # a probability of 90 % is a one-sided bound
    sure = own[
        (own["low"] > 0) & (own["effect"] > zone) | (own["high"] < 0) & (own["effect"] < -zone)
    ]
    assert set(sure["verdict"]) <= {"l1", "l2"}
    assert "undecided" in set(own["verdict"])


# what the rule reads


@pytest.mark.parametrize("a", [0.5, 1.0, 12.0])
def test_the_load_is_its_formula(a):
    study = made_study(n=3)
    study["scenarios"] = study["scenarios"].assign(
        n_samples=50,
        n_features=200,
        effective_nonzero=[2.5, 10.0, 40.0],
        snr=[0.5, 2.0, 8.0],
        signal_alignment=a,
    )
    frame = frame_of(study)
    expected = [k / (50 * np.sqrt(snr)) for k, snr in ((2.5, 0.5), (10, 2), (40, 8))]
    # where effects cancel nobody gains
    np.testing.assert_allclose(frame["load"], max(a, 1) * np.array(expected))
    np.testing.assert_allclose(frame["nonzero_share"], np.array([2.5, 10, 40]) / 200)


def test_what_no_linear_predictor_explains_counts_as_noise():
    study = made_study(n=3)
    study["scenarios"] = study["scenarios"].assign(snr=3.0, nonlinear_share=[0.0, 0.5, 0.9])
    np.testing.assert_allclose(frame_of(study)["snr"], [3.0, 3 / 4, 3 / 28])


def test_scenarios_without_a_signal_have_no_place():
    study = made_study(n=20)
    study["scenarios"].loc[:4, ["n_nonzero", "effective_nonzero"]] = 0
    assert len(frame_of(study)) == 15


def test_a_scenario_of_two_data_sets_is_on_the_ground_once():
    study = made_study(n=20)
    again = {name: frame.assign(dataset="again") for name, frame in study.items()}
    both = {name: pd.concat([study[name], again[name]], ignore_index=True) for name in study}
    assert len(frame_of(both)) == 20


# the cut


def test_the_cut_parts_a_clean_study():
    frame = study_of(
        load=[0.01, 0.02, 0.04, 0.09, 0.3, 0.5], effect=[-1.0, -0.5, -0.2, 0.1, 0.5, 0.9]
    )
    rule = fit_rule(frame, 0.05)
    assert rule.cut == 0.06 and rule.low <= rule.cut <= rule.high and rule.enough == np.inf
    assert list(call_by_rule(frame, rule)) == ["l1"] * 3 + ["l2"] * 3


@pytest.mark.parametrize(("effect", "cut"), [(-0.1, np.inf), (0.1, 0.0)])
def test_the_cut_of_a_one_sided_study(effect, cut):
    frame = study_of(load=[0.1, 0.2, 0.3], effect=[effect] * 3)
    rule = fit_rule(frame, 0.05)
    assert rule.cut == cut and rule.low <= cut <= rule.high
    assert set(call_by_rule(frame, fit_rule(frame, 0.05))) == {"l1" if effect < 0 else "l2"}


@pytest.mark.parametrize("seed", range(25))
def test_no_other_cut_costs_less(seed):
    """Levels a factor of 1.5 apart, which two digits never cross."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    levels = 0.02 * 1.5 ** np.arange(9)
    frame = study_of(load=rng.choice(levels, n), effect=rng.standard_normal(n))
    unique = np.unique(frame["load"])
    cuts = [0.0, *np.sqrt(unique[1:] * unique[:-1]), np.inf]
    costs = [losses_of(frame, call_by_rule(frame, Rule(c, c, c))).mean() for c in cuts]
    found = fit_rule(frame, 0.05)
    assert losses_of(frame, call_by_rule(frame, found)).mean() == pytest.approx(min(costs))


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_does_not_depend_on_the_order_of_the_scenarios(seed):
    frame = frame_of(made_study(n=60, seed=seed))
    other = fit_rule(frame.sample(frac=1, random_state=seed), 0.05)
    assert fit_rule(frame, 0.05) == other


def test_the_cut_has_two_digits_and_an_interval_that_holds_the_truth():
    for seed in range(5):
        rule = fit_rule(frame_of(made_study(n=100, seed=seed, noise=0.3)), 0.05)
        assert rule.cut == float(f"{rule.cut:.2g}")
        # the made effect turns at a load of 0.1
        assert rule.low <= 0.1 * 1.2 and rule.high >= 0.1 / 1.2


def test_rows_are_enough_where_nearly_all_effects_are_small():
    ratio = np.geomspace(0.1, 300, 400)
    effect = np.where(ratio < 50, 0.5, 0.01)
    frame = study_of(load=np.linspace(0.01, 1, 400), effect=effect, rows_per_feature=ratio)
    enough = enough_rows(frame, 0.05)
    assert ratio[ratio < 50][-1] < enough <= np.ceil(ratio[ratio >= 50][0])
    called = call_by_rule(frame, fit_rule(frame, 0.05))
    assert ((called == "equivalent") == (ratio >= enough)).all()
    assert enough_rows(frame.assign(effect=0.5), 0.05) == np.inf
    # a handful of scenarios shows nothing
    assert enough_rows(frame[-5:], 0.05) == np.inf


def test_two_classes_are_placed_by_what_their_zeros_and_ones_tell():
    study = made_study(n=4)
    binary = [False, True, True, True]
    study["scenarios"] = study["scenarios"].assign(
        n_samples=400,
        n_features=10,
        snr=2.0,
        response=np.where(binary, "binary", "gaussian"),
        prevalence=[0.5, 0.5, 0.1, 0.9],
    )
    frame = frame_of(study).sort_values("scenario")
    np.testing.assert_allclose(frame["rows_per_feature"], [40, 40, 8, 8])
    expected = [2.0, *(observed_snr(2.0, rate) for rate in (0.5, 0.1, 0.1))]
    np.testing.assert_allclose(frame["snr"], expected)


def test_counts_and_several_classes_are_placed_by_what_their_numbers_tell():
    study = made_study(n=4)
    study["scenarios"] = study["scenarios"].assign(
        n_samples=400,
        n_features=10,
        snr=2.0,
        response=["poisson", "poisson", "multinomial", "multinomial"],
        mean_count=[1.0, 5.0, 1.0, 1.0],
        dispersion=[0.0, 0.5, 0.0, 0.0],
        n_classes=[3, 3, 3, 8],
    )
    frame = frame_of(study).sort_values("scenario")
    np.testing.assert_allclose(frame["rows_per_feature"], [40, 40, 80 / 3, 10])
    counts = [observed_snr_of_counts(2.0, 1.0), observed_snr_of_counts(2.0, 5.0, 0.5)]
    classes = [observed_snr_of_classes(2.0, K) for K in (3, 8)]
    np.testing.assert_allclose(frame["snr"], [*counts, *classes])
    assert list(frame["binary"]) == [0, 0, 1, 1]
    assert set(family_of(frame)) == {"poisson response", "multinomial response"}


# honest judgement


def test_a_rule_is_judged_on_what_it_has_not_seen():
    """Verdicts changed in the held-out part change its score and not its calls."""
    frame = frame_of(made_study())
    test = np.arange(len(frame)) % 4 == 0
    before = _fold(frame, test, 0.05, None)
    changed = frame.copy()
    changed.loc[test, "verdict"] = "undecided"
    changed.loc[test, "effect"] = 9.0
    after = _fold(changed, test, 0.05, None)
    assert not after["covered"].any()
    for key in before.keys() - {"covered"}:
        assert (before[key] == after[key]).all(), key


def test_twins_are_never_parted():
    frame = frame_of(made_study(n=40))
    # another draw of the same properties, with other signs and ten times the rows
    twins = frame.assign(scenario=frame["scenario"] + "b", signs="alternating", n_samples=1000)
    both = pd.concat([frame, twins], ignore_index=True)
    assert (inputs(frame) == inputs(twins)).all()
    folds = _splits(both)["scenarios"]
    assert len(folds) == 5
    assert np.sum(folds, axis=0).tolist() == [1] * 80
    for test in folds:
        assert 0 < test.sum() < 30
        assert (test[:40] == test[40:]).all()


def test_families_are_held_out_whole():
    frame = frame_of(made_study())
    masks = _splits(frame)["families"]
    assert len(masks) == frame["family"].nunique() == 3
    for test in masks:
        assert frame.loc[test, "family"].nunique() == 1
        assert not set(frame.loc[test, "family"]) & set(frame.loc[~test, "family"])


def test_held_out_scenarios_make_no_rule(study, learnt):
    """Their effects and verdicts change the split 'fresh' and nothing else."""
    ids = study["scenarios"].loc[study["scenarios"]["held_out"], "scenario"]
    assert len(ids) == FRESH
    goals, strategies = study["goals"].copy(), study["strategies"].copy()
    own = goals["scenario"].isin(ids)
    goals.loc[own, ["effect", "low", "high"]] *= -3
    turned = {"l1": "l2", "l2": "l1", "undecided": "l1"}
    goals.loc[own, "verdict"] = goals.loc[own, "verdict"].map(turned)
    strategies.loc[strategies["scenario"].isin(ids), "effect"] *= -3
    other = learn(goals, study["scenarios"], strategies, COMPARISON)
    for name in ("surface", "rules", "importance"):
        pd.testing.assert_frame_equal(other[name], learnt[name])
    for name in ("surface_scores", "rule_scores"):
        before, after = learnt[name], other[name]
        old, new = (f[f["split"] != "fresh"] for f in (before, after))
        pd.testing.assert_frame_equal(old, new)
        fresh = (before["split"] == "fresh").to_numpy()
        assert fresh.any()
        assert not before[fresh].equals(after[fresh])


def test_held_out_scenarios_are_judged_by_the_rule_of_the_others(study, learnt):
    frame = frame_of(study)
    held = frame["held_out"].to_numpy(bool)
    zone = np.log1p(COMPARISON["margin"])
    rule = fit_rule(frame[~held], zone)
    assert learnt["rules"][list(Rule._fields)].to_numpy().tolist() == [list(rule)]
    fresh = frame[held]
    decided = fresh["verdict"].isin(("l1", "l2"))
    right = (call_by_rule(fresh, rule) == fresh["verdict"])[decided].mean()
    scores = learnt["rule_scores"]
    row = scores[(scores["split"] == "fresh") & (scores["family"] == "all")].set_index("rule")
    assert row.loc["rule of thumb", "accuracy"] == right
    assert row.loc["rule of thumb", "n"] == FRESH


def test_a_rule_is_also_judged_with_the_wrong_number_of_features(study, learnt):
    frame = frame_of(study)
    train, test = frame[:100], frame[100:]
    found = _calls(train, test, Surface(train, 0.05))
    rule = fit_rule(train, 0.05)
    for name, factor in (("halved", 0.5), ("doubled", 2.0)):
        guessed = study["scenarios"].assign(
            effective_nonzero=factor * study["scenarios"]["effective_nonzero"]
        )
        expected = call_by_rule(frame_of(study | {"scenarios": guessed})[100:], rule)
        assert (found[f"rule of thumb, k {name}"] == expected).all()
        assert (expected != found["rule of thumb"]).any()
    scores = learnt["rule_scores"]
    for split in ("scenarios", "families", "fresh", "elastic net"):
        own = scores[(scores["split"] == split) & (scores["family"] == "all")].set_index("rule")
        guesses = own.loc[["rule of thumb, k halved", "rule of thumb, k doubled"]]
        assert (guesses["n"] == own.loc["rule of thumb", "n"]).all()
        assert guesses["accuracy"].between(0, 1, inclusive="neither").all()


def test_the_elastic_net_is_compared_where_all_are_measured(study, learnt):
    scores = learnt["rule_scores"]
    mixed = scores[scores["split"] == "elastic net"]
    assert set(mixed["n"]) == {40}
    assert set(scores.loc[scores["rule"] == "always elastic net", "split"]) == {"elastic net"}
    names = {"always L1", "always L2", "cross-validation", "rule of thumb", "response surface"}
    assert names <= set(mixed["rule"])
    regret = mixed.set_index("rule")["regret"]
    effect = frame_of(study)["effect"][:40]
    assert regret["always L1"] == pytest.approx(np.exp(np.maximum(effect, 0).mean()))
    assert regret["always L2"] == pytest.approx(np.exp(np.maximum(-effect, 0).mean()))
    assert regret["cross-validation"] == pytest.approx(np.exp(0.01))
    assert regret["always elastic net"] == pytest.approx(np.exp(0.03))
    assert "always elastic net" not in set(
        learn(**made_study(n=40), comparison=COMPARISON)["rule_scores"]["rule"]
    )


def test_common_advice_says_what_it_is_named_for():
    scenarios = pd.DataFrame(
        {
            "n_samples": [100, 50, 100, 100, 100],
            "n_features": [50, 100, 100, 100, 100],
            "n_nonzero": [25, 49, 50, 5, 50],
            "mean_vif": [1.0, 10.0, 10.1, 2.0, 1.0],
            "nearest_correlation": [0.0, -0.7, -0.71, 0.71, 0.1],
            "condition_number": [1.0, 900.0, 901.0, 3.0, 1.0],
        }
    )
    calls = common_calls(scenarios)
    expected = {
        "L1 if p > n": "l2 l1 l2 l2 l2",
        "L2 if VIF > 10": "l1 l1 l2 l1 l1",
        "L2 if |r| > 0.7": "l1 l1 l2 l2 l1",
        "L2 if condition > 30": "l1 l1 l2 l1 l1",
        "L1 if under half matter": "l2 l1 l2 l1 l2",
        "guide of Knight & Bajaj": "l2 l1 l2 l1 l2",
    }
    assert {name: " ".join(called) for name, called in calls.items()} == expected


def test_common_advice_is_judged_on_the_same_scenarios_as_the_rule(study, learnt):
    scores = learnt["rule_scores"]
    own = scores[(scores["split"] == "fresh") & (scores["family"] == "all")].set_index("rule")
    frame = frame_of(study)
    fresh = frame[frame["held_out"].to_numpy(bool)]
    wide = (fresh["n_features"] > fresh["n_samples"]).to_numpy()
    effect = fresh["effect"].to_numpy()
    # the loss is that of the penalty named, beyond the better one
    loss = np.where(wide, np.maximum(effect, 0), np.maximum(-effect, 0))
    assert own.loc["L1 if p > n", "regret"] == pytest.approx(np.exp(loss.mean()))
    assert own.loc["L1 if p > n", "n"] == own.loc["rule of thumb", "n"] == FRESH


def test_the_dearest_family_of_a_choice_is_that_of_its_largest_regret(learnt):
    scores = learnt["rule_scores"]
    own = scores[(scores["rule"] == "cross-validation") & (scores["split"] == "scenarios")]
    assert len(own) == 4
    parts = own[own["family"] != "all"]
    whole = own.set_index("family").loc["all"]
    mean = np.exp((np.log(parts["regret"]) * parts["n"]).sum() / parts["n"].sum())
    assert whole["regret"] == pytest.approx(mean)
    rows = [[text for text, _ in row] for row in rule_score_sheet(learnt).rows]
    said = {(row[1], row[2]): row[-1] for row in rows}
    always = scores[(scores["rule"] == "always L2") & (scores["split"] == "scenarios")]
    always = always[always["family"] != "all"].sort_values("regret").iloc[-1]
    assert said["always L2", "scenarios"] == f"{always['family']} {always['regret']:.3f}"


def test_scores_count_what_they_say():
    frame = pd.DataFrame(
        {"verdict": ["l1", "l1", "l2", "l2", "undecided"], "effect": [-1.0, -1, 1, 1, 0]}
    )
    called = np.array(["l1", "l2", EQUIVALENT, "l2", EQUIVALENT])
    row = score(frame, called, np.array([0.0, 1.0, 0.5, 0.0, 0.0]), "prediction", 0.05)
    assert (row["n"], row["decided"]) == (5, 4)
    assert (row["accuracy"], row["called"], row["reversed"]) == (0.5, 0.75, 0.25)
    assert row["silent"] == 1
    assert row["regret"] == pytest.approx(np.exp(0.3))
    assert row["regret_low"] <= row["regret"] <= row["regret_high"]
    assert (row["accuracy_low"], row["accuracy_high"]) == wilson_interval(2, 4, 0.95)


@pytest.mark.parametrize("goal", ["prediction", "selection"])
def test_intervals_of_the_regret_are_those_of_a_mean(rng, goal):
    is_ratio = GOALS[goal].is_ratio
    losses = rng.exponential(0.2, 400)
    frame = pd.DataFrame({"verdict": ["l1"] * 401, "effect": -1.0})
    # what was not measured does not count
    row = score(frame, None, np.append(losses, np.nan), goal, 0.05)
    assert row["n"] == 400
    assert "accuracy" not in row and "silent" not in row
    ends = np.array([row["regret"], row["regret_low"], row["regret_high"]])
    ends = np.log(ends) if is_ratio else ends
    mean, reach = losses.mean(), 1.96 * losses.std(ddof=1) / 20
    # a quantile of the bootstrap is known to a few per cent of the reach
    assert BOOTSTRAP >= 1000
    np.testing.assert_allclose(ends, [mean, mean - reach, mean + reach], atol=0.15 * reach)
    sure = score(frame, None, np.full(401, 0.3), goal, 0.05)
    value = np.exp(0.3) if is_ratio else 0.3
    assert sure["regret_low"] == pytest.approx(value)
    assert sure["regret_high"] == pytest.approx(value)


def test_a_study_without_winners_has_no_accuracy():
    frame = pd.DataFrame({"verdict": ["undecided", "equivalent"], "effect": 0.0})
    row = score(frame, np.array([EQUIVALENT, "l1"]), np.zeros(2), "prediction", 0.05)
    assert "accuracy" not in row
    assert (row["decided"], row["silent"]) == (0, 0.5)


def test_rules_are_compared(learnt):
    scores = learnt["rule_scores"]
    whole = scores[(scores["family"] == "all") & (scores["split"] == "scenarios")]
    whole = whole.set_index("rule")
    assert whole.loc["rule of thumb", "accuracy"] > 0.85
    for name in ("always L1", "always L2", "exact boundary"):
        assert whole.loc["rule of thumb", "regret"] < whole.loc[name, "regret"]
    assert whole["regret"].min() >= 1
    assert whole.loc["cross-validation", "regret"] == pytest.approx(np.exp(0.01))
    held = scores[(scores["family"] != "all") & (scores["split"] == "families")]
    assert set(held["family"]) == {"independent", "ar1", "blocks"}


def test_intervals_hold_what_they_are_of(learnt):
    scores = learnt["rule_scores"]
    for name in ("accuracy", "regret"):
        own = scores.dropna(subset=[name])
        assert len(own) > 50
        assert (own[f"{name}_low"] <= own[name] + 1e-12).all()
        assert (own[name] <= own[f"{name}_high"] + 1e-12).all()


def test_a_small_study_has_no_rule():
    tables = learn(**made_study(n=8), comparison=COMPARISON)
    for name, frame in tables.items():
        check_table(frame, name)
        assert len(frame) == (8 if name == "ground" else 0)


def test_workers_change_nothing(study, learnt):
    again = learn(**study, comparison=COMPARISON, n_jobs=2)
    for name in TABLES:
        pd.testing.assert_frame_equal(again[name], learnt[name])


def test_splits_of_the_tree_that_are_equally_good_are_chosen_alike():
    frame = frame_of(made_study(n=40)).assign(snr=np.repeat([1.0, 2.0], 20))
    # either of two properties parts the effects
    frame = frame.assign(nonzero_share=frame["snr"], effect=frame["snr"] - 1.5)
    test = frame.assign(nonzero_share=1.0, snr=2.0)
    calls = {tuple(_call_by_tree(frame, test)) for _ in range(20)}
    assert len(calls) == 1


def test_every_goal_has_its_own_surface_and_rule():
    study = made_study(n=30, goals=("prediction", "selection"))
    tables = learn(**study, comparison=COMPARISON)
    for name in TABLES:
        assert set(tables[name]["goal"]) == {"prediction", "selection"}
    wide = tables["surface"].pivot_table(index=list(AXES), columns="goal", values="effect")
    # the made effects oppose each other
    assert wide.corr().loc["prediction", "selection"] < -0.9
    ours = tables["rule_scores"].query("goal == 'selection'")
    assert not set(ours["rule"]) & {"exact boundary", "cross-validation"}
