"""The rule of thumb for prediction in words, how it was judged, and where it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import cells, learnt_from
from normwise.analysis.learn.common_advice import COMMON, FEW, GUIDE, ILL, PLENTY
from normwise.analysis.learn.estimated import NAMES
from normwise.analysis.learn.rule_of_thumb import Rule, call_by_rule, read_rule
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.analysis.tables import Tables
from normwise.report.look.numbers import percent
from normwise.report.look.words import NO_PART, PROPERTIES
from normwise.report.validity import CHOOSE_BOTH, measured_words

GOAL, THUMB, BOUNDARY = "prediction", "rule of thumb", "exact boundary"
RELAXED = "always relaxed lasso"
# a kind in which the rule is right at most this often is one in which it fails
OFTEN = 0.9
# within this factor of its cut a rule is needed most
NEAR = 2.0
# an alignment farther from 1 than by this factor says that effects act together or cancel
ALIGNED = 2.0
# what the rule was judged on, the hardest first
SPLITS = {
    "fresh": f"scenarios that {NO_PART}",
    "study": "scenarios of this study, which the rule has not seen",
    "scenarios": "scenarios left out of its fit, a fifth at a time",
}
# and what was left out whole, one kind at a time
WHOLE = {
    "families": "families of scenarios",
    "features": "kinds of features",
    "signals": "kinds of signals",
    "sizes": "numbers of rows",
}
ALIGNMENT = (
    "a is 1 if the columns are unrelated or their effects have either sign; it is 1 + (k − 1) r if "
    "the k columns that matter have correlations of r on average and pull the same way; less "
    "than 1 counts as 1."
)


def span_text(row: pd.Series, key: str, show: Callable[[float], str]) -> str:
    """A value of a row with its interval."""
    return f"{show(row[key])} [{show(row[f'{key}_low'])}, {show(row[f'{key}_high'])}]"


def cost_text(ratio: float) -> str:
    """A ratio of risks as what it costs."""
    return f"{100 * (ratio - 1):.1f} %"


def scores_of(tables: Tables) -> pd.DataFrame:
    """Rows of table ``rule_scores`` for prediction."""
    scores = tables["rule_scores"]
    return scores[scores["goal"] == GOAL]


def rule_text(rule: Rule) -> str:
    """When to take which penalty, as a reader can work it out."""
    if not 0 < rule.cut < np.inf:
        return f"{'L1' if rule.cut else 'L2'} always"
    # the cut is largest where its reciprocal is least
    least, most = (f"{1 / v:.2g}" if v > 0 else "∞" for v in (rule.high, rule.low))
    return (
        f"L1 as long as a·k is below n\N{NO-BREAK SPACE}√snr / {1 / rule.cut:.2g} (95 % interval "
        f"of the divisor: {least} to {most}), L2 beyond"
    )


def rule_lines(rule: Rule) -> list[tuple[str, str]]:
    """Conditions of the rule in the order in which they apply, with what to use."""
    lines = []
    if rule.enough < np.inf:
        lines.append((f"{rule.enough:g} rows per feature or more", "either: equivalent"))
    if not 0 < rule.cut < np.inf:
        return [*lines, ("otherwise" if lines else "always", "L1" if rule.cut else "L2")]
    return [*lines, (f"load below {rule.cut:.2g}", "L1"), ("otherwise", "L2")]


def both_text(scores: pd.DataFrame) -> str:
    """What it costs to fit both and to keep the one with the lower cross-validated error."""
    own = scores[(scores["rule"] == "cross-validation") & (scores["family"] == "all")]
    own = own[np.isfinite(own["regret"])].set_index("split")
    more = " more excess risk than always knowing the better one"
    costs = []
    held_out = "fresh" in own.index
    what_by_split = {
        "fresh": f"scenarios that {NO_PART}",
        "scenarios": "others" if held_out else "scenarios",
        "study": "of this study",
    }
    for split, what in what_by_split.items():
        if split in own.index:
            row = own.loc[split]
            costs.append(f"{span_text(row, 'regret', cost_text)}{more} on {row['n']:.0f} {what}")
            more = ""
    if not costs:
        return ""
    return f"{CHOOSE_BOTH}: that costs {', '.join(costs)}, and needs no guess of a, k or snr."


def cost_of_both(scores: pd.DataFrame) -> str:
    """What `both_text` says in a few words: the least and the largest cost of all that was seen."""
    own = scores[(scores["rule"] == "cross-validation") & (scores["family"] == "all")]
    own = own[np.isfinite(own["regret"]) & own["split"].isin(list(SPLITS))]
    if not len(own):
        return ""
    ends = sorted({cost_text(own["regret"].min()), cost_text(own["regret"].max())})
    return (
        f"on average that costs {' to '.join(ends)} more excess risk than always knowing the "
        "better one"
    )


# ways to choose that the first page compares, the others are in the table of scores
LEAGUE = {
    "cross-validation": "fit both, keep the lower cross-validated error",
    THUMB: "rule of thumb, told the true k, snr and alignment",
    NAMES[THUMB]: "rule of thumb, told estimates",
    "always L1": "always L1",
    "L1 if under half matter": "L1 if fewer than half of the features matter (told the truth)",
    "L2 if |r| > 0.7": "L2 if features are correlated above 0.7",
    "L1 if p > n": "L1 if there are more columns than rows",
    GUIDE: "the guide of Knight & Bajaj (2026)",
    "always L2": "always L2",
}


def league(tables: Tables) -> dict[str, Any] | None:
    """How a few ways to choose did, where the judgement is the hardest.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    dict or None
        ``n`` scenarios and how many are ``decided``, how many each penalty ``won``, ``what`` they
        are, the ``rule`` in words, and ``rows`` of name, share right, cost there and cost on
        scenarios of this study, if there are its ``own``, the cheapest first. None without scores.
    """
    rule = read_rule(tables["rules"])
    scores = scores_of(tables)
    whole = scores[(scores["family"] == "all") & scores["rule"].isin(list(LEAGUE))]
    split = next((s for s in SPLITS if (whole["split"] == s).any()), None)
    if split is None or rule is None:
        return None
    own = whole[whole["split"] == split].sort_values("regret", kind="stable")
    study = whole[whole["split"] == "study"].set_index("rule")["regret"]
    rows = [
        (
            LEAGUE[row["rule"]],
            span_text(row, "accuracy", percent) if np.isfinite(row["accuracy"]) else "–",
            span_text(row, "regret", cost_text) if np.isfinite(row["regret"]) else "–",
            cost_text(study[row["rule"]]) if np.isfinite(study.get(row["rule"], np.nan)) else "–",
        )
        for _, row in own.iterrows()
    ]
    frame = cells(tables["ground"], GOAL)
    seen = frame[frame["held_out"]] if split == "fresh" else frame
    return {
        "won": {name: int((seen["verdict"] == name).sum()) for name in ("l1", "l2")},
        "own": len(study) > 0,
        "n": int(own["n"].max()),
        "decided": int(own["decided"].max()),
        "what": SPLITS[split].removeprefix("scenarios "),
        "rule": rule_text(rule),
        "rows": rows,
    }


def matters_text(tables: Tables) -> str:
    """From how many rows per feature on the choice hardly matters, with what was measured there."""
    rule = read_rule(tables["rules"], EXPLAINED)
    if rule is None or not rule.enough < np.inf:
        return ""
    frame = cells(tables["ground"], EXPLAINED)
    many = frame[frame["rows_per_feature"] >= rule.enough]
    parts = []
    for own, what in ((learnt_from(many), "such scenarios"), (many[many["held_out"]], "set aside")):
        close = own["points"].abs() <= 1
        if len(own):
            parts.append(f"{percent(close.mean())} of {len(own)} {what}")
    return (
        f"With {rule.enough:g} rows per feature or more (of two classes, twice those of the rarer "
        f"one) it hardly matters: the two differ by at "
        f"most one point of what they explain of new rows (R², or per cent of the null log-loss) "
        f"in {' and '.join(parts)}."
    )


def boundary_text(whole: pd.DataFrame) -> str:
    """How the exact boundary did on the scenarios of a split, by rule."""
    if BOUNDARY not in whole.index:
        return ""
    own = whole.loc[BOUNDARY]
    return (
        f" The exact boundary for unrelated features, asked with a·k for k and with nothing "
        f"fitted, is right in {span_text(own, 'accuracy', percent)} of them and costs "
        f"{span_text(own, 'regret', cost_text)}."
    )


def _alike_text(row: pd.Series) -> str:
    if not row["equivalent"]:
        return ""
    return (
        f" Of the {row['equivalent']:.0f} that it calls equivalent, "
        f"{percent(row['equivalent_right'])} are."
    )


def _judged_on(scores: pd.DataFrame) -> list[str]:
    """How the rule did on what it had not seen, beside the exact boundary."""
    sentences = []
    for split, what in SPLITS.items():
        whole = scores[(scores["split"] == split) & (scores["family"] == "all")].set_index("rule")
        if THUMB in whole.index:
            own = whole.loc[THUMB]
            sentences.append(
                f"On {own['n']:.0f} {what}, the rule names the right winner in "
                f"{span_text(own, 'accuracy', percent)} of the {own['decided']:.0f} that have one "
                f"and the wrong one in {percent(own['reversed'])}; choosing by it costs "
                f"{span_text(own, 'regret', cost_text)} more excess risk than an oracle that "
                f"knows the better penalty of each scenario.{_alike_text(own)}"
                f"{boundary_text(whole)}"
            )
    own = scores[(scores["rule"] == THUMB) & (scores["family"] == "all")].set_index("split")
    parts = [
        f"{what}: {span_text(own.loc[split], 'accuracy', percent)} of "
        f"{own.loc[split, 'decided']:.0f}, cost {span_text(own.loc[split], 'regret', cost_text)}"
        for split, what in WHOLE.items()
        if split in own.index
    ]
    if parts:
        sentences.append(
            f"The rule fitted anew without a whole kind, and judged on that kind: "
            f"{'; '.join(parts)}."
        )
    return sentences


def _costs(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['rule']} {span_text(row, 'regret', cost_text)}" for _, row in rows.iterrows()
    )


def _other_ways(scores: pd.DataFrame) -> list[str]:
    """What the other ways to choose cost, where the judgement is the hardest."""
    everyone = scores[scores["family"] == "all"]
    split = next(s for s in ("fresh", "scenarios") if (everyone["split"] == s).any())
    whole = everyone[everyone["split"] == split]
    others = whole[whole["rule"] != THUMB].sort_values("regret", kind="stable")
    others = others[~others["rule"].isin(list(NAMES.values()))]
    is_common = others["rule"].isin(list(COMMON))
    sentences = [
        f"On {SPLITS[split]}, the other ways cost: {_costs(others[~is_common])}. The "
        "rule and the boundary are told the truth about the signal; cross-validation, which "
        "compares both penalties on each data set, sees only data."
    ]
    if is_common.any():
        sentences.append(
            f"What one is often told costs, on the same scenarios: {_costs(others[is_common])}. "
            "What begins with L1 or L2 takes the other penalty everywhere else, and all is told "
            f"the truth of the scenario.{_about_guide(others.set_index('rule'))}"
        )
    sentences += _blind(scores)
    mixed = scores[scores["split"] == "elastic net"].set_index("rule")
    if {"always elastic net", THUMB, "always L1", "always L2"} <= set(mixed.index):
        first = mixed.loc["always elastic net"]
        rest = ", ".join(
            f"{rule} {cost_text(mixed.loc[rule, 'regret'])}"
            for rule in (THUMB, "always L1", "always L2")
        )
        sentences.append(
            f"An elastic net with equal parts, fitted in {first['n']:.0f} scenarios, costs "
            f"{span_text(first, 'regret', cost_text)} there ({rest})."
        )
    if RELAXED in mixed.index:
        sentences.append(_relaxed(mixed.loc[RELAXED]))
    return sentences


def _relaxed(row: pd.Series) -> str:
    """How a lasso without its shrinkage does beside the better of the two."""
    less = row["regret"] < 1
    ends = [100 * abs(row[f"regret{end}"] - 1) for end in ("", "_low", "_high")]
    ends[1:] = sorted(ends[1:])
    return (
        "The relaxed lasso, which lets L1 choose the features and undoes its shrinkage as far as "
        f"cross-validation asks for, has {ends[0]:.0f} % [{ends[1]:.0f}, {ends[2]:.0f}] "
        f"{'less' if less else 'more'} excess risk than the better of L1 and L2 there "
        "(geometric mean)."
    )


def _about_guide(others: pd.DataFrame) -> str:
    if GUIDE not in others.index:
        return ""
    known = others.loc[GUIDE, "n"]
    rest = ""
    if known < others["n"].max():
        rest = f"; its cost is known where one was fitted, in {known:.0f} scenarios"
    return (
        f" The {GUIDE} (2026, arXiv 2604.03541) takes L2 from {PLENTY} rows a feature on. For "
        "fewer it leaves open what predicts best, and its advice for estimation stands in: an "
        f"elastic net where the condition number is above {ILL:,.0f}, else L1 where under "
        f"{percent(FEW)} of the features matter, else L2{rest}."
    )


def _blind(scores: pd.DataFrame) -> list[str]:
    """How rules do that are told what can be estimated from the data, beside the truth."""
    own = scores[(scores["split"] == "fresh") & (scores["family"] == "all")].set_index("rule")
    pairs = {rule: name for rule, name in NAMES.items() if {rule, name} <= set(own.index)}
    if not pairs:
        return []
    costs = sorted(pairs.items(), key=lambda pair: float(own.loc[pair[1], "regret"]))
    parts = [
        f"{rule} {span_text(own.loc[name], 'regret', cost_text)} (told the truth "
        f"{cost_text(own.loc[rule, 'regret'])})"
        for rule, name in costs
    ]
    named = ""
    if THUMB in pairs and own.loc[NAMES[THUMB], "decided"]:
        thumb = own.loc[NAMES[THUMB]]
        named = (
            f" The rule names the right winner in {span_text(thumb, 'accuracy', percent)} of the "
            f"{thumb['decided']:.0f} that have one; told the truth, in "
            f"{percent(own.loc[THUMB, 'accuracy'])}."
        )
    folds = ""
    if "cross-validation" in own.index:
        cost = span_text(own.loc["cross-validation"], "regret", cost_text)
        folds = f" Cross-validation, which needs none of them, costs {cost} there."
    return [
        f"A reader knows no a, k and snr, and has to estimate them: on {SPLITS['fresh']}, the "
        "rules were also told what the advice on a table finds in each of a few data sets."
        f"{named} With estimates in place of the truth, a choice costs: {'; '.join(parts)}.{folds}"
    ]


def _failures(scores: pd.DataFrame) -> list[str]:
    """Kinds of scenarios, never seen by the rule, in which it is not right often enough."""
    own = scores[
        (scores["rule"] == THUMB)
        & (scores["family"] != "all")
        & scores["split"].isin(list(WHOLE))
        & (scores["decided"] > 0)
        & (scores["accuracy"] <= OFTEN)
    ]
    # a kind of features is a family, too
    own = own.drop_duplicates("family").sort_values("accuracy", kind="stable")
    return [
        f"{row['family'].replace('_', ' ')}, never seen by the rule: right in "
        f"{span_text(row, 'accuracy', percent)} of {row['decided']:.0f}, the wrong winner in "
        f"{percent(row['reversed'])}, cost {span_text(row, 'regret', cost_text)}"
        for _, row in own.iterrows()
    ]


def _limits(frame: pd.DataFrame, rule: Rule, scores: pd.DataFrame) -> list[str]:
    """Where the rule is not to be relied on, by what was held out and by what it is made of."""
    if not 0 < rule.cut < np.inf:
        return []
    out = [
        f"With more than {1 / rule.cut:.2g} / √snr rows for each feature and a = 1, a·k is below "
        "the limit whatever k is: the rule then says L1 even where every feature matters."
    ]
    fresh = frame[frame["held_out"]]
    decided = fresh[fresh["verdict"].isin(("l1", "l2"))]
    if not len(decided):
        return out
    right = call_by_rule(decided, rule) == decided["verdict"].to_numpy()
    near = (np.abs(np.log(decided["load"] / rule.cut)) < np.log(NEAR)).to_numpy()
    if near.any():
        out.append(
            f"Where a rule is needed, within a factor of {NEAR:g} of its limit, it names "
            f"{right[near].sum()} of {near.sum()} winners ({percent(right[near].mean())}) on the "
            f"scenarios that {NO_PART}; farther away {right[~near].sum()} of {(~near).sum()}."
        )
    missed = decided[~right]
    far = missed[np.abs(np.log(missed["signal_alignment"])) >= np.log(ALIGNED)]
    if len(far):
        out.append(
            f"Of the {len(missed)} winners that it misses there, {len(far)} have an alignment of "
            f"at most {1 / ALIGNED:g} or at least {ALIGNED:g} ({(far['verdict'] == 'l1').sum()} "
            "of them won by L1)."
        )
    guesses = scores[(scores["split"] == "fresh") & (scores["family"] == "all")].set_index("rule")
    parts = [
        f"{what} it names {percent(guesses.loc[f'{THUMB}, k {how}', 'accuracy'])}, at a cost of "
        f"{cost_text(guesses.loc[f'{THUMB}, k {how}', 'regret'])}"
        for how, what in (("halved", "twice too small"), ("doubled", "twice too large"))
        if f"{THUMB}, k {how}" in guesses.index
    ]
    if parts:
        out.append(f"Of the winners there, with a·k guessed {', '.join(parts)}.")
    return out


def _explained(tables: Tables) -> str:
    """What the surface explains, and which property matters most."""
    fit = tables["surface_scores"]
    fit = fit[fit["goal"] == GOAL].set_index("split")
    shares = tables["importance"]
    shares = shares[shares["goal"] == GOAL].sort_values("total", ascending=False)
    first = shares.iloc[0]
    whole = {split: f"{what} left out whole" for split, what in WHOLE.items()}
    held = "; ".join(
        f"{percent(fit.loc[split, 'r2'])} on {what}"
        for split, what in (SPLITS | whole).items()
        if split in fit.index
    )
    return (
        f"A smooth surface over five properties explains the variation of the effect: {held}. Over "
        f"the measured ranges the {PROPERTIES[first['property']]} matters most: with its "
        f"interactions it accounts for {percent(first['total'])} of the variation, alone for "
        f"{percent(max(first['first'], 0.0))}; the difference is its interplay with the others."
    )


def decision(tables: Tables) -> dict[str, Any] | None:
    """The rule of thumb for prediction, how it was judged, and where it fails.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    dict or None
        Texts: ``both``, what it costs to do without a rule; the ``sentence`` and the ``lines`` of
        the rule, what its ``alignment`` is, where the choice hardly ``matters``, ``validity``
        (what was measured), ``judged``, ``fails`` (kinds of scenarios), ``limits`` and
        ``explained``; and the numbers of the ``rule`` by name, with ``matters``, the rows per
        feature of that text. None without a rule.
    """
    rule = read_rule(tables["rules"])
    if rule is None:
        return None
    scores = scores_of(tables)
    frame = cells(tables["ground"], GOAL)
    explained = read_rule(tables["rules"], EXPLAINED)
    return {
        "both": both_text(scores),
        "sentence": rule_text(rule),
        "alignment": ALIGNMENT,
        "lines": rule_lines(rule),
        "matters": matters_text(tables),
        "validity": measured_words(frame),
        "judged": [*_judged_on(scores), *_other_ways(scores)],
        "limits": _limits(frame, rule, scores),
        "fails": _failures(scores),
        "explained": _explained(tables),
        "rule": {
            **rule._asdict(),
            "matters": np.inf if explained is None else explained.enough,
        },
    }
