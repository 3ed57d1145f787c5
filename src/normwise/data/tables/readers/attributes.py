"""Tables in ARFF, dense and sparse, and in KEEL's dialect of it, read by liac-arff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.tables.memory import refuse_large
from normwise.data.tables.messages import counted, gist, listed
from normwise.data.tables.table import Raw, join_arrays, known_target, split_target, without_room
from normwise.files.errors import from_extra

ATTRIBUTE = re.compile(
    r"(?P<name>@attribute\s+(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s{]+))\s*"
    r"(?P<kind>\{.*\}|[a-z]+)(?P<rest>.*)",
    re.IGNORECASE,
)
COLUMNS = re.compile(r"@(?P<role>input|output)s?\s+(?P<names>.*)", re.IGNORECASE)
WEIGHT = re.compile(r"[,\s]\{\s*[-+.\deE]+\s*\}\s*$")
# the other words for numbers cut their decimals, and those for dates are not read
KINDS = {"integer": "real", "numeric": "real", "real": "real", "date": "string"}


@dataclass
class Lines:
    """The lines of a file in the form that liac-arff reads.

    Attributes
    ----------
    text : list of str
        As many as in the file, so that errors name their lines.
    roles : dict of str to list of str
        Names of inputs and outputs, where KEEL declares them.
    sparse : bool
        Whether rows list their values by place.
    """

    text: list[str] = field(default_factory=list)
    roles: dict[str, list[str]] = field(default_factory=dict)
    sparse: bool = False


def read(path: Path, target: str | None, part: str | None = None) -> Raw:
    """Read an ARFF or KEEL file; KEEL's names its target.

    Raises
    ------
    MissingExtraError
        If liac-arff is not installed.
    InputError
        If the file is neither, or its rows have weights.
    """
    with from_extra("formats"):
        import arff

    refuse_large(40 * path.stat().st_size)
    is_keel = path.suffix.lower() == ".dat"
    lines = _plain_lines(_text(path), is_keel=is_keel)
    try:
        found = arff.loads(
            "\n".join(lines.text), return_type=arff.LOD if lines.sparse else arff.DENSE
        )
    except (arff.ArffException, ValueError) as error:
        raise InputError(f"not a whole file in ARFF ({gist(error)})") from error
    names = [name for name, _ in found["attributes"]]
    rows = found["data"]
    if not rows:
        raise InputError("there is no row below the line @data")
    notes = []
    if is_keel:
        outputs = lines.roles.get("output", names[-1:])
        target = outputs[0] if target is None and len(outputs) == 1 else target
        unused = [name for name in outputs if name != target]
        notes = [f"Left out, as they are other outputs: {listed(unused)}."] if unused else []
    else:
        unused = []
    if lines.sparse:
        return _of_sparse(rows, found["attributes"], target)
    columns = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {
            j: _column(list(values), kind)
            for j, (values, (_, kind)) in enumerate(zip(columns, found["attributes"], strict=True))
        }
    )
    frame = frame.set_axis(pd.Index(names, dtype=object), axis=1)
    return split_target(frame.drop(columns=unused), target, notes)


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _plain_lines(text: str, *, is_keel: bool) -> Lines:
    lines = Lines()
    in_data = False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if in_data:
            lines.text.append(_row(line, number, lines, is_keel=is_keel))
            continue
        in_data = line.lower().startswith("@data")
        lines.text.append(_header_line(line, number, lines, is_keel=is_keel))
    if not in_data:
        raise InputError(
            f"there is no line @data: give a file of {'KEEL' if is_keel else 'ARFF'} with lines "
            "@attribute and @data, or save the table as CSV"
        )
    return lines


def _header_line(line: str, number: int, lines: Lines, *, is_keel: bool) -> str:
    if is_keel and (found := COLUMNS.fullmatch(line)):
        names = [name.strip() for name in found["names"].split(",")]
        lines.roles[found["role"].lower()] = names
        return "%"
    if (found := ATTRIBUTE.fullmatch(line)) is None:
        return line
    kind = found["kind"].lower()
    if kind == "relational":
        raise InputError(
            f"line {number:,}: a relational attribute holds a table in each row: give each "
            "value a column of its own"
        )
    # after the kind come KEEL's range, the form of a date, or nothing that matters
    return f"{found['name']} {KINDS.get(kind, found['kind'])}"


def _row(line: str, number: int, lines: Lines, *, is_keel: bool) -> str:
    if is_keel:
        return re.sub(r"<null>", "?", line, flags=re.IGNORECASE)
    lines.sparse = lines.sparse or line.startswith("{")
    if WEIGHT.search(line):
        raise InputError(
            f"line {number:,} ends with a weight, {line[line.rindex('{') :]!r}: make the weights a "
            "column and name it as weights"
        )
    return line


def _column(values: list[Any], kind: Any) -> pd.Series:
    if isinstance(kind, list):
        # a question mark among the declared values is no value
        levels = [level for level in dict.fromkeys(kind) if level is not None]
        return pd.Series(pd.Categorical(values, categories=levels))
    return pd.Series(values, dtype=object if kind == "STRING" else float)


def _of_sparse(
    rows: list[dict[int, Any]], attributes: list[tuple[str, Any]], target: str | None
) -> Raw:
    """A sparse table: what a row does not list is 0, or the first value of a nominal attribute."""
    names = [name for name, _ in attributes]
    kinds = [kind for _, kind in attributes]
    if texts := [name for name, kind in attributes if kind == "STRING"]:
        raise InputError(
            f"attributes of text or dates in sparse rows ({listed(texts)}) have no value where "
            "they are not listed: save the table as dense ARFF or CSV"
        )
    place = names.index(known_target(target, names))

    def dense(j: int) -> pd.Series:
        omitted = kinds[j][0] if isinstance(kinds[j], list) else 0.0
        return _column([row.get(j, omitted) for row in rows], kinds[j]).rename(names[j])

    others = [j for j in range(len(names)) if j != place]
    nominal = [j for j in others if isinstance(kinds[j], list)]
    if nominal:
        refuse_large(8.0 * len(rows) * len(names))
        features = pd.concat([dense(j) for j in others], axis=1)
        return Raw(features, tuple(features.columns), dense(place), tuple(_about_rows(rows)))
    X = sparse.csr_matrix(_entries(rows, len(names)))[:, others]
    raw = join_arrays(without_room(X), dense(place), [names[j] for j in others])
    return replace(raw, notes=tuple(_about_rows(rows)))


def _entries(rows: list[dict[int, Any]], n_columns: int) -> sparse.csr_matrix:
    """The numbers that rows list; texts, of the target, are passed over."""
    starts = np.cumsum([0, *map(len, rows)])
    places = np.fromiter((j for row in rows for j in row), int, starts[-1])
    values = np.fromiter(
        (
            np.nan if value is None else 0.0 if isinstance(value, str) else value
            for row in rows
            for value in row.values()
        ),
        float,
        starts[-1],
    )
    return sparse.csr_matrix((values, places, starts), shape=(len(rows), n_columns))


def _about_rows(rows: list[dict[int, Any]]) -> Iterator[str]:
    if empty := sum(not row for row in rows):
        yield f"{counted(empty, 'row')} list no value, and hold 0 in every column."
