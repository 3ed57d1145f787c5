"""The models of an advice, to be carried to other tools."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normwise.advice.contest import RATIOS, unit_of
from normwise.advice.refit import IN_MEMORY, PENALTIES
from normwise.data.errors import InputError
from normwise.elsewhere.command import described, numbers_of
from normwise.elsewhere.model import Model, model_of_table
from normwise.elsewhere.tools import read_tools
from normwise.report.look.words import SHORT_NAMES

if TYPE_CHECKING:
    from normwise.advice import Advice


@dataclass(frozen=True)
class Carried:
    """What the page says of a tool: its name, the arguments, and the command that writes code."""

    title: str
    lines: str


def strengths(advice: Advice) -> dict[str, tuple[float, float]]:
    """l1 and l2 of the penalty that is recommended, or of both if none is; finite ones alone."""
    named = advice.recommendation.penalty
    models, table = advice.models, advice.table
    found = {}
    for penalty in (named,) if named else PENALTIES:
        if penalty not in models.chosen:
            continue
        alpha = float(models.alphas[penalty][models.chosen[penalty]])
        if np.isfinite(alpha) and alpha > 0:
            ratio = RATIOS[penalty]
            # those of a mix are for a response of unit variance
            unit = unit_of(table.y, table.response, table.rows.weights) if 0 < ratio < 1 else 1.0
            found[penalty] = (unit * alpha * ratio, alpha * (1 - ratio))
    return found


def models_of(advice: Advice) -> dict[str, Model]:
    """The recommended model, or those of both penalties if none is recommended, by penalty.

    Raises
    ------
    InputError
        If there is none with a penalty of finite strength.
    """
    found = strengths(advice)
    if not found:
        raise InputError(
            "there is no code for other tools, as no model with a penalty of finite strength was "
            "chosen"
        )
    return {name: model_of_table(advice.table, None, l1, l2) for name, (l1, l2) in found.items()}


def carried(advice: Advice) -> list[Carried]:
    """What the page says of each tool that can fit the model."""
    table = advice.table
    known = numbers_of(table)
    chosen = strengths(advice)
    own = {"weights": table.rows.weights, "offset": table.rows.offset}
    asked = {name for name, values in own.items() if values is not None}
    found = []
    for tool in read_tools().values():
        parts = []
        for penalty, (l1, l2) in chosen.items():
            call = tool.calls.get((table.response, penalty))
            if call is not None and "norm" not in call.needs and not asked & set(call.lacks):
                lines = described([tool], table.response, l1, l2, known)
                parts.append(
                    "\n".join(
                        [SHORT_NAMES[penalty], *lines[4:], *_command(advice, tool.name, l1, l2)]
                    )
                )
        if parts:
            found.append(Carried(f"{tool.title} {tool.version}", "\n\n".join(parts)))
    return found


def _command(advice: Advice, tool: str, l1: float, l2: float) -> list[str]:
    """The command that writes code with a check, for a table that lies in a file."""
    table = advice.table
    if table.source == IN_MEMORY or "code" in table.roles:
        return []
    words = ["normwise", "translate", table.source, "--target", table.target]
    if table.classes is not None and len(table.classes) == 2:
        words += ["--positive", table.classes[1]]
    elif table.classes is None and len(np.unique(table.y)) == 2:
        words += ["--response", table.response]
    if table.marks:
        words.append(f"--missing={','.join(map(str, table.marks))}")
    for role in ("groups", "time", "weights", "offset", "exposure"):
        words += [f"--{role}", table.roles[role]] if role in table.roles else []
    words += ["--drop", ",".join(table.dropped)] if table.dropped else []
    words += [f"--l1={l1!r}"] if l1 else []
    words += [f"--l2={l2!r}"] if l2 else []
    return ["    code with a check:", f"    {shlex.join([*words, '--to', tool])}"]
