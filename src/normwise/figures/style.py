"""One look for all figures: colours, names, verdict marks."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

# Okabe & Ito's colours, distinct for every kind of colour vision
COLOURS = {"l1": "#D55E00", "l2": "#0072B2", "elastic_net": "#009E73", "none": "#767676"}
NAMES = {"l1": "L1 (lasso)", "l2": "L2 (ridge)", "elastic_net": "elastic net", "none": "no penalty"}
MARKERS = {"l1": "o", "l2": "s", "elastic_net": "D", "none": "^"}
LINES = {"l1": "-", "l2": "--", "elastic_net": "-.", "none": ":"}
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
LOG_AXES = ("n_samples", "n_features", "n_nonzero", "nonzero_share", "snr", "aspect_ratio")


def set_style() -> None:
    """Seaborn's white grid with the settings that make SVG files reproducible."""
    sns.set_theme(style="whitegrid", context="notebook", font_scale=0.85)
    mpl.rcParams.update(
        {
            "svg.hashsalt": "normwise",
            "axes.edgecolor": "#444444",
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "grid.color": "#E6E6E6",
            "figure.dpi": 100,
            "legend.frameon": False,
        }
    )


def axis_scale(ax: Axes, key: str, values: np.ndarray) -> None:
    """Scale, ticks and label of a horizontal axis that shows a property of scenarios."""
    values = np.unique(values)
    if key in LOG_AXES:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(_thinned(values)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.set_xlabel(AXIS_NAMES.get(key, key))


def _thinned(values: np.ndarray) -> list[float]:
    """Values far enough apart on a log axis for their labels."""
    room = np.log10(values[-1] / values[0]) / 11
    kept = [values[-1]]
    for value in values[-2::-1]:
        if np.log10(kept[-1] / value) > room:
            kept.append(value)
    return [float(v) for v in sorted(kept)]


def ratio_axis(ax: Axes, low: float, high: float) -> None:
    """A log axis of ratios with labels in per cent or as multiples."""
    ax.set_yscale("log")
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
    ax.yaxis.set_major_locator(FixedLocator(sorted(kept)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.set_ylim(low, high)


def direct_labels(ax: Axes, ends: dict[str, tuple[float, float]], gap: float = 0.07) -> None:
    """Write the name of each penalty at the end of its curve, pushed apart where they meet.

    Parameters
    ----------
    ends : dict of str to (x, y)
        Data coordinates of the last point by penalty.
    gap : float
        Smallest distance of two labels as a share of the height.
    """
    low, high = ax.get_ylim()
    scale = ax.yaxis.get_transform()
    span = [float(v) for v in scale.transform(np.array([low, high]))]
    heights: dict[str, float] = {}
    for penalty, (_, y) in ends.items():
        value = float(scale.transform(np.array([np.clip(y, low, high)]))[0])
        heights[penalty] = (value - span[0]) / (span[1] - span[0])
    order = sorted(heights, key=lambda penalty: heights[penalty])
    for below, above in pairwise(order):
        heights[above] = max(heights[above], heights[below] + gap)
    overflow = max([0.0, *(height - 1 for height in heights.values())])
    for penalty, height in heights.items():
        ax.annotate(
            NAMES[penalty],
            (1.0, height - overflow),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            color=COLOURS[penalty],
            va="center",
            fontsize="small",
            fontweight="bold",
            annotation_clip=False,
        )


def penalties_in(frame: pd.DataFrame) -> list[str]:
    """Penalties of a table, in the order used everywhere."""
    return [p for p in COLOURS if p in set(frame["penalty"])]
