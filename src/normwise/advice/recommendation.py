"""What to use, and how certain that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from normwise.advice.contest import most_cells, row_width
from normwise.advice.diagnosis import sample_size
from normwise.advice.findings import Contest, Diagnosis, Models, Place, Recommendation, Sign
from normwise.analysis.learn.rule_of_thumb import MOST_EQUIVALENT
from normwise.data.response_kind import kind_of
from normwise.data.tables.messages import counted, listed, plain
from normwise.data.tables.table import Table
from normwise.report.look.numbers import percent
from normwise.report.look.words import NAMES
from normwise.report.validity import OUTSIDE

# Weights of a logistic regression that tells on which side the effect lies, fitted by
# benchmarks.advice to tables drawn from known scenarios: of the head-to-head's difference over its
# standard error, of the map's log-odds, and the constant.
WEIGHTS = (1.15, 0.56, -0.85)
FARTHEST = 6.0
# differences of explained share below this are rounding errors
ROUNDING = 1e-6
SUREST = 0.995
CLEAR, LIKELY = 0.95, 0.8
# what `normwise.tabular.as_table` gives as source
IN_MEMORY = "data in memory"
OTHER = {"l1": "l2", "l2": "l1"}


def pair(contest: Contest, first: str, second: str) -> pd.Series:
    """The row of two penalties, in the order of `normwise.advice.findings.TRIED`."""
    pairs = contest.pairs
    return pairs[(pairs["first"] == first) & (pairs["second"] == second)].iloc[0]


def evidence(contest: Contest, place: Place) -> tuple[float, float]:
    """Difference of L1 and L2 in standard errors, and the map's log-odds that L1 is better.

    Outside of what was measured the map is silent: its odds are even.
    """
    row = pair(contest, "l1", "l2")
    if not abs(row["difference"]) >= ROUNDING:
        z = 0.0
    elif row["se"] > 0:
        z = float(np.clip(row["difference"] / row["se"], -FARTHEST, FARTHEST))
    else:
        z = FARTHEST * float(np.sign(row["difference"]))
    share = place.l1_chance if place.inside else 0.5
    return z, float(logit(np.clip(share, 1 - SUREST, SUREST)))


def l1_probability(contest: Contest, place: Place, heard: bool = True) -> float:
    """Probability that L1 has the smaller excess risk if the two differ, by both witnesses.

    The map is not heard on rows that follow one another: it knows none such.
    """
    z, odds = evidence(contest, place)
    if not heard:
        return float(expit(WEIGHTS[0] * z))
    # the constant makes up for the side to which the map leans
    return float(expit(WEIGHTS[0] * z + (WEIGHTS[1] * odds + WEIGHTS[2]) * place.inside))


def _side(value: float) -> str | None:
    return "l1" if value > 0 else "l2" if value < 0 else None


def leanings(contest: Contest, place: Place) -> tuple[str | None, str | None]:
    """To which side head-to-head and map lean; None for one that says nothing."""
    z, odds = evidence(contest, place)
    return _side(z), _side(odds)


def at_odds(contest: Contest, place: Place) -> bool:
    """Whether the two witnesses lean to different sides."""
    return set(leanings(contest, place)) == {"l1", "l2"}


def chance(share: float) -> str:
    """A probability in per cent; near 0 and 1 its digits mean nothing."""
    if share < 0.01:
        return "<1\N{NO-BREAK SPACE}%"
    return ">99\N{NO-BREAK SPACE}%" if share > 0.99 else percent(share)


def _in_words(share: float) -> str:
    # not rounded up to a bound that it does not reach
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
    if abs(row["difference"]) < 0.0005:
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
        f"{_in_words(sure)}.{_in_points(place)}"
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
    return (
        f"About {diagnosis.effective_nonzero:.0f} of {diagnosis.n_features} features seem to carry "
        f"the signal ({diagnosis.effective_nonzero_low:.0f} to "
        f"{diagnosis.effective_nonzero_high:.0f}), at a signal-to-noise ratio of "
        f"{diagnosis.snr:.2g} ({diagnosis.snr_low:.2g} to {diagnosis.snr_high:.2g}) and an "
        f"alignment of {diagnosis.alignment:.2g} ({diagnosis.alignment_low:.2g} to "
        f"{diagnosis.alignment_high:.2g})."
    )


def _equivalent(contest: Contest) -> bool:
    return bool(pair(contest, "l1", "l2")["verdict"] == "equivalent")


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
    """Where neither beats the mean: headline, what the rows held out say, what would help."""
    groups, shares = table.rows.groups, _shares(contest)
    more = "rows" if groups is None else f"groups than {len(np.unique(groups)):,}"
    return (
        "Neither L1 nor L2 is shown to predict held-out rows better than the mean does: there is "
        "nothing yet to choose between them by.",
        f"Head-to-head: of the held-out rows {shares} are explained."
        if shares
        else _head_to_head(contest),
        "Until something is predicted, the mean is as good as either penalty. What would help are "
        f"more {more}, or features that say more about {plain(table.target)}.",
    )


def _small_difference(contest: Contest, penalty: str) -> list[str]:
    if not _equivalent(contest):
        return []
    return [
        f"Explained shares differ by less than {points(contest.margin)}: if "
        f"{NAMES[OTHER[penalty]]} suits you better, it costs little."
    ]


def _undecided(contest: Contest, place: Place, named: str) -> list[str]:
    if pair(contest, "l1", "l2")["verdict"] != "undecided":
        return []
    ahead, mapped = leanings(contest, place)
    if mapped is None:
        what = "the map of simulated data is silent"
    elif mapped != named:
        what = "the map of simulated data speaks against it"
    else:
        what = f"the map of simulated data {'adds to it' if ahead == named else 'tips the balance'}"
    return [f"The rows held out alone do not settle it; {what}."]


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


def _doubts(
    table: Table, diagnosis: Diagnosis, contest: Contest, models: Models, place: Place
) -> list[str]:
    out = _about_rows(table)
    size = sample_size(len(table.y), row_width(table.X), most_cells(table.response))
    if size < len(table.y):
        out.append(
            f"Head-to-head and models use {size} of the {len(table.y)} rows, drawn at "
            "random, to save time."
        )
    if contest.scores["explained"].max() < ROUNDING:
        out.append("No penalty predicts held-out rows better than the mean does.")
    scores = contest.scores
    for _, row in scores[scores["at_end"] > 0].iterrows():
        out.append(
            f"In {percent(row['at_end'])} of the splits the best strength of "
            f"{NAMES[row['penalty']]} lies at the end of what could be tried: a weaker penalty may "
            "explain more."
        )
    if not place.inside:
        out.append(f"The table lies {OUTSIDE}: of the two witnesses only the rows held out count.")
    if models.by_chance:
        number = len(models.by_chance)
        groups = "a group" if number == 1 else f"{number} groups"
        out.append(
            f"Within {groups} of correlated features L1 keeps some by chance: another sample "
            "would give others."
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
            f"Held out were whole groups ({number:,} of them); standard errors are over these. The "
            "map knows independent rows alone: what it is asked with is estimated from one row of "
            "each group, so that it may take the table for a smaller one."
        )
    if rows.time is not None:
        out.append(
            "Held out was always what follows, once. The map and the estimates of signal and "
            "concentration take rows as independent, which those of a series are not: they have "
            "no say in the answer."
        )
    if rows.weights is not None:
        out.append(
            "Weights count in every fit and every error; the estimates of signal and "
            "concentration, and with them the map, take each row once."
        )
    return out


def _leaning(side: str, sure: float) -> str:
    """The side of a winner that is not named."""
    if sure < 0.51:
        return "If the two differ, either is as likely to be the better one."
    little = "too little to name it" if sure < LIKELY else "if rows were independent"
    return (
        f"If the two differ, {NAMES[side]} is the better one with a probability of "
        f"{_in_words(sure)}: {little}."
    )


def _certainty(
    table: Table, sure: float, equal: bool, contest: Contest, side: str, signs: Sequence[Sign]
) -> str:
    """How certain the answer is, in a word.

    Never clear if both predict equally well; with groups or times, which the map does not know,
    clear only if the rows held out say so alone; a step less with a sign that rows belong together.
    """
    if sure < LIKELY:
        return "none"
    clear = sure >= CLEAR and not equal
    if table.rows.units is not None or table.rows.time is not None:
        row = pair(contest, "l1", "l2")
        clear = clear and row.get(row["verdict"]) == side
    if signs:
        return "likely" if clear else "none"
    return "clear" if clear else "likely"


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


def _options(table: Table) -> str:
    """What reading the table again takes beside source and target."""
    how = ""
    if table.classes is not None:
        how = f", positive={table.classes[1]!r}"
    elif len(np.unique(table.y)) == 2:
        how = f', response="{table.response}"'
    if table.marks:
        how += f", missing={list(table.marks)}"
    for role in ("groups", "time", "weights"):
        if getattr(table.rows, role) is not None:
            how += f", {role}={table.roles[role]!r}" if role in table.roles else f", {role}={role}"
    return how + (f", drop={list(table.dropped)!r}" if table.dropped else "")


def _reading(table: Table) -> str:
    """Lines that make X and y."""
    how = _options(table)
    if table.source == IN_MEMORY:
        return (
            "from normwise.tabular import as_table\n"
            f"table = as_table(X, y{how})  # your X and y as numbers\n"
            "X, y = table.X, table.y\n"
        )
    return (
        "from normwise.tabular import read_table\n"
        f"table = read_table({table.source!r}, {table.target!r}{how})\n"
        "X, y = table.X, table.y\n"
    )


def _fits(table: Table) -> dict[str, str]:
    """Lines that fit each penalty to X and y; folds respect which rows belong together."""
    from normwise.report.snippets import SNIPPETS

    rows, given = table.rows, ""
    if rows.units is None and rows.time is None and rows.weights is None:
        return SNIPPETS[table.response]
    kind = "Classifier" if kind_of(table.response).classes else "Regressor"
    lines, order, cv = "", "", ""
    if rows.time is not None:
        lines = (
            "from sklearn.model_selection import TimeSeriesSplit\n"
            'order = table.rows.time.argsort(kind="stable")\n'
            "X, y = X[order], y[order]\n"
        )
        order, cv = "[order]", "cv=TimeSeriesSplit(5)"
    if rows.weights is not None:
        given += f", sample_weight=table.rows.weights{order}"
    if rows.units is not None and rows.time is None:
        given += ", groups=table.rows.units"
    return {
        name: f"from normwise import {label}{kind}CV\n{lines}"
        f"model = {label}{kind}CV({cv}).fit(X, y{given})\n"
        for name, label in (("l1", "L1"), ("l2", "L2"))
    }


def _code(table: Table, penalty: str | None) -> str:
    if table.classes is None:
        response = f"y: {table.target}"
    else:
        response = f"y: {table.target}, 1 for {table.classes[1]} and 0 for {table.classes[0]}"
    lines = f"X: {len(table.names)} features as numbers; {response}"
    fits = _fits(table)
    chosen = (
        fits[penalty]
        if penalty
        else "\n".join(
            f"# {NAMES[name]}\n{fits[name].replace('model = ', f'{name} = ')}" for name in OTHER
        )
    )
    return f"# {plain(lines)}\n{_reading(table)}{chosen}"


def _leaked(table: Table) -> Recommendation:
    names = listed(table.copies or table.parts)
    what = "copies" if table.copies else "adds up to"
    return Recommendation(
        penalty=None,
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
    """Weigh the head-to-head against the map.

    A penalty is named if it has the smaller excess risk with a probability of at least 80 %, and
    clearly so from 95 % on, unless both predict equally well or head-to-head and map lean to
    different sides. None is named unless one is shown to predict better than the mean does. Outside
    of what was measured the head-to-head decides alone. With a copy of the target among the
    features, or with features that add up to it, there is nothing to weigh.
    Signs that rows belong together come first and lower the certainty.
    """
    if table.copies or table.parts:
        return replace(_leaked(table), first=tuple(sign.said for sign in signs))
    l1 = l1_probability(contest, place, table.rows.time is None)
    side, sure = ("l1", l1) if l1 >= 0.5 else ("l2", 1 - l1)
    equal = _equivalent(contest)
    doubted = equal or at_odds(contest, place)
    certainty = _certainty(table, sure, doubted, contest, side, signs)
    shown = beats_null(contest, diagnosis, table.rows.time is None)
    certainty = certainty if shown else "none"
    named = None if certainty == "none" else side
    reasons = [_head_to_head(contest), _map(place), _traits(diagnosis)]
    reasons += [said] if (said := hardly_matters(place)) else []
    doubts = _contradictions(contest, place)
    if not shown:
        headline, reasons[0], missing = _nothing_to_choose_by(table, contest)
        reasons.append(missing)
        doubts.append(
            f"If the features carry a signal all the same, {NAMES[side]} is the better one with a "
            f"probability of {_in_words(sure)}."
        )
    elif named is None:
        found = "No clear winner between L1 and L2"
        if equal:
            found = f"L1 and L2 predict equally well here (within {points(contest.margin)})"
        headline = f"{found}: choose by what else you need."
        reasons += _what_else(diagnosis)
        doubts.append(_leaning(side, sure))
    else:
        how = "Use" if certainty == "clear" else "Probably use"
        hardly = "; predictions hardly differ" if equal else ""
        headline = (
            f"{how} {NAMES[named]}: if the two differ, it predicts better with a probability of "
            f"{_in_words(sure)}{hardly}."
        )
        doubts += _small_difference(contest, named) + _undecided(contest, place, named)
    doubts += _others(contest, named)
    doubts += _doubts(table, diagnosis, contest, models, place)
    return Recommendation(
        penalty=named,
        certainty=certainty,
        headline=headline,
        reasons=tuple(reasons),
        doubts=tuple(doubts),
        code=_code(table, named),
        first=tuple(sign.said for sign in signs),
    )
