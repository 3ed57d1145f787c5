"""Advice on counts and on several classes, from the target to the lines that fit it again."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_poisson_deviance
from studies.made_advice import make_place

from normwise.advice import advise, advise_table, contest, models
from normwise.advice.alternatives import try_others
from normwise.advice.atlas import shipped
from normwise.advice.contest import compare, divide
from normwise.advice.diagnosis import diagnose
from normwise.advice.findings import Models
from normwise.advice.models import fit_models
from normwise.advice.outcome import columns_of, deviance_residuals, indicators
from normwise.advice.place import locate
from normwise.advice.recommendation import recommend
from normwise.advice.refit import lines_for
from normwise.advice.signs import find_signs
from normwise.cli import main
from normwise.data.rows import Rows
from normwise.tabular import InputError, as_table, read_table

KINDS = ("poisson", "multinomial")
NO_MODELS = Models(pd.DataFrame(), {}, {}, {}, {}, (), 0, 0.0)


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch):
    monkeypatch.setattr(contest, "REPEATS", (2, 2))
    monkeypatch.setattr(models, "PAIRS", 4)


def drawn(kind, n=150, p=8, k=2, strength=1.0, seed=0, offset=None):
    """Features and a response of which k features, or k for each class, say something."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    outputs = 3 if kind == "multinomial" else 1
    b = np.zeros((outputs, p))
    for row in b:
        row[rng.permutation(p)[:k]] = rng.choice([-1.0, 1.0], k)
    eta = X @ (strength * b / np.sqrt(k)).T
    if kind == "multinomial":
        return X, np.array(["ant", "bee", "cat"])[(eta + rng.gumbel(size=eta.shape)).argmax(axis=1)]
    known = 0 if offset is None else offset
    return X, rng.poisson(np.exp(0.7 - strength**2 / 2 + eta[:, 0] + known))


def table_of(kind, **options):
    return as_table(*drawn(kind, **options), response=kind)


@pytest.fixture(scope="module")
def advised(module_map):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contest, "REPEATS", (2, 2))
        patch.setattr(models, "PAIRS", 4)
        return {kind: advise_table(table_of(kind), n_jobs=1) for kind in KINDS}


@pytest.fixture(scope="module")
def module_map(map_tables):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("normwise.advice.atlas.read_atlas", lambda _: map_tables)
        yield


# how the response is described


def test_squares_of_the_residuals_of_counts_are_their_deviance():
    rng = np.random.default_rng(1)
    exposure = rng.uniform(1, 9, 200)
    y = rng.poisson(exposure)
    found = deviance_residuals(y, np.log(exposure))
    mean = exposure * y.sum() / exposure.sum()
    assert (found**2).mean() == pytest.approx(mean_poisson_deviance(y, mean))
    assert (np.sign(found) == np.sign(y - mean)).all()
    np.testing.assert_allclose(deviance_residuals(y, np.log(exposure) + 7), found)


def test_columns_of_classes_count_alike():
    y = np.repeat([0.0, 1.0, 2.0], [70, 20, 10])
    found = indicators(y, None)
    assert found.shape == (100, 3)
    # in all as many squares as there are classes beside one
    assert found.var(axis=0).sum() == pytest.approx(2)
    table = table_of("multinomial")
    rows = np.arange(40)
    np.testing.assert_array_equal(columns_of(table, rows).argmax(axis=1), table.y[:40])


@pytest.mark.parametrize("kind", KINDS)
def test_a_stronger_signal_has_a_larger_ratio(kind):
    unit = {"poisson": 0.5, "multinomial": 1.0}[kind]
    found = [diagnose(table_of(kind, n=400, strength=s * unit), 0)[0] for s in (0, 1, 2)]
    assert found[0].snr_low == 0 and found[0].snr < found[1].snr < found[2].snr
    assert found[1].snr_low > 0
    assert np.isnan(found[0].positive_share) and np.isnan(found[0].skewness)


@pytest.mark.parametrize("kind", KINDS)
def test_few_coefficients_are_told_from_many(kind):
    few, many = (
        diagnose(table_of(kind, n=500, p=40, k=k, strength=1.2), 0)[0].effective_nonzero
        for k in (2, 40)
    )
    assert few < 8 < 15 < many


def test_rare_classes_are_named():
    X, y = drawn("multinomial")
    y = np.where(np.arange(150) < 6, "dog", y)
    found = diagnose(as_table(X, y), 0)[0]
    assert found.class_rows == tuple(pd.Series(y).value_counts().sort_index())
    (said,) = [text for text in found.warnings if "Few of the" in text]
    assert "dog (6)" in said and "ant" not in said
    assert not any("Few of" in text for text in diagnose(table_of("multinomial"), 0)[0].warnings)


