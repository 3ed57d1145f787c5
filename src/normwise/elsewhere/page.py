"""The page of the docs on the same model in other tools, made of what the code reads too."""

from __future__ import annotations

from typing import Any

from normwise.elsewhere.code import call_lines
from normwise.elsewhere.tools import (
    LIMIT,
    PENALTIES,
    PENALTY_WORDS,
    RESPONSE_WORDS,
    RESPONSES,
    Tool,
    read_measured,
    read_tools,
)

INTRODUCTION = """\
# The same model in other tools

A strength λ means something else in each tool. Some divide the penalty by the standard deviation of
y, some multiply it by the number of rows, some penalise the intercept, and some stop so early that
only four digits are right. This page says what to give each tool for the same model, and by how
much its coefficients differed from the certified optimum when it was tried.

`normwise translate` does it for you. It writes code for the tool that reads your table, makes the
same columns of numbers of it, fits, and ends by comparing its coefficients and its objective with
those of normwise. Here `patients.csv` is a table that comes with scikit-learn:

```python
from sklearn.datasets import load_diabetes

load_diabetes(as_frame=True, scaled=False).frame.to_csv("patients.csv", index=False)
```

```console
$ normwise translate patients.csv --target target --penalty l1 --to scikit-learn --output fit.py
Written: fit.py
$ python fit.py
scikit-learn: the coefficients differ from those of normwise by at most … this is the same model.
```

For R, Spark or statsmodels it is the same:

```sh
normwise translate patients.csv --target target --penalty l1 --to glmnet --output fit.R
Rscript fit.R
```

`normwise advise patients.csv --target target --code glmnet,spark` writes such code for the penalty
that it recommends, or for both if it recommends none. Without a table the command translates
numbers, also back from another tool:

```console
$ normwise translate --from glmnet lambda=0.03 alpha=0.5 --n 200 --sd-y 3.1 --to scikit-learn
l1 = 0.015, l2 = 0.004838709677: …
standardised with divisor n
scikit-learn 1.9.1
alpha = 0.01983870968 (l1 + l2)
l1_ratio = 0.756097561 (l1 / (l1 + l2))
…
```

In Python the same is `normwise.elsewhere`: `model_of(estimator, X, y)` and `write_code`,
`arguments_of` and `strengths_of`.

The model is: mean loss + l1 ‖b‖₁ + l2/2 ‖b‖², with half the squared error, the log-loss of classes,
or the Poisson loss of counts; with b on columns that were divided by their standard deviation
(divisor n), and an intercept that is not penalised. L1 has l2 = 0, L2 has l1 = 0. In the formulas
n is the number of rows, sd the standard deviation of y with divisor n, mean the mean of y, norm
the sum of the coefficients' sizes, and exposure the mean exposure of counts, which is 1 without an
offset. The code standardises the columns itself and tells the tool not to, so that no tool's own
scaling matters. Where rows have weights, all of these are weighted, and so are the mean and the
standard deviation by which columns are standardised; the weights are given with a mean of 1.
Weights of classes are weights of their rows.

Weights of rows, offsets of counts, sparse columns, a model without an intercept and one on columns
that are not standardised are carried over where the tool was found to fit the same model with them;
elsewhere the command refuses and says why.

## What was measured

A number is the largest relative difference of a coefficient from ours, as a share of the largest
coefficient, over {n_tables} seeded tables ({tables}): {shapes}.
The goal is {limit:.0e}.

`make elsewhere` installs each tool at the version given in an environment of its own, runs the code
that the command writes, and renews the numbers; a tool that cannot be installed is left out with a
message, and keeps the numbers of the last time.

This page is generated from `src/normwise/elsewhere/tools.yaml`, which the command reads too, and a
test keeps it so.
"""
SHAPES = (
    "more columns than rows, many rows, neighbours correlated by 0.95, scales of the columns over "
    "four orders of magnitude, a y with a standard deviation in the hundreds and a mean in the "
    "thousands, and a y in hundredths"
)
KEY_WORDS = {"weights": "Weights of rows", "offset": "Offsets"}
# `python` would be run by the test of the pages, and these calls are parts of what is written
FENCES = {"python": "py", "r": "r"}
VARIANT_WORDS = {
    "weights": "with weights of rows",
    "offset": "with offsets of counts",
    "weights and offset": "with both",
    "without intercept": "without an intercept",
    "sparse": "with sparse columns",
    "not standardised": "on columns that are not standardised",
}


