"""The response: a number, two classes as zeros and ones, several classes, or counts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import skew

from normwise.data.errors import InputError
from normwise.data.response_kind import DEFAULT, KINDS, RESPONSES, kind_of
from normwise.data.tables.columns import (
    LARGEST,
    SMALLEST,
    is_boolean,
    to_label,
    to_labels,
    to_numbers,
    without_symbols,
)
from normwise.data.tables.kinds import (
    MIN_CLASS,
    MOST_CLASSES,
    Kind,
    is_scale,
    is_whole,
    kind_of_numbers,
    more_zeros,
    percent_of,
    share_bound,
)
from normwise.data.tables.marks import about_codes
from normwise.data.tables.messages import counted, listed
from normwise.data.tables.number_text import FEW_VALUES, Unclear

MIN_ROWS = 20
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
# what a target with two distinct values is, and one of text with more
TWO_CLASSES, SEVERAL_CLASSES = "binary", "multinomial"
COUNTS = "poisson"
# what generalised linear models call the responses
FAMILIES = {
    "gaussian": "gaussian",
    "binomial": TWO_CLASSES,
    "multinomial": SEVERAL_CLASSES,
    "poisson": COUNTS,
}
ONE_OF_THEM = "give one of them as positive, to tell it from the rest"
# how to say that it is another kind, by kind
SAY = {
    kind: f'if they are {what}, say so: --response {kind} (in Python response="{kind}")'
    for kind, what in (
        (DEFAULT, "measurements"),
        (SEVERAL_CLASSES, "classes"),
        (COUNTS, "counts"),
    )
}


@dataclass(frozen=True)
class Response:
    """The response of the rows that have one (`rows`, of all rows)."""

    y: np.ndarray
    rows: np.ndarray
    kind: str
    classes: tuple[str, ...] | None
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


def encode_response(
    values: pd.Series, positive: object, response: str | None, counted_from: str | None = None
) -> Response:
    """The response as numbers: of the kind that is given, or told from its values and its name.

    Two distinct values are two classes, text is classes, and `normwise.data.tables.kinds` tells
    what other numbers are.

    Parameters
    ----------
    values : Series
    positive : object
        The label that counts as one, against the rest; None for no such thing.
    response : str or None
        The kind, if somebody named it.
    counted_from : str or None
        That offsets or exposures were given, by their name: then numbers are counts.

    Raises
    ------
    InputError
        If there are too few rows, or of a class, or if it is unclear what is to be predicted.
    """
    if response is not None and response not in (*RESPONSES, *KINDS):
        raise InputError(f"response {response!r} is unknown: give {' or '.join(RESPONSES)}")
    is_number = response is not None and not kind_of(response).classes
    if positive is not None and response not in (None, TWO_CLASSES):
        what = "classes" if is_number else "two classes"
        raise InputError(
            f"positive {positive!r} is for {what}, and response is {response}: give one of them"
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
    levels = declared or _sorted(set(labels))
    if len(levels) == 1:
        raise InputError(
            f"target {name} has one value only, {levels[0]!r}: there is nothing to predict"
        )
    if response == TWO_CLASSES and positive is None and len(levels) > 2:
        raise InputError(
            f"target {name} has {len(levels)} distinct values ({listed(levels)}), and response is "
            f"{response}: {ONE_OF_THEM}, or take them as several classes: response multinomial"
            + ("" if numbers is None else ", or as numbers: response gaussian")
        )
    kind = _kind(str(values.name), known, levels, positive, response, counted_from, numbers is None)
    if counted_from is not None and not kind_of(kind.name).takes_offset:
        raise InputError(
            f"{counted_from} is for counts, and target {name} is taken as {kind.name}: leave "
            f"{counted_from} out, or give response poisson"
        )
    if kind.name == TWO_CLASSES:
        y, two, about = _two_classes(name, labels, levels, positive, declared=bool(declared))
        return Response(y, rows, kind.name, two, [*notes, about])
    if kind_of(kind.name).classes:
        y = _several_classes(name, labels, levels)
        said = _about_classes(name, labels, levels, kind, bool(declared), numbers is None)
        return Response(y, rows, kind.name, tuple(levels), [*notes, *said])
    if numbers is None:
        raise InputError(_about_text(name, levels, response))
    y = known.to_numpy(float)
    _refuse_sizes(name, y)
    if kind_of(kind.name).takes_offset:
        _refuse_no_counts(name, y)
        said = _about_counts(name, y, kind, "" if counted_from else f"; {SAY[DEFAULT]}")
    else:
        told = response is not None
        said = [*_about_numbers(str(values.name), y, levels, told), *_about_share(values.name, y)]
    return Response(y, rows, kind.name, None, [*notes, *said])


def _kind(
    name: str,
    known: pd.Series,
    levels: list[str],
    positive: object,
    response: str | None,
    counted_from: str | None,
    is_text: bool,
) -> Kind:
    """The kind of a target, and what it was told by if nobody named it."""
    if positive is not None:
        return Kind(TWO_CLASSES, "")
    if response is not None:
        return Kind(response, "")
    if not is_text and counted_from is not None:
        return Kind(COUNTS, f"{counted_from} is given")
    if len(levels) == 2:
        return Kind(TWO_CLASSES, "")
    if is_text:
        return Kind(SEVERAL_CLASSES, "it is text")
    y = known.to_numpy(float)
    return kind_of_numbers(name, y) if np.abs(y).max() <= LARGEST else Kind(DEFAULT, "")


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


def _sorted(labels: set[str]) -> list[str]:
    """Labels in the order of their numbers, or of the alphabet."""
    try:
        return sorted(labels, key=float)
    except ValueError:
        return sorted(labels, key=_folded)


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


def _several_classes(name: str, labels: np.ndarray, levels: list[str]) -> np.ndarray:
    """The number of each row's class."""
    if len(levels) > MOST_CLASSES:
        raise InputError(
            f"target {name} has {len(levels)} distinct values ({listed(levels)}), as names of rows "
            f"have: several classes are at most {MOST_CLASSES}. Merge classes, or {ONE_OF_THEM}"
        )
    place = {level: number for number, level in enumerate(levels)}
    y = np.array([place[label] for label in labels], float)
    counts = np.bincount(y.astype(int), minlength=len(levels))
    few = [
        f"{level!r} in {counted(n, 'row')}"
        for level, n in zip(levels, counts, strict=True)
        if n < MIN_CLASS
    ]
    if few:
        raise InputError(
            f"target {name} is {listed(few)}; of each class at least {MIN_CLASS} rows are needed: "
            "merge such classes with others, leave their rows out, or give one class as positive, "
            "to tell it from the rest"
        )
    return y


