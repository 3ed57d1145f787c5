r"""Rules that choose a penalty, judged on scenarios that they have not seen.

The rule of thumb is a cut on one number, the *load*

.. math:: \frac{a\, k_\mathrm{eff}}{n \sqrt{\mathrm{snr}}} :

relevant features per row, each counting for more when the signal is weak or when correlated
features act together (a is the alignment of the signal, at least 1). Below the cut it says L1,
above it L2.

Without anything fitted, the exact boundary for independent features asks the same question:
whether :math:`a\, k_\mathrm{eff} / p` lies below the share at which both penalties, at their best
strengths, have the same risk in the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeRegressor

from normwise.analysis.columns import tables_of, typed
from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import AXES, cells, ground_of, learnt_from
from normwise.analysis.learn.common_advice import common_calls
from normwise.analysis.learn.estimated import estimated_calls, losses_by_data_set
from normwise.analysis.learn.exact_boundary import call_by_theory
from normwise.analysis.learn.rule_of_thumb import Rule, call_by_rule, fit_rule, read_rule
from normwise.analysis.learn.scores import KINDS, MIXED, Judged, parts_by
from normwise.analysis.learn.surface import (
    FEWEST,
    Surface,
    fit_scores,
    importance,
    inputs,
    tabulate,
)

FOLDS = 5
TABLES = tables_of("learn")


class Measured(NamedTuple):
    """What was measured beside the effects of the scenarios.

    Attributes
    ----------
    strategies, estimates : DataFrame
        The tables.
    """

    strategies: pd.DataFrame
    estimates: pd.DataFrame


def _call_by_tree(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    columns = list(AXES)
    # splits that are equally good are chosen from at random
    tree = DecisionTreeRegressor(
        max_depth=3, min_samples_leaf=max(2, len(train) // 40), random_state=0
    )
    effect = tree.fit(train[columns], train["effect"]).predict(test[columns])
    return np.where(effect < 0, "l1", "l2")


def _splits(frame: pd.DataFrame) -> dict[str, list[np.ndarray]]:
    # scenarios that a surface cannot tell apart stay together
    twins = np.unique(inputs(frame).round(3), axis=0, return_inverse=True)[1].ravel()
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    out: dict[str, list[np.ndarray]] = {"scenarios": []}
    for _, test in folds.split(frame, groups=twins):
        mask = np.zeros(len(frame), bool)
        mask[test] = True
        out["scenarios"].append(mask)
    for split, kind_of in KINDS.items():
        masks = [mask for _, mask in parts_by(kind_of(frame))]
        masks = [mask for mask in masks if (~mask).sum() >= FEWEST]
        if len(masks) > 1:
            out[split] = masks
    return out


def _calls(
    train: pd.DataFrame, test: pd.DataFrame, surface: Surface, rule: Rule | None = None
) -> dict[str, np.ndarray]:
    """Effect, coverage and choices of what was fitted to ``train``."""
    rule = rule or fit_rule(train, surface.zone)
    mean, sd = surface.posterior(test)
    found = surface.say(mean, sd, test["mcse"].to_numpy())
    inside = (found["low"] <= test["effect"].array) & (test["effect"].array <= found["high"])
    return {
        "effect": found["effect"].to_numpy(float),
        "covered": inside.to_numpy(float),
        "response surface": surface.choose(mean, sd).astype(object),
        "rule of thumb": call_by_rule(test, rule),
        # a reader guesses k
        "rule of thumb, k halved": call_by_rule(test.assign(load=test["load"] / 2), rule),
        "rule of thumb, k doubled": call_by_rule(test.assign(load=test["load"] * 2), rule),
        "tree of depth 3": _call_by_tree(train, test),
    }


def _fold(frame: pd.DataFrame, test: np.ndarray, zone: float, kernel: Any) -> dict[str, np.ndarray]:
    train, held = frame[~test], frame[test]
    return _calls(train, held, Surface(train, zone, kernel))


def _everyone(part: pd.DataFrame, goal: str, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Choices of what was learnt, and of what needs no learning."""
    calls = {name: called.astype(str) for name, called in found.items()}
    calls |= {f"always {p.upper()}": np.full(len(part), p) for p in ("l1", "l2")}
    return calls | (_unfitted(part) if goal == "prediction" else {})


