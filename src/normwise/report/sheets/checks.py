"""Tables that say whether the study is to be believed."""

from __future__ import annotations

import pandas as pd

from normwise.analysis.tables import Tables
from normwise.report.look.numbers import count, number, percent, words
from normwise.report.look.sheet import Column, Sheet, sheet
from normwise.report.sheets.texts import (
    gap,
    penalty_name,
    scenario_label,
    signed_percent,
    tenths,
    three_digits,
)

# deviation from theory that counts as agreement
CLOSE = 0.05
# comparisons with theory that the page lists; the table has all
WORST = 100


def calibration_sheet(tables: Tables, replicates: int) -> Sheet:
    """The calibration with the study's number of replicates."""
    frame = tables["calibration"]
    frame = frame[frame["n"] == replicates]
    pairs = [
        penalty_name(a)
        + (", with itself" if b == "again" else "" if a == b else f", {penalty_name(b)}")
        for a, b in zip(frame["first"], frame["second"], strict=True)
    ]
    return sheet(
        "calibration",
        "How often a verdict or an interval is right where the answer is known.",
        frame.assign(pair=pairs),
        [
            Column("cell", "scenario"),
            Column("pair", "penalties", words, "What is compared"),
            Column("measure", "measure"),
            Column("truth", "true effect / margin", number),
            Column("groups", "groups", count),
            Column("rate", "share", tenths, numeric=True),
            Column("se", "standard error", tenths, numeric=True),
            Column("nominal", "promised", percent),
        ],
        "calibration",
    )


def fit_health_sheet(health: pd.DataFrame) -> Sheet:
    """Health of the fits by penalty over the whole study."""
    rows = []
    for penalty, own in health.groupby("penalty", sort=False):
        weights = own["n"] / own["n"].sum()
        rows.append(
            {
                "penalty": penalty,
                "n": own["n"].sum(),
                "failed": (own["failed"] * weights).sum(),
                "uncertified": (own["uncertified"] * weights).sum(),
                "edge": (own["edge"].fillna(0) * weights).sum(),
                "edge_worst": own["edge"].max(),
                "median_gap": own["median_gap"].median(),
                "max_gap": own["max_gap"].max(),
                "max_fold_gap": own["max_fold_gap"].max(),
            }
        )
    return sheet(
        "fit_health",
        "Health of the fits, over all data sets.",
        pd.DataFrame(rows),
        [
            Column("penalty", "penalty", penalty_name),
            Column("n", "data sets", count, "Data sets fitted"),
            Column("failed", "failed", percent),
            Column("uncertified", "uncertified", percent),
            Column("edge", "at the edge", percent),
            Column("edge_worst", "worst scenario", percent, "Largest share at the edge"),
            Column("median_gap", "median gap", gap, numeric=True),
            Column("max_gap", "largest gap", gap, numeric=True),
            Column("max_fold_gap", "in a fold", gap, numeric=True),
        ],
        "fit_health",
    )


