"""What to use: the rule of thumb, how it was judged, and advice by goal, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import COLLINEAR, cells
from normwise.analysis.learn.common_advice import COMMON, FEW, GUIDE, ILL, PLENTY
from normwise.analysis.learn.estimated import NAMES
from normwise.analysis.learn.rule_of_thumb import (
    NEITHER,
    Bounds,
    call_by_rule,
    fit_bounds,
    losses_of,
    read_bounds,
)
from normwise.analysis.tables import Tables, distinct, effects
from normwise.report.claims.claim import SPARSE
from normwise.report.explorer import PROPERTIES
from normwise.report.look.numbers import percent
from normwise.report.look.words import NO_PART, NO_WINNER
from normwise.report.tallies import (
    measure_of,
    points_text,
    pooled_ratio,
    share_won,
    signed_tenth,
    with_points,
)
from normwise.report.validity import CHOOSE_BOTH, measured_words

# a share of wins that makes an advice, and of losses that forbids it
MOST, HARDLY = 0.5, 0.1
# a family in which the rule is right at most this often is one in which it fails
OFTEN = 0.9
# within this factor of its bound a rule is needed most
NEAR = 2.0
# features so alike that the rule says more of them than of what they carry
ALIKE = 0.9
NO_ANSWER = "This study has no scenario that bears on the question; the default study has."
SPLITS = {
    "fresh": f"scenarios that {NO_PART}",
    "scenarios": "scenarios left out of its fit, a fifth at a time",
    "families": "families of scenarios left out whole",
}
# the same scenarios, those of them that have a winner
WITH_WINNER = {
    "fresh": f"scenarios that {NO_PART} and have a winner",
    "scenarios": "scenarios with a winner (left out of its fit, a fifth at a time)",
    "families": "scenarios with a winner (families left out whole)",
}


def _tally(verdicts: pd.Series) -> tuple[str, str]:
    counts = verdicts.value_counts()
    l1, l2, n = counts.get("l1", 0), counts.get("l2", 0), len(verdicts)
    use = f"either: {NO_WINNER}"
    if l1 > MOST * n and l2 <= HARDLY * n:
        use = "L1"
    elif l2 > MOST * n and l1 <= HARDLY * n:
        use = "L2"
    elif l1 + l2 > MOST * n and max(l1, l2) < 3 * min(l1, l2):
        use = "compare both: it depends"
    elif l1 + l2 > MOST * n:
        use = "L1, with exceptions" if l1 > l2 else "L2, with exceptions"
    rest = n - l1 - l2
    return use, f"of {n} scenarios L1 wins {l1}, L2 {l2}, neither {rest}"


def advice(tables: Tables) -> pd.DataFrame:
    """Rows of "if you care about … and your data look like … use …", from the verdicts.

    The groups are those of the rule of thumb for prediction, so that all goals are judged on the
    same parts of the study.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    DataFrame
        ``goal``, ``condition``, ``use``, ``size`` and ``support``.
    """
    columns = ["goal", "condition", "use", "size", "support"]
    bounds = read_bounds(tables["rules"])
    if bounds is None:
        return pd.DataFrame(columns=columns)
    words = {
        "l1": f"few features matter (load below {bounds.lower:.2g})",
        "l2": f"many matter, or the signal is weak (load above {bounds.upper:.2g})",
        NEITHER: "too little signal, or load between the bounds",
    }
    rows = []
    for goal, what in GOALS.items():
        frame = cells(tables["goals"], tables["scenarios"], goal)
        if goal == "prediction":
            frame = with_points(frame, tables)
        side = call_by_rule(frame, bounds)
        close = frame["nearest_correlation"] >= COLLINEAR
        for name, text in words.items():
            parts = {
                f"{text}; not collinear": frame[(side == name) & ~close],
                f"{text}; collinear features": frame[(side == name) & close],
            }
            parts = {key: part for key, part in parts.items() if len(part)}
            uses = {_tally(part["verdict"])[0] for part in parts.values()}
            if len(parts) == 2 and len(uses) == 1:
                parts = {f"{text}; collinear or not": frame[side == name]}
            for condition, part in parts.items():
                use, support = _tally(part["verdict"])
                middle = part["effect"].median()
                if what.is_ratio:
                    size = f"{what.short} L1 / L2 = {np.exp(middle):.2f}"
                    if np.isfinite(part["points"].median()):
                        size += (
                            f"; {measure_of(part)} {signed_tenth(part['points'].median())} points"
                        )
                else:
                    size = f"{what.short} L1 − L2 = {-middle if what.gain else middle:+.3f}"
                rows.append([what.name, condition, use, size, support])
    return pd.DataFrame(rows, columns=columns)


def _span(row: pd.Series, key: str, show: Callable[[float], str]) -> str:
    return f"{show(row[key])} [{show(row[f'{key}_low'])}, {show(row[f'{key}_high'])}]"


def _cost(ratio: float) -> str:
    return f"{100 * (ratio - 1):.1f} %"


def _both(scores: pd.DataFrame) -> str:
    """What it costs to fit both and to keep the one with the lower cross-validated error."""
    own = scores[(scores["rule"] == "cross-validation") & (scores["family"] == "all")]
    own = own[(own["goal"] == "prediction") & np.isfinite(own["regret"])].set_index("split")
    more = " more excess risk than to know the better one"
    costs = []
    held_out = "fresh" in own.index
    what_by_split = {
        "fresh": f"scenarios that {NO_PART}",
        "scenarios": "others" if held_out else "scenarios",
    }
    for split, what in what_by_split.items():
        if split in own.index:
            row = own.loc[split]
            costs.append(f"{_span(row, 'regret', _cost)}{more} on {row['n']:.0f} {what}")
            more = ""
    if not costs:
        return ""
    return f"{CHOOSE_BOTH}: that costs {', '.join(costs)}, and needs no guess of k, snr or r."


def _costs(rows: pd.DataFrame) -> str:
    return "; ".join(f"{row['rule']} {_span(row, 'regret', _cost)}" for _, row in rows.iterrows())


def _judged(scores: pd.DataFrame) -> list[str]:
    """How the rule did on what it had not seen, beside the other ways to choose."""
    sentences = []
    for split, what in SPLITS.items():
        whole = scores[(scores["split"] == split) & (scores["family"] == "all")].set_index("rule")
        if "rule of thumb" not in whole.index:
            continue
        own = whole.loc["rule of thumb"]
        sentences.append(
            f"On {what}, it names the right winner in "
            f"{_span(own, 'accuracy', percent)} of the {own['decided']:.0f} that have one, the "
            f"wrong one in {percent(own['reversed'])}, and none in {percent(own['silent'])} of the "
            f"{own['n'] - own['decided']:.0f} that have none. Choosing by it costs "
            f"{_span(own, 'regret', _cost)} more excess risk than an oracle that knows the better "
            "penalty of each scenario."
        )
    whole = scores[(scores["split"] == "scenarios") & (scores["family"] == "all")]
    others = whole[whole["rule"] != "rule of thumb"].sort_values("regret", kind="stable")
    is_common = others["rule"].isin(list(COMMON))
    sentences.append(
        f"On {SPLITS['scenarios']}, the other ways cost: {_costs(others[~is_common])}. The rule "
        "and the boundary are told the truth about the signal; cross-validation, which compares "
        "both penalties on each data set, sees only data."
    )
    if is_common.any():
        sentences.append(
            f"What one is often told costs, on the same scenarios: {_costs(others[is_common])}. "
            "What begins with L1 or L2 takes the other penalty everywhere else, and all is told "
            f"the truth of the scenario.{_about_guide(others.set_index('rule'))}"
        )
    sentences += _blind(scores)
    mixed = scores[scores["split"] == "elastic net"].set_index("rule")
    if {"always elastic net", "rule of thumb", "always L1", "always L2"} <= set(mixed.index):
        first = mixed.loc["always elastic net"]
        rest = ", ".join(
            f"{rule} {_cost(mixed.loc[rule, 'regret'])}"
            for rule in ("rule of thumb", "always L1", "always L2")
        )
        sentences.append(
            f"An elastic net with equal parts, fitted in {first['n']:.0f} scenarios, costs "
            f"{_span(first, 'regret', _cost)} there ({rest})."
        )
    return sentences


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
        f"{rule} {_span(own.loc[name], 'regret', _cost)} (told the truth "
        f"{_cost(own.loc[rule, 'regret'])})"
        for rule, name in costs
    ]
    thumb, told = own.loc[NAMES["rule of thumb"]], own.loc["rule of thumb"]
    named = ""
    if thumb["decided"]:
        named = (
            f" It names the right winner in {_span(thumb, 'accuracy', percent)} of the "
            f"{thumb['decided']:.0f} that have one; told the truth, in "
            f"{percent(told['accuracy'])}."
        )
    folds = ""
    if "cross-validation" in own.index:
        cost = _span(own.loc["cross-validation"], "regret", _cost)
        folds = f" Cross-validation, which needs none of them, costs {cost} there."
    return [
        "A reader knows no k, snr, r and p_eff, and has to estimate them: on "
        f"{SPLITS['fresh']}, the rule was also told what the advice on a table finds in each of a "
        f"few data sets.{named} With estimates in place of the truth, a choice costs: "
        f"{'; '.join(parts)}.{folds}"
    ]


def _failures(scores: pd.DataFrame) -> list[str]:
    own = scores[
        (scores["rule"] == "rule of thumb")
        & (scores["family"] != "all")
        & (scores["decided"] > 0)
        & (scores["accuracy"] < 1)
    ]
    own = own[(own["split"] == "families") & (own["accuracy"] <= OFTEN)]
    return [
        f"{row['family'].replace('_', ' ')}, never seen by the rule: right in "
        f"{_span(row, 'accuracy', percent)} of {row['decided']:.0f}, the wrong winner in "
        f"{percent(row['reversed'])}, cost {_span(row, 'regret', _cost)}"
        for _, row in own.sort_values("accuracy", kind="stable").iterrows()
    ]


def _right(frame: pd.DataFrame, bounds: Bounds) -> tuple[np.ndarray, float]:
    """Whether each winner is named, and what choosing by the bounds costs."""
    called = call_by_rule(frame, bounds)
    decided = frame["verdict"].isin(("l1", "l2")).to_numpy()
    right = (called == frame["verdict"].to_numpy())[decided]
    return right, float(np.exp(losses_of(frame, called).mean()))


def _without_sharing(known: pd.DataFrame, fresh: pd.DataFrame, bounds: Bounds) -> str:
    """What the factor for shared signal adds on what played no part."""
    plain = [
        own.assign(load=own["effective_nonzero"] / (own["n_samples"] * np.sqrt(own["snr"])))
        for own in (known, fresh)
    ]
    other = fit_bounds(plain[0])
    (own, cost), (simple, simple_cost) = _right(fresh, bounds), _right(plain[1], other)
    (seen, _), (simple_seen, _) = _right(known, bounds), _right(plain[0], other)
    verb = "helps" if own.sum() > simple.sum() else "does not help"
    return (
        f"The factor 1 − r² {verb} on the scenarios that played no part: without it, with bounds "
        f"found alike, {simple.sum()} of {len(simple)} winners are named at a cost of "
        f"{_cost(simple_cost)}, with it {own.sum()} at {_cost(cost)} (of those that the bounds "
        f"were fitted to, {percent(simple_seen.mean(), 1)} against {percent(seen.mean(), 1)})."
    )


def _limits(frame: pd.DataFrame, bounds: Bounds) -> list[str]:
    """Where the rule is not to be relied on, by what was held out and by what it is made of."""
    known, fresh = frame[~frame["held_out"]], frame[frame["held_out"]]
    out = []
    if 0 < bounds.lower < np.inf:
        out.append(
            f"With more than {1 / bounds.lower:.0f} / √(snr (1 − r²)) rows for each feature the "
            f"load is below {bounds.lower:.2g} whatever k is: the rule then says L1 even where "
            "every feature matters, and says nothing of such data."
        )
    decided = fresh[fresh["verdict"].isin(("l1", "l2"))]
    if not len(decided) or not 0 < bounds.lower <= bounds.upper < np.inf:
        return out
    right, _ = _right(fresh, bounds)
    middle = np.sqrt(bounds.lower * bounds.upper)
    near = (np.abs(np.log(decided["load"] / middle)) < np.log(NEAR)).to_numpy()
    if near.any():
        out.append(
            f"Where a rule is needed, within a factor of {NEAR:g} of its bounds, it names "
            f"{right[near].sum()} of {near.sum()} winners ({percent(right[near].mean())}) on the "
            f"scenarios that {NO_PART}; farther away {right[~near].sum()} of {(~near).sum()}."
        )
    missed = decided[~right]
    alike = missed[missed["nearest_correlation"] >= ALIKE]
    if len(alike):
        out.append(
            f"Of the {len(missed)} winners that it misses there, {len(alike)} have features "
            f"correlated at {ALIKE:g} or more ({(alike['verdict'] == 'l1').sum()} of them won by "
            "L1)."
        )
    if len(known) and frame["nearest_correlation"].any():
        out.append(_without_sharing(known, fresh, bounds))
    return out


def decision(tables: Tables) -> dict[str, Any] | None:
    """The rule of thumb for prediction, how it was judged, and where it fails.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    dict or None
        Texts: ``both``, what it costs to do without a rule; ``lines`` of the rule, ``validity``
        (what was measured), ``judged``, ``fails`` (families), ``limits`` and ``explained``; and
        its ``bounds``. None without a rule.
    """
    bounds = read_bounds(tables["rules"])
    if bounds is None:
        return None
    floor, lower, upper = bounds
    lines = [(f"signal per direction below {floor:.2g}", NO_WINNER)] if floor > 0 else []
    if lower > 0:
        lines.append((f"load below {lower:.2g}", "L1"))
    if upper < np.inf:
        lines.append((f"load above {upper:.2g}", "L2"))
    lines.append(("otherwise", NO_WINNER))
    scores = tables["rule_scores"]
    scores = scores[scores["goal"] == "prediction"]
    fit = tables["surface_scores"]
    fit = fit[fit["goal"] == "prediction"].set_index("split")
    shares = tables["importance"]
    shares = shares[shares["goal"] == "prediction"].sort_values("total", ascending=False)
    first = shares.iloc[0]
    held = "; ".join(
        f"{percent(row['r2'])} on {SPLITS[str(split)]}" for split, row in fit.iterrows()
    )
    frame = cells(tables["goals"], tables["scenarios"], "prediction")
    return {
        "lines": lines,
        "both": _both(scores),
        "validity": measured_words(frame),
        "limits": _limits(frame, bounds),
        "bounds": list(bounds),
        "judged": _judged(scores),
        "fails": _failures(scores),
        "explained": f"A smooth surface over five properties explains the variation of the effect: "
        f"{held}. Over the measured ranges the {PROPERTIES[first['property']]} matters most: with "
        f"its interactions it accounts for {percent(first['total'])} of the variation, alone for "
        f"{percent(max(first['first'], 0.0))}; the difference is its interplay with the others.",
    }


def _choice(rows: pd.DataFrame, penalty: str, name: str, where: str, details: str) -> str:
    won = int((rows["verdict"] == penalty).sum())
    ratio = pooled_ratio(rows)[0]
    saved = 1 - (ratio if penalty == "l1" else 1 / ratio)
    verb = "Choose" if share_won(rows, penalty) > 0.5 else "Do not count on"
    return (
        f"{verb} {name} {where}: {details} it beats the other in {won} of {len(rows)} scenarios "
        f"with a number to predict, with {percent(abs(saved))} {'less' if saved > 0 else 'more'} "
        "excess risk on geometric average"
        f"{f' ({points_text(rows)})' if points_text(rows) else ''}."
    )


def answer(tables: Tables) -> list[str]:
    """The answer in a few sentences, from the measurements: what to do, and where that is so."""
    rows = distinct(effects(tables))
    rows = with_points(rows[rows["response"] == "gaussian"], tables)
    few = rows[(rows["nonzero_share"] <= SPARSE) & (rows["snr"] >= 1)]
    # where sizes decay, few features can carry most although all matter
    many = rows[(rows["nonzero_share"] == 1) & (rows["signal"] == "equal")]
    sentences = [text for text in [_both(tables["rule_scores"])] if text]
    if len(few):
        where = "when few features matter and the signal is clear"
        details = (
            f"with at most {percent(SPARSE)} relevant features and at least as much signal as noise"
        )
        sentences.append(_choice(few, "l1", "L1 (lasso)", where, details))
    if len(many):
        where = "when all features matter, and each by as much"
        details = "with all of them relevant and effects of equal size"
        sentences.append(_choice(many, "l2", "L2 (ridge)", where, details))
    bounds = read_bounds(tables["rules"])
    if bounds is not None and 0 < bounds.lower <= bounds.upper < np.inf:
        scores = tables["rule_scores"]
        own = scores[(scores["rule"] == "rule of thumb") & (scores["family"] == "all")]
        own = own[own["goal"] == "prediction"].set_index("split")
        split = next(s for s in SPLITS if s in own.index)
        row = own.loc[split]
        weak = ""
        if bounds.floor > 0:
            weak = f"; where n snr / p_eff is below {bounds.floor:.2g} there is too little signal"
        between = " and neither in between" if bounds.lower < bounds.upper else ""
        right = row["accuracy"] * row["decided"]
        silent = np.nan_to_num(row["silent"]) * (row["n"] - row["decided"])
        sentences.append(
            f"Without fitting, by a rule of thumb: L1 where k / (n √(snr (1 − r²))) is below "
            f"{bounds.lower:.2g}, L2 where it is above {bounds.upper:.2g}{between}{weak}. Told the "
            f"true k, snr and r it names the right winner in {_span(row, 'accuracy', percent)} of "
            f"the {row['decided']:.0f} {WITH_WINNER[split]}, and is right in "
            f"{percent((right + silent) / row['n'])} of all {row['n']:.0f}."
        )
        twice = scores[
            (scores["rule"] == "rule of thumb, k doubled")
            & (scores["family"] == "all")
            & (scores["goal"] == "prediction")
            & (scores["split"] == split)
        ]
        if len(twice):
            sentences[-1] = (
                f"{sentences[-1][:-1]}; with k guessed twice too large, in "
                f"{percent(twice['accuracy'].iloc[0])} of the {row['decided']:.0f}."
            )
        blind = scores[
            (scores["rule"] == NAMES["rule of thumb"])
            & (scores["family"] == "all")
            & (scores["goal"] == "prediction")
            & (scores["split"] == split)
        ]
        if len(blind) and blind["decided"].iloc[0]:
            sentences[-1] = (
                f"{sentences[-1][:-1]}; told what can be estimated of them from the data, in "
                f"{percent(blind['accuracy'].iloc[0])}."
            )
        sentences.append(
            measured_words(cells(tables["goals"], tables["scenarios"], "prediction"))
            + " Elsewhere neither the rule nor these numbers have been tried."
        )
    return sentences or [NO_ANSWER]
