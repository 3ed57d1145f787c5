"""The page of an advice: one file that runs no script and asks the network for nothing."""

from __future__ import annotations

import base64
import datetime
import gzip
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from normwise.advice import pictures
from normwise.advice.elsewhere import carried
from normwise.advice.findings import Contest, Diagnosis, Models, Place
from normwise.advice.gap import shipped
from normwise.advice.outcome import words_of
from normwise.advice.recommendation import (
    CLEAR,
    EQUAL,
    LIKELY,
    chance,
    hardly_matters,
    points,
    stated,
)
from normwise.advice.wording import (
    ANSWERS,
    FIRST,
    agreement,
    better,
    caveats,
    certainty_words,
    chosen_by_chance,
    describe,
    factor_rows,
    kept_by_l1,
    l1_against_l2,
    largest,
    many,
    other_rows,
    pair_name,
    point_span,
    rule_over_range,
    share_span,
    shorten,
    signed,
    sources,
    verdict_words,
)
from normwise.data.tables.messages import listed
from normwise.files.parquet import harmless
from normwise.files.whole import write_text
from normwise.report.look.numbers import count, number, percent, significant
from normwise.report.look.sheet import Column, Sheet, sheet, verdict
from normwise.report.look.templates import style_sheet
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from normwise.advice import Advice

CONTENTS = {
    "answer": "Answer",
    "contest": "Head to head",
    "models": "Models",
    "data": "Data",
    "map": "Map",
    "methods": "Methods",
}
ROWS = 200
GROUPS = 20
# characters of a download inside the page: plain up to the first, compressed up to the second
PLAIN, HEAVIEST = 200_000, 900_000
PACKAGES = ("normwise", "numpy", "scipy", "scikit-learn", "numba", "pandas", "matplotlib")
REFERENCES = (
    "C. Nadeau & Y. Bengio (2003), Inference for the generalization error. Machine Learning 52, "
    "239–281. doi:10.1023/A:1024068626366",
    "A. Benavoli, G. Corani, J. Demšar & M. Zaffalon (2017), Time for a change: a tutorial for "
    "comparing multiple classifiers through Bayesian analysis. Journal of Machine Learning "
    "Research 18 (77), 1–36",
    "H. D. Patterson & R. Thompson (1971), Recovery of inter-block information when block sizes "
    "are unequal. Biometrika 58, 545–554. doi:10.1093/biomet/58.3.545",
    "L. H. Dicker & M. A. Erdogdu (2016), Maximum likelihood for variance estimation in "
    "high-dimensional linear models. AISTATS, PMLR 51, 159–167",
    "N. Meinshausen & P. Bühlmann (2010), Stability selection. Journal of the Royal Statistical "
    "Society B 72, 417–473. doi:10.1111/j.1467-9868.2010.00740.x",
    "R. D. Shah & R. J. Samworth (2013), Variable selection with error control: another look at "
    "stability selection. Journal of the Royal Statistical Society B 75, 55–80. "
    "doi:10.1111/j.1467-9868.2011.01034.x",
    "P. Carbonetto & M. Stephens (2012), Scalable variational inference for Bayesian variable "
    "selection in regression, and its accuracy in genetic association studies. Bayesian Analysis "
    "7, 73–108. doi:10.1214/12-BA703",
    "M. Stephens (2017), False discovery rates: a new deal. Biostatistics 18, 275–294. "
    "doi:10.1093/biostatistics/kxw041",
    "D. A. Belsley, E. Kuh & R. E. Welsch (1980), Regression diagnostics. Wiley",
)


def _coef(value: float) -> str:
    return "0" if value == 0 else signed(number(value, 3))


def _group(value: int) -> str:
    return "–" if value < 0 else str(value)


def _ratio(effect: float) -> str:
    return number(np.exp(effect))


def score_sheet(contest: Contest) -> Sheet:
    """Every penalty on the rows held out."""
    frame = contest.scores.assign(
        penalty=[NAMES[p] for p in contest.scores["penalty"]],
        share=[
            share_span(row, "explained").removesuffix(" %") for _, row in contest.scores.iterrows()
        ],
    )
    return sheet(
        "scores",
        "Every penalty on rows held out",
        frame,
        [
            Column("penalty", "penalty", str, "How the size of the coefficients is held down."),
            Column(
                "share",
                "explained, % (95 % interval)",
                str,
                "Share of the null model's error that is removed, with a corrected interval.",
                numeric=True,
            ),
            Column(
                "error",
                "error",
                _four,
                "On rows held out, in the unit of the loss.",
                numeric=True,
            ),
            Column(
                "nonzeros",
                "features kept",
                _tenth,
                "Mean number of features with a coefficient.",
                numeric=True,
            ),
            Column("failed", "failed", percent, "Share of the splits without a finite solution."),
        ],
    )


