"""Simulated tables beside the real ones: advice on one draw, and what the study measured of many.

``python -m benchmarks.tables.simulated CACHE`` draws one more replicate of each scenario of the
atlas that was set aside, as far as they are not large, and measures on it what the advice measures;
the gap is that of table ``ground``, over the atlas's own replicates. ``CACHE/simulated.parquet``
gets rows like those of `benchmarks.tables.halves`, and is what `benchmarks.tables.calibrate` takes
too. The response surface has seen none of these scenarios.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from benchmarks.tables.halves import ask
from normwise.advice.atlas import shipped
from normwise.advice.estimates import as_drawn
from normwise.analysis.learn.atlas import read_atlas
from normwise.data.errors import InputError
from normwise.data.scenario import Scenario
from normwise.fitting.errors import NoSolutionError
from normwise.study.config import check_config
from normwise.study.jobs import Study

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "atlas.yaml"
DATASETS = ("set_aside", "set_aside_classes")
CELLS = 100_000


def scenarios() -> tuple[list[Scenario], int, int]:
    """The scenarios of the atlas that were set aside, its seed, and its replicates."""
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    config = check_config(yaml.safe_load(CONFIG.read_text()), schema, CONFIG.name)
    study = Study.planned(config, Path("nowhere"), "", recut=False)
    found = [
        scenario
        for name in DATASETS
        for block in study.blocks[name]
        for scenario in block.scenarios
        if scenario.n_samples * scenario.n_features <= CELLS
    ]
    return found, int(config["seed"]), int(config["replicates"])


def row_of(scenario: Scenario, seed: int, replicate: int, known: pd.Series) -> dict[str, Any]:
    """What the advice measures on a draw, and the gap of the scenario."""
    table = as_drawn(scenario, seed, replicate)
    row: dict[str, Any] = {
        "name": scenario.id,
        "half": 0,
        "response": table.response,
        "n": len(table.y),
        "p": table.X.shape[1],
    }
    try:
        row |= ask(table, shipped(), 0)
    except (InputError, NoSolutionError) as error:
        return row | {"reason": str(error)}
    # an effect is the loss of L1 minus that of L2, as a share
    return row | {
        "gap_l1_l2": 100 * known["effect"],
        "gap_se_l1_l2": 100 * known["mcse"],
        "reason": "",
    }


def read_simulated(cache: Path) -> pd.DataFrame:
    """All tables that are done."""
    rows = pd.read_parquet(cache / "simulated.parquet")
    return rows[rows["reason"] == ""].reset_index(drop=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    ground = read_atlas(["ground"])["ground"]
    known = ground[ground["goal"] == "explained"].drop_duplicates("scenario").set_index("scenario")
    own, seed, replicates = scenarios()
    with threadpool_limits(1):
        rows = Parallel(n_jobs=asked.jobs, verbose=1)(
            delayed(row_of)(s, seed, replicates, known.loc[s.id])
            for s in own
            if s.id in known.index
        )
    pd.DataFrame(rows).to_parquet(asked.cache / "simulated.parquet", index=False)
    print(f"{len(rows)} tables")


if __name__ == "__main__":
    main()
