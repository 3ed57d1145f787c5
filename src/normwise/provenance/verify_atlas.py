"""The shipped atlas verified: scenarios of it drawn, fitted and compared again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.atlas import KINDS, STUDIES, about_atlas, read_atlas
from normwise.analysis.learn.cells import cells
from normwise.analysis.measure.effects import log_ratio
from normwise.data.scenario import Scenario
from normwise.fitting.names import TUNINGS
from normwise.provenance.agreement import ROUNDING, Verification, difference
from normwise.provenance.redraw import draw_again, fit_again
from normwise.study.design import scenarios_of

RULE = TUNINGS.index("cv_min")


def verify_atlas(sample: int, seed: int) -> Verification:
    """Make the effects on prediction of some scenarios of the atlas again, from the seeds alone.

    Parameters
    ----------
    sample : int
        Scenarios to make again, with all their replicates.
    seed : int
        Seed of the choice of the sample.
    """
    shipped = read_atlas(["ground", KINDS])
    table = pd.concat([cells(shipped["ground"]), cells(shipped[KINDS])], ignore_index=True)
    found = Verification(files=0)
    studies = [about_atlas(study)["config"] for study in STUDIES]
    configs = {d["name"]: (d, config) for config in studies for d in config["datasets"]}
    by_id = {(n, s.id): s for n, (d, _) in configs.items() for s in scenarios_of(d)}
    order = np.random.default_rng(seed).permutation(len(table))
    with TemporaryDirectory() as scratch:
        for _, row in table.iloc[order[:sample]].iterrows():
            name = row["dataset"]
            scenario = by_id[name, row["scenario"]]
            ours = _effect(*configs[name], scenario, Path(scratch))
            gap = difference(np.float32(ours), np.float32(row["effect"]))
            # a last bit may turn the last digit that is shipped
            gap = min(gap, ROUNDING) if gap <= 2 * np.finfo(np.float32).eps else gap
            found.note("atlas", f"{name} {scenario.id}", {"effect": gap})
    return found


def _effect(
    dataset: Mapping[str, Any], config: Mapping[str, Any], scenario: Scenario, scratch: Path
) -> float:
    """Mean log-ratio of the risks of L1 and L2 over the replicates of a scenario."""
    risks = []
    for replicate in range(dataset["replicates"]):
        place = scratch / "data.npz"
        batch = draw_again(dataset, scenario, replicate, config["seed"], scratch, place)
        fits = [fit_again(batch, penalty, config, keep_paths=False) for penalty in ("l1", "l2")]
        risks.append([float(fit["risk"][RULE]) for fit in fits])
    first, second = np.array(risks).T
    return float(log_ratio(first, second).mean())
