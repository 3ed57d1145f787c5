"""The checks that a study must pass to be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from normwise.analysis.columns import typed

AT_MOST, AT_LEAST = "at most", "at least"
# chance that a sound study breaks the check of its exact risks
FALSE_ALARM = 0.001
SIGMAS = 3.0
Check = tuple[str, str, float, str, float]


def health_table(
    tables: Mapping[str, pd.DataFrame], tolerance: float, replicates: int
) -> pd.DataFrame:
    """Table ``health``: one row per check.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``missing``, ``fit_health``, ``verdicts``, ``theory`` and ``calibration``.
    tolerance : float
        Largest relative duality gap of a solution that may be chosen.
    replicates : int
        Of a scenario of the study.
    """
    rows = []
    for check, meaning, value, direction, limit in _checks(tables, tolerance, replicates):
        passed = value <= limit if direction == AT_MOST else value >= limit
        rows.append(
            {
                "check": check,
                "meaning": meaning,
                "value": float(value),
                "direction": direction,
                "limit": float(limit),
                # what is not a number is no pass
                "passed": bool(passed),
            }
        )
    return typed(pd.DataFrame(rows), "health")


def _checks(
    tables: Mapping[str, pd.DataFrame], tolerance: float, replicates: int
) -> Iterator[Check]:
    yield (
        "missing scenarios",
        "scenarios that have no results, because a job failed",
        len(tables["missing"]),
        AT_MOST,
        0.0,
    )
    fits = tables["fit_health"]
    fits = fits[fits["penalty"] != "none"]
    if len(fits):
        yield (
            "failed fits",
            "share of the data sets without a penalised solution, in the worst scenario",
            fits["failed"].max(),
            AT_MOST,
            0.0,
        )
        yield (
            "uncertified solutions",
            "share of the data sets with a solution above the gap tolerance, folds included, in "
            "the worst scenario",
            fits["uncertified"].max(),
            AT_MOST,
            0.01,
        )
        yield (
            "duality gap",
            "largest relative duality gap of a chosen solution",
            fits["max_gap"].max(),
            AT_MOST,
            tolerance,
        )
        yield (
            "end of the grid",
            "share of the data sets whose strength is the last of the grid, in the worst scenario",
            fits["edge"].max(),
            AT_MOST,
            0.1,
        )
    verdicts = tables["verdicts"]
    verdicts = verdicts[(verdicts["first"] == "l1") & (verdicts["second"] == "l2")]
    if len(verdicts):
        lost = verdicts["n_lost"] / (verdicts["n"] + verdicts["n_lost"])
        yield (
            "lost pairs",
            "share of the data sets that L1 or L2 has no risk for, in the worst scenario",
            lost.max(),
            AT_MOST,
            0.0,
        )
    exact = tables["theory"]
    exact = exact[exact["kind"] == "exact"]
    if len(exact):
        # t, as the standard error is measured too; Bonferroni over the scenarios
        tail = FALSE_ALARM / len(exact) / 2
        yield (
            "exact risk",
            "largest distance of the mean risk of least squares from its exact value, in "
            f"standard errors, over {len(exact)} scenarios",
            exact["z"].abs().max(),
            AT_MOST,
            stats.t.ppf(1 - tail, int(exact["n"].min()) - 1),
        )
    limit = tables["theory"]
    limit = limit[limit["kind"] == "limit"]
    if len(limit):
        yield (
            "risk in the limit",
            "median distance of the risks of ridge and lasso from theory, relative",
            limit["deviation"].abs().median(),
            AT_MOST,
            0.05,
        )
    yield from _calibration_checks(tables["calibration"], replicates)


def _calibration_checks(calibration: pd.DataFrame, replicates: int) -> Iterator[Check]:
    own = calibration[calibration["n"] == replicates]
    wins = own[own["measure"] == "false_win"]
    covered = own[own["measure"].isin(("coverage", "coverage_theory"))]
    for frame, name, meaning, direction in (
        (wins, "false wins", "verdicts for a penalty that is not better by the margin", AT_MOST),
        (covered, "coverage", "intervals that cover the true effect", AT_LEAST),
    ):
        if not len(frame):
            continue
        sign = 1 if direction == AT_MOST else -1
        limits = frame["nominal"] + sign * SIGMAS * frame["se"]
        worst = (sign * (frame["rate"] - limits)).idxmax()
        yield (
            name,
            f"share of {meaning}, in the worst of {len(frame)} calibrations with {replicates} "
            "replicates; the limit is the nominal level and three standard errors",
            frame["rate"][worst],
            direction,
            limits[worst],
        )


def complaint(health: pd.DataFrame, source: str | Path) -> str:
    """What is broken, in words; empty if nothing is."""
    broken = health[~health["passed"].to_numpy(bool)]
    if not len(broken):
        return ""
    lines = [
        f"  - {row['check']}: {row['value']:.4g}, must be {row['direction']} {row['limit']:.4g} "
        f"({row['meaning']})"
        for _, row in broken.iterrows()
    ]
    listing = "\n".join(lines)
    return f"{source}: {len(broken)} of {len(health)} checks are broken\n{listing}"


def passed_all(health: pd.DataFrame) -> bool:
    """Whether no check is broken."""
    return bool(np.all(health["passed"]))
