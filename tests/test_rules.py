"""Response surfaces and rules: right where the truth is known, honest where it is not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from normwise.explorer import advice, decision, payload
from normwise.rules import NEITHER, TABLES, _fold, call_by_load, fit_bounds, learn, score
from normwise.scenario import Scenario
from normwise.surface import Surface, cells, importance
from normwise.tables import check_table

COMPARISON = {"margin": 0.05}


def made_study(n=160, seed=0, noise=0.02, correlated=True):
    """Tables of a study whose effect is a known function: the load decides, then correlation."""
    rng = np.random.default_rng(seed)
    base = dataclasses.asdict(Scenario(100, 50, 5))
    frame = pd.DataFrame([base] * n)
    frame["dataset"], frame["scenario"] = "made", [f"{i:010d}" for i in range(n)]
    frame["n_features"] = np.round(np.geomspace(20, 800, n)).astype(int)
    share = rng.permutation(np.geomspace(0.01, 1, n))
    frame["n_nonzero"] = np.maximum(1, np.round(share * frame["n_features"])).astype(int)
    frame["snr"] = rng.permutation(np.geomspace(0.1, 8, n))
    rho = rng.choice([0.0, 0.5, 0.9], n) if correlated else np.zeros(n)
    frame["correlation"] = frame["nearest_correlation"] = rho
    names = np.array(["independent", "ar1", "blocks"])
    frame["covariance"] = names[np.searchsorted([0.0, 0.5, 0.9], rho)]
    frame["effective_nonzero"] = frame["n_nonzero"].astype(float)
    frame["aspect_ratio"] = frame["n_features"] / frame["n_samples"]
    frame["label"] = "made"
    load = frame["effective_nonzero"] / (100 * np.sqrt(frame["snr"]))
    effect = 0.5 * np.tanh(np.log(load / 0.1)) + 0.1 * rho
    effect = effect + noise * rng.standard_normal(n)
    verdict = np.where(effect < -0.06, "l1", np.where(effect > 0.06, "l2", "undecided"))
    goals = pd.DataFrame(
        {
            "dataset": "made",
            "scenario": frame["scenario"],
            "goal": "prediction",
            "n": 100,
            "effect": effect,
            "mcse": noise,
            "low": effect - 2 * noise,
            "high": effect + 2 * noise,
            "q_win": 0.0,
            "q_equivalent": 1.0,
            "verdict": verdict,
        }
    )
    keys = {"dataset": "made", "scenario": frame["scenario"], "n": 100, "mcse": noise}
    strategies = pd.concat(
        [
            pd.DataFrame(keys | {"strategy": "l1", "effect": effect}),
            pd.DataFrame(keys | {"strategy": "l2", "effect": 0.0}),
            pd.DataFrame(keys | {"strategy": "cv_choice", "effect": np.minimum(effect, 0) + 0.01}),
        ]
    )
    return {"goals": goals, "scenarios": frame, "strategies": strategies}


@pytest.fixture(scope="module")
def study():
    return made_study()


@pytest.fixture(scope="module")
def learnt(study):
    return study | learn(**study, comparison=COMPARISON)


def test_tables_are_as_described(learnt):
    for name in TABLES:
        check_table(learnt[name], name)


def test_the_surface_finds_a_known_function(learnt):
    scores = learnt["surface_scores"].set_index("split")
    assert scores.loc["scenarios", "r2"] > 0.95
    assert scores.loc["scenarios", "coverage"] > 0.8
    shares = learnt["importance"].set_index("property")["total"]
    # the made effect is one of the load, with little correlation
    assert shares["nearest_correlation"] < 0.1
    assert shares[["nonzero_share", "aspect_ratio"]].min() > 0.2


def test_noise_is_not_explained():
    study = made_study()
    rng = np.random.default_rng(1)
    study["goals"]["effect"] = rng.standard_normal(len(study["goals"]))
    study["goals"]["mcse"] = 1.0
    scores = learn(**study, comparison=COMPARISON)["surface_scores"].set_index("split")
    assert scores.loc["scenarios", "r2"] < 0.1


def test_sobol_indices_of_an_additive_function():
    frame = cells(**{k: v for k, v in made_study().items() if k != "strategies"}, goal="prediction")
    # additive on the scale of the surface
    frame["effect"] = 4 * np.sinh(np.log(frame["snr"]) / 4)
    frame["mcse"] = 1e-3
    shares = importance(Surface(frame, 1.0), frame, "prediction").set_index("property")
    assert shares.loc["snr", "first"] > 0.97
    assert shares.drop("snr")["total"].max() < 0.03


def test_bounds_part_a_clean_study():
    frame = pd.DataFrame(
        {
            "load": [0.01, 0.02, 0.04, 0.09, 0.11, 0.3, 0.5],
            "verdict": ["l1", "l1", "l1", "undecided", "equivalent", "l2", "l2"],
        }
    )
    lower, upper = fit_bounds(frame)
    assert 0.04 < lower < 0.09
    assert 0.11 < upper < 0.3
    assert list(call_by_load(frame, (lower, upper))) == ["l1"] * 3 + [NEITHER] * 2 + ["l2"] * 2


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [("l1", (np.inf, np.inf)), ("l2", (0.0, 0.0)), ("undecided", (0.0, np.inf))],
)
def test_bounds_of_one_sided_studies(verdict, expected):
    frame = pd.DataFrame({"load": [0.1, 0.2, 0.3], "verdict": [verdict] * 3})
    lower, upper = fit_bounds(frame)
    calls = set(call_by_load(frame, (lower, upper)))
    assert calls == {NEITHER if verdict == "undecided" else verdict}
    assert (lower, upper) == expected


def test_bounds_are_the_best_of_all():
    """No other pair of cuts costs less, by trying them all."""
    rng = np.random.default_rng(5)
    load = np.sort(rng.uniform(0.01, 1, 25))
    verdict = rng.choice(["l1", "l2", "undecided"], 25)
    frame = pd.DataFrame({"load": load, "verdict": verdict})

    def cost(calls):
        decided = np.isin(verdict, ("l1", "l2"))
        return (calls[decided] != verdict[decided]).sum() + 0.5 * (calls[~decided] != NEITHER).sum()

    cuts = np.concatenate([[0], np.sqrt(load[1:] * load[:-1]), [np.inf]])
    least = min(cost(call_by_load(frame, (a, b))) for a in cuts for b in cuts if a <= b)
    # two digits may move a cut across a neighbour
    assert cost(call_by_load(frame, fit_bounds(frame))) <= least + 1


def test_a_rule_is_judged_on_what_it_has_not_seen():
    """Verdicts changed in the held-out part change its score and not its calls."""
    frame = cells(**{k: v for k, v in made_study().items() if k != "strategies"}, goal="prediction")
    test = np.arange(len(frame)) % 4 == 0
    before = _fold(frame, test, 0.05, None)
    changed = frame.copy()
    changed.loc[test, "verdict"] = "undecided"
    changed.loc[test, "effect"] = 9.0
    after = _fold(changed, test, 0.05, None)
    for key, value in before.items():
        assert (value == after[key]).all(), key


def test_scores_count_what_they_say():
    frame = pd.DataFrame(
        {"verdict": ["l1", "l1", "l2", "l2", "undecided"], "effect": [-1.0, -1, 1, 1, 0]}
    )
    called = np.array(["l1", "l2", NEITHER, "l2", NEITHER])
    row = score(frame, called, np.array([0.0, 1.0, 0.5, 0.0, 0.0]), True)
    assert (row["n"], row["decided"]) == (5, 4)
    assert (row["accuracy"], row["called"], row["reversed"]) == (0.5, 0.75, 0.25)
    assert row["silent"] == 1
    assert row["regret"] == pytest.approx(np.exp(0.3))
    assert row["regret_low"] <= row["regret"] <= row["regret_high"]


def test_rules_are_compared(learnt):
    scores = learnt["rule_scores"]
    whole = scores[(scores["family"] == "all") & (scores["split"] == "scenarios")]
    whole = whole.set_index("rule")
    assert whole.loc["rule of thumb", "accuracy"] > 0.9
    assert whole.loc["rule of thumb", "regret"] < whole.loc["always L1", "regret"]
    assert whole["regret"].min() >= 1
    assert whole.loc["cross-validation", "regret"] == pytest.approx(np.exp(0.01))
    held = scores[(scores["family"] != "all") & (scores["split"] == "families")]
    assert set(held["family"]) == {"independent", "ar1", "blocks"}


def test_a_small_study_has_no_rule():
    study = made_study(n=8)
    tables = learn(**study, comparison=COMPARISON)
    assert all(not len(frame) for frame in tables.values())
    assert payload(study | tables) is None
    assert decision(study | tables) is None
    assert advice(study | tables) == []


def test_workers_change_nothing(study, learnt):
    again = learn(**study, comparison=COMPARISON, n_jobs=2)
    for name in TABLES:
        pd.testing.assert_frame_equal(again[name], learnt[name])


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


def test_the_page_shows_the_tables(learnt):
    page = payload(learnt)
    sizes = [len(v) for v in page["axes"].values()]
    own = page["cells"]["prediction"]
    assert len(own["effect"]) == len(own["low"]) == len(own["verdict"]) == np.prod(sizes)
    row = learnt["surface"].iloc[17]
    place = np.ravel_multi_index(
        [page["axes"][axis].index(row[axis]) for axis in page["axes"]], sizes
    )
    assert own["effect"][place] == pytest.approx(1000 * row["effect"], abs=0.6)
    first = page["scenarios"][0]
    goal = learnt["goals"].set_index("scenario").loc[first["scenario"]]
    assert first["goals"]["prediction"][3] == goal["verdict"]
    text = decision(learnt)
    assert len(text["lines"]) in (2, 3)
    assert {row["use"] for row in advice(learnt)} >= {"L1", "L2"}
