"""Scenarios that cannot be drawn, said before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from normwise.data.feature_kinds import smallest_mixed
from normwise.data.response_kind import RESPONSES, kind_of
from normwise.data.scenario import GROUPED, SIGNED, ZERO_ONE, Scenario

# keys that say something of some kinds of response alone, each with those kinds
KINDS_OF_KEY = {
    key: [name for name in RESPONSES if key in kind_of(name).keys]
    for key in dict.fromkeys(key for name in RESPONSES for key in kind_of(name).keys)
}
DEFAULTS = {f.name: f.default for f in fields(Scenario)}


def problems(scenario: Scenario) -> list[str]:
    """What is wrong with a scenario, each entry naming key, value and fix."""
    s = scenario
    found = []
    if s.n_nonzero > s.n_features:
        found.append(
            f"n_nonzero ({s.n_nonzero}) exceeds n_features ({s.n_features}); "
            "lower it, or give nonzero_fraction instead"
        )
    low = -1.0 if s.covariance in SIGNED else 0.0
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
    elif s.placement == "some_per_group":
        found += _group_problems(s)
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
    if s.features != "gaussian" and s.covariance == "irrepresentable":
        found.append(
            f"covariance: irrepresentable needs features: gaussian, not {s.features}; use another "
            "family"
        )
    return [*found, *_kind_problems(s), *_moment_problems(s), *response_problems(s)]


def _group_problems(s: Scenario) -> Iterator[str]:
    if s.per_group > s.group_size:
        yield (
            f"per_group ({s.per_group}) exceeds group_size ({s.group_size}); lower it, or use "
            "placement: many_per_group"
        )
        return
    last = s.offset + (s.per_group - 1) * s.spacing + 1
    if last > s.group_size:
        yield (
            f"offset ({s.offset}) and spacing ({s.spacing}) put the last of per_group "
            f"({s.per_group}) features at place {last} of a group, and group_size is "
            f"{s.group_size}; lower them or raise group_size"
        )
        return
    # the last group may be smaller
    whole, rest = divmod(s.n_variables, s.group_size)
    room = whole * s.per_group + min(s.per_group, len(range(s.offset, rest, s.spacing)))
    if s.n_nonzero > room:
        yield (
            f"placement: some_per_group with per_group ({s.per_group}) has room for {room} nonzero "
            f"coefficients, n_nonzero is {s.n_nonzero}; lower it or raise per_group"
        )


def _kind_problems(s: Scenario) -> Iterator[str]:
    least = smallest_mixed(s.n_levels)
    if s.features == "mixed" and s.n_features < least:
        yield (
            f"features: mixed with n_levels ({s.n_levels}) needs n_features of at least {least}, "
            f"one variable of each kind, got {s.n_features}"
        )
    if s.features == "categorical" and s.n_features < s.n_levels - 1:
        yield (
            f"n_levels ({s.n_levels}) needs n_features of at least {s.n_levels - 1} for one "
            f"variable, got {s.n_features}"
        )
    if not s.nonlinear_share:
        return
    if s.features in ZERO_ONE:
        yield (
            f"nonlinear_share ({s.nonlinear_share}) needs features of more than two values, "
            f"{s.features} have two; set it to 0"
        )
    if not s.n_nonzero:
        yield (
            f"nonlinear_share ({s.nonlinear_share}) is a share of a signal; n_nonzero (0) must be "
            "at least 1"
        )


def _moment_problems(s: Scenario) -> Iterator[str]:
    if s.moments == "population":
        return
    if s.features != "gaussian" or s.nonlinear_share:
        what = f"nonlinear_share ({s.nonlinear_share})" if s.nonlinear_share else s.features
        yield (
            f"moments ({s.moments}) needs features: gaussian and a linear signal, not {what}; "
            "use moments: population"
        )
    if not s.n_nonzero:
        yield (
            f"moments ({s.moments}) takes the noise from the signal, and n_nonzero (0) leaves "
            "none; it must be at least 1"
        )


def response_problems(s: Scenario) -> Iterator[str]:
    """What is wrong with what a scenario says of its response."""
    kind = kind_of(s.response)
    for key, names in KINDS_OF_KEY.items():
        value = getattr(s, key)
        if value != DEFAULTS[key] and key not in kind.keys:
            yield (
                f"{key} ({value}) applies to response: {' or '.join(names)} only; remove it for "
                f"response: {s.response}"
            )
    yield from kind.problems(s)
