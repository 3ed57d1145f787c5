"""Pictures of an advice, as SVG that lies inside the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from normwise.advice.findings import Contest, Models, Place
from normwise.advice.wording import (
    better,
    coefficient_name,
    cut_words,
    kept_by_l1,
    l1_against_l2,
    largest,
    many,
    pair_name,
    point_span,
    share_span,
    signed,
    verdict_words,
)
from normwise.report.figures.rule import LOAD, load_axis
from normwise.report.look.colours import COLOURS, MARKERS, VERDICT_COLOURS, VERDICT_MARKERS
from normwise.report.look.numbers import number
from normwise.report.look.style import plain_ticks, ratio_axis, set_style, spread, verdict_key
from normwise.report.look.svg import lighter
from normwise.report.look.words import NAMES, SHORT_NAMES
from normwise.report.validity import OUTSIDE

if TYPE_CHECKING:
    from normwise.advice import Advice

# inches: on a phone nothing shrinks below what can be read
WIDTH = 4.1
FEATURES = 15
NAMED = 6
LINES_DRAWN = 60
NAME, LINE_NAME = 20, 14
# far below the chosen strength the curves run to the unpenalised limit, far above it they are flat
WEAKEST, SMALLEST = 0.02, 0.02
# an interval that would squeeze the others is cut at this multiple of their range
FAR = 1.5
PATHS = {
    "l1": "Each line is a coefficient as the penalty is relaxed from left to right; the largest "
    "are coloured and named. L1 holds a coefficient at exactly 0 until the penalty is weak "
    "enough for it. Dashed: the strength that cross-validation chose.",
    "l2": "The same under L2, which draws all coefficients towards 0 and sets none to it. Its "
    "strengths are on a scale of their own.",
}
WORDS, HOLE = r"(?<=>)[^<>]+(?=</text>)", "\ue000"


@dataclass(frozen=True)
class Picture:
    """A picture with its words.

    Attributes
    ----------
    svg : Markup
        With the alternative text.
    title : str
        The message, in a line.
    caption : str
        How to read it.
    """

    svg: Markup
    title: str
    caption: str


def _inline(figure: Figure, name: str, alt: str) -> Markup:
    """SVG for the inside of a page: no name or style in it meets those of another picture."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # the browser has letters that matplotlib's font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(
            buffer, format="svg", metadata={"Date": None}, bbox_inches="tight", pad_inches=0.05
        )
    svg = buffer.getvalue()
    # words are none of the business of what follows
    said = iter(re.findall(WORDS, svg))
    svg = lighter(re.sub(WORDS, HOLE, svg[svg.index("<svg") :]))
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|class="|href="#)|(url\(#)', rf"\g<0>{name}-", svg)
    svg = re.sub(r"(?<=[>}])(\.)(?=s\d+\{)", rf".{name}-", svg)
    svg = re.sub(r"(?<=>)\*(?=\{)", f"#{name} *", svg)
    svg = re.sub(HOLE, lambda _: next(said), svg)
    head = Markup('<svg id="{}" role="img" aria-label="{}"').format(name, alt)
    return head + Markup(svg.removeprefix("<svg"))


def _plain(ax: Axes) -> None:
    # names of features are not formulas
    for label in [*ax.get_yticklabels(), *ax.texts]:
        label.set_parse_math(False)


def _intervals(
    ax: Axes,
    frame: pd.DataFrame,
    value: str,
    near: pd.Series,
    look: Callable[[pd.Series], dict[str, object]],
    show: Callable[[float], str],
) -> None:
    """A row each: a mark with its interval; what lies far from the ``near`` rows is written."""
    known = frame[near & np.isfinite(frame[value])]
    low, high = known["low"].min(), known["high"].max()
    reach = FAR * (high - low)
    shown = frame[np.isfinite(frame[value]) & (frame["low"] > low - reach)]
    shown = shown[shown["high"] < high + reach]
    left, right = min(shown["low"].min(), low), max(shown["high"].max(), high)
    pad = 0.06 * (right - left) or 1.0
    for y, (index, row) in enumerate(frame.iterrows()):
        if index in shown.index:
            style = look(row)
            ax.plot([row["low"], row["high"]], [y, y], color=style.pop("line"), lw=2, zorder=2)
            ax.plot(row[value], y, ls="", ms=8, zorder=3, **style)  # type: ignore[arg-type]
        else:
            text = show(row[value]) if np.isfinite(row[value]) else "no solution"
            side = "left" if not row[value] > right else "right"
            ax.text(
                0.02 if side == "left" else 0.98,
                y,
                f"◂ {text}" if row[value] < left else f"{text} ▸" if side == "right" else text,
                transform=ax.get_yaxis_transform(),
                ha=side,
                va="center",
                color="#555555",
            )
    ax.set_xlim(left - pad, right + pad)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")


