"""Every check of a study can fail."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.judge import health
from normwise.analysis.judge.health import Check, complaint, health_table, passed_all

SOUND = {
    "fit_health": {
        "penalty": ["l1", "l2", "none"],
        "failed": [0.0, 0.0, 1.0],
        "uncertified": [0.0, 0.0, 0.0],
        "max_gap": [1e-9, 1e-12, np.nan],
        "edge": [0.02, 0.0, 0.0],
    },
    "verdicts": {
        "first": ["l1", "l1"],
        "second": ["l2", "none"],
        "n": [50, 40],
        "n_lost": [0, 10],
        "tuning": ["cv_min", "cv_min"],
        "mcse": [0.05, 0.05],
        "sample_se": [0.01, 0.05],
    },
    "theory": {
        "kind": ["exact", "limit"],
        "z": [1.2, 2.0],
        "deviation": [0.2, -0.02],
        "mcse": [0.01, 0.01],
        "predicted": [1.0, 1.0],
        "n": [50, 50],
    },
    "missing": {"dataset": [], "scenario": []},
    "calibration": {
        "measure": ["false_win", "coverage"],
        "n": [50, 50],
        "nominal": [0.05, 0.95],
        "rate": [0.04, 0.945],
        "se": [0.004, 0.004],
    },
}
BROKEN = [
    ("failed fits", "fit_health", "failed", 0.1),
    ("uncertified solutions", "fit_health", "uncertified", 0.5),
    ("duality gap", "fit_health", "max_gap", 1e-3),
    ("duality gap", "fit_health", "max_gap", np.nan),
    ("end of the grid", "fit_health", "edge", 0.4),
    ("lost pairs", "verdicts", "n_lost", 2),
    ("test sample", "verdicts", "sample_se", 0.04),
    ("exact risk", "theory", "z", -9.0),
    ("false wins", "calibration", "rate", 0.08),
]


def judged(tables):
    return health_table({k: pd.DataFrame(v) for k, v in tables.items()}, 1e-6, 50)


def changed(table, column, value, row=0):
    values = list(SOUND[table][column])
    values[row] = value
    return SOUND | {table: SOUND[table] | {column: values}}


def test_a_sound_study_passes():
    health = judged(SOUND)
    check_table(health, "health")
    assert len(health) == 11
    assert passed_all(health)
    assert complaint(health, "health.csv") == ""


@pytest.mark.parametrize(("check", "table", "column", "value"), BROKEN)
def test_one_broken_input_breaks_its_check_alone(check, table, column, value):
    tables = changed(table, column, value)
    if np.isnan(value):
        tables["fit_health"]["max_gap"] = [np.nan] * 3
    health = judged(tables)
    assert health.loc[~health["passed"], "check"].tolist() == [check]
    assert not passed_all(health)
    text = complaint(health, "results/tables/health.csv")
    assert text.startswith("results/tables/health.csv: 1 of 11 checks are broken")
    assert f"  - {check}: " in text


@pytest.mark.parametrize(
    ("check", "table", "column", "value"),
    [("risk in the limit", "theory", "deviation", 0.2), ("coverage", "calibration", "rate", 0.9)],
)
def test_checks_of_second_rows(check, table, column, value):
    health = judged(changed(table, column, value, row=1))
    assert health.loc[~health["passed"], "check"].tolist() == [check]


def test_what_a_study_does_not_have_is_not_checked():
    tables = {k: pd.DataFrame(v).iloc[:0] for k, v in SOUND.items()}
    assert list(health_table(tables, 1e-6, 50)["check"]) == ["missing scenarios"]


def test_only_the_calibration_with_the_studys_replicates_counts():
    tables = changed("calibration", "rate", 0.5)
    frames = {k: pd.DataFrame(v) for k, v in tables.items()}
    assert "false wins" not in set(health_table(frames, 1e-6, 20)["check"])


def test_a_scenario_without_results_breaks_a_check():
    health = judged(SOUND | {"missing": {"dataset": ["a"], "scenario": ["s"]}})
    assert health.loc[~health["passed"], "check"].tolist() == ["missing scenarios"]


def test_every_check_is_a_function_in_the_list(monkeypatch):
    def odd_check(tables, promise):
        yield Check("odd check", "what is odd", promise.replicates, 60.0, "at least")

    monkeypatch.setattr(health, "CHECKS", (*health.CHECKS, odd_check))
    last = judged(SOUND).iloc[-1]
    assert (last["check"], last["value"], last["passed"]) == ("odd check", 50.0, False)


def test_noise_of_few_replicates_is_no_distance_from_theory():
    tables = {name: pd.DataFrame(columns) for name, columns in SOUND.items()}
    rng = np.random.default_rng(0)
    error, predicted = np.full(400, 0.2), np.full(400, 2.0)
    for shift, passed in ((0.0, True), (0.15, False)):
        deviation = shift + error / predicted * rng.standard_normal(400)
        tables["theory"] = pd.DataFrame(
            {"kind": "limit", "deviation": deviation, "mcse": error, "predicted": predicted}
        )
        (check,) = health.risk_in_the_limit(tables, health.Promise(1e-6, 50))
        assert check.passed == passed
