"""Values of a config in the types that its schema gives them.

YAML reads ``6.0`` and ``1.0e+3`` as floats, and Snakemake hands on as text what ``--config`` nests.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import yaml


def converted(config: Any, schema: Mapping[str, Any], given: Any = None) -> Any:
    """A config in which whole numbers are integers, and text from the command line what it says.

    What cannot be converted stays as it is, for the check against the schema to refuse.

    Parameters
    ----------
    config : mapping
        What was read from YAML.
    schema : mapping
        JSON schema of the whole config.
    given : mapping, optional
        What ``--config`` gave of it: text at all places below the top.
    """
    return _convert(config, schema, schema, given)


def _convert(value: Any, part: Mapping[str, Any], schema: Mapping[str, Any], given: Any) -> Any:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        known, others = part.get("properties", {}), part.get("additionalProperties")
        below = given if isinstance(given, Mapping) else {}
        return {
            key: _convert(each, known.get(key) or others or {}, schema, below.get(key))
            for key, each in value.items()
        }
    if isinstance(value, list):
        # the single value of an axis was made a list
        texts = given if isinstance(given, list) else [given] * len(value)
        pairs = zip_longest(value, texts[: len(value)])
        return [_convert(each, part.get("items", {}), schema, text) for each, text in pairs]
    if isinstance(value, str) and value == given and "enum" not in part:
        value = _read(value, part)
    if part.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _read(text: str, part: Mapping[str, Any]) -> Any:
    """Text from the command line, as it would be read from a config file."""
    if part.get("type") == "string":
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    if isinstance(value, str) and part.get("type") in ("integer", "number"):
        try:
            # 1e3 is text to YAML, and a number on the command line
            return float(value)
        except ValueError:
            return text
    return value if isinstance(value, bool | int | float) or value is None else text
