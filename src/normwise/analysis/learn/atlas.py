"""The atlas: a study of sampled scenarios, of which the tables of ``learn`` are shipped.

They lie in the folder ``atlas`` beside this file, and with them what they were made from and with.
Counts and several classes are in a study of their own, in the folder ``kinds``: nothing was learnt
from it, so that it tells how what was learnt of numbers and two classes does with them.
``python -m normwise.analysis.learn.atlas results/atlas results/kinds`` takes them over from new
runs of ``config/atlas.yaml`` and ``config/kinds.yaml``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from normwise.analysis.columns import tables_of, typed
from normwise.analysis.learn.cells import ground_of
from normwise.files.parquet import read_parquet
from normwise.files.whole import sha256, write_text

TABLES = tables_of("learn")
KINDS = "kinds"
STUDIES = ("atlas", KINDS)
ABOUT = "about.json"
# a scenario at the cut must stay there
EXACT = ("load",)
# of the record of the run; the others say where files lay
KEPT = ("code", "environment", "started", "finished", "seeds", "fits", "config", "config_digest")


def read_atlas(names: Iterable[str] = TABLES) -> dict[str, pd.DataFrame]:
    """Tables of the shipped atlas, by name.

    Parameters
    ----------
    names : iterable of str
        Tables, and ``kinds`` for the table ``ground`` of counts and several classes.
    """
    return {
        name: _table(*((KINDS, "ground") if name == KINDS else ("atlas", name))) for name in names
    }


def _table(study: str, name: str) -> pd.DataFrame:
    with as_file(files("normwise.analysis.learn") / study) as folder:
        return typed(pd.read_parquet(folder / f"{name}.parquet"), name)


def about_atlas(study: str = "atlas") -> dict[str, Any]:
    """What a shipped study was made from and with: the record of its run, in short.

    Parameters
    ----------
    study : {"atlas", "kinds"}
    """
    with as_file(files("normwise.analysis.learn") / study / ABOUT) as path:
        return dict(json.loads(path.read_text(encoding="utf-8")))


def ship(results: str | Path, folder: str | Path) -> None:
    """Write the tables and the record of a finished run as they are shipped.

    Parameters
    ----------
    results : path
        Results folder of a run of ``config/atlas.yaml``.
    folder : path
    """
    tables = Path(results) / "tables"
    _write({name: read_parquet(tables / f"{name}.parquet") for name in TABLES}, results, folder)


def ship_kinds(results: str | Path, folder: str | Path) -> None:
    """Write the scenarios of a finished run from which nothing was learnt.

    Parameters
    ----------
    results : path
        Results folder of a run of ``config/kinds.yaml``.
    folder : path
    """
    names = ("goals", "scenarios", "strategies")
    own = [read_parquet(Path(results) / "tables" / f"{name}.parquet") for name in names]
    _write({"ground": ground_of(*own).assign(held_out=True)}, results, folder)


def _write(tables: Mapping[str, pd.DataFrame], results: str | Path, folder: str | Path) -> None:
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for name, frame in tables.items():
        table = pa.Table.from_pandas(_shortened(frame), preserve_index=False)
        place = folder / f"{name}.parquet"
        table = table.replace_schema_metadata(None)
        pq.write_table(table, place, compression="zstd", compression_level=19)
    record = json.loads((Path(results) / "provenance.json").read_text(encoding="utf-8"))
    digests = [sha256(folder / f"{name}.parquet")[:12] for name in tables]
    short = {key: record[key] for key in KEPT} | {"tables": " ".join(digests)}
    write_text(folder / ABOUT, json.dumps(short, indent=1) + "\n")


def _shortened(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with the digits of single precision, which none of them has more of."""
    long = [c for c in frame if frame[c].dtype == np.float64 and c not in EXACT]
    return frame.astype(dict.fromkeys(long, np.float32))


if __name__ == "__main__":
    for write, study, source in zip((ship, ship_kinds), STUDIES, sys.argv[1:], strict=False):
        write(source, Path(__file__).with_name(study))
