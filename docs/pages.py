"""The pages that are written by the code they describe; ``python docs/pages.py`` renews them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from normwise.analysis.learn.atlas import read_atlas
from normwise.cli import parser as command_line
from normwise.data.scenario import Scenario
from normwise.elsewhere.page import describe_tools
from normwise.files.whole import write_text
from normwise.provenance.readme import describe_tables
from normwise.study.config import read_schema

ROOT = Path(__file__).parents[1]
SCHEMA = "workflow/schemas/config.schema.yaml"

INTRODUCTION = """\
# The config

`config.yaml` is the default study, `quick.yaml` a look at every part in about three minutes,
`atlas.yaml` the 2,310 sampled scenarios that the rule rests on, `real.yaml` real tables,
`kinds.yaml` 300 of counts and several classes on which it is tried, `sampled.yaml` a small example
of scenarios sampled from ranges, `hard.yaml` 33 scenarios chosen to break the rule, `audit.yaml` a
published study put to the test. To run another than the default:

```bash
snakemake --cores 8 --configfile config/quick.yaml
```

Your file is laid over `config.yaml`: it needs only the keys that differ, and its list of data sets
takes the place of the whole list there. What it does not name it inherits, also
`calibration.replicates` and the `replications`: set them to 0 to leave them out. All studies write
to `results/`; to keep one beside another, give it a folder of its own:

```yaml
pathvars:
  results: results/mine
```

A path that begins with `~` is at home. Keys are also given on the command line, nested ones too:

```bash
snakemake --cores 8 --config seed=7 'tuning={n_folds: 10}'
```

A data set is a grid of scenarios. A key marked *axis* takes one value or a list, and every
combination of the listed values is a scenario. A simulated data set needs `n_samples`, `n_features`
and one of `n_nonzero` and `nonzero_fraction`. Data of another `source` have no grid.

With `design` a data set is a sample in place of a grid, and an axis of numbers may be a *range*:
`low` and `high`, both included, and `log: true` for a logarithmic scale. The values of a list are
equally likely; one that stands twice is twice as likely.

```yaml
datasets:
  - name: shapes
    design: {n_scenarios: 200, max_entries: 100_000}
    n_samples: {low: 30, high: 1000, log: true}
    n_features: {low: 5, high: 1000, log: true}
    nonzero_fraction: {low: 0.001, high: 1, log: true}
    covariance: [independent, ar1, blocks]
    correlation: {low: 0.1, high: 0.95}
```

Values have three significant digits. A range of `nonzero_fraction` begins at a single feature. What
has no meaning in a scenario, such as the correlation of independent features, stays at its default.
Impossible points, and those outside of the limits, are passed over. More scenarios add to those
there are, and so run nothing again; another name, seed or range makes others.

Two traps of YAML: `1e-3` is text to it, so write `1.0e-3` or `0.001`; and `yes`, `no`, `on` and
`off` are true and false. A whole number may be written `1.0e+3`. A wrong key or value stops the run
before anything is computed, with a message that names it.

This page is generated from `workflow/schemas/config.schema.yaml`, and a test keeps it so.

| key | values | default | meaning |
|---|---|---|---|
"""
COMMANDS = """\
# Command line

This page is generated from the command's own help, and a test keeps it current.
[Advise on my data](../tutorials/advise.md) and [Verify and publish](../tutorials/verify.md) show
the command at work.

Exit codes: 0 if advice was given, 2 if the input cannot be used (a line on standard error says
why), 130 if interrupted. Those of `verify` are below.
"""
WIDTH = 88

KINDS = {
    "integer": ("whole number", "whole numbers"),
    "number": ("number", "numbers"),
    "string": ("text", "texts"),
    "boolean": ("true or false", "true or false"),
    "object": ("mapping", "mappings"),
    "array": ("list", "lists"),
}
BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
AXIS_DEFAULTS = {f.name: f.default for f in fields(Scenario) if f.default is not MISSING}


LEAGUE = """\
| way to choose | right | cost | dearest where |
|---|---|---|---|
"""
# families of fewer scenarios say little
FEWEST_IN_FAMILY = 10


def describe_schema(schema: Mapping[str, Any]) -> str:
    """Describe every key of the config in one Markdown page.

    Parameters
    ----------
    schema : mapping
        JSON schema of the config.

    Returns
    -------
    str
    """
    rows = _rows(schema, schema, "")
    return INTRODUCTION + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _rows(
    part: Mapping[str, Any], schema: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, str, str, str]]:
    for key, entry in part["properties"].items():
        entry = _resolve(entry, schema)
        inner = _resolve(entry.get("items", {}), schema)
        default = entry.get("default", AXIS_DEFAULTS.get(key) if prefix else None)
        shown = "required" if key in part.get("required", ()) else _yaml(default)
        yield f"`{prefix}{key}`", _values(entry, inner), shown, _cell(entry["description"])
        # a range is described once, above the table
        if "properties" in entry and entry["type"] == "object":
            yield from _rows(entry, schema, f"{prefix}{key}.")
        if "properties" in inner:
            yield from _rows(inner, schema, f"{prefix}{key}[].")


def _resolve(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Put the definition that an entry refers to in its place."""
    reference = entry.get("$ref", "").removeprefix("#/$defs/")
    return {**(schema["$defs"][reference] if reference else {}), **entry}


