"""Fits files of one data set in, tables of metrics out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.data import Origin, read_origins
from normwise.extensions import Fitted, measure
from normwise.io import load_arrays
from normwise.metrics import (
    bias_variance,
    held_out_metrics,
    replicate_metrics,
    scenario_metrics,
    selection_metrics,
)
from normwise.penalties import selects
from normwise.tables import typed
from normwise.tuning import TUNINGS


@dataclass(frozen=True)
class Estimates:
    """All replicates of one scenario under one penalty, in order."""

    origin: Origin
    penalty: str
    replicate: np.ndarray
    arrays: Mapping[str, np.ndarray]

    @property
    def fitted(self) -> np.ndarray:
        """Which replicates have a solution."""
        return self.arrays["failed"] == 0


def read_estimates(fits: Mapping[str, Sequence[str | Path]], dataset: str) -> Iterator[Estimates]:
    """Join the chunks of a data set, one scenario and penalty at a time.

    Parameters
    ----------
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    dataset : str
    """
    for penalty, paths in fits.items():
        parts: dict[str, list[dict[str, np.ndarray]]] = {}
        origins: dict[str, Origin] = {}
        for path in paths:
            with load_arrays(path) as file:
                simulated = "scenarios" in file
                responses = [str(r) for r in file["responses"]]
                width = file["coef.0"].shape[-1]
                for i, origin in enumerate(read_origins(file, dataset, responses[0], width)):
                    names = [n[: -len(f".{i}")] for n in file.files if n.endswith(f".{i}")]
                    part = {name: file[f"{name}.{i}"] for name in names}
                    if not simulated:
                        # files of a rule know nothing of each other: number them in order
                        before = parts.get(origin.id, [])
                        part["first"] = np.array(sum(len(p["failed"]) for p in before))
                    origins[origin.id] = origin
                    parts.setdefault(origin.id, []).append(part)
        for key, group in parts.items():
            group.sort(key=lambda part: int(part["first"]))
            first = [int(p["first"]) + np.arange(len(p["failed"])) for p in group]
            arrays = {
                name: np.concatenate([p[name] for p in group])
                for name in group[0]
                if name != "first"
            }
            yield Estimates(origins[key], penalty, np.concatenate(first), arrays)


def _extra_metrics(
    names: Sequence[str], e: Estimates, a: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    held_out = a.get("y_test"), a.get("predictor_test")
    fitted = Fitted(
        e.origin.response, e.origin.truth, a["coef"], a["intercept"], a["alpha"], *held_out
    )
    found = {name: measure(name, fitted) for name in names}
    return {name: values for name, values in found.items() if values is not None}


def _replicate_rows(e: Estimates, dataset: str, extra: Sequence[str] = ()) -> pd.DataFrame:
    ok = e.fitted
    a = {name: array[ok] for name, array in e.arrays.items()}
    truth, risk = e.origin.truth, a["risk"]
    values = {
        "train_error": a["train_error"],
        "dof": a["dof"],
        "alpha": a["alpha"],
        "gap": a["gap"],
    }
    values["nonzeros"] = (a["coef"] != 0).sum(axis=-1)
    values["selected_none"] = values["nonzeros"] == 0
    values["cv_error"] = np.take_along_axis(a["cv_error"], a["chosen"].astype(int), axis=1)
    if truth is None:
        values |= {"test_error": risk, "optimism": risk - a["train_error"]}
        values |= held_out_metrics(e.origin.response, risk, a["predictor_test"], a["y_test"])
    else:
        values["excess_risk"] = risk
        values |= replicate_metrics(
            truth, e.origin.response, a["coef"], a["intercept"], e.origin.X_test
        )
        expected = values.get("log_loss", truth.noise_var + risk)
        values["optimism"] = expected - a["train_error"]
        if selects(e.penalty):
            values |= selection_metrics(a["coef"], truth.support)
    values |= _extra_metrics(extra, e, a)
    n = int(ok.sum())
    keys: dict[str, str | int | np.ndarray] = {
        "dataset": dataset,
        "scenario": e.origin.id,
        "replicate": np.repeat(e.replicate[ok].astype(np.int32), len(TUNINGS)),
        "penalty": e.penalty,
        "tuning": np.tile(TUNINGS, n),
    }
    parts = [
        pd.DataFrame(keys | {"metric": name, "value": np.asarray(value, float).ravel()})
        for name, value in values.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame[frame["value"].notna()]


def _scenario_rows(e: Estimates, dataset: str) -> Iterator[dict]:
    truth, ok = e.origin.truth, e.fitted
    if truth is None or ok.sum() < 5:
        return
    for t, tuning in enumerate(TUNINGS):
        found = scenario_metrics(truth, e.arrays["coef"][ok, t], e.arrays["intercept"][ok, t])
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


def _health_row(e: Estimates, dataset: str) -> dict:
    a, ok = e.arrays, e.fitted
    return {
        "dataset": dataset,
        "scenario": e.origin.id,
        "penalty": e.penalty,
        "n": len(ok),
        "failed": float(1 - ok.mean()),
        "uncertified": float((a["n_uncertified"] > 0).mean()),
        "edge": float(a["edge"][ok, 0].mean()) if ok.any() else np.nan,
        "median_gap": float(np.median(a["gap"][ok])) if ok.any() else np.nan,
        "max_gap": float(a["gap"][ok].max()) if ok.any() else np.nan,
        "max_fold_gap": float(a["fold_gap"][ok].max()) if ok.any() else np.nan,
    }


@threadpool_limits.wrap(limits=1)
def evaluate(
    fits: Mapping[str, Sequence[str | Path]], dataset: str, extra: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """Tables ``metrics``, ``stability``, ``timings`` and ``fit_health`` of one data set.

    Parameters
    ----------
    fits : mapping of str to sequence of paths
        Fits files by penalty.
    dataset : str
    extra : sequence of str
        Metrics from extensions to add.
    """
    metrics, stability, timings, health = [], [], [], []
    for e in read_estimates(fits, dataset):
        metrics.append(_replicate_rows(e, dataset, extra))
        stability += list(_scenario_rows(e, dataset))
        health.append(_health_row(e, dataset))
        timings.append(
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
        )
    rows = pd.concat(metrics, ignore_index=True)
    for name in ("dataset", "scenario", "penalty", "tuning", "metric"):
        rows[name] = rows[name].astype("category")
    columns = ["dataset", "scenario", "penalty", "tuning", "metric", "value", "se"]
    return {
        "metrics": rows,
        "stability": pd.DataFrame(stability, columns=columns).astype({"value": float, "se": float}),
        "timings": pd.concat(timings, ignore_index=True),
        "fit_health": pd.DataFrame(health),
    }


@threadpool_limits.wrap(limits=1)
def trace_paths(fits: Mapping[str, Sequence[str | Path]], dataset: str) -> dict[str, pd.DataFrame]:
    """Tables ``paths`` and ``coefficients`` of a data set whose fits keep their paths."""
    paths, coefficients = [], []
    for e in read_estimates(fits, dataset):
        truth, ok = e.origin.truth, e.fitted
        if truth is None or e.penalty == "none":
            continue
        a = {name: array[ok] for name, array in e.arrays.items()}
        relative = selects(e.penalty)
        strength = a["alphas"] / a["alphas"][:, :1] if relative else a["alphas"]
        risk = a["path_risk"]
        keys = {"dataset": dataset, "scenario": e.origin.id, "penalty": e.penalty}
        for step in range(risk.shape[1]):
            parts = bias_variance(truth, a["path_coef"][:, step], a["path_intercept"][:, step])
            paths.append(
                keys
                | {
                    "step": step,
                    "strength": float(strength[0, step]),
                    "excess_risk": float(risk[:, step].mean()),
                    "mcse": float(risk[:, step].std(ddof=1) / np.sqrt(len(risk))),
                    "bias2": parts["bias2"][0],
                    "bias2_se": parts["bias2"][1],
                    "variance": parts["variance"][0],
                    "variance_se": parts["variance"][1],
                }
            )
            coefficients.append(
                pd.DataFrame(
                    keys
                    | {
                        "step": step,
                        "strength": float(strength[0, step]),
                        "feature": np.arange(len(truth.coef)),
                        "coef": a["path_coef"][0, step],
                        "true_coef": truth.coef,
                        "chosen": bool(a["alphas"][0, step] == a["alpha"][0, 0]),
                    }
                )
            )
    empty = pd.DataFrame()
    return {
        "paths": typed(pd.DataFrame(paths), "paths"),
        "coefficients": typed(pd.concat([empty, *coefficients], ignore_index=True), "coefficients"),
    }
