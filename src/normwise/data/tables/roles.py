"""Columns that are no features: groups, times and weights of the rows, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.rows import FREE, Rows, numbered
from normwise.data.tables.columns import Unclear, to_labels, to_numbers
from normwise.data.tables.messages import counted, listed, meant
from normwise.data.tables.table import Raw

FEWEST_GROUPS = 5
# two ways to say by how much the means of counts are known to differ
OFFSETS = ("offset", "exposure")
# linear predictors beyond this are means that no computer holds
LARGEST_OFFSET = 300.0


@dataclass(frozen=True)
class Apart:
    """What was set apart from the features.

    Attributes
    ----------
    values : dict of str to Series
        Groups, times, weights and offsets of all rows.
    names : dict of str to str
        The columns that they came from.
    dropped : tuple of str
    """

    values: dict[str, pd.Series] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def asked_columns(asked: Iterable[str] | str, names: Sequence[str]) -> list[str]:
    """Names of columns, those with commas between them set apart; a whole name is never cut."""
    texts = [asked] if isinstance(asked, str) else list(map(str, asked))
    known = set(names)
    return [
        name.strip() for text in texts for name in ([text] if text in known else text.split(","))
    ]


def set_apart(
    raw: Raw, roles: Mapping[str, Any], drop: Iterable[str] | str
) -> tuple[Raw, Apart, list[str]]:
    """Take columns out of the features, and rows of weight zero out of the table.

    Parameters
    ----------
    raw : Raw
    roles : mapping of str to str, array or None
        By groups, time, weights, offset and exposure; a name is that of a column, anything else
        holds a value a row.
    drop : str or iterable of str
        Columns to be left out.

    Raises
    ------
    InputError
        If there is no such column, it is the target, or there is not one value a row; if a weight
        is missing, negative, or all are zero.
    """
    values: dict[str, pd.Series] = {}
    names: dict[str, str] = {}
    target = str(raw.target.name)
    dropped = asked_columns(drop, raw.names)
    for name in dropped:
        _refuse_unknown("drop", name, raw.names, target)
    for role, given in roles.items():
        if given is None:
            continue
        if isinstance(given, str):
            _refuse_unknown(role, given, raw.names, target)
            if other := [r for r, name in names.items() if name == given]:
                raise InputError(
                    f"{role} {given!r}: this column is {other[0]} already; a column is one of them"
                )
            values[role], names[role] = _column(raw, given), given
        else:
            values[role] = _given(role, given, len(raw.target))
    if all(role in values for role in OFFSETS):
        raise InputError(
            f"offset {values['offset'].name!r} and exposure {values['exposure'].name!r}: give one "
            "of them; an offset is the logarithm of an exposure"
        )
    gone = {*names.values(), *dropped}
    if not gone:
        return _without_weightless(raw, Apart(values, names))
    kept = [j for j, name in enumerate(raw.names) if name not in gone]
    features = (
        raw.features[:, kept] if sparse.issparse(raw.features) else raw.features.iloc[:, kept]
    )
    left = replace(raw, features=features, names=tuple(raw.names[j] for j in kept))
    return _without_weightless(left, Apart(values, names, tuple(dropped)))


def _refuse_unknown(role: str, name: str, names: Sequence[str], target: str) -> None:
    if name in names:
        return
    if name == target:
        raise InputError(f"{role} {name!r} is the target, which is to be predicted")
    raise InputError(
        f"{role} {name!r}: there is no such column{meant(name, names)}; the columns are "
        f"{listed(names)}"
    )


def _column(raw: Raw, name: str) -> pd.Series:
    j = raw.names.index(name)
    if sparse.issparse(raw.features):
        return pd.Series(raw.features[:, [j]].toarray().ravel(), name=name)
    return raw.features.iloc[:, j]


def _given(role: str, values: Any, n_rows: int) -> pd.Series:
    if np.ndim(values) != 1:
        raise InputError(f"{role} has shape {np.shape(values)}: give one value a row")
    column = pd.Series(values).reset_index(drop=True).infer_objects().rename(role)
    if len(column) != n_rows:
        raise InputError(
            f"{role} has {len(column)} values and there are {n_rows} rows: give one value a row"
        )
    return column


def _without_weightless(raw: Raw, apart: Apart) -> tuple[Raw, Apart, list[str]]:
    if "weights" not in apart.values:
        return raw, apart, []
    weights = _weights(apart.values["weights"])
    counts = weights > 0
    values = {role: column[counts] for role, column in apart.values.items()}
    values["weights"] = pd.Series(weights[counts])
    apart = replace(apart, values={r: v.reset_index(drop=True) for r, v in values.items()})
    if counts.all():
        return raw, apart, []
    features = raw.features[counts]
    if not sparse.issparse(features):
        features = features.reset_index(drop=True)
    left = replace(raw, features=features, target=raw.target[counts].reset_index(drop=True))
    return left, apart, [f"{counted((~counts).sum(), 'row')} of weight zero left out."]


def rows_of(apart: Apart, kept: np.ndarray) -> Rows:
    """What is known of the rows that are kept, by a mask.

    Raises
    ------
    InputError
        If a row lacks its group or its time, or there are too few of them.
    """
    values = apart.values
    if not values:
        return FREE
    return Rows(
        groups=_groups(values["groups"], kept) if "groups" in values else None,
        time=_time(values["time"], kept) if "time" in values else None,
        weights=_unequal(values["weights"].to_numpy()[kept]) if "weights" in values else None,
        offset=_offset(values, kept),
    )


def _unequal(weights: np.ndarray) -> np.ndarray | None:
    """Weights that say something: of equal ones every weighted mean is the plain one."""
    return weights if np.ptp(weights) else None


def _refuse_gaps(role: str, column: pd.Series, missing: np.ndarray) -> None:
    if missing.any():
        raise InputError(
            f"{role} {column.name!r} lacks a value in {counted(missing.sum(), 'row')}, the first "
            f"of them row {int(np.flatnonzero(missing)[0]) + 1}: give every row one, or leave the "
            "row out"
        )


def _groups(column: pd.Series, kept: np.ndarray) -> np.ndarray:
    _refuse_gaps("groups", column, column.isna().to_numpy() & kept)
    labels = numbered(to_labels(column[kept]).astype(str))
    count = int(labels.max()) + 1
    if count < FEWEST_GROUPS:
        raise InputError(
            f"groups {column.name!r} has {counted(count, 'value')}; at least {FEWEST_GROUPS} "
            "groups are needed, to hold some of them out"
        )
    return labels


def _numbers(role: str, column: pd.Series, wanted: str) -> np.ndarray:
    try:
        numbers, _ = to_numbers(column)
    except Unclear as reason:
        raise InputError(f"{role} {column.name!r}: {reason}") from None
    if numbers is None:
        given = column.dropna()
        # one value of many makes a column of numbers one of text
        text = given[pd.to_numeric(given, errors="coerce").isna()]
        example = str((given if text.empty else text).iloc[0])
        raise InputError(f"{role} {column.name!r} is text such as {example!r}: give {wanted}")
    return np.asarray(numbers, float)


def _time(column: pd.Series, kept: np.ndarray) -> np.ndarray:
    numbers = _numbers("time", column, "dates, such as 2024-01-31, or numbers")
    _refuse_gaps("time", column, ~np.isfinite(numbers) & kept)
    numbers = numbers[kept]
    count = len(np.unique(numbers))
    if count < FEWEST_GROUPS + 1:
        raise InputError(
            f"time {column.name!r} has {counted(count, 'value')}; at least {FEWEST_GROUPS + 1} are "
            "needed, to test on what follows"
        )
    return numbers


def _weights(column: pd.Series) -> np.ndarray:
    numbers = _numbers("weights", column, "numbers from 0")
    _refuse_gaps("weights", column, ~np.isfinite(numbers))
    if (numbers < 0).any():
        first = int(np.flatnonzero(numbers < 0)[0])
        raise InputError(
            f"weights {column.name!r} is {numbers[first]:g} in row {first + 1}: give numbers from 0"
        )
    if not (numbers > 0).any():
        raise InputError(f"weights {column.name!r} is 0 in every row: give some rows a weight")
    return numbers


def _offset(values: Mapping[str, pd.Series], kept: np.ndarray) -> np.ndarray | None:
    role = next((role for role in OFFSETS if role in values), None)
    if role is None:
        return None
    column = values[role]
    numbers = _numbers(role, column, "numbers" if role == "offset" else "numbers above 0")
    _refuse_gaps(role, column, ~np.isfinite(numbers) & kept)
    if role == "exposure":
        if (bad := np.flatnonzero((numbers <= 0) & kept)).size:
            raise InputError(
                f"exposure {column.name!r} is {numbers[bad[0]]:g} in row {bad[0] + 1}: give "
                "numbers above 0"
            )
        numbers = np.log(np.where(kept, numbers, 1.0))
    elif (bad := np.flatnonzero((np.abs(numbers) > LARGEST_OFFSET) & kept)).size:
        raise InputError(
            f"offset {column.name!r} is {numbers[bad[0]]:g} in row {bad[0] + 1}: it is added to "
            "the logarithm of the mean; give exposures as exposure, and not as offset"
        )
    return numbers[kept]
