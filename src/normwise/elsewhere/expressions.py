"""Formulas of the table of tools: arithmetic on named numbers, and nothing else."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

KEYWORD = "lambda__"
_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@lru_cache(maxsize=512)
def _parsed(formula: str) -> ast.expr:
    # a keyword of Python's, and the name of an argument elsewhere
    return ast.parse(re.sub(r"\blambda\b", KEYWORD, formula), mode="eval").body


def evaluate(formula: str, values: Mapping[str, float]) -> float:
    """The value of a formula.

    Parameters
    ----------
    formula : str
        Names, numbers, ``+ - * /``, parentheses and ``sqrt()``.
    values : mapping of str to float
        By name.

    Raises
    ------
    ValueError
        If the formula holds anything else.
    KeyError
        If a name has no value.
    """

    def of(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return float(values["lambda" if name == KEYWORD else name])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](of(left), of(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -of(operand)
            case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
                return math.sqrt(of(argument))
        raise ValueError(f"formula {formula!r}: {ast.unparse(node)} is not arithmetic")

    return of(_parsed(formula))


def names_in(formula: str) -> set[str]:
    """Names that a formula needs a value for."""
    found = {node.id for node in ast.walk(_parsed(formula)) if isinstance(node, ast.Name)}
    return {"lambda" if name == KEYWORD else name for name in found} - {"sqrt"}
