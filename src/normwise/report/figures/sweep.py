"""One property swept: the risk of every penalty, and the effect of L1 against L2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.sweep_data import (
    NAMED_AXES,
    RELATIVE,
    Sweep,
    middle_of,
    panel_title,
    panels,
    positions,
    read_sweep,
)
from normwise.report.figures.sweep_words import caption, plain_value, title
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS, LINES, MARKERS, VERDICT_COLOURS, VERDICT_MARKERS
from normwise.report.look.style import (
    LOG_AXES,
    axis_scale,
    direct_labels,
    equivalence_zone,
    interval_mark,
    penalties_in,
    plain_ticks,
    ratio_axis,
    zone_patch,
)
from normwise.report.look.words import AXIS_NAMES, NAMES, VERDICT_MARKS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


# beside a fit without a penalty that fails by far, the others could not be told apart
ABOVE_OTHERS = 6.0
CORRELATIONS = {
    "ar1": "correlation of neighbours",
    "ar1_blocks": "correlation of neighbours",
    "blocks": "correlation within groups",
    "mixed_blocks": "correlation within the strongest group",
    "near_duplicates": "correlation of the copies",
    "equicorrelated": "correlation of all pairs",
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


def _curve(ax: Axes, at: np.ndarray, value: np.ndarray, x: str, **look: Any) -> None:
    """Theory's values joined, in logarithms, by a line that passes through all of them."""
    from scipy.interpolate import PchipInterpolator

    known = np.isfinite(value)
    at, value = at[known], value[known]
    if len(at) == 1 or x in NAMED_AXES:
        ax.plot(at, value, ls="", marker="_", ms=15, mew=look["lw"], color=look["color"], zorder=2)
        return
    if x in LOG_AXES and len(at) > 2:
        log_at = np.log(at)
        fine = np.linspace(log_at[0], log_at[-1], 80)
        value = np.exp(PchipInterpolator(log_at, np.log(value))(fine))
        at = np.exp(fine)
    ax.plot(at, value, zorder=2, **look)


def _least_squares(scenario: pd.Series, n_features: np.ndarray) -> np.ndarray:
    """Risk of least squares by number of features; beyond the rows, of the fit of least norm."""
    from normwise.theory.linear import ols_risk, ridge_risk

    n, snr = scenario["n_samples"], scenario["snr"]
    risk = np.full(len(n_features), np.inf)
    for i, p in enumerate(n_features):
        if p < n - 2:
            risk[i] = ols_risk(n, int(p), 1.0, fit_intercept=True)
        elif p > n and scenario["correlation"] == 0:
            slopes = float(ridge_risk(np.ones(p), np.full(p, snr / p), n - 1, 1.0, 0.0))
            risk[i] = slopes + (1 + slopes) / n
    return risk


def _draw_unpenalised(ax: Axes, frame: pd.DataFrame) -> bool:
    """The whole theory of least squares over the number of features, infinity included."""
    row = frame.iloc[0]
    if (frame[["features", "noise", "response"]] != "gaussian").any(axis=None):
        return False
    first, last = frame["n_features"].min(), frame["n_features"].max()
    grid = np.unique(np.geomspace(first, last, 160).round().astype(int))
    risk = _least_squares(row, grid) / row["unit"]
    ax.plot(grid, risk, color=COLOURS["none"], ls=LINES["none"], lw=1.5, zorder=2)
    return True


def _risk_panel(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray) -> dict:
    ends = {}
    for penalty in penalties_in(frame):
        own = frame[frame["penalty"] == penalty].sort_values(x)
        at = positions(own[x], x, levels)
        colour, style = COLOURS[penalty], LINES[penalty]
        look = {"color": colour, "ls": style, "lw": 1.5}
        predicted = own["predicted"].to_numpy(float)
        mean, half = own["mean"].to_numpy(), own["half"].to_numpy()
        if penalty == "none" and x == "n_features" and _draw_unpenalised(ax, own):
            covered = True
        else:
            _curve(ax, at, predicted, x, **look)
            covered = bool(np.isfinite(predicted).all())
        if not covered and x not in NAMED_AXES:
            ax.plot(at, mean, color=colour, lw=0.7, alpha=0.6, zorder=1)
        ax.errorbar(
            at, mean, yerr=half, fmt=MARKERS[penalty], color=colour, ms=4.8, mec="white",
            mew=0.5, elinewidth=1.1, zorder=4 if penalty in ("l1", "l2") else 3,
        )  # fmt: skip
        ends[penalty] = (float(at[-1]), float(mean[-1]))
    return ends


