"""Fits files of a block in, tables of its scenarios out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import typed
from normwise.analysis.goals import TUNING
from normwise.analysis.measure.effects import pair_table, summarise
from normwise.analysis.measure.goal_effects import goal_effects
from normwise.analysis.measure.grid_effects import audit
from normwise.analysis.measure.metrics import (
    EXPECTED,
    held_out_metrics,
    replicate_metrics,
    scenario_metrics,
    selection_metrics,
)
from normwise.analysis.measure.own_metrics import Fitted, measure
from normwise.analysis.measure.pilots import pilot_table
from normwise.analysis.measure.sample_error import sample_errors, with_sample_error
from normwise.analysis.measure.strategies import strategy_table
from normwise.data.response_kind import kind_of
from normwise.fitting.fits_file import Estimates, read_estimates
from normwise.fitting.loss import loss_of
from normwise.fitting.names import TUNINGS, selects

# share of what is explained that the last step of a grid may add
FLAT = 1e-3


def _extra_metrics(
    names: Sequence[str], e: Estimates, a: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    held_out = a.get("y_test"), a.get("predictor_test"), a.get("weights_test")
    fitted = Fitted(
        e.origin.response, e.origin.truth, a["coef"], a["intercept"], a["alpha"], *held_out
    )
    found = {name: measure(name, fitted) for name in names}
    return {name: values for name, values in found.items() if values is not None}


def _replicate_rows(e: Estimates, dataset: str, extra: Sequence[str] = ()) -> pd.DataFrame:
    ok = e.fitted
    a = {name: array[ok] for name, array in e.arrays.items()}
    truth, risk, response = e.origin.truth, a["risk"], e.origin.response
    sizes = kind_of(response).sizes(a["coef"])
    values = {
        "train_error": a["train_error"],
        "dof": a["dof"],
        "alpha": a["alpha"],
        "gap": a["gap"],
    }
    values["nonzeros"] = (sizes != 0).sum(axis=-1)
    values["selected_none"] = values["nonzeros"] == 0
    values["cv_error"] = np.take_along_axis(a["cv_error"], a["chosen"].astype(int), axis=1)
    if truth is None:
        values |= {"test_error": risk, "optimism": risk - a["train_error"]}
        values |= held_out_metrics(
            response, risk, a["predictor_test"], a["y_test"], a.get("weights_test")
        )
    else:
        values["excess_risk"] = risk
        values |= replicate_metrics(truth, response, a["coef"], a["intercept"], e.origin.X_test)
        noise = truth.residual_var if loss_of(response).decomposes else np.nan
        expected = next((values[name] for name in EXPECTED if name in values), noise + risk)
        values["optimism"] = expected - a["train_error"]
        if selects(e.penalty):
            values |= selection_metrics(sizes, truth.support)
    values |= _extra_metrics(extra, e, a)
    n = int(ok.sum())
    value = np.concatenate([np.asarray(value, float).ravel() for value in values.values()])
    known = ~np.isnan(value)
    replicate = np.repeat(e.replicate[ok].astype(np.int32), len(TUNINGS))
    return pd.DataFrame(
        {
            "dataset": dataset,
            "scenario": e.origin.id,
            "replicate": np.tile(replicate, len(values))[known],
            "penalty": e.penalty,
            "tuning": np.tile(TUNINGS, n * len(values))[known],
            "metric": np.repeat(list(values), n * len(TUNINGS))[known],
            "value": value[known],
        }
    )


def _scenario_rows(e: Estimates, dataset: str) -> Iterator[dict]:
    truth, ok = e.origin.truth, e.fitted
    if truth is None or ok.sum() < 5:
        return
    for t, tuning in enumerate(TUNINGS):
        coef, intercept = (e.arrays[name][ok, t] for name in ("coef", "intercept"))
        found = scenario_metrics(truth, coef, intercept, e.origin.response)
        if not selects(e.penalty):
            del found["stability"]
        for metric, (value, se) in found.items():
            yield {
                "dataset": dataset,
                "scenario": e.origin.id,
                "penalty": e.penalty,
                "tuning": tuning,
                "metric": metric,
                "value": value,
                "se": se,
            }


def _cut_short(alphas: np.ndarray, cv_error: np.ndarray, at_end: np.ndarray) -> np.ndarray:
    """Whether the grid ends where the cross-validated error still falls.

    Where it is flat, as for many rows and a strong signal, the end of the grid decides nothing.

    Parameters
    ----------
    alphas, cv_error : ndarray of shape (n_replicates, n_candidates)
        From the strongest penalty to the weakest; NaN where there is no candidate.
    at_end : ndarray of bool, shape (n_replicates,)
        Whether the last candidate was chosen.
    """
    out = np.zeros(len(at_end), bool)
    for i in np.flatnonzero(at_end):
        known = np.isfinite(cv_error[i])
        # a strength can have several candidates
        strength, first = np.unique(-alphas[i][known], return_index=True)
        error = np.minimum.reduceat(cv_error[i][known], first)
        out[i] = len(strength) > 1 and error[-2] - error[-1] > FLAT * (error[0] - error[-1])
    return out


def _health_row(e: Estimates, dataset: str) -> dict:
    a, ok = e.arrays, e.fitted
    return {
        "dataset": dataset,
        "scenario": e.origin.id,
        "penalty": e.penalty,
        "n": len(ok),
        "failed": float(1 - ok.mean()),
        "uncertified": float((a["n_uncertified"] > 0).mean()),
        "edge": float(_cut_short(a["alphas"], a["cv_error"], a["edge"][:, 0])[ok].mean())
        if ok.any()
        else np.nan,
        "median_gap": float(np.median(a["gap"][ok])) if ok.any() else np.nan,
        "max_gap": float(a["gap"][ok].max()) if ok.any() else np.nan,
        "max_fold_gap": float(a["fold_gap"][ok].max()) if ok.any() else np.nan,
    }


def evaluate(
    fits: Mapping[str, Sequence[str | Path]],
    dataset: str,
    extra: Sequence[str] = (),
    overlap: float = 0.0,
    wanted: Collection[str] | None = None,
    replicates: int | None = None,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Tables of a block, one scenario at a time.

    Parameters
    ----------
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    dataset : str
    extra : sequence of str
        Metrics from extensions to add.
    overlap : float
        Argument of `normwise.analysis.inference.standard_error`.
    wanted, replicates
        Arguments of `normwise.fitting.fits_file.read_estimates`.

    Yields
    ------
    dict of str to DataFrame
        By the names of ``BLOCK_TABLES``.
    """
    with threadpool_limits(1):
        for found in read_estimates(fits, dataset, wanted, replicates):
            metrics = pd.concat(
                [_replicate_rows(e, dataset, extra) for e in found.values()], ignore_index=True
            )
            stability = [row for e in found.values() for row in _scenario_rows(e, dataset)]
            errors = sample_errors(found)
            timings = [
                pd.DataFrame(
                    {
                        "dataset": dataset,
                        "scenario": e.origin.id,
                        "replicate": e.replicate.astype(np.int32),
                        "penalty": e.penalty,
                        "seconds": e.arrays["seconds"],
                        "n_iter": e.arrays["n_iter"],
                    }
                )
                for e in found.values()
            ]
            yield {
                "metrics": metrics,
                "stability": typed(pd.DataFrame(stability), "stability"),
                "timings": pd.concat(timings, ignore_index=True),
                "fit_health": pd.DataFrame([_health_row(e, dataset) for e in found.values()]),
                "summary": summarise(metrics, overlap),
                "pairs": with_sample_error(pair_table(metrics, overlap), errors),
                "goal_effects": goal_effects(
                    metrics, overlap, errors.get(("l1", "l2", TUNING), 0.0)
                ),
                "strategies": strategy_table(metrics),
                # no pilot for split tables: further splits add no information
                "pilots": typed(pd.DataFrame(), "pilots") if overlap else pilot_table(metrics),
                "grid_effects": audit(found),
            }
