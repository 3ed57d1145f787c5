"""Bias and variance of the prediction along the path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.coefficient_paths import (
    SHOWN,
    contrast_panels,
    head_panel,
    name_axes,
    shown_steps,
)
from normwise.report.figures.drawing import Drawing, Entry, fitted, is_narrow, when_matter
from normwise.report.figures.wanted import Wanted, shown_as
from normwise.report.look.colours import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Z95 = 1.959964
ERRORS = {"bias2": "bias2_se", "variance": "variance_se", "excess_risk": "mcse"}
LOOKS: dict[str, dict[str, Any]] = {
    "bias2": {"ls": (0, (1, 1.2)), "marker": "v"},
    "variance": {"ls": "--", "marker": "^"},
    "excess_risk": {"ls": "-", "marker": "o"},
}
WORDS = {"bias2": "bias²", "variance": "variance", "excess_risk": "excess risk"}
NAMED_AT = {"bias2": 0.3, "variance": 0.27, "excess_risk": 0.83}
THEORY = (0, (6, 2))
# risks many times the least are of no interest, and would flatten what is
TOP = 4.0
# share of a panel that the number at its lowest risk takes, with some room
WIDTH = 0.3
CAPTION = (
    "Error of the prediction split into squared bias and variance, with 95 % bands; their sum is "
    "the excess risk. A strong penalty (left) means much bias, little variance; a weak one the "
    "reverse."
)


def _best(frame: pd.DataFrame) -> pd.Series:
    return frame.loc[frame["excess_risk"].idxmin()]


def _curves(ax: Axes, frame: pd.DataFrame, penalty: str) -> None:
    x = frame["strength"].to_numpy()
    for column, error in ERRORS.items():
        value, half = frame[column].to_numpy(), Z95 * frame[error].to_numpy()
        colour = "#111111" if column == "excess_risk" else COLOURS[penalty]
        ax.plot(x, value, color=colour, lw=1.6, ms=3.5, markevery=3, zorder=3, **LOOKS[column])
        ax.fill_between(x, value - half, value + half, color=colour, alpha=0.2, lw=0)


def _label(ax: Axes, frame: pd.DataFrame, column: str, height: float) -> None:
    """Name a curve where it crosses a height, on the side that is free."""
    x, y = np.log(frame["strength"].to_numpy()), frame[column].to_numpy()
    crossing = np.flatnonzero(np.diff(np.sign(y - height)))
    if not len(crossing):
        return
    i = crossing[0] if column == "variance" else crossing[-1]
    at = np.exp(x[i] + (height - y[i]) / (y[i + 1] - y[i]) * (x[i + 1] - x[i]))
    left = column == "bias2"
    ax.annotate(
        WORDS[column],
        (at, height),
        xytext=(-6 if left else 6, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top" if column == "variance" else "center",
        fontsize=8.5,
        color="#111111" if column == "excess_risk" else ax.lines[0].get_color(),
        fontweight="bold",
        zorder=5,
        bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.8},
    )


def _free(frame: pd.DataFrame, at: float, low: float, half: float) -> float:
    """Where a text of that half width, its foot at a height, stands between the curves."""
    x, y = np.log(frame["strength"].to_numpy()), frame[list(ERRORS)].max(axis=1).to_numpy()
    first = last = int(np.argmin(np.abs(x - np.log(at))))
    while first > 0 and y[first - 1] < low:
        first -= 1
    while last < len(x) - 1 and y[last + 1] < low:
        last += 1
    half *= np.ptp(x)
    left, right = x[first] + half, x[last] - half
    middle = np.clip(np.log(at), left, right) if left < right else (left + right) / 2
    return float(np.exp(middle))


def _mark_best(
    ax: Axes, frame: pd.DataFrame, best: pd.Series, predicted: float, top: float
) -> None:
    at = best["strength"], best["excess_risk"]
    ax.plot(*at, "*", color="#111111", ms=11, mec="white", zorder=6)
    foot = min(at[1] + 0.4 * top, 0.72 * top)
    known = np.isfinite(predicted)
    if known:
        ax.axhline(predicted, color="#111111", lw=0.8, ls=THEORY, zorder=1)
    ax.annotate(
        f"{at[1]:.2f} ± {Z95 * best['mcse']:.2f}" + (f"\ntheory {predicted:.2f}" if known else ""),
        at,
        xytext=(_free(frame, at[0], foot, WIDTH / 2), foot),
        ha="center",
        va="bottom",
        fontsize=8.5,
        arrowprops={"arrowstyle": "-", "color": "#111111", "lw": 0.6, "shrinkB": 5},
        zorder=5,
        bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.8},
    )


def _predicted(tables: dict[str, pd.DataFrame], scenario: str, penalty: str) -> float:
    theory = tables["theory"]
    own = theory[(theory["scenario"] == scenario) & (theory["penalty"] == penalty)]
    return float(own["predicted"].iloc[0]) if len(own) else np.nan


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each data set that keeps its paths."""
    for dataset in shown_as(config, "anatomy"):
        yield Wanted(f"{dataset['name']}_bias_variance", (dataset,))


