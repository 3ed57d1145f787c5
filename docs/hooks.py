"""Formulas of docstrings and pages as pictures, drawn by matplotlib: no script, no network."""

from __future__ import annotations

import hashlib
import html
import io
import re
from functools import cache
from typing import Any

import matplotlib
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from matplotlib.mathtext import math_to_image

SIZE = 10
# what mathtext writes otherwise
SAME = {
    r"\\[lr]Vert": r"\\Vert",
    r"\\[lr]vert": "|",
    r"\\frac(\w)(\w)": r"\\frac{\1}{\2}",
    r"\\sqrt (\w)": r"\\sqrt{\1}",
}
# all before the picture, what says when it was made, and its white ground
NEEDLESS = (
    r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>"
    r'|<g id="patch_1">.*?</g>'
)
BLOCK = re.compile(
    r"^(?P<indent> *)(?:\.\. math:: *(?P<line>\S.*)?\n(?P<rest>(?:\n|(?P=indent) {3,}.*\n)*)"
    r"|```math\n(?P<fenced>(?:.*\n)*?)(?P=indent)```\n)",
    re.MULTILINE,
)
INLINE = re.compile(r":math:`([^`]+)`")


@cache
def draw(formula: str) -> str:
    """A formula as an inline SVG in the colour of the text around it."""
    text = " ".join(formula.split())
    for pattern, other in SAME.items():
        text = re.sub(pattern, other, text)
    picture = io.BytesIO()
    with matplotlib.rc_context({"mathtext.fontset": "cm", "svg.hashsalt": "normwise"}):
        depth = math_to_image(f"${text}$", picture, format="svg")
    svg = re.sub(NEEDLESS, "", picture.getvalue().decode(), flags=re.DOTALL)
    # identifiers are shared by all formulas of a page
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    svg = re.sub(r'(id="|href="#)', rf"\g<1>{own}-", svg)
    width, height = (float(v) / SIZE for v in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    style = f"width:{width:.3f}em;height:{height:.3f}em;vertical-align:{-depth / SIZE:.3f}em"
    head = f'<svg role="img" aria-label="{html.escape(text)}" style="{style}"'
    svg = re.sub(r'<svg(.*?) width="[^"]*" height="[^"]*"', lambda m: head + m[1], svg, count=1)
    return re.sub(r"\s+", " ", svg).strip()


class Formulas(Preprocessor):
    """Puts a picture in the place of each formula."""

    def run(self, lines: list[str]) -> list[str]:
        """Replace blocks first, then what stands in a line."""
        text = BLOCK.sub(self._block, "\n".join(lines) + "\n")
        return INLINE.sub(lambda m: self.md.htmlStash.store(draw(m[1])), text).split("\n")

    def _block(self, match: re.Match[str]) -> str:
        formula = " ".join(filter(None, (match["line"], match["rest"], match["fenced"])))
        stored = self.md.htmlStash.store(f'<p class="formula">{draw(formula)}</p>')
        return f"\n{match['indent']}{stored}\n\n"


class FormulaExtension(Extension):
    """The preprocessor, after line ends are normalised and before fences are read."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register it."""
        md.preprocessors.register(Formulas(md), "formulas", 27)


def on_config(config: Any) -> Any:
    """Add the formulas to the extensions, also for docstrings."""
    config.markdown_extensions.append(FormulaExtension())
    return config
