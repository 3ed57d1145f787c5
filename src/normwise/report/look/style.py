"""One look for all figures: settings, axes, labels, verdicts.

Drawing libraries are imported where something is drawn, so that who asks which figures there are
does not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from normwise.fitting.names import ordered
from normwise.report.look.colours import COLOURS, SHADES, VERDICT_COLOURS, VERDICT_MARKERS
from normwise.report.look.words import AXIS_NAMES, NAMES, VERDICT_NAMES

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.typing import ColorType

MINUS = "\N{MINUS SIGN}"
# points of the smallest text, in wide and in narrow drawings
SMALL = 8.5
LOG_AXES = ("n_samples", "n_features", "n_nonzero", "nonzero_share", "snr", "aspect_ratio")


@cache
def diverging() -> Colormap:
    """Colours from wins of L1 to wins of L2."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("l1_l2", list(SHADES))


def plain_ticks(axis: Axis, at: Sequence[float] | None = None) -> None:
    """Labels as plain numbers, also on a log axis, at given values or where they are."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if at is not None:
        axis.set_major_locator(FixedLocator(at))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}".replace("-", MINUS)))


def set_style() -> None:
    """Seaborn's white grid with the settings that make SVG files reproducible."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_theme(style="whitegrid", context="notebook", font_scale=0.85)
    mpl.rcParams.update(
        {
            "svg.hashsalt": "normwise",
            # text stays text: a tenth of the weight, and it can be searched
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
            "axes.edgecolor": "#444444",
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "grid.color": "#E6E6E6",
            "figure.dpi": 100,
            "legend.frameon": False,
        }
    )


