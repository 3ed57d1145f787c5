"""Fit the prior to halves of real tables and to simulated ones, and judge it on others.

``python -m benchmarks.tables.calibrate CACHE`` writes the weights of `normwise.advice.gap` and
prints how good they are by cross-validation over tables. What is fitted is the probability of what
the other half measured, given what the advice measured on the first one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import softmax

from benchmarks.tables.halves import read_rows
from benchmarks.tables.rule import digest_of
from benchmarks.tables.simulated import read_simulated
from normwise.advice.gap import (
    FITTED,
    LEAST,
    SCALES,
    TRAITS,
    Gap,
    Weights,
    after,
    before,
    mapped_of,
    traits_of,
)
from normwise.files.whole import write_text

N_FOLDS = 10
MARGIN = 1.0
CLASSES = ("binary", "multinomial")
# simulated tables together count so much of what the real ones do: a user's table may be of either
# kind, and more often is like those of books and packages
SIMULATED = 0.5
# prior counts of the mixture's shares, so that none of them vanishes, and the bound of exponents
COUNTS, RIDGE = 0.5, 0.05


@dataclass(frozen=True)
class Seen:
    """What the model needs of each half.

    Attributes
    ----------
    traits : ndarray of shape (n_halves, n_traits)
    mapped : ndarray of shape (n_halves,)
        The map's gap over its standard error; 0 outside.
    seen, error : ndarray of shape (n_halves,)
        The head-to-head's gap and standard error.
    held, held_error : ndarray of shape (n_halves,)
        The same on the other half.
    fold : ndarray of int of shape (n_halves,)
        Of the table; halves of one are together.
    weight : ndarray of shape (n_halves,)
        One over the number of halves of the table.
    """

    traits: np.ndarray
    mapped: np.ndarray
    seen: np.ndarray
    error: np.ndarray
    held: np.ndarray
    held_error: np.ndarray
    fold: np.ndarray
    weight: np.ndarray

    def take(self, rows: np.ndarray) -> Seen:
        """Some of the halves."""
        return Seen(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def seen_of(rows: pd.DataFrame) -> Seen:
    """What the model needs, from the rows of `benchmarks.tables.halves`."""
    best = rows[["contest_explained_l1", "contest_explained_l2"]].max(axis=1).to_numpy() / 100
    size = (rows[name].to_numpy(float) for name in ("n", "p"))
    ends = (rows[f"map_points{end}"].to_numpy() for end in ("", "_low", "_high"))
    count = rows.groupby("name")["half"].transform("size")
    return Seen(
        traits=traits_of(*size, best, rows["response"].isin(CLASSES).to_numpy()),
        mapped=np.where(rows["map_inside"], mapped_of(*ends), 0.0),
        seen=rows["contest_gap_l1_l2"].to_numpy(),
        error=rows["contest_gap_se_l1_l2"].to_numpy(),
        held=rows["gap_l1_l2"].to_numpy(),
        held_error=np.maximum(rows["gap_se_l1_l2"].to_numpy(), LEAST),
        fold=np.array([digest_of(name)[3] % N_FOLDS for name in rows["name"]]),
        weight=1 / count.to_numpy(float),
    )


def together(real: Seen, simulated: Seen) -> Seen:
    """Both, the simulated tables with `SIMULATED` times the weight of the real ones."""
    share = SIMULATED * real.weight.sum() / simulated.weight.sum()
    simulated = replace(simulated, weight=share * simulated.weight)
    names = Seen.__dataclass_fields__
    return Seen(*(np.concatenate([getattr(s, n) for s in (real, simulated)]) for n in names))


def both_of(rows: pd.DataFrame, cache: Path) -> tuple[Seen, np.ndarray]:
    """What the model is fitted to, and which of it are the halves of real tables in ``rows``."""
    seen = together(seen_of(rows), seen_of(usable(read_simulated(cache))))
    return seen, np.arange(len(seen.fold)) < len(rows)


def _weights(values: np.ndarray, n_traits: int) -> Weights:
    k = len(SCALES)
    unit, (pull, inflation, spread) = values[k : k + n_traits], values[k + n_traits :]
    return Weights(
        softmax(values[:k]), unit, float(pull), float(np.exp(inflation)), float(np.exp(spread))
    )


def fit(seen: Seen) -> Weights:
    """Weights under which what the other halves measured is most probable."""
    n_traits = seen.traits.shape[1]

    def misfit(values: np.ndarray) -> float:
        weights = _weights(values, n_traits)
        found = after(weights, seen.traits, seen.mapped, seen.seen, seen.error)
        score = seen.weight @ found.log_density(seen.held, seen.held_error)
        prior = COUNTS * np.log(weights.mix).sum() - RIDGE * (values[len(SCALES) :] ** 2).sum()
        return -float(score + prior)

    start = np.concatenate([np.zeros(len(SCALES)), np.zeros(n_traits), [0.0, 0.3, -2.0]])
    return _weights(minimize(misfit, start, method="L-BFGS-B").x, n_traits)


def crossed(seen: Seen, model: Callable[[Weights, Seen], Gap] | None = None) -> Gap:
    """Gaps after the head-to-head, each by weights fitted to the tables of other folds."""
    ask = model or (lambda w, s: after(w, s.traits, s.mapped, s.seen, s.error))
    parts = np.empty((3, len(seen.fold), len(SCALES)))
    for fold in np.unique(seen.fold):
        own = seen.fold == fold
        found = ask(fit(seen.take(~own)), seen.take(own))
        parts[:, own] = found.share, found.middle, found.spread
    return Gap(*parts)


def only_prior(weights: Weights, seen: Seen) -> Gap:
    """Gaps before the head-to-head."""
    return before(weights, seen.traits, seen.mapped)


def scores(found: Gap, seen: Seen) -> dict[str, float]:
    """Mean log score of the other half's gap, and Brier scores of its side and of its zone."""
    weight = seen.weight / seen.weight.sum()
    expected = found.measured(seen.held_error)
    zone = np.column_stack(
        [seen.held < -MARGIN, np.abs(seen.held) <= MARGIN, seen.held > MARGIN]
    ).astype(float)
    side = expected.below(0.0)
    return {
        "log score": float(weight @ found.log_density(seen.held, seen.held_error)),
        "Brier of the side": float(weight @ (side - (seen.held < 0)) ** 2),
        "Brier of the zone": float(weight @ ((expected.chances(MARGIN) - zone) ** 2).sum(axis=1)),
    }