def _effect_panel(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray, margin: float) -> None:
    equivalence_zone(ax, margin)
    frame = frame.sort_values(x)
    at = positions(frame[x], x, levels)
    _curve(ax, at, frame["predicted"].to_numpy(float), x, color="#111111", lw=1.3)
    low, ratio, high = (np.exp(frame[c].to_numpy()) for c in ("low", "effect", "high"))
    ax.vlines(at, low, high, color="#444444", lw=1.2, zorder=3)
    for i, verdict in enumerate(frame["verdict"]):
        ax.plot(
            at[i], ratio[i], marker=VERDICT_MARKERS[verdict], ms=5.5, zorder=4,
            mfc=VERDICT_COLOURS[verdict], mec="#222222", mew=0.8,
        )  # fmt: skip
        above = ratio[i] > 1
        ax.annotate(
            VERDICT_MARKS[verdict],
            (at[i], high[i] if above else low[i]),
            xytext=(0, 4 if above else -4),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8,
            zorder=5,
        )


def _risk_limits(frame: pd.DataFrame) -> tuple[float, float]:
    means = frame["mean"].to_numpy()
    penalised = means[frame["penalty"] != "none"] if (frame["penalty"] != "none").any() else means
    top = min(means.max() * 1.4, ABOVE_OTHERS * max(penalised.max(), 1.0))
    predicted = frame["predicted"].to_numpy(float)
    bottom = np.nanmin(np.concatenate([means, predicted]))
    return 0.75 * float(bottom), float(max(top, 1.3))


def _risk_axis(ax: Axes, low: float, high: float) -> None:
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    plain_ticks(ax.yaxis, [t for t in TICKS if low <= t <= high])


def _say_beyond(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray) -> None:
    """Say how high the points go that are above the frame."""
    beyond = frame[frame["mean"] > ax.get_ylim()[1]]
    if beyond.empty:
        return
    most = beyond.loc[[beyond["mean"].idxmax()]]
    at = positions(most[x], x, levels)[0]
    left = (positions(frame[x], x, levels) < at).mean() < 0.5
    ax.annotate(
        f"up to {most['mean'].iloc[0]:.2g} ↑",
        (at, 1),
        xycoords=ax.get_xaxis_transform(),
        xytext=(-3 if left else 3, -4),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top",
        fontsize=8,
        color=COLOURS[most["penalty"].iloc[0]],
    )


def _arrange(n_panels: int, narrow: bool) -> tuple[Figure, np.ndarray]:
    """Axes of risks above those of effects, two pairs abreast: an array of shape (n_panels, 2)."""
    import matplotlib.pyplot as plt

    columns = 1 if narrow else min(n_panels, 2)
    blocks = -(-n_panels // columns)
    wide = 7.5 if columns == 2 else 4.9
    figure, axes = plt.subplots(
        2 * blocks,
        columns,
        figsize=(NARROW, 1.1 + 4.5 * blocks) if narrow else (wide, 0.5 + 5.3 * blocks),
        height_ratios=[1.3, 1] * blocks,
        layout="constrained",
        squeeze=False,
    )
    pairs = [(axes[2 * b, c], axes[2 * b + 1, c]) for b in range(blocks) for c in range(columns)]
    for unused in pairs[n_panels:]:
        for ax in unused:
            ax.set_visible(False)
    for risk, effect in pairs:
        effect.sharex(risk)
    return figure, np.array(pairs[:n_panels], dtype=object)


def _draw_pair(
    above: Axes, below: Axes, sweep: Sweep, group: pd.DataFrame, entry: Entry, leftmost: bool
) -> None:
    """Draw the risks and the effects of one panel."""
    x, levels = sweep.x, sweep.levels
    risks = sweep.risks[sweep.risks["scenario"].isin(group["scenario"])]
    effects = sweep.effects[sweep.effects["scenario"].isin(group["scenario"])]
    ends = _risk_panel(above, risks, x, levels)
    _risk_axis(above, *_risk_limits(sweep.risks))
    if sweep.scale == RELATIVE:
        above.axhline(1, color="#444444", lw=0.8, zorder=1)
    _effect_panel(below, effects, x, levels, entry["margin"])
    ratio_axis(below, *_ratio_limits(sweep.effects, is_narrow(entry)))
    _name_x(above, below, sweep, is_narrow(entry))
    _say_beyond(above, risks, x, levels)
    above.set_title(panel_title(sweep.facet, middle_of(group)), fontsize=9.5)
    if not is_narrow(entry):
        direct_labels(above, ends, gap=0.075, size=8.5)
    if leftmost:
        above.set_ylabel(f"excess risk\n({sweep.scale})")
        below.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")


def _methods(sweep: Sweep) -> list[Line2D]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [], [], label=NAMES[p], color=COLOURS[p], ls=LINES[p], marker=MARKERS[p], ms=4.8,
            mec="white",
        )
        for p in penalties_in(sweep.risks)
    ]  # fmt: skip


