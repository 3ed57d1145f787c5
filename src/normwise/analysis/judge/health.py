"""The checks that a study must pass to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from normwise.analysis.columns import typed
from normwise.analysis.goals import TUNING

AT_MOST, AT_LEAST = "at most", "at least"
# chance that a sound study breaks the check of its exact risks
FALSE_ALARM = 0.001
SIGMAS = 3.0
# half of the variance
MOST_OF_SAMPLE = 0.7
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Check:
    """What was found, and what is allowed.

    Attributes
    ----------
    name, meaning : str
    value, limit : float
    direction : {"at most", "at least"}
        How the value is to stand to its limit.
    """

    name: str
    meaning: str
    value: float
    limit: float
    direction: str = AT_MOST

    @property
    def passed(self) -> bool:
        """Whether the value keeps to its limit; what is not a number does not."""
        kept = self.value <= self.limit if self.direction == AT_MOST else self.value >= self.limit
        return bool(kept)


@dataclass(frozen=True)
class Promise:
    """What the config promises, and the checks hold the study to.

    Attributes
    ----------
    tolerance : float
        Largest relative duality gap of a solution that may be chosen.
    replicates : int
        Replicates of a scenario of the study.
    """

    tolerance: float
    replicates: int


def missing_scenarios(tables: Tables, promise: Promise) -> Iterator[Check]:
    """No job has failed."""
    meaning = "scenarios that have no results, because a job failed"
    yield Check("missing scenarios", meaning, len(tables["missing"]), 0.0)


def _penalised(tables: Tables) -> pd.DataFrame:
    fits = tables["fit_health"]
    return fits[fits["penalty"] != "none"]


def failed_fits(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Every penalised fit has a solution."""
    fits = _penalised(tables)
    if len(fits):
        meaning = "share of the data sets without a penalised solution, in the worst scenario"
        yield Check("failed fits", meaning, fits["failed"].max(), 0.0)


