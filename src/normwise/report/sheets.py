"""The tables of the page: which columns of which table, under which names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import RISKS
from normwise.analysis.goals import GOALS
from normwise.analysis.meanings import column_meanings
from normwise.analysis.tables import Tables, effects, primary
from normwise.data.imported import Source
from normwise.fitting.names import ordered
from normwise.report.answer import advice
from normwise.report.explorer import PROPERTIES
from normwise.report.look.numbers import count, number, percent, significant, words
from normwise.report.look.sheet import Column, Sheet, sheet, verdict
from normwise.report.look.words import NAMES

# deviation from theory that counts as agreement
CLOSE = 0.05
# comparisons with theory that the page lists; the table has all
WORST = 100


def _signed_percent(value: float) -> str:
    return f"{100 * value:+.1f} %" if np.isfinite(value) else "–"


def _tenths(value: float) -> str:
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"


def _three(value: float) -> str:
    return number(value, 3)


def _error(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:#.3g}".rstrip(".")


def _gap(value: float) -> str:
    return f"{value:.0e}" if np.isfinite(value) else "–"


def _named(penalty: str) -> str:
    return NAMES[penalty]


def _label(value: Any) -> str:
    return words(value if pd.isna(value) else str(value).replace("n_", ""))


def _interval(frame: pd.DataFrame, low: str, high: str, show: Any = number) -> list[str]:
    return [f"{show(a)} to {show(b)}" for a, b in zip(frame[low], frame[high], strict=True)]


def span(values: pd.Series) -> str:
    """The range of a column in words."""
    if not len(values):
        return "–"
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def verdict_sheet(tables: Tables) -> Sheet:
    """L1 against L2 in every scenario: by the excess risk, and the verdicts of the other goals."""
    rows = effects(tables)
    goals = tables["goals"].pivot(index=["dataset", "scenario"], columns="goal", values="verdict")
    others = [goal for goal in GOALS if goal != "prediction" and goal in goals]
    rows = rows.join(goals[others], on=["dataset", "scenario"])
    oracle = effects(tables, "oracle").set_index(["dataset", "scenario"])["verdict"]
    rows = rows.assign(
        oracle=oracle.reindex(pd.MultiIndex.from_frame(rows[["dataset", "scenario"]])).array,
        interval=_interval(rows.assign(a=np.exp(rows["low"]), b=np.exp(rows["high"])), "a", "b"),
    )
    return sheet(
        "verdicts",
        "One row a scenario: L1 against L2, strengths by cross-validation.",
        rows,
        [
            Column("dataset", "data set"),
            Column("label", "scenario", _label, "What sets it apart in its data set"),
            Column("aspect_ratio", "p/n", significant, "Features per row"),
            Column("nonzero_share", "share", significant, "Share of features that matter, k/p"),
            Column("snr", "snr", significant, "Signal-to-noise ratio"),
            Column("mean_vif", "VIF", significant, "Mean variance inflation factor"),
            Column("ratio", "ratio L1/L2", number, "Excess risk of L1 over that of L2 on the same "
                   "data sets, geometric mean; below 1, L1 is better"),
            Column("interval", "interval", words, "95 % interval of the ratio"),
            Column("first_better", "L1 better", percent, "Share of data sets in which it is"),
            Column("verdict", "prediction", verdict, "Verdict on the excess risk"),
            Column("oracle", "by oracle", verdict, "The same when both strengths have the least "
                   "true risk"),
            *(
                Column(goal, goal, verdict, f"Verdict on {GOALS[goal].measure}")
                for goal in others
            ),
        ],
        "verdicts",
    )  # fmt: skip


def decision_sheets(tables: Tables) -> dict[str, Sheet]:
    """The rule's scores, the importance of the properties, and the advice by goal."""
    scores = tables["rule_scores"]
    scores = scores[scores["family"] == "all"]
    scores = scores.assign(
        goal=scores["goal"],
        regret_text=[
            "–" if not np.isfinite(v) else f"{v:.3f} [{a:.3f}, {b:.3f}]"
            for v, a, b in scores[["regret", "regret_low", "regret_high"]].to_numpy(float)
        ],
        accuracy_text=[
            "–" if not np.isfinite(v) else f"{percent(v)} [{percent(a)}, {percent(b)}]"
            for v, a, b in scores[["accuracy", "accuracy_low", "accuracy_high"]].to_numpy(float)
        ],
    )
    shares = tables["importance"]
    shares = shares[shares["goal"] == "prediction"]
    shares = shares.assign(
        property=shares["property"].map(PROPERTIES), first=shares["first"].clip(lower=0)
    )
    return {
        "rule_scores": sheet(
            "rule_scores",
            "Every way to choose, judged on what it was not fitted to.",
            scores,
            [
                Column("goal", "goal", words, "Goal"),
                Column("rule", "rule"),
                Column("split", "held out", words),
                Column("n", "scenarios", count),
                Column("decided", "decided", count),
                Column("accuracy_text", "right", words, "Share of the decided called right, with "
                       "its 95 % Wilson interval; no clear winner counts as wrong", True),
                Column("reversed", "wrong winner", percent),
                Column("silent", "rightly silent", percent),
                Column("regret_text", "regret", words, known("rule_scores", "regret"), True),
            ],
            "rule_scores",
        ),
        "importance": sheet(
            "importance",
            "Share of the variation of the effect that each property accounts for.",
            shares,
            [
                Column("property", "property"),
                Column("first", "alone", percent),
                Column("total", "with interactions", percent),
            ],
            "importance",
        ),
        "advice": sheet(
            "advice",
            "If you care about … and your data look like … use …",
            advice(tables),
            [
                Column("goal", "if you care about", words, "The goal"),
                Column("condition", "and in your data", words, "Groups of scenarios by the rule "
                       "of thumb; collinear: a typical feature has a correlation of 0.7 or more "
                       "with its nearest"),
                Column("use", "use", words, "L1 or L2 if it wins in more than half of the "
                       "scenarios and loses in at most a tenth"),
                Column("size", "by how much", words, "Median over the scenarios"),
                Column("support", "measured", words, "Verdicts behind it"),
            ],
        ),
    }  # fmt: skip


