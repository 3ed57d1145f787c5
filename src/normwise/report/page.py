"""Tables and figures in, two self-contained pages out: the answer, and its evidence."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from normwise.analysis.learn.rule_of_thumb import read_rule
from normwise.analysis.tables import Tables, read_tables
from normwise.data.imported import read_source
from normwise.files.errors import from_extra
from normwise.files.whole import write_text
from normwise.report.charts import charts
from normwise.report.figures.drawing import Entry
from normwise.report.look.numbers import number, percent
from normwise.report.look.templates import report_file, style_sheet
from normwise.report.sections import EVIDENCE, FIRST, Results, show_sections
from normwise.report.sheets.page import all_sheets

with from_extra("study"):
    import vl_convert


def _picture(svg: str | Path) -> dict[str, Any]:
    """A drawing as an address in base64, as a set of sources may hold no blanks, and its size.

    A browser keeps the place of that shape free until the picture is there.
    """
    text = Path(svg).read_text(encoding="utf-8")
    head = text[: text.index(">", text.index("<svg"))]
    size = {
        # of 72 points and 96 pixels an inch has as many
        name: round(float(value) * 96 / 72)
        for name, value in re.findall(r'\b(width|height)="([\d.]+)pt"', head)
    }
    packed = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return {"address": Markup("data:image/svg+xml;base64," + packed), **size}


def _figure(name: str, drawings: Mapping[str, str | Path], caption: str | Path) -> dict[str, Any]:
    words = json.loads(Path(caption).read_text(encoding="utf-8"))
    narrow = drawings.get(f"{name}-narrow")
    return {
        "name": name,
        "wide": _picture(drawings[name]),
        "narrow": _picture(narrow) if narrow else None,
        **words,
    }


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


def _script_data(shown: Mapping[str, Any], tables: Tables) -> Markup:
    """What the script of the first page reads."""
    rule = read_rule(tables["rules"])
    cut = _finite_or_none(rule.cut) if rule is not None else None
    return _embedded({"charts": charts(), "explorer": shown["explorer"], "rule": {"cut": cut}})


# the parts of the script that a page runs, in this order
SCRIPTS = {
    "report.html.j2": ("common", "charts", "surface", "explorer", "explained"),
    "evidence.html.j2": ("common", "tables"),
}


def _script(template: str) -> Markup:
    parts = "".join(report_file(f"{name}.js") for name in SCRIPTS[template])
    return Markup('"use strict";\n(() => {\n' + parts + "})();\n")


def write_report(
    output: str | Path,
    *,
    evidence: str | Path,
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
    """Write the report: a page that answers, and one with the evidence.

    Parameters
    ----------
    output, evidence : path
        The two pages, in one folder: each links to the other by its name.
    tables : sequence of paths
        The study's tables.
    timings : sequence of paths
        Tables ``timings`` of the blocks.
    benchmarks : path
        Folder of Snakemake's benchmark files.
    figures, captions : sequences of paths
        SVG files and their captions, named as in ``gallery``; a drawing for narrow windows has
        ``-narrow`` after its name.
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
        pictures={name: _figure(name, svg, words[name]) for name in gallery},
        sources={Path(path).stem: read_source(path) for path in sources},
        timings=timings,
        benchmarks=benchmarks,
        run=run,
    )
    first = show_sections(results, FIRST)
    page_data = _script_data(first, results.tables)
    text = _render("report.html.j2", results, first, evidence, vega=_vega(), page_data=page_data)
    packed = packed_files(results.files)
    more = _render(
        "evidence.html.j2",
        results,
        show_sections(results, EVIDENCE),
        output,
        page_files=_embedded(packed),
        inside=set(packed),
        sheets=all_sheets(results.tables, config, results.replicates_needed["rows"]),
    )
    write_text(evidence, more)
    write_text(output, text)


def _render(
    template: str, results: Results, shown: Mapping[str, Any], other: str | Path, **more: Any
) -> str:
    """A page of the report, which links to the other one."""
    environment = Environment(
        loader=FunctionLoader(report_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent}
    here = template.split(".")[0]
    environment.globals |= {
        "here": here,
        "inside": (),
        "other": {"file": Path(other).name, "name": OTHER[here]},
        **shown,
        **more,
    }
    return environment.get_template(template).render(
        description=DESCRIPTIONS[here],
        style=Markup(style_sheet() + report_file("report.css")),
        script=_script(template),
        shown=results.pictures,
    )


OTHER = {"report": "Evidence", "evidence": "The answer"}
DESCRIPTIONS = {
    "report": "Should you use an L1 penalty (lasso) or an L2 penalty (ridge)? Ask for your table, "
    "understand why, and see how often what is said is true.",
    "evidence": "Every verdict, figure, table, check and method behind the answer.",
}

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
