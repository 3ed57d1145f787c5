"""What the page's explorer answers with: the surface, theory, and the measured scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import AXES, cells
from normwise.analysis.learn.surface import LEVEL
from normwise.analysis.tables import Tables
from normwise.report.look.words import AXIS_NAMES
from normwise.report.snippets import SNIPPETS
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.linear import ridge_optimal_risk

LETTERS = {"l1": "1", "l2": "2", "equivalent": "=", "undecided": "?"}
UNKNOWN = "-"
# the limit depends on ratios alone, but for the rounding of shares
LIMIT_ROWS = 1000
PROPERTIES = {
    "aspect_ratio": AXIS_NAMES["aspect_ratio"],
    "nonzero_share": "share of features that matter k/p",
    "snr": AXIS_NAMES["snr"],
    "nearest_correlation": "correlation with the most similar feature",
}
ABOUT = {
    "aspect_ratio": "columns over rows of your table",
    "nonzero_share": "your best guess: 0.01 is one feature in a hundred, 1 is all",
    "snr": "R² / (1 − R²) of the best possible model: 1 if half of the variance can be explained",
    "nearest_correlation": "of a typical feature; 0 if features are unrelated",
}
START = {"aspect_ratio": 2, "nonzero_share": 0.05, "snr": 2, "nearest_correlation": 0}


def theory_effects(points: pd.DataFrame) -> list[float]:
    """Log ratio of the least risks of lasso and ridge that theory predicts.

    For independent features, coefficients of equal size, and many rows.

    Parameters
    ----------
    points : DataFrame
        With ``aspect_ratio``, ``nonzero_share`` and ``snr``.
    """
    effects = []
    for gamma, share, snr in points[["aspect_ratio", "nonzero_share", "snr"]].to_numpy():
        p = max(1, round(gamma * LIMIT_ROWS))
        coef = np.zeros(p)
        coef[: max(1, round(share * p))] = 1.0
        coef *= np.sqrt(snr) / np.linalg.norm(coef)
        lasso = lasso_optimal_risk(coef, LIMIT_ROWS, 1.0)[1]
        ridge = ridge_optimal_risk(np.ones(p), coef**2, LIMIT_ROWS, 1.0)[1]
        effects.append(float(np.log(lasso / ridge)))
    return effects


def _goal(key: str, margin: float, scores: pd.DataFrame) -> dict[str, Any]:
    """What a goal measures, and how well the surface predicts it."""
    goal = GOALS[key]
    return {
        "key": key,
        "name": goal.name,
        "measure": goal.measure,
        "kind": "log_ratio" if goal.is_ratio else "difference",
        "margin": goal.zone(margin),
        "r2": float(scores.loc[key, "r2"]),
        "coverage": float(scores.loc[key, "coverage"]),
    }


def _surface(rows: pd.DataFrame, order: pd.MultiIndex) -> dict[str, Any]:
    """The surface of a goal, cell by cell."""
    rows = rows.set_index(list(AXES)).reindex(order)
    inside = rows["verdict"].notna()
    thousandths = (1000 * rows[["effect", "low", "high"]]).fillna(0).round().astype(int)
    return {name: thousandths[name].tolist() for name in thousandths} | {
        "verdict": "".join(rows["verdict"].map(LETTERS).where(inside, UNKNOWN)),
    }


def _measured(tables: Tables, goals: list[str]) -> list[dict[str, Any]]:
    """The measured scenarios, with their effects by goal."""
    scenarios: dict[str, dict[str, Any]] = {}
    for goal in goals:
        for _, row in cells(tables["goals"], tables["scenarios"], goal).iterrows():
            entry = scenarios.setdefault(
                row["scenario"],
                {
                    "dataset": row["dataset"],
                    "label": row["label"].replace("n_", "").replace("_", " "),
                    "scenario": row["scenario"],
                    "n": int(row["n_samples"]),
                    "p": int(row["n_features"]),
                    "response": row["response"],
                    "x": [float(f"{row[a]:.4g}") for a in AXES],
                    "goals": {},
                },
            )
            entry["goals"][goal] = [
                *(round(float(row[c]), 4) for c in ("effect", "low", "high")),
                row["verdict"],
            ]
    return list(scenarios.values())


def payload(tables: Tables, margin: float = 0.05) -> dict[str, Any] | None:
    """Numbers of the explorer: everything that its controls can reach.

    Parameters
    ----------
    tables : dict of str to DataFrame
    margin : float
        The margin of equivalence of the config.

    Returns
    -------
    dict or None
        ``axes``, ``names`` and what they are ``about``, by axis; where to ``start``; ``goals``
        with their measure and the surface's held-out scores; ``cells`` by goal, on the grid of the
        axes in C order: ``effect``, ``low`` and ``high`` in thousandths, ``verdict`` one letter a
        cell (1, 2, =, ?, or - outside the measurements); ``theory``, the predicted effect on the
        risk in thousandths where features are independent, in the same order; the code
        ``snippets``; the measured ``scenarios``. None without a surface.
    """
    surface = tables["surface"]
    if not len(surface):
        return None
    axes = {a: sorted(float(v) for v in surface[a].unique()) for a in AXES}
    order = pd.MultiIndex.from_product([axes[a] for a in AXES], names=list(AXES))
    scores = tables["surface_scores"]
    scores = scores[scores["split"] == "scenarios"].set_index("goal")
    goals = [goal for goal in GOALS if (surface["goal"] == goal).any()]
    independent = order.to_frame(index=False).query("nearest_correlation == 0")
    return {
        "axes": axes,
        "start": [int(np.argmin(np.abs(np.subtract(axes[a], START[a])))) for a in AXES],
        "names": PROPERTIES,
        "about": ABOUT,
        "goals": [_goal(goal, margin, scores) for goal in goals],
        "level": LEVEL,
        "cells": {goal: _surface(surface[surface["goal"] == goal], order) for goal in goals},
        "theory": [round(1000 * v) for v in theory_effects(independent)],
        "snippets": SNIPPETS,
        "scenarios": _measured(tables, goals),
    }
