"""Rows that belong together: held out together, tested on what follows, and noticed unasked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LassoCV, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from normwise import L1ClassifierCV, L1RegressorCV
from normwise.advice import advise, contest, models
from normwise.advice.contest import compare
from normwise.advice.diagnosis import diagnose
from normwise.advice.findings import Models
from normwise.advice.models import halves
from normwise.advice.page import write_page
from normwise.advice.refit import lines_for
from normwise.advice.signs import find_signs
from normwise.data.population import draw
from normwise.data.rows import Rows, copies_of_rows
from normwise.data.scenario import Scenario
from normwise.fitting.tuning import make_folds
from normwise.tabular import InputError, as_table, read_table

NO_MODELS = Models(pd.DataFrame(), {}, {}, {}, {}, (), 0, 0.0)
# copies of rows make coordinate descent slow
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def few_repeats(monkeypatch):
    monkeypatch.setattr(contest, "REPEATS", (2, 3))
    monkeypatch.setattr(models, "PAIRS", 4)


def patients(seed, n_patients=30, visits=10, n_features=40, effect=0.0, rng=None):
    """Features and a mean of each patient's own, of which the first feature is a part."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_patients), visits)
    features = rng.standard_normal((n_patients, n_features))
    own = effect * features[:, 0] + rng.standard_normal(n_patients)
    return features[groups], own[groups] + 0.3 * rng.standard_normal(len(groups)), groups


def walks(seed, n=200, p=20):
    steps = np.random.default_rng(seed).standard_normal((n, p + 1)).cumsum(axis=0)
    return steps[:, :p], steps[:, p]


def independent(seed):
    """Shuffled rows of every kind of column: decimals, ratings, counts, ages."""
    rng = np.random.default_rng([5, seed])
    n, p = int(rng.choice([40, 100, 200, 500])), int(rng.choice([3, 10, 40]))
    loads = rng.standard_normal((p, 3))
    values = rng.standard_normal((n, 3)) @ loads.T * rng.uniform() + rng.standard_normal((n, p))
    coarse = [
        lambda v: v,
        lambda v: np.round(3 * v).astype(int),
        lambda v: rng.poisson(np.exp(1 + 0.6 * v / v.std())),
        lambda v: (40 + 12 * v / v.std()).round().astype(int),
        lambda v: np.round(v, 1),
    ]
    X = pd.DataFrame({f"f{j}": coarse[rng.integers(5)](values[:, j]) for j in range(p)})
    y = values @ (rng.standard_normal(p) * (rng.uniform(size=p) < 0.3)) + rng.standard_normal(n)
    return X, y if seed % 2 else (y > np.median(y)).astype(int)


def nested(X, y, outer, inner):
    """Shares of explained error of L1 and L2 by scikit-learn alone."""
    found = {}
    for name in ("l1", "l2"):
        error: list[float] = []
        null: list[float] = []
        for train, test in outer:
            splits = inner(train)
            if name == "l1":
                model = make_pipeline(StandardScaler(), LassoCV(cv=splits, alphas=30, tol=1e-3))
            else:
                ridge = make_pipeline(StandardScaler(), Ridge())
                alphas = {"ridge__alpha": np.geomspace(1e-2, 1e5, 50)}
                model = GridSearchCV(ridge, alphas, cv=splits, scoring="neg_mean_squared_error")
            model.fit(X[train], y[train])
            error.append(np.mean((model.predict(X[test]) - y[test]) ** 2))
            null.append(np.mean((y[train].mean() - y[test]) ** 2))
        found[name] = 1 - np.mean(error) / np.mean(null)
    return found


def explained(found):
    return found.scores.set_index("penalty")["explained"]


# folds


