"""What to use, and how certain that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from normwise.advice.contest import n_looked_at
from normwise.advice.diagnosis import SKEWED
from normwise.advice.findings import (
    Contest,
    Diagnosis,
    Difference,
    Models,
    Place,
    Recommendation,
    Sign,
)
from normwise.advice.gap import after, mapped_of, shipped, traits_of
from normwise.advice.outcome import words_of
from normwise.advice.refit import lines_for
from normwise.analysis.learn.rule_of_thumb import MOST_EQUIVALENT
from normwise.data.response_kind import kind_of
from normwise.data.tables.messages import counted, listed, plain
from normwise.data.tables.table import Table
from normwise.report.look.numbers import percent
from normwise.report.look.words import NAMES
from normwise.report.validity import OUTSIDE

# differences of explained share below this are rounding errors
ROUNDING = 1e-6
# and below this they are not shown
NOTHING = 0.0005
# probabilities from which a penalty is named, from which it is said not to matter, and from which
# either is clear
LIKELY, EQUAL, CLEAR = 0.8, 0.9, 0.95
# of the bounds on what a penalty costs
LEVEL = 0.9
OTHER = {"l1": "l2", "l2": "l1"}
# explained share by which boosted trees must do better to be told with the answer
MUCH = 0.1
# what else may predict better, and what follows
BEYOND = {
    "boosted_trees": (
        "Boosted trees explain",
        "curves or interactions that no linear model has matter more here than the penalty",
    ),
    "relaxed_lasso": (
        "The relaxed lasso explains",
        "L1 finds the features, and shrinks their coefficients too much",
    ),
    "tuned_elastic_net": (
        "An elastic net whose share of L1 is tuned explains",
        "use it if prediction is all that counts",
    ),
}
# share of the resamples from which on a feature counts as kept again and again
OFTEN = 0.8


def pair(contest: Contest, first: str, second: str) -> pd.Series:
    """The row of two penalties, in the order of `normwise.advice.findings.TRIED`."""
    pairs = contest.pairs
    return pairs[(pairs["first"] == first) & (pairs["second"] == second)].iloc[0]


def difference_of(table: Table, contest: Contest, place: Place) -> Difference:
    """By how much the two are likely to differ: what was measured, against real tables.

    The map is not heard outside of what it knows, nor on rows that follow one another.
    """
    row, weights = pair(contest, "l1", "l2"), shipped()
    n_rows = n_looked_at(table)
    own = contest.scores[contest.scores["penalty"].isin(OTHER)]
    traits = traits_of(
        np.array([n_rows]),
        np.array([table.X.shape[1]]),
        np.array([own["explained"].max()]),
        np.array([bool(kind_of(table.response).classes)]),
    )
    # a gap is a loss: the penalty that explains more has the smaller one
    heard = place.inside and table.rows.time is None
    ends = (-np.array([v]) for v in (place.points, place.points_high, place.points_low))
    gap = after(
        weights,
        weights.within(traits),
        mapped_of(*ends) if heard else np.zeros(1),
        np.array([-100 * row["difference"]]),
        np.array([100 * row["se"]]),
    )
    l1, equal, l2 = gap.chances(100 * contest.margin)[0]
    costs = (float(cost[0]) / 100 for cost in gap.most_lost(LEVEL))
    ahead = float(gap.below(0.0)[0])
    return Difference(contest.margin, float(l1), float(equal), float(l2), ahead, *costs)


def _side(value: float) -> str | None:
    return "l1" if value > 0 else "l2" if value < 0 else None


def leanings(contest: Contest, place: Place) -> tuple[str | None, str | None]:
    """To which side head-to-head and map lean; None for one that says nothing."""
    difference = pair(contest, "l1", "l2")["difference"]
    ahead = _side(difference) if abs(difference) >= NOTHING else None
    return ahead, _side(place.l1_chance - 0.5) if place.inside else None


def at_odds(contest: Contest, place: Place) -> bool:
    """Whether the two witnesses lean to different sides."""
    return set(leanings(contest, place)) == {"l1", "l2"}


def chance(share: float) -> str:
    """A probability in per cent; near 0 and 1 its digits mean nothing."""
    if share < 0.01:
        return "<1\N{NO-BREAK SPACE}%"
    return ">99\N{NO-BREAK SPACE}%" if share > 0.99 else percent(share)


def stated(share: float) -> str:
    """A probability in per cent, not rounded up to a bound that it does not reach."""
    return chance(share if share > 0.99 else int(100 * share + 1e-9) / 100).replace(
        ">", "more than "
    )


def points(margin: float) -> str:
    """A difference of explained shares in percentage points."""
    return f"{100 * margin:g} point{'s' * (margin != 0.01)}"


def _head_to_head(contest: Contest) -> str:
    row = pair(contest, "l1", "l2")
    if not np.isfinite(row["difference"]):
        return "Head-to-head: one of the two has no solution."
    points = [f"{100 * abs(row[name]):.1f}" for name in ("difference", "se")]
    ahead = "L1" if row["difference"] > 0 else "L2"
    # less than is shown
    if abs(row["difference"]) < NOTHING:
        return "Head-to-head: L1 and L2 predict held-out rows equally well."
    return (
        f"Head-to-head: {ahead} explains {points[0]} percentage points more of the held-out rows "
        f"(standard error {points[1]}, {contest.n_repeats} × {contest.n_folds} folds)."
    )


def _in_points(place: Place) -> str:
    """What the map says in the units of the head-to-head."""
    if not np.isfinite(place.points):
        return ""
    middle, low, high = (
        f"{v:+.1f}".replace("-", "\N{MINUS SIGN}")
        for v in (place.points, place.points_low, place.points_high)
    )
    return f" L1 explains {middle} points more of new rows than L2 there ({low} to {high})."


def _map(place: Place) -> str:
    if not place.inside:
        return f"Map: silent, as the table lies {OUTSIDE} ({'; '.join(place.outside)})."
    ratio, low, high = np.exp([place.effect, place.effect_low, place.effect_high])
    sure = max(place.l1_chance, 1 - place.l1_chance)
    side = "L1" if place.l1_chance >= 0.5 else "L2"
    return (
        f"Map: in measured scenarios like this table the excess risk of L1 is {ratio:.2f} times "
        f"that of L2 ({low:.2f} to {high:.2f}); {side} is the better one with a probability of "
        f"{stated(sure)}.{_in_points(place)}"
    )


def hardly_matters(place: Place) -> str:
    """Whether there are so many rows that the choice hardly matters, in a sentence or none."""
    if not place.inside or place.rows_per_feature < place.enough:
        return ""
    return (
        f"With {place.rows_per_feature:,.0f} rows per feature L1 and L2 differ by less than a "
        f"point of what is explained in {percent(MOST_EQUIVALENT)} of what was measured."
    )


def _traits(diagnosis: Diagnosis) -> str:
    several = " of a class on average" if len(diagnosis.class_rows) > 2 else ""
    return (
        f"About {diagnosis.effective_nonzero:.0f} of {diagnosis.n_features} features seem to carry "
        f"the signal{several} ({diagnosis.effective_nonzero_low:.0f} to "
        f"{diagnosis.effective_nonzero_high:.0f}), at a signal-to-noise ratio of "
        f"{diagnosis.snr:.2g} ({diagnosis.snr_low:.2g} to {diagnosis.snr_high:.2g}) and an "
        f"alignment of {diagnosis.alignment:.2g} ({diagnosis.alignment_low:.2g} to "
        f"{diagnosis.alignment_high:.2g})."
    )


def beats_null(contest: Contest, diagnosis: Diagnosis, heard: bool = True) -> bool:
    """Whether L1 or L2 is shown to predict held-out rows better than the mean does.

    The interval of its explained share lies above zero; or the share itself does, on a table whose
    signal-to-noise ratio is told from zero. On rows that follow one another that ratio is not
    heard.
    """
    own = contest.scores[contest.scores["penalty"].isin(OTHER)]
    signal = heard and diagnosis.snr_low > 0
    return bool(((own["low"] > 0) | ((own["explained"] > ROUNDING) & signal)).any())


def _shares(contest: Contest) -> str:
    """What each of the two explains, with its interval."""
    scores = contest.scores.set_index("penalty").loc[list(OTHER), ["explained", "low", "high"]]
    said = [
        "{:.1f} % ({:.1f} to {:.1f}) by ".format(*(100 * row)) + NAMES[name]
        for name, row in scores.dropna().iterrows()
    ]
    return " and ".join(said).replace("-", "\N{MINUS SIGN}")


def _nothing_to_choose_by(table: Table, contest: Contest) -> tuple[str, str, str]:
    """Where neither beats the null model: headline, what the rows held out say, what would help."""
    groups, shares, words = table.rows.groups, _shares(contest), words_of(table)
    does, be = ("do", "are") if words.null.startswith("the shares") else ("does", "is")
    more = "rows" if groups is None else f"groups than {len(np.unique(groups)):,}"
    return (
        f"Neither L1 nor L2 is shown to predict held-out rows better than {words.null} {does}: so "
        "there is no basis yet for choosing between them.",
        f"Head-to-head: of the {words.unexplained} of the held-out rows, {shares} are explained."
        if shares
        else _head_to_head(contest),
        f"Until something is predicted, {words.null} {be} as good as either penalty. More "
        f"{more} would help, or features that say more about {plain(table.target)}.",
    )


def _contradictions(contest: Contest, place: Place) -> list[str]:
    if not at_odds(contest, place):
        return []
    ahead, mapped = leanings(contest, place)
    return [
        f"The head-to-head leans towards {NAMES[str(ahead)]}, the map towards {NAMES[str(mapped)]}."
    ]


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


def _beyond(contest: Contest) -> list[str]:
    """What predicts better than L1 and L2 by more than chance and the margin, trees first."""
    if not len(contest.others):
        return []
    found, out = contest.others.set_index("name"), []
    for name, text in BEYOND.items():
        row = found.loc[name]
        if row["gain"] >= contest.margin and row["low"] > 0:
            low, high = (f"{100 * row[end]:.1f}" for end in ("low", "high"))
            out.append(
                f"{text[0]} {100 * row['gain']:.1f} points more of the same held-out rows than "
                f"{NAMES[row['base']]} ({low} to {high}): {text[1]}."
            )
    return out


def _no_linear_model(contest: Contest) -> str:
    """What follows the headline where trees explain much more than either penalty."""
    if not len(contest.others):
        return ""
    trees = contest.others.set_index("name").loc["boosted_trees"]
    if not (trees["gain"] >= MUCH and trees["low"] > 0):
        return ""
    return f" Boosted trees explain {100 * trees['gain']:.0f} points more than either."


def _doubts(
    table: Table, diagnosis: Diagnosis, contest: Contest, models: Models, place: Place
) -> list[str]:
    out = _about_rows(table)
    size = n_looked_at(table)
    if size < len(table.y):
        out.append(
            f"Head-to-head and models use {size} of the {len(table.y)} rows, drawn at "
            "random, to save time."
        )
    if contest.scores["explained"].max() < ROUNDING:
        out.append(f"No penalty predicts held-out rows better than {words_of(table).null}.")
    scores = contest.scores
    for _, row in scores[scores["at_end"] > 0].iterrows():
        out.append(
            f"In {percent(row['at_end'])} of the splits the best strength of "
            f"{NAMES[row['penalty']]} lies at the end of what could be tried: a weaker penalty may "
            "explain more."
        )
    if place.stand_in:
        out.append(
            f"No scenario of the map has {words_of(table).kind}: those with {place.stand_in} stand "
            "in, and the weights of map and head-to-head were learnt from such tables."
        )
    if not place.inside:
        out.append(f"The table lies {OUTSIDE}: only the held-out rows count, not the map.")
    if models.by_chance:
        number = len(models.by_chance)
        groups = "a group" if number == 1 else f"{number} groups"
        out.append(
            f"Within {groups} of correlated features L1 keeps some by chance: another sample "
            "would give others."
        )
    if table.rows.offset is not None:
        out.append(
            "The offset is part of every prediction, that of the null model too: what is explained "
            "is what the features add to it."
        )
    if abs(diagnosis.skewness) > SKEWED:
        out.append(
            "The response has a long tail, and a few rows decide squared error: its logarithm may "
            "be what to predict."
        )
    if diagnosis.outliers:
        far = counted(len(diagnosis.outliers), "row")
        out.append(f"{far} far from the others may decide this.")
    return out


def _about_rows(table: Table) -> list[str]:
    """What the rows that belong together ask of the parts that know independent rows alone."""
    rows, out = table.rows, []
    if rows.groups is not None:
        number = len(np.unique(rows.groups))
        out.append(
            f"Whole groups were held out ({number:,} of them); standard errors are over groups. "
            "The map knows independent rows alone: its inputs are estimated from one row of each "
            "group, so it may take the table for a smaller one."
        )
    if rows.time is not None:
        out.append(
            "Each test part follows all rows that it is predicted from. The map and the estimates "
            "of signal and concentration take rows as independent, which those of a series are "
            "not: they have no say in the answer."
        )
    if rows.weights is not None:
        out.append(
            "Weights count in every fit and every error; the estimates of signal and "
            "concentration, and with them the map, count every row equally."
        )
    return out


def _answer(
    table: Table,
    difference: Difference,
    contest: Contest,
    shown: bool,
    signs: Sequence[Sign],
) -> tuple[str, str]:
    """What is answered and how certain it is, in a word each.

    With groups or times an answer is clear only if the rows held out give it alone. A sign that
    rows belong together lowers the certainty by a step; that it does not matter is then not said at
    all, as rows at random may hide that it does.
    """
    chances = {"l1": difference.l1, "l2": difference.l2, "equivalent": difference.equal}
    answer = max(chances, key=chances.__getitem__)
    sure = chances[answer]
    enough = EQUAL if answer == "equivalent" else LIKELY
    if sure < enough or not shown:
        return "open", "none"
    clear = sure >= CLEAR
    if table.rows.units is not None or table.rows.time is not None:
        row = pair(contest, "l1", "l2")
        clear = clear and answer in (row["verdict"], row.get(row["verdict"]))
    if signs:
        return (answer, "likely") if clear and answer in OTHER else ("open", "none")
    return answer, "clear" if clear else "likely"


def _cost(share: float) -> str:
    return "less than 0.1 points" if share < 0.00095 else f"at most {100 * share:.1f} points"


def _costs(difference: Difference, answer: str) -> str:
    """What is lost at most by either choice, and by which of them less if none is named."""
    safer = min(OTHER, key=lambda name: getattr(difference, f"{name}_costs"))
    said = f"The safer choice is {NAMES[safer]}. " if answer == "open" else ""
    return said + (
        f"Judging by other tables, choosing L1 costs {_cost(difference.l1_costs)} of what is "
        f"explained against L2, choosing L2 {_cost(difference.l2_costs)} against L1, each with a "
        f"probability of {percent(LEVEL)}."
    )


def _basis() -> str:
    return (
        f"What such a head-to-head is worth was learnt from {shipped().n_tables:,} real tables: it "
        "was held on one half of their rows, and the other half told by how much the two differ; "
        "and from simulated ones, of which that is known."
    )


def _headline(difference: Difference, answer: str, certainty: str, signs: Sequence[Sign]) -> str:
    zone = points(difference.margin)
    l1, equal, l2 = (stated(v) for v in (difference.l1, difference.equal, difference.l2))
    if answer == "equivalent":
        return (
            f"For prediction it does not matter: L1 and L2 differ by less than {zone} of what is "
            f"explained, with a probability of {equal}. Choose by what else you need."
        )
    if answer == "open":
        before = "These rows do not settle it"
        if signs:
            before = "Settle first whether rows belong together; if they do not"
        return (
            f"{before}: L1 and L2 differ by less than {zone} with a probability of {equal}; L1 "
            f"explains more by over that with {l1}, L2 with {l2}."
        )
    use = "Use" if certainty == "clear" else "Probably use"
    return (
        f"{use} {NAMES[answer]}: it explains more of new rows than {NAMES[OTHER[answer]]} by over "
        f"{zone}, with a probability of {l1 if answer == 'l1' else l2}."
    )


def _kept(contest: Contest, models: Models) -> str:
    """How short L1's list is, and how much of it is there again in other resamples."""
    scores = contest.scores.set_index("penalty")["nonzeros"]
    if not np.isfinite(scores["l1"]):
        return "."
    said = f": it keeps {scores['l1']:.0f} of them on the average"
    if "selected" not in models.coefs:
        return f"{said}."
    coefs = models.coefs
    # a feature has a row for each class
    coefs = coefs.drop_duplicates("feature") if "class" in coefs else coefs
    often = int((coefs["selected"] >= OFTEN).sum())
    return f"{said}, {often} in at least {percent(OFTEN)} of the resamples."


