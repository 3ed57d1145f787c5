"""Why L1 selects and L2 shrinks: the two balls, and the two shrinkage rules."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon

from normwise.figures import Drawing, Plan
from normwise.figures.style import COLOURS

HESSIAN = np.array([[1.0, 0.45], [0.45, 0.6]])
OPTIMUM = np.array([1.55, 1.15])
BUDGET = 1.0


def _contact(order: int) -> np.ndarray:
    """Point of the ball of radius ``BUDGET`` with the smallest loss, by a fine search."""
    angle = np.linspace(0, 2 * np.pi, 200_001)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    points *= BUDGET / np.linalg.norm(points, ord=order, axis=1, keepdims=True)
    error = points - OPTIMUM
    return np.asarray(points[np.einsum("ij,jk,ik->i", error, HESSIAN, error).argmin()])


def _ball(ax: Axes, order: int) -> None:
    penalty = f"l{order}"
    grid = np.linspace(-1.4, 3.0, 400)
    b1, b2 = np.meshgrid(grid, grid)
    error = np.stack([b1 - OPTIMUM[0], b2 - OPTIMUM[1]], axis=-1)
    loss = np.einsum("...j,jk,...k->...", error, HESSIAN, error)
    touch = _contact(order)
    at_touch = (touch - OPTIMUM) @ HESSIAN @ (touch - OPTIMUM)
    levels = at_touch * np.array([0.15, 0.45, 1.0, 1.9, 3.2])
    ax.contour(b1, b2, loss, levels=levels, colors="#8a8a8a", linewidths=[0.8, 0.8, 1.8, 0.8, 0.8])
    if order == 1:
        ball: Polygon | Circle = Polygon(BUDGET * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    else:
        ball = Circle((0, 0), BUDGET)
    ball.set(facecolor=COLOURS[penalty], alpha=0.3, edgecolor=COLOURS[penalty], linewidth=1.5)
    ax.add_patch(ball)
    ax.plot(*OPTIMUM, "k+", ms=9, mew=1.6)
    ax.annotate(
        "least squares",
        (OPTIMUM[0], OPTIMUM[1]),
        xytext=(6, 6),
        textcoords="offset points",
        fontsize="small",
    )
    ax.plot(*touch, "o", color=COLOURS[penalty], ms=8, mec="white", zorder=5)
    text = "on the corner:\n$b_2$ is exactly 0" if order == 1 else "both shrunk,\nneither is 0"
    ax.annotate(
        text,
        (touch[0], touch[1]),
        xytext=(0.62 if order == 1 else 0.95, -0.92),
        arrowprops={"arrowstyle": "-", "color": "#444444", "lw": 0.8},
        fontsize="small",
        ha="left",
    )
    ax.axhline(0, color="#444444", lw=0.8)
    ax.axvline(0, color="#444444", lw=0.8)
    ax.set(xlim=(-1.25, 2.7), ylim=(-1.25, 2.3), aspect="equal", xlabel="$b_1$", ylabel="$b_2$")
    ax.set_title(
        f"L{order}: $|b_1| + |b_2| \\leq t$" if order == 1 else "L2: $b_1^2 + b_2^2 \\leq t^2$"
    )
    ax.grid(False)


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Geometry of the two penalties; no data."""
    figure, axes = plt.subplots(1, 3, figsize=(11.4, 3.9), layout="constrained")
    _ball(axes[0], 1)
    _ball(axes[1], 2)
    ax = axes[2]
    z = np.linspace(-3, 3, 601)
    ax.plot(z, z, color=COLOURS["none"], lw=1, ls=":")
    ax.plot(z, np.sign(z) * np.maximum(np.abs(z) - 1, 0), color=COLOURS["l1"], lw=2.2)
    ax.plot(z, z / 2, color=COLOURS["l2"], lw=2.2, ls="--")
    ax.text(0.75, 2.6, "no penalty", color=COLOURS["none"], fontsize="small", ha="left")
    ax.text(2.95, 2.12, "L1", color=COLOURS["l1"], fontweight="bold", ha="right")
    ax.text(2.95, 1.0, "L2", color=COLOURS["l2"], fontweight="bold", ha="right")
    ax.annotate(
        "L1 sets all of\nthese to 0",
        (0, 0),
        xytext=(-0.2, -2.2),
        arrowprops={"arrowstyle": "-", "color": "#444444", "lw": 0.8},
        fontsize="small",
    )
    ax.axhline(0, color="#444444", lw=0.8)
    ax.axvline(0, color="#444444", lw=0.8)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="least-squares estimate", ylabel="penalised estimate")
    ax.set_aspect("equal")
    ax.set_title("Shrinkage rules, λ = 1")
    return Drawing(
        figure,
        "L1 touches its ball at a corner, L2 does not",
        "Left and middle: curves of equal squared error around the least-squares estimate (+), and "
        "the set of coefficients that each penalty allows. The solution is where the first curve "
        "touches the set. The L1 set has corners on the axes, so one coefficient is often exactly "
        "zero; the L2 set is round, so both are only made smaller. Right: for uncorrelated "
        "features each coefficient follows one rule. L1 subtracts a constant and stops at zero; "
        "L2 multiplies by a constant and never reaches zero.",
    )
