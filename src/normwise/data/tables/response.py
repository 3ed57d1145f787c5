"""The response: numbers, or two classes as zeros and ones."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import skew

from normwise.data.errors import InputError
from normwise.data.response_kind import DEFAULT, kind_of
from normwise.data.tables.columns import (
    LARGEST,
    SMALLEST,
    is_boolean,
    to_label,
    to_labels,
    to_numbers,
    without_symbols,
)
from normwise.data.tables.marks import about_codes
from normwise.data.tables.messages import counted, listed
from normwise.data.tables.number_text import FEW_VALUES, Unclear

MIN_ROWS = 20
MIN_CLASS = 5
# numbers without a gap, each in so many rows, may be classes
ROWS_OF_CLASS = 5
# shares of zeros, and skewness, from which a few large values decide the squared error
MANY_ZEROS, LONG_TAIL = 0.3, 3.0
# words for what did not happen; the other class counts as 1
NOTHING = re.compile(
    r"(no|none|not|never|non|without)([\W_].*)?|controls?|healthy|normal|absent|negative|benign"
    r"|unaffected|placebo|censored|alive|survived",
    re.IGNORECASE,
)
# what a target with two distinct values is
TWO_CLASSES = "binary"
# what generalised linear models call the responses
FAMILIES = {"gaussian": "gaussian", "binomial": TWO_CLASSES}
ONE_OF_THEM = "give one of them as positive, to tell it from the rest"


@dataclass(frozen=True)
class Response:
    """The response of the rows that have one (`rows`, of all rows)."""

    y: np.ndarray
    rows: np.ndarray
    kind: str
    classes: tuple[str, str] | None
    notes: list[str]


def response_of(response: str | None, family: str | None) -> str | None:
    """The kind of response that somebody named, by either of its names.

    Raises
    ------
    InputError
        If the family is not known, or the two names are of different kinds.
    """
    if family is None:
        return response
    if family not in FAMILIES:
        raise InputError(f"family {family!r} is unknown: give {' or '.join(FAMILIES)}")
    if response not in (None, FAMILIES[family]):
        raise InputError(
            f"family {family!r} is {FAMILIES[family]}, and response is {response}: give one of them"
        )
    return FAMILIES[family]


def encode_response(values: pd.Series, positive: object, response: str | None) -> Response:
    """Two classes if there are two distinct values, or if `positive` or `response` says so.

    Raises
    ------
    InputError
        If there are too few rows, or of a class, or if it is unclear what is to be predicted.
    """
    try:
        is_number = response is not None and not kind_of(response).classes
    except ValueError as unknown:
        raise InputError(str(unknown)) from None
    if is_number and positive is not None:
        raise InputError(
            f"positive {positive!r} is for classes, and response is {response}: give one of them"
        )
    name = repr(values.name)
    numbers, notes = _numbers(values, as_labels=not is_number)
    if numbers is None:
        values = without_symbols(values)
    rows = (values if numbers is None else numbers).notna().to_numpy()
    n_rows = int(rows.sum())
    if n_rows < MIN_ROWS:
        raise InputError(
            f"{counted(n_rows, 'row')} with a value of target {name}; at least {MIN_ROWS} are "
            "needed"
        )
    if n_rows < len(rows):
        notes.append(f"{counted(len(rows) - n_rows, 'row')} without a finite target left out.")
    known = (values if numbers is None else numbers)[rows]
    labels = to_labels(known)
    declared = _ordered(set(labels), values)
    levels = declared or sorted(set(labels), key=_folded if numbers is None else float)
    if len(levels) == 1:
        raise InputError(
            f"target {name} has one value only, {levels[0]!r}: there is nothing to predict"
        )
    if response == TWO_CLASSES and positive is None and len(levels) > 2:
        raise InputError(
            f"target {name} has {len(levels)} distinct values ({listed(levels)}), and response is "
            f"{response}: {ONE_OF_THEM}"
            + ("" if numbers is None else ", or take them as numbers: response gaussian")
        )
    if response == TWO_CLASSES or positive is not None or (response is None and len(levels) == 2):
        y, classes, said = _two_classes(name, labels, levels, positive, declared=bool(declared))
        return Response(y, rows, TWO_CLASSES, classes, [*notes, said])
    if numbers is None:
        raise InputError(_about_text(name, levels, response))
    y = known.to_numpy(float)
    kind = response or DEFAULT
    return Response(y, rows, kind, None, [*notes, *_about_numbers(str(values.name), y, levels)])


def _numbers(values: pd.Series, *, as_labels: bool) -> tuple[pd.Series | None, list[str]]:
    """Numbers with NaN for what is missing or infinite; None for labels."""
    if as_labels and is_boolean(values):
        return None, []
    try:
        numbers, how = to_numbers(values)
    except Unclear as reason:
        raise InputError(f"target {values.name!r}: {reason}") from None
    if numbers is None:
        return None, []
    notes = [f"Target {values.name!r} {how}."] if how else []
    return pd.Series(np.where(np.isinf(numbers), np.nan, numbers), name=values.name), notes


def _folded(label: str) -> tuple[str, str]:
    return label.lower(), label


def _ordered(labels: set[str], values: pd.Series) -> list[str]:
    """Labels in the order that somebody declared, if there is one."""
    if not isinstance(values.dtype, pd.CategoricalDtype) or not values.dtype.ordered:
        return []
    return [label for label in map(to_label, values.dtype.categories) if label in labels]


def _two_classes(
    name: str, labels: np.ndarray, levels: list[str], positive: object, *, declared: bool
) -> tuple[np.ndarray, tuple[str, str], str]:
    one = _positive(name, levels, positive, declared=declared)
    others = [level for level in levels if level != one]
    zero = others[0] if len(others) == 1 else f"not {one}"
    y = (labels == one).astype(float)
    for label, count in ((one, y.sum()), (zero, (1 - y).sum())):
        if count < MIN_CLASS:
            raise InputError(
                f"target {name} is {label!r} in {counted(count, 'row')}; of each class at least "
                f"{MIN_CLASS} rows are needed"
            )
    against = f"{zero!r}" if len(others) == 1 else f"the other {len(others)} classes"
    return y, (zero, one), f"Target {name} is {TWO_CLASSES}: {one!r} counts as 1, {against} as 0."


def _positive(name: str, levels: list[str], positive: object, *, declared: bool) -> str:
    if positive is not None:
        wanted = to_label(positive)
        if wanted not in levels:
            raise InputError(
                f"target {name} has no value {wanted!r}: give one of {listed(levels)} as positive"
            )
        return wanted
    if len(levels) > 2:
        raise InputError(
            f"target {name} has {len(levels)} distinct values ({listed(levels)}): {ONE_OF_THEM}"
        )
    if not declared and len(plain := [level for level in levels if NOTHING.fullmatch(level)]) == 1:
        return next(level for level in levels if level != plain[0])
    # in a declared order and among words, as yes, true and positive, the last one
    return levels[-1]


def _about_text(name: str, levels: list[str], response: str | None) -> str:
    if response is not None:
        return (
            f"target {name} is text such as {levels[0]!r}, and response is {response}: give numbers"
        )
    return f"target {name} is text with {len(levels)} classes ({listed(levels)}): {ONE_OF_THEM}"


def _about_tail(name: str, y: np.ndarray) -> list[str]:
    """What is said of numbers from 0 of which a few are far larger than the others."""
    zeros = float(np.mean(y == 0))
    if y.min() < 0 or (zeros < MANY_ZEROS and skew(y) < LONG_TAIL):
        return []
    if zeros >= MANY_ZEROS:
        return [
            f"Target {name} is 0 in {100 * zeros:.0f} % of the rows and positive in the others: a "
            "few large values decide the squared error."
        ]
    advice = "" if zeros else "; its logarithm may suit better"
    return [
        f"Target {name} has a long tail (skewness {skew(y):.1f}): a few large values decide the "
        f"squared error{advice}."
    ]


def _about_numbers(column: str, y: np.ndarray, levels: list[str]) -> list[str]:
    name = repr(column)
    if np.abs(y).max() > LARGEST:
        raise InputError(
            f"target {name} has the value {np.abs(y).max():g}: rescale it below {LARGEST:g}"
        )
    if np.ptp(y) < SMALLEST:
        raise InputError(
            f"target {name} varies by {np.ptp(y):g}: rescale it, so that it varies by more than "
            f"{SMALLEST:g}"
        )
    notes = about_codes([(column, y)])
    if np.any(y != np.round(y)):
        # a code would make any tail
        return notes or _about_tail(name, y)
    zeros = int((y == 0).sum()) if y.min() == 0 else 0
    counts = " If they are counts, a few large ones decide the squared error." if zeros else ""
    if len(levels) <= FEW_VALUES:
        return [
            f"Target {name} has {len(levels)} distinct numbers ({listed(levels)}) and is treated "
            f"as a number; if they are classes, {ONE_OF_THEM}.{counts}",
            *notes,
        ]
    what = f"Target {name} has whole numbers from {y.min():,.0f} to {y.max():,.0f}"
    if y.min() in (0, 1) and np.ptp(y) + 1 == len(levels) and len(y) >= ROWS_OF_CLASS * len(levels):
        notes.append(
            f"{what}, each of them in {len(y) / len(levels):.0f} rows or so, and is treated as a "
            f"number; if they are classes, {ONE_OF_THEM}.{counts}"
        )
    elif zeros:
        notes.append(f"{what}, {zeros:,} of them zero, and is treated as a number.{counts}")
    return notes
