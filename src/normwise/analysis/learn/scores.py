"""How well choices of a penalty do: rows of table ``rule_scores``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from normwise.analysis.goals import GOALS
from normwise.analysis.inference import wilson_interval
from normwise.analysis.learn.cells import family_of, size_of
from normwise.analysis.learn.common_advice import ELASTIC_NET
from normwise.analysis.learn.estimated import ABSENT
from normwise.analysis.learn.rule_of_thumb import EQUIVALENT, losses_of

BOOTSTRAP = 2000
# strategies that are no choice of L1 or L2 for a scenario, and those that need a third penalty
CHOICES = {
    "elastic_net": "always elastic net",
    "relaxed_lasso": "always relaxed lasso",
    "l1_1se": "always L1, one standard error",
    "cv_choice": "cross-validation",
}
OTHERS = ("elastic_net", "relaxed_lasso")
# the split of the scenarios in which those were measured, among those of another split
MIXED = "elastic net"
# what is left out whole in a split, one kind at a time
KINDS = {
    "families": family_of,
    "features": lambda frame: frame["features"],
    "signals": lambda frame: frame["signal"],
    "sizes": size_of,
}


def parts_by(kinds: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """Scenarios of each kind: its name, and a mask."""
    for kind in sorted(kinds.unique()):
        yield kind, (kinds == kind).to_numpy()


def score(
    frame: pd.DataFrame, called: np.ndarray | None, losses: np.ndarray, goal: str, zone: float
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
    goal : str
    zone : float
        Half-width of the zone of equivalence.
    """
    known = losses[np.isfinite(losses)]
    out: dict[str, Any] = {
        "n": len(known),
        "decided": int(frame["verdict"].isin(("l1", "l2")).sum()),
        "equivalent": 0,
    }
    if called is not None:
        out |= _shares(frame, called.reshape(len(frame), -1), zone)
    if len(known):
        rng = np.random.default_rng(0)
        means = known[rng.integers(0, len(known), (BOOTSTRAP, len(known)))].mean(axis=1)
        values = np.array([known.mean(), *np.quantile(means, [0.025, 0.975])])
        values = np.exp(values) if GOALS[goal].is_ratio else values
        out["regret"], out["regret_low"], out["regret_high"] = values
    return out


def _shares(frame: pd.DataFrame, called: np.ndarray, zone: float) -> dict[str, Any]:
    """How often choices are right, by scenario; ``called`` has a column a replicate."""
    verdict = frame["verdict"].to_numpy()
    decided = np.isin(verdict, ("l1", "l2"))
    there = called != ABSENT

    def share(true: np.ndarray) -> np.ndarray:
        return (true & there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)

    hits, names = called == verdict[:, None], np.isin(called, ("l1", "l2"))
    alike = share(called == EQUIVALENT)
    out: dict[str, Any] = {"equivalent": round(alike.sum())}
    if alike.any():
        within = frame["effect"].abs().to_numpy() <= zone
        out["equivalent_right"] = (alike * within).sum() / alike.sum()
    if not decided.all():
        unnamed = ~names & (called != ELASTIC_NET)
        out["silent"] = share(unnamed)[~decided].mean()
    if decided.any():
        right = share(hits)[decided]
        out["accuracy"] = right.mean()
        out["accuracy_low"], out["accuracy_high"] = wilson_interval(
            right.sum(), int(decided.sum()), 0.95
        )
        out["called"] = share(names)[decided].mean()
        out["reversed"] = share(names & ~hits)[decided].mean()
    return out


class Judged(NamedTuple):
    """Scenarios of a split that were called without having been seen.

    Attributes
    ----------
    goal, split : str
    zone : float
        Half-width of the zone of equivalence of the goal.
    frame : DataFrame
        What `normwise.analysis.learn.cells.cells` returns.
    calls : dict of str to ndarray of str, shape (n,)
        By what chooses.
    strategies : DataFrame
        The table.
    """

    goal: str
    split: str
    zone: float
    frame: pd.DataFrame
    calls: dict[str, np.ndarray]
    strategies: pd.DataFrame

    def parts(self) -> Iterator[tuple[str, np.ndarray]]:
        """All scenarios, and those of each kind that the split tells apart."""
        yield "all", np.full(len(self.frame), True)
        yield from parts_by(KINDS.get(self.split, family_of)(self.frame))

    def row(
        self, rule: str, family: str, mask: np.ndarray, losses: np.ndarray, split: str = ""
    ) -> dict[str, Any]:
        """A row of table ``rule_scores``."""
        called = self.calls.get(rule)
        keys = {"goal": self.goal, "split": split or self.split, "family": family, "rule": rule}
        chosen = None if called is None else called[mask]
        return keys | score(self.frame[mask], chosen, losses[mask], self.goal, self.zone)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of table ``rule_scores``, each choice in all scenarios and those of each kind.

        Strategies that need a third penalty have rows where all was measured alone.
        """
        strategies = self._strategy_losses()
        unknown = np.full(len(self.frame), np.nan)
        mixed = strategies.get(CHOICES[ELASTIC_NET], unknown)
        losses = {
            rule: np.where(called == ELASTIC_NET, mixed, losses_of(self.frame, called))
            for rule, called in self.calls.items()
        }
        losses |= strategies
        third = [CHOICES[key] for key in OTHERS if CHOICES[key] in losses]
        for family, mask in self.parts():
            for rule, loss in losses.items():
                if rule not in third:
                    yield self.row(rule, family, mask, loss)
        everywhere = np.asarray(np.isfinite([losses[rule] for rule in third]).all(axis=0))
        if third and everywhere.any():
            for rule, loss in losses.items():
                yield self.row(rule, "all", everywhere, loss, MIXED)

    def _strategy_losses(self) -> dict[str, np.ndarray]:
        """Losses of choices that are made for each data set, where there are any."""
        if self.goal != "prediction":
            return {}
        wide = self.strategies.pivot_table(
            index=["dataset", "scenario"], columns="strategy", values="effect", observed=True
        )
        at = pd.MultiIndex.from_frame(self.frame[["dataset", "scenario"]])
        effects = wide.reindex(at).reindex(columns=["l1", "l2", *CHOICES])
        best = effects[["l1", "l2"]].min(axis=1).to_numpy()
        losses = {name: effects[key].to_numpy() - best for key, name in CHOICES.items()}
        return {name: loss for name, loss in losses.items() if np.isfinite(loss).any()}