def theory_sheets(tables: Tables) -> dict[str, Sheet]:
    """Measured and predicted risks: by penalty, and one by one."""
    rows = tables["theory"].merge(tables["scenarios"], on=["dataset", "scenario"], how="left")
    rows = rows.loc[rows["z"].abs().sort_values(ascending=False, kind="stable").index[:WORST]]
    groups = [
        {
            "penalty": penalty,
            "kind": kind,
            "n": len(own),
            "bias": own["deviation"].median(),
            "median": own["deviation"].abs().median(),
            "within_5": (own["deviation"].abs() < CLOSE).mean(),
            "within_3": (own["z"].abs() < 3).sum(),
            "worst": own["deviation"].abs().max(),
        }
        for (penalty, kind), own in tables["theory"].groupby(["penalty", "kind"], sort=True)
    ]
    names = ["penalty", "kind", "n", "bias", "median", "within_5", "within_3", "worst"]
    return {
        "theory_groups": sheet(
            "theory_groups",
            "Deviation: measured over predicted excess risk, less one. What remains in the limits "
            "is the finite n (largest where few features matter) and, for the lasso with "
            "correlated features, the draws behind the prediction.",
            pd.DataFrame(groups, columns=names),
            [
                Column("penalty", "penalty", penalty_name, "Penalty"),
                Column("kind", "theory", words, "exact for every n, or a limit"),
                Column("n", "scenarios", count, "Scenarios with a prediction"),
                Column("bias", "median deviation", signed_percent, "Signed", True),
                Column("median", "of its size", tenths, "Median of the absolute value", True),
                Column("within_5", "within 5 %", percent, "Share of scenarios"),
                Column("within_3", "within 3 MCSE", count, "Scenarios within three Monte Carlo "
                       "standard errors"),
                Column("worst", "largest", percent, "Largest absolute deviation"),
            ],
        ),
        "theory": sheet(
            "theory",
            f"Measured and predicted excess risk, the {WORST} largest z.",
            rows,
            [
                Column("dataset", "data set"),
                Column("label", "scenario", scenario_label, "What sets it apart in its data set"),
                Column("penalty", "penalty", penalty_name),
                Column("alpha", "strength", three_digits, numeric=True),
                Column("measured", "measured", three_digits, numeric=True),
                Column("predicted", "predicted", three_digits, numeric=True),
                Column("mcse", "MCSE", three_digits, numeric=True),
                Column("z", "z", number),
                Column("deviation", "deviation", signed_percent, numeric=True),
            ],
            "theory",
        ),
    }  # fmt: skip


def replication_sheet(tables: Tables) -> Sheet:
    """Published numbers beside what was measured."""
    yes = {True: "yes", False: "no"}
    return sheet(
        "replications",
        "Published or predicted numbers, what does not agree first.",
        tables["replications"].sort_values("agrees", kind="stable"),
        [
            Column("source", "source", str),
            Column("case", "case", str),
            Column("method", "method", str),
            Column("quantity", "quantity", str),
            Column("n", "data sets", count),
            Column("published", "published", three_digits, numeric=True),
            Column("published_se", "published SE", three_digits, numeric=True),
            Column("measured", "measured", three_digits, numeric=True),
            Column("se", "measured SE", three_digits, numeric=True),
            Column("z", "z", number),
            Column("criterion", "agrees if", str),
            Column("agrees", "agrees", lambda v: yes[bool(v)]),
        ],
        "replications",
    )


def health_sheet(health: pd.DataFrame) -> Sheet:
    """The checks of the study, broken ones first."""
    frame = health.sort_values("passed", kind="stable")
    limits = [f"{a} {b:.3g}" for a, b in zip(frame["direction"], frame["limit"], strict=True)]
    return sheet(
        "health",
        "The checks of this study.",
        frame.assign(bound=limits),
        [
            Column("check", "check"),
            Column("passed", "result", lambda v: "passed" if v else "broken"),
            Column("value", "value", lambda v: f"{v:.3g}", numeric=True),
            Column("bound", "limit", str, "What the value must keep to", True),
            Column("meaning", "what is checked", str),
        ],
        "health",
    )


def missing_sheet(missing: pd.DataFrame) -> Sheet:
    """What the study was to have and has not, a row for each data set and reason."""
    frame = (
        missing.astype({"dataset": str, "reason": str})
        .groupby(["dataset", "reason"], sort=False)
        .agg(scenarios=("scenario", "size"), replicates=("replicates", "first"))
        .reset_index()
    )
    return sheet(
        "missing",
        "What has no results: nothing on this page counts it in.",
        frame,
        [
            Column("dataset", "data set", words, "Name in the config"),
            Column("scenarios", "scenarios", str, "Without results", True),
            Column("replicates", "replicates", str, "Of each, asked for", True),
            Column("reason", "reason", str, "Last words of the job that failed"),
        ],
        "missing",
    )


def plan_sheet(rows: pd.DataFrame) -> Sheet:
    """Replicates that each undecided scenario would take."""
    return sheet(
        "plan",
        "Replicates that each undecided scenario would take.",
        rows,
        [
            Column("dataset", "data set"),
            Column("label", "scenario", scenario_label, "What sets it apart in its data set"),
            Column("n", "run", count),
            Column("half_width", "half-width / margin", number),
            Column("planned", "planned", count),
        ],
        "plan",
    )