def uncertified_solutions(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Hardly a solution is above the tolerance."""
    fits = _penalised(tables)
    if len(fits):
        meaning = (
            "share of the data sets with a solution above the gap tolerance, folds included, in "
            "the worst scenario"
        )
        yield Check("uncertified solutions", meaning, fits["uncertified"].max(), 0.01)


def duality_gap(tables: Tables, promise: Promise) -> Iterator[Check]:
    """No solution above the tolerance was chosen."""
    fits = _penalised(tables)
    if len(fits):
        meaning = "largest relative duality gap of a chosen solution"
        yield Check("duality gap", meaning, fits["max_gap"].max(), promise.tolerance)


def end_of_the_grid(tables: Tables, promise: Promise) -> Iterator[Check]:
    """The grids of strengths are long enough."""
    fits = _penalised(tables)
    if len(fits):
        meaning = (
            "share of the data sets whose strength is the last of the grid although the "
            "cross-validated error still falls there, in the worst scenario"
        )
        yield Check("end of the grid", meaning, fits["edge"].max(), 0.1)


def lost_pairs(tables: Tables, promise: Promise) -> Iterator[Check]:
    """L1 and L2 have a risk on every data set."""
    verdicts = tables["verdicts"]
    verdicts = verdicts[(verdicts["first"] == "l1") & (verdicts["second"] == "l2")]
    if len(verdicts):
        lost = verdicts["n_lost"] / (verdicts["n"] + verdicts["n_lost"])
        meaning = "share of the data sets that L1 or L2 has no risk for, in the worst scenario"
        yield Check("lost pairs", meaning, lost.max(), 0.0)


def test_sample(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Risks without a closed form are measured on rows enough."""
    verdicts = tables["verdicts"]
    chosen = (verdicts["first"] == "l1") & (verdicts["second"] == "l2")
    verdicts = verdicts[chosen & (verdicts["tuning"] == TUNING) & (verdicts["sample_se"] > 0)]
    if len(verdicts):
        meaning = (
            "share of the error of L1 against L2 that is due to the rows on which the log-loss is "
            f"measured, in the worst of {len(verdicts)} scenarios without a closed form"
        )
        share = (verdicts["sample_se"] / verdicts["mcse"]).max()
        yield Check("test sample", meaning, share, MOST_OF_SAMPLE)


def exact_risk(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Least squares risks what theory says, for every n."""
    exact = tables["theory"]
    exact = exact[exact["kind"] == "exact"]
    if len(exact):
        # t, as the standard error is measured too; Bonferroni over the scenarios
        tail = FALSE_ALARM / len(exact) / 2
        meaning = (
            "largest distance of the mean risk of least squares from its exact value, in "
            f"standard errors, over {len(exact)} scenarios"
        )
        limit = stats.t.ppf(1 - tail, int(exact["n"].min()) - 1)
        yield Check("exact risk", meaning, exact["z"].abs().max(), limit)


def risk_in_the_limit(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Ridge and lasso risk what theory says for large n and p."""
    limit = tables["theory"]
    limit = limit[limit["kind"] == "limit"]
    if len(limit):
        meaning = (
            "median distance of the risks of ridge and lasso from theory, relative, beyond their "
            "Monte Carlo errors"
        )
        error = limit["mcse"] / limit["predicted"]
        beyond = np.sqrt(np.maximum(limit["deviation"] ** 2 - error**2, 0))
        yield Check("risk in the limit", meaning, beyond.median(), 0.05)


def false_wins(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Few verdicts name a penalty that is not better."""
    meaning = "verdicts for a penalty that is not better by the margin"
    yield from _worst_rate(tables, promise, "false wins", meaning, AT_MOST, ("false_win",))


def coverage(tables: Tables, promise: Promise) -> Iterator[Check]:
    """Intervals cover the truth as often as they should."""
    measures = ("coverage", "coverage_theory")
    meaning = "intervals that cover the true effect"
    yield from _worst_rate(tables, promise, "coverage", meaning, AT_LEAST, measures)


def _worst_rate(
    tables: Tables,
    promise: Promise,
    name: str,
    meaning: str,
    direction: str,
    measures: tuple[str, ...],
) -> Iterator[Check]:
    """Check the calibration that is farthest from its nominal level, on the wrong side."""
    rates = tables["calibration"]
    rates = rates[(rates["n"] == promise.replicates) & rates["measure"].isin(measures)]
    if not len(rates):
        return
    sign = 1 if direction == AT_MOST else -1
    limits = rates["nominal"] + sign * SIGMAS * rates["se"]
    worst = (sign * (rates["rate"] - limits)).idxmax()
    yield Check(
        name,
        f"share of {meaning}, in the worst of {len(rates)} calibrations with "
        f"{promise.replicates} replicates; the limit is the nominal level and three standard "
        "errors",
        rates["rate"][worst],
        limits[worst],
        direction,
    )


# each yields a check, or none where the study has nothing to be checked
CHECKS: tuple[Callable[[Tables, Promise], Iterator[Check]], ...] = (
    missing_scenarios,
    failed_fits,
    uncertified_solutions,
    duality_gap,
    end_of_the_grid,
    lost_pairs,
    test_sample,
    exact_risk,
    risk_in_the_limit,
    false_wins,
    coverage,
)


def health_table(tables: Tables, tolerance: float, replicates: int) -> pd.DataFrame:
    """Table ``health``: one row per check.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``missing``, ``fit_health``, ``verdicts``, ``theory`` and ``calibration``.
    tolerance : float
        Largest relative duality gap of a solution that may be chosen.
    replicates : int
        Replicates of a scenario of the study.
    """
    promise = Promise(tolerance, replicates)
    rows = [
        {
            "check": check.name,
            "meaning": check.meaning,
            "value": float(check.value),
            "direction": check.direction,
            "limit": float(check.limit),
            "passed": check.passed,
        }
        for find in CHECKS
        for check in find(tables, promise)
    ]
    return typed(pd.DataFrame(rows), "health")


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
