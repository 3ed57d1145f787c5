"""What the penalties say of the features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler
from studies.user_table import as_table

from normwise.advice import models as module
from normwise.advice.models import fit_models, halves
from normwise.advice.wording import factor_rows
from normwise.data.population import draw
from normwise.data.scenario import Scenario
from normwise.tabular import as_table as from_memory

SEED = 8
FORMS = (np.array, sparse.csr_matrix)


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch):
    monkeypatch.setattr(module, "PAIRS", 6)


def modelled(scenario, groups=(), **change):
    X, y = draw(scenario, SEED, 0)
    return fit_models(as_table(X.astype(float), y, scenario.response), groups, 0, 1)


def test_halves_are_complementary():
    y = np.arange(21.0)
    parts = halves(y, "gaussian", np.random.default_rng(0))
    assert len(parts) == 12
    for first, second in zip(parts[::2], parts[1::2], strict=True):
        assert sorted([*first, *second]) == list(range(21)) and abs(len(first) - len(second)) == 1


def test_chosen_coefficients_are_the_path_and_scikit_learns():
    scenario = Scenario(100, 15, 3, snr=2, covariance="ar1", correlation=0.5)
    X, y = draw(scenario, SEED, 0)
    X = X * np.geomspace(0.01, 100, 15)
    found = fit_models(as_table(X, y), (), 0, 1)
    for penalty, chosen in found.chosen.items():
        np.testing.assert_allclose(found.coefs[penalty], found.paths[penalty][chosen])
        np.testing.assert_allclose(found.coefs[penalty], found.coefs[f"{penalty}_raw"] * X.std(0))
        assert (np.diff(found.alphas[penalty]) < 0).all()
    alpha = found.alphas["l1"][found.chosen["l1"]]
    other = Lasso(alpha=alpha, tol=1e-10, max_iter=100_000).fit(
        StandardScaler().fit_transform(X), y
    )
    np.testing.assert_allclose(found.coefs["l1"], other.coef_, atol=1e-6)
    predicted = found.intercepts["l1"] + X @ found.coefs["l1_raw"].to_numpy()
    assert predicted.mean() == pytest.approx(y.mean())
    assert found.gap < 1e-4


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_true_features_are_kept_in_most_halves(response):
    found = modelled(Scenario(300, 30, 3, snr=4, response=response, placement="first")).coefs
    assert (found["selected"][:3] == 1).all() and (found["l1_sign"][:3] == 1).all()
    assert found["selected"][3:].mean() < 0.5
    assert ((found["l1"] == 0) == found["l1_sign"].isna()).all()
    assert (found["l2_sign"][:3] == 1).all()


def test_noise_keeps_nothing_firmly():
    rng = np.random.default_rng(1)
    found = fit_models(
        as_table(rng.standard_normal((80, 10)), rng.standard_normal(80)), (), 0, 1
    ).coefs
    assert found["selected"].max() < 0.9


def test_copies_are_chosen_between_by_chance():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((120, 6))
    X[:, 1] = X[:, 0] + 0.1 * rng.standard_normal(120)
    X[:, 3] = X[:, 2] + 0.6 * rng.standard_normal(120)
    y = X[:, 0] + X[:, 1] + 3 * X[:, 4] + 2 * rng.standard_normal(120)
    found = fit_models(as_table(X, y), ((0, 1), (4,)), 0, 1)
    assert found.by_chance == (0,)
    assert list(found.coefs["group"]) == [0, 0, -1, -1, 1, -1]


def test_processes_and_sparse_storage_do_not_matter():
    scenario = Scenario(90, 12, 3, snr=3, features="sparse_binary", density=0.3)
    X, y = draw(scenario, SEED, 0)
    X = X.astype(float)
    first = fit_models(as_table(X, y), (), 0, 1)
    pd.testing.assert_frame_equal(fit_models(as_table(X, y), (), 0, 2).coefs, first.coefs)
    other = fit_models(as_table(sparse.csr_matrix(X), y), (), 0, 1)
    np.testing.assert_allclose(other.coefs["l2"], first.coefs["l2"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(other.coefs["l1"], first.coefs["l1"], atol=2e-3)


def test_sparse_storage_does_not_matter_far_from_zero():
    rng = np.random.default_rng(5)
    X = (rng.random((90, 4)) < 0.4) * rng.standard_normal((90, 4))
    X[:, 0] = 1.7e9 + 300 * rng.random(90)
    y = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std() + 0.3 * rng.standard_normal(90)
    first, other = (fit_models(as_table(kind(X), y), (), 0, 1).coefs for kind in FORMS)
    assert first["l1"][0] > 0.8
    for name in ("l1", "l2", "elastic_net"):
        np.testing.assert_allclose(other[name], first[name], rtol=1e-5, atol=1e-6)


def test_more_features_than_rows():
    found = modelled(Scenario(40, 80, 3, snr=5))
    assert (found.coefs["l1"] != 0).sum() <= 40 and (found.coefs["l2"] != 0).all()
    assert np.isfinite(found.coefs.drop(columns=["feature", "l1_sign"]).to_numpy(float)).all()


def test_a_factor_is_told_as_a_whole():
    rng = np.random.default_rng(0)
    city, noise = rng.choice(list("abcd"), 300), rng.choice(list("uvwxyz"), 300)
    frame = pd.DataFrame({"city": city, "x": rng.standard_normal(300), "noise": noise})
    frame["sex"] = rng.choice(["f", "m"], 300)
    effect = pd.Series(city).map({"a": 0.0, "b": 2.0, "c": -2.0, "d": 1.0}).to_numpy()
    table = from_memory(frame, effect + frame["x"] + rng.standard_normal(300))
    # two levels are one feature
    assert {name: len(levels) for name, levels in table.factors.items()} == {"city": 3, "noise": 5}
    assert all(set(levels) <= set(table.names) for levels in table.factors.values())
    found = fit_models(table, (), 0, 1)
    assert list(found.factors["factor"]) == ["city", "noise"]
    city_row = found.factors.iloc[0]
    assert (city_row["levels"], city_row["kept"], city_row["selected"]) == (3, 3, 1.0)
    own = [table.names.index(level) for level in table.factors["noise"]]
    kept = found.coefs["selected"].to_numpy()[own]
    # that one of many levels is kept somewhere would say nothing
    assert found.factors["selected"][1] == kept.max()
    assert found.factors["level"][1] == table.names[own[int(kept.argmax())]]
    said = dict(factor_rows(found))
    assert said["city"].startswith(f"3 of 3 levels kept; most often {city_row['level']}, in 100")


def test_a_table_without_factors_has_none():
    X = np.random.default_rng(0).standard_normal((60, 3))
    assert not len(fit_models(from_memory(X, X[:, 0]), (), 0, 1).factors)
