"""What to use: the rule of thumb, how it was judged, and advice by goal, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import COLLINEAR, cells
from normwise.analysis.learn.rule_of_thumb import NEITHER, call_by_rule, read_bounds
from normwise.analysis.tables import Tables, effects
from normwise.report.claims.claim import SPARSE
from normwise.report.explorer import PROPERTIES
from normwise.report.look.numbers import percent
from normwise.report.look.words import NO_PART, NO_WINNER
from normwise.report.tallies import pooled_ratio, share_won

# a share of wins that makes an advice, and of losses that forbids it
MOST, FEW = 0.5, 0.1
NO_ANSWER = "This study has no scenario that bears on the question; the default study has."
SPLITS = {
    "fresh": f"scenarios that {NO_PART}",
    "scenarios": "scenarios left out of its fit, a fifth at a time",
    "families": "families of scenarios left out whole",
}


def _tally(verdicts: pd.Series) -> tuple[str, str]:
    counts = verdicts.value_counts()
    l1, l2, n = counts.get("l1", 0), counts.get("l2", 0), len(verdicts)
    use = f"either: {NO_WINNER}"
    if l1 > MOST * n and l2 <= FEW * n:
        use = "L1"
    elif l2 > MOST * n and l1 <= FEW * n:
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
                else:
                    size = f"{what.short} L1 − L2 = {-middle if what.gain else middle:+.3f}"
                rows.append([what.name, condition, use, size, support])
    return pd.DataFrame(rows, columns=columns)


def _span(row: pd.Series, key: str, show: Callable[[float], str]) -> str:
    return f"{show(row[key])} [{show(row[f'{key}_low'])}, {show(row[f'{key}_high'])}]"


def _cost(ratio: float) -> str:
    return f"{100 * (ratio - 1):.1f} %"


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
    sentences.append(
        "The other ways cost: "
        + "; ".join(f"{row['rule']} {_span(row, 'regret', _cost)}" for _, row in others.iterrows())
        + ". The rule and the boundary are told the truth about the signal; cross-validation, "
        "which compares both penalties on each data set, sees only data."
    )
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


def _failures(scores: pd.DataFrame) -> list[str]:
    own = scores[
        (scores["rule"] == "rule of thumb")
        & (scores["family"] != "all")
        & (scores["decided"] > 0)
        & (scores["accuracy"] < 1)
    ]
    own = own[own["split"] == "families"]
    return [
        f"{row['family'].replace('_', ' ')}, never seen by the rule: right in "
        f"{_span(row, 'accuracy', percent)} of {row['decided']:.0f}, the wrong winner in "
        f"{percent(row['reversed'])}, cost {_span(row, 'regret', _cost)}"
        for _, row in own.sort_values("accuracy", kind="stable").iterrows()
    ]


def decision(tables: Tables) -> dict[str, Any] | None:
    """The rule of thumb for prediction, how it was judged, and where it fails.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    dict or None
        Texts: ``lines`` of the rule, ``judged``, ``fails`` and ``explained``; and its ``bounds``.
        None without a rule.
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
    return {
        "lines": lines,
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
        f"{verb} {name} {where}: {details} it beats the other in {won} of {len(rows)} scenarios, "
        f"with {percent(abs(saved))} {'less' if saved > 0 else 'more'} excess risk on average."
    )


def answer(tables: Tables) -> list[str]:
    """The answer in at most three sentences, from the measurements."""
    rows = effects(tables)
    rows = rows[rows["response"] == "gaussian"]
    few = rows[(rows["nonzero_share"] <= SPARSE) & (rows["snr"] >= 1)]
    many = rows[rows["nonzero_share"] == 1]
    sentences = []
    if len(few):
        where = "when few features matter and the signal is clear"
        details = f"with at most {percent(SPARSE)} relevant features and as much signal as noise"
        sentences.append(_choice(few, "l1", "L1 (lasso)", where, details))
    if len(many):
        where = "when most features matter"
        sentences.append(_choice(many, "l2", "L2 (ridge)", where, "with all of them relevant"))
    bounds = read_bounds(tables["rules"])
    if bounds is not None and 0 < bounds.lower <= bounds.upper < np.inf:
        scores = tables["rule_scores"]
        own = scores[(scores["rule"] == "rule of thumb") & (scores["family"] == "all")]
        own = own[own["goal"] == "prediction"].set_index("split")
        split = next(s for s in SPLITS if s in own.index)
        middle = np.sqrt(bounds.lower * bounds.upper)
        weak = ", and with too little signal for neither" if bounds.floor > 0 else ""
        sentences.append(
            f"In between, count the k features that matter for each of n rows, the more the "
            f"weaker or the more shared their signal: k / (n √(snr (1 − r²))) below {middle:.1g} "
            f"is for L1, above it for L2{weak}; that names the right winner in "
            f"{_span(own.loc[split], 'accuracy', percent)} of {SPLITS[split]}."
        )
    return sentences or [NO_ANSWER]
