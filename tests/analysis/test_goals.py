"""The four goals: losses, verdicts, strategies."""

import numpy as np
import pandas as pd
import pytest
from studies.joined import goal_table

from normwise.analysis.columns import METRICS, check_table
from normwise.analysis.goals import GOALS
from normwise.analysis.measure.metrics import coef_agreement
from normwise.analysis.measure.strategies import strategy_table

OPTIONS = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}


def metrics(**values) -> pd.DataFrame:
    """Table ``metrics`` of one scenario from arrays by ``metric__penalty``."""
    parts = []
    for key, array in values.items():
        metric, penalty = key.split("__")
        parts.append(
            pd.DataFrame(
                {
                    "dataset": "a",
                    "scenario": "s",
                    "replicate": np.arange(len(array)),
                    "penalty": penalty,
                    "tuning": "cv_min",
                    "metric": metric,
                    "value": np.asarray(array, float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_every_goal_compares_a_described_metric():
    assert all(set(goal.metrics) <= set(METRICS) for goal in GOALS.values())


@pytest.mark.parametrize(
    ("metric", "better", "worse", "goal"),
    [
        ("excess_risk", 0.5, 1.0, "prediction"),
        ("ranking_pauc", 0.9, 0.4, "selection"),
        ("coef_agreement", 0.9, 0.4, "stability"),
        ("calibration_error", 0.1, 0.6, "calibration"),
    ],
)
def test_the_better_penalty_wins(metric, better, worse, goal):
    rng = np.random.default_rng(0)
    noise = 0.01 * rng.standard_normal((2, 30))
    for winner, (a, b) in {"l1": (better, worse), "l2": (worse, better)}.items():
        table = goal_table(
            metrics(**{f"{metric}__l1": a + noise[0], f"{metric}__l2": b + noise[1]}), OPTIONS
        )
        check_table(table, "goals")
        assert table["verdict"].tolist() == [winner]
        assert table["goal"].tolist() == [goal]
        assert (table["effect"][0] < 0) == (winner == "l1")
        assert table["low"][0] < table["effect"][0] < table["high"][0]


def test_small_differences_are_equivalent():
    values = 0.6 + 0.001 * np.random.default_rng(1).standard_normal((2, 30))
    table = goal_table(metrics(ranking_pauc__l1=values[0], ranking_pauc__l2=values[1]), OPTIONS)
    assert table["verdict"].tolist() == ["equivalent"]


def test_verdicts_of_data_sets_set_aside_change_no_other():
    """Hopeless scenarios beside a clear one cost it its verdict, unless they are set aside."""
    rng = np.random.default_rng(2)
    first = metrics(excess_risk__l1=0.9 + 0.02 * rng.standard_normal(8), excess_risk__l2=np.ones(8))
    noise = [
        metrics(excess_risk__l1=np.exp(rng.standard_normal(8)), excess_risk__l2=np.ones(8)).assign(
            scenario=f"n{i}", dataset="noise"
        )
        for i in range(400)
    ]
    alone = goal_table(first, OPTIONS)
    both = pd.concat([first, *noise])
    apart = goal_table(both, OPTIONS, ["noise"])
    keep = ["q_win", "q_equivalent", "verdict"]
    own = apart[apart["dataset"] == "a"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own[keep], alone[keep])
    together = goal_table(both, OPTIONS).set_index("dataset").loc["a"]
    assert together["q_win"] > alone["q_win"].iloc[0]


def test_a_goal_without_measurements_has_no_row():
    table = goal_table(metrics(excess_risk__l1=[1, 2, 3]), OPTIONS)
    check_table(table, "goals")
    assert not len(table)


def test_the_choice_of_the_folds_takes_the_risk_of_what_it_chose():
    table = strategy_table(
        metrics(
            excess_risk__l1=[1.0, 4.0, 1.0],
            excess_risk__l2=[2.0, 2.0, 2.0],
            cv_error__l1=[1.0, 1.0, 3.0],
            cv_error__l2=[2.0, 2.0, 2.0],
        )
    ).set_index("strategy")
    assert set(table.index) == {"l1", "l2", "cv_choice"}
    # the folds take L1, L1, L2
    assert table.loc["cv_choice", "effect"] == pytest.approx((np.log(0.5) + np.log(2) + 0) / 3)
    assert table.loc["l2", "effect"] == 0


def test_the_lasso_of_the_one_standard_error_rule_is_one_of_the_strategies():
    table = metrics(
        excess_risk__l1=[1.0, 4.0, 1.0],
        excess_risk__l2=[2.0, 2.0, 2.0],
        cv_error__l1=[1.0, 1.0, 3.0],
        cv_error__l2=[2.0, 2.0, 2.0],
    )
    sparser = metrics(excess_risk__l1=[4.0, 8.0, 2.0], excess_risk__l2=[9.0, 9.0, 9.0])
    both = pd.concat([table, sparser.assign(tuning="cv_1se")])
    found = strategy_table(both).set_index("strategy")["effect"]
    assert found["l1_1se"] == pytest.approx((np.log(2) + np.log(4) + 0) / 3)
    assert found["l1"] == strategy_table(table).set_index("strategy")["effect"]["l1"]


def test_agreement_is_that_of_all_pairs_of_samples():
    coef = np.random.default_rng(2).standard_normal((7, 3, 5)) + 1
    values = coef_agreement(coef)
    assert values.shape == (7, 3)
    b = coef[:, 1]
    gram = b @ b.T
    pairs = gram[~np.eye(7, dtype=bool)].mean() / np.diag(gram).mean()

    def agreement(kept):
        g = kept @ kept.T
        return g[~np.eye(len(kept), dtype=bool)].mean() / np.diag(g).mean()

    left = [agreement(np.delete(b, i, axis=0)) for i in range(7)]
    assert values[:, 1] == pytest.approx(7 * pairs - 6 * np.array(left))


def test_agreement_of_equal_and_of_unrelated_coefficients():
    rng = np.random.default_rng(3)
    assert coef_agreement(np.tile(rng.standard_normal(6), (9, 1))).mean() == pytest.approx(1)
    unrelated = coef_agreement(rng.standard_normal((4000, 6)))
    assert abs(unrelated.mean()) < 4 * unrelated.std() / np.sqrt(4000)
    # it does not reward shrinkage
    coef = rng.standard_normal((9, 6)) + 1
    assert coef_agreement(0.1 * coef) == pytest.approx(coef_agreement(coef))
    assert np.isnan(coef_agreement(np.zeros((9, 6)))).all()


def test_the_jackknife_knows_its_error():
    """The spread of the pseudo-values predicts the spread of the agreement over studies."""
    rng = np.random.default_rng(4)
    draws = rng.standard_normal((400, 60, 5)) + 0.7
    found = np.stack([coef_agreement(coef) for coef in draws])
    claimed = found.std(axis=1, ddof=1) / np.sqrt(60)
    assert np.median(claimed) == pytest.approx(found.mean(axis=1).std(ddof=1), rel=0.15)