def _tenth(value: float) -> str:
    return number(value, 1)


def _signed_tenth(value: float) -> str:
    return signed(f"{value:+.1f}") if np.isfinite(value) else "–"


def _four(value: float) -> str:
    return signed(f"{value:,.4g}") if np.isfinite(value) else "–"


def pair_sheet(contest: Contest) -> Sheet:
    """Every two penalties on the same folds."""
    pairs = contest.pairs
    frame = pairs.assign(
        pair=[pair_name(row) for _, row in pairs.iterrows()],
        span=[point_span(row).removesuffix(" points") for _, row in pairs.iterrows()],
        words=[verdict_words(row, contest.margin) for _, row in pairs.iterrows()],
    )
    zone = points(contest.margin)
    better_by = (
        "Probability that the first is {} by the folds alone (Benavoli et al. 2017), which is too "
        "sure: the answer also heeds how much penalties differ on real tables."
    )
    meanings = {
        "p_first": ("first better", better_by.format(f"better by more than {zone}")),
        "p_equivalent": ("equivalent", better_by.format(f"within {zone} of the second")),
        "p_second": ("second better", better_by.format(f"worse by more than {zone}")),
    }
    return sheet(
        "pairs",
        "Every two penalties on the same folds",
        frame,
        [
            Column("pair", "first − second", str, "The two penalties."),
            Column(
                "span",
                "difference, points (95 % interval)",
                str,
                "Explained share of the first minus that of the second, in percentage points; the "
                "interval is corrected for training parts that overlap (Nadeau & Bengio 2003).",
                numeric=True,
            ),
            *(
                Column(key, label, chance, text, numeric=True)
                for key, (label, text) in meanings.items()
            ),
            Column("words", "verdict", str, "What follows."),
        ],
    )


def feature_sheet(models: Models) -> Sheet:
    """The features with the largest coefficients."""
    per = "per standard deviation of the feature"
    own = (
        [Column("class", "class", str, "Whose linear predictor it is a coefficient of.")]
        if "class" in models.coefs
        else []
    )
    sign = "Share of the resamples in which the {} coefficient has the sign it has on all rows."
    return sheet(
        "features",
        "Coefficients by feature, the largest first",
        largest(models, ROWS),
        [
            Column("feature", "feature", str, "Its name in the table."),
            *own,
            Column("l1", "L1", _coef, f"Coefficient under L1, {per}.", numeric=True),
            Column("l2", "L2", _coef, f"Coefficient under L2, {per}.", numeric=True),
            Column("elastic_net", "elastic net", _coef, f"Under both, {per}.", numeric=True),
            Column(
                "selected",
                "kept by L1",
                percent,
                "Share of the resamples" + (", in any class." if own else "."),
            ),
            Column("l1_sign", "L1 sign", percent, sign.format("L1")),
            Column("l2_sign", "L2 sign", percent, sign.format("L2")),
            Column("l1_raw", "L1 per unit", _four, "Per unit of the feature.", numeric=True),
            Column("l2_raw", "L2 per unit", _four, "Per unit of the feature.", numeric=True),
            Column("group", "group", _group, "Number of its correlated group.", numeric=True),
        ],
    )


def neighbour_sheet(place: Place) -> Sheet:
    """The nearest measured scenarios."""
    frame = place.neighbours
    frame = frame.assign(
        points=frame.get("points", np.nan),
        name=[
            f"{a}: {b}".replace("_", " ")
            for a, b in zip(frame["dataset"], frame["label"], strict=True)
        ],
    )
    return sheet(
        "neighbours",
        "The nearest measured scenarios",
        frame,
        [
            Column("name", "scenario", str, "Data set of the study, and what varies in it."),
            Column("distance", "distance", number, "On the scales of the response surface."),
            Column("n_samples", "rows", count, "Rows."),
            Column("n_features", "features", count, "Features."),
            Column(
                "effective_nonzero",
                "concentration",
                _tenth,
                "Effective number of nonzeros.",
                numeric=True,
            ),
            Column("snr", "snr", significant, "Signal-to-noise ratio."),
            Column("signal_alignment", "alignment", significant, "Alignment of the signal."),
            Column("effect", "risk L1 / L2", _ratio, "Ratio of excess risks.", numeric=True),
            Column(
                "points",
                "points, L1 − L2",
                _signed_tenth,
                "Explained share of new rows, in percentage points: R² of a number; of classes the "
                "log-loss in per cent of that of the best constant.",
                numeric=True,
            ),
            Column("verdict", "verdict", verdict, "Of the study."),
        ],
    )


