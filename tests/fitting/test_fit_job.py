"""One fit job: every replicate on equal terms, nothing lost silently."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from normwise.data.file import read_batches
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays
from normwise.fitting import fit_job as module
from normwise.fitting.fit_job import FitOptions, effective_dof, fit_file, fit_replicate
from normwise.fitting.loss import loss_of
from normwise.fitting.names import TUNINGS
from normwise.fitting.penalty import mixes
from normwise.fitting.risk import excess_risk

SEED = 2
SQUARED_ERROR, LOG_LOSS = loss_of("gaussian"), loss_of("binary")
OPTIONS = FitOptions(seed=SEED, n_folds=4, n_alphas=12, l1_ratio=0.5, tolerance=1e-6)
GAUSSIAN = Scenario(30, 8, 3, snr=3.0)
BINARY = Scenario(40, 5, 2, snr=3.0, response="binary")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "0.npz"
    write_simulated(path, [GAUSSIAN, BINARY], 0, 4, SEED)
    return path


def fits(data, tmp_path, penalty: str, options: FitOptions = OPTIONS, n_jobs: int = 1):
    output = tmp_path / f"{penalty}.npz"
    fit_file(data, output, "any", penalty, options, n_jobs)
    with load_arrays(output) as file:
        return dict(file)


@pytest.mark.parametrize("penalty", mixes(0.5))
def test_stored_risk_is_that_of_the_stored_estimates(data, tmp_path, penalty):
    found = fits(data, tmp_path, penalty)
    batch = next(read_batches(data, "any"))
    risk = excess_risk(batch.truth, found["coef.0"], found["intercept.0"])
    assert found["coef.0"].any()
    np.testing.assert_allclose(found["risk.0"], risk)
    predictor = found["intercept.0"][..., None] + np.einsum(
        "rnp,rtp->rtn", batch.X, found["coef.0"]
    )
    error = ((batch.y[:, None] - predictor) ** 2).mean(axis=-1)
    np.testing.assert_allclose(found["train_error.0"], error)


def test_all_penalties_get_the_same_folds_and_each_replicate_its_own(data, monkeypatch):
    seen = {}
    honest = module.fit

    def spy(X, y, penalty, response, folds, *others):
        # the rows held out in each fold
        held_out = [test.tolist() for _, test in folds]
        seen.setdefault((response, y.tobytes()), []).append(held_out)
        return honest(X, y, penalty, response, folds, *others)

    monkeypatch.setattr(module, "fit", spy)
    for batch in read_batches(data, "any"):
        for penalty in mixes(0.5).values():
            for r in range(2):
                fit_replicate(batch.only(r), penalty, OPTIONS)
    assert len(seen) == 4
    for folds in seen.values():
        assert len(folds) == 4
        assert all(held_out == folds[0] for held_out in folds)
    first = [folds[0] for (response, _), folds in seen.items() if response == "gaussian"]
    assert first[0] != first[1]


@pytest.mark.parametrize("penalty", mixes(0.5))
def test_the_number_of_workers_changes_nothing_but_the_time(data, tmp_path, penalty):
    one, two = (fits(data, tmp_path, penalty, n_jobs=n) for n in (1, 2))
    assert set(one) == set(two)
    for name in one:
        if not name.startswith("seconds"):
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_penalties_store_equal_shapes_and_the_unpenalised_fit_one_candidate(data, tmp_path):
    stored = {p: fits(data, tmp_path, p) for p in mixes(0.5)}
    for name in stored["l1"]:
        assert stored["l1"][name].shape == stored["l2"][name].shape
        assert stored["l1"][name].shape == stored["elastic_net"][name].shape
    assert stored["l1"]["cv_error.0"].shape == (4, 12)
    assert stored["none"]["cv_error.0"].shape == (4, 1)
    # without a choice to make, the rules agree
    assert np.ptp(stored["none"]["risk.0"], axis=1).max() == 0


def test_paths_are_kept_on_request_and_hold_the_chosen_fits(data, tmp_path):
    assert "path_coef.0" not in fits(data, tmp_path, "l1")
    found = fits(data, tmp_path, "l1", replace(OPTIONS, keep_paths=True))
    assert found["path_coef.0"].shape == (4, 12, 8)
    for r in range(4):
        for t in range(len(TUNINGS)):
            step = np.flatnonzero(found["alphas.0"][r] == found["alpha.0"][r, t])[0]
            np.testing.assert_array_equal(found["path_coef.0"][r, step], found["coef.0"][r, t])


def test_separable_classes_are_recorded_as_failed_without_a_penalty_only(tmp_path):
    path = tmp_path / "0.npz"
    wide = replace(BINARY, n_features=50)
    write_simulated(path, [wide], 0, 3, SEED)
    found = fits(path, tmp_path, "none")
    np.testing.assert_array_equal(found["failed.0"], 1)
    assert np.isnan(found["coef.0"]).all()
    assert (found["seconds.0"] > 0).all()
    for penalty in ("l1", "l2", "elastic_net"):
        found = fits(path, tmp_path, penalty)
        np.testing.assert_array_equal(found["failed.0"], 0)
        assert np.isfinite(found["coef.0"]).all()


def test_chosen_solutions_carry_a_certificate(data, tmp_path):
    for penalty in mixes(0.5):
        found = fits(data, tmp_path, penalty)
        for i in (0, 1):
            assert found[f"gap.{i}"].max() <= OPTIONS.tolerance
            assert found[f"n_uncertified.{i}"].max() == 0


def standardised(rng, n: int, p: int) -> np.ndarray:
    X = rng.standard_normal((n, p))
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.mark.parametrize("shape", [(30, 8), (12, 20)])
def test_degrees_of_freedom_of_ridge(rng, shape):
    Z = standardised(rng, *shape)
    n = len(Z)
    # trace of the hat matrix
    hat = Z @ np.linalg.inv(Z.T @ Z + n * 0.3 * np.eye(shape[1])) @ Z.T
    args = (Z, np.ones(shape[1]), np.zeros(n))
    ridge = mixes(0.5)["l2"]
    assert effective_dof(*args, 0.3, ridge, SQUARED_ERROR) == pytest.approx(np.trace(hat))
    assert effective_dof(*args, np.inf, ridge, SQUARED_ERROR) == 0
    assert effective_dof(*args, 0.0, ridge, SQUARED_ERROR) == pytest.approx(min(shape[1], n - 1))


def test_degrees_of_freedom_of_the_lasso_are_its_nonzeros(rng):
    Z = standardised(rng, 30, 8)
    coef = np.array([1.0, 0, 0, -2, 0, 0.1, 0, 0])
    lasso = mixes(0.5)["l1"]
    assert effective_dof(Z, coef, np.zeros(30), 0.2, lasso, SQUARED_ERROR) == pytest.approx(3)
    assert effective_dof(Z, 0 * coef, np.zeros(30), 0.2, lasso, SQUARED_ERROR) == 0


def test_degrees_of_freedom_of_the_elastic_net_lie_between(rng):
    Z = standardised(rng, 30, 8)
    coef = np.array([1.0, 0, 0, -2, 0, 0.1, 0, 0])
    active = Z[:, coef != 0]
    hat = active @ np.linalg.inv(active.T @ active + 30 * 0.2 * 0.5 * np.eye(3)) @ active.T
    found = effective_dof(Z, coef, np.zeros(30), 0.2, mixes(0.5)["elastic_net"], SQUARED_ERROR)
    assert found == pytest.approx(np.trace(hat))
    assert 1 < found < 3


def test_degrees_of_freedom_of_the_lasso_equal_their_covariance_definition(rng):
    # df = sum of Cov(fitted_i, y_i) / sigma^2 (Efron 1986), by simulation with X fixed
    from normwise.solvers import fit_path

    Z = standardised(rng, 25, 6)
    signal = Z @ np.array([1.0, 0.5, 0, 0, 0, 0])
    dof, total = [], []
    for _ in range(3000):
        noise = rng.standard_normal(25)
        path = fit_path(Z, signal + noise, np.array([0.25]), 1.0, "gaussian")
        fitted = Z @ path.coef[0]
        total.append(fitted @ noise)
        dof.append(effective_dof(Z, path.coef[0], fitted, 0.25, mixes(0.5)["l1"], SQUARED_ERROR))
    mcse = np.std(total) / np.sqrt(3000)
    assert np.mean(dof) == pytest.approx(np.mean(total), abs=3.5 * mcse)


def test_degrees_of_freedom_of_logistic_ridge_follow_its_hessian(rng):
    Z = standardised(rng, 40, 5)
    predictor = Z @ np.array([1.0, -1, 0, 0, 2]) + 0.5
    weight = 1 / (2 + np.exp(predictor) + np.exp(-predictor))
    design = np.column_stack([np.ones(40), Z])
    hessian = design.T @ (weight[:, None] * design) / 40
    penalty = 0.1 * np.diag([0, 1, 1, 1, 1, 1])
    expected = np.trace(hessian @ np.linalg.inv(hessian + penalty)) - 1  # less the intercept
    found = effective_dof(Z, np.ones(5), predictor, 0.1, mixes(0.5)["l2"], LOG_LOSS)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scenario", "last"), [(GAUSSIAN, -2), (BINARY, -1)], ids=["gaussian", "binary"]
)
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_edge_is_the_last_strength_that_is_no_limit(monkeypatch, tmp_path, scenario, last, penalty):
    path = tmp_path / "0.npz"
    write_simulated(path, [scenario], 0, 1, SEED)
    batch = next(read_batches(path, "any"))
    honest = module.fit

    def forced(*args):
        result = honest(*args)
        steps = len(result.path.alphas)
        return replace(result, chosen=np.array([steps + last, 0, steps + last - 1]))

    monkeypatch.setattr(module, "fit", forced)
    found = fit_replicate(batch, mixes(0.5)[penalty], OPTIONS)
    np.testing.assert_array_equal(found["edge"], [1, 0, 0])


THREADS = """
import hashlib, sys
from pathlib import Path
from normwise.data.simulated import write_simulated
from normwise.analysis.measure.evaluate import evaluate
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.files.arrays import load_arrays
from normwise.data.scenario import Scenario

