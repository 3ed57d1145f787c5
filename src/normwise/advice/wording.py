"""How the findings of an advice are said, alike in the terminal and on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from normwise.advice.diagnosis import FEW_VALUES, RARE, SKEWED, is_rare
from normwise.advice.findings import Contest, Diagnosis, Models, Place
from normwise.advice.outcome import words_of
from normwise.advice.recommendation import CLEAR, EQUAL, LIKELY, at_odds, leanings, points
from normwise.advice.recommendation import pair as pair_of
from normwise.analysis.learn.cells import COLLINEAR
from normwise.analysis.learn.rule_of_thumb import Rule
from normwise.data.tables.messages import listed, plain
from normwise.data.tables.table import Table
from normwise.report.look.numbers import count, number, percent
from normwise.report.look.words import SHORT_NAMES, VERDICT_NAMES
from normwise.report.validity import OUTSIDE

if TYPE_CHECKING:
    from normwise.advice import Advice

ANSWERS = {
    "l1": SHORT_NAMES["l1"],
    "l2": SHORT_NAMES["l2"],
    "equivalent": VERDICT_NAMES["equivalent"],
    "undecided": VERDICT_NAMES["undecided"],
    "outside": OUTSIDE,
}
# what counts for no side, nor among those that could have named one
SILENT = ("outside",)
FIRST = "First: do rows belong together?"
# Belsley, Kuh & Welsch (1980); Kutner et al. (2005)
HIGH_CONDITION, HIGH_VIF = 30, 10
LOW_SNR = 0.1


@dataclass(frozen=True)
class Item:
    """A number of the diagnosis.

    Attributes
    ----------
    term, value : str
    meaning : str
        What it says and when it is worrying.
    worry : bool
        Whether it is so here.
    """

    term: str
    value: str
    meaning: str
    worry: bool = False


@dataclass(frozen=True)
class Source:
    """Something that may name a penalty.

    Attributes
    ----------
    name : str
    says : str
        A key of `ANSWERS`.
    basis : str
        The numbers behind it.
    """

    name: str
    says: str
    basis: str


def many(n: int, noun: str) -> str:
    """A number of things."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def large(value: float) -> str:
    """A number of any size, without powers of ten."""
    if np.isinf(value):
        return "infinite"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def signed(text: str) -> str:
    """A text with numbers, their hyphens made into minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def certainty_words(advice: Advice) -> str:
    """How certain the answer is."""
    told = advice.recommendation
    if told.certainty == "none":
        return "none; neither is named"
    least = percent(CLEAR if told.certainty == "clear" else LIKELY if told.penalty else EQUAL)
    said = f"{told.certainty}; the probability is at least {least}"
    if told.penalty and advice.signs:
        said += "; lowered by the signs that rows belong together"
    if told.penalty and advice.table.rows.time is None and at_odds(advice.contest, advice.place):
        ahead, mapped = (SHORT_NAMES[str(side)] for side in leanings(advice.contest, advice.place))
        said += f", though the rows held out lean towards {ahead} and the map towards {mapped}"
    return said


def caveats(advice: Advice) -> str:
    """What the doubts of a recommendation are about."""
    return "What speaks against it" if advice.recommendation.penalty else "What to bear in mind"


def shorten(text: str, most: int) -> str:
    """A text in one line of at most ``most`` characters, its middle left out if need be."""
    text = plain(str(text))
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return f"{text[: most - 1 - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"


def span(value: str, low: str, high: str) -> str:
    """A number with its interval."""
    return f"{value} ({low} to {high})"


def share_span(row: pd.Series, key: str) -> str:
    """A share with its interval, in per cent."""
    if not np.isfinite(row[key]):
        return "–"
    return signed(span(*(f"{100 * row[name]:,.1f}" for name in (key, "low", "high")))) + " %"


def point_span(row: pd.Series) -> str:
    """A difference of explained shares with its interval, in percentage points."""
    if not np.isfinite(row["difference"]):
        return "–"
    parts = (f"{100 * row[name]:+,.1f}" for name in ("difference", "low", "high"))
    return signed(span(*parts)) + " points"


def l1_against_l2(contest: Contest) -> pd.Series:
    """The pair that the question is about."""
    return pair_of(contest, "l1", "l2")


def pair_name(pair: pd.Series) -> str:
    """Which difference a pair is."""
    return f"{SHORT_NAMES[pair['first']]} − {SHORT_NAMES[pair['second']]}"


def better(pair: pd.Series) -> str:
    """The better penalty of a pair, or equivalent or undecided."""
    verdict = pair["verdict"]
    return str(pair[verdict] if verdict in ("first", "second") else verdict)


def verdict_words(pair: pd.Series, margin: float) -> str:
    """The verdict on a pair, in words."""
    found = better(pair)
    if not np.isfinite(pair["difference"]):
        return "not compared, one has no solution"
    if found == "equivalent":
        return f"equivalent within ±{points(margin)}"
    return "undecided" if found == "undecided" else f"{SHORT_NAMES[found]} is better"


OTHERS = {
    "tuned_elastic_net": "elastic net, share of L1 tuned",
    "relaxed_lasso": "relaxed lasso",
    "boosted_trees": "boosted trees",
}


def other_rows(contest: Contest) -> list[tuple[str, str, str]]:
    """What else was tried: its name, what it explains, and its gain over L1 or L2."""
    out = []
    for row in contest.others.to_dict("records"):
        if np.isfinite(row["explained"]):
            parts = (f"{100 * row[name]:+,.1f}" for name in ("gain", "low", "high"))
            gain = f"{signed(span(*parts))} points over {SHORT_NAMES[row['base']]}"
            out.append((OTHERS[row["name"]], signed(percent(row["explained"], 1)), gain))
    return out


def coefficient_name(row: pd.Series, most: int) -> str:
    """The feature of a coefficient, and its class where there are several, in so many letters."""
    if "class" not in row:
        return shorten(row["feature"], most)
    own = shorten(row["class"], most // 2)
    return f"{shorten(row['feature'], most - len(own) - 3)} · {own}"


def by_feature(models: Models) -> pd.DataFrame:
    """One row a feature: of several classes that of its largest coefficient under L1, or L2."""
    coefs = models.coefs
    if "class" not in coefs:
        return coefs
    # a coefficient of L2 is never zero
    size = coefs["l1"].abs().fillna(0) + 1e-9 * coefs["l2"].abs().fillna(0)
    order = size.sort_values(ascending=False, kind="stable").index
    return coefs.loc[order].drop_duplicates("feature").sort_index()


def largest(models: Models, most: int) -> pd.DataFrame:
    """The largest coefficients per standard deviation under L1 or L2, a row each."""
    size = models.coefs[["l1", "l2"]].abs().max(axis=1).fillna(0)
    return models.coefs.loc[size.sort_values(ascending=False, kind="stable").index[:most]]


def most_kept(models: Models, most: int) -> pd.DataFrame:
    """Features that L1 keeps in most resamples; none that it never keeps."""
    coefs = by_feature(models)
    coefs = coefs.assign(size=coefs["l1"].abs())
    kept = coefs[(coefs["selected"] > 0) | (coefs["size"] > 0)]
    return kept.sort_values(["selected", "size"], ascending=False, kind="stable").head(most)


def factor_rows(models: Models) -> list[tuple[str, str]]:
    """What L1 keeps of each factor, the most often kept first."""
    return [
        (
            shorten(row["factor"], 60),
            f"{row['kept']} of {row['levels']} levels kept; most often "
            f"{shorten(row['level'], 60)}, in {percent(row['selected'])} of the resamples",
        )
        for row in models.factors.to_dict("records")
    ]


def kept_by_l1(models: Models) -> str:
    """How many features have a coefficient under L1."""
    coefs = by_feature(models)
    return f"{int((coefs['l1'].abs() > 0).sum()):,}" if coefs["l1"].notna().any() else "–"


def chosen_by_chance(models: Models) -> list[tuple[list[str], list[str]]]:
    """What L1 kept and what it left, for each group among which it chose by chance."""
    out = []
    for group in models.by_chance:
        coefs = by_feature(models)
        own = coefs[coefs["group"] == group]
        kept = own["l1"].abs() > 0
        named = [
            f"{shorten(row['feature'], 60)} ({percent(row['selected'])})"
            for _, row in own.iterrows()
        ]
        parts = [[n for n, k in zip(named, kept, strict=True) if k == side] for side in (1, 0)]
        out.append((parts[0], parts[1]))
    return out


def sources(advice: Advice) -> list[Source]:
    """The contest on the table itself, and what the map says of tables like it."""
    pair = l1_against_l2(advice.contest)
    found = [Source("head to head on your rows", better(pair), point_span(pair))]
    place = advice.place
    load = span(*(f"{v:.2g}" for v in (place.load, place.load_low, place.load_high)))
    ratio = span(*(f"{np.exp(v):.2f}" for v in (place.effect, place.effect_low, place.effect_high)))
    surface = f"excess risk L1 / L2 {ratio}, 90 % interval"
    if not place.inside:
        surface = "; ".join(place.outside)
    return [
        *found,
        Source("rule of thumb", place.rule, f"load {load}; {cut_words(place.numbers)}"),
        Source("response surface", place.surface, surface),
        Source("theory", place.theory, place.theory_basis),
    ]


def cut_words(rule: Rule) -> str:
    """What the rule of thumb asks for."""
    if not 0 < rule.cut < np.inf:
        return f"{'L2' if rule.cut == 0 else 'L1'} at any load"
    said = f"L1 below {rule.cut:.2g}, L2 above ({rule.low:.2g} to {rule.high:.2g})"
    if np.isfinite(rule.enough):
        said += f", equivalent from {large(rule.enough)} rows per feature on"
    return said


def agreement(found: list[Source]) -> str:
    """Whether the sources name the same penalty; those that know nothing do not count."""
    found = [source for source in found if source.says not in SILENT]
    named = {side: [s.name for s in found if s.says == side] for side in ("l1", "l2")}
    if named["l1"] and named["l2"]:
        return (
            f"They do not agree: {listed(named['l1'])} for L1, {listed(named['l2'])} for L2. "
            "Only the head to head has seen your rows."
        )
    for side, names in named.items():
        if names:
            rest = "" if len(names) == len(found) else "; the others name no winner"
            verb = "names" if len(names) == 1 else "name"
            return f"{len(names)} of {len(found)} {verb} {SHORT_NAMES[side]}{rest}."
    return "None of them names a winner."


def rule_over_range(place: Place) -> str:
    """Whether the rule's answer depends on how well the load is known."""
    if not place.inside:
        return f"The rule says nothing: your table lies {OUTSIDE} ({'; '.join(place.outside)})."
    answers = [ANSWERS[a] for a in place.rule_range]
    if len(set(answers)) == 1:
        return f"The rule says the same over the whole range of the load: {answers[0]}."
    return f"Over the range of the load the rule says {' or '.join(dict.fromkeys(answers))}."


