"""The audit of a published study: what is found in each scenario, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.inference import standard_error, wilson_interval
from normwise.analysis.judge.fair_grid import verdicts_of
from normwise.analysis.measure.effects import log_ratio
from normwise.audit.rerun import GRIDS, METHODS
from normwise.audit.wang_2020 import PROPERTIES, published_error, scenario_of

THEORY = (
    "theory_lasso",
    "theory_ridge",
    "theory_ridge_glmnet",
    "theory_null",
    "noise",
    "best_alpha",
    "floor",
)
NAMES = {
    "scenario": "published_scenario",
    "n": "n_samples",
    "p": "n_features",
    "s0": "n_nonzero",
    "SNR": "sd_ratio",
    "corDesign": "design",
    "rho": "correlation",
    "pB": "group_size",
    "s0B": "per_group",
}


def _measured(fits: pd.DataFrame) -> dict[str, Any]:
    """Errors and effects of one scenario that was run again."""
    wide = fits.pivot(index="replicate", columns=["method", "grid"], values=["error", "risk"])
    row: dict[str, Any] = {"replicates": len(wide)}
    for method in METHODS:
        for grid in GRIDS:
            error = wide["error", method, grid].to_numpy(float)
            value = float(np.sqrt(error.mean()))
            row[f"{method}_{grid}"] = value
            row[f"{method}_{grid}_se"] = standard_error(error) / (2 * value)
    own = fits[(fits["method"] == "ridge") & (fits["grid"] == "glmnet")]
    row["at_floor"] = float(own["at_end"].mean())
    risk = {k: wide["risk", k[0], k[1]].to_numpy(float) for k in wide["risk"].columns}
    row["cost"] = float(np.exp(log_ratio(risk["ridge", "glmnet"], risk["ridge", "wide"]).mean()))
    for grid in GRIDS:
        d = log_ratio(risk["lasso", grid], risk["ridge", grid])
        row |= {f"effect_{grid}": float(d.mean()), f"mcse_{grid}": standard_error(d)}
    return row


def _named(row: pd.Series) -> dict[str, Any]:
    return {NAMES[k]: row[k] for k in ("scenario", *PROPERTIES)} | {"scenario": scenario_of(row).id}


def _published(row: pd.Series) -> dict[str, float]:
    out: dict[str, float] = {}
    for method in METHODS:
        told = published_error(row, method)
        out |= {f"published_{method}": told.value, f"published_{method}_se": told.se}
    return out


def audited(
    rows: Iterable[tuple[Mapping[str, Any], pd.DataFrame]],
    theory: pd.DataFrame,
    comparison: Mapping[str, Any],
) -> pd.DataFrame:
    """Table ``audit``: published, run again with either grid, and theory, side by side.

    Parameters
    ----------
    rows : iterable of (mapping, DataFrame)
        A row of the published table and what `normwise.audit.rerun.rerun` made of it.
    theory : DataFrame
        What `normwise.audit.expected.expected` says, of these rows at least.
    comparison : mapping
        ``margin`` and ``false_discovery_rate`` of the verdicts, which are on excess risks as in
        every study.
    """
    known = theory.set_index("scenario") if len(theory) else theory
    found = []
    for values, fits in rows:
        row = pd.Series(values)
        entry = _named(row) | known.loc[row["scenario"], list(THEORY)].to_dict() | _measured(fits)
        entry |= _published(row)
        for method in METHODS:
            again = entry[f"{method}_glmnet"]
            error = np.hypot(entry[f"published_{method}_se"], entry[f"{method}_glmnet_se"])
            entry[f"z_{method}"] = (entry[f"published_{method}"] - again) / error
        found.append(entry)
    if not found:
        return typed(pd.DataFrame(), "audit")
    table = pd.DataFrame(found)
    for grid in GRIDS:
        table[f"verdict_{grid}"] = verdicts_of(
            table[f"effect_{grid}"],
            table[f"mcse_{grid}"],
            table["replicates"],
            table["scenario"],
            comparison,
        )
    table["flips"] = table["verdict_glmnet"] != table["verdict_wide"]
    return typed(table, "audit")


def against_theory(
    rows: Iterable[Mapping[str, Any]], theory: pd.DataFrame, margin: float
) -> pd.DataFrame:
    """Table ``audit_theory``: every published scenario beside what theory says of it.

    Parameters
    ----------
    rows : iterable of mapping
        All rows of the published table.
    theory : DataFrame
        What `normwise.audit.expected.expected` says of them.
    margin : float
        Half-width of the zone of practical equivalence, as a relative change of the risk.
    """
    table = pd.DataFrame([_named(row) | _published(row) for row in map(pd.Series, rows)])
    if not len(table):
        return typed(table, "audit_theory")
    theory = theory.rename(columns={"scenario": "published_scenario"})
    table = table.merge(theory, on="published_scenario", validate="one_to_one")
    risk = {name: _risk(table, f"theory_{name}") for name in ("lasso", "ridge", "ridge_glmnet")}
    table["cost_rmse"] = table["theory_ridge_glmnet"] / table["theory_ridge"]
    table["cost_risk"] = risk["ridge_glmnet"] / risk["ridge"]
    for name, ridge in (("glmnet", "ridge_glmnet"), ("wide", "ridge")):
        table[f"effect_{name}"] = np.log(risk["lasso"] / risk[ridge])
        table[f"verdict_{name}"] = _side(table[f"effect_{name}"], np.log1p(margin))
    table["flips"] = table["verdict_glmnet"] != table["verdict_wide"]
    for name, column in (
        ("lasso", "theory_lasso"),
        ("ridge", "theory_ridge"),
        ("ridge_glmnet", "theory_ridge_glmnet"),
    ):
        method = name.split("_")[0]
        away = table[f"published_{method}"] - table[column]
        table[f"z_{name}"] = away / table[f"published_{method}_se"]
    return typed(table, "audit_theory")


def _risk(table: pd.DataFrame, column: str) -> pd.Series:
    # of an error that contains the noise; rounding may leave a hair less than nothing
    return (table[column] ** 2 - table["noise"] ** 2).clip(lower=1e-12)


def _side(effect: pd.Series, zone: float) -> np.ndarray:
    return np.select([effect < -zone, effect > zone], ["l1", "l2"], "equivalent")


# a share of the error from which on the end of the grid counts as a cost, and within which theory
# and what was run again count as equal
DEAR, CLOSE, FAR = 0.02, 0.02, 3.0
REGIMES = {
    "all": (),
    "SNR": ("sd_ratio",),
    "design": ("design", "correlation"),
    "rows": ("n_samples",),
    "columns": ("n_features",),
    "in a block": ("per_group",),
}


def by_regime(audit: pd.DataFrame, theory: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Table ``audit_regimes``: how often, and by how much, over all and within regimes.

    Parameters
    ----------
    audit, theory : DataFrame
        Tables ``audit`` and ``audit_theory``.
    confidence : float
        Level of the intervals of shares, Wilson's.
    """
    rows = []
    for name, keys in REGIMES.items():
        values = [()] if not keys else sorted(set(theory[list(keys)].itertuples(index=False)))
        for value in values:
            own, beside = _where(audit, keys, value), _where(theory, keys, value)
            text = " ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value) or name
            rows.append({"regime": name, "value": text} | _tallied(own, beside, confidence))
    return typed(pd.DataFrame(rows if len(theory) else []), "audit_regimes")


