"""What to use, and how certain that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from normwise.advice.contest import CELLS, row_width
from normwise.advice.diagnosis import sample_size
from normwise.advice.findings import Contest, Diagnosis, Models, Place, Recommendation
from normwise.sheets import percent
from normwise.tabular import Table

# Weights of a logistic regression that tells on which side the effect lies, fitted by
# benchmarks.advice to tables drawn from known scenarios: of the head-to-head's difference over its
# standard error, of the map's log-odds, and the constant.
WEIGHTS = (1.15, 0.56, -0.85)
FARTHEST = 6.0
SUREST = 0.995
CLEAR, LIKELY = 0.95, 0.8
NAMES = {"l1": "L1 (lasso)", "l2": "L2 (ridge)"}
OTHER = {"l1": "l2", "l2": "l1"}


def pair(contest: Contest, first: str, second: str) -> pd.Series:
    """The row of two penalties, in the order of `normwise.advice.findings.TRIED`."""
    pairs = contest.pairs
    return pairs[(pairs["first"] == first) & (pairs["second"] == second)].iloc[0]


def evidence(contest: Contest, place: Place) -> tuple[float, float]:
    """Difference of L1 and L2 in standard errors, and the map's log-odds that L1 is better."""
    row = pair(contest, "l1", "l2")
    if not np.isfinite(row["difference"]):
        z = 0.0
    elif row["se"] > 0:
        z = float(np.clip(row["difference"] / row["se"], -FARTHEST, FARTHEST))
    else:
        z = FARTHEST * float(np.sign(row["difference"]))
    return z, float(logit(np.clip(place.l1_chance, 1 - SUREST, SUREST)))


def l1_probability(contest: Contest, place: Place) -> float:
    """Probability that L1 has the smaller excess risk, by head-to-head and map together."""
    z, odds = evidence(contest, place)
    return float(expit(WEIGHTS[0] * z + WEIGHTS[1] * odds + WEIGHTS[2]))


def probability(value: float) -> str:
    """In per cent; nothing is certain."""
    return f"more than {percent(0.99)}" if value > 0.99 else percent(value)


def _head_to_head(contest: Contest) -> str:
    row = pair(contest, "l1", "l2")
    if not np.isfinite(row["difference"]):
        return "Head-to-head: one of the two has no solution."
    points = [f"{100 * abs(row[name]):.1f}" for name in ("difference", "se")]
    ahead = "L1" if row["difference"] > 0 else "L2"
    if row["difference"] == 0:
        return "Head-to-head: L1 and L2 predict held-out rows equally well."
    return (
        f"Head-to-head: {ahead} explains {points[0]} percentage points more of the held-out rows "
        f"(standard error {points[1]}, {contest.n_repeats} × {contest.n_folds} folds)."
    )


def _map(place: Place) -> str:
    ratio, low, high = np.exp([place.effect, place.effect_low, place.effect_high])
    chance = place.l1_chance
    side, sure = ("L1", chance) if chance >= 0.5 else ("L2", 1 - chance)
    return (
        f"Map: in measured scenarios like this table the excess risk of L1 is {ratio:.2f} times "
        f"that of L2 ({low:.2f} to {high:.2f}); {side} is the better one with a probability of "
        f"{probability(sure)}."
    )


def _traits(diagnosis: Diagnosis) -> str:
    return (
        f"About {diagnosis.effective_nonzero:.0f} of {diagnosis.n_features} features seem to carry "
        f"the signal ({diagnosis.effective_nonzero_low:.0f} to "
        f"{diagnosis.effective_nonzero_high:.0f}), at a signal-to-noise ratio of "
        f"{diagnosis.snr:.2g} ({diagnosis.snr_low:.2g} to {diagnosis.snr_high:.2g})."
    )


def _small_difference(contest: Contest, penalty: str) -> list[str]:
    row = pair(contest, "l1", "l2")
    if row["verdict"] != "equivalent":
        return []
    return [
        f"Predictions would hardly differ: within {100 * contest.margin:g} percentage points of "
        f"explained share. If {NAMES[OTHER[penalty]]} suits you better, it costs little."
    ]


def _contradictions(contest: Contest, place: Place) -> list[str]:
    row = pair(contest, "l1", "l2")
    ahead = "l1" if row["difference"] > 0 else "l2"
    if place.surface in NAMES and place.surface != ahead and np.isfinite(row["difference"]):
        return [
            f"The head-to-head leans towards {NAMES[ahead]}, the map towards "
            f"{NAMES[place.surface]}."
        ]
    return []


