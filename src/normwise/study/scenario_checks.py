"""Scenarios that cannot be drawn, said before anything runs."""

from __future__ import annotations

from normwise.data.response_kind import kind_of
from normwise.data.scenario import GROUPED, Scenario


def problems(scenario: Scenario) -> list[str]:
    """What is wrong with a scenario, each entry naming key, value and fix."""
    s = scenario
    found = []
    if s.n_nonzero > s.n_features:
        found.append(
            f"n_nonzero ({s.n_nonzero}) exceeds n_features ({s.n_features}); "
            "lower it, or give nonzero_fraction instead"
        )
    low = -1.0 if s.covariance == "ar1" else 0.0
    if not (low < s.correlation < 1 or s.correlation == low == 0):
        found.append(
            f"correlation ({s.correlation}) makes the {s.covariance} covariance not positive "
            f"definite; use {'-1 <' if low else '0 <='} correlation < 1"
        )
    if s.covariance == "independent" and s.correlation != 0:
        found.append(
            f"correlation ({s.correlation}) has no meaning for covariance: independent; "
            "set it to 0 or choose a correlated family"
        )
    if s.placement.endswith("_per_group") and s.covariance not in GROUPED:
        found.append(
            f"placement ({s.placement}) needs correlated groups; "
            f"use covariance: {' or '.join(GROUPED)}, or placement: first or spread"
        )
    elif s.placement == "one_per_group" and s.n_nonzero > s.n_groups:
        found.append(
            f"placement: one_per_group has room for {s.n_groups} nonzero coefficients, "
            f"n_nonzero is {s.n_nonzero}; lower it or use many_per_group"
        )
    if s.covariance == "irrepresentable" and not 1 <= s.n_nonzero < s.n_features:
        found.append(
            f"covariance: irrepresentable needs 1 <= n_nonzero < n_features, "
            f"got {s.n_nonzero} of {s.n_features}"
        )
    if s.covariance == "latent_factors" and s.n_factors > s.n_features:
        found.append(f"n_factors ({s.n_factors}) exceeds n_features ({s.n_features})")
    if s.features == "sparse_binary" and s.covariance != "independent":
        found.append(
            f"features: sparse_binary are drawn independently; covariance ({s.covariance}) "
            "must be independent"
        )
    if s.noise != "gaussian" and not kind_of(s.response).takes_noise:
        found.append(
            f"noise ({s.noise}) applies to response: gaussian only; remove it for response: "
            f"{s.response}"
        )
    return found
