"""What each penalty says about the features: coefficients, paths, and how firm they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import sparse

from normwise.advice.contest import (
    RATIOS,
    TOLERANCE,
    row_width,
    rows_looked_at,
    tune,
    unit_of,
)
from normwise.advice.findings import Models
from normwise.data.errors import InputError
from normwise.data.rows import FREE, Rows, group_labels, numbered, usable
from normwise.data.tables.table import Table
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.solvers.views import sparse_spread
from normwise.fitting.tuning import fold_labels, make_folds, splits_of

FITTED = ("l1", "l2", "elastic_net")
N_FOLDS = 10
# divisions at most, of a quadratic loss and of one that takes several steps
REPEATS, REPEATS_IN_STEPS = 5, 1
# numbers that all divisions together may pass through
WORK = 2_000_000
PAIRS = 25
# into which rows with times are cut before they are halved
STRETCHES = 20
# strengths on the way to the chosen one
STEPS = 8
# a feature that is kept more often is chosen firmly, less often firmly left out
FIRM = 0.9


def _spread(X: Any) -> np.ndarray:
    if sparse.issparse(X):
        return sparse_spread(X.astype(float), np.full(X.shape[0], 1 / X.shape[0]))[2]
    return np.asarray(X.std(axis=0))


def _half(
    X: Any,
    y: np.ndarray,
    response: str,
    rows: np.ndarray,
    known: Rows,
    alphas: dict[str, float],
) -> dict[str, np.ndarray]:
    """Signs of the coefficients of L1 and L2 on half of the rows, in the order of `flat`."""
    problem = problem_of(X[rows], y[rows], response, **known.known(rows))
    out = {}
    for penalty, alpha in alphas.items():
        if np.isinf(alpha):
            null = problem.path(np.array([np.inf]), 0.0, TOLERANCE)
            out[penalty] = flat(null.coef)[0].astype(np.int8)
            continue
        if RATIOS[penalty]:
            top = problem.alpha_max(RATIOS[penalty])
            steps = np.geomspace(max(top, alpha), alpha, STEPS)
        else:
            steps = np.array([alpha])
        coef = problem.path(steps, RATIOS[penalty], TOLERANCE).coef[-1:]
        out[penalty] = np.sign(flat(coef)[0]).astype(np.int8)
    return out


def flat(coef: np.ndarray) -> np.ndarray:
    """Coefficients of (n_alphas, n_classes, n_features) in one row, a feature's side by side."""
    return coef if coef.ndim == 2 else coef.swapaxes(1, 2).reshape(len(coef), -1)


