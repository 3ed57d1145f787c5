"""Knight & Bajaj (2026) on a smaller design of the same kind."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.trials.replications import knight_bajaj_2026 as study
from normwise.analysis.trials.replications.protocol import judge, run_batch
from normwise.fitting.solvers.problem import Problem
from normwise.theory import ridge_optimal_risk

NAME = "knight_bajaj_2026"


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(study, "ROWS_PER_FEATURE", (10, 78))
    monkeypatch.setattr(study, "CORRELATIONS", {1: 0.0, 20_000: 0.9957})
    monkeypatch.setattr(study, "NONZERO", (5,))
    monkeypatch.setattr(study, "SNR", (0.05, 1.0))


@pytest.fixture
def values(small):
    return run_batch(NAME, 0, 6, seed=1)


@pytest.mark.parametrize(("condition", "rho"), study.CORRELATIONS.items())
def test_correlations_have_the_condition_numbers_that_are_told(condition, rho):
    assert np.linalg.cond(study.covariance(rho)) == pytest.approx(condition, rel=0.1)


def test_cells_are_means_of_what_was_measured(values):
    cells = study.cells(values)
    assert len(cells) == 8
    assert (cells["n"] == 6).all()
    case = study.case_name(78, 1, 5, 1.0)
    own = values[values["case"] == case].pivot_table(
        index="replicate", columns=["quantity", "method"], values="value"
    )
    row = cells[(cells["rows"] == 78) & (cells["condition"] == 1) & (cells["snr"] == 1.0)].iloc[0]
    risk = own[study.RISK]
    effect = np.log(risk["lasso"] / risk["ridge"])
    assert row["effect"] == pytest.approx(effect.mean())
    assert row["effect_se"] == pytest.approx(effect.std(ddof=1) / np.sqrt(6))
    rmse = np.sqrt(1 + risk[list(study.L1_RATIOS)].mean())
    default = np.log(risk[f"ridge{study.DEFAULT}"] / risk["ridge"]).mean()
    assert row["cost_ridge"] == pytest.approx(np.exp(default))
    assert row["rmse_gap"] == pytest.approx(rmse.max() / rmse.min() - 1)
    assert row["recall_lasso"] == own[study.RECALL, "lasso"].mean() == 1.0


def test_risks_are_those_of_theory_where_features_are_independent(values):
    cells = study.cells(values).set_index(study.CELL)
    p, n = study.N_FEATURES, 78 * study.N_FEATURES
    for snr in (0.05, 1.0):
        least = ridge_optimal_risk(np.ones(p), np.full(p, snr / p), n - 1, 1.0)[1] + 1 / n
        measured = cells.loc[(78, 1, 5, snr), "risk_ridge"]
        # a chi-squared of 50 degrees of freedom, six times
        assert measured == pytest.approx(least, rel=0.3)
        assert cells.loc[(78, 1, 5, snr), "risk_lasso"] < measured


def test_with_as_many_features_the_largest_of_the_path_are_kept(rng):
    X = rng.standard_normal((200, 8))
    problem = Problem(X, X @ [4.0, 3.0, 2.0, 1.0, 0, 0, 0, 0] + 0.1 * rng.standard_normal(200))
    path = problem.path(problem.alpha_grid(1.0, 60), 1.0)
    for number in range(1, 5):
        assert sorted(study._largest(path, number)) == list(range(number))
    assert len(study._largest(path, 8)) == 8
    assert len(study._largest(path, 0)) == 0


@pytest.mark.parametrize(
    ("effect", "se", "expected"),
    [
        (-0.5, 0.1, "l1"),
        (0.5, 0.1, "l2"),
        (0.01, 0.01, "equivalent"),
        (0.04, 0.02, "undecided"),
        (-0.06, 0.03, "undecided"),
    ],
)
def test_a_verdict_takes_an_interval(effect, se, expected):
    assert study.verdict(pd.Series({"effect": effect, "effect_se": se})) == expected


def test_statements_are_judged_in_their_terms_and_without_the_noise(values):
    table = judge([values])
    check_table(table, "replications")
    found = table.set_index("quantity")
    assert found.loc[study.MEDIANS, "published"] == 0.3
    assert found.loc[study.MORE, "published"] == pytest.approx(0.93 - 0.18)
    # independent features of which few matter: the lasso's risk is far below ridge's
    assert not found.loc["share of cells equivalent in excess risk", "agrees"]


def test_a_data_set_does_not_depend_on_its_batch(values):
    alone = run_batch(NAME, 5, 6, seed=1)
    expected = values[values["replicate"] == 5].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected)
