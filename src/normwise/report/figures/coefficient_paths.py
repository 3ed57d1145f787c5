"""Coefficient paths of one draw, in the two extreme scenarios of a data set that keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow, when_matter
from normwise.report.figures.wanted import Wanted, shown_as
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import plain_ticks
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = ("l1", "l2")
# outside these strengths the curves run straight to the null model and the unpenalised limit
STRENGTHS = {"l1": (1e-3, 1.0), "l2": (1e-3, 1e3)}
# far below the chosen strength the unpenalised end of a collinear fit dwarfs the rest
BELOW_CHOSEN, MOST_EXTRA = 0.4, 1.5
MANY = 15
# dashes of the line at the chosen strength, and dots of the one at the true value
CHOSEN, TRUE = (0, (4, 3)), (0, (1, 1.5))
UNITS = {"l1": "at 1 all coefficients are 0", "l2": "in units of the mean loss"}
CAPTION = (
    "Each line is a coefficient of one sample as the penalty weakens from left to right: coloured "
    "if its column matters, grey if not. L1 admits coefficients one by "
    "one; L2 shrinks them all together."
)


def describe_scenario(row: pd.Series) -> str:
    """Short heading of a scenario of the anatomy."""
    related = f"correlation {row['correlation']:g}" if row["correlation"] else "uncorrelated"
    return f"{row['n_nonzero']} of {row['n_features']} relevant, {related}"


def contrast(scenarios: pd.DataFrame) -> pd.DataFrame:
    """The sparse uncorrelated and the dense collinear end of a data set."""
    order = scenarios.sort_values(["correlation", "n_nonzero"])
    return order.iloc[[0, -1]] if len(order) > 1 else order


def _strength_axis(ax: Axes, penalty: str) -> None:
    """A log axis of strengths, read from left to right as the penalty is relaxed."""
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    ax.invert_xaxis()
    ax.xaxis.set_major_locator(LogLocator(numticks=6))
    plain_ticks(ax.xaxis)
    ax.set_xlabel(f"penalty strength λ, weaker →\n({UNITS[penalty]})")


def head_panel(ax: Axes, penalty: str, scenario: pd.Series) -> None:
    """Write penalty and scenario above a panel."""
    ax.set_title(describe_scenario(scenario), fontsize=9, fontweight="normal")
    ax.annotate(
        NAMES[penalty],
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 20),
        textcoords="offset points",
        color=COLOURS[penalty],
        fontweight="bold",
        fontsize=10,
    )


def shown_steps(frame: pd.DataFrame, penalty: str) -> pd.DataFrame:
    """Rows at the strengths that are drawn."""
    weakest, strongest = STRENGTHS[penalty]
    return frame[frame["strength"].between(0.999 * weakest, 1.001 * strongest)]


def _vertices(x: np.ndarray, y: np.ndarray, tolerance: float) -> np.ndarray:
    """Which points of a curve are needed to draw it to a tolerance (Douglas & Peucker 1973)."""
    keep = np.zeros(len(x), bool)
    keep[[0, -1]] = True
    pieces = [(0, len(x) - 1)]
    while pieces:
        first, last = pieces.pop()
        inner = slice(first, last + 1)
        off = np.abs(y[inner] - np.interp(x[inner], x[[first, last]], y[[first, last]]))
        worst = first + int(off.argmax())
        if off.max() > tolerance:
            keep[worst] = True
            pieces += [(first, worst), (worst, last)]
    return keep


def _panel(ax: Axes, frame: pd.DataFrame, penalty: str, size: float) -> None:
    wide = shown_steps(frame, penalty).pivot(index="strength", columns="feature", values="coef")
    wide = wide.sort_index()
    log = np.log(wide.index.to_numpy())
    true = frame.groupby("feature")["true_coef"].first()
    width = 0.8 if (true != 0).sum() > MANY else 1.3
    for feature in wide:
        relevant = true[feature] != 0
        value = wide[feature].to_numpy()
        needed = _vertices(log, value, 0.01 * size)
        ax.plot(
            wide.index[needed],
            value[needed],
            color=COLOURS[penalty] if relevant else "#8A8A8A",
            lw=width if relevant else 0.6,
            alpha=0.85,
            zorder=3 if relevant else 2,
        )
    ax.axhline(0, color="#444444", lw=0.8)
    _name_kinds(ax, wide.iloc[0], true)


def _name_kinds(ax: Axes, last: pd.Series, true: pd.Series) -> None:
    # in the margin, at the weak end of the path
    relevant = true != 0
    level = float(true[relevant].abs().median())
    ax.axhline(level, color="k", lw=0.9, ls=TRUE, zorder=4)
    names = {level: f"relevant\n(true {level:.2f})" if not relevant.all() else f"true {level:.2f}"}
    if not relevant.all():
        names[float(last[~relevant].mean())] = "irrelevant"
    for height, name in names.items():
        ax.annotate(
            name,
            (1, height),
            xycoords=ax.get_yaxis_transform(),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            linespacing=1.05,
        )


def _mark_chosen(ax: Axes, chosen: pd.DataFrame, penalty: str) -> None:
    strength = chosen["strength"].iloc[0] if len(chosen) else 0.0
    weakest, strongest = STRENGTHS[penalty]
    if not weakest <= strength <= strongest:
        return
    ax.axvline(strength, color="k", lw=0.9, ls=CHOSEN, zorder=4)
    # on the side that has room
    left = np.log(strongest / strength) > 0.45 * np.log(strongest / weakest)
    ax.annotate(
        f"keeps {(chosen['coef'] != 0).sum()} of {len(chosen)}",
        (strength, 0),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if left else 4, 4),
        textcoords="offset points",
        fontsize=8.5,
        ha="right" if left else "left",
        va="bottom",
        zorder=5,
        bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
    )


def _finding(drawn: list[tuple[pd.Series, dict[str, pd.DataFrame]]]) -> str:
    parts: list[str] = []
    for scenario, chosen in drawn:
        kept = {p: (frame["coef"] != 0).sum() for p, frame in chosen.items() if len(frame)}
        if kept:
            counts = [f"{p.upper()} {n}" for p, n in kept.items()]
            if not parts:
                counts[0] = counts[0].replace(" ", " keeps ")
            parts.append(f"{when_matter(scenario, first=not parts)}, {', '.join(counts)}")
    text = "; ".join(parts) or "coefficients as the penalty is relaxed"
    return text[0].upper() + text[1:]


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each data set that keeps its paths."""
    for dataset in shown_as(config, "anatomy"):
        yield Wanted(f"{dataset['name']}_paths", (dataset,))


