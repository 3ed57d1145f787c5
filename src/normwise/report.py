"""Tables and figures in, one self-contained page out."""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from normwise.claims import Tables, answer, effects, judge_claims, percent
from normwise.figures.style import NAMES, VERDICT_NAMES
from normwise.health import passed_all
from normwise.io import write_text
from normwise.provenance import describe_run
from normwise.study import read_tables
from normwise.theory import phase_boundary

EXPLAINED = "geometry"
EVIDENCE = ("calibration", "fair_grid", "replications")
# deviation from theory that counts as agreement
CLOSE = 0.05


def _figure(name: str, svg: str | Path, caption: str | Path) -> dict[str, Any]:
    words = json.loads(Path(caption).read_text(encoding="utf-8"))
    text = Path(svg).read_bytes()
    data = base64.b64encode(text).decode("ascii")
    # the size it was drawn at: a phone scrolls wide figures and shows narrow ones whole
    width = float(re.search(rb'<svg[^>]*? width="([\d.]+)pt"', text)[1])  # type: ignore[index]
    source = Markup(f"data:image/svg+xml;base64,{data}")
    return {"name": name, "src": source, "width": f"{width / 12:.2f}em", **words}


def _number(value: float, digits: int = 2) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.1e}"


def verdict_rows(tables: Tables) -> list[dict[str, Any]]:
    """Rows of the table of verdicts, one per scenario, ready to print."""
    rows = effects(tables)
    oracle = effects(tables, "oracle").set_index(["dataset", "scenario"])["verdict"]
    out = []
    for _, row in rows.iterrows():
        # data of an outside rule have no scenario
        known = bool(pd.notna(row["label"]))
        out.append(
            {
                "dataset": row["dataset"].replace("_", " "),
                "label": str(row["label"]).replace("n_", "").replace("_", " ") if known else "–",
                "response": row["response"] if known else "–",
                "p_n": row["aspect_ratio"],
                "share": row["nonzero_share"],
                "snr": row["snr"],
                "vif": row["mean_vif"],
                "ratio": row["ratio"],
                "interval": f"{_number(np.exp(row['low']))} to {_number(np.exp(row['high']))}",
                "better": row["first_better"],
                "verdict": row["verdict"],
                "oracle": oracle[row["dataset"], row["scenario"]],
            }
        )
    return out


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
        "undecided": open_.sort_values("planned", kind="stable").to_dict("records"),
    }


def calibration_rows(tables: Tables, replicates: int) -> list[dict[str, Any]]:
    """The calibration with the study's number of replicates."""
    frame = tables["calibration"]
    frame = frame[frame["n"] == replicates]
    return frame.assign(
        cell=frame["cell"].str.replace("_", " "),
        measure=frame["measure"].str.replace("_", " "),
        pair=[
            f"{NAMES[a]}" + (", with itself" if b == "again" else "" if a == b else f", {NAMES[b]}")
            for a, b in zip(frame["first"], frame["second"], strict=True)
        ],
    ).to_dict("records")


def health_rows(health: pd.DataFrame) -> list[dict[str, Any]]:
    """Health by penalty over the whole study."""
    out = []
    for penalty in NAMES:
        own = health[health["penalty"] == penalty]
        if not len(own):
            continue
        weights = own["n"] / own["n"].sum()
        out.append(
            {
                "penalty": NAMES[penalty],
                "n": int(own["n"].sum()),
                "failed": (own["failed"] * weights).sum(),
                "uncertified": (own["uncertified"] * weights).sum(),
                "edge": (own["edge"].fillna(0) * weights).sum(),
                "edge_worst": own["edge"].max(),
                "median_gap": own["median_gap"].median(),
                "gap": own["max_gap"].max(),
                "fold_gap": own["max_fold_gap"].max(),
            }
        )
    return out


