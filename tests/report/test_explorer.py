"""What the explorer answers with: the surface, theory, scenarios and code that runs."""

import json
import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from studies.made import SIZES, ZONES, made_study

from normwise.analysis.learn.cells import AXES
from normwise.analysis.learn.learn import learn
from normwise.report.explorer import LETTERS, UNKNOWN, payload, theory_effects
from normwise.report.snippets import SNIPPETS
from normwise.theory import phase_boundary

MARGIN = 0.05


@pytest.fixture(scope="module")
def tables():
    study = made_study(n=40, goals=tuple(SIZES), fresh=10)
    # calibration reaches less far along two axes
    scenarios = study["scenarios"]
    beyond = scenarios.loc[(scenarios["aspect_ratio"] > 4) | (scenarios["snr"] > 5), "scenario"]
    goals = study["goals"]
    drop = (goals["goal"] == "calibration") & goals["scenario"].isin(beyond)
    study["goals"] = goals[~drop].reset_index(drop=True)
    return study | learn(**study, comparison={"margin": MARGIN})


@pytest.fixture(scope="module")
def found(tables):
    return payload(tables, MARGIN)


def points(found):
    return pd.DataFrame(list(product(*found["axes"].values())), columns=list(AXES))


def test_it_can_be_sent_and_holds_no_nan(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("goal", SIZES)
def test_cells_are_the_surface(tables, found, goal):
    own = found["cells"][goal]
    grid = points(found).assign(**{k: own[k] for k in ("effect", "low", "high")})
    grid["letter"] = list(own["verdict"])
    surface = tables["surface"][tables["surface"]["goal"] == goal]
    both = surface.merge(grid, on=list(AXES), suffixes=("", "_shown"))
    assert len(both) == len(surface) > 50
    for name in ("effect", "low", "high"):
        # in thousandths
        assert np.abs(1000 * both[name] - both[f"{name}_shown"]).max() <= 0.5 + 1e-9
    assert (both["verdict"].map(LETTERS) == both["letter"]).all()
    # what is not on the surface is marked, and only that
    assert (grid["letter"] == UNKNOWN).sum() == len(grid) - len(surface)


def test_a_goal_measured_in_part_is_unknown_elsewhere(found):
    assert UNKNOWN in found["cells"]["calibration"]["verdict"]
    assert UNKNOWN not in found["cells"]["prediction"]["verdict"]


def test_goals_come_with_their_scores(tables, found):
    scores = tables["surface_scores"].query("split == 'scenarios'").set_index("goal")
    assert [goal["key"] for goal in found["goals"]] == list(SIZES)
    for goal in found["goals"]:
        key = goal["key"]
        assert goal["r2"] == scores.loc[key, "r2"]
        assert goal["coverage"] == scores.loc[key, "coverage"]
        ratio = key == "prediction"
        assert goal["kind"] == ("log_ratio" if ratio else "difference")
        assert goal["margin"] == (np.log1p(MARGIN) if ratio else ZONES[key])


def test_it_starts_at_a_stop_of_every_axis(found):
    assert len(found["start"]) == len(AXES)
    for at, (axis, stops) in zip(found["start"], found["axes"].items(), strict=True):
        assert 0 <= at < len(stops), axis
        assert stops == sorted(set(stops))
    assert set(found["axes"]) == set(found["names"]) == set(found["about"]) == set(AXES)


def test_it_starts_nearby_where_the_study_is_narrow(tables):
    narrow = tables["surface"].query("snr < 0.6 and nonzero_share > 0.2")
    assert len(narrow)
    found = payload(tables | {"surface": narrow}, MARGIN)
    start = [stops[at] for at, stops in zip(found["start"], found["axes"].values(), strict=True)]
    # the ends next to the usual start
    assert (start[1], start[2]) == (min(found["axes"]["nonzero_share"]), 0.5)


def test_scenarios_are_those_measured(tables, found):
    goals = tables["goals"].set_index(["scenario", "goal"])
    known = tables["scenarios"].set_index("scenario")
    assert len(found["scenarios"]) == len(known)
    for entry in found["scenarios"]:
        row = known.loc[entry["scenario"]]
        assert (entry["n"], entry["p"]) == (row["n_samples"], row["n_features"])
        share = row["effective_nonzero"] / row["n_features"]
        expected = [row["aspect_ratio"], share, row["snr"], row["nearest_correlation"]]
        np.testing.assert_allclose(entry["x"], expected, rtol=1e-3)
        for goal, (effect, low, high, verdict) in entry["goals"].items():
            own = goals.loc[(entry["scenario"], goal)]
            np.testing.assert_allclose(
                [effect, low, high], own[["effect", "low", "high"]].to_numpy(float), atol=5.1e-5
            )
            assert verdict == own["verdict"]
    measured = sum(len(entry["goals"]) for entry in found["scenarios"])
    assert measured == len(goals)


# theory


def test_theory_is_told_for_independent_features_alone(found):
    independent = points(found).query("nearest_correlation == 0")
    assert 0 < len(independent) < len(points(found))
    assert len(found["theory"]) == len(independent)
    expected = 1000 * np.array(theory_effects(independent))
    np.testing.assert_allclose(found["theory"], expected, atol=0.5 + 1e-9)


def test_theory_has_nothing_to_say_of_correlated_features_alone(tables):
    surface = tables["surface"].query("nearest_correlation > 0")
    assert payload(tables | {"surface": surface}, MARGIN)["theory"] == []


def test_theory_agrees_with_the_exact_boundary():
    """Another computation of who wins; at the boundary itself both risks are equal."""
    grid = pd.DataFrame(
        list(product([0.2, 0.5, 1.0, 3.0], [0.01, 0.1, 0.4, 1.0], [0.25, 1.0, 4.0])),
        columns=["aspect_ratio", "nonzero_share", "snr"],
    )
    effect = np.array(theory_effects(grid))
    boundary = phase_boundary(grid["aspect_ratio"], grid["snr"])
    distance = np.log(grid["nonzero_share"] / boundary)
    away = distance.abs() > 0.15
    assert (distance[away] < 0).sum() > 5 and (distance[away] > 0).sum() > 5
    assert ((effect < 0) == (distance < 0))[away].all()
    # far below the boundary much is to be gained
    assert effect[distance < -1].max() < -0.02
    edge = pd.DataFrame({"aspect_ratio": [1.0, 2.0], "snr": [1.0, 3.0]})
    edge["nonzero_share"] = phase_boundary(edge["aspect_ratio"], edge["snr"])
    assert np.abs(theory_effects(edge)).max() < 2e-3


# the lines to paste


def data_of(kind):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((120, 15)) * np.geomspace(0.1, 10, 15)
    signal = X[:, 0] / 0.1 - X[:, 5] / X[:, 5].std()
    y = signal + rng.standard_normal(120)
    return X, y if kind == "gaussian" else (y > 0).astype(int)


@pytest.mark.parametrize("kind", ["gaussian", "binary"])
def test_snippets_run_without_a_warning_and_do_what_their_penalty_does(kind):
    X, y = data_of(kind)
    coef, models = {}, {}
    for penalty, code in SNIPPETS[kind].items():
        names = {"X": X, "y": y}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(code, f"{kind} {penalty}", "exec"), names)
        models[penalty] = names["model"]
        coef[penalty] = np.ravel(names["model"][-1].coef_)
    assert set(coef) == {"l1", "l2"}
    assert (coef["l1"] == 0).any()
    assert (coef["l2"] != 0).all()
    for penalty in coef:
        # the two that matter, with the right signs, though their units differ by far
        assert set(np.argsort(-np.abs(coef[penalty]))[:2]) == {0, 5}
        assert coef[penalty][0] > 0 > coef[penalty][5]
        told = models[penalty].predict(X)
        assert np.corrcoef(told, y)[0, 1] > 0.6


def test_a_small_study_has_no_explorer():
    study = made_study(n=8)
    assert payload(study | learn(**study, comparison={"margin": MARGIN})) is None
