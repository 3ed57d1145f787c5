"""Figures: tables in, picture and caption out.

A figure module has one function, ``draw(tables, plan)``, that returns a `Drawing`. `plan_figures`
says which figures a config calls for.
"""

from __future__ import annotations

import importlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normwise.data.scenario import varied_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Drawing:
    """A figure with its words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    title : str
        The message, in a line.
    caption : str
        How to read the picture and what to see in it.
    """

    figure: Figure
    title: str
    caption: str


def plan_figures(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Which figures a checked config calls for, in the order of the report.

    Returns
    -------
    dict of str to dict
        By name: ``module`` that draws it, ``datasets`` that it shows, ``axes`` that vary in them,
        the ``margin`` of equivalence, and ``compact`` for the map that opens the page.
    """
    shown: dict[str, list[dict[str, Any]]] = {}
    for dataset in config["datasets"]:
        shown.setdefault(dataset["figure"], []).append(dataset)

    def entry(module: str, *datasets: Mapping[str, Any]) -> dict[str, Any]:
        axes = varied_axes(datasets[0]) if len(datasets) == 1 else []
        return {
            "module": f"normwise.report.figures.plan.{module}",
            "datasets": [d["name"] for d in datasets],
            "titles": [d.get("title", d["name"]) for d in datasets],
            "axes": ["nonzero_share" if a == "nonzero_fraction" else a for a in axes],
            "margin": config["comparison"]["margin"],
        }

    plan = {"geometry": entry("geometry")}
    if any(
        d["source"] == "scenarios" and {"l1", "l2"} <= set(d["penalties"])
        for d in config["datasets"]
    ):
        plan |= {name: entry(name) for name in ("rule", "rule_scores", "goals")}
    # the page opens with the first map
    for dataset in shown.get("map", [])[:1]:
        plan["at_a_glance"] = entry("winner_map", dataset) | {"compact": True}
    for dataset in shown.get("map", []):
        plan[dataset["name"]] = entry("winner_map", dataset)
    for dataset in shown.get("anatomy", []):
        plan[f"{dataset['name']}_paths"] = entry("coefficient_paths", dataset)
        plan[f"{dataset['name']}_bias_variance"] = entry("bias_variance", dataset)
    sweeps = [d for d in shown.get("sweep", []) if varied_axes(d)]
    for dataset in sweeps:
        plan[dataset["name"]] = entry("sweep", dataset)
    if sweeps:
        plan["selection"] = entry("selection", *sweeps)
    collinear = [d for d in sweeps if "correlation" in varied_axes(d)]
    if collinear:
        plan["stability"] = entry("stability", collinear[0])
    own = [d for d in config["datasets"] if d["source"] != "scenarios"]
    own = [d for d in own if {"l1", "l2"} <= set(d["penalties"])]
    if own:
        plan["own_data"] = entry("own_data", *own)
    for dataset in shown.get("case", []):
        plan[f"case_{dataset['name']}"] = entry("worked_cases", dataset)
    if config["calibration"]["replicates"]:
        plan["calibration"] = entry("calibration")
    if any(
        d["source"] == "scenarios"
        and "binary" not in d.get("response", [])
        and {"l1", "l2"} <= set(d["penalties"])
        for d in config["datasets"]
    ):
        plan["fair_grid"] = entry("fair_grid")
    if any(config["replications"].values()):
        plan["replications"] = entry("replications")
    return plan


def lighter(svg: str) -> str:
    """The same picture at a third of the weight: hundredths of a point, repeated styles named."""
    svg = re.sub(r"(\d+\.\d\d)\d+", r"\1", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    found = Counter(re.findall(r' style="([^"]*)"', svg))
    names = {style: f"s{i}" for i, (style, n) in enumerate(sorted(found.items())) if n > 2}
    svg = re.sub(
        r' style="([^"]*)"',
        lambda m: f' class="{names[m[1]]}"' if m[1] in names else m[0],
        svg,
    )
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    return svg.replace("</style>", f"{rules}</style>", 1)


def draw_figure(
    plan: Plan,
    tables: Iterable[str | Path],
    paths: Iterable[str | Path],
    *,
    svg: str | Path,
    png: str | Path,
    caption: str | Path,
) -> None:
    """Draw one figure of `plan_figures` from the tables and write it in all its forms."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from normwise.analysis.judge.compare import read_tables
    from normwise.files.whole import write_atomic, write_text
    from normwise.report.look.style import set_style

    set_style()
    drawing = importlib.import_module(plan["module"]).draw(read_tables([*tables, *paths]), plan)
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