def download(models: Models) -> dict[str, Any] | None:
    """All coefficients as a link that holds its file; None if that is too heavy for a page."""
    frame = models.coefs.assign(feature=models.coefs["feature"].map(harmless))
    raw = frame.to_csv(index=False, float_format="%.5g").encode()
    name, kind = "coefficients.csv", "text/csv;charset=utf-8"
    if len(raw) > PLAIN:
        # no time stamp: an equal advice gives an equal link
        raw, name, kind = gzip.compress(raw, 9, mtime=0), f"{name}.gz", "application/gzip"
    text = base64.b64encode(raw).decode("ascii")
    if len(text) > HEAVIEST:
        return None
    return {"href": Markup(f"data:{kind};base64,{text}"), "name": name}


def cards(advice: Advice) -> list[tuple[str, str, str]]:
    """The answer in numbers: value, what it is, class."""
    scores = advice.contest.scores.set_index("penalty")
    pair = l1_against_l2(advice.contest)
    found = better(pair)
    n_features = many(advice.models.coefs["feature"].nunique(), "feature")
    difference = pair["difference"]
    return [
        *(
            (signed(percent(scores.at[p, "explained"], 1)), f"explained by {NAMES[p]}", f"v-{p}")
            for p in ("l1", "l2")
        ),
        (
            signed(f"{100 * difference:+.1f}") if np.isfinite(difference) else "–",
            f"points, L1 − L2; by the folds alone: {verdict_words(pair, advice.contest.margin)}",
            f"v-{found}" if found in ("l1", "l2") else "",
        ),
        (kept_by_l1(advice.models), f"of {n_features} kept by L1", ""),
    ]


def odds(advice: Advice) -> list[tuple[str, str, float]]:
    """The three probabilities: class, what of, and value; none if there is nothing to compare."""
    told = advice.recommendation.difference
    if told is None:
        return []
    zone = points(told.margin)
    return [
        ("l1", f"L1 explains more by over {zone}", told.l1),
        ("equivalent", f"they differ by less than {zone}", told.equal),
        ("l2", f"L2 explains more by over {zone}", told.l2),
    ]


def methods(advice: Advice) -> list[tuple[str, str]]:
    """How each part was computed, in a sentence or two."""
    contest, models, place = advice.contest, advice.models, advice.place
    words = words_of(advice.table)
    return [
        (
            "answer",
            "Three probabilities: that L1 explains more of new rows by over the margin, that "
            "the two differ by less, and that L2 explains more. Before anything is measured "
            "the difference is taken from a mixture of normal distributions, from next to "
            "nothing to large, in a unit that depends on the table's rows, features per row, "
            "unexplained share and kind of response (Stephens 2017). The map moves it to its "
            "side by so many of its standard errors, and not at all where it is silent. The "
            "head to head then measures it, with an error that is somewhat larger than its "
            "standard error. All weights were fitted to random halves of "
            f"{shipped().n_tables:,} real tables, those that make most probable what the other "
            "halves measured, and to simulated tables, which count half as much. So the "
            "probabilities, and the bounds on what a choice costs, are averages over such "
            f"tables. A penalty is named from {percent(LIKELY)} on, and that it does not "
            f"matter is said from {percent(EQUAL)} on; both are clear from {percent(CLEAR)} "
            "on. Neither is said unless one of the two is shown to predict better than "
            f"{words.null}.{_not_learnt(advice)} How often all that was right on tables that had "
            "no part in the fit is in benchmarks/results/tables_set_aside.md of the project.",
        ),
        (
            "head to head",
            f"{contest.n_folds}-fold cross-validation, repeated {contest.n_repeats} times with "
            "folds drawn anew, the same for all penalties. The strength is chosen by another "
            "cross-validation inside each training part, so that no held-out row plays a part in "
            "it.",
        ),
        (
            "intervals",
            "95 %, from the t distribution over the splits with the variance corrected for "
            "training parts that share most of their rows (Nadeau & Bengio 2003).",
        ),
        (
            "probabilities",
            "Of being better, equivalent or worse, by the correlated Bayesian t test (Benavoli et "
            f"al. 2017) with a zone of equivalence of ±{100 * contest.margin:g} percentage points.",
        ),
        (
            "signal to noise",
            "By restricted maximum likelihood in a model of many small coefficients, with the "
            "interval of its profile likelihood (Patterson & Thompson 1971; Dicker & Erdogdu 2016)"
            + (f"; {words.snr}." if words.snr else "."),
        ),
        (
            "concentration",
            "The effective number of coefficients under a prior of spikes and slabs, whose share "
            "of slabs the data choose (Carbonetto & Stephens 2012).",
        ),
        (
            "alignment",
            "The variance of the signal over what it would be if the features were unrelated, by "
            "the same restricted likelihood, averaged over models in which none, some or nearly "
            "all of the signal lies along the correlations of the features.",
        ),
        (
            "stability",
            f"L1 and L2 are fitted to {models.n_resamples} random halves of the rows, in pairs "
            "that share no row; counted is how often a feature is kept and how often with the sign "
            "of the fit to all rows (Meinshausen & Bühlmann 2010; Shah & Samworth 2013).",
        ),
        (
            "coefficients",
            "Fitted to all rows at the strength that cross-validation chose. The chosen solutions "
            f"are within a relative duality gap of {models.gap:.0e} of the optimum.",
        ),
        (
            "map",
            "Scenarios of the normwise study: simulated data with a known truth, on which "
            "both penalties were compared. The rule of thumb and the response surface (a Gaussian "
            "process) were fitted to them; theory is the exact boundary for unrelated features and "
            "many rows, asked with the number of features that matter times the alignment, and "
            f"says nothing of classes. {_stand_in(advice)}On the map risks within "
            f"{percent(place.margin)} of each other count as equal, whatever the margin of the "
            "head to head.",
        ),
    ]


