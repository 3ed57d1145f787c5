"""The tables of a study as a Data Package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from normwise.analysis.columns import TABLES
from normwise.analysis.meanings import column_meanings
from normwise.files.whole import write_text
from normwise.provenance.record import describe_file

TITLE = "normwise: when does an L1 penalty beat an L2 penalty?"
LICENCE = {"name": "MIT", "title": "MIT License", "path": "https://spdx.org/licenses/MIT"}
KINDS = {"text": "string", "int": "integer", "float": "number", "bool": "boolean"}


def write_datapackage(
    output: str | Path, tables: Iterable[str | Path], config: Mapping[str, Any]
) -> None:
    """Describe the CSV tables of a folder as a Data Package.

    Parameters
    ----------
    output : path
        ``datapackage.json``, beside the tables.
    tables : iterable of path
        CSV files, each named as in `normwise.analysis.columns.TABLES`.
    config : mapping
        The checked config.
    """
    package = {
        "profile": "tabular-data-package",
        "name": "normwise",
        "title": TITLE,
        "description": "Tables of a study. The Parquet files beside them hold the same.",
        "licenses": [LICENCE],
        "sources": [{"title": text} for text in _sources(config)],
        "resources": [_resource(Path(table)) for table in sorted(map(str, tables))],
    }
    write_text(output, json.dumps(package, indent=1) + "\n")


def _sources(config: Mapping[str, Any]) -> list[str]:
    """Where the data came from, user's tables by the name that the config gives them."""
    files = [d["file"] for d in config["datasets"] if "file" in d]
    simulated = f"Data simulated by normwise {metadata('normwise')['Version']}, seed "
    return [f"{simulated}{config['seed']}", *dict.fromkeys(map(str, files))]


def _resource(path: Path) -> dict[str, Any]:
    file = describe_file(path)
    meanings = column_meanings(path.stem)
    return {
        "profile": "tabular-data-resource",
        "name": path.stem,
        "path": path.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file["bytes"],
        "hash": f"sha256:{file['sha256']}",
        "schema": {
            "fields": [
                {"name": name, "type": KINDS[kind], "description": meanings[name]}
                for name, kind in TABLES[path.stem].columns.items()
            ],
            "missingValues": [""],
        },
    }