def axis_scale(ax: Axes, key: str, values: np.ndarray, most: int = 11) -> None:
    """Scale, ticks and label of a horizontal axis that shows a property of scenarios.

    Parameters
    ----------
    key : str
        Name of the property.
    values : ndarray
        Its values.
    most : int
        How many labels, evenly spaced, have room on a log axis.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    values = np.unique(values)
    if key in LOG_AXES:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(_thinned(values, most)))
        ax.xaxis.set_minor_locator(NullLocator())
        # a share may have endless digits, a number of rows must keep all of its own
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.3g}" if v < 1 else f"{v:g}"))
    ax.set_xlabel(AXIS_NAMES.get(key, key))


def _thinned(values: np.ndarray, most: int) -> list[float]:
    """Values far enough apart on a log axis for their labels."""
    room = np.log10(values[-1] / values[0]) / most
    kept = [values[-1]]
    for value in values[-2::-1]:
        if np.log10(kept[-1] / value) > room:
            kept.append(value)
    return [float(v) for v in sorted(kept)]


def ratio_axis(ax: Axes, low: float, high: float, which: str = "y") -> None:
    """A log axis of ratios; `which` is x or y."""
    axis: Axis = getattr(ax, f"{which}axis")
    ax.set(**{f"{which}scale": "log"})
    candidates = np.array(
        [0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 5, 10, 30]
    )
    inside = candidates[(candidates >= low) & (candidates <= high)]
    room = np.log(high / low) / 9
    # 1 always has its label; the others go where there is room
    kept = [1.0] if low <= 1 <= high else []
    for value in inside:
        if all(abs(np.log(value / other)) > room for other in kept):
            kept.append(float(value))
    plain_ticks(axis, sorted(kept))
    ax.set(**{f"{which}lim": (low, high)})


def direct_labels(
    ax: Axes, ends: dict[str, tuple[float, float]], gap: float = 0.07, size: float | str = "small"
) -> None:
    """Write the name of each penalty beside its last point, pushed apart where they meet.

    Parameters
    ----------
    ends : dict of str to (x, y)
        Data coordinates of the last point by penalty.
    gap : float
        Smallest distance of two labels as a share of the height.
    size : float or str
        Font size.
    """
    if not ends:
        return
    to_axes = ax.transData + ax.transAxes.inverted()
    at = {penalty: to_axes.transform(end) for penalty, end in ends.items()}
    order = sorted(at, key=lambda penalty: at[penalty][1])
    heights = spread([float(at[penalty][1]) for penalty in order], gap)
    right = max(1.0, *(float(x) for x, _ in at.values()))
    for penalty, height in zip(order, heights, strict=True):
        inside = 0 <= at[penalty][1] <= 1
        ax.annotate(
            NAMES[penalty],
            ends[penalty] if inside else (right, height),
            xycoords="data" if inside else "axes fraction",
            xytext=(right + 0.045, height),
            textcoords="axes fraction",
            color=COLOURS[penalty],
            va="center",
            fontsize=size,
            fontweight="bold",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": COLOURS[penalty],
                "lw": 0.7,
                "shrinkA": 1,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            },
        )


def spread(heights: list[float], gap: float) -> np.ndarray:
    """Ascending heights moved as little as keeps them within 0 to 1 and ``gap`` apart."""
    from scipy.optimize import isotonic_regression

    steps = gap * np.arange(len(heights))
    free = isotonic_regression(np.asarray(heights) - steps).x
    return np.asarray(np.clip(free, 0, max(0.0, 1 - steps[-1])) + steps)


def ink(fill: ColorType) -> str:
    """Black or white, whichever has the higher contrast on a fill (WCAG 2)."""
    from matplotlib.colors import to_rgb

    rgb = np.asarray(to_rgb(fill))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return "#FFFFFF" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#111111"


def equivalence_zone(ax: Axes, margin: float) -> None:
    """The line of equal risks, and the zone around it that is too small to matter."""
    ax.axhspan(1 / (1 + margin), 1 + margin, color="#DDDDDD", lw=0, zorder=0.5)
    ax.axhline(1, color="#444444", lw=0.8, zorder=0.6)


def penalties_in(frame: pd.DataFrame) -> list[str]:
    """Penalties of a table, in the order used everywhere."""
    return ordered(frame["penalty"])


def verdict_points(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    size: float = 4.0,
    edge: float = 0.4,
    sideways: bool = False,
) -> None:
    """Effects with their intervals, shape and colour by verdict.

    Parameters
    ----------
    ax : Axes
    frame : DataFrame
        Columns ``effect``, ``low``, ``high`` and ``verdict``, and the one drawn along `x`.
    x : str
    size : float
        Size of the markers, in points.
    edge : float
        Width of their white edges, which part them where they crowd; 0 for lighter files.
    sideways : bool
        Draw the effects along the horizontal axis, and the column `x` along the vertical one.
    """
    turn = -1 if sideways else 1
    at, low, high = (frame[c].to_numpy(float) for c in (x, "low", "high"))
    gaps = np.full(len(frame), np.nan)
    # one broken line weighs a tenth of as many separate ones
    spans = [np.column_stack(part).ravel() for part in ((at, at, gaps), (low, high, gaps))]
    ax.plot(
        *spans[::turn],
        color="#777777",
        lw=0.6,
        zorder=2,
    )
    for verdict in reversed(VERDICT_MARKERS):
        own = frame[frame["verdict"] == verdict]
        ax.plot(
            *(own[x], own["effect"])[::turn],
            ls="",
            marker=VERDICT_MARKERS[verdict],
            ms=size,
            mfc=VERDICT_COLOURS[verdict],
            mec="#555555" if verdict == "undecided" else "white",
            mew=0.8 if verdict == "undecided" else edge,
            zorder=3,
        )


def verdict_dots(ax: Axes, x: np.ndarray, y: np.ndarray, verdicts: pd.Series) -> None:
    """Thousands of scenarios by verdict, without their intervals, as a picture within the picture.

    Parameters
    ----------
    ax : Axes
    x, y : ndarray of shape (n,)
    verdicts : Series of shape (n,)
    """
    for verdict in reversed(VERDICT_MARKERS):
        own = (verdicts == verdict).to_numpy()
        ax.plot(
            x[own],
            y[own],
            ls="",
            marker=VERDICT_MARKERS[verdict],
            ms=3,
            mfc=VERDICT_COLOURS[verdict],
            mec="#777777" if verdict == "undecided" else "white",
            mew=0.5 if verdict == "undecided" else 0.2,
            zorder=3 if verdict in ("l1", "l2") else 2,
            rasterized=True,
        )


def verdict_key(ax: Axes, verdicts: pd.Series, names: bool = True) -> None:
    """Above a panel: the marks of the verdicts, their names and how often each was given."""
    counts = {v: int((verdicts == v).sum()) for v in VERDICT_MARKERS}
    ax.legend(
        handles=_verdict_marks(
            {v: f"{VERDICT_NAMES[v]} {n}" if names else f"{n}" for v, n in counts.items()}
        ),
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.98),
        ncols=len(counts),
        fontsize=SMALL,
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0.2,
    )


def verdict_names(figure: Figure, *more: Artist, columns: int = len(VERDICT_NAMES)) -> None:
    """Below a figure: what the marks of the verdicts mean, and what more it shows."""
    figure.legend(
        handles=[*_verdict_marks(VERDICT_NAMES), *more],
        loc="outside lower center",
        ncols=columns,
        fontsize=SMALL,
        handletextpad=0.4,
    )


def zone_patch(width: str = "") -> Patch:
    """An entry of a legend: the zone of what is too small to matter, and how wide it is."""
    from matplotlib.patches import Patch

    return Patch(fc="#DDDDDD", label="too small to matter" + (f" ({width})" if width else ""))


def interval_mark(text: str = "95 % interval") -> Line2D:
    """An entry of a legend: the bars of intervals."""
    from matplotlib.lines import Line2D

    return Line2D([], [], ls="", marker="|", ms=10, mew=1.2, color="#777777", label=text)


def _verdict_marks(labels: dict[str, str]) -> list[Line2D]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            ls="",
            marker=VERDICT_MARKERS[verdict],
            ms=6,
            mfc=VERDICT_COLOURS[verdict],
            mec="#555555" if verdict == "undecided" else "white",
            label=label,
        )
        for verdict, label in labels.items()
    ]


def settle(figure: Figure) -> None:
    """Fix the layout to a millionth: the solver of many panels differs in its last bits."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position(tuple(np.round(ax.get_position(original=True).bounds, 6)))


def note_figure(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4, 1.4), layout="constrained")
    ax = figure.add_subplot()
    ax.text(0.5, 0.5, text, ha="center", va="center", wrap=True)
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    return figure
