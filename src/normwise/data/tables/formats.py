"""Tables in files of any kind."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

import normwise.data.tables.readers as readers
from normwise.data.errors import InputError
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import counted, gist, listed, meant, refuse_duplicates
from normwise.data.tables.part import split_part
from normwise.data.tables.table import Raw, join_arrays, split_target, without_room
from normwise.data.tables.text import read_text
from normwise.files.arrays import Arrays

if TYPE_CHECKING:
    import pyarrow as pa

SAVED_BY = "save with numpy.savez(file, X=X, y=y)"


def read_file(source: str, target: str | None) -> Raw:
    """Read a file by the reader for its suffix; ``FILE#NAME`` is one of the tables inside."""
    path, part = split_part(source)
    if path.is_dir():
        raise InputError("this is a folder; give a file")
    if not path.exists():
        known = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"there is no such file{meant(path.name, known)}")
    suffixes = [*READERS, *OF_EXTRA]
    if suffix := next((s for s in suffixes if path.name.lower().endswith(s)), None):
        if path.stat().st_size == 0:
            raise InputError("the file is empty")
        if suffix in READERS:
            return READERS[suffix](path, target)
        reader = import_module(f"{readers.__name__}.{OF_EXTRA[suffix]}")
        found: Raw = reader.read(path, target, part)
        return found
    kind = f"of kind {path.suffix}" if path.suffix else "without a suffix"
    raise InputError(
        f"files {kind} are not read; save the table as one of {listed(suffixes, limit=99)}"
    )


def _read_arrow(path: Path, target: str | None) -> Raw:
    import pyarrow as pa
    from pyarrow import dataset, fs

    suffix = path.suffix.lower()
    form = dataset.ParquetFileFormat() if suffix == ".parquet" else dataset.IpcFileFormat()
    try:
        refuse_duplicates(form.inspect(str(path), fs.LocalFileSystem()).names)
        table = dataset.dataset(path, format=form)
        refuse_large(path.stat().st_size + 24 * table.count_rows() * len(table.schema))
        return split_target(_with_categories(table.to_table()), target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"not a whole {suffix} file: write it anew, or as CSV") from error


def _with_categories(table: pa.Table) -> pd.DataFrame:
    """A frame with all the categories that pandas wrote.

    Parquet holds those of text alone, and the others come back as numbers, truth values or dates.
    """
    frame = table.to_pandas()
    for column in (table.schema.pandas_metadata or {"columns": []})["columns"]:
        name = column["name"]
        if column["pandas_type"] != "categorical" or name not in frame:
            continue
        if not isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(
                pd.CategoricalDtype(ordered=column["metadata"]["ordered"])
            )
    return frame


def _read_npz(path: Path, target: str | None) -> Raw:
    _refuse_target(target, "array 'y'")
    refuse_large(3 * path.stat().st_size)
    try:
        with Arrays(path) as file:
            arrays = dict(file)
    except (zipfile.BadZipFile, zlib.error, TypeError, ValueError) as error:
        raise InputError(
            f"not a whole npz file of numbers and text ({gist(error)}); {SAVED_BY}"
        ) from error
    if absent := [name for name in ("X", "y") if name not in arrays]:
        raise InputError(f"there is no array {absent[0]!r}, only {listed(arrays)}; {SAVED_BY}")
    return join_arrays(
        arrays["X"], arrays["y"], list(arrays["names"]) if "names" in arrays else None
    )


def _read_svmlight(path: Path, target: str | None) -> Raw:
    from sklearn.datasets import load_svmlight_file

    _refuse_target(target, "the first value of each line")
    refuse_large(6 * path.stat().st_size)
    try:
        X, y, queries = load_svmlight_file(str(path), zero_based=True, query_id=True)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"not a file in svmlight format ({gist(error)}): each line is one number, the target, "
            "and the features as NUMBER:VALUE"
        ) from error
    # no room for the numbers that no line uses
    used, columns = np.unique(X.indices, return_inverse=True)
    X = sparse.csr_matrix((X.data, columns, X.indptr), shape=(X.shape[0], len(used)))
    names = [f"x{number}" for number in used]
    raw = join_arrays(without_room(X), pd.Series(y), names)
    if len(queries) == 0:
        return raw
    note = (
        f"Numbers of queries (qid) in {counted(len(queries), 'row')} left out: as a column of a "
        "CSV file they can be named as groups."
    )
    return replace(raw, notes=(note,))


def _refuse_target(target: str | None, where: str) -> None:
    if target not in (None, "y"):
        raise InputError(f"target {target!r}: the target is {where} in such a file; name none")


READERS: dict[str, Callable[[Path, str | None], Raw]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz"), read_text),
    **dict.fromkeys((".parquet", ".feather", ".arrow"), _read_arrow),
    ".npz": _read_npz,
    **dict.fromkeys((".svmlight", ".libsvm", ".svm"), _read_svmlight),
}
# formats of the extra `formats`, and the modules that read them
OF_EXTRA = {
    **dict.fromkeys((".xlsx", ".xlsm", ".ods"), "workbook"),
    **dict.fromkeys((".dta", ".sav", ".zsav", ".por", ".xpt", ".sas7bdat"), "statistics"),
    **dict.fromkeys((".rds", ".rdata", ".rda"), "r_objects"),
    **dict.fromkeys((".arff", ".dat"), "attributes"),
}