def _marks(sweep: Sweep, health: pd.DataFrame, margin: float) -> list[Artist]:
    """What lines, bars and marks mean, as far as the figure has them."""
    from matplotlib.lines import Line2D

    known = sweep.risks["predicted"].notna()
    looks: dict[str, dict[str, Any]] = {}
    if known.any():
        looks["theory, best strength known"] = {"color": "#111111", "lw": 1.5}
    if not known.all() and sweep.x not in NAMED_AXES:
        looks["thin line: no theory"] = {"color": "#777777", "lw": 0.7}
    for verdict, text in (("undecided", "? undecided"), ("equivalent", "≈ no real difference")):
        if (sweep.effects["verdict"] == verdict).any():
            looks[text] = {
                "ls": "", "marker": VERDICT_MARKERS[verdict], "ms": 5.5, "mec": "#222222",
                "mfc": VERDICT_COLOURS[verdict],
            }  # fmt: skip
    own = health["dataset"].isin(sweep.scenarios["dataset"]) & (health["failed"] > 0)
    for penalty in penalties_in(health[own]):
        # a point is the mean over the data sets that have a solution, if any
        some = (sweep.risks["penalty"] == penalty).any()
        looks[f"{NAMES[penalty]}{', where solvable' if some else ': no solution'}"] = {
            "ls": "", "color": COLOURS[penalty], "marker": MARKERS[penalty], "ms": 4.8,
        }  # fmt: skip
    marks: list[Artist] = [Line2D([], [], label=text, **look) for text, look in looks.items()]
    return [*marks, interval_mark(), zone_patch(f"±{100 * margin:g} %")]


def _explain(figure: Figure, sweep: Sweep, health: pd.DataFrame, entry: Entry) -> None:
    """Say what is drawn: the methods too where they have no names beside their lines."""
    marks = _marks(sweep, health, entry["margin"])
    look: dict[str, Any] = {"handletextpad": 0.5, "columnspacing": 1.2, "borderpad": 0.2}
    if is_narrow(entry):
        figure.legend(handles=_methods(sweep), loc="outside upper left", **look)
        figure.legend(handles=marks, loc="outside upper right", **look)
    else:
        columns = 3 if figure.get_figwidth() > 6 else 2
        figure.legend(
            handles=marks, loc="outside lower left", ncols=columns, fontsize="small", **look
        )


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each data set in which a property is swept."""
    for dataset in swept(config):
        yield Wanted(dataset["name"], (dataset,))


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Sweep of one data set."""
    sweep = read_sweep(tables, entry)
    groups = panels(sweep.scenarios, sweep.facet, sweep.x)
    figure, axes = _arrange(len(groups), is_narrow(entry))
    for i, ((above, below), (_, group)) in enumerate(zip(axes, groups, strict=True)):
        _draw_pair(above, below, sweep, group, entry, leftmost=is_narrow(entry) or i % 2 == 0)
    _explain(figure, sweep, tables["fit_health"], entry)
    return Drawing(figure, title(sweep), caption(entry))


def _ratio_limits(effects: pd.DataFrame, narrow: bool) -> tuple[float, float]:
    ends = effects[["low", "high"]].to_numpy(float).ravel()
    ends = ends[np.isfinite(ends)]
    low, high = min([-0.15, *ends]), max([0.15, *ends])
    # the marks of the verdicts need room, of a lower panel a larger part
    room = (high - low) / (4 if narrow else 7)
    return float(np.exp(low - room)), float(np.exp(high + room))


def _name_x(above: Axes, below: Axes, sweep: Sweep, narrow: bool) -> None:
    import matplotlib.pyplot as plt

    x, levels = sweep.x, sweep.levels
    if x in LOG_AXES:
        axis_scale(below, x, levels, most=8)
    else:
        below.set_xticks(range(len(levels)), [plain_value(v) for v in levels])
        below.set_xlim(-0.4, len(levels) - 0.6)
    families = set(sweep.scenarios["covariance"])
    related = CORRELATIONS.get(families.pop(), x) if len(families) == 1 else x
    for ax in (above, below) if narrow else (below,):
        if x in NAMED_AXES:
            plt.setp(ax.get_xticklabels(), rotation=25, ha="right", rotation_mode="anchor")
        ax.set_xlabel(related if x == "correlation" else AXIS_NAMES.get(x, x))
        ax.tick_params(axis="x", labelsize=8.5 if narrow else 8)
    if not narrow:
        above.tick_params(axis="x", labelbottom=False)