def _versions() -> dict[str, str]:
    own = {name: version(name) for name in PACKAGES}
    return own | {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _groups(diagnosis: Diagnosis, names: tuple[str, ...]) -> list[str]:
    return [
        listed([shorten(names[j], 60) for j in members], 20)
        for members in diagnosis.groups[:GROUPS]
    ]


def _not_learnt(advice: Advice) -> str:
    """What the probabilities of a kind rest on that no real table taught them."""
    if not advice.place.stand_in:
        return ""
    return (
        " No table with a response of this kind taught these weights; on simulated ones what they "
        "state was on the cautious side (benchmarks/results/tables_known_kinds.md)."
    )


def _stand_in(advice: Advice) -> str:
    if not advice.place.stand_in:
        return ""
    kind = words_of(advice.table).kind
    return f"None has {kind}, and those with {advice.place.stand_in} stand in. "


def _response(advice: Advice) -> str:
    labels = advice.table.classes or ()
    joined = " and ".join(labels) if len(labels) == 2 else listed(labels)
    return words_of(advice.table).nature.format(classes=joined, count=len(labels))


def write_page(advice: Advice, path: str | Path) -> None:
    """Write the page of an advice.

    Parameters
    ----------
    advice : Advice
    path : path
        The HTML file.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    place, found = advice.place, sources(advice)
    page = environment.get_template("page.html.j2").render(
        look=Markup(style_sheet()),
        contents=CONTENTS,
        target=shorten(advice.table.target, 80),
        table=advice.table,
        response=_response(advice),
        words=words_of(advice.table),
        recommendation=advice.recommendation,
        carried=carried(advice) if advice.recommendation.code else [],
        caveats=caveats(advice),
        first=FIRST,
        certainty=certainty_words(advice),
        cards=cards(advice),
        odds=odds(advice),
        in_per_cent=stated,
        contest=advice.contest,
        others=other_rows(advice.contest),
        diagnosis=advice.diagnosis,
        items=describe(advice.diagnosis, advice.table),
        chance=chosen_by_chance(advice.models),
        factors=factor_rows(advice.models)[:ROWS],
        groups=_groups(advice.diagnosis, advice.table.names),
        listed=listed,
        pictures=pictures.draw(advice),
        sheets={
            "scores": score_sheet(advice.contest),
            "pairs": pair_sheet(advice.contest),
            "features": feature_sheet(advice.models),
            "neighbours": neighbour_sheet(place),
        },
        n_shown=min(ROWS, len(advice.models.coefs)),
        n_coefs=len(advice.models.coefs),
        download=download(advice.models),
        place=place,
        sources=found,
        answers=ANSWERS,
        agreement=agreement(found),
        rule_range=rule_over_range(place),
        matters=hardly_matters(place),
        methods=methods(advice),
        references=REFERENCES,
        written=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seed=advice.seed,
        versions=_versions(),
    )
    write_text(path, page)
