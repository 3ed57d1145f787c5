"""What the study has measured, as it is shipped: scenarios, bounds of the rule, a surface.

``python -m normwise.advice.atlas results/tables`` makes the file anew from the tables of a run.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from normwise.analysis.goals import GOALS
from normwise.analysis.learn.cells import cells
from normwise.analysis.learn.rule_of_thumb import Bounds, read_bounds
from normwise.analysis.learn.surface import FEWEST, Surface
from normwise.analysis.points import explained_points
from normwise.data.errors import InputError
from normwise.files.errors import DamagedFileError
from normwise.files.parquet import read_parquet

GOAL = "prediction"
# of the default study's config
MARGIN = 0.05
FILE = "atlas.parquet"
NEEDED = ("goals", "scenarios", "rules")
# say more where they are
MORE = ("summary", "strategies")
# the page shows these, and the surface needs the rest
COLUMNS = (
    "dataset",
    "label",
    "n_samples",
    "n_features",
    "effective_nonzero",
    "effective_features",
    "snr",
    "nearest_correlation",
    "aspect_ratio",
    "nonzero_share",
    "load",
    "signal_per_direction",
    "binary",
    "held_out",
    "effect",
    "mcse",
    "verdict",
    "signal",
    "signs",
    "points",
    "cv_cost",
)
# a scenario at a bound of the rule must stay there
EXACT = ("load", "signal_per_direction")
TEXTS = ("dataset", "label", "verdict", "signal", "signs")


@dataclass(frozen=True)
class Atlas:
    """Measured effects on prediction, and what was learnt from them.

    Attributes
    ----------
    cells : DataFrame
        One row a scenario, with `COLUMNS`: ``points`` by which L1 explains more of new rows than
        L2, and ``cv_cost``, the log-ratio of the risk of the one with the lower cross-validated
        error to that of the better one; both NaN where they were not measured.
    bounds : Bounds
        The bounds of the rule of thumb.
    surface : Surface
        Fitted to the scenarios that were not held out.
    zone : float
        Half-width of the zone of equivalence, on the scale of the effect.
    """

    cells: pd.DataFrame
    bounds: Bounds
    surface: Surface
    zone: float


def _kernel(scales: dict[str, Any], fixed: bool) -> Any:
    limits: Any = "fixed" if fixed else (1e-5, 1e3)
    return ConstantKernel(scales["constant"], limits) * Matern(
        scales["lengths"], limits, nu=scales["nu"]
    ) + WhiteKernel(scales["noise"], limits)


def _scales(surface: Surface) -> dict[str, Any]:
    kernel = surface.model.kernel_
    return {
        "constant": float(kernel.k1.k1.constant_value),
        "lengths": [float(v) for v in kernel.k1.k2.length_scale],
        "nu": float(kernel.k1.k2.nu),
        "noise": float(kernel.k2.noise_level),
    }


def _fit(frame: pd.DataFrame, zone: float, scales: dict[str, Any] | None = None) -> Surface:
    known = frame[~frame["held_out"]].reset_index(drop=True)
    return Surface(known, zone, None if scales is None else _kernel(scales, fixed=True))


def _said_besides(frame: pd.DataFrame, place: Path) -> pd.DataFrame:
    """The cells with ``points`` and ``cv_cost``, as far as their tables are there."""
    keys = ["dataset", "scenario"]
    files = {name: place / f"{name}.parquet" for name in MORE}
    frame = frame.assign(points=np.nan, cv_cost=np.nan)
    at = pd.MultiIndex.from_frame(frame[keys].astype(str))
    if files["summary"].is_file():
        tables = {"summary": read_parquet(files["summary"]), "scenarios": frame}
        points = explained_points(tables).set_index(keys)["points"]
        frame["points"] = points.reindex(at).to_numpy(float)
    if files["strategies"].is_file():
        wide = read_parquet(files["strategies"]).pivot(
            index=keys, columns="strategy", values="effect"
        )
        if {"l1", "l2", "cv_choice"} <= set(wide):
            cost = wide["cv_choice"] - wide[["l1", "l2"]].min(axis=1)
            frame["cv_cost"] = cost.reindex(at).to_numpy(float)
    return frame


def read_study(folder: str | Path) -> Atlas:
    """An atlas made from the tables of a study.

    Parameters
    ----------
    folder : path
        A results folder, or its folder of tables.

    Raises
    ------
    InputError
        If tables are missing, are damaged, or hold too few scenarios.
    """
    folder = Path(folder)
    place = folder / "tables" if (folder / "tables").is_dir() else folder
    missing = [name for name in NEEDED if not (place / f"{name}.parquet").is_file()]
    if missing:
        raise InputError(
            f"{place}: {missing[0]}.parquet is missing; give the results folder of a finished "
            f"study, with {', '.join(f'{name}.parquet' for name in NEEDED)} in its folder tables"
        )
    try:
        goals, scenarios, rules = (read_parquet(place / f"{name}.parquet") for name in NEEDED)
    except DamagedFileError as error:
        raise InputError(str(error)) from error
    frame = cells(goals, scenarios, GOAL)
    bounds = read_bounds(rules, GOAL)
    measured = int((~frame["held_out"]).sum()) if len(frame) else 0
    if measured < FEWEST or bounds is None:
        raise InputError(
            f"{place}: {measured} scenarios with a signal and both penalties; a map needs "
            f"at least {FEWEST}"
        )
    frame = _said_besides(frame, place)[list(COLUMNS)].astype({name: str for name in TEXTS})
    zone = GOALS[GOAL].zone(MARGIN)
    return Atlas(frame, bounds, _fit(frame, zone), zone)


def write(atlas: Atlas, path: str | Path) -> None:
    """Write an atlas, its surface as the scales of its kernel."""
    frame = atlas.cells.assign(
        **{
            name: atlas.cells[name].astype(np.float32)
            for name in COLUMNS
            if atlas.cells[name].dtype == np.float64 and name not in EXACT
        }
    )
    about = {"bounds": list(atlas.bounds), "zone": atlas.zone, "scales": _scales(atlas.surface)}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({"atlas": json.dumps(about)})
    pq.write_table(table, path, compression="zstd")


def read(path: str | Path) -> Atlas:
    """Read an atlas; its surface is fitted without a search for its scales."""
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"atlas"])
    frame = table.to_pandas().astype({name: str for name in TEXTS})
    numbers = [name for name in COLUMNS if frame[name].dtype == np.float32]
    frame = frame.astype({name: float for name in numbers})
    surface = _fit(frame, about["zone"], about["scales"])
    return Atlas(frame, Bounds(*about["bounds"]), surface, about["zone"])


def shipped() -> Atlas:
    """The atlas of the default study."""
    with as_file(files("normwise.advice") / FILE) as path:
        return read(path)


if __name__ == "__main__":
    write(read_study(sys.argv[1]), Path(__file__).with_name(FILE))
