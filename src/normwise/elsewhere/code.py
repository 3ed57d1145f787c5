"""Code that fits a model again in another tool, and checks that it is the same."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from scipy import sparse

from normwise.data.errors import InputError
from normwise.data.tables.messages import plain
from normwise.elsewhere.model import Model
from normwise.elsewhere.source import Recipe
from normwise.elsewhere.tools import Tool, tool_named
from normwise.files.whole import write_text
from normwise.fitting.names import MIXES

SUFFIXES = {"python": ".py", "r": ".R"}
WORDS = {
    "python": {True: "True", False: "False"},
    "r": {True: "TRUE", False: "FALSE"},
}
# loss of each row in the code, by response and language
LOSS_LINES = {
    "gaussian": {"python": "(y - predictor) ** 2 / 2", "r": "(y - predictor)^2 / 2"},
    "binary": {
        "python": "np.logaddexp(0, predictor) - y * predictor",
        "r": "pmax(predictor, 0) + log1p(exp(-abs(predictor))) - y * predictor",
    },
    "poisson": {
        "python": "np.exp(predictor) - y * predictor",
        "r": "exp(predictor) - y * predictor",
    },
    # counted from the predictors of all classes, in the templates
    "multinomial": {"python": "", "r": ""},
}
LOSS_WORDS = {
    "gaussian": "half of the mean squared error",
    "binary": "mean log-loss",
    "poisson": "mean of exp(predictor) - y * predictor",
    "multinomial": "mean log-loss",
}


def _python(value: object) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)


def _r(value: object) -> str:
    """A value in R's notation."""
    if isinstance(value, list | tuple):
        return f"c({', '.join(_r(item) for item in value)})"
    if isinstance(value, dict):
        return f"c({', '.join(f'{_r(name)} = {item!r}' for name, item in value.items())})"
    # JSON escapes as R does, but for characters beyond 16 bits, which then stand as they are
    return json.dumps(value, ensure_ascii=False)


