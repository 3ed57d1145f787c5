"""All tables of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from normwise.analysis.tables import Tables
from normwise.report.look.sheet import Sheet
from normwise.report.sheets.checks import (
    calibration_sheet,
    fit_health_sheet,
    health_sheet,
    missing_sheet,
    plan_sheet,
    replication_sheet,
    theory_sheets,
)
from normwise.report.sheets.datasets import method_sheet
from normwise.report.sheets.verdicts import (
    advice_sheet,
    importance_sheet,
    rule_score_sheet,
    verdict_sheet,
)


def all_sheets(
    tables: Tables, config: Mapping[str, Any], undecided: pd.DataFrame
) -> dict[str, Sheet]:
    """Every table of the page, by name.

    Parameters
    ----------
    tables : dict of str to DataFrame
    config : mapping
        The checked config.
    undecided : DataFrame
        Undecided scenarios with their planned replicates.
    """
    return {
        "verdicts": verdict_sheet(tables),
        "rule_scores": rule_score_sheet(tables),
        "importance": importance_sheet(tables),
        "advice": advice_sheet(tables),
        **theory_sheets(tables),
        "calibration": calibration_sheet(tables, config["replicates"]),
        "replications": replication_sheet(tables),
        "fit_health": fit_health_sheet(tables["fit_health"]),
        "health": health_sheet(tables["health"]),
        "missing": missing_sheet(tables["missing"]),
        "methods": method_sheet(config, tables),
        "plan": plan_sheet(undecided),
    }
