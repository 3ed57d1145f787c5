"""The interactive pictures of the page, as Vega-Lite; the page's script supplies their data.

Each is drawn from named data sets that start empty and from parameters, both set by
``templates/report.js``. What can be chosen there is computed there or in
`normwise.report.explorer`; no number is made here.
"""

from __future__ import annotations

from typing import Any

from normwise.files.errors import from_extra
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import diverging

with from_extra("study"):
    import altair as alt

L1, L2, GREY = COLOURS["l1"], COLOURS["l2"], COLOURS["none"]
SHADES = ["#" + "".join(f"{round(255 * c):02x}" for c in diverging()(i / 8)[:3]) for i in range(9)]
# the problem of the explanation: two coefficients, seen where both solutions fit
SPAN = (-0.75, 1.75)
SIDE = 250
Chart = alt.LayerChart | alt.FacetChart
TERMS = alt.Scale(domain=["b1", "b2"], range=[[1, 0], [5, 3]])


def _data(name: str) -> alt.NamedData:
    return alt.NamedData(name)


def _at(**values: float) -> alt.Chart:
    """A chart of one point, for reference lines."""
    return alt.Chart(alt.Data(values=[values]))


def _penalty() -> alt.Color:
    scale = alt.Scale(domain=["none", "l1", "l2"], range=[GREY, L1, L2])
    return alt.Color("penalty:N", scale=scale, legend=None)


def decision_map() -> Chart:
    """Share of columns that matter against what can be explained, for one table.

    Data ``cells``: ``snr``, ``share``, ``shade`` (effect over the end of the colour scale),
    ``text``, ``strong`` (whether the text is white), ``tip``; ``here``: the chosen cell.
    """
    explained = "format(100 * datum.value / (1 + datum.value), '.0f') + ' %'"
    x = alt.X("snr:O", title="best possible R²", axis=alt.Axis(labelAngle=0, labelExpr=explained))
    y = alt.Y("share:O", sort="descending", title="share of columns that matter")
    cells = alt.Chart(_data("cells")).encode(x=x, y=y, tooltip=alt.Tooltip("tip:N", title=" "))
    tiles = cells.mark_rect(cursor="pointer").encode(
        color=alt.Color(
            "shade:Q", scale=alt.Scale(domain=[-1, 1], range=SHADES, interpolate="rgb"), legend=None
        )
    )
    # on a phone a label must not reach into the next cell
    text = cells.mark_text(
        fontSize=alt.ExprRef("width < 400 ? 8 : 11"),
        lineBreak="\n",
        lineHeight=12,
        dy=-5,
        cursor="pointer",
    )
    text = text.encode(
        text="text:N",
        color=alt.Color(
            "strong:N",
            scale=alt.Scale(domain=[True, False], range=["#ffffff", "#1d1d1f"]),
            legend=None,
        ),
    )
    here = alt.Chart(_data("here")).mark_rect(
        filled=False, stroke="#000000", strokeWidth=4, cursor="pointer"
    )
    halo = alt.Chart(_data("here")).mark_rect(filled=False, stroke="#ffffff", strokeWidth=1.5)
    return (
        alt.layer(tiles, text, here.encode(x=x, y=y), halo.encode(x=x, y=y))
        .resolve_scale(color="independent")
        .properties(width="container", height=306)
    )


def _profile_axes() -> tuple[alt.X, alt.Y]:
    difference = "datum.value === 0 ? '0' : format(times * datum.value, '+.3~r')"
    label = f"ratio ? format(exp(datum.value), '.2~f') : {difference}"
    x = alt.X(
        "at:Q",
        title=None,
        scale=alt.Scale(domain=alt.ExprRef("[0, length(stops) - 1]"), nice=False),
        axis=alt.Axis(
            values=alt.ExprRef("sequence(length(stops))"),
            labelExpr="stops[datum.value]",
            grid=False,
            labelAngle=0,
        ),
    )
    y = alt.Y(
        "effect:Q",
        title=None,
        scale=alt.Scale(domain=alt.ExprRef("ends"), nice=False),
        axis=alt.Axis(labelExpr=label, values=alt.ExprRef("ticks")),
    )
    return x, y


def _profile_titles() -> tuple[alt.Chart, alt.Chart]:
    # titles of axes cannot depend on a parameter, texts can
    one = _at(effect=0)
    below = one.mark_text(text=alt.ExprRef("property"), fontWeight="bold").encode(
        x=alt.value(alt.ExprRef("width / 2")), y=alt.value(alt.ExprRef("height + 34"))
    )
    above = one.mark_text(
        text=alt.ExprRef("ratio ? 'excess risk of L1 / L2' : 'loss of L1 − loss of L2' + unit"),
        align="left",
        fontWeight="bold",
    ).encode(x=alt.value(0), y=alt.value(-12))
    return below, above