@pytest.mark.parametrize("response", ["gaussian", "binary"])
@pytest.mark.parametrize("unequal", [False, True])
def test_folds_keep_groups_whole_and_even(response, unequal):
    rng = np.random.default_rng(1)
    n = 240
    groups = rng.integers(0, 40, n) ** (2 if unequal else 1)
    y = (rng.uniform(size=n) < 0.3) * 1.0 if response == "binary" else rng.standard_normal(n)
    splits = make_folds(y, 5, response, rng, Rows(groups))
    tested = np.concatenate([test for _, test in splits])
    assert len(splits) == 5 and sorted(tested) == list(range(n))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert abs(len(test) - n / 5) <= 12
        if response == "binary":
            assert abs(y[test].mean() - y.mean()) < 0.12
    again = make_folds(y, 5, response, np.random.default_rng(1), Rows(groups))
    other = make_folds(y, 5, response, np.random.default_rng(2), Rows(groups))
    assert len({tuple(test) for _, test in again} & {tuple(test) for _, test in other}) < 5


def test_folds_of_times_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    order = rng.permutation(200)
    splits = make_folds(
        rng.standard_normal(200), 5, "gaussian", rng, Rows(time=order.astype(float))
    )
    expected = list(TimeSeriesSplit(5).split(np.zeros((200, 1))))
    for (train, test), (train_, test_) in zip(splits, expected, strict=True):
        assert sorted(order[train]) == train_.tolist()
        assert sorted(order[test]) == test_.tolist()


def test_equal_times_and_shared_groups_are_on_one_side():
    rng = np.random.default_rng(0)
    time, groups = np.repeat(np.arange(30.0), 10), rng.integers(0, 60, 300)
    y = rng.standard_normal(300)
    for train, test in make_folds(y, 5, "gaussian", rng, Rows(time=time)):
        assert time[train].max() < time[test].min()
    both = make_folds(y, 5, "gaussian", rng, Rows(groups, time))
    for train, test in both:
        assert time[train].max() < time[test].min()
        assert not set(groups[train]) & set(groups[test])
    with pytest.raises(InputError, match="give groups or time, not both"):
        advise(rng.standard_normal((300, 3)), y, time=time, groups=np.tile(np.arange(10), 30))


def test_copies_of_a_row_are_on_one_side():
    X, y = draw(Scenario(80, 5, 2, snr=2), 1, 0)
    twice = np.append(np.arange(80), np.repeat(np.arange(20), 3))
    known = as_table(X[twice], y[twice]).rows
    for part in [
        *make_folds(y[twice], 5, "gaussian", np.random.default_rng(0), known),
        *[
            (a, np.setdiff1d(np.arange(140), a))
            for a in halves(y[twice], "gaussian", np.random.default_rng(0), known)
        ],
    ]:
        assert not set(twice[part[0]]) & set(twice[part[1]])
    # copies alone would be told from one another by a number of the row
    assert as_table(X, y).rows.copies is None


def test_groups_of_copies_are_the_same_in_every_process():
    # hashes of bytes are not
    X = np.array([[2.5], [7.1], [2.5], [-0.0], [0.0], [7.1], [9.0], [3.3]])
    y = np.array([1, 2, 1, 4, 4, 3, 5, 6.0])
    for features in (X, sparse.csr_array(X)):
        assert copies_of_rows(features, y).tolist() == [0, 1, 0, 2, 2, 3, 4, 5]


def test_copies_join_groups():
    X, y = draw(Scenario(40, 5, 2, snr=2), 1, 0)
    twice = np.append(np.arange(40), [0, 1])
    groups = np.append(np.repeat(np.arange(10), 4), [7, 9])
    units = as_table(X[twice], y[twice], groups=groups).rows.units
    assert units[0] == units[40] == units[28]
    assert len(np.unique(units)) == 8


def test_some_rows_of_groups_with_few_copies_stay_together():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    X[99] = X[98]
    y = X[:, 0] + rng.standard_normal(100)
    y[99] = y[98]
    table = as_table(X, y, groups=np.repeat(np.arange(25), 4))
    some = table.rows.take(np.arange(30, 100))
    # copies lie in one group here, so that they add nothing to it
    np.testing.assert_array_equal(some.units, np.unique(some.groups, return_inverse=True)[1])
    assert np.isfinite(compare(table, 0.01, 0, 1).pairs["difference"]).all()


