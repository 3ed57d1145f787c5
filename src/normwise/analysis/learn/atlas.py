"""The atlas: a study of sampled scenarios, of which the tables of ``learn`` are shipped.

They lie in the folder ``atlas`` beside this file, and with them what they were made from and with.
``python -m normwise.analysis.learn.atlas results/atlas`` takes them over from a new run of
``config/atlas.yaml``.
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
from normwise.files.parquet import read_parquet
from normwise.files.whole import sha256, write_text

TABLES = tables_of("learn")
ABOUT = "about.json"
# a scenario at the cut must stay there
EXACT = ("load",)
# of the record of the run; the others say where files lay
KEPT = ("code", "environment", "started", "finished", "seeds", "fits", "config", "config_digest")


def read_atlas(names: Iterable[str] = TABLES) -> dict[str, pd.DataFrame]:
    """Tables of the shipped atlas, by name."""
    with as_file(files("normwise.analysis.learn") / "atlas") as folder:
        return {name: typed(pd.read_parquet(folder / f"{name}.parquet"), name) for name in names}


def about_atlas() -> dict[str, Any]:
    """What the shipped atlas was made from and with: the record of its run, in short."""
    with as_file(files("normwise.analysis.learn") / "atlas" / ABOUT) as path:
        return dict(json.loads(path.read_text(encoding="utf-8")))


def ship(results: str | Path, folder: str | Path) -> None:
    """Write the tables and the record of a finished run as they are shipped.

    Parameters
    ----------
    results : path
        Results folder of a run of ``config/atlas.yaml``.
    folder : path
    """
    results, folder = Path(results), Path(folder)
    folder.mkdir(exist_ok=True)
    for name in TABLES:
        frame = _shortened(read_parquet(results / "tables" / f"{name}.parquet"))
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=19)
    record = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    write_text(folder / ABOUT, json.dumps(_in_short(record, folder), indent=1) + "\n")


def _shortened(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with the digits of single precision, which none of them has more of."""
    long = [c for c in frame if frame[c].dtype == np.float64 and c not in EXACT]
    return frame.astype(dict.fromkeys(long, np.float32))


def _in_short(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    digests = [sha256(folder / f"{name}.parquet") for name in TABLES]
    return {key: record[key] for key in KEPT} | {"tables": " ".join(d[:12] for d in digests)}


if __name__ == "__main__":
    ship(sys.argv[1], Path(__file__).with_name("atlas"))
