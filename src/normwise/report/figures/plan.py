"""Figures: tables in, picture and caption out.

A figure module has one function, ``draw(tables, plan)``, that returns a `Drawing`. `plan_figures`
says which figures a config calls for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normwise.data.scenario import varied_axes


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
            "module": f"normwise.report.figures.{module}",
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