scenarios = [
    Scenario(150, 400, 10, covariance="ar1", correlation=0.7),
    Scenario(300, 60, 10, covariance="latent_factors", correlation=0.9, response="binary"),
]
folder = Path(sys.argv[1])
write_simulated(folder / "data.npz", scenarios, 0, 2, 0)
options = FitOptions(seed=0, n_folds=5, n_alphas=20, l1_ratio=0.5, tolerance=1e-6)
found = hashlib.sha256()
for penalty in ("none", "l1", "l2", "elastic_net"):
    fits = folder / f"{penalty}.npz"
    fit_file(folder / "data.npz", fits, "a", penalty, options, 1)
    with load_arrays(fits) as file:
        for name in sorted(n for n in file.files if not n.startswith("seconds")):
            found.update(file[name].tobytes())
    for tables in evaluate({penalty: [fits]}, "a"):
        found.update(tables["metrics"].to_csv().encode())
print(found.hexdigest())
"""


def test_threads_of_the_linear_algebra_change_no_bit(tmp_path):
    digests = set()
    for threads in ("1", "4"):
        names = ("OMP", "OPENBLAS", "MKL", "NUMBA")
        env = os.environ | {f"{name}_NUM_THREADS": threads for name in names}
        command = [sys.executable, "-c", THREADS, str(tmp_path)]
        digests.add(subprocess.check_output(command, env=env, text=True))
    assert len(digests) == 1
