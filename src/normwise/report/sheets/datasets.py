"""Tables of the data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import RISKS
from normwise.analysis.tables import Tables, primary
from normwise.data.imported import Source
from normwise.data.response_kind import RESPONSES, kind_of
from normwise.fitting.names import ordered
from normwise.report.look.numbers import count, words
from normwise.report.look.sheet import Column, Sheet, sheet, verdict
from normwise.report.look.words import NAMES
from normwise.report.sheets.texts import error, span


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
                "response": " or ".join(
                    kind_of(name).label for name in RESPONSES if (own["response"] == name).any()
                ),
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
            Column("scenarios", "scenarios", count, "Points of its grid, or of its sample"),
            Column("replicates", "replicates", count, "Independent draws of each"),
            Column("n", "n", str, "Rows"),
            Column("p", "p", str, "Features"),
            Column("k", "relevant", str, "Features with a nonzero coefficient"),
            Column("response", "predicted", str, "What is predicted"),
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
    verdicts = primary(tables["verdicts"]).set_index("dataset")
    summary = tables["summary"]
    summary = summary[summary["metric"].isin(RISKS) & (summary["tuning"] == "cv_min")]
    summary = summary[summary["dataset"].isin(names)]
    errors = summary.pivot(index="dataset", columns="penalty", values="mean")
    rows = []
    for dataset in datasets:
        name, source = dataset["name"], sources.get(dataset["name"])
        row = verdicts.loc[name] if name in verdicts.index else pd.Series(dtype=float)
        rows.append(
            {
                "name": name,
                "source": _source_words(dataset),
                "rows": len(source.y) if source else np.nan,
                "columns": len(source.names) if source else np.nan,
                "replicates": dataset["replicates"],
                "measure": row.get("metric"),
                "verdict": row.get("verdict"),
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
            Column("measure", "measure", words, "Test error: mean squared error, log-loss or "
                   "deviance on rows held out. Excess risk: by how much it exceeds that of the "
                   "truth"),
            *(
                Column(p, NAMES[p], error, f"Mean over the replicates, {NAMES[p]}", True)
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
