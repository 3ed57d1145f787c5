"""What was measured of simulated data, and what was learnt from it: the map of an advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from normwise.analysis.learn.atlas import KINDS, read_atlas
from normwise.analysis.learn.cells import cells, learnt_from
from normwise.analysis.learn.rule_of_thumb import Rule, read_rule
from normwise.analysis.learn.surface import FEWEST, Surface
from normwise.analysis.points import GOAL as EXPLAINED
from normwise.data.errors import InputError
from normwise.files.errors import DamagedFileError
from normwise.files.parquet import read_parquet

GOAL = "prediction"
NEEDED = ("ground", "kernels", "rules")


@dataclass(frozen=True)
class Atlas:
    """Measured effects on prediction, and what was learnt from them.

    Attributes
    ----------
    cells : DataFrame
        Rows of table ``ground`` of goal ``prediction``, one a scenario; those of table ``kinds``
        with them, which are held out.
    rule : Rule
        The rule of thumb for prediction.
    surface : Surface
        Fitted to the scenarios that were not held out.
    zone : float
        Half-width of the zone of equivalence, on the scale of the effect.
    explained : Surface or None
        The same for what is explained of new rows, an effect of 0.01 a point; None for a study
        that has not measured that.
    enough : float
        Rows per feature from which on the two hardly differ in what they explain; infinite for
        never.
    """

    cells: pd.DataFrame
    rule: Rule
    surface: Surface
    zone: float
    explained: Surface | None = None
    enough: float = np.inf


def _surface(tables: Mapping[str, pd.DataFrame], goal: str) -> Surface:
    scales = tables["kernels"].set_index("goal").loc[goal]
    return Surface.of_scales(learnt_from(cells(tables["ground"], goal)), scales)


def atlas_of(tables: Mapping[str, pd.DataFrame]) -> Atlas:
    """The map that the tables ``ground``, ``kernels`` and ``rules`` hold, and ``kinds`` if there.

    Raises
    ------
    InputError
        If they hold no rule for prediction, as those of too few scenarios do.
    """
    frame = cells(tables["ground"], GOAL)
    rule, surfaces = read_rule(tables["rules"], GOAL), set(tables["kernels"]["goal"])
    if rule is None or GOAL not in surfaces or len(learnt_from(frame)) < FEWEST:
        raise InputError(
            f"{len(learnt_from(frame))} scenarios with a signal and both penalties that are not "
            f"held out; a map needs at least {FEWEST}"
        )
    surface = _surface(tables, GOAL)
    last = read_rule(tables["rules"], EXPLAINED)
    if KINDS in tables:
        frame = pd.concat([frame, cells(tables[KINDS], GOAL)], ignore_index=True)
    return Atlas(
        frame,
        rule,
        surface,
        surface.zone,
        _surface(tables, EXPLAINED) if EXPLAINED in surfaces else None,
        np.inf if last is None else last.enough,
    )


def read_study(folder: str | Path) -> Atlas:
    """The map of a study.

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
    files = {name: place / f"{name}.parquet" for name in NEEDED}
    missing = [file.name for file in files.values() if not file.is_file()]
    if missing:
        raise InputError(
            f"{place}: {missing[0]} is missing; give the results folder of a finished study, with "
            f"{', '.join(file.name for file in files.values())} in its folder tables"
        )
    try:
        tables = {name: read_parquet(file) for name, file in files.items()}
        return atlas_of(tables)
    except DamagedFileError as error:
        raise InputError(str(error)) from error
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


def shipped() -> Atlas:
    """The map that is shipped: `normwise.analysis.learn.atlas`."""
    return atlas_of(read_atlas((*NEEDED, KINDS)))
