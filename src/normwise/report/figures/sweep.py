"""One property swept: the risk of every penalty, and the effect of L1 against L2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, swept
from normwise.report.look.colours import COLOURS, LINES, MARKERS, VERDICT_COLOURS, VERDICT_MARKERS
from normwise.report.look.style import (
    LOG_AXES,
    axis_scale,
    direct_labels,
    equivalence_zone,
    penalties_in,
    plain_ticks,
    ratio_axis,
)
from normwise.report.look.words import AXIS_NAMES, AXIS_SYMBOLS, NAMES, VERDICT_MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Z95 = 1.959964
# beside a fit without a penalty that fails by far, the others could not be told apart
ABOVE_OTHERS = 6.0
# axes of names, between which there is nothing
NAMED_AXES = ("covariance", "noise", "signal", "signs", "placement", "features", "response")
RELATIVE = "null model = 1"
CORRELATIONS = {
    "ar1": "correlation of neighbours",
    "blocks": "correlation within groups",
    "near_duplicates": "correlation of the copies",
    "equicorrelated": "correlation of all pairs",
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


@dataclass(frozen=True)
class _Sweep:
    x: str
    facet: str | None
    levels: np.ndarray
    scale: str
    scenarios: pd.DataFrame
    risks: pd.DataFrame
    effects: pd.DataFrame


def split_axes(scenarios: pd.DataFrame, axes: list[str]) -> tuple[str, str | None]:
    """The axis with the most values, drawn along x, and the one that makes panels."""

    def count(axis: str) -> int:
        others = [a for a in axes if a != axis]
        if not others:
            return int(scenarios[axis].nunique())
        return int(scenarios.groupby(others)[axis].nunique().max())

    ordered = sorted(axes, key=lambda a: (-count(a), axes.index(a)))
    return ordered[0], ordered[1] if len(ordered) > 1 else None


def panels(scenarios: pd.DataFrame, facet: str | None, x: str) -> list[tuple[str, pd.DataFrame]]:
    """Scenarios that share a panel."""
    if facet is None:
        return [("", scenarios)]
    key = scenarios[facet]
    if facet == "nonzero_share":
        # a share is rounded to whole features, so it changes slightly with their number
        key = key.round(3)
        if x == "n_features":
            key = scenarios.groupby(x)[facet].rank("dense")
    return [(str(value), group) for value, group in scenarios.groupby(key)]


def panel_title(key: str | None, row: pd.Series) -> str:
    """Heading of a panel of scenarios that share the value of a key."""
    if key is None:
        return ""
    if key in ("nonzero_share", "n_nonzero") and row["nonzero_share"] == 1:
        return "dense: every feature matters"
    if key == "nonzero_share":
        return f"sparse: {100 * row['nonzero_share']:.2g} % of features matter"
    value = row[key]
    number = f"{value:g}" if not isinstance(value, str) else value
    return f"{AXIS_NAMES.get(key, key)} = {number}"


def positions(values: pd.Series, key: str, levels: np.ndarray) -> np.ndarray:
    """Where values stand on the x axis: themselves on log axes, else their rank."""
    if key in LOG_AXES:
        return values.to_numpy(float)
    return np.searchsorted(levels, values.to_numpy())


def _null_risk(scenario: pd.Series) -> float:
    """Excess risk of the null model, noise variance 1, or in nats."""
    from normwise.theory.logistic import bayes_log_loss

    if scenario["response"] == "gaussian":
        return float(scenario["snr"])
    if scenario["features"] != "gaussian":
        return np.nan
    return float(np.log(2) - bayes_log_loss(np.sqrt(scenario["snr"] * np.pi**2 / 3)))


def _scaled(scenarios: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Scenarios with the unit of their risks, and its name."""
    unit = scenarios.apply(_null_risk, axis=1).astype(float)
    if (unit > 0).all():
        return scenarios.assign(unit=unit), RELATIVE
    binary = (scenarios["response"] == "binary").any()
    return scenarios.assign(unit=1.0), "nats" if binary else "noise variance = 1"