def test_halves_keep_groups_and_stretches_of_time():
    rng = np.random.default_rng(0)
    y, groups = rng.standard_normal(200), rng.integers(0, 30, 200)
    for one, other in zip(*[iter(halves(y, "gaussian", rng, Rows(groups)))] * 2, strict=True):
        assert not set(groups[one]) & set(groups[other])
        assert len(one) + len(other) == 200 and abs(len(one) - 100) < 20
    for part in halves(y, "gaussian", rng, Rows(time=np.arange(200.0))):
        # few rows have a neighbour on the other side
        assert (np.diff(np.sort(part)) > 1).sum() <= 10


# the advice, against scikit-learn and the truth


@pytest.mark.parametrize("effect, n_patients", [(0.0, 30), (1.0, 60)])
def test_patients_held_out_as_scikit_learn_does_it(monkeypatch, effect, n_patients):
    monkeypatch.setattr(contest, "REPEATS", (1, 1))
    X, y, groups = patients(0, n_patients, 10, 40, effect)
    table = as_table(X, y, groups=groups)
    outer = make_folds(y, 5, "gaussian", np.random.default_rng([0, 1]), table.rows)

    def inner(train):
        (k,) = [k for k, (rows, _) in enumerate(outer) if np.array_equal(rows, train)]
        rng = np.random.default_rng([0, 2, 0, k])
        splits = make_folds(y[train], 5, "gaussian", rng, table.rows.take(train))
        assert all(not set(groups[train][a]) & set(groups[train][b]) for a, b in splits)
        return splits

    found = explained(compare(table, 0.01, 0, 1))
    rows = explained(compare(as_table(X, y), 0.01, 0, 1))
    truth = nested(X, y, outer, inner)
    for penalty in ("l1", "l2"):
        assert rows[penalty] > 0.6 > found[penalty] + 0.2
        assert found[penalty] == pytest.approx(truth[penalty], abs=0.08)


def test_one_true_feature_of_many_patients_is_found_by_groups_alone(few_repeats):
    X, y, groups = patients(1, 60, 10, 50, 1.5)
    told = advise(X, y, groups=groups)
    blind = advise(X, y)
    assert told.recommendation.penalty == "l1" and not told.signs
    assert explained(told.contest)["l1"] > explained(told.contest)["l2"] + 0.1
    assert blind.recommendation.certainty != "clear"
    assert blind.recommendation.first and "--groups" in blind.warnings[0]


@pytest.mark.parametrize("seed", range(2))
def test_random_walks_are_tested_on_what_follows(few_repeats, seed):
    X, y = walks(seed)
    told = advise(X, y, time=np.arange(200))
    truth = nested(
        X,
        y,
        list(TimeSeriesSplit(5).split(X)),
        lambda train: list(TimeSeriesSplit(5).split(train)),
    )
    blind = advise(X, y)
    assert explained(blind.contest)["l1"] > 0.7
    for penalty in ("l1", "l2"):
        assert explained(told.contest)[penalty] < 0.4
        # the grids differ, and a walk is far from its past
        assert explained(told.contest)[penalty] == pytest.approx(truth[penalty], abs=0.5)
    assert blind.recommendation.certainty == "none"
    assert blind.signs[0].kind == "order" and "--time" in blind.recommendation.first[0]
    assert told.recommendation.certainty != "clear" and not told.signs
    assert any("no say in the answer" in text for text in told.recommendation.doubts)


def test_estimates_see_one_row_of_each_group():
    X, y, groups = patients(3, 60, 10, 5, 1.0)
    found, signal = diagnose(as_table(X, y, groups=groups), 0)
    blind, _ = diagnose(as_table(X, y), 0)
    assert signal.n_rows == 60
    assert found.n_samples == 600
    # half of the variance is the feature's: rows alone say that all is
    assert found.snr_low < 1 / 1.09 < found.snr_high
    assert found.snr_high - found.snr_low > 2 * (blind.snr_high - blind.snr_low)


