"""``provenance.json``: what a study was made from and with, and a digest of every file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from normwise.data.errors import InputError
from normwise.data.imported import is_local
from normwise.data.seeds import STREAMS
from normwise.data.tables.part import file_of
from normwise.files.parquet import read_parquet
from normwise.files.whole import sha256, write_text
from normwise.provenance.code import code_state
from normwise.provenance.machine import environment
from normwise.provenance.runs import contributing, digest, read_runs

NAME = "provenance.json"
RUNS = "runs.jsonl"
# keys of the config that only say where the results lie
ELSEWHERE = ("pathvars",)


def study_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The checked config without the names of folders."""
    return {key: value for key, value in config.items() if key not in ELSEWHERE}


def write_record(
    output: str | Path,
    files: Iterable[str | Path],
    config: Mapping[str, Any],
    code: Mapping[str, str],
) -> dict[str, Any]:
    """Write ``provenance.json`` into the results folder.

    Parameters
    ----------
    output : path
        The other files lie in its folder, or below.
    files : iterable of path
        All that the study is made of; those that are there no more are left out.
    config : mapping
        The checked config.
    code : mapping of str to str
        Digest of the code of each rule.

    Returns
    -------
    dict
        What was written.
    """
    folder = Path(output).parent
    there = sorted({Path(f) for f in files if Path(f).is_file()})
    described = {p.relative_to(folder).as_posix(): describe_file(p) for p in there}
    written = [p.stat().st_mtime for p in there]
    runs, complete = contributing(read_runs(folder / RUNS), written)
    state = environment()
    config = study_config(config)
    record = {
        "format": 1,
        "code": code_state() | {"rules": dict(sorted(code.items()))},
        "environment": state | {"digest": digest(state)[:16]},
        "started": runs[0]["start"] if runs and complete else None,
        "finished": _moment(max(written)),
        # host and command line stay in runs.jsonl: they may name people
        "runs": [
            {key: run[key] for key in ("start", "end", "outcome", "commit", "environment")}
            for run in runs
        ],
        "runs_complete": complete,
        "seeds": {"root": config["seed"], "streams": list(STREAMS)},
        "fits": _fits(folder, config),
        "config": config,
        "config_digest": digest(config),
        "inputs": _inputs(config),
        "files": dict(sorted(described.items())),
    }
    write_text(output, json.dumps(record, indent=1, default=str) + "\n")
    return record


def describe_file(path: str | Path) -> dict[str, Any]:
    """Size and digest of a file."""
    return {"bytes": Path(path).stat().st_size, "sha256": sha256(path)}


def existing(folder: str | Path, names: Iterable[str]) -> list[Path]:
    """Files of a results folder by name: a file, all files of a folder, or a Parquet table."""
    found: list[Path] = []
    for path in (Path(folder) / name for name in names):
        table = path.with_name(f"{path.name}.parquet")
        found += [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path, table]
    return [path for path in found if path.is_file()]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _fits(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What kind of fits, and how many by penalty."""
    health = read_parquet(folder / "tables" / "fit_health.parquet")
    counts = health.groupby("penalty", observed=True)["n"].sum()
    return {
        "engine": config["engine"],
        "tolerance": config["tolerance"],
        **config["tuning"],
        "by_penalty": {str(name): int(n) for name, n in counts.sort_index().items()},
    }


def _inputs(config: Mapping[str, Any]) -> dict[str, dict[str, Any] | None]:
    """The user's own files, as named in the config; None for those that are there no more."""
    named = [d["file"] for d in config["datasets"] if "file" in d and is_local(d["file"])]
    named += config["extensions"]
    found = {name: file_of(name) for name in sorted(set(named))}
    return {name: describe_file(p) if p.is_file() else None for name, p in found.items()}


def read_record(folder: str | Path) -> dict[str, Any]:
    """The content of ``provenance.json``.

    Raises
    ------
    InputError
        If there is none, or it is something else.
    """
    path = Path(folder) / NAME
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such folder")
    if not path.is_file():
        raise InputError(
            f"{folder}: there is no {NAME} in it; give the results folder of a study that has "
            "run to its end"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        format_ = record["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: is not what a study writes ({error})") from error
    if format_ != 1:
        raise InputError(f"{path}: has format {format_!r}, this version reads format 1")
    return dict(record)
