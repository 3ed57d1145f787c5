"""What figure modules say of a config: which of their figures it calls for.

The config is that of `normwise.report.figures.gallery.gallery`, its data sets with their ``axes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Datasets = list[Mapping[str, Any]]


@dataclass(frozen=True)
class Wanted:
    """A figure that a config calls for.

    Attributes
    ----------
    name : str
    datasets : sequence of mapping
        Data sets of the config that it shows; none for one that looks at the whole study.
    compact : bool
        Whether it is drawn small, for the top of the page.
    data : str
        Digest of what it shows that comes with the package; it is drawn again when that changes.
    """

    name: str
    datasets: tuple[Mapping[str, Any], ...] = ()
    compact: bool = False
    data: str = ""


def shown_as(config: Mapping[str, Any], figure: str) -> Datasets:
    """Data sets for which the config asks for a kind of figure."""
    return [dataset for dataset in config["datasets"] if dataset["figure"] == figure]


def comparing(config: Mapping[str, Any]) -> Datasets:
    """Data sets that both L1 and L2 are fitted to."""
    return [d for d in config["datasets"] if {"l1", "l2"} <= set(d["penalties"])]


def simulated(datasets: Datasets) -> Datasets:
    """Those of some data sets that are scenarios, so that the truth is known."""
    return [dataset for dataset in datasets if dataset["source"] == "scenarios"]


def swept(config: Mapping[str, Any]) -> Datasets:
    """Data sets in which a property is swept."""
    return [dataset for dataset in shown_as(config, "sweep") if dataset["axes"]]
