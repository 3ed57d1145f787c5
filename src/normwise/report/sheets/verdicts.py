"""Tables of verdicts, of the rule that they teach, and of what to use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import COLLINEAR
from normwise.analysis.meanings import column_meanings
from normwise.analysis.tables import Tables, effects
from normwise.report.answer import advice
from normwise.report.explorer import PROPERTIES
from normwise.report.look.numbers import count, number, percent, significant, words
from normwise.report.look.sheet import Column, Sheet, sheet, verdict
from normwise.report.sheets.texts import intervals, scenario_label
from normwise.report.tallies import signed_tenth, with_points


def verdict_sheet(tables: Tables) -> Sheet:
    """L1 against L2 in every scenario: by the excess risk, and the verdicts of the other goals."""
    rows = with_points(effects(tables), tables)
    goals = tables["goals"].pivot(index=["dataset", "scenario"], columns="goal", values="verdict")
    others = [goal for goal in GOALS if goal != "prediction" and goal in goals]
    rows = rows.join(goals[others], on=["dataset", "scenario"])
    oracle = effects(tables, "oracle").set_index(["dataset", "scenario"])["verdict"]
    rows = rows.assign(
        oracle=oracle.reindex(pd.MultiIndex.from_frame(rows[["dataset", "scenario"]])).array,
        interval=intervals(rows.assign(a=np.exp(rows["low"]), b=np.exp(rows["high"])), "a", "b"),
    )
    return sheet(
        "verdicts",
        "One row a scenario of a data set: L1 against L2, strengths by cross-validation.",
        rows,
        [
            Column("dataset", "data set"),
            Column("label", "scenario", scenario_label, "What sets it apart in its data set"),
            Column("aspect_ratio", "p/n", significant, "Features per row"),
            Column("nonzero_share", "share", significant, "Share of features that matter, k/p"),
            Column("snr", "snr", significant, "Signal-to-noise ratio"),
            Column("signal_alignment", "a", significant, "Alignment of the signal: 1 if features "
                   "are unrelated, above 1 where they act together, below where effects cancel"),
            Column("mean_vif", "VIF", significant, "Mean variance inflation factor"),
            Column("ratio", "ratio L1/L2", number, "Excess risk of L1 over that of L2 on the same "
                   "data sets, geometric mean; below 1, L1 is better"),
            Column("interval", "interval", words, "95 % interval of the ratio"),
            Column("points", "points of R²", signed_tenth, "By how much more of new rows L1 "
                   "explains than L2, in percentage points: R², for classes log-loss and for "
                   "counts deviance in per cent of that of the best constant", True),
            Column("first_better", "L1 better", percent, "Share of data sets in which it is"),
            Column("verdict", "prediction", verdict, "Verdict on the excess risk"),
            Column("oracle", "by oracle", verdict, "The same when both strengths have the least "
                   "true risk"),
            *(
                Column(goal, goal, verdict, f"Verdict on {GOALS[goal].measure}")
                for goal in others
            ),
        ],
        "verdicts",
    )  # fmt: skip


def rule_score_sheet(tables: Tables) -> Sheet:
    """How every way to choose did on what it had not seen."""
    every = tables["rule_scores"]
    scores = every[every["family"] == "all"]
    scores = scores.assign(
        worst=_where_dearest(every, scores),
        goal=scores["goal"],
        regret_text=[
            "–" if not np.isfinite(v) else f"{v:.3f} [{a:.3f}, {b:.3f}]"
            for v, a, b in scores[["regret", "regret_low", "regret_high"]].to_numpy(float)
        ],
        accuracy_text=[
            "–" if not np.isfinite(v) else f"{percent(v)} [{percent(a)}, {percent(b)}]"
            for v, a, b in scores[["accuracy", "accuracy_low", "accuracy_high"]].to_numpy(float)
        ],
    )
    return sheet(
        "rule_scores",
        "Every way to choose, judged on what it was not fitted to.",
        scores,
        [
            Column("goal", "goal", words, "Goal"),
            Column("rule", "rule"),
            Column("split", "held out", words),
            Column("n", "scenarios", count),
            Column("decided", "decided", count),
            Column("accuracy_text", "right", words, "Share of the decided called right, with "
                   "its 95 % Wilson interval; no clear winner counts as wrong", True),
            Column("reversed", "wrong winner", percent),
            Column("equivalent", "called equivalent", count),
            Column("equivalent_right", "and are", percent),
            Column("regret_text", "regret", words, column_meanings("rule_scores")["regret"], True),
            Column("worst", "dearest kind", words, "Family of scenarios, or kind that was left "
                   "out, in which the regret is largest, and how large", True),
        ],
        "rule_scores",
    )  # fmt: skip


def _where_dearest(every: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Family or kind in which each row's way to choose costs most."""
    keys = ["goal", "rule", "split"]
    own = every[(every["family"] != "all") & every["regret"].notna()]
    dearest = own.sort_values("regret", kind="stable").drop_duplicates(keys, keep="last")
    words = {
        tuple(row[key] for key in keys): f"{row['family'].replace('_', ' ')} {row['regret']:.3f}"
        for _, row in dearest.iterrows()
    }
    return [words.get(tuple(row), "–") for row in scores[keys].itertuples(index=False)]


def importance_sheet(tables: Tables) -> Sheet:
    """What the effect depends on, in shares of its variation."""
    shares = tables["importance"]
    shares = shares[shares["goal"] == "prediction"]
    shares = shares.assign(
        property=shares["property"].map(PROPERTIES), first=shares["first"].clip(lower=0)
    )
    return sheet(
        "importance",
        "Share of the variation of the effect that each property accounts for.",
        shares,
        [
            Column("property", "property"),
            Column("first", "alone", percent),
            Column("total", "with interactions", percent),
        ],
        "importance",
    )


def advice_sheet(tables: Tables) -> Sheet:
    """What to use, by goal and kind of data."""
    return sheet(
        "advice",
        "If you care about … and your data look like … use …",
        advice(tables),
        [
            Column("goal", "if you care about", words, "The goal"),
            Column("condition", "and in your data", words, "Groups of scenarios by the rule "
                   f"of thumb; collinear: a typical feature has a correlation of {COLLINEAR:g} or "
                   "more with its nearest"),
            Column("use", "use", words, "L1 or L2 if it wins in more than half of the "
                   "scenarios and loses in at most a tenth"),
            Column("size", "by how much", words, "Median over the scenarios"),
            Column("support", "measured", words, "Verdicts behind it"),
        ],
    )  # fmt: skip
