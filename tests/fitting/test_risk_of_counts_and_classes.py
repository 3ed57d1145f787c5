"""The risks of counts and of several classes are what many rows show, and the truth has least."""

from dataclasses import replace

import numpy as np
import pytest

from normwise.data.batch import Batch
from normwise.data.population import draw, draw_features, draw_response, population
from normwise.data.scenario import Scenario
from normwise.data.simulated import simulated_test_rows
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.fit_job import FitOptions, fit_replicate
from normwise.fitting.loss import loss_of
from normwise.fitting.names import responses
from normwise.fitting.penalty import find, mixes
from normwise.fitting.risk import SampledRisk, risk_function
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.separation import is_separable

SEED, N = 3, 400_000
COUNTS = Scenario(80, 6, 3, snr=0.8, response="poisson", mean_count=1.5, dispersion=0.4)
CLASSES = Scenario(80, 6, 3, snr=2.0, response="multinomial")
SCENARIOS = {
    "counts": COUNTS,
    "counts of categories": replace(COUNTS, features="categorical"),
    "classes": CLASSES,
    "five classes of mixed features": replace(
        CLASSES, n_features=12, features="mixed", n_classes=5, class_features="own"
    ),
}
every = pytest.mark.parametrize("name", SCENARIOS)


def batch_of(s: Scenario, replicate: int = 0) -> Batch:
    X, y = draw(s, SEED, replicate)
    truth, rows = population(s, SEED), simulated_test_rows(s, SEED)
    return Batch(s.id, s.key, replicate, X[None], y[None], s.response, truth, rows)