def _measured(x: alt.X, y: alt.Y) -> tuple[alt.Chart, alt.Chart]:
    """Measured scenarios: intervals, and marks by verdict."""
    mark = alt.Chart(_data("near")).encode(x=x, color=_verdict_colour())
    bars = mark.mark_rule(clip=True).encode(y="low:Q", y2="high:Q")
    points = mark.mark_point(size=70, filled=True, opacity=1, clip=True).encode(
        y=y,
        shape=alt.Shape(
            "verdict:N",
            scale=alt.Scale(
                domain=["l1", "l2", "equivalent", "undecided"],
                range=["circle", "square", "diamond", "cross"],
            ),
            legend=None,
        ),
        tooltip=alt.Tooltip("tip:N", title=" "),
    )
    return bars, points


def profile() -> Chart:
    """Effect along one property, the others held: surface, theory and measurements.

    Data ``curve`` (``at``, ``effect``, ``low``, ``high``), ``theory`` (``at``, ``effect``) and
    ``near`` (measured scenarios: also ``verdict`` and ``tip``), ``zone`` (of equivalence) and
    ``here`` (the choice); ``at`` counts the stops of the control. Parameters: ``stops`` (their
    labels), ``property``, ``ratio`` (whether effects are logs), ``times`` and ``unit`` (of
    differences), ``ends`` and ``ticks`` of the vertical axis.
    """
    starts = {"stops": ["0", "1"], "property": "", "ratio": True, "times": 1, "unit": ""}
    starts |= {"ends": [-1, 1], "ticks": [-1, 0, 1]}
    parameters = [alt.param(name=name, value=value) for name, value in starts.items()]
    x, y = _profile_axes()
    zone = alt.Chart(_data("zone")).mark_rect(opacity=0.18, color=GREY).encode(y=y, y2="high:Q")
    even = _at(effect=0).mark_rule(color=GREY).encode(y=y)
    here = alt.Chart(_data("here")).mark_rule(strokeDash=[4, 3], color=GREY).encode(x=x)
    curve = alt.Chart(_data("curve"))
    band = curve.mark_area(opacity=0.25, color=GREY, clip=True).encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q"
    )
    line = curve.mark_line(color=GREY, strokeWidth=2.5, clip=True).encode(x=x, y=y)
    theory = alt.Chart(_data("theory")).mark_line(
        color="#a8379b", strokeDash=[7, 4], strokeWidth=2.5, clip=True
    )
    theory = theory.encode(x=x, y=y)
    parts = (zone, even, here, band, line, theory, *_measured(x, y), *_profile_titles())
    return alt.layer(*parts).add_params(*parameters).properties(width="container", height=300)


def _verdict_colour() -> alt.Color:
    return alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=["l1", "l2", "equivalent", "undecided"], range=[L1, L2, GREY, GREY]),
        legend=None,
    )


def contact(penalty: str) -> Chart:
    """Where the curve of equal loss touches the ball of a penalty.

    Data ``curves`` (``b1``, ``b2``, ``order``, ``curve``; ``ball``: the ball's edge), ``trail``
    (solutions of all strengths) and ``points`` (``b1``, ``b2``, ``label``, ``kind``).
    """
    colour = L1 if penalty == "l1" else L2
    scale = alt.Scale(domain=SPAN, nice=False)
    x = alt.X("b1:Q", scale=scale, title="first coefficient b₁", axis=alt.Axis(tickCount=4))
    y = alt.Y("b2:Q", scale=scale, title="second coefficient b₂", axis=alt.Axis(tickCount=4))
    order = alt.Order("order:Q")
    ball = (
        alt.Chart(_data("ball"))
        .mark_line(color=colour, fill=colour, fillOpacity=0.22, strokeWidth=2, clip=True)
        .encode(x=x, y=y, order=order)
    )
    loss = (
        alt.Chart(_data("curves"))
        .mark_line(color=GREY, strokeWidth=1.2, clip=True)
        .encode(x=x, y=y, order=order, detail="curve:N")
    )
    trail = (
        alt.Chart(_data("trail"))
        .mark_line(color=colour, strokeDash=[2, 3], clip=True)
        .encode(x=x, y=y, order=order)
    )
    points = alt.Chart(_data("points")).encode(x=x, y=y)
    fit = points.transform_filter("datum.kind == 'fit'").mark_point(
        size=130, filled=True, color=colour, opacity=1, stroke="#ffffff"
    )
    free = points.transform_filter("datum.kind == 'free'").mark_point(
        shape="cross", size=90, filled=True, color=GREY, opacity=1
    )
    return alt.layer(
        ball,
        _at(b2=0).mark_rule(color=GREY).encode(y=y),
        _at(b1=0).mark_rule(color=GREY).encode(x=x),
        loss,
        trail,
        free,
        fit,
    ).properties(width=SIDE, height=SIDE)


def shrinkage() -> Chart:
    """What becomes of a least-squares coefficient when features are uncorrelated.

    Data ``rules`` (``z``, ``b``, ``penalty``) and ``points`` (``z``, ``b``, ``penalty``).
    """
    x = alt.X("z:Q", title="least-squares coefficient", scale=alt.Scale(domain=[-2, 2]))
    y = alt.Y("b:Q", title="penalised coefficient", scale=alt.Scale(domain=[-2, 2]))
    lines = (
        alt.Chart(_data("rules"))
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(x=x, y=y, color=_penalty(), strokeDash=_penalty_dash())
    )
    points = (
        alt.Chart(_data("points"))
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x=x, y=y, color=_penalty())
    )
    return alt.layer(
        _at(b=0).mark_rule(color=GREY).encode(y=y),
        _at(z=0).mark_rule(color=GREY).encode(x=x),
        lines,
        points,
    ).properties(width="container", height=270)


