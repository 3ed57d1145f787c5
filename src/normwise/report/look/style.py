"""One look for all figures: colours, names, verdict marks."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import ColorType
from scipy.optimize import isotonic_regression

from normwise.fitting.names import MIXES, known_penalties, label, ordered
from normwise.report.look.white_grid import WHITE_GRID


class _Looks(dict[str, str]):
    """A look by penalty; those beyond the question's take what is left, in their order."""

    def __init__(self, own: dict[str, str], others: str) -> None:
        super().__init__(own)
        self.others = others.split()

    def __missing__(self, penalty: str) -> str:
        rest = [name for name in known_penalties() if name not in MIXES]
        return self.others[rest.index(penalty) % len(self.others)]


class _Names(dict[str, str]):
    def __missing__(self, penalty: str) -> str:
        return label(penalty)


# Okabe & Ito's colours, distinct for every kind of colour vision
COLOURS = _Looks(
    {"l1": "#D55E00", "l2": "#0072B2", "elastic_net": "#009E73", "none": "#767676"},
    "#AA3377 #7A6000 #332288 #882255 #44AA99",
)
NAMES = _Names(MIXES)
MARKERS = _Looks({"l1": "o", "l2": "s", "elastic_net": "D", "none": "^"}, "v P X < >")
LINES = _Looks({"l1": "-", "l2": "--", "elastic_net": "-.", "none": ":"}, "- -- -. :")
VERDICT_COLOURS = {
    "l1": COLOURS["l1"],
    "l2": COLOURS["l2"],
    "equivalent": "#333333",
    "undecided": "#FFFFFF",
}
VERDICT_MARKERS = {"l1": "o", "l2": "s", "equivalent": "d", "undecided": "o"}
VERDICT_NAMES = {
    "l1": "L1 wins",
    "l2": "L2 wins",
    "equivalent": "equivalent",
    "undecided": "undecided",
}
VERDICT_MARKS = {"l1": "L1", "l2": "L2", "equivalent": "≈", "undecided": "?"}
DIVERGING = LinearSegmentedColormap.from_list(
    "l1_l2", [COLOURS["l1"], "#F2B48C", "#FAFAFA", "#8CBEDD", COLOURS["l2"]]
)
AXIS_NAMES = {
    "n_samples": "rows n",
    "n_features": "features p",
    "n_nonzero": "relevant features k",
    "nonzero_share": "share of relevant features k/p",
    "correlation": "correlation",
    "snr": "signal-to-noise ratio",
    "density": "share of ones",
    "aspect_ratio": "features per row p/n",
    "noise": "noise",
    "covariance": "correlation family",
}
AXIS_SYMBOLS = {
    "n_samples": "n",
    "n_features": "p",
    "n_nonzero": "k",
    "nonzero_share": "k/p",
    "snr": "snr",
    "aspect_ratio": "p/n",
}
LOG_AXES = ("n_samples", "n_features", "n_nonzero", "nonzero_share", "snr", "aspect_ratio")


def set_style() -> None:
    """A white grid, and the settings that make SVG files reproducible."""
    mpl.rcParams.update(WHITE_GRID)
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
    axis.set_major_locator(FixedLocator(sorted(kept)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
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
    steps = gap * np.arange(len(heights))
    free = isotonic_regression(np.asarray(heights) - steps).x
    return np.asarray(np.clip(free, 0, max(0.0, 1 - steps[-1])) + steps)


def ink(fill: ColorType) -> str:
    """Black or white, whichever has the higher contrast on a fill (WCAG 2)."""
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
        Of the markers, in points.
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
        fontsize="small",
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0.2,
    )


def verdict_names(figure: Figure) -> None:
    """Below a figure: what the marks of the verdicts mean."""
    figure.legend(
        handles=_verdict_marks(VERDICT_NAMES),
        loc="outside lower center",
        ncols=len(VERDICT_NAMES),
        fontsize="small",
        handletextpad=0.1,
    )


def _verdict_marks(labels: dict[str, str]) -> list[Line2D]:
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


def note_figure(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = Figure(figsize=(6.4, 1.4), layout="constrained")
    ax = figure.add_subplot()
    ax.text(0.5, 0.5, text, ha="center", va="center", wrap=True)
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    return figure