ENVIRONMENT = Environment(
    loader=PackageLoader("normwise.elsewhere"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def code_for(model: Model, tool: str, data: str = "") -> str:
    """Code that fits a model again in another tool and says by how much it differs.

    Parameters
    ----------
    model : Model
    tool : str
        Name of a tool, see `normwise.elsewhere.read_tools`.
    data : str, optional
        The file of numbers that the code reads, where it cannot read the user's own; see
        `write_code`, which writes both.

    Returns
    -------
    str
        Python or R.

    Raises
    ------
    InputError
        If the tool cannot fit this model, with the reason, or if a file of numbers is needed and
        not named.
    """
    known = tool_named(tool)
    arguments = arguments_for(model, known)
    call = known.call(model.response, model.penalty)
    recipe = model.source if isinstance(model.source, Recipe) else None
    if recipe is None and not data:
        raise InputError(
            "the code cannot make the numbers of this table itself: write it to a file, so that "
            "they are written beside it"
        )
    several = model.coef.ndim == 2
    values: dict[str, Any] = {
        "intercept": WORDS[known.language][model.fit_intercept],
        "weighted": model.weights is not None,
        "offset": model.offset is not None,
        # a Newton step of all coefficients is of no use where there are many
        "sparse_or_wide": sparse.issparse(model.X) or len(model.names) > model.n_samples,
        **call.facts,
        "response": model.response,
        "penalty": model.penalty,
    }
    code = ENVIRONMENT.from_string(call.code.strip()).render(values)
    return ENVIRONMENT.get_template(f"{known.name}.j2").render(
        **values,
        call=code,
        tool=known,
        version=known.version,
        penalty_name=MIXES[model.penalty],
        target_words=plain(f"the target {recipe.target}" if recipe else "y"),
        recipe=recipe,
        r_encoding={"utf-8-sig": "UTF-8-BOM"}.get(recipe.encoding, recipe.encoding)
        if recipe
        else "",
        data=data,
        sparse=sparse.issparse(model.X),
        n=model.n_samples,
        classes=plain(", ".join(f"{k} is {label}" for k, label in enumerate(model.classes))),
        before=1 + (model.weights is not None) + (model.offset is not None),
        columns_text=_columns_text(model, recipe, known.language),
        divisor=" (its standard deviation, divisor n)" if model.standardize else "",
        l1=model.l1,
        l2=model.l2,
        fits_intercept=model.fit_intercept,
        arguments=[(k, v, call.arguments[k]) for k, v in arguments.items()],
        answers=call,
        multi=several,
        loss_line=LOSS_LINES[model.response][known.language],
        loss_words=LOSS_WORDS[model.response],
        gap=model.gap,
        objective=model.objective,
        null_objective=model.null_objective,
        limit=f"{call.limit:g}",
        num=_number,
        py=_python,
        r=_r,
    )


def call_lines(tool: Tool, response: str, penalty: str) -> list[str]:
    """The call of a tool, with an intercept and without weights."""
    call = tool.call(response, penalty)
    values: dict[str, Any] = {
        "intercept": WORDS[tool.language][True],
        "weighted": False,
        "offset": False,
        "sparse_or_wide": False,
        **call.facts,
        "response": response,
        "penalty": penalty,
    }
    text = ENVIRONMENT.from_string(call.code.strip()).render(values)
    return [line for line in text.splitlines() if line.strip()]


def _number(value: float) -> str:
    return repr(float(value))


def arguments_for(model: Model, tool: Tool) -> dict[str, float]:
    """Values of a tool's arguments for a model.

    Raises
    ------
    InputError
        If the tool cannot fit this model, with the reason.
    """
    mean = float(np.average(model.y, weights=model.weights))
    about_zero = tool.spread_about_zero and not model.fit_intercept
    given = {
        "n": float(model.n_samples),
        "sd": float(np.hypot(model.sd_y, mean)) if about_zero else model.sd_y,
        "mean": mean,
        "norm": float(np.abs(model.coef).sum()),
        "exposure": 1.0
        if model.offset is None
        else float(np.average(np.exp(model.offset), weights=model.weights)),
    }
    found = tool.arguments(model.response, model.l1, model.l2, model.penalty, given)
    lacks = tool.call(model.response, model.penalty).lacks
    for given_rows, words, key in (
        (model.weights, "weights of rows", "weights"),
        (model.offset, "offsets of rows", "offset"),
    ):
        if given_rows is not None and key in lacks:
            raise InputError(f"{tool.title} is not given {words} here: {lacks[key]}")
    if not model.fit_intercept and not tool.without_intercept:
        raise InputError(
            f"{tool.title} is only used with an intercept here: none of its fits without one was "
            "found to be the same model"
        )
    needs_intercept = tool.call(model.response, model.penalty).with_intercept_only
    if not model.fit_intercept and needs_intercept:
        raise InputError(f"{tool.title} needs an intercept for this model: {needs_intercept}")
    if not model.standardize and tool.always_scales:
        raise InputError(
            f"{tool.title} always scales the columns, and this model's penalty is on columns as "
            "they are"
        )
    return found


def _columns_text(model: Model, recipe: Recipe | None, language: str) -> str:
    """The columns as a CSV inside the code."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    coefs = np.atleast_2d(model.coef)
    labels = (
        ["coefficient"] if model.coef.ndim == 1 else [f"coefficient {k}" for k in range(len(coefs))]
    )
    steps = recipe.of(model.names) if recipe else ()
    writer.writerow(
        [
            "name",
            *(["column", "kind", "value", "fill"] if steps else []),
            "centre",
            "scale",
            *labels,
        ]
    )
    for j, name in enumerate(model.names):
        how = (
            [steps[j].column, steps[j].kind, steps[j].value, _number(steps[j].fill)]
            if steps
            else []
        )
        numbers = [model.centre[j], model.scale[j], *coefs[:, j]]
        writer.writerow([plain(name), *how, *map(_number, numbers)])
    if language == "python":
        text = out.getvalue().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        return f'"""{text}"""'
    text = out.getvalue().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def write_code(model: Model, tool: str, path: str | Path) -> list[Path]:
    """Write the code of another tool, and where it needs them the numbers of the table beside it.

    Parameters
    ----------
    model : Model
    tool : str
    path : path
        Of the code. The numbers go to a file of this name with ``_data.csv`` in place of the
        suffix, and the code looks for it in the folder that it runs in, or at `path` as given.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        If the tool cannot fit this model, or if the name of the file hides a package.
    """
    path = Path(path)
    data = path.with_name(f"{path.stem}_data.csv")
    written = [path]
    text = code_for(model, tool, data.as_posix())
    if re.search(rf"^(import|from) {re.escape(path.stem)}\b", text, flags=re.MULTILINE):
        raise InputError(
            f"{path}: Python would take this file for the package {path.stem} that it imports; "
            "give it another name"
        )
    if not isinstance(model.source, Recipe):
        write_text(data, _numbers_text(model))
        written.append(data)
    write_text(path, text)
    return written


def _numbers_text(model: Model) -> str:
    """y, weights, offsets and columns; of sparse ones row, column and value of what is not zero."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = {"y": model.y, "weight": model.weights, "offset": model.offset}
    heads = [name for name, values in rows.items() if values is not None]
    before = [values for values in rows.values() if values is not None]
    if sparse.issparse(model.X):
        cells = sparse.hstack([sparse.csc_matrix(np.column_stack(before)), model.X]).tocoo()
        writer.writerow(["row", "column", "value"])
        places = zip(cells.row.tolist(), cells.col.tolist(), cells.data.tolist(), strict=True)
        writer.writerows([i, j, _number(value)] for i, j, value in places)
        return out.getvalue()
    writer.writerow([*heads, *map(plain, model.names)])
    numbers = np.column_stack([*before, model.X]).tolist()
    writer.writerows([_number(value) for value in row] for row in numbers)
    return out.getvalue()
