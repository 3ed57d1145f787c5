"""What of table ``replications`` is a published number, and what is not."""

from __future__ import annotations

from typing import Any

import pandas as pd

from normwise.analysis.trials.replications.protocol import published, study_module
from normwise.report.look.numbers import number

KEYS = ["case", "method", "quantity"]


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    # the source names a strength that the measurement writes out
    plain = frame["quantity"].astype(str).str.replace(r" at (the best )?strength.*", "", regex=True)
    return pd.MultiIndex.from_frame(frame[KEYS].astype(str).assign(quantity=plain))


def kinds(frame: pd.DataFrame) -> pd.Series:
    """What each row is: published (a number of the source), sign, words, or expected by theory."""
    out = pd.Series("expected", index=frame.index)
    for study, own in frame.groupby("study", sort=False):
        there = _keys(own).isin(_keys(published(str(study))))
        out.loc[own.index[there]] = "published"
    out = out.mask(frame["published"].isna(), "words")
    return out.mask(frame["criterion"] == "same sign", "sign")


def _name(row: pd.Series) -> str:
    label = study_module(str(row["study"])).LABEL
    return f"{label}, {row['case']}, {row['method']}"


def replication_summary(frame: pd.DataFrame) -> dict[str, Any]:
    """Counts by kind, what does not agree, and how far apart numbers are that agree.

    Returns
    -------
    dict
        ``n`` and ``agree`` by kind; ``missed`` and ``widest`` in words.
    """
    kind = kinds(frame)
    counts = frame.groupby(kind)["agrees"].agg(["size", "sum"])
    odd = frame[~frame["agrees"].astype(bool)]
    close = frame[frame["agrees"].astype(bool) & frame["z"].notna()]
    widest = ""
    if len(close):
        row = close.loc[close["z"].abs().idxmax()]
        widest = (
            f"{number(row['published'], 1)} and {number(row['measured'], 1)} "
            f"({_name(row)}; z = {row['z']:.1f})"
        )
    return {
        "n": counts["size"].to_dict(),
        "agree": counts["sum"].astype(int).to_dict(),
        "missed": [
            f"{_name(row)}: {number(row['published'], 2)} there, {number(row['measured'], 2)} here"
            for _, row in odd.iterrows()
        ],
        "widest": widest,
    }


REST = {
    "sign": "signs of published differences",
    "words": "statements in words, held to thresholds set here",
    "expected": "predictions of theory on its designs",
}


def replication_words(found: dict[str, Any]) -> tuple[str, str]:
    """How many published numbers agree, and what else was compared."""
    n, agree = found["n"], found["agree"]
    first = f"{agree.get('published', 0)} of {n.get('published', 0)} published numbers agree"
    rest = ", ".join(f"{agree[key]} of {n[key]} {text}" for key, text in REST.items() if key in n)
    return first, rest
