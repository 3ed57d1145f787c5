"""A claim with its verdict, and the tables that claims are judged by.

A claim is judged by counts of scenarios and by pooled effects computed from the tables, so that
other data can turn its verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from normwise.analysis.tables import Tables, distinct

HOLDS = "holds"
EXCEPTIONS = "holds with exceptions"
FAILS = "does not hold"
UNDECIDED = "not decided"
UNKNOWN = "not measured"

# what the words of the claims mean, in quantities of the scenario table
SPARSE = 0.05
HIGHLY_CORRELATED = 0.9


@dataclass
class Claim:
    """A claim, its verdict, and the evidence on both sides.

    Attributes
    ----------
    text : str
        The claim as it is usually made.
    verdict : str
        holds, holds with exceptions, does not hold, not decided (too few scenarios have a clear
        winner), or not measured.
    effect : str
        The size of the effect, with its interval, in a line.
    evidence, limits : list of str
        What speaks for the claim; where it fails.
    often, size, false : str
        In a few words: how often it is true, by how much, and where it is false.
    """

    text: str
    verdict: str = UNKNOWN
    effect: str = "no scenario of this study bears on it"
    evidence: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    often: str = UNKNOWN
    size: str = "–"
    false: str = "–"


def verdict_of(won: float, lost: float) -> str:
    """Verdict on a claim from the shares of scenarios that speak for and against it."""
    if won >= 0.9 and lost == 0:
        return HOLDS
    if won > 0.5 and won > lost:
        return EXCEPTIONS
    return FAILS if lost >= won and lost > 0 else UNDECIDED


def wide_means(tables: Tables, metric: str, tuning: str = "cv_min") -> pd.DataFrame:
    """Mean of a metric by penalty, with the properties of the scenarios."""
    summary = tables["summary"]
    rows = summary[(summary["metric"] == metric) & (summary["tuning"] == tuning)]
    wide = rows.pivot(index=["dataset", "scenario"], columns="penalty", values="mean")
    return distinct(wide.reset_index().merge(tables["scenarios"], on=["dataset", "scenario"]))


def wide_stability(tables: Tables, metric: str) -> pd.DataFrame:
    """A metric of table ``stability`` by penalty at cv_min, with its standard error."""
    rows = tables["stability"]
    rows = rows[(rows["metric"] == metric) & (rows["tuning"] == "cv_min")]
    wide = rows.pivot(index=["dataset", "scenario"], columns="penalty", values=["value", "se"])
    wide.columns = [p if v == "value" else f"{p}_se" for v, p in wide.columns.to_list()]
    return distinct(wide.reset_index().merge(tables["scenarios"], on=["dataset", "scenario"]))
