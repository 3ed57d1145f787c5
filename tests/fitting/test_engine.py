"""The two engines give one study."""

from dataclasses import replace

import numpy as np
import pytest
from studies.joined import compare, evaluated

from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file

NATIVE = FitOptions(seed=4, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-6)
PENALTIES = ("none", "l1", "l2", "elastic_net")
SCENARIOS = [
    Scenario(40, 8, 2, snr=3.0),
    Scenario(30, 45, 3, covariance="ar1", correlation=0.5, snr=4.0),
    Scenario(40, 20, 20, covariance="blocks", correlation=0.9, group_size=5, snr=2.0),
    Scenario(80, 4, 2, snr=2.0, response="binary"),
]
COMPARISON = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    data = folder / "0.npz"
    write_simulated(data, SCENARIOS, 0, 8, NATIVE.seed)
    found = {}
    for engine in ("native", "scikit-learn"):
        options = replace(NATIVE, engine=engine)
        fits = {penalty: [folder / engine / f"{penalty}.npz"] for penalty in PENALTIES}
        for penalty, (path,) in fits.items():
            fit_file(data, path, "both", penalty, options, 1)
        found[engine] = evaluated(fits, "both")
    return found


def test_metrics_agree_to_the_certificate(tables):
    keys = ["scenario", "replicate", "penalty", "tuning", "metric"]
    ours, theirs = (
        tables[e]["metrics"].astype({k: str for k in keys if k != "replicate"}).set_index(keys)
        for e in ("native", "scikit-learn")
    )
    value = ours["value"].unstack("metric")
    other = theirs["value"].unstack("metric").loc[value.index]
    same = np.isclose(value["alpha"], other["alpha"], rtol=1e-9)
    # the others are ties to within the certificate
    assert same.mean() > 0.97
    # a gap of 1e-6 leaves about its root in the predictions
    for metric in ("excess_risk", "train_error"):
        np.testing.assert_allclose(value[metric][same], other[metric][same], rtol=5e-3, atol=1e-3)
    assert value["gap"].max() <= NATIVE.tolerance
    assert other["gap"].max() <= NATIVE.tolerance
    assert (value["gap"] != other["gap"]).any()


def test_verdicts_are_the_same(tables):
    ours, theirs = (compare(tables[e]["metrics"], COMPARISON) for e in ("native", "scikit-learn"))
    assert (ours["verdict"] == theirs["verdict"]).all()
    assert ours["verdict"].isin(["l1", "l2"]).any()
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=0.01)


def test_health_counts_what_missed_its_certificate(tables):
    for engine in tables:
        health = tables[engine]["fit_health"]
        assert (health["failed"] == 0).all()
        assert (health["max_gap"] <= NATIVE.tolerance).all()
