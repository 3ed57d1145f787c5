"""The error that a test sample leaves in an effect, against effects on other samples."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import typed
from normwise.analysis.measure.effects import log_ratio, pair_table
from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.measure.goal_effects import goal_effects
from normwise.analysis.measure.sample_error import sample_errors, with_sample_error
from normwise.data.population import draw_features, population
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.fits_file import read_estimates
from normwise.fitting.loss import loss_of
from normwise.fitting.names import TUNINGS
from normwise.fitting.risk import SampledRisk

SEED = 2
OPTIONS = FitOptions(seed=SEED, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-6)
BINARY = Scenario(60, 12, 3, snr=2.0, features="mixed", response="binary")
SCENARIOS = [
    BINARY,
    replace(BINARY, nonlinear_share=0.4),
    replace(BINARY, features="gaussian", nonlinear_share=0.4),
    replace(BINARY, features="gaussian"),
    replace(BINARY, response="gaussian"),
]


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampled")
    write_simulated(folder / "data.npz", SCENARIOS, 0, 6, SEED)
    paths = {}
    for penalty in ("l1", "l2"):
        paths[penalty] = [folder / penalty / "0.npz"]
        fit_file(folder / "data.npz", paths[penalty][0], "any", penalty, OPTIONS, 1)
    return paths


@pytest.fixture(scope="module")
def found(fits):
    return {next(iter(e.values())).origin.id: e for e in read_estimates(fits, "any")}


def effect_on(rows, estimates, truth) -> float:
    """Effect of cv_min on other rows, of the same fits."""
    measured, risks = SampledRisk(truth, loss_of("binary"), rows), []
    for e in estimates.values():
        coef, intercept = e.arrays["coef"][:, 0], e.arrays["intercept"][:, 0]
        risks.append(measured(coef, intercept))
    return float(log_ratio(*risks).mean())


@pytest.mark.parametrize("scenario", SCENARIOS[:3])
def test_error_is_the_spread_of_the_effect_over_samples(found, scenario):
    estimates, truth = found[scenario.id], population(scenario, SEED)
    error = sample_errors(estimates)["l1", "l2", "cv_min"]
    rng = np.random.default_rng(0)
    n_rows = len(next(iter(estimates.values())).origin.X_test)
    effects = [
        effect_on(draw_features(scenario, truth, n_rows, rng), estimates, truth) for _ in range(60)
    ]
    # a standard deviation of 60 values has a relative error of 9 %
    assert np.std(effects, ddof=1) == pytest.approx(error, rel=0.4)
    assert error > 0


@pytest.mark.parametrize("scenario", SCENARIOS[3:])
def test_exact_risks_have_none(found, scenario):
    assert not sample_errors(found[scenario.id])


def test_every_rule_and_pair_has_one(found):
    errors = sample_errors(found[BINARY.id])
    assert set(errors) == {("l1", "l2", tuning) for tuning in TUNINGS}


def test_effects_carry_it(fits):
    tables = list(evaluate(fits, "any"))
    for scenario, own in zip(SCENARIOS, tables, strict=True):
        alone = pair_table(own["metrics"])
        exact = scenario in SCENARIOS[3:]
        assert (own["pairs"]["sample_se"] == 0).all() == exact
        np.testing.assert_allclose(
            own["pairs"]["mcse"], np.hypot(alone["mcse"], own["pairs"]["sample_se"])
        )
        goals = own["goal_effects"].set_index("goal")["mcse"]
        without = goal_effects(own["metrics"]).set_index("goal")["mcse"]
        assert (goals["prediction"] > without["prediction"]) == (not exact)
        assert goals["stability"] == without["stability"]


def test_an_empty_table_stays_one():
    empty = with_sample_error(typed(pd.DataFrame(), "pairs"), {})
    assert list(empty) == list(typed(pd.DataFrame(), "pairs"))
    assert not len(empty)
