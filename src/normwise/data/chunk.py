"""A chunk: what one data file of a simulated data set holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from normwise.data.scenario import ZERO_ONE, Scenario


def replicate_megabytes(scenario: Scenario) -> float:
    """Size of one replicate in a data file."""
    width = 1 if scenario.features in ZERO_ONE else 8
    return scenario.n_samples * (scenario.n_features * width + 8) / 1e6


@dataclass(frozen=True)
class Chunk:
    """The content of one data file: some scenarios, and a range of replicates of each."""

    scenarios: tuple[Scenario, ...]
    start: int
    stop: int

    @property
    def n_fits(self) -> int:
        """Replicates of all scenarios, each to be fitted once by each penalty."""
        return len(self.scenarios) * (self.stop - self.start)

    @property
    def megabytes(self) -> float:
        """Size of its arrays."""
        return (self.stop - self.start) * sum(map(replicate_megabytes, self.scenarios))

    def travels_as_recipe(self, config: Mapping[str, Any]) -> bool:
        """Whether the checked config lets its arrays be drawn again by each fit."""
        return not config["keep_data"] and self.megabytes > config["recipe_above_mb"]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Chunk:
        """The chunk that `as_params` gave these plain values of."""
        scenarios = tuple(Scenario(**s) for s in params["scenarios"])
        return cls(scenarios, params["start"], params["stop"])

    def as_params(self) -> dict[str, Any]:
        """Plain values, so that Snakemake re-runs what a change of them touches."""
        return {
            "scenarios": [s.as_dict() for s in self.scenarios],
            "start": self.start,
            "stop": self.stop,
        }
