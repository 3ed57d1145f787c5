"""Tables and figures in, one self-contained page out."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import vl_convert
import yaml
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from normwise.analysis.columns import read_parquet
from normwise.analysis.judge.compare import read_tables
from normwise.analysis.judge.health import passed_all
from normwise.data.imported import read_source
from normwise.files.whole import write_text
from normwise.fitting.penalty import ordered
from normwise.provenance.code import SOURCE, describe_run
from normwise.report.answer import answer, decision
from normwise.report.charts import charts
from normwise.report.claims import Tables, effects, judge_claims
from normwise.report.explorer import payload
from normwise.report.look.sheet import number, packed_files, percent, words
from normwise.report.look.style import NAMES, VERDICT_NAMES
from normwise.report.sheets import CLOSE, all_sheets, own_data_sheet, span
from normwise.theory.boundary import phase_boundary

# shared with the page of an advice
LOOK = SOURCE / "templates" / "page.css"
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


def grid_summary(tables: Tables) -> dict[str, Any] | None:
    """What glmnet's grid would have cost ridge."""
    grid = tables["fair_grid"]
    if not len(grid):
        return None
    return {
        "n": len(grid),
        "below": float(grid["below"].mean()),
        "cost": float(np.exp(np.log(grid["cost"]).mean())),
        "worst": float(grid["cost"].max()),
        "invented": int(((grid["verdict"] != "l1") & (grid["verdict_glmnet"] == "l1")).sum()),
        "gained": int(((grid["verdict"] != "l2") & (grid["verdict_glmnet"] == "l2")).sum()),
        "lost": int(((grid["verdict"] == "l2") & (grid["verdict_glmnet"] != "l2")).sum()),
    }


def plan_summary(tables: Tables) -> dict[str, Any]:
    """How many scenarios have the replicates that their precision takes."""
    plan = tables["plan"].merge(tables["verdicts"], on=["dataset", "scenario", "n"])
    plan = plan[(plan["first"] == "l1") & (plan["second"] == "l2") & (plan["tuning"] == "cv_min")]
    open_ = plan[plan["verdict"] == "undecided"].merge(
        tables["scenarios"][["dataset", "scenario", "label"]],
        on=["dataset", "scenario"],
        how="left",
    )
    return {
        "n": len(plan),
        "enough": int((plan["n"] >= plan["planned"]).sum()),
        "median": float(plan["planned"].median()),
        "undecided": len(open_),
        "rows": open_.sort_values("planned", kind="stable"),
    }


def theory_summary(tables: Tables) -> dict[str, Any]:
    """How the measurements agree with theory."""
    theory = tables["theory"].merge(tables["scenarios"], on=["dataset", "scenario"])
    limit = theory[theory["kind"] == "limit"]
    return {
        "n": len(theory),
        "within": int((theory["z"].abs() < 3).sum()),
        "n_limit": len(limit),
        "rows_span": span(limit["n_samples"]),
        "limit_close": float((limit["deviation"].abs() < CLOSE).mean()),
        "boundary": boundary_summary(tables),
    }


def boundary_summary(tables: Tables) -> dict[str, Any] | None:
    """On which side of the exact boundary the verdicts under the oracle lie."""
    cells = effects(tables, "oracle")
    cells = cells[
        (cells["correlation"] == 0)
        & (cells["features"] == "gaussian")
        & (cells["noise"] == "gaussian")
        & (cells["response"] == "gaussian")
        & (cells["signal"] == "equal")
        & (cells["n_nonzero"] > 0)
        & cells["verdict"].isin(("l1", "l2"))
    ]
    if not len(cells):
        return None
    share = phase_boundary(
        cells["n_features"].to_numpy() / (cells["n_samples"].to_numpy() - 1),
        cells["snr"].to_numpy(),
    )
    predicted = np.where(cells["nonzero_share"].to_numpy() < share, "l1", "l2")
    against = cells[cells["verdict"].to_numpy() != predicted]
    return {
        "n": len(cells),
        "agree": len(cells) - len(against),
        "against": [
            f"{row['dataset'].replace('_', ' ')}, {row['label'].replace('_', ' ')}"
            for _, row in against.iterrows()
        ],
    }


def timing_summary(timings: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Measured fit time by penalty, from the files of all blocks."""
    found: dict[str, list[float]] = {}
    for path in timings:
        frame = read_parquet(path)
        for penalty, seconds in frame.groupby("penalty", observed=True)["seconds"]:
            sums = found.setdefault(str(penalty), [0.0, 0.0])
            sums[0] += len(seconds)
            sums[1] += float(seconds.sum())
    return [
        {"penalty": NAMES[p], "fits": int(n), "total": total, "mean_ms": 1000 * total / n}
        for p, (n, total) in ((p, found[p]) for p in ordered(found))
    ]


def job_summary(benchmarks: str | Path) -> dict[str, float]:
    """Number and wall time of the jobs that Snakemake has timed, all files of a folder."""
    files = sorted(Path(benchmarks).rglob("*.tsv"))
    seconds = [float(pd.read_csv(file, sep="\t")["s"].iloc[0]) for file in files]
    return {"jobs": len(files), "seconds": sum(seconds)}


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
