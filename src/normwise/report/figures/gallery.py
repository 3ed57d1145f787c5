"""The gallery: which figures a config calls for, in the order of the report.

A figure module has a function ``wanted(config)``, which yields its figures, and a function
``draw(tables, entry)``, which returns a `Drawing`. In the config that it is given, data sets have
their ``axes``, the properties that vary in them. A module has ``PLACED = True`` if its figures
stand where their subject is, and not among the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from normwise.data.scenario import varied_axes
from normwise.report.figures.wanted import Wanted

PACKAGE = "normwise.report.figures"
# modules in the order of the report; the figures of those in one row alternate by data set
ORDER: tuple[tuple[str, ...], ...] = (
    ("geometry",),
    ("rule",),
    ("rule_scores",),
    ("goals",),
    ("winner_map",),
    ("coefficient_paths", "bias_variance"),
    ("sweep",),
    ("selection",),
    ("stability",),
    ("own_data",),
    ("worked_cases",),
    ("calibration",),
    ("fair_grid",),
    ("replications",),
    ("published_grid",),
    ("published_ratio",),
)


def gallery(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every figure that a checked config calls for.

    Returns
    -------
    dict of str to dict
        By name: ``module`` that draws it, ``datasets`` that it shows with their ``titles``,
        ``axes`` that vary in them, the ``margin`` of equivalence, and ``compact`` for the map that
        opens the page, and the digest of the ``data`` of the package that it shows.
    """
    margin = config["comparison"]["margin"]
    config = {**config, "datasets": [{**d, "axes": _axes(d)} for d in config["datasets"]]}
    entries = {}
    for row in ORDER:
        modules = [f"{PACKAGE}.{name}" for name in row]
        figures = [list(import_module(module).wanted(config)) for module in modules]
        for turn in zip(*figures, strict=True):
            for module, figure in zip(modules, turn, strict=True):
                entries[figure.name] = _entry(module, figure, margin)
    return entries


def _axes(dataset: Mapping[str, Any]) -> list[str]:
    """What varies in a data set, as tables name it."""
    return ["nonzero_share" if a == "nonzero_fraction" else a for a in varied_axes(dataset)]


def _entry(module: str, figure: Wanted, margin: float) -> dict[str, Any]:
    datasets = figure.datasets
    entry = {
        "module": module,
        "datasets": [d["name"] for d in datasets],
        "titles": [d.get("title", d["name"]) for d in datasets],
        "axes": datasets[0]["axes"] if len(datasets) == 1 else [],
        "margin": margin,
    }
    extra = {"compact": figure.compact, "data": figure.data}
    return entry | {key: value for key, value in extra.items() if value}