def usable(rows: pd.DataFrame) -> pd.DataFrame:
    """Halves on which both penalties have a head-to-head and a loss on the other half."""
    names = ["contest_gap_l1_l2", "contest_gap_se_l1_l2", "gap_l1_l2", "gap_se_l1_l2"]
    return rows[np.isfinite(rows[names]).all(axis=1)].reset_index(drop=True)


def written(weights: Weights, rows: pd.DataFrame, n_simulated: int) -> str:
    """Weights as `normwise.advice.gap.shipped` reads them."""
    traits = seen_of(rows).traits
    reach = np.column_stack([traits.min(axis=0), traits.max(axis=0)]).round(4).tolist()
    found = {
        "mix": weights.mix.round(5).tolist(),
        "unit": dict(zip(TRAITS, weights.unit.round(4).tolist(), strict=True)),
        "pull": round(weights.pull, 4),
        "inflation": round(weights.inflation, 4),
        "spread": round(weights.spread, 5),
        "reach": dict(zip(TRAITS, reach, strict=True)),
        "tables": int(rows["name"].nunique()),
        "halves": len(rows),
        "simulated": n_simulated,
    }
    return json.dumps(found, indent=1) + "\n"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    cache = parser.parse_args().cache
    rows = usable(read_rows(cache))
    seen, real = both_of(rows, cache)
    print(f"{len(rows)} halves of {rows['name'].nunique()} tables, {(~real).sum()} simulated ones")
    text = written(fit(seen), rows, int((~real).sum()))
    write_text(FITTED, text)
    print(text)
    for name, found in (("after", crossed(seen)), ("before", crossed(seen, only_prior))):
        for what, own in (("real", real), ("simulated", ~real)):
            result = scores(found.take(own), seen.take(own))
            said = {k: round(v, 4) for k, v in result.items()}
            print(f"{name} the head-to-head, {what} tables: {said}")


if __name__ == "__main__":
    main()