@pytest.mark.parametrize("seed", range(6))
def test_features_of_few_groups_that_say_nothing_name_no_winner(few_repeats, seed):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(30), 10)
    X = rng.standard_normal((30, 40))[groups]
    own = rng.standard_normal(30)[groups]
    found = advise(X, own + 0.5 * rng.standard_normal(300), groups=groups).recommendation
    assert (found.penalty, found.certainty) == (None, "none")
    assert "Neither L1 nor L2 is shown to predict" in found.headline
    assert any("More groups than 30" in text for text in found.reasons)
    # the same groups, with a signal that is there
    told = advise(X, 2 * X[:, 0] + own, groups=groups).recommendation
    assert "Neither" not in told.headline


@pytest.mark.parametrize("response", ["gaussian", "binary"])
def test_few_rows_of_noise_name_no_winner(few_repeats, response):
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = rng.standard_normal(60) if response == "gaussian" else rng.integers(0, 2, 60)
        found.append(advise(rng.standard_normal((60, 20)), y).recommendation)
    # by chance a share of noise looks like one that is explained: once in twenty
    assert sum(told.penalty is not None for told in found) <= 1


def test_weights_equal_repeats(few_repeats):
    X, y = draw(Scenario(60, 5, 2, snr=2), 2, 0)
    weights = np.random.default_rng(0).integers(0, 4, 60)
    rows = np.repeat(np.arange(60), weights)
    weighted = advise(X, y, weights=weights)
    repeated = advise(X[rows], y[rows], groups=rows)
    assert weighted.table.X.shape[0] == (weights > 0).sum()
    assert "of weight zero left out" in " ".join(weighted.table.notes)
    assert explained(weighted.contest)["l1"] == pytest.approx(
        explained(repeated.contest)["l1"], abs=0.05
    )
    least = {"l2": 0.02, "l1": 0.02}
    for penalty, close in least.items():
        one, other = weighted.models.coefs, repeated.models.coefs
        np.testing.assert_allclose(one[f"{penalty}_raw"], other[f"{penalty}_raw"], atol=0.1 + close)
    equal, plain = advise(X, y, weights=np.full(60, 3.0)), advise(X, y)
    np.testing.assert_allclose(explained(equal.contest), explained(plain.contest), rtol=1e-6)


