"""One figure drawn and written: SVG for wide and for narrow windows, PNG, its words as JSON."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normwise.report.figures.drawing import Entry
from normwise.report.look.svg import lighter

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_figure(
    entry: Entry,
    tables: Iterable[str | Path],
    paths: Iterable[str | Path],
    *,
    svg: str | Path,
    narrow: str | Path,
    png: str | Path,
    caption: str | Path,
) -> None:
    """Draw one figure of the gallery from the tables and write it in all its forms."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from normwise.analysis.tables import read_tables
    from normwise.files.whole import write_atomic, write_text
    from normwise.report.look.style import set_style

    set_style()
    draw = importlib.import_module(entry["module"]).draw
    read = read_tables([*tables, *paths])
    drawing = draw(read, entry)
    write_text(svg, _svg(drawing.figure))
    write_atomic(
        png,
        lambda f: drawing.figure.savefig(
            f, format="png", dpi=160, metadata={"Software": None}, **TIGHT
        ),
    )
    words = {"title": drawing.title, "caption": drawing.caption}
    write_text(caption, json.dumps(words, indent=1, ensure_ascii=False) + "\n")
    write_text(narrow, _svg(draw(read, {**entry, "narrow": True}).figure))
    plt.close("all")


TIGHT: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.1}


def _svg(figure: Figure) -> str:
    # without a date and with a fixed salt, equal tables give equal bytes
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=200, metadata={"Date": None}, **TIGHT)
    return lighter(text.getvalue())
