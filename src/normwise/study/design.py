"""Scenarios sampled from ranges: points of a scrambled Sobol' sequence over the keys that vary.

The sequence goes on without end, and the next of its points that is possible and new is the next
scenario. So the first *m* scenarios of a larger design are those of a design of *m*.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Any

import numpy as np

from normwise.data.response_kind import kind_of
from normwise.data.scenario import GROUPED, ZERO_ONE, Scenario, expand_grid
from normwise.study.origins import GRID_KEYS
from normwise.study.scenario_checks import KINDS_OF_KEY, problems

WHOLE = tuple(f.name for f in fields(Scenario) if str(f.type) == "int")
DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(Scenario)}
DIGITS = 3
# points in a row of which none is a scenario, after which there is none to be found
PATIENCE = 10_000
BATCH = 256

Cell = Mapping[str, Any]


def _speaks(key: str, cell: Cell) -> bool:
    """Whether a key says something of the kind of response of a scenario."""
    return key in kind_of(cell["response"]).keys


# keys that say nothing in some scenarios, where they stay at their default: what they need to say
# something, in words and in code
MEANING: dict[str, tuple[str, Callable[[Cell], bool]]] = {
    key: (f"response: {' or '.join(names)}", partial(_speaks, key))
    for key, names in KINDS_OF_KEY.items()
} | {
    "correlation": ("a correlated covariance", lambda cell: cell["covariance"] != "independent"),
    "group_size": (
        f"covariance: {' or '.join(GROUPED)}",
        lambda cell: cell["covariance"] in GROUPED,
    ),
    "n_factors": (
        "covariance: latent_factors",
        lambda cell: cell["covariance"] == "latent_factors",
    ),
    "density": (
        "features: sparse_binary or mixed",
        lambda cell: cell["features"] in ("sparse_binary", "mixed"),
    ),
    "n_levels": (
        "features: categorical or mixed",
        lambda cell: cell["features"] in ("categorical", "mixed"),
    ),
    "decay": ("signal: power", lambda cell: cell["signal"] == "power"),
    "per_group": (
        "placement: some_per_group",
        lambda cell: cell["placement"] == "some_per_group",
    ),
    **dict.fromkeys(
        ("offset", "spacing"),
        (
            "placement: some_per_group",
            lambda cell: cell["placement"] == "some_per_group",
        ),
    ),
    "moments": (
        f"features: gaussian and response: {' or '.join(KINDS_OF_KEY['moments'])}",
        lambda cell: cell["features"] == "gaussian" and _speaks("moments", cell),
    ),
    "nonlinear_share": (
        "features of more than two values and "
        f"response: {' or '.join(KINDS_OF_KEY['nonlinear_share'])}",
        lambda cell: cell["features"] not in ZERO_ONE and _speaks("nonlinear_share", cell),
    ),
}
# keys that those conditions ask for
DECISIVE = ("covariance", "features", "placement", "response", "signal")


class DesignError(ValueError):
    """A design that has fewer scenarios than it was asked for."""


class _Impossible(Exception):
    """A point of the sequence that is no scenario, with the reason."""


def is_range(value: Any) -> bool:
    """Whether the value of a key is a range, and not a list of values."""
    return isinstance(value, Mapping)


def scenarios_of(dataset: Mapping[str, Any]) -> list[Scenario]:
    """All scenarios of a simulated data set, sampled where it has a ``design``, else its grid.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.

    Raises
    ------
    DesignError
        If its ranges and limits leave fewer scenarios than it asks for.
    """
    if "design" not in dataset:
        return expand_grid(dataset)
    content = {k: dataset[k] for k in ("name", "design", *GRID_KEYS) if k in dataset}
    return list(_sample(json.dumps(content, sort_keys=True)))


@cache
def _sample(content: str) -> tuple[Scenario, ...]:
    """Sample a data set, given as text since it is asked for again and again."""
    dataset = json.loads(content)
    design = dataset["design"]
    varying = {k: v for k, v in sorted(dataset.items()) if k in GRID_KEYS and _varies(v)}
    fixed = {k: v[0] for k, v in dataset.items() if k in GRID_KEYS and k not in varying}
    limits = Limits(design.get("max_entries", np.inf), **design.get("aspect_ratio", {}))
    found: dict[Scenario, None] = {}
    refused, reason = 0, ""
    for point in _points(design["seed"], dataset["name"], len(varying)):
        if len(found) == design["n_scenarios"]:
            return tuple(found)
        try:
            scenario = _scenario(fixed, varying, dict(zip(varying, point, strict=True)))
            limits.check(scenario)
            if scenario in found:
                raise _Impossible("a scenario that is there already")
        except _Impossible as error:
            refused, reason = refused + 1, str(error)
            if refused == PATIENCE:
                break
        else:
            found[scenario], refused = None, 0
    raise DesignError(
        f"design.n_scenarios ({design['n_scenarios']}) exceeds the {len(found)} scenarios that "
        f"were found, as {PATIENCE} further points in a row gave none; lower it, widen the ranges "
        f"or loosen the limits (the last point: {reason})"
    )


def _varies(value: Any) -> bool:
    return is_range(value) or len(value) > 1


def _points(seed: int, name: str, n_axes: int) -> Iterator[list[float]]:
    """Yield points of a sequence that belongs to a seed and the name of a data set."""
    # takes a third of a second, and most studies have grids alone
    from scipy.stats import qmc

    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), "<u4")
    rng = np.random.default_rng([seed, *words.tolist()])
    sequence = qmc.Sobol(max(1, n_axes), scramble=True, rng=rng)
    while True:
        yield from (point[:n_axes] for point in sequence.random(BATCH).tolist())


def _scenario(fixed: Cell, varying: Cell, at: Mapping[str, float]) -> Scenario:
    """Make the scenario that lies at some coordinates between 0 and 1, by key."""
    cell = dict(fixed)
    for key, axis in varying.items():
        # a share of the features needs their number
        if key != "nonzero_fraction":
            cell[key] = place(axis, at[key], key in WHOLE)
    if "nonzero_fraction" in varying:
        axis = _possible_shares(varying["nonzero_fraction"], cell["n_features"])
        cell["nonzero_fraction"] = place(axis, at["nonzero_fraction"], whole=False)
    if "nonzero_fraction" in cell:
        n_nonzero = round(cell.pop("nonzero_fraction") * cell["n_features"])
        cell["n_nonzero"] = max(1, int(three_digits(n_nonzero)))
    scenario = Scenario(**_settled(cell))
    found = problems(scenario)
    if found:
        raise _Impossible(found[0])
    return scenario


def _possible_shares(axis: Any, n_features: int) -> Any:
    """Shares of relevant features from that of a single one on."""
    if not is_range(axis):
        return axis
    low, high = max(axis["low"], 1 / n_features), axis["high"]
    if low > high:
        raise _Impossible(f"nonzero_fraction (at most {high}) is less than 1 of {n_features}")
    return {**axis, "low": low}


def place(axis: Any, coordinate: float, whole: bool) -> Any:
    """Value of an axis at a coordinate between 0 and 1.

    Parameters
    ----------
    axis : list or mapping
        Values, all equally likely, or a range with ``low``, ``high`` and perhaps ``log``.
    coordinate : float
    whole : bool
        Whether the values of a range are whole numbers.

    Returns
    -------
    value
        Of a range, with three significant digits.
    """
    if not is_range(axis):
        return axis[int(coordinate * len(axis))]
    low, high = axis["low"], axis["high"]
    # each whole number has its own stretch of the range
    start, stop = (low - 0.5, high + 0.5) if whole else (low, high)
    if axis.get("log", False):
        value = start * (stop / start) ** coordinate
    else:
        value = start + coordinate * (stop - start)
    value = three_digits(round(value) if whole else value)
    return min(max(int(value) if whole else value, low), high)


def three_digits(value: float) -> float:
    """Round a number to three significant digits."""
    return float(f"{value:.{DIGITS}g}")


def _settled(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Leave what has no meaning in a scenario at its default."""
    complete = DEFAULTS | dict(cell)
    if complete["placement"].endswith("_per_group") and complete["covariance"] not in GROUPED:
        complete["placement"] = DEFAULTS["placement"]
    for key, (_, has_meaning) in MEANING.items():
        if not has_meaning(complete):
            complete[key] = DEFAULTS[key]
    return complete