def _measured(tables: dict[str, pd.DataFrame], scenarios: pd.DataFrame) -> pd.DataFrame:
    """Measured and predicted risks of every penalty, in the unit of the scenario."""
    summary = tables["summary"]
    keep = (summary["tuning"] == "cv_min") & (summary["metric"] == "excess_risk")
    frame = summary[keep].merge(scenarios, on=["dataset", "scenario"])
    theory = tables["theory"][["dataset", "scenario", "penalty", "predicted", "deviation"]]
    frame = frame.merge(theory, on=["dataset", "scenario", "penalty"], how="left")
    frame["half"] = Z95 * frame["mcse"]
    for column in ("mean", "half", "predicted"):
        frame[column] /= frame["unit"]
    return frame


def _effects(tables: dict[str, pd.DataFrame], scenarios: pd.DataFrame) -> pd.DataFrame:
    frame = primary(tables["verdicts"]).merge(scenarios, on=["dataset", "scenario"])
    predicted = tables["theory"].pivot_table(
        index=["dataset", "scenario"], columns="penalty", values="predicted"
    )
    predicted = predicted.reindex(columns=["l1", "l2"])
    ratio = (predicted["l1"] / predicted["l2"]).rename("predicted").reset_index()
    return frame.merge(ratio, on=["dataset", "scenario"], how="left")


def _read(tables: dict[str, pd.DataFrame], entry: Entry) -> _Sweep:
    scenarios = tables["scenarios"]
    scenarios = scenarios[scenarios["dataset"] == entry["datasets"][0]]
    x, facet = split_axes(scenarios, list(entry["axes"]))
    scenarios, scale = _scaled(scenarios)
    return _Sweep(
        x=x,
        facet=facet,
        levels=np.sort(scenarios[x].unique()),
        scale=scale,
        scenarios=scenarios,
        risks=_measured(tables, scenarios),
        effects=_effects(tables, scenarios),
    )


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
    out = frame[frame["mean"] > ax.get_ylim()[1]]
    if out.empty:
        return
    most = out.loc[[out["mean"].idxmax()]]
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


def _case(key: str, row: pd.Series) -> str:
    if key in ("nonzero_share", "n_nonzero") and row["nonzero_share"] == 1:
        return "with all features relevant, "
    if key == "nonzero_share":
        return f"with {100 * row['nonzero_share']:.2g} % of features relevant, "
    return f"with {_value(key, row[key])}, "


def _span(x: str, levels: np.ndarray) -> str:
    if isinstance(levels[0], str):
        return ""
    return f"from {_value(x, levels[0])} to {_said(levels[-1])}, "


def _value(key: str, value: float | str) -> str:
    symbol = AXIS_SYMBOLS.get(key)
    return f"{symbol} = {_said(value)}" if symbol else f"{key.replace('_', ' ')} {_said(value)}"


def _said(value: float | str) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{value:.3g}" if value < 1 else f"{value:g}"


def _where(frame: pd.DataFrame, winner: str, x: str) -> str:
    """Along which part of a sweep a penalty wins."""
    frame = frame.sort_values(x)
    won = (frame["verdict"] == winner).to_numpy()
    first, last = np.flatnonzero(won)[[0, -1]]
    values = [_value(x, v) for v in frame[x]]
    if won.all():
        return "throughout"
    if not won[first : last + 1].all() or isinstance(frame[x].iloc[0], str):
        return f"in {won.sum()} of {len(won)}"
    if first == last:
        return f"at {values[first]}"
    if first == 0:
        return f"up to {values[last]}"
    if last == len(won) - 1:
        return f"from {values[first]}"
    return f"from {values[first]} to {_said(frame[x].iloc[last])}"


