"""What ridge loses on a grid of strengths that stops too early."""

import subprocess

import numpy as np
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.judge.fair_grid import judge_grids
from normwise.analysis.measure import grid_effects as grid_audit
from normwise.analysis.measure.grid_effects import audit, glmnet_bounds
from normwise.data.scenario import expand_grid
from normwise.data.simulated import write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.fits_file import read_estimates
from normwise.study.config import check_config

OPTIONS = FitOptions(seed=2, n_folds=5, n_alphas=40, l1_ratio=0.5, tolerance=1e-6)
COMPARISON = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}
STUDY = {
    "replicates": 20,
    "datasets": [
        {"name": "wide", "n_samples": 30, "n_features": 60, "n_nonzero": 60, "snr": 20.0},
        {"name": "labels", "n_samples": 30, "n_features": 4, "n_nonzero": 2, "response": "binary"},
    ],
}
R_CODE = """
suppressMessages(library(glmnet))
d <- as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE))
cat(format(range(glmnet(d[, -1], d[, 1], alpha = 0)$lambda), digits = 15))
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory, schema_file):
    folder = tmp_path_factory.mktemp("audit")
    datasets = check_config(STUDY, schema_file, "test")["datasets"]
    found = {}
    for dataset in datasets:
        name = dataset["name"]
        data = folder / f"{name}.npz"
        write_simulated(data, expand_grid(dataset), 0, 20, OPTIONS.seed)
        fits = {p: [folder / f"{name}_{p}.npz"] for p in ("l1", "l2")}
        for penalty, (path,) in fits.items():
            fit_file(data, path, name, penalty, OPTIONS, 1)
        (found[name],) = read_estimates(fits, name)
    return found


def audited(estimates):
    return judge_grids(audit(estimates), COMPARISON)


@pytest.mark.parametrize("shape", [(30, 60), (60, 30)])
def test_bounds_are_those_of_glmnet(shape, rng, tmp_path):
    n, p = shape
    X = rng.standard_normal(shape) * rng.uniform(0.5, 3, p)
    y = X[:, 0] + rng.standard_normal(n)
    np.savetxt(tmp_path / "d.csv", np.column_stack([y, X]), delimiter=",")
    try:
        answer = subprocess.run(
            ["Rscript", "--vanilla", "-e", R_CODE, str(tmp_path / "d.csv")],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("R or its package glmnet is not installed")
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    correlation = np.abs(Z.T @ (y - y.mean())).max() / n / y.std()
    expected = np.array(glmnet_bounds(correlation, n, p)) * y.std()
    np.testing.assert_allclose([float(x) for x in answer.stdout.split()], expected, rtol=1e-6)


def test_a_short_grid_costs_ridge_where_the_signal_is_strong(study):
    table = audited(study["wide"])
    check_table(table, "fair_grid")
    (row,) = table.to_dict("records")
    assert row["dataset"] == "wide"
    assert row["n"] == 20
    assert row["below"] > 0.5
    assert row["cost"] > 1.1
    # the lasso is the same in both
    assert row["effect_glmnet"] == pytest.approx(row["effect"] - np.log(row["cost"]))


def test_a_grid_without_bounds_costs_nothing(study, monkeypatch):
    monkeypatch.setattr(grid_audit, "glmnet_bounds", lambda c, n, p: (0 * c, np.inf + 0 * c))
    row = audited(study["wide"]).iloc[0]
    assert row["cost"] == pytest.approx(1, abs=1e-12)
    assert row["below"] == 0
    assert row["verdict"] == row["verdict_glmnet"]


def test_no_gaussian_response_gives_an_empty_table(study):
    assert len(audited(study["labels"])) == 0
    assert len(audited({"l2": study["wide"]["l2"]})) == 0