def describe(diagnosis: Diagnosis, table: Table) -> list[Item]:
    """The numbers of a diagnosis with what they mean."""
    return [
        *_size(diagnosis, table),
        *_collinearity(diagnosis, table.names),
        *_signal(diagnosis, table),
        *_cells(diagnosis),
    ]


def _size(d: Diagnosis, table: Table) -> list[Item]:
    full = min(d.n_features, d.n_samples - 1)
    items = [
        Item(
            "size",
            f"{many(d.n_samples, 'row')}, {many(d.n_features, 'feature')}",
            "With as many features as rows or more, infinitely many coefficients fit equally "
            "well, and only a penalty chooses among them.",
            d.n_features >= d.n_samples,
        )
    ]
    if table.classes and table.n_outputs == 1:
        items.append(
            Item(
                "classes",
                f"{percent(d.positive_share, 1)} {shorten(table.classes[1], 40)}, the rest "
                f"{shorten(table.classes[0], 40)}",
                f"A concern below {percent(RARE)} for either: the rare class then limits "
                "what can be learnt.",
                not RARE <= d.positive_share <= 1 - RARE,
            )
        )
    elif table.classes:
        rows = [
            f"{shorten(label, 30)} ({count:,})"
            for label, count in zip(table.classes, d.class_rows, strict=True)
        ]
        least = percent(2 * RARE / len(rows), 1)
        items.append(
            Item(
                "classes",
                f"{len(rows)}: {listed(rows, 12)}",
                f"Rows of each. A concern below {least} of all rows: little can be learnt of such "
                "a class.",
                is_rare(min(d.class_rows), d.class_rows),
            )
        )
    return [
        *items,
        Item(
            "rank",
            f"{d.rank:,} of at most {full:,}",
            "How many features are no combination of the others. A concern if fewer than possible: "
            "the coefficients of the others are then arbitrary without a penalty.",
            d.rank < full,
        ),
        Item(
            "condition number",
            large(d.condition_number),
            f"How much an error in the data can grow in the coefficients. A concern above "
            f"{HIGH_CONDITION}.",
            not d.condition_number <= HIGH_CONDITION,
        ),
    ]


