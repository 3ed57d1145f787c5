"""What the page's explorer answers with: the surface, theory, and the measured scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import AXES, cells, learnt_from
from normwise.analysis.learn.surface import LEVEL, Surface, inputs, ranges
from normwise.analysis.points import explained_points
from normwise.analysis.tables import Tables, distinct
from normwise.data.response_kind import DEFAULT
from normwise.report.look.words import AXIS_NAMES, NO_PART
from normwise.report.snippets import SNIPPETS
from normwise.report.validity import measured_words

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
# what the surface was judged on, the mildest first
LEFT_OUT = {
    "scenarios": "scenarios left out a fifth at a time",
    "families": "families left out whole",
    "fresh": f"scenarios that {NO_PART}",
}
# what the boxes hold at first, as far as the study reaches
START = {"aspect_ratio": 2.0, "nonzero_share": 0.05, "snr": 2.0, "nearest_correlation": 0.0}
START_ROWS = 100
BOXES = {
    "rows": "rows",
    "columns": "columns",
    "relevant": "columns that matter",
    "snr": "signal-to-noise ratio",
    "nearest_correlation": "correlation",
}


def _goal(key: str, margin: float, scores: pd.DataFrame) -> dict[str, Any]:
    """What a goal measures, and how well the surface predicts it."""
    goal = GOALS[key]
    own = scores[scores["goal"] == key].set_index("split")
    return {
        "key": key,
        "name": goal.name,
        "measure": goal.measure,
        "kind": "log_ratio" if goal.is_ratio else "difference",
        "margin": goal.zone(margin),
        "scores": [
            {"what": what, **own.loc[split, ["r2", "coverage"]].astype(float)}
            for split, what in LEFT_OUT.items()
            if split in own.index and np.isfinite(own.loc[split, "r2"])
        ],
    }


def _digits(values: Any, digits: int = 6) -> list[float]:
    return [float(f"{v:.{digits}g}") for v in values]


def _surface(frame: pd.DataFrame, zone: float) -> dict[str, Any]:
    """The surface of a goal as the page computes it: points, kernel and scales."""
    surface = Surface(frame, zone)
    kernel = surface.model.kernel_
    return {
        "x": [_digits(row) for row in inputs(frame)],
        "y": _digits(surface.model.y_train_),
        "error": _digits(surface.model.alpha, 4),
        "constant": float(kernel.k1.k1.constant_value),
        "lengths": [float(v) for v in kernel.k1.k2.length_scale],
        "noise": float(kernel.k2.noise_level),
        "centre": surface.centre,
        "scale": surface.scale,
        "bend": surface.bend,
        "zone": surface.zone,
        "binary": float(frame["binary"].min()),
        "ranges": {key: list(span) for key, span in ranges(frame).items()},
        "sizes": {
            name: [int(frame[column].min()), int(frame[column].max())]
            for name, column in (("rows", "n_samples"), ("columns", "n_features"))
        },
    }


def _start(frame: pd.DataFrame) -> dict[str, float]:
    """What the boxes hold at first: a table among those that were measured."""
    at = {}
    for axis, (low, high) in ranges(frame).items():
        at[axis] = float(f"{np.clip(START[axis], low, high):.3g}")
    rows = int(np.clip(START_ROWS, frame["n_samples"].min(), frame["n_samples"].max()))
    # that many columns a row may have been measured with fewer rows alone
    wanted = round(at["aspect_ratio"] * rows)
    columns = int(np.clip(wanted, frame["n_features"].min(), frame["n_features"].max()))
    relevant = min(columns, max(1, round(at["nonzero_share"] * columns)))
    return {
        "rows": rows,
        "columns": columns,
        "relevant": relevant,
        "snr": at["snr"],
        "nearest_correlation": at["nearest_correlation"],
    }


def _measured(tables: Tables, goals: list[str]) -> list[dict[str, Any]]:
    """The measured scenarios, with their effects by goal."""
    scenarios: dict[str, dict[str, Any]] = {}
    found = distinct(explained_points(tables)) if "summary" in tables else None
    points = {} if found is None else found.set_index("scenario")["points"].to_dict()
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
                    "of_numbers": row["response"] == DEFAULT,
                    "x": [float(f"{row[a]:.4g}") for a in AXES],
                    "points": round(points[row["scenario"]], 2)
                    if row["scenario"] in points
                    else None,
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
        ``axes``, the levels of map and profile, ``names`` and what they are ``about``, by axis;
        what the ``boxes`` are called and hold at the ``start``; ``goals`` with their measure and
        the surface's held-out scores; ``surfaces`` by goal, from which the page computes the
        effect at any numbers, with the measured ``ranges`` and ``sizes``; ``validity``, what was
        measured, in words; the code ``snippets``; the measured ``scenarios``. None without a
        surface.
    """
    surface = tables["surface"]
    if not len(surface):
        return None
    axes = {a: sorted(float(v) for v in surface[a].unique()) for a in AXES}
    scores = tables["surface_scores"]
    goals = [goal for goal in GOALS if (surface["goal"] == goal).any()]
    whole = {goal: cells(tables["goals"], tables["scenarios"], goal) for goal in goals}
    frames = {goal: learnt_from(frame) for goal, frame in whole.items()}
    return {
        "axes": axes,
        "start": _start(frames[goals[0]]),
        "boxes": BOXES,
        "names": PROPERTIES,
        "about": ABOUT,
        "goals": [_goal(goal, margin, scores) for goal in goals],
        "level": LEVEL,
        "surfaces": {
            goal: _surface(frame, GOALS[goal].zone(margin)) for goal, frame in frames.items()
        },
        "validity": measured_words(whole[goals[0]]),
        "snippets": SNIPPETS,
        "scenarios": _measured(tables, goals),
    }
