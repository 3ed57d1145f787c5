"""The benchmarks ask every contender for the same thing, and compare at equal accuracy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def benchmarks(root, monkeypatch):
    monkeypatch.syspath_prepend(root)
    from benchmarks import contenders, race, regimes, summary

    return {"contenders": contenders, "race": race, "regimes": regimes, "summary": summary}


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
    ],
)
def test_a_tight_contender_solves_the_problem_that_the_gap_is_of(
    benchmarks, name, loss, penalty, design
):
    problem = small(benchmarks, loss, penalty, design)
    contender = benchmarks["contenders"].CONTENDERS[name]
    setting = contender.settings[-1]
    coef = contender.solutions(problem, setting, contender.fit(problem, setting))
    gaps = benchmarks["race"].gaps(problem, coef)
    assert np.nanmax(gaps) < 1e-7
    assert np.count_nonzero(np.nan_to_num(coef)) > 0


@pytest.mark.parametrize("design", ["independent", "sparse"])
def test_a_problem_survives_its_files(benchmarks, tmp_path, design):
    problem = small(benchmarks, "squared", "l1", design)
    benchmarks["regimes"].write_problem(problem, tmp_path)
    again = benchmarks["regimes"].read_problem(tmp_path)
    assert (problem.X != again.X).sum() == 0
    for name in ("y", "alphas", "folds"):
        np.testing.assert_array_equal(getattr(problem, name), getattr(again, name))
    assert (again.loss, again.l1_ratio) == (problem.loss, problem.l1_ratio)


def runs(*rows) -> pd.DataFrame:
    columns = ["contender", "setting", "seconds_median", "gap_max", "status"]
    return pd.DataFrame(rows, columns=columns).assign(regime="r", excess_max=np.nan)


def test_equal_gap_is_the_fastest_setting_that_reaches_it(benchmarks):
    table = runs(
        ("peer", "default", 1.0, 1e-3, "ok"),
        ("peer", "a", 6.0, 1e-7, "ok"),
        ("peer", "b", 5.0, 1e-9, "ok"),
        ("peer", "c", 120.0, np.nan, "> limit"),
    )
    ratio = benchmarks["summary"].at_equal_gap(table, "peer", 2.0)
    assert (ratio.setting, ratio.ratio, ratio.bound) == ("b", 2.5, False)
    default = benchmarks["summary"].at_default(table, "peer", 2.0)
    assert (default.ratio, default.gap, default.bound) == (0.5, 1e-3, False)


@pytest.mark.parametrize(("status", "expected"), [("> limit", 60.0), ("failed", 2.0)])
def test_equal_gap_that_nobody_reaches_is_a_bound(benchmarks, status, expected):
    table = runs(
        ("peer", "default", 1.0, 1e-3, "ok"),
        ("peer", "a", 4.0, 1e-5, "ok"),
        ("peer", "b", 120.0, np.nan, status),
    )
    ratio = benchmarks["summary"].at_equal_gap(table, "peer", 2.0)
    assert (ratio.ratio, ratio.bound) == (expected, True)
    assert str(ratio).startswith(">")


def test_a_table_is_not_replaced_by_one_with_fewer_regimes(root, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(root)
    from benchmarks.__main__ import _refuse_less

    pd.DataFrame({"regime": ["l1_wide", "l2_wide"]}).to_csv(tmp_path / "runs.csv", index=False)
    _refuse_less(tmp_path / "runs.csv", ["l2_wide", "l1_wide", "l1_tall"], limited=False)
    with pytest.raises(SystemExit, match="l1_wide"):
        _refuse_less(tmp_path / "runs.csv", ["l2_wide"], limited=False)
