"""Knight & Bajaj (2026): what a difference in RMSE hides, and what more recall costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.audit.shipped import KNIGHT_BAJAJ, digest, read_found
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import SMALL, equivalence_zone, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPREAD = 1.16
# condition numbers, from independent features to theirs
LOOKS: dict[int, dict[str, Any]] = {
    1: {"marker": "o", "color": "#999999"},
    300: {"marker": "D", "color": "#7A4B94"},
    20_000: {"marker": "^", "color": "#222222"},
}

PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """In every report: it shows what was found of a published study, not the config's."""
    del config
    yield Wanted("published_ratio", data=digest())


def _beside(frame: pd.DataFrame) -> np.ndarray:
    # the cells of one number of rows stand side by side
    place = frame.groupby("rows").cumcount() / (len(frame) / frame["rows"].nunique() - 1)
    return np.asarray(frame["rows"] * SPREAD ** (2 * place - 1))


def _rows_axis(ax: Axes, frame: pd.DataFrame, enough: int) -> None:
    ax.set_xscale("log")
    plain_ticks(ax.xaxis, sorted(frame["rows"].unique()))
    ax.set_xlabel("rows for each feature (n/p)")
    ax.axvline(enough / SPREAD**1.4, color="#777777", lw=0.8, ls=":")


def _gaps(ax: Axes, frame: pd.DataFrame, x: np.ndarray, told: float) -> None:
    for condition, look in LOOKS.items():
        own = (frame["condition"] == condition).to_numpy()
        label = f"condition number {condition:,}"
        ax.plot(x[own], 100 * frame["rmse_gap"][own], ls="", ms=3.4, label=label, **look)
    ax.axhline(told, color="black", lw=0.8)
    ax.set_yscale("log")
    plain_ticks(ax.yaxis, [0.01, 0.03, 0.1, told, 1, 3])
    ax.set_title("Test error with its noise")
    ax.set_ylabel("largest difference of the three\nin RMSE, %")


def _ratios(ax: Axes, frame: pd.DataFrame, x: np.ndarray, margin: float) -> None:
    equivalence_zone(ax, margin)
    ratio = np.exp(frame["effect"])
    reach = np.exp(1.96 * frame["effect_se"])
    for condition, look in LOOKS.items():
        own = (frame["condition"] == condition).to_numpy()
        ax.vlines(x[own], (ratio / reach)[own], (ratio * reach)[own], lw=0.8, color=look["color"])
        ax.plot(x[own], ratio[own], ls="", ms=3.4, **look)
    ax.axhline(1, color="black", lw=0.8)
    ax.set_yscale("log")
    plain_ticks(ax.yaxis, [0.3, 0.5, 0.7, 1, 1.4])
    ax.set_title("What a penalty can change")
    ax.set_ylabel("lasso's excess risk / ridge's")


def _recall(ax: Axes, frame: pd.DataFrame) -> None:
    worst = frame["condition"].max()
    own = frame[frame["condition"] == worst].groupby("rows").mean()
    lines = (
        ("recall_elastic_net", "elastic net", COLOURS["elastic_net"], "D-"),
        ("recall_lasso", "lasso", COLOURS["l1"], "o-"),
        ("same_lasso", "lasso, as many kept\nas by elastic net", COLOURS["l1"], "o:"),
    )
    for column, label, colour, style in lines:
        mark: dict[str, Any] = {"mfc": "white"} if style.endswith(":") else {}
        ax.plot(own.index, own[column], style, color=colour, ms=4, lw=1.2, label=label, **mark)
    ax.set_ylim(0, 1)
    ax.set_title("True features found")
    ax.set_ylabel("recall")
    title = f"condition number {worst:,}"
    ax.legend(fontsize=SMALL, loc="lower right", title=title, title_fontsize=SMALL)


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """RMSE, excess risk and recall, from 10 to 300 rows for each feature."""
    import matplotlib.pyplot as plt

    # it solves problems, and who asks for the figures loads no solver
    from normwise.analysis.trials.replications.knight_bajaj_2026 import DIFFERENCE, ENOUGH

    del tables
    told = 100 * DIFFERENCE
    frame = read_found(KNIGHT_BAJAJ)
    narrow = is_narrow(entry)
    shape, size = ((3, 1), (NARROW, 8.6)) if narrow else ((1, 3), (10.2, 3.8))
    figure, axes = plt.subplots(*shape, figsize=size, layout="constrained")
    x = _beside(frame)
    _gaps(axes[0], frame, x, told)
    _ratios(axes[1], frame, x, entry["margin"])
    _recall(axes[2], frame)
    for ax in axes:
        _rows_axis(ax, frame, ENOUGH)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=1 if narrow else 3, fontsize=SMALL
    )
    enough = frame[frame["rows"] >= ENOUGH]
    ratio = np.exp(enough["effect"])
    return Drawing(
        figure,
        f"{told:g} % of RMSE can be {1 / ratio.min():.1f} times the excess risk",
        f"A design after Knight & Bajaj (2026), {int(frame['n'].min())} data sets; dotted: their "
        f"n/p of {ENOUGH}. There the noise is nearly all of the RMSE; without it, the lasso's risk "
        f"is {ratio.min():.2f} to {ratio.max():.2f} times ridge's. Bars: 95 % intervals.",
    )
