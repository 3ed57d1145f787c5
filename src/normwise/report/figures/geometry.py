"""Why L1 selects and L2 shrinks: the two balls, the two shrinkage rules, and their risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted
from normwise.report.look.colours import COLOURS, LINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Circle, Polygon

HESSIAN = np.array([[1.0, 0.45], [0.45, 0.6]])
OPTIMUM = np.array([1.55, 1.15])
BUDGET = 1.0
# relative to the loss of the solution
LEVELS = {0.15: 0.7, 0.45: 0.7, 1.0: 1.8, 1.9: 0.7, 3.2: 0.7}
# of the shrinkage rules, in standard errors of an estimate
THRESHOLD, FACTOR = 1.0, 0.5
GROUND = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.85}


def _contact(order: int) -> np.ndarray:
    """Point of the ball of radius ``BUDGET`` with the smallest loss, by a fine search."""
    angle = np.linspace(0, 2 * np.pi, 20_001)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    points *= BUDGET / np.linalg.norm(points, ord=order, axis=1, keepdims=True)
    error = points - OPTIMUM
    return np.asarray(points[np.einsum("ij,jk,ik->i", error, HESSIAN, error).argmin()])


def _loss_curves(ax: Axes, at: np.ndarray) -> None:
    """Ellipses of equal loss; the thick one goes through the point."""
    from matplotlib.patches import Ellipse

    values, vectors = np.linalg.eigh(HESSIAN)
    tilt = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
    loss = float((at - OPTIMUM) @ HESSIAN @ (at - OPTIMUM))
    for level, width in LEVELS.items():
        axes = 2 * np.sqrt(level * loss / values)
        ax.add_patch(Ellipse(tuple(OPTIMUM), *axes, angle=tilt, fill=False, ec="#7A7A7A", lw=width))


def _ball(ax: Axes, order: int) -> None:
    from matplotlib.patches import Circle, Polygon

    colour = COLOURS[f"l{order}"]
    touch = _contact(order)
    _loss_curves(ax, touch)
    if order == 1:
        ball: Polygon | Circle = Polygon(BUDGET * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    else:
        ball = Circle((0, 0), BUDGET)
    ball.set(facecolor=colour, alpha=0.3, edgecolor=colour, linewidth=1.5)
    ax.add_patch(ball)
    ax.plot(*OPTIMUM, "+", color="k", ms=9, mew=1.6)
    ax.annotate(
        "least\nsquares",
        tuple(OPTIMUM),
        xytext=(5, 6),
        textcoords="offset points",
        fontsize=8.5,
        linespacing=1,
        bbox=GROUND,
    )
    ax.plot(*touch, "o", color=colour, ms=8, mec="white", zorder=5)
    ax.annotate(
        f"b = ({touch[0]:.2f}, {touch[1]:.2f})\n"
        + ("a corner: b₂ is exactly 0" if abs(touch[1]) < 1e-9 else "no corner: neither is 0"),
        (touch[0], touch[1]),
        xytext=(0.4, -1.34),
        arrowprops={"arrowstyle": "-", "color": "#444444", "lw": 0.8, "shrinkB": 5},
        fontsize=8.5,
        va="center",
        bbox=GROUND,
    )
    _cross(ax)
    ax.set(xlim=(-1.25, 2.75), ylim=(-1.65, 2.3), aspect="equal", xlabel="b₁", ylabel="b₂")
    ax.set_title("L1: |b₁| + |b₂| ≤ 1" if order == 1 else "L2: b₁² + b₂² ≤ 1")


def _cross(ax: Axes) -> None:
    ax.axhline(0, color="#444444", lw=0.8, zorder=1)
    ax.axvline(0, color="#444444", lw=0.8, zorder=1)
    ax.grid(False)


def _rules(ax: Axes) -> None:
    z = np.array([-3, -THRESHOLD, THRESHOLD, 3])
    ends = np.array([-3.0, 3.0])
    ax.plot(ends, ends, color=COLOURS["none"], lw=1.2, ls=LINES["none"])
    soft = np.sign(z) * np.maximum(np.abs(z) - THRESHOLD, 0)
    ax.plot(z, soft, color=COLOURS["l1"], lw=2.2, ls=LINES["l1"])
    ax.plot(ends, FACTOR * ends, color=COLOURS["l2"], lw=2.2, ls=LINES["l2"])
    ax.text(1.9, 2.35, "no penalty", color=COLOURS["none"], fontsize=8.5, ha="right")
    ax.text(2.92, 2.12, "L1", color=COLOURS["l1"], fontweight="bold", ha="right")
    ax.text(2.92, 1.0, "L2", color=COLOURS["l2"], fontweight="bold", ha="right")
    ax.annotate(
        "L1 sets all of\nthese to 0",
        (0, 0),
        xytext=(0.1, -1.9),
        arrowprops={"arrowstyle": "-", "color": "#444444", "lw": 0.8},
        fontsize=8.5,
    )
    _cross(ax)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="least-squares estimate", ylabel="penalised estimate")
    ax.set_title("Shrinkage rules")


def _risks(ax: Axes) -> None:
    """The risks of the two rules, and where which is the better."""
    from normwise.theory.linear import linear_shrinkage_risk
    from normwise.theory.soft_threshold import soft_threshold_risk

    mean = np.linspace(0, 4, 81)
    l1 = np.asarray(soft_threshold_risk(mean, THRESHOLD))
    l2 = np.asarray(linear_shrinkage_risk(mean, FACTOR))
    ax.axhline(1, color=COLOURS["none"], lw=1.2, ls=LINES["none"])
    ax.plot(mean, l1, color=COLOURS["l1"], lw=2.2, ls=LINES["l1"])
    ax.plot(mean, l2, color=COLOURS["l2"], lw=2.2, ls=LINES["l2"])
    ax.text(3.92, 1.05, "no penalty", color=COLOURS["none"], fontsize=8.5, ha="right")
    ax.text(3.92, 2.05, "L1", color=COLOURS["l1"], fontweight="bold", ha="right")
    ax.text(2.75, 2.6, "L2", color=COLOURS["l2"], fontweight="bold", ha="right")
    better = mean[l2 < l1]
    ax.axvspan(better[0], better[-1], color=COLOURS["l2"], alpha=0.1, lw=0)
    middle = (better[0] + better[-1]) / 2
    ax.text(middle, 0.08, "L2 better", fontsize=8.5, ha="center")
    ax.text((better[-1] + 4) / 2, 0.08, "L1 better", fontsize=8.5, ha="center")
    ax.set(xlim=(0, 4), ylim=(0, 3))
    ax.set(xlabel="true coefficient (standard errors)", ylabel="risk (least squares = 1)")
    ax.set_title("Risk of each rule")


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The picture of the two penalties belongs to every study."""
    yield Wanted("geometry")


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Geometry of the two penalties; no data."""
    import matplotlib.pyplot as plt

    if is_narrow(entry):
        figure, axes = plt.subplots(
            4, 1, figsize=(NARROW, 12), height_ratios=[1.2, 1.2, 1, 1], layout="constrained"
        )
    else:
        figure, axes = plt.subplots(2, 2, figsize=(7.2, 7.2), layout="constrained")
    first, second, rules, risks = axes.flat
    _ball(first, 1)
    _ball(second, 2)
    _rules(rules)
    _risks(risks)
    return Drawing(
        figure,
        "L1's allowed set has corners, where coefficients are exactly zero; L2's is round",
        "Coloured: the coefficients that a penalty allows; the dot has the least error, where an "
        "ellipse of equal error first touches. Below, for unrelated columns: how estimates "
        "shrink, and what that risks; L1 wins for zero or large coefficients.",
    )
