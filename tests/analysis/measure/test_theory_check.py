"""The table of theory, from the fits files of a small study."""

import numpy as np
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.measure.theory_check import theory_table
from normwise.data.population import population
from normwise.data.scenario import expand_grid
from normwise.data.simulated import write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.theory import lasso_optimal_risk, ols_risk, ridge_optimal_risk

OPTIONS = FitOptions(seed=3, n_folds=3, n_alphas=40, l1_ratio=0.5, tolerance=1e-6)
DATASET = {
    "name": "small",
    "source": "scenarios",
    "n_samples": 60,
    "n_features": 20,
    "n_nonzero": 4,
    "snr": 2.0,
}


def table(tmp_path, dataset, replicates=30, penalties=("none", "l1", "l2", "elastic_net")):
    data = tmp_path / "0.npz"
    write_simulated(data, expand_grid(dataset), 0, replicates, seed=3)
    fits = {}
    for penalty in penalties:
        fits[penalty] = [tmp_path / f"{penalty}.npz"]
        fit_file(data, fits[penalty][0], "small", penalty, OPTIONS, 1)
    found = theory_table("small", fits, 3)
    check_table(found, "theory")
    return found.set_index("penalty")


def test_risks_at_the_best_strengths_agree_with_theory(tmp_path):
    found = table(tmp_path, DATASET, replicates=200)
    assert sorted(found.index) == ["l1", "l2", "none"]
    assert (found["z"].abs() < 4).all()
    assert (found["deviation"].abs() < 0.1).all()
    (scenario,) = expand_grid(DATASET)
    coef = population(scenario, 3).coef
    # the mean takes one row, and its own error comes on top
    alpha, risk = lasso_optimal_risk(coef, 59, 1.0)
    assert found.loc["l1", "predicted"] == pytest.approx(risk + (1 + risk) / 60)
    assert found.loc["l1", "alpha"] == pytest.approx(alpha * 59 / 60)
    risk = ridge_optimal_risk(np.ones(20), coef**2, 59, 1.0)[1]
    assert found.loc["l2", "predicted"] == pytest.approx(risk + (1 + risk) / 60)
    assert found.loc["none", "predicted"] == ols_risk(60, 20, 1.0, fit_intercept=True)
    for column in ("measured", "predicted", "mcse"):
        np.testing.assert_array_less(0, found[column])
    np.testing.assert_allclose(found["z"], (found["measured"] - found["predicted"]) / found["mcse"])


def test_correlated_features_have_predictions_too(tmp_path):
    dataset = DATASET | {"covariance": "ar1", "correlation": 0.8}
    found = table(tmp_path, dataset, replicates=100, penalties=("l1", "l2"))
    assert (found["z"].abs() < 4).all()
    # and they are those of the correlated design
    independent = table(tmp_path, DATASET, replicates=5, penalties=("l1", "l2"))
    assert (found["predicted"] / independent["predicted"] < 0.97).all()


def test_binary_responses_have_predictions_for_independent_features(tmp_path):
    found = table(tmp_path, DATASET | {"response": "binary", "n_samples": 120}, replicates=60)
    assert sorted(found.index) == ["l1", "l2"]
    assert (found["z"].abs() < 4).all()
    correlated = DATASET | {"response": "binary", "covariance": "ar1", "correlation": 0.5}
    assert not len(table(tmp_path, correlated, replicates=5))


@pytest.mark.parametrize(
    "change",
    [
        {"noise": "student_t"},
        {"noise": "heteroscedastic"},
        {"features": "sparse_binary"},
        {"features": "lognormal"},
        {"nonlinear_share": 0.3},
        {"response": "binary", "prevalence": 0.3, "n_samples": 120},
    ],
    ids=lambda change: str(next(iter(change.items()))),
)
def test_what_theory_does_not_cover_is_left_out(tmp_path, change):
    assert not len(table(tmp_path, DATASET | change, replicates=3))


def test_least_squares_without_a_finite_variance_is_left_out(tmp_path):
    found = table(tmp_path, DATASET | {"n_samples": 26}, replicates=3, penalties=("none", "l2"))
    assert list(found.index) == ["l2"]


def test_data_of_a_rule_have_no_prediction():
    found = theory_table("outside", {}, 3)
    assert not len(found)
    check_table(found, "theory")