def _about_classes(
    name: str, labels: np.ndarray, levels: list[str], kind: Kind, declared: bool, is_text: bool
) -> list[str]:
    """How many rows each class has, and what an order of the classes means."""
    rows = pd.Series(labels).value_counts()
    told = f" ({kind.why})" if kind.why and not is_text else ""
    said = [
        f"Target {name} has {len(levels)} classes{told}: "
        f"{listed((f'{level} ({rows[level]:,} rows)' for level in levels), MOST_CLASSES)}."
        + ("" if is_text or not kind.why else f" {SAY[DEFAULT].capitalize()}.")
    ]
    if declared or is_scale(levels):
        said.append(
            f"The classes of target {name} have an order, which plays no part: each class has its "
            "own coefficients, and a prediction one class off counts like any other. If the steps "
            "between them are about equal, make them into numbers: fewer coefficients are then "
            "estimated."
        )
    return said


def _refuse_sizes(name: str, y: np.ndarray) -> None:
    if np.abs(y).max() > LARGEST:
        raise InputError(
            f"target {name} has the value {np.abs(y).max():g}: rescale it below {LARGEST:g}"
        )
    if np.ptp(y) < SMALLEST:
        raise InputError(
            f"target {name} varies by {np.ptp(y):g}: rescale it, so that it varies by more than "
            f"{SMALLEST:g}"
        )