def _unfitted(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Choices of rules that nothing is fitted in."""
    return {"exact boundary": call_by_theory(frame)} | common_calls(frame)


def _held_out(
    frame: pd.DataFrame, zone: float, kernel: Any, n_jobs: int
) -> Iterator[tuple[str, pd.DataFrame, dict[str, np.ndarray]]]:
    """Split, scenarios and what was said of them by what had not seen them."""
    splits = _splits(frame)
    jobs = [(split, mask) for split, masks in splits.items() for mask in masks]
    folds = Parallel(n_jobs=n_jobs)(delayed(_fold)(frame, mask, zone, kernel) for _, mask in jobs)
    for split in splits:
        held = np.zeros(len(frame), bool)
        out = {name: np.full(len(frame), None, object) for name in folds[0]}
        for (name, mask), fold in zip(jobs, folds, strict=True):
            if name == split:
                held |= mask
                for key, value in fold.items():
                    out[key][mask] = value
        yield split, frame[held].reset_index(drop=True), {k: v[held] for k, v in out.items()}


def _learn_goal(
    whole: pd.DataFrame,
    goal: str,
    zone: float,
    measured: Measured,
    n_jobs: int,
) -> dict[str, pd.DataFrame]:
    """All tables of a goal but the ground."""
    frame, fresh = learnt_from(whole), whole[whole["held_out"]].reset_index(drop=True)
    surface, rule = Surface(frame, zone), fit_rule(frame, zone)
    judged = list(_held_out(frame, zone, surface.model.kernel_, n_jobs))
    if len(fresh) > 1:
        judged.append(("fresh", fresh, _calls(frame, fresh, surface, rule)))
    fits, scores, mixed = [], [], {}
    for split, part, found in judged:
        fit, rows = _scored(goal, split, zone, part, found, measured.strategies)
        fits.append(fit)
        scores += [row for row in rows if row["split"] != MIXED]
        mixed[split] = [row for row in rows if row["split"] == MIXED]
    scores += mixed.get("fresh") or mixed["scenarios"]
    if len(fresh) > 1:
        scores += _estimated_rows(goal, "fresh", frame, fresh, surface, rule, measured.estimates)
    return {
        "kernels": pd.DataFrame([{"goal": goal, **surface.scales()}]),
        "surface": tabulate(surface, frame, goal),
        "importance": importance(surface, frame, goal),
        "rules": pd.DataFrame([{"goal": goal, **rule._asdict()}]),
        "surface_scores": pd.DataFrame(fits),
        "rule_scores": pd.DataFrame(scores),
    }


def _scored(
    goal: str,
    split: str,
    zone: float,
    part: pd.DataFrame,
    found: dict[str, np.ndarray],
    strategies: pd.DataFrame,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A row of table ``surface_scores`` and rows of ``rule_scores``."""
    effect, covered = (found.pop(key).astype(float) for key in ("effect", "covered"))
    judged = Judged(goal, split, zone, part, _everyone(part, goal, found), strategies)
    scores = fit_scores(part["effect"], effect, covered)
    return {"goal": goal, "split": split, **scores}, list(judged.rows())


def _estimated_rows(
    goal: str,
    split: str,
    train: pd.DataFrame,
    part: pd.DataFrame,
    surface: Surface,
    rule: Rule,
    estimates: pd.DataFrame,
) -> Iterator[dict[str, Any]]:
    """Scores of rules that are told estimates."""
    if goal != "prediction":
        return

    def call(seen: pd.DataFrame) -> dict[str, np.ndarray]:
        return _calls(train, seen, surface, rule) | _unfitted(seen)

    calls, log_ratio = estimated_calls(part, estimates, call)
    seen = np.isfinite(log_ratio).any(axis=1)
    part, log_ratio = part[seen], log_ratio[seen]
    calls = {name: called[seen] for name, called in calls.items()}
    judged = Judged(goal, split, surface.zone, part, calls, pd.DataFrame())
    for family, mask in judged.parts():
        for name, called in calls.items():
            yield judged.row(name, family, mask, losses_by_data_set(part, called, log_ratio))


def _put_together(parts: list[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Tables from those of the goals."""
    out = {}
    for name in TABLES:
        frames = [part[name] for part in parts if name in part and len(part[name])]
        joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        out[name] = typed(joined, name)
    return out


def learn(
    goals: pd.DataFrame,
    scenarios: pd.DataFrame,
    strategies: pd.DataFrame,
    comparison: Mapping[str, Any],
    atlas: Mapping[str, pd.DataFrame] | None = None,
    estimates: pd.DataFrame | None = None,
    n_jobs: int = 1,
) -> dict[str, pd.DataFrame]:
    """Surfaces and rules of every goal, and how they do on scenarios they have not seen.

    Parameters
    ----------
    goals, scenarios, strategies : DataFrame
        The tables.
    comparison : mapping
        With the ``margin``.
    atlas : mapping of str to DataFrame, optional
        These tables of another study, whose surfaces and rules are then taken over and judged on
        the scenarios of this one, as split ``study``. Goals that it lacks are learnt here.
    estimates : DataFrame, optional
        The table. Rules are also judged by what they say when they are told these.
    n_jobs : int
        Worker processes; the result does not depend on it.

    Returns
    -------
    dict of str to DataFrame
        The tables `TABLES`; they are empty for goals with fewer than ``FEWEST`` scenarios.
    """
    ground = ground_of(goals, scenarios, strategies)
    seen = typed(pd.DataFrame(), "estimates") if estimates is None else estimates
    measured = Measured(strategies, seen)
    taken = {} if atlas is None else dict(atlas)
    known = set(taken["rules"]["goal"]) if taken else set()
    own = [{"ground": ground[~ground["goal"].isin(known)]}]
    for goal, what in GOALS.items():
        whole = cells(ground, goal)
        if goal in known:
            own.append(_tried(taken, goal, whole, measured))
        elif (~whole["held_out"]).sum() >= FEWEST:
            zone = what.zone(comparison["margin"])
            own.append(_learn_goal(whole, goal, zone, measured, n_jobs))
    return _put_together([taken, *own])


def _tried(
    atlas: Mapping[str, pd.DataFrame], goal: str, own: pd.DataFrame, measured: Measured
) -> dict[str, pd.DataFrame]:
    """Scores of an atlas on the scenarios of another study, one goal."""
    # what is there already was seen
    theirs = cells(atlas["ground"], goal)
    own = own[~own["scenario"].isin(theirs["scenario"])].reset_index(drop=True)
    if len(own) < 2:
        return {}
    kernels = atlas["kernels"].set_index("goal")
    frame = learnt_from(theirs)
    surface = Surface.of_scales(frame, kernels.loc[goal])
    rule = read_rule(atlas["rules"], goal)
    assert rule is not None
    found = _calls(frame, own, surface, rule)
    fit, rows = _scored(goal, "study", surface.zone, own, found, measured.strategies)
    rows = [row for row in rows if row["split"] != MIXED]
    rows += _estimated_rows(goal, "study", frame, own, surface, rule, measured.estimates)
    return {"surface_scores": pd.DataFrame([fit]), "rule_scores": pd.DataFrame(rows)}
