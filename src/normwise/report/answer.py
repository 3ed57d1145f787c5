"""What to use: where each penalty wins, and advice by goal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import COLLINEAR, cells
from normwise.analysis.learn.rule_of_thumb import EQUIVALENT, call_by_rule, read_rule
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.analysis.tables import Tables, distinct, effects
from normwise.report.claims.claim import SPARSE
from normwise.report.look.numbers import percent
from normwise.report.look.words import NO_WINNER
from normwise.report.tallies import (
    measure_of,
    points_text,
    pooled_ratio,
    share_won,
    signed_tenth,
    with_points,
)

# a share of wins that makes an advice, and of losses that forbids it
MOST, FEW = 0.5, 0.1
NO_ANSWER = "This study has no scenario that bears on the question; the default study has."


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
    rule = read_rule(tables["rules"])
    if rule is None:
        return pd.DataFrame(columns=columns)
    words = {
        "l1": f"few features matter (load below {rule.cut:.2g})",
        "l2": f"many matter, or the signal is weak (load of {rule.cut:.2g} or more)",
        EQUIVALENT: f"{rule.enough:g} rows per feature or more",
    }
    rows = []
    for goal, what in GOALS.items():
        frame = cells(tables["ground"], goal)
        side = call_by_rule(frame, rule)
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
                elif goal == EXPLAINED:
                    size = f"{measure_of(part)} L1 − L2: {signed_tenth(-100 * middle)} points"
                else:
                    size = f"{what.short} L1 − L2 = {-middle if what.gain else middle:+.3f}"
                rows.append([what.name, condition, use, size, support])
    return pd.DataFrame(rows, columns=columns)


def _choice(rows: pd.DataFrame, penalty: str, name: str, where: str, details: str) -> str:
    won = int((rows["verdict"] == penalty).sum())
    ratio = pooled_ratio(rows)[0]
    saved = 1 - (ratio if penalty == "l1" else 1 / ratio)
    other = "L2" if penalty == "l1" else "L1"
    verb = "Choose" if share_won(rows, penalty) > 0.5 else "Do not count on"
    return (
        f"{verb} {name} {where}: {details} it beats {other} in {won} of {len(rows)} scenarios "
        f"with a number to predict, with {percent(abs(saved))} {'less' if saved > 0 else 'more'} "
        "excess risk on geometric average"
        f"{f' ({points_text(rows)})' if points_text(rows) else ''}."
    )


def answer(tables: Tables) -> list[str]:
    """Where to take which penalty, from the measurements: a sentence each."""
    rows = distinct(effects(tables))
    rows = with_points(rows[rows["response"] == "gaussian"], tables)
    few = rows[(rows["nonzero_share"] <= SPARSE) & (rows["snr"] >= 1)]
    # where sizes decay, few features can carry most although all matter
    many = rows[(rows["nonzero_share"] == 1) & (rows["signal"] == "equal")]
    sentences = []
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
    return sentences or [NO_ANSWER]