def _collinearity(d: Diagnosis, names: tuple[str, ...]) -> list[Item]:
    items = []
    if np.isnan(d.vif).all():
        value, worry = "not defined: no more rows than features", False
    else:
        worst = int(np.nanargmax(d.vif))
        many, worry = int((d.vif > HIGH_VIF).sum()), bool(d.vif[worst] > HIGH_VIF)
        value = (
            f"up to {large(d.vif[worst])} ({shorten(names[worst], 40)}); {many:,} above {HIGH_VIF}"
        )
    items.append(
        Item(
            "variance inflation",
            value,
            "How many times larger the other features make the variance of a coefficient without "
            f"a penalty. A concern above {HIGH_VIF}.",
            worry,
        )
    )
    if d.n_features > 1 and np.isfinite(d.nearest_correlation).any():
        worst = int(np.nanargmax(d.nearest_correlation))
        close = float(d.nearest_correlation[worst])
        items.append(
            Item(
                "nearest correlation",
                f"median {np.nanmedian(d.nearest_correlation):.2f}, largest {close:.2f} "
                f"({shorten(names[worst], 30)}, {shorten(names[int(d.nearest[worst])], 30)})",
                f"Of each feature with the one most like it. From {COLLINEAR} on they can stand in "
                "for each other.",
                close >= COLLINEAR,
            )
        )
    grouped = sum(map(len, d.groups))
    return [
        *items,
        Item(
            "effective dimension",
            f"{d.effective_features:,.1f} of {d.n_features:,}",
            "How many unrelated features would vary as much in total. Far below the number of "
            "features, these say much the same.",
        ),
        Item(
            "correlated groups",
            f"{len(d.groups):,} with {grouped:,} features" if d.groups else "none",
            "Among their members L1 tends to keep one and drop the rest; L2 shares the "
            "coefficient among them.",
            bool(d.groups),
        ),
    ]