def _what_else(diagnosis: Diagnosis, contest: Contest, models: Models) -> list[str]:
    out = [f"If a short list of features is worth having, take L1{_kept(contest, models)}"]
    if diagnosis.groups:
        count = sum(len(group) for group in diagnosis.groups)
        out.append(
            f"If coefficients should not depend on the sample, take L2 or an elastic net: {count} "
            "features have a strongly correlated partner, among which L1 picks by chance."
        )
    else:
        out.append("If every feature should keep a coefficient, take L2.")
    return out


def _leaked(table: Table) -> Recommendation:
    names = listed(table.copies or table.parts)
    what = "copies" if table.copies else "adds up to"
    return Recommendation(
        answer="open",
        certainty="none",
        headline=f"Leave out what {what} the target, and ask again: {names}.",
        reasons=(
            "With the target among the features every penalty predicts perfectly, and no number "
            "here says anything about other rows.",
        ),
        doubts=("If all of it is truly known before the target is, no model is needed.",),
    )


def recommend(
    table: Table,
    diagnosis: Diagnosis,
    contest: Contest,
    models: Models,
    place: Place,
    signs: Sequence[Sign] = (),
) -> Recommendation:
    """Weigh what was measured against how much L1 and L2 differ on real tables.

    A penalty is named if it explains more by over the margin with a probability of at least 80 %;
    that it does not matter is said from 90 % on; both are clear from 95 % on. None is named unless
    one is shown to predict better than the mean does. With a copy of the target among the features,
    or with features that add up to it, there is nothing to weigh.
    Signs that rows belong together come first and lower the certainty.
    """
    first = tuple(sign.said for sign in signs)
    if table.copies or table.parts:
        return replace(_leaked(table), first=first)
    difference = difference_of(table, contest, place)
    independent = table.rows.time is None
    shown = beats_null(contest, diagnosis, independent)
    answer, certainty = _answer(table, difference, contest, shown, signs)
    named = answer if answer in OTHER else None
    reasons = [_head_to_head(contest), _map(place), _traits(diagnosis)]
    reasons += [said] if independent and (said := hardly_matters(place)) else []
    headline, doubts = _headline(difference, answer, certainty, signs), []
    if not shown:
        headline, reasons[0], missing = _nothing_to_choose_by(table, contest)
        reasons.append(missing)
    else:
        reasons = [_costs(difference, answer), *reasons, _basis()]
        reasons += [] if named else _what_else(diagnosis, contest, models)
    if answer != "equivalent" and independent:
        doubts = _contradictions(contest, place)
    doubts = _beyond(contest) + doubts + _others(contest, named)
    doubts += _doubts(table, diagnosis, contest, models, place)
    return Recommendation(
        answer=answer,
        certainty=certainty,
        headline=headline + _no_linear_model(contest),
        reasons=tuple(reasons),
        doubts=tuple(doubts),
        code=lines_for(table, named, models),
        first=first,
        difference=difference,
    )
