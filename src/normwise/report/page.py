"""Tables and figures in, one self-contained page out."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import yaml
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from normwise.analysis.judge.health import passed_all
from normwise.analysis.tables import effects, read_tables
from normwise.data.imported import read_source
from normwise.files.errors import from_extra
from normwise.files.whole import write_text
from normwise.provenance.code import SOURCE
from normwise.provenance.machine import describe_run
from normwise.report.answer import answer, decision
from normwise.report.charts import charts
from normwise.report.claims import judge_claims
from normwise.report.explorer import payload
from normwise.report.look.numbers import number, percent, words
from normwise.report.look.style import VERDICT_NAMES
from normwise.report.sheets import all_sheets, own_data_sheet
from normwise.report.summaries import (
    grid_summary,
    job_summary,
    plan_summary,
    theory_summary,
    timing_summary,
)

with from_extra("study"):
    import vl_convert

# shared with the page of an advice
LOOK = SOURCE / "report" / "look" / "page.css"
# shown where their subject is, not among the figures
PLACED = (
    "at_a_glance",
    "geometry",
    "rule",
    "rule_scores",
    "goals",
    "own_data",
    "calibration",
    "fair_grid",
    "replications",
)
CONTENTS = {
    "main": "Answer",
    "own": "Own data",
    "explorer": "Ask",
    "rule": "Rule",
    "explained": "Explained",
    "claims": "Claims",
    "cases": "Cases",
    "figures": "Figures",
    "tables": "Tables",
    "checks": "Checks",
    "methods": "Methods",
    "provenance": "Provenance",
}


def _figure(name: str, svg: str | Path, caption: str | Path) -> dict[str, Any]:
    told = json.loads(Path(caption).read_text(encoding="utf-8"))
    text = Path(svg).read_text(encoding="utf-8")
    # the size it was drawn at: a phone scrolls wide figures and shows narrow ones whole
    width = float(re.search(r'<svg[^>]*? width="([\d.]+)pt"', text)[1])  # type: ignore[index]
    # lighter than base64
    source = Markup("data:image/svg+xml," + quote(text, safe=" =:/,;()-.+*!~@?$[]{}|^"))
    return {"name": name, "src": source, "width": f"{width / 12:.2f}em", **told}


def case_stories(
    config: Mapping[str, Any], plan: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Title, story and figure of each worked case."""
    told = {d["name"]: d for d in config["datasets"]}
    out = []
    for figure, entry in plan.items():
        if entry["module"].endswith("worked_cases"):
            dataset = told[entry["datasets"][0]]
            title = dataset.get("title", words(dataset["name"]))
            out.append({"title": title, "story": dataset.get("story", ""), "figure": figure})
    return out


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


def write_report(
    output: str | Path,
    *,
    templates: Sequence[str | Path],
    tables: Sequence[str | Path],
    timings: Sequence[str | Path],
    benchmarks: str | Path,
    figures: Sequence[str | Path],
    captions: Sequence[str | Path],
    plan: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    sources: Sequence[str | Path] = (),
) -> None:
    """Write the report page.

    Parameters
    ----------
    output : path
    templates : sequence of paths
        Jinja2 templates, ``report.html.j2`` first among them; ``report.css``, which adds to
        `LOOK`, and ``report.js``.
    tables : sequence of paths
        The study's tables.
    timings : sequence of paths
        Tables ``timings`` of the blocks.
    benchmarks : path
        Folder of Snakemake's benchmark files.
    figures, captions : sequences of paths
        SVG files and their captions, named as in ``plan``.
    plan : mapping
        Of `normwise.report.figures.plan.plan_figures`.
    config : mapping
        The checked config.
    sources : sequence of paths
        The tables that were read, named as the data sets.
    """
    data = read_tables(tables)
    svg = {Path(f).stem: f for f in figures if str(f).endswith(".svg")}
    told = {Path(c).stem: c for c in captions}
    shown = {name: _figure(name, svg[name], told[name]) for name in plan}
    cases = case_stories(config, plan)
    placed = {*PLACED, *(case["figure"] for case in cases)}
    verdicts = effects(data)
    rule = decision(data)
    ask = payload(data, config["comparison"]["margin"])
    undecided = plan_summary(data)
    imported = {Path(path).stem: read_source(path) for path in sources}
    own = own_data_sheet(data, config, imported)
    files = packed_files({Path(path).stem: Path(path) for path in tables})
    # a template from a repository elsewhere has its commit after its name
    texts = {Path(t).name.partition("@")[0]: Path(t).read_text("utf-8") for t in templates}
    environment = Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": number, "percent": percent}
    page = environment.get_template("report.html.j2").render(
        style=Markup(LOOK.read_text(encoding="utf-8") + texts["report.css"]),
        script=Markup(texts["report.js"]),
        vega=_vega(),
        page_data=_embedded(
            {
                "charts": charts(),
                "explorer": ask,
                "bounds": [_finite_or_none(v) for v in rule["bounds"]] if rule else None,
            }
        ),
        page_files=_embedded(files),
        contents={k: v for k, v in CONTENTS.items() if {"cases": cases, "own": own}.get(k, True)},
        own=own,
        column_notes={name: table.notes for name, table in imported.items() if table.notes},
        answer=answer(data),
        explorer=ask,
        decision=rule,
        claims=judge_claims(data),
        hero=shown.get("at_a_glance"),
        shown=shown,
        cases=cases,
        figures=[shown[n] for n in plan if n not in placed],
        verdict_names=VERDICT_NAMES,
        counts=verdicts["verdict"].value_counts().to_dict(),
        n_scenarios=int(verdicts["n_samples"].notna().sum()),
        n_draws=int(data["scenarios"]["replicates"].sum()),
        sheets=all_sheets(data, config, undecided["rows"]),
        downloads={Path(path).stem: [f"{Path(path).stem}.csv", Path(path).name] for path in tables},
        checks=data["health"].to_dict("records"),
        sound=passed_all(data["health"]),
        grid=grid_summary(data),
        plan=undecided,
        replications=data["replications"].to_dict("records"),
        theory=theory_summary(data),
        timings=timing_summary(timings),
        jobs=job_summary(benchmarks),
        config=config,
        config_text=yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True),
        run=describe_run(),
        written=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_text(output, page)


# the largest file that travels inside the page, compressed
HEAVIEST = 120_000


def packed_files(tables: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """The study's tables as the page carries them, CSV compressed, by file name.

    Parameters
    ----------
    tables : mapping of str to path
        Parquet files by name, with the CSV beside each. One that is heavier than `HEAVIEST` is
        left out; the page links to the file beside it.
    """
    out = {}
    for path in tables.values():
        for file, zipped in ((path, False), (path.with_suffix(".csv"), True)):
            raw = file.read_bytes()
            # no time stamp: equal tables give an equal page
            data = gzip.compress(raw, 9, mtime=0) if zipped else raw
            if len(data) <= HEAVIEST:
                text = base64.b64encode(data).decode("ascii")
                out[file.name] = {"data": text, "gzip": zipped}
    return out
