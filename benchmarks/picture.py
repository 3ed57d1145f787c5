"""The table of all peers as one picture that a telephone shows: regimes down, peers across."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from benchmarks.contenders import CONTENDERS, NATIVE, NOT_PEERS
from benchmarks.race import AS_CALLED
from benchmarks.table import GIVEN, OWN
from normwise.report.look.style import set_style

TITLE = "Times of the peers over normwise's, as called and at equal gap"
# as the picture is shown on a telephone, 390 pixels wide, at 96 pixels to the inch
WIDTH = 4.06
ROW = 0.2
HEAD = 1.45
LABELS = 1.2
DPI = 220
# largest gap of the default, from exact to rough, on grounds that dark text can be read on
_GROUNDS = (
    (1e-6, "#D7EFE3", "1e-6"),
    (1e-4, "#FFF6D5", "1e-4"),
    (1e-2, "#FFDDA6", "1e-2"),
    (np.inf, "#F7B7A3", "more"),
)
_UNKNOWN = "#EDEDED"
_SLOWER, _FASTER, _FAINT = "#111111", "#B00020", "#555555"
_KINDS = {
    ("squared", "l1"): "lasso",
    ("squared", "elastic_net"): "elastic net",
    ("squared", "l2"): "ridge",
    ("logistic", "l1"): "logistic, L1",
    ("logistic", "l2"): "logistic, L2",
    ("poisson", "l1"): "counts, L1",
    ("poisson", "l2"): "counts, L2",
    ("multinomial", "l1"): "several classes, L1",
    ("multinomial", "l2"): "several classes, L2",
}


def columns(runs: pd.DataFrame) -> list[str]:
    """Environments of the peers in the table, in the order of the contenders."""
    there = set(runs["contender"]) - set(NOT_PEERS)
    return list(dict.fromkeys(c.engine for c in CONTENDERS.values() if c.name in there))


def _short(x: float) -> str:
    return f"{x:.0f}" if x >= 9.95 else f"{x:.1f}" if x >= 0.095 else f"{x:.2f}"


def _ground(gap: float) -> str:
    return next((ink for most, ink, _ in _GROUNDS if gap <= most), _UNKNOWN)


def _best(part: pd.DataFrame, engine: str, compare) -> object:
    # one package may have several solvers: the fastest of them is its answer
    found = [compare(part, c.name) for c in CONTENDERS.values() if c.engine == engine]
    return min((r for r in found if r is not None), key=lambda r: r.ratio, default=None)


def _cell(ax: Axes, x: float, y: float, part: pd.DataFrame, engine: str) -> None:
    from benchmarks.summary import as_called, at_default, at_equal_gap

    names = {c.name for c in CONTENDERS.values() if c.engine == engine}
    own = part[part["contender"].isin(names - set(NOT_PEERS))]
    given, called = own[own["strengths"] == GIVEN], own[own["strengths"] == OWN]
    default, equal = (_best(given, engine, compare) for compare in (at_default, at_equal_gap))
    first = _best(called, engine, as_called) or default
    if first is None:
        ax.text(x + 0.5, y + 0.5, "fails" if len(own) else "", color=_FAINT, fontsize=4.6,
                ha="center", va="center")  # fmt: skip
        return
    ground = _ground(default.gap) if default is not None else _UNKNOWN
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=ground, edgecolor="white"))
    for ratio, at, size, weight in ((first, 0.31, 6.6, "bold"), (equal, 0.75, 5.2, "normal")):
        if ratio is not None:
            ink = _FASTER if ratio.ratio < 1 else _SLOWER
            text = f"{'>' if ratio.bound else ''}{_short(ratio.ratio)}"
            ax.text(x + 0.5, y + at, text, color=ink, fontsize=size, weight=weight,
                    ha="center", va="center")  # fmt: skip


def _is_timed(part: pd.DataFrame) -> bool:
    own = part[(part["contender"] == NATIVE) & part["setting"].isin(["default", AS_CALLED])]
    return bool((own["status"] == "ok").any())


def _legend(ax: Axes, n_columns: int, top: float) -> None:
    per_inch = n_columns / (WIDTH - LABELS)
    left = -LABELS * per_inch
    lines = (
        ("Time of a peer over that of normwise", 7.6, "bold", _SLOWER),
        ("bold: as a user calls it · below: at a gap of at most 1e-6", 6.2, "normal", _SLOWER),
        ("red: faster than normwise · >: takes longer than that", 6.2, "normal", _FASTER),
        ("grey: its gap is not known · blank: not offered, or not run", 6.2, "normal", _FAINT),
    )
    for i, (text, size, weight, ink) in enumerate(lines):
        ax.text(left, top + 0.72 * i, text, fontsize=size, weight=weight, color=ink, va="top")
    y, x = top + 0.72 * len(lines) + 0.15, left
    ax.text(x, y + 0.3, "gap of the default at most", fontsize=6.2, va="center", color=_SLOWER)
    x += 1.28 * per_inch
    for _, ink, name in _GROUNDS:
        ax.add_patch(Rectangle((x, y), 0.42 * per_inch, 0.62, facecolor=ink, edgecolor="#999999",
                               linewidth=0.4))  # fmt: skip
        ax.text(x + 0.21 * per_inch, y + 0.32, name, fontsize=5.8, ha="center", va="center")
        x += 0.46 * per_inch


def draw(runs: pd.DataFrame, folder: Path) -> None:
    """Write ``peers.svg`` and ``peers.png``."""
    import matplotlib.pyplot as plt

    from benchmarks.figures import save

    set_style()
    engines = columns(runs)
    groups = [
        (_KINDS.get(kind, " ".join(kind)), part)
        for kind, part in runs.groupby(["loss", "penalty"], sort=False)
    ]
    n_lines = runs["regime"].nunique() + 1.1 * len(groups)
    height = HEAD + ROW * n_lines
    figure = plt.figure(figsize=(WIDTH, height))
    width = (WIDTH - LABELS) / WIDTH
    ax = figure.add_axes((1 - width, 0, width, 1))
    ax.set(xlim=(0, len(engines)), ylim=(n_lines, -HEAD / ROW))
    ax.axis("off")
    _legend(ax, len(engines), -HEAD / ROW + 0.2)
    for j, engine in enumerate(engines):
        ax.text(j + 0.5, -0.05, engine, rotation=55, fontsize=6.2, ha="left", va="bottom",
                rotation_mode="anchor")  # fmt: skip
    y, left = 0.0, -LABELS * len(engines) / (WIDTH - LABELS)
    for title, rows in groups:
        ax.text(left, y + 0.65, title, fontsize=7, weight="bold", va="center")
        y += 1.1
        for name, part in rows.groupby("regime", sort=False):
            label = str(name).split("_", 1 if part["loss"].iloc[0] == "squared" else 2)[-1]
            ax.text(left, y + 0.31, label.replace("_", " "), fontsize=6.2, va="center")
            size = f"{part['n'].iloc[0]} × {part['p'].iloc[0]}"
            ax.text(left, y + 0.75, size, fontsize=4.8, va="center", color=_FAINT)
            # of strengths at which normwise has no time there is nothing to compare
            known = [k for k in (GIVEN, OWN) if _is_timed(part[part["strengths"] == k])]
            for j, engine in enumerate(engines):
                _cell(ax, j, y, part[part["strengths"].isin(known)], engine)
            y += 1
    save(figure, folder, "peers", dpi=DPI)
