"""The files by which pages are laid out: templates, style sheets, the script of the report."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from normwise.analysis.meanings import meanings_digest


def _templates() -> Traversable:
    return files("normwise.report").joinpath("templates")


def report_file(name: str) -> str:
    """Text of a template, style sheet or script of the report."""
    return _templates().joinpath(name).read_text(encoding="utf-8")


def style_sheet() -> str:
    """Style sheet that the report and the page of an advice share."""
    return files("normwise.report").joinpath("look/page.css").read_text(encoding="utf-8")


def template_digest() -> str:
    """Digest of all that lays out the report, and of what its tables say that columns mean."""
    texts = {f.name: report_file(f.name) for f in _templates().iterdir() if f.is_file()}
    content = [*sorted(texts.items()), style_sheet(), meanings_digest()]
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
