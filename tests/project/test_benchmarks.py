"""The benchmarks ask every contender for the same thing, and compare at equal accuracy."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from normwise.fitting.loss import loss_of

LOSSES = ["squared", "logistic", "poisson", "multinomial"]


@pytest.fixture
def benchmarks(root, monkeypatch):
    monkeypatch.syspath_prepend(root)
    from benchmarks import certify, contenders, engines, problem, race, regimes, summary, table

    return {
        "certify": certify,
        "contenders": contenders,
        "engines": engines,
        "problem": problem,
        "race": race,
        "regimes": regimes,
        "summary": summary,
        "table": table,
    }


def small(benchmarks, loss: str, penalty: str, design: str = "independent"):
    regime = benchmarks["regimes"].Regime("", loss, penalty, 60, 15, design, positives=0.4)
    problem = benchmarks["regimes"].draw(regime)
    return replace(problem, alphas=problem.alphas[::25], folds=problem.folds % 3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "loss", "penalty", "design"),
    [
        ("scikit-learn LassoCV/ElasticNetCV", "squared", "l1", "independent"),
        ("scikit-learn LassoCV/ElasticNetCV", "squared", "elastic_net", "sparse"),
        ("scikit-learn RidgeCV", "squared", "l2", "independent"),
        ("scikit-learn lbfgs", "logistic", "l2", "independent"),
        ("scikit-learn newton-cholesky", "logistic", "l2", "independent"),
        ("scikit-learn saga", "logistic", "l1", "independent"),
        ("scikit-learn PoissonRegressor lbfgs", "poisson", "l2", "independent"),
        ("scikit-learn PoissonRegressor newton-cholesky", "poisson", "l2", "sparse"),
        ("scikit-learn lbfgs", "multinomial", "l2", "sparse"),
        ("scikit-learn newton-cg", "multinomial", "l2", "independent"),
        ("scikit-learn newton-cholesky", "multinomial", "l2", "independent"),
        *(
            ("normwise", loss, penalty, design)
            for loss in ("poisson", "multinomial")
            for penalty in ("l1", "l2")
            for design in ("independent", "sparse")
        ),
    ],
)
def test_a_tight_contender_solves_the_problem_that_the_gap_is_of(
    benchmarks, name, loss, penalty, design
):
    problem = small(benchmarks, loss, penalty, design)
    contender = benchmarks["contenders"].CONTENDERS[name]
    setting = contender.settings[-1]
    coef = contender.solutions(problem, setting, contender.fit(problem, setting))
    gaps = benchmarks["certify"].gaps(problem, coef)
    # normwise has one setting, its default
    assert np.nanmax(gaps) < (1e-6 if name == "normwise" else 1e-7)
    assert coef.shape[1:] == (len(problem.alphas), *problem.coef_shape)
    assert np.count_nonzero(np.nan_to_num(coef)) > 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_gap_is_no_less_than_what_the_objective_has_left(benchmarks, loss, penalty):
    certify, problem = benchmarks["certify"], small(benchmarks, loss, penalty)
    native = benchmarks["contenders"].CONTENDERS["normwise"]
    setting = benchmarks["contenders"].Setting("", 1e-11)
    best = native.solutions(problem, setting, native.fit(problem, setting))
    least = certify.objectives(problem, best[0])
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0):
        other = best + size * rng.standard_normal(best.shape)
        excess = certify.objectives(problem, other[0]) - least
        assert (excess > 0).all()
        assert (certify.gaps(problem, other)[0] >= excess).all()
    # at zero it is the null model, whose objective is the unit
    np.testing.assert_allclose(certify.objectives(problem, 0 * best[0]), 1)
    # solved for another strength, it is not the optimum
    wrong = replace(problem, alphas=2 * problem.alphas)
    assert certify.gaps(wrong, best)[0, -1] > 1e-4


@pytest.mark.parametrize("size", [0.1, 3.0, 40.0])
def test_best_intercepts_of_classes_reproduce_their_shares(benchmarks, size):
    certify, rng = benchmarks["certify"], np.random.default_rng(0)
    linear = size * rng.standard_normal((5, 4, 200))
    share = np.array([0.02, 0.08, 0.3, 0.6])
    intercept = certify._Multinomial().intercept(linear, share)
    mean = softmax(linear + intercept[:, :, None], axis=1).mean(axis=2)
    np.testing.assert_allclose(mean, np.tile(share, (5, 1)), atol=1e-12)


def test_the_gap_of_two_classes_is_that_of_the_logistic_loss(benchmarks):
    # with half of the difference in each class, the penalties are half and a quarter as large
    certify, problem = benchmarks["certify"], small(benchmarks, "logistic", "l2")
    coef = 0.1 * np.random.default_rng(0).standard_normal((1, len(problem.alphas), 15))
    both = np.stack([-coef / 2, coef / 2], axis=2)
    several = replace(problem, loss="multinomial", alphas=2 * problem.alphas)
    np.testing.assert_allclose(certify.gaps(several, both), certify.gaps(problem, coef), rtol=1e-9)


@pytest.mark.parametrize("loss", ["poisson", "multinomial"])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_glmnet_solves_the_problem_that_the_gap_is_of(benchmarks, tmp_path, loss, penalty):
    problem = small(benchmarks, loss, penalty, "sparse")
    benchmarks["problem"].write_problem(problem, tmp_path)
    engine = benchmarks["engines"].Engine("glmnet")
    engine.load(tmp_path)
    try:
        engine.ask(60.0, "run", "glmnet", 1e-16, 10**8)
    except benchmarks["engines"].EngineError as error:
        pytest.skip(str(error))
    engine.ask(60.0, "save", tmp_path)
    engine.stop()
    shape = 1, len(problem.alphas), *problem.coef_shape
    coef = np.fromfile(tmp_path / "coef.bin").reshape(shape)
    assert benchmarks["certify"].gaps(problem, coef).max() < 1e-6


@pytest.mark.parametrize("design", ["independent", "sparse"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_problem_survives_its_files(benchmarks, tmp_path, loss, design):
    problem = small(benchmarks, loss, "l1", design)
    benchmarks["problem"].write_problem(problem, tmp_path)
    again = benchmarks["problem"].read_problem(tmp_path)
    assert (problem.X != again.X).sum() == 0
    for name in ("y", "alphas", "folds"):
        np.testing.assert_array_equal(getattr(problem, name), getattr(again, name))
    assert (again.loss, again.l1_ratio) == (problem.loss, problem.l1_ratio)


def test_every_peer_has_its_environment_and_every_environment_a_peer(benchmarks):
    engines = {c.engine for c in benchmarks["contenders"].CONTENDERS.values()}
    assert engines - {"normwise", "scikit-learn", "glmnet"} == set(benchmarks["engines"].peers())
    for name in benchmarks["engines"].peers():
        lines = (benchmarks["engines"].PEERS / f"{name}.txt").read_text().splitlines()
        assert all("==" in line for line in lines)
        packages = [line.partition("==")[0] for line in lines]
        # what the worker itself imports
        assert {"numpy", "scipy", "threadpoolctl"} <= set(packages)
        assert "normwise" not in packages


def test_the_worker_runs_without_normwise_and_what_it_needs(root, benchmarks, tmp_path):
    problem = small(benchmarks, "squared", "l1")
    benchmarks["problem"].write_problem(problem, tmp_path)
    setup = "import sys; sys.modules.update(dict.fromkeys(['normwise', 'numba']))"
    code = f"{setup}; from benchmarks.worker import main; main()"
    name = "scikit-learn LassoCV/ElasticNetCV"
    requests = [("load", tmp_path), ("run", name, 1e-10, 10**6), ("save", tmp_path)]
    replies = subprocess.run(
        [sys.executable, "-c", code],
        input="".join("\t".join(map(str, fields)) + "\n" for fields in requests),
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    ).stdout.splitlines()
    assert [line.split("\t")[0] for line in replies] == ["ok"] * 3
    seconds, memory = map(float, replies[1].split("\t")[1:3])
    assert seconds > 0
    # NaN where the system does not tell; never less than the data
    assert not memory < problem.n_bytes
    coef = np.fromfile(tmp_path / "coef.bin").reshape(1, len(problem.alphas), -1)
    assert np.nanmax(benchmarks["certify"].gaps(problem, coef)) < 1e-7


def test_a_peer_that_is_not_installed_says_how_to_install_it(benchmarks, monkeypatch, tmp_path):
    engines = benchmarks["engines"]
    monkeypatch.setattr(engines, "ENVIRONMENTS", tmp_path)
    with pytest.raises(engines.EngineError, match=r"celer is not installed.*--setup"):
        engines.Engine("celer").prepare("celer")


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [("squared", "l1"), ("logistic", "l2"), ("poisson", "l1"), ("multinomial", "l2")],
)
def test_the_loop_for_peers_without_one_sees_every_fold_and_returns_all_rows(
    benchmarks, loss, penalty
):
    from benchmarks.contender import cross_validate

    problem = small(benchmarks, loss, penalty, "sparse")
    sizes = []

    def path(X, y):
        sizes.append(X.shape[0])
        assert X.format == "csc"
        shape = len(problem.alphas), *problem.coef_shape
        # small enough for the mean of a count
        return np.full(shape, 1e-3 * len(y)), np.zeros(shape[:-1])

    coef = cross_validate(problem, path)
    assert (coef == 1e-3 * len(problem.y)).all()
    assert sizes == [len(problem.y), *(len(train) for train, _ in problem.splits)]


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [
        ("squared", "elastic_net"),
        ("logistic", "l1"),
        ("poisson", "l1"),
        ("multinomial", "elastic_net"),
        ("multinomial", "l1"),
    ],
)
def test_gaps_of_sparse_columns_are_those_of_the_same_columns_filled(
    benchmarks, monkeypatch, loss, penalty
):
    problem = small(benchmarks, loss, penalty, "sparse")
    shape = 1, len(problem.alphas), *problem.coef_shape
    coef = 0.1 * np.random.default_rng(0).standard_normal(shape)
    filled = replace(problem, X=problem.X.toarray())
    expected = benchmarks["certify"].gaps(filled, coef)
    assert (expected > 1e-3).all()
    # also a few strengths at a time
    monkeypatch.setattr(benchmarks["certify"], "MOST_PREDICTIONS", 1)
    np.testing.assert_allclose(benchmarks["certify"].gaps(problem, coef), expected, rtol=1e-9)
    per_fold = np.repeat(coef, 3, axis=0)
    np.testing.assert_allclose(
        benchmarks["certify"].gaps(problem, per_fold),
        benchmarks["certify"].gaps(filled, per_fold),
        rtol=1e-9,
    )


def test_a_ratio_pairs_the_rounds(benchmarks):
    paired = benchmarks["race"].paired_ratio
    # the machine slowed down for the third round: the ratio of the medians would be 1.5
    assert paired([2.0, 2.0, 6.0], [1.0, 1.0, 3.0]) == 2.0
    assert paired([6.0], [3.0, 1.0, 1.0]) == 2.0
    assert np.isnan(paired([], [1.0]))


def test_who_reached_the_gap_or_was_cut_is_not_asked_for_more(benchmarks):
    race, contenders = benchmarks["race"], benchmarks["contenders"].CONTENDERS
    glmnet = contenders["glmnet"]
    first, second = (race.Entry(glmnet, setting) for setting in glmnet.settings[:2])
    for gap, status, expected in (
        (1e-3, race.FINISHED, None),
        (1e-7, race.FINISHED, race.SKIPPED),
        (np.nan, race.TOO_LONG, race.TOO_LONG),
        (np.nan, race.FAILED, race.SKIPPED),
    ):
        taken = race._Taken()
        first.gap_max, first.status, second.status = gap, status, race.FINISHED
        taken.note(first)
        assert taken.skips(second) == (expected is not None)
        assert second.status == (expected or race.FINISHED)


def test_only_what_is_compared_is_repeated(benchmarks):
    race, glmnet = benchmarks["race"], benchmarks["contenders"].CONTENDERS["glmnet"]
    default, tight = glmnet.settings[:2]
    for setting, gap, seconds, expected in (
        (default, 1e-2, 1.0, 5),
        (tight, 1e-2, 1.0, 1),
        (tight, 1e-7, 1.0, 5),
        (default, 1e-7, 40.0, 1),
    ):
        entry = race.Entry(glmnet, setting, [seconds], gap_max=gap)
        assert entry.n_wanted == expected


class Clock:
    """An engine that takes so many seconds, and finds zeros."""

    def __init__(self, name, seconds, limits):
        self.name, self.seconds, self.limits, self.folder = name, seconds, limits, None

    def load(self, folder):
        self.folder = folder

    def prepare(self, contender):
        pass

    def ask(self, limit, what, *fields):
        if what == "save":
            np.zeros(15).repeat(100).tofile(self.folder / "coef.bin")
            return []
        self.limits.append(limit)
        return [self.seconds, 5e6, 0, ""]


class Caller:
    """An engine that is only called at its own strengths."""

    def __init__(self, name, seconds):
        self.name, self.seconds = name, seconds

    def load(self, folder):
        pass

    def prepare(self, contender):
        pass

    def stop(self):
        pass

    def ask(self, limit, what, *fields):
        assert what == "call"
        return [str(self.seconds), "0.5"]


def test_a_run_may_take_a_multiple_of_the_time_of_normwise(benchmarks):
    race, regime = benchmarks["race"], benchmarks["regimes"].Regime("", "squared", "l1", 60, 15)
    limits = {"normwise": [], "celer": []}
    engines = {name: Clock(name, 2.0, limits[name]) for name in limits}
    rows = race.race(regime, 100.0, engines, names=["celer"], times=10.0, strengths=["given"])
    assert limits["normwise"][0] == 100.0
    assert limits["celer"][0] == 20.0
    (own, *others) = rows
    assert (own["contender"], own["ratio"], own["memory_mb"]) == ("normwise", 1.0, 5.0)
    assert {row["ratio"] for row in others} == {1.0}


def test_calls_at_own_strengths_are_compared_with_each_other(benchmarks):
    race, regime = benchmarks["race"], benchmarks["regimes"].Regime("", "squared", "l1", 60, 15)
    engines = {"normwise": Caller("normwise", 2.0), "celer": Caller("celer", 3.0)}
    rows = race.race(regime, 100.0, engines, names=["celer"], strengths=["own"])
    assert [(r["contender"], r["strengths"], r["setting"]) for r in rows] == [
        ("normwise", "own", "as called"),
        ("celer", "own", "as called"),
    ]
    assert [row["ratio"] for row in rows] == [1.0, 1.5]
    assert [row["least_error"] for row in rows] == [0.5, 0.5]
    table = pd.DataFrame(rows).assign(regime="r")
    found = benchmarks["summary"].as_called(table, "celer")
    assert (found.ratio, found.bound) == (1.5, False)
    assert benchmarks["summary"].as_called(table, "glmnet") is None


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [
        ("squared", "elastic_net"),
        *((loss, penalty) for loss in LOSSES for penalty in ("l1", "l2")),
    ],
)
def test_whoever_has_strengths_of_its_own_finds_a_finite_error(benchmarks, loss, penalty):
    regimes = benchmarks["regimes"]
    regime = regimes.Regime("", loss, penalty, 60, 8)
    problem = regimes.draw(regime)
    callers = [c for c in benchmarks["race"].contenders_of(regime) if c.as_called is not None]
    own = [c for c in callers if c.engine in ("normwise", "scikit-learn")]
    assert "normwise" in [c.name for c in own]
    errors = [c.as_called(problem) for c in own]
    response = {"squared": "gaussian", "logistic": "binary"}.get(loss, loss)
    null = float(loss_of(response).null_value(problem.y))
    assert all(0 < error < 1.2 * null for error in errors)
    # two searches on the same folds find about the same
    assert max(errors) <= 1.05 * min(errors)


def test_one_hot_columns_hold_one_level_of_each_factor(benchmarks):
    regimes = benchmarks["regimes"]
    X = regimes.draw(regimes.Regime("", "squared", "l1", 400, 60, "one_hot")).X
    positive = (X > 0).reshape(400, 2, regimes.LEVELS)
    assert (positive.sum(axis=2) == 1).all()
    np.testing.assert_allclose(X.std(axis=0), 1)


def runs(*rows) -> pd.DataFrame:
    columns = ["contender", "setting", "seconds_median", "ratio", "gap_max", "status"]
    return pd.DataFrame(rows, columns=columns).assign(
        regime="r", excess_max=np.nan, memory_mb=np.nan
    )


def test_equal_gap_is_the_fastest_setting_that_reaches_it(benchmarks):
    table = runs(
        ("peer", "default", 1.0, 0.5, 1e-3, "ok"),
        ("peer", "a", 6.0, 3.0, 1e-7, "ok"),
        ("peer", "b", 5.0, 2.5, 1e-9, "ok"),
        ("peer", "c", 120.0, 60.0, np.nan, "> limit"),
    )
    ratio = benchmarks["summary"].at_equal_gap(table, "peer")
    assert (ratio.setting, ratio.ratio, ratio.bound) == ("b", 2.5, False)
    default = benchmarks["summary"].at_default(table, "peer")
    assert (default.ratio, default.gap, default.bound) == (0.5, 1e-3, False)


@pytest.mark.parametrize(("status", "expected"), [("> limit", 60.0), ("failed", 2.0)])
def test_equal_gap_that_nobody_reaches_is_a_bound(benchmarks, status, expected):
    table = runs(
        ("peer", "default", 1.0, 0.5, 1e-3, "ok"),
        ("peer", "a", 4.0, 2.0, 1e-5, "ok"),
        ("peer", "b", 120.0, 60.0, np.nan, status),
    )
    ratio = benchmarks["summary"].at_equal_gap(table, "peer")
    assert (ratio.ratio, ratio.bound) == (expected, True)
    assert str(ratio).startswith(">")


def test_a_run_replaces_its_own_rows_and_leaves_the_others(benchmarks, tmp_path):
    table, path = benchmarks["table"], tmp_path / "runs.csv"

    def row(regime, contender, setting, seconds, strengths="given"):
        return {
            "regime": regime, "contender": contender, "strengths": strengths, "setting": setting,
            "seconds": seconds,
        }  # fmt: skip

    here, there = {"machine": "here"}, {"machine": "there"}
    table.merge(path, [row("a", "x", "default", 1), row("a", "x", "tight", 2)], here)
    table.merge(path, [row("a", "x", "default", 3)], there)
    table.merge(path, [row("a", "y", "default", 4), row("b", "x", "default", 5)], here)
    table.merge(path, [row("a", "x", "default", 6)], here)
    found = table.read(path).set_index(["machine", "regime", "contender", "setting"])["seconds"]
    assert found.to_dict() == {
        ("here", "a", "x", "default"): 6,
        ("there", "a", "x", "default"): 3,
        ("here", "a", "y", "default"): 4,
        ("here", "b", "x", "default"): 5,
    }
    assert table.measured(path, "here") == {("a", "x"), ("a", "y"), ("b", "x")}
    # a call with strengths of its own takes no other's place
    table.merge(path, [row("a", "x", "as called", 7, "own")], here)
    assert len(table.read(path)) == len(found) + 1
    assert table.measured(path, "here", ["own"]) == {("a", "x")}


def test_normwise_is_timed_beside_whoever_is_named(benchmarks):
    race, regimes = benchmarks["race"], benchmarks["regimes"].REGIMES
    names = [c.name for c in race.contenders_of(regimes["l1_small"], ["celer"])]
    assert names == ["normwise", "celer"]
    everyone = {c.name for c in race.contenders_of(regimes["l1_sparse_8k"])}
    assert "celer" in everyone
    assert not everyone & {"pycasso", "glmnetpp", "one product X'X"}
    assert "one product X'X" in {c.name for c in race.contenders_of(regimes["l1_large_n"])}


def test_the_summary_has_every_contender_and_the_table_of_counts_and_classes(benchmarks):
    regimes, summary = benchmarks["regimes"].REGIMES, benchmarks["summary"]
    names = ["l1_small", "logistic_l2_small", "poisson_l1_tall", "multinomial_l2_eight"]
    rows = [
        {
            "regime": name, "loss": regimes[name].loss, "penalty": regimes[name].penalty,
            "n": regimes[name].n, "p": regimes[name].p, "contender": contender.name,
            "strengths": "given", "setting": "default", "seconds_median": 1.0, "ratio": 1.0,
            "gap_max": 1e-7, "excess_max": 1e-8, "memory_mb": 20.0, "least_error": np.nan,
            "status": "ok", "note": "",
        }
        for name in names
        for contender in benchmarks["race"].contenders_of(regimes[name])
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    # of the counts, one is fast, one not accurate, and the others were cut
    counts = runs["regime"] == "poisson_l1_tall"
    others = counts & ~runs["contender"].isin(["normwise", "glmnet", "adelie"])
    runs.loc[others, ["status", "gap_max"]] = "> limit", np.nan
    runs.loc[counts & (runs["contender"] == "glmnet"), "gap_max"] = 1e-3
    runs.loc[counts & (runs["contender"] == "adelie"), ["seconds_median", "ratio"]] = 0.5
    page = summary.text(runs, {}, None)
    for name in set(runs["contender"]):
        assert f"| {name} | {benchmarks['contenders'].CONTENDERS[name].promise} |" in page
    first, second = summary.counts_and_classes(runs).splitlines()[2:4]
    assert first == (
        "| poisson l1 tall (1000 × 100) | 1 s (1e-07) | adelie, 500 ms | **0.5** "
        "| adelie 0.5 (1e-07), glmnet 1 (1e-03) |"
    )
    assert second.startswith("| multinomial l2 eight (2000 × 100, 8 classes) | 1 s (1e-07) |")
    # where nobody reaches the gap, the ratio is the least of the bounds
    runs.loc[counts & (runs["contender"] == "adelie"), "gap_max"] = 1e-3
    first = summary.counts_and_classes(runs).splitlines()[2]
    assert "| none | **> 0.5** |" in first
    # and where normwise was cut there is none
    own = counts & (runs["contender"] == "normwise")
    runs.loc[own, ["status", "seconds_median"]] = "> limit", 20.0
    first = summary.counts_and_classes(runs).splitlines()[2]
    assert first.endswith("| > 20 s | none | – | adelie 500 ms (1e-03), glmnet 1 s (1e-03) |")