def explained(contest: Contest) -> Picture:
    """Explained share of every penalty with its interval."""
    scores = contest.scores.assign(
        **{c: 100 * contest.scores[c] for c in ("explained", "low", "high")}
    )
    figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
    ax = figure.add_subplot()
    _intervals(
        ax,
        scores,
        "explained",
        scores["penalty"] != "none",
        lambda row: {
            "line": COLOURS[row["penalty"]],
            "color": COLOURS[row["penalty"]],
            "marker": MARKERS[row["penalty"]],
        },
        lambda value: f"{value:,.0f} %",
    )
    ax.set_yticks(range(len(scores)), [NAMES[p] for p in scores["penalty"]])
    ax.set_xlabel("explained share of held-out error, %")
    best = scores.sort_values("explained", ascending=False).iloc[0]
    said = "; ".join(
        f"{NAMES[row['penalty']]} {share_span(row, 'explained')}"
        for _, row in contest.scores.iterrows()
    )
    return Picture(
        _inline(figure, "figure-explained", f"Explained share with 95 % interval: {said}"),
        f"Most explained: {signed(format(best['explained'], '.1f'))} %, {NAMES[best['penalty']]}"
        if np.isfinite(best["explained"])
        else "No penalty has a solution",
        "The share of the null model's error that each penalty removes on rows it has not seen, "
        "with its 95 % interval. These intervals are wide because folds differ; the differences "
        "on the same folds decide.",
    )


def _verdict_look(row: pd.Series) -> dict[str, object]:
    found = better(row)
    colour = COLOURS.get(found) or VERDICT_COLOURS[found]
    return {
        "line": "#777777" if found == "undecided" else colour,
        "marker": MARKERS.get(found) or VERDICT_MARKERS[found],
        "mfc": colour,
        "mec": "#555555" if found == "undecided" else colour,
    }


def differences(contest: Contest) -> Picture:
    """Paired differences with the zone of equivalence."""
    pairs = contest.pairs.assign(
        **{c: 100 * contest.pairs[c] for c in ("difference", "low", "high")}
    )
    figure = Figure(figsize=(WIDTH, 0.9 + 0.34 * len(pairs)), layout="constrained")
    ax = figure.add_subplot()
    zone = 100 * contest.margin
    ax.axvspan(-zone, zone, color="#DDDDDD", lw=0, zorder=0.5)
    ax.axvline(0, color="#444444", lw=0.8, zorder=0.6)
    near = (pairs["first"] != "none") & (pairs["second"] != "none")
    _intervals(ax, pairs, "difference", near, _verdict_look, lambda v: signed(f"{v:+,.0f}"))
    left, right = ax.get_xlim()
    ax.set_xlim(min(left, -1.3 * zone), max(right, 1.3 * zone))
    ax.set_yticks(
        range(len(pairs)),
        [pair_name(row) for _, row in pairs.iterrows()],
    )
    ax.set_xlabel("difference in explained share, points")
    pair = l1_against_l2(contest)
    said = "; ".join(
        f"{pair_name(row)} {point_span(row)}, {verdict_words(row, contest.margin)}"
        for _, row in contest.pairs.iterrows()
    )
    return Picture(
        _inline(figure, "figure-differences", f"Differences with 95 % interval: {said}"),
        f"L1 − L2: {verdict_words(pair, contest.margin)}",
        f"Paired differences on the same folds with corrected 95 % intervals; right of 0 the "
        f"first is better. The grey zone of ±{zone:g} points is too small to matter. Coloured: a "
        "winner; dark diamond: equivalent; open: undecided.",
    )