def _others(contest: Contest, penalty: str | None) -> list[str]:
    """Whether the elastic net or no penalty does better than both."""
    out = []
    for name, text in (
        ("elastic_net", "The elastic net (half L1, half L2)"),
        ("none", "A fit without a penalty"),
    ):
        rows = [pair(contest, first, name) for first in ("l1", "l2")]
        if all(row["verdict"] == "second" for row in rows):
            gain = min(-row["difference"] for row in rows)
            out.append(
                f"{text} beats both L1 and L2, by at least {100 * gain:.1f} percentage points of "
                "explained share: use it if prediction is all that counts."
            )
    if penalty is not None and not out:
        row = pair(contest, penalty, "elastic_net")
        if row["verdict"] == "second":
            out.append(
                f"The elastic net explains {-100 * row['difference']:.1f} percentage points more "
                f"than {NAMES[penalty]}."
            )
    return out


def _doubts(
    table: Table, diagnosis: Diagnosis, contest: Contest, models: Models, place: Place
) -> list[str]:
    out = []
    size = sample_size(len(table.y), row_width(table.X), CELLS[table.response])
    if size < len(table.y):
        out.append(
            f"Head-to-head and models use about {size} of the {len(table.y)} rows, drawn at "
            "random, to save time."
        )
    if len(contest.differences) and contest.scores["explained"].max() < contest.margin:
        out.append("No penalty predicts held-out rows better than the mean does.")
    if not place.inside:
        out.append(
            "The table lies outside of what was measured; the map's answer is an extrapolation."
        )
    if models.by_chance:
        number = len(models.by_chance)
        groups = "a group" if number == 1 else f"{number} groups"
        out.append(
            f"Within {groups} of correlated features L1 keeps some by chance: another sample "
            "would give others."
        )
    if len(diagnosis.outliers) > 0.01 * diagnosis.n_samples:
        out.append(f"{len(diagnosis.outliers)} rows lie far from the others and may decide this.")
    return out


def _what_else(diagnosis: Diagnosis) -> list[str]:
    out = ["If a short list of features is worth having, take L1."]
    if diagnosis.groups:
        count = sum(len(group) for group in diagnosis.groups)
        out.append(
            f"If coefficients should not depend on the sample, take L2 or an elastic net: {count} "
            "features have a strongly correlated partner, among which L1 picks by chance."
        )
    else:
        out.append("If every feature should keep a coefficient, take L2.")
    return out


def _code(table: Table, penalty: str) -> str:
    from normwise.explorer import SNIPPETS

    if table.classes is None:
        response = f"y: {table.target}"
    else:
        response = f"y: {table.target}, 1 for {table.classes[1]} and 0 for {table.classes[0]}"
    lines = f"X: {len(table.names)} features as numbers; {response}"
    return f"# {' '.join(lines.split())}\n{SNIPPETS[table.response][penalty]}"


def recommend(
    table: Table, diagnosis: Diagnosis, contest: Contest, models: Models, place: Place
) -> Recommendation:
    """Weigh the head-to-head against the map.

    A penalty is named if it has the smaller excess risk with a probability of at least 80 %, and
    clearly so from 95 % on.
    """
    chance = l1_probability(contest, place)
    side, sure = ("l1", chance) if chance >= 0.5 else ("l2", 1 - chance)
    certainty = "clear" if sure >= CLEAR else "likely" if sure >= LIKELY else "none"
    named = None if certainty == "none" else side
    reasons = [_head_to_head(contest), _map(place), _traits(diagnosis)]
    doubts = _contradictions(contest, place)
    if named is None:
        headline = "No clear winner between L1 and L2: choose by what else you need."
        reasons += _what_else(diagnosis)
        doubts.append(
            f"{NAMES[side]} is the better one with a probability of {probability(sure)}: too "
            "little to name it."
        )
    else:
        how = "Use" if certainty == "clear" else "Probably use"
        headline = (
            f"{how} {NAMES[named]}: it predicts better with a probability of {probability(sure)}."
        )
        doubts += _small_difference(contest, named)
    doubts += _others(contest, named)
    doubts += _doubts(table, diagnosis, contest, models, place)
    return Recommendation(
        penalty=named,
        certainty=certainty,
        headline=headline,
        reasons=tuple(reasons),
        doubts=tuple(doubts),
        code=_code(table, side),
    )
