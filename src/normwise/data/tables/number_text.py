"""Numbers in text: thousands, units, bounds, dates, times, and marks for what is missing."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from normwise.data.tables.messages import counted, listed

# so few distinct numbers may be labels of classes
FEW_VALUES = 10
CURRENCIES = "$€£¥₹₩₽₺₫฿₴"
NUMBER = r"[+-]?\.?\d(?:[\d.,'\u00a0\u202f ]*\d)?(?:[eE][+-]?\d+)?"
BOUND = re.compile(rf"(?:<=?|>=?|≤|≥)\s*({NUMBER})|({NUMBER})\s*\+")
WITH_UNIT = re.compile(
    rf"(?P<before>[{CURRENCIES}]|(?:US\$|USD|EUR|GBP|CHF|CAD|AUD|JPY)\s?)?\s*(?P<number>{NUMBER})"
    r"(?P<after>\s*[^\d\s.,+'-].{0,14})?"
)
# units that may follow a number without a blank; other letters there make it a code
UNITS = re.compile(
    rf"\s.*|[%‰°{CURRENCIES}].*|[kmµμnc]?[gml]|[kcm]?m[²³23]?|lbs?|oz|ft|in|mi|yd|ha|[kmM]?[WVJNA]|kWh|[kMG]?Hz"
    r"|[kMGT]?B|ms|s|sec|min|h|hrs?|d|days?|w|wks?|mo|y|yrs?|years?|mmHg|mph|bpm|kcal|cal|[km]?Pa|bar"
    r"|[cm]?L|mol|ppm|ppb|px|pt"
)
# a number begins like this, if need be after a sign or a currency
BEGINS = r"\W{0,3}([A-Z]{2,3})?\W{0,3}\d"
DURATION = re.compile(r"(-?\d+ days?,? )?[+-]?(\d{1,3}):(\d\d)(?::(\d\d(?:\.\d+)?))?")
WORDS_FOR_MISSING = (
    r"na|n/a|n\.a\.?|nan|null|none|nil|missing|unknown|unk|not available|not detected|nd|n\.d\.?"
)
MARK = re.compile(rf"{WORDS_FOR_MISSING}|<na>|\.[a-z_]|#[a-z/ ]+[0!?]*|[-–—.*?_]+", re.IGNORECASE)
# among texts, only these
SYMBOLS = (".", "?", "-", "--", "*")
CODE = re.compile(r"[A-Za-z]?\d+[A-Za-z]?")

Read = tuple[pd.Series, str | None]


class Unclear(Exception):
    """Why a column cannot be used."""


def read_text(column: pd.Series) -> tuple[np.ndarray | None, str | None]:
    """Numbers with NaN for what is missing, or None for text; and how they were made.

    A mark for what is missing may have any share of the rows: known ones such as ``.``, ``-`` and
    ``ND``, and a single text without digits that repeats among numbers.

    Raises
    ------
    Unclear
        If the numbers or dates can be read in two ways.
    """
    text = column.dropna().astype(str).str.strip()
    text = text[text != ""]
    counts = text.value_counts(sort=False)
    levels = pd.Series(counts.index, index=counts.index, dtype=object)
    read = _read_levels(levels, counts) or _mostly_numbers(text, levels)
    if read is None:
        return None, None
    numbers, how = read
    return text.map(numbers).reindex(column.index).to_numpy(float), how


def _read_levels(levels: pd.Series, counts: pd.Series) -> Read | None:
    """What each distinct text stands for, if all but marks for missing values are numbers."""
    if (read := _numbers(levels)) is not None:
        return read
    said = []
    marks = levels.map(lambda level: bool(MARK.fullmatch(level))).astype(bool)
    values = levels[~marks]
    bounds = values.str.fullmatch(BOUND).astype(bool)
    if bounds.any() and not bounds.all():
        values = values.str.replace(BOUND, lambda found: found[1] or found[2], regex=True)
        says, was = ("say", "were") if bounds.sum() > 1 else ("says", "was")
        said.append(
            f"{_with_counts(levels[~marks][bounds], counts)} {says} only on which side of a bound "
            f"the value lies (it is censored) and {was} read as the bound"
        )
    read, least = _numbers(values) if len(values) else None, 2
    if read is None:
        odd = values[_plain_numbers(values).isna()]
        # beside a known mark, another word is rather a class
        if (
            len(odd) == 1
            and not marks.any()
            and counts[odd.index[0]] > 1
            and not re.search(r"\d", odd.iloc[0])
        ):
            marks[odd.index[0]] = True
            # two numbers and a word may be three classes
            read, least = _numbers(values.drop(odd.index)), 3
    if read is None or read[0].nunique() < least:
        return None
    if marks.any():
        count = "count" if marks.sum() > 1 else "counts"
        said.append(f"{_with_counts(levels[marks], counts)} {count} as missing")
    how = "; ".join(filter(None, [read[1], *said]))
    return read[0], how if read[1] or not said else f"holds numbers; {how}"


def _with_counts(levels: pd.Series, counts: pd.Series) -> str:
    return listed(f"{reprlib.repr(level)} ({counts[level]:,})" for level in levels)


def _plain_numbers(levels: pd.Series) -> pd.Series:
    return pd.to_numeric(levels, errors="coerce").astype(float)


def _numbers(levels: pd.Series) -> Read | None:
    """What the texts stand for, if all of them are numbers, dates or times of one form."""
    numbers = _plain_numbers(levels)
    if not numbers.isna().any():
        return numbers, None
    # names of rows, of which there are many, are seen by the first ones
    if not all(part.str.match(BEGINS).all() for part in (levels[:100], levels)):
        return None
    forms: list[Callable[[pd.Series], Read | None]] = [_marked, _with_unit, _durations, _dates]
    for form in forms:
        if (read := form(levels)) is not None:
            return read
    return None


def _marked(levels: pd.Series) -> Read | None:
    read = marked_numbers(levels)
    if not read:
        return None
    if len(read) == 2 and not read[0].equals(read[1]):
        raise Unclear(
            f"the comma in {levels[read[0] != read[1]].iloc[0]!r} may be a decimal comma or a "
            "thousands separator; write 1.5 or 1500"
        )
    first = levels[_plain_numbers(levels).isna()].index[0]
    return read[0], f"was read as numbers, {levels[first]!r} as {read[0][first]:.15g}"


def marked_numbers(text: pd.Series) -> list[pd.Series]:
    """Numbers with a decimal comma, with a decimal point, or each, if all can be read so.

    Thousands may be set apart, as in ``1.234,5``, ``1,234.5`` and ``1 234``.
    """
    read: list[pd.Series] = []
    for point, mark in ((",", "."), (".", ",")):
        group = rf"[{mark}' \u00a0\u202f]"
        whole = rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)"
        if text.str.fullmatch(rf"{whole}(\{point}\d+)?([eE][+-]?\d+)?").all():
            plain = text.str.replace(group, "", regex=True).str.replace(point, ".", regex=False)
            read.append(plain.astype(float))
    return read


def units_of(levels: pd.Series) -> list[tuple[str, str]]:
    """What stands before and after the number of each text; nothing if one is no such text."""
    units = set()
    for level in levels:
        match = WITH_UNIT.fullmatch(level)
        if match is None or (match["after"] and not UNITS.fullmatch(match["after"])):
            return []
        units.add(((match["before"] or "").strip(), (match["after"] or "").strip()))
    return sorted(units)


def _with_unit(levels: pd.Series) -> Read | None:
    units = units_of(levels)
    if len(units) != 1 or units == [("", "")] or len(levels) < 2:
        return None
    bare = levels.map(lambda level: WITH_UNIT.fullmatch(level)["number"].strip())  # type: ignore[index]
    numbers = _plain_numbers(bare)
    if numbers.isna().any():
        # where a currency stands first, a comma sets thousands apart
        read = (
            marked_numbers(bare)[-1:]
            if units[0][0]
            else [found[0]]
            if (found := _marked(bare))
            else []
        )
        if not read:
            return None
        numbers = read[0]
    unit = " ".join(filter(None, units[0]))
    return numbers, f"was read as numbers in {unit!r}, {levels.iloc[0]!r} as {numbers.iloc[0]:.15g}"


def _durations(levels: pd.Series) -> Read | None:
    found = [DURATION.fullmatch(level) for level in levels]
    if not all(found) or len({match[4] is None for match in found if match}) > 1:
        return None
    full = [
        f"{level}:00" if match and match[4] is None else level
        for level, match in zip(levels, found, strict=True)
    ]
    hours = pd.to_timedelta(full).to_numpy("timedelta64[ns]") / np.timedelta64(1, "h")
    return pd.Series(hours, index=levels.index), in_hours(levels.iloc[0], hours[0])


def in_hours(first: object, hours: float) -> str:
    """What is said of times that became hours."""
    return f"became hours, {str(first)!r} as {hours:.6g}"


def _dates(levels: pd.Series) -> Read | None:
    plain = levels.str.replace("/", "-")
    read: list[pd.Series] = []
    for form in ("ISO8601", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y"):
        dates = pd.to_datetime(plain, format=form, errors="coerce", utc=True)
        if dates.notna().all() and not any(dates.equals(other) for other in read):
            read.append(dates)
    if len(read) > 1:
        raise Unclear(
            f"{levels.iloc[0]!r} may have the day or the month first; write dates as 2024-01-31"
        )
    return as_days(read[0]) if read else None


def as_days(dates: pd.Series) -> tuple[pd.Series, str]:
    """Days since the first of the dates."""
    first = dates.min()
    days = (dates - first) / pd.Timedelta(days=1)
    return days, f"became days since {first:%Y-%m-%d}, the earliest date"


def _mostly_numbers(text: pd.Series, levels: pd.Series) -> Read | None:
    """Numbers of which a few were mistyped; not codes such as 136 and 136A."""
    numbers = _plain_numbers(levels)
    wrong = numbers.isna()
    if len(levels) <= FEW_VALUES or wrong.all():
        return None
    odd = text[text.isin(levels[wrong])]
    codes = levels[wrong].str.fullmatch(CODE).all() and (numbers.dropna() % 1 == 0).all()
    if len(odd) > len(text) / 10 or codes:
        return None
    first = odd.index[0]
    what = "value that is none counts" if len(odd) == 1 else "values that are none count"
    return numbers, (
        f"holds numbers; {len(odd):,} {what} as missing, such as {reprlib.repr(odd[first])} in row "
        f"{first + 1}"
    )


def why_names(labels: pd.Series, n_levels: int, first: str) -> str:
    """Why a text with many levels is no feature."""
    levels = pd.Series(labels.unique(), dtype=object)
    numeric = labels.isin(levels[_plain_numbers(levels).notna()])
    if len(units := units_of(levels)) > 1 and ("", "") not in units:
        found = listed(repr(" ".join(filter(None, unit))) for unit in units)
        return f"its numbers come in several units ({found}): write them in one"
    texts = pd.Series(labels[~numeric].unique(), dtype=object)
    if numeric.mean() >= 0.5 and not texts.str.fullmatch(CODE).all():
        odd = listed(reprlib.repr(level) for level in texts)
        return (
            f"{counted(int((~numeric).sum()), 'value')} of {len(labels):,} are no numbers ({odd}): "
            "leave the cells empty if they are missing, or name the marks as missing"
        )
    return (
        f"{n_levels:,} different texts in {len(labels):,} rows, such as "
        f"{reprlib.repr(first)}, are rather names of the rows than classes"
    )


def as_number(value: object) -> float:
    """A value as a number, NaN if it is none."""
    try:
        return float(str(value))
    except ValueError:
        return float("nan")