def coefficients(models: Models) -> Picture:
    """Coefficients of L1 and L2 side by side, and how often L1 keeps each."""
    top = largest(models, FEATURES)
    figure = Figure(figsize=(WIDTH, 1.0 + 0.26 * len(top)), layout="constrained")
    ax, bars = figure.subplots(1, 2, sharey=True, width_ratios=[2.4, 1])
    rows = np.arange(len(top))
    ax.axvline(0, color="#444444", lw=0.8)
    ax.hlines(rows, *np.sort(top[["l1", "l2"]].to_numpy(float), axis=1).T, color="#999999", lw=1)
    for penalty in ("l2", "l1"):
        size = top[penalty].to_numpy(float)
        colour = COLOURS[penalty]
        for zero in (False, True):
            own = (size == 0) == zero
            ax.plot(
                size[own],
                rows[own],
                ls="",
                marker=MARKERS[penalty],
                ms=6,
                mec=colour,
                mfc="white" if zero else colour,
            )
    for x, penalty in enumerate(("l1", "l2")):
        ax.text(
            0.5 * x,
            1.01,
            f"{'●' if penalty == 'l1' else '■'} {SHORT_NAMES[penalty]}",
            transform=ax.transAxes,
            color=COLOURS[penalty],
            fontweight="bold",
            va="bottom",
        )
    ax.set_yticks(rows, [coefficient_name(row, NAME) for _, row in top.iterrows()])
    ax.set_ylim(len(top) - 0.4, -0.6)
    ax.set_xlabel("coefficient per s. d.")
    ax.locator_params(axis="x", nbins=5)
    bars.barh(rows, 100 * top["selected"], color=COLOURS["l1"], height=0.6)
    bars.set(xlim=(0, 100), xticks=[0, 50, 100], xlabel="kept, %")
    for axis in (ax, bars):
        axis.grid(visible=False, axis="y")
    _plain(ax)
    n = models.coefs["feature"].nunique()
    return Picture(
        _inline(
            figure,
            "figure-coefficients",
            f"The largest coefficients of {many(n, 'feature')} under L1 and L2, and how "
            f"often L1 keeps each. L1: {_largest(models, 'l1')}. L2: {_largest(models, 'l2')}. All "
            "are in the table below.",
        ),
        f"L1 keeps {kept_by_l1(models)} of {many(n, 'feature')}",
        f"The largest coefficients, fitted to all rows; open marks are zeros. Bars: in "
        f"which share of {models.n_resamples} halves of the rows L1 keeps the feature.",
    )


def _drawn(models: Models, penalty: str) -> np.ndarray:
    """Which strengths are shown: those around the chosen one where something happens."""
    alphas, path = models.alphas[penalty], models.paths[penalty]
    size = np.abs(path).max(axis=1)
    shown = np.isfinite(alphas) & (alphas > 0)
    chosen = models.chosen[penalty]
    if shown[chosen]:
        shown &= (alphas >= WEAKEST * alphas[chosen]) & (size >= SMALLEST * size[chosen])
    return shown


def _path_panel(ax: Axes, models: Models, penalty: str) -> str:
    """Draw the path of one penalty; what was chosen, in words."""
    alphas, path = models.alphas[penalty], models.paths[penalty]
    drawn = _drawn(models, penalty)
    order = models.coefs[penalty].abs().fillna(0).to_numpy().argsort(kind="stable")[::-1]
    for rank, feature in enumerate(order[:LINES_DRAWN]):
        named = rank < NAMED
        ax.plot(
            alphas[drawn],
            path[drawn, feature],
            color=COLOURS[penalty] if named else "#9A9A9A",
            lw=1.3 if named else 0.6,
            zorder=3 if named else 2,
        )
    ax.axhline(0, color="#444444", lw=0.8)
    ax.set_xscale("log")
    ax.invert_xaxis()
    ax.xaxis.set_major_locator(LogLocator(numticks=5))
    plain_ticks(ax.xaxis)
    ax.set_xlabel("penalty strength λ, weaker →")
    ax.set_title(NAMES[penalty], color=COLOURS[penalty])
    chosen = alphas[models.chosen[penalty]]
    if np.isinf(chosen):
        return "the null model was chosen, all coefficients are zero"
    if chosen == 0:
        return "no penalty was chosen, beyond the right edge"
    ax.axvline(chosen, color="#222222", lw=1, ls="--", zorder=1)
    return f"λ = {chosen:.3g} was chosen"


def _name_lines(ax: Axes, models: Models, penalty: str) -> None:
    """Names of the largest coefficients beside the weak end of their lines."""
    alphas, path = models.alphas[penalty], models.paths[penalty]
    last = np.flatnonzero(_drawn(models, penalty))[-1]
    size = models.coefs[penalty].abs().fillna(0).to_numpy()
    top = size.argsort(kind="stable")[::-1][:NAMED]
    top = top[size[top] > 0]
    if not len(top):
        return
    top = top[path[last, top].argsort(kind="stable")]
    several = "class" in models.coefs
    low, high = ax.get_ylim()
    heights = spread([float((path[last, j] - low) / (high - low)) for j in top], 0.075)
    for feature, height in zip(top, heights, strict=True):
        ax.annotate(
            coefficient_name(models.coefs.iloc[feature], NAME if several else LINE_NAME),
            (alphas[last], path[last, feature]),
            xytext=(1.06, height),
            textcoords="axes fraction",
            fontsize="small",
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#999999", "lw": 0.6, "relpos": (0, 0.5)},
        )
    _plain(ax)


