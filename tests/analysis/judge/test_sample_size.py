"""How many replicates a precision takes."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.judge.sample_size import plan_table, planned_replicates
from normwise.analysis.measure.pilots import pilot_table


def test_stein_covers_as_promised_whatever_the_variance(rng):
    for sd in (0.3, 2.0):
        hits, runs = 0, 2000
        for _ in range(runs):
            pilot = sd * rng.standard_normal(8)
            more = planned_replicates(8, pilot.std(ddof=1), 0.5) - len(pilot)
            mean = np.concatenate([pilot, sd * rng.standard_normal(more)]).mean()
            hits += abs(mean) <= 0.5
        assert hits / runs >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


def test_only_the_variance_of_the_pilot_counts(rng):
    sd = rng.standard_normal(20).std(ddof=1)
    # half the half-width takes four times as many
    once, twice = planned_replicates(20, sd, 0.1), planned_replicates(20, sd, 0.05)
    assert twice == pytest.approx(4 * once, abs=4)
    assert planned_replicates(20, sd, 100.0) == 20


@pytest.mark.parametrize(
    ("pilot", "half_width", "message"),
    [(1, 0.1, "at least 2"), (2, 0.0, "greater than 0")],
)
def test_what_cannot_be_planned_is_refused(pilot, half_width, message):
    with pytest.raises(ValueError, match=message):
        planned_replicates(pilot, 1.0, half_width)


def test_table_plans_from_the_first_replicates(rng):
    values = np.exp(rng.standard_normal((2, 60)))
    metrics = pd.concat(
        pd.DataFrame(
            {
                "dataset": "a",
                "scenario": "s",
                "penalty": penalty,
                "tuning": "cv_min",
                "metric": "excess_risk",
                "replicate": np.arange(60),
                "value": value,
            }
        )
        for penalty, value in zip(("l1", "l2"), values, strict=True)
    )
    comparison = {"margin": 0.05, "confidence": 0.95, "precision": 0.5}
    table = plan_table(pilot_table(metrics), comparison)
    check_table(table, "plan")
    (row,) = table.to_dict("records")
    d = np.log(values[0] / values[1])
    assert row["planned"] == planned_replicates(20, d[:20].std(ddof=1), 0.5 * np.log(1.05))
    assert row["n"] == 60
