"""Lines of Python that fit what was recommended again."""

from __future__ import annotations

import numpy as np

from normwise.data.response_kind import kind_of
from normwise.data.tables.messages import plain
from normwise.data.tables.table import Table
from normwise.report.look.words import NAMES

# what `normwise.tabular.as_table` gives as source
IN_MEMORY = "data in memory"
PENALTIES = ("l1", "l2")


def _options(table: Table) -> str:
    """What reading the table again takes beside source and target."""
    how = ""
    if table.classes is not None:
        how = f", positive={table.classes[1]!r}"
    elif len(np.unique(table.y)) == 2:
        how = f', response="{table.response}"'
    if table.marks:
        how += f", missing={list(table.marks)}"
    for role in ("groups", "time", "weights"):
        if getattr(table.rows, role) is not None:
            how += f", {role}={table.roles[role]!r}" if role in table.roles else f", {role}={role}"
    return how + (f", drop={list(table.dropped)!r}" if table.dropped else "")


def _reading(table: Table) -> str:
    """Lines that make X and y."""
    how = _options(table)
    if table.source == IN_MEMORY:
        return (
            "from normwise.tabular import as_table\n"
            f"table = as_table(X, y{how})  # your X and y as numbers\n"
            "X, y = table.X, table.y\n"
        )
    return (
        "from normwise.tabular import read_table\n"
        f"table = read_table({table.source!r}, {table.target!r}{how})\n"
        "X, y = table.X, table.y\n"
    )


def _fits(table: Table) -> dict[str, str]:
    """Lines that fit each penalty to X and y; folds respect which rows belong together."""
    from normwise.report.snippets import SNIPPETS

    rows, given = table.rows, ""
    if rows.units is None and rows.time is None and rows.weights is None:
        return SNIPPETS[table.response]
    kind = "Classifier" if kind_of(table.response).classes else "Regressor"
    lines, order, cv = "", "", ""
    if rows.time is not None:
        lines = (
            "from sklearn.model_selection import TimeSeriesSplit\n"
            'order = table.rows.time.argsort(kind="stable")\n'
            "X, y = X[order], y[order]\n"
        )
        order, cv = "[order]", "cv=TimeSeriesSplit(5)"
    if rows.weights is not None:
        given += f", sample_weight=table.rows.weights{order}"
    if rows.units is not None and rows.time is None:
        given += ", groups=table.rows.units"
    return {
        name: f"from normwise import {label}{kind}CV\n{lines}"
        f"model = {label}{kind}CV({cv}).fit(X, y{given})\n"
        for name, label in (("l1", "L1"), ("l2", "L2"))
    }


def lines_for(table: Table, penalty: str | None) -> str:
    """Python lines that read the table and fit a penalty; both if none is named."""
    if table.classes is None:
        response = f"y: {table.target}"
    else:
        response = f"y: {table.target}, 1 for {table.classes[1]} and 0 for {table.classes[0]}"
    lines = f"X: {len(table.names)} features as numbers; {response}"
    fits = _fits(table)
    chosen = (
        fits[penalty]
        if penalty
        else "\n".join(
            f"# {NAMES[name]}\n{fits[name].replace('model = ', f'{name} = ')}" for name in PENALTIES
        )
    )
    return f"# {plain(lines)}\n{_reading(table)}{chosen}"
