"""Lines of Python that fit what was recommended again."""

from __future__ import annotations

import numpy as np

from normwise.advice.findings import Models
from normwise.data.response_kind import kind_of
from normwise.data.tables.messages import listed, plain
from normwise.data.tables.roles import OFFSETS
from normwise.data.tables.table import Table
from normwise.report.look.words import NAMES

# what `normwise.tabular.as_table` gives as source
IN_MEMORY = "data in memory"
PENALTIES = ("l1", "l2")
_SCALED = """\
from sklearn.linear_model import {model}
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# {what} that cross-validation chose
model = make_pipeline(
    StandardScaler(), {call}
).fit(X, y)
"""
# lines with the strength, of the responses for which no class of scikit-learn tunes it on folds
FITTED = {
    "multinomial": {
        "l1": _SCALED.format(
            model="LogisticRegression",
            what="C = 1 / (rows × strength), of the strength",
            call='LogisticRegression(C={C}, l1_ratio=1, solver="saga", max_iter=100_000)',
        ),
        "l2": _SCALED.format(
            model="LogisticRegression",
            what="C = 1 / (rows × strength), of the strength",
            call="LogisticRegression(C={C}, max_iter=10_000)",
        ),
    },
    "poisson": {
        "l1": """\
from normwise import L1CountRegressorCV

# the strength that cross-validation chose; leave it out to have it chosen again
model = L1CountRegressorCV(alphas=[{alpha}]).fit(X, y)
""",
        "l2": _SCALED.format(
            model="PoissonRegressor",
            what="the strength",
            call="PoissonRegressor(alpha={alpha}, max_iter=10_000)",
        ),
    },
}


def _options(table: Table) -> str:
    """What reading the table again takes beside source and target."""
    how = ""
    if table.classes is not None and table.n_outputs == 1:
        how = f", positive={table.classes[1]!r}"
    elif table.told or table.response in FITTED or len(np.unique(table.y)) == 2:
        how = f', response="{table.response}"'
    if table.marks:
        how += f", missing={list(table.marks)}"
    for role in ("groups", "time", "weights"):
        if getattr(table.rows, role) is not None:
            how += f", {role}={table.roles[role]!r}" if role in table.roles else f", {role}={role}"
    if table.rows.offset is not None:
        named = [f", {role}={table.roles[role]!r}" for role in OFFSETS if role in table.roles]
        how += named[0] if named else ", offset=offset"
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


def _fits(table: Table, models: Models) -> dict[str, str]:
    """Lines that fit each penalty to X and y; folds respect which rows belong together."""
    from normwise.report.snippets import SNIPPETS

    rows, given = table.rows, ""
    if all(part is None for part in (rows.units, rows.time, rows.weights, rows.offset)):
        tuned = SNIPPETS[table.response]
        if table.response not in FITTED:
            return tuned
        return {name: _fitted(table, name, models) or tuned[name] for name in PENALTIES}
    kind = "Classifier" if kind_of(table.response).classes else "Regressor"
    if kind_of(table.response).takes_offset:
        kind = "CountRegressor"
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
    if rows.offset is not None:
        given += f", offset=table.rows.offset{order}"
    if rows.units is not None and rows.time is None:
        given += ", groups=table.rows.units"
    return {
        name: f"from normwise import {label}{kind}CV\n{lines}"
        f"model = {label}{kind}CV({cv}).fit(X, y{given})\n"
        for name, label in (("l1", "L1"), ("l2", "L2"))
    }


def _fitted(table: Table, penalty: str, models: Models) -> str | None:
    """Lines that fit a penalty at the strength that was chosen; None without one."""
    if penalty not in models.chosen:
        return None
    alpha = float(models.alphas[penalty][models.chosen[penalty]])
    if not np.isfinite(alpha):
        # the null model was chosen
        return None
    return FITTED[table.response][penalty].format(
        alpha=f"{alpha:.8g}", C=f"{1 / (alpha * len(table.y)):.8g}"
    )


def _meaning(table: Table) -> str:
    """What y is."""
    if table.classes is None:
        return f"y: {table.target}"
    if table.n_outputs == 1:
        return f"y: {table.target}, 1 for {table.classes[1]} and 0 for {table.classes[0]}"
    labels = listed(f"{k} for {label}" for k, label in enumerate(table.classes))
    return f"y: {table.target}, {labels}"


def lines_for(table: Table, penalty: str | None, models: Models) -> str:
    """Python lines that read the table and fit a penalty; both if none is named."""
    lines = f"X: {len(table.names)} features as numbers; {_meaning(table)}"
    fits = _fits(table, models)
    chosen = (
        fits[penalty]
        if penalty
        else "\n".join(
            f"# {NAMES[name]}\n{fits[name].replace('model = ', f'{name} = ')}" for name in PENALTIES
        )
    )
    return f"# {plain(lines)}\n{_reading(table)}{chosen}"
