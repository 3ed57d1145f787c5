"""All data sets of a study put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.analysis.columns import TABLES, tables_of, typed
from normwise.analysis.judge.fair_grid import judge_grids
from normwise.analysis.judge.goal_verdicts import judge_goals
from normwise.analysis.judge.health import health_table
from normwise.analysis.judge.sample_size import plan_table
from normwise.analysis.judge.scenarios import scenario_table
from normwise.analysis.judge.verdicts import judge
from normwise.analysis.tables import read_parts
from normwise.data.scenario import Scenario


@threadpool_limits.wrap(limits=1)
def study_tables(
    parts: Mapping[str, Sequence[str | Path]],
    calibration: Sequence[str | Path],
    datasets: Sequence[Mapping[str, Any]],
    comparison: Mapping[str, Any],
    tolerance: float,
    replicates: int,
    seed: int,
    missing: Sequence[Mapping[str, Any]] = (),
    sampled: Mapping[str, Sequence[Scenario]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Every table of the study, by name.

    Parameters
    ----------
    parts : mapping of str to sequence of paths
        Tables of the blocks by name: ``theory``, and those of ``BLOCK_TABLES``. ``metrics`` and
        ``timings`` are not needed: what grows with the replicates stays with its block.
    calibration : sequence of paths
        The tables of each cell.
    datasets : sequence of mapping
        Data sets of the checked config.
    comparison : mapping
        Part ``comparison`` of the checked config.
    tolerance : float
    replicates : int
        Replicates of a scenario of the study.
    seed : int
    missing : sequence of mapping
        Rows of table ``missing``: scenarios that have no parts.
    sampled : mapping of str to sequence of Scenario, optional
        Scenarios of the data sets that are no grid, by name.
    """
    parts = {**parts, "calibration": calibration}

    def joined(table: str) -> pd.DataFrame:
        return read_parts(parts[table], table)

    lost = typed(pd.DataFrame(list(missing)), "missing")
    left_out = set(zip(lost["dataset"], lost["scenario"], strict=True))
    held_out = [d["name"] for d in datasets if d["hold_out"]]
    wanted = tables_of("compare")
    # those that another rule has made before lie in parts
    tables = {name: joined(name) for name in wanted if len(TABLES[name].made_by) > 1}
    tables |= {
        "scenarios": scenario_table(datasets, seed, left_out, sampled),
        "verdicts": judge(joined("pairs"), comparison),
        "fair_grid": judge_grids(joined("grid_effects"), comparison),
        "plan": plan_table(joined("pilots"), comparison),
        "goals": judge_goals(joined("goal_effects"), comparison, held_out),
        "missing": lost,
    }
    tables["health"] = health_table(tables, tolerance, replicates)
    return {name: tables[name] for name in wanted}
