"""Sentences of the page, recomputed from the tables without the code that says them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from studies.made import made_study, summary_of

from normwise.analysis.columns import typed
from normwise.analysis.learn.learn import learn
from normwise.analysis.tables import read_tables
from normwise.report.answer import answer, decision
from normwise.report.claims import trades_bias, wins_when_dense
from normwise.report.figures import fair_grid, goals, rule, rule_scores, winner_map
from normwise.report.figures.gallery import gallery
from normwise.report.tallies import measure_of

KEYS = ["dataset", "scenario"]


@pytest.fixture(scope="module")
def tables(small_study):
    return read_tables(small_study.tables)


@pytest.fixture(scope="module")
def entries(small_study):
    return gallery(small_study.config)


def met(tables) -> pd.DataFrame:
    """Scenarios in which L1 meets L2 at the cross-validated strength, each once."""
    rows = tables["verdicts"].query("first == 'l1' and second == 'l2' and tuning == 'cv_min'")
    return rows.drop_duplicates("scenario").merge(tables["scenarios"], on=KEYS)


def test_below_the_floor_the_figure_says_how_both_do_beside_no_model(tables, entries):
    weakest = tables["scenarios"].drop_duplicates("scenario")
    weakest = weakest[weakest["scenario"].isin(tables["goals"]["scenario"])]
    signal = weakest["n_samples"] * weakest["snr"] / weakest["effective_features"]
    floor = float(signal.median())
    own = set(weakest.loc[signal < floor, "scenario"])
    risks = tables["summary"].query("metric == 'relative_risk' and tuning == 'cv_min'")
    rules = pd.DataFrame(
        [{"goal": "prediction", "floor": floor, "lower": 0.1, "upper": 0.2}]
    ).astype(tables["rules"].dtypes.drop("goal", errors="ignore").to_dict())
    said = set()
    for factor in (1.0, 100.0):
        scaled = tables["summary"].copy()
        at = scaled.index.isin(risks.index)
        scaled.loc[at, "mean"] = factor * scaled.loc[at, "mean"]
        least = scaled[at & scaled["penalty"].isin(["l1", "l2"])].groupby("scenario")["mean"].min()
        worse = sum(least[scenario] > 1 for scenario in own)
        text = rule.draw(tables | {"summary": scaled, "rules": rules}, entries["rule"]).caption
        found = re.search(r"both penalties do worse than no model at all in (\d+) of (\d+)", text)
        assert (int(found[1]), int(found[2])) == (worse, len(own))
        said.add(worse)
    assert said == {len(own), *said} and len(said) == 2


def test_the_figure_of_grids_counts_a_scenario_once(tables, entries):
    again = pd.concat(
        [f := tables["fair_grid"], f.assign(dataset=f["dataset"].astype(str) + "_again")]
    )
    scenarios = pd.concat(
        [f := tables["scenarios"], f.assign(dataset=f["dataset"].astype(str) + "_again")]
    )
    drawn = fair_grid.draw(
        tables | {"fair_grid": again, "scenarios": scenarios}, entries["fair_grid"]
    )
    n = tables["fair_grid"]["scenario"].nunique()
    assert f"each mark is one of {n} scenarios" in drawn.caption


def test_the_answer_counts_scenarios_of_numbers(tables):
    rows = met(tables)
    assert set(rows["response"]) == {"gaussian", "binary"}
    many = rows.query("nonzero_share == 1 and signal == 'equal'")
    own = many[many["response"] == "gaussian"]
    assert 0 < len(own) < len(many)
    won = (own["verdict"] == "l2").sum()
    text = next(t for t in answer(tables) if "L2 (ridge)" in t.split(" when ")[0])
    assert f"beats the other in {won} of {len(own)} scenarios with a number to predict" in text
    saved = 1 - np.exp(-own["effect"].mean())
    word = "less" if saved > 0 else "more"
    assert f"{100 * abs(saved):.0f}\N{NO-BREAK SPACE}% {word} excess risk on geometric" in text


def test_what_estimates_cost_is_told_as_the_tables_have_it():
    """Counted anew from estimates, effects and verdicts, by the formula of the rule."""
    made = made_study(n=100, fresh=30)
    rng = np.random.default_rng(0)
    keys = ["dataset", "scenario"]
    own = made["scenarios"].query("held_out").merge(made["goals"], on=keys)
    parts = []
    for replicate in range(3):
        noise = rng.normal(0, 0.3, len(own))
        seen = own.assign(
            replicate=replicate,
            effective_nonzero=own["effective_nonzero"] * np.exp(rng.normal(0, 1, len(own))),
            log_ratio=own["effect"] + noise,
            risk_l1=np.exp(own["effect"] + noise),
            risk_l2=1.0,
        )
        parts.append(seen)
    seen = pd.concat(parts, ignore_index=True)
    learnt = learn(**made, comparison={"margin": 0.05}, estimates=typed(seen.copy(), "estimates"))
    bounds = learnt["rules"].set_index("goal").loc["prediction"]
    load = seen["effective_nonzero"] / (
        seen["n_samples"] * np.sqrt(seen["snr"] * (1 - seen["nearest_correlation"] ** 2))
    )
    signal = seen["n_samples"] * seen["snr"] / seen["effective_features"]
    called = np.where(load < bounds["lower"], "l1", np.where(load > bounds["upper"], "l2", "none"))
    called = np.where(signal < bounds["floor"], "none", called)
    assert len(set(called)) > 1
    share = pd.Series(called).map({"l1": 1.0, "l2": 0.0, "none": 0.5})
    loss = (share - (seen["effect"] < 0)) * seen["log_ratio"]
    cost = np.exp(loss.groupby(seen["scenario"]).mean().mean()) - 1
    decided = seen["verdict"].isin(["l1", "l2"])
    right = (called == seen["verdict"])[decided].groupby(seen["scenario"]).mean()
    judged = decision(made | learnt | {"summary": summary_of(made)})["judged"]
    (text,) = (t for t in judged if t.startswith("A reader knows no k"))
    assert f"the right winner in {100 * right.mean():.0f}\N{NO-BREAK SPACE}% [" in text
    assert f"of the {len(right)} that have one" in text
    assert f"rule of thumb {100 * cost:.1f} % [" in text
    # told the truth it is another number, which stands beside it
    scores = learnt["rule_scores"].query("goal == 'prediction' and split == 'fresh'")
    scores = scores[scores["family"] == "all"].set_index("rule")
    truth = scores.loc["rule of thumb", "regret"]
    assert f"{100 * (truth - 1):.1f}" != f"{100 * cost:.1f}"
    assert f"(told the truth {100 * (truth - 1):.1f} %)" in text
    folds = 100 * (scores.loc["cross-validation", "regret"] - 1)
    assert f"Cross-validation, which needs none of them, costs {folds:.1f} % [" in text
    drawn = rule_scores.draw(learnt, {})
    assert (
        f"in {100 * right.mean():.0f} % of {len(right)} " in drawn.caption.split("Told what can")[1]
    )


def test_points_are_named_by_what_they_are_points_of(tables):
    rows = met(tables)
    numbers, classes = (rows[rows["response"] == r] for r in ("gaussian", "binary"))
    assert measure_of(numbers) == "R²"
    assert measure_of(classes) == "log-loss explained"
    assert measure_of(rows) == "R² or log-loss"


def test_effects_that_cancel_are_told_by_the_variance_of_the_signal(tables):
    """Loadings of both signs make equal effects cancel, and others add up."""
    made = tables["scenarios"].copy()
    made["covariance"], made["correlation"] = "latent_factors", 0.9
    made["nonzero_share"], made["signs"] = 1.0, "same"
    made["signal_alignment"] = np.where(np.arange(len(made)) % 3 == 0, 0.5, 2.0)
    judged = wins_when_dense.judge(tables | {"scenarios": made})
    rows = met(tables | {"scenarios": made})
    cancel = rows[rows["signal_alignment"] < 1]
    text = " ".join([*judged.evidence, *judged.limits])
    count = f"undecided {(cancel['verdict'] == 'undecided').sum()} of {len(cancel)};"
    assert count in text.split("cancel in part")[1].split("effects that add up")[0]
    assert "opposite directions" not in text and "same direction" not in text


def test_the_claim_on_bias_counts_where_no_penalty_was_fitted(tables):
    text = " ".join(trades_bias.judge(tables).evidence)
    rows = tables["verdicts"].query("first == 'l1' and second == 'none' and tuning == 'cv_min'")
    rows = rows.drop_duplicates("scenario")
    won = (rows["verdict"] == "l1").sum()
    assert f"L1 beats no penalty in {won} of the {len(rows)} scenarios, of any p/n" in text


def test_the_load_of_the_goals_is_that_of_the_rule(tables, entries):
    assert "snr (1 − r²)" in goals.draw(tables, entries["goals"]).caption


@pytest.mark.parametrize("panels", [1, 2])
def test_the_map_at_a_glance_keeps_its_label_out_of_its_key(tables, entries, panels):
    entry = entries["at_a_glance"]
    name = entry["datasets"][0]
    first = tables["scenarios"].query("dataset == @name")["n_features"].iloc[0]
    kept = tables["scenarios"][
        (tables["scenarios"]["dataset"] != name)
        | (tables["scenarios"]["n_features"] == first)
        | (panels == 2)
    ]
    figure = winner_map.draw(tables | {"scenarios": kept}, entry).figure
    figure.canvas.draw()
    (key,) = figure.legends
    key_box = key.get_window_extent()
    assert key_box.x0 >= 0 and key_box.x1 <= figure.bbox.width + 1
    labels = [a.yaxis.label for a in figure.axes] + figure.findobj(
        lambda t: isinstance(t, Text) and "matter" in t.get_text()
    )
    shown = [label for label in labels if label.get_text()]
    assert shown
    for label in shown:
        box = label.get_window_extent()
        assert not box.overlaps(key_box)
        assert box.y0 >= 0 and box.y1 <= figure.bbox.height