def describe_tools() -> str:
    """The page in Markdown."""
    tools, measured = read_tools(), read_measured()
    names = list(next(iter(next(iter(measured.values()))["cells"].values()))["tables"])
    parts = [
        INTRODUCTION.format(
            n_tables=len(names), tables=", ".join(names), shapes=SHAPES, limit=LIMIT
        )
    ]
    for response in RESPONSES:
        parts.append(f"\n### {RESPONSE_WORDS[response].capitalize()}\n\n")
        parts.append(
            f"| tool | {' | '.join(PENALTY_WORDS[p] for p in PENALTIES)} |\n|---|---|---|---|\n"
        )
        for tool in tools.values():
            cells = [_cell(tool, measured.get(tool.name), response, p) for p in PENALTIES]
            if any(cells):
                link = f"[{tool.title}](#{_anchor(tool)})"
                parts.append(f"| {link} | {' | '.join(c or 'impossible' for c in cells)} |\n")
    parts.append("\n## The tools\n")
    parts += [_section(tool, measured.get(tool.name)) for tool in tools.values()]
    return "".join(parts)


def _anchor(tool: Tool) -> str:
    return f"tool-{tool.name.lower()}"


def _cell(tool: Tool, found: dict[str, Any] | None, response: str, penalty: str) -> str:
    call = tool.calls.get((response, penalty))
    if call is None:
        return ""
    formulas = ", ".join(f"`{name} = {formula}`" for name, formula in call.arguments.items())
    entry = (found or {}).get("cells", {}).get(f"{response} {penalty}")
    return f"{formulas}: {_amount(entry['difference']) if entry else 'not measured'}"


def _amount(difference: float) -> str:
    return f"{difference:.0e}"


def _section(tool: Tool, found: dict[str, Any] | None) -> str:
    lines = [f"\n### {tool.title} {tool.version} {{ #{_anchor(tool)} }}\n\n"]
    for trap in tool.traps:
        lines.append(f"- {trap}\n")
    for variant, words in VARIANT_WORDS.items():
        cells = (found or {}).get("variants", {}).get(variant, {})
        if cells:
            largest = max(entry["difference"] for entry in cells.values())
            lines.append(f"- Measured {words} too: at most {_amount(largest)}.\n")
    lines += [f"- {line}\n" for line in _lacks(tool)]
    why: dict[str, list[str]] = {}
    for (response, penalty), reason in tool.impossible.items():
        why.setdefault(reason, []).append(
            f"{RESPONSE_WORDS[response]} with {PENALTY_WORDS[penalty]}"
        )
    for reason, cells_of in why.items():
        everything = len(cells_of) == len(RESPONSES) * len(PENALTIES)
        where = "" if everything else f" ({', '.join(cells_of)})"
        lines.append(f"- Impossible{where}: {reason}\n")
    seen: list[str] = []
    for (response, penalty), call in tool.calls.items():
        text = "\n".join(call_lines(tool, response, penalty))
        if text not in seen:
            seen.append(text)
            note = f" {call.note}" if call.note else ""
            limit = f" It reaches {call.limit:.0e} at best.{note}" if call.limit > LIMIT else note
            lines.append(
                f"\n{RESPONSE_WORDS[response].capitalize()}, {PENALTY_WORDS[penalty]}:{limit}\n\n"
                f"```{FENCES[tool.language]}\n{text}\n```\n"
            )
    return "".join(lines)


def _lacks(tool: Tool) -> list[str]:
    """Why it is given no weights, or no offsets of counts."""
    why: dict[tuple[str, str], list[str]] = {}
    for (response, _), call in tool.calls.items():
        for key, reason in call.lacks.items():
            where = why.setdefault((key, reason), [])
            if RESPONSE_WORDS[response] not in where:
                where.append(RESPONSE_WORDS[response])
    return [
        f"{KEY_WORDS[key]} are not carried ({', '.join(where)}): {reason}"
        for (key, reason), where in why.items()
    ]
