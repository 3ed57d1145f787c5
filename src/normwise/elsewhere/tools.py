"""The tools that a model can be carried to, and what their arguments mean.

All facts lie in ``tools.yaml``; the page of the docs, the code that is written and the tests read
them there. ``measured.json`` has the differences that ``make elsewhere`` found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from normwise.data.errors import InputError
from normwise.data.tables.messages import listed, meant
from normwise.elsewhere.expressions import evaluate, names_in

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"
PENALTIES = ("l1", "l2", "elastic_net")
# in the order of the page's columns
RESPONSES = ("gaussian", "binary", "poisson", "multinomial")
RESPONSE_WORDS = {
    "gaussian": "squared error",
    "binary": "two classes",
    "poisson": "counts",
    "multinomial": "several classes",
}
PENALTY_WORDS = {"l1": "L1", "l2": "L2", "elastic_net": "elastic net"}
# what a coefficient and the objective may differ by, for a model to be called the same
LIMIT = 1e-6


@dataclass(frozen=True)
class Call:
    """How a tool is asked for some responses and penalties.

    Attributes
    ----------
    arguments : dict of str to str
        Formula of each argument, by `l1`, `l2`, `n` rows, `sd`, the standard deviation of y, its
        `mean`, and `exposure`, the mean of e to the offsets, 1 without them.
    strengths : dict of str to str
        Formulas of `l1` and `l2` by the arguments, and `n` and `sd`; empty if they do not follow.
    code : str
        The call in the tool's language, a template.
    facts : dict
        Whatever else the tool's template of code asks for.
    limit : float
        Relative difference that the tool reaches.
    note : str
        What a reader is told of this call.
    with_intercept_only : str
        Why it needs an intercept, if it does.
    lacks : dict of str to str
        Why it is given no "weights" of rows, or no "offset" of counts: sentences.
    """

    arguments: Mapping[str, str]
    strengths: Mapping[str, str]
    code: str
    facts: Mapping[str, Any]
    limit: float = LIMIT
    note: str = ""
    with_intercept_only: str = ""
    lacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> set[str]:
        """Names of the numbers that the arguments are made of."""
        return set().union(*(names_in(formula) for formula in self.arguments.values()))


@dataclass(frozen=True)
class Tool:
    """A tool: who it is, what it can be asked for and what it cannot.

    Attributes
    ----------
    name, title : str
        For the command line, and for people.
    other_names : tuple of str
    language : {"python", "r"}
    version : str
        The one that was measured.
    install : str
    own_scaling : {"n", "n - 1", ""}
        Divisor of the variance by which the tool scales columns if left to itself; empty if it
        does not.
    always_scales : bool
        Whether that cannot be turned off.
    without_intercept, sparse : bool
        Whether it can do that, as measured.
    spread_about_zero : bool
        Whether, without an intercept, sd is the root mean square of y in its formulas.
    defaults : dict of str to float
        Arguments that a user need not give, as the tool has them.
    traps : tuple of str
        Sentences.
    calls : dict of (str, str) to Call
        By response and penalty.
    impossible : dict of (str, str) to str
        Why not, a sentence.
    """

    name: str
    title: str
    other_names: tuple[str, ...]
    language: str
    version: str
    install: str
    own_scaling: str
    always_scales: bool
    without_intercept: bool
    sparse: bool
    spread_about_zero: bool
    defaults: Mapping[str, float]
    traps: tuple[str, ...]
    calls: Mapping[tuple[str, str], Call]
    impossible: Mapping[tuple[str, str], str]

    def call(self, response: str, penalty: str) -> Call:
        """How it is asked for a response and a penalty.

        Raises
        ------
        InputError
            If it cannot be, with the reason.
        """
        if (response, penalty) not in self.calls:
            raise InputError(
                f"{self.title} cannot fit {PENALTY_WORDS[penalty]} with "
                f"{RESPONSE_WORDS[response]}: {self.impossible[response, penalty]}"
            )
        return self.calls[response, penalty]

    def arguments(
        self,
        response: str,
        l1: float,
        l2: float,
        penalty: str,
        given: Mapping[str, float],
        *,
        own_scaling: bool = False,
    ) -> dict[str, float]:
        """Values of the arguments, see `normwise.elsewhere.arguments_of`."""
        call = self.call(response, penalty)
        factor = self._factor(given) if own_scaling else 1.0
        values = {**given, "l1": l1 / factor, "l2": l2 / factor**2}
        self._refuse_unknown(call.needs, values)
        return {name: evaluate(formula, values) for name, formula in call.arguments.items()}

    def strengths(
        self,
        response: str,
        arguments: Mapping[str, float],
        given: Mapping[str, float],
        *,
        penalty: str | None = None,
        own_scaling: bool = False,
    ) -> tuple[float, float]:
        """What arguments mean, see `normwise.elsewhere.strengths_of`."""
        call = self._call_of(response, arguments, penalty)
        every = {**self.defaults, **arguments}
        arguments = {name: every[name] for name in call.arguments}
        for name, value in arguments.items():
            if not 0 <= value < float("inf"):
                raise InputError(f"{name} is {value:g}: give a finite number from 0")
        values = {**arguments, **given}
        self._refuse_unknown(set().union(*(names_in(f) for f in call.strengths.values())), values)
        try:
            l1, l2 = (evaluate(call.strengths.get(part, "0"), values) for part in ("l1", "l2"))
        except ZeroDivisionError:
            raise InputError(
                f"{', '.join(f'{k}={v:g}' for k, v in arguments.items())}: an argument of 0 that "
                "is divided by is no strength"
            ) from None
        if l1 < 0 or l2 < 0:
            raise InputError(
                f"{', '.join(f'{k}={v:g}' for k, v in arguments.items())} would be a negative "
                "strength: a share of the L1 part lies between 0 and 1"
            )
        factor = self._factor(given) if own_scaling else 1.0
        return l1 * factor, l2 * factor**2

    def _call_of(self, response: str, arguments: Mapping[str, float], penalty: str | None) -> Call:
        """The call with just these arguments."""
        known, fitting = [], {}
        for other in (penalty,) if penalty else PENALTIES:
            call = self.call(response, other) if penalty else self.calls.get((response, other))
            if call is not None and call.strengths:
                known.append(" and ".join(call.arguments))
                if set(call.arguments) == set(arguments) | (
                    set(self.defaults) & set(call.arguments)
                ):
                    fitting[tuple(sorted(call.strengths.items()))] = call
        if not known:
            raise InputError(
                f"the arguments of {self.title} with {RESPONSE_WORDS[response]} do not tell the "
                "strength of the penalty"
            )
        if not fitting:
            raise InputError(
                f"{self.title} with {RESPONSE_WORDS[response]} has no arguments "
                f"{' and '.join(arguments)}: give {', or '.join(dict.fromkeys(known))}"
            )
        if len(fitting) > 1:
            raise InputError(
                f"{' and '.join(arguments)} of {self.title} means one thing for L1 and another for "
                "L2: name the penalty, l1 or l2"
            )
        return next(iter(fitting.values()))

    def _factor(self, given: Mapping[str, float]) -> float:
        if not self.own_scaling:
            raise InputError(f"{self.title} does not scale columns itself")
        if self.own_scaling == "n":
            return 1.0
        self._refuse_unknown({"n"}, given)
        # its columns are a little shorter than ours, and its coefficients longer
        return float((given["n"] / (given["n"] - 1)) ** 0.5)

    def _refuse_unknown(self, needed: set[str], known: Mapping[str, float]) -> None:
        words = {
            "n": "the number of rows, n",
            "sd": "the standard deviation of y, sd_y",
            "mean": "the mean of y, mean_y",
            "norm": "the fitted table, as its bound is the sum of the coefficients' sizes",
        }
        for name in sorted(needed - set(known)):
            raise InputError(f"{self.title} needs {words.get(name, name)}")


@lru_cache(maxsize=1)
def read_tools() -> dict[str, Tool]:
    """All tools by name, in the order of the page."""
    entries = yaml.safe_load((HERE / "tools.yaml").read_text(encoding="utf-8"))
    return {entry["name"]: _tool(entry) for entry in entries}


def _cells(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    def several(key: str, every: tuple[str, ...]) -> list[str]:
        value = entry.get(key, every)
        return [value] if isinstance(value, str) else list(value)

    return [
        (response, penalty)
        for response in several("response", RESPONSES)
        for penalty in several("penalty", PENALTIES)
    ]


CALL_KEYS = (
    "response",
    "penalty",
    "arguments",
    "strengths",
    "code",
    "limit",
    "note",
    "with_intercept_only",
    "lacks",
)


def _tool(entry: Mapping[str, Any]) -> Tool:
    calls: dict[tuple[str, str], Call] = {}
    for given in entry["calls"]:
        facts = {key: value for key, value in given.items() if key not in CALL_KEYS}
        call = Call(
            given["arguments"],
            given.get("strengths", {}),
            given["code"],
            facts,
            float(given.get("limit", LIMIT)),
            given.get("note", ""),
            given.get("with_intercept_only", ""),
            # an empty reason of a call takes back that of the tool
            {k: v for k, v in {**entry.get("lacks", {}), **given.get("lacks", {})}.items() if v},
        )
        calls |= dict.fromkeys(_cells(given), call)
    impossible: dict[tuple[str, str], str] = {}
    for given in entry.get("impossible", ()):
        for cell in _cells(given):
            if cell not in calls:
                impossible.setdefault(cell, given["why"])
    return Tool(
        entry["name"],
        entry["title"],
        tuple(entry.get("other_names", ())),
        entry["language"],
        str(entry["version"]),
        entry["install"],
        entry.get("own_scaling", ""),
        entry.get("always_scales", False),
        entry.get("without_intercept", False),
        entry.get("sparse", False),
        entry.get("spread_about_zero", False),
        entry.get("defaults", {}),
        tuple(entry.get("traps", ())),
        calls,
        impossible,
    )


def tool_named(name: str) -> Tool:
    """The tool of a name or of another of its names.

    Raises
    ------
    InputError
        If there is none.
    """
    tools = read_tools()
    names = {alias: tool for tool in tools.values() for alias in (tool.name, *tool.other_names)}
    if name.lower() not in names:
        raise InputError(
            f"there is no tool {name!r}{meant(name, names)}; there are {listed(tools, limit=99)}"
        )
    return names[name.lower()]


def read_measured() -> dict[str, Any]:
    """What ``make elsewhere`` measured, by tool, response and penalty."""
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found
