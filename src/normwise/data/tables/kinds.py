"""The kind of a response, told from its values and its name.

Two values are two classes and text is classes, whatever they are called. Whole numbers may be
classes, counts or measurements, and no test of the values alone parts these: a class is a number
by its name alone, and a rating from 1 to 5 spreads as counts can. So whole numbers are

- *classes* if their column is called as classes are (`CLASS_NAMES`), there are at most
  `MOST_NUMBERED` of them, and each has `MIN_CLASS` rows;
- *counts* if they are zero or more, begin at 0 or 1, spread at least as counts do and to the right,
  repeat, are not rounded, and are not called as measurements are (`MEASURED_NAMES`). A name that
  says counts (`COUNT_NAMES`) does in place of the beginning and the tail;
- *numbers* otherwise, the kind that they are also if they may be either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from scipy import stats

from normwise.data.tables.marks import looks_missing
from normwise.data.tables.messages import listed

MIN_CLASS = 5
# labels beyond this name rows; whole numbers that may be classes are fewer
MOST_CLASSES, MOST_NUMBERED = 30, 20
# variance over mean of a Poisson count is 1; what is estimated from few rows lies about it
SPREAD, NAMED_SPREAD = 0.7, 0.4
# skewness over the ratio of standard deviation to mean: 1 of a Poisson count, up to 2 of others
TO_THE_RIGHT = 0.55
# so many whole numbers from 1 on are a rating as soon as a count
RATED = 7
# at most this share of the values from `LARGE` on ends on 0 or 5, and at most so many values are
# there for each row above 0, whatever the name and with a name that says counts
LARGE, ROUNDED, UNREPEATED, NAMED_UNREPEATED = 20, 0.5, 0.65, 0.9
# of a bounded share: distinct values, and the share of the bound that the largest reaches
MANY_VALUES, REACHED = 10, 0.5
# beyond what a negative binomial count has: shares of zeros, and standard errors of that share
MORE_ZEROS, SURE = 0.03, 3.0

# where a word begins and ends, also inside of numVisits
_CAMEL = "(?-i:(?<=[a-z])(?=[A-Z]))"
_WORD, _END = rf"(?:^|[\W_\d]|{_CAMEL})", rf"(?:$|[\W_\d]|{_CAMEL})"


def _names(words: str) -> re.Pattern[str]:
    return re.compile(f"{_WORD}(?:{words}){_END}", re.IGNORECASE)


CLASS_NAMES = _names(
    "class|classes|species|type|types|cultivar|variety|breed|genus|label|category|kind|cluster"
    "|diagnosis|origin|region|colou?r|brand|party|religion|race|ethnicity|occupation|mode|choice"
    "|segment|subtype|phenotype|genotype|digit"
)
COUNT_NAMES = re.compile(
    # sample number 12 is a name, the number of samples is a count
    rf"^(?:n|num|nr|no|number)(?:[\W_]*of|[\W_]|{_CAMEL})|visits$|"
    + _names(
        "counts?|counted|frequency|visits?|events?|claims?|accidents?|crashes|collisions"
        "|fatalities|deaths?|births?|cases|infections?|hospitali[sz]ations|admissions|calls?|trips"
        "|arrests?|crimes?|strikes|breaks|failures?|errors|defects?|faults?|bugs|goals|kids"
        "|children|siblings|awards|articles?|publications?|patents?|citations?|cites|purchases"
        "|orders|absences|seizures|episodes|attacks|eggs|offspring|colonies|insects?|satellites"
        "|plants|parasites|ticks|rentals|passengers|customers|tickets|incidents?|complaints"
        "|injuries|riots"
    ).pattern,
    re.IGNORECASE,
)
MEASURED_NAMES = _names(
    "age|ages|year|years|yr|yrs|pressure|bp|sbp|dbp|sysbp|diabp|temp|temperature|weight|wt|height|ht"
    "|length|width|depth|area|volume|distance|dist|price|prices|cost|costs|fare|income|salary|wages?"
    "|pay|earnings?|rent|value|worth|money|dollars?|usd|eur|amount|balance|debt|loan|tax|spending"
    "|ratings?|scores?|grades?|ranks?|stars|quality|satisfaction|levels?|degree|severity|stage|gpa"
    "|percent|percentage|pct|perc|share|rate|ratio|index|hours?|hrs|minutes?|mins?|seconds?|secs?"
    "|weeks?|months?|duration|time|tenure|exper|experience|educ|education|speed|mpg|hp|horsepower"
    "|sales|points|iq|code|id|zip|number|num|no|nr|state|district|firm|rpi"
)
# scales whose labels have an order, labels apart by commas
SCALES = (
    "very low,low,medium,moderate,middle,high,very high",
    "very poor,poor,fair,average,good,very good,excellent",
    "very bad,bad,average,good,very good",
    "never,almost never,rarely,seldom,sometimes,occasionally,often,usually,almost always,always",
    "strongly disagree,disagree,somewhat disagree,neutral,neither agree nor disagree,undecided,"
    "somewhat agree,agree,strongly agree",
    "very dissatisfied,dissatisfied,neutral,satisfied,very satisfied",
    "none,mild,moderate,severe,very severe",
    "extra small,small,medium,large,extra large",
    "very unlikely,unlikely,somewhat likely,likely,very likely",
)
ORDERED = tuple(frozenset(scale.split(",")) for scale in SCALES)


@dataclass(frozen=True)
class Kind:
    """A kind of response, and what it was told by.

    Attributes
    ----------
    name : str
    why : str
        What was seen, with its numbers.
    """

    name: str
    why: str


def percent_of(mask: np.ndarray) -> str:
    """Share of the rows where a mask is true, in per cent."""
    return f"{100 * float(np.mean(mask)):.0f} %"


def is_whole(y: np.ndarray) -> bool:
    """Whether there are whole numbers only."""
    return bool(np.all(y == np.round(y)))


def kind_of_numbers(name: str, y: np.ndarray) -> Kind:
    """Numbers, counts or classes, of a response with more than two values.

    Parameters
    ----------
    name : str
        Of the column.
    y : ndarray of shape (n_rows,)
    """
    values, counts = np.unique(y, return_counts=True)
    if is_whole(y) and looks_missing(y) is None:
        few = len(values) <= MOST_NUMBERED and counts.min() >= MIN_CLASS
        if few and CLASS_NAMES.search(name):
            return Kind(
                "multinomial",
                f"its {len(values)} whole numbers ({listed(f'{v:g}' for v in values)}) are called "
                "as classes are",
            )
        if why := counts_why(name, y):
            return Kind("poisson", why)
    return Kind("gaussian", "")


def counts_why(name: str, y: np.ndarray) -> str:
    """Why whole numbers are taken as counts, or nothing if they are not."""
    called = bool(COUNT_NAMES.search(name))
    if y.min() < 0 or (MEASURED_NAMES.search(name) and not called):
        return ""
    mean, spread = float(y.mean()), float(y.var() / max(y.mean(), 1e-300))
    skewness, levels = float(stats.skew(y)), np.unique(y)
    large = y[y >= LARGE]
    rounded = len(large) > len(y) / 4 and np.mean(large % 5 == 0) > ROUNDED
    above = y[y > 0]
    repeats = len(np.unique(above)) <= (NAMED_UNREPEATED if called else UNREPEATED) * len(above)
    if rounded or not repeats or spread < (NAMED_SPREAD if called else SPREAD):
        return ""
    begins = levels[0] == 0 or (levels[0] == 1 and len(levels) > RATED)
    right = skewness >= TO_THE_RIGHT * np.sqrt(spread / mean)
    if not (begins and right) and not (called and skewness >= 0):
        return ""
    named = "they are called as counts are, and " if called else ""
    return (
        f"{named}they are whole numbers from {y.min():,.0f} to {y.max():,.0f}, "
        f"{percent_of(y == 0)} of them zero, with a variance of {spread:.2g} times the mean and a "
        f"tail to the right (skewness {skewness:.1f})"
    )


def more_zeros(y: np.ndarray) -> float | None:
    """Zeros that a count of this mean and variance would have, where there are clearly more.

    A negative binomial count has both moments; at a variance up to the mean it is a Poisson count.
    """
    mean, variance = float(y.mean()), float(y.var())
    if mean <= 0:
        return None
    size = mean**2 / max(variance - mean, 1e-9 * mean)
    expected = float(np.exp(-size * np.log1p(mean / size)))
    seen = float(np.mean(y == 0))
    error = np.sqrt(max(expected * (1 - expected), 1e-12) / len(y))
    return expected if seen - expected > max(MORE_ZEROS, SURE * error) else None


def is_scale(labels: list[str]) -> bool:
    """Whether labels are those of a scale, such as low, medium and high."""
    folded = {label.lower().replace("_", " ").strip() for label in labels}
    return len(folded) > 2 and any(folded <= scale for scale in ORDERED)


def share_bound(name: str, y: np.ndarray) -> float | None:
    """The upper bound, 1 or 100, of numbers that are shares of a whole; None if they are not."""
    if y.min() < 0 or len(np.unique(y)) <= MANY_VALUES:
        return None
    if y.max() <= 1:
        return 1.0 if y.max() >= REACHED else None
    called = re.search(r"percent|pct|perc|share|prop(?:ortion)?", name, re.IGNORECASE)
    whole = y.max() == 100 and not MEASURED_NAMES.search(name)
    return 100.0 if y.max() <= 100 and (called or whole) else None