def _penalty_dash() -> alt.StrokeDash:
    scale = alt.Scale(domain=["none", "l1", "l2"], range=[[1, 3], [1, 0], [6, 3]])
    return alt.StrokeDash("penalty:N", scale=scale, legend=None)


def path() -> Chart:
    """Both coefficients under both penalties, as the strength grows.

    Data ``path`` (``strength``, ``b``, ``penalty``, ``term``), ``points`` (the same at the chosen
    strength), ``ends`` (their names, with ``label``) and ``here``.
    """
    x = alt.X(
        "strength:Q",
        title="strength λ (log scale)",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=[0.01, 0.03, 0.1, 0.3, 1, 3], format="~g", grid=False),
    )
    y = alt.Y("b:Q", title="penalised coefficient", scale=alt.Scale(domain=[-0.15, 1.75]))
    lines = (
        alt.Chart(_data("path"))
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=_penalty(),
            strokeDash=alt.StrokeDash("term:N", scale=TERMS, legend=None),
        )
    )
    points = (
        alt.Chart(_data("points"))
        .mark_point(filled=True, size=70, opacity=1)
        .encode(x=x, y=y, color=_penalty())
    )
    here = alt.Chart(_data("here")).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=x)
    labels = (
        alt.Chart(_data("ends"))
        .mark_text(align="left", dx=4, fontWeight="bold", fontSize=12)
        .encode(x=x, y=y, text="label:N", color=_penalty())
    )
    zero = _at(b=0).mark_rule(color=GREY).encode(y=y)
    return alt.layer(zero, here, lines, points, labels).properties(width="container", height=270)


def trade(penalty: str) -> Chart:
    """Squared bias, variance and their sum, as the strength grows.

    Data ``lines`` (``strength``, ``value``, ``part``), ``none`` (``value``: the sum without a
    penalty), ``best`` (the least sum) and ``here``.
    """
    colour = L1 if penalty == "l1" else L2
    parts = ["sum", "squared bias", "variance"]
    x = alt.X(
        "strength:Q",
        title="strength λ (log scale)",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=[0.01, 0.1, 1], format="~g", grid=False),
    )
    y = alt.Y("value:Q", title="error of the prediction", scale=alt.Scale(domain=[0, 2.6]))
    part = alt.StrokeDash(
        "part:N",
        scale=alt.Scale(domain=parts, range=[[1, 0], [6, 3], [1, 3]]),
        legend=alt.Legend(orient="top", title=None, symbolStrokeColor=colour, symbolType="stroke"),
    )
    lines = alt.Chart(_data("lines")).mark_line(color=colour, strokeWidth=2.5, clip=True)
    none = alt.Chart(_data("none"))
    best = alt.Chart(_data("best")).mark_text(text="★", fontSize=17, color=colour)
    here = alt.Chart(_data("here")).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=x)
    return alt.layer(
        none.mark_rule(color=GREY).encode(y=y),
        none.mark_text(text="no penalty", align="right", dy=-7, color=GREY).encode(
            y=y, x=alt.value(alt.ExprRef("width - 4"))
        ),
        here,
        lines.encode(x=x, y=y, strokeDash=part),
        best.encode(x=x, y=y),
    ).properties(width="container", height=230)


def samples(penalty: str) -> Chart:
    """Coefficients of the same columns in two samples.

    Data ``bars`` (``column``, ``sample``, ``value`` and ``zero``: "0" where it is exactly that).
    """
    colour = L1 if penalty == "l1" else L2
    bars = alt.Chart(_data("bars")).encode(
        x=alt.X("column:N", title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("sample:N"),
        y=alt.Y("value:Q", title="coefficient", scale=alt.Scale(domain=[-0.8, 2])),
    )
    opacity = alt.Opacity(
        "sample:O",
        scale=alt.Scale(domain=["sample 1", "sample 2"], range=[1, 0.5]),
        legend=None,
    )
    return alt.layer(
        bars.mark_bar(color=colour, clip=True).encode(opacity=opacity),
        bars.mark_text(dy=-6, fontSize=10, color=GREY).encode(text="zero:N"),
    ).properties(width="container", height=200)


def charts() -> dict[str, dict[str, Any]]:
    """Specification of every interactive picture by name."""
    made = {
        "map": decision_map(),
        "profile": profile(),
        "contact_l1": contact("l1"),
        "contact_l2": contact("l2"),
        "shrinkage": shrinkage(),
        "path": path(),
        "trade_l1": trade("l1"),
        "trade_l2": trade("l2"),
        "samples_l1": samples("l1"),
        "samples_l2": samples("l2"),
    }
    return {name: chart.to_dict() for name, chart in made.items()}
