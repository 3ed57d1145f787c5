"""Tables and figures in, one self-contained page out."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from normwise.analysis.tables import read_tables
from normwise.data.imported import read_source
from normwise.files.errors import from_extra
from normwise.files.whole import write_text
from normwise.report.charts import charts
from normwise.report.figures.drawing import Entry
from normwise.report.look.numbers import number, percent
from normwise.report.look.templates import report_file, style_sheet
from normwise.report.sections import Results, show_sections
from normwise.report.sheets.page import all_sheets

with from_extra("study"):
    import vl_convert


def _figure(name: str, svg: str | Path, caption: str | Path) -> dict[str, Any]:
    words = json.loads(Path(caption).read_text(encoding="utf-8"))
    text = Path(svg).read_text(encoding="utf-8")
    # the size it was drawn at: a phone scrolls wide figures and shows narrow ones whole
    width = float(re.search(r'<svg[^>]*? width="([\d.]+)pt"', text)[1])  # type: ignore[index]
    # lighter than base64
    source = Markup("data:image/svg+xml," + quote(text, safe=" =:/,;()-.+*!~@?$[]{}|^"))
    return {"name": name, "src": source, "width": f"{width / 12:.2f}em", **words}


def _embedded(value: Any) -> Markup:
    # nothing inside may end the script element, or open one
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed; window.vega = vega;")
    return Markup(bundle.replace("</script", "<\\/script"))


def _finite_or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _script_data(shown: Mapping[str, Any]) -> Markup:
    """What the script of the page reads."""
    found = shown["decision"]
    rule = {k: _finite_or_none(v) for k, v in found["rule"].items()} if found else None
    return _embedded({"charts": charts(), "explorer": shown["explorer"], "rule": rule})


def write_report(
    output: str | Path,
    *,
    tables: Sequence[str | Path],
    timings: Sequence[str | Path],
    benchmarks: str | Path,
    figures: Sequence[str | Path],
    captions: Sequence[str | Path],
    gallery: Mapping[str, Entry],
    config: Mapping[str, Any],
    run: Mapping[str, str],
    sources: Sequence[str | Path] = (),
) -> None:
    """Write the report page.

    Parameters
    ----------
    output : path
    tables : sequence of paths
        The study's tables.
    timings : sequence of paths
        Tables ``timings`` of the blocks.
    benchmarks : path
        Folder of Snakemake's benchmark files.
    figures, captions : sequences of paths
        SVG files and their captions, named as in ``gallery``.
    gallery : mapping
        Entries of `normwise.report.figures.gallery.gallery` by name.
    config : mapping
        The checked config.
    run : mapping of str to str
        What the page says of the machine, the packages and the commit, by name.
    sources : sequence of paths
        The tables that were read, named as the data sets.
    """
    svg = {Path(f).stem: f for f in figures if str(f).endswith(".svg")}
    words = {Path(c).stem: c for c in captions}
    results = Results(
        tables=read_tables(tables),
        files={Path(path).stem: Path(path) for path in tables},
        config=config,
        gallery=gallery,
        pictures={name: _figure(name, svg[name], words[name]) for name in gallery},
        sources={Path(path).stem: read_source(path) for path in sources},
        timings=timings,
        benchmarks=benchmarks,
        run=run,
    )
    shown = show_sections(results)
    environment = Environment(
        loader=FunctionLoader(report_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent}
    packed = packed_files(results.files)
    environment.globals["inside"] = set(packed)
    page = environment.get_template("report.html.j2").render(
        shown,
        style=Markup(style_sheet() + report_file("report.css")),
        script=Markup(report_file("report.js")),
        vega=_vega(),
        page_data=_script_data(shown),
        page_files=_embedded(packed),
        shown=results.pictures,
        sheets=all_sheets(results.tables, config, results.replicates_needed["rows"]),
    )
    write_text(output, page)


# the largest files that travel inside the page: Parquet, and CSV compressed, without which a page
# that is sent alone would lose its main tables
HEAVIEST = {".parquet": 120_000, ".csv": 500_000}


def packed_files(tables: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The study's tables as the page carries them, CSV compressed, by file name.

    Parameters
    ----------
    tables : mapping of str to path
        Parquet files by name, with the CSV beside each. One that is heavier than `HEAVIEST` is
        left out; the page links to the file beside it.
    """
    packed = {}
    for path in tables.values():
        for file, zipped in ((path, False), (path.with_suffix(".csv"), True)):
            raw = file.read_bytes()
            # no time stamp: equal tables give an equal page
            data = gzip.compress(raw, 9, mtime=0) if zipped else raw
            if len(data) <= HEAVIEST[file.suffix]:
                text = base64.b64encode(data).decode("ascii")
                packed[file.name] = {"data": text, "gzip": zipped}
    return packed
