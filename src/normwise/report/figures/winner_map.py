"""Who wins where: sparsity against signal strength, at several shapes of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, shown_as
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import SMALL, diverging, ink
from normwise.report.look.words import AXIS_NAMES, AXIS_SYMBOLS, VERDICT_MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType

LIMIT = np.log(2.5)
CELL = (0.8, 0.34)
COMPACT = (0.4, 0.29)
# height of a cell of a narrow drawing: with the number beside the verdict, and below it
NARROW_CELL = (0.27, 0.36)
# columns of a narrow drawing that leave room for the number beside the verdict
FEW_COLUMNS = 7
# a property tells the winners of the two penalties apart from this chance of being in order on
TELLING = 0.65


def cell_text(effect: float, low: float, high: float, verdict: str) -> str:
    """What a cell says: the verdict and what is saved in per cent, with its 95 % interval."""
    half = (high - low) / 2
    saved, least, most = (
        100 * (1 - np.exp(-(abs(effect) + shift))) for shift in (0.0, -half, half)
    )
    mark = VERDICT_MARKS[verdict]
    if verdict == "undecided":
        mark = ("L1" if effect < 0 else "L2") + mark
    return f"{mark} {saved:.0f}±{(most - least) / 2:.0f}"


def short_text(effect: float, low: float, high: float, verdict: str) -> str:
    """What a cell says at a glance."""
    mark = VERDICT_MARKS[verdict]
    won = verdict in ("l1", "l2")
    return f"{mark} {100 * (1 - np.exp(-abs(effect))):.0f}" if won else mark


def choose_axes(axes: list[str]) -> tuple[str, str, list[str]]:
    """Horizontal and vertical axis of a map, and those that make panels."""
    candidates = ["nonzero_share", "n_nonzero", *axes]
    y = next((a for a in candidates if a in axes and a != "snr"), "nonzero_share")
    x = "snr" if "snr" in axes else next((a for a in axes if a != y), "snr")
    return x, y, [a for a in axes if a not in (x, y)]


def _cells(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    verdicts = primary(tables["verdicts"])
    cells = verdicts[verdicts["dataset"] == name].merge(
        tables["scenarios"], on=["dataset", "scenario"]
    )
    theory = tables["theory"]
    predicted = theory[theory["dataset"] == name].pivot_table(
        index="scenario", columns="penalty", values="predicted"
    )
    predicted = predicted.reindex(columns=["l1", "l2"])
    cells["predicted"] = cells["scenario"].map(np.log(predicted["l1"] / predicted["l2"]))
    return cells


def _panel(
    ax: Axes, frame: pd.DataFrame, x: str, y: str, lines: list[np.ndarray], entry: Entry
) -> None:
    from matplotlib.colors import TwoSlopeNorm

    columns, rows = np.sort(frame[x].unique()), np.sort(frame[y].unique())
    effect = frame.pivot(index=y, columns=x, values="effect").to_numpy()
    norm, colours = TwoSlopeNorm(0, -LIMIT, LIMIT), diverging()
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5))
    ax.pcolormesh(
        np.arange(len(columns)), np.arange(len(rows)), effect, cmap=diverging(), norm=norm,
        edgecolor="white", linewidth=0.8,
    )  # fmt: skip
    crossed = {(int(i), int(j)) for line in lines for i, j in np.rint(line)}
    for _, cell in frame.iterrows():
        at = int(np.searchsorted(columns, cell[x])), int(np.searchsorted(rows, cell[y]))
        text = (short_text if _is_short(entry) else cell_text)(
            *cell[["effect", "low", "high", "verdict"]]
        )
        if is_narrow(entry) and len(columns) > FEW_COLUMNS:
            text = text.replace(" ", "\n")
        fill = colours(norm(cell["effect"]))
        size = 8 if is_narrow(entry) else 8.5
        _write_cell(ax, at, text, cell["verdict"], fill, at in crossed, size)
    ax.set_xticks(range(len(columns)), [_value(v) for v in columns])
    ax.set_yticks(range(len(rows)), _row_names(frame, y, rows, _is_short(entry)))
    ax.grid(False)
    ax.tick_params(length=0)


def _is_short(entry: Entry) -> bool:
    """Whether cells and their rows have little room for text."""
    return is_narrow(entry) or entry.get("compact", False)


def _write_cell(
    ax: Axes,
    at: tuple[int, int],
    text: str,
    verdict: str,
    fill: ColorType,
    crossed: bool,
    size: float,
) -> None:
    from matplotlib.patches import Rectangle

    undecided = verdict == "undecided"
    if undecided:
        corner = at[0] - 0.5, at[1] - 0.5
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", lw=0, ec="#AAAAAA"))
    # hatches and theory's line run beneath the numbers
    ground = {"boxstyle": "square,pad=0.1", "fc": fill, "ec": "none"}
    ax.text(
        *at,
        text,
        ha="center",
        va="center",
        fontsize=size,
        linespacing=1,
        color=ink(fill),
        fontweight="bold" if verdict in ("l1", "l2") else "normal",
        zorder=7,
        bbox=ground if undecided or crossed else None,
    )


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _row_names(frame: pd.DataFrame, y: str, rows: np.ndarray, short: bool) -> list[str]:
    if y != "nonzero_share":
        return [_value(v) for v in rows]
    if short:
        return [f"{float(f'{100 * v:.2g}'):g} %" for v in rows]
    counts = frame.groupby(y)["n_nonzero"].first()
    return [f"{counts[v]}  ({float(f'{100 * v:.2g}'):g} %)" for v in rows]


def _is_closed_form(frame: pd.DataFrame) -> bool:
    return bool(
        (frame["correlation"] == 0).all()
        and (frame["signal"] == "equal").all()
        and (frame[["features", "noise", "response"]] == "gaussian").all(axis=None)
    )


def _boundaries(ax: Axes, frame: pd.DataFrame, x: str, y: str) -> list[np.ndarray]:
    """Theory's boundary between the best-tuned penalties, where it is known."""
    columns, rows = np.sort(frame[x].unique()), np.sort(frame[y].unique())
    if min(len(columns), len(rows)) < 2 or (x, y) != ("snr", "nonzero_share"):
        return []
    exact = _is_closed_form(frame)
    lines = [_boundary(frame, columns, rows)] if exact else _contour(ax, frame, x, y)
    return [line for line in lines if len(line) > 1]