def _explain(figure: Figure, known: bool, narrow: bool) -> None:
    """Say what marks and lines are; the curves too where they have no names beside them."""
    from matplotlib.lines import Line2D

    curves = {WORDS[column]: {"lw": 1.6, "ms": 3.5, **look} for column, look in LOOKS.items()}
    looks = curves if narrow else {}
    looks["lowest risk"] = {"ls": "", "marker": "*", "ms": 10}
    if known:
        looks["lowest in theory"] = {"lw": 0.8, "ls": THEORY}
    figure.legend(
        handles=[Line2D([], [], label=t, color="#111111", **look) for t, look in looks.items()],
        loc="outside upper center" if narrow else "outside lower center",
        ncols=2,
        handlelength=2.6,
    )


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Squared bias, variance and their sum under L1 and L2 in the two extreme scenarios."""
    name, narrow = entry["datasets"][0], is_narrow(entry)
    scenarios, figure, axes = contrast_panels(tables["scenarios"], entry)
    theory = tables["theory"]
    known = bool(theory["scenario"].isin(scenarios["scenario"]).any())
    drawn = []
    for row, (_, scenario) in enumerate(scenarios.iterrows()):
        paths = tables[name][tables[name]["scenario"] == scenario["scenario"]]
        frames = {p: paths[paths["penalty"] == p].sort_values("strength") for p in SHOWN}
        frames = {p: frame for p, frame in frames.items() if len(frame)}
        best = {p: _best(frame) for p, frame in frames.items()}
        top = TOP * max(b["excess_risk"] for b in best.values())
        top = min(top, 1.1 * paths["excess_risk"].max())
        for ax, penalty in zip(axes[row], SHOWN, strict=True):
            if penalty not in frames:
                ax.set_visible(False)
                continue
            frame = shown_steps(frames[penalty], penalty)
            _curves(ax, frame, penalty)
            for column, height in NAMED_AT.items() if not narrow else ():
                _label(ax, frame, column, height * top)
            _mark_best(
                ax, frame, best[penalty], _predicted(tables, scenario["scenario"], penalty), top
            )
            head_panel(ax, penalty, scenario)
            ax.set_ylim(-0.02 * top, top)
        drawn.append((scenario, best))
    name_axes(axes, "squared error\n(noise variance = 1)", narrow)
    _explain(figure, known, narrow)
    return Drawing(figure, _finding(drawn), CAPTION)


def _finding(drawn: list[tuple[pd.Series, dict[str, pd.Series]]]) -> str:
    parts = []
    for i, (scenario, best) in enumerate(drawn):
        risks = ", ".join(f"{p.upper()} {b['excess_risk']:.2f}" for p, b in best.items())
        parts.append(f"{risks} {when_matter(scenario, first=i == 0)}")
    return f"Lowest risk: {'; '.join(parts)}"
