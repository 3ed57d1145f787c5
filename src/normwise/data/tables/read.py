"""A table of a user's own: read, checked, and made into numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.rows import copies_of_rows
from normwise.data.tables.columns import encode_features, is_boolean
from normwise.data.tables.formats import read_file
from normwise.data.tables.leaks import about_leaks, find_copies, find_parts
from normwise.data.tables.marks import blank_marks
from normwise.data.tables.messages import refuse_duplicates
from normwise.data.tables.named import load_openml, load_sklearn
from normwise.data.tables.response import encode_response
from normwise.data.tables.roles import OFFSETS, rows_of, set_apart
from normwise.data.tables.row_numbers import find_row_numbers
from normwise.data.tables.table import Raw, Table, join_arrays


def read_table(
    source: str | os.PathLike[str],
    target: str | None = None,
    *,
    positive: object = None,
    response: str | None = None,
    missing: Sequence[object] = (),
    groups: Any = None,
    time: Any = None,
    weights: Any = None,
    offset: Any = None,
    exposure: Any = None,
    drop: Iterable[str] | str = (),
) -> Table:
    """Read a table and make it into numbers.

    Parameters
    ----------
    source : str or path
        A file: ``.csv``, ``.tsv`` or ``.txt`` (also with ``.gz``), ``.parquet``, ``.feather`` or
        ``.arrow``, ``.npz`` with arrays ``X`` and ``y`` and optionally ``names``, ``.svmlight``,
        ``.libsvm`` or ``.svm``; with the extra ``formats`` also ``.xlsx`` and ``.ods``, ``.dta``,
        ``.sav``, ``.zsav``, ``.por``, ``.xpt``, ``.sas7bdat``, ``.rds``, ``.RData``, ``.arff`` and
        KEEL's ``.dat``. ``visits.xlsx#2024`` is a sheet of a workbook, ``study.RData#patients`` an
        object. Or a name: ``sklearn:diabetes`` for a table inside scikit-learn,
        ``openml:61``, ``openml:iris`` or ``openml:iris@1`` for one of OpenML, which is kept in
        scikit-learn's data folder and whose checksum is verified.
    target : str, optional
        The column to be predicted. Not needed where the source says which one it is.
    positive : optional
        Label of the class that counts as 1; of several classes, one against the rest.
    response : {"gaussian", "binary", "multinomial", "poisson"}, optional
        A number, two classes, several classes, or counts; told from the target if not given (see
        `normwise.data.tables.kinds`).
    missing : sequence of str or number
        Marks that stand for a missing value, beside empty cells and those that are known, such as
        ``NA`` and ``.``; ``"age=99"`` counts in column ``age`` alone.
    groups : str or array-like of shape (n_samples,), optional
        Which rows belong together: the name of a column, which is no feature then, or a value a
        row. No group is on both sides of a split.
    time : str or array-like of shape (n_samples,), optional
        When the rows were measured, dates or numbers, the same way. Models are tested on what
        follows.
    weights : str or array-like of shape (n_samples,), optional
        Weights of the rows from 0, the same way. A row of weight 0 is left out.
    offset : str or array-like of shape (n_samples,), optional
        Of counts, what is added to the logarithm of each mean, the same way.
    exposure : str or array-like of shape (n_samples,), optional
        Of counts, how long or of how many they were counted, above 0, the same way; its logarithm
        is the offset.
    drop : str or iterable of str, optional
        Columns to be left out; of one text, those between its commas.

    Raises
    ------
    InputError
        If the table cannot be used.
    """
    source = os.fspath(source)
    try:
        roles = {"groups": groups, "time": time, "weights": weights}
        roles |= {"offset": offset, "exposure": exposure}
        raw = _load(source, target)
        return _tabulate(raw, source, positive, response, missing, roles, drop)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from error


def as_table(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    positive: object = None,
    response: str | None = None,
    missing: Sequence[object] = (),
    groups: Any = None,
    time: Any = None,
    weights: Any = None,
    offset: Any = None,
    exposure: Any = None,
    drop: Iterable[str] | str = (),
) -> Table:
    """Make features and a response in memory into numbers.

    Parameters
    ----------
    X : array, DataFrame or sparse matrix of shape (n_samples, n_features)
        Columns of a data frame may be text, categories, booleans or dates.
    y : array, Series or list of shape (n_samples,)
        Numbers, booleans or labels.
    names : sequence of str, optional
        Names of the features; by default those of the data frame, or ``x0``, ``x1``, …
    positive, response, missing, groups, time, weights, offset, exposure, drop
        The same as in `read_table`; names of columns are those of `names` or of the data frame.

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    roles = {"groups": groups, "time": time, "weights": weights}
    roles |= {"offset": offset, "exposure": exposure}
    raw = join_arrays(X, y, names)
    return _tabulate(raw, "data in memory", positive, response, missing, roles, drop)


def _load(source: str, target: str | None) -> Raw:
    collection, _, name = source.partition(":")
    if collection == "sklearn":
        return load_sklearn(name, target)
    if collection == "openml":
        return load_openml(name, target)
    return read_file(source, target)


def _tabulate(
    raw: Raw,
    source: str,
    positive: object,
    response: str | None,
    missing: Sequence[object],
    roles: Mapping[str, Any],
    drop: Iterable[str] | str,
) -> Table:
    refuse_duplicates(raw.names)
    features, target, marked = blank_marks(raw.features, raw.names, raw.target, missing)
    raw, apart, said = set_apart(replace(raw, features=features, target=target), roles, drop)
    features = raw.features
    counted_from = next((role for role in OFFSETS if role in apart.values), None)
    answer = encode_response(raw.target, positive, response, counted_from)
    names = list(raw.names)
    numbered: list[str] = []
    if isinstance(features, pd.DataFrame):
        numbering, numbered = find_row_numbers(features)
        features = features.drop(columns=numbering)
        names = list(features.columns)
    features = features[answer.rows]
    coded = encode_features(features, names)
    if not coded.names:
        reasons = " ".join([*numbered, *coded.notes]) or "there is no column besides the target."
        raise InputError(f"no feature is left: {reasons}")
    refuse_duplicates(coded.names, "features that were made of the columns")
    copies = find_copies(coded.X, answer.y, coded.names, classes=answer.classes is not None)
    parts = [] if copies else find_parts(coded.X, answer.y, coded.names)
    return Table(
        X=coded.X,
        y=answer.y,
        names=tuple(coded.names),
        response=answer.kind,
        target=str(raw.target.name),
        classes=answer.classes,
        source=source,
        missing=coded.missing,
        constant=tuple(coded.constant),
        notes=(
            *about_leaks(copies, parts),
            *raw.notes,
            *said,
            *marked,
            *answer.notes,
            *numbered,
            *coded.notes,
        ),
        copies=tuple(copies),
        parts=tuple(parts),
        marks=tuple(missing),
        rows=replace(rows_of(apart, answer.rows), copies=copies_of_rows(coded.X, answer.y)),
        roles=apart.names,
        dropped=apart.dropped,
        columns=_telling(features),
        factors=coded.factors,
        told=response is not None,
    )


def _telling(features: Any) -> pd.DataFrame | None:
    """Columns that could name the rows or their time: whole numbers, text, dates."""
    if sparse.issparse(features):
        return None
    kept = [
        name
        for name, column in features.items()
        if not is_boolean(column)
        and not (column.dtype.kind == "f" and (column.dropna() % 1 != 0).any())
    ]
    return features[kept].reset_index(drop=True)
