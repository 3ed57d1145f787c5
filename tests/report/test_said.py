"""Sentences of the page, recomputed from the tables without the code that says them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from studies.made import made_study

from normwise.analysis.columns import typed
from normwise.analysis.goals import GOALS
from normwise.analysis.learn.learn import learn
from normwise.analysis.tables import read_tables
from normwise.data.response_kind import RESPONSES
from normwise.report.answer import answer
from normwise.report.claims import trades_bias, wins_when_dense
from normwise.report.decision import decision
from normwise.report.figures import fair_grid, goals, rule, rule_scores, sweep_words, winner_map
from normwise.report.figures.gallery import gallery
from normwise.report.look.colours import VERDICT_COLOURS
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


@pytest.fixture(scope="module")
def learnt():
    """A study with a rule, and scenarios that were set aside."""
    made = made_study(n=100, fresh=30, goals=("prediction", "explained"))
    return made | learn(**made, comparison={"margin": 0.05})


def test_the_figure_of_the_rule_counts_its_winners(learnt):
    rules = learnt["rules"].copy()
    for cut in (0.05, 0.2):
        rules.loc[rules["goal"] == "prediction", "cut"] = cut
        drawn = rule.draw(learnt | {"rules": rules}, {"margin": 0.05})
        own = learnt["ground"].query("goal == 'prediction' and verdict in ['l1', 'l2']")
        right = (own["load"] < cut) == (own["verdict"] == "l1")
        fresh = right[own["held_out"]]
        words = f"were set aside, the rule names {fresh.sum()} of {len(fresh)} winners"
        assert words in drawn.caption
        assert drawn.title.endswith(f"L1 below, L2 above a·k = {cut:g} n √snr")


def test_the_figure_of_the_rule_shows_each_scenario_once_a_panel(learnt):
    drawn = rule.draw(learnt, {"margin": 0.05})
    known, fresh, points = drawn.figure.axes
    held = learnt["ground"].query("goal == 'prediction'")["held_out"]
    for ax, n in ((known, (~held).sum()), (fresh, held.sum()), (points, len(held))):
        dots = [line for line in ax.lines if line.get_rasterized()]
        assert sum(len(line.get_xdata()) for line in dots) == n


def test_below_the_line_L1_is_better_in_every_panel_of_the_rule(learnt):
    drawn = rule.draw(learnt, {"margin": 0.05})
    effects, _, points = drawn.figure.axes
    for ax, line in ((effects, 1), (points, 0)):
        for verdict, sign in (("l1", -1), ("l2", 1)):
            colour = VERDICT_COLOURS[verdict]
            dots = [d for d in ax.lines if d.get_rasterized() and d.get_mfc() == colour]
            heights = np.concatenate([dot.get_ydata() for dot in dots])
            assert len(heights) and (sign * (heights - line) > 0).all()


def test_a_caption_has_room_for_a_part_of_a_long_title():
    long = " ".join(["word,"] * 30)
    for title in (long, "Short"):
        text = sweep_words.caption({"titles": [title], "datasets": ["name"]})
        assert len(text.split()) <= 40
        assert ("word… Top" in text) == (title == long)


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
    assert f"in {n} scenarios" in drawn.caption


def test_the_answer_counts_scenarios_of_numbers(tables):
    rows = met(tables)
    assert set(rows["response"]) == set(RESPONSES)
    many = rows.query("nonzero_share == 1 and signal == 'equal'")
    own = many[many["response"] == "gaussian"]
    assert 0 < len(own) < len(many)
    won = (own["verdict"] == "l2").sum()
    text = next(t for t in answer(tables) if "L2 (ridge)" in t.split(" when ")[0])
    assert f"beats L1 in {won} of {len(own)} scenarios with a number to predict" in text
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
    cut = learnt["rules"].set_index("goal").loc["prediction", "cut"]
    counted = seen["effective_nonzero"] * seen["signal_alignment"].clip(lower=1)
    load = counted / (seen["n_samples"] * np.sqrt(seen["snr"]))
    called = np.where(load < cut, "l1", "l2")
    assert len(set(called)) > 1
    share = pd.Series(called).map({"l1": 1.0, "l2": 0.0})
    loss = (share - (seen["effect"] < 0)) * seen["log_ratio"]
    cost = np.exp(loss.groupby(seen["scenario"]).mean().mean()) - 1
    decided = seen["verdict"].isin(["l1", "l2"])
    right = (called == seen["verdict"])[decided].groupby(seen["scenario"]).mean()
    judged = decision(made | learnt)["judged"]
    (text,) = (t for t in judged if t.startswith("A reader knows no a, k"))
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
        f"names {100 * right.mean():.0f}\N{NO-BREAK SPACE}% and costs "
        f"{100 * cost:.1f}\N{NO-BREAK SPACE}%" in drawn.caption.split("Told estimates")[1]
    )


def test_points_are_named_by_what_they_are_points_of(tables):
    rows = met(tables)
    for kinds, words in (
        (["gaussian"], "R²"),
        (["binary"], "log-loss explained"),
        (["binary", "multinomial"], "log-loss explained"),
        (["multinomial", "poisson"], "log-loss or Poisson deviance explained"),
        (["gaussian", "binary"], "R² or log-loss"),
        (RESPONSES, "R², log-loss or Poisson deviance"),
    ):
        assert measure_of(rows[rows["response"].isin(kinds)]) == words


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
    drawn = goals.draw(tables, entries["goals"])
    load = tables["ground"]["load"]
    shown = drawn.figure.axes[: tables["ground"]["goal"].nunique()]
    assert shown[-1].get_xlabel() == rule.LOAD
    for ax in shown:
        low, high = ax.get_xlim()
        assert low < load.min() and load.max() < high


def test_the_figure_of_goals_counts_wins_and_turns(tables, entries):
    drawn = goals.draw(tables, entries["goals"])
    ground = tables["ground"]
    shares = ground["verdict"].isin(["l1", "l2"]).groupby(ground["goal"]).mean()
    assert f"in {100 * shares.max():.0f}\N{NO-BREAK SPACE}% of scenarios" in drawn.title
    shown = [key for key in GOALS if (ground["goal"] == key).any()]
    for ax, goal in zip(drawn.figure.axes, shown, strict=False):
        won = ground.loc[ground["goal"] == goal, "verdict"].value_counts()
        counts = [int(text.get_text()) for text in ax.get_legend().get_texts()]
        assert counts == [won.get(v, 0) for v in ("l1", "l2", "equivalent", "undecided")]
    wide = ground.pivot(index="scenario", columns="goal", values="verdict")
    # what is explained is prediction in other units
    for goal in set(wide) - {"prediction", "explained"}:
        both = wide[wide[["prediction", goal]].isin(["l1", "l2"]).all(axis=1)]
        turned, n = (both["prediction"] != both[goal]).sum(), len(both)
        assert (f" {goal} {turned} of {n}" in drawn.caption) == (n > 0)


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
