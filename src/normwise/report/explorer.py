"""What the page's explorer answers with: the surface, theory, and the measured scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import AXES, cells, learnt_from, sample
from normwise.analysis.learn.surface import LEVEL, Surface, inputs, ranges
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.analysis.tables import Tables
from normwise.data.response_kind import DEFAULT
from normwise.report.look.words import NO_PART, PROPERTIES
from normwise.report.snippets import SNIPPETS
from normwise.report.validity import measured_words

ABOUT = {
    "aspect_ratio": "columns over rows of your table",
    "nonzero_share": "your best guess: 0.01 is one feature in a hundred, 1 is all",
    "snr": "R² / (1 − R²) of the best possible model: 1 if half of the variance can be explained",
    "signal_alignment": "1 if the columns are unrelated or their effects have either sign; "
    "1 + (k − 1) r if the k columns that matter have correlations of r on average and pull the "
    "same way; where effects of correlated columns cancel it counts as 1",
}
# what the surface was judged on, the mildest first
LEFT_OUT = {
    "scenarios": "scenarios left out a fifth at a time",
    "families": "families left out whole",
    "features": "kinds of features left out whole",
    "signals": "kinds of signals left out whole",
    "sizes": "numbers of rows left out whole",
    "study": "scenarios of this study",
    "fresh": f"scenarios that {NO_PART}",
}
# what a browser solves in a moment, and what a page stays light with
MOST = 600
# what the boxes hold at first, as far as the study reaches
START = {"aspect_ratio": 2.0, "nonzero_share": 0.05, "snr": 2.0, "signal_alignment": 1.0}
START_ROWS = 100
BOXES = {
    "rows": "rows",
    "columns": "columns",
    "relevant": "columns that matter",
    "snr": "signal-to-noise ratio",
    "signal_alignment": "alignment of the signal",
}


def _goal(key: str, zone: float, scores: pd.DataFrame) -> dict[str, Any]:
    """What a goal measures, how its differences are told, and how well the surface predicts it."""
    goal = GOALS[key]
    own = scores[scores["goal"] == key].set_index("split")
    return {
        "key": key,
        "name": goal.name,
        "measure": goal.measure,
        "kind": "log_ratio" if goal.is_ratio else "difference",
        # shares are told in points
        **({"times": 100, "digits": 1} if key == EXPLAINED else {"times": 1, "digits": 2}),
        "unit": " points" if key == EXPLAINED else "",
        "margin": zone,
        "scores": [
            {"what": what, **own.loc[split, ["r2", "coverage"]].astype(float)}
            for split, what in LEFT_OUT.items()
            if split in own.index and np.isfinite(own.loc[split, "r2"])
        ],
    }


def _digits(values: Any, digits: int = 6) -> list[float]:
    return [float(f"{v:.{digits}g}") for v in values]


def _surface(frame: pd.DataFrame, scales: Mapping[str, Any]) -> dict[str, Any]:
    """The surface of a goal as the page computes it: points, kernel and scales."""
    shown = sample(frame, MOST)
    surface = Surface.of_scales(shown, scales)
    kernel = surface.model.kernel_
    return {
        "x": [_digits(row) for row in inputs(shown)],
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
        "signal_alignment": at["signal_alignment"],
    }


def _measured(ground: pd.DataFrame) -> list[dict[str, Any]]:
    """Measured scenarios, with their effects by goal."""
    shown = set(sample(ground.drop_duplicates("scenario"), MOST)["scenario"])
    scenarios: dict[str, dict[str, Any]] = {}
    for row in ground[ground["scenario"].isin(shown)].to_dict("records"):
        entry = scenarios.setdefault(
            row["scenario"],
            {
                "dataset": row["dataset"],
                "label": row["label"].replace("n_", "").replace("_", " "),
                "scenario": row["scenario"],
                "n": int(row["n_samples"]),
                "p": int(row["n_features"]),
                "of_numbers": row["response"] == DEFAULT,
                "x": _digits((row[axis] for axis in AXES), 4),
                "points": round(row["points"], 2) if np.isfinite(row["points"]) else None,
                "goals": {},
            },
        )
        numbers = (round(float(row[name]), 4) for name in ("effect", "low", "high"))
        entry["goals"][row["goal"]] = [*numbers, row["verdict"]]
    return list(scenarios.values())


def payload(tables: Tables) -> dict[str, Any] | None:
    """Numbers of the explorer: everything that its controls can reach.

    Parameters
    ----------
    tables : dict of str to DataFrame

    Returns
    -------
    dict or None
        ``axes``, the levels of map and profile, ``names`` and what they are ``about``, by axis;
        what the ``boxes`` are called and hold at the ``start``; ``goals`` with their measure, the
        unit of their differences and the surface's held-out scores; ``surfaces`` by goal, from
        which the page computes the effect at any numbers, with the measured ``ranges`` and
        ``sizes``; ``validity``, what was measured, in words; the code ``snippets``; measured
        ``scenarios``, at most `MOST`, as are the points of a surface. None without a surface.
    """
    surface = tables["surface"]
    if not len(surface):
        return None
    axes = {a: sorted(set(_digits(surface[a].unique()))) for a in AXES}
    scores = tables["surface_scores"]
    goals = [goal for goal in GOALS if (surface["goal"] == goal).any()]
    ground = tables["ground"]
    kernels = {row["goal"]: row for row in tables["kernels"].to_dict("records")}
    frames = {goal: learnt_from(cells(ground, goal)) for goal in goals}
    return {
        "axes": axes,
        "start": _start(frames[goals[0]]),
        "boxes": BOXES,
        "names": PROPERTIES,
        "about": ABOUT,
        "goals": [_goal(goal, kernels[goal]["zone"], scores) for goal in goals],
        "level": LEVEL,
        "surfaces": {goal: _surface(frame, kernels[goal]) for goal, frame in frames.items()},
        "validity": measured_words(cells(ground, goals[0])),
        "snippets": SNIPPETS,
        "scenarios": _measured(ground[ground["goal"].isin(goals)]),
    }
