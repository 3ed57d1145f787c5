"""What the jobs of a study ask of a cluster, by rule."""

from __future__ import annotations

from dataclasses import dataclass

from normwise.analysis.trials.cells import CELLS
from normwise.data.scenario import Scenario
from normwise.fitting.penalty import find
from normwise.study import needs
from normwise.study.jobs import Study
from normwise.study.needs import Needs

# processes that look for rules of thumb
LEARNERS = 8
# a cell with a known answer is fitted once by each penalty, and again with other folds
FITS_OF_CELL = 5


@dataclass(frozen=True)
class Requests:
    """Memory and time of the jobs of a study, at their first attempt; one method for each rule."""

    study: Study

    def simulate(self, dataset: str, chunk: int | str) -> Needs:
        """One data file of a simulated data set."""
        return needs.of_simulate(*self._size_of_chunk(dataset, chunk))

    def fit(self, dataset: str, chunk: int | str, penalty: str) -> Needs:
        """One data file under one penalty."""
        config = self.study.config
        if dataset not in self.study.chunks:
            return needs.of_unknown(config["threads_per_fit"])
        return needs.of_fit(
            *self._size_of_chunk(dataset, chunk),
            config["tuning"]["n_folds"],
            self._candidates(penalty),
            dataset in self.study.traced,
            config["threads_per_fit"],
        )

    def evaluate(self, dataset: str, block: int | str | None = None) -> Needs:
        """Tables of one block, or of a whole data set."""
        scenarios = self._scenarios(dataset, block)
        if not scenarios:
            return needs.of_unknown()
        penalties = self.study.datasets[dataset]["penalties"]
        return needs.of_evaluate(
            scenarios,
            self.study.replicates(dataset),
            len(penalties),
            self._candidates(*penalties),
            dataset in self.study.traced,
        )

    def check_theory(self, dataset: str, block: int | str) -> Needs:
        """Theory of one block."""
        scenarios = self._scenarios(dataset, block)
        if not scenarios:
            return needs.of_unknown()
        penalties = self.study.datasets[dataset]["penalties"]
        return needs.of_check_theory(scenarios, self.study.replicates(dataset), len(penalties))

    def estimate(self, dataset: str, block: int | str) -> Needs:
        """What can be estimated of the scenarios of one block."""
        scenarios = self._scenarios(dataset, block)
        if not scenarios:
            return needs.of_unknown()
        return needs.of_estimate(scenarios, self.study.described(dataset))

    def calibrate(self, cell: str) -> Needs:
        """One cell with a known answer."""
        config = self.study.config
        return needs.of_fit(
            [CELLS[cell]],
            FITS_OF_CELL * config["calibration"]["replicates"],
            False,
            config["tuning"]["n_folds"],
            config["tuning"]["n_alphas"],
        )

    def replicate(self) -> Needs:
        """One batch of a published study."""
        return needs.of_unknown()

    def whole_study(self) -> Needs:
        """What puts all scenarios together, or shows them."""
        return needs.of_study(self.study.n_scenarios)

    def learn(self) -> Needs:
        """Surfaces and rules of thumb."""
        return needs.of_study(self.study.n_scenarios, LEARNERS)

    def _size_of_chunk(
        self, dataset: str, chunk: int | str
    ) -> tuple[tuple[Scenario, ...], int, bool]:
        """Scenarios, replicates of each, and whether the file holds a recipe."""
        content = self.study.chunks[dataset][int(chunk)]
        as_recipe = content.travels_as_recipe(self.study.config)
        return content.scenarios, content.stop - content.start, as_recipe

    def _candidates(self, *penalties: str) -> int:
        """Number of candidates of the penalty that tries the most."""
        tuning = self.study.config["tuning"]
        most = max(find(name, tuning["l1_ratio"]).per_strength for name in penalties)
        return int(most * tuning["n_alphas"])

    def _scenarios(self, dataset: str, block: int | str | None) -> list[Scenario]:
        """Scenarios of a block, or of a whole data set; none for data from elsewhere."""
        return [
            scenario
            for each in self.study.blocks.get(dataset, [])
            if block is None or each.name == int(block)
            for scenario in each.scenarios
        ]