def known(table: str, column: str) -> str:
    """What a column of a table of the study means."""
    return column_meanings(table)[column]


def calibration_sheet(tables: Tables, replicates: int) -> Sheet:
    """The calibration with the study's number of replicates."""
    frame = tables["calibration"]
    frame = frame[frame["n"] == replicates]
    pairs = [
        _named(a) + (", with itself" if b == "again" else "" if a == b else f", {_named(b)}")
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
            Column("rate", "share", _tenths, numeric=True),
            Column("se", "standard error", _tenths, numeric=True),
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
            Column("penalty", "penalty", _named),
            Column("n", "data sets", count, "Data sets fitted"),
            Column("failed", "failed", percent),
            Column("uncertified", "uncertified", percent),
            Column("edge", "at the edge", percent),
            Column("edge_worst", "worst scenario", percent, "Largest share at the edge"),
            Column("median_gap", "median gap", _gap, numeric=True),
            Column("max_gap", "largest gap", _gap, numeric=True),
            Column("max_fold_gap", "in a fold", _gap, numeric=True),
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
                Column("penalty", "penalty", _named, "Penalty"),
                Column("kind", "theory", words, "exact for every n, or a limit"),
                Column("n", "scenarios", count, "Scenarios with a prediction"),
                Column("bias", "median deviation", _signed_percent, "Signed", True),
                Column("median", "of its size", _tenths, "Median of the absolute value", True),
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
                Column("label", "scenario", _label, "What sets it apart in its data set"),
                Column("penalty", "penalty", _named),
                Column("alpha", "strength", _three, numeric=True),
                Column("measured", "measured", _three, numeric=True),
                Column("predicted", "predicted", _three, numeric=True),
                Column("mcse", "MCSE", _three, numeric=True),
                Column("z", "z", number),
                Column("deviation", "deviation", _signed_percent, numeric=True),
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
            Column("published", "published", _three, numeric=True),
            Column("published_se", "published SE", _three, numeric=True),
            Column("measured", "measured", _three, numeric=True),
            Column("se", "measured SE", _three, numeric=True),
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


def method_sheet(config: Mapping[str, Any], tables: Tables) -> Sheet:
    """The data sets of the study, one row each."""
    scenarios = tables["scenarios"]
    rows = []
    for dataset in config["datasets"]:
        own = scenarios[scenarios["dataset"] == dataset["name"]]
        rows.append(
            {
                "name": dataset["name"],
                "title": dataset.get("title", ""),
                "scenarios": len(own),
                "replicates": dataset["replicates"],
                "n": span(own["n_samples"]),
                "p": span(own["n_features"]),
                "k": span(own["n_nonzero"]),
                "snr": span(own["snr"]),
                "covariance": ", ".join(sorted(own["covariance"].unique())) or "–",
            }
        )
    return sheet(
        "methods",
        "The data sets of this study.",
        pd.DataFrame(rows),
        [
            Column("name", "data set", words, "Name in the config"),
            Column("title", "question", str, "What it asks"),
            Column("scenarios", "scenarios", count, "Points of its grid"),
            Column("replicates", "replicates", count, "Independent draws of each"),
            Column("n", "n", str, "Rows"),
            Column("p", "p", str, "Features"),
            Column("k", "relevant", str, "Features with a nonzero coefficient"),
            Column("snr", "snr", str, "Signal-to-noise ratio"),
            Column("covariance", "correlation", words, "Correlation family"),
        ],
    )


def own_data_sheet(
    tables: Tables, config: Mapping[str, Any], sources: Mapping[str, Source]
) -> Sheet | None:
    """The data sets that are not scenarios, one row each; None if there are no results of any.

    Parameters
    ----------
    tables : dict of str to DataFrame
    config : mapping
        The checked config.
    sources : mapping of str to Source
        The tables that were read, by data set.
    """
    there = set(tables["fit_health"]["dataset"])
    datasets = [d for d in config["datasets"] if d["source"] != "scenarios" and d["name"] in there]
    if not datasets:
        return None
    names = [d["name"] for d in datasets]
    found = primary(tables["verdicts"]).set_index("dataset")
    summary = tables["summary"]
    summary = summary[summary["metric"].isin(RISKS) & (summary["tuning"] == "cv_min")]
    summary = summary[summary["dataset"].isin(names)]
    errors = summary.pivot(index="dataset", columns="penalty", values="mean")
    rows = []
    for dataset in datasets:
        name, source = dataset["name"], sources.get(dataset["name"])
        own = found.loc[name] if name in found.index else pd.Series(dtype=float)
        rows.append(
            {
                "name": name,
                "source": _source_words(dataset),
                "rows": len(source.y) if source else np.nan,
                "columns": len(source.names) if source else np.nan,
                "replicates": dataset["replicates"],
                "measure": own.get("metric"),
                "verdict": own.get("verdict"),
                **{p: errors[p].get(name, np.nan) for p in errors},
            }
        )
    frame = pd.DataFrame(rows)
    return sheet(
        "own_data",
        "The data sets that are not scenarios: errors of the strength chosen by cross-validation.",
        frame,
        [
            Column("name", "data set", words, "Name in the config"),
            Column("verdict", "verdict", verdict, "L1 against L2"),
            Column("measure", "measure", words, "Test error: mean squared error or log-loss on "
                   "rows held out. Excess risk: by how much it exceeds that of the truth"),
            *(
                Column(p, _named(p), _error, f"Mean over the replicates, {_named(p)}", True)
                for p in ordered(p for p in errors if frame[p].notna().any())
            ),
            Column("rows", "rows", count, "Of the table, those without a target left out"),
            Column("columns", "columns", count, "Features that became of the table's columns"),
            Column("replicates", "replicates", count, "Splits of the table, or draws"),
            Column("source", "source", str, "Where the data come from"),
        ],
    )  # fmt: skip


def _source_words(dataset: Mapping[str, Any]) -> str:
    source, file = dataset["source"], dataset.get("file")
    if source == "table":
        return str(file)
    if source == "semi_synthetic":
        return f"rows of {file}, simulated response"
    return "a rule" if source == "rule" else f"function {source}"


def plan_sheet(rows: pd.DataFrame) -> Sheet:
    """Replicates that each undecided scenario would take."""
    return sheet(
        "plan",
        "Replicates that each undecided scenario would take.",
        rows,
        [
            Column("dataset", "data set"),
            Column("label", "scenario", _label, "What sets it apart in its data set"),
            Column("n", "run", count),
            Column("half_width", "half-width / margin", number),
            Column("planned", "planned", count),
        ],
        "plan",
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
        **decision_sheets(tables),
        **theory_sheets(tables),
        "calibration": calibration_sheet(tables, config["replicates"]),
        "replications": replication_sheet(tables),
        "fit_health": fit_health_sheet(tables["fit_health"]),
        "health": health_sheet(tables["health"]),
        "missing": missing_sheet(tables["missing"]),
        "methods": method_sheet(config, tables),
        "plan": plan_sheet(undecided),
    }