def contrast_panels(
    scenarios: pd.DataFrame, entry: Entry
) -> tuple[pd.DataFrame, Figure, np.ndarray]:
    """The two extreme scenarios of a data set, and two panels for each: an array of rows."""
    import matplotlib.pyplot as plt

    shown = contrast(scenarios[scenarios["dataset"] == entry["datasets"][0]])
    n = len(shown)
    if is_narrow(entry):
        figure, axes = plt.subplots(
            2 * n, 1, figsize=(NARROW, 0.3 + 4.9 * n), layout="constrained", squeeze=False
        )
        return shown, figure, axes.reshape(n, 2)
    figure, axes = plt.subplots(
        n,
        2,
        figsize=(7.5, 0.8 + 2.9 * n),
        sharey="row",
        sharex="col",
        layout="constrained",
        squeeze=False,
    )
    return shown, figure, axes


def name_axes(axes: np.ndarray, label: str, narrow: bool) -> None:
    """Scale and label the axes of all panels, or only those that no neighbour shares."""
    for row in axes if narrow else axes[-1:]:
        for ax, penalty in zip(row, SHOWN, strict=True):
            _strength_axis(ax, penalty)
    for ax in axes.flat if narrow else axes[:, 0]:
        ax.set_ylabel(label)


def _explain(figure: Figure, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], color="k", lw=0.9, ls=CHOSEN, label="chosen by cross-validation"),
            Line2D([], [], color="k", lw=0.9, ls=TRUE, label="true value"),
        ],
        loc="outside upper center" if narrow else "outside lower center",
        ncols=2,
        columnspacing=1.2,
    )


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Coefficient paths under L1 and L2 of the two extreme scenarios."""
    paths = tables[f"{entry['datasets'][0]}_coefficients"]
    scenarios, figure, axes = contrast_panels(tables["scenarios"], entry)
    drawn = []
    for row, (_, scenario) in enumerate(scenarios.iterrows()):
        own = paths[paths["scenario"] == scenario["scenario"]]
        size = float(own["true_coef"].abs().max())
        chosen = {}
        for ax, penalty in zip(axes[row], SHOWN, strict=True):
            frame = own[own["penalty"] == penalty]
            if frame.empty:
                ax.set_visible(False)
                continue
            _panel(ax, frame, penalty, size)
            chosen[penalty] = frame[frame["chosen"]]
            _mark_chosen(ax, chosen[penalty], penalty)
            head_panel(ax, penalty, scenario)
            ax.set_ylim(*_limits(own))
        drawn.append((scenario, chosen))
    name_axes(axes, "coefficient", is_narrow(entry))
    _explain(figure, is_narrow(entry))
    return Drawing(figure, _finding(drawn), CAPTION)


def _limits(own: pd.DataFrame) -> tuple[float, float]:
    drawn, near = [own["true_coef"]], [own["true_coef"]]
    for penalty in SHOWN:
        frame = shown_steps(own[own["penalty"] == penalty], penalty)
        chosen = frame.loc[frame["chosen"], "strength"]
        weakest = BELOW_CHOSEN * chosen.iloc[0] if len(chosen) else 0.0
        drawn.append(frame["coef"])
        near.append(frame.loc[frame["strength"] >= weakest, "coef"])
    low, high = pd.concat(drawn).min(), pd.concat(drawn).max()
    low_near, high_near = pd.concat(near).min(), pd.concat(near).max()
    if high - low > MOST_EXTRA * (high_near - low_near):
        low, high = low_near, high_near
    # the note on the choice stands below
    return float(low - 0.15 * (high - low)), float(high + 0.06 * (high - low))
