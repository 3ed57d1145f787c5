"""The same model in other tools: their arguments, and code that proves it is the same."""

from __future__ import annotations

from normwise.elsewhere.code import code_for, write_code
from normwise.elsewhere.convert import arguments_of, strengths_of
from normwise.elsewhere.model import Model, model_at, model_of, model_of_table
from normwise.elsewhere.tools import Tool, read_tools, tool_named

__all__ = [
    "Model",
    "Tool",
    "arguments_of",
    "code_for",
    "model_at",
    "model_of",
    "model_of_table",
    "read_tools",
    "strengths_of",
    "tool_named",
    "write_code",
]