@dataclass(frozen=True)
class Limits:
    """What sizes of a scenario a design allows.

    Attributes
    ----------
    max_entries : float
        Rows times columns.
    low, high : float
        Columns for each row.
    """

    max_entries: float = np.inf
    low: float = 0.0
    high: float = np.inf

    def check(self, scenario: Scenario) -> None:
        """Refuse a scenario outside of the limits."""
        n, p = scenario.n_samples, scenario.n_features
        if n * p > self.max_entries:
            raise _Impossible(
                f"n_samples x n_features ({n} x {p}) exceeds design.max_entries "
                f"({self.max_entries})"
            )
        if not self.low <= p / n <= self.high:
            raise _Impossible(
                f"n_features / n_samples ({p} / {n}) is outside of design.aspect_ratio "
                f"({self.low} to {self.high})"
            )


def design_problems(dataset: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with ranges and design of a simulated data set, before it is sampled.

    Parameters
    ----------
    dataset : mapping
        A data set of the config that agrees with the schema.
    """
    ranges = {k: dataset[k] for k in GRID_KEYS if is_range(dataset.get(k))}
    if "design" not in dataset:
        if ranges:
            listing = ", ".join(f"{key} ({_shown(given)})" for key, given in ranges.items())
            yield (
                f"{listing}: a range needs design: {{n_scenarios: …}}, the number of scenarios to "
                "sample; a grid takes a list"
            )
        return
    aspect_ratio = dataset["design"].get("aspect_ratio", {})
    for key, given in (ranges | {"design.aspect_ratio": aspect_ratio}).items():
        low, high = given.get("low", 0), given.get("high", np.inf)
        if low >= high:
            yield f"{key} ({_shown(given)}) is empty; low must be below high"
        elif given.get("log") and low <= 0:
            yield f"{key} ({_shown(given)}) with log: true must have low above 0"
    yield from _idle(dataset)


def _idle(dataset: Mapping[str, Any]) -> Iterator[str]:
    """Name keys that have no meaning in any scenario of the data set."""
    lists = [dataset.get(key, [DEFAULTS[key]]) for key in DECISIVE]
    cells = [
        _settled(dict(zip(DECISIVE, values, strict=True))) for values in itertools.product(*lists)
    ]
    for key, (needed, has_meaning) in MEANING.items():
        given = dataset.get(key, [DEFAULTS[key]])
        if given != [DEFAULTS[key]] and not any(map(has_meaning, cells)):
            yield (
                f"{key} ({_shown(given)}) needs {needed}, which no scenario has; add that, or "
                f"remove {key}"
            )


def _shown(given: Any) -> str:
    pairs = (f"{key} {value}" for key, value in given.items()) if is_range(given) else given
    return ", ".join(map(str, pairs))
