"""The same model in other tools: their arguments, and code that proves it is the same."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_MODULES = {
    "code": ("code_for", "write_code"),
    "convert": ("arguments_of", "strengths_of"),
    "model": ("Model", "model_at", "model_of", "model_of_table"),
    "tools": ("Tool", "read_tools", "tool_named"),
}


def __getattr__(name: str) -> Any:
    # loaded when used: the command line asks for the options alone, and models import scikit-learn
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