def theory_summary(tables: Tables) -> dict[str, Any]:
    """How the measurements agree with theory, by penalty, and where they agree least."""
    theory, scenarios = tables["theory"], tables["scenarios"]
    groups = []
    for (penalty, kind), own in theory.groupby(["penalty", "kind"], sort=True):
        size = own["deviation"].abs()
        groups.append(
            {
                "penalty": NAMES[str(penalty)],
                "kind": kind,
                "n": len(own),
                "bias": float(own["deviation"].median()),
                "median": float(size.median()),
                "within_5": float((size < CLOSE).mean()),
                "within_3": int((own["z"].abs() < 3).sum()),
                "worst": float(size.max()),
            }
        )
    named = theory.merge(scenarios, on=["dataset", "scenario"])
    rows = named.loc[named["z"].abs().sort_values(ascending=False, kind="stable").index]
    limit = named[named["kind"] == "limit"]
    return {
        "groups": groups,
        "rows": rows.assign(penalty=rows["penalty"].map(NAMES)).to_dict("records"),
        "n": len(theory),
        "within": int((theory["z"].abs() < 3).sum()),
        "n_limit": len(limit),
        "rows_span": _span(limit["n_samples"]),
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


def _span(values: pd.Series) -> str:
    if not len(values):
        return "–"
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def timing_summary(timings: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Measured fit time by penalty."""
    frame = pd.concat([pd.read_parquet(path) for path in timings], ignore_index=True)
    groups = frame.groupby("penalty", observed=True)["seconds"]
    return [
        {
            "penalty": NAMES[str(penalty)],
            "fits": int(group.size),
            "total": float(group.sum()),
            "median_ms": 1000 * float(group.median()),
        }
        for penalty, group in groups
    ]


def job_summary(benchmarks: str | Path) -> dict[str, float]:
    """Number and wall time of the jobs that Snakemake has timed, all files of a folder."""
    files = sorted(Path(benchmarks).rglob("*.tsv"))
    seconds = [float(pd.read_csv(file, sep="\t")["s"].iloc[0]) for file in files]
    return {"jobs": len(files), "seconds": sum(seconds)}


def method_rows(config: Mapping[str, Any], tables: Tables) -> list[dict[str, Any]]:
    """The data sets of the study, one row each."""
    scenarios = tables["scenarios"]
    out = []
    for dataset in config["datasets"]:
        own = scenarios[scenarios["dataset"] == dataset["name"]]
        out.append(
            {
                "name": dataset["name"].replace("_", " "),
                "title": dataset.get("title", ""),
                "scenarios": len(own),
                "replicates": dataset["replicates"],
                "n": _span(own["n_samples"]),
                "p": _span(own["n_features"]),
                "k": _span(own["n_nonzero"]),
                "snr": _span(own["snr"]),
                "covariance": ", ".join(sorted(own["covariance"].unique())) or "from a rule",
            }
        )
    return out


def write_report(
    output: str | Path,
    *,
    template: str | Path,
    tables: Sequence[str | Path],
    timings: Sequence[str | Path],
    benchmarks: str | Path,
    figures: Sequence[str | Path],
    captions: Sequence[str | Path],
    plan: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
) -> None:
    """Write the report page.

    Parameters
    ----------
    output : path
    template : path
        Jinja2 template.
    tables : sequence of paths
        The study's tables.
    timings : sequence of paths
        Tables ``timings`` of the data sets.
    benchmarks : path
        Folder of Snakemake's benchmark files.
    figures, captions : sequences of paths
        SVG files and their captions, named as in ``plan``.
    plan : mapping
        Of `normwise.figures.plan_figures`.
    config : mapping
        The checked config.
    """
    data = read_tables(tables)
    svg = {Path(f).stem: f for f in figures if str(f).endswith(".svg")}
    words = {Path(c).stem: c for c in captions}
    shown = {name: _figure(name, svg[name], words[name]) for name in plan}
    maps = [n for n in plan if plan[n]["module"].endswith("winner_map")]
    cases = [n for n in plan if plan[n]["module"].endswith("worked_cases")]
    first = {EXPLAINED, *maps[:1], *cases, *EVIDENCE}
    verdicts = effects(data)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"number": _number, "percent": percent}
    page = environment.from_string(Path(template).read_text(encoding="utf-8")).render(
        answer=answer(data),
        claims=judge_claims(data),
        hero=shown[maps[0]] if maps else None,
        explained=shown[EXPLAINED],
        cases=[shown[n] for n in cases],
        figures=[shown[n] for n in plan if n not in first],
        verdicts=verdict_rows(data),
        verdict_names=VERDICT_NAMES,
        counts=verdicts["verdict"].value_counts().to_dict(),
        n_scenarios=len(verdicts),
        n_draws=int(data["scenarios"]["replicates"].sum()),
        methods=method_rows(config, data),
        checks=data["health"].to_dict("records"),
        sound=passed_all(data["health"]),
        health=health_rows(data["fit_health"]),
        calibration=calibration_rows(data, config["replicates"]),
        grid=grid_summary(data),
        plan=plan_summary(data),
        replications=data["replications"].to_dict("records"),
        evidence={n: shown[n] for n in EVIDENCE if n in shown},
        theory=theory_summary(data),
        timings=timing_summary(timings),
        jobs=job_summary(benchmarks),
        config=config,
        config_text=yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True),
        run=describe_run(),
        written=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_text(output, page)
