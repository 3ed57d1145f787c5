"""The tables of a study: checked against their description, written, read, selected."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from normwise.analysis.columns import TABLES, check_table, typed
from normwise.files.parquet import (
    DIGEST,
    PARTS,
    content_digest,
    joint_digest,
    read_parquet,
    write_csv,
    write_parquet,
)
from normwise.files.whole import being_written

Tables = dict[str, pd.DataFrame]


def effects(tables: Tables, tuning: str = "cv_min") -> pd.DataFrame:
    """L1 against L2, with the properties of the scenarios."""
    return primary(tables["verdicts"], tuning).merge(
        tables["scenarios"], on=["dataset", "scenario"], how="left"
    )


def distinct(rows: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Rows of which no scenario counts twice.

    A scenario that two data sets share has the same draws, and so the same numbers, in both.

    Parameters
    ----------
    rows : DataFrame
        With a column ``scenario``.
    *keys : str
        Columns that tell the rows of a scenario apart.
    """
    return rows.drop_duplicates(["scenario", *keys])


def write_table(
    frame: pd.DataFrame, table: str, parquet: str | Path, csv: str | Path | None = None
) -> None:
    """Check a table and write it as Parquet, and as CSV if asked."""
    check_table(frame, table)
    frame = frame.reset_index(drop=True)
    write_parquet(frame, parquet)
    if csv is not None:
        write_csv(frame, csv)


_ARROW = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}


def write_parts(
    parts: Iterable[Mapping[str, pd.DataFrame]], files: Mapping[str, str | Path]
) -> None:
    """Write tables that come in parts, of which one at a time is in memory.

    Parameters
    ----------
    parts : iterable of mapping of str to DataFrame
        The parts of every table by its name; each becomes a row group.
    files : mapping of str to path
        Parquet files by table.
    """
    with contextlib.ExitStack() as stack:
        writers = {}
        digests: dict[str, list[bytes]] = {table: [] for table in files}
        for table, path in files.items():
            schema = pa.schema(
                [(name, _ARROW[kind]) for name, kind in TABLES[table].columns.items()]
            )
            partial = stack.enter_context(being_written(path))
            writers[table] = stack.enter_context(
                pq.ParquetWriter(partial, schema, write_page_checksum=True)
            )
        for part in parts:
            for table, writer in writers.items():
                check_table(part[table], table)
                if len(part[table]):
                    rows = pa.Table.from_pandas(part[table], writer.schema, preserve_index=False)
                    rows = rows.replace_schema_metadata(None)
                    digests[table].append(content_digest(rows.schema, rows.to_pandas()))
                    writer.write_table(rows, row_group_size=len(rows))
        for table, writer in writers.items():
            writer.add_key_value_metadata({DIGEST: joint_digest(digests[table]), PARTS: b"1"})


def read_parts(paths: Iterable[str | Path], table: str) -> pd.DataFrame:
    """One table from the files of all blocks, in an order that does not depend on the blocks.

    Parameters
    ----------
    paths : iterable of path
    table : str

    Returns
    -------
    DataFrame
        Sorted by its columns of text; these are plain strings.
    """
    read = [read_parquet(path) for path in paths]
    frame = typed(pd.concat(read, ignore_index=True) if read else pd.DataFrame(), table)
    keys = [name for name, kind in TABLES[table].columns.items() if kind == "text"]
    return frame.sort_values(keys, kind="stable", ignore_index=True)


def read_tables(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file, text as plain strings."""
    return {Path(path).stem: read_parquet(path) for path in paths}


def primary(verdicts: pd.DataFrame, tuning: str = "cv_min") -> pd.DataFrame:
    """The rows that compare L1 with L2 under one tuning rule."""
    chosen = (verdicts["first"] == "l1") & (verdicts["second"] == "l2")
    return verdicts[chosen & (verdicts["tuning"] == tuning)]


def finite(values: pd.Series) -> np.ndarray:
    """Values of a column that are finite."""
    array = values.to_numpy(float)
    return array[np.isfinite(array)]
