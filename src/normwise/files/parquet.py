"""Tables on the disk: Parquet with a digest of the content, and CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from normwise.files.errors import DamagedFileError
from normwise.files.whole import write_atomic, write_text


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; numbers, also written as text, stay."""
    if not isinstance(cell, str):
        return cell
    # a carriage return would end the row, since writers of CSV do not quote for it
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        float(cell)
    except ValueError:
        return f"'{text}"
    return cell


# in the metadata of a Parquet file
DIGEST = b"normwise.digest"
# says that the digest is one of the digests of the row groups
PARTS = b"normwise.parts"


def content_digest(schema: pa.Schema, frame: pd.DataFrame) -> bytes:
    """Digest of the names, kinds and values of the columns."""
    # a file keeps text as text, but not how wide its offsets and codes are
    kinds = [
        (f.name, str(getattr(f.type, "value_type", f.type)).removeprefix("large_")) for f in schema
    ]
    digest = hashlib.blake2b(repr((kinds, list(frame), len(frame))).encode(), digest_size=16)
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest().encode()


def joint_digest(digests: Iterable[bytes]) -> bytes:
    """Digest of the digests of parts."""
    return hashlib.blake2b(b" ".join(digests), digest_size=16).hexdigest().encode()


def write_parquet(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as a Parquet file with checksums of its pages and a digest of it all.

    The checksums alone do not cover what a file says about itself, its number of rows for one.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    digest = {DIGEST: content_digest(table.schema, frame)}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **digest})
    write_atomic(path, lambda partial: pq.write_table(table, partial, write_page_checksum=True))


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Read a Parquet file that `write_parquet` or `write_parts` wrote.

    Raises
    ------
    DamagedFileError
        If it is not what was written.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
            metadata = {**(table.schema.metadata or {}), **(file.metadata.metadata or {})}
            digest, frame = metadata.get(DIGEST), table.to_pandas()
            if PARTS in metadata:
                parts = [file.read_row_group(i) for i in range(file.num_row_groups)]
                found = joint_digest(
                    content_digest(part.schema, part.to_pandas()) for part in parts
                )
            else:
                found = content_digest(table.schema, frame)
    except (FileNotFoundError, PermissionError, IsADirectoryError, MemoryError):
        raise
    except Exception as error:  # a flipped bit may show as an error of any kind
        raise DamagedFileError(path, f"cannot be read: {error}") from error
    if digest is None:
        raise DamagedFileError(path, "it has no digest: this version did not write it")
    if digest != found:
        raise DamagedFileError(path, "its content differs from its digest")
    return frame


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV; text that a spreadsheet would run as a formula begins with ``'``."""
    texts = {
        name: column.astype(object).map(harmless)
        for name, column in frame.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    write_text(path, frame.assign(**texts).to_csv(index=False, lineterminator="\n"))
