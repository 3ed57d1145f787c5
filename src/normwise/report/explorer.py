"""What the page's explorer answers with: the surface, theory, and the measured scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import AXES, cells, learnt_from, sample
from normwise.analysis.learn.rule_of_thumb import read_rule
from normwise.analysis.learn.surface import LEVEL, Surface, fit_scores, inputs, ranges
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.analysis.tables import Tables
from normwise.data.response_kind import kind_of
from normwise.report.look.words import NO_PART, PROPERTIES
from normwise.report.snippets import SNIPPETS

# how columns can be related, as a reader knows it: the correlation of those that are, and in groups
# of how many they come; the alignment of the signal follows if they act in the same direction
RELATED: dict[str, dict[str, Any]] = {
    "hardly": {"label": "hardly", "correlation": 0.0, "size": None},
    "groups": {"label": "in groups (r = 0.7, groups of ten)", "correlation": 0.7, "size": 10},
    "all": {"label": "all of them (r = 0.5)", "correlation": 0.5, "size": None},
}
# what can be predicted, and what is asked of it beside rows and columns
RESPONSES: dict[str, dict[str, str]] = {
    "gaussian": {"label": "a number", "explained": "R²"},
    "poisson": {"label": "a count", "explained": "deviance explained"},
    "binary": {"label": "one of two classes", "explained": "log-loss explained"},
    "multinomial": {"label": "one of several classes", "explained": "log-loss explained"},
}
# what a reader does not know may be any of these
UNKNOWN = {"r2": [0.2, 0.5, 0.8], "auc": [0.65, 0.75, 0.85]}
# a penalty is called the likelier one from this probability on
LIKELY = 2 / 3
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
START_ROWS, START_ASPECT, START_SHARE = 300, 2.0, 0.05


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


def _widened(key: str, scores: pd.DataFrame) -> float:
    """By how much to widen intervals of the surface, so that they hold as often as they say.

    By the scenarios, held out or of the study, of which they held the fewest; at least 1.
    """
    held = scores.loc[scores["goal"] == key, "coverage"].astype(float)
    return _widening(float(np.nanmin(held)) if np.isfinite(held).any() else LEVEL)


def _widening(coverage: float) -> float:
    """By how much to widen intervals that hold so often, at least 1."""
    normal = NormalDist()
    return max(1.0, normal.inv_cdf((1 + LEVEL) / 2) / normal.inv_cdf((1 + max(coverage, 0.1)) / 2))


def _digits(values: Any, digits: int = 6) -> list[float]:
    return [float(f"{v:.{digits}g}") for v in values]


def _surface(
    frame: pd.DataFrame, others: pd.DataFrame, scales: Mapping[str, Any], widen: float
) -> dict[str, Any]:
    """The surface of a goal as the page computes it: points, kernel, scales, and where it holds."""
    shown = sample(frame, MOST)
    measured = pd.concat([frame, others]) if len(others) else frame
    tried = _tried(Surface.of_scales(frame, scales), others) if len(others) else {}
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
        "ranges": {
            response: {key: list(span) for key, span in ranges(own).items()}
            for response, own in measured.groupby("response")
        },
        "sizes": {
            response: {
                name: [int(own[column].min()), int(own[column].max())]
                for name, column in (("rows", "n_samples"), ("columns", "n_features"))
            }
            for response, own in measured.groupby("response")
        },
        "widen": {
            response: max(widen, _widening(tried.get(response, {}).get("coverage", LEVEL)))
            for response in measured["response"].unique()
        },
        "tried": tried,
    }


def _tried(surface: Surface, others: pd.DataFrame) -> dict[str, dict[str, float]]:
    """How well a surface does with responses that it has not seen, by kind."""
    out = {}
    for response, own in others.groupby("response"):
        found = surface.predict(own, own["mcse"].to_numpy())
        inside = (found["low"].array <= own["effect"]) & (own["effect"] <= found["high"].array)
        scores = fit_scores(own["effect"], found["effect"].to_numpy(), inside.to_numpy())
        out[str(response)] = {key: scores[key] for key in ("n", "r2", "coverage")}
    return out


def _start(frame: pd.DataFrame) -> dict[str, int]:
    """What the boxes hold at first: a table among those that were measured."""
    rows = int(np.clip(START_ROWS, frame["n_samples"].min(), frame["n_samples"].max()))
    known = ranges(frame)
    # that many columns a row may have been measured with fewer rows alone
    wanted = round(float(np.clip(START_ASPECT, *known["aspect_ratio"])) * rows)
    columns = int(np.clip(wanted, frame["n_features"].min(), frame["n_features"].max()))
    share = float(np.clip(START_SHARE, *known["nonzero_share"]))
    relevant = min(columns, max(1, round(share * columns)))
    return {"rows": rows, "columns": columns, "relevant": relevant}


def _matters(tables: Tables) -> dict[str, float] | None:
    """From how many rows per feature on the choice hardly matters, and how often that is true."""
    rule = read_rule(tables["rules"], EXPLAINED)
    if rule is None or not rule.enough < np.inf:
        return None
    frame = cells(tables["ground"], EXPLAINED)
    many = frame[frame["rows_per_feature"] >= rule.enough]
    share = float((many["points"].abs() <= 1).mean())
    return {"rows": rule.enough, "share": share, "n": len(many)}


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
                "response": row["response"],
                "x": _digits((row[axis] for axis in AXES), 4),
                "points": round(row["points"], 2) if np.isfinite(row["points"]) else None,
                "goals": {},
            },
        )
        numbers = (round(float(row[name]), 4) for name in ("effect", "low", "high"))
        entry["goals"][row["goal"]] = [*numbers, row["verdict"]]
    return list(scenarios.values())


def payload(tables: Tables, others: pd.DataFrame | None = None) -> dict[str, Any] | None:
    """Numbers of the explorer: everything that its controls can reach.

    Parameters
    ----------
    tables : dict of str to DataFrame
    others : DataFrame, optional
        Table ``ground`` of scenarios with other kinds of response, which the surfaces were not
        fitted to: these kinds can be asked for too.

    Returns
    -------
    dict or None
        ``axes``, the levels of map and profile, and ``names`` by axis; which ``responses`` were
        measured; what the boxes hold at the ``start``; how columns may be ``related``, what stands
        for ``unknown`` shares of what can be explained, and from which probability on a penalty is
        the ``likely`` one; ``goals`` with their measure, the unit of their differences and the
        surface's held-out scores;
        ``surfaces`` by goal, from which the page computes the effect at any numbers, with the
        measured ``ranges`` and ``sizes`` by kind of response, how they did where a kind was only
        ``tried``, and by how much intervals are to ``widen``; where it hardly ``matters``; the
        code ``snippets``; measured ``scenarios``, at most `MOST`, as are the points of a surface.
        None without a surface.
    """
    surface = tables["surface"]
    if not len(surface):
        return None
    axes = {a: sorted(set(_digits(surface[a].unique()))) for a in AXES}
    scores = tables["surface_scores"]
    goals = [goal for goal in GOALS if (surface["goal"] == goal).any()]
    # what a reader can ask for
    ground = tables["ground"]
    ground = ground[ground["response"].isin(list(RESPONSES))]
    others = ground[:0] if others is None else others
    others = others[~others["response"].isin(ground["response"].unique())]
    goals = [goal for goal in goals if len(learnt_from(cells(ground, goal)))]
    if not goals:
        return None
    kernels = {row["goal"]: row for row in tables["kernels"].to_dict("records")}
    frames = {goal: learnt_from(cells(ground, goal)) for goal in goals}
    surfaces = {
        goal: _surface(frame, cells(others, goal), kernels[goal], _widened(goal, scores))
        for goal, frame in frames.items()
    }
    return {
        "axes": axes,
        "responses": {
            name: {**words, "classes": bool(kind.classes), "several": kind.several}
            for name, words in RESPONSES.items()
            for kind in (kind_of(name),)
            if name in surfaces[goals[0]]["ranges"]
        },
        "start": _start(frames[goals[0]]),
        "related": RELATED,
        "unknown": UNKNOWN,
        "likely": LIKELY,
        "names": PROPERTIES,
        "goals": [_goal(goal, kernels[goal]["zone"], scores) for goal in goals],
        "level": LEVEL,
        "surfaces": surfaces,
        "matters": _matters(tables),
        "snippets": SNIPPETS,
        "scenarios": [
            row for part in (ground, others) for row in _measured(part[part["goal"].isin(goals)])
        ],
    }
