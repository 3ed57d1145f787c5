r"""Rules that choose a penalty, judged on scenarios that they have not seen.

The rule of thumb has two numbers. The *signal per direction*

.. math:: n\, \mathrm{snr} / p_\mathrm{eff}

says whether there is anything to gain: where it is too low, both penalties do little better than
no model. The *load*

.. math:: \frac{k_\mathrm{eff}}{n \sqrt{\mathrm{snr}\, (1 - r^2)}}

says for whom: it counts relevant features per row, each for more when the signal is weak or shared
with another feature (r is the correlation with the nearest one). Below the lower bound L1 wins,
above the upper one L2 does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeRegressor

from normwise.analysis.columns import tables_of, typed
from normwise.analysis.goals import GOALS
from normwise.analysis.inference import wilson_interval
from normwise.analysis.learn.cells import AXES, cells, learnt_from
from normwise.analysis.learn.common_advice import ELASTIC_NET, common_calls
from normwise.analysis.learn.estimated import ABSENT, estimated_calls, losses_by_data_set
from normwise.analysis.learn.rule_of_thumb import NEITHER, call_by_rule, fit_bounds, losses_of
from normwise.analysis.learn.surface import FEWEST, Surface, importance, inputs, tabulate
from normwise.theory.boundary import phase_boundary

FOLDS = 5
BOOTSTRAP = 2000
# strategies that are no choice of L1 or L2 for a scenario, and those that need a third penalty
CHOICES = {
    "elastic_net": "always elastic net",
    "relaxed_lasso": "always relaxed lasso",
    "l1_1se": "always L1, one standard error",
    "cv_choice": "cross-validation",
}
OTHERS = ("elastic_net", "relaxed_lasso")
TABLES = tables_of("learn")


def _call_by_tree(train: pd.DataFrame, test: pd.DataFrame, zone: float) -> np.ndarray:
    columns = list(AXES)
    # splits that are equally good are chosen from at random
    tree = DecisionTreeRegressor(
        max_depth=3, min_samples_leaf=max(2, len(train) // 40), random_state=0
    )
    effect = tree.fit(train[columns], train["effect"]).predict(test[columns])
    return np.where(effect < -zone, "l1", np.where(effect > zone, "l2", NEITHER))


def _call_by_theory(frame: pd.DataFrame) -> np.ndarray:
    # of independent features with equal coefficients, best strengths, n and p large
    aspect = frame["n_features"].to_numpy() / np.maximum(frame["n_samples"].to_numpy() - 1, 1)
    share = phase_boundary(aspect, frame["snr"].to_numpy())
    return np.where(frame["nonzero_share"].to_numpy() < share, "l1", "l2")


def _splits(frame: pd.DataFrame) -> dict[str, list[np.ndarray]]:
    # scenarios that a surface cannot tell apart stay together
    twins = np.unique(inputs(frame).round(3), axis=0, return_inverse=True)[1].ravel()
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    out: dict[str, list[np.ndarray]] = {"scenarios": []}
    for _, test in folds.split(frame, groups=twins):
        mask = np.zeros(len(frame), bool)
        mask[test] = True
        out["scenarios"].append(mask)
    masks = [(frame["family"] == name).to_numpy() for name in sorted(frame["family"].unique())]
    masks = [mask for mask in masks if (~mask).sum() >= FEWEST]
    if len(masks) > 1:
        out["families"] = masks
    return out


def score(
    frame: pd.DataFrame, called: np.ndarray | None, losses: np.ndarray, is_ratio: bool
) -> dict[str, Any]:
    """Columns of table ``rule_scores``, from ``n`` on.

    Parameters
    ----------
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns.
    called : ndarray of str, shape (n,) or (n, n_replicates), or None
        Choice for each scenario, or for each of some data sets of it, of which the mean counts;
        None for a choice that is neither.
    losses : ndarray of shape (n,)
        Log-ratio of the risk of the choice to that of the better penalty; NaN where it was not
        measured.
    is_ratio : bool
    """
    verdict = frame["verdict"].to_numpy()
    decided = np.isin(verdict, ("l1", "l2"))
    out: dict[str, Any] = {"n": int(np.isfinite(losses).sum()), "decided": int(decided.sum())}
    if called is not None:
        called = called.reshape(len(frame), -1)
        there = called != ABSENT

        def share(true: np.ndarray) -> np.ndarray:
            return (true & there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)

        hits, names = called == verdict[:, None], np.isin(called, ("l1", "l2"))
    if called is not None and decided.any():
        right = share(hits)[decided]
        out["accuracy"] = right.mean()
        out["accuracy_low"], out["accuracy_high"] = wilson_interval(
            right.sum(), int(decided.sum()), 0.95
        )
        out["called"] = share(names)[decided].mean()
        out["reversed"] = share(names & ~hits)[decided].mean()
    if called is not None and not decided.all():
        out["silent"] = share(called == NEITHER)[~decided].mean()
    losses = losses[np.isfinite(losses)]
    if len(losses):
        rng = np.random.default_rng(0)
        means = losses[rng.integers(0, len(losses), (BOOTSTRAP, len(losses)))].mean(axis=1)
        values = np.array([losses.mean(), *np.quantile(means, [0.025, 0.975])])
        values = np.exp(values) if is_ratio else values
        out["regret"], out["regret_low"], out["regret_high"] = values
    return out


def _families(frame: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """All scenarios, and those of each family."""
    yield "all", np.full(len(frame), True)
    for family in sorted(frame["family"].unique()):
        yield family, (frame["family"] == family).to_numpy()


def _score_rows(
    frame: pd.DataFrame, calls: dict[str, np.ndarray], goal: str, split: str
) -> list[dict[str, Any]]:
    is_ratio = GOALS[goal].is_ratio
    rows = []
    for family, mask in _families(frame):
        keys = {"goal": goal, "split": split, "family": family}
        for rule, called in calls.items():
            part = frame[mask]
            losses = _losses(part, called[mask])
            rows.append(keys | {"rule": rule} | score(part, called[mask], losses, is_ratio))
    return rows


def _losses(frame: pd.DataFrame, called: np.ndarray) -> np.ndarray:
    """Losses of choices of which some may be of an elastic net, known where there is one."""
    mixed = called == ELASTIC_NET
    if not mixed.any():
        return losses_of(frame, called)
    return np.where(mixed, frame["elastic_net_loss"], losses_of(frame, called))


def _effects(frame: pd.DataFrame, strategies: pd.DataFrame) -> pd.DataFrame:
    """Effect of every strategy, a column each, in the scenarios of a frame."""
    wide = strategies.pivot_table(
        index=["dataset", "scenario"], columns="strategy", values="effect", observed=True
    )
    wide = wide.reindex(pd.MultiIndex.from_frame(frame[["dataset", "scenario"]]))
    return wide.reindex(columns=wide.columns.union(["l1", "l2"]))


def _with_elastic_net(frame: pd.DataFrame, strategies: pd.DataFrame) -> pd.DataFrame:
    effects = _effects(frame, strategies)
    best = np.minimum(effects["l1"], effects["l2"])
    mixed = effects[ELASTIC_NET] if ELASTIC_NET in effects else best * np.nan
    return frame.assign(elastic_net_loss=(mixed - best).to_numpy())


def _strategy_rows(
    frame: pd.DataFrame, calls: dict[str, np.ndarray], strategies: pd.DataFrame, split: str
) -> list[dict[str, Any]]:
    """Scores of choices made for each data set, and of all choices where all were measured."""
    effects = _effects(frame, strategies)
    best = np.minimum(effects["l1"], effects["l2"]).to_numpy()
    losses = {
        name: effects[key].to_numpy() - best for key, name in CHOICES.items() if key in effects
    }
    losses = {name: loss for name, loss in losses.items() if np.isfinite(loss).any()}
    everywhere = [name for key, name in CHOICES.items() if key not in OTHERS and name in losses]
    keys = {"goal": "prediction", "family": "all"}
    rows = []
    for family, own in _families(frame):
        for rule in everywhere:
            row = {"split": split, "rule": rule, "family": family}
            rows.append(keys | row | score(frame[own], None, losses[rule][own], True))
    others = [losses[CHOICES[key]] for key in OTHERS if CHOICES[key] in losses]
    mixed = np.isfinite(others).all(axis=0) if others else np.zeros(len(frame), bool)
    if split != "scenarios" or not mixed.any():
        return rows
    part = frame[mixed]
    for rule, loss in losses.items():
        row = {"split": "elastic net", "rule": rule}
        rows.append(keys | row | score(part, None, loss[mixed], True))
    for rule, called in calls.items():
        row = {"split": "elastic net", "rule": rule}
        loss = _losses(part, called[mixed])
        rows.append(keys | row | score(part, called[mixed], loss, True))
    return rows


def _calls(
    train: pd.DataFrame, test: pd.DataFrame, zone: float, surface: Surface
) -> dict[str, np.ndarray]:
    """Effect, coverage and choices of what was fitted to ``train``."""
    found = surface.predict(test, test["mcse"].to_numpy())
    inside = (found["low"] <= test["effect"].array) & (test["effect"].array <= found["high"])
    winner = found["verdict"].where(found["verdict"].isin(("l1", "l2")), NEITHER)
    bounds = fit_bounds(train)
    return {
        "effect": found["effect"].to_numpy(float),
        "covered": inside.to_numpy(float),
        "response surface": winner.to_numpy(object),
        "rule of thumb": call_by_rule(test, bounds),
        # a reader guesses k
        "rule of thumb, k halved": call_by_rule(test.assign(load=test["load"] / 2), bounds),
        "rule of thumb, k doubled": call_by_rule(test.assign(load=test["load"] * 2), bounds),
        "tree of depth 3": _call_by_tree(train, test, zone),
    }


def _fold(
    frame: pd.DataFrame, test: np.ndarray, zone: float, kernel: object
) -> dict[str, np.ndarray]:
    train, held = frame[~test], frame[test]
    return _calls(train, held, zone, Surface(train, zone, kernel))


def _unfitted(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Choices of rules that nothing is fitted in."""
    return {"exact phase boundary": _call_by_theory(frame)} | common_calls(frame)