def _refuse_no_counts(name: str, y: np.ndarray) -> None:
    if (y < 0).any():
        first = int(np.flatnonzero(y < 0)[0])
        raise InputError(
            f"target {name} is {y[first]:g} in row {first + 1} of those with a target, and "
            "response is poisson: counts are zero or more; take it as a number: response gaussian"
        )
    if (positive := int((y > 0).sum())) < MIN_CLASS:
        raise InputError(
            f"target {name} is above zero in {counted(positive, 'row')}; at least {MIN_CLASS} such "
            "rows are needed"
        )


def _about_counts(name: str, y: np.ndarray, kind: Kind, otherwise: str) -> list[str]:
    """Why the response is a count, and where it spreads or vanishes unlike one."""
    said = []
    if kind.why:
        said.append(
            f"Target {name} is taken as a count: {kind.why}. The models are of the logarithm of "
            f"its mean (Poisson){otherwise}."
        )
    if not is_whole(y):
        said.append(
            f"Target {name} holds numbers that are not whole, such as {y[y != np.round(y)][0]:g}: "
            "the Poisson deviance takes them, and the mean is still what is predicted."
        )
    expected = more_zeros(y)
    if expected is not None:
        said.append(
            f"Target {name} is 0 in {percent_of(y == 0)} of the rows, where counts of its mean and "
            f"variance would be in {100 * expected:.0f} %. Some rows may be of a sort that never "
            "counts anything: the advice is about predicting the mean, in which both sorts are "
            "averaged; a model of whether there is any count (two classes) would tell them apart."
        )
    return [*said, *about_codes([(name.strip("'"), y)])]


def _about_share(column: object, y: np.ndarray) -> list[str]:
    """What is said of numbers that are shares of a whole."""
    bound = share_bound(str(column), y)
    if bound is None:
        return []
    inside = y.min() > 0 and y.max() < bound
    remedy = (
        "their log-odds, log(y / (1 - y)), may suit better"
        if bound == 1
        else "their log-odds, log(y / (100 - y)), may suit better"
    )
    return [
        f"Target {str(column)!r} lies between {y.min():g} and {y.max():g}. If it is a share of a "
        f"whole, a linear model can predict values below 0 or above {bound:g}"
        + (f"; {remedy}." if inside else ", and values at the bounds pull it towards the middle.")
        + " The advice is for squared error of the values as they are."
    ]


def _about_text(name: str, levels: list[str], response: str | None) -> str:
    return f"target {name} is text such as {levels[0]!r}, and response is {response}: give numbers"


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


def _about_numbers(column: str, y: np.ndarray, levels: list[str], told: bool) -> list[str]:
    """What is said of numbers, and how to say that they are something else if nobody has."""
    name, notes = repr(column), about_codes([(column, y)])
    if not is_whole(y):
        # a code would make any tail
        return notes or _about_tail(name, y)
    zeros = int((y == 0).sum()) if y.min() == 0 else 0
    if told:
        return [*notes, *_about_tail(name, y)]
    counts = f"; {SAY[COUNTS]}" if zeros else ""
    if len(levels) <= FEW_VALUES:
        return [
            f"Target {name} has {len(levels)} distinct numbers ({listed(levels)}) and is treated "
            f"as a number, as a rating would be; {SAY[SEVERAL_CLASSES]}, or {ONE_OF_THEM}{counts}.",
            *notes,
        ]
    what = f"Target {name} has whole numbers from {y.min():,.0f} to {y.max():,.0f}"
    if y.min() in (0, 1) and np.ptp(y) + 1 == len(levels) and len(y) >= ROWS_OF_CLASS * len(levels):
        notes.append(
            f"{what}, each of them in {len(y) / len(levels):.0f} rows or so, and is treated as a "
            f"number; {SAY[SEVERAL_CLASSES]}, or {ONE_OF_THEM}{counts}."
        )
    elif zeros:
        notes.append(f"{what}, {zeros:,} of them zero, and is treated as a number{counts}.")
    return notes
