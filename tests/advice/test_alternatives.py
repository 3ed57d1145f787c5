"""What else predicts a table: paired with L1 and L2, and told where it matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from studies.user_table import as_table
from test_recommendation import contest_of

from normwise.advice import alternatives, contest
from normwise.advice.alternatives import WAYS, try_others
from normwise.advice.contest import compare
from normwise.advice.recommendation import _beyond, _no_linear_model
from normwise.advice.wording import other_rows
from normwise.data.population import draw
from normwise.data.scenario import Scenario
from normwise.tabular import as_table as from_memory


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch):
    monkeypatch.setattr(contest, "REPEATS", (2, 2))


def tried(table, n_folds=5):
    found = compare(table, 0.01, 0, 1, n_folds=n_folds)
    return found, try_others(table, found, 0, 1, n_folds).set_index("name")


def curved(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5))
    return X, X[:, 0] ** 2 + 0.3 * rng.standard_normal(n)


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_an_elastic_net_of_one_share_is_that_of_the_head_to_head(monkeypatch, response):
    monkeypatch.setattr(alternatives, "SHARES", (0.5,))
    table = as_table(*draw(Scenario(80, 12, 3, snr=2, response=response), 3, 0))
    found, others = tried(table)
    first = found.differences[found.differences["repeat"] == 0]
    net = others.loc["tuned_elastic_net"]
    base = first[["l1", "l2"]].mean()
    assert net["base"] == base.idxmax()
    assert net["gain"] == pytest.approx(first["elastic_net"].mean() - base.max(), abs=1e-12)
    assert net["low"] < net["gain"] < net["high"]
    # beside what the penalties explain in all divisions
    whole = found.scores.set_index("penalty").loc[net["base"], "explained"]
    assert net["explained"] == pytest.approx(whole + net["gain"], rel=1e-12)


def test_trees_see_what_no_linear_model_does():
    X, y = curved()
    found, others = tried(from_memory(X, y))
    trees = others.loc["boosted_trees"]
    assert trees["explained"] > 0.5 and trees["low"] > 0.3
    said = _beyond(contest_with(found, others))
    assert said[0].startswith("Boosted trees explain ") and "the penalty" in said[0]
    gain = round(100 * trees["gain"])
    assert _no_linear_model(contest_with(found, others)) == (
        f" Boosted trees explain {gain} points more than either."
    )
    # a straight line has nothing for them
    linear = from_memory(X, X @ np.ones(5) + np.random.default_rng(1).standard_normal(300))
    found, others = tried(linear)
    assert others.loc["boosted_trees", "gain"] < 0
    assert not any("Boosted" in text for text in _beyond(contest_with(found, others)))
    assert _no_linear_model(contest_with(found, others)) == ""


def contest_with(found, others):
    return replace(found, others=others.reset_index())


def test_the_relaxed_lasso_gains_where_few_coefficients_are_large():
    table = as_table(*draw(Scenario(100, 200, 3, snr=4), 3, 0))
    relaxed = tried(table)[1].loc["relaxed_lasso"]
    assert relaxed["base"] == "l1" and relaxed["gain"] > 0.02


def test_where_a_way_is_not_to_be_had_it_is_left_out():
    X, y = curved(60)
    thin = from_memory(sparse.csr_array(np.where(np.abs(X) < 1, 0, X)), y)
    found, others = tried(thin)
    assert others["explained"].isna().tolist() == [False, True, True]
    shown = other_rows(contest_with(found, others))
    assert [name for name, *_ in shown] == ["elastic net, share of L1 tuned"]
    classes = from_memory(X, y > np.median(y))
    _, others = tried(classes)
    assert others["explained"].isna().tolist() == [False, True, False]
    assert other_rows(contest_of()) == [] and _beyond(contest_of()) == []
    assert _no_linear_model(contest_of()) == ""


def test_rows_that_belong_together_and_weights_are_respected():
    X, y = curved(120)
    groups, weights = np.arange(120) // 4, np.random.default_rng(3).random(120) + 0.5
    for rows in ({"groups": groups}, {"time": np.arange(120)}, {"weights": weights}):
        _, others = tried(from_memory(X, y, **rows))
        assert np.isfinite(others[["explained", "gain", "low", "high"]]).all(axis=None)
    # weights that are all one are none
    _, plain = tried(from_memory(X, y))
    _, ones = tried(from_memory(X, y, weights=np.ones(120)))
    pd.testing.assert_frame_equal(plain, ones)
    assert list(plain.index) == list(WAYS)


def test_the_first_of_few_times_leaves_no_folds_to_choose_by(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 4))
    y = X[:, 0] + rng.standard_normal(120)
    for response, missing in ((y, [False] * 3), (y > 0, [False, True, False])):
        table = from_memory(X, response, time=2015 + np.arange(120) // 20)
        found, others = tried(table)
        # neither L1 nor L2 is there, and all are compared on the other parts
        assert found.differences["l1"].isna().tolist() == [True] + [False] * 4
        assert others["gain"].isna().tolist() == missing


def test_what_is_not_tried_in_every_part_is_left_out(monkeypatch):
    # of training parts with one row more or less some are too large
    monkeypatch.setattr(alternatives, "MOST_KEPT", 64)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((81, 70))
    table = from_memory(X, X[:, 0] + rng.standard_normal(81))
    found, others = tried(table)
    assert others.loc["relaxed_lasso", ["explained", "gain", "low", "high"]].isna().all()
    assert "relaxed lasso" not in [name for name, *_ in other_rows(contest_with(found, others))]


def test_trees_split_a_small_table_too():
    X, y = curved(48)
    _, others = tried(from_memory(X, y))
    assert others.loc["boosted_trees", "explained"] > 0.2


def test_the_number_of_threads_changes_nothing():
    X, y = curved(80)
    table = from_memory(X, y)
    found = compare(table, 0.01, 0, 1)
    one, two = (try_others(table, found, 0, n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_large_tables_are_cut_for_the_trees(monkeypatch):
    monkeypatch.setattr(alternatives, "TREE_CELLS", 500)
    X, y = curved(400)
    _, others = tried(from_memory(X, y))
    assert 0.2 < others.loc["boosted_trees", "explained"] < 0.95