def finding(frame: pd.DataFrame, x: str) -> str:
    """Who wins along one sweep, in a few words."""
    winners = [w for w in ("l1", "l2") if (frame["verdict"] == w).any()]
    parts = [f"{w.upper()} wins {_where(frame, w, x)}" for w in winners]
    return " and ".join(parts) or "no clear winner"


def _price(frame: pd.DataFrame) -> str:
    """What the choice by cross-validation costs beyond theory's best strength."""
    words, apart = [], []
    for penalty, name in (("l1", "L1"), ("l2", "L2")):
        own = frame[(frame["penalty"] == penalty) & frame["predicted"].notna()]
        if len(own):
            price = 100 * ((own["mean"] / own["predicted"]).median() - 1)
            words.append(f"{price:.0f} % for {name}".replace("-", "−"))
            apart.append(own["deviation"].abs())
    if not words:
        return ""
    apart_from = f"{100 * pd.concat(apart).median():.1f} %"
    return (
        "Thick lines (or bars) are theory at the best strength, which nobody knows in practice; "
        f"the points lie a median {' and '.join(words)} above them. (Measured at theory's own "
        f"strength, the risks differ from it by a median {apart_from}.)"
    )


def _lost(health: pd.DataFrame, name: str) -> str:
    """Which penalties have no finite solution on some of the data sets."""
    failed = health[(health["dataset"] == name) & (health["failed"] > 0)]
    words = []
    for penalty in penalties_in(failed):
        shares = 100 * failed.loc[failed["penalty"] == penalty, "failed"]
        low, high = f"{shares.min():.0f}", f"{shares.max():.0f}"
        span = low if low == high else f"{low} to {high}"
        words.append(f"{NAMES[penalty]}, on {span} % of the data sets of {len(shares)} scenarios")
    if not words:
        return ""
    return (
        f"Without a finite solution: {'; '.join(words)}; a point is the mean over the other data "
        "sets."
    )