def _where(table: pd.DataFrame, keys: tuple[str, ...], value: tuple[Any, ...]) -> pd.DataFrame:
    for key, wanted in zip(keys, value, strict=True):
        table = table[table[key] == wanted]
    return table


def _tallied(audit: pd.DataFrame, theory: pd.DataFrame, confidence: float) -> dict[str, Any]:
    n, m = len(theory), len(audit)
    z = theory["z_ridge_glmnet"]
    out = {
        "n": n,
        "binding": float((theory["best_alpha"] < theory["floor"]).mean()),
        "dear": float((theory["cost_rmse"] > 1 + DEAR).mean()),
        "cost_rmse_median": float(theory["cost_rmse"].median()),
        "cost_rmse_max": float(theory["cost_rmse"].max()),
        "cost_risk_median": float(theory["cost_risk"].median()),
        "cost_risk_max": float(theory["cost_risk"].max()),
        "z_mean": float(z.mean()),
        "z_sd": float(z.std(ddof=1)),
        "z_best_mean": float(theory["z_ridge"].mean()),
        "theory_flips": int(theory["flips"].sum()),
        "n_rerun": m,
    }
    if not m:
        return out
    for method in METHODS:
        told, again = audit[f"published_{method}"], audit[f"{method}_glmnet"]
        out[f"z_within_{method}"] = float((audit[f"z_{method}"].abs() < FAR).mean())
        out[f"deviation_{method}"] = float(np.sqrt(((told / again - 1) ** 2).mean()))
    for name, column in (
        ("lasso_wide", "theory_lasso"),
        ("ridge_wide", "theory_ridge"),
        ("ridge_glmnet", "theory_ridge_glmnet"),
    ):
        out[f"close_{name}"] = float(((audit[name] / audit[column] - 1).abs() < CLOSE).mean())
    flips = int(audit["flips"].sum())
    low, high = wilson_interval(flips, m, confidence)
    return out | {"flips": flips, "flips_low": float(low), "flips_high": float(high)}