def test_classes_in_blocks_are_no_order_of_the_rows():
    X, y = drawn("multinomial", n=300)
    order = np.argsort(y)
    assert not find_signs(as_table(X[order], y[order]), 0)
    # stretches of one class
    turns = np.array(["ant", "bee", "cat"])[np.arange(300) // 10 % 3]
    X = X + (np.arange(300)[:, None] // 10 % 3 == np.arange(8) % 3)
    assert [sign.kind for sign in find_signs(as_table(X, turns), 0)] == ["order"]


# the head to head


def test_errors_are_those_of_the_classes_and_of_scikit_learn():
    table = table_of("multinomial")
    found = compare(table, 0.01, 0, 1)
    division = divide(table, 0, 5).divisions[0]
    null, l2 = [], []
    for train, test in division:
        prior = DummyClassifier(strategy="prior").fit(table.X[train], table.y[train])
        null.append(log_loss(table.y[test], prior.predict_proba(table.X[test])))
        model = LogisticRegression(C=1 / (0.02 * len(train))).fit(table.X[train], table.y[train])
        l2.append(log_loss(table.y[test], model.predict_proba(table.X[test])))
    first = found.differences[found.differences["repeat"] == 0]
    np.testing.assert_allclose(first["null"], null, rtol=1e-6)
    # a strength near the one that is chosen
    assert (np.mean(null) - np.mean(l2)) / found.null == pytest.approx(first["l2"].mean(), abs=0.04)


def test_errors_of_counts_are_deviances_with_their_offsets():
    rng = np.random.default_rng(3)
    offset = rng.normal(0, 1, 200)
    X, y = drawn("poisson", n=200, offset=offset)
    table = as_table(X, y, offset=offset)
    found = compare(table, 0.01, 0, 1)
    null = []
    for train, test in divide(table, 0, 5).divisions[0]:
        rate = y[train].sum() / np.exp(offset[train]).sum()
        null.append(mean_poisson_deviance(y[test], rate * np.exp(offset[test])))
    first = found.differences[found.differences["repeat"] == 0]
    np.testing.assert_allclose(first["null"], null, rtol=1e-6)
    scores = found.scores.set_index("penalty")["explained"]
    # without the exposures the features explain less, and a constant in them is none
    plain = compare(as_table(X, y, response="poisson"), 0.01, 0, 1)
    assert scores["l1"] > plain.scores.set_index("penalty").loc["l1", "explained"] + 0.1
    shifted = compare(as_table(X, y, offset=offset + 3), 0.01, 0, 1)
    np.testing.assert_allclose(shifted.scores["explained"], found.scores["explained"], rtol=1e-4)
    trees = try_others(table, found, 0, 1).set_index("name").loc["boosted_trees"]
    moved = try_others(as_table(X, y, offset=offset + 3), shifted, 0, 1).set_index("name")
    assert trees["explained"] > 0.2
    assert moved.loc["boosted_trees", "explained"] == pytest.approx(trees["explained"], abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_trees_see_curves_in_the_loss_of_the_kind(kind):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((400, 3))
    curve = X[:, 0] ** 2
    y = rng.poisson(np.exp(1.5 - curve)) if kind == "poisson" else np.digitize(curve, [0.2, 1])
    table = as_table(X, y, response=kind)
    found = compare(table, 0.01, 0, 1)
    others = try_others(table, found, 0, 1).set_index("name")
    assert others.loc["boosted_trees", "gain"] > 0.3
    assert np.isnan(others.loc["relaxed_lasso", "gain"])
    assert np.isfinite(others.loc["tuned_elastic_net", "gain"])


@pytest.mark.parametrize("kind", KINDS)
def test_equal_weights_and_threads_and_storage_change_nothing(kind):
    X, y = drawn(kind, n=100, p=5)
    table = as_table(X, y, response=kind)
    one = compare(table, 0.01, 0, 1)
    pd.testing.assert_frame_equal(compare(table, 0.01, 0, 2).scores, one.scores)
    twice = compare(as_table(X, y, response=kind, weights=np.full(100, 2.0)), 0.01, 0, 1)
    np.testing.assert_allclose(twice.scores["error"], one.scores["error"], rtol=1e-6)
    thin = np.where(np.abs(X) < 1, 0, X)
    dense, other = (
        compare(as_table(form(thin), y, response=kind), 0.01, 0, 1).scores["error"]
        for form in (np.array, sparse.csr_matrix)
    )
    np.testing.assert_allclose(other, dense, rtol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_count_as_copies_do(kind):
    X, y = drawn(kind, n=120, p=5)
    weights = 1.0 + np.arange(120) % 3
    found = fit_models(as_table(X, y, response=kind, weights=weights), (), 0, 1)
    plain = fit_models(as_table(X, y, response=kind), (), 0, 1)
    assert not np.allclose(found.coefs["l2"], plain.coefs["l2"], rtol=1e-3)
    # at the strength that was chosen the weighted fit is that of the copies
    rows = np.repeat(np.arange(120), weights.astype(int))
    table = as_table(X[rows], y[rows], response=kind)
    from normwise.fitting.solvers.outputs import problem_of

    alpha = found.alphas["l2"][found.chosen["l2"]]
    path = problem_of(table.X, table.y, kind).path(np.array([alpha]), 0.0, 1e-8)
    np.testing.assert_allclose(
        found.coefs["l2_raw"], models.flat(path.coef)[0], rtol=2e-3, atol=2e-4
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["groups", "time"])
def test_groups_and_times_are_respected(kind, role):
    X, y = drawn(kind, n=150)
    labels = {"groups": np.arange(150) % 10, "time": np.arange(150) // 5}
    table = as_table(X, y, response=kind, **{role: labels[role]})
    for splits in divide(table, 0, 5).divisions:
        for train, test in splits:
            if role == "groups":
                assert not set(labels["groups"][train]) & set(labels["groups"][test])
            else:
                assert labels["time"][train].max() < labels["time"][test].min()
    told = advise_table(table, n_jobs=1)
    assert told.contest.scores["explained"].notna().sum() >= 3
    assert told.recommendation.code.count(role) >= 2


def test_a_training_part_without_a_class_is_left_out():
    X, y = drawn("multinomial", n=150)
    # a class that appears late, and one that one group alone has
    late = np.where(y == "cat", "bee", y)
    late[60:140:3] = "dog"
    table = as_table(X, late, time=np.arange(150))
    (splits,) = divide(table, 0, 5).divisions
    assert 2 <= len(splits) < 5
    assert all({0, 1, 2} == set(table.y[train]) for train, _ in splits)
    assert compare(table, 0.01, 0, 1).scores["explained"].notna().sum() >= 3
    groups = np.arange(150) // 15
    own = np.where(y == "cat", "bee", y)
    own[:10] = "dog"
    table = as_table(X, own, groups=groups)
    assert all(len(splits) == 4 for splits in divide(table, 0, 5).divisions)
    told = advise_table(table, n_jobs=1)
    assert 0 < told.models.n_resamples < 8
    # two classes with a group of their own are never in the same half
    own[15:25] = "eel"
    with pytest.raises(InputError, match="no half of the table with every class"):
        fit_models(as_table(X, own, groups=groups), (), 0, 1)
    own[:] = y
    own[np.isin(own, ["cat"])] = "bee"
    own[147:] = own[142:147:2] = "dog"
    with pytest.raises(InputError, match="fewer than two divisions with every class"):
        compare(as_table(X, own, time=np.arange(150)), 0.01, 0, 1)


def test_parts_without_an_event_are_left_out():
    X, _ = drawn("poisson", n=150)
    y = np.zeros(150)
    y[60:] = np.random.default_rng(0).poisson(2, 90)
    (splits,) = divide(as_table(X, y, response="poisson", time=np.arange(150)), 0, 5).divisions
    assert len(splits) < 5 and all(y[train].any() for train, _ in splits)


def test_a_fit_without_a_penalty_that_grows_without_end_is_none():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.standard_normal((90, 3)) + 9 * np.eye(3)[y]
    found = compare(as_table(X, y, response="multinomial"), 0.01, 0, 1).scores
    none = found.set_index("penalty").loc["none"]
    assert np.isnan(none["explained"]) and none["failed"] == 1
    for kind in KINDS:
        none = compare(table_of(kind, n=300, p=3), 0.01, 0, 1).scores.set_index("penalty")
        assert none.loc["none", "failed"] == 0
        assert none.loc["none", "explained"] == pytest.approx(none.loc["l2", "explained"], abs=0.03)


# models, and the lines that fit them again


def test_each_class_has_its_coefficients(advised):
    told = advised["multinomial"]
    coefs = told.to_frame()
    assert list(coefs.columns[:3]) == ["feature", "class", "l1"]
    assert list(coefs["feature"][:4]) == ["x0", "x0", "x0", "x1"]
    assert list(coefs["class"][:4]) == ["ant", "bee", "cat", "ant"]
    table, found = told.table, told.models
    for name in ("l1", "l2", "elastic_net"):
        np.testing.assert_allclose(coefs[name], found.paths[name][found.chosen[name]])
        raw = coefs[f"{name}_raw"].to_numpy().reshape(8, 3)
        np.testing.assert_allclose(coefs[name], (raw * table.X.std(axis=0)[:, None]).ravel())
        eta = table.X @ raw + found.intercepts[name]
        share = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
        # the mean probability of a class is its share
        np.testing.assert_allclose(share.mean(axis=0), np.bincount(table.y.astype(int)) / 150)
    # a feature is kept, or not, for all classes
    assert (coefs.groupby("feature")["selected"].nunique() == 1).all()
    assert coefs["selected"].between(0, 1).all()


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_fit_the_same_coefficients_again(tmp_path, monkeypatch, kind, penalty):
    monkeypatch.chdir(tmp_path)
    X, y = drawn(kind, n=200)
    pd.DataFrame(X).add_prefix("x").assign(count=y).to_csv("t.csv", index=False)
    table = read_table("t.csv", "count")
    assert table.response == kind and not table.told
    found = fit_models(table, (), 0, 1)
    scope: dict[str, object] = {}
    exec(lines_for(table, penalty, found), scope)
    model = scope["model"]
    np.testing.assert_array_equal(scope["y"], table.y)
    own = found.coefs[penalty if hasattr(model, "steps") else f"{penalty}_raw"].to_numpy()
    coef = model[-1].coef_ if hasattr(model, "steps") else model.coef_
    np.testing.assert_allclose(np.atleast_2d(coef).T.ravel(), own, rtol=5e-3, atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_tune_where_rows_belong_together(kind):
    X, y = drawn(kind, n=120, p=4)
    known = {"groups": np.arange(120) % 12, "weights": 1.0 + np.arange(120) % 2}
    if kind == "poisson":
        known["exposure"] = 1.0 + np.arange(120) % 5
    table = as_table(X, y, response=kind, **known)
    found = fit_models(table, (), 0, 1)
    scope = {"X": X, "y": y, "offset": table.rows.offset, **known}
    lines = lines_for(table, None, found)
    assert ("offset=table.rows.offset" in lines) == (kind == "poisson")
    exec(lines, scope)
    first, second = scope["l1"], scope["l2"]
    assert first.penalty == "l1" and second.penalty == "l2"
    assert np.shape(second.coef_) == ((4,) if kind == "poisson" else (3, 4))


# the answer


# few coefficients, and as many as there are features; the lead of the better one is over 5 points
CLEAR = {
    ("poisson", "l1"): {"n": 300, "p": 100, "k": 1, "strength": 0.5, "seed": 1},
    ("poisson", "l2"): {"n": 300, "p": 100, "k": 100, "strength": 0.8, "seed": 2},
    ("multinomial", "l1"): {"n": 120, "p": 30, "k": 1, "strength": 2.5, "seed": 0},
    ("multinomial", "l2"): {"n": 200, "p": 40, "k": 40, "strength": 2.0, "seed": 0},
}


@pytest.mark.parametrize(("kind", "better"), CLEAR)
def test_where_it_is_clear_the_better_penalty_is_named(kind, better):
    table = table_of(kind, **CLEAR[kind, better])
    found = compare(table, 0.01, 0, 1)
    diagnosis, signal = diagnose(table, 0)
    place = locate(table, signal, shipped())
    said = recommend(table, diagnosis, found, NO_MODELS, place)
    assert said.answer == better
    name = {"l1": "L1 (lasso)", "l2": "L2 (ridge)"}[better]
    assert f"se {name}: it explains more" in said.headline


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_be_learnt_is_said_in_the_words_of_the_kind(kind):
    told = advise_table(table_of(kind, strength=0.0), n_jobs=1).recommendation
    assert told.answer == "open"
    null = {"poisson": "the mean count", "multinomial": "the shares of the classes"}[kind]
    unit = {"poisson": "Poisson deviance", "multinomial": "log-loss"}[kind]
    assert f"better than {null} do" in told.headline and f"of the {unit} of" in told.reasons[0]


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_map_other_scenarios_stand_in(advised, kind):
    told = advised[kind]
    stand_in = {"poisson": "a number", "multinomial": "two classes"}[kind]
    assert told.place.stand_in == stand_in and len(told.place.neighbours)
    assert np.isfinite([told.place.load, told.place.effect]).all()
    said = [text for text in told.recommendation.doubts if "stand in" in text]
    assert len(said) == 1 and f"those with {stand_in} stand in" in said[0]
    assert not make_place().stand_in


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_with_scenarios_of_the_kind_is_asked_for_those(kind):
    table, map_of = table_of(kind), shipped()
    _, signal = diagnose(table, 0)
    cells = map_of.cells
    other = "binary" if kind == "multinomial" else "gaussian"
    own = cells.assign(response=np.where(cells["response"] == other, kind, "gaussian"))
    place = locate(table, signal, replace(map_of, cells=own))
    assert not place.stand_in and len(place.measured) == (cells["response"] == other).sum()
    none = locate(table, signal, replace(map_of, cells=cells[cells["binary"] == -1]))
    assert not none.inside and none.outside == ("no scenario has such a response",)


@pytest.mark.parametrize("kind", KINDS)
def test_page_and_terminal_speak_of_the_kind(advised, kind, tmp_path):
    told = advised[kind]
    text = told.report(tmp_path / "a.html").read_text(encoding="utf-8")
    screen = io.StringIO()
    told.show(Console(file=screen, width=200))
    shown = screen.getvalue()
    nature = {
        "poisson": "the response is a count, the models are of the logarithm of its mean (Poisson)",
        "multinomial": "the response has 3 classes, ant, bee, cat, the models are multinomial",
    }[kind]
    assert nature in text
    error = {"poisson": "mean Poisson deviance", "multinomial": "mean log-loss"}[kind]
    assert error in text and "variance of the held-out rows" not in text
    assert "mean squared error" not in text.lower() and "squared error" not in shown
    assert "nan" not in shown and ">nan" not in text
    assert f"those with {told.place.stand_in} stand in" in text and "figure-map" in text
    assert "stand in" in shown
    if kind == "multinomial":
        assert "feature · class" in shown and "x0 · " in text
        assert "3: ant (" in shown
    else:
        assert "deviance residuals" in text and "3 classes" not in shown


def test_advise_takes_offsets_by_name_and_as_arrays():
    rng = np.random.default_rng(4)
    years = rng.uniform(0.5, 4, 120)
    X, y = drawn("poisson", n=120, p=4, offset=np.log(years))
    frame = pd.DataFrame(X).add_prefix("x").assign(years=years)
    one = advise(frame, y, exposure="years", n_jobs=1)
    other = advise(X, y, offset=np.log(years), family="poisson", n_jobs=1)
    assert one.table.response == other.table.response == "poisson"
    assert one.table.names == other.table.names == ("x0", "x1", "x2", "x3")
    np.testing.assert_allclose(one.models.coefs["l2"], other.models.coefs["l2"])
    assert "exposure='years'" in one.recommendation.code
    assert any("offset is part of every prediction" in text for text in one.recommendation.doubts)


def test_copies_of_a_class_are_a_leak():
    X, y = drawn("multinomial")
    told = advise(np.column_stack([X, y == "bee"]), y, n_jobs=1)
    assert told.recommendation.headline.startswith("Leave out what copies the target")


def test_the_command_line_takes_kinds_and_exposures(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    years = rng.uniform(0.5, 4, 120)
    X, y = drawn("poisson", n=120, p=4, offset=np.log(years))
    frame = pd.DataFrame(X).add_prefix("x").assign(years=years, log_years=np.log(years), claims=y)
    frame.to_csv("claims.csv", index=False)
    run = ["advise", "claims.csv", "--target", "claims", "--no-report", "--jobs", "1"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main([*run, "--exposure", "years", "--drop", "log_years"]) == 0
    first = capsys.readouterr().out
    assert "response=\"poisson\", exposure='years'" in first
    assert main([*run, "--offset", "log_years", "--drop", "years", "--family", "poisson"]) == 0
    assert "offset='log_years'" in capsys.readouterr().out
    assert main([*run, "--response", "gaussian", "--exposure", "years"]) == 2
    assert "exposure is for counts, and target 'claims' is taken as gaussian" in (
        capsys.readouterr().err
    )
    frame.assign(kind=np.digitize(y, [1, 3])).drop(columns="claims").to_csv("k.csv", index=False)
    assert main(["advise", "k.csv", "--target", "kind", "--no-report", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "Target 'kind' has 3 classes" in out and "called as" in out.replace("\n", " ")


def test_offsets_go_with_their_rows():
    rows = Rows(offset=np.arange(5.0), weights=np.ones(5))
    known = rows.known(np.array([1, 3]))
    np.testing.assert_array_equal(known["offset"], [1, 3])
    assert set(known) == {"offset", "sample_weight"} and Rows().known(slice(None)) == {}