def test_columns_are_arrays_or_names(few_repeats, tmp_path):
    X, y, groups = patients(0, 30, 5, 6, 1.0)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(6)]).assign(
        patient=groups, weight=1.5, note=[f"n{i}" for i in range(150)], y=y
    )
    frame.to_csv(tmp_path / "visits.csv", index=False)
    named = as_table(
        frame.drop(columns="y"), y, groups="patient", weights="weight", drop=["note", "x5"]
    )
    arrays = as_table(X[:, :5], y, groups=groups, weights=np.full(150, 1.5))
    read = read_table(
        tmp_path / "visits.csv", "y", groups="patient", weights="weight", drop="note,x5"
    )
    for table in (named, read):
        assert table.names == arrays.names == tuple(f"x{j}" for j in range(5))
        np.testing.assert_allclose(table.X, arrays.X)
        assert (
            len(np.unique(table.rows.groups))
            == len(set(zip(table.rows.groups, groups, strict=False)))
            == 30
        )
        assert table.roles == {"groups": "patient", "weights": "weight"}
        assert table.dropped == ("note", "x5")
    dated = as_table(frame[["x0"]], y, time=pd.date_range("2024-01-01", periods=150))
    np.testing.assert_allclose(np.diff(dated.rows.time), 1)
    words = frame.assign(patient=[f"p{g}" for g in groups])
    np.testing.assert_array_equal(
        np.unique(as_table(words[["x0", "patient"]], y, groups="patient").rows.groups).size, 30
    )


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"groups": "patiend"},
            r"groups 'patiend': there is no such column \(did you mean patient",
        ),
        ({"groups": "y"}, "groups 'y' is the target"),
        ({"drop": "x0,zz"}, "drop 'zz': there is no such column"),
        ({"groups": "patient", "time": "patient"}, "this column is groups already"),
        ({"groups": "few"}, "groups 'few' has 2 values; at least 5 groups are needed"),
        ({"groups": "gaps"}, "groups 'gaps' lacks a value in 1 row, the first of them row 4"),
        ({"time": "few"}, "time 'few' has 2 values; at least 6 are needed"),
        ({"time": "word"}, "time 'word' is text such as 'a': give dates"),
        ({"weights": "signed"}, "weights 'signed' is -1 in row 3: give numbers from 0"),
        ({"weights": "none"}, "weights 'none' is 0 in every row"),
        ({"groups": np.arange(5)}, "groups has 5 values and there are 40 rows"),
        ({"time": np.zeros((40, 2))}, r"time has shape \(40, 2\): give one value a row"),
    ],
)
def test_columns_that_will_not_do_are_named(tmp_path, options, message):
    n = np.arange(40)
    frame = pd.DataFrame(
        {
            "x0": np.sin(n),
            "patient": n // 4,
            "few": n % 2,
            "gaps": np.where(n == 3, np.nan, n // 2),
            "word": [chr(97 + i % 20) for i in n],
            "signed": np.where(n == 2, -1, 1),
            "none": 0 * n,
            "y": np.cos(n * n),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.csv", "y", **options)


# what is noticed unasked


def kinds(table, seed=0):
    return [sign.kind for sign in find_signs(table, seed)]


def test_independent_rows_raise_no_alarm():
    # of 200 such tables none did when this was written
    assert not [seed for seed in range(60) if kinds(as_table(*independent(seed)))]


@pytest.mark.parametrize("shuffled", [False, True])
def test_patients_are_noticed_by_their_number_or_by_their_features(shuffled):
    X, y, groups = patients(0, 30, 10, 8, 1.0)
    order = np.random.default_rng(0).permutation(300) if shuffled else np.arange(300)
    X, y, groups = X[order], y[order], groups[order]
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(8)])
    (said,) = find_signs(as_table(frame.assign(key=groups), y), 0)
    assert said.kind == "groups" and said.said.startswith("key has 30 values in 300 rows")
    assert '--groups key (in Python groups="key")' in said.said
    named = frame.assign(key=[f"p{g}" for g in groups])
    assert kinds(as_table(named, y)) == ["groups"]
    (said,) = find_signs(as_table(frame, y), 0)
    assert "take the same values in the same 30 sets of rows" in said.said
    assert kinds(as_table(frame.assign(key=groups), y, groups="key")) == []
    # the response and one feature of the row's own suffice
    rng = np.random.default_rng(1)
    own = pd.DataFrame({"x": rng.standard_normal(300), "key": groups})
    assert kinds(as_table(own, y))[0] == "groups"


def test_numbers_of_customers_are_known_by_name_and_quantities_are_not():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((300, 3)), columns=list("abc"))
    y = rng.standard_normal(300)
    for name in ("patient", "customer_id", "subjectID", "Site No"):
        assert kinds(as_table(frame.assign(**{name: rng.integers(0, 60, 300)}), y)) == ["groups"]
    for name in ("valid", "age", "humidity", "paid"):
        age = rng.integers(20, 80, 300)
        assert kinds(as_table(frame.assign(**{name: age}), y + 0.1 * age)) == []


def test_dates_are_noticed():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((100, 2)), columns=["a", "b"])
    dates = pd.Series(rng.permutation(pd.date_range("2024-01-01", periods=100)))
    y = rng.standard_normal(100)
    for column in (dates, dates.dt.strftime("%Y-%m-%d"), dates.dt.strftime("%d.%m.%Y")):
        (sign,) = find_signs(as_table(X.assign(seen=column), y), 0)
        assert sign.kind == "time" and "--time seen" in sign.said
        assert kinds(as_table(X.assign(seen=column), y, time="seen")) == []


