"""One figure drawn and written: SVG, PNG, and its words as JSON."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterable
from pathlib import Path

from normwise.report.figures.drawing import Entry
from normwise.report.look.svg import lighter


def draw_figure(
    entry: Entry,
    tables: Iterable[str | Path],
    paths: Iterable[str | Path],
    *,
    svg: str | Path,
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
    drawing = importlib.import_module(entry["module"]).draw(read_tables([*tables, *paths]), entry)
    # without a date and with a fixed salt, equal tables give equal bytes
    look = {"bbox_inches": "tight", "pad_inches": 0.1}
    text = io.StringIO()
    drawing.figure.savefig(text, format="svg", dpi=200, metadata={"Date": None}, **look)
    write_text(svg, lighter(text.getvalue()))
    write_atomic(
        png,
        lambda f: drawing.figure.savefig(
            f, format="png", dpi=160, metadata={"Software": None}, **look
        ),
    )
    words = {"title": drawing.title, "caption": drawing.caption}
    write_text(caption, json.dumps(words, indent=1, ensure_ascii=False) + "\n")
    plt.close(drawing.figure)
