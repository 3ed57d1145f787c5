"""Wang et al. (2020): ridge's error where glmnet's grid ends above its best strength."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.audit.shipped import WANG, digest, read_found
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted
from normwise.report.look.colours import COLOURS
from normwise.report.look.style import SMALL, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# column, name in the key, and look
MARKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("published_ridge", "as published", {"marker": "o", "mfc": "none", "mec": "#444444", "ms": 6}),
    ("ridge_glmnet", "run again, glmnet's strengths", {"marker": "x", "mec": "#AA3377", "ms": 4.5}),
    (
        "ridge_wide",
        "run again, strengths down to no penalty",
        {"marker": "s", "mfc": COLOURS["l2"], "mec": "none", "ms": 3.2},
    ),
)
RATIOS = (1, 1.1, 1.2, 1.3, 1.5, 1.8, 2)
TIMES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """In every report: it shows what was found of a published study, not the config's."""
    del config
    yield Wanted("published_grid", data=digest())


def _marks(ax: Axes, frame: pd.DataFrame) -> list[Line2D]:
    x = frame["floor"] / frame["best_alpha"]
    handles = []
    for column, name, look in MARKS:
        y = frame[column] / frame["theory_ridge"]
        handles += ax.plot(x, y, ls="", label=name, alpha=0.85, **look)
    held = (frame["theory_ridge_glmnet"] / frame["theory_ridge"]).to_numpy()
    ax.plot(x, held, ls="", marker="_", mec="black", ms=7, mew=0.8, zorder=1.8)
    return handles


@fitted
def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Published and measured errors of ridge over the least that theory allows."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    del tables
    frame = read_found(WANG)
    narrow = is_narrow(entry)
    size = (NARROW, 4.6) if narrow else (7.4, 4.1)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    handles = _marks(ax, frame)
    black: dict[str, Any] = {"marker": "_", "mec": "black", "ms": 7, "mew": 0.8}
    handles.append(Line2D([], [], ls="", label="theory, at the end of glmnet's grid", **black))
    ax.axhline(1, color="black", lw=0.8)
    ax.axvline(1, color="#999999", lw=0.8, ls=":")
    ax.set(xscale="log", yscale="log")
    ratios = frame[[c for c, *_ in MARKS]].div(frame["theory_ridge"], axis=0)
    ax.set_ylim(0.97 * float(ratios.min().min()), 1.03 * float(ratios.max().max()))
    plain_ticks(ax.yaxis, [r for r in RATIOS if r < ax.get_ylim()[1]])
    low, high = ax.get_xlim()
    plain_ticks(ax.xaxis, [t for t in TIMES if low <= t <= high])
    ax.set_xlabel("end of glmnet's grid / ridge's best strength")
    ax.set_ylabel("ridge's test error (RMSE) /\nleast that theory allows")
    figure.legend(
        handles=handles, loc="outside upper left", ncols=1 if narrow else 2, fontsize=SMALL
    )
    most = float(ratios["published_ridge"].max()) - 1
    bound = frame["floor"] > frame["best_alpha"]
    wide = float(np.median(ratios.loc[bound, "ridge_wide"])) - 1
    return Drawing(
        figure,
        f"Ridge as published has up to {100 * most:.0f} % more error than it needs to have",
        f"Wang et al. (2020), {len(frame)} scenarios. Right of the dotted line, glmnet's strengths "
        "for ridge end above the best one: published errors follow theory there. With strengths "
        f"that go on, the error is {100 * wide:.1f} % above the least (median).",
    )