def _draw_lines(ax: Axes, lines: list[np.ndarray], named: bool = True) -> None:
    for line in lines:
        ax.plot(*line.T, color="white", lw=4, zorder=5)
        ax.plot(*line.T, color="#111111", lw=1.8, zorder=6)
    if lines and named:
        height = max((line[-1] for line in lines), key=lambda point: (point[0], point[1]))[1]
        right, top = ax.get_xlim()[1], ax.get_ylim()[1]
        ax.text(
            right + 0.08,
            float(np.clip(height, 0.3, max(0.3, top - 0.8))),
            "theory:\nL2 above,\nL1 below",
            va="center",
            fontsize=8.5,
            linespacing=1.1,
        )


def _boundary(frame: pd.DataFrame, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    from normwise.theory.boundary import phase_boundary

    row = frame.iloc[0]
    snr = np.geomspace(columns[0], columns[-1], 60)
    share = phase_boundary(row["n_features"] / (row["n_samples"] - 1), snr)
    levels = np.log(np.concatenate([[rows[0] ** 2 / rows[1]], rows]))
    at = np.interp(np.log(share), levels, np.arange(-1.0, len(rows)))
    line = np.column_stack([np.interp(np.log(snr), np.log(columns), np.arange(len(columns))), at])
    return np.asarray(line[at > -0.5])


def _contour(ax: Axes, frame: pd.DataFrame, x: str, y: str) -> list[np.ndarray]:
    # where the ratio of the predicted risks, read between the cells, is 1
    grid = frame.pivot(index=y, columns=x, values="predicted").to_numpy(float)
    if not ((grid < 0).any() and (grid > 0).any()):
        return []
    contour = ax.contour(np.ma.masked_invalid(grid), levels=[0.0])
    lines = list(contour.allsegs[0])
    contour.remove()
    return [line if line[0, 0] <= line[-1, 0] else line[::-1] for line in lines]


def _order(cells: pd.DataFrame, key: str) -> float:
    """Chance that a cell that L1 wins has a lower value than one that L2 wins."""
    l1, l2 = (cells.loc[cells["verdict"] == v, key].to_numpy() for v in ("l1", "l2"))
    difference = np.subtract.outer(l1, l2)
    return float(((difference < 0) + (difference == 0) / 2).mean())


def _finding(cells: pd.DataFrame, x: str, y: str) -> str:
    """What the map shows, in a line."""
    counts = cells["verdict"].value_counts()
    l1, l2 = counts.get("l1", 0), counts.get("l2", 0)
    correlation = cells["correlation"].unique()
    among = f"At correlation {correlation[0]:g}, " if len(correlation) == 1 and correlation else ""
    where = _where(cells, x, y) if l1 and l2 else ""
    return f"{among}L1 wins {l1} of {len(cells)} cells{where}; L2 wins {l2}"


def _where(cells: pd.DataFrame, x: str, y: str) -> str:
    """What the cells that L1 wins have in common, as against those that L2 wins."""
    words = []
    for key, low, high in (
        (y, "fewer relevant columns", "more relevant columns"),
        (x, "weaker signals", "clearer signals"),
    ):
        if key in ("nonzero_share", "n_nonzero", "snr"):
            order = _order(cells, key)
            words += [low] * (order > TELLING) + [high] * (order < 1 - TELLING)
    return f", typically with {' and '.join(words)}" if words else ""


def _agreement(cells: pd.DataFrame) -> str:
    known = cells[cells["verdict"].isin(["l1", "l2"]) & cells["predicted"].notna()]
    if known.empty:
        return ""
    right = ((known["predicted"] < 0) == (known["verdict"] == "l1")).sum()
    return (
        " Theory at the best penalty strengths names the right winner in "
        f"{right} of {len(known)} decided cells."
    )


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The page opens with the first map; every map has a figure of its own."""
    maps = shown_as(config, "map")
    for dataset in maps[:1]:
        yield Wanted("at_a_glance", (dataset,), compact=True)
    for dataset in maps:
        yield Wanted(dataset["name"], (dataset,))


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Winner map of one data set."""
    x, y, facets = choose_axes(list(entry["axes"]))
    cells = _cells(tables, entry["datasets"][0])
    # the smallest share of a small p is rounded to at least one feature
    cells = cells.assign(nonzero_share=cells["nonzero_share"].round(3))
    cells = cells.drop_duplicates([*facets, x, y])
    groups = [f for _, f in cells.groupby(facets)] if facets else [cells]
    rows = [frame[y].nunique() for frame in groups]
    narrow, short = is_narrow(entry), _is_short(entry)
    figure, axes, height = _layout(rows, cells[x].nunique(), entry)
    line = False
    for ax, frame in zip(axes, groups, strict=True):
        lines = _boundaries(ax, frame, x, y)
        _panel(ax, frame, x, y, lines, entry)
        _draw_lines(ax, lines, named=not short)
        line |= bool(lines)
        ax.set_title(_heading(frame.iloc[0], facets))
    _explain(figure, cells, line, entry)
    for ax in axes if short else axes[-1:]:
        ax.set_xlabel(AXIS_NAMES.get(x, x))
    share = "share of columns that matter" if short else "relevant columns k  (share k/p)"
    name = share if y == "nonzero_share" else AXIS_NAMES.get(y, y)
    if short:
        # at its axis, and no longer than that: nothing else keeps it out of the key
        broken = name.replace(" that ", "\nthat ") if height * max(rows) < LABEL_HEIGHT else name
        for ax in axes if narrow else axes[::ABREAST]:
            ax.set_ylabel(broken, fontsize=9 if narrow else "medium")
    else:
        figure.supylabel(name, fontsize="medium")
    return Drawing(figure, _finding(cells, x, y), _caption(cells, entry["margin"]))


# inches that the key takes in a line, and in a column
KEY_WIDTH, KEY_COLUMN = 6.5, 3.5
# lines of the key where it is a column
KEY_LINES = 4
# inches that the label of the shares takes in a line
LABEL_HEIGHT = 2.3
# panels of the map at a glance side by side
ABREAST = 2


def _explain(figure: Figure, cells: pd.DataFrame, line: bool, entry: Entry) -> None:
    """Say above the panels what colours, numbers and marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    number = "20" if _is_short(entry) else "20±4"
    interval = "" if _is_short(entry) else ", ±4 (95 % interval)"
    marks: list[Patch | Line2D] = [
        Patch(
            fc=COLOURS[penalty],
            ec="#888888",
            label=f"{penalty.upper()} {number}: {name} has 20 % less excess risk{interval}",
        )
        for penalty, name in (("l1", "lasso"), ("l2", "ridge"))
    ]
    if (cells["verdict"] == "equivalent").any():
        marks.append(Patch(fc="#FAFAFA", ec="#888888", label="≈: no real difference"))
    if (cells["verdict"] == "undecided").any():
        marks.append(Patch(fc="white", ec="#AAAAAA", hatch="////", label="?: undecided"))
    if line and _is_short(entry):
        marks.append(Line2D([], [], color="#111111", lw=1.8, label="theory: L2 above, L1 below"))
    # the place that an odd number of panels leaves free
    free = [ax for ax in figure.axes if not ax.axison]
    if free:
        free[0].legend(handles=marks, loc="center", fontsize=SMALL)
    else:
        figure.legend(
            handles=marks,
            loc="outside upper center",
            ncols=2 if figure.get_figwidth() > KEY_WIDTH and _is_short(entry) else 1,
            fontsize=SMALL if is_narrow(entry) else "medium",
        )


def _layout(rows: list[int], columns: int, entry: Entry) -> tuple[Figure, list[Axes], float]:
    """Panels below each other, or two abreast for little text; the height of their cells."""
    import matplotlib.pyplot as plt

    key = 0.25 * KEY_LINES
    if is_narrow(entry):
        cell = NARROW_CELL[columns > FEW_COLUMNS]
        size = NARROW, 0.2 + key + cell * sum(rows) + 0.75 * len(rows)
    elif entry.get("compact", False):
        cell = COMPACT[1]
        abreast = min(ABREAST, len(rows))
        lines = -(-len(rows) // abreast)
        free = len(rows) % abreast > 0
        width = max(0.6 + abreast * (0.55 + COMPACT[0] * columns), KEY_COLUMN)
        size = width, (0 if free else key) + lines * (0.8 + cell * max(rows))
        figure, axes = plt.subplots(
            lines, abreast, figsize=size, layout="constrained", squeeze=False
        )
        for ax in axes.flat[len(rows) :]:
            ax.set_axis_off()
        return figure, list(axes.flat[: len(rows)]), cell
    else:
        cell = CELL[1]
        size = 1.9 + CELL[0] * columns, 0.6 + key + cell * sum(rows) + 0.6 * len(rows)
    figure, axes = plt.subplots(
        len(rows), 1, figsize=size, height_ratios=rows, layout="constrained"
    )
    return figure, list(np.atleast_1d(axes)), cell


def _heading(row: pd.Series, facets: list[str]) -> str:
    others = [f for f in facets if f not in ("n_features", "n_samples")]
    shape = f"n = {row['n_samples']}, p = {row['n_features']}  (p/n = {row['aspect_ratio']:.3g})"
    return ", ".join([shape, *(f"{AXIS_SYMBOLS.get(f, f)} {_value(row[f])}" for f in others)])


def _caption(cells: pd.DataFrame, margin: float) -> str:
    family = " and ".join(sorted(cells["covariance"].unique())).replace("_", " ")
    correlation = sorted(set(cells["correlation"]) - {0.0})
    if correlation:
        family += f", correlation {' and '.join(f'{c:g}' for c in correlation)}"
    return (
        f"Each cell is one simulated setting (columns: {family}). A winner is more than "
        f"{100 * margin:g} % better, beyond chance.{_agreement(cells)}"
    )
