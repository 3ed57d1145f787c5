"""One property swept: the risk of every penalty, and the effect of L1 against L2."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from normwise.figures import Drawing, Plan
from normwise.figures.style import (
    AXIS_NAMES,
    COLOURS,
    LINES,
    LOG_AXES,
    MARKERS,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    VERDICT_NAMES,
    axis_scale,
    direct_labels,
    penalties_in,
    ratio_axis,
)
from normwise.study import primary


def split_axes(scenarios: pd.DataFrame, axes: list[str]) -> tuple[str, str | None]:
    """The axis with the most values, drawn along x, and the one that makes panels."""
    counts = {a: scenarios[a].nunique() for a in axes}
    ordered = sorted(axes, key=lambda a: (-counts[a], axes.index(a)))
    return ordered[0], ordered[1] if len(ordered) > 1 else None


def panels(scenarios: pd.DataFrame, facet: str | None, x: str) -> list[tuple[str, pd.DataFrame]]:
    """Scenarios that share a panel."""
    if facet is None:
        return [("", scenarios)]
    key = scenarios[facet]
    if facet == "nonzero_share":
        # a share is rounded to whole features, so it changes slightly with their number
        dense = key == 1
        key = dense.map({True: 1.0, False: 0.0}) if x == "n_features" else key.round(3)
    return [(str(value), group) for value, group in scenarios.groupby(key)]


def panel_title(key: str | None, row: pd.Series) -> str:
    """Heading of a panel of scenarios that share the value of a key."""
    if key is None:
        return ""
    if key == "nonzero_share":
        if row["nonzero_share"] == 1:
            return "dense: every feature matters"
        return f"sparse: {100 * row['nonzero_share']:.2g} % of the features matter"
    if key == "n_nonzero" and row["n_nonzero"] == row["n_features"]:
        return "dense: every feature matters"
    value = row[key]
    number = f"{value:g}" if not isinstance(value, str) else value
    return f"{AXIS_NAMES.get(key, key)} = {number}"


def positions(values: pd.Series, key: str, levels: np.ndarray) -> np.ndarray:
    """Where values stand on the x axis: themselves on log axes, else their rank."""
    if key in LOG_AXES:
        return values.to_numpy(float)
    return np.searchsorted(levels, values.to_numpy())


def _risk_panel(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray) -> dict:
    ends = {}
    for penalty in penalties_in(frame):
        own = frame[frame["penalty"] == penalty].sort_values(x)
        at = positions(own[x], x, levels)
        mean, half = own["mean"].to_numpy(), 1.96 * own["mcse"].to_numpy()
        ax.plot(
            at,
            mean,
            color=COLOURS[penalty],
            ls=LINES[penalty],
            marker=MARKERS[penalty],
            ms=4.5,
            lw=1.6,
        )
        ax.fill_between(
            at, np.maximum(mean - half, 1e-9), mean + half, color=COLOURS[penalty], alpha=0.2, lw=0
        )
        ends[penalty] = (at[-1], mean[-1])
    return ends


def _effect_panel(ax: Axes, frame: pd.DataFrame, x: str, levels: np.ndarray, margin: float) -> None:
    ax.axhspan(1 / (1 + margin), 1 + margin, color="#dddddd", alpha=0.7, lw=0)
    ax.axhline(1, color="#444444", lw=0.8)
    at = positions(frame[x], x, levels)
    low, ratio, high = (np.exp(frame[c].to_numpy()) for c in ("low", "effect", "high"))
    ax.vlines(at, low, high, color="#444444", lw=1.4, zorder=3)
    for verdict, marker in VERDICT_MARKERS.items():
        own = (frame["verdict"] == verdict).to_numpy()
        ax.plot(
            at[own],
            ratio[own],
            ls="",
            marker=marker,
            ms=7,
            mfc=VERDICT_COLOURS[verdict],
            mec="#222222",
            zorder=4,
        )


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Sweep of one data set."""
    name = plan["datasets"][0]
    scenarios = tables["scenarios"]
    scenarios = scenarios[scenarios["dataset"] == name]
    x, facet = split_axes(scenarios, list(plan["axes"]))
    metric = "relative_risk" if (scenarios["response"] == "gaussian").all() else "excess_risk"
    summary = tables["summary"]
    summary = summary[
        (summary["dataset"] == name)
        & (summary["tuning"] == "cv_min")
        & (summary["metric"] == metric)
    ].merge(scenarios.drop(columns="dataset"), on="scenario")
    effects = primary(tables["verdicts"]).merge(scenarios, on=["dataset", "scenario"])
    levels = np.sort(scenarios[x].unique())
    groups = panels(scenarios, facet, x)
    figure, axes = plt.subplots(
        2,
        len(groups),
        figsize=(1.6 + 3.9 * len(groups), 5.6),
        sharex=True,
        sharey="row",
        height_ratios=[1.25, 1],
        layout="constrained",
        squeeze=False,
    )
    finite = summary.loc[summary["penalty"] != "none", "mean"]
    top = 2.2 if metric == "relative_risk" else 1.15 * finite.max()
    spread = np.exp(effects[["low", "high"]].to_numpy())
    low = min(0.7, 0.9 * spread.min()) if len(effects) else 0.7
    high = max(1.4, 1.1 * spread.max()) if len(effects) else 1.4
    for column, (_, group) in enumerate(groups):
        ids = group["scenario"]
        ends = _risk_panel(axes[0, column], summary[summary["scenario"].isin(ids)], x, levels)
        own = effects[effects["scenario"].isin(ids)]
        _effect_panel(axes[1, column], own, x, levels, plan["margin"])
        middle = group.sort_values("nonzero_share").iloc[len(group) // 2]
        axes[0, column].set_title(panel_title(facet, middle))
        axes[0, column].set_ylim(
            0, min(top, 1.15 * max(finite.max(), 0.1)) if metric == "relative_risk" else top
        )
        ratio_axis(axes[1, column], low, high)
        axis_scale(axes[1, column], x, scenarios[x].to_numpy())
        if x == "correlation" or levels.dtype == object:
            axes[1, column].set_xticks(range(len(levels)), [str(v) for v in levels])
        if column == len(groups) - 1:
            direct_labels(axes[0, column], ends)
    if metric == "relative_risk":
        axes[0, 0].set_ylabel("excess risk / that of the null model")
    else:
        axes[0, 0].set_ylabel("excess log-loss (nats)")
    axes[1, 0].set_ylabel("excess risk of L1 / L2\n← L1 better      L2 better →")
    seen = [v for v in VERDICT_MARKERS if (effects["verdict"] == v).any()]
    handles = [
        Line2D(
            [], [], ls="", marker=VERDICT_MARKERS[v], mfc=VERDICT_COLOURS[v], mec="#222222", ms=7
        )
        for v in seen
    ]
    figure.legend(
        handles,
        [VERDICT_NAMES[v] for v in seen],
        loc="outside lower center",
        ncols=len(seen),
        fontsize="small",
    )
    counts = effects["verdict"].value_counts()
    said = ", ".join(f"{VERDICT_NAMES[v]} in {counts[v]}" for v in seen)
    return Drawing(
        figure,
        plan["titles"][0],
        "Top: mean excess risk of each penalty with a 95 % band; curves that leave the frame "
        "go on above it. Bottom: the excess risk of L1 over that of L2 on the same data sets, "
        "geometric mean with its 95 % interval; the grey band is the zone of practical "
        f"equivalence. Of {len(effects)} scenarios: {said}.",
    )