def _signal(d: Diagnosis, table: Table) -> list[Item]:
    best = d.snr / (1 + d.snr)
    several = table.n_outputs > 1
    scale = words_of(table).snr if len(d.class_rows) != 2 else ""
    return [
        Item(
            "signal to noise",
            span(*(large(v) for v in (d.snr, d.snr_low, d.snr_high))),
            f"Variance of the signal over that of the noise{f', {scale}' * bool(scale)}, 95 % "
            f"interval. At {large(d.snr)} the "
            f"best linear model would explain {percent(best)}. A concern if the interval reaches "
            f"below {LOW_SNR}: there may be little to learn.",
            not d.snr_low >= LOW_SNR,
        ),
        Item(
            "concentration",
            span(
                *(
                    number(v, 1)
                    for v in (
                        d.effective_nonzero,
                        d.effective_nonzero_low,
                        d.effective_nonzero_high,
                    )
                )
            )
            + f" of {many(d.n_features, 'feature')}{', of a class' * several}",
            "How many coefficients carry the signal, with the range in which they may lie. Few "
            "speak for L1, many for L2.",
        ),
        Item(
            "alignment",
            span(*(large(v) for v in (d.alignment, d.alignment_low, d.alignment_high))),
            "How many features each relevant feature counts as: 1 if the columns are unrelated or "
            "their effects have either sign; 1 + (k − 1)r if the k columns that matter have a "
            "correlation of r on average and pull the same way; below 1, which counts as 1, if "
            "they work against each other. More of it speaks for L2. 95 % interval.",
        ),
    ]


def _cells(d: Diagnosis) -> list[Item]:
    rows = listed([f"{i + 1:,}" for i in d.outliers])
    gaps = sorted(d.missing.items(), key=lambda item: -item[1])
    return [
        Item(
            "outliers",
            f"{many(len(d.outliers), 'row')}: {rows}, counted from 1" if rows else "none",
            "Rows far from the others in the response or the features; one may decide the fit.",
            bool(d.outliers),
        ),
        Item(
            "skewed features",
            f"{len(d.skewed):,}: {listed([shorten(n, 30) for n in d.skewed])}"
            if d.skewed
            else "none",
            f"Skewness above {SKEWED:g}, of more than {FEW_VALUES} values: a few rows with large "
            "values decide such a coefficient, under either penalty. The logarithm of the feature "
            "often does better.",
            bool(d.skewed),
        ),
        Item(
            "missing values",
            f"{count(sum(d.missing.values()))} in {listed([shorten(n, 30) for n, _ in gaps])}"
            if d.missing
            else "none",
            "They were filled, see the notes; the more are missing, the less the rows say.",
            bool(d.missing),
        ),
        Item(
            "constant columns",
            listed([shorten(n, 30) for n in d.constant]) or "none",
            "They have a single value and were left out.",
        ),
        Item(
            "copies",
            listed([f"{shorten(a, 30)} = {shorten(b, 30)}" for a, b in d.duplicates], 5) or "none",
            "Pairs of features that are the same up to a scale: which one a model names is "
            "arbitrary.",
            bool(d.duplicates),
        ),
    ]
