"""What is wrong with a config, in a sentence that says what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# other words for what a config may name
ALSO = {"lasso": "l1", "ridge": "l2", "ols": "none", "elasticnet": "elastic_net"}


def _where(path: list[Any], config: Mapping[str, Any], listed: set[tuple[int, str]]) -> str:
    """Name a place in the config as its author would."""
    if len(path) >= 2 and path[0] == "datasets":
        dataset = config["datasets"][path[1]]
        name = dataset.get("name") if isinstance(dataset, dict) else None
        parts = [f"data set '{name}'" if name else f"datasets[{path[1]}]"]
        rest = path[2:]
        if len(rest) == 2 and isinstance(rest[1], int) and (path[1], rest[0]) not in listed:
            rest = rest[:1]
    else:
        parts, rest = [], path
    key = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in rest).lstrip(".")
    return ": ".join([*parts, key] if key else parts) or "top level"


def explain(error: ValidationError, config: Mapping[str, Any], listed: set[tuple[int, str]]) -> str:
    """One error of the schema as a sentence: the place, the value, what would be right."""
    path = list(error.absolute_path)
    where, value, rule = _where(path, config, listed), error.instance, error.validator_value
    kind = error.validator
    if kind == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = [k for k in value if k not in known]
        hints = []
        for key in unknown:
            close = difflib.get_close_matches(str(key), known, n=1)
            hints.append(
                f"unknown key '{key}'" + (f"; did you mean '{close[0]}'?" if close else "")
            )
        tail = "" if any("mean" in h for h in hints) else f"; known keys are {', '.join(known)}"
        return f"{where}: {', '.join(hints)}{tail}"
    if kind == "required":
        missing = [k for k in rule if k not in value]
        return f"{where}: key '{missing[0]}' is missing"
    if kind == "type":
        if isinstance(value, str) and (number := _number(value, rule)) is not None:
            return (
                f"{where} ({value!r}) is text to YAML, must be {_article(rule)}; "
                f"write {number!r} (no quotes, a decimal point before an exponent)"
            )
        if isinstance(value, dict) and "enum" in error.schema.get("items", {}):
            names = ", ".join(error.schema["items"]["enum"])
            return f"{where} ({value!r}) is a range, and its values are names; list some of {names}"
        return f"{where} ({value!r}) is {_kind(value)}, must be {_article(rule)}"
    if kind == "enum":
        return f"{where} {not_one_of(value, rule)}"
    bounds = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "greater than",
        "exclusiveMaximum": "less than",
    }
    if kind in bounds:
        return f"{where} ({value!r}) must be {bounds[kind]} {rule}"
    if kind == "minItems":
        return f"{where} is an empty list, needs at least {rule} value(s)"
    if kind == "minProperties":
        return f"{where} is an empty mapping, needs {' or '.join(error.schema['properties'])}"
    if kind == "uniqueItems":
        return f"{where} ({value!r}) names something twice"
    if kind == "pattern":
        return f"{where} ({value!r}) must be lower-case letters, digits and _, a letter first"
    return f"{where}: {error.message}"


def not_one_of(value: Any, known: Sequence[Any]) -> str:
    """Words for a name that is not known, with the nearest one that is."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(ALSO.get(str(value), str(value)), names, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"({value!r}) is not one of {', '.join(names) or '(none are known)'}{hint}"


def _number(text: str, rule: str) -> int | float | None:
    """What a text stands for; None if that is no number of the kind that is asked for."""
    try:
        number = float(text)
    except ValueError:
        return None
    if rule == "integer":
        return int(number) if number.is_integer() else None
    return number if rule == "number" else None


def _kind(value: Any) -> str:
    names = {
        bool: "true/false",
        str: "text",
        dict: "a mapping",
        list: "a list",
        type(None): "empty",
    }
    return names.get(type(value), f"a number ({type(value).__name__})")


def _article(rule: str) -> str:
    return {"integer": "a whole number", "array": "a list", "object": "a mapping"}.get(
        rule, f"a {rule}"
    )