def _values(entry: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if inner:
        may_be_range = "; or a range" if "object" in entry["type"] else ""
        return f"list of {_one(inner, many=True)}{may_be_range}"
    return _one(entry, many=False)


def _one(entry: Mapping[str, Any], many: bool) -> str:
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    bounds = ", ".join(f"{word} {entry[key]}" for key, word in BOUNDS.items() if key in entry)
    kinds = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
    return f"{' or '.join(KINDS[kind][many] for kind in kinds)} {bounds}".rstrip()


def _yaml(value: Any) -> str:
    """Show a default as it would be written in the config; nothing for none or an empty one."""
    if value is None or value == {}:
        return ""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return f"`{text.removesuffix(chr(10)).removesuffix('...').strip()}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def describe_commands(parser: argparse.ArgumentParser) -> str:
    """Describe a command and its subcommands in one Markdown page, by their own help.

    Parameters
    ----------
    parser : ArgumentParser

    Returns
    -------
    str
    """
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    parsers = [parser, *(p for action in nested for p in action.choices.values())]
    return COMMANDS + "".join(
        f"\n## `{p.prog}`\n\n```text\n{_help(p).strip()}\n```\n" for p in parsers
    )


def _help(parser: argparse.ArgumentParser) -> str:
    # not as wide as the terminal that it happens to be made in
    parser.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=WIDTH)
    return parser.format_help()


def describe_league(scores: pd.DataFrame) -> str:
    """Describe in a Markdown table how each way to choose did on what was set aside.

    Parameters
    ----------
    scores : DataFrame
        Table ``rule_scores`` of the atlas.

    Returns
    -------
    str
    """
    own = scores[(scores["goal"] == "prediction") & (scores["split"] == "fresh")]
    whole = own[own["family"] == "all"].sort_values("regret", kind="stable")
    lines = [LEAGUE]
    for _, row in whole.iterrows():
        parts = own[(own["rule"] == row["rule"]) & (own["family"] != "all")]
        parts = parts[parts["n"] >= FEWEST_IN_FAMILY]
        worst = parts.sort_values("regret", kind="stable").iloc[-1]
        right = "" if np.isnan(row["accuracy"]) else _interval(row, "accuracy", 100, 0)
        cost = {key: 100 * (row[f"regret{key}"] - 1) for key in ("", "_low", "_high")}
        lines.append(
            f"| {_cell(row['rule'])} | {right} | {cost['']:.1f} % [{cost['_low']:.1f}, "
            f"{cost['_high']:.1f}] | {worst['family'].replace('_', ' ')} "
            f"{100 * (worst['regret'] - 1):.0f} % |\n"
        )
    return "".join(lines)


def _interval(row: pd.Series, key: str, size: float, digits: int) -> str:
    low, value, high = (size * row[f"{key}{end}"] for end in ("_low", "", "_high"))
    return f"{value:.{digits}f} % [{low:.{digits}f}, {high:.{digits}f}]"


def pages() -> dict[str, str]:
    """The generated pages by their path in the project."""
    schema = read_schema(ROOT / SCHEMA)
    return {
        "config/README.md": describe_schema(schema),
        "results/README.md": describe_tables(),
        "docs/reference/cli.md": describe_commands(command_line()),
        "docs/explanation/same_model.md": describe_tools(),
        "docs/explanation/league.txt": describe_league(read_atlas()["rule_scores"]),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        write_text(ROOT / path, text)
