"""What the explorer answers with: the surface, theory, scenarios and code that runs."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.gaussian_process.kernels import ConstantKernel, Matern
from sklearn.metrics import r2_score
from sklearn.pipeline import Pipeline
from studies.made import SIZES, ZONES, made_study

from normwise.analysis.learn.cells import AXES, cells, learnt_from, sample
from normwise.analysis.learn.learn import TABLES, learn
from normwise.analysis.learn.surface import Surface, inputs
from normwise.report import explorer
from normwise.report.explorer import LEFT_OUT, RESPONSES, payload
from normwise.report.snippets import SNIPPETS

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
    return payload(tables)


@pytest.mark.parametrize("goal", SIZES)
def test_what_the_page_computes_with_is_the_surface_of_the_table(tables, found, goal):
    """The numbers that travel give the tabled surface: computed here as the page does."""
    table = tables["surface"][tables["surface"]["goal"] == goal].sample(40, random_state=0)
    agrees(found["surfaces"][goal], table)


def agrees(own, table):
    """Whether the numbers of a surface give the effects of a table and their intervals."""
    kernel = ConstantKernel(own["constant"]) * Matern(own["lengths"], nu=2.5)
    x = np.array(own["x"])
    K = kernel(x) + np.diag(own["noise"] + np.array(own["error"]))
    near = kernel(inputs(table.assign(binary=own["binary"])), x)
    mean = own["centre"] + own["scale"] * near @ np.linalg.solve(K, own["y"])
    variance = own["constant"] + own["noise"] - (near * np.linalg.solve(K, near.T).T).sum(axis=1)
    reach = 1.6448536269514722 * own["scale"] * np.sqrt(variance)
    for name, at in (("effect", mean), ("low", mean - reach), ("high", mean + reach)):
        shown = own["bend"] * np.sinh(at)
        np.testing.assert_allclose(shown, table[name], atol=2e-3 * abs(table[name]).max())


def test_a_page_stays_light_with_thousands_of_scenarios(tables, monkeypatch):
    """Points of a surface and measured scenarios are a sample, the ranges those of all."""
    monkeypatch.setattr(explorer, "MOST", 20)
    found = payload(tables)
    assert len(found["scenarios"]) == 20
    for goal in SIZES:
        own = found["surfaces"][goal]
        frame = learnt_from(cells(tables["ground"], goal))
        assert len(own["x"]) == min(20, len(frame))
        assert own["ranges"] == measured_ranges(frame)
        # with the scales of all of them, not those of a new search
        scales = tables["kernels"].set_index("goal").loc[goal]
        assert [own["constant"], own["noise"]] == [scales["level"], scales["noise"]]
        table = tables["surface"][tables["surface"]["goal"] == goal].sample(20, random_state=0)
        few = Surface.of_scales(sample(frame, 20), scales)
        at = table[list(AXES)].reset_index(drop=True).assign(binary=own["binary"])
        agrees(own, at.join(few.predict(at)))


def test_a_study_that_learns_from_another_asks_that_one(tables):
    other = made_study(n=15, seed=3)
    other["scenarios"]["scenario"] = other["goals"]["scenario"] = [f"own{i}" for i in range(15)]
    other["strategies"]["scenario"] = "own" + other["strategies"]["scenario"]
    atlas = {name: tables[name] for name in TABLES}
    both = other | learn(**other, comparison={"margin": MARGIN}, atlas=atlas)
    found, theirs = payload(both), payload(tables)
    assert found["surfaces"] == theirs["surfaces"]
    assert found["scenarios"] == theirs["scenarios"]
    (own,) = (s for s in found["goals"][0]["scores"] if s["what"] == LEFT_OUT["study"])
    assert own not in theirs["goals"][0]["scores"]


def test_its_ranges_are_those_that_were_measured(tables, found):
    for goal in SIZES:
        frame = learnt_from(cells(tables["ground"], goal))
        own = found["surfaces"][goal]
        assert own["ranges"] == measured_ranges(frame)
        assert own["sizes"] == {
            kind: {
                "rows": [of["n_samples"].min(), of["n_samples"].max()],
                "columns": [of["n_features"].min(), of["n_features"].max()],
            }
            for kind, of in frame.groupby("response", observed=True)
        }
    narrow, wide = (
        found["surfaces"][g]["ranges"]["gaussian"] for g in ("calibration", "prediction")
    )
    assert narrow["aspect_ratio"][1] < wide["aspect_ratio"][1]


def measured_ranges(frame):
    """By kind of response, as a table with two classes has its own."""
    return {
        kind: {axis: [own[axis].min(), own[axis].max()] for axis in AXES}
        for kind, own in frame.groupby("response", observed=True)
    }


def test_it_says_from_where_on_it_hardly_matters_and_how_often_that_is_true(tables, found):
    assert found["matters"] is None
    rules = tables["rules"].copy()
    rules.loc[rules["goal"] == "explained", "enough"] = 2.0
    told = payload(tables | {"rules": rules})["matters"]
    many = cells(tables["ground"], "explained").query("rows_per_feature >= 2")
    assert told["rows"] == 2
    assert told["n"] == len(many) > 0
    assert told["share"] == pytest.approx((many["points"].abs() <= 1).mean())


def test_goals_come_with_their_scores(tables, found):
    scores = tables["surface_scores"].set_index(["goal", "split"])
    assert [goal["key"] for goal in found["goals"]] == list(SIZES)
    for goal in found["goals"]:
        key = goal["key"]
        said = {score["what"]: score for score in goal["scores"]}
        assert len(said) == len(scores.loc[key])
        for split in scores.loc[key].index:
            for name in ("r2", "coverage"):
                assert said[LEFT_OUT[split]][name] == scores.loc[(key, split), name]
        ratio = key == "prediction"
        assert goal["kind"] == ("log_ratio" if ratio else "difference")
        assert goal["margin"] == (np.log1p(MARGIN) if ratio else ZONES[key])
        # shares of what is explained are told in points
        unit = (100, " points") if key == "explained" else (1, "")
        assert (goal["times"], goal["unit"]) == unit


def test_it_starts_with_a_table_among_those_measured(tables, found):
    start, own = found["start"], found["surfaces"]["prediction"]
    for name in ("rows", "columns"):
        low, high = own["sizes"]["gaussian"][name]
        assert low <= start[name] <= high
    at = {
        "aspect_ratio": start["columns"] / start["rows"],
        "nonzero_share": start["relevant"] / start["columns"],
    }
    for axis, value in at.items():
        low, high = own["ranges"]["gaussian"][axis]
        assert low <= value <= high
    for stops in found["axes"].values():
        assert stops == sorted(set(stops))
    assert set(found["axes"]) == set(found["names"]) == set(AXES)


def test_it_starts_within_the_sizes_where_wide_tables_have_few_rows(tables):
    known = tables["ground"]
    # as where rows times columns are limited
    n = np.where(np.arange(len(known)) % 2, 30, 100)
    p = np.where(n == 30, 60, 20)
    changed = known.assign(n_samples=n, n_features=p, aspect_ratio=p / n)
    found = payload(tables | {"ground": changed})
    own, start = found["surfaces"]["prediction"], found["start"]
    for name in ("rows", "columns"):
        low, high = own["sizes"]["gaussian"][name]
        assert low <= start[name] <= high
    low, high = own["ranges"]["gaussian"]["aspect_ratio"]
    assert low <= start["columns"] / start["rows"] <= high


def test_it_starts_nearby_where_the_study_is_narrow(tables):
    known = tables["ground"]
    kept = known[(known["snr"] < 0.6) & (known["nonzero_share"] > 0.2)]
    start = payload(tables | {"ground": kept})["start"]
    # the ends next to the usual start
    own = kept[~kept["held_out"]]
    share = start["relevant"] / start["columns"]
    assert share == pytest.approx(own["nonzero_share"].min(), abs=0.01)


def test_intervals_are_widened_by_where_they_held_least(tables, found):
    scores = tables["surface_scores"]
    for goal in SIZES:
        held = scores.loc[scores["goal"] == goal, "coverage"].min()
        expected = max(1.0, norm.ppf(0.95) / norm.ppf((1 + max(held, 0.1)) / 2))
        widen = found["surfaces"][goal]["widen"]
        assert set(widen) == set(found["responses"])
        assert list(widen.values()) == pytest.approx([expected] * len(widen))


def test_kinds_that_nothing_was_learnt_from_are_answered_and_their_record_is_told(tables, found):
    """The surface stays; ranges, the record and the width of intervals are those of the kind."""
    ground = tables["ground"]
    half = ground["scenario"].isin(ground["scenario"].unique()[::2])
    # as certain as the learnt ones, and further off
    moved = 3 * ground.loc[half, "effect"]
    others = ground[half].assign(response="poisson", held_out=True, effect=moved)
    others["scenario"] = "c" + others["scenario"].astype(str)
    both = payload(tables, others)
    assert "poisson" in both["responses"] and "poisson" not in found["responses"]
    assert not both["responses"]["poisson"]["classes"]
    assert sum(row["response"] == "poisson" for row in both["scenarios"]) > 0
    for goal in SIZES:
        own, alone = both["surfaces"][goal], found["surfaces"][goal]
        assert [own[key] for key in ("x", "y", "lengths")] == [
            alone[key] for key in ("x", "y", "lengths")
        ]
        frame = cells(others, goal)
        assert own["ranges"]["poisson"] == measured_ranges(frame)["poisson"]
        assert own["ranges"]["gaussian"] == alone["ranges"]["gaussian"]
        tried = own["tried"]["poisson"]
        surface = Surface.of_scales(
            learnt_from(cells(ground, goal)), tables["kernels"].set_index("goal").loc[goal]
        )
        said = surface.predict(frame, frame["mcse"].to_numpy())
        inside = (said["low"].array <= frame["effect"]) & (frame["effect"] <= said["high"].array)
        assert (tried["n"], tried["coverage"]) == (len(frame), pytest.approx(inside.mean()))
        assert tried["r2"] == pytest.approx(r2_score(frame["effect"], said["effect"]))
        assert own["widen"]["gaussian"] == alone["widen"]["gaussian"]
        expected = norm.ppf(0.95) / norm.ppf((1 + max(inside.mean(), 0.1)) / 2)
        assert own["widen"]["poisson"] == pytest.approx(max(expected, own["widen"]["gaussian"]))
    # a kind that was learnt from is not tried
    again = payload(tables, others.assign(response="gaussian"))
    assert again == found


def test_scenarios_are_those_measured(tables, found):
    goals = tables["goals"].set_index(["scenario", "goal"])
    known = tables["scenarios"].set_index("scenario")
    assert len(found["scenarios"]) == len(known)
    for entry in found["scenarios"]:
        row = known.loc[entry["scenario"]]
        assert (entry["n"], entry["p"]) == (row["n_samples"], row["n_features"])
        share = row["effective_nonzero"] / row["n_features"]
        expected = [row["aspect_ratio"], share, row["snr"], row["signal_alignment"]]
        np.testing.assert_allclose(entry["x"], expected, rtol=1e-3)
        for goal, (effect, low, high, verdict) in entry["goals"].items():
            own = goals.loc[(entry["scenario"], goal)]
            np.testing.assert_allclose(
                [effect, low, high], own[["effect", "low", "high"]].to_numpy(float), atol=5.1e-5
            )
            assert verdict == own["verdict"]
        explained = goals.loc[(entry["scenario"], "explained"), "effect"]
        assert entry["points"] == pytest.approx(-100 * explained, abs=0.006)
    measured = sum(len(entry["goals"]) for entry in found["scenarios"])
    assert measured == len(goals)


# the lines to paste


def data_of(kind):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((120, 15)) * np.geomspace(0.1, 10, 15)
    signal = X[:, 0] / 0.1 - X[:, 5] / X[:, 5].std()
    if kind == "poisson":
        return X, rng.poisson(np.exp(signal))
    y = signal + rng.standard_normal(120)
    return X, {"gaussian": y, "binary": y > 0, "multinomial": np.digitize(y, [-1, 1])}[kind] * 1


@pytest.mark.parametrize("kind", RESPONSES)
def test_snippets_run_without_a_warning_and_do_what_their_penalty_does(kind):
    X, y = data_of(kind)
    coef, models = {}, {}
    for penalty in ("l1", "l2"):
        code = SNIPPETS[kind][penalty]
        names = {"X": X, "y": y}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(code, f"{kind} {penalty}", "exec"), names)
        models[penalty] = names["model"]
        fitted = names["model"]
        fitted = fitted[-1] if isinstance(fitted, Pipeline) else fitted
        # of several classes the last one, which grows with the signal
        coef[penalty] = np.atleast_2d(fitted.coef_)[-1]
    assert set(coef) == {"l1", "l2"}
    assert (coef["l1"] == 0).any()
    assert (coef["l2"] != 0).all()
    for penalty in coef:
        # the two that matter, with the right signs, though their units differ by far
        assert set(np.argsort(-np.abs(coef[penalty]))[:2]) == {0, 5}
        assert coef[penalty][0] > 0 > coef[penalty][5]
        told = models[penalty].predict(X)
        assert np.corrcoef(told, y)[0, 1] > 0.6


@pytest.mark.parametrize("kind", RESPONSES)
def test_the_lines_for_both_keep_the_one_of_lower_error(kind):
    X, y = data_of(kind)
    names = {"X": X, "y": y}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(SNIPPETS[kind]["both"], f"{kind} both", "exec"), names)
    assert len(names["errors"]) == 2
    kept = int(np.argmin(names["errors"]))
    assert names["model"] is names["models"][kept]
    # two of fifteen matter
    assert kept == 0


def test_a_small_study_has_no_explorer():
    study = made_study(n=8)
    assert payload(study | learn(**study, comparison={"margin": MARGIN})) is None