def near(s: Scenario, rng: np.random.Generator, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and intercepts about those of the truth, three of them."""
    truth = population(s, SEED)
    intercept = np.asarray(truth.intercept)
    coef = truth.coef + size * rng.standard_normal((3, *truth.coef.shape))
    return coef, intercept + size * rng.standard_normal((3, *intercept.shape))


@every
def test_excess_risk_is_what_new_rows_show(name, rng):
    s = SCENARIOS[name]
    truth, loss = population(s, SEED), loss_of(s.response)
    coef, intercept = near(s, rng, 0.3)
    X = draw_features(s, truth, N, rng).astype(float)
    y = draw_response(s, truth, X, rng)
    least = loss.each(y, truth.predictor(X))
    measured = np.stack(
        [loss.each(y, a[..., None] + b @ X.T) - least for b, a in zip(coef, intercept, strict=True)]
    )
    found = risk_function(batch_of(s))(coef, intercept)
    error = measured.std(axis=1) / np.sqrt(N)
    rows = simulated_test_rows(s, SEED)
    if rows is not None:
        by_row = SampledRisk(truth, loss, rows).by_row(coef, intercept)
        error = np.hypot(error, by_row.std(axis=1) / np.sqrt(len(rows)))
    np.testing.assert_array_less(np.abs(found - measured.mean(axis=1)), 4.5 * error)


@every
def test_the_truth_has_no_excess_and_nothing_has_less(name, rng):
    s = SCENARIOS[name]
    truth, risk = population(s, SEED), risk_function(batch_of(s))
    own = risk(truth.coef[None], np.asarray(truth.intercept)[None])
    np.testing.assert_allclose(own, 0, atol=1e-12)
    for size in (1e-3, 0.1, 1.0):
        assert (risk(*near(s, rng, size)) > 0).all()


def test_a_constant_in_all_classes_changes_no_risk(rng):
    risk = risk_function(batch_of(CLASSES))
    coef, intercept = near(CLASSES, rng, 0.5)
    moved = coef + rng.standard_normal((3, 1, 6)), intercept + rng.standard_normal((3, 1))
    np.testing.assert_allclose(risk(coef, intercept), risk(*moved), rtol=1e-9)


def test_risk_of_counts_is_the_same_formula_whatever_their_dispersion(rng):
    # the mean is what is fitted, and all that the excess depends on
    coef, intercept = near(COUNTS, rng, 0.3)
    plain = replace(COUNTS, dispersion=0.0, snr=COUNTS.snr * COUNTS.noise_var * COUNTS.mean_count)
    truths = [population(s, SEED) for s in (COUNTS, plain)]
    np.testing.assert_allclose(truths[0].coef, truths[1].coef)
    found = [risk_function(batch_of(s))(coef, intercept) for s in (COUNTS, plain)]
    np.testing.assert_allclose(*found)


PENALTIES = ("l1", "l2", "elastic_net", "relaxed_lasso")
OPTIONS = FitOptions(SEED, 4, 15, 0.5, 1e-5, keep_paths=True)


@pytest.mark.parametrize("name", ("counts", "classes"))
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_fit_has_the_shape_of_its_truth_and_the_oracle_the_least_risk(name, penalty):
    s = SCENARIOS[name]
    batch = batch_of(s)
    fit = fit_replicate(batch, find(penalty, 0.5), OPTIONS)
    truth = batch.truth
    assert fit["failed"] == 0 and fit["coef"].shape == (3, *truth.coef.shape)
    assert fit["intercept"].shape == (3, *np.shape(truth.intercept))
    assert fit["path_coef"].shape[1:] == truth.coef.shape
    assert (fit["gap"] <= OPTIONS.tolerance).all()
    cv_min, _, oracle = fit["risk"]
    assert 0 < oracle <= cv_min < fit["path_risk"][0]
    risk = risk_function(batch)(fit["coef"], fit["intercept"])
    np.testing.assert_allclose(fit["risk"], risk)
    predictor = fit["intercept"][..., None] + fit["coef"] @ batch.X[0].T
    loss = loss_of(s.response)
    np.testing.assert_allclose(fit["train_error"], loss.value(batch.y[0], predictor))
    # degrees of freedom are not defined for several linear predictors
    assert np.isnan(fit["dof"]).all() == (name == "classes" or penalty == "relaxed_lasso")


def test_a_sample_without_a_class_is_a_failed_fit():
    batch = batch_of(CLASSES)
    batch = replace(batch, y=np.minimum(batch.y, 1.0))
    fit = fit_replicate(batch, mixes(0.5)["l2"], OPTIONS)
    assert fit["failed"] == 1 and fit["coef"].shape == (3, 3, 6) and np.isnan(fit["coef"]).all()


def test_a_fit_without_a_penalty_is_offered_where_there_is_one():
    for s in (COUNTS, CLASSES):
        assert s.response in responses("none")
        batch = batch_of(s)
        try:
            problem_of(batch.X[0], batch.y[0], s.response).path(np.zeros(1), 0.0)
            exists = True
        except NoSolutionError:
            exists = False
        fit = fit_replicate(batch, mixes(0.5)["none"], OPTIONS)
        assert fit["failed"] == (not exists) and np.isfinite(fit["coef"]).all() == exists


@pytest.mark.parametrize("n_features", (2, 30))
def test_separable_classes_have_no_limit_of_no_penalty(n_features):
    s = replace(CLASSES, n_samples=60, n_features=n_features, n_nonzero=2, snr=2.0)
    X, y = draw(s, SEED, 0)
    separable = is_separable(X, y)
    assert separable == (n_features == 30)
    if separable:
        with pytest.raises(NoSolutionError, match="the classes are linearly separable"):
            problem_of(X, y, s.response).path(np.zeros(1), 0.0)


def test_classes_are_separable_where_predictors_tell_them_apart(rng):
    X = rng.standard_normal((90, 2))
    coef = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    y = (X @ coef.T).argmax(axis=1).astype(float)
    assert is_separable(X, y)
    # one row on the far side of a boundary is enough
    deep = int(np.argmax(X[:, 0] * (y == 0)))
    y[deep] = 1.0
    assert not is_separable(X, y)