def test_series_are_noticed_and_sorted_tables_are_not():
    X, y = walks(0)
    assert kinds(as_table(X, y)) == ["order"]
    order = np.random.default_rng(0).permutation(200)
    assert kinds(as_table(X[order], y[order])) == []
    # a named time brings the order back
    frame = pd.DataFrame(X[order]).add_prefix("x").assign(year=order)
    assert kinds(as_table(frame, y[order])) == ["time"]
    X, y = draw(Scenario(200, 5, 2, snr=2), 1, 0)
    for key in (y, X[:, 0], -y):
        assert kinds(as_table(X[np.argsort(key)], y[np.argsort(key)])) == []
    three = np.repeat(["a", "b", "c"], [60, 80, 60])
    assert kinds(as_table(X, three, positive="b")) == []


def test_copies_within_a_named_group_are_no_sign():
    X, y, groups = patients(2)
    own = np.where(y > 0, "high", "low")
    assert kinds(as_table(X, own)) != []
    assert kinds(as_table(X, own, groups=groups)) == []
    # of different patients they are
    assert kinds(as_table(X, own, groups=np.arange(len(own)) // 5)) == ["copies"]


def test_a_feature_that_counts_the_rows_of_a_sorted_table_is_a_sign():
    X, y = draw(Scenario(200, 4, 2, snr=2), 1, 0)
    order = np.argsort(y)
    for counter, name in (
        (np.arange(200), "plant"),
        (1 + np.arange(200) * 3 // 2, "der wievielte"),
    ):
        frame = pd.DataFrame(X).add_prefix("x").assign(**{name: counter})
        (sign,) = find_signs(as_table(frame[["x0", "x1", "x2", "x3", name]], y[order]), 0)
        assert sign.kind == "order" and name in sign.said
        assert ("--drop plant (" if name == "plant" else f"--drop '{name}' (") in sign.said
        assert kinds(as_table(frame, y)) == [] and kinds(as_table(frame, y[order], drop=name)) == []
    # numbers with larger steps measure something
    sizes = pd.DataFrame(X).add_prefix("x").assign(size=np.arange(200) * 7)
    assert kinds(as_table(sizes, y[order])) == []


def test_a_sign_comes_first_and_lowers_the_certainty(few_repeats, tmp_path, capsys):
    X, y = draw(Scenario(100, 150, 3, snr=2), 1, 0)
    plain = advise(X, y)
    assert plain.recommendation.certainty == "clear" and not plain.recommendation.first
    dates = pd.DataFrame(X).add_prefix("x").assign(seen=pd.date_range("2024-01-01", periods=100))
    doubted = advise(dates, y)
    assert doubted.recommendation.certainty == "likely"
    assert doubted.warnings[0] == doubted.recommendation.first[0]
    doubted.show()
    said = capsys.readouterr().out
    assert said.index("do rows belong together?") < said.index("--time") < said.index("Certainty")
    write_page(doubted, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.index("do rows belong together?") < page.index('class="big"')


@pytest.mark.parametrize("penalty", ["l1", None])
@pytest.mark.parametrize("options", [("groups",), ("time", "weights"), ("groups", "weights")])
@pytest.mark.parametrize("classes", [False, True])
def test_code_to_fit_again_respects_the_rows(tmp_path, penalty, options, classes):
    X, y, groups = patients(0, 30, 5, 4, 2.0)
    columns = {"groups": groups, "time": np.arange(150)[::-1], "weights": 1 + groups % 3}
    frame = (
        pd.DataFrame(X)
        .add_prefix("x")
        .assign(
            y=(y > 0).astype(int) if classes else y, name="n", **{r: columns[r] for r in options}
        )
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    roles = {role: role for role in options}
    table = read_table(tmp_path / "t.csv", "y", drop="name", **roles)
    scope: dict[str, object] = {}
    exec(lines_for(table, penalty, NO_MODELS), scope)
    model = scope["model" if penalty else "l1"]
    kind = L1ClassifierCV if classes else L1RegressorCV
    own = {"groups": table.rows.units} if "groups" in options else {}
    cv, order = None, np.arange(150)
    if "time" in options:
        cv, order = TimeSeriesSplit(5), order[::-1]
    if "weights" in options:
        own["sample_weight"] = columns["weights"][order]
    expected = kind(cv=cv).fit(table.X[order], table.y[order], **own)
    np.testing.assert_allclose(model.coef_, expected.coef_)