def halves(
    y: np.ndarray, response: str, rng: np.random.Generator, known: Rows = FREE
) -> list[np.ndarray]:
    """Rows of `PAIRS` pairs of halves, each pair without a row or a group in common.

    Rows with times are drawn in stretches of neighbours. A half that lacks a class, or all events,
    is left out.

    Raises
    ------
    InputError
        If none is left.
    """
    units, out = known.units, []
    if units is None and known.time is not None:
        stretch = np.argsort(np.argsort(known.time, kind="stable"), kind="stable")
        units = numbered(stretch * STRETCHES // len(y))
    for _ in range(PAIRS):
        if units is None:
            labels = fold_labels(y, 2, response, rng)
        else:
            labels = group_labels(units, y, 2, response, rng)
        out += [half for half, _ in usable(splits_of(labels), y, response)]
    if not out:
        raise InputError(
            "rows that belong together leave no half of the table with every class: give a table "
            "with each class in more groups"
        )
    return out


def _share_of_sign(signs: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share = (signs == np.sign(whole)).mean(axis=0)
    return np.where(whole == 0, np.nan, share)


def fit_models(
    table: Table,
    groups: tuple[tuple[int, ...], ...],
    seed: int,
    n_jobs: int | None,
    done: Any = None,
) -> Models:
    r"""Fit L1, L2 and the elastic net to all rows, and L1 and L2 to halves of them.

    The strength is chosen by 10-fold cross-validation, averaged over several divisions for a
    numeric response and a table that is not large. On half of the rows L1 gets :math:`\sqrt 2`
    times the strength, as the noise of its inner products asks for, and L2 twice the strength, the
    same sum of squares. Folds and halves keep groups whole; with times, folds test on what follows.

    Parameters
    ----------
    table : Table
    groups : tuple of tuple of int
        Groups of correlated features.
    seed : int
    n_jobs : int or None
    done : callable, optional
        Called with the share that is done.
    """
    rng = np.random.default_rng([seed, 4])
    width, rows = row_width(table), rows_looked_at(table, rng)
    X, y, known = table.X[rows], table.y[rows], table.rows.take(rows)
    n_outputs = table.n_outputs
    splits = []
    most = REPEATS if loss_of(table.response).quadratic else REPEATS_IN_STEPS
    divisions = 1 if known.time is not None else int(np.clip(WORK // (len(y) * width), 1, most))
    for _ in range(divisions):
        splits += make_folds(y, N_FOLDS, table.response, rng, known)
    unit = unit_of(y, table.response, known.weights)
    # a feature's coefficients for the classes stand side by side
    scale = np.repeat(_spread(X), n_outputs)
    problem = problem_of(X, y / unit, table.response, **known.known(slice(None)))
    frame = pd.DataFrame({"feature": np.repeat(np.array(table.names, object), n_outputs)})
    if n_outputs > 1:
        frame["class"] = np.tile(np.array(table.classes, object), len(table.names))
    alphas, paths, chosen, intercepts, gaps = {}, {}, {}, {}, []
    fits = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(tune)(problem, name, splits) for name in FITTED
    )
    for name, tuned in zip(FITTED, fits, strict=True):
        path, best = tuned.path, tuned.best
        raw = unit * flat(path.coef)
        # a strength of L1 has the unit of the response, one of L2 has none
        alphas[name] = path.alphas * (unit if name == "l1" else 1.0)
        paths[name], chosen[name] = raw * scale, best
        intercept = unit * path.intercept[best]
        intercepts[name] = intercept if n_outputs > 1 else float(intercept)
        gaps.append(float(path.gap[best]))
        frame[name] = raw[best] * scale
    for name, tuned in zip(FITTED, fits, strict=True):
        frame[f"{name}_raw"] = unit * flat(tuned.path.coef)[tuned.best]
    if done is not None:
        done(0.5)
    target = {"l1": np.sqrt(2) * alphas["l1"][chosen["l1"]], "l2": 2 * alphas["l2"][chosen["l2"]]}
    parts = halves(y, table.response, rng, known)
    signs = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_half)(X, y, table.response, part, known, target) for part in parts
    )
    l1, l2 = (np.array([one[name] for one in signs]) for name in ("l1", "l2"))
    selected = (l1 != 0).reshape(len(parts), -1, n_outputs).any(axis=2)
    kept = (frame["l1"].to_numpy() != 0).reshape(-1, n_outputs).any(axis=1)
    frame["selected"] = np.repeat(selected.mean(axis=0), n_outputs)
    frame["l1_sign"] = _share_of_sign(l1, frame["l1"].to_numpy())
    frame["l2_sign"] = _share_of_sign(l2, frame["l2"].to_numpy())
    group = np.full(len(table.names), -1)
    for number, members in enumerate(groups):
        group[list(members)] = number
    frame["group"] = np.repeat(group, n_outputs)
    return Models(
        coefs=frame,
        alphas=alphas,
        paths=paths,
        chosen=chosen,
        intercepts=intercepts,
        by_chance=_by_chance(kept, selected.mean(axis=0), groups),
        n_resamples=len(parts),
        gap=max(gaps),
        factors=_by_factor(table, kept, selected),
    )


def _by_factor(table: Table, kept: np.ndarray, selected: np.ndarray) -> pd.DataFrame:
    """What L1 keeps of each factor: on all rows, and in resamples of (n_resamples, n_features)."""
    place, out = {name: j for j, name in enumerate(table.names)}, []
    for factor, levels in table.factors.items():
        own = [place[level] for level in levels if level in place]
        if own:
            share = selected[:, own].mean(axis=0)
            out.append(
                {
                    "factor": factor,
                    "levels": len(own),
                    "kept": int(kept[own].sum()),
                    "level": table.names[own[int(share.argmax())]],
                    "selected": float(share.max()),
                }
            )
    found = pd.DataFrame(out, columns=["factor", "levels", "kept", "level", "selected"])
    return found.sort_values("selected", ascending=False, kind="stable", ignore_index=True)


def _by_chance(
    kept: np.ndarray, share: np.ndarray, groups: tuple[tuple[int, ...], ...]
) -> tuple[int, ...]:
    return tuple(
        number
        for number, members in enumerate(groups)
        if kept[list(members)].any()
        and ((share[list(members)] > 1 - FIRM) & (share[list(members)] < FIRM)).any()
    )