def _judge(
    part: pd.DataFrame,
    found: dict[str, np.ndarray],
    strategies: pd.DataFrame,
    goal: str,
    split: str,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A row of table ``surface_scores`` and rows of ``rule_scores``."""
    effect, covered = (found.pop(key).astype(float) for key in ("effect", "covered"))
    error = part["effect"].to_numpy() - effect
    spread = part["effect"].to_numpy() - part["effect"].mean()
    fit = {
        "goal": goal,
        "split": split,
        "n": len(part),
        "r2": 1 - (error @ error) / (spread @ spread),
        "rmse": np.sqrt(np.mean(error**2)),
        "coverage": covered.mean(),
    }
    calls = {name: called.astype(str) for name, called in found.items()}
    calls |= {f"always {p.upper()}": np.full(len(part), p) for p in ("l1", "l2")}
    if goal == "prediction":
        calls |= _unfitted(part)
        part = _with_elastic_net(part, strategies)
    rows = _score_rows(part, calls, goal, split)
    if goal == "prediction":
        rows += _strategy_rows(part, calls, strategies, split)
    return fit, rows


def _estimated_rows(
    train: pd.DataFrame,
    fresh: pd.DataFrame,
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    zone: float,
    surface: Surface,
) -> list[dict[str, Any]]:
    """Scores of rules that are told estimates; ``tables`` are goals, scenarios and estimates."""

    def call(seen: pd.DataFrame) -> dict[str, np.ndarray]:
        return _calls(train, seen, zone, surface) | _unfitted(seen)

    calls, log_ratio = estimated_calls(fresh, *tables, call)
    rows = []
    for family, own in _families(fresh):
        own = own & np.isfinite(log_ratio).any(axis=1)
        for rule, called in calls.items():
            keys = {"goal": "prediction", "split": "fresh", "family": family, "rule": rule}
            losses = losses_by_data_set(fresh[own], called[own], log_ratio[own])
            rows.append(keys | score(fresh[own], called[own], losses, True))
    return rows


def learn(
    goals: pd.DataFrame,
    scenarios: pd.DataFrame,
    strategies: pd.DataFrame,
    comparison: Mapping[str, Any],
    n_jobs: int = 1,
    estimates: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Surfaces and rules of every goal, and how they do on scenarios they have not seen.

    Parameters
    ----------
    goals, scenarios, strategies : DataFrame
        The tables.
    comparison : mapping
        With the ``margin``.
    n_jobs : int
        Worker processes; the result does not depend on it.
    estimates : DataFrame, optional
        The table. Rules are also judged by what they say when they are told these.

    Returns
    -------
    dict of str to DataFrame
        The tables `TABLES`; they are empty for goals with fewer than ``FEWEST`` scenarios.
        From more than `normwise.analysis.learn.cells.MOST` scenarios, a random sample of that size
        is learnt from.
    """
    parts: dict[str, list[Any]] = {name: [] for name in TABLES}
    for goal, what in GOALS.items():
        whole = cells(goals, scenarios, goal)
        fresh = whole[whole["held_out"]].reset_index(drop=True)
        frame = learnt_from(whole)
        if len(frame) < FEWEST:
            continue
        zone = what.zone(comparison["margin"])
        surface = Surface(frame, zone)
        parts["surface"].append(tabulate(surface, frame, goal))
        parts["importance"].append(importance(surface, frame, goal))
        parts["rules"].append(pd.DataFrame([{"goal": goal, **fit_bounds(frame)._asdict()}]))
        splits = _splits(frame)
        jobs = [(split, mask) for split, masks in splits.items() for mask in masks]
        folds = Parallel(n_jobs=n_jobs)(
            delayed(_fold)(frame, mask, zone, surface.model.kernel_) for _, mask in jobs
        )
        judged = {}
        for split in splits:
            held = np.zeros(len(frame), bool)
            out = {name: np.full(len(frame), None, object) for name in folds[0]}
            for (name, mask), fold in zip(jobs, folds, strict=True):
                if name == split:
                    held |= mask
                    for key, value in fold.items():
                        out[key][mask] = value
            judged[split] = frame[held].reset_index(drop=True), {k: v[held] for k, v in out.items()}
        if len(fresh) > 1:
            judged["fresh"] = fresh, _calls(frame, fresh, zone, surface)
        for split, (part, found) in judged.items():
            fit, rows = _judge(part, found, strategies, goal, split)
            parts["surface_scores"].append(pd.DataFrame([fit]))
            parts["rule_scores"].append(pd.DataFrame(rows))
        if goal == "prediction" and len(fresh) > 1 and estimates is not None:
            rows = _estimated_rows(frame, fresh, (goals, scenarios, estimates), zone, surface)
            parts["rule_scores"].append(pd.DataFrame(rows))
    return {
        name: typed(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), name)
        for name, frames in parts.items()
    }