def _arrange(n_panels: int) -> tuple[Figure, np.ndarray]:
    """Panels two abreast; an array of shape (n_panels, 2) of risk and effect axes."""
    import matplotlib.pyplot as plt

    columns = min(n_panels, 2)
    blocks = -(-n_panels // columns)
    figure, axes = plt.subplots(
        2 * blocks,
        columns,
        figsize=(7.5 if columns == 2 else 4.9, 5.3 * blocks),
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
    above: Axes, below: Axes, sweep: _Sweep, group: pd.DataFrame, entry: Entry, leftmost: bool
) -> str:
    """Draw the risks and the effects of one panel; say who wins in it."""
    x, levels = sweep.x, sweep.levels
    risks = sweep.risks[sweep.risks["scenario"].isin(group["scenario"])]
    effects = sweep.effects[sweep.effects["scenario"].isin(group["scenario"])]
    middle = group.sort_values("nonzero_share").iloc[len(group) // 2]
    ends = _risk_panel(above, risks, x, levels)
    _risk_axis(above, *_risk_limits(sweep.risks))
    if sweep.scale == RELATIVE:
        above.axhline(1, color="#444444", lw=0.8, zorder=1)
    _effect_panel(below, effects, x, levels, entry["margin"])
    ratio_axis(below, *_ratio_limits(sweep.effects))
    _name_x(above, below, x, sweep.scenarios)
    _say_beyond(above, risks, x, levels)
    above.set_title(panel_title(sweep.facet, middle), fontsize=9.5)
    direct_labels(above, ends, gap=0.075, size=8.5)
    _name_theory(below, effects, x, levels)
    if leftmost:
        above.set_ylabel(f"excess risk\n({sweep.scale})")
        below.set_ylabel("excess risk, L1 / L2\n← L1 better · L2 better →")
    case = _case(sweep.facet, middle) if sweep.facet else _span(x, levels)
    return case + finding(effects, x)


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each data set in which a property is swept."""
    for dataset in swept(config):
        yield Wanted(dataset["name"], (dataset,))


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Sweep of one data set."""
    sweep = _read(tables, entry)
    groups = panels(sweep.scenarios, sweep.facet, sweep.x)
    figure, axes = _arrange(len(groups))
    found = [
        _draw_pair(axes[i][0], axes[i][1], sweep, group, entry, leftmost=i % 2 == 0)
        for i, (_, group) in enumerate(groups)
    ]
    return Drawing(figure, _title(found, sweep.effects), _caption(sweep, entry, tables))


def _ratio_limits(effects: pd.DataFrame) -> tuple[float, float]:
    ends = effects[["low", "high"]].to_numpy(float).ravel()
    ends = ends[np.isfinite(ends)]
    low, high = min([-0.15, *ends]), max([0.15, *ends])
    # the marks of the verdicts need a seventh of the height
    room = (high - low) / 7
    return float(np.exp(low - room)), float(np.exp(high + room))


def _name_theory(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray) -> None:
    known = frame[frame["predicted"].notna()].sort_values(x)
    if len(known) > 1:
        ax.annotate(
            "theory",
            (positions(known[x], x, levels)[-1], known["predicted"].iloc[-1]),
            xytext=(1.045, known["predicted"].iloc[-1]),
            textcoords=ax.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#111111", "lw": 0.7, "shrinkB": 4},
        )


def _name_x(above: Axes, below: Axes, x: str, scenarios: pd.DataFrame) -> None:
    import matplotlib.pyplot as plt

    levels = np.sort(scenarios[x].unique())
    if x in LOG_AXES:
        axis_scale(below, x, levels, most=8)
    else:
        below.set_xticks(range(len(levels)), [_said(v) for v in levels])
        if x in NAMED_AXES:
            plt.setp(below.get_xticklabels(), rotation=25, ha="right", rotation_mode="anchor")
        below.set_xlim(-0.4, len(levels) - 0.6)
    families = set(scenarios["covariance"])
    related = CORRELATIONS.get(families.pop(), x) if len(families) == 1 else x
    below.set_xlabel(related if x == "correlation" else AXIS_NAMES.get(x, x))
    below.tick_params(axis="x", labelsize=8)
    above.tick_params(axis="x", labelbottom=False)


def _title(found: list[str], effects: pd.DataFrame) -> str:
    if 1 <= len(found) <= 2:
        title = "; ".join(found)
        return title[0].upper() + title[1:]
    counts = effects["verdict"].value_counts()
    return (
        f"L1 wins {counts.get('l1', 0)} of {len(effects)} scenarios, L2 wins {counts.get('l2', 0)}"
    )


def _caption(sweep: _Sweep, entry: Entry, tables: dict[str, pd.DataFrame]) -> str:
    risks, effects = sweep.risks, sweep.effects
    counts = effects["verdict"].value_counts()
    words = [
        f"{entry['titles'][0]}. Top: mean excess risk at the strength chosen by cross-validation, "
        f"with a 95 % interval ({sweep.scale}, log axis).",
        _price(risks),
        "Thin lines only join points that theory does not cover."
        if risks["predicted"].isna().any() and sweep.x not in NAMED_AXES
        else "",
        _lost(tables["fit_health"], entry["datasets"][0]),
        "An arrow says how high the points above the frame go."
        if risks["mean"].max() > _risk_limits(risks)[1]
        else "",
        "Bottom: the excess risk of L1 over that of L2 on the same data sets, geometric mean with "
        f"a 95 % interval; grey is the zone of equivalence (±{100 * entry['margin']:g} %). "
        f"L1 and L2 mark a winner ({counts.get('l1', 0)} and {counts.get('l2', 0)} of "
        f"{len(effects)} scenarios), ≈ equivalence ({counts.get('equivalent', 0)}), ? undecided "
        f"({counts.get('undecided', 0)}).",
    ]
    return " ".join(word for word in words if word)
