"""Table ``estimates``: what the diagnosis says of the very data that were fitted."""

import numpy as np
import pandas as pd
import pytest
from studies.joined import evaluated

from normwise.advice.diagnosis import diagnose
from normwise.advice.estimates import as_drawn, described, estimate
from normwise.analysis.columns import check_table, typed
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.data.tables.table import Table
from normwise.fitting.fit_job import FitOptions, fit_file

SEED = 11
TUNING = {"n_folds": 3, "n_alphas": 10, "l1_ratio": 0.5}
SCENARIOS = (
    Scenario(30, 8, 2, snr=2.0, covariance="blocks", correlation=0.7, group_size=4),
    Scenario(40, 50, 3, snr=3.0, response="binary"),
    Scenario(25, 30, 5, snr=1.0, features="sparse_binary", density=0.05),
)


def as_given(X, y, response) -> Table:
    """A table as somebody brings it, who leaves out what does not vary."""
    X = X[:, np.ptp(X, axis=0) > 0].astype(float)
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    return Table(X, y, names, response, "y", None, "a file", {}, (), ())


@pytest.fixture(scope="module")
def block(tmp_path_factory):
    """Data file of a block, with what was measured on it."""
    folder = tmp_path_factory.mktemp("block")
    data, fits = folder / "data.npz", {}
    write_simulated(data, SCENARIOS, 0, 5, SEED)
    for penalty in ("l1", "l2"):
        fits[penalty] = [folder / f"{penalty}.npz"]
        options = FitOptions(seed=SEED, tolerance=1e-6, **TUNING)
        fit_file(data, fits[penalty][0], "one", penalty, options, 1)
    with np.load(data) as arrays:
        drawn = {k: arrays[k] for k in arrays.files if k[:2] in ("X.", "y.")}
    return drawn, evaluated(fits, "one")["metrics"]


@pytest.fixture(scope="module")
def found(block):
    return estimate("one", [s.as_dict() for s in SCENARIOS], block[1], SEED, 3)


def test_the_table_says_what_the_diagnosis_says_of_the_data_that_were_fitted(block, found):
    drawn, _ = block
    check_table(found, "estimates")
    assert len(found) == 3 * len(SCENARIOS)
    for i, scenario in enumerate(SCENARIOS):
        for r in range(3):
            table = as_given(drawn[f"X.{i}"][r], drawn[f"y.{i}"][r], scenario.response)
            diagnosis, signal = diagnose(table, SEED)
            row = found[(found["scenario"] == scenario.id) & (found["replicate"] == r)].iloc[0]
            # the same bits, not nearly the same numbers
            assert row["snr"] == signal.snr
            assert row["effective_nonzero"] == signal.sparsity.middle
            assert row["signal_alignment"] == signal.alignment.middle
            assert row["nearest_correlation"] == signal.nearest_correlation
            assert row["effective_features"] == signal.effective_features
            assert row["condition_number"] == diagnosis.condition_number**2
    assert (drawn["X.2"] == 0).all(axis=1).any(), "a feature that does not vary, or no test of it"


def test_risks_are_those_of_the_same_replicate(block, found):
    _, metrics = block
    own = metrics.query("metric == 'excess_risk' and tuning == 'cv_min'")
    for penalty in ("l1", "l2"):
        risk = own[own["penalty"] == penalty].set_index(["scenario", "replicate"])["value"]
        at = pd.MultiIndex.from_frame(found[["scenario", "replicate"]])
        assert (risk.loc[at].to_numpy() == found[f"risk_{penalty}"]).all()
    np.testing.assert_allclose(found["log_ratio"], np.log(found["risk_l1"] / found["risk_l2"]))


def test_more_replicates_leave_the_first_as_they_are(block, found):
    more = estimate("one", [s.as_dict() for s in SCENARIOS], block[1], SEED, 5)
    kept = more[more["replicate"] < 3].reset_index(drop=True)
    assert len(more) == 5 * len(SCENARIOS)
    pd.testing.assert_frame_equal(kept, found)


def test_replicates_that_a_penalty_failed_on_are_left_out(block):
    _, metrics = block
    lost = (metrics["scenario"] == SCENARIOS[0].id) & (metrics["replicate"] == 1)
    lost &= metrics["penalty"] == "l2"
    assert lost.any()
    left = estimate("one", [SCENARIOS[0].as_dict()], metrics[~lost], SEED, 3)
    assert list(left["replicate"]) == [0, 2]
    none = estimate("one", [SCENARIOS[0].as_dict()], metrics[:0], SEED, 3)
    pd.testing.assert_frame_equal(none, typed(pd.DataFrame(), "estimates"))


def test_with_no_more_rows_than_features_the_others_determine_each():
    few = described(as_drawn(Scenario(20, 30, 3, snr=1.0), SEED, 0), SEED)
    assert few["mean_vif"] == few["condition_number"] == np.inf
    many = described(as_drawn(Scenario(2000, 30, 3, snr=1.0), SEED, 0), SEED)
    assert 1 <= many["mean_vif"] < 1.1 and 1 < many["condition_number"] < 2


def test_with_many_rows_the_estimates_are_near_the_truth():
    rho = 0.6
    scenario = Scenario(
        6000, 20, 5, snr=2.0, covariance="blocks", correlation=rho, group_size=5, placement="spread"
    )
    seen = described(as_drawn(scenario, SEED, 0), SEED)
    assert seen["snr"] == pytest.approx(2, rel=0.1)
    assert seen["effective_nonzero"] == pytest.approx(5, rel=0.3)
    assert seen["nearest_correlation"] == pytest.approx(rho, abs=0.05)
    # four blocks of five, 20² / (20 + 80 r²)
    assert seen["effective_features"] == pytest.approx(400 / (20 + 80 * rho**2), rel=0.05)
    # of five alike, (1 + 4 r) / (1 - r)
    assert seen["condition_number"] == pytest.approx((1 + 4 * rho) / (1 - rho), rel=0.15)
