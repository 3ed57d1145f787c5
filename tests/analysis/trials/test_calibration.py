"""The verdict rule tried where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from normwise.analysis.columns import check_table, typed
from normwise.analysis.judge.health import health_table
from normwise.analysis.trials import calibration
from normwise.analysis.trials.calibration import calibrate, theoretical_winner
from normwise.analysis.trials.cells import CELLS
from normwise.fitting.fit_job import FitOptions

OPTIONS = FitOptions(seed=4, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-6)
COMPARISON = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}
KEYS = ["cell", "first", "second", "measure", "truth", "n"]


@pytest.fixture(scope="module")
def known():
    return calibrate("one_matters", 300, 100, OPTIONS, COMPARISON)


def check_of(table: pd.DataFrame, name: str) -> pd.Series:
    names = ("missing", "fit_health", "verdicts", "theory")
    tables = {n: typed(pd.DataFrame(), n) for n in names} | {"calibration": table}
    return health_table(tables, 1e-6, 100).set_index("check").loc[name]


def test_cells_lie_on_both_sides_of_the_boundary():
    winners = {name: theoretical_winner(cell) for name, cell in CELLS.items()}
    assert winners == {
        "none_matters": None,
        "one_matters": "l1",
        "some_matter": "l1",
        "all_matter": "l2",
    }


def test_a_row_for_every_measure_and_size(known):
    check_table(known, "calibration")
    assert not known.duplicated(KEYS).any()
    assert known["rate"].between(0, 1).all()
    assert (known["se"] > 0).all()
    assert {10, 20, 50, 100, 200} == set(known["n"])
    assert set(known["measure"]) == {
        "false_win",
        "false_equivalence",
        "coverage",
        "right_winner",
        "wrong_winner",
        "coverage_theory",
    }


def test_the_same_seed_gives_the_same_calibration(known):
    again = calibrate("one_matters", 300, 100, OPTIONS, COMPARISON)
    pd.testing.assert_frame_equal(known, again)


def test_the_rule_keeps_its_promise(known):
    assert check_of(known, "false wins")["passed"]
    assert check_of(known, "coverage")["passed"]
    power = known[(known["measure"] == "right_winner") & (known["n"] == 100)]["rate"]
    assert (power > 0.95).all()


def test_a_rule_that_forgets_the_margin_is_found_out(monkeypatch):
    def naive(effect, mcse, n, margin):
        p = 2 * stats.t.sf(np.abs(effect) / np.maximum(mcse, 1e-12), n - 1)
        return p, 1 - p

    monkeypatch.setattr(calibration, "zone_tests", naive)
    found = calibrate("some_matter", 100, 100, OPTIONS, COMPARISON)
    assert not check_of(found, "false wins")["passed"]


def test_intervals_of_a_skewed_difference_are_found_out():
    # log-normal with a heavy tail: t intervals from ten values are too short
    d = np.exp(2 * np.random.default_rng(0).standard_normal(100_000))
    rows = pd.DataFrame(
        calibration._pair_rows(d, [10], COMPARISON, None, False, np.random.default_rng(1))
    )
    covered = rows[rows["measure"] == "coverage"].iloc[0]
    assert covered["rate"] < 0.9


@pytest.mark.parametrize("spread", [0.02, 0.3])
def test_rates_of_normal_differences_are_those_of_theory(spread):
    # at the end of the zone a win for the other side is next to impossible: half the level
    d = np.random.default_rng(3).standard_normal(200_000) * spread
    rows = pd.DataFrame(
        calibration._pair_rows(d, [25], COMPARISON, None, True, np.random.default_rng(5))
    )
    ends = rows[(rows["measure"] == "false_win") & (rows["truth"] != 0)]
    assert (ends["rate"] <= 0.05 + 3 * ends["se"]).all()
    if spread < 0.1:
        np.testing.assert_allclose(ends["rate"], 0.025, atol=4 * ends["se"].max())
    covered = rows[rows["measure"] == "coverage"].iloc[0]
    assert covered["rate"] == pytest.approx(0.95, abs=4 * covered["se"])