def paths(models: Models) -> list[Picture]:
    """Coefficient paths of L1 and L2, those that have one."""
    known = [p for p in ("l1", "l2") if p in models.paths and len(models.paths[p])]
    out = []
    for penalty in known:
        figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
        ax = figure.add_subplot()
        chosen = _path_panel(ax, models, penalty)
        ax.set_ylabel("coefficient per s. d.")
        _name_lines(ax, models, penalty)
        out.append(
            Picture(
                _inline(
                    figure,
                    f"figure-path-{penalty}",
                    f"Paths of the coefficients under {NAMES[penalty]}; {chosen}. "
                    f"The largest: {_largest(models, penalty)}.",
                ),
                f"{SHORT_NAMES[penalty]}: {chosen}",
                PATHS[penalty],
            )
        )
    return out


def _largest(models: Models, penalty: str) -> str:
    """The largest coefficients of a penalty, for those who do not see the lines."""
    own = models.coefs.loc[
        models.coefs[penalty].abs().sort_values(ascending=False, kind="stable").index[:NAMED]
    ]
    return "; ".join(
        f"{coefficient_name(row, 40)} {signed(number(row[penalty], 3))}"
        for _, row in own.iterrows()
    )


def place_on_map(place: Place) -> Picture:
    """Load against effect of all measured scenarios, with this table and the rule's cut."""
    own = place.measured
    figure = Figure(figsize=(WIDTH + 0.4, 3.9), layout="constrained")
    ax = figure.add_subplot()
    for verdict in reversed(VERDICT_MARKERS):
        part = own[own["verdict"] == verdict]
        ax.plot(
            part["load"],
            np.exp(part["effect"]),
            ls="",
            marker=VERDICT_MARKERS[verdict],
            ms=3.5,
            mfc=VERDICT_COLOURS[verdict],
            mec="#777777" if verdict == "undecided" else "white",
            mew=0.5 if verdict == "undecided" else 0.3,
            zorder=2,
        )
    ax.axhline(1, color="#444444", lw=0.8)
    ax.axvspan(place.load_low, place.load_high, color="#E69F00", alpha=0.25, lw=0, zorder=1)
    cut = place.numbers
    if 0 < cut.cut < np.inf:
        ax.axvline(cut.cut, color="black", lw=1.1, ls=(0, (4, 2)), zorder=3)
    ratio, low, high = np.exp([place.effect, place.effect_low, place.effect_high])
    if place.inside:
        ax.plot([place.load] * 2, [low, high], color="black", lw=2.5, zorder=4)
        ax.plot([place.load], [ratio], "*", ms=15, color="black", mec="white", zorder=5)
    loads = np.append(own["load"].to_numpy(), [place.load_low, place.load, place.load_high])
    ratios = np.append(np.exp(own["effect"].to_numpy()), [low, high] if place.inside else [])
    load_axis(ax, (float(loads.min()) / 1.25, float(loads.max()) * 1.25))
    ratio_axis(ax, min(0.7, float(ratios.min()) / 1.1), max(1.4, float(ratios.max()) * 1.1))
    verdict_key(ax, own["verdict"], names=False)
    ax.set_xlabel(LOAD)
    ax.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")
    at = f"load of {place.load:.2g} ({place.load_low:.2g} to {place.load_high:.2g})"
    told = f"predicted excess risk of L1 over L2 {ratio:.2f} ({low:.2f} to {high:.2f})"
    star = "Star: what the response surface predicts for your table, with its 90 % interval; yellow"
    if not place.inside:
        told, star = f"which lies {OUTSIDE}", f"Your table lies {OUTSIDE}: yellow"
    return Picture(
        _inline(
            figure,
            "figure-map",
            f"{len(own):,} measured scenarios by load and effect. This table: a {at}, {told}. "
            f"The rule: {cut_words(cut)}.",
        ),
        f"Your table has a {at}",
        "Each mark is a simulated scenario: orange circles where L1 won, blue squares where L2 "
        "did, open where neither. "
        f"{star}: the loads that your table may have. Dashed: the cut of the rule, "
        f"{cut_words(cut)}.",
    )


def draw(advice: Advice) -> dict[str, list[Picture]]:
    """All pictures of an advice, by section of the page."""
    # the settings of whoever calls stay as they are
    with mpl.rc_context():
        set_style()
        return {
            "contest": [explained(advice.contest), differences(advice.contest)],
            "models": [coefficients(advice.models), *paths(advice.models)],
            "map": [place_on_map(advice.place)],
        }
