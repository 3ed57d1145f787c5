"""Exact theory against simulation through the functions of the pipeline."""

import numpy as np
import pandas as pd
import pytest

from normwise.metrics import bias_variance
from normwise.risk import excess_risk
from normwise.scenario import Scenario
from normwise.simulate import Population, draw, population
from normwise.solvers import fit_path
from normwise.tables import check_table
from normwise.theory import ols_check, ols_risk, ridge_conditional
from normwise.tuning import fit, fold_labels, penalties


def least_squares_risks(s: Scenario, replicates: int) -> np.ndarray:
    """Excess risks of the unpenalised fit as the study computes them."""
    truth = population(s, 11)
    found = np.empty(replicates)
    for r in range(replicates):
        X, y = draw(s, 11, r)
        folds = fold_labels(y, 5, "gaussian", np.random.default_rng(r))
        result = fit(
            X, y, penalties(0.5)["none"], "gaussian", folds, 1, 1e-6, lambda c, i: np.zeros(len(c))
        )
        found[r] = excess_risk(truth, result.path.coef, result.path.intercept)[0]
    return found


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(30, 6, 3, snr=0.5),
        Scenario(30, 6, 6, covariance="ar1", correlation=0.95, snr=5.0),
        Scenario(40, 25, 5, covariance="blocks", correlation=0.8),
    ],
    ids=["independent", "ar1", "blocks"],
)
def test_least_squares_has_its_exact_risk_for_any_covariance(scenario):
    risks = least_squares_risks(scenario, 800)
    mcse = risks.std(ddof=1) / np.sqrt(len(risks))
    predicted = ols_risk(scenario.n_samples, scenario.n_features, 1.0, fit_intercept=True)
    assert abs(risks.mean() - predicted) < 3 * mcse
    # precise enough for the check to mean something
    assert mcse < 0.05 * predicted


def test_least_squares_without_an_intercept(rng):
    n, p = 30, 6
    coef = rng.standard_normal(p)
    risks = []
    for _ in range(3000):
        X = rng.standard_normal((n, p))
        y = X @ coef + 1.5 * rng.standard_normal(n)
        risks.append(((np.linalg.lstsq(X, y)[0] - coef) ** 2).sum())
    mcse = np.std(risks) / np.sqrt(len(risks))
    assert np.mean(risks) == pytest.approx(ols_risk(n, p, 1.5**2), abs=3 * mcse)


def test_least_squares_risk_of_known_cases():
    # sigma^2 p / (n - p - 1)
    assert ols_risk(100, 50, 2.0) == pytest.approx(100 / 49)
    # with no feature at all, only the variance of the mean is left
    assert ols_risk(20, 0, 3.0, fit_intercept=True) == pytest.approx(3 / 20)
    assert ols_risk(20, 5, 1.0, fit_intercept=True) > ols_risk(20, 5, 1.0)


@pytest.mark.parametrize(("n", "p"), [(10, 10), (10, 9), (5, 20)])
def test_least_squares_risk_is_infinite_where_it_does_not_exist(n, p):
    assert ols_risk(n, p, 1.0) == np.inf
    assert ols_risk(n, p, 1.0, fit_intercept=True) == np.inf


@pytest.mark.parametrize("shape", [(25, 8), (15, 30)])
@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_ridge_given_the_features_has_its_exact_bias_and_variance(rng, shape, alpha):
    n, p = shape
    root = np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))
    X = rng.standard_normal((n, p)) @ root.T
    X -= X.mean(axis=0)
    coef = rng.standard_normal(p)
    bias2, variance = ridge_conditional(X, root @ root.T, coef, 4.0, alpha)
    found = np.empty((2000, p))
    for i in range(len(found)):
        y = X @ coef + 2.0 * rng.standard_normal(n)
        found[i] = fit_path(X, y, np.array([alpha]), 0.0, "gaussian").coef[0]
    truth = Population(coef, 0.0, root, np.zeros(p), 4.0)
    measured = bias_variance(truth, found, np.zeros(len(found)))
    assert measured["bias2"][0] == pytest.approx(bias2, abs=4 * measured["bias2"][1])
    assert measured["variance"][0] == pytest.approx(variance, abs=4 * measured["variance"][1])
    risk = excess_risk(truth, found, np.zeros(len(found)))
    mcse = risk.std() / np.sqrt(len(risk))
    assert risk.mean() == pytest.approx(bias2 + variance, abs=4 * mcse)


def test_ridge_limits_given_the_features(rng):
    X = rng.standard_normal((20, 5))
    coef, covariance = rng.standard_normal(5), np.eye(5)
    bias2, variance = ridge_conditional(X, covariance, coef, 1.0, 1e-12)
    assert bias2 == pytest.approx(0, abs=1e-15)
    assert variance == pytest.approx(np.trace(np.linalg.inv(X.T @ X)))
    bias2, variance = ridge_conditional(X, covariance, coef, 1.0, 1e9)
    assert (bias2, variance) == pytest.approx((coef @ coef, 0.0), abs=1e-6)


def check_input() -> tuple[pd.DataFrame, pd.DataFrame]:
    base = {
        "dataset": "d",
        "response": "gaussian",
        "features": "gaussian",
        "noise": "gaussian",
        "n_samples": 50,
        "n_features": 10,
    }
    variants = {
        "plain": {},
        "tails": {"noise": "student_t"},
        "uneven": {"noise": "heteroscedastic"},
        "classes": {"response": "binary"},
        "sparse": {"features": "sparse_binary"},
        "wide": {"n_features": 44},
        "last": {"n_features": 43},
    }
    scenarios = pd.DataFrame([base | {"scenario": n} | v for n, v in variants.items()])
    rows = [
        {
            "dataset": "d",
            "scenario": scenario,
            "penalty": penalty,
            "tuning": tuning,
            "metric": metric,
            "n": 20,
            "mean": 0.3,
            "mcse": 0.02,
        }
        for scenario in variants
        for penalty in ("none", "l1")
        for tuning in ("cv_min", "oracle")
        for metric in ("excess_risk", "slope_risk")
    ]
    return scenarios, pd.DataFrame(rows)


def test_check_covers_the_scenarios_whose_risk_is_known_and_no_others():
    found = ols_check(*check_input())
    check_table(found, "theory")
    # the risk has a finite variance if n - p > 6 and the noise a finite fourth moment,
    # which that of student_t with three degrees of freedom has not
    assert sorted(found["scenario"]) == ["last", "plain"]


def test_check_measures_the_distance_in_standard_errors():
    row = ols_check(*check_input()).set_index("scenario").loc["plain"]
    predicted = ols_risk(50, 10, 1.0, fit_intercept=True)
    assert row["predicted"] == pytest.approx(predicted)
    assert row["z"] == pytest.approx((0.3 - predicted) / 0.02)


def test_check_of_a_study_without_such_scenarios_is_empty():
    scenarios, summary = check_input()
    found = ols_check(scenarios[scenarios["response"] == "binary"], summary)
    assert len(found) == 0
    check_table(found, "theory")
