"""What is raised where there is nothing to fit."""

from __future__ import annotations


class NoSolutionError(ArithmeticError):
    """The problem has no finite solution (separable classes without a penalty)."""
