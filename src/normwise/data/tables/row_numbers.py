"""Columns that only number or name the rows: told by their name and by their values."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from normwise.data.tables.messages import listed

# what CSV, pandas, R and Arrow call a column that nobody named
UNNAMED = re.compile(r"column \d+|Unnamed: \d+(_level_\d+)?|__index_level_\d+__|level_0|\.{3}\d+")
# names in small letters, without anything else between them
COUNTERS = re.compile(
    r"row(s|names?|ids?|nums?|numbers?|no|index|labels?)?|index|idx|obs(no|num|number|nr)?"
    r"|observations?(no|num|number)?|serial(no|num|number)?|seqn|s(r|l)?no|rec(ord)?(no|num|number)"
)
IDENTIFIERS = re.compile(
    r"(pat|patient|person|subj|subject|student|pupil|study|case|user|customer|client|sample|sch"
    r"|school|record|participant|passenger|unit|member|respondent|house|household|hh|child|mother"
    r"|animal|plot|p|u|gu|uu)?id(entifier|num|number|no|nr|case|code)?s?"
)
# these may count something else; they must run through the numbers without a gap, or upwards
UNITS = re.compile(
    r"(case|record|entry|key|order|subject|subj|ss|patient|pat|person|participant|respondent"
    r"|student|pupil|child|woman|animal|bird|sample|specimen|pair|household|house|bag)(no|nr|num"
    r"|number)?|no|nr|num|number"
)
TIMES = re.compile(
    r"t|time|.*(year|yr|month|week|day|date|age|quarter|hour|minute|period|season).*"
)
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def find_row_numbers(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns that number the rows, and what is to be said of these and of doubtful ones."""
    numbering: dict[str, str] = {}
    counting = []
    for position, name in enumerate(frame.columns):
        if (numbers := _distinct(frame[name])) is None:
            continue
        if _says_so(name, position, numbers):
            numbering[name] = f"{name} ({numbers.min():.0f} to {numbers.max():.0f})"
        elif _counts(numbers) and numbers[0] in (0, 1) and not TIMES.fullmatch(_plain(name)):
            counting.append(name)
    notes = []
    if numbering:
        notes.append(
            "Left out, as by its name and its values (whole numbers, none of them twice) it "
            f"numbers the rows: {listed(numbering.values())}. Rename it to keep it."
        )
    if counting:
        notes.append(
            f"Kept, although it counts the rows in their order: {listed(counting)}. Leave it out "
            "if it says nothing else."
        )
    return list(numbering), notes


def follows_the_rows(column: pd.Series) -> bool:
    """Whether whole numbers rise with the rows, at least every second of them there; no times."""
    numbers = None if TIMES.fullmatch(_plain(str(column.name))) else _distinct(column)
    if numbers is None or not (np.diff(numbers) > 0).all():
        return False
    return bool(numbers[-1] - numbers[0] < 2 * len(numbers))


def _distinct(column: pd.Series) -> np.ndarray | None:
    """The whole numbers of a column without gaps, if none is there twice."""
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column.dtype):
        return None
    if not pd.api.types.is_numeric_dtype(column.dtype):
        # most texts are no numbers, as the first one shows
        if not len(column) or not str(column.iloc[0]).strip().replace(".", "", 1).isdecimal():
            return None
        column = pd.to_numeric(column.astype(str), errors="coerce")
    if pd.api.types.is_complex_dtype(column.dtype) or column.hasnans or not column.is_unique:
        return None
    numbers = column.to_numpy(float)
    whole = len(numbers) > 1 and bool(np.all(numbers == np.round(numbers)))
    return numbers if whole and numbers.min() >= 0 and np.isfinite(numbers).all() else None


def _says_so(name: str, position: int, numbers: np.ndarray) -> bool:
    plain = _plain(name)
    if UNNAMED.fullmatch(name) or COUNTERS.fullmatch(plain) or _identifies(name):
        return True
    ordered = _without_gap(numbers) or bool(np.all(np.diff(numbers) > 0))
    # R writes X for a name that is missing
    return ordered and (bool(UNITS.fullmatch(plain)) or (position == 0 and name == "X"))


def _identifies(name: str) -> bool:
    words = [word.lower() for word in WORDS.findall(name)]
    return bool(IDENTIFIERS.fullmatch(_plain(name))) or "id" in (words[:1] + words[-1:])


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _without_gap(numbers: np.ndarray) -> bool:
    return bool(numbers.max() - numbers.min() + 1 == len(numbers))


def _counts(numbers: np.ndarray) -> bool:
    return bool(np.all(np.diff(numbers) == 1))
