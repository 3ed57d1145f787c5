"""The audit of a published study: which scenarios, and what is found in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.columns import typed
from normwise.analysis.inference import decide, standard_error, zone_tests
from normwise.analysis.measure.effects import log_ratio
from normwise.audit.limits import limits
from normwise.audit.rerun import GRIDS, METHODS, rerun
from normwise.audit.wang_2020 import (
    PROPERTIES,
    published_error,
    read_published,
    scenario_of,
    unit,
)
from normwise.data.population import population

THEORY = ("theory_lasso", "theory_ridge", "theory_ridge_glmnet", "best_alpha", "floor")
STRATA = ("corDesign", "rho", "pB", "s0B")
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


def sampled(published: pd.DataFrame, n_scenarios: int, seed: int) -> pd.DataFrame:
    """Some scenarios of a published table, from each of its designs as many as its share.

    Parameters
    ----------
    published : DataFrame
        What `normwise.audit.wang_2020.read_published` returns.
    n_scenarios : int
        At most; a design (correlations, sizes of blocks, relevant features in each) has at least
        one if there are so many.
    seed : int
        A larger sample with the same seed holds the smaller one of each design.

    Returns
    -------
    DataFrame
        In the order of the table.
    """
    order = np.random.default_rng(seed).permutation(len(published))
    shuffled = published.iloc[order]
    # the place in its design, as a share: equal shares of all designs come first
    groups = shuffled.groupby(list(STRATA), sort=True)["scenario"]
    place = (groups.cumcount() + 0.5) / groups.transform("size")
    return published.loc[sorted(place.sort_values(kind="stable").index[:n_scenarios])]


def planned(audit: Mapping[str, Any], seed: int) -> dict[str, dict[str, Any]]:
    """The rows that an audit runs again, by their number in the published table.

    Parameters
    ----------
    audit : mapping
        Key ``audit`` of the checked config; without a ``table`` there is nothing to run.
    seed : int
    """
    if not audit["table"]:
        return {}
    rows = sampled(read_published(audit["table"]), audit["n_scenarios"], seed)
    return {str(row["scenario"]): row for row in rows.to_dict("records")}


def audit_scenario(row: Mapping[str, Any], replicates: int, seed: int) -> pd.DataFrame:
    """Fits of one row of the published table, each beside what theory says of the row."""
    published = pd.Series(row)
    fits = rerun(scenario_of(published), 0, replicates, seed)
    return fits.assign(**theory_of(published, seed))


def theory_of(row: pd.Series, seed: int) -> dict[str, float]:
    """What theory says of a row of the published table, in its unit.

    Returns
    -------
    dict
        ``THEORY``: the errors of `normwise.audit.limits.Limits`, the best strength of ridge and
        the least one of glmnet's grid.
    """
    s = scenario_of(row)
    found, scale = limits(s, seed), unit(population(s, seed))
    errors = (scale * e for e in (found.lasso, found.ridge, found.ridge_glmnet))
    return dict(zip(THEORY, (*errors, found.alpha, found.floor), strict=True))


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


def audited(
    rows: Iterable[tuple[Mapping[str, Any], pd.DataFrame]], comparison: Mapping[str, Any]
) -> pd.DataFrame:
    """Table ``audit``: published, run again with either grid, and theory, side by side.

    Parameters
    ----------
    rows : iterable of (mapping, DataFrame)
        A row of the published table and what `audit_scenario` made of it.
    comparison : mapping
        ``margin`` and ``false_discovery_rate`` of the verdicts, which are on excess risks as in
        every study.
    """
    found = []
    for values, fits in rows:
        row = pd.Series(values)
        entry = {NAMES[k]: row[k] for k in ("scenario", *PROPERTIES)}
        entry |= {"scenario": scenario_of(row).id, **fits.iloc[0][list(THEORY)], **_measured(fits)}
        for method in METHODS:
            told, again = published_error(row, method), entry[f"{method}_glmnet"]
            entry |= {f"published_{method}": told.value, f"published_{method}_se": told.se}
            error = np.hypot(told.se, entry[f"{method}_glmnet_se"])
            entry[f"z_{method}"] = (told.value - again) / error
        found.append(entry)
    if not found:
        return typed(pd.DataFrame(), "audit")
    table = pd.DataFrame(found)
    names = table.assign(first="l1", second="l2")[["first", "second", "scenario"]]
    zone = np.log1p(comparison["margin"])
    for grid in GRIDS:
        effect, mcse = table[f"effect_{grid}"], table[f"mcse_{grid}"]
        tests = zone_tests(effect, mcse, table["replicates"], zone)
        level = comparison["false_discovery_rate"]
        table[f"verdict_{grid}"] = decide(effect, *tests, level, names)["verdict"]
    table["flips"] = table["verdict_glmnet"] != table["verdict_wide"]
    return typed(table, "audit")
